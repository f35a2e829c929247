"""The official package's Future without a Condition, for the threaded family.

A Condition costs more than the rest of the future together, and almost every future has at most one waiter. Setting and
waiting are safe under the interpreter lock alone: whoever waits appends its lock first and looks at ``_done`` second,
whoever completes sets ``_done`` first and releases the locks second. Completing a future on a caller's thread may be
interrupted anywhere; the loop does it once more then.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from hazelcast.future import Future
from hazelcast.util import re_raise

from tealjet.bridge.direct import DirectPath, Sent
from tealjet.engine.calls import Call
from tealjet.engine.engine import Engine
from tealjet.errors import Outcome, WrongLoopError
from tealjet.protocol.frames import Message

__all__ = ["CallFuture", "FutureOwner", "continued"]

_UNSET = Future.__dict__["_result"]


@dataclass(frozen=True, slots=True)
class FutureOwner:
    """What all futures of a client have in common."""

    engine: Engine
    engine_thread: int
    """Id of the thread that must not wait: the engine's."""
    path: DirectPath | None = None
    """How whoever waits for a call alone reads its answer; None: not at all."""


class CallFuture(Future[Any]):
    """The result of one call of the threaded family."""

    _of_a_call = True

    sent: Sent | None = None
    """Set from the moment at which its caller's thread has sent the call by itself until somebody begins to wait."""
    kept: tuple[Call, Message] | None = None
    """The call and its answer, while that was read by its caller's thread and is not decoded."""

    def __init__(self, owner: FutureOwner) -> None:
        """Make a future of a client."""
        self._owner = owner
        self._done = False
        self._waiters: list[Any] = []
        self._callbacks: list[Callable[[Future[Any]], None]] = []

    def set_result(self, result: Any) -> None:
        """Complete with a result; only the first completion counts."""
        if not self._done:
            self._result = result
            self._complete()

    def set_exception(self, exception: Exception, traceback: TracebackType | None = None) -> None:
        """Complete with an error; only the first completion counts."""
        if not self._done:
            self._exception = exception
            self._traceback = traceback
            self._complete()

    def decode(self) -> None:
        """Complete it with the answer that is kept; calling back is left to the loop."""
        if self.kept is not None:
            call, answer = self.kept
            call.succeed(answer)
            self.kept = None

    def finish(self) -> None:
        """Do, on the loop, what a caller's thread has left to do or was interrupted in."""
        if self.kept is not None and not self._done:
            call, answer = self.kept
            call.succeed(answer.again())  # its reader may have stopped half-way
        if self._done:
            self.kept = None
            self._release()
            self._call_back()

    @property
    def finished(self) -> bool:
        """Say whether it is complete and everybody has been told."""
        return self._done and not self._waiters and not self._callbacks

    def _complete(self) -> None:
        self._done = True
        self._release()
        if self.kept is None:
            self._call_back()

    def _release(self) -> None:
        if self._waiters:
            for waiter in tuple(self._waiters):
                try:  # noqa: SIM105 - a context manager takes long
                    waiter.release()
                except RuntimeError:  # it was released before somebody was interrupted
                    pass
            self._waiters.clear()  # who has come meanwhile sees that it is complete

    def _call_back(self) -> None:
        with contextlib.suppress(IndexError):  # at the end of the client two threads may do it
            while self._callbacks:
                self._invoke_cb(self._callbacks.pop(0))

    def done(self) -> bool:
        """Say whether it is complete."""
        return self._done

    def is_success(self) -> bool:
        """Say whether it is complete and has a result."""
        return self._result is not _UNSET

    def watch(self, waiter: Any) -> None:
        """Release a waiter, as a lock, when it is complete."""
        self._waiters.append(waiter)

    def unwatch(self, waiter: Any) -> None:
        """Do not release the waiter any more."""
        with contextlib.suppress(ValueError):  # it is being released
            self._waiters.remove(waiter)

    def _wait(self) -> None:
        owner = self._owner
        if owner.engine.disowned:
            raise owner.engine.refusal(Outcome.UNKNOWN)  # its call goes on in the parent, which gets the answer
        thread, path = threading.get_ident(), owner.path
        if thread == owner.engine_thread or (path is not None and path.in_turn(thread)):
            raise WrongLoopError(
                "A callback on the client's own thread must not wait for a call: the answer could never arrive. "
                "Use add_done_callback or continue_with, or wait on another thread."
            )
        if path is not None and self._of_a_call:
            path.wait(self, thread)
            if self._done:
                return
            if self.kept is not None:  # whoever was to decode it was interrupted, and once more while giving it away
                path.later(self.finish)
        lock = threading.Lock()
        lock.acquire()
        self._waiters.append(lock)
        if not self._done:
            lock.acquire()

    def result(self) -> Any:
        """Wait for the result; raise the error if there is one."""
        if not self._done:
            self._wait()
        if self._exception is not None:
            re_raise(self._exception, self._traceback)
        return self._result

    def exception(self) -> Exception | None:
        """Wait for the end; return the error if there is one."""
        if not self._done:
            self._wait()
        return self._exception

    def traceback(self) -> TracebackType | None:
        """Wait for the end; return the error's traceback if there is one."""
        if not self._done:
            self._wait()
        return self._traceback

    def add_done_callback(self, callback: Callable[[Future[Any]], None]) -> None:
        """Call back when complete, at once if it is."""
        self._callbacks.append(callback)
        sent, self.sent = self.sent, None
        path = self._owner.path
        if sent is not None and path is not None:  # whoever waits now does not do it here
            path.give_back(sent[0])
        if self._done:
            try:
                self._callbacks.remove(callback)
            except ValueError:  # the completing thread has taken it
                return
            self._invoke_cb(callback)

    def continue_with(self, continuation_func: Callable[..., Any], *args: Any) -> Future[Any]:
        """Return the future of what the function makes of this one when it is complete; of a future, its result."""
        return continued(self._owner, self, continuation_func, *args)


class _Continued(CallFuture):
    """What comes after calls: complete when a function was called back."""

    _of_a_call = False


def continued(owner: FutureOwner, future: Future[Any], then: Callable[..., Any], *args: Any) -> Future[Any]:
    """Return what ``continue_with`` of any official future does, as a future of the client."""
    after = _Continued(owner)

    def go_on(complete: Future[Any]) -> None:
        try:
            result = then(complete, *args)
        except BaseException as error:  # the official futures keep all that is raised
            after.set_exception(error, error.__traceback__)  # type: ignore[arg-type]
            return
        if isinstance(result, Future):
            after._chain(result)
        else:
            after.set_result(result)

    future.add_done_callback(go_on)
    return after
