"""Threads that call without a pause, and a record of what became of every single call.

What the calls are is given by the story. Whoever waits for progress is woken once, when it is made.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tealjet.cli.facts import Calls, Operation
from tealjet.errors import ClientClosedError, Outcome, outcome_of

__all__ = ["LIMIT", "Load", "TooLateError"]

LIMIT = 30.0
"""Seconds after which something that should happen within moments is not going to."""


class TooLateError(RuntimeError):
    """Something that was waited for did not happen."""


@dataclass(frozen=True, slots=True)
class _Ended:
    operation: str
    at: float
    error: Exception | None


class Load:
    """Runs each operation in threads of its own until the end of its ``with`` block."""

    def __init__(self, operations: Mapping[str, Callable[[str], object]], threads_each: int = 2) -> None:
        """Prepare the threads.

        Args:
            operations: What to call, by the name to show; it is given a string that is new for each call.
            threads_each: How many threads run each operation.
        """
        self._names = tuple(operations)
        self._ended: list[_Ended] = []
        self._succeeded = 0
        self._wanted = 0
        self._reached = threading.Event()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(name, call, str(number)), daemon=True)
            for name, call in operations.items()
            for number in range(threads_each)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopping.set()
        if kind is None:
            deadline = time.monotonic() + LIMIT
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, name: str, call: Callable[[str], object], thread: str) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            error: Exception | None = None
            try:
                call(f"{thread}-{number}")
            except Exception as raised:
                error = raised
            with self._lock:
                self._ended.append(_Ended(name, time.monotonic(), error))
                self._succeeded += error is None
                if self._succeeded == self._wanted:
                    self._reached.set()
            if isinstance(error, ClientClosedError):
                return

    def wait_for_more(self, calls: int) -> None:
        """Wait until so many further calls have succeeded.

        Raises:
            TooLateError: They have not.
        """
        with self._lock:
            self._wanted, self._reached = self._succeeded + calls, threading.Event()
        if not self._reached.wait(LIMIT):
            missing = self._wanted - self._succeeded
            raise TooLateError(f"{missing} of {calls} calls were not answered within {LIMIT:.0f} s")

    @property
    def threads(self) -> int:
        """How many threads call."""
        return len(self._threads)

    @property
    def hanging(self) -> int:
        """Threads whose last call has not ended."""
        return sum(thread.is_alive() for thread in self._threads)

    @property
    def ended(self) -> int:
        """Calls that have ended so far, well or not."""
        return len(self._ended)

    @property
    def errors(self) -> tuple[Exception, ...]:
        """The errors that calls ended with so far."""
        with self._lock:
            return tuple(ended.error for ended in self._ended if ended.error is not None)

    def longest_silence(self, since: float) -> float:
        """Return the longest time in which no thread got an answer, in seconds.

        Args:
            since: Monotonic time before which nothing counts.
        """
        with self._lock:
            answers = sorted(ended.at for ended in self._ended if ended.error is None and ended.at > since)
        return max(later - earlier for earlier, later in itertools.pairwise([since, *answers]))

    def calls(self) -> Calls:
        """Return what became of all calls."""
        with self._lock:
            ended = tuple(self._ended)
        return Calls(
            operations=tuple(_operation(name, [one for one in ended if one.operation == name]) for name in self._names)
        )


def _operation(name: str, ended: list[_Ended]) -> Operation:
    outcomes = [outcome_of(one.error) for one in ended if one.error is not None]
    return Operation(
        name=name,
        succeeded=len(ended) - len(outcomes),
        not_sent=outcomes.count(Outcome.NOT_SENT),
        unknown=outcomes.count(Outcome.UNKNOWN),
        answered=outcomes.count(Outcome.ANSWERED),
        unlabelled=outcomes.count(None),
    )
