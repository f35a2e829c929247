"""The reading of an observable: where it goes when items are overwritten, gone, unreadable or the last ones."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast import errors as hz

from tealjet.bridge.objects import SchemaUnknownError
from tealjet.errors import CallTimeoutError
from tealjet.jet.observables import AsyncObservable, observable_names
from tealjet.protocol import table
from tealjet.protocol.jet import Dialect
from tealjet.protocol.values import DistributedObject, MemberVersion, RingbufferItems

DONE = {Dialect.HAZELCAST_5: -318, Dialect.JET_4: -317}


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">iii", 0, -11, len(encoded)) + encoded


def mark(type_id: int) -> bytes:
    return struct.pack(">ii", 0, type_id)


class Objects:
    """Reads strings; what begins with "schema" needs a schema first, and everything else has no serializer."""

    def __init__(self) -> None:
        self.learnt: list[int] = []
        self.ignorant = False

    def read(self, data: bytes) -> str:
        if data[4:8] != struct.pack(">i", -11):
            raise hz.HazelcastSerializationError("no serializer")
        value = data[12:].decode()
        if value.startswith("schema") and not self.learnt:
            raise SchemaUnknownError(7)
        return value

    async def learn(self, schema_id: int) -> None:
        if self.ignorant:
            raise hz.HazelcastSerializationError("no such schema")
        self.learnt.append(schema_id)


class Link:
    oldest = MemberVersion(5, 7, 0)

    class target:  # noqa: N801
        name = "blue"

    class facts:  # noqa: N801
        cluster_id = "1"


class Engine:
    class settings:  # noqa: N801
        invocation_timeout = 120.0

    def __init__(self, version: MemberVersion) -> None:
        self._link = Link()
        self._link.oldest = version

    async def link(self, timeout: float) -> Link:  # noqa: ASYNC109
        return self._link


class Ring:
    """A source whose ringbuffer is a list; what happens at a read before its answer can be put in its way."""

    def __init__(self, items: list[bytes], *, head: int = 0, version: MemberVersion = Link.oldest) -> None:
        self.items = items
        self.head = head
        self.engine = Engine(version)
        self.objects = Objects()
        self.accidents: list[Callable[[Ring], None]] = []
        self.destroyed: list[str] = []
        self.structures: tuple[DistributedObject, ...] = ()

    @property
    def tail(self) -> int:
        return self.head + len(self.items) - 1

    async def ask(self, message_type: Any, reader: Any = None, **fields: Any) -> Any:
        if message_type is table.GET_DISTRIBUTED_OBJECTS:
            return self.structures
        if message_type is table.DESTROY_PROXY:
            assert fields["service_name"] == "hz:impl:ringbufferService"
            self.destroyed.append(fields["name"])
            return None
        assert fields["name"] == "__jet.observables.news"
        assert reader.home.name == "blue"
        if message_type is table.RINGBUFFER_HEAD_SEQUENCE:
            return self.head
        if message_type is table.RINGBUFFER_TAIL_SEQUENCE:
            return self.tail
        assert message_type is table.RINGBUFFER_READ_MANY
        assert (fields["min_count"], fields["max_count"], fields["filter"]) == (1, 1000, None)
        if self.accidents:
            self.accidents.pop(0)(self)
        start = max(fields["start_sequence"], self.head)
        if start > self.tail + 1:
            raise hz.IllegalArgumentError("too far")
        found = self.items[start - self.head :][:2]
        assert found, "this read would wait for ever"
        return RingbufferItems(read_count=len(found), next_sequence=start + len(found), items=tuple(found))


def observable(ring: Ring) -> AsyncObservable:
    source: Any = ring
    return AsyncObservable(source, "news")


async def all_of(ring: Ring) -> list[Any]:
    return [item async for item in observable(ring)]


async def test_an_observable_gives_its_items_in_order_and_ends_with_the_job() -> None:
    ring = Ring([text("a"), text("b"), text("c"), mark(DONE[Dialect.HAZELCAST_5]), text("of another job")])
    assert await all_of(ring) == ["a", "b", "c"]


async def test_the_end_is_the_mark_of_that_kind_of_cluster() -> None:
    ring = Ring([text("a"), mark(DONE[Dialect.JET_4])], version=MemberVersion(4, 0, 3))
    assert await all_of(ring) == ["a"]
    other = observable(Ring([mark(DONE[Dialect.JET_4]), text("a"), mark(DONE[Dialect.HAZELCAST_5])]))
    reading = await other.observe()
    with pytest.raises(hz.HazelcastSerializationError, match=r"'news' of cluster 'blue' can't be read: .* -317"):
        await anext(reading)
    assert [item async for item in reading] == ["a"]


async def test_what_comes_from_now_on() -> None:
    ring = Ring([text("old")], head=5)
    reading = await observable(ring).observe(from_now=True)
    ring.items += [text("new"), mark(-318)]
    assert [item async for item in reading] == ["new"]
    assert reading.lost == 0


async def test_what_was_overwritten_before_the_first_look_is_counted() -> None:
    reading = await observable(Ring([text("a"), mark(-318)], head=3)).observe()
    assert [item async for item in reading] == ["a"]
    assert reading.lost == 3


async def test_what_is_overwritten_while_it_is_read_is_counted() -> None:
    ring = Ring([text("a"), text("b")])
    reading = await observable(ring).observe()
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    ring.head, ring.items = 10, [text("c"), mark(-318)]
    assert [item async for item in reading] == ["c"]
    assert reading.lost == 8


async def test_a_cluster_that_calls_a_position_stale_is_read_from_its_oldest_item() -> None:
    def overwritten(ring: Ring) -> None:
        ring.head = 4
        raise hz.StaleSequenceError("stale")

    ring = Ring([text("a"), mark(-318)])
    ring.accidents.append(overwritten)
    reading = await observable(ring).observe()
    assert [item async for item in reading] == ["a"]
    assert reading.lost == 4


async def test_a_ringbuffer_that_was_emptied_is_read_from_its_oldest_item() -> None:
    ring = Ring([text("a"), text("b")], head=100)
    reading = await observable(ring).observe()
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    ring.head, ring.items = 0, [text("anew"), mark(-318)]
    assert [item async for item in reading] == ["anew"]
    assert reading.lost == 100


async def test_what_else_a_cluster_refuses_is_an_error() -> None:
    def refuse(ring: Ring) -> None:
        raise hz.IllegalArgumentError("no")

    ring = Ring([text("a")])
    ring.accidents.append(refuse)
    with pytest.raises(hz.IllegalArgumentError, match="no"):
        await all_of(ring)


async def test_no_news_for_a_long_time_is_no_error_and_no_cluster_is_one() -> None:
    def nothing_yet(ring: Ring) -> None:
        raise hz.OperationTimeoutError("nothing")

    def no_cluster(ring: Ring) -> None:
        raise CallTimeoutError("no cluster")

    ring = Ring([text("a"), mark(-318)])
    ring.accidents += [nothing_yet, nothing_yet]
    assert await all_of(ring) == ["a"]
    ring.accidents.append(no_cluster)
    with pytest.raises(CallTimeoutError):
        await all_of(ring)


async def test_a_destroyed_observable_ends() -> None:
    def destroyed(ring: Ring) -> None:
        raise hz.DistributedObjectDestroyedError("gone")

    ring = Ring([text("a"), text("b")])
    reading = await observable(ring).observe()
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    ring.accidents.append(destroyed)
    assert [item async for item in reading] == []
    assert reading.ended


async def test_a_schema_that_is_not_known_yet_is_fetched() -> None:
    ring = Ring([text("schema needed"), text("a"), mark(-318)])
    assert await all_of(ring) == ["schema needed", "a"]
    assert ring.objects.learnt == [7]


async def test_an_item_whose_schema_nobody_has_costs_nothing_but_itself() -> None:
    ring = Ring([text("schema needed"), text("a"), mark(-318)])
    ring.objects.ignorant = True
    reading = await observable(ring).observe()
    with pytest.raises(hz.HazelcastSerializationError, match="no such schema"):
        await anext(reading)
    assert [item async for item in reading] == ["a"]


async def test_an_item_that_cannot_be_read_costs_nothing_but_itself() -> None:
    ring = Ring([text("a"), mark(1234), text("b"), mark(-318)])
    reading = await observable(ring).observe()
    assert await anext(reading) == "a"
    with pytest.raises(hz.HazelcastSerializationError, match="type 1234"):
        await anext(reading)
    assert [item async for item in reading] == ["b"]


async def test_an_end_that_cannot_be_read_costs_nothing_but_itself_either() -> None:
    damaged = struct.pack(">ii?ii", 0, -2, True, -10006, 1)
    reading = await observable(Ring([damaged, text("a"), mark(-318)])).observe()
    with pytest.raises(hz.HazelcastSerializationError, match="'news' of cluster 'blue' can't be read"):
        await anext(reading)
    assert [item async for item in reading] == ["a"]


async def test_destroying_removes_it_on_the_cluster() -> None:
    ring = Ring([])
    await observable(ring).destroy()
    assert ring.destroyed == ["__jet.observables.news"]


async def test_observables_are_the_ringbuffers_of_that_kind_of_name() -> None:
    ring: Any = Ring([])
    service = "hz:impl:ringbufferService"
    ring.structures = tuple(
        DistributedObject(service_name=kind, name=name)
        for kind, name in (
            (service, "__jet.observables.news"),
            (service, "orders"),
            ("hz:impl:mapService", "__jet.observables.map"),
            (service, "__jet.observables.alerts"),
        )
    )
    assert await observable_names(ring) == ["alerts", "news"]
