"""What happened in a simulation, line by line: the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence

__all__ = ["Trace"]

_LAST = 10_000


class Trace:
    """Everything that happened on the network and was done to members, in order.

    Args:
        now: The virtual time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lines: deque[str] = deque(maxlen=_LAST)
        self._hash = hashlib.sha256()
        self._count = 0

    def __call__(self, what: str) -> None:
        """Note what happens now."""
        line = f"{self._now():.9f} {what}\n"
        self._lines.append(line)
        self._hash.update(line.encode())
        self._count += 1

    def __len__(self) -> int:
        return self._count

    @property
    def digest(self) -> str:
        """The fingerprint of all lines: two runs with the same one did the same at the same times."""
        return self._hash.hexdigest()

    @property
    def last_lines(self) -> Sequence[str]:
        """The last 10,000 lines, each with its time."""
        return tuple(self._lines)
