"""What a client remembers of the cluster that it has left does not reach the next one, planned or by loss."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hazelcast.config import Config
from hazelcast.errors import IllegalMonitorStateError
from hazelcast.proxy.reliable_topic import ReliableMessageListener
from hazelcast.sql import HazelcastSqlError

import tealjet
import tealjet.asyncio
from support.clusters import Events, config, failover_config, look_into, map_entries, wait_for_standby
from support.switching import leave_blue, leave_blue_on_asyncio
from support.workload import LIMIT
from tealjet.engine.calls import Call
from tealjet.engine.connection import Connection
from tealjet.engine.link import Link
from tealjet.errors import ClusterLeftError, TransactionLostError
from tealjet.failover.model import Kind, Switched, TopicGap
from tealjet.lab import FaultProxy, Lab, LocalCluster

pytestmark = pytest.mark.member("5.7.0")

WAYS = pytest.mark.parametrize("way", ["planned", "loss"])
ONE_BATCH = 100 * 65536
"""What the ids of one batch are apart at most, as the generator is configured by default."""


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


def test_a_near_cache_can_be_read_while_there_is_no_cluster(lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "blue's")
    with tealjet.new_jet_failover_client(with_near_cache(lab, unique)) as client:
        entries: Any = client.get_map(unique).blocking()
        assert entries.get("key") == "blue's"
        down = Events()
        client.lifecycle_service.add_listener(down)
        lab["green"].kill()
        lab["blue"].kill()
        down.wait_for(lambda state: state == "DISCONNECTED")
        assert entries.get("key") == "blue's"


def test_a_near_cache_is_empty_after_a_reconnect_because_it_may_have_missed_changes(lab: Lab, unique: str) -> None:
    put_on(lab, "blue", unique, "key", "old")
    with FaultProxy(lab["blue"].addresses[0]) as proxy:
        official = config("blue", [proxy.address], near_caches={unique: {}}, smart_routing=False)
        with tealjet.new_jet_client(official) as client:
            entries: Any = client.get_map(unique).blocking()
            assert entries.get("key") == "old"
            back = Events()
            client.failover.add_listener(back)
            proxy.refuse()
            proxy.drop()
            put_on(lab, "blue", unique, "key", "new")
            proxy.accept()
            back.wait_for(lambda event: isinstance(event, Switched) and event.report.kind is Kind.SAME)
            assert entries.get("key") == "new"


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
        late.result()
        (green,) = client._engine.active.connections.values()  # type: ignore[union-attr]
        sent = green.bytes_sent
        ids.new_id().result()
        assert green.bytes_sent > sent  # the ids of both are made of the time: their distance says nothing here


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


@contextlib.contextmanager
def addition_in_flight(lab: Lab, name: str) -> Iterator[tuple[tealjet.JetClient, Any, Any]]:
    """A client, its counter, which is 5, and the addition of 1 to it that has reached blue, which is frozen."""
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), profile="patient") as client:
        counter: Any = client.get_pn_counter(name)
        assert counter.add_and_get(5).result() == 5
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        yield client, counter, counter.add_and_get(1)


def test_what_a_counter_of_the_former_cluster_answers_late_is_not_remembered(lab: Lab, unique: str) -> None:
    with addition_in_flight(lab, unique) as (client, counter, late):
        leave_blue(client, lab, "planned")
        lab["blue"].thaw()
        assert late.result() == 6
        assert counter.get().result() == 0


def test_an_addition_that_was_in_flight_at_the_loss_is_not_made_twice(lab: Lab, unique: str) -> None:
    with addition_in_flight(lab, unique) as (client, counter, late):
        leave_blue(client, lab, "loss")
        assert tealjet.outcome_of(late.exception()) is tealjet.Outcome.UNKNOWN
        assert counter.get().result() == 0


# -------------------------------------------------------------------------------------- ringbuffers and their topics


class Subscriber(ReliableMessageListener[str]):
    """A durable subscriber that does not put up with losses; it keeps what it is told."""

    def __init__(self) -> None:
        self.heard, self.sequences = Events(), list[int]()
        self.cancelled = False

    def on_message(self, message: Any) -> None:
        self.heard(message.message)

    def retrieve_initial_sequence(self) -> int:
        return self.sequences[-1] if self.sequences else -1

    def store_sequence(self, sequence: int) -> None:
        self.sequences.append(sequence)

    def is_loss_tolerant(self) -> bool:
        return False

    def is_terminal(self, error: Exception) -> bool:
        return True

    def on_cancel(self) -> None:
        self.cancelled = True


@WAYS
@pytest.mark.parametrize("known_to_green", [0, 7], ids=["new on green", "further on green"])
def test_listeners_of_a_reliable_topic_go_on_at_the_new_tail(
    known_to_green: int, way: str, lab: Lab, unique: str
) -> None:
    with look_into(lab["green"]) as other:
        early: Any = other.get_reliable_topic(unique).blocking()
        for number in range(known_to_green):
            early.publish(f"early {number}")
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        topic: Any = client.get_reliable_topic(unique).blocking()
        subscriber, plain, gaps = Subscriber(), Events(), Events()
        topic.add_listener(subscriber)
        topic.add_listener(lambda message: plain(message.message))
        for number in range(3):
            topic.publish(f"blue {number}")
        for heard in (subscriber.heard, plain):
            heard.wait_for(lambda message: message == "blue 2")
        client.failover.add_listener(gaps)
        leave_blue(client, lab, way)
        for number in range(3):
            topic.publish(f"green {number}")
        expected = [f"{cluster} {number}" for cluster in ("blue", "green") for number in range(3)]
        for heard in (subscriber.heard, plain):
            heard.wait_for(lambda message: message == "green 2")
            assert heard.all == expected
        assert subscriber.sequences == [0, 1, 2, *range(known_to_green, known_to_green + 3)]
        assert not subscriber.cancelled
        gap = gaps.wait_for(lambda event: isinstance(event, TopicGap))
        assert gap == TopicGap(topic=unique, listeners=2, from_cluster="blue", to_cluster="green")


@WAYS
async def test_listeners_of_a_reliable_topic_go_on_at_the_new_tail_on_asyncio(
    way: str, lab: Lab, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        topic: Any = await client.get_reliable_topic(unique)
        heard: asyncio.Queue[str] = asyncio.Queue()
        await topic.add_listener(lambda message: heard.put_nowait(message.message))
        async with asyncio.timeout(LIMIT):
            await topic.publish("on blue")
            assert await heard.get() == "on blue"
            await leave_blue_on_asyncio(client, lab, way)
            if way == "planned":
                with look_into(lab["blue"]) as other:
                    former: Any = other.get_reliable_topic(unique)
                    former.publish("too late").result()
            await topic.publish("on green")
            assert await heard.get() == "on green"
    assert f"1 listeners of the reliable topic '{unique}' go on at its tail in cluster 'green'" in caplog.text


def test_a_message_that_waits_for_the_new_cluster_is_delivered_there(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), standby=False) as client:
        topic: Any = client.get_reliable_topic(unique)
        heard, down = Events(), Events()
        topic.add_listener(lambda message: heard(message.message)).result()
        client.lifecycle_service.add_listener(down)
        lab["blue"].kill()
        down.wait_for(lambda state: state == "DISCONNECTED")
        topic.publish("held").result()
        heard.wait_for(lambda message: message == "held")


def test_a_read_that_waits_for_the_next_item_stays_with_its_cluster(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        ring: Any = client.get_ringbuffer(unique)
        waiting = ring.read_one(0)
        leave_blue(client, lab, "planned")
        ring.add("on green").result()
        with look_into(lab["blue"]) as other:
            other.get_ringbuffer(unique).add("on blue").result()
        assert waiting.result() == "on blue"
        assert ring.read_one(0).result() == "on green"


def test_a_read_that_is_lost_is_an_error_and_never_another_clusters_item(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        ring: Any = client.get_ringbuffer(unique)
        with look_into(lab["green"]) as other:
            other.get_ringbuffer(unique).add("on green").result()
        wait_for_standby(client, "green")
        lab["blue"].freeze()
        waiting = {
            ring.read_one(0): tealjet.Outcome.UNKNOWN,
            ring.read_many(0, 1, 10): tealjet.Outcome.NOT_SENT,  # it has asked for the capacity first
        }
        leave_blue(client, lab, "loss")
        for read, outcome in waiting.items():
            with pytest.raises(ClusterLeftError, match=r"sequence of cluster 'blue'.*left for 'green'.*tail_sequence"):
                read.result()
            assert tealjet.outcome_of(read.exception()) is outcome
        assert ring.read_one(0).result() == "on green"


def test_a_read_that_was_not_sent_says_so(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), standby=False) as client:
        ring: Any = client.get_ringbuffer(unique)
        down = Events()
        client.lifecycle_service.add_listener(down)
        lab["green"].freeze()
        lab["blue"].kill()
        down.wait_for(lambda state: state == "DISCONNECTED")
        waiting = ring.read_one(0)
        lab["green"].thaw()
        with pytest.raises(ClusterLeftError, match="it was not sent"):
            waiting.result()
        assert tealjet.outcome_of(waiting.exception()) is tealjet.Outcome.NOT_SENT


async def test_a_read_that_is_lost_is_an_error_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        ring: Any = await client.get_ringbuffer(unique)
        waiting = asyncio.create_task(ring.read_one(0))
        assert await ring.size() == 0  # the read has been sent
        await leave_blue_on_asyncio(client, lab, "loss")
        with pytest.raises(ClusterLeftError, match=r"sequence of cluster 'blue'"):
            await waiting


# ------------------------------------------------------------------------------------------------------------ locks


@WAYS
@pytest.mark.parametrize("structure", ["get_map", "get_multi_map"])
def test_unlocking_what_was_locked_on_the_former_cluster_is_an_error_that_names_the_new_one(
    structure: str, way: str, lab: Lab, unique: str
) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = getattr(client, structure)(unique).blocking()
        entries.lock("key")
        with look_into(lab["green"]) as other:
            theirs: Any = getattr(other, structure)(unique).blocking()
            theirs.lock("key")
            leave_blue(client, lab, way)
            with pytest.raises(IllegalMonitorStateError, match=r"Cluster 'green' refused.*not held on") as caught:
                entries.unlock("key")
            assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED
            assert theirs.is_locked("key")
            theirs.unlock("key")
        entries.lock("key")
        entries.unlock("key")


def test_a_lock_is_still_held_on_the_former_cluster_while_the_client_stands_by_there(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = client.get_map(unique).blocking()
        entries.lock("key")
        leave_blue(client, lab, "planned")
        wait_for_standby(client, "blue")
        with look_into(lab["blue"]) as other:
            theirs: Any = other.get_map(unique).blocking()
            assert theirs.is_locked("key")
            client.failover.switch_to("blue")
            entries.unlock("key")
            assert not theirs.is_locked("key")


async def test_unlocking_what_was_locked_on_the_former_cluster_is_an_error_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = await client.get_map(unique)

        async def work() -> None:
            async with entries.lock_context("key"):
                await leave_blue_on_asyncio(client, lab, "planned")

        with pytest.raises(IllegalMonitorStateError, match="Cluster 'green' refused"):
            await work()
        async with entries.lock_context("key"):
            assert await entries.is_locked("key")


def test_a_lock_that_is_waited_for_at_the_loss_is_taken_on_the_new_cluster(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = client.get_map(unique)
        with look_into(lab["blue"]) as other:
            theirs: Any = other.get_map(unique).blocking()
            theirs.lock("key")
            waiting = entries.lock("key")
            leave_blue(client, lab, "loss")
        waiting.result()
        with look_into(lab["green"]) as other:
            ours: Any = other.get_map(unique).blocking()
            assert ours.is_locked("key")
        entries.unlock("key").result()


# ------------------------------------------------------------------------------------------- transactions and cursors


def link_of(client: tealjet.JetClient) -> Link:
    link = client._engine.active
    assert link is not None
    return link


def let_it_rest(link: Link) -> None:
    """Have the retired link look whether it is idle, as it does a second after its last call."""
    looked = threading.Event()

    def look() -> None:
        link._close_if_idle()
        looked.set()

    link._runtime.call_soon_threadsafe(look)
    assert looked.wait(LIMIT)


def test_a_transaction_that_is_open_at_a_planned_switch_goes_on_where_it_began(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        with client.new_transaction(timeout=60) as transaction:
            transaction.get_map(unique).put("first", "before")
            blue = link_of(client)
            leave_blue(client, lab, "planned")
            let_it_rest(blue)
            transaction.get_map(unique).put("second", "after")
        let_it_rest(blue)
        assert blue.down
        assert map_entries(lab["blue"], unique) == {"first": "before", "second": "after"}
        assert map_entries(lab["green"], unique) == {}
        with client.new_transaction(timeout=60) as transaction:
            transaction.get_map(unique).put("first", "on green")
        assert map_entries(lab["green"], unique) == {"first": "on green"}


def test_a_transaction_whose_cluster_is_lost_says_that_nothing_is_applied(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        transaction = client.new_transaction(timeout=60)
        transaction.begin()
        entries: Any = transaction.get_map(unique)
        entries.put("first", "before")
        leave_blue(client, lab, "loss")
        for use in (lambda: entries.put("second", "after"), transaction.commit):
            with pytest.raises(TransactionLostError, match=r"began on cluster 'blue'.*nothing of it is") as caught:
                use()
            assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
        transaction.rollback()
        with client.new_transaction(timeout=60) as again:
            again.get_map(unique).put("key", "on green")
        assert map_entries(lab["green"], unique) == {"key": "on green"}


def test_leaving_the_block_of_a_lost_transaction_hides_no_error(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:

        def fail_after_the_loss() -> None:
            with client.new_transaction(timeout=60) as transaction:
                transaction.get_map(unique).put("key", "value")
                leave_blue(client, lab, "loss")
                raise LookupError

        with pytest.raises(LookupError):
            fail_after_the_loss()


def test_a_commit_that_was_in_flight_at_the_loss_may_have_been_applied(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), profile="patient") as client:
        wait_for_standby(client, "green")
        transaction = client.new_transaction(timeout=60)
        transaction.begin()
        transaction.get_map(unique).put("key", "value")
        lab["blue"].freeze()
        lost = pytest.raises(TransactionLostError, match=r"cluster 'blue'.*may have been committed")
        with kills_when_sent(link_of(client), lab["blue"]), lost as caught:
            transaction.commit()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
        transaction.rollback()


@contextlib.contextmanager
def kills_when_sent(link: Link, cluster: LocalCluster) -> Iterator[None]:
    """Kill the cluster as soon as the next call has been handed to the network."""
    sent, send_on = threading.Event(), link.send_on

    def send_and_tell(connection: Connection, call: Call) -> int:
        number = send_on(connection, call)
        sent.set()
        return number

    def kill() -> None:
        sent.wait(LIMIT)
        cluster.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    link.send_on = send_and_tell  # type: ignore[method-assign]
    yield
    killer.join()


def test_a_transaction_that_was_made_before_a_switch_begins_on_the_new_cluster(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        transaction = client.new_transaction(timeout=60)
        leave_blue(client, lab, "loss")
        with transaction:
            transaction.get_map(unique).put("key", "value")
        assert map_entries(lab["green"], unique) == {"key": "value"}


ROWS = "SELECT v FROM TABLE(generate_series(1, 3000)) AS t(v)"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["threaded", "asyncio"])
def test_a_cursor_that_is_open_at_a_planned_switch_is_read_to_its_end(asynchronous: bool, lab: Lab) -> None:
    config = failover_config(lab["blue"], lab["green"])

    def read() -> list[int]:
        with tealjet.new_jet_failover_client(config) as client:
            rows: Any = iter(client.sql.execute(ROWS, cursor_buffer_size=100).result())
            first = next(rows)
            blue = link_of(client)
            leave_blue(client, lab, "planned")
            let_it_rest(blue)
            read = [row["v"] for row in (first, *rows)]
            let_it_rest(blue)
            assert blue.down
            return read

    async def read_on_asyncio() -> list[int]:
        async with tealjet.asyncio.new_jet_failover_client(config) as client:
            rows: Any = aiter(await client.sql.execute(ROWS, cursor_buffer_size=100))
            first = await anext(rows)
            blue = client._engine.active
            assert blue is not None
            await leave_blue_on_asyncio(client, lab, "planned")
            blue._close_if_idle()
            read = [first["v"], *[row["v"] async for row in rows]]
            blue._close_if_idle()
            assert blue.down
            return read

    assert (asyncio.run(read_on_asyncio()) if asynchronous else read()) == list(range(1, 3001))


def test_a_cursor_whose_cluster_is_lost_is_an_error_that_names_it(lab: Lab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        result = client.sql.execute(ROWS, cursor_buffer_size=100).result()
        rows = iter(result)
        next(rows)
        leave_blue(client, lab, "loss")
        with pytest.raises(HazelcastSqlError, match=r"belongs to cluster 'blue'.*Nothing was sent") as caught:
            list(rows)
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
        result.close().result()  # it ended with its cluster; an error would hide the one before
        assert len(list(client.sql.execute(ROWS).result())) == 3000


async def test_a_cursor_whose_cluster_is_lost_is_an_error_that_names_it_on_asyncio(lab: Lab) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        rows = aiter(await client.sql.execute(ROWS, cursor_buffer_size=100))
        await anext(rows)
        await leave_blue_on_asyncio(client, lab, "loss")
        with pytest.raises(HazelcastSqlError, match=r"belongs to cluster 'blue'.*Nothing was sent") as caught:
            [row async for row in rows]
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
