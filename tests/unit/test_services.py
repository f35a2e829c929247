"""What lifecycle and membership listeners are told, whenever they are added, and how members look to a user."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

from hazelcast.config import Config
from hazelcast.core import Address, EndpointQualifier, ProtocolType

from tealjet.bridge.services import LifecycleEvents, Members
from tealjet.protocol import values


class Callbacks:
    """Runs callbacks when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []

    def lane(self, name: str) -> Any:
        return Mock(put=self.waiting.append)

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class AtOnce(Callbacks):
    """Runs callbacks in the midst of what tells them."""

    def lane(self, name: str) -> Any:
        return Mock(put=lambda callback: callback())


def member(port: int, **public: values.Address) -> values.MemberInfo:
    return values.MemberInfo(
        uuid=uuid.uuid4(),
        address=values.Address(host="10.0.0.1", port=port),
        attributes={},
        lite_member=False,
        version=values.MemberVersion(5, 7, 0),
        address_map={values.EndpointQualifier(type=1, identifier=name): one for name, one in public.items()},
    )


def members_of(callbacks: Any) -> Any:
    members = Members(Mock(), Config(), callbacks)
    members.use(Mock())
    return members


def lifecycle_of(callbacks: Any) -> Any:
    return LifecycleEvents(Config(), callbacks)


def test_a_lifecycle_listener_is_told_of_nothing_that_was_before_it() -> None:
    callbacks, told = Callbacks(), list[str]()
    lifecycle = lifecycle_of(callbacks)
    lifecycle.add_listener(lambda _: None)
    lifecycle.fire_lifecycle_event("CONNECTED")
    lifecycle.add_listener(told.append)
    callbacks.run()
    assert told == []
    lifecycle.fire_lifecycle_event("DISCONNECTED")
    callbacks.run()
    assert told == ["DISCONNECTED"]


def test_listeners_may_be_added_while_others_are_told() -> None:
    members, lifecycle = members_of(AtOnce()), lifecycle_of(AtOnce())
    told: list[Any] = []
    members.add_listener(lambda _: members.add_listener(told.append, told.append), lambda _: members.add_listener())
    lifecycle.add_listener(lambda _: lifecycle.add_listener(told.append))
    first, second = member(5701), member(5702)
    members.update([first])
    lifecycle.fire_lifecycle_event("DISCONNECTED")
    assert told == []
    members.update([second])
    lifecycle.fire_lifecycle_event("CONNECTED")
    assert [getattr(one, "uuid", one) for one in told] == [first.uuid, second.uuid, "CONNECTED"]


def test_members_are_told_as_removed_before_others_are_told_as_added_and_those_that_stay_are_not_told() -> None:
    members, told = members_of(AtOnce()), list[tuple[str, uuid.UUID]]()
    one, two, three, four = (member(port) for port in range(4))
    members.update([one, two, three])
    members.add_listener(lambda it: told.append(("added", it.uuid)), lambda it: told.append(("removed", it.uuid)))
    members.update([two, four])
    assert told == [("removed", one.uuid), ("removed", three.uuid), ("added", four.uuid)]


def test_a_member_shows_all_addresses_that_it_told() -> None:
    members = members_of(AtOnce())
    members.update([member(5701, public=values.Address(host="198.51.100.1", port=9701))])
    (shown,) = members.get_members()
    assert shown.address == Address("10.0.0.1", 5701)
    assert shown.address_map[EndpointQualifier(ProtocolType.CLIENT, "public")] == Address("198.51.100.1", 9701)
    assert shown.address_map[EndpointQualifier(ProtocolType.MEMBER, None)] == Address("10.0.0.1", 5701)
