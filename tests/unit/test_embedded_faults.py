"""What can be wrong with an embedded member, byte by byte and on virtual time."""

from __future__ import annotations

import pytest

from support.embedded import MemoryClient, MemoryCluster
from tealjet.lab.embedded.faults import Mishap
from tealjet.lab.embedded.filters import ClientFilter
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Request, Service, serves
from tealjet.protocol import table
from tealjet.protocol.codec import encode_response
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.values import ClientFilterEntry, ClientFilterKind, ClientFilterMode

VIEW = table.ADD_CLUSTER_VIEW_LISTENER


def test_a_frozen_member_reads_nothing_and_goes_on_with_it_when_it_is_thawed() -> None:
    world = MemoryCluster()
    client, member = world.client(), world.members[0]
    member.freeze()
    assert not client.wire.is_read()
    pings = [client.send(table.PING) for _ in range(3)]  # a carrier may not be able to stop at once
    assert client.answers == {}
    member.thaw()
    assert client.wire.is_read()
    for ping in pings:
        client.answer(table.PING, ping)


def test_a_frozen_member_sends_nothing_and_goes_on_with_it_when_it_is_thawed() -> None:
    world = MemoryCluster(2)
    client = world.client()
    client.ask(VIEW)
    client.take_events(VIEW)
    world.members[0].freeze()
    world.start(6000)
    assert client.take_events(VIEW) == []
    world.members[0].thaw()
    assert [len(view.members) for view in client.take_events(VIEW)] == [3]


def test_a_new_connection_to_a_frozen_member_is_accepted_and_stays_without_an_answer() -> None:
    world = MemoryCluster()
    world.members[0].freeze()
    with pytest.raises(KeyError):  # no answer has come
        world.client()
    assert len(world.members[0].sessions) == 1


def test_a_request_for_a_frozen_members_partition_waits_for_it_wherever_it_is_sent() -> None:
    world = MemoryCluster(2)
    client, frozen = world.client(0), world.members[1]
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    partition = world.cluster.partitions.owned()[frozen.uuid][0]
    frozen.freeze()
    waiting = client.send(table.PING, partition=partition)
    assert waiting not in client.answers
    client.ask(table.PING)  # what is for no partition does not wait
    frozen.thaw()
    client.answer(table.PING, waiting)


def test_a_request_that_waits_for_a_frozen_member_is_served_by_the_next_owner_when_that_dies() -> None:
    world = MemoryCluster(2)
    client, frozen = world.client(0), world.members[1]
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    partition = world.cluster.partitions.owned()[frozen.uuid][0]
    frozen.freeze()
    waiting = client.send(table.PING, partition=partition)
    frozen.end(graceful=False)
    client.answer(table.PING, waiting)


WRITE: MessageType[None, None] = declare("test.write", 0x7E0700, retryable=False)
SIZE: MessageType[None, None] = declare("map.testSize", 0x7E0800, retryable=True)


class Written(Service):
    @serves(WRITE)
    def write(self, request: Request) -> None: ...

    @serves(SIZE)
    def size(self, request: Request) -> None: ...


def backed_up() -> tuple[MemoryCluster, MemoryClient, PlayedMember, int]:
    """A cluster, a client at its first member, its second member, and a partition whose backup that has."""
    world = MemoryCluster(2, services=(*SERVICES, Written))
    client, second = world.client(0), world.members[1]
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    return world, client, second, world.cluster.partitions.owned()[world.members[0].uuid][0]


def test_a_change_whose_backup_is_frozen_is_answered_when_that_goes_on() -> None:
    _, client, backup, partition = backed_up()
    backup.freeze()
    changed = client.send(WRITE, partition=partition, backup_aware=False)
    assert changed not in client.answers
    backup.thaw()
    client.answer(WRITE, changed)


def test_a_change_whose_backup_stays_frozen_is_answered_after_the_time_that_backups_have() -> None:
    world, client, backup, partition = backed_up()
    backup.freeze()
    changed = client.send(WRITE, partition=partition, backup_aware=False)
    world.runtime.advance(4.9)
    client.take()
    assert changed not in client.answers
    world.runtime.advance(0.2)
    client.answer(WRITE, changed)
    backup.thaw()
    client.take()
    assert client.answers == {}


def test_a_change_is_answered_at_once_where_the_backup_acknowledges_to_the_client() -> None:
    _, client, backup, partition = backed_up()
    backup.freeze()
    changed = client.send(WRITE, partition=partition)
    (answer,) = client.answers.pop(changed)
    assert answer.backup_acks == 1


def test_a_request_about_all_partitions_of_a_map_waits_for_a_frozen_member() -> None:
    _, client, other, _ = backed_up()
    other.freeze()
    asked = client.send(SIZE)
    assert asked not in client.answers
    other.thaw()
    client.answer(SIZE, asked)


def test_what_a_slow_member_sends_is_late_and_in_order() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.delay = 2.0
    first = client.send(table.PING)
    world.runtime.advance(1.0)
    world.members[0].faults.delay = 0.0
    second = client.send(table.GET_CLUSTER_METADATA)
    assert client.answers == {}
    world.runtime.advance(1.0)
    client.take()
    assert list(client.answers) == [first, second]


def test_a_slow_member_that_closes_a_connection_delivers_first_what_it_has_sent() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.delay = 2.0
    ping = client.send(table.PING)
    world.members[0].end(graceful=True)
    assert not client.wire.closed
    world.runtime.advance(2.0)
    client.answer(table.PING, ping)
    assert client.wire.closed


def test_what_a_slow_member_would_have_sent_ends_with_the_connection() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.delay = 2.0
    client.send(table.PING)
    client.wire.closed = True  # nothing can be sent any more
    client.session.lost()
    world.runtime.advance(2.0)
    assert world.cluster.defects == []


def test_a_member_that_reads_slowly_takes_no_more_bytes_than_its_rate() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.read_rate = 100.0
    first, second = client.send(table.PING), client.send(table.PING)  # of 22 bytes each
    assert first in client.answers
    assert second not in client.answers
    assert not client.wire.is_read()
    world.runtime.advance(0.21)
    client.take()
    assert second not in client.answers
    world.runtime.advance(0.02)
    client.answer(table.PING, second)
    world.runtime.advance(1.0)
    assert client.wire.is_read()


@pytest.mark.parametrize("version", ["5.7.0", "jet-4.3.1"])
def test_a_member_may_authenticate_and_tell_of_no_members(version: str) -> None:
    world = MemoryCluster(version=version)
    world.members[0].faults.withholds_members = True
    client = world.client()
    client.ask(VIEW)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    world.start(6000)
    assert client.take_events(VIEW) == []


def test_a_member_that_withholds_its_members_does_so_in_its_authentication_too() -> None:
    world = MemoryCluster()
    world.members[0].faults.withholds_members = True
    client = world.client()
    answer = client.authenticate()
    assert (answer.status, answer.members, answer.member_list_version) == (0, (), -1)


def test_a_member_can_die_when_it_is_asked_something() -> None:
    world = MemoryCluster(2)
    client, other = world.client(), world.client(1)
    other.ask(VIEW)
    other.take_events(VIEW)
    world.members[0].faults.deadly = frozenset({VIEW.request.type})
    client.ask(table.PING)
    assert world.died == []
    client.send(VIEW)
    assert world.died == [5701]
    assert client.wire.aborted
    assert [len(view.members) for view in other.take_events(VIEW)] == [1]


def test_an_answer_can_be_skipped() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.mishaps.append((Mishap.SKIPPED, None))
    skipped = client.send(table.PING)
    client.ask(table.PING)
    assert skipped not in client.answers


def test_an_answer_can_be_sent_twice() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.mishaps.append((Mishap.TWICE, None))
    twice = client.send(table.PING)
    assert len(client.answers[twice]) == 2
    client.ask(table.PING)


def test_an_answer_can_be_cut_and_is_the_last_one_then() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.mishaps.append((Mishap.CUT, None))
    correlation_id = client.send(table.PING)
    whole = encode_response(table.PING, None, correlation_id=correlation_id)
    assert client.answers == {}
    assert bytes(client._reader._partial) == whole[:-1]
    assert client.wire.closed


def test_a_mishap_can_wait_for_the_answer_to_one_message() -> None:
    world = MemoryCluster()
    client = world.client()
    world.members[0].faults.mishaps.append((Mishap.SKIPPED, table.GET_DISTRIBUTED_OBJECTS.request.type))
    client.ask(table.PING)
    skipped = client.send(table.GET_DISTRIBUTED_OBJECTS)
    assert skipped not in client.answers
    client.ask(table.GET_DISTRIBUTED_OBJECTS)


def test_dropped_connections_are_reset_and_new_ones_served() -> None:
    world = MemoryCluster()
    clients = [world.client(), world.client()]
    world.members[0].drop()
    assert all(client.wire.was_reset for client in clients)
    assert len(world.members[0].sessions) == 0
    world.client().ask(table.PING)


def test_a_filter_sends_those_away_that_it_does_not_let_in() -> None:
    world = MemoryCluster()
    denied, other = world.client(client_name="denied"), world.client(client_name="other")
    entry = ClientFilterEntry(kind=ClientFilterKind.INSTANCE_NAME, value="denied")
    world.members[0].apply_filter(ClientFilter(etag="1", mode=ClientFilterMode.DENY, entries=[entry]))
    assert denied.wire.closed
    other.ask(table.PING)


def test_a_client_that_does_not_read_is_given_up_at_a_limit() -> None:
    world = MemoryCluster()
    client = world.client()
    client.wire.unsent = world.cluster.settings.limits.unsent_bytes + 1
    client.send(table.PING)
    assert client.wire.aborted
    assert "does not read" in client.session.ended_by


def test_the_cluster_id_can_change_while_connections_stand() -> None:
    world = MemoryCluster()
    client = world.client()
    before = client.ask(table.GET_CLUSTER_METADATA).cluster_id
    world.cluster.change_id()
    after = world.client().ask(table.GET_CLUSTER_METADATA).cluster_id
    assert before != after
    client.ask(table.PING)


def test_the_partition_count_can_change_and_followers_are_told() -> None:
    world = MemoryCluster()
    client = world.client()
    client.ask(VIEW)
    client.ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    client.take_events(VIEW)
    world.cluster.change_partition_count(11)
    world.cluster.flush()
    (view,) = client.take_events(VIEW)
    assert sum(map(len, view.partitions.values())) == 11
    assert world.client().authenticate().partition_count == 11
