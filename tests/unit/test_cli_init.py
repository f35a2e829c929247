"""``tealjet init``: the loader reads what it writes, also with everything switched on, and nothing is overwritten."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tealjet.cli.app import app
from tealjet.config import FailoverConfig
from tealjet.failover.options import Profile
from tealjet.lab import Authority

BLUE, GREEN = "blue=10.0.0.1:5701,10.0.0.2", "green=green.example:6000"
FAILOVER = "hazelcast-client-failover.yaml"


def init(folder: Path, *arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(app, ["init", "--folder", str(folder), *arguments], input=answers)


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_the_files_are_those_that_the_flags_ask_for(tmp_path: Path) -> None:
    result = init(tmp_path / "new" / "folder", "--cluster", BLUE, "--cluster", GREEN, "--try-count", "3")
    assert result.exit_code == 0, result.output
    config = FailoverConfig.load(tmp_path / "new" / "folder" / FAILOVER)
    assert config.try_count == 3
    assert [client.cluster_name for client in config.clients] == ["blue", "green"]
    assert [client.config.cluster_members for client in config.clients] == [
        ["10.0.0.1:5701", "10.0.0.2"],
        ["green.example:6000"],
    ]
    assert config.first.options["profile"] is Profile.BALANCED
    for name in written(tmp_path / "new" / "folder"):
        assert f"wrote {tmp_path}/new/folder/{name}" in result.stdout


def test_every_setting_that_is_switched_off_can_be_switched_on_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    init(tmp_path, "--cluster", BLUE, "--cluster", GREEN)
    for name in ("blue", "green"):
        Path(Authority(tmp_path, f"{name}-made").cafile).rename(tmp_path / f"{name}-ca.pem")
        file = tmp_path / f"hazelcast-client-{name}.yaml"
        text = re.sub(r"(?m)^( *)#(?=\S| {2,}\S)", r"\1", file.read_text())
        assert "#ssl" in file.read_text()
        assert "#ssl" not in text
        file.write_text(text)
    config = FailoverConfig.load(FAILOVER)
    assert [client.tls is not None and client.tls.check_hostname for client in config.clients] == [True, True]
    assert [client.credentials for client in config.clients] == [
        ("blue-client", "change-me"),
        ("green-client", "change-me"),
    ]
    assert config.first.cluster_connect_timeout == 2.0


@pytest.mark.parametrize("name", ["true", "null", "12", "1.5", "0x1F", "off", "a.b", "_x", "Größe"])
def test_a_name_is_text_whatever_it_looks_like(tmp_path: Path, name: str) -> None:
    assert init(tmp_path, "--cluster", f"{name}=[::1]:5701", "--cluster", GREEN).exit_code == 0
    first = FailoverConfig.load(tmp_path / FAILOVER).first
    assert (first.cluster_name, first.config.cluster_members) == (name, ["[::1]:5701"])


def test_without_flags_it_asks_and_asks_again_for_what_is_wrong(tmp_path: Path) -> None:
    answers = "\nhost:99999\n10.0.0.1\nblue\ngr/een\ngreen2\n\n"
    result = init(tmp_path, answers=answers)
    assert result.exit_code == 0, result.output
    clients = FailoverConfig.load(tmp_path / FAILOVER).clients
    assert [client.cluster_name for client in clients] == ["blue", "green2"]
    assert [client.config.cluster_members for client in clients] == [["10.0.0.1"], ["127.0.0.1:5701"]]
    for said in ("a port is a number from 1 to 65535", "the name of the other one", "'gr/een' is no name"):
        assert said in result.output


def test_where_nobody_answers_the_flags_are_told(tmp_path: Path) -> None:
    result = init(tmp_path, answers="blue\n")
    assert result.exit_code == 2
    assert "there is nobody to answer; say it all at once: --cluster blue=host:port" in result.stderr
    assert written(tmp_path) == set()


def test_ctrl_c_at_a_question_ends_the_command_as_it_does_elsewhere(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", "from tealjet.cli import main; main()", "init", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True) as process:
        os.close(theirs)
        said = b""
        while b"[blue]" not in said:
            said += os.read(ours, 1000)
        process.send_signal(signal.SIGINT)
        os.write(ours, b"\n")  # Python does not notice a signal that comes just before it waits for a key: here is one
        assert process.stderr is not None
        assert "Interrupted. Nothing was written." in process.stderr.read()
        assert process.wait() == 130
    os.close(ours)
    assert written(tmp_path) == set()


@pytest.mark.parametrize("name", [FAILOVER, "hazelcast-client-blue.yaml", "hazelcast-client-green.yaml"])
def test_a_file_that_is_there_is_never_touched_and_nothing_else_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = init(tmp_path, "--cluster", BLUE, "--cluster", GREEN)
    assert (result.exit_code, f"{tmp_path / name} is there already" in result.stderr) == (1, True)
    assert written(tmp_path) == {name}
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = init(tmp_path / "file" / "below", "--cluster", BLUE, "--cluster", GREEN)
    assert result.exit_code == 1
    assert "cannot be written into" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--cluster", BLUE], "a failover client needs two clusters or more"),
        (["--cluster", BLUE, "--cluster", "green"], "'green' has no '='"),
        (["--cluster", BLUE, "--cluster", "../green=a"], "'../green' is no name for a cluster"),
        (["--cluster", BLUE, "--cluster", "=a"], "'' is no name for a cluster"),
        (["--cluster", BLUE, "--cluster", "blue=a"], "they need different names"),
        (["--cluster", BLUE, "--cluster", "green="], "'' is neither host nor host:port"),
        (["--cluster", BLUE, "--cluster", "green=a:b"], "'a:b' is neither host nor host:port (a port is a number"),
        (["--cluster", BLUE, "--cluster", GREEN, "--try-count", "-1"], "--try-count"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    result = init(tmp_path, *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert written(tmp_path) == set()
