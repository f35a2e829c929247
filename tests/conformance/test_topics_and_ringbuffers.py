"""Topics, ringbuffers with reads that wait, and reliable topics, which are made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.client import HazelcastClient
from hazelcast.proxy.ringbuffer import OVERFLOW_POLICY_FAIL, OVERFLOW_POLICY_OVERWRITE

from support.clusters import Events
from support.conformance import refusal

TITLE = "Topic, Ringbuffer, ReliableTopic"

Tells = Callable[..., None]

CAPACITY = 10_000
BATCH = 1_000


@pytest.fixture
def ringbuffer(client: HazelcastClient, unique: str) -> Any:
    return client.get_ringbuffer(unique).blocking()


@pytest.fixture
def their_ringbuffer(other: HazelcastClient, unique: str) -> Any:
    """The same one, as another client has it."""
    return other.get_ringbuffer(unique)


# ----------------------------------------------------------------------------------------------------------- topics


def test_a_topic_tells_every_listener_in_order(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    heard, theirs = Events(), Events()
    topic: Any = client.get_topic(unique).blocking()
    topic.add_listener(heard)
    other.get_topic(unique).blocking().add_listener(theirs)
    for number in range(5):
        topic.publish(number)
    heard.wait_for_number(5)
    theirs.wait_for_number(5)
    (member,) = client.cluster_service.get_members()
    tells(
        [message.message for message in heard.all],
        [message.message for message in theirs.all],
        f"by the member: {heard.all[0].member == member}, named {heard.all[0].name}",
        f"with a time: {heard.all[0].publish_time > 1_600_000_000}",
    )


def test_several_messages_at_once(client: HazelcastClient, unique: str, tells: Tells) -> None:
    heard = Events()
    topic: Any = client.get_topic(unique).blocking()
    topic.add_listener(heard)
    refused = refusal(lambda: topic.publish_all(["a", "b"]))
    topic.publish("last")
    heard.wait_for(lambda message: message.message == "last")
    tells(refused, [message.message for message in heard.all])


def test_a_topic_listener_is_removed_once(client: HazelcastClient, unique: str, tells: Tells) -> None:
    removed, kept = Events(), Events()
    topic: Any = client.get_topic(unique).blocking()
    registration = topic.add_listener(removed)
    answers = [topic.remove_listener(registration) for _ in range(2)]
    topic.add_listener(kept)
    topic.publish("message")
    kept.wait_for_number(1)
    tells(answers, removed.all)


# ------------------------------------------------------------------------------------------------------ ringbuffers


def test_an_empty_ringbuffer(ringbuffer: Any, tells: Tells) -> None:
    tells(
        f"capacity {ringbuffer.capacity()}, size {ringbuffer.size()}, room {ringbuffer.remaining_capacity()}",
        f"head {ringbuffer.head_sequence()}, tail {ringbuffer.tail_sequence()}",
    )


def test_items_have_sequences(ringbuffer: Any, tells: Tells) -> None:
    tells(
        [ringbuffer.add("a"), ringbuffer.add("b"), ringbuffer.add_all(["c", "d"])],
        [ringbuffer.head_sequence(), ringbuffer.tail_sequence(), ringbuffer.size(), ringbuffer.remaining_capacity()],
        [ringbuffer.read_one(0), ringbuffer.read_one(3)],
    )


def told_of(result: Any) -> str:
    sequences = [result.get_sequence(number) for number in range(len(result))]
    return f"{list(result)} at {sequences}, read {result.read_count}, then {result.next_sequence_to_read_from}"


def test_several_items_are_read_at_once(ringbuffer: Any, tells: Tells) -> None:
    ringbuffer.add_all(["a", "b", "c"])
    tells(
        told_of(ringbuffer.read_many(0, 1, 10)),
        told_of(ringbuffer.read_many(1, 1, 1)),
        told_of(ringbuffer.read_many(3, 0, 10)),
    )


def test_the_oldest_items_are_overwritten_and_cannot_be_read(ringbuffer: Any, tells: Tells) -> None:
    for first in range(0, CAPACITY, BATCH):
        ringbuffer.add_all(list(range(first, first + BATCH)))
    full = [ringbuffer.size(), ringbuffer.head_sequence(), ringbuffer.tail_sequence()]
    ringbuffer.add_all(["x", "y"], OVERFLOW_POLICY_OVERWRITE)
    tells(
        full,
        [ringbuffer.size(), ringbuffer.head_sequence(), ringbuffer.tail_sequence(), ringbuffer.read_one(2)],
        refusal(lambda: ringbuffer.read_one(1)),
        told_of(ringbuffer.read_many(0, 1, 3)),
        [ringbuffer.add("z", OVERFLOW_POLICY_FAIL), ringbuffer.add_all(["z"], OVERFLOW_POLICY_FAIL)],
        ringbuffer.remaining_capacity(),
    )


def test_a_read_waits_for_its_item(ringbuffer: Any, their_ringbuffer: Any, tells: Tells) -> None:
    waiting = their_ringbuffer.read_one(0)
    early = waiting.done(), ringbuffer.size()
    ringbuffer.add("item")
    tells(list(early), waiting.result())


def test_a_read_of_several_waits_for_the_least_number(ringbuffer: Any, their_ringbuffer: Any, tells: Tells) -> None:
    waiting = their_ringbuffer.read_many(0, 2, 10)
    ringbuffer.add("a")
    early = waiting.done(), ringbuffer.size()
    ringbuffer.add("b")
    tells(list(early), told_of(waiting.result()))


def test_an_item_after_the_next_one_is_not_waited_for(ringbuffer: Any, tells: Tells) -> None:
    ringbuffer.add("item")
    tells(refusal(lambda: ringbuffer.read_one(5)))


# --------------------------------------------------------------------------------------------------- reliable topics


def test_a_reliable_topic_loses_nothing(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    heard = Events()
    topic: Any = client.get_reliable_topic(unique).blocking()
    registration = topic.add_listener(heard)
    theirs: Any = other.get_reliable_topic(unique).blocking()
    theirs.publish("theirs")
    topic.publish_all(["a", "b"])
    heard.wait_for_number(3)
    ringbuffer: Any = client.get_ringbuffer(f"_hz_rb_{unique}").blocking()
    tells([message.message for message in heard.all], topic.remove_listener(registration), ringbuffer.size())
