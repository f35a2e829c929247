"""A cluster of two members: whom listeners are told of, what is asked of a member that does not own it, backups."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hazelcast.protocol.codec import (
    map_add_entry_listener_codec,
    map_get_codec,
    map_put_codec,
    map_remove_entry_listener_codec,
    topic_add_message_listener_codec,
    topic_publish_codec,
)

from support.conformance import Subject
from support.raw_member import Identity, RawMember, data, partition_of, signed_in, value_of
from tealjet.protocol import codec, frames, table
from tealjet.protocol.values import PartitionsView

TITLE = "Two members"

Tells = Callable[..., None]

ALL_EVENTS = 0x3FF
NO_TTL = -1
THREAD = 1


class TwoMembers:
    """A connection of one client to each member, and keys that each member owns."""

    def __init__(self, first: RawMember, second: RawMember, owned: dict[Any, tuple[int, ...]]) -> None:
        self.first, self.second = first, second
        self._owned = owned

    def keys_of(self, member: RawMember) -> Iterator[str]:
        """Keys that this member owns, without end."""
        owned = frozenset(self._owned[member.uuid])
        return (key for number in itertools.count() if partition_of(data(key := f"key-{number}")) in owned)


@pytest.fixture
def two(subject: Subject) -> Iterator[TwoMembers]:
    identity = Identity(cluster_name=subject.pair.name)
    first, second = subject.pair.addresses
    with signed_in(first, Identity(cluster_name=subject.pair.name)) as watch:
        watch.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
        watch.ask(table.ADD_CLUSTER_VIEW_LISTENER)
        view: Any = None
        while not (isinstance(view, PartitionsView) and len(view.partitions) == len(subject.pair.addresses)):
            view = watch.event(table.ADD_CLUSTER_VIEW_LISTENER)
    with signed_in(first, identity) as one, signed_in(second, identity) as other:
        yield TwoMembers(one, other, dict(view.partitions))


def put(member: RawMember, name: str, key: str, value: str) -> Any:
    """Put through the member, whoever owns the key."""
    key_data = data(key)
    arguments = (name, key_data, data(value), THREAD, NO_TTL)
    return value_of(member.call(map_put_codec, *arguments, partition_id=partition_of(key_data)))


def values_heard(member: RawMember, last: str) -> list[str]:
    """The values that a map listener of this connection is told of, up to and with the last one."""
    values: list[str] = []
    while last not in values:
        map_add_entry_listener_codec.handle(
            member.event_message(), lambda key, value, *_: values.append(value_of(value))
        )
    return values


def test_a_local_listener_is_told_of_what_its_member_owns(two: TwoMembers, unique: str, tells: Tells) -> None:
    two.first.call(map_add_entry_listener_codec, unique, True, ALL_EVENTS, True)
    own, foreign = next(two.keys_of(two.first)), next(two.keys_of(two.second))
    put(two.second, unique, foreign, "of the other")
    put(two.second, unique, own, "of its own")
    put(two.second, unique, own, "the last")
    tells(values_heard(two.first, "the last"))


def test_a_cluster_wide_listener_is_told_of_everything(two: TwoMembers, unique: str, tells: Tells) -> None:
    two.first.call(map_add_entry_listener_codec, unique, True, ALL_EVENTS, False)
    put(two.second, unique, next(two.keys_of(two.first)), "of its own")
    mine = values_heard(two.first, "of its own")
    put(two.second, unique, next(two.keys_of(two.second)), "of the other")
    tells(mine, values_heard(two.first, "of the other"))


def test_a_removed_listener_is_told_nothing_more(two: TwoMembers, unique: str, tells: Tells) -> None:
    key = next(two.keys_of(two.first))
    removed = two.first.call(map_add_entry_listener_codec, unique, True, ALL_EVENTS, True)
    answers = [two.first.call(map_remove_entry_listener_codec, unique, removed) for _ in range(2)]
    put(two.first, unique, key, "after the removal")
    two.first.call(map_add_entry_listener_codec, unique, True, ALL_EVENTS, True)
    put(two.first, unique, key, "the last")
    tells(answers, values_heard(two.first, "the last"))


def test_a_member_answers_for_what_the_other_owns(two: TwoMembers, unique: str, tells: Tells) -> None:
    told = []
    for asked, owner in ((two.first, two.second), (two.second, two.first)):
        key = next(two.keys_of(owner))
        before = put(asked, unique, key, "put")
        key_data = data(key)
        value = owner.call(map_get_codec, unique, key_data, THREAD, partition_id=partition_of(key_data))
        told.append((before, value_of(value)))
    tells(told)


def test_a_cluster_wide_listener_of_a_topic_is_told_of_every_message(
    two: TwoMembers, unique: str, tells: Tells
) -> None:
    two.first.call(topic_add_message_listener_codec, unique, False)
    heard: list[Any] = []
    name_partition = partition_of(data(unique))
    for number, publisher in enumerate((two.first, two.second)):
        publisher.call(topic_publish_codec, unique, data(f"message {number}"), partition_id=name_partition)
        topic_add_message_listener_codec.handle(
            two.first.event_message(), lambda item, *_: heard.append(value_of(item))
        )
    tells(heard)


def test_backups_acknowledge_to_who_listens_and_says_so(two: TwoMembers, unique: str, tells: Tells) -> None:
    two.first.ask(table.LOCAL_BACKUP_LISTENER)
    two.second.ask(table.LOCAL_BACKUP_LISTENER)
    key_data = data(next(two.keys_of(two.first)))
    request = map_put_codec.encode_request(unique, key_data, data("value"), THREAD, NO_TTL).buf
    sent = two.first.send(request, partition_id=partition_of(key_data), backup_aware=True)
    answer = two.first.answer_to(sent)
    told = f"{answer.backup_acks} to come"
    if answer.backup_acks:
        message = two.second.event_message()
        event = codec.decode_event(table.LOCAL_BACKUP_LISTENER, message)
        told += f", its flags {message.flags & (frames.EVENT | frames.BACKUP_EVENT):#x}, "
        told += f"for the call: {event.source_correlation_id == sent}"
    tells(told)


def test_backups_acknowledge_to_nobody_who_does_not_say_so(two: TwoMembers, unique: str, tells: Tells) -> None:
    two.second.ask(table.LOCAL_BACKUP_LISTENER)
    key_data = data(next(two.keys_of(two.first)))
    request = map_put_codec.encode_request(unique, key_data, data("value"), THREAD, NO_TTL).buf
    answer = two.first.answer_to(two.first.send(request, partition_id=partition_of(key_data)))
    tells(f"{answer.backup_acks} to come")
