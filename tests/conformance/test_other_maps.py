"""Maps with several values for a key, and maps that every member has in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast import predicate
from hazelcast.client import HazelcastClient
from hazelcast.protocol.codec import multi_map_put_all_codec

from support.clusters import Events
from support.conformance import Subject, entry_events, refusal
from support.raw_member import Identity, RefusedError, data, partition_of, signed_in

TITLE = "MultiMap, ReplicatedMap"

Tells = Callable[..., None]


@pytest.fixture
def multi_map(client: HazelcastClient, unique: str) -> Any:
    return client.get_multi_map(unique).blocking()


@pytest.fixture
def their_multi_map(other: HazelcastClient, unique: str) -> Any:
    """The same one, as another client has it."""
    return other.get_multi_map(unique)


@pytest.fixture
def replicated(client: HazelcastClient, unique: str) -> Any:
    return client.get_replicated_map(unique).blocking()


def replicated_events(heard: Events) -> dict[str, Any]:
    names = ("added", "removed", "updated", "evicted", "clear_all")
    return {f"{name}_func": heard for name in names}


# -------------------------------------------------------------------------------------------------------- multi map


def test_a_key_has_several_values(multi_map: Any, tells: Tells) -> None:
    tells(
        [multi_map.put("key", 1), multi_map.put("key", 2), multi_map.put("key", 1), sorted(multi_map.get("key"))],
        [multi_map.get("missing"), multi_map.size(), multi_map.value_count("key"), multi_map.value_count("missing")],
        [multi_map.contains_key("key"), multi_map.contains_value(2), multi_map.contains_entry("key", 2)],
        [multi_map.contains_key("x"), multi_map.contains_value(9), multi_map.contains_entry("key", 9)],
    )


def test_several_values_are_removed(multi_map: Any, tells: Tells) -> None:
    for value in (1, 2, 3):
        multi_map.put("key", value)
    tells(
        [multi_map.remove("key", 2), multi_map.remove("key", 2), multi_map.remove("missing", 2)],
        [sorted(multi_map.remove_all("key")), multi_map.remove_all("key"), multi_map.size()],
    )


def test_all_of_a_multi_map(multi_map: Any, tells: Tells) -> None:
    for key, value in (("a", 1), ("a", 2), ("b", 1)):
        multi_map.put(key, value)
    tells(
        sorted(multi_map.key_set()),
        sorted(multi_map.values()),
        sorted(multi_map.entry_set()),
        [multi_map.clear(), multi_map.size()],
    )


def test_many_values_at_once(subject: Subject, identity: Identity, multi_map: Any, unique: str, tells: Tells) -> None:
    key = data("key")
    with signed_in(subject.one.addresses[0], identity) as member:
        try:
            entries = [(key, [data(1), data(2), data(1)])]
            member.call(multi_map_put_all_codec, unique, entries, partition_id=partition_of(key))
            tells(sorted(multi_map.get("key")))
        except RefusedError as error:
            tells(str(error))


def test_a_multi_map_tells_its_listeners(multi_map: Any, tells: Tells) -> None:
    heard = Events()
    registration = multi_map.add_entry_listener(
        include_value=True, added_func=heard, removed_func=heard, clear_all_func=heard
    )
    multi_map.put("key", 1)
    multi_map.put("key", 1)
    multi_map.put("key", 2)
    multi_map.remove("key", 1)
    multi_map.remove_all("key")
    multi_map.put("key", 3)
    told = entry_events(heard, 5)
    multi_map.clear()
    heard.wait_for_number(6)
    tells(
        told, entry_events(heard, 6).removeprefix(told), [multi_map.remove_entry_listener(registration) for _ in "12"]
    )


def test_a_multi_map_tells_of_one_key(multi_map: Any, tells: Tells) -> None:
    heard = Events()
    multi_map.add_entry_listener(include_value=False, key="key", added_func=heard, removed_func=heard)
    multi_map.put("other", 1)
    multi_map.put("key", 1)
    multi_map.remove("key", 1)
    tells(entry_events(heard, 2))


def test_keys_of_a_multi_map_are_locked(multi_map: Any, their_multi_map: Any, tells: Tells) -> None:
    multi_map.lock("key")
    told = [multi_map.is_locked("key"), multi_map.try_lock("key"), their_multi_map.try_lock("key").result()]
    waiting = their_multi_map.put("key", 1)
    their_multi_map.is_locked("key").result()
    early = waiting.done()
    multi_map.unlock("key")
    multi_map.unlock("key")
    tells(
        told,
        [early, waiting.result(), multi_map.is_locked("key")],
        refusal(lambda: multi_map.unlock("key")),
        [multi_map.lock("key"), their_multi_map.force_unlock("key").result(), multi_map.is_locked("key")],
    )


# --------------------------------------------------------------------------------------------------- replicated map


def test_a_replicated_map_is_a_map(replicated: Any, tells: Tells) -> None:
    tells(
        [replicated.put("key", 1), replicated.put("key", 2), replicated.get("key"), replicated.get("missing")],
        [replicated.contains_key("key"), replicated.contains_value(2), replicated.contains_key("x")],
        [replicated.put_all({"a": 1, "b": 2}), replicated.size(), replicated.is_empty()],
        sorted(replicated.key_set()),
        sorted(replicated.values()),
        sorted(replicated.entry_set()),
        [replicated.remove("key"), replicated.remove("key"), replicated.clear(), replicated.size()],
    )


def test_a_replicated_map_tells_its_listeners(replicated: Any, tells: Tells) -> None:
    heard = Events()
    registration = replicated.add_entry_listener(**replicated_events(heard))
    replicated.put("key", 1)
    replicated.put("key", 2)
    replicated.remove("key")
    replicated.put("key", 3)
    told = entry_events(heard, 4)
    replicated.clear()
    heard.wait_for_number(5)
    tells(
        told,
        entry_events(heard, 5).removeprefix(told),
        [replicated.remove_entry_listener(registration) for _ in range(2)],
    )


def test_a_replicated_map_tells_of_one_key_or_of_what_matches(replicated: Any, tells: Tells) -> None:
    key, matching, both = Events(), Events(), Events()
    two = predicate.equal("this", 2)
    replicated.add_entry_listener(key="key", **replicated_events(key))
    replicated.add_entry_listener(predicate=two, **replicated_events(matching))
    replicated.add_entry_listener(key="key", predicate=two, **replicated_events(both))
    replicated.put("other", 2)
    replicated.put("key", 1)
    replicated.put("key", 2)
    tells(entry_events(key, 2), entry_events(matching, 2, in_order=False), entry_events(both, 1))


def test_entries_of_a_replicated_map_go_when_their_time_is_over(
    client: HazelcastClient, replicated: Any, unique: str, tells: Tells
) -> None:
    heard = Events()
    replicated.add_entry_listener(**replicated_events(heard))
    replicated.put("key", 1, ttl=1)
    replicated.put("kept", 1)
    assert client.get_queue(f"{unique}-nothing").poll(2.5).result() is None
    gone = replicated.get("key")
    heard.wait_for_number(3)
    tells(gone, replicated.get("kept"), f"then {entry_events(heard, 3).split(', ')[-1]}")
