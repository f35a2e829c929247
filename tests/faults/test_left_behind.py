"""What a client remembers of the cluster that it has left does not reach the next one, planned or by loss."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hazelcast.config import Config

import tealjet
import tealjet.asyncio
from support.clusters import Events, failover_config, look_into, wait_for_standby
from support.workload import LIMIT
from tealjet.failover.model import Switched
from tealjet.lab import Lab

pytestmark = pytest.mark.member("5.7.0")

WAYS = pytest.mark.parametrize("way", ["planned", "loss"])
ONE_BATCH = 100 * 65536
"""What the ids of one batch are apart at most, as the generator is configured by default."""


def leave_blue(client: tealjet.JetClient, lab: Lab, way: str) -> None:
    """Move from blue to green; green is active when this returns."""
    wait_for_standby(client, "green")
    events = Events()
    client.failover.add_listener(events)
    if way == "planned":
        client.failover.switch_to("green", drain_timeout=0.05)
    else:
        lab["blue"].kill()
    events.wait_for(lambda event: isinstance(event, Switched))


async def leave_blue_on_asyncio(client: tealjet.asyncio.JetClient, lab: Lab, way: str) -> None:
    moved = asyncio.Event()
    client.failover.add_listener(lambda event: moved.set() if isinstance(event, Switched) else None)
    if way == "planned":
        await client.failover.switch_to("green", drain_timeout=0.05)
    else:
        await asyncio.to_thread(lab["blue"].kill)
    async with asyncio.timeout(LIMIT):
        await moved.wait()


def with_near_cache(lab: Lab, name: str) -> tealjet.FailoverConfig:
    configuration = failover_config(lab["blue"], lab["green"])
    for one in configuration.clients:
        official: Config = one.config
        official.near_caches = {name: {}}  # type: ignore[dict-item]
    return configuration


def put_on(lab: Lab, cluster: str, name: str, key: str, value: str) -> None:
    with look_into(lab[cluster]) as other:
        entries: Any = other.get_map(name).blocking()
        entries.put(key, value)


# ---------------------------------------------------------------------------------------------------- near caches


@WAYS
def test_a_near_cache_is_empty_after_a_switch_and_follows_the_new_cluster(way: str, lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "blue's")
    put_on(lab, "green", unique, "key", "green's")
    with tealjet.new_jet_failover_client(with_near_cache(lab, unique)) as client:
        entries: Any = client.get_map(unique)
        assert entries.get("key").result() == "blue's"
        leave_blue(client, lab, way)
        assert entries.get("key").result() == "green's"
        assert len(entries._near_cache) == 1
        cleared, clear = Events(), entries._near_cache._clear

        def clear_and_tell() -> None:
            clear()
            cleared("cleared")

        entries._near_cache._clear = clear_and_tell
        with look_into(lab["green"]) as other:
            structure: Any = other.get_map(unique).blocking()
            structure.clear()
        cleared.wait_for(lambda _: True)
        assert entries.get("key").result() is None


@WAYS
async def test_a_near_cache_is_empty_after_a_switch_on_asyncio(way: str, lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "blue's")
    put_on(lab, "green", unique, "key", "green's")
    async with tealjet.asyncio.new_jet_failover_client(with_near_cache(lab, unique)) as client:
        entries: Any = await client.get_map(unique)
        assert await entries.get("key") == "blue's"
        assert len(entries._near_cache) == 1
        await leave_blue_on_asyncio(client, lab, way)
        assert await entries.get("key") == "green's"


def test_a_late_answer_of_the_former_cluster_fills_no_near_cache(lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "blue's")
    put_on(lab, "green", unique, "key", "green's")
    with tealjet.new_jet_failover_client(with_near_cache(lab, unique), profile="patient") as client:
        entries: Any = client.get_map(unique)
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        late = entries.get("key")
        leave_blue(client, lab, "planned")
        lab["blue"].thaw()
        assert late.result() == "blue's"
        assert entries.get("key").result() == "green's"


async def test_a_late_answer_of_the_former_cluster_fills_no_near_cache_on_asyncio(lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "blue's")
    put_on(lab, "green", unique, "key", "green's")
    async with tealjet.asyncio.new_jet_failover_client(with_near_cache(lab, unique), profile="patient") as client:
        entries: Any = await client.get_map(unique)
        lab["blue"].freeze()
        late = asyncio.create_task(entries.get("key"))
        await leave_blue_on_asyncio(client, lab, "planned")
        lab["blue"].thaw()
        assert await late == "blue's"
        assert await entries.get("key") == "green's"


# ---------------------------------------------------------------------------------------------- ids and counters


@WAYS
def test_ids_that_were_fetched_from_the_former_cluster_are_not_handed_out(way: str, lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        ids: Any = client.get_flake_id_generator(unique).blocking()
        last = ids.new_id()
        assert ids.new_id() - last < ONE_BATCH
        leave_blue(client, lab, way)
        assert ids.new_id() - last > ONE_BATCH


def test_ids_that_arrive_late_serve_only_those_who_wait_for_them(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), profile="patient") as client:
        ids: Any = client.get_flake_id_generator(unique)
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        late = ids.new_id()
        leave_blue(client, lab, "planned")
        lab["blue"].thaw()
        first = late.result()
        assert abs(ids.new_id().result() - first) > ONE_BATCH


@WAYS
async def test_ids_of_the_former_cluster_are_not_handed_out_on_asyncio(way: str, lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        ids: Any = await client.get_flake_id_generator(unique)
        last = await ids.new_id()
        assert await ids.new_id() - last < ONE_BATCH
        await leave_blue_on_asyncio(client, lab, way)
        assert await ids.new_id() - last > ONE_BATCH


@WAYS
def test_a_counter_is_the_new_clusters_after_a_switch(way: str, lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        counter: Any = client.get_pn_counter(unique).blocking()
        assert counter.add_and_get(5) == 5
        leave_blue(client, lab, way)
        assert counter.get() == 0
        assert counter.add_and_get(1) == 1


@WAYS
async def test_a_counter_is_the_new_clusters_after_a_switch_on_asyncio(way: str, lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        counter: Any = await client.get_pn_counter(unique)
        assert await counter.add_and_get(5) == 5
        await leave_blue_on_asyncio(client, lab, way)
        assert await counter.get() == 0
        assert await counter.add_and_get(1) == 1


def test_what_a_counter_of_the_former_cluster_answers_late_is_not_remembered(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), profile="patient") as client:
        counter: Any = client.get_pn_counter(unique)
        assert counter.add_and_get(5).result() == 5
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        late = counter.add_and_get(1)
        leave_blue(client, lab, "planned")
        lab["blue"].thaw()
        assert late.result() == 6
        assert counter.get().result() == 0


def test_an_addition_that_was_in_flight_at_the_loss_is_not_made_twice(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), profile="patient") as client:
        counter: Any = client.get_pn_counter(unique)
        assert counter.add_and_get(5).result() == 5
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        late = counter.add_and_get(1)
        leave_blue(client, lab, "loss")
        assert tealjet.outcome_of(late.exception()) is tealjet.Outcome.UNKNOWN
        assert counter.get().result() == 0
