"""Lists, sets, multi-maps and replicated maps of embedded members."""

from __future__ import annotations

from typing import Any

import pytest
from hazelcast import predicate

from support.embedded import MemoryClient, MemoryCluster
from support.serialized import data, value, values
from tealjet.protocol import table
from tealjet.protocol.structures import lists, multi_maps, replicated_maps, sets
from tealjet.protocol.structures.parts import EntryEventType, ItemEventType


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def client(world: MemoryCluster) -> MemoryClient:
    return world.client()


def refused(client: MemoryClient, message: Any, **fields: Any) -> tuple[str, str | None]:
    first = client.error(message, **fields)[0]
    return first.class_name.rpartition(".")[2], first.message


def items(client: MemoryClient, message: Any) -> list[tuple[int, Any]]:
    return [(event.event_type, value(event.item)) for event in client.take_events(message)]


CAME, WENT = ItemEventType.ADDED, ItemEventType.REMOVED

# ------------------------------------------------------------------------------------------------------------ lists


def listed(client: MemoryClient) -> list[Any]:
    return values(client.ask(lists.GET_ALL, name="l"))


def fill(client: MemoryClient, text: str) -> None:
    client.ask(lists.ADD_ALL, name="l", value_list=tuple(map(data, text)))


def test_a_list_keeps_the_places_of_its_items(client: MemoryClient) -> None:
    assert client.ask(lists.ADD, name="l", value=data("a"))
    client.ask(lists.ADD_WITH_INDEX, name="l", index=0, value=data("b"))
    client.ask(lists.ADD_WITH_INDEX, name="l", index=-1, value=data("c"))  # members take that for the end
    assert client.ask(lists.ADD_ALL_WITH_INDEX, name="l", index=1, value_list=(data("d"), data("e")))
    assert listed(client) == ["b", "d", "e", "a", "c"]
    assert value(client.ask(lists.SET, name="l", index=1, value=data("f"))) == "d"
    assert value(client.ask(lists.GET, name="l", index=1)) == "f"
    assert value(client.ask(lists.REMOVE_WITH_INDEX, name="l", index=0)) == "b"
    assert values(client.ask(lists.SUB, name="l", from_=1, to=3)) == ["e", "a"]
    assert values(client.ask(lists.LIST_ITERATOR, name="l", index=2)) == ["a", "c"]
    assert values(client.ask(lists.ITERATOR, name="l")) == ["f", "e", "a", "c"]


def test_items_of_a_list_are_found_by_what_they_are(client: MemoryClient) -> None:
    fill(client, "abcab")
    assert client.ask(lists.INDEX_OF, name="l", value=data("b")) == 1
    assert client.ask(lists.LAST_INDEX_OF, name="l", value=data("b")) == 4
    assert client.ask(lists.INDEX_OF, name="l", value=data("z")) == -1
    assert client.ask(lists.LAST_INDEX_OF, name="l", value=data("z")) == -1
    assert client.ask(lists.CONTAINS, name="l", value=data("c"))
    assert client.ask(lists.CONTAINS_ALL, name="l", values=(data("a"), data("c")))
    assert client.ask(lists.REMOVE, name="l", value=data("a"))
    assert not client.ask(lists.REMOVE, name="l", value=data("z"))
    assert listed(client) == ["b", "c", "a", "b"]
    assert client.ask(lists.COMPARE_AND_REMOVE_ALL, name="l", values=(data("b"),))
    assert not client.ask(lists.COMPARE_AND_REMOVE_ALL, name="l", values=(data("b"),))
    assert client.ask(lists.COMPARE_AND_RETAIN_ALL, name="l", values=(data("a"),))
    assert listed(client) == ["a"]
    client.ask(lists.CLEAR, name="l")
    assert client.ask(lists.IS_EMPTY, name="l")
    assert client.ask(lists.SIZE, name="l") == 0


@pytest.mark.parametrize(
    ("message", "fields", "error"),
    [
        (lists.GET, {"index": 2}, ("IndexOutOfBoundsException", "Index 2 out of bounds for length 2")),
        (lists.GET, {"index": -1}, ("IndexOutOfBoundsException", "Index -1 out of bounds for length 2")),
        (
            lists.SET,
            {"index": 5, "value": data("x")},
            ("IndexOutOfBoundsException", "Index 5 out of bounds for length 2"),
        ),
        (lists.REMOVE_WITH_INDEX, {"index": 2}, ("IndexOutOfBoundsException", "Index 2 out of bounds for length 2")),
        (lists.ADD_WITH_INDEX, {"index": 4, "value": data("x")}, ("IndexOutOfBoundsException", "Index: 4, Size: 2")),
        (
            lists.ADD_ALL_WITH_INDEX,
            {"index": 4, "value_list": (data("x"),)},
            ("IndexOutOfBoundsException", "Index: 4, Size: 2"),
        ),
        (lists.SUB, {"from_": -1, "to": 1}, ("IndexOutOfBoundsException", "fromIndex = -1")),
        (lists.SUB, {"from_": 0, "to": 3}, ("IndexOutOfBoundsException", "toIndex = 3")),
        (lists.SUB, {"from_": 2, "to": 1}, ("IllegalArgumentException", "fromIndex(2) > toIndex(1)")),
        (lists.LIST_ITERATOR, {"index": 3}, ("IllegalArgumentException", "fromIndex(3) > toIndex(2)")),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_place_that_is_not_there_is_javas_error(
    client: MemoryClient, message: Any, fields: dict[str, Any], error: tuple[str, str]
) -> None:
    fill(client, "ab")
    assert refused(client, message, name="l", **fields) == error
    assert listed(client) == ["a", "b"]


def test_a_listener_hears_of_the_items_of_a_list(client: MemoryClient) -> None:
    registration = client.ask(lists.ADD_LISTENER, name="l", include_value=True, local_only=False)
    fill(client, "ab")
    client.ask(lists.SET, name="l", index=0, value=data("c"))
    client.ask(lists.REMOVE_WITH_INDEX, name="l", index=1)
    refused(client, lists.REMOVE_WITH_INDEX, name="l", index=5)
    client.ask(lists.CLEAR, name="l")
    assert items(client, lists.ADD_LISTENER) == [
        (CAME, "a"),
        (CAME, "b"),
        (WENT, "a"),
        (CAME, "c"),
        (WENT, "b"),
        (WENT, None),  # as members tell of what was not there
        (WENT, "c"),
    ]
    assert client.ask(lists.REMOVE_LISTENER, name="l", registration_id=registration)


# ------------------------------------------------------------------------------------------------------------- sets


def test_a_set_has_an_item_once(client: MemoryClient) -> None:
    assert client.ask(sets.ADD, name="s", value=data("a"))
    assert not client.ask(sets.ADD, name="s", value=data("a"))
    assert client.ask(sets.ADD_ALL, name="s", value_list=(data("a"), data("b")))
    assert not client.ask(sets.ADD_ALL, name="s", value_list=(data("a"), data("b")))
    assert sorted(values(client.ask(sets.GET_ALL, name="s"))) == ["a", "b"]
    assert client.ask(sets.CONTAINS, name="s", value=data("a"))
    assert client.ask(sets.CONTAINS_ALL, name="s", items=(data("a"), data("b")))
    assert not client.ask(sets.CONTAINS_ALL, name="s", items=(data("a"), data("z")))
    assert client.ask(sets.REMOVE, name="s", value=data("a"))
    assert not client.ask(sets.REMOVE, name="s", value=data("a"))
    assert client.ask(sets.COMPARE_AND_RETAIN_ALL, name="s", values=(data("z"),))
    assert not client.ask(sets.COMPARE_AND_REMOVE_ALL, name="s", values=(data("z"),))
    assert client.ask(sets.IS_EMPTY, name="s")
    assert client.ask(sets.SIZE, name="s") == 0


def test_a_listener_hears_of_the_items_of_a_set(client: MemoryClient) -> None:
    registration = client.ask(sets.ADD_LISTENER, name="s", include_value=True, local_only=False)
    client.ask(sets.ADD_ALL, name="s", value_list=(data("a"), data("a")))
    client.ask(sets.CLEAR, name="s")
    client.ask(sets.CLEAR, name="s")
    assert items(client, sets.ADD_LISTENER) == [(CAME, "a"), (WENT, "a")]
    assert client.ask(sets.REMOVE_LISTENER, name="s", registration_id=registration)


@pytest.mark.parametrize(
    ("service", "listen", "add"),
    [
        ("hz:impl:listService", lists.ADD_LISTENER, lists.ADD),
        ("hz:impl:setService", sets.ADD_LISTENER, sets.ADD),
    ],
)
def test_a_destroyed_collection_is_empty_and_its_listeners_hear_no_more_of_it(
    client: MemoryClient, service: str, listen: Any, add: Any
) -> None:
    client.ask(listen, name="c", include_value=True, local_only=False)
    client.ask(add, name="c", value=data("a"))
    client.ask(table.DESTROY_PROXY, name="c", service_name=service)
    assert client.ask(add, name="c", value=data("a"))
    assert items(client, listen) == [(CAME, "a")]


# ------------------------------------------------------------------------------------------------------- multi-maps


def multi(client: MemoryClient, message: Any, key: str | None = None, **fields: Any) -> Any:
    given: dict[str, Any] = {"name": "m", "thread_id": 1, "ttl": -1, "reference_id": 1, **fields}
    if key is not None:
        given["key"] = data(key)
    return client.ask(message, **{name: given[name] for name in message.request.fields.names})


def test_a_key_of_a_multi_map_has_each_value_once(client: MemoryClient) -> None:
    assert multi(client, multi_maps.PUT, "k", value=data(1))
    assert not multi(client, multi_maps.PUT, "k", value=data(1))
    multi(client, multi_maps.PUT_ALL, entries=((data("k"), (data(1), data(2))), (data("j"), (data(3),))))
    assert sorted(values(multi(client, multi_maps.GET, "k"))) == [1, 2]
    assert multi(client, multi_maps.VALUE_COUNT, "k") == 2
    assert multi(client, multi_maps.SIZE) == 3
    assert values(multi(client, multi_maps.KEY_SET)) == ["k", "j"]
    assert sorted(values(multi(client, multi_maps.VALUES))) == [1, 2, 3]
    assert len(multi(client, multi_maps.ENTRY_SET)) == 3
    assert multi(client, multi_maps.CONTAINS_KEY, "k")
    assert multi(client, multi_maps.CONTAINS_VALUE, value=data(3))
    assert multi(client, multi_maps.CONTAINS_ENTRY, "j", value=data(3))
    assert multi(client, multi_maps.REMOVE_ENTRY, "j", value=data(3))
    assert not multi(client, multi_maps.REMOVE_ENTRY, "j", value=data(3))
    assert not multi(client, multi_maps.CONTAINS_KEY, "j")
    assert sorted(values(multi(client, multi_maps.REMOVE, "k"))) == [1, 2]
    assert multi(client, multi_maps.REMOVE, "k") == ()


def test_changing_a_multi_map_waits_for_a_lock_of_somebody_else(world: MemoryCluster, client: MemoryClient) -> None:
    other = world.client()
    multi(client, multi_maps.PUT, "k", value=data(1))
    multi(client, multi_maps.LOCK, "k")
    call = other.send(multi_maps.PUT, name="m", thread_id=1, key=data("k"), value=data(2))
    assert values(multi(other, multi_maps.GET, "k")) == [1]
    multi(other, multi_maps.CLEAR)
    assert multi(other, multi_maps.SIZE) == 1
    assert not multi(other, multi_maps.TRY_LOCK, "k", lease=-1, timeout=0)
    multi(client, multi_maps.UNLOCK, "k", reference_id=2)
    assert other.answer(multi_maps.PUT, call) is True
    multi(client, multi_maps.LOCK, "k", reference_id=3)
    multi(other, multi_maps.FORCE_UNLOCK, "k")
    assert not multi(client, multi_maps.IS_LOCKED, "k")


def test_listeners_hear_of_the_values_of_a_multi_map(client: MemoryClient) -> None:
    multi(client, multi_maps.ADD_ENTRY_LISTENER, include_value=True, local_only=False)
    registration = multi(client, multi_maps.ADD_ENTRY_LISTENER_TO_KEY, "k", include_value=False, local_only=False)
    for key in ("k", "j"):
        multi(client, multi_maps.PUT, key, value=data(1))
    multi(client, multi_maps.REMOVE, "k")
    multi(client, multi_maps.CLEAR)
    added, removed, clear = EntryEventType.ADDED, EntryEventType.REMOVED, EntryEventType.CLEAR_ALL
    heard = client.take_events(multi_maps.ADD_ENTRY_LISTENER)
    assert [(event.event_type, value(event.key), value(event.value), value(event.old_value)) for event in heard] == [
        (added, "k", 1, None),
        (added, "j", 1, None),
        (removed, "k", None, 1),
        (clear, None, None, None),
    ]
    heard = client.take_events(multi_maps.ADD_ENTRY_LISTENER_TO_KEY)
    assert [(event.event_type, event.value) for event in heard] == [(added, None), (removed, None), (clear, None)]
    assert multi(client, multi_maps.REMOVE_ENTRY_LISTENER, registration_id=registration)


# -------------------------------------------------------------------------------------------------- replicated maps


def replicated(client: MemoryClient, message: Any, key: str | None = None, **fields: Any) -> Any:
    given: dict[str, Any] = {"name": "r", "ttl": 0, **fields}
    if key is not None:
        given["key"] = data(key)
    return client.ask(message, **{name: given[name] for name in message.request.fields.names})


def test_a_replicated_map_keeps_entries(client: MemoryClient) -> None:
    assert replicated(client, replicated_maps.PUT, "k", value=data(1)) is None
    assert value(replicated(client, replicated_maps.PUT, "k", value=data(2))) == 1
    replicated(client, replicated_maps.PUT_ALL, entries=((data("j"), data(3)),))
    assert value(replicated(client, replicated_maps.GET, "k")) == 2
    assert replicated(client, replicated_maps.SIZE) == 2
    assert replicated(client, replicated_maps.CONTAINS_KEY, "j")
    assert replicated(client, replicated_maps.CONTAINS_VALUE, value=data(3))
    assert values(replicated(client, replicated_maps.KEY_SET)) == ["k", "j"]
    assert values(replicated(client, replicated_maps.VALUES)) == [2, 3]
    assert [values(entry) for entry in replicated(client, replicated_maps.ENTRY_SET)] == [["k", 2], ["j", 3]]
    assert value(replicated(client, replicated_maps.REMOVE, "k")) == 2
    replicated(client, replicated_maps.CLEAR)
    assert replicated(client, replicated_maps.IS_EMPTY)


def test_an_entry_of_a_replicated_map_ends_with_its_time_to_live(world: MemoryCluster, client: MemoryClient) -> None:
    replicated(client, replicated_maps.ADD_ENTRY_LISTENER, local_only=False)
    replicated(client, replicated_maps.PUT, "k", value=data(1), ttl=2_000)
    world.runtime.advance(2.1)
    assert replicated(client, replicated_maps.GET, "k") is None
    heard = [
        (event.event_type, value(event.old_value)) for event in client.take_events(replicated_maps.ADD_ENTRY_LISTENER)
    ]
    assert heard == [(EntryEventType.ADDED, None), (EntryEventType.EVICTED, 1)]
    assert refused(client, replicated_maps.PUT, name="r", key=data("k"), value=data(1), ttl=-1) == (
        "IllegalArgumentException",
        "ttl must be a positive integer",
    )


def test_listeners_hear_of_the_entries_of_a_replicated_map(client: MemoryClient) -> None:
    means = data(predicate.equal("this", 2))
    replicated(client, replicated_maps.ADD_ENTRY_LISTENER_TO_KEY, "k", local_only=False)
    replicated(client, replicated_maps.ADD_ENTRY_LISTENER_WITH_PREDICATE, predicate=means, local_only=False)
    registration = replicated(
        client, replicated_maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE, "j", predicate=means, local_only=False
    )
    for key, new in (("k", 1), ("j", 2), ("k", 2), ("j", 3)):
        replicated(client, replicated_maps.PUT, key, value=data(new))
    replicated(client, replicated_maps.REMOVE, "k")
    replicated(client, replicated_maps.REMOVE, "k")

    def heard(message: Any) -> list[tuple[int, Any, Any, Any]]:
        return [
            (event.event_type, value(event.key), value(event.value), value(event.old_value))
            for event in client.take_events(message)
        ]

    added, removed, updated = EntryEventType.ADDED, EntryEventType.REMOVED, EntryEventType.UPDATED
    assert heard(replicated_maps.ADD_ENTRY_LISTENER_TO_KEY) == [
        (added, "k", 1, None),
        (updated, "k", 2, 1),
        (removed, "k", None, 2),
        (removed, "k", None, None),  # as members tell of what was not there
    ]
    assert heard(replicated_maps.ADD_ENTRY_LISTENER_WITH_PREDICATE) == [
        (added, "j", 2, None),
        (updated, "k", 2, 1),
        (removed, "k", None, 2),
    ]
    assert heard(replicated_maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE) == [(added, "j", 2, None)]
    assert replicated(client, replicated_maps.REMOVE_ENTRY_LISTENER, registration_id=registration)
