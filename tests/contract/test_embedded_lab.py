"""Our own client against embedded clusters: it starts, follows and moves as on real ones, whatever goes wrong there."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, failover_config, look_into, wait_for_standby
from support.switching import leave_blue, leave_blue_on_asyncio
from support.workload import LIMIT
from tealjet.errors import NoClusterError
from tealjet.failover.model import Switched
from tealjet.lab import (
    EMBEDDED_VERSIONS,
    EmbeddedCluster,
    EmbeddedLab,
    EmbeddedOptions,
    LabError,
    MemberStartError,
    start_embedded,
)
from tealjet.protocol import table
from tealjet.protocol.codec import encode_request

VIEW = "client.addClusterViewListener"


@pytest.fixture(params=EMBEDDED_VERSIONS)
def lab(request: pytest.FixtureRequest) -> Iterator[EmbeddedLab]:
    """Clusters "blue" and "green" of two embedded members each."""
    with start_embedded(members=2, version=request.param) as lab:
        yield lab


def objects(client: Any) -> set[str]:
    """The names of the objects that the active cluster has."""
    return {proxy.name for proxy in client.get_distributed_objects()}


def objects_of(cluster: EmbeddedCluster) -> set[str]:
    """The names of the objects that a cluster has, whoever asks."""
    with look_into(cluster) as client:
        return objects(client)


# ---------------------------------------------------------------------------------------------------- both families


def test_a_client_of_threads_starts_and_sees_the_cluster(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        assert client.failover.status().active == "blue"
        members = client.cluster_service.get_members()
        assert [f"{one.address.host}:{one.address.port}" for one in members] == lab["blue"].addresses
        assert all(one.attributes == {"tealjet.double": "true"} for one in members)
        client.get_map("orders")
        assert objects(client) == {"orders"}


async def test_a_client_of_asyncio_starts_and_sees_the_cluster(lab: EmbeddedLab) -> None:
    config = failover_config(lab["blue"], lab["green"])
    async with tealjet.asyncio.new_jet_failover_client(config) as client:
        assert client.failover.status().active == "blue"
        assert len(client.cluster_service.get_members()) == 2
        await client.get_map("orders")
        assert await asyncio.to_thread(objects_of, lab["blue"]) == {"orders"}


@pytest.mark.parametrize("way", ["planned", "killed"])
def test_a_client_of_threads_moves_to_green_with_its_proxies(lab: EmbeddedLab, way: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        client.get_map("orders")
        leave_blue(client, lab, way)
        assert client.failover.status().active == "green"
        assert objects(client) == {"orders"}


@pytest.mark.parametrize("way", ["planned", "killed"])
async def test_a_client_of_asyncio_moves_to_green_with_its_proxies(lab: EmbeddedLab, way: str) -> None:
    config = failover_config(lab["blue"], lab["green"])
    async with tealjet.asyncio.new_jet_failover_client(config) as client:
        await client.get_map("orders")
        await leave_blue_on_asyncio(client, lab, way)
        assert client.failover.status().active == "green"
        assert await asyncio.to_thread(objects_of, lab["green"]) == {"orders"}


# ------------------------------------------------------------------------------------------------------ the faults


def moved(client: tealjet.JetClient) -> Events:
    """Collect the switches of a client from now on."""
    events = Events()
    client.failover.add_listener(lambda event: events(event) if isinstance(event, Switched) else None)
    return events


def wait_for_green(client: tealjet.JetClient, switches: Events) -> None:
    switches.wait_for(lambda event: True)
    assert client.failover.status().active == "green"
    objects(client)


def test_a_frozen_cluster_is_left(lab: EmbeddedLab) -> None:
    config = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(config, profile="fast") as client:
        switches = moved(client)
        lab["blue"].freeze()
        wait_for_green(client, switches)


def test_a_client_whose_cluster_is_frozen_and_thawed_in_time_stays(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), silence_limit=30) as client:
        client.get_map("orders")
        lab["blue"].freeze()
        answers: list[set[str]] = []
        asking = threading.Thread(target=lambda: answers.append(objects(client)))
        asking.start()
        lab["blue"].thaw()
        asking.join()
        assert answers == [{"orders"}]
        assert client.failover.status().active == "blue"


def test_a_denied_client_moves_at_once_and_is_let_in_again(lab: EmbeddedLab) -> None:
    config = failover_config(lab["blue"], lab["green"], client_name="orders-1")
    with tealjet.new_jet_failover_client(config) as client:
        wait_for_standby(client, "green")
        switches = moved(client)
        lab["blue"].deny("orders-*")
        wait_for_green(client, switches)
        assert "client not allowed in the cluster" in client.failover.history[-1].why
        lab["blue"].admit_all()
        wait_for_standby(client, "blue")


@pytest.mark.parametrize("entry", [{"labels": ["eu-*"]}, {"addresses": ["127.0.*.*"]}], ids=["label", "address"])
def test_a_client_is_denied_by_its_label_and_by_its_address(lab: EmbeddedLab, entry: dict[str, list[str]]) -> None:
    lab["blue"].deny(**entry)
    config = failover_config(lab["blue"], lab["green"], labels=["eu-west"])
    with tealjet.new_jet_failover_client(config) as client:
        assert client.failover.status().active == "green"


def test_a_client_comes_back_to_members_that_drop_its_connections(lab: EmbeddedLab) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        client.get_map("orders")
        client.lifecycle_service.add_listener(states)
        lab["blue"].drop()
        states.wait_for(lambda state: state == "CONNECTED")
        assert objects(client) == {"orders"}


def test_a_member_that_refuses_is_passed_over_until_it_accepts(lab: EmbeddedLab) -> None:
    refusing, other = lab["blue"].members
    refusing.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(refusing.address.split(":")[1])))
    with pytest.raises(MemberStartError, match="refuses connections"):
        lab["blue"].wait()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        assert objects(client) == set()
    refusing.accept()
    lab["blue"].wait()
    other.kill()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        assert objects(client) == set()


def test_a_slow_member_is_heard_all_the_same(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        for member in lab["blue"].members:
            member.delay(0.05)
            member.read_slowly(10_000)
        client.get_map("orders")
        assert objects(client) == {"orders"}
        for member in lab["blue"].members:
            member.heal()
        assert objects(client) == {"orders"}
        assert client.failover.status().active == "blue"


AGAIN = 100
"""More often than a client comes by that could not open green in half a second either."""


@pytest.mark.parametrize("fault", ["no members", "dies", "frozen", "cut", "skipped"])
def test_a_cluster_that_is_half_alive_is_passed_over_at_the_start(lab: EmbeddedLab, fault: str) -> None:
    for member in lab["blue"].members:
        match fault:
            case "no members":
                member.withhold_members()
            case "dies":
                member.die_when_asked(VIEW)
            case "frozen":
                member.freeze()
            case "cut":
                for _ in range(AGAIN):
                    member.cut_answer("client.authentication")
            case "skipped":
                for _ in range(AGAIN):
                    member.skip_answer("client.authentication")
    config = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(config, open_timeout=0.5, standby=False) as client:
        assert client.failover.status().active == "green"


def test_a_member_that_died_of_a_question_can_be_started_again(lab: EmbeddedLab) -> None:
    for member in lab["blue"].members:
        member.die_when_asked(VIEW)
    config = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(config, open_timeout=0.5, standby=False):
        assert not lab["blue"].alive
    lab["blue"].restart()
    with tealjet.new_jet_failover_client(config, standby=False) as client:
        assert client.failover.status().active == "blue"


async def test_a_connection_that_is_being_prepared_is_closed_when_nobody_waits_for_it_any_more(
    lab: EmbeddedLab,
) -> None:
    (gone, member) = lab["blue"].members
    gone.stop()
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        driver = client._engine._driver
        assert driver.active is not None
        (connection,) = driver.active.connections.values()
        again = await driver.connect_again(connection)
        member.skip_answer("client.localBackupListener")
        preparing = asyncio.ensure_future(driver.bring_in(again, connection))
        await asyncio.sleep(0)  # the task runs up to its question
        preparing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await preparing
        assert not again.live


def test_an_answer_that_comes_twice_is_no_harm(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        for member in lab["blue"].members:
            member.answer_twice("client.getDistributedObjects")
        assert [objects(client) for _ in range(4)] == [set()] * 4
        assert client.failover.status().active == "blue"


async def test_a_call_whose_answer_is_skipped_waits_and_ends_with_its_connection(lab: EmbeddedLab) -> None:
    gone, member = lab["blue"].members
    gone.stop()
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]), silence_limit=30) as client:
        link = client._engine.active
        assert link is not None
        member.skip_answer("mc.getClusterMetadata")
        asked = asyncio.ensure_future(link.ask(encode_request(table.GET_CLUSTER_METADATA)))
        await link.ask(encode_request(table.PING))  # goes behind it, over the same connection
        assert not asked.done()
        member.kill()
        with pytest.raises(tealjet.TealjetError) as caught:
            await asked
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN


def test_a_client_follows_members_that_leave_and_come(lab: EmbeddedLab) -> None:
    events, (first, second) = Events(), lab["blue"].members
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        client.get_map("orders")
        client.cluster_service.add_listener(
            lambda member: events(("joined", member.address.port)), lambda member: events(("left", member.address.port))
        )
        for leaving in (first, second):  # a rolling restart
            port = int(leaving.address.split(":")[1])
            leaving.stop()
            events.wait_for(lambda event, port=port: event == ("left", port))
            leaving.restart()
            events.wait_for(lambda event, port=port: event == ("joined", port))
        assert objects(client) == {"orders"}  # what one of them remembers, the cluster remembers


def test_a_cluster_that_starts_again_is_another_one(lab: EmbeddedLab) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=30) as client:
        client.lifecycle_service.add_listener(states)
        lab["blue"].restart()
        states.wait_for(lambda state: state == "CLUSTER_RESTARTED")


def test_a_cluster_that_starts_again_has_nothing_of_its_old_data(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        client.get_map("orders")
    assert objects_of(lab["blue"]) == {"orders"}
    lab["blue"].restart()
    assert objects_of(lab["blue"]) == set()


def test_a_cluster_whose_id_changes_is_taken_for_a_restarted_one(lab: EmbeddedLab) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        client.lifecycle_service.add_listener(states)
        lab["blue"].change_id()
        lab["blue"].drop()
        states.wait_for(lambda state: state == "CLUSTER_RESTARTED")


def test_a_cluster_with_another_partition_count_is_used_as_it_is(lab: EmbeddedLab) -> None:
    lab["blue"].change_partition_count(11)
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        assert client.partition_service.get_partition_count() == 11
    lab["blue"].restart()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        assert client.partition_service.get_partition_count() == 11


# ---------------------------------------------------------------------------------------------------- who is let in


def refusals(lab: EmbeddedLab, **values: Any) -> str:
    config = failover_config(lab["blue"], try_count=0, cluster_connect_timeout=0.0, **values)
    with pytest.raises(NoClusterError) as caught:
        tealjet.new_jet_failover_client(config)
    return str(caught.value.reasons["blue"])


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
def test_user_names_and_passwords_are_asked_for(version: str) -> None:
    options = EmbeddedOptions(username="teal", password="secret")
    with start_embedded({"blue": options}, version=version) as lab:
        right = cluster_config(lab["blue"], creds_username="teal", creds_password="secret")
        with tealjet.new_jet_client(right) as client:
            assert objects(client) == set()
        assert "credentials" in refusals(lab, creds_username="teal", creds_password="wrong")
        assert "credentials" in refusals(lab)


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
def test_a_cluster_that_supports_failover_says_so(version: str) -> None:
    with start_embedded({"blue": EmbeddedOptions(failover_supported=True)}, version=version) as lab:
        config = failover_config(lab["blue"])
        with tealjet.new_jet_failover_client(config, require_failover_supported=True) as client:
            assert client.failover.status().active == "blue"


# ------------------------------------------------------------------------------------------------------ the lab itself


def test_the_verbs_say_what_they_cannot_do(lab: EmbeddedLab) -> None:
    (member, _) = lab["blue"].members
    member.kill()
    member.kill()
    with pytest.raises(LabError, match=r"of blue is dead; restart\(\) it first"):
        member.freeze()
    with pytest.raises(MemberStartError, match="does not serve clients: it is dead"):
        lab["blue"].wait()
    with pytest.raises(ValueError, match=r"no message 'client.pin'; is it 'client.ping'\?"):
        member.skip_answer("client.pin")
    with pytest.raises(ValueError, match="no rate"):
        member.read_slowly(0)
    with pytest.raises(ValueError, match="no delay"):
        member.delay(-1)
    with pytest.raises(ValueError, match="at least one partition"):
        lab["blue"].change_partition_count(0)


def test_a_lab_that_is_closed_says_so() -> None:
    with start_embedded() as lab:
        member = lab["blue"].members[0]
    with pytest.raises(LabError, match="their lab is closed"):
        member.freeze()


async def test_a_lab_works_in_async_with() -> None:
    async with start_embedded() as lab:
        assert await asyncio.to_thread(lambda: lab["blue"].alive)


@pytest.mark.parametrize("own_process", [False, True])
def test_members_and_a_client_of_asyncio_run_on_uvloop(own_process: bool) -> None:
    async def use(lab: EmbeddedLab) -> str | None:
        config = failover_config(lab["blue"], lab["green"])
        async with tealjet.asyncio.new_jet_failover_client(config) as client:
            await client.get_map("orders")
            await leave_blue_on_asyncio(client, lab, "killed")
            await client.get_map("tasks")
            return client.failover.status().active

    with start_embedded(uvloop=True, own_process=own_process) as lab:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(use(lab)) == "green"
        assert objects_of(lab["green"]) == {"orders", "tasks"}


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
def test_members_in_a_process_of_their_own_have_the_same_verbs(version: str) -> None:
    with start_embedded(members=2, version=version, own_process=True) as lab:
        with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
            client.get_map("orders")
            switches = moved(client)
            lab["blue"].deny("*")
            wait_for_green(client, switches)
            assert objects(client) == {"orders"}
        member = lab["green"].members[0]
        member.stop()
        assert not member.alive
        with pytest.raises(LabError, match=r"is dead; restart\(\) it first"):
            member.freeze()
        lab["green"].restart()
        assert lab["green"].alive
    with pytest.raises(LabError, match="has ended, or their lab is closed"):
        member.freeze()


def test_a_process_of_embedded_members_ends_with_its_owner() -> None:
    script = """
import os, sys
from tealjet.lab import start_embedded
with start_embedded(own_process=True) as lab:
    print(lab["blue"].process_id, flush=True)
    sys.stdin.read()
"""
    owner = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdin is not None
    with owner, owner.stdin, owner.stdout:
        pid = int(owner.stdout.readline())
        watching = os.pidfd_open(pid)
        owner.kill()
        owner.wait()
        ended = select.select([watching], [], [], LIMIT)[0]
        os.close(watching)
    assert ended
