"""Queues with calls that wait, lists and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.client import HazelcastClient
from hazelcast.protocol.codec import queue_take_codec

from support.clusters import Events
from support.conformance import Subject, refusal
from support.raw_member import Identity, data, partition_of, signed_in

TITLE = "Queue, List, Set"

Tells = Callable[..., None]


@pytest.fixture
def queue(client: HazelcastClient, unique: str) -> Any:
    return client.get_queue(unique).blocking()


@pytest.fixture
def their_queue(other: HazelcastClient, unique: str) -> Any:
    """The same queue, as another client has it."""
    return other.get_queue(unique)


@pytest.fixture
def list_(client: HazelcastClient, unique: str) -> Any:
    return client.get_list(unique).blocking()


@pytest.fixture
def set_(client: HazelcastClient, unique: str) -> Any:
    return client.get_set(unique).blocking()


def item_events(heard: Events, number: int) -> str:
    heard.wait_for_number(number)
    names = {1: "ADDED", 2: "REMOVED"}
    return ", ".join(f"{names[event.event_type]} {event.item}" for event in heard.all)


# ----------------------------------------------------------------------------------------------------------- queue


def test_a_queue_gives_what_came_first(queue: Any, tells: Tells) -> None:
    tells(
        [queue.offer("a"), queue.add("b"), queue.put("c"), queue.size(), queue.peek()],
        [queue.poll(), queue.take(), queue.poll(), queue.poll(), queue.peek(), queue.is_empty()],
    )


def test_a_queue_as_a_collection(queue: Any, tells: Tells) -> None:
    tells(
        [queue.add_all(["a", "b", "c", "b"]), queue.add_all([]), queue.iterator(), queue.remaining_capacity()],
        [queue.contains("b"), queue.contains("x"), queue.contains_all(["a", "c"]), queue.contains_all(["a", "x"])],
        [queue.remove("b"), queue.remove("x"), queue.iterator()],
        [queue.remove_all(["a", "x"]), queue.remove_all(["x"]), queue.retain_all(["b", "x"]), queue.iterator()],
        [queue.retain_all(["b"]), queue.clear(), queue.size()],
    )


def test_a_queue_is_drained(queue: Any, tells: Tells) -> None:
    queue.add_all(["a", "b", "c"])
    some: list[str] = []
    rest: list[str] = []
    tells([queue.drain_to(some, 2), some], [queue.drain_to(rest), rest], queue.drain_to([]))


def test_a_take_waits_for_an_item(queue: Any, their_queue: Any, tells: Tells) -> None:
    waiting = their_queue.take()
    early = waiting.done(), queue.size()
    queue.offer("item")
    tells(list(early), waiting.result(), queue.size())


def test_who_waits_longest_is_served_first(queue: Any, their_queue: Any, tells: Tells) -> None:
    first, second = their_queue.take(), their_queue.poll(60)
    queue.add_all(["a", "b"])
    tells(first.result(), second.result())


def test_a_poll_waits_as_long_as_it_was_told(queue: Any, their_queue: Any, tells: Tells) -> None:
    late = queue.poll(0.1)
    waiting = their_queue.poll(60)
    early = waiting.done()
    queue.offer("item")
    tells(late, early, waiting.result())


def test_a_full_queue_takes_nothing(client: HazelcastClient, unique: str, tells: Tells) -> None:
    queue: Any = client.get_queue(f"bounded-{unique}").blocking()
    tells(
        [queue.remaining_capacity(), queue.offer("a"), queue.offer("b"), queue.remaining_capacity()],
        [queue.offer("c"), queue.offer("c", 0.1), queue.iterator()],
        refusal(lambda: queue.add_all(["c"])),
    )


def test_an_offer_waits_for_room(client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells) -> None:
    queue: Any = client.get_queue(f"bounded-{unique}").blocking()
    theirs: Any = other.get_queue(f"bounded-{unique}")
    queue.add_all(["a", "b"])
    put, offer = theirs.put("c"), theirs.offer("d", 60)
    early = [put.done(), offer.done(), theirs.size().result()]
    taken = [queue.take(), queue.take()]
    tells(early, taken, [put.result(), offer.result()], queue.iterator())


def test_a_queue_tells_its_listeners(queue: Any, tells: Tells) -> None:
    heard = Events()
    queue.add_listener(include_value=True, item_added_func=heard, item_removed_func=heard)
    queue.offer("a")
    queue.poll()
    queue.add_all(["b", "c"])
    queue.remove("c")
    queue.clear()
    tells(item_events(heard, 6))


def test_a_queue_listener_without_values_is_told_less(queue: Any, tells: Tells) -> None:
    heard = Events()
    registration = queue.add_listener(include_value=False, item_added_func=heard, item_removed_func=heard)
    queue.offer("a")
    queue.poll()
    told = item_events(heard, 2)
    tells(told, [queue.remove_listener(registration) for _ in range(2)])


def test_a_take_of_a_connection_that_is_gone(
    subject: Subject, identity: Identity, queue: Any, unique: str, tells: Tells
) -> None:
    with signed_in(subject.one.addresses[0], identity) as leaving:
        request = queue_take_codec.encode_request(unique).buf
        leaving.send(request, partition_id=partition_of(data(unique)))
        queue.size()
    second = queue._wrapped.poll(60)
    queue.add_all(["a", "b"])
    tells(f"one of both items is there for the next: {second.result() in ('a', 'b')}")


# ------------------------------------------------------------------------------------------------------------ list


def test_a_list_has_places(list_: Any, tells: Tells) -> None:
    tells(
        [list_.add("a"), list_.add("b"), list_.add_at(0, "first"), list_.get_all(), list_.size()],
        [list_.get(1), list_.set_at(1, "A"), list_.remove_at(0), list_.get_all()],
        [list_.add_all(["b", "c"]), list_.add_all_at(1, ["x", "y"]), list_.add_all([]), list_.get_all()],
        [list_.index_of("b"), list_.last_index_of("b"), list_.index_of("missing")],
        [list_.sub_list(1, 3), list_.iterator(), list_.list_iterator(2)],
    )


def test_a_list_as_a_collection(list_: Any, tells: Tells) -> None:
    list_.add_all(["a", "b", "c", "b"])
    tells(
        [list_.contains("b"), list_.contains("x"), list_.contains_all(["a", "c"]), list_.contains_all(["a", "x"])],
        [list_.remove("b"), list_.remove("x"), list_.get_all()],
        [list_.remove_all(["a", "x"]), list_.retain_all(["b", "x"]), list_.get_all()],
        [list_.clear(), list_.size()],
    )


def test_places_that_a_list_does_not_have(list_: Any, tells: Tells) -> None:
    list_.add("a")
    tells(
        refusal(lambda: list_.get(1)),
        refusal(lambda: list_.get(-1)),
        refusal(lambda: list_.set_at(2, "x")),
        refusal(lambda: list_.remove_at(3)),
        refusal(lambda: list_.add_at(5, "x")),
        refusal(lambda: list_.sub_list(0, 9)),
        list_.get_all(),
    )


def test_a_list_tells_its_listeners(list_: Any, tells: Tells) -> None:
    heard = Events()
    list_.add_listener(include_value=True, item_added_func=heard, item_removed_func=heard)
    list_.add("a")
    list_.add_at(0, "b")
    list_.set_at(0, "c")
    list_.remove("a")
    list_.clear()
    tells(item_events(heard, 6))


# ------------------------------------------------------------------------------------------------------------- set


def test_a_set_has_an_item_once(set_: Any, tells: Tells) -> None:
    tells(
        [set_.add("a"), set_.add("a"), set_.add_all(["a", "b"]), set_.add_all(["a"]), set_.size()],
        [sorted(set_.get_all()), set_.contains("a"), set_.contains_all(["a", "b"]), set_.contains_all(["x"])],
        [set_.remove("a"), set_.remove("a"), set_.remove_all(["x"]), set_.retain_all(["x"]), set_.is_empty()],
        [set_.add("c"), set_.clear(), set_.size()],
    )


def test_a_set_tells_its_listeners(set_: Any, tells: Tells) -> None:
    heard = Events()
    registration = set_.add_listener(include_value=True, item_added_func=heard, item_removed_func=heard)
    set_.add("a")
    set_.add("a")
    set_.remove("a")
    told = item_events(heard, 2)
    tells(told, [set_.remove_listener(registration) for _ in range(2)])
