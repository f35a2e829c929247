"""Every structure that the official clients offer, each with the calls that are tried out on real members."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hazelcast import aggregator, predicate, projection
from hazelcast.config import IndexType
from hazelcast.core import HazelcastJsonValue
from hazelcast.invocation import Invocation
from hazelcast.protocol.builtin import CodecUtil, StringCodec
from hazelcast.protocol.client_message import REQUEST_HEADER_SIZE, OutboundMessage, create_initial_buffer
from hazelcast.serialization.api import IdentifiedDataSerializable
from hazelcast.vector import Document, IndexConfig, Metric, Type, Vector

from support.structures import (
    Bench,
    Either,
    Heard,
    MissingError,
    Structure,
    changes,
    combines,
    hears,
    reads,
    settle,
    waits,
)


class Unknown(IdentifiedDataSerializable):
    """A task, entry processor or interceptor of a class that no member has."""

    def write_data(self, object_data_output: Any) -> None:
        pass

    def read_data(self, object_data_input: Any) -> None:
        pass

    def get_factory_id(self) -> int:
        return 4711

    def get_class_id(self) -> int:
        return 1


def person(name: str, age: int) -> HazelcastJsonValue:
    return HazelcastJsonValue({"name": name, "age": age})


# ------------------------------------------------------------------------------------------------------------ maps


class Map(Structure):
    title = "Map"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()
        self.heard = Heard()
        await self.map.add_entry_listener(
            include_value=True, key="key", added_func=self.heard, updated_func=self.heard, removed_func=self.heard
        )

    @changes("put, set, replace, remove")
    async def changed(self) -> None:
        assert await self.map.put("key", "first") is None
        assert await self.map.replace("key", self.cluster) == "first"
        await self.map.set("other", self.cluster)
        assert await self.map.remove("other") == self.cluster

    @reads("get, contains_key, size")
    async def read(self) -> None:
        assert await self.map.get("key") == self.cluster
        assert await self.map.contains_key("key")
        assert await self.map.size() == 1

    @hears("add_entry_listener")
    async def heard_of(self) -> None:
        events = [await self.heard.next() for _ in range(2)]
        assert [(event.value, event.old_value) for event in events] == [("first", None), (self.cluster, "first")]

    @combines("put_all, get_all")
    async def combined(self) -> None:
        entries = {f"key-{number}": self.cluster for number in range(20)}
        await self.map.put_all(entries)
        assert await self.map.get_all(list(entries)) == entries

    @combines("key_set, values, entry_set")
    async def listed(self) -> None:
        assert len(await self.map.key_set()) == 21
        assert set(await self.map.values()) == {self.cluster}
        assert ("key", self.cluster) in await self.map.entry_set()

    @reads("get_entry_view")
    async def viewed(self) -> None:
        view = await self.map.get_entry_view("key")
        assert (view.key, view.value, view.version) == ("key", self.cluster, 1)


class MapLocks(Structure):
    title = "Map: locks"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()

    @changes("lock, try_lock, unlock")
    async def locked(self) -> None:
        await self.map.lock("key")
        assert await self.map.try_lock("key")  # a lock is re-entrant
        await self.map.unlock("key")
        assert await self.map.is_locked("key")
        await self.map.unlock("key")

    @reads("is_locked")
    async def read(self) -> None:
        assert not await self.map.is_locked("key")

    @waits("lock")
    async def waited(self) -> None:
        await self.map.lock("key")
        other = await self.as_another(lambda: self.map.lock("key"), lambda: self.map.unlock("key"))
        assert await self.map.is_locked("key")
        assert not other.done()
        await self.map.unlock("key")
        await other

    @waits("lock with a lease")
    async def leased(self) -> None:
        await self.map.lock("key", 0.2)
        other = await self.as_another(lambda: self.map.lock("key"), lambda: self.map.unlock("key"))
        await other


class MapExpiry(Structure):
    title = "Map: expiry"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()

    @changes("put with a time to live")
    async def put(self) -> None:
        await self.map.put("key", self.cluster, 100)

    @changes("set_ttl")
    async def set_ttl(self) -> None:
        await self.map.put("short", self.cluster)
        await self.map.set_ttl("short", 100)

    @reads("get_entry_view")
    async def viewed(self) -> None:
        assert [(await self.map.get_entry_view(key)).ttl for key in ("key", "short")] == [100_000, 100_000]


class MapNearCache(Structure):
    title = "Map: near cache"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()

    @reads("get (a hit)")
    async def hit(self) -> None:
        assert await self.map.get("key") is None  # also after a switch: nothing of the former cluster is left
        await self.map.put("key", self.cluster)
        near = self.map.official._near_cache
        assert await self.map.get("key") == self.cluster
        before = near.get_statistics()["hits"]
        assert await self.map.get("key") == self.cluster
        assert near.get_statistics()["hits"] == before + 1

    @hears("invalidation by another client")
    async def invalidated(self) -> None:
        near, dropped = self.map.official._near_cache, Heard()
        drop, to_object = near._invalidate, self.bench.client._serialization_service.to_object

        def note(key: Any) -> None:
            drop(key)
            dropped(to_object(key))

        near._invalidate = note
        theirs: Any = self.bench.others[self.cluster].get_map(self.name)
        await settle(theirs.put("theirs", "old"))
        assert await self.map.get("theirs") == "old"
        await settle(theirs.put("theirs", "new"))
        # members send invalidations by the hundred, or after ten seconds
        await settle(theirs.put_all({f"other-{number}": self.cluster for number in range(300)}))
        for _ in ("old", "new"):
            await dropped.until(lambda key: key == "theirs")
        assert await self.map.get("theirs") == "new"


class MapQueries(Structure):
    title = "Map: predicates, aggregations, projections"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()
        self.heard = Heard()
        await self.map.add_entry_listener(
            key="Ben", predicate=predicate.greater("age", 30), include_value=True, added_func=self.heard
        )

    @changes("add_index")
    async def indexed(self) -> None:
        await self.map.add_index(attributes=["age"], index_type=IndexType.SORTED, name="by-age")

    @reads("values, key_set, entry_set with a predicate")
    async def selected(self) -> None:
        await self.map.put_all({"Ada": person("Ada", 36), "Ben": person("Ben", 41), "Cid": person("Cid", 20)})
        older = predicate.greater("age", 30)
        assert sorted(await self.map.key_set(older)) == ["Ada", "Ben"]
        assert [one.loads()["name"] for one in await self.map.values(predicate.sql("age < 30"))] == ["Cid"]
        both = predicate.and_(older, predicate.like("name", "B%"))
        assert [key for key, _ in await self.map.entry_set(both)] == ["Ben"]

    @combines("values with a paging predicate")
    async def paged(self) -> None:
        pages = predicate.paging(predicate.true(), 2)
        sizes = [len(await self.map.key_set(pages))]
        pages.next_page()
        assert [*sizes, len(await self.map.key_set(pages))] == [2, 1]

    @reads("aggregate")
    async def aggregated(self) -> None:
        assert await self.map.aggregate(aggregator.count()) == 3
        assert await self.map.aggregate(aggregator.max_("age")) == 41
        assert await self.map.aggregate(aggregator.count(), predicate.greater("age", 30)) == 2

    @reads("aggregate (distinct)")
    async def distinct(self) -> None:
        assert set(await self.map.aggregate(aggregator.distinct("age"))) == {20, 36, 41}

    @reads("project")
    async def projected(self) -> None:
        assert sorted(await self.map.project(projection.single_attribute("age"))) == [20, 36, 41]

    @hears("add_entry_listener with a predicate")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.key == "Ben")


class MapCode(Structure):
    title = "Map: code of a class that the members do not have"
    factory = "get_map"

    async def open(self) -> None:
        self.map = await self.proxy()
        await self.map.put("key", self.cluster)

    @changes("execute_on_key")
    async def on_key(self) -> None:
        await self.map.execute_on_key("key", Unknown())

    @combines("execute_on_keys")
    async def on_keys(self) -> None:
        await self.map.execute_on_keys(["key"], Unknown())

    @combines("execute_on_entries")
    async def on_entries(self) -> None:
        await self.map.execute_on_entries(Unknown())

    @changes("add_interceptor")
    async def intercepted(self) -> None:
        await self.map.add_interceptor(Unknown())

    @changes("remove_interceptor")
    async def not_intercepted(self) -> None:
        assert not await self.map.remove_interceptor("nobody")


class ReplicatedMap(Structure):
    title = "ReplicatedMap"
    factory = "get_replicated_map"

    async def open(self) -> None:
        self.map = await self.proxy()
        self.heard = Heard()
        await self.map.add_entry_listener(added_func=self.heard, removed_func=self.heard)

    @changes("put, remove")
    async def changed(self) -> None:
        assert await self.map.put("key", self.cluster) is None
        assert await self.map.put("other", self.cluster) is None
        assert await self.map.remove("other") == self.cluster

    @reads("get, contains_key, size")
    async def read(self) -> None:
        assert await self.map.get("key") == self.cluster
        assert await self.map.contains_key("key")
        assert await self.map.size() == 1

    @hears("add_entry_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: (event.key, event.value) == ("key", self.cluster))

    @combines("put_all, key_set, values, entry_set")
    async def combined(self) -> None:
        await self.map.put_all({"a": "A", "b": "B"})
        assert sorted(await self.map.key_set()) == ["a", "b", "key"]
        assert sorted(await self.map.values()) == sorted(["A", "B", self.cluster])
        assert ("a", "A") in await self.map.entry_set()


class MultiMap(Structure):
    title = "MultiMap"
    factory = "get_multi_map"

    async def open(self) -> None:
        self.map = await self.proxy()
        self.heard = Heard()
        await self.map.add_entry_listener(include_value=True, added_func=self.heard)

    @changes("put, remove")
    async def changed(self) -> None:
        assert await self.map.put("key", self.cluster)
        assert await self.map.put("key", "other")
        assert await self.map.remove("key", "other")

    @reads("get, value_count, size")
    async def read(self) -> None:
        assert await self.map.get("key") == [self.cluster]
        assert await self.map.value_count("key") == 1
        assert await self.map.size() == 1

    @hears("add_entry_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.value == self.cluster)

    @combines("put_all")
    async def combined(self) -> None:
        await self.map.put_all({"a": ["1", "2"], "b": ["3"]})
        assert sorted(await self.map.get("a")) == ["1", "2"]
        assert await self.map.get("b") == ["3"]

    @waits("lock")
    async def waited(self) -> None:
        await self.map.lock("key")
        other = await self.as_another(lambda: self.map.lock("key"), lambda: self.map.unlock("key"))
        assert await self.map.is_locked("key")
        assert not other.done()
        await self.map.unlock("key")
        await other


# ------------------------------------------------------------------------------------------------------ collections


class Queue(Structure):
    title = "Queue"
    factory = "get_queue"

    async def open(self) -> None:
        self.queue = await self.proxy()
        self.heard = Heard()
        await self.queue.add_listener(include_value=True, item_added_func=self.heard, item_removed_func=self.heard)

    @changes("offer, poll")
    async def changed(self) -> None:
        assert await self.queue.offer(self.cluster)
        assert await self.queue.poll() == self.cluster

    @hears("add_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.item == self.cluster)

    @waits("take")
    async def waited(self) -> None:
        taken = await self.started(self.queue.take())
        await self.queue.put(self.cluster)
        assert await taken == self.cluster

    @combines("add_all, drain_to")
    async def combined(self) -> None:
        assert await self.queue.add_all(["a", "b"])
        drained: list[str] = []
        assert await self.queue.drain_to(drained) == 2
        assert drained == ["a", "b"]

    @reads("peek, size, iterator")
    async def read(self) -> None:
        assert await self.queue.offer(self.cluster)
        assert await self.queue.peek() == self.cluster
        assert await self.queue.size() == 1
        assert await self.queue.iterator() == [self.cluster]


class ListCase(Structure):
    title = "List"
    factory = "get_list"

    async def open(self) -> None:
        self.list = await self.proxy()
        self.heard = Heard()
        await self.list.add_listener(include_value=True, item_added_func=self.heard)

    @changes("add, set_at, remove_at")
    async def changed(self) -> None:
        assert await self.list.add(f"from {self.cluster}")
        assert await self.list.set_at(0, self.cluster) == f"from {self.cluster}"
        assert await self.list.add("second")
        assert await self.list.remove_at(1) == "second"

    @reads("get, index_of, size")
    async def read(self) -> None:
        assert await self.list.get(0) == self.cluster
        assert await self.list.index_of(self.cluster) == 0
        assert await self.list.size() == 1

    @hears("add_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.item == f"from {self.cluster}")

    @combines("add_all, sub_list, get_all")
    async def combined(self) -> None:
        assert await self.list.add_all(["a", "b"])
        assert await self.list.sub_list(1, 3) == ["a", "b"]
        assert await self.list.get_all() == [self.cluster, "a", "b"]


class SetCase(Structure):
    title = "Set"
    factory = "get_set"

    async def open(self) -> None:
        self.set = await self.proxy()
        self.heard = Heard()
        await self.set.add_listener(include_value=True, item_added_func=self.heard)

    @changes("add, remove")
    async def changed(self) -> None:
        assert await self.set.add(self.cluster)
        assert not await self.set.add(self.cluster)
        assert await self.set.remove(self.cluster)

    @reads("contains, size")
    async def read(self) -> None:
        assert not await self.set.contains(self.cluster)
        assert await self.set.size() == 0

    @hears("add_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.item == self.cluster)

    @combines("add_all, get_all")
    async def combined(self) -> None:
        assert await self.set.add_all(["a", "b"])
        assert sorted(await self.set.get_all()) == ["a", "b"]


class Ringbuffer(Structure):
    title = "Ringbuffer"
    factory = "get_ringbuffer"

    async def open(self) -> None:
        self.ring = await self.proxy()

    @changes("add")
    async def changed(self) -> None:
        assert await self.ring.add(self.cluster) == 0

    @reads("read_one, head_sequence, tail_sequence, size, capacity")
    async def read(self) -> None:
        assert await self.ring.read_one(0) == self.cluster
        assert (await self.ring.head_sequence(), await self.ring.tail_sequence()) == (0, 0)
        assert (await self.ring.size(), await self.ring.capacity()) == (1, 10_000)

    @waits("read_many")
    async def waited(self) -> None:
        read = await self.started(self.ring.read_many(1, 2, 10))
        await self.ring.add("a")
        await self.ring.add(self.cluster)
        assert list(await read) == ["a", self.cluster]

    @combines("add_all")
    async def combined(self) -> None:
        assert await self.ring.add_all(["x", "y"]) == 4


# ------------------------------------------------------------------------------------------------------- messaging


class Topic(Structure):
    title = "Topic"
    factory = "get_topic"

    async def open(self) -> None:
        self.topic = await self.proxy()
        self.heard = Heard()
        await self.topic.add_listener(self.heard)

    @changes("publish")
    async def changed(self) -> None:
        await self.topic.publish(self.cluster)

    @hears("add_listener")
    async def heard_of(self) -> None:
        await self.heard.until(lambda event: event.message == self.cluster)

    @combines("publish_all")
    async def combined(self) -> None:
        await self.topic.publish_all([f"all {self.cluster}", "the last one"])
        await self.heard.until(lambda event: event.message == f"all {self.cluster}")


class ReliableTopic(Topic):
    title = "ReliableTopic"
    factory = "get_reliable_topic"


# -------------------------------------------------------------------------------------------------- numbers, tasks


class PNCounter(Structure):
    title = "PNCounter"
    factory = "get_pn_counter"

    async def open(self) -> None:
        self.counter = await self.proxy()

    @changes("add_and_get, get_and_subtract")
    async def changed(self) -> None:
        assert await self.counter.add_and_get(5) == 5
        assert await self.counter.get_and_subtract(2) == 5

    @reads("get")
    async def read(self) -> None:
        assert await self.counter.get() == 3


class FlakeIdGenerator(Structure):
    title = "FlakeIdGenerator"
    factory = "get_flake_id_generator"

    async def open(self) -> None:
        self.ids = await self.proxy()

    @combines("new_id")
    async def combined(self) -> None:
        ids = [await self.ids.new_id() for _ in range(150)]  # more than one batch
        assert len(set(ids)) == 150


class Executor(Structure):
    title = "Executor: a task of a class that the members do not have"
    factory = "get_executor"

    async def open(self) -> None:
        self.executor = await self.proxy()

    @changes("execute_on_key_owner")
    async def on_key_owner(self) -> None:
        await self.executor.execute_on_key_owner("key", Unknown())

    @changes("execute_on_member")
    async def on_member(self) -> None:
        await self.executor.execute_on_member(self.bench.client.cluster_service.get_members()[0], Unknown())

    @combines("execute_on_all_members")
    async def on_all(self) -> None:
        await self.executor.execute_on_all_members(Unknown())

    @reads("is_shutdown")
    async def read(self) -> None:
        assert not await self.executor.is_shutdown()


class VectorCollection(Structure):
    title = "VectorCollection"
    factory = "get_vector_collection"

    async def open(self) -> None:
        pass  # the proxy is refused already

    @changes("create_vector_collection_config")
    async def configured(self) -> None:
        index = IndexConfig(name="index", metric=Metric.COSINE, dimension=2)
        await self.client.create_vector_collection_config(self.name, [index])

    @changes("put")
    async def changed(self) -> None:
        vectors = await self.proxy()
        await vectors.put("key", Document("value", [Vector("index", Type.DENSE, [0.1, 0.2])]))


# --------------------------------------------------------------------------------------------------------------- CP


class CP(Structure):
    """What all CP structures have in common."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.client = Either(bench.client.cp_subsystem)


class AtomicLong(CP):
    title = "CP: AtomicLong"
    factory = "get_atomic_long"

    async def open(self) -> None:
        self.number = await self.proxy()

    @changes("add_and_get, compare_and_set")
    async def changed(self) -> None:
        assert await self.number.add_and_get(2) == 2
        assert await self.number.compare_and_set(2, 3)

    @reads("get")
    async def read(self) -> None:
        assert await self.number.get() == 3

    @changes("alter, with code that the members do not have")
    async def altered(self) -> None:
        await self.number.alter(Unknown())


class AtomicReference(CP):
    title = "CP: AtomicReference"
    factory = "get_atomic_reference"

    async def open(self) -> None:
        self.reference = await self.proxy()

    @changes("set, compare_and_set")
    async def changed(self) -> None:
        await self.reference.set("first")
        assert await self.reference.compare_and_set("first", self.cluster)

    @reads("get, contains")
    async def read(self) -> None:
        assert await self.reference.get() == self.cluster
        assert await self.reference.contains(self.cluster)


class CountDownLatch(CP):
    title = "CP: CountDownLatch"
    factory = "get_count_down_latch"

    async def open(self) -> None:
        self.latch = await self.proxy()

    @changes("try_set_count, count_down")
    async def changed(self) -> None:
        assert await self.latch.try_set_count(2)
        await self.latch.count_down()

    @reads("get_count")
    async def read(self) -> None:
        assert await self.latch.get_count() == 1

    @waits("await_latch")
    async def waited(self) -> None:
        opened = await self.started(self.latch.await_latch(20))
        await self.latch.count_down()
        assert await opened


class FencedLock(CP):
    title = "CP: FencedLock"
    factory = "get_lock"

    async def open(self) -> None:
        self.lock = await self.proxy()

    @changes("lock, try_lock, unlock")
    async def changed(self) -> None:
        fence = await self.lock.lock()
        assert await self.lock.try_lock() == fence
        await self.lock.unlock()
        await self.lock.unlock()

    @reads("is_locked, get_lock_count")
    async def read(self) -> None:
        assert not await self.lock.is_locked()
        assert await self.lock.get_lock_count() == 0

    @waits("lock")
    async def waited(self) -> None:
        await self.lock.lock()
        other = await self.as_another(self.lock.lock, self.lock.unlock)
        assert await self.lock.is_locked()
        assert not other.done()
        await self.lock.unlock()
        await other


class Semaphore(CP):
    title = "CP: Semaphore"
    factory = "get_semaphore"

    async def open(self) -> None:
        self.semaphore = await self.proxy()

    @changes("init, acquire, release")
    async def changed(self) -> None:
        assert await self.semaphore.init(1)
        await self.semaphore.acquire()
        await self.semaphore.release()

    @reads("available_permits")
    async def read(self) -> None:
        assert await self.semaphore.available_permits() == 1

    @waits("acquire")
    async def waited(self) -> None:
        await self.semaphore.acquire()
        other = await self.as_another(self.semaphore.acquire, self.semaphore.release)
        assert await self.semaphore.available_permits() == 0
        assert not other.done()
        await self.semaphore.release()
        await other


# --------------------------------------------------------------------------------------------- transactions and SQL


class Transactions(Structure):
    title = "Transactions"
    factory = "new_transaction"

    async def open(self) -> None:
        if not hasattr(self.bench.client, self.factory):
            raise MissingError("the official asyncio package has no transactions")
        # one name for each: members keep what a transaction does to collections by their names alone
        self.names = [f"{self.name}-{kind}" for kind in ("map", "multi_map", "queue", "list", "set")]

    def proxies(self, source: Any) -> list[Any]:
        """The five structures, in a transaction or outside of it."""
        return [getattr(source, f"get_{name.rsplit('-', 1)[1]}")(name) for name in self.names]

    @combines("map, multi-map, queue, list and set in one, committed")
    async def committed(self) -> None:
        with self.bench.client.new_transaction() as transaction:
            entries, many, queue, items, members = self.proxies(transaction)
            entries.put("key", self.cluster)
            many.put("key", self.cluster)
            queue.offer(self.cluster)
            items.add(self.cluster)
            members.add(self.cluster)
            assert entries.get("key") == self.cluster
        entries, many, queue, items, members = map(Either, self.proxies(self.bench.client))
        assert await entries.get("key") == self.cluster
        assert await many.get("key") == [self.cluster]
        assert await queue.poll() == self.cluster
        assert await items.get(0) == self.cluster
        assert await members.contains(self.cluster)

    @combines("rolled back")
    async def rolled_back(self) -> None:
        transaction = self.bench.client.new_transaction()
        transaction.begin()
        entries, *_ = self.proxies(transaction)
        entries.put("key", "never")
        transaction.rollback()
        entries, *_ = map(Either, self.proxies(self.bench.client))
        assert await entries.get("key") == self.cluster


class Sql(Structure):
    title = "SQL"

    async def open(self) -> None:
        self.sql = Either(self.bench.client.sql)

    async def rows(self, statement: str, *params: Any, **options: Any) -> list[Any]:
        result = await self.sql.execute(statement, *params, **options)
        return [row async for row in result] if hasattr(result, "__aiter__") else list(result)

    @changes("CREATE MAPPING, INSERT, UPDATE")
    async def changed(self) -> None:
        await self.sql.execute(
            f'CREATE MAPPING "{self.name}" (__key INT, this VARCHAR)'
            " TYPE IMap OPTIONS ('keyFormat' = 'int', 'valueFormat' = 'varchar')"
        )
        await self.sql.execute(f'INSERT INTO "{self.name}" VALUES (1, ?), (2, ?)', self.cluster, "second")
        await self.sql.execute(f'UPDATE "{self.name}" SET this = ? WHERE __key = 2', self.cluster)

    @reads("SELECT")
    async def read(self) -> None:
        rows = await self.rows(f'SELECT __key, this FROM "{self.name}" ORDER BY __key')
        assert [(row["__key"], row["this"]) for row in rows] == [(1, self.cluster), (2, self.cluster)]

    @combines("a cursor of several pages")
    async def paged(self) -> None:
        rows = await self.rows("SELECT v FROM TABLE(GENERATE_SERIES(1, 100))", cursor_buffer_size=7)
        assert [row["v"] for row in rows] == list(range(1, 101))

    @waits("a streaming query")
    async def streamed(self) -> None:
        result = await self.sql.execute("SELECT v FROM TABLE(GENERATE_STREAM(1000))", cursor_buffer_size=5)
        rows = []
        if hasattr(result, "__aiter__"):
            async for row in result:
                rows.append(row["v"])
                if len(rows) == 20:
                    break
        else:
            rows = [row["v"] for row in itertools.islice(result, 20)]
        await settle(result.close())
        assert rows == list(range(20))

    @reads("a statement that is wrong")
    async def wrong(self) -> None:
        await self.sql.execute("SELECT nonsense")


# ---------------------------------------------------------------------------------------------------- the services


class ClusterService(Structure):
    title = "Cluster service"

    async def open(self) -> None:
        self.service = self.bench.client.cluster_service
        self.came, self.left = Heard(), Heard()
        self.former: Any = None
        await settle(self.service.add_listener(self.came, self.left, fire_for_existing=True))

    @reads("get_members")
    async def read(self) -> None:
        (member,) = self.service.get_members()
        assert f"{member.address.host}:{member.address.port}" in self.bench.lab[self.cluster].addresses

    @hears("add_listener")
    async def heard_of(self) -> None:
        came = await self.came.next()
        assert came == self.service.get_members()[0]
        if self.former is not None:
            assert await self.left.next() == self.former
        self.former = came


class PartitionService(Structure):
    title = "Partition service"

    async def open(self) -> None:
        self.service = Either(self.bench.client.partition_service)

    @reads("get_partition_count, get_partition_id, get_partition_owner")
    async def read(self) -> None:
        partition = await self.service.get_partition_id("key")
        assert 0 <= partition < await self.service.get_partition_count() == 271
        (member,) = self.bench.client.cluster_service.get_members()
        assert await self.service.get_partition_owner(partition) == member.uuid


class LifecycleService(Structure):
    title = "Lifecycle service"

    async def open(self) -> None:
        self.service = self.bench.client.lifecycle_service
        self.heard = Heard()
        self.service.add_listener(self.heard)

    @reads("is_running")
    async def read(self) -> None:
        assert self.service.is_running()

    @hears("the configuration's lifecycle listener, add_listener")
    async def heard_of(self) -> None:
        if self.cluster == "blue":
            states = [await self.bench.lifecycle.next() for _ in range(3)]
            assert states == ["STARTING", "STARTED", "CONNECTED"]
        else:
            for heard in (self.bench.lifecycle, self.heard):
                event = await heard.next()
                assert (event, event.from_cluster, event.to_cluster) == ("CHANGED_CLUSTER", "blue", "green")


class DistributedObjects(Structure):
    title = "Distributed objects"
    factory = "get_map"

    async def open(self) -> None:
        self.heard = Heard()
        await self.client.add_distributed_object_listener(self.heard)

    @reads("get_distributed_objects")
    async def read(self) -> None:
        if not hasattr(self.bench.client, "get_distributed_objects"):
            raise MissingError("the official asyncio package has no get_distributed_objects")
        await self.proxy()
        assert self.name in {one.name for one in await self.client.get_distributed_objects()}

    @hears("add_distributed_object_listener")
    async def heard_of(self) -> None:
        # a standby is told of the proxies in advance, so an object of blue may be there already when green is used
        name = f"{self.name}-{self.cluster}"
        items = Either(await self.client.get_queue(name))
        await self.heard.until(lambda event: (event.name, event.event_type) == (name, "CREATED"))
        await items.destroy()
        await self.heard.until(lambda event: (event.name, event.event_type) == (name, "DESTROYED"))


class Statistics(Structure):
    title = "Client statistics"

    async def open(self) -> None:
        self.answered = Heard()
        # what the official code sends goes through here, so that nobody has to guess when it has arrived
        self.bench.client._statistics._invocation_service = self
        self.invocations = self.bench.client._invocation_service

    def invoke(self, invocation: Any) -> None:
        self.invocations.invoke(invocation)
        invocation.future.add_done_callback(lambda _: self.answered(invocation.connection.link))

    async def ainvoke(self, invocation: Any) -> Any:
        answer = await self.invocations.ainvoke(invocation)
        self.answered(invocation.connection.link)
        return answer

    @changes("statistics_enabled: members know what the client sends")
    async def sent(self) -> None:
        await self.answered.until(lambda link: link is self.bench.client._engine.active)
        told = json.loads(await settle(member_state(self.bench.others[self.cluster])))
        state = told["timedMemberState"]["memberState"]
        client = str(self.bench.client._engine.settings.client_uuid)
        if "clientStats" in state:
            assert "clientType=PYH" in state["clientStats"][client]
        else:
            assert [one["statsEnabled"] for one in state["clients"] if one["uuid"] == client] == [True]


def member_state(client: Any) -> Any:
    """Ask a member for what it tells a management center."""

    def decode(message: Any) -> Any:
        message.next_frame()
        return CodecUtil.decode_nullable(message, StringCodec.decode)

    request = OutboundMessage(create_initial_buffer(REQUEST_HEADER_SIZE, 0x200B00, True), True)
    invocation = Invocation(request, response_handler=decode)
    client._invocation_service.invoke(invocation)
    return invocation.future


STRUCTURES: list[type[Structure]] = [
    Map,
    MapLocks,
    MapExpiry,
    MapNearCache,
    MapQueries,
    MapCode,
    ReplicatedMap,
    MultiMap,
    Queue,
    ListCase,
    SetCase,
    Ringbuffer,
    Topic,
    ReliableTopic,
    PNCounter,
    FlakeIdGenerator,
    Executor,
    VectorCollection,
    AtomicLong,
    AtomicReference,
    CountDownLatch,
    FencedLock,
    Semaphore,
    Transactions,
    Sql,
    ClusterService,
    PartitionService,
    LifecycleService,
    DistributedObjects,
    Statistics,
]
