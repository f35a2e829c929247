"""An embedded cluster: members come and go and clients are told, as on real ones; nothing moves by itself."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from support.embedded import MemoryClient, MemoryCluster
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Request, Service, Session, serves
from tealjet.lab.embedded.settings import RELEASES
from tealjet.protocol import table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.frames import BACKUP_EVENT
from tealjet.protocol.values import BackupEvent, ClusterState, MembersView, PartitionsView

VIEW = table.ADD_CLUSTER_VIEW_LISTENER

WRITE: MessageType[None, None] = declare("test.write", 0x7E0500, retryable=False)
READ: MessageType[None, None] = declare("test.read", 0x7E0600, retryable=True)


class Ended(Service):
    """Changes something, looks at it, and notes which clients have ended."""

    def __init__(self, cluster: Any) -> None:
        super().__init__(cluster)
        self.clients: list[uuid.UUID] = []

    @serves(WRITE)
    def write(self, request: Request) -> None: ...

    @serves(READ)
    def read(self, request: Request) -> None: ...

    def client_ended(self, client_uuid: uuid.UUID) -> None:
        self.clients.append(client_uuid)


def played(size: int = 1, version: str = "5.7.0") -> MemoryCluster:
    return MemoryCluster(size, version, services=(*SERVICES, Ended))


def follower(world: MemoryCluster, member: int = 0) -> MemoryClient:
    """A client that wants to know, and has been told everything up to now."""
    client = world.client(member)
    client.ask(VIEW)
    client.take_events(VIEW)
    return client


def summary(event: MembersView | PartitionsView) -> tuple[str, int, list[int]]:
    if isinstance(event, MembersView):
        return "members", event.version, [one.address.port for one in event.members]
    return "partitions", event.version, sorted(len(owned) for owned in event.partitions.values())


# --------------------------------------------------------------------------------------------------------------- views


@pytest.mark.parametrize("version", RELEASES)
def test_a_follower_is_told_of_members_at_once_and_of_partitions_once_somebody_asks_for_them(version: str) -> None:
    client = played(2, version).client()
    client.ask(VIEW)
    assert [summary(event) for event in client.take_events(VIEW)] == [("members", 2, [5701, 5702])]
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    assert [summary(event) for event in client.take_events(VIEW)] == [("partitions", 1, [135, 136])]
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    assert client.take_events(VIEW) == []


def test_a_follower_that_comes_later_is_told_of_partitions_too() -> None:
    world = played(2)
    world.client().ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    client = world.client()
    client.ask(VIEW)
    assert [summary(event) for event in client.take_events(VIEW)] == [
        ("members", 2, [5701, 5702]),
        ("partitions", 1, [135, 136]),
    ]


@pytest.mark.parametrize(("version", "kinds"), [("5.7.0", [0x302, 0x304, 0x305]), ("jet-4.3.1", [0x302])])
def test_members_of_hazelcast_5_send_views_that_earlier_ones_do_not(version: str, kinds: list[int]) -> None:
    client = played(1, version).client()
    asked = client.send(VIEW)
    assert [event.type for event in client.events] == kinds
    assert {event.correlation_id for event in client.events} == {asked}


def test_a_request_for_a_partition_assigns_the_partitions() -> None:
    world = played(2)
    client = follower(world)
    client.ask(READ, partition=3)
    assert [summary(event) for event in client.take_events(VIEW)] == [("partitions", 1, [135, 136])]


def test_a_member_that_joins_gets_its_share_of_the_partitions() -> None:
    world = played(2)
    client = follower(world)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    client.take_events(VIEW)
    world.start(6000)
    assert [summary(event) for event in client.take_events(VIEW)] == [
        ("members", 3, [5701, 5702, 6000]),
        ("partitions", 2, [90, 90, 91]),
    ]


def test_a_member_that_dies_is_gone_before_its_partitions_are_told_to_have_moved() -> None:
    world = played(2)
    client = follower(world)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    client.take_events(VIEW)
    world.members[1].end(graceful=False)
    assert [summary(event) for event in client.take_events(VIEW)] == [
        ("members", 3, [5701]),
        ("partitions", 2, [271]),
    ]


def test_a_member_that_leaves_hands_its_partitions_over_before_it_is_gone() -> None:
    world = played(2)
    client = follower(world)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    client.take_events(VIEW)
    world.members[1].end(graceful=True)
    assert [summary(event) for event in client.take_events(VIEW)] == [
        ("partitions", 2, [271]),
        ("members", 3, [5701]),
    ]


def test_connections_of_a_member_that_ends_are_closed_and_others_are_not() -> None:
    world = played(2)
    mine, other = world.client(0), world.client(1)
    world.members[0].end(graceful=True)
    assert mine.wire.closed
    other.ask(table.PING)
    assert world.members[0].accept(mine.wire, world.members[0].address) is None


def test_every_cluster_has_an_id_of_its_own() -> None:
    assert played().cluster.id != played().cluster.id


# ------------------------------------------------------------------------------------------------------------- backups


def acknowledgements(client: MemoryClient) -> list[BackupEvent]:
    client.take()
    assert all(event.flags & BACKUP_EVENT for event in client.events)
    return client.take_events(table.LOCAL_BACKUP_LISTENER)


@pytest.mark.parametrize("asked", [0, 1], ids=["owner", "backup"])
def test_the_backup_of_a_change_acknowledges_over_its_own_connection_wherever_the_change_was_asked_for(
    asked: int,
) -> None:
    world, client_uuid = played(2), uuid.uuid4()
    clients = [world.client(member, uuid=client_uuid) for member in (0, 1)]
    for client in clients:
        client.ask(table.LOCAL_BACKUP_LISTENER)
    correlation_id = clients[asked].send(WRITE, partition=0)  # the first member's
    (answer,) = clients[asked].answers.pop(correlation_id)
    assert answer.backup_acks == 1
    assert acknowledgements(clients[0]) == []
    assert acknowledgements(clients[1]) == [BackupEvent(source_correlation_id=correlation_id)]


@pytest.mark.parametrize(
    ("size", "message", "partition"),
    [(1, WRITE, 0), (2, READ, 0), (2, WRITE, -1)],
    ids=["no backup", "nothing changed", "no partition"],
)
def test_no_backup_acknowledges_where_there_is_none(
    size: int, message: MessageType[None, None], partition: int
) -> None:
    client = played(size).client()
    correlation_id = client.send(message, partition=partition)
    (answer,) = client.answers.pop(correlation_id)
    assert answer.backup_acks == 0


# --------------------------------------------------------------------------------------------------- clients that end


def ended(world: MemoryCluster) -> list[uuid.UUID]:
    return next(service for service in world.cluster.services if isinstance(service, Ended)).clients


def test_a_client_without_connections_is_gone_when_members_look_next() -> None:
    world = played(2)
    client_uuid = uuid.uuid4()
    connections = [world.client(member, uuid=client_uuid) for member in (0, 1)]
    connections[0].session.lost()
    world.runtime.advance(10)
    assert ended(world) == []  # it has another one
    world.runtime.advance(3)
    connections[1].session.lost()
    world.runtime.advance(6.9)
    assert ended(world) == []
    world.runtime.advance(0.2)
    assert ended(world) == [client_uuid]


def test_a_client_that_comes_back_in_time_is_not_gone() -> None:
    world, client_uuid = played(), uuid.uuid4()
    world.client(uuid=client_uuid).session.lost()
    world.client(uuid=client_uuid)
    world.runtime.advance(30)
    assert ended(world) == []


# --------------------------------------------------------------------------------------------------------------- state


def test_a_passive_cluster_lets_data_be_read_and_not_be_changed() -> None:
    world = played()
    world.cluster.state = ClusterState.PASSIVE
    client = world.client()
    client.ask(READ, partition=3)
    (holder,) = client.error(WRITE, partition=3)
    assert holder.error_code == 27
    assert holder.message == "Cluster is in PASSIVE state! Operation: test.write"


def test_nothing_moves_by_itself() -> None:
    world = played(3)
    client = follower(world)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    assert world.runtime._timers == []


class Careless(Service):
    """Can't bear that anything ends."""

    def session_ended(self, session: Session) -> None:
        raise LookupError("nobody knows this connection")

    def client_ended(self, client_uuid: uuid.UUID) -> None:
        raise LookupError("nobody knows this client")


def test_a_service_that_fails_when_something_ends_is_a_defect_and_the_others_are_told_all_the_same() -> None:
    world = MemoryCluster(services=(*SERVICES, Careless, Ended))
    client = world.client()
    client.session.lost()
    world.runtime.advance(10)
    assert world.cluster.defects == [
        "Careless could not be told of the end of a connection: LookupError('nobody knows this connection')",
        "Careless could not be told of the end of a client: LookupError('nobody knows this client')",
    ]
    assert ended(world) == [client.session.client_uuid]


def test_a_timer_that_fails_is_a_defect_and_ends_nothing() -> None:
    world = played()
    client = world.client()
    world.cluster.call_at(world.cluster.now() + 1, int, "no number")
    world.runtime.advance(1)
    assert len(world.cluster.defects) == 1
    client.ask(table.PING)
