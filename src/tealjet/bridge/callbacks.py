"""Where user callbacks run: never on the engine's own stack, in order for each listener.

The threaded family has a few daemon threads for them, so that a callback that is stuck delays its own listener only and
never the exit of the interpreter. The asyncio family runs them on the user's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable

__all__ = ["CallbackThreads", "Callbacks", "Lane", "LoopCallbacks"]

_log = logging.getLogger("tealjet")

_THREADS = 4
_LIMIT = 100_000

Callback = Callable[[], object]


class Lane:
    """The callbacks of one listener, run one after the other."""

    def __init__(self, name: str, run_soon: Callable[[Callback], None]) -> None:
        """Make a lane whose callbacks are run by ``run_soon``."""
        self.name = name
        self.dropped = 0
        self._run_soon = run_soon
        self._waiting: deque[Callback] = deque()
        self._lock = threading.Lock()
        self._running = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, callback: Callback) -> None:
        """Run a callback after those that are waiting; beyond the limit it is dropped and counted."""
        with self._lock:
            if len(self._waiting) >= _LIMIT:
                self.dropped += 1
                if self.dropped == 1:
                    _log.error(
                        "%s is too slow: more than %d events wait for it, further ones are dropped", self.name, _LIMIT
                    )
                return
            self._waiting.append(callback)
            if self._running:
                return
            self._running = True
        self._run_soon(self._run)

    def _run(self) -> None:
        while True:
            try:
                self._waiting[0]()
            except Exception:
                _log.exception("%s raised an error", self.name)
            with self._lock:
                self._waiting.popleft()
                if not self._waiting:
                    self._running = False
                    return


class Callbacks:
    """What both families have in common: a lane for each listener, and a look at all of them."""

    def __init__(self) -> None:
        """Start without lanes."""
        self._lanes: weakref.WeakSet[Lane] = weakref.WeakSet()

    def lane(self, name: str) -> Lane:
        """Make a lane for one listener."""
        lane = Lane(name, self._run_soon)
        self._lanes.add(lane)
        return lane

    def close(self, timeout: float) -> None:
        """End it; waits for a callback that is stuck for ``timeout`` seconds at most."""
        raise NotImplementedError

    def _run_soon(self, callback: Callback) -> None:
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        """How many callbacks wait for their listeners now."""
        return sum(map(len, list(self._lanes)))

    @property
    def dropped(self) -> int:
        """How many were dropped because their listeners, those that are still there, were too slow."""
        return sum(lane.dropped for lane in list(self._lanes))


class CallbackThreads(Callbacks):
    """Runs the callbacks of the threaded family; threads are started when they are needed first."""

    def __init__(self, name: str) -> None:
        """Make the pool; ``name`` is in the names of its threads."""
        super().__init__()
        self._name = name
        self._work: queue.SimpleQueue[Callback | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def _run_soon(self, callback: Callback) -> None:
        with self._lock:
            if self._closed:
                return
            if len(self._threads) < _THREADS:
                number = len(self._threads) + 1
                thread = threading.Thread(target=self._work_off, name=f"{self._name}-callbacks-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._work.put(callback)

    def _work_off(self) -> None:
        while (callback := self._work.get()) is not None:
            callback()

    def close(self, timeout: float) -> None:
        """Run what is waiting, then end the threads; one that is stuck is left behind after the limit in seconds."""
        with self._lock:
            self._closed = True
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)


class LoopCallbacks(Callbacks):
    """Runs the callbacks of the asyncio family on the user's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run callbacks on this loop."""
        super().__init__()
        self._loop = loop

    def _run_soon(self, callback: Callback) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody listens any more
            self._loop.call_soon(callback)

    def close(self, timeout: float) -> None:
        """Nothing is left to end: the loop is the user's."""
