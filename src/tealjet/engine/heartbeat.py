"""Tells members that are slow from members that are gone: pings, a second look, and the end of what stays silent.

A connection that has not been heard for half of the limit is looked at over a fresh connection to the same member. An
answer there means that the member lives: if the old connection stays silent, the fresh one takes its place and the
cluster is not left. Only where neither answers is the connection given up. Events are no answers: they go on while a
network swallows what this side sends. Time in which this client itself did not run is nobody's silence.

On the way it ends the calls that a member does not answer although it is alive: once in a while for all of them, so
that no call has to pay for a timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Iterable
from typing import Protocol

from tealjet.engine.connection import Connection
from tealjet.engine.contracts import Settings
from tealjet.engine.link import Link
from tealjet.engine.opening import NOBODY_THERE, OpenError
from tealjet.failover.model import Cause
from tealjet.protocol import table
from tealjet.protocol.codec import encode_request
from tealjet.runtime import Handle, Runtime

__all__ = ["Heartbeat", "HeartbeatOwner"]

_log = logging.getLogger("tealjet")

_LONGEST_INTERVAL = 1.0
_CALLS_INTERVAL = 0.25
"""Seconds between two looks at the calls that are under way."""
_STOPPED = 1.0
"""After standing still so many seconds, answers may be there that are not read yet."""


class HeartbeatOwner(Protocol):
    """Who owns the connections."""

    def open_links(self) -> Iterable[Link]:
        """Return all links whose members are to be watched, retired ones too."""
        ...

    def connect_again(self, connection: Connection) -> Awaitable[Connection]:
        """Open and authenticate a second connection to the member. Raises OpenError."""
        ...

    def bring_in(self, connection: Connection, instead_of: Connection) -> Awaitable[bool]:
        """Prepare the connection like the others of its link and take it into use; False when that failed."""
        ...


class Heartbeat:
    """Watches all connections. All methods on the event loop."""

    def __init__(self, runtime: Runtime, settings: Settings, owner: HeartbeatOwner) -> None:
        """Watch what the owner has; nothing happens before :meth:`start`."""
        self._runtime = runtime
        self._settings = settings
        self._owner = owner
        self._interval = min(settings.ping_interval, settings.silence_limit / 8, _LONGEST_INTERVAL)
        self._timer: Handle | None = None
        self._wall = 0.0
        self._looks: dict[Connection, _Look] = {}
        """The second looks at connections that are silent."""
        self._pinged: set[Connection] = set()
        """Connections whose answer to a ping is awaited."""
        self._looked_at_calls = -math.inf

    def start(self) -> None:
        """Begin to watch."""
        self._schedule(self._runtime.now() + self._interval)

    def stop(self) -> None:
        """End it; second looks end too."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._looks):
            self._forget(connection)

    def _schedule(self, due: float) -> None:
        self._wall = self._runtime.wall() + due - self._runtime.now()
        self._timer = self._runtime.call_at(due, self._beat, due)

    def _beat(self, due: float) -> None:
        now = self._runtime.now()
        stood_still = max(now - due, self._runtime.wall() - self._wall)
        if stood_still <= self._interval:
            stood_still = 0.0
        elif stood_still >= self._settings.silence_limit / 2:
            _log.info("this client did not run for %.1f s; what it did not hear meanwhile proves nothing", stood_still)
        next_due = now + self._interval
        watched: set[Connection] = set()
        for link in self._owner.open_links():
            for connection in list(link.connections.values()):
                watched.add(connection)
                connection.last_read = min(now, connection.last_read + stood_still)
                self._check(connection, now - connection.last_read)
                limit = connection.last_read + self._settings.silence_limit
                if now < limit < next_due:  # on time, not at the next beat after it
                    next_due = limit
        for connection in self._looks.keys() - watched:
            self._forget(connection)
        self._schedule(next_due)
        if stood_still < _STOPPED and now >= self._looked_at_calls + _CALLS_INTERVAL:
            self._looked_at_calls = now
            for link in self._owner.open_links():
                link.end_overdue()

    def _check(self, connection: Connection, silence: float) -> None:
        limit, look = self._settings.silence_limit, self._looks.get(connection)
        if look is not None and look.heard_before != connection.heard and not look.taking_over:
            self._forget(connection)  # it was slow, no more
            look = None
        if silence >= self._settings.ping_interval:
            self._ping(connection)
        if look is None:
            if silence >= limit / 2:
                look = self._looks[connection] = _Look(connection)
                look.task = self._runtime.spawn(self._look(look))
        elif silence >= limit and not look.taking_over:
            self._end_silence(look, silence)

    async def _look(self, look: _Look) -> None:
        try:
            look.fresh = await self._owner.connect_again(look.silent)
        except OpenError as error:
            look.failure = error

    def _end_silence(self, look: _Look, silence: float) -> None:
        silent, fresh = look.silent, look.fresh
        if fresh is not None and fresh.live:
            look.taking_over = True
            self._runtime.spawn(self._take_over(look, fresh, silence))
            return
        cause = Cause.SILENT
        if look.failure is not None:
            found = f"a fresh connection found: {look.failure.detail}"
            if look.failure.reason not in NOBODY_THERE:
                cause = Cause.CLOSED
        else:
            found = "it answers no fresh connection either"
        self._forget(silent)
        silent.close(cause, f"{silent.peer} has not answered for {silence:.1f} s, and {found}")

    async def _take_over(self, look: _Look, fresh: Connection, silence: float) -> None:
        """Put the fresh connection in the place of the silent one; both end where that fails."""
        silent, brought_in = look.silent, False
        try:
            async with asyncio.timeout(self._settings.silence_limit):
                brought_in = await self._owner.bring_in(fresh, silent)
        except TimeoutError:
            pass
        finally:
            if brought_in:
                _log.warning("%s answers only over a fresh connection, which is used from now on", silent.peer)
                look.fresh = None
            self._forget(silent)
            silent.close(Cause.SILENT, f"{silent.peer} has not answered for {silence:.1f} s over this connection")

    def _forget(self, connection: Connection) -> None:
        look = self._looks.pop(connection, None)
        if look is not None:
            look.end()

    def _ping(self, connection: Connection) -> None:
        async def ping() -> None:
            with contextlib.suppress(Exception):  # whatever comes back, the member was heard; a loss is told elsewhere
                await connection.link.ask(encode_request(table.PING), connection)
            self._pinged.discard(connection)

        if connection not in self._pinged:
            self._pinged.add(connection)
            self._runtime.spawn(ping())


class _Look:
    """A second look at a member whose connection is silent."""

    def __init__(self, silent: Connection) -> None:
        self.silent = silent
        self.heard_before = silent.heard
        self.task: asyncio.Task[None] | None = None
        self.fresh: Connection | None = None
        self.failure: OpenError | None = None
        self.taking_over = False

    def end(self) -> None:
        if self.task is not None:
            self.task.cancel()
        if self.fresh is not None:
            self.fresh.close(Cause.CLOSED, "the connection it was opened for is in use again or closed")
