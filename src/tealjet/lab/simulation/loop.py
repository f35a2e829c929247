"""An event loop on virtual time: as soon as nothing is left to do now, it is as late as the next timer says.

A program that waits an hour has waited it at once, and a program that waits for something that can never come is told
so. There is no I/O: nothing but timers and what they do can happen.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tealjet.lab.clusters import LabError

__all__ = ["SimulationError", "VirtualLoop"]

_START = 1000.0
"""A monotonic clock says nothing by where it begins, and a program that relies on zero is to fail."""

_TO_CLEAN_UP = 60.0
"""Seconds of virtual time that whatever has hung has to end."""


class SimulationError(LabError):
    """A simulation does not come to its end: what it waits for does not happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop.

    Args:
        limit: Seconds of virtual time after which whatever runs has certainly hung.
    """

    def __init__(self, limit: float) -> None:
        super().__init__()
        self._selector = self  # asks how long there is nothing to do
        self._limit = _START + limit
        self._now = _START
        self.errors: list[str] = []
        """What callbacks have raised, which nobody else is told."""
        self.set_exception_handler(self._failed)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Let time pass instead of waiting; the loop calls this.

        Raises:
            SimulationError: There is no timer, or the time is over.
        """
        if timeout is None:
            raise SimulationError(f"nothing can happen any more, and the program waits: {self._waiting()}")
        self._now += timeout
        if self._now > self._limit:
            self._limit = self._now + _TO_CLEAN_UP
            raise SimulationError(
                f"the program still waits after {self._now - _START:.0f} s of virtual time: {self._waiting()}"
            )
        return []

    def _waiting(self) -> str:
        return "; ".join(sorted(str(task.get_coro()) for task in asyncio.all_tasks(self))) or "no task is left"

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context:
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")
        self.default_exception_handler(context)
