"""A world whose time goes on only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import uuid
from collections.abc import Callable, Coroutine
from typing import Any


class VirtualTimer:
    def __init__(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self.callback, self.args, self.cancelled = callback, args, False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualRuntime:
    """As much of a runtime as needs no network."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, VirtualTimer]] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    def random(self) -> float:
        return 0.5

    def uuid(self) -> uuid.UUID:
        return uuid.uuid4()

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> VirtualTimer:
        timer = VirtualTimer(callback, args)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def call_soon(self, callback: Callable[..., object], *args: object) -> VirtualTimer:
        return self.call_at(self.time, callback, *args)

    call_soon_threadsafe = call_soon

    def on_loop(self) -> bool:
        return True

    def future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def advance(self, seconds: float) -> None:
        """Let time pass; what becomes due happens in order."""
        end = self.time + seconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self.time = max(self.time, when)
            if not timer.cancelled:
                timer.callback(*timer.args)
        self.time = end

    def stand_still(self, seconds: float) -> None:
        """Let time pass in which the process does not run."""
        self.time += seconds

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(coroutine)

    async def live(self, seconds: float, step: float = 0.01) -> None:
        """Let time pass in small steps, in between what was started on the loop."""
        for _ in range(round(seconds / step)):
            self.advance(step)
            for _ in range(5):
                await asyncio.sleep(0)
