"""What a member answers to whoever connects, before anything else can be asked of it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from hazelcast.protocol.codec import client_get_distributed_objects_codec

from support.conformance import Subject
from support.raw_member import ClosedError, Identity, RawMember, RefusedError, signed_in
from tealjet.protocol import table
from tealjet.protocol.values import AuthenticationResponse

TITLE = "Signing in"

Tells = Callable[..., None]


def answer(subject: Subject, identity: Identity) -> str:
    with RawMember(subject.one.addresses[0]) as member:
        return _told(member.sign_in(identity))


def _told(answer: AuthenticationResponse) -> str:
    told = {
        "version": answer.server_version,
        "partitions": answer.partition_count,
        "serialization": answer.serialization_version,
        "cluster id": answer.cluster_id is not None,
        "member id": answer.member_uuid is not None,
        "address": answer.address,
    }
    return f"status {answer.status}, " + ", ".join(f"{name} {value}" for name, value in told.items())


def test_the_right_cluster_name_is_let_in(subject: Subject, identity: Identity, tells: Tells) -> None:
    tells(answer(subject, identity))


def test_the_answer_tells_more_since_5_5(subject: Subject, identity: Identity, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0]) as member:
        answer = member.sign_in(identity)
    tells(
        f"failover supported: {answer.failover_supported}",
        f"{len(answer.members)} members, version {answer.member_list_version}",
        f"tpc ports {answer.tpc_ports}, token {answer.tpc_token!r}",
        f"further: {sorted(answer.key_value_pairs)}",
    )


def test_another_cluster_name_is_refused(subject: Subject, identity: Identity, tells: Tells) -> None:
    tells(answer(subject, replace(identity, cluster_name="another")))


def test_an_empty_cluster_name_is_refused(subject: Subject, identity: Identity, tells: Tells) -> None:
    tells(answer(subject, replace(identity, cluster_name="")))


def test_nothing_is_done_for_who_was_refused(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0]) as member:
        status = member.sign_in(replace(identity, cluster_name="another")).status
        tells(f"status {status}, then {hung_up_on(member, unique)}", objects_of(subject, identity, unique))


def hung_up_on(member: RawMember, unique: str) -> str:
    """Ask for a map; the refusal may come, or get lost with the connection."""
    with contextlib.suppress(RefusedError, ClosedError):
        member.ask(table.CREATE_PROXY, name=unique, service_name="hz:impl:mapService")
        return "answered"
    member.wait_for_close()
    return "closed"


def objects_of(subject: Subject, identity: Identity, unique: str) -> list[str]:
    with signed_in(subject.one.addresses[0], identity) as member:
        return [one.name for one in member.call(client_get_distributed_objects_codec) if one.name == unique]


def test_a_user_name_and_a_password_that_nobody_asked_for(subject: Subject, identity: Identity, tells: Tells) -> None:
    tells(answer(subject, replace(identity, username="somebody", password="secret")))


def test_a_token_that_nobody_asked_for(subject: Subject, identity: Identity, tells: Tells) -> None:
    fields = {name: value for name, value in vars(identity).items() if name not in ("username", "password")}
    with RawMember(subject.one.addresses[0]) as member:
        tells(
            _told(
                member.ask(
                    table.AUTHENTICATION_CUSTOM, client_hazelcast_version="5.7.0", credentials=b"token", **fields
                )
            )
        )


def test_another_serialization_version_is_refused(subject: Subject, identity: Identity, tells: Tells) -> None:
    tells(answer(subject, replace(identity, serialization_version=2)))


def test_a_client_without_an_id(subject: Subject, identity: Identity, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0]) as member, pytest.raises(RefusedError) as caught:
        member.sign_in(replace(identity, uuid=None))
    tells(caught.value.errors[0].class_name)


def test_two_connections_of_one_client_are_let_in(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity), RawMember(subject.one.addresses[0]) as second:
        tells(f"status {second.sign_in(identity).status}")


def test_a_connection_may_sign_in_again(subject: Subject, identity: Identity, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        tells(f"status {member.sign_in(identity).status}")


def test_nothing_is_done_for_who_has_not_signed_in(
    subject: Subject, identity: Identity, unique: str, tells: Tells
) -> None:
    with RawMember(subject.one.addresses[0]) as member:
        tells(hung_up_on(member, unique), objects_of(subject, identity, unique))


def test_another_protocol_is_hung_up_on(subject: Subject, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0], preamble=b"GET / HTTP/1.1\r\n\r\n") as member:
        member.wait_for_close()
    tells("closed")


def test_a_preamble_may_come_byte_by_byte(subject: Subject, identity: Identity, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0], preamble=b"") as member:
        for byte in b"CP2":
            member.socket.sendall(bytes([byte]))
        tells(f"status {member.sign_in(identity).status}")


def test_the_same_cluster_has_one_id_and_each_member_its_own(subject: Subject, tells: Tells) -> None:
    identity, told = Identity(cluster_name=subject.pair.name), []
    for address in subject.pair.addresses:
        with RawMember(address) as member:
            told.append(member.sign_in(identity))
    same_cluster = told[0].cluster_id == told[1].cluster_id
    tells(f"one cluster: {same_cluster}, one member: {told[0].member_uuid == told[1].member_uuid}")


def test_ids_stay_the_same_for_everybody(subject: Subject, identity: Identity, tells: Tells) -> None:
    told = []
    for _ in range(2):
        with RawMember(subject.one.addresses[0]) as member:
            told.append(member.sign_in(replace(identity, uuid=uuid.uuid4())))
    tells(f"{told[0].cluster_id == told[1].cluster_id}, {told[0].member_uuid == told[1].member_uuid}")
