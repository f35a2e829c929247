"""Slow, gone, or this client itself: what a silence means; on virtual time, with members that are played."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from support.virtual import VirtualRuntime
from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Call, Calls
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import Settings, Target
from tealjet.engine.heartbeat import Heartbeat
from tealjet.engine.link import Link
from tealjet.engine.opening import OpenError
from tealjet.failover.model import CallCounts, Cause, LinkId, Reason
from tealjet.protocol import table
from tealjet.protocol.codec import encode_event, encode_response
from tealjet.protocol.values import BackupEvent, MemberInfo

LIMIT = 2.0
A, B = uuid.UUID(int=1), uuid.UUID(int=2)


class UnansweredCall(Call):
    __slots__ = ("error",)

    def __init__(self) -> None:
        super().__init__(bytearray(22), 10.0)
        self.error: Exception | None = None

    def done(self) -> bool:
        return self.error is not None

    def fail(self, error: Exception) -> None:
        self.error = error


class Transport(asyncio.Transport):
    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", self.port)

    def write(self, data: Any) -> None: ...

    def abort(self) -> None: ...


class World:
    """A link to a cluster, watched; also the owner of the link and of the connections."""

    def __init__(self, *members: uuid.UUID) -> None:
        self.runtime = VirtualRuntime()
        world: Any = self.runtime
        self.settings = Settings(
            client_uuid=uuid.uuid4(), client_name="test", client_version="0", ping_interval=0.5, silence_limit=LIMIT
        )
        self.link = Link(
            id=LinkId(1),
            target=Target(name="blue", cluster_name="blue", addresses=()),
            settings=self.settings,
            runtime=world,
            calls=Calls(world, self.settings, OfficialErrors(), dict),
            owner=self,
            next_correlation_id=itertools.count(1).__next__,
        )
        self.looked_at: list[tuple[str, int]] = []
        self.found: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost: list[tuple[Cause, str]] = []
        self.opened = [self.open(member) for member in members]
        for connection in self.opened:
            self.link.add(connection)
        self.heartbeat = Heartbeat(world, self.settings, self)
        self.heartbeat.start()

    def open(self, member: uuid.UUID) -> Connection:
        world: Any = self.runtime
        connection = Connection(world, self.link, 1_000_000)
        connection.connection_made(Transport(5700 + member.int))
        connection.remote_uuid = member
        return connection

    def hear(self, connection: Connection) -> None:
        connection.data_received(bytes(encode_response(table.PING, None, correlation_id=0)))

    def hear_event(self, connection: Connection) -> None:
        event = BackupEvent(source_correlation_id=1)
        connection.data_received(bytes(encode_event(table.LOCAL_BACKUP_LISTENER, event, correlation_id=0)))

    def call(self) -> UnansweredCall:
        call = UnansweredCall()
        self.link._calls.route_to(self.link)
        self.link._calls.submit(call)
        return call

    async def seconds(self, seconds: float, *heard: Connection) -> None:
        for _ in range(round(seconds / 0.1)):
            for connection in heard:
                self.hear(connection)
            await self.runtime.live(0.1)

    # ------------------------------------------------------------------------------------------------ what is asked

    def open_links(self) -> list[Link]:
        return [self.link]

    async def connect_again(self, connection: Connection) -> Connection:
        self.looked_at.append(connection.endpoint)
        await self.found
        assert connection.remote_uuid is not None
        return self.open(connection.remote_uuid)

    async def bring_in(self, connection: Connection, instead_of: Connection) -> bool:
        self.link.add(connection)
        return True

    def schema_ids(self) -> Sequence[bytes]:
        return ()

    def on_down(self, link: Link) -> None: ...

    def on_lost(self, link: Link, cause: Cause, detail: str, calls: CallCounts) -> None:
        self.lost.append((cause, detail))

    def on_members(self, link: Link, members: Sequence[MemberInfo]) -> None: ...

    def on_connection_closed(self, link: Link, connection: Connection) -> None: ...


async def test_a_member_that_answers_neither_connection_is_gone_at_the_limit() -> None:
    world = World(A)
    await world.seconds(0.9)
    assert world.looked_at == []
    await world.seconds(1.0)
    assert world.looked_at == [("127.0.0.1", 5701)]
    assert world.lost == []
    await world.seconds(0.2)
    ((cause, detail),) = world.lost
    assert cause is Cause.SILENT
    assert "127.0.0.1:5701 has not answered for 2.0 s, and it answers no fresh connection either" in detail


async def test_a_member_that_sends_events_and_hears_nothing_is_gone_at_the_limit() -> None:
    world = World(A)
    for _ in range(21):
        await world.seconds(0.1)
        world.hear_event(world.opened[0])
    ((cause, detail),) = world.lost
    assert cause is Cause.SILENT
    assert "has not answered for 2.0 s" in detail


async def test_a_member_that_is_heard_again_before_the_limit_was_slow() -> None:
    world = World(A)
    await world.seconds(1.8)
    assert world.looked_at
    world.hear(world.opened[0])
    await world.seconds(1.8)
    assert world.lost == []
    assert world.link.connections == {A: world.opened[0]}


async def test_a_fresh_connection_that_answers_takes_the_place_of_the_silent_one() -> None:
    world = World(A)
    world.found.set_result(None)
    await world.seconds(2.1)
    fresh = world.link.connections[A]
    assert fresh is not world.opened[0]
    assert fresh.live
    assert not world.opened[0].live
    assert world.lost == []


async def test_a_fresh_connection_is_closed_when_the_old_one_is_heard_again() -> None:
    world = World(A)
    kept: list[Connection] = []
    original = world.open

    def opening(member: uuid.UUID) -> Connection:
        kept.append(original(member))
        return kept[-1]

    world.open = opening  # type: ignore[method-assign]
    world.found.set_result(None)
    await world.seconds(1.5)
    assert [connection.live for connection in kept] == [True]
    world.hear(world.opened[0])
    await world.seconds(0.5)
    assert [connection.live for connection in kept] == [False]
    assert world.link.connections == {A: world.opened[0]}


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.TIMEOUT, Cause.SILENT),
        (Reason.REFUSED, Cause.SILENT),
        (Reason.PROTOCOL, Cause.CLOSED),
        (Reason.DENIED, Cause.CLOSED),
    ],
)
async def test_who_answers_but_not_as_that_member_is_looked_at_properly(reason: Reason, cause: Cause) -> None:
    world = World(A)
    world.found.set_exception(OpenError(reason, "simulated"))
    await world.seconds(2.1)
    assert [found for found, _ in world.lost] == [cause]
    assert "a fresh connection found: simulated" in world.lost[0][1]


async def test_one_silent_member_of_two_does_not_cost_the_cluster() -> None:
    world = World(A, B)
    await world.seconds(2.5, world.opened[1])
    assert world.lost == []
    assert world.link.connections == {B: world.opened[1]}


async def test_a_cluster_is_silent_when_all_of_its_members_are() -> None:
    world = World(A, B)
    await world.seconds(2.1)
    assert [cause for cause, _ in world.lost] == [Cause.SILENT]
    assert len(world.looked_at) == 2


async def test_time_in_which_the_client_did_not_run_is_nobodys_silence(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tealjet")
    world = World(A)
    await world.seconds(0.5)
    world.runtime.stand_still(30.0)
    await world.seconds(1.4)
    assert world.lost == []
    assert "this client did not run for 30" in caplog.text
    await world.seconds(0.2)
    assert [cause for cause, _ in world.lost] == [Cause.SILENT]


async def test_a_client_that_is_always_a_little_late_still_notices_a_silence() -> None:
    world = World(A)
    for _ in range(40):
        world.runtime.stand_still(0.6)
        await world.seconds(0.1)
    assert [cause for cause, _ in world.lost] == [Cause.SILENT]


async def test_a_stopped_heartbeat_leaves_nothing_behind() -> None:
    world = World(A)
    await world.seconds(1.5)
    world.heartbeat.stop()
    before = world.looked_at.copy()
    await world.seconds(5.0)
    assert world.lost == []
    assert world.looked_at == before
    assert len(asyncio.all_tasks()) <= 2  # this test and the ping that is never answered


async def test_a_call_that_a_living_member_does_not_answer_ends_soon_after_its_limit() -> None:
    world = World(A)
    call = world.call()
    await world.seconds(9.9, world.opened[0])
    assert not call.done()
    await world.seconds(0.6, world.opened[0])
    assert call.done()
    assert world.link.connections == {A: world.opened[0]}


async def test_after_standing_still_what_has_come_meanwhile_is_read_before_a_call_counts_as_unanswered() -> None:
    world = World(A)
    call = world.call()
    await world.seconds(1.0, world.opened[0])
    world.runtime.stand_still(30.0)
    world.runtime.advance(0.0)  # the timers that are due come before the network
    assert not call.done()
    await world.seconds(1.0, world.opened[0])
    assert call.done()
