"""Maps: entries, times to live, locks, listeners, predicates, entry views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast import predicate
from hazelcast.client import HazelcastClient
from hazelcast.proxy.base import EntryEventType

from support.clusters import Events
from support.conformance import all_entry_events, entry_events, refusal

TITLE = "Map"

Tells = Callable[..., None]


@pytest.fixture
def map_(client: HazelcastClient, unique: str) -> Any:
    return client.get_map(unique).blocking()


@pytest.fixture
def calls(client: HazelcastClient, unique: str) -> Any:
    """The same map, for calls that are under way while others are made."""
    return client.get_map(unique)


@pytest.fixture
def theirs(other: HazelcastClient, unique: str) -> Any:
    """The same map, as another client has it."""
    return other.get_map(unique)


def wait_for(client: HazelcastClient, unique: str, seconds: float) -> None:
    """Wait by the member's own clock: for an item that nobody offers."""
    assert client.get_queue(f"{unique}-nothing").poll(seconds).result() is None


# --------------------------------------------------------------------------------------------------------- entries


def test_put_get_remove(map_: Any, tells: Tells) -> None:
    tells(
        [map_.put("key", "first"), map_.put("key", "second"), map_.get("key"), map_.get("missing")],
        [map_.contains_key("key"), map_.contains_key("missing"), map_.contains_value("second"), map_.size()],
        [map_.remove("key"), map_.remove("key"), map_.is_empty(), map_.size()],
    )


def test_set_and_delete_answer_nothing(map_: Any, tells: Tells) -> None:
    tells([map_.set("key", "value"), map_.get("key"), map_.delete("key"), map_.delete("missing"), map_.size()])


def test_changes_on_a_condition(map_: Any, tells: Tells) -> None:
    tells(
        [map_.put_if_absent("key", "first"), map_.put_if_absent("key", "second"), map_.get("key")],
        [map_.replace("key", "third"), map_.replace("missing", "third"), map_.contains_key("missing")],
        [map_.replace_if_same("key", "other", "fourth"), map_.replace_if_same("key", "third", "fourth")],
        [map_.remove_if_same("key", "other"), map_.remove_if_same("key", "fourth"), map_.size()],
    )


def test_tries_and_transient_entries(map_: Any, tells: Tells) -> None:
    tells(
        [map_.try_put("key", "value", 0), map_.put_transient("other", "value"), map_.size()],
        [map_.try_remove("key", 0), map_.try_remove("missing", 0), map_.size()],
    )


def test_values_of_every_kind_come_back(map_: Any, tells: Tells) -> None:
    values: list[Any] = [1, -5, 1.5, True, "ä€𝄞", "", ["a", 1], ("a",), {"k": "v"}, {"s"}]
    for number, value in enumerate(values):
        map_.put(number, value)
    tells([map_.get(number) for number in range(len(values))])


def test_many_entries(map_: Any, tells: Tells) -> None:
    entries = {f"key-{number}": number for number in range(300)}
    map_.put_all(entries)
    tells(
        f"get_all {map_.get_all(list(entries)) == entries}, of missing ones {map_.get_all(['missing'])}",
        f"key_set {sorted(map_.key_set()) == sorted(entries)}",
        f"values {sorted(map_.values()) == sorted(entries.values())}",
        f"entry_set {dict(map_.entry_set()) == entries}",
        f"size {map_.size()}",
    )


def test_a_large_value(map_: Any, tells: Tells) -> None:
    map_.put("key", "x" * 3_000_000)
    tells(len(map_.get("key")))


def test_clearing_and_evicting(map_: Any, tells: Tells) -> None:
    map_.put_all({"a": 1, "b": 2, "c": 3})
    tells(
        [map_.evict("a"), map_.evict("a"), map_.size()],
        [map_.flush(), map_.size()],
        [map_.evict_all(), map_.size()],
        [map_.put("a", 1), map_.clear(), map_.clear(), map_.size()],
    )


def test_a_destroyed_map_is_empty(client: HazelcastClient, map_: Any, unique: str, tells: Tells) -> None:
    map_.put("key", "value")
    destroyed = map_.destroy()
    tells(destroyed, client.get_map(unique).blocking().size())


def test_clients_see_the_same_map(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.put("key", "value")
    tells(theirs.get("key").result(), theirs.put("key", "theirs").result(), map_.get("key"))


# ---------------------------------------------------------------------------------------------- predicates, indexes


def test_true_and_equality_predicates(map_: Any, tells: Tells) -> None:
    map_.put_all({"a": 1, "b": 2, "c": 2})
    two, key = predicate.equal("this", 2), predicate.equal("__key", "a")
    tells(
        f"true: {sorted(map_.values(predicate.true()))}, {sorted(map_.key_set(predicate.true()))}",
        f"this = 2: {sorted(map_.key_set(two))}, {map_.values(two)}, {sorted(map_.entry_set(two))}",
        f"__key = a: {map_.entry_set(key)}",
        f"nothing: {map_.values(predicate.equal('this', 9))}, {sorted(map_.key_set(predicate.equal('this', '2')))}",
    )


def test_removal_by_predicate(map_: Any, tells: Tells) -> None:
    map_.put_all({"a": 1, "b": 2, "c": 2})
    map_.remove_all(predicate.equal("this", 2))
    kept = sorted(map_.key_set())
    map_.remove_all(predicate.true())
    tells(kept, map_.size())


def test_an_index_changes_no_answer(map_: Any, tells: Tells) -> None:
    map_.add_index(attributes=["this"], name="by-value")
    map_.put_all({"a": 1, "b": 2})
    tells(map_.key_set(predicate.equal("this", 2)))


# ----------------------------------------------------------------------------------------------------- entry views


TIMES = ("creation_time", "last_update_time", "last_access_time", "last_stored_time", "expiration_time")
NEVER = 2**63 - 1


def told_of_time(milliseconds: int) -> str:
    """A time of this run, or a number that stands for something."""
    known = 1_600_000_000_000 < milliseconds < NEVER
    return "is told" if known else "never" if milliseconds == NEVER else str(milliseconds)


def test_an_entry_view_tells_of_the_entry(map_: Any, tells: Tells) -> None:
    map_.put("key", "first")
    map_.put("key", "second")
    map_.get("key")
    view = map_.get_entry_view("key")
    tells(
        f"{view.key} = {view.value}, version {view.version}, hits {view.hits}, ttl {view.ttl}, idle {view.max_idle}",
        f"has a cost: {view.cost > 0}",
        *(f"{name} {told_of_time(getattr(view, name))}" for name in TIMES),
    )


def test_an_entry_view_tells_of_times(map_: Any, tells: Tells) -> None:
    map_.put("key", "value", ttl=100, max_idle=50)
    map_.put("other", "value", ttl=0)
    view, other = map_.get_entry_view("key"), map_.get_entry_view("other")
    tells(
        f"ttl {view.ttl}, idle {view.max_idle}",
        f"expires {told_of_time(view.expiration_time)}",
        f"without: ttl {other.ttl}, idle {other.max_idle}",
    )


def test_there_is_no_view_of_a_missing_entry(map_: Any, tells: Tells) -> None:
    tells(map_.get_entry_view("missing"))


# ---------------------------------------------------------------------------------------------------- times to live


def test_entries_go_when_their_time_is_over(client: HazelcastClient, map_: Any, unique: str, tells: Tells) -> None:
    map_.put("put", 1, ttl=1)
    map_.set("set", 1, ttl=1)
    map_.put_if_absent("absent", 1, ttl=1)
    map_.put_transient("transient", 1, ttl=1)
    map_.put("idle", 1, max_idle=1)
    map_.put("set_ttl", 1)
    map_.set_ttl("set_ttl", 1)
    map_.put("kept", 1, ttl=1)
    map_.set_ttl("kept", 0)
    map_.put("renewed", 1, ttl=1)
    map_.put("renewed", 2, ttl=0)
    map_.put("long", 1, ttl=1000)
    map_.put("not changed", 1, ttl=1)
    map_.replace("not changed", 2)
    there = map_.size()
    wait_for(client, unique, 2.5)
    keys = ("put", "set", "absent", "transient", "idle", "set_ttl", "kept", "renewed", "long", "not changed")
    tells(there, [key for key in keys if map_.contains_key(key)], map_.put("put", 2), map_.put_if_absent("set", 2))


def test_setting_the_time_of_a_missing_entry_does_nothing(map_: Any, tells: Tells) -> None:
    tells(map_.set_ttl("missing", 10), map_.size())


# ----------------------------------------------------------------------------------------------------------- events


def test_a_listener_is_told_of_every_change_of_a_key(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, **all_entry_events(heard))
    map_.put("key", 1)
    map_.put("key", 2)
    map_.set("key", 3)
    map_.replace("key", 4)
    map_.remove("key")
    map_.remove("key")
    map_.put("key", 5)
    map_.delete("key")
    map_.put_if_absent("key", 6)
    map_.evict("key")
    map_.put_transient("key", 7)
    map_.remove_if_same("key", 7)
    tells(entry_events(heard, 11))


def test_a_listener_without_values_is_told_keys_only(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=False, **all_entry_events(heard))
    map_.put("key", 1)
    map_.put("key", 2)
    map_.remove("key")
    tells(entry_events(heard, 3))


def test_a_listener_of_a_key_is_told_of_that_key(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, key="key", **all_entry_events(heard))
    map_.put("other", 1)
    map_.put("key", 2)
    map_.remove("key")
    tells(entry_events(heard, 2))


def test_a_listener_with_a_predicate_is_told_of_what_matches(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, predicate=predicate.equal("this", 2), **all_entry_events(heard))
    map_.put("key", 1)
    map_.put("key", 2)
    map_.put("key", 3)
    map_.put("key", 2)
    map_.remove("key")
    heard.wait_for(lambda event: event.event_type == EntryEventType.REMOVED)
    tells(entry_events(heard, 1))


def test_a_listener_of_a_key_with_a_predicate(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(
        include_value=True, key="key", predicate=predicate.equal("this", 2), **all_entry_events(heard)
    )
    map_.put("other", 2)
    map_.put("key", 1)
    map_.put("key", 2)
    map_.remove("key")
    tells(entry_events(heard, 2))


def test_only_what_was_asked_for_is_told(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, removed_func=heard)
    map_.put("key", 1)
    map_.put("key", 2)
    map_.remove("key")
    tells(entry_events(heard, 1))


def test_clearing_and_evicting_all_are_one_event_each(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.put_all({"a": 1, "b": 2})
    map_.add_entry_listener(include_value=True, **all_entry_events(heard))
    map_.clear()
    cleared = entry_events(heard, 1)
    map_.put("a", 1)
    entry_events(heard, 2)
    map_.evict_all()
    tells(cleared, entry_events(heard, 3))


def test_many_at_once_are_told_one_by_one(map_: Any, tells: Tells) -> None:
    heard = Events()
    map_.put("b", 0)
    map_.add_entry_listener(include_value=True, **all_entry_events(heard))
    map_.put_all({"a": 1, "b": 2, "c": 3})
    put = entry_events(heard, 3, in_order=False)
    map_.remove_all(predicate.equal("this", 2))
    heard.wait_for_number(4)
    tells(put, entry_events(heard, 4).split(", ")[-1])


def test_the_end_of_a_time_to_live_is_told(client: HazelcastClient, map_: Any, unique: str, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, expired_func=heard, evicted_func=heard)
    map_.put("key", 1, ttl=1)
    wait_for(client, unique, 2.0)
    gone = map_.get("key")
    tells(gone, entry_events(heard, 1))


def test_an_event_names_the_member(client: HazelcastClient, map_: Any, unique: str, tells: Tells) -> None:
    heard = Events()
    map_.add_entry_listener(include_value=True, added_func=heard)
    map_.put("key", 1)
    heard.wait_for_number(1)
    (member,) = client.cluster_service.get_members()
    tells(f"the member: {heard.all[0].uuid == member.uuid}")


def test_a_listener_is_removed_once(map_: Any, tells: Tells) -> None:
    removed, kept = Events(), Events()
    registration = map_.add_entry_listener(include_value=True, added_func=removed)
    answers = [map_.remove_entry_listener(registration) for _ in range(2)]
    map_.add_entry_listener(include_value=True, added_func=kept)
    map_.put("key", 1)
    tells(answers, entry_events(kept, 1), removed.all)


# ------------------------------------------------------------------------------------------------------------ locks


def test_a_lock_is_reentrant(map_: Any, tells: Tells) -> None:
    map_.lock("key")
    told = [map_.is_locked("key"), map_.try_lock("key")]
    map_.unlock("key")
    told.append(map_.is_locked("key"))
    map_.unlock("key")
    tells(told, map_.is_locked("key"), map_.contains_key("key"))


def test_a_locked_key_is_somebody_elses(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.put("key", 1)
    map_.lock("key")
    told = [
        theirs.try_lock("key").result(),
        theirs.get("key").result(),
        theirs.try_put("key", 2).result(),
        theirs.try_remove("key").result(),
        theirs.is_locked("key").result(),
    ]
    map_.put("key", 3)
    map_.unlock("key")
    tells(told, map_.get("key"), theirs.try_put("key", 4).result())


def test_a_lock_waits_for_the_unlock(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.lock("key")
    waiting = theirs.lock("key")
    locked = theirs.is_locked("key").result()
    early = waiting.done()
    map_.unlock("key")
    waiting.result()
    mine = map_.try_lock("key")
    theirs.unlock("key").result()
    tells(locked, early, mine, map_.is_locked("key"))


def test_changes_wait_for_the_unlock(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.put("key", 1)
    map_.lock("key")
    put, removed, evicted = theirs.put("key", 2), theirs.remove("key"), theirs.evict("key")
    theirs.get("key").result()
    early = [put.done(), removed.done(), evicted.done()]
    map_.unlock("key")
    tells(early, [put.result(), removed.result(), evicted.result()])


def test_a_try_waits_as_long_as_it_was_told(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.lock("key")
    late = theirs.try_lock("key", timeout=0.1).result()
    waiting = theirs.try_lock("key", timeout=60)
    early = waiting.done()
    map_.unlock("key")
    tells(late, early, waiting.result())
    theirs.unlock("key").result()


def test_a_lease_ends_by_itself(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.lock("key", lease_time=0.3)
    theirs.lock("key").result()
    tells(map_.try_lock("key"), refusal(lambda: map_.unlock("key")))
    theirs.unlock("key").result()


def test_who_has_not_locked_cannot_unlock(map_: Any, theirs: Any, tells: Tells) -> None:
    never = refusal(lambda: map_.unlock("key"))
    map_.lock("key")
    tells(never, refusal(lambda: theirs.unlock("key").result()), map_.is_locked("key"))
    map_.unlock("key")


def test_a_forced_unlock_is_anybodys(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.lock("key")
    map_.lock("key")
    tells(theirs.force_unlock("key").result(), map_.is_locked("key"), theirs.force_unlock("key").result())


def test_the_locks_of_a_client_that_leaves_are_freed(subject: Any, map_: Any, unique: str, tells: Tells) -> None:
    leaving = HazelcastClient(cluster_name=subject.one.name, cluster_members=subject.one.addresses)
    leaving_map: Any = leaving.get_map(unique).blocking()
    leaving_map.lock("key")
    waiting = map_._wrapped.lock("key")
    locked = map_.is_locked("key"), waiting.done()
    leaving.shutdown()
    waiting.result()
    tells(list(locked), map_.is_locked("key"))
    map_.unlock("key")


def test_clearing_leaves_locked_entries(map_: Any, theirs: Any, tells: Tells) -> None:
    map_.put_all({"locked": 1, "free": 2})
    map_.lock("locked")
    theirs.evict_all().result()
    kept = map_.key_set()
    theirs.clear().result()
    tells(kept, map_.key_set())
    map_.unlock("locked")
