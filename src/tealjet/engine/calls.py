"""Calls on their way: which link they go to, when they wait, when they are sent again, and what is known at their end.

A call is given to :class:`Calls` once and ends exactly once. With no route it parks; it is released when a link is in
place, or ends at its own deadline, as it does when a member that is alive does not answer it. A call that may have been
applied is not sent again unless its message is safe to repeat or its user opted in; once it may have been applied, its
outcome is never better than ``UNKNOWN``.
"""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from tealjet.engine.contracts import CallErrors, Settings
from tealjet.failover.model import CallCounts, Outcome
from tealjet.protocol.features import Feature
from tealjet.protocol.frames import Message, message_type
from tealjet.protocol.table import BLOCKING, longest_wait
from tealjet.protocol.values import MemberVersion
from tealjet.runtime import Handle, Runtime

if TYPE_CHECKING:
    from tealjet.engine.connection import Connection
    from tealjet.engine.link import Link

__all__ = ["Call", "Calls", "Gate"]

_FAST_REPEATS = 5  # Java's client repeats that often without a pause
_EXPIRY_GRAIN = 0.05  # parked calls are looked through at most this often, however many deadlines there are


class Gate(Protocol):
    """Who says whether a call may go to a cluster; for the few that carry what only one cluster understands."""

    def admit(self, call: Call, link: Link) -> bool:
        """Say whether the call may be sent over the link now; when not, it has been ended or taken over."""
        ...


class Call:
    """One request and what is known of it; subclasses say what its end means."""

    __slots__ = (
        "carrier",
        "connection",
        "deadline",
        "gate",
        "member",
        "parked_at",
        "partition",
        "redo",
        "repeats",
        "request",
        "retryable",
        "sent",
        "timeout",
    )

    of_user: ClassVar[bool] = True
    """Its end is told to a user; what the engine asks for itself, such as a ping, does not count as a call."""

    def __init__(
        self,
        request: bytearray,
        timeout: float,
        retryable: bool = False,
        redo: bool = False,
        partition: int = -1,
        member: uuid.UUID | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Make a call.

        Args:
            request: The encoded message; correlation and partition id are stamped when it is sent.
            timeout: How long it may wait for a cluster and then for its answer, in seconds from the moment it is
                submitted; what it waits in the cluster by nature is not counted.
            retryable: The message is safe to send again although it may have been applied.
            redo: The user allows to send it again although it may have been applied.
            partition: Partition whose owner it should go to, -1 for none.
            member: Member that it should go to.
            connection: The only connection that it may go to.
        """
        self.request = request
        self.timeout = timeout
        self.deadline = math.inf
        self.retryable = retryable
        self.redo = redo
        self.partition = partition
        self.member = member
        self.connection = connection
        self.gate: Gate | None = None
        """Asked each time before it is sent; None: it may go to any cluster."""
        self.carrier: Connection | None = None
        """The connection that carries it now."""
        self.sent = False
        """It was handed to a network and lost without an answer, at least once: it may have been applied."""
        self.repeats = 0
        self.parked_at = math.nan

    @property
    def outcome(self) -> Outcome:
        """What is known if it ended now without an answer."""
        return Outcome.UNKNOWN if self.sent else Outcome.NOT_SENT

    @property
    def blocks(self) -> bool:
        """Say whether it waits in the cluster by nature (take, lock, ...)."""
        return message_type(self.request) in BLOCKING

    @property
    def due(self) -> float:
        """The monotonic time by which its answer has to be there."""
        return self.deadline + longest_wait(self.request)

    def done(self) -> bool:
        """Say whether nobody waits for it any more (ended or cancelled)."""
        raise NotImplementedError

    def succeed(self, message: Message) -> None:
        """End it with the answer."""
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        """End it with an error."""
        raise NotImplementedError

    def refusal(self, message: Message, cluster: str, errors: CallErrors) -> Exception:
        """Return what its user is to see of an error that the cluster answered."""
        return errors.answered(message, cluster)


class Calls:
    """The place every call passes. All methods on the event loop."""

    def __init__(
        self, runtime: Runtime, settings: Settings, errors: CallErrors, reasons: Callable[[], Mapping[str, str]]
    ) -> None:
        """Start with no route: calls park.

        Args:
            runtime: The world.
            settings: Time-outs, limits and redo.
            errors: Makes the exceptions.
            reasons: Why each candidate can't be used at the moment, for the errors of calls that waited in vain.
        """
        self._runtime = runtime
        self._settings = settings
        self._errors = errors
        self._reasons = reasons
        self._route: Link | None = None
        self._parked: deque[Call] = deque()
        self._pausing: set[Call] = set()
        """Calls that a cluster asked to repeat and that wait for their turn."""
        self._expiry: Handle | None = None
        self._expiry_at = math.inf
        self._room_made_at = -math.inf
        self._closed: str | None = None
        self.parked_total = 0
        self.rejected_total = 0
        self.malformed_total = 0
        """Connections that were closed because of bytes that are no message, or a longer one than is taken."""

    @property
    def parked(self) -> int:
        """How many calls wait for a link."""
        return len(self._parked)

    @property
    def route(self) -> Link | None:
        """The link that calls go to, None while they park."""
        return self._route

    # --------------------------------------------------------------------------------------------------------- routing

    def submit(self, call: Call) -> None:
        """Take a new call."""
        call.deadline = self._runtime.now() + call.timeout
        self._dispatch(call)

    def _dispatch(self, call: Call) -> None:
        if call.connection is not None:
            self._send_on(call.connection, call)
            return
        route = self._route
        if route is not None and call.gate is not None and not call.gate.admit(call, route):
            return
        if route is None or not route.send(call):
            self._park(call)

    def _send_on(self, connection: Connection, call: Call) -> None:
        if self._closed is not None:
            call.fail(self._errors.closed(self._closed, call.outcome))
        elif connection.live:
            connection.link.send_on(connection, call)
        else:
            detail = f"the connection to {connection.peer} that it belongs to is closed"
            call.fail(self._errors.no_connection(connection.link.target.name, detail, call.outcome))

    def _park(self, call: Call) -> None:
        if self._closed is not None:
            call.fail(self._errors.closed(self._closed, call.outcome))
            return
        if len(self._parked) >= self._settings.max_parked_calls and not self._make_room():
            self.rejected_total += 1
            call.fail(self._errors.overloaded(self._settings.max_parked_calls, call.outcome))
            return
        call.parked_at = self._runtime.now()
        self.parked_total += 1
        self._parked.append(call)
        self._expire_at(call.deadline)

    def _make_room(self) -> bool:
        """Drop the parked calls that were cancelled; not at every call, because to look through all takes long."""
        now = self._runtime.now()
        if now < self._room_made_at + _EXPIRY_GRAIN:
            return False
        self._room_made_at = now
        self._parked = deque(call for call in self._parked if not call.done())
        return len(self._parked) < self._settings.max_parked_calls

    def route_to(self, link: Link | None) -> tuple[int, float]:
        """Send calls to the link from now on, those that are parked first; None: park them.

        Returns:
            How many calls were released, and how long the one that waited longest was held, in seconds.
        """
        self._route = link
        if link is None:
            return 0, 0.0
        parked, self._parked = self._parked, deque()
        now, released, longest = self._runtime.now(), 0, 0.0
        for call in parked:
            if not call.done():  # a parked call that was cancelled never goes out
                released += 1
                longest = max(longest, now - call.parked_at)
                self._dispatch(call)
        return released, longest

    # ----------------------------------------------------------------------------------------------------------- expiry

    def _expire_at(self, deadline: float) -> None:
        if deadline < self._expiry_at:
            if self._expiry is not None:
                self._expiry.cancel()
            self._expiry_at = max(deadline, self._runtime.now() + _EXPIRY_GRAIN)
            self._expiry = self._runtime.call_at(self._expiry_at, self._expire)

    def _expire(self) -> None:
        self._expiry, self._expiry_at = None, math.inf
        now, parked = self._runtime.now(), self._parked
        self._parked = deque(call for call in parked if call.deadline > now and not call.done())
        for call in parked:
            if call.deadline <= now and not call.done():
                self._time_out(call, None)
        if self._parked:
            self._expire_at(min(call.deadline for call in self._parked))

    def _time_out(self, call: Call, last: Exception | None) -> None:
        call.fail(self._errors.timed_out(call.timeout, self._reasons(), call.outcome, last))

    # ------------------------------------------------------------------------------------------------- what comes back

    def refused(self, call: Call, message: Message) -> None:
        """The cluster answered the call with an error."""
        carrier = call.carrier
        try:
            error = call.refusal(message, "?" if carrier is None else carrier.link.target.name, self._errors)
        except Exception as unreadable:  # it comes from the network, and the call has to end whatever it contains
            call.fail(self._errors.labelled(unreadable, Outcome.UNKNOWN))
            return
        bound = {"to_member": call.member is not None, "on_connection": call.connection is not None}
        if not self._errors.asks_to_repeat(error, **bound):
            call.fail(self._errors.labelled(error, Outcome.UNKNOWN if call.sent else Outcome.ANSWERED))
            return
        if not call.repeats:
            self._begin_anew(call)
        if self._runtime.now() >= call.deadline:
            self._time_out(call, error)
        else:
            call.repeats += 1
            self._pausing.add(call)
            pause = min(self._settings.retry_pause, 0.001 * 2.0 ** (call.repeats - _FAST_REPEATS))
            self._runtime.call_at(
                self._runtime.now() + (0 if call.repeats <= _FAST_REPEATS else pause), self._repeat, call
            )

    def _repeat(self, call: Call) -> None:
        self._pausing.discard(call)
        self.resume(call)

    def resume(self, call: Call) -> None:
        """Send a call that was put aside: by a pause, or by its gate."""
        if not call.done():
            call.request = bytearray(call.request)
            self._dispatch(call)

    def lost(self, call: Call, *, sent: bool, cluster: str, detail: str) -> CallCounts:
        """The connection that carried the call is gone, the answer with it.

        Args:
            call: A call that was being carried.
            sent: It had been handed to the network.
            cluster: The candidate's name.
            detail: Why the connection is gone.

        Returns:
            A count of one for what became of it.
        """
        if call.done():
            return CallCounts()
        call.sent = call.sent or sent
        call.carrier = None
        if call.connection is not None:
            call.fail(self._errors.connection_lost(cluster, detail, call.outcome))
            return CallCounts(unknown=int(call.sent))
        if sent and not (call.retryable or call.redo):
            call.fail(self._errors.connection_lost(cluster, detail, Outcome.UNKNOWN))
            return CallCounts(unknown=1)
        self._begin_anew(call)
        if self._runtime.now() >= call.deadline:
            self._time_out(call, None)
            return CallCounts(unknown=int(call.sent))
        call.request = bytearray(call.request)  # the old bytes may still be queued on the dead connection
        self._dispatch(call)
        return CallCounts(held=1)

    def _begin_anew(self, call: Call) -> None:
        """Give a call that has waited in a cluster by nature its whole time to find the next one."""
        if call.blocks:
            call.deadline = self._runtime.now() + call.timeout

    def unanswered(self, call: Call) -> None:
        """End a call that is under way and whose answer has not come in time, although its connection is alive."""
        carrier = call.carrier
        assert carrier is not None  # noqa: S101 - it is under way
        waited = call.due - call.deadline
        call.fail(
            self._errors.unanswered(
                call.timeout, waited, carrier.link.target.name, carrier.peer, message_type(call.request)
            )
        )

    def feature_missing(self, call: Call, cluster: str, version: MemberVersion, feature: Feature) -> None:
        """End a call that the cluster does not know; nothing of it was sent there."""
        call.fail(self._errors.feature_missing(cluster, version, feature, call.outcome))

    def backups_missing(self, cluster: str) -> Exception:
        """Return the error of a call whose backups did not acknowledge in time."""
        return self._errors.backups_missing(cluster)

    def close(self, detail: str) -> None:
        """End all calls that wait and refuse every later one."""
        self._closed, self._route = detail, None
        if self._expiry is not None:
            self._expiry.cancel()
        waiting = [*self._parked, *self._pausing]
        self._parked.clear()
        self._pausing.clear()
        for call in waiting:
            if not call.done():
                call.fail(self._errors.closed(detail, call.outcome))
