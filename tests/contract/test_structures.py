"""What the official clients offer works through our engine, in both families, and goes on after a switch."""

from __future__ import annotations

from typing import Any

import pytest
from hazelcast.sql import HazelcastSqlError

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, failover_config
from tealjet.lab import Lab

CLUSTERS = ("blue", "green")


def test_the_proved_structures_go_on_after_a_switch_with_the_same_proxies(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        heard = Events()
        entries: Any = client.get_map(unique).blocking()
        items: Any = client.get_queue(unique).blocking()
        news: Any = client.get_topic(unique).blocking()
        news.add_listener(lambda message: heard(message.message))
        for cluster in CLUSTERS:
            assert client.failover.active is not None
            if client.failover.active.name != cluster:
                client.failover.switch_to(cluster)
            assert entries.get("key") is None
            entries.put_all({"key": cluster, "other": cluster})
            assert entries.get_all(["key", "other"]) == {"key": cluster, "other": cluster}
            assert items.offer(cluster)
            assert items.take() == cluster
            news.publish(cluster)
            heard.wait_for(lambda message, cluster=cluster: message == cluster)
        assert heard.all == list(CLUSTERS)
        assert client.lifecycle_service.is_running()
    assert not client.lifecycle_service.is_running()


async def test_the_proved_structures_go_on_after_a_switch_on_asyncio(lab: Lab, unique: str) -> None:
    config = failover_config(lab["blue"], lab["green"])
    async with tealjet.asyncio.new_jet_failover_client(config) as client:
        heard: list[str] = []
        entries: Any = await client.get_map(unique)
        items: Any = await client.get_queue(unique)
        news: Any = await client.get_topic(unique)
        arrived: Any = await client.get_queue(f"{unique}-arrived")
        await news.add_listener(lambda message: heard.append(message.message))
        for cluster in CLUSTERS:
            assert client.failover.active is not None
            if client.failover.active.name != cluster:
                await client.failover.switch_to(cluster)
            assert await entries.get("key") is None
            await entries.put_all({"key": cluster, "other": cluster})
            assert await entries.get_all(["key", "other"]) == {"key": cluster, "other": cluster}
            assert await items.offer(cluster)
            assert await items.take() == cluster
            await news.publish(cluster)
            await arrived.offer(cluster)
            assert await arrived.take() == cluster
    assert set(heard) <= set(CLUSTERS)


@pytest.mark.member("5.7.0")
async def test_sql_works_on_asyncio_and_waits_for_a_cluster(lab: Lab) -> None:
    config = failover_config(lab["blue"], lab["green"])
    async with tealjet.asyncio.new_jet_failover_client(config) as client:
        for cluster in CLUSTERS:
            if cluster == "green":
                await client.failover.switch_to("green")
            result = await client.sql.execute("SELECT CAST(? AS VARCHAR) AS v", cluster)
            assert [row["v"] async for row in result] == [cluster]
        with pytest.raises(HazelcastSqlError) as caught:
            await client.sql.execute("SELECT nonsense")
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED


@pytest.mark.member("5.7.0")
def test_a_statement_that_a_cluster_refuses_was_answered(lab: Lab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        with pytest.raises(HazelcastSqlError) as caught:
            client.sql.execute("SELECT nonsense").result()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED


def test_a_lifecycle_listener_of_the_configuration_is_told_from_the_start(lab: Lab) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"], lifecycle_listeners=[states])):
        pass
    assert states.all == ["STARTING", "STARTED", "CONNECTED", "SHUTTING_DOWN", "SHUTDOWN"]


def test_every_other_factory_works_through_the_same_bridge(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        some: Any = client
        listed = some.get_list(unique).blocking()
        assert listed.add("item")
        assert listed.get(0) == "item"
        unordered = some.get_set(unique).blocking()
        assert unordered.add("item")
        assert unordered.contains("item")
        many = some.get_multi_map(unique).blocking()
        assert many.put("key", "value")
        assert many.get("key") == ["value"]
        replicated = some.get_replicated_map(unique).blocking()
        replicated.put("key", "value")
        assert replicated.get("key") == "value"
        ring = some.get_ringbuffer(unique).blocking()
        assert ring.read_one(ring.add("item")) == "item"
        counter = some.get_pn_counter(unique).blocking()
        assert counter.add_and_get(2) == 2
        ids = some.get_flake_id_generator(unique).blocking()
        assert ids.new_id() != ids.new_id()
        heard = Events()
        reliable = some.get_reliable_topic(unique).blocking()
        reliable.add_listener(lambda message: heard(message.message))
        reliable.publish("news")
        heard.wait_for(lambda message: message == "news")
        with some.new_transaction(timeout=10) as transaction:
            transaction.get_map(unique).put("key", "value")
        assert some.get_map(unique).blocking().get("key") == "value"
        assert {one.name for one in some.get_distributed_objects()} >= {unique}
        assert some.get_executor(unique).name == unique


@pytest.mark.member("jet-4.3.1")
def test_cp_structures_work_where_the_cluster_has_them(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        number: Any = client.cp_subsystem.get_atomic_long(unique).blocking()
        assert number.add_and_get(2) == 2


@pytest.mark.member("5.7.0")
def test_what_a_cluster_does_not_have_is_its_own_error_with_an_outcome(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        with pytest.raises(Exception, match="Enterprise") as caught:
            client.cp_subsystem.get_atomic_long(unique).blocking().get()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED
