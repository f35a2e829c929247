"""The job commands against real members: what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support.clusters import look_into
from support.job_jars import JobJars
from tealjet.cli.app import app
from tealjet.cli.config_files import files_for, write_files
from tealjet.lab import Lab
from tealjet.lab.client_files import FAILOVER_FILE
from tealjet.protocol.jet_values import JobStatus

pytestmark = pytest.mark.member("5.7.0", "jet-4.3.1")

Command = Callable[..., Any]


@pytest.fixture
def command(lab: Lab) -> Command:
    """Runs a command on blue and returns its result; the exit code has to be the one that is named."""

    def run(*arguments: str, code: int = 0) -> Any:
        verb, *rest = arguments
        target = f"blue@{lab['blue'].addresses[0]}"
        result = CliRunner().invoke(app, [verb, "-t", target, *rest])
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    return run


def test_a_job_is_submitted_waited_for_and_listed(
    command: Command, job_jars: JobJars, member_version: str, unique: str
) -> None:
    jar = str(job_jars.jar("Batch", member_version))
    said = command("submit", "-n", unique, "--wait", jar, unique, "--not-an-option").stdout
    assert "Submitted job" in said
    assert f"({unique})" in said
    assert "Completed job" in said
    line = next(line for line in command("list-jobs", "-a").stdout.splitlines() if line.endswith(unique))
    assert line.split()[1] == "COMPLETED"
    assert unique not in command("list-jobs").stdout


def test_a_job_goes_through_its_life(
    command: Command, job_jars: JobJars, member_version: str, unique: str, lab: Lab
) -> None:
    jar = str(job_jars.jar("Streaming", member_version))
    submitted = json.loads(command("submit", "--json", "-n", unique, jar, unique).stdout)
    assert (submitted["name"], submitted["cluster"]) == (unique, "blue")
    with look_into(lab["blue"]) as client:
        job = client.jet.get_job(unique)
        assert job is not None
        job.wait_for(JobStatus.RUNNING)
    assert "is not suspended: it is RUNNING" in command("resume", unique, code=1).stderr
    assert "Job suspended." in command("suspend", unique).stdout
    told = command("job", unique).stdout
    assert "SUSPENDED" in told
    assert "Requested by user" in told
    assert "Job resumed." in command("resume", submitted["id"]).stdout
    assert json.loads(command("restart", "--json", unique).stdout)["status"] == "RUNNING"
    shown = json.loads(command("job", "--json", unique).stdout)
    assert (shown["id"], shown["name"], shown["suspended"]) == (submitted["id"], unique, None)
    assert "need Hazelcast" in command("save-snapshot", unique, "before", code=1).stderr
    assert "Job cancelled." in command("cancel", unique).stdout
    assert "has ended as FAILED: there is nothing to cancel" in command("cancel", unique, code=1).stderr
    assert "FAILED" in command("job", "--watch", unique).stdout


def test_what_is_refused_or_not_there_has_an_exit_code_of_its_own(
    command: Command, job_jars: JobJars, member_version: str, unique: str
) -> None:
    assert f"name or id '{unique}' was found" in command("cancel", unique, code=4).stderr
    assert "a snapshot named" in command("delete-snapshot", unique, code=4).stderr
    assert "main does not want to" in command("submit", str(job_jars.jar("MainThrows", member_version)), code=1).stderr
    failing = command("submit", "--wait", str(job_jars.jar("Failing", member_version)), unique, code=1)
    assert "no c please" in failing.stderr
    document = json.loads(command("job", "--json", unique, code=4).stdout)
    assert document["error"] == "JobNotFoundError"


def test_the_cluster_is_shown(command: Command, lab: Lab) -> None:
    said = command("cluster").stdout
    assert "ACTIVE" in said
    document = json.loads(command("cluster", "--json").stdout)
    assert [member["address"] for member in document["members"]] == lab["blue"].addresses
    assert document["members"][0]["uuid"] in said
    assert (document["name"], document["state"]) == ("blue", "ACTIVE")


def test_an_observable_is_printed_to_its_end(
    command: Command, job_jars: JobJars, member_version: str, unique: str
) -> None:
    command("submit", str(job_jars.jar("Observed", member_version)), unique, "words")
    assert sorted(command("observe", unique).stdout.split()) == ["a", "b", "c"]
    assert sorted(map(json.loads, command("observe", "--json", unique).stdout.split())) == ["a", "b", "c"]


def test_a_failover_configuration_submits_where_the_client_goes(
    lab: Lab, job_jars: JobJars, member_version: str, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, files_for([lab["blue"], lab["green"]]))
    jar = str(job_jars.jar("Batch", member_version))
    file = str(tmp_path / FAILOVER_FILE)
    lab["blue"].kill()
    result = CliRunner().invoke(app, ["submit", "--wait", "-n", unique, "-f", file, jar, unique])
    assert result.exit_code == 0, result.stderr
    assert "on cluster green" in result.stdout
    monkeypatch.chdir(tmp_path)
    listed = CliRunner().invoke(app, ["list-jobs", "-a", "--json"])
    assert unique in {one["name"] for one in json.loads(listed.stdout)}


def test_without_a_cluster_the_exit_code_is_3_and_with_a_wrong_file_2(lab: Lab, tmp_path: Path) -> None:
    unreachable = ["list-jobs", "-t", f"wrong-name@{lab['blue'].addresses[0]}", "--connect-timeout", "0.2"]
    result = CliRunner().invoke(app, unreachable)
    assert (result.exit_code, "No cluster could be used within 0.2 s" in result.stderr) == (3, True)
    (tmp_path / "client.yaml").write_text("hazelcast-client:\n  cluster-nam: blue\n")
    result = CliRunner().invoke(app, ["list-jobs", "-f", str(tmp_path / "client.yaml")])
    assert (result.exit_code, "cluster-name" in result.stderr) == (2, True)
