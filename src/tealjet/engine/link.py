"""Everything known about one authenticated cluster: connections, members, partition owners, calls under way, listeners.

A link is built complete by :mod:`tealjet.engine.opening`, used, and dropped; nothing in it is ever reset. Answers are
looked up in the link that sent the call, so what a former cluster answers cannot reach a call of another one.
"""

from __future__ import annotations

import asyncio
import enum
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tealjet.engine.calls import Call, Calls
from tealjet.engine.contracts import Settings, Target
from tealjet.failover.model import CallCounts, Cause, Facts, LinkId
from tealjet.protocol.features import COMPACT, Feature, lacking
from tealjet.protocol.frames import Message, message_type, stamp
from tealjet.protocol.values import MemberInfo, MemberVersion, PartitionsView
from tealjet.runtime import Handle, Runtime

if TYPE_CHECKING:
    from tealjet.engine.connection import Connection

__all__ = ["Link", "LinkOwner", "Listening", "Request"]

_EARLY_EVENTS = 10_000
"""Events of user listeners that are kept between the preparation of a link and its activation."""
_LATE_ACK = 0.25
"""A backup's acknowledgement that has not come so many seconds after a connection was lost went down with it."""
_UNSETTLED = 1.0
"""For so many seconds after the loss of a connection answers come whose acknowledgements may be lost, and the loss of
another one is part of the same."""
_IDLE = 1.0
"""Seconds without a call after which a retired link is closed: a thread may have picked one of its connections for a
statement that it is about to send."""


class Listening(enum.Enum):
    """What happens to events for user listeners."""

    KEEP = "keep"
    """The link is being prepared: they are delivered when it becomes active."""
    DELIVER = "deliver"
    DROP = "drop"
    """The link is not the active one (any more)."""


class Request(Call):
    """A call of the engine itself: its answer is awaited on the loop."""

    __slots__ = ("answer",)

    of_user: ClassVar[bool] = False

    def __init__(self, runtime: Runtime, request: bytearray, connection: Connection | None, timeout: float) -> None:
        """Make a request, bound to a connection unless that is None."""
        super().__init__(request, timeout=timeout, connection=connection)
        self.deadline = runtime.now() + timeout  # a link may be given it by somebody else than the calls
        self.answer: asyncio.Future[Message] = runtime.future()

    def done(self) -> bool:
        """Say whether the answer is there or nobody waits for it."""
        return self.answer.done()

    def succeed(self, message: Message) -> None:
        """Hand the answer over."""
        self.answer.set_result(message)

    def fail(self, error: Exception) -> None:
        """Hand the error over."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # whoever asked may have been cancelled: then nobody is left to look at it


@dataclass(frozen=True, slots=True)
class _Handler:
    connection: Connection
    handle: Callable[[Message], None]
    of_user: bool


@dataclass(slots=True)
class _AwaitedBackups:
    call: Call
    answer: Message
    missing: int
    due: float


class LinkOwner(Protocol):
    """Who is told what happens to a link. All are called on the loop."""

    def schema_ids(self) -> Sequence[bytes]:
        """Return the id of each compact schema that the client uses, as data carries it."""
        ...

    def on_down(self, link: Link) -> None:
        """The last connection is gone; the calls it carried are looked at right after this returns."""
        ...

    def on_lost(self, link: Link, cause: Cause, detail: str, calls: CallCounts) -> None:
        """The last connection is gone and its calls are taken care of."""
        ...

    def on_members(self, link: Link, members: Sequence[MemberInfo]) -> None:
        """The member list has changed; connections to new members are the owner's work."""
        ...

    def on_connection_closed(self, link: Link, connection: Connection) -> None:
        """One connection is gone, the last one or one of several."""
        ...


class Link:
    """An authenticated cluster."""

    def __init__(
        self,
        *,
        id: LinkId,  # noqa: A002 - the word of the model
        target: Target,
        settings: Settings,
        runtime: Runtime,
        calls: Calls,
        owner: LinkOwner,
        next_correlation_id: Callable[[], int],
    ) -> None:
        """Make a link without connections; only :mod:`tealjet.engine.opening` does."""
        self.id = id
        self.target = target
        self.settings = settings
        self.facts = Facts(cluster_id="", partition_count=0, members=0)
        self.connections: dict[uuid.UUID, Connection] = {}
        self.members: tuple[MemberInfo, ...] = ()
        self.oldest = MemberVersion(0, 0, 0)
        """The lowest version of the members: while a cluster is upgraded, any of them may get a call."""
        self.lacks: Mapping[int, Feature] | None = None
        """Message types that not all members know, with the feature they belong to; None when they know all."""
        self.pending: dict[int, Call] = {}
        self.down = False
        self.closing = False
        """All of its connections are being closed."""
        self.listening = Listening.DROP
        self.prepared = False
        """User listeners are registered on every connection, new ones included."""
        self.known_proxies: set[tuple[str, str]] = set()
        """(name, service) of the proxies that were created on this cluster before a switch."""
        self.known_schemas: bytearray | None = None
        """The request that told this cluster all compact schemas, None when there were none."""
        self.viewing: Connection | None = None
        """The connection that delivers members and partitions."""
        self.members_known: asyncio.Future[None] = runtime.future()
        self.partitions_known: asyncio.Future[None] = runtime.future()
        self.gone: asyncio.Future[None] = runtime.future()
        """Done when the last connection is closed."""
        self.joining: dict[uuid.UUID, asyncio.Future[None]] = {}
        """Members that are being connected to; done when the first attempt has ended."""
        self.tenants: weakref.WeakKeyDictionary[Any, Callable[[Any], bool]] = weakref.WeakKeyDictionary()
        """Transactions and cursors: what needs this cluster although it has no call under way, each with the function
        that says whether it still does."""
        self.dropped_events = 0
        self._runtime = runtime
        self._calls = calls
        self._owner = owner
        self._next_correlation_id = next_correlation_id
        self._backup_acks = settings.smart_routing and settings.backup_acks
        self._backup_aware = False
        """All members can acknowledge: a backup on a member without a connection would be waited for in vain."""
        self._owners: Mapping[uuid.UUID, Sequence[int]] = {}
        self._partitions_version = -1
        self._routes: list[Connection | None] = []
        self._ring: list[Connection] = []
        self._turn = 0
        self._handlers: dict[int, _Handler] = {}
        self._early_events: list[tuple[_Handler, Message]] = []
        self._early_acks: dict[int, int] = {}
        self._awaited: dict[int, _AwaitedBackups] = {}
        self._backup_timer: Handle | None = None
        self._settled_at = 0.0
        self._lately_unknown = 0
        """Calls that ended as unknown with the connections that were lost last, each before the last one was settled:
        a cluster of several members is lost one by one."""
        self._on_call_end: Callable[[int, Call], None] | None = None
        self._end_timer: Handle | None = None
        """The limit of a drain or of the time in retirement."""
        self._idle_timer: Handle | None = None

    # -------------------------------------------------------------------------------------------------------- sending

    def send(self, call: Call) -> bool:
        """Send a call to where it belongs, else to any member. False when there is none."""
        connection = self.route(call)
        if connection is None:
            return False
        self.send_on(connection, call)
        return True

    def route(self, call: Call) -> Connection | None:
        """Return the connection to where a call belongs, else to any member; None when there is none."""
        connection = None
        if call.partition >= 0:
            if call.partition < len(self._routes):
                connection = self._routes[call.partition]
        elif call.member is not None:
            connection = self.connections.get(call.member)
        return self.any_connection() if connection is None else connection

    def send_on(self, connection: Connection, call: Call) -> int:
        """Send a call over a connection of this link; return its correlation id, 0 if the cluster does not know it."""
        request = call.request
        if self.lacks is not None and (feature := self.feature_missing_for(request)) is not None:
            self._calls.feature_missing(call, self.target.name, self.oldest, feature)
            return 0
        correlation_id = self._next_correlation_id()
        stamp(request, correlation_id, call.partition, backup_aware=self._backup_aware)
        pending = self.pending
        lone = not pending
        pending[correlation_id] = call
        call.carrier = connection
        connection.send(request, lone=lone)
        return correlation_id

    @property
    def quiet(self) -> bool:
        """Say whether nobody waits to be told of the end of calls."""
        return self._on_call_end is None

    def post(self, connection: Connection, call: Call) -> int:
        """Put a call under way that its caller's thread sends by itself; return its correlation id.

        At each step it is either no call of this link yet, or one whose request is sent if nothing else happens.
        """
        correlation_id = self._next_correlation_id()
        stamp(call.request, correlation_id, call.partition, backup_aware=self._backup_aware)
        call.carrier = connection
        connection.post(call.request)
        self.pending[correlation_id] = call
        return correlation_id

    def forget(self, correlation_id: int) -> None:
        """Let go of a call whose answer its caller's thread has read by itself."""
        del self.pending[correlation_id]

    def feature_missing_for(self, request: bytearray) -> Feature | None:
        """Return the feature that a request needs and the cluster lacks, None when it may be sent."""
        if self.lacks is None:
            return None
        feature = self.lacks.get(message_type(request))
        if feature is None and self.oldest[:2] < COMPACT.since:
            # the schema went to a former cluster, which could have it; here its data could never be read
            return COMPACT if any(schema_id in request for schema_id in self._owner.schema_ids()) else None
        return feature

    def any_connection(self) -> Connection | None:
        """Return the connection to the member that is to get a call of no one, else the next in turn.

        None when there is no connection.
        """
        choose = self.settings.next_member
        if choose is not None and (member := choose()) is not None and (chosen := self.connections.get(member)):
            return chosen
        ring = self._ring
        if not ring:
            return None
        self._turn = turn = (self._turn + 1) % len(ring)
        return ring[turn]

    async def ask(self, request: bytearray, connection: Connection | None = None) -> Message:
        """Send a request of the engine and return its answer.

        Args:
            request: The encoded message.
            connection: The connection to use; None for any.

        Raises:
            Exception: What the cluster answered, or that the connection was lost, as the bridge words it.
        """
        carrier = connection or self.any_connection()
        if carrier is None:
            raise ConnectionError(f"no connection to {self.target.name} is left")
        call = Request(self._runtime, request, carrier, self.settings.invocation_timeout)
        self._calls.submit(call)
        return await call.answer

    async def listen(
        self, connection: Connection, request: bytearray, handle: Callable[[Message], None], *, of_user: bool
    ) -> tuple[Message, int]:
        """Send a request whose answer is followed by events; return the answer and the events' correlation id.

        The handler is in place before the request leaves, so no event is missed.
        """
        call = Request(self._runtime, request, connection, self.settings.invocation_timeout)
        if not connection.live:
            raise ConnectionError(f"the connection to {connection.peer} is closed")
        correlation_id = self.send_on(connection, call)
        self._handlers[correlation_id] = _Handler(connection, handle, of_user)
        try:
            return await call.answer, correlation_id
        except BaseException:
            self._handlers.pop(correlation_id, None)
            raise

    def stop_listening(self, correlation_id: int) -> None:
        """Drop all later events of that listener on this link."""
        self._handlers.pop(correlation_id, None)

    # ------------------------------------------------------------------------------------------------------ receiving

    def on_messages(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Complete calls and dispatch events."""
        pending = self.pending
        for message in messages:
            correlation_id = message.correlation_id
            if message.is_event:
                self._on_event(correlation_id, message)
                continue
            call = pending.get(correlation_id)
            if call is None:
                continue
            if message.backup_acks and self._awaits_backups(correlation_id, call, message):
                continue
            del pending[correlation_id]
            self._finish(correlation_id, call, message)

    def _finish(self, correlation_id: int, call: Call, message: Message) -> None:
        if not call.done():  # an answer to a call that was cancelled is no error
            if message.type == 0:
                self._calls.refused(call, message)
            else:
                call.succeed(message)
        if self._on_call_end is not None:
            self._on_call_end(correlation_id, call)

    def _on_event(self, correlation_id: int, message: Message) -> None:
        handler = self._handlers.get(correlation_id)
        if handler is None:
            return
        if not handler.of_user or self.listening is Listening.DELIVER:
            handler.handle(message)
        elif self.listening is Listening.KEEP and len(self._early_events) < _EARLY_EVENTS:
            self._early_events.append((handler, message))
        else:
            self.dropped_events += 1

    def start_keeping_events(self) -> None:
        """User listeners are being registered: keep their events until the link becomes active."""
        self.prepared = True
        if self.listening is Listening.DROP:
            self.listening = Listening.KEEP

    def deliver_events(self) -> None:
        """Deliver events from now on, those first that came while the link was being prepared."""
        self.listening = Listening.DELIVER
        early, self._early_events = self._early_events, []
        for handler, message in early:
            handler.handle(message)

    def end_overdue(self) -> None:
        """End the calls whose answer has not come in time; one that comes later is no error."""
        now = self._runtime.now()
        overdue = [(key, call) for key, call in self.pending.items() if call.deadline <= now and call.due <= now]
        for key, call in overdue:
            # one whose primary has answered has the limit of its backups
            if key in self._awaited or self.pending.pop(key, None) is None:
                continue
            self._early_acks.pop(key, None)
            if not call.done():
                self._calls.unanswered(call)
            if self._on_call_end is not None:
                self._on_call_end(key, call)

    # --------------------------------------------------------------------------------------------------- backup acks

    def _awaits_backups(self, correlation_id: int, call: Call, answer: Message) -> bool:
        missing = answer.backup_acks - self._early_acks.pop(correlation_id, 0)
        if missing <= 0:
            return False
        now = self._runtime.now()
        settled = self._backup_aware and now >= self._settled_at
        due = now + (self.settings.backup_timeout if settled else min(_LATE_ACK, self.settings.backup_timeout))
        self._awaited[correlation_id] = _AwaitedBackups(call, answer, missing, due)
        if self._backup_timer is None:
            self._backup_timer = self._runtime.call_at(due, self._backups_due)
        return True

    def on_backup_ack(self, correlation_id: int) -> None:
        """A backup has applied what that call changed."""
        awaited = self._awaited.get(correlation_id)
        if awaited is None:
            if correlation_id in self.pending:
                self._early_acks[correlation_id] = self._early_acks.get(correlation_id, 0) + 1
            return
        awaited.missing -= 1
        if awaited.missing <= 0:
            self._backups_done(correlation_id, awaited)

    def _backups_done(self, correlation_id: int, awaited: _AwaitedBackups) -> None:
        del self._awaited[correlation_id]
        del self.pending[correlation_id]
        self._finish(correlation_id, awaited.call, awaited.answer)

    def _hasten_backups(self) -> None:
        """A connection was lost: what it would have acknowledged never comes, the others do it soon."""
        now = self._runtime.now()
        self._settled_at = now + _UNSETTLED
        for awaited in self._awaited.values():
            awaited.due = min(awaited.due, now + _LATE_ACK)
        if self._backup_timer is not None:
            self._backup_timer.cancel()
        self._backups_due()

    def _backups_due(self) -> None:
        self._backup_timer = None
        now = self._runtime.now()
        for correlation_id, awaited in list(self._awaited.items()):  # in the order of their limits
            if awaited.due > now:
                self._backup_timer = self._runtime.call_at(awaited.due, self._backups_due)
                return
            self._backups_failed(awaited)
            self._backups_done(correlation_id, awaited)

    def _backups_failed(self, awaited: _AwaitedBackups) -> None:
        if self.settings.fail_on_indeterminate and not awaited.call.done():
            awaited.call.fail(self._calls.backups_missing(self.target.name))

    # --------------------------------------------------------------------------------------- connections and partitions

    def add(self, connection: Connection) -> None:
        """Take an authenticated connection into use."""
        assert connection.remote_uuid is not None  # noqa: S101 - authenticated
        replaced = connection.remote_uuid in self.connections
        self.connections[connection.remote_uuid] = connection
        self._reroute()
        if replaced:
            self._hasten_backups()

    def on_members_view(self, members: Sequence[MemberInfo]) -> None:
        """Take over a member list: close connections to those that left, report the rest to the owner."""
        self.members = tuple(members)
        self._reroute()
        self.oldest = min((member.version for member in members), default=self.oldest)
        self.lacks = lacking(self.oldest) or None
        self.facts = replace(self.facts, members=len(members))
        if not self.members_known.done():
            self.members_known.set_result(None)
        present = {member.uuid for member in members}
        for member_uuid, connection in list(self.connections.items()):
            if member_uuid not in present:
                connection.close(Cause.CLOSED, f"member {connection.peer} left the cluster")
        if not self.down:
            self._owner.on_members(self, self.members)

    def on_partitions_view(self, view: PartitionsView) -> None:
        """Take over a partition table; an empty one says nothing."""
        if not view.partitions:
            return
        self._owners = view.partitions
        self._reroute()
        if not self.partitions_known.done():
            self.partitions_known.set_result(None)

    def _reroute(self) -> None:
        routes: list[Connection | None] = [None] * self.facts.partition_count
        for member_uuid, partitions in self._owners.items():
            connection = self.connections.get(member_uuid)
            for partition in partitions:
                if partition < len(routes):
                    routes[partition] = connection
        self._routes = routes if self.settings.smart_routing else []
        self._ring = list(self.connections.values())
        self._backup_aware = self._backup_acks and all(
            member.lite_member or member.uuid in self.connections for member in self.members
        )

    def owner_of(self, partition: int) -> uuid.UUID | None:
        """Return the member that owns the partition, None while that is unknown."""
        return next((member for member, owned in self._owners.items() if partition in owned), None)

    def on_closed(self, connection: Connection, cause: Cause, detail: str) -> None:
        """Take care of what a closed connection carried."""
        known = connection.remote_uuid is not None and self.connections.get(connection.remote_uuid) is connection
        if known:
            del self.connections[connection.remote_uuid]  # type: ignore[arg-type]
            self._reroute()
        last = known and not self.connections
        if last:
            self.down = True
            self.gone.set_result(None)
            self.listening = Listening.DROP
            self._on_call_end = None  # that its calls are lost now is no end of a drain: a lost link is told first
            self._cancel_timers()
            self._owner.on_down(self)
        self._handlers = {key: it for key, it in self._handlers.items() if it.connection is not connection}
        if self._runtime.now() >= self._settled_at:
            self._lately_unknown = 0
        counts = self._lose_calls(connection, detail)
        self._lately_unknown += counts.unknown
        if known and not last:
            self._hasten_backups()
        if cause is Cause.PROTOCOL:
            self._calls.malformed_total += 1
        if connection.remote_uuid is not None:
            self._owner.on_connection_closed(self, connection)
        if last:
            if self._backup_timer is not None:
                self._backup_timer.cancel()
            for known_future in (self.members_known, self.partitions_known):
                if not known_future.done():
                    known_future.cancel(detail)
            self._owner.on_lost(self, cause, detail, replace(counts, unknown=self._lately_unknown))

    def _lose_calls(self, connection: Connection, detail: str) -> CallCounts:
        unsent = connection.unsent()
        unknown = held = 0
        lost = [(key, call) for key, call in self.pending.items() if call.carrier is connection]
        for key, _ in lost:
            del self.pending[key]
            self._early_acks.pop(key, None)
        for key, call in lost:
            awaited = self._awaited.pop(key, None)
            if awaited is not None:  # the primary has answered; that it is gone now matters only to who asked for that
                self._backups_failed(awaited)
                self._finish(key, call, awaited.answer)
                continue
            sent = id(call.request) not in unsent
            counts = self._calls.lost(call, sent=sent, cluster=self.target.name, detail=detail)
            if call.of_user:
                unknown, held = unknown + counts.unknown, held + counts.held
            if self._on_call_end is not None:
                self._on_call_end(key, call)
        return CallCounts(unknown=unknown, held=held)

    # ------------------------------------------------------------------------------------------------------------ end

    def drain(self, deadline: float, drained: Callable[[int], None]) -> None:
        """Call back when the short calls have ended, or at the deadline; with how many calls of users stay."""
        waiting = {key for key, call in self.pending.items() if not call.blocks and not call.done()}

        def ended(key: int, _: Call) -> None:
            waiting.discard(key)
            if not waiting:
                finish()

        def finish() -> None:
            self._on_call_end = None
            self._cancel_timers()
            drained(self._in_flight())

        self._cancel_timers()
        if not waiting:
            self._end_timer = self._runtime.call_at(self._runtime.now(), finish)
            return
        self._on_call_end = ended
        self._end_timer = self._runtime.call_at(deadline, finish)

    def _in_flight(self) -> int:
        return sum(call.of_user and not call.done() for call in self.pending.values())

    def retire(self, deadline: float) -> None:
        """Close when no call has been under way for a while and no tenant is left, at the latest at the deadline."""
        self.listening = Listening.DROP

        def ended(_: int, call: Call) -> None:
            if not isinstance(call, Request):  # a ping keeps nothing alive
                self._close_when_idle()

        self._cancel_timers()
        self._on_call_end = ended
        self._end_timer = self._runtime.call_at(deadline, self.close, "its last calls did not end in time")
        self._close_when_idle()

    def _close_when_idle(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = self._runtime.call_at(self._runtime.now() + _IDLE, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not all(isinstance(call, Request) for call in self.pending.values()):
            return  # the end of a call leads here again
        if any(stays(tenant) for tenant, stays in self.tenants.items()):
            self._close_when_idle()
        else:
            self.close("all of its calls have ended")

    def close(self, why: str) -> None:
        """Close all connections."""
        self.closing = True
        self._cancel_timers()
        for connection in list(self.connections.values()):
            connection.close(Cause.CLOSED, f"the link to {self.target.name} was closed: {why}")

    def _cancel_timers(self) -> None:
        for timer in (self._end_timer, self._idle_timer):
            if timer is not None:
                timer.cancel()

    def __repr__(self) -> str:
        return f"Link({self.id}, {self.target.name}, {len(self.connections)} connections)"
