"""Real members of the lab: what their verbs do, where they listen, and that they end with their owner."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hazelcast.client import HazelcastClient

from tealjet.lab import ClusterOptions, Lab, LabError, LocalCluster, LocalMember, MemberStartError, start_local

BlueGreen = Callable[[str], Lab]


def connect(member: LocalMember) -> socket.socket:
    host, port = member.address.split(":")
    return socket.create_connection((host, int(port)))


@contextlib.contextmanager
def client_of(cluster: LocalCluster) -> Iterator[HazelcastClient]:
    client = HazelcastClient(cluster_name=cluster.name, cluster_members=cluster.addresses)
    try:
        yield client
    finally:
        client.shutdown()


def state(pid: int) -> str:
    """The state of a process as the kernel has it: "T" is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]


def listening(pid: int) -> set[str]:
    """The local addresses of a process's listening sockets, in the kernel's hexadecimal notation."""
    own = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
    ]
    return {row[1].rsplit(":", 1)[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


# ---------------------------------------------------------------------------------------------------------- verbs


def test_an_official_client_finds_the_cluster_by_name_and_address(member_version: str, blue_green: BlueGreen) -> None:
    green = blue_green(member_version)["green"]
    with client_of(green) as client:
        (member,) = client.cluster_service.get_members()
        assert f"{member.address.host}:{member.address.port}" == green.addresses[0]


def test_members_listen_on_loopback_only(member_version: str, blue_green: BlueGreen) -> None:
    for cluster in blue_green(member_version).clusters.values():
        for member in cluster.members:
            assert listening(member.pid) == {"0100007F"}


def test_a_killed_member_is_gone_and_its_port_refuses(member_version: str, blue_green: BlueGreen) -> None:
    (member,) = blue_green(member_version)["blue"].members
    member.kill()
    assert not member.alive
    with pytest.raises(ProcessLookupError):
        os.kill(member.pid, 0)
    with pytest.raises(ConnectionRefusedError):
        connect(member)


def test_a_frozen_member_stands_still_until_it_is_thawed(member_version: str, blue_green: BlueGreen) -> None:
    blue = blue_green(member_version)["blue"]
    (member,) = blue.members
    member.freeze()
    assert state(member.pid) == "T"
    with connect(member):  # the system accepts for it
        pass
    member.thaw()
    blue.wait()


def test_a_frozen_member_can_be_killed(member_version: str, blue_green: BlueGreen) -> None:
    (member,) = blue_green(member_version)["blue"].members
    member.freeze()
    member.kill()
    assert not member.alive


def test_a_frozen_member_can_be_stopped(member_version: str, blue_green: BlueGreen) -> None:
    (member,) = blue_green(member_version)["blue"].members
    member.freeze()
    member.stop()
    assert not member.alive


def test_a_dead_member_cannot_be_frozen(member_version: str, blue_green: BlueGreen) -> None:
    (member,) = blue_green(member_version)["blue"].members
    member.kill()
    with pytest.raises(LabError, match=r"cannot be sent SIGSTOP: its process has ended; restart\(\) it first"):
        member.freeze()


def test_a_restarted_member_serves_at_the_same_address(member_version: str, blue_green: BlueGreen) -> None:
    blue = blue_green(member_version)["blue"]
    (member,) = blue.members
    before = member.pid, member.address
    member.restart()
    assert member.pid != before[0]
    assert member.address == before[1]
    blue.wait()


def test_a_cluster_that_a_test_has_killed_is_alive_for_the_next(member_version: str, blue_green: BlueGreen) -> None:
    lab = blue_green(member_version)
    lab["blue"].kill()
    lab["green"].freeze()
    assert blue_green(member_version) is lab
    for cluster in lab.clusters.values():
        assert cluster.alive
        cluster.wait()


# --------------------------------------------------------------------------------------------------------- starts


def test_a_prepared_version_starts_from_its_archive_of_classes(member_version: str, blue_green: BlueGreen) -> None:
    (member,) = blue_green(member_version)["blue"].members  # the fixture prepares the versions
    assert ".aot" in Path(f"/proc/{member.pid}/maps").read_text()


def test_members_of_one_cluster_find_each_other_and_options_reach_them(member_version: str) -> None:
    options = ClusterOptions(cluster_name="teal", members=2, properties={"hazelcast.partition.count": "17"})
    with start_local({"blue": options}, version=member_version) as lab, client_of(lab["blue"]) as client:
        assert len(client.cluster_service.get_members()) == 2
        assert client.partition_service.get_partition_count() == 17


def test_a_member_that_is_killed_and_restarted_joins_its_cluster_again(member_version: str) -> None:
    with start_local(["blue"], members=2, version=member_version) as lab:
        first, second = lab["blue"].members
        before = second.pid
        first.kill()
        assert not lab["blue"].alive
        first.restart()
        lab["blue"].wait()
        assert second.pid == before


def test_a_member_that_is_stopped_hands_its_data_to_the_others(member_version: str) -> None:
    no_backups = ClusterOptions(xml='<map name="*"><backup-count>0</backup-count></map>')
    with start_local({"blue": no_backups}, members=2, version=member_version) as lab, client_of(lab["blue"]) as client:
        numbers: Any = client.get_map("numbers").blocking()
        numbers.put_all({number: number for number in range(1000)})
        lab["blue"].members[0].stop()
        assert numbers.size() == 1000


@pytest.mark.member("5.7.0")
def test_a_configuration_that_the_member_refuses_is_shown_from_its_log() -> None:
    refused = ClusterOptions(xml="<no-such-element/>")
    with pytest.raises(MemberStartError, match="no-such-element"), start_local({"blue": refused}):
        pass


@pytest.mark.member("5.7.0")
async def test_a_lab_works_in_async_with_and_leaves_no_trace() -> None:
    async with start_local(["blue"]) as lab:
        (member,) = lab["blue"].members
        assert member.alive
    with pytest.raises(ProcessLookupError):
        os.kill(member.pid, 0)
    assert not member.log.parent.exists()


OWNER = """
import os, sys, time
from tealjet.lab import start_local
with start_local(version=sys.argv[1]) as lab:
    for cluster in lab.clusters.values():
        print(cluster.members[0].pid)
    if sys.argv[2] == "frozen":
        lab["green"].freeze()
    if sys.argv[2] == "forked" and os.fork() == 0:
        os.close(2)  # else the test would wait for this child
        time.sleep(30)
        os._exit(0)
    print("ready", flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize("how", ["serving", "frozen", "forked"])
def test_nothing_outlives_an_owner_that_is_killed(member_version: str, how: str, tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, member_version, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with owner:
        assert owner.stdout
        members = [os.pidfd_open(int(line)) for line in iter(owner.stdout.readline, "ready\n")]
        owner.send_signal(signal.SIGKILL)
        for member in members:
            select.select([member], [], [])  # readable when the process has ended
            os.close(member)
        assert owner.stderr
        assert owner.stderr.read() == ""  # ends when the watchdog, which has the owner's stderr, is gone as well
        assert list(tmp_path.iterdir()) == []


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_clients_reach_the_members_of_a_proxied_cluster_through_their_proxies_only(member_version: str) -> None:
    options = {"blue": ClusterOptions(members=2, proxied=True)}
    with start_local(options, version=member_version) as lab, client_of(lab["blue"]) as client:
        members = lab["blue"].members
        addresses = [f"{one.address.host}:{one.address.port}" for one in client.cluster_service.get_members()]
        assert sorted(addresses) == sorted(member.proxy.address for member in members)
        assert lab["blue"].addresses == [member.proxy.address for member in members]
        for member in members:
            member.proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                connect(member)
        lab["blue"].wait()  # the members have each other as before


@pytest.mark.member("5.7.0")
def test_a_member_without_a_proxy_says_how_to_get_one(blue_green: BlueGreen) -> None:
    (member,) = blue_green("5.7.0")["blue"].members
    with pytest.raises(LabError, match=r"has no proxy: start its cluster with ClusterOptions\(proxied=True\)"):
        member.proxy  # noqa: B018
