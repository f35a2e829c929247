"""Clusters of three members: one may be lost without a switch, all of them may not; the standby knows them all."""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.errors import IndeterminateOperationStateError

import tealjet
import tealjet.asyncio
from support.clusters import (
    Events,
    cluster_config,
    failover_config,
    look_into,
    map_entries,
    wait_for_connections,
    wait_for_standby,
)
from support.workload import LIMIT, ThreadedWorkload, gets, puts
from tealjet.failover.model import Kind
from tealjet.lab import ClusterOptions, Lab, LocalMember, start_local

pytestmark = pytest.mark.member("5.7.0")

STRICT: Any = {"fail_on_indeterminate_operation_state": True}
"""A change is acknowledged when its backups have it, else an error."""


def is_connected(member: LocalMember) -> Callable[[logging.LogRecord], bool]:
    return lambda record: record.getMessage().startswith(f"member {member.address} of 'blue' is connected")


def cannot_be_connected(record: logging.LogRecord) -> bool:
    return "can't be connected to for now" in record.getMessage()


def owner(client: tealjet.JetClient, key: Any) -> uuid.UUID | None:
    """The member that owns the key's partition."""
    service = client.partition_service
    return service.get_partition_owner(service.get_partition_id(key))


def test_the_loss_of_one_member_is_no_switch_and_the_loss_of_all_is(three_members: Lab, unique: str) -> None:
    lab, states, members = three_members, Events(), Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"], **STRICT)) as client:
        wait_for_standby(client, "green")
        wait_for_connections(client._engine.active, 3)
        client.lifecycle_service.add_listener(states)
        client.cluster_service.add_listener(member_removed=members)
        with ThreadedWorkload(client, [gets(), gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(100)
            lab["blue"].members[0].kill()
            members.wait_for(lambda _: True)
            workload.history.wait_for_more(100)
            assert states.all == []
            assert [record for record in workload.history.failed if record.call.method == "get"] == []
            acknowledged = [record.call.args for record in workload.history.of("put") if record.error is None]
            entries = map_entries(lab["blue"], f"m-{unique}")
            assert [args for args in acknowledged if entries.get(args[0]) != args[1]] == []
            lab["blue"].kill()
            states.wait_for(lambda state: state == "CONNECTED")
            workload.history.wait_for_more(100)
        assert states.all == ["DISCONNECTED", "CHANGED_CLUSTER", "CONNECTED"]
        assert client.failover.history[-1].kind is Kind.CHANGED
        wait_for_connections(client._engine.active, 3)
        assert all(record.outcome is not None for record in workload.history.failed)


def test_the_standby_is_connected_to_all_members_of_its_cluster(three_members: Lab) -> None:
    lab = three_members
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        standby = client._engine.snapshot().standby_link
        assert standby is not None
        link = client._engine.link_of(standby)
        assert link is not None
        wait_for_connections(link, 3)
        client._thread.run(asyncio.wait([link.partitions_known], timeout=LIMIT))
        assert link.partitions_known.done()


def test_a_member_that_only_the_client_has_lost_is_no_switch_and_costs_no_call_but_its_own(
    proxied_members: Lab, log: Events, unique: str
) -> None:
    lab, states = proxied_members, Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        client.lifecycle_service.add_listener(states)
        with ThreadedWorkload(client, [gets(), puts(1), puts(2)], f"m-{unique}", f"q-{unique}") as workload:
            for member in lab["blue"].members:
                workload.history.wait_for_more(100)
                seen = len(log.all)
                member.proxy.drop()
                log.wait_for_next(seen, is_connected(member))
        assert states.all == []
        assert client.failover.status().active == "blue"
        assert [record for record in workload.history.failed if record.call.method == "get"] == []
        assert all(record.outcome is tealjet.Outcome.UNKNOWN for record in workload.history.failed)


def test_a_member_that_joins_gets_listeners_backup_acks_and_the_calls_of_its_partitions(
    three_members: Lab, log: Events, unique: str
) -> None:
    blue, events = three_members["blue"], Events()
    newcomer = blue.members[2]
    newcomer.kill()
    with tealjet.new_jet_client(cluster_config(blue, **STRICT)) as client:  # no backup acknowledges in vain
        entries: Any = client.get_map(unique).blocking()
        entries.add_entry_listener(added_func=lambda event: events(event.key))
        newcomer.restart()
        log.wait_for(is_connected(newcomer))
        link = client._engine.active
        assert link is not None
        (joined,) = [one.uuid for one in link.members if f"{one.address.host}:{one.address.port}" == newcomer.address]
        carried = link.connections[joined]
        keys = itertools.count()
        for key in keys:  # until the cluster has moved partitions to it
            entries.put(key, "value")
            if owner(client, key) == joined:
                break
        before = carried.bytes_sent
        for key in keys:
            entries.put(key, "value")
            events.wait_for(lambda told, key=key: told == key)
            if owner(client, key) == joined:
                break
        assert carried.bytes_sent > before
        assert len(events.all) == len(set(events.all))


def test_a_member_that_cannot_be_reached_is_tried_again_and_costs_no_call(
    proxied_members: Lab, log: Events, unique: str
) -> None:
    blue = proxied_members["blue"]
    hidden = blue.members[1]
    hidden.proxy.refuse()
    with tealjet.new_jet_client(cluster_config(blue, **STRICT)) as client:  # a backup there can't acknowledge to it
        entries: Any = client.get_map(unique).blocking()
        for key in range(100):
            assert entries.put(key, key) is None
            assert entries.get(key) == key
        assert len({owner(client, key) for key in range(100)}) == 3
        wait_for_connections(client._engine.active, 2)
        assert client.failover.status().connections == 2
        log.wait_for_next(log.wait_for_next(0, cannot_be_connected), cannot_be_connected)
        hidden.proxy.accept()
        log.wait_for(is_connected(hidden))
        assert client.failover.status().connections == 3
    levels = [record.levelno for record in log.all if cannot_be_connected(record)]
    assert levels[0] == logging.INFO
    assert set(levels[1:]) == {logging.DEBUG}


@pytest.mark.parametrize("strict", [False, True], ids=["answered", "told as an error"])
def test_a_call_whose_backup_is_never_acknowledged_ends(strict: bool, proxied_members: Lab, unique: str) -> None:
    blue = proxied_members["blue"]
    with look_into(blue) as other:  # whose backups have all the time that they need
        theirs: Any = other.get_map(unique).blocking()
        theirs.put("key", "before")
    settings: Any = {"operation_backup_timeout": 0.5, "fail_on_indeterminate_operation_state": strict}
    with tealjet.new_jet_failover_client(failover_config(blue, **settings), silence_limit=60) as client:
        entries: Any = client.get_map(unique).blocking()
        link = client._engine.active
        wait_for_connections(link, 3)
        assert link is not None
        (primary,) = [one.address for one in link.members if one.uuid == owner(client, "key")]
        for member in blue.members:
            if member.address != f"{primary.host}:{primary.port}":
                member.proxy.black_hole()
        if strict:
            with pytest.raises(IndeterminateOperationStateError, match="'blue' applied the call") as caught:
                entries.put("key", "after")
            assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
        else:
            assert entries.put("key", "after") == "before"
        assert entries.get("key") == "after"


def test_a_client_with_one_connection_goes_on_with_another_member(three_members: Lab, unique: str) -> None:
    blue, states, events = three_members["blue"], Events(), Events()
    configuration = failover_config(blue, three_members["green"], smart_routing=False)
    with tealjet.new_jet_failover_client(configuration, reconnect_grace=30.0) as client:
        wait_for_standby(client, "green")
        client.lifecycle_service.add_listener(states)
        assert client.failover.status().connections == 1
        entries: Any = client.get_map(unique).blocking()
        entries.add_entry_listener(added_func=lambda event: events(event.key))
        with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(50)
            used(client, three_members).kill()
            states.wait_for(lambda state: state == "CONNECTED")
            workload.history.wait_for_more(50)
        assert states.all == ["DISCONNECTED", "CONNECTED"]
        assert client.failover.history[-1].kind is Kind.SAME
        assert client.failover.status().connections == 1
        assert [record for record in workload.history.failed if record.call.method == "get"] == []
        assert all(record.outcome is tealjet.Outcome.UNKNOWN for record in workload.history.failed)
        for key in range(20):  # of all members' partitions
            entries.put(key, "value")
        events.wait_for_number(20)
        assert sorted(events.all) == list(range(20))


def test_a_client_with_one_connection_leaves_a_frozen_member_and_not_its_cluster(three_members: Lab) -> None:
    states = Events()
    configuration = failover_config(three_members["blue"], three_members["green"], smart_routing=False)
    with tealjet.new_jet_failover_client(configuration, profile="patient", silence_limit=1.0) as client:
        wait_for_standby(client, "green")
        client.lifecycle_service.add_listener(states)
        used(client, three_members).freeze()
        states.wait_for(lambda state: state == "CONNECTED")
        assert states.all == ["DISCONNECTED", "CONNECTED"]
        assert client.failover.history[-1].kind is Kind.SAME


def used(client: tealjet.JetClient, lab: Lab) -> LocalMember:
    """The member of blue that the client's only connection leads to."""
    link = client._engine.active
    assert link is not None
    (connection,) = link.connections.values()
    (member,) = [one for one in lab["blue"].members if one.address == connection.peer]
    return member


def test_a_switch_tells_the_members_of_the_former_cluster_as_removed_and_the_others_as_added(
    three_members: Lab,
) -> None:
    events = Events()
    with tealjet.new_jet_failover_client(failover_config(three_members["blue"], three_members["green"])) as client:
        client.cluster_service.add_listener(
            member_added=lambda member: events(("added", address(member))),
            member_removed=lambda member: events(("removed", address(member))),
            fire_for_existing=True,
        )
        client.failover.switch_to("green")
        events.wait_for_number(9)
        check_members(events, three_members)
        assert {address(one) for one in client.cluster_service.get_members()} == set(three_members["green"].addresses)


async def test_an_asyncio_client_tells_members_alike(three_members: Lab) -> None:
    events = Events()
    configuration = failover_config(three_members["blue"], three_members["green"])
    async with tealjet.asyncio.new_jet_failover_client(configuration) as client:
        client.cluster_service.add_listener(
            member_added=lambda member: events(("added", address(member))),
            member_removed=lambda member: events(("removed", address(member))),
            fire_for_existing=True,
        )
        await client.failover.switch_to("green")
    check_members(events, three_members)


def address(member: Any) -> str:
    return f"{member.address.host}:{member.address.port}"


def check_members(events: Events, lab: Lab) -> None:
    blue, green = set(lab["blue"].addresses), set(lab["green"].addresses)
    assert set(events.all[:3]) == {("added", one) for one in blue}
    assert set(events.all[3:6]) == {("removed", one) for one in blue}
    assert set(events.all[6:]) == {("added", one) for one in green}


def test_one_frozen_member_of_three_is_no_switch_and_ends_its_own_calls_only(unique: str) -> None:
    states, members = Events(), Events()
    properties = {"hazelcast.max.no.heartbeat.seconds": "5", "hazelcast.heartbeat.interval.seconds": "1"}
    with start_local({"blue": ClusterOptions(members=3), "green": ClusterOptions()}, properties=properties) as lab:
        made = failover_config(lab["blue"], lab["green"], **STRICT)
        with tealjet.new_jet_failover_client(made, silence_limit=2.0) as client:
            wait_for_standby(client, "green")
            client.lifecycle_service.add_listener(states)
            client.cluster_service.add_listener(member_removed=members)
            steps = [gets(), puts(1), puts(2), puts(3)]
            with ThreadedWorkload(client, steps, f"m-{unique}", f"q-{unique}") as workload:
                workload.history.wait_for_more(100)
                lab["blue"].members[1].freeze()
                members.wait_for(lambda member: address(member) == lab["blue"].members[1].address)
                workload.history.wait_for_more(100)
            assert states.all == []
            assert client.failover.status().active == "blue"
        history = workload.history
        assert [record for record in history.failed if record.call.method == "get"] == []
        assert {record.outcome for record in history.failed} <= {tealjet.Outcome.UNKNOWN}
        entries = map_entries(lab["blue"], f"m-{unique}")
        acknowledged = [record.call.args for record in history.of("put") if record.error is None]
        assert [args for args in acknowledged if entries.get(args[0]) != args[1]] == []
