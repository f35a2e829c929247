"""Starting a lab, with a stand-in for Java: what is refused, what a failure says, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tealjet.lab import ClusterOptions, LocalMember, MemberStartError, start_local

OWNER = """
import sys
from tealjet.lab import start_local
with start_local(["blue"], java=sys.argv[1], jars=sys.argv[2]):
    pass
"""
JARS = ("hazelcast-5.7.0.jar", "hazelcast-sql-5.7.0.jar")


@pytest.fixture
def java(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a stand-in for Java that answers -version and else runs a shell script; ``$0`` is in ``tmp_path``."""

    def make(script: str) -> Path:
        path = tmp_path / "java"
        path.write_text(f'#!/bin/sh\nif [ "$1" = -version ]; then echo \'version "21.0.1"\' >&2; exit; fi\n{script}\n')
        path.chmod(0o755)
        return path

    for name in JARS:
        (tmp_path / name).touch()
    return make


@pytest.fixture
def never_ready(java: Callable[[str], Path], tmp_path: Path) -> Path:
    """A stand-in for Java that writes its pid into the pipe ``pids`` and then never serves anyone."""
    os.mkfifo(tmp_path / "pids")
    return java('echo $$ > "${0%/*}/pids"; exec sleep 1000')


def ended(*pidfds: int) -> None:
    """Wait until the processes have ended; a process that never does meets the hang limit of the suite."""
    for pidfd in pidfds:
        select.select([pidfd], [], [])
        os.close(pidfd)


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"version '4.2' is none of 5.7.0, 5.6.0, 5.5.0, jet-4.3.1"):
        start_local(version="4.2")


def test_a_cluster_without_members_is_refused() -> None:
    with pytest.raises(ValueError, match="cluster 'teal' must have at least one member, not 0"):
        start_local({"teal": ClusterOptions(members=0)})


def test_a_member_that_ends_shows_its_exit_code_its_command_and_its_log(
    java: Callable[[str], Path], tmp_path: Path
) -> None:
    executable = java("echo 'no room on the ark'; exit 3")
    with pytest.raises(MemberStartError) as raised, start_local(["blue"], java=executable, jars=tmp_path):
        pass
    text = str(raised.value)
    assert "of cluster 'blue' ended with exit code 3" in text
    assert f"command: {executable} --add-modules" in text
    assert text.endswith("no room on the ark")


def test_settings_in_the_environment_do_not_reach_a_member(
    java: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HZ_CLUSTERNAME", "CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-Dforeign")
    executable = java("env; exit 1")
    with pytest.raises(MemberStartError) as raised, start_local(["blue"], java=executable, jars=tmp_path):
        pass
    assert "PATH=" in str(raised.value)
    assert "-Dforeign" not in str(raised.value)


def test_members_are_told_again_and_again_whom_their_cluster_has(java: Callable[[str], Path], tmp_path: Path) -> None:
    executable = java('echo "$@"; exit 1')
    with pytest.raises(MemberStartError) as raised, start_local(["blue"], java=executable, jars=tmp_path):
        pass
    assert "-Dhazelcast.member.list.publish.interval.seconds=1 " in str(raised.value)


def test_a_member_that_never_serves_clients_is_an_error_in_time(java: Callable[[str], Path], tmp_path: Path) -> None:
    executable = java("exec sleep 1000")
    with (
        pytest.raises(MemberStartError, match=r"in a cluster of 1 in time; members were counted: 0 by 127\.0\.0\.1:"),
        start_local(["blue"], java=executable, jars=tmp_path, timeout=0.1),
    ):
        pass


def test_a_failed_start_leaves_neither_processes_nor_files(
    java: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    executable = java('echo $$ >> "${0%/*}/pids"; grep -q -e green hazelcast.xml && exit 1; exec sleep 1000')
    with (
        pytest.raises(MemberStartError, match="'green' ended with exit code 1"),
        start_local(java=executable, jars=tmp_path),
    ):
        pass
    assert list(temporary.iterdir()) == []
    for pid in (tmp_path / "pids").read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


async def test_a_cancelled_start_leaves_no_process(never_ready: Path, tmp_path: Path) -> None:
    async def start() -> None:
        async with start_local(["blue"], java=never_ready, jars=tmp_path):
            pass

    task = asyncio.create_task(start())
    pid = int(await asyncio.to_thread((tmp_path / "pids").read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_outlives_an_owner_that_is_killed_while_it_starts_a_member(never_ready: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, never_ready, tmp_path],
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    member = os.pidfd_open(int((tmp_path / "pids").read_text()))
    owner.send_signal(signal.SIGKILL)
    ended(member)
    owner.communicate()  # ends when the watchdog, which has the owner's stderr, is gone as well
    assert list(temporary.iterdir()) == []


def test_ctrl_c_during_a_start_ends_what_was_started(never_ready: Path, tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, never_ready, tmp_path], stderr=subprocess.PIPE, text=True)
    member = os.pidfd_open(int((tmp_path / "pids").read_text()))
    owner.send_signal(signal.SIGINT)
    ended(member)
    assert "KeyboardInterrupt" in owner.communicate()[1]


# ------------------------------------------------------------------------------------------- members that are there


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[LocalMember]:
    """A member whose process is there, and which accepts connections and says nothing; its cluster has one more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        log = tmp_path / "member.log"
        log.touch()
        members: list[LocalMember] = []
        for address in (("127.0.0.1", 1), server.getsockname()):
            members.append(
                LocalMember(
                    address=address,
                    cluster_name="blue",
                    command=["sleep", "1000"],
                    log=log,
                    group=0,
                    cluster=members,
                )
            )
        member = members[1]
        member.launch()
        yield member
        member.kill()


def test_a_frozen_member_may_be_frozen_once_more(silent: LocalMember) -> None:
    silent.freeze()
    silent.freeze()
    silent.thaw()
    silent.freeze()


def test_a_member_is_not_started_before_a_slow_one_has_said_that_it_knows_of_its_end(silent: LocalMember) -> None:
    dead = silent._cluster[0]
    with pytest.raises(MemberStartError, match="is dead, and may still be a member of its cluster for the others"):
        dead.restart(timeout=0.1)
    assert not dead.alive


def test_a_member_is_started_although_a_frozen_one_knows_nothing_of_its_end(silent: LocalMember) -> None:
    dead = silent._cluster[0]
    silent.freeze()
    with pytest.raises(MemberStartError, match="does not serve clients in a cluster of 1 in time"):
        dead.restart(timeout=0.1)
    assert dead.alive
    dead.kill()
