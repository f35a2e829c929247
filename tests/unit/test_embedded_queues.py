"""Queues of embedded members: order, capacity, and whoever waits for an item or for room."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from support.embedded import MemoryClient, MemoryCluster
from support.serialized import data, value, values
from tealjet.lab.embedded.faults import Mishap
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.structures.queues import UNBOUNDED, Queues
from tealjet.protocol import table
from tealjet.protocol.structures import queues
from tealjet.protocol.structures.parts import ItemEventType

SMALL: Any = functools.partial(Queues, capacities={"other-*": 1, "q*": 2})
"""Queues of which those that are called q... take two items."""


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster(services=[SMALL if one is Queues else one for one in SERVICES])


@pytest.fixture
def client(world: MemoryCluster) -> MemoryClient:
    return world.client()


def offer(client: MemoryClient, item: Any, seconds: float = 0.0, name: str = "q") -> int:
    return client.send(queues.OFFER, name=name, value=data(item), timeout_millis=round(seconds * 1000))


def poll(client: MemoryClient, seconds: float = 0.0) -> int:
    return client.send(queues.POLL, name="q", timeout_millis=round(seconds * 1000))


def polled(client: MemoryClient, call: int) -> Any:
    return value(client.answer(queues.POLL, call))


def has_answer(client: MemoryClient, call: int) -> bool:
    client.take()
    return call in client.answers


def test_items_leave_in_the_order_in_which_they_came(client: MemoryClient) -> None:
    for item in ("a", "b"):
        assert client.answer(queues.OFFER, offer(client, item))
    assert value(client.ask(queues.PEEK, name="q")) == "a"
    assert values(client.ask(queues.ITERATOR, name="q")) == ["a", "b"]
    assert [polled(client, poll(client)) for _ in range(3)] == ["a", "b", None]
    assert client.ask(queues.IS_EMPTY, name="q")


def test_a_queue_takes_as_much_as_its_configuration_says(client: MemoryClient) -> None:
    assert client.ask(queues.REMAINING_CAPACITY, name="q") == 2
    assert client.ask(queues.REMAINING_CAPACITY, name="other-1") == 1
    assert client.ask(queues.REMAINING_CAPACITY, name="unbounded") == UNBOUNDED
    assert [client.answer(queues.OFFER, offer(client, item)) for item in "abc"] == [True, True, False]
    assert client.ask(queues.SIZE, name="q") == 2


def test_all_items_are_added_or_none(client: MemoryClient) -> None:
    (error,) = client.error(queues.ADD_ALL, name="q", data_list=tuple(map(data, "abc")))
    assert (error.error_code, error.message) == (27, "Queue full")
    assert client.ask(queues.SIZE, name="q") == 0
    assert client.ask(queues.ADD_ALL, name="q", data_list=tuple(map(data, "ab")))


def test_who_waits_twice_over_a_connection_that_ends_with_the_first_answer_is_forgotten(
    world: MemoryCluster, client: MemoryClient
) -> None:
    taker = world.client()
    for _ in range(2):
        taker.send(queues.TAKE, name="q")
    taker.session.member.faults.mishaps.append((Mishap.CUT, queues.TAKE.request.type))
    assert [client.answer(queues.OFFER, offer(client, item)) for item in "ab"] == [True, True]
    assert taker.wire.closed
    assert polled(client, poll(client)) == "b"


def test_who_waits_for_an_item_gets_it_in_the_order_in_which_they_came(world: MemoryCluster) -> None:
    takers = [world.client() for _ in range(3)]
    calls = [(one, one.send(queues.TAKE, name="q")) for one in takers]
    giver = world.client()
    giver.ask(queues.ADD_ALL, name="q", data_list=tuple(map(data, "ab")))
    assert [has_answer(*call) for call in calls] == [True, True, False]
    assert [value(one.answer(queues.TAKE, call)) for one, call in calls[:2]] == ["a", "b"]
    offer(giver, "c")
    assert value(takers[2].answer(queues.TAKE, calls[2][1])) == "c"


def test_polling_waits_as_long_as_it_may(world: MemoryCluster, client: MemoryClient) -> None:
    call = poll(client, seconds=2.0)
    world.runtime.advance(1.9)
    assert not has_answer(client, call)
    world.runtime.advance(0.2)
    assert polled(client, call) is None
    offer(client, "a")
    assert client.ask(queues.SIZE, name="q") == 1  # nobody waits any more


def test_who_waits_for_room_puts_their_item_when_one_is_taken(world: MemoryCluster, client: MemoryClient) -> None:
    waiting = world.client()
    for item in "ab":
        offer(client, item)
    put = waiting.send(queues.PUT, name="q", value=data("c"))
    offered = offer(waiting, "d", seconds=1.0)
    world.runtime.advance(1.1)
    assert waiting.answer(queues.OFFER, offered) is False
    assert polled(client, poll(client)) == "a"
    assert has_answer(waiting, put)
    assert values(client.ask(queues.ITERATOR, name="q")) == ["b", "c"]


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (queues.CLEAR, {}),
        (queues.DRAIN_TO_MAX_SIZE, {"max_size": -1}),
        (queues.REMOVE, {"value": data("a")}),
        (queues.COMPARE_AND_REMOVE_ALL, {"data_list": (data("a"),)}),
        (queues.COMPARE_AND_RETAIN_ALL, {"data_list": (data("b"),)}),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_whatever_makes_room_lets_in_who_waits(client: MemoryClient, message: Any, fields: dict[str, Any]) -> None:
    for item in "ab":
        offer(client, item)
    put = client.send(queues.PUT, name="q", value=data("c"))
    assert not has_answer(client, put)
    client.ask(message, name="q", **fields)
    assert has_answer(client, put)


def test_items_are_found_and_removed_by_what_they_are(client: MemoryClient) -> None:
    client.ask(queues.ADD_ALL, name="u", data_list=tuple(map(data, "abcab")))
    assert client.ask(queues.CONTAINS, name="u", value=data("b"))
    assert client.ask(queues.CONTAINS_ALL, name="u", data_list=(data("a"), data("c")))
    assert not client.ask(queues.CONTAINS_ALL, name="u", data_list=(data("a"), data("z")))
    assert client.ask(queues.REMOVE, name="u", value=data("a"))
    assert not client.ask(queues.REMOVE, name="u", value=data("z"))
    assert values(client.ask(queues.ITERATOR, name="u")) == ["b", "c", "a", "b"]
    assert client.ask(queues.COMPARE_AND_REMOVE_ALL, name="u", data_list=(data("b"),))
    assert not client.ask(queues.COMPARE_AND_REMOVE_ALL, name="u", data_list=(data("b"),))
    assert client.ask(queues.COMPARE_AND_RETAIN_ALL, name="u", data_list=(data("a"),))
    assert values(client.ask(queues.DRAIN_TO_MAX_SIZE, name="u", max_size=5)) == ["a"]


def test_draining_takes_as_many_as_are_wanted(client: MemoryClient) -> None:
    client.ask(queues.ADD_ALL, name="u", data_list=tuple(map(data, "abc")))
    assert values(client.ask(queues.DRAIN_TO_MAX_SIZE, name="u", max_size=2)) == ["a", "b"]
    assert values(client.ask(queues.DRAIN_TO_MAX_SIZE, name="u", max_size=-1)) == ["c"]


@pytest.mark.parametrize("include_value", [True, False])
def test_a_listener_hears_of_items_that_come_and_go(client: MemoryClient, include_value: bool) -> None:
    registration = client.ask(queues.ADD_LISTENER, name="q", include_value=include_value, local_only=False)
    offer(client, "a")
    offer(client, "b")
    poll(client)
    client.ask(queues.CLEAR, name="q")
    heard = [(event.event_type, value(event.item)) for event in client.take_events(queues.ADD_LISTENER)]
    came, went = ItemEventType.ADDED, ItemEventType.REMOVED
    happened = [(came, "a"), (came, "b"), (went, "a"), (went, "b")]
    assert heard == (happened if include_value else [(what, None) for what, _ in happened])
    assert client.ask(queues.REMOVE_LISTENER, name="q", registration_id=registration)
    offer(client, "c")
    assert not client.take_events(queues.ADD_LISTENER)


def test_a_client_that_has_gone_takes_nothing(world: MemoryCluster, client: MemoryClient) -> None:
    gone = world.client()
    gone.send(queues.TAKE, name="q")
    gone.session.end("gone")
    offer(client, "a")
    assert client.ask(queues.SIZE, name="q") == 1


def test_who_waits_at_a_queue_that_is_destroyed_is_told(world: MemoryCluster, client: MemoryClient) -> None:
    waiting = world.client()
    call = waiting.send(queues.TAKE, name="q")
    client.ask(table.DESTROY_PROXY, name="q", service_name="hz:impl:queueService")
    with pytest.raises(AssertionError, match="DistributedObjectDestroyedException"):
        waiting.answer(queues.TAKE, call)
    offer(client, "a")
    assert client.ask(queues.SIZE, name="q") == 1
