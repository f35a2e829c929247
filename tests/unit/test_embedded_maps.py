"""Maps of embedded members: entries and their ends, locks and who waits for them, listeners, near caches, queries."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hazelcast import predicate
from hazelcast.serialization.api import IdentifiedDataSerializable

from support.embedded import MemoryClient, MemoryCluster
from support.serialized import data, value, values
from tealjet.protocol import table
from tealjet.protocol.structures import maps
from tealjet.protocol.structures.parts import EntryEventType

FOREVER = (1 << 63) - 1
ANY_EVENT = 0x3FF


class Map:
    """The map "m" as one client sees it, and one of its threads."""

    def __init__(self, client: MemoryClient, thread_id: int = 1) -> None:
        self.client = client
        self.thread_id = thread_id
        self._reference_id = 0

    def fields(self, message: Any, key: str | bytes | None = None, **fields: Any) -> dict[str, Any]:
        names = message.request.fields.names
        given: dict[str, Any] = {"name": "m", "thread_id": self.thread_id, "ttl": -1, "max_idle": -1, **fields}
        if key is not None:
            given["key"] = key if isinstance(key, bytes) else data(key)
        if "reference_id" in names and "reference_id" not in given:
            self._reference_id += 1
            given["reference_id"] = self._reference_id
        return {name: given[name] for name in names}

    def ask(self, message: Any, key: str | bytes | None = None, **fields: Any) -> Any:
        return self.client.ask(message, **self.fields(message, key, **fields))

    def send(self, message: Any, key: str | bytes | None = None, **fields: Any) -> int:
        return self.client.send(message, **self.fields(message, key, **fields))

    def error(self, message: Any, key: str | bytes | None = None, **fields: Any) -> tuple[str, str | None]:
        first = self.client.error(message, **self.fields(message, key, **fields))[0]
        return first.class_name.rpartition(".")[2], first.message

    def put(self, key: str, new: Any, **fields: Any) -> Any:
        return value(self.ask(maps.PUT, key, value=data(new), **fields))

    def get(self, key: str) -> Any:
        return value(self.ask(maps.GET, key))

    def view(self, key: str) -> maps.EntryView | None:
        answer: maps.EntryViewAnswer = self.ask(maps.GET_ENTRY_VIEW, key)
        return answer.response

    def listen(self, **fields: Any) -> None:
        listening = {"include_value": True, "listener_flags": ANY_EVENT, "local_only": False, **fields}
        message = {
            (False, False): maps.ADD_ENTRY_LISTENER,
            (True, False): maps.ADD_ENTRY_LISTENER_TO_KEY,
            (False, True): maps.ADD_ENTRY_LISTENER_WITH_PREDICATE,
            (True, True): maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE,
        }["key" in fields, "predicate" in fields]
        assert isinstance(self.ask(message, **listening), uuid.UUID)

    def heard(self) -> list[tuple[EntryEventType, Any, Any, Any]]:
        """The events of all listeners of the client: what happened, key, value, old value."""
        events = [event for one in ENTRY_LISTENERS for event in self.client.take_events(one)]
        return [
            (EntryEventType(event.event_type), value(event.key), value(event.value), value(event.old_value))
            for event in events
        ]

    def has_answer(self, correlation_id: int) -> bool:
        self.client.take()
        return correlation_id in self.client.answers


ENTRY_LISTENERS = (
    maps.ADD_ENTRY_LISTENER,
    maps.ADD_ENTRY_LISTENER_TO_KEY,
    maps.ADD_ENTRY_LISTENER_WITH_PREDICATE,
    maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE,
)
ADDED, REMOVED, UPDATED = EntryEventType.ADDED, EntryEventType.REMOVED, EntryEventType.UPDATED
EXPIRED, EVICTED, CLEAR_ALL = EntryEventType.EXPIRED, EntryEventType.EVICTED, EntryEventType.CLEAR_ALL


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def mine(world: MemoryCluster) -> Map:
    return Map(world.client())


@pytest.fixture
def theirs(world: MemoryCluster) -> Map:
    """Another client's."""
    return Map(world.client())


# ---------------------------------------------------------------------------------------------------------- entries


def test_a_value_is_there_for_every_client_until_it_is_removed(mine: Map, theirs: Map) -> None:
    assert mine.put("k", "v") is None
    assert theirs.get("k") == "v"
    assert theirs.put("k", "w") == "v"
    assert value(mine.ask(maps.REMOVE, "k")) == "w"
    assert theirs.get("k") is None


def test_keys_are_the_same_whatever_their_partition_hash(mine: Map) -> None:
    mine.put("k", "v")
    other_hash = b"\x00\x00\x00\x07" + data("k")[4:]
    assert value(mine.ask(maps.GET, key=other_hash)) == "v"


def test_conditional_changes_are_made_if_they_apply(mine: Map) -> None:
    assert value(mine.ask(maps.REPLACE, "k", value=data("w"))) is None
    assert mine.get("k") is None
    assert value(mine.ask(maps.PUT_IF_ABSENT, "k", value=data("v"))) is None
    assert value(mine.ask(maps.PUT_IF_ABSENT, "k", value=data("w"))) == "v"
    assert not mine.ask(maps.REPLACE_IF_SAME, "k", test_value=data("x"), value=data("w"))
    assert mine.ask(maps.REPLACE_IF_SAME, "k", test_value=data("v"), value=data("w"))
    assert not mine.ask(maps.REMOVE_IF_SAME, "k", value=data("v"))
    assert mine.ask(maps.REMOVE_IF_SAME, "k", value=data("w"))
    assert mine.ask(maps.SIZE) == 0


def test_many_entries_are_put_listed_and_got_together(mine: Map) -> None:
    mine.ask(maps.PUT_ALL, entries=((data("a"), data(1)), (data("b"), data(2))), trigger_map_loader=True)
    found = mine.ask(maps.GET_ALL, keys=(data("a"), data("nobody"), data("b")))
    assert [(value(key), value(one)) for key, one in found] == [("a", 1), ("b", 2)]
    assert values(mine.ask(maps.KEY_SET)) == ["a", "b"]
    assert values(mine.ask(maps.VALUES)) == [1, 2]
    assert [(value(key), value(one)) for key, one in mine.ask(maps.ENTRY_SET)] == [("a", 1), ("b", 2)]
    assert mine.ask(maps.CONTAINS_VALUE, value=data(2))
    assert not mine.ask(maps.IS_EMPTY)


def test_a_destroyed_map_is_empty_and_its_listeners_hear_no_more_of_it(mine: Map) -> None:
    mine.listen()
    mine.put("k", "v")
    mine.ask(maps.LOCK, "k")
    assert mine.heard()
    mine.client.ask(table.DESTROY_PROXY, name="m", service_name="hz:impl:mapService")
    assert mine.get("k") is None
    assert not mine.ask(maps.IS_LOCKED, "k")
    mine.put("k", "v")
    assert not mine.heard()


# ------------------------------------------------------------------------------------------------------------- ends


def test_an_entry_ends_with_its_time_to_live_and_its_listeners_are_told(world: MemoryCluster, mine: Map) -> None:
    mine.listen()
    mine.put("k", "v", ttl=2_000)
    world.runtime.advance(1.9)
    assert mine.get("k") == "v"  # reading does not let it live longer
    assert mine.heard() == [(ADDED, "k", "v", None)]
    world.runtime.advance(0.2)
    assert mine.heard() == [(EXPIRED, "k", None, "v")]
    assert mine.get("k") is None


def test_an_entry_that_is_used_ends_its_idle_time_later(world: MemoryCluster, mine: Map) -> None:
    mine.ask(maps.SET_WITH_MAX_IDLE, "k", value=data("v"), max_idle=2_000)
    for _ in range(3):
        world.runtime.advance(1.5)
        assert mine.get("k") == "v"
    world.runtime.advance(2.1)
    assert mine.ask(maps.SIZE) == 0


def test_a_value_that_is_put_again_without_a_time_to_live_stays(world: MemoryCluster, mine: Map) -> None:
    mine.put("k", "v", ttl=2_000)
    mine.put("k", "w")
    world.runtime.advance(10.0)
    assert mine.get("k") == "w"


def test_a_time_to_live_can_be_changed(world: MemoryCluster, mine: Map) -> None:
    assert not mine.ask(maps.SET_TTL, "k", ttl=1_000)
    mine.put("k", "v", max_idle=1_000)
    assert mine.ask(maps.SET_TTL, "k", ttl=5_000)
    world.runtime.advance(4.9)
    assert mine.get("k") == "v"
    world.runtime.advance(0.2)
    assert mine.get("k") is None


@pytest.mark.parametrize(("version", "remains"), [("5.7.0", None), ("jet-4.3.1", "v")])
def test_less_than_a_second_to_live_is_none_since_hazelcast_5_and_one_before(version: str, remains: Any) -> None:
    mine = Map(MemoryCluster(version=version).client())
    mine.put("k", "v", ttl=300)
    assert mine.get("k") == remains


def test_more_than_members_count_is_for_ever(mine: Map) -> None:
    mine.put("k", "v", ttl=10**15)
    view = mine.view("k")
    assert view is not None
    assert view.ttl == FOREVER


def test_an_entry_of_a_locked_key_does_not_end_before_it_is_unlocked(world: MemoryCluster, mine: Map) -> None:
    mine.put("k", "v", ttl=1_000)
    mine.ask(maps.LOCK, "k")
    world.runtime.advance(10.0)
    assert mine.get("k") == "v"
    mine.ask(maps.UNLOCK, "k")
    assert mine.get("k") is None


def test_a_view_of_hazelcast_4_tells_times_and_hits(world: MemoryCluster) -> None:
    mine = Map(MemoryCluster(version="jet-4.3.1").client())
    mine.put("k", "v", ttl=5_000)
    mine.get("k")
    view = mine.view("k")
    assert view is not None
    assert (view.hits, view.version, view.ttl, view.max_idle) == (1, 0, 5_000, FOREVER)
    assert view.creation_time == view.last_access_time == view.last_update_time == 1_000_000
    assert view.expiration_time == 1_005_000


def test_a_view_of_hazelcast_5_tells_times_only_of_what_has_an_end(mine: Map) -> None:
    mine.put("k", "v")
    mine.put("k", "w")
    view = mine.view("k")
    assert view is not None
    assert (view.creation_time, view.hits, view.last_update_time, view.version) == (-1, -1, -1, 1)
    mine.put("k", "v", ttl=5_000)
    view = mine.view("k")
    assert view is not None
    assert (view.last_update_time, view.expiration_time) == (1_000_000, 1_005_000)
    assert mine.view("nobody") is None


# ------------------------------------------------------------------------------------------------------------ locks


def test_a_lock_is_held_by_a_thread_of_a_client_and_is_re_entrant(world: MemoryCluster, mine: Map) -> None:
    other_thread = Map(mine.client, thread_id=2)
    mine.ask(maps.LOCK, "k")
    assert mine.ask(maps.TRY_LOCK, "k", lease=-1, timeout=0)
    assert not other_thread.ask(maps.TRY_LOCK, "k", lease=-1, timeout=0)
    mine.ask(maps.UNLOCK, "k")
    assert mine.ask(maps.IS_LOCKED, "k")
    mine.ask(maps.UNLOCK, "k")
    assert not mine.ask(maps.IS_LOCKED, "k")
    assert other_thread.ask(maps.TRY_LOCK, "k", lease=-1, timeout=0)


def test_a_lock_call_that_comes_twice_counts_once(mine: Map) -> None:
    mine.ask(maps.LOCK, "k", reference_id=7)
    mine.ask(maps.LOCK, "k", reference_id=7)
    mine.ask(maps.UNLOCK, "k", reference_id=8)
    assert not mine.ask(maps.IS_LOCKED, "k")


def test_who_waits_for_a_lock_gets_it_in_the_order_in_which_they_came(world: MemoryCluster, mine: Map) -> None:
    first, second = Map(world.client()), Map(world.client())
    mine.ask(maps.LOCK, "k")
    calls = [(one, one.send(maps.LOCK, "k")) for one in (first, second)]
    assert [one.has_answer(call) for one, call in calls] == [False, False]
    mine.ask(maps.UNLOCK, "k")
    assert [one.has_answer(call) for one, call in calls] == [True, False]
    first.ask(maps.UNLOCK, "k")
    assert [one.has_answer(call) for one, call in calls] == [True, True]


def test_waiting_for_a_lock_ends_at_its_limit(world: MemoryCluster, mine: Map, theirs: Map) -> None:
    mine.ask(maps.LOCK, "k")
    call = theirs.send(maps.TRY_LOCK, "k", lease=-1, timeout=3_000)
    world.runtime.advance(2.9)
    assert not theirs.has_answer(call)
    world.runtime.advance(0.2)
    assert theirs.client.answer(maps.TRY_LOCK, call) is False
    mine.ask(maps.UNLOCK, "k")
    assert not theirs.ask(maps.IS_LOCKED, "k")


def test_a_lock_ends_with_its_lease_at_a_full_second(world: MemoryCluster, mine: Map, theirs: Map) -> None:
    mine.ask(maps.LOCK, "k", ttl=300)
    call = theirs.send(maps.LOCK, "k")
    world.runtime.advance(0.9)
    assert not theirs.has_answer(call)
    world.runtime.advance(0.2)
    assert theirs.has_answer(call)


def test_anybody_can_force_a_lock_open(mine: Map, theirs: Map) -> None:
    mine.ask(maps.LOCK, "k")
    mine.ask(maps.LOCK, "k")
    theirs.ask(maps.FORCE_UNLOCK, "k")
    assert not mine.ask(maps.IS_LOCKED, "k")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("5.7.0", "Key: HeapData{type=-11, hashCode=211586814, partitionHash=211586814, totalSize=13, dataSize=5, "),
        ("jet-4.3.1", "Current thread is not owner of the lock! -> <not-locked>"),
    ],
)
def test_who_does_not_hold_a_lock_is_told_by_whom_it_is_held(version: str, words: str) -> None:
    world = MemoryCluster(version=version)
    mine, theirs = Map(world.client(), thread_id=5), Map(world.client())
    name, text = theirs.error(maps.UNLOCK, "k")
    assert name == "IllegalMonitorStateException"
    assert text is not None
    assert words in text
    mine.ask(maps.LOCK, "k")
    _, text = theirs.error(maps.UNLOCK, "k")
    assert text is not None
    assert f"Owner: {mine.client.session.client_uuid}, thread ID: 5" in text


CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (maps.PUT, {"value": data("w")}),
    (maps.SET, {"value": data("w")}),
    (maps.PUT_TRANSIENT, {"value": data("w")}),
    (maps.REPLACE, {"value": data("w")}),
    (maps.PUT_IF_ABSENT, {"value": data("w")}),
    (maps.REMOVE, {}),
    (maps.DELETE, {}),
    (maps.EVICT, {}),
    (maps.SET_TTL, {"ttl": 5_000}),
]


@pytest.mark.parametrize(("message", "fields"), CHANGES, ids=lambda one: getattr(one, "name", ""))
def test_a_change_waits_for_a_lock_of_somebody_else(
    mine: Map, theirs: Map, message: Any, fields: dict[str, Any]
) -> None:
    mine.put("k", "v")
    mine.ask(maps.LOCK, "k")
    call = theirs.send(message, "k", **fields)
    assert not theirs.has_answer(call)
    assert theirs.get("k") == "v"  # reading does not wait
    mine.ask(maps.UNLOCK, "k")
    assert theirs.has_answer(call)


def test_trying_to_change_waits_as_long_as_it_may(world: MemoryCluster, mine: Map, theirs: Map) -> None:
    mine.put("k", "v")
    mine.ask(maps.LOCK, "k")
    put = theirs.send(maps.TRY_PUT, "k", value=data("w"), timeout=1_000)
    removed = theirs.send(maps.TRY_REMOVE, "k", timeout=2_000)
    world.runtime.advance(1.5)
    assert theirs.client.answer(maps.TRY_PUT, put) is False
    mine.ask(maps.UNLOCK, "k")
    assert theirs.client.answer(maps.TRY_REMOVE, removed) is True


def test_what_is_done_to_all_entries_respects_locks_as_members_do(mine: Map, theirs: Map) -> None:
    mine.put("k", "v")
    mine.ask(maps.LOCK, "k")
    theirs.ask(maps.PUT_ALL, entries=((data("k"), data("w")),), trigger_map_loader=True)
    assert mine.get("k") == "w"
    theirs.ask(maps.CLEAR)
    theirs.ask(maps.EVICT_ALL)
    assert mine.get("k") == "w"
    theirs.ask(maps.REMOVE_ALL, predicate=data(predicate.true()))
    assert mine.get("k") is None


def test_a_client_that_has_gone_waits_no_more(world: MemoryCluster, mine: Map, theirs: Map) -> None:
    mine.ask(maps.LOCK, "k")
    theirs.send(maps.LOCK, "k")
    theirs.client.session.end("gone")
    mine.ask(maps.UNLOCK, "k")
    assert not mine.ask(maps.IS_LOCKED, "k")


def test_locks_of_a_client_that_has_gone_are_free_within_ten_seconds(
    world: MemoryCluster, mine: Map, theirs: Map
) -> None:
    theirs.ask(maps.LOCK, "k")
    call = mine.send(maps.LOCK, "k")
    theirs.client.session.end("gone")
    assert not mine.has_answer(call)
    world.runtime.advance(10.0)
    assert mine.has_answer(call)


# -------------------------------------------------------------------------------------------------------- listeners


def test_a_listener_hears_what_happens_to_entries(mine: Map, theirs: Map) -> None:
    mine.listen()
    theirs.put("k", "v")
    theirs.put("k", "w")
    theirs.ask(maps.SET, "k", value=data("x"))
    theirs.ask(maps.REMOVE, "k")
    theirs.ask(maps.REMOVE, "k")
    theirs.put("e", "v")
    theirs.ask(maps.EVICT, "e")
    theirs.put("d", "v")
    theirs.ask(maps.DELETE, "d")
    assert mine.heard() == [
        (ADDED, "k", "v", None),
        (UPDATED, "k", "w", "v"),
        (UPDATED, "k", "x", "w"),
        (REMOVED, "k", None, "x"),
        (ADDED, "e", "v", None),
        (EVICTED, "e", None, "v"),
        (ADDED, "d", "v", None),
        (REMOVED, "d", None, None),
    ]


@pytest.mark.parametrize(
    ("version", "told"), [("5.7.0", (ADDED, "k", "w", None)), ("jet-4.3.1", (UPDATED, "k", "w", "v"))]
)
def test_what_put_all_changes_is_told_as_members_of_the_version_do(version: str, told: Any) -> None:
    mine = Map(MemoryCluster(version=version).client())
    mine.put("k", "v")
    mine.listen()
    mine.ask(maps.PUT_ALL, entries=((data("k"), data("w")),), trigger_map_loader=True)
    assert mine.heard() == [told]


def test_a_listener_without_values_gets_none(mine: Map) -> None:
    mine.listen(include_value=False)
    mine.put("k", "v")
    assert mine.heard() == [(ADDED, "k", None, None)]


def test_a_listener_hears_only_what_it_wants(mine: Map) -> None:
    mine.listen(listener_flags=EntryEventType.REMOVED.value)
    mine.put("k", "v")
    mine.ask(maps.REMOVE, "k")
    assert mine.heard() == [(REMOVED, "k", None, "v")]


def test_a_listener_to_a_key_or_with_a_predicate_hears_of_what_is_meant(mine: Map) -> None:
    mine.listen(key=data("k"), predicate=data(predicate.equal("this", "v")))
    for key, new in (("k", "v"), ("k", "w"), ("other", "v"), ("k", "v")):
        mine.put(key, new)
    assert mine.heard() == [(ADDED, "k", "v", None), (UPDATED, "k", "v", "w")]


def test_clearing_is_told_once_with_the_number_of_entries(mine: Map) -> None:
    mine.put("a", 1)
    mine.put("b", 2)
    mine.listen(key=data("a"))
    mine.ask(maps.CLEAR)
    mine.ask(maps.CLEAR)
    (event,) = mine.client.take_events(maps.ADD_ENTRY_LISTENER_TO_KEY)
    assert (event.event_type, event.number_of_affected_entries, event.key) == (CLEAR_ALL, 2, None)


def test_a_removed_listener_hears_nothing(mine: Map) -> None:
    registration = mine.ask(maps.ADD_ENTRY_LISTENER, include_value=True, listener_flags=ANY_EVENT, local_only=False)
    assert mine.ask(maps.REMOVE_ENTRY_LISTENER, registration_id=registration)
    assert not mine.ask(maps.REMOVE_ENTRY_LISTENER, registration_id=registration)
    mine.put("k", "v")
    assert not mine.heard()


def test_listeners_at_every_member_hear_of_each_entry_once() -> None:
    world = MemoryCluster(size=3)
    clients = [Map(world.client(number)) for number in range(3)]
    clients[0].client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    for one in clients:
        one.listen(local_only=True)
    for number in range(50):
        clients[0].put(f"k{number}", number)
    heard = [event for one in clients for event in one.heard()]
    assert sorted(event[2] for event in heard) == list(range(50))


# ------------------------------------------------------------------------------------------------------ near caches


def near_cache(mine: Map) -> None:
    mine.ask(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER, listener_flags=256, local_only=False)


def test_near_caches_are_told_by_the_hundred_or_after_ten_seconds(world: MemoryCluster, mine: Map, theirs: Map) -> None:
    near_cache(mine)
    for number in range(100):
        theirs.put(f"k{number}", number)
    (hundred,) = mine.client.take_events(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER)
    assert len(hundred.keys) == len(hundred.sequences) == 100
    assert set(hundred.source_uuids) == {theirs.client.session.client_uuid}
    theirs.put("late", 1)
    assert not mine.client.take_events(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER)
    world.runtime.advance(10.0)
    (late,) = mine.client.take_events(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER)
    assert values(late.keys) == ["late"]


def test_clearing_a_map_clears_near_caches_at_once(mine: Map) -> None:
    near_cache(mine)
    mine.ask(maps.CLEAR)
    (event,) = mine.client.take_events(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER)
    assert isinstance(event, maps.Invalidation)
    assert event.key is None


# ---------------------------------------------------------------------------------------------------------- queries


def people(mine: Map) -> None:
    from hazelcast.core import HazelcastJsonValue

    for name, age in (("Ada", 36), ("Ben", 41), ("Cid", 20)):
        mine.put(name, HazelcastJsonValue({"name": name, "age": age}))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (predicate.true(), ["Ada", "Ben", "Cid"]),
        (predicate.false(), []),
        (predicate.equal("__key", "Ben"), ["Ben"]),
        (predicate.equal("age", 36), ["Ada"]),
        (predicate.equal("age", "36"), ["Ada"]),
        (predicate.not_equal("age", 36), ["Ben", "Cid"]),
        (predicate.greater("age", 36), ["Ben"]),
        (predicate.greater_or_equal("age", 36), ["Ada", "Ben"]),
        (predicate.less("age", 36), ["Cid"]),
        (predicate.less_or_equal("age", "36"), ["Ada", "Cid"]),
        (predicate.between("age", 20, 36), ["Ada", "Cid"]),
        (predicate.in_("age", 41, 20), ["Ben", "Cid"]),
        (predicate.like("name", "_e%"), ["Ben"]),
        (predicate.ilike("name", "a%"), ["Ada"]),
        (predicate.and_(predicate.greater("age", 30), predicate.like("name", "B%")), ["Ben"]),
        (predicate.or_(predicate.equal("name", "Ada"), predicate.equal("name", "Cid")), ["Ada", "Cid"]),
        (predicate.not_(predicate.equal("name", "Ada")), ["Ben", "Cid"]),
        (predicate.equal("nothing", 5), []),
    ],
    ids=repr,
)
def test_entries_are_found_by_a_predicate(mine: Map, wanted: Any, names: list[str]) -> None:
    people(mine)
    assert values(mine.ask(maps.KEY_SET_WITH_PREDICATE, predicate=data(wanted))) == names
    assert [value(one).loads()["name"] for one in mine.ask(maps.VALUES_WITH_PREDICATE, predicate=data(wanted))] == names
    found = mine.ask(maps.ENTRIES_WITH_PREDICATE, predicate=data(wanted))
    assert [value(key) for key, _ in found] == names


class Unknown(IdentifiedDataSerializable):
    def write_data(self, object_data_output: Any) -> None:
        pass

    def read_data(self, object_data_input: Any) -> None:
        pass

    def get_factory_id(self) -> int:
        return 4711

    def get_class_id(self) -> int:
        return 1


NO_FACTORY = ("HazelcastSerializationException", "No DataSerializerFactory registered for namespace: 4711")


def test_an_attribute_that_is_not_there_and_a_wrong_type_are_javas_errors(mine: Map) -> None:
    mine.put("k", "text")
    name, text = mine.error(maps.VALUES_WITH_PREDICATE, predicate=data(predicate.equal("age", 1)))
    assert name == "QueryException"
    assert text is not None
    assert text.endswith("There is no suitable accessor for 'age' on class 'java.lang.String'")
    name, text = mine.error(maps.VALUES_WITH_PREDICATE, predicate=data(predicate.greater("this", 1)))
    assert name == "ClassCastException"
    name, text = mine.error(maps.VALUES_WITH_PREDICATE, predicate=data("text"))
    assert text is not None
    assert text.startswith("class java.lang.String cannot be cast to class com.hazelcast.query.Predicate ")
    assert mine.error(maps.VALUES_WITH_PREDICATE, predicate=data(Unknown())) == NO_FACTORY


def test_what_embedded_members_do_not_evaluate_is_refused_as_such(mine: Map) -> None:
    name, text = mine.error(maps.VALUES_WITH_PREDICATE, predicate=data(predicate.sql("age > 5")))
    assert name == "UnsupportedOperationException"
    assert text == "an embedded member does not evaluate this predicate: it is of class 0"


CODE: list[tuple[Any, dict[str, Any]]] = [
    (maps.EXECUTE_ON_KEY, {"key": data("k"), "entry_processor": data(Unknown())}),
    (maps.EXECUTE_ON_KEYS, {"keys": (data("k"),), "entry_processor": data(Unknown())}),
    (maps.EXECUTE_ON_ALL_KEYS, {"entry_processor": data(Unknown())}),
    (maps.EXECUTE_WITH_PREDICATE, {"entry_processor": data(Unknown()), "predicate": data(predicate.true())}),
    (maps.ADD_INTERCEPTOR, {"interceptor": data(Unknown())}),
    (maps.AGGREGATE, {"aggregator": data(Unknown())}),
    (maps.AGGREGATE_WITH_PREDICATE, {"aggregator": data(Unknown()), "predicate": data(predicate.true())}),
    (maps.PROJECT, {"projection": data(Unknown())}),
    (maps.PROJECT_WITH_PREDICATE, {"projection": data(Unknown()), "predicate": data(predicate.true())}),
]


@pytest.mark.parametrize(("message", "fields"), CODE, ids=lambda one: getattr(one, "name", ""))
def test_code_is_refused_as_by_members_that_lack_its_class(mine: Map, message: Any, fields: dict[str, Any]) -> None:
    assert mine.error(message, **fields) == NO_FACTORY


def test_an_object_that_is_no_code_is_javas_class_cast_error(mine: Map) -> None:
    name, text = mine.error(maps.EXECUTE_ON_ALL_KEYS, entry_processor=data("text"))
    assert name == "ClassCastException"
    assert text == (
        "class java.lang.String cannot be cast to class com.hazelcast.map.EntryProcessor (java.lang.String is in "
        "module java.base of loader 'bootstrap'; com.hazelcast.map.EntryProcessor is in unnamed module of loader 'app')"
    )


def test_there_is_no_store_to_load_from(mine: Map) -> None:
    assert mine.error(maps.LOAD_ALL, replace_existing_values=True) == (
        "IllegalArgumentException",
        "First you should configure a map store",
    )
    assert mine.error(maps.LOAD_GIVEN_KEYS, keys=(data("k"),), replace_existing_values=True) == (
        "NullPointerException",
        None,
    )
    mine.ask(maps.FLUSH)


def paging(page: int, anchors: maps.AnchorDataList, **fields: Any) -> maps.PagingPredicate:
    given: dict[str, Any] = {
        "anchor_data_list_holder": anchors,
        "predicate_data": None,
        "comparator_data": None,
        "page_size": 2,
        "page": page,
        "iteration_type_id": 0,
        "partition_key_data": None,
        **fields,
    }
    return maps.PagingPredicate(**given)


NO_ANCHORS = maps.AnchorDataList(anchor_page_list=(), anchor_data_list=())


def test_pages_follow_each_other_in_the_order_of_keys(mine: Map) -> None:
    for number in (3, 1, 5, 2, 4):
        mine.put(f"k{number}", 10 - number)
    first = mine.ask(maps.KEY_SET_WITH_PAGING_PREDICATE, predicate=paging(0, NO_ANCHORS))
    assert values(first.response) == ["k1", "k2"]
    second = mine.ask(maps.KEY_SET_WITH_PAGING_PREDICATE, predicate=paging(1, first.anchor_data_list))
    assert values(second.response) == ["k3", "k4"]
    assert second.anchor_data_list.anchor_page_list == (0, 1)
    third = mine.ask(maps.ENTRIES_WITH_PAGING_PREDICATE, predicate=paging(2, second.anchor_data_list))
    assert [value(key) for key, _ in third.response] == ["k5"]


def test_pages_may_be_in_the_order_of_values_and_need_no_anchors(mine: Map) -> None:
    for number in (3, 1, 5, 2, 4):
        mine.put(f"k{number}", 10 - number)
    wanted = paging(1, NO_ANCHORS, iteration_type_id=1, predicate_data=data(predicate.less("this", 9)))
    assert values(mine.ask(maps.VALUES_WITH_PAGING_PREDICATE, predicate=wanted).response) == [7, 8]


def test_entries_without_an_order_have_no_pages(mine: Map) -> None:
    mine.put("a", 1)
    mine.put("b", "text")
    wanted = paging(0, NO_ANCHORS, iteration_type_id=1)
    name, _ = mine.error(maps.VALUES_WITH_PAGING_PREDICATE, predicate=wanted)
    assert name == "ClassCastException"


def test_a_key_that_is_no_serialized_object_is_refused(mine: Map) -> None:
    name, text = mine.error(maps.GET, b"short")
    assert name == "NullPointerException"
    assert text is not None
    assert "5 bytes are no serialized object" in text
