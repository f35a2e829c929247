"""CP structures across clusters: the same objects go on, what they hold on one cluster never reaches another.

A CP group, a session and a thread id are numbers that one cluster has given, and the next cluster may know the same
number as somebody else's. The official proxies therefore never see them: they are given numbers of this client, and
each call is stamped with those of the cluster it goes to, when it goes.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
import sys
from collections.abc import Callable
from typing import Any

from hazelcast.client import _ClientContext
from hazelcast.errors import IllegalStateError, LockOwnershipLostError, SessionExpiredError
from hazelcast.protocol import RaftGroupId
from hazelcast.protocol.codec import cp_group_create_cp_group_codec, cp_session_generate_thread_id_codec

from tealjet.bridge.homes import Bond, Home, HomeNow
from tealjet.engine.calls import Call
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link
from tealjet.errors import ClusterLeftError, ConnectionLostError, NoConnectionError, Outcome, outcome_of
from tealjet.protocol.frames import message_type

__all__ = ["CPNumbers", "CPSessions", "LostLock", "LostPermits", "cp_context"]

_CREATE_GROUP, _SEMAPHORE_TYPE = 0x1E0100, 0x0C0700
_CREATE_SESSION, _HEARTBEAT, _GENERATE_THREAD_ID, _LOCK_OWNERSHIP = 0x1F0100, 0x1F0300, 0x1F0400, 0x070400
_WITH_SESSION = frozenset({0x1F0200, _HEARTBEAT, 0x070100, 0x070200, 0x070300})
"""Closing and keeping a session, lock, tryLock, unlock: the session's id is their first field."""
_WITH_SESSION_OR_THREAD = frozenset({0x0C0200, 0x0C0300, 0x0C0400, 0x0C0500})
"""Acquire, release, drain and change permits of a semaphore: without a session, the thread's id follows."""
_NONE = -1
_FOREIGN = -2
"""Stands for a session of another client."""

_SESSION_AT, _THREAD_AT = 22, 30
_LONG, _TWO_LONGS = struct.Struct("<q"), struct.Struct("<qq")
_FRAME_HEADER = 6

_SESSION = Bond("a CP session", "What was held in it is not held any more.")


class _SessionLeftError(ClusterLeftError, SessionExpiredError):
    """To the official code an expired session: it asks for another one where that is safe."""


class CPNumbers:
    """The numbers that clusters have given, and the numbers that the official proxies know instead."""

    def __init__(self, engine: Engine) -> None:
        """Start with none."""
        self._engine = engine
        self._next = itertools.count(1)
        self._groups: dict[tuple[str, str], tuple[int, int]] = {}
        self._sessions: dict[int, tuple[Home, int]] = {}
        self._session_numbers: dict[tuple[str, str, int], int] = {}
        self._threads: dict[tuple[str, str, int], int] = {}
        self._asked: dict[tuple[object, ...], asyncio.Task[None]] = {}

    def home_of(self, session: int) -> Home | None:
        """Return the cluster of a session."""
        known = self._sessions.get(session)
        return None if known is None else known[0]

    def stamp(self, call: Call, stop: _Stop, link: Link) -> bool:
        """Write the link's numbers into a call; when one has to be asked for first, the call is resumed later."""
        cluster, request = link.facts.cluster_id, call.request
        group = self._groups.get((cluster, stop.group))
        if group is None:
            ask = cp_group_create_cp_group_codec.encode_request(f"group@{stop.group}")
            self._ask(call, link, ask, (cluster, stop.group), lambda m: self._keep_group(stop.group, link, m))
            return False
        _TWO_LONGS.pack_into(request, int.from_bytes(request[:4], "little") + 2 * _FRAME_HEADER, *group)
        if stop.session != _NONE:
            home, number = self._sessions[stop.session]
            if not home.has(link):
                lost = _SESSION.broken(home, link.target.name, call.outcome)
                expired = message_type(request) != _HEARTBEAT  # the session waits for the client to come back
                call.fail(_SessionLeftError(str(lost), outcome=lost.outcome) if expired else lost)
                return False
            _LONG.pack_into(request, _SESSION_AT, number)
        elif stop.thread != _NONE:
            thread = self._threads.get((cluster, stop.group, stop.thread))
            if thread is None:
                ask = cp_session_generate_thread_id_codec.encode_request(RaftGroupId(stop.group, *group))
                key = (cluster, stop.group, stop.thread)
                self._ask(call, link, ask, key, lambda m: self._keep_thread(key, m))
                return False
            _LONG.pack_into(request, _THREAD_AT, thread)
        return True

    def _keep_group(self, name: str, link: Link, message: Any) -> None:
        group = cp_group_create_cp_group_codec.decode_response(message)
        self._groups[link.facts.cluster_id, name] = group.seed, group.id

    def _keep_thread(self, key: tuple[str, str, int], message: Any) -> None:
        self._threads[key] = cp_session_generate_thread_id_codec.decode_response(message)

    def _ask(self, call: Call, link: Link, request: Any, key: tuple[object, ...], keep: Callable[[Any], None]) -> None:
        """Ask the link's cluster for a number, once for all calls that need it; then resume the call."""

        async def ask() -> None:
            try:
                keep(await link.ask(request.buf))
            finally:
                del self._asked[key]

        def resume(task: asyncio.Task[None]) -> None:
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is None or isinstance(error, ConnectionError | ConnectionLostError | NoConnectionError):
                self._engine.calls.resume(call)
            elif isinstance(error, Exception) and not call.done():
                call.fail(error)

        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = self._engine.runtime.spawn(ask())
        task.add_done_callback(resume)

    def session_number(self, home: Home, group: str, real: int) -> int:
        """Return this client's number of a session that the cluster has opened for it."""
        key = (home.cluster_id, group, real)
        number = self._session_numbers.get(key)
        if number is None:
            number = self._session_numbers[key] = next(self._next)
            self._sessions[number] = home, real
        return number

    def thread_number(self, home: Home, group: str, real: int) -> int:
        """Return this client's number of a thread id that the cluster has given."""
        number = next(self._next)
        self._threads[home.cluster_id, group, number] = real
        return number

    def owner_number(self, home: Home, group: str, real: int) -> int:
        """Return this client's number of the session that holds a lock."""
        return real if real == _NONE else self._session_numbers.get((home.cluster_id, group, real), _FOREIGN)


class _Stop:
    """The gate of one CP call: what it was made with, and where it went."""

    __slots__ = ("_numbers", "group", "home", "session", "thread")

    def __init__(self, numbers: CPNumbers, kind: int, request: bytearray) -> None:
        self._numbers = numbers
        self.home: Home
        at = int.from_bytes(request[:4], "little") + 2 * _FRAME_HEADER + _TWO_LONGS.size
        end = at + int.from_bytes(request[at : at + 4], "little")
        self.group = request[at + _FRAME_HEADER : end].decode()
        self.session = self.thread = _NONE
        if kind in _WITH_SESSION or kind in _WITH_SESSION_OR_THREAD:
            (self.session,) = _LONG.unpack_from(request, _SESSION_AT)
        if kind in _WITH_SESSION_OR_THREAD and self.session == _NONE:
            (self.thread,) = _LONG.unpack_from(request, _THREAD_AT)

    def admit(self, call: Call, link: Link) -> bool:
        if not self._numbers.stamp(call, self, link):
            return False
        self.home = Home(link.target.name, link.facts.cluster_id)
        return True


class _Invocations:
    """The invocation service of CP structures."""

    def __init__(self, invocations: Any, numbers: CPNumbers) -> None:
        self._invocations = invocations
        self._numbers = numbers

    def invoke(self, invocation: Any) -> None:
        request = invocation.request.buf
        kind = message_type(request)
        decode = invocation.response_handler
        if kind == _CREATE_GROUP:
            # one name for the group of all clusters: proxies of before and after a switch share a session
            invocation.response_handler = lambda message: RaftGroupId(decode(message).name, 0, 0)
        if kind in (_CREATE_GROUP, _SEMAPHORE_TYPE):
            self._invocations.invoke(invocation)
            return
        stop, numbers = _Stop(self._numbers, kind, request), self._numbers
        if kind == _GENERATE_THREAD_ID:
            invocation.response_handler = lambda m: numbers.thread_number(stop.home, stop.group, decode(m))
        elif kind in (_CREATE_SESSION, _LOCK_OWNERSHIP):
            translate = numbers.session_number if kind == _CREATE_SESSION else numbers.owner_number

            def decode_here(message: Any) -> Any:
                answer = decode(message)
                answer["session_id"] = translate(stop.home, stop.group, answer["session_id"])
                return answer

            invocation.response_handler = decode_here
        self._invocations.invoke(invocation, stop)

    def ainvoke(self, invocation: Any) -> Any:
        self.invoke(invocation)
        return invocation.future


def cp_context(context: Any, numbers: CPNumbers) -> Any:
    """Return a client context for CP structures."""
    made = _ClientContext()
    made.__dict__.update(context.__dict__)
    made.invocation_service = _Invocations(context.invocation_service, numbers)
    return made


class CPSessions:
    """The official session managers, one for each cluster that was used, as if they were the active cluster's.

    The sessions of a cluster that was left are not closed: that would hand out locks whose holders still work. They
    expire, unless the client comes back before; then what was held in them still is.
    """

    def __init__(self, manager_class: type[Any], context: Any, numbers: CPNumbers, home: HomeNow) -> None:
        """Make session managers of this class.

        Args:
            manager_class: The family's ProxySessionManager.
            context: A context for CP structures.
            numbers: The context's numbers.
            home: Where the client is.
        """
        sessions = self

        class Manager(manager_class):  # type: ignore[misc]
            def _do_create_new_session(self, response: Any, group_id: Any) -> Any:
                answer = response.result() if hasattr(response, "result") else response
                opened_on = numbers.home_of(answer["session_id"])
                assert opened_on is not None  # noqa: S101 - its number was made from the answer
                # the request may have waited for another cluster than the one it was made for
                manager = sessions._manager_of(opened_on)
                known = manager._sessions.get(group_id)
                if known is not None and known.is_valid():
                    return known
                return manager_class._do_create_new_session(manager, response, group_id)

        self._make = lambda: Manager(context)
        self._home = home
        self._managers: dict[str, Any] = {}

    def _manager_of(self, home: Home) -> Any:
        manager = self._managers.get(home.cluster_id)
        if manager is None:  # two threads may get here, and one manager may count only
            manager = self._managers.setdefault(home.cluster_id, self._make())
        return manager

    def end(self) -> None:
        """Let no session of any cluster be kept alive any more; the client is closed."""
        for manager in self._managers.values():
            manager._shutdown = True
            task = getattr(manager, "_heartbeat_task", None)  # the threaded family has a timer, which ends by itself
            if task is not None:
                task.cancel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager_of(self._home()), name)


class LostLock:
    """A fenced lock that names the cluster on which it was held."""

    _numbers: CPNumbers
    _home: HomeNow
    _proxy_name: str

    def _new_lock_ownership_lost_error(self, lock_session_id: int) -> Any:
        held, now = self._numbers.home_of(lock_session_id), self._home()
        if held is None or held.cluster_id == now.cluster_id:
            return super()._new_lock_ownership_lost_error(lock_session_id)  # type: ignore[misc]
        error: Any = LockOwnershipLostError(
            f"The lock {self._proxy_name!r} was held on cluster {held.name!r}, which this client has left for "
            f"{now.name!r}: it is not held there. Take it again if it is needed; what it protected was not protected "
            "since."
        )
        error.outcome = outcome_of(sys.exc_info()[1] or error) or Outcome.NOT_SENT
        return error


class LostPermits:
    """A semaphore that names the cluster where no permits are held."""

    _home: HomeNow
    _proxy_name: str

    def _new_illegal_state_error(self, cause: Exception | None = None) -> Any:
        error: Any = IllegalStateError(
            f"This client holds no permits of the semaphore {self._proxy_name!r} on cluster {self._home().name!r}; "
            "permits that were acquired on a cluster before a switch are not held on the next one."
        )
        error.__cause__ = cause
        error.outcome = Outcome.NOT_SENT if cause is None else outcome_of(cause)
        return error
