"""The direct path: a thread that calls alone sends its calls and reads their answers by itself.

Usually each call passes from its caller's thread to the loop's and back. For a lone caller these two changes cost more
than all the rest. So to a thread that has made many calls in a row, and waited for each, the loop lends two things
while it sleeps: the reading of the active link's connections, and for moments its turn, a lock that it holds whenever
it runs. One such lock a loop makes sure that only one thread at a time has to do with the engine.

Nothing is decided or changed on the caller's thread that could be left half done, as Ctrl-C may end it anywhere: after
each instruction the loop can go on from where things are. What the thread has read stays with the connection until the
call's future has it, and it understands one thing only, the answer to its own call. All else is the loop's: errors,
events, fragments, other calls' answers, the end of a connection. The loop has its reading back when anything but the
passing of time wakes it, when an answer takes long, and when nobody calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import selectors
import signal
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from hazelcast.future import Future

from tealjet.engine.calls import Call
from tealjet.engine.connection import Connection
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link
from tealjet.protocol.frames import Message, message_type

__all__ = ["DirectPath", "Sent", "Turns", "Waiting", "new_loop"]

_IN_A_ROW = 32
"""So many calls has a thread made that it could have sent by itself, and waited for each, before reading is lent to it:
to lend and to take back costs about as much as one call."""
_PATIENCE = 0.005
"""Seconds without an answer, or without a call, after which reading goes back."""
_TERM = 0.1
"""Seconds after which it goes back anyhow; whether it may be lent is then looked at anew."""
_SIGNALS = sorted(signal.valid_signals() - {signal.SIGINT})
"""Those that programs handle are among the first."""

T = TypeVar("T")


def new_loop() -> tuple[asyncio.AbstractEventLoop, Turns | None]:
    """Make an event loop, and say how it lends its turn; None when it does not.

    Only asyncio's own loop does, on Linux, and not while it is debugged.
    """
    loop = asyncio.new_event_loop()
    has_means = hasattr(os, "eventfd") and hasattr(select, "poll")
    if type(loop) is not asyncio.SelectorEventLoop or loop.get_debug() or not has_means:
        return loop, None
    loop.close()
    turns = Turns()
    return asyncio.SelectorEventLoop(turns), turns


class Turns(selectors.DefaultSelector):
    """The selector of a loop that lends its turn while it sleeps."""

    def __init__(self) -> None:
        """Lend nothing before there is a path. The loop's thread has to take the lock before it runs the loop."""
        super().__init__()
        self.lock = threading.Lock()
        """Whoever has it has the turn. Only a ``with`` may take it: a signal cannot come between that and its end."""
        self.owner = 0
        """The thread that the turn is lent to at this moment, 0 for none."""
        self.path: DirectPath | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as any selector does; let others have the turn meanwhile."""
        path = self.path
        if path is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        timeout = path.before_sleep(timeout)
        self.lock.release()
        try:
            events = super().select(timeout)
        finally:
            self.lock.acquire()
        path.after_sleep(woken=bool(events))
        return events


class _Lease:
    """Reading, lent to a thread."""

    def __init__(self, thread: int, link: Link, now: float) -> None:
        """Take over the reading of the link's connections. Raises OSError when there is no descriptor left."""
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.thread = thread
        self.link = link
        self.ends = now + _TERM
        self.used = now
        """When a call was sent last."""
        self.spent = False
        """It is to go back."""
        poll = select.poll()
        poll.register(self._event, select.POLLIN)
        self.connections = frozenset(link.connections.values())
        for connection in self.connections:
            poll.register(connection.lend(), select.POLLIN)
        self.poll = poll.poll

    def release(self) -> None:
        """Wake the thread, from any other; named as a lock's method, for both end somebody's waiting."""
        os.eventfd_write(self._event, 1)

    def __del__(self) -> None:
        event = getattr(self, "_event", None)
        if event is not None:
            os.close(event)


Sent = tuple[_Lease, Call, Connection, int]
"""What a thread has to know of a call that it has sent by itself; the number is the call's correlation id."""


class Waiting(Protocol):
    """What the direct path has to do with a future."""

    sent: Sent | None
    """Set from the moment at which a call was sent here until somebody begins to wait for it."""
    kept: tuple[Call, Message] | None
    """The call and its answer while that is not decoded."""

    def decode(self) -> None:
        """Complete it with the answer that is kept."""
        ...

    def finish(self) -> None:
        """Do, on the loop, what a caller's thread has left to do or was interrupted in."""
        ...

    @property
    def finished(self) -> bool:
        """Say whether it is complete and everybody has been told."""
        ...

    def watch(self, waiter: Any, /) -> None:
        """Release a waiter, as a lock, when it is complete."""
        ...

    def unwatch(self, waiter: Any, /) -> None:
        """Do not release it any more."""
        ...


def _nothing() -> None:
    """Let the loop wake."""


class DirectPath:
    """Lends the turn and the reading of one loop."""

    def __init__(self, engine: Engine, turns: Turns) -> None:
        """Lend what the engine's loop has."""
        self._engine = engine
        self._turns = turns
        self._lease: _Lease | None = None
        self._caller = 0
        """The thread that made the last call."""
        self._waited = False
        """It has begun to wait for that call."""
        self._in_a_row = 0
        self._lent_at = 0
        """That number when reading was lent last: it is not lent again to a thread that has not called since."""
        self.answered = 0
        """How many calls were answered here."""
        self._shared: set[int] = set()
        """Types of messages that not the member alone answers: backups acknowledge them, over other connections."""
        turns.path = self

    @property
    def lends(self) -> bool:
        """Say whether reading is lent to a thread at this moment."""
        return self._lease is not None

    # ------------------------------------------------------------------------------------------------------- the loop

    def before_sleep(self, timeout: float | None) -> float | None:
        """Lend, if somebody is there to lend to; return how long to sleep at most."""
        if self._lease is None:
            called = self._in_a_row
            if called < _IN_A_ROW or called == self._lent_at or not self._lend(self._caller):
                return timeout
            self._lent_at = called
        return _PATIENCE if timeout is None else min(timeout, _PATIENCE)

    def _lend(self, thread: int) -> bool:
        link = self._engine.calls.route
        if link is None or link.pending or not link.quiet:
            return False
        if all(connection.lendable for connection in link.connections.values()) and not _handles_signals(thread):
            with contextlib.suppress(OSError):
                self._lease = _Lease(thread, link, self._engine.runtime.now())
                return True
        self._in_a_row = 0
        return False

    def after_sleep(self, *, woken: bool) -> None:
        """Take back what was lent, if there is a reason to."""
        lease = self._lease
        if lease is None:
            return
        for connection in lease.connections:
            connection.finish_sending()
        now = self._engine.runtime.now()
        unused = now - lease.used > _PATIENCE
        if unused:
            self._in_a_row = 0
        if woken or lease.spent or unused or now > lease.ends or self._engine.calls.route is not lease.link:
            self._lease = None
            for connection in lease.connections:
                self._engine.runtime.call_soon(connection.take_back)
            lease.release()

    # ----------------------------------------------------------------------------------------------------- the caller

    def in_turn(self, thread: int) -> bool:
        """Say whether the thread must not wait for the loop, because it has the loop's turn."""
        return self._turns.owner == thread

    def send(self, call: Call, thread: int) -> Sent | None:
        """Send a call from its caller's thread, which has to wait for it; None when that is the loop's work."""
        bound = call.gate is not None or call.connection is not None
        if thread != self._caller or not self._waited or bound or message_type(call.request) in self._shared:
            self._caller, self._in_a_row = thread, 0
        self._waited = False
        lease = self._lease
        if lease is None or lease.thread != thread or not self._in_a_row:
            return None
        try:
            return self._take_turn(lease, self._send, call)
        except BaseException:
            self.give_back(lease)
            raise

    def _send(self, lease: _Lease, call: Call) -> Sent | None:
        link = lease.link
        if lease.spent or link.pending or not link.quiet or self._engine.calls.route is not link:
            return None
        carrier = link.route(call)
        if carrier is None or carrier not in lease.connections or not carrier.idle:
            return None
        if link.feature_missing_for(call.request) is not None:
            return None
        lease.used = self._engine.runtime.now()
        call.deadline = lease.used + call.timeout
        correlation_id = link.post(carrier, call)
        if not carrier.send_posted():
            self.give_back(lease)
        return lease, call, carrier, correlation_id

    def wait(self, future: Waiting, thread: int) -> None:
        """Read the answer of a call that was sent here; the loop reads it if it is not there when this returns."""
        if thread == self._caller:
            self._waited = True
            self._in_a_row += 1
        sent = future.sent
        if sent is None:
            return
        lease = sent[0]
        try:
            future.sent = None
            if lease.thread == thread:
                future.watch(lease)
                ready = lease.poll(_PATIENCE * 1000)
                if ready == [(sent[2].descriptor, select.POLLIN)] and self._take_turn(lease, self._read, future, *sent):
                    future.unwatch(lease)
                    future.decode()  # not in the turn: it may be a user's code that reads it
            self._leave(future, lease)
        except BaseException:  # and not in a finally, in which an interrupt would be the end of it
            self._leave(future, lease)
            raise

    def _leave(self, future: Waiting, lease: _Lease) -> None:
        """Let the loop do what is left to do."""
        if not future.finished:
            self.give_back(lease, future.finish)

    def _read(
        self, lease: _Lease, future: Waiting, _: _Lease, call: Call, carrier: Connection, correlation_id: int
    ) -> bool | None:
        """Read; True when it was the answer, which is kept by the future then and by nobody else any more."""
        if not carrier.live or correlation_id not in lease.link.pending:
            return None  # its descriptor may be another file's by now, or the call has ended at its limit
        answer = carrier.read_answer(correlation_id)
        if answer is None or answer.type == 0 or not lease.link.quiet:
            return None
        if answer.backup_acks:
            self._shared.add(message_type(call.request))
            return None
        future.kept = call, answer
        lease.link.forget(correlation_id)
        carrier.forget_answer()
        self.answered += 1
        return True

    def give_back(self, lease: _Lease, then: Callable[[], None] = _nothing) -> None:
        """Make the loop take the reading back, and then do something."""
        self._in_a_row = 0
        lease.spent = True
        self.later(then)

    def later(self, do: Callable[[], None]) -> None:
        """Do something on the loop, or here when the loop is closed."""
        try:
            self._engine.runtime.call_soon_threadsafe(do)
        except RuntimeError:
            do()

    def _take_turn(self, lease: _Lease, do: Callable[..., T | None], *what: object) -> T | None:
        """Do something in the loop's turn; None when the loop has taken back what it had lent."""
        turns = self._turns
        if not self._engine.usable:
            return None  # in a forked child nobody gives the lock back
        if hasattr(Future._threading_locals, "is_reactor_thread"):  # within a turn there is no other
            self._in_a_row = 0  # nor is one lent to the thread of another client's loop
            return None
        with turns.lock:
            try:
                turns.owner = lease.thread
                Future._threading_locals.is_reactor_thread = True  # whatever runs in here must not wait for the loop
                return do(lease, *what) if self._lease is lease else None
            finally:  # no call in here: a signal could interrupt it
                turns.owner = 0
                del Future._threading_locals.is_reactor_thread


def _handles_signals(thread: int) -> bool:
    """Say whether handlers of signals run on the thread: at any moment, even in a turn, and they might use a client."""
    if thread != threading.main_thread().ident:
        return False
    if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, signal.SIG_IGN, signal.SIG_DFL, None):
        return True
    return any(callable(signal.getsignal(number)) for number in _SIGNALS)
