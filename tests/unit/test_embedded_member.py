"""An embedded member alone: greeting, authentication, what it refuses and how, what it does not know."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from support.embedded import MemoryClient, MemoryCluster
from tealjet.lab.embedded.session import PlayedSession
from tealjet.lab.embedded.settings import RELEASES, Limits
from tealjet.protocol import cluster as cluster_messages
from tealjet.protocol import codec, frames, table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.values import (
    ClientFilterEntry,
    ClientFilterKind,
    ClientFilterMode,
    ClusterState,
    DistributedObject,
    DistributedObjectEvent,
    ErrorHolder,
)

MAPS = "hz:impl:mapService"

versions = pytest.mark.parametrize("version", RELEASES)


def told(errors: tuple[ErrorHolder, ...]) -> list[tuple[int, str, str | None]]:
    return [(one.error_code, one.class_name, one.message) for one in errors]


def ended(session: PlayedSession) -> str | None:
    """Why the connection has ended, None while it has not."""
    return None if session.open else session.ended_by


# ------------------------------------------------------------------------------------------------------ first bytes


@pytest.mark.parametrize("pieces", [(b"CP2",), (b"C", b"P", b"2"), (b"", b"CP", b"2")])
def test_a_greeting_may_come_in_pieces(pieces: tuple[bytes, ...]) -> None:
    client = MemoryClient(MemoryCluster().members[0], greet=False)
    for piece in pieces:
        client.session.receive(piece)
    assert client.authenticate().status == 0


@pytest.mark.parametrize("greeting", [b"XP2", b"CP3", b"GET / HTTP/1.1\r\n\r\n"])
def test_another_greeting_ends_the_connection(greeting: bytes) -> None:
    client = MemoryClient(MemoryCluster().members[0], greet=False)
    client.session.receive(greeting)
    assert client.wire.closed
    assert ended(client.session) == "malformed bytes: a client begins with CP2"


@pytest.mark.parametrize("length", [-1, 0, 1, 18, 1 << 30])
def test_a_first_frame_of_an_impossible_length_ends_the_connection(length: int) -> None:
    client = MemoryCluster().client()
    client.session.receive(length.to_bytes(4, "little", signed=True) + b"\x00\xe0")
    assert client.wire.closed
    assert "malformed bytes" in str(ended(client.session))


def test_a_message_may_come_byte_by_byte() -> None:
    client = MemoryCluster().client()
    request = codec.encode_request(table.PING)
    frames.stamp(request, 77, -1, backup_aware=False)
    for byte in request:
        client.session.receive(bytes([byte]))
    client.answer(table.PING, 77)


def test_a_message_beyond_the_limit_is_refused_before_it_is_kept() -> None:
    client = MemoryCluster(limits=Limits(message_bytes=1000)).client()
    client.session.receive((2000).to_bytes(4, "little") + b"\x00\xe0" + bytes(40))
    assert "max_message_bytes" in str(ended(client.session))


def test_no_more_connections_are_taken_than_the_limit() -> None:
    world = MemoryCluster(limits=Limits(sessions=2))
    clients = [world.client(), world.client()]
    with pytest.raises(AssertionError):  # of the support: there is no session
        world.client()
    clients[0].session.lost()
    world.client()


# ---------------------------------------------------------------------------------------------------- authentication


@versions
def test_a_client_that_is_let_in_learns_what_real_members_tell(version: str) -> None:
    world = MemoryCluster(2, version)
    answer = MemoryClient(world.members[1]).authenticate()
    release = RELEASES[version]
    assert (answer.status, answer.serialization_version, answer.server_version) == (0, 1, release.text)
    assert (answer.address, answer.member_uuid) == (world.members[1].address, world.members[1].uuid)
    assert (answer.partition_count, answer.cluster_id) == (271, world.cluster.id)
    assert not answer.failover_supported
    if version == "5.7.0":
        assert [one.uuid for one in answer.members] == list(world.cluster.members)
        assert (answer.member_list_version, answer.partition_list_version) == (2, -1)
        assert (answer.tpc_ports, answer.key_value_pairs) == ((), {"clusterVersion": "5.7"})
    else:  # the lists are not there, and stand for that
        assert (answer.members, answer.member_list_version, answer.tpc_ports) == ((), -1, None)


def test_partitions_that_are_assigned_are_told_in_the_authentication() -> None:
    world = MemoryCluster(2)
    world.client().ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    answer = MemoryClient(world.members[0]).authenticate()
    assert answer.partition_list_version == 1
    assert {owner: len(owned) for owner, owned in answer.partitions.items()} == {
        world.members[0].uuid: 136,
        world.members[1].uuid: 135,
    }


REFUSALS: list[tuple[int, dict[str, Any]]] = [
    (1, {"cluster_name": "green"}),
    (1, {"username": "somebody", "password": "p"}),  # where none are wanted
    (2, {"serialization_version": 9}),
    (2, {"serialization_version": 9, "cluster_name": "green"}),
    (3, {"client_name": "denied"}),
    (1, {"client_name": "denied", "cluster_name": "green"}),
    (2, {"client_name": "denied", "serialization_version": 9}),
]


@versions
@pytest.mark.parametrize(("status", "values"), REFUSALS)
def test_a_refusal_has_its_status_and_tells_as_much_as_real_members_do(
    version: str, status: int, values: dict[str, Any]
) -> None:
    world = MemoryCluster(version=version)
    world.client().ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DENY, etag="1", entries=[named("denied")])
    client = MemoryClient(world.members[0])
    answer = client.authenticate(**values)
    assert (answer.status, answer.address, answer.member_uuid) == (status, None, None)
    if version == "5.7.0":
        assert (answer.partition_count, answer.cluster_id) == (-1, None)
        assert (answer.serialization_version, answer.server_version) == (-1, "")
    else:
        assert (answer.partition_count, answer.cluster_id) == (271, world.cluster.id)
        assert (answer.serialization_version, answer.server_version) == (1, "4.0.3")
    assert client.session.open
    assert client.authenticate().status == 0  # over the same connection


@versions
def test_a_member_that_asks_for_a_password_refuses_all_others(version: str) -> None:
    member = MemoryCluster(version=version, username="teal", password="secret").members[0]
    assert MemoryClient(member).authenticate(username="teal", password="secret").status == 0
    for values in [
        {},
        {"username": "teal"},
        {"username": "teal", "password": "x"},
        {"username": "x", "password": "secret"},
    ]:
        assert MemoryClient(member).authenticate(**values).status == 1


def by_token(client: MemoryClient, token: bytes, cluster_name: str = "blue") -> int:
    return client.ask(
        table.AUTHENTICATION_CUSTOM,
        uuid=uuid.uuid4(),
        serialization_version=1,
        cluster_name=cluster_name,
        credentials=token,
        client_type="PYH",
        client_hazelcast_version="5.7.0",
        client_name="memory",
        labels=(),
    ).status


@versions
def test_a_token_is_wanted_where_one_is_set_and_nowhere_else(version: str) -> None:
    member = MemoryCluster(version=version, token=b"token").members[0]
    assert by_token(MemoryClient(member), b"token") == 0
    assert by_token(MemoryClient(member), b"other") == 1
    assert by_token(MemoryClient(member), b"token", "green") == 1
    assert MemoryClient(member).authenticate().status == 1
    assert by_token(MemoryClient(MemoryCluster(version=version).members[0]), b"token") == 1


@versions
def test_a_client_without_an_id_gets_the_error_of_real_members(version: str) -> None:
    client = MemoryClient(MemoryCluster(version=version).members[0])
    with pytest.raises(AssertionError, match="NullPointerException"):
        client.authenticate(uuid=None)


@versions
def test_who_is_in_stays_in_whatever_it_asks_once_more(version: str) -> None:
    client = MemoryCluster(version=version).client()
    assert client.authenticate("green").status == 0


def test_a_client_that_asks_without_authenticating_is_told_to_and_sent_away() -> None:
    client = MemoryClient(MemoryCluster().members[0])
    text = "Client 127.0.0.1:40000 must authenticate before any operation."
    assert told(client.error(table.PING)) == [
        (
            46,
            "com.hazelcast.spi.exception.RetryableHazelcastException",
            f"com.hazelcast.client.AuthenticationException: {text}",
        ),
        (3, "com.hazelcast.client.AuthenticationException", text),
    ]
    assert client.wire.closed


def test_an_operator_who_has_not_authenticated_is_refused_and_may_do_so() -> None:
    client = MemoryClient(MemoryCluster().members[0])
    ((code, name, text),) = told(client.error(table.GET_CLUSTER_METADATA))
    assert (code, name) == (64, "java.security.AccessControlException")
    assert "not allowed for management task GetClusterMetadataMessageTask" in str(text)
    assert client.authenticate().status == 0


# ------------------------------------------------------------------------------------------------ what is not known


def ask_raw(client: MemoryClient, message_type: int, *content: bytes, partition: int = -1) -> tuple[ErrorHolder, ...]:
    """Send a message that no table declares; return the error."""
    first = (
        message_type.to_bytes(4, "little") + (99).to_bytes(8, "little") + partition.to_bytes(4, "little", signed=True)
    )
    last = len(content)
    sent = b"".join(
        (len(one) + 6).to_bytes(4, "little")
        + ((frames.UNFRAGMENTED if number == 0 else 0) | (frames.FINAL if number == last else 0)).to_bytes(2, "little")
        + one
        for number, one in enumerate([first, *content])
    )
    client.session.receive(sent)
    client.take()
    return codec.decode_error(client.answers.pop(99)[0])


@versions
@pytest.mark.parametrize("message_type", [0x210400, 0xFD0100, 0x7E0100, 0x0])
def test_a_message_that_is_not_served_is_unknown_in_the_words_of_a_real_member(version: str, message_type: int) -> None:
    client = MemoryCluster(version=version).client()
    text = f"Unrecognized client message received with type: {message_type:#x}"
    assert told(ask_raw(client, message_type)) == [(61, "java.lang.UnsupportedOperationException", text)]
    client.ask(table.PING)


def test_a_message_that_came_later_is_unknown_to_an_earlier_member() -> None:
    world = MemoryCluster(version="jet-4.3.1")
    assert not RELEASES["jet-4.3.1"].unknown & set(world.cluster.served)
    assert 0x001300 in RELEASES["jet-4.3.1"].unknown


def test_a_jet_member_takes_the_number_of_create_proxies_for_another_message() -> None:
    client = MemoryCluster(version="jet-4.3.1").client()
    ((code, name, _),) = told(client.error(table.CREATE_PROXIES, proxies=[("orders", MAPS)]))
    assert (code, name) == (1, "java.lang.ArrayIndexOutOfBoundsException")
    assert client.ask(table.GET_DISTRIBUTED_OBJECTS) == ()


def test_a_jet_member_answers_the_request_for_partitions_under_its_own_number() -> None:
    client = MemoryCluster(version="jet-4.3.1").client()
    correlation_id = client.send(table.TRIGGER_PARTITION_ASSIGNMENT)
    (answer,) = client.answers[correlation_id]
    assert answer.type == table.TRIGGER_PARTITION_ASSIGNMENT.request.type


@pytest.mark.parametrize(
    ("message", "error", "missing"),
    [
        (table.CREATE_PROXY, (37, "java.lang.NullPointerException"), "name"),
        (cluster_messages.CHANGE_CLUSTER_STATE, (1, "java.lang.ArrayIndexOutOfBoundsException"), "new_state"),
    ],
)
def test_a_message_whose_fields_are_not_there_is_the_error_of_real_members_and_no_end(
    message: MessageType[Any, Any], error: tuple[int, str], missing: str
) -> None:
    client = MemoryCluster().client()
    ((code, name, text),) = told(ask_raw(client, message.request.type))
    assert (code, name) == error
    assert f"ends before its {missing}" in str(text)
    client.ask(table.PING)


def test_a_request_for_a_partition_that_does_not_exist_is_never_answered() -> None:
    client = MemoryCluster().client()
    asked = client.send(table.PING, partition=271)
    client.ask(table.PING, partition=270)
    assert asked not in client.answers


# ---------------------------------------------------------------------------------------------------------- operators


def named(name: str) -> ClientFilterEntry:
    return ClientFilterEntry(kind=ClientFilterKind.INSTANCE_NAME, value=name)


def test_a_filter_is_one_members_and_the_same_tag_changes_nothing() -> None:
    world = MemoryCluster(2)
    operator, victim, elsewhere = (
        world.client(),
        world.client(client_name="victim"),
        world.client(1, client_name="victim"),
    )
    assert not operator.ask(cluster_messages.MATCH_MC_CONFIG, etag="")
    operator.ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DENY, etag="1", entries=[named("other")])
    operator.ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DENY, etag="1", entries=[named("victim")])
    assert ended(victim.session) is None
    operator.ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DENY, etag="2", entries=[named("victim")])
    assert ended(victim.session) == "the client is denied"
    assert elsewhere.session.open
    assert [operator.ask(cluster_messages.MATCH_MC_CONFIG, etag=tag) for tag in ("1", "2")] == [False, True]
    assert world.client(1, client_name="victim").session.open


def test_an_operator_who_denies_itself_gets_no_answer() -> None:
    client = MemoryCluster().client(client_name="me")
    asked = client.send(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DENY, etag="1", entries=[named("me")])
    assert asked not in client.answers
    assert client.wire.closed


def test_a_client_that_says_it_is_management_center_passes_every_filter() -> None:
    client = MemoryCluster().client(client_type="MCJVM")
    client.ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.ALLOW, etag="1", entries=[])
    assert client.session.open


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (
            {"mode": 7, "entries": []},
            (23, "java.lang.IllegalArgumentException", "Unexpected client B/W list mode = [7]"),
        ),
        (
            {"mode": 2, "entries": [ClientFilterEntry(kind=9, value="v")]},  # type: ignore[arg-type]
            (18, "com.hazelcast.core.HazelcastException", "Unexpected client B/W list entry type = [9]"),
        ),
    ],
)
def test_a_filter_that_means_nothing_is_refused(values: dict[str, Any], error: tuple[int, str, str]) -> None:
    client = MemoryCluster().client()
    assert told(client.error(table.APPLY_MC_CONFIG, etag="1", **values)) == [error]
    assert not client.ask(cluster_messages.MATCH_MC_CONFIG, etag="1")


def test_the_state_of_a_cluster_can_be_changed_and_a_passive_one_creates_nothing() -> None:
    client = MemoryCluster().client()
    client.ask(cluster_messages.CHANGE_CLUSTER_STATE, new_state=ClusterState.PASSIVE)
    assert client.ask(table.GET_CLUSTER_METADATA).state is ClusterState.PASSIVE
    ((code, name, text),) = told(client.error(table.CREATE_PROXY, name="orders", service_name=MAPS))
    assert (code, name) == (27, "java.lang.IllegalStateException")
    assert str(text).startswith("Cluster is in PASSIVE state!")
    client.ask(cluster_messages.CHANGE_CLUSTER_STATE, new_state=ClusterState.FROZEN)
    client.ask(table.CREATE_PROXY, name="orders", service_name=MAPS)


@pytest.mark.parametrize(
    ("state", "text"),
    [(ClusterState.IN_TRANSITION, "IN_TRANSITION is an internal state!"), (9, "Unsupported ID value")],
)
def test_a_state_that_cannot_be_chosen_is_refused(state: int, text: str) -> None:
    errors = MemoryCluster().client().error(cluster_messages.CHANGE_CLUSTER_STATE, new_state=state)
    assert told(errors) == [(23, "java.lang.IllegalArgumentException", text)]


@versions
def test_a_member_describes_its_cluster_as_its_version_does(version: str) -> None:
    world = MemoryCluster(version=version)
    told = world.client().ask(table.GET_CLUSTER_METADATA)
    assert (told.state, told.cluster_time) == (ClusterState.ACTIVE, 1_000_000)
    if version == "5.7.0":
        assert (told.member_version, told.jet_version, told.cluster_id) == ("5.7.0", None, world.cluster.id)
    else:
        assert (told.member_version, told.jet_version, told.cluster_id) == ("4.0.3", "4.3.1", None)


# ------------------------------------------------------------------------------------------------------------ objects


def test_an_object_is_created_once_listed_and_destroyed() -> None:
    client = MemoryCluster().client()
    for _ in range(2):
        client.ask(table.CREATE_PROXY, name="orders", service_name=MAPS)
    client.ask(table.CREATE_PROXIES, proxies=[("orders", MAPS), ("tasks", "hz:impl:queueService")])
    assert client.ask(table.GET_DISTRIBUTED_OBJECTS) == (
        DistributedObject(service_name=MAPS, name="orders"),
        DistributedObject(service_name="hz:impl:queueService", name="tasks"),
    )
    client.ask(table.DESTROY_PROXY, name="orders", service_name=MAPS)
    client.ask(table.DESTROY_PROXY, name="never", service_name=MAPS)
    assert [one.name for one in client.ask(table.GET_DISTRIBUTED_OBJECTS)] == ["tasks"]


def test_who_listens_hears_of_objects_and_of_whom_by_its_own_member_only_if_it_asked_so() -> None:
    world = MemoryCluster(2)
    creator = world.client(0)
    everywhere, here, elsewhere = world.client(1), world.client(0), world.client(1)
    for client, local_only in ((everywhere, False), (here, True), (elsewhere, True)):
        registration = client.ask(cluster_messages.ADD_DISTRIBUTED_OBJECT_LISTENER, local_only=local_only)
    creator.ask(table.CREATE_PROXY, name="orders", service_name=MAPS)
    creator.ask(table.DESTROY_PROXY, name="orders", service_name=MAPS)
    events = [
        DistributedObjectEvent(
            name="orders", service_name=MAPS, event_type=event_type, source=creator.session.client_uuid
        )
        for event_type in ("CREATED", "DESTROYED")
    ]
    heard = [one.take_events(cluster_messages.ADD_DISTRIBUTED_OBJECT_LISTENER) for one in (everywhere, here, elsewhere)]
    assert heard == [events, events, []]
    assert elsewhere.ask(cluster_messages.REMOVE_DISTRIBUTED_OBJECT_LISTENER, registration_id=registration)
    assert not elsewhere.ask(cluster_messages.REMOVE_DISTRIBUTED_OBJECT_LISTENER, registration_id=registration)


def test_an_object_of_a_service_that_no_member_has_is_refused() -> None:
    text = "Service with name 'hz:impl:noService' not found!"
    assert told(MemoryCluster().client().error(table.CREATE_PROXY, name="x", service_name="hz:impl:noService")) == [
        (18, "com.hazelcast.core.HazelcastException", text),
        (75, "com.hazelcast.spi.exception.ServiceNotFoundException", text),
    ]


def test_no_more_listeners_are_registered_than_the_limit() -> None:
    client = MemoryCluster(limits=Limits(listeners=2)).client()
    for _ in range(2):
        client.ask(cluster_messages.ADD_DISTRIBUTED_OBJECT_LISTENER, local_only=False)
    ((code, _, text),) = told(client.error(cluster_messages.ADD_DISTRIBUTED_OBJECT_LISTENER, local_only=False))
    assert code == 20
    assert "its limit" in str(text)


def test_a_client_that_is_connected_is_listed_by_its_member_only() -> None:
    world = MemoryCluster(2)
    client = world.client(0, client_name="orders-1", labels=("teal",))
    answers = [one.ask(cluster_messages.GET_TIMED_MEMBER_STATE) for one in (client, world.client(1))]
    here, elsewhere = (json.loads(str(one))["timedMemberState"] for one in answers)
    (described,) = [one for one in here["memberState"]["clients"] if one["name"] == "orders-1"]
    assert described["uuid"] == str(client.session.client_uuid)
    assert (described["address"], described["ipAddress"]) == ("localhost:40000", "127.0.0.1")
    assert (described["clientType"], described["labels"], described["clientVersion"]) == ("PYH", ["teal"], "5.7.0")
    assert all(one["name"] != "orders-1" for one in elsewhere["memberState"]["clients"])
    assert (here["master"], elsewhere["master"], here["clusterName"]) == (True, False, "blue")
