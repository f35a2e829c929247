"""The official package's Future without a Condition, for the threaded family.

A Condition costs more than the rest of the future together, and almost every future has at most one waiter. Setting and
waiting are safe under the interpreter lock alone: whoever waits appends its lock first and looks at ``_done`` second,
whoever completes sets ``_done`` first and releases the locks second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hazelcast.future import Future
from hazelcast.util import re_raise

from tealjet.errors import WrongLoopError

__all__ = ["CallFuture"]

_UNSET = Future.__dict__["_result"]


class CallFuture(Future[Any]):
    """The result of one call of the threaded family."""

    def __init__(self, engine_thread: int) -> None:
        """Make a future that the thread with this id, the engine's, must not wait for."""
        self._engine_thread = engine_thread
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

    def _complete(self) -> None:
        self._done = True
        while self._waiters:
            self._waiters.pop().release()
        while self._callbacks:
            self._invoke_cb(self._callbacks.pop(0))

    def done(self) -> bool:
        """Say whether it is complete."""
        return self._done

    def is_success(self) -> bool:
        """Say whether it is complete and has a result."""
        return self._result is not _UNSET

    def _wait(self) -> None:
        if threading.get_ident() == self._engine_thread:
            raise WrongLoopError(
                "A callback on the client's own thread must not wait for a call: the answer could never arrive. "
                "Use add_done_callback or continue_with, or wait on another thread."
            )
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
        if self._done:
            try:
                self._callbacks.remove(callback)
            except ValueError:  # the completing thread has taken it
                return
            self._invoke_cb(callback)
