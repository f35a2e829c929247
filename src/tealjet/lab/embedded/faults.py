"""What can be wrong with an embedded member."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

__all__ = ["Faults", "Mishap"]


class Mishap(enum.Enum):
    """What can happen to one answer."""

    SKIPPED = "never sent"
    TWICE = "sent twice"
    CUT = "sent up to the middle of its last frame, then the connection is reset"


@dataclass(slots=True)
class Faults:
    """What is wrong with a member at the moment."""

    frozen: bool = False
    delay: float = 0.0
    """Seconds by which all that it sends is late."""
    read_rate: float = math.inf
    """Bytes a second that it takes from each connection."""
    withholds_members: bool = False
    """It tells clients of no member and no partition."""
    deadly: frozenset[int] = frozenset()
    """Message types at which it dies."""
    mishaps: list[tuple[Mishap, int | None]] = field(default_factory=list)
    """What happens to the next answers, each with the message type that must have been asked, None for any."""

    def next_mishap(self, message_type: int) -> Mishap | None:
        """Take out what happens to the answer to a request of that type."""
        for number, (mishap, only) in enumerate(self.mishaps):
            if only is None or only == message_type:
                del self.mishaps[number]
                return mishap
        return None
