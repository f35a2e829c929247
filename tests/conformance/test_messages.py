"""Messages as such: unknown ones, many at once, in pieces and in fragments; events of the cluster's view; proxies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.protocol.codec import (
    client_add_distributed_object_listener_codec,
    client_destroy_proxy_codec,
    client_get_distributed_objects_codec,
    client_remove_distributed_object_listener_codec,
)

from support.conformance import Subject
from support.raw_member import Identity, RawMember, RefusedError, signed_in
from tealjet.protocol import codec, frames, table
from tealjet.protocol.declare import declare
from tealjet.protocol.layout import INT, STRING, Field
from tealjet.protocol.values import MembersView, PartitionsView

TITLE = "Messages and the cluster's view"

Tells = Callable[..., None]

MAP_SERVICE = "hz:impl:mapService"
DOUBLE = "tealjet.double"
"""The attribute by which an embedded member says what it is."""
NOBODY_KNOWS = declare("nobody.knows", 0x7F0100, retryable=False, request=(Field("number", INT),))


# -------------------------------------------------------------------------------------------------------- messages


def test_a_ping_is_answered(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        answer = member.answer_to(member.send(codec.encode_request(table.PING)))
    tells(f"{answer.type:#08x}")


def test_an_unknown_message_is_refused_and_the_connection_stays(
    subject: Subject, identity: Identity, tells: Tells
) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        with pytest.raises(RefusedError) as caught:
            member.ask(NOBODY_KNOWS, number=1)
        member.ask(table.PING)
    tells(str(caught.value))


def test_requests_that_come_at_once_are_all_answered(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        sent = [member.send(codec.encode_request(table.PING)) for _ in range(500)]
        answers = [member.answer_to(correlation_id).type for correlation_id in sent]
    tells(f"{len(answers)} answers, {len(set(answers))} type")


def test_a_request_may_come_in_pieces(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        request = codec.encode_request(table.PING)
        frames.stamp(request, 4711, -1, backup_aware=False)
        for byte in request:
            member.socket.sendall(bytes([byte]))
        tells(f"{member.answer_to(4711).type:#08x}")


def test_a_request_may_come_in_fragments(subject: Subject, identity: Identity, tells: Tells, unique: str) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        request = codec.encode_request(table.CREATE_PROXY, name=unique, service_name=MAP_SERVICE)
        frames.stamp(request, 4711, -1, backup_aware=False)
        pieces = frames.fragments(bytes(request), 60, 1)
        for piece in pieces:
            member.socket.sendall(piece)
        answer = member.answer_to(4711)
    tells(f"{len(pieces)} fragments, {answer.type:#08x}")


def test_what_a_newer_client_appends_is_skipped(subject: Subject, identity: Identity, tells: Tells) -> None:
    newer = declare(
        "client.createProxy of tomorrow",
        table.CREATE_PROXY.request.type,
        retryable=False,
        request=(Field("name", STRING), Field("service_name", STRING), Field("more", STRING), Field("and_more", INT)),
    )
    with signed_in(subject.one.addresses[0], identity) as member:
        member.ask(newer, name="newer", service_name=MAP_SERVICE, more="more", and_more=1)
    tells("answered")


# ---------------------------------------------------------------------------------------------- the cluster's view


def views_of(subject: Subject, address: str, cluster_name: str) -> tuple[MembersView, PartitionsView]:
    with signed_in(address, Identity(cluster_name=cluster_name)) as member:
        member.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
        member.ask(table.ADD_CLUSTER_VIEW_LISTENER)
        views: list[Any] = []
        while not (
            any(isinstance(view, PartitionsView) and view.partitions for view in views)
            and any(isinstance(view, MembersView) for view in views)
        ):
            views.append(member.event(table.ADD_CLUSTER_VIEW_LISTENER))
    members = next(view for view in views if isinstance(view, MembersView))
    return members, next(view for view in views if isinstance(view, PartitionsView) and view.partitions)


def test_nobody_owns_a_partition_until_somebody_asks_for_it(subject: Subject, tells: Tells) -> None:
    with signed_in(subject.fresh.addresses[0], Identity(cluster_name=subject.fresh.name)) as member:
        member.ask(table.ADD_CLUSTER_VIEW_LISTENER)
        first: Any = [member.event(table.ADD_CLUSTER_VIEW_LISTENER)]
        first += member.events_before(table.ADD_CLUSTER_VIEW_LISTENER)
        owned = [len(view.partitions) for view in first if isinstance(view, PartitionsView)]
        member.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
        later: Any = None
        while not (isinstance(later, PartitionsView) and later.partitions):
            later = member.event(table.ADD_CLUSTER_VIEW_LISTENER)
    (partitions,) = later.partitions.values()
    tells(f"before: {owned}", f"after: {len(partitions)} of one owner", f"all of them: {sorted(partitions)[-1] + 1}")


def test_a_view_listener_is_told_of_the_members(subject: Subject, tells: Tells) -> None:
    members, _ = views_of(subject, subject.one.addresses[0], subject.one.name)
    (member,) = members.members
    tells(
        f"{member.address} (asked at {subject.one.addresses[0]})",
        f"version {'.'.join(map(str, member.version))}",
        f"lite: {member.lite_member}",
        f"attributes {[name for name in member.attributes if name != DOUBLE]}",
        f"further addresses {[f'{kind.type} {kind.identifier}: {one}' for kind, one in member.address_map.items()]}",
    )


def test_two_members_share_the_partitions(subject: Subject, tells: Tells) -> None:
    members, partitions = views_of(subject, subject.pair.addresses[0], subject.pair.name)
    uuids = {member.uuid for member in members.members}
    shares = sorted(map(len, partitions.partitions.values()))
    every = sorted(number for owned in partitions.partitions.values() for number in owned)
    tells(
        f"shares {shares}",
        f"each once: {every == list(range(271))}",
        f"owners are members: {partitions.partitions.keys() == uuids}",
    )


def test_every_member_tells_the_same_view(subject: Subject, tells: Tells) -> None:
    first, second = (views_of(subject, address, subject.pair.name) for address in subject.pair.addresses)
    tells(
        f"members {[one.uuid for one in first[0].members] == [one.uuid for one in second[0].members]}",
        f"version {first[0].version == second[0].version}",
        f"partitions {first[1].partitions == second[1].partitions}",
    )


def test_the_order_of_the_members_is_that_of_their_joining(subject: Subject, tells: Tells) -> None:
    members, _ = views_of(subject, subject.pair.addresses[0], subject.pair.name)
    addresses = [str(member.address) for member in members.members]
    tells(f"{addresses == subject.pair.addresses}, version {members.version}")


def test_since_5_5_the_members_stand_in_the_answer_to_the_authentication(subject: Subject, tells: Tells) -> None:
    members, partitions = views_of(subject, subject.one.addresses[0], subject.one.name)
    with RawMember(subject.one.addresses[0]) as member:
        answer = member.sign_in(Identity(cluster_name=subject.one.name))
    tells(
        f"the same members: {answer.members == members.members}",
        f"the same partitions: {answer.partitions == partitions.partitions}",
        f"versions given: {answer.member_list_version >= 0}, {answer.partition_list_version >= 0}",
    )


def test_backup_listeners_get_an_id(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        first, second = (member.ask(table.LOCAL_BACKUP_LISTENER) for _ in range(2))
    tells(f"another one each time: {first != second}")


# --------------------------------------------------------------------------------------------------------- proxies


def objects(member: Any, unique: str) -> list[tuple[str, str]]:
    found = member.call(client_get_distributed_objects_codec)
    return sorted((one.name, one.service_name) for one in found if one.name.startswith(unique))


def test_what_is_created_is_listed_until_it_is_destroyed(
    subject: Subject, identity: Identity, tells: Tells, unique: str
) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        before = objects(member, unique)
        member.ask(table.CREATE_PROXY, name=unique, service_name=MAP_SERVICE)
        member.ask(table.CREATE_PROXY, name=unique, service_name=MAP_SERVICE)
        created = objects(member, unique)
        member.call(client_destroy_proxy_codec, unique, MAP_SERVICE)
        member.call(client_destroy_proxy_codec, unique, MAP_SERVICE)
        destroyed = objects(member, unique)
    tells(before, created, destroyed)


def test_several_are_created_by_one_message(subject: Subject, identity: Identity, tells: Tells, unique: str) -> None:
    wanted = [(f"{unique}-1", MAP_SERVICE), (f"{unique}-2", "hz:impl:queueService")]
    with signed_in(subject.one.addresses[0], identity) as member:
        member.call(client_add_distributed_object_listener_codec, False)
        try:
            member.ask(table.CREATE_PROXIES, proxies=wanted)
            tells(sorted(heard_objects(member, 2, unique)))
        except RefusedError as error:  # the number is another message's there
            tells(error.errors[0].class_name)


def test_a_service_that_nobody_has_is_refused(subject: Subject, identity: Identity, tells: Tells, unique: str) -> None:
    with signed_in(subject.one.addresses[0], identity) as member, pytest.raises(RefusedError) as caught:
        member.ask(table.CREATE_PROXY, name=unique, service_name="hz:impl:nobodysService")
    tells(str(caught.value))


def heard_objects(member: Any, number: int, unique: str) -> list[str]:
    heard: list[str] = []

    def hear(name: str, service: str, kind: str, source: object) -> None:
        if name.startswith(unique):
            heard.append(f"{kind} {service} by {'nobody' if source is None else 'somebody'}")

    while len(heard) < number:
        client_add_distributed_object_listener_codec.handle(member.event_message(), hear)
    return heard


def test_listeners_are_told_of_objects(subject: Subject, identity: Identity, tells: Tells, unique: str) -> None:
    told = []
    for local_only in (True, False):
        with signed_in(subject.one.addresses[0], identity) as member:
            member.call(client_add_distributed_object_listener_codec, local_only)
            member.ask(table.CREATE_PROXY, name=unique, service_name=MAP_SERVICE)
            member.call(client_destroy_proxy_codec, unique, MAP_SERVICE)
            told.append(", ".join(heard_objects(member, 2, unique)))
    tells(*told)


def test_a_listener_of_objects_can_be_removed_once(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        registration = member.call(client_add_distributed_object_listener_codec, True)
        removed = [member.call(client_remove_distributed_object_listener_codec, registration) for _ in range(2)]
    tells(removed)
