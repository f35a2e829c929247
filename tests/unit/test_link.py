"""What a link refuses to send, and how it ends: drained for a planned switch, retired after it.

On virtual time, with a member that is played.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hazelcast.errors import IndeterminateOperationStateError, UnsupportedOperationError

from support.virtual import VirtualRuntime
from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Call, Calls
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import Settings, Target
from tealjet.engine.link import Link
from tealjet.errors import CallTimeoutError, ConnectionLostError, FeatureMissingError, outcome_of
from tealjet.failover.model import CallCounts, Cause, LinkId, Outcome
from tealjet.protocol import table
from tealjet.protocol.codec import encode_request, encode_response
from tealjet.protocol.frames import BACKUP_AWARE, FINAL, UNFRAGMENTED, FrameReader, Message
from tealjet.protocol.values import Address, MemberInfo, MemberVersion

GET, TAKE, POLL = 0x010200, table.BLOCKING_CALLS["queue.take"], table.BLOCKING_CALLS["queue.poll"]
SQL, PUT_ALL = 0x210400, 0x021700


def member(*version: int) -> MemberInfo:
    address = Address(host="127.0.0.1", port=5701)
    return MemberInfo(
        uuid=uuid.uuid4(), lite_member=False, address=address, attributes={}, version=MemberVersion(*version)
    )


class Owner:
    """Keeps what a link reports."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.counts = CallCounts()
        self.schemas: list[bytes] = []

    def schema_ids(self) -> Sequence[bytes]:
        return self.schemas

    def on_down(self, link: Link) -> None: ...

    def on_lost(self, link: Link, cause: Cause, detail: str, calls: CallCounts) -> None:
        self.lost.append(detail)
        self.counts = calls

    def on_members(self, link: Link, members: Sequence[MemberInfo]) -> None: ...

    def on_connection_closed(self, link: Link, connection: Connection) -> None: ...


class UserCall(Call):
    __slots__ = ("answered", "error")

    def __init__(self, message_type: int, *milliseconds: int) -> None:
        request = bytearray(struct.pack("<22x" + "q" * len(milliseconds), *milliseconds))
        request[6:10] = message_type.to_bytes(4, "little")
        super().__init__(request, 10.0)
        self.answered = False
        self.error: Exception | None = None

    def done(self) -> bool:
        return self.answered or self.error is not None

    def succeed(self, message: Message) -> None:
        self.answered = True

    def fail(self, error: Exception) -> None:
        self.error = error


class Transport(asyncio.Transport):
    """A network that takes everything."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5701)

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None: ...


class World:
    def __init__(self, **values: Any) -> None:
        self.runtime, self.owner = VirtualRuntime(), Owner()
        world: Any = self.runtime
        settings = Settings(client_uuid=uuid.uuid4(), client_name="test", client_version="0", **values)
        calls = Calls(world, settings, OfficialErrors(), dict)
        self.link = Link(
            id=LinkId(1),
            target=Target(name="blue", cluster_name="blue", addresses=()),
            settings=settings,
            runtime=world,
            calls=calls,
            owner=self.owner,
            next_correlation_id=itertools.count(1).__next__,
        )
        self.transport = Transport()
        self.connection = self.connect()
        assert self.connection.remote_uuid is not None
        self.member_uuid = self.connection.remote_uuid

    def connect(self) -> Connection:
        world: Any = self.runtime
        connection = Connection(world, self.link, 1_000_000)
        connection.connection_made(self.transport)
        connection.remote_uuid = uuid.uuid4()
        self.link.add(connection)
        return connection

    def is_open(self) -> bool:
        return self.connection.live

    def send(self, message_type: int) -> int:
        call = UserCall(message_type)
        return self.link.send_on(self.connection, call)

    def submit(self, message_type: int, *milliseconds: int) -> UserCall:
        call = UserCall(message_type, *milliseconds)
        self.link._calls.route_to(self.link)
        self.link._calls.submit(call)
        return call

    def wait(self, seconds: float) -> None:
        """Let time pass in which nothing is answered, and look at the calls as the heartbeat does."""
        self.runtime.advance(seconds)
        self.link.end_overdue()

    def answer(self, correlation_id: int) -> None:
        answer = encode_response(table.PING, None, correlation_id=correlation_id)
        self.link.on_messages(self.connection, FrameReader().feed(bytes(answer)))


async def test_a_call_of_no_member_goes_to_each_in_turn() -> None:
    world = World()
    other = world.connect()
    assert {world.link.any_connection() for _ in range(2)} == {world.connection, other}


async def test_a_call_of_no_member_goes_where_the_load_balancer_says_as_long_as_that_is_connected() -> None:
    named: list[uuid.UUID | None] = []
    world = World(next_member=lambda: named[0])
    other = world.connect()
    named[:] = [other.remote_uuid]
    assert {world.link.any_connection() for _ in range(4)} == {other}
    named[:] = [None]
    assert {world.link.any_connection() for _ in range(2)} == {world.connection, other}
    named[:] = [uuid.uuid4()]  # it is not connected yet, or not any more
    assert {world.link.any_connection() for _ in range(2)} == {world.connection, other}


@pytest.mark.parametrize("backup_acks", [0, 1])
async def test_an_answered_error_that_cannot_be_read_ends_the_call_as_unknown(backup_acks: int) -> None:
    world, call = World(), UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    world.runtime.advance(0.0)
    unreadable = struct.pack("<iHiqB", 23, UNFRAGMENTED | FINAL, 0, correlation_id, backup_acks) + b"what"
    world.link.on_messages(world.connection, FrameReader().feed(unreadable))
    world.connection.close(Cause.CLOSED, "closed by the test")
    assert call.error is not None
    assert outcome_of(call.error) is Outcome.UNKNOWN


async def test_what_a_cluster_does_not_know_is_refused_before_anything_is_sent() -> None:
    world = World()
    world.link.on_members_view([replace(member(4, 0, 3), uuid=world.member_uuid)])
    call, before = UserCall(PUT_ALL), list(world.transport.written)
    world.link.send_on(world.connection, call)
    assert isinstance(call.error, FeatureMissingError)
    assert isinstance(call.error, UnsupportedOperationError)
    assert call.error.outcome is Outcome.NOT_SENT
    assert (call.error.feature, call.error.cluster) == ("MultiMap.put_all", "blue")
    assert (call.error.version, call.error.since) == ("4.0.3", "4.1")
    assert str(call.error) == (
        "Cluster 'blue' has no MultiMap.put_all: that came with Hazelcast 4.1, and its oldest member runs 4.0.3 "
        "(Hazelcast Jet 4 is built on 4.0). Upgrade the cluster, or put the entries one by one. The call was not sent."
    )
    assert world.transport.written == before
    assert world.link.pending == {}


async def test_a_refused_call_that_was_sent_to_a_former_cluster_is_not_told_to_be_unsent() -> None:
    world = World()
    world.link.on_members_view([replace(member(4, 0, 3), uuid=world.member_uuid)])
    call = UserCall(PUT_ALL)
    call.sent = True
    world.link.send_on(world.connection, call)
    assert outcome_of(call.error) is Outcome.UNKNOWN  # type: ignore[arg-type]
    assert "may have been applied" in str(call.error)


async def test_the_oldest_member_of_a_mixed_cluster_counts() -> None:
    world = World()
    world.link.on_members_view([member(5, 7, 0), replace(member(4, 1, 0), uuid=world.member_uuid)])
    sql, put_all = UserCall(SQL), UserCall(PUT_ALL)
    for call in (sql, put_all):
        world.link.send_on(world.connection, call)
    assert isinstance(sql.error, FeatureMissingError)
    assert put_all.error is None
    world.link.on_members_view([replace(member(5, 7, 0), uuid=world.member_uuid)])  # the upgrade is done
    upgraded = UserCall(SQL)
    world.link.send_on(world.connection, upgraded)
    assert upgraded.error is None


@pytest.mark.parametrize(("version", "refused"), [((5, 1, 9), True), ((5, 2, 0), False)])
async def test_data_of_a_compact_schema_is_not_sent_to_a_cluster_that_cannot_have_the_schema(
    version: tuple[int, int, int], refused: bool
) -> None:
    world = World()
    world.link.on_members_view([replace(member(*version), uuid=world.member_uuid)])
    world.owner.schemas = [(-17).to_bytes(8, "big", signed=True)]
    plain, compact = UserCall(GET), UserCall(GET)
    compact.request += b"header" + world.owner.schemas[0] + b"fields"
    for call in (plain, compact):
        world.link.send_on(world.connection, call)
    assert plain.error is None
    assert isinstance(compact.error, FeatureMissingError) is refused


async def test_backups_acknowledge_to_the_client_only_while_it_has_a_connection_to_each_of_them() -> None:
    world = World()
    here, lite = replace(member(5, 7, 0), uuid=world.member_uuid), replace(member(5, 7, 0), lite_member=True)
    call = UserCall(GET)
    asked = []
    for members in ([here], [here, member(5, 7, 0)], [here, lite]):
        world.link.on_members_view(members)
        world.link.send_on(world.connection, call)  # the same bytes each time, as when a call is repeated
        asked.append(bool(int.from_bytes(call.request[4:6], "little") & BACKUP_AWARE))
    assert asked == [True, False, True]


async def test_a_call_that_is_not_answered_ends_unknown_at_its_limit_and_a_later_answer_is_no_error() -> None:
    world = World()
    call = world.submit(GET)
    world.wait(9.9)
    assert not call.done()
    world.wait(0.2)
    assert isinstance(call.error, CallTimeoutError)
    assert outcome_of(call.error) is Outcome.UNKNOWN
    assert "(map.get) ended at its limit of 10 s: member 127.0.0.1:5701 of cluster 'blue'" in str(call.error)
    assert world.link.pending == {}
    world.answer(1)
    assert not call.answered
    assert world.is_open()


async def test_a_call_that_waits_by_nature_ends_only_beyond_what_it_says_itself() -> None:
    world = World()
    polling, taking, forever = world.submit(POLL, 30_000), world.submit(TAKE), world.submit(POLL, -1)
    world.wait(39.9)
    assert not polling.done()
    world.wait(0.2)
    assert "(queue.poll) ended at its limit of 10 s beyond the 30 s that it could wait by itself" in str(polling.error)
    world.wait(100_000)
    assert not taking.done()
    assert not forever.done()


async def test_a_call_that_nobody_waits_for_any_more_takes_no_room_beyond_its_limit() -> None:
    world = World()
    call = world.submit(GET)
    call.answered = True  # it was cancelled
    world.wait(10)
    assert world.link.pending == {}
    assert call.error is None


async def test_a_call_whose_backups_are_awaited_has_its_answer_and_the_limit_of_those() -> None:
    world = World(backup_timeout=20.0)
    world.link.on_members_view([replace(member(5, 7, 0), uuid=world.member_uuid)])
    call = world.submit(GET)
    answer = encode_response(table.PING, None, correlation_id=1, backup_acks=1)
    world.link.on_messages(world.connection, FrameReader().feed(bytes(answer)))
    world.wait(19)
    assert not call.done()
    world.wait(2)
    assert call.answered


async def test_who_waits_for_the_end_of_calls_is_told_of_one_that_is_not_answered() -> None:
    world, drained = World(), list[int]()
    world.submit(GET)
    world.link.drain(world.runtime.now() + 60, drained.append)
    world.wait(10)
    assert drained == [0]


async def test_a_request_of_the_engine_that_is_not_answered_ends_too() -> None:
    world = World(invocation_timeout=10.0)
    listening = asyncio.ensure_future(
        world.link.listen(world.connection, encode_request(table.LOCAL_BACKUP_LISTENER), print, of_user=False)
    )
    await asyncio.sleep(0)
    world.wait(10)
    with pytest.raises(CallTimeoutError, match=r"client\.localBackupListener"):
        await listening


async def test_draining_waits_for_short_calls_and_not_for_blocking_ones() -> None:
    world, drained = World(), list[int]()
    short, _ = world.send(GET), world.send(TAKE)
    world.link.drain(world.runtime.now() + 5, drained.append)
    world.runtime.advance(4)
    assert drained == []
    world.answer(short)
    assert drained == [1]  # the take stays
    world.runtime.advance(10)
    assert drained == [1]


async def test_draining_ends_at_its_limit_with_what_is_left() -> None:
    world, drained = World(), list[int]()
    world.send(GET)
    world.link.drain(world.runtime.now() + 5, drained.append)
    world.runtime.advance(5)
    assert drained == [1]


async def test_a_link_that_is_lost_while_it_is_drained_is_reported_as_lost_and_never_as_drained() -> None:
    world, drained = World(), list[int]()
    world.send(GET)
    world.link.drain(world.runtime.now() + 5, drained.append)
    world.connection.close(Cause.SILENT, "nothing was heard")
    world.runtime.advance(10)
    assert world.owner.lost == ["nothing was heard"]
    assert drained == []


async def test_what_the_engine_asks_for_itself_is_no_call_that_is_left_or_lost() -> None:
    world, drained = World(), list[int]()
    ping = asyncio.ensure_future(world.link.ask(encode_request(table.PING), world.connection))
    await asyncio.sleep(0)
    world.send(TAKE)
    world.link.drain(world.runtime.now() + 5, drained.append)
    world.runtime.advance(5)
    assert drained == [1]
    world.connection.close(Cause.SILENT, "nothing was heard")
    assert world.owner.counts == CallCounts(unknown=1)
    with pytest.raises(ConnectionLostError):
        await ping


async def test_a_retired_link_stays_for_a_blocked_call_and_closes_when_that_has_ended_although_it_is_pinged() -> None:
    world = World()
    taking = world.send(TAKE)
    world.link.retire(world.runtime.now() + 100)
    for _ in range(20):
        world.runtime.advance(0.5)
        ping = asyncio.ensure_future(world.link.ask(encode_request(table.PING), world.connection))
        await asyncio.sleep(0)
        world.answer(max(world.link.pending))
        await ping
    assert world.is_open()
    world.answer(taking)
    world.runtime.advance(0.9)
    assert world.is_open()
    world.runtime.advance(0.2)
    assert not world.is_open()
    assert "all of its calls have ended" in world.owner.lost[0]


async def test_a_link_that_is_retired_without_calls_closes_although_it_is_pinged() -> None:
    world = World()
    world.link.retire(world.runtime.now() + 100)
    for _ in range(3):
        world.runtime.advance(0.4)
        if world.is_open():
            ping = asyncio.ensure_future(world.link.ask(encode_request(table.PING), world.connection))
            await asyncio.sleep(0)
            world.answer(max(world.link.pending))
            await ping
    assert not world.is_open()


async def test_a_retired_link_closes_at_its_limit_whatever_is_under_way() -> None:
    world = World()
    call = UserCall(TAKE)
    call.retryable = True
    world.link.send_on(world.connection, call)
    world.link.retire(world.runtime.now() + 3)
    world.runtime.advance(2.9)
    assert world.is_open()
    world.runtime.advance(0.2)
    assert not world.is_open()
    assert "did not end in time" in world.owner.lost[0]


async def test_backups_that_acknowledge_in_time_complete_the_call() -> None:
    world = World()
    call = UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    answer = encode_response(table.PING, None, correlation_id=correlation_id, backup_acks=2)
    world.link.on_backup_ack(correlation_id)  # one backup is quicker than the answer
    world.link.on_messages(world.connection, FrameReader().feed(bytes(answer)))
    assert not call.done()
    world.link.on_backup_ack(correlation_id)
    assert call.done()
    assert world.link.pending == {}


async def test_backups_that_do_not_acknowledge_end_with_the_answer_at_their_limit() -> None:
    world = World()
    call = UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    answer = encode_response(table.PING, None, correlation_id=correlation_id, backup_acks=1)
    world.link.on_messages(world.connection, FrameReader().feed(bytes(answer)))
    world.runtime.advance(4.9)
    assert not call.done()
    world.runtime.advance(0.2)
    assert call.done()


@pytest.mark.parametrize("strict", [False, True])
async def test_a_primary_that_is_lost_before_its_backups_acknowledge_has_answered_unless_all_are_asked_for(
    strict: bool,
) -> None:
    world = World(fail_on_indeterminate=strict)
    world.connect()
    call = UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    answer = encode_response(table.PING, None, correlation_id=correlation_id, backup_acks=1)
    world.link.on_messages(world.connection, FrameReader().feed(bytes(answer)))
    world.connection.close(Cause.CLOSED, "the member is gone")
    assert call.answered is not strict
    assert isinstance(call.error, IndeterminateOperationStateError) is strict


@pytest.mark.parametrize("answered", ["before the loss", "after it"])
async def test_acknowledgements_that_went_down_with_a_connection_are_not_waited_for(answered: str) -> None:
    world = World()
    backup = Connection(world.link._runtime, world.link, 1_000_000)
    backup.connection_made(Transport())
    backup.remote_uuid = uuid.uuid4()
    world.link.add(backup)
    call = UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    answer = FrameReader().feed(bytes(encode_response(table.PING, None, correlation_id=correlation_id, backup_acks=1)))
    if answered == "before the loss":
        world.link.on_messages(world.connection, answer)
    backup.close(Cause.CLOSED, "the member is gone")
    if answered == "after it":
        world.runtime.advance(0.1)
        world.link.on_messages(world.connection, answer)
    assert not call.done()
    world.runtime.advance(0.3)
    assert call.done()


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_late_answer_to_a_call_that_nobody_waits_for_is_no_error(pieces: int) -> None:
    world = World()
    call = UserCall(GET)
    correlation_id = world.link.send_on(world.connection, call)
    call.answered = True
    for _ in range(pieces):
        world.answer(correlation_id)
    assert world.link.pending == {}


class Tenant:
    """Something that needs the link for as long as it is open."""

    def __init__(self) -> None:
        self.open = True


async def test_a_retired_link_stays_for_a_tenant_that_has_no_call_under_way() -> None:
    world, tenant = World(), Tenant()
    world.link.tenants[tenant] = lambda one: one.open
    world.link.retire(world.runtime.now() + 30)
    world.runtime.advance(20)
    assert world.is_open()
    tenant.open = False
    world.runtime.advance(2)
    assert not world.is_open()


async def test_a_retired_link_stays_for_no_tenant_beyond_its_limit_and_for_none_that_nobody_has_any_more() -> None:
    kept, forgotten, tenant = World(), World(), Tenant()
    kept.link.tenants[tenant] = lambda one: one.open
    forgotten.link.tenants[Tenant()] = lambda one: one.open
    for world in (kept, forgotten):
        world.link.retire(world.runtime.now() + 30)
        world.runtime.advance(2)
    assert kept.is_open()
    assert not forgotten.is_open()
    kept.runtime.advance(29)
    assert not kept.is_open()


@pytest.mark.parametrize("received", [b"\xff" * 16, (1 << 30).to_bytes(4, "little") + bytes(2)], ids=["bad", "long"])
async def test_bytes_that_are_no_message_or_too_long_a_one_end_the_connection_and_are_counted(received: bytes) -> None:
    world = World()
    world.connection.data_received(received)
    assert not world.is_open()
    assert "sent malformed bytes" in world.owner.lost[0]
    assert world.link._calls.malformed_total == 1
