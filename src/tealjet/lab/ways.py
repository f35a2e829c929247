"""What a network can do to the connections between clients and a member: the verbs, whoever carries them out.

A test that is written for them runs in front of real members by a FaultProxy, and in a simulation.
"""

from __future__ import annotations

import abc
import enum
import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Conditions", "Cut", "Direction", "End", "Ending", "Way"]


class Direction(enum.Flag):
    """Which way bytes go, and so which side hears of something."""

    TO_MEMBER = enum.auto()
    TO_CLIENT = enum.auto()
    BOTH = TO_MEMBER | TO_CLIENT


class Ending(enum.Enum):
    """How a connection ends."""

    RESET = "reset"
    CLOSE = "closed in good order"


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ends, and for which side."""

    told: Direction
    ending: Ending


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """After how many bytes a connection ends, and how."""

    after: int
    end: End


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """What the network is like in one direction."""

    passing: bool = True
    delay: float = 0.0
    """Seconds that everything takes longer."""
    rate: float = math.inf
    """Bytes a second, on each connection."""
    cut: Cut | None = None


class Way(abc.ABC):
    """The way to one member.

    ``drop`` ends the connections that stand; ``refuse`` and ``accept`` are about new ones. All other verbs say what the
    network is like from now on, for connections that stand and for new ones, until ``pass_through``. They can be
    combined, and each direction has its own: a slow network that then swallows what the member answers is
    ``way.delay(0.1)`` and ``way.black_hole(Direction.TO_CLIENT)``.
    """

    def drop(self, told: Direction = Direction.BOTH, ending: Ending = Ending.RESET) -> None:
        """End all connections; new ones are still accepted.

        Args:
            told: Which side hears of it. When that is one side only, the connections are half open: what comes from the
                other side is swallowed, and it is told nothing.
            ending: How they end.
        """
        self._drop(End(told, ending))

    @abc.abstractmethod
    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""

    @abc.abstractmethod
    def accept(self) -> None:
        """Accept new connections again, at the same address."""

    def black_hole(self, direction: Direction = Direction.BOTH) -> None:
        """Let no bytes and no ends of connections through; connections stand."""
        self._change(direction, passing=False)

    def delay(self, seconds: float, direction: Direction = Direction.BOTH) -> None:
        """Let each byte and each end take so many seconds longer; that slows a sender down only in its answers.

        Raises:
            ValueError: That is no time; ``black_hole`` lets nothing through.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds} seconds are no delay: to let nothing through there is black_hole")
        self._change(direction, delay=seconds)

    def limit(self, bytes_per_second: float, direction: Direction = Direction.BOTH) -> None:
        """Let no more bytes through than that, on each connection.

        Raises:
            ValueError: The limit is not above zero; ``black_hole`` lets nothing through.
        """
        if not bytes_per_second > 0:
            raise ValueError(f"{bytes_per_second} bytes a second is no limit: to pass nothing there is black_hole")
        self._change(direction, rate=bytes_per_second)

    def cut_after(
        self, count: int, direction: Direction, ending: Ending = Ending.RESET, told: Direction = Direction.BOTH
    ) -> None:
        """Let exactly so many more bytes through on each connection, then end it.

        A cut in the middle of a frame is a count that no frame ends at. Connections that are made later are cut too,
        so heal with ``pass_through``.

        Args:
            count: Bytes, at least 1, counted from now on or from the start of a later connection.
            direction: Which way they go.
            ending: How the connection ends then.
            told: Which side hears of it, as for ``drop``.

        Raises:
            ValueError: The count is not above zero; ``drop`` ends connections at once.
        """
        if count < 1:
            raise ValueError(f"a connection can't be cut after {count} bytes: to end it at once there is drop")
        self._change(direction, cut=Cut(count, End(told, ending)))

    def pass_through(self, direction: Direction = Direction.BOTH) -> None:
        """Let everything through at once again."""
        self._change(direction, passing=True, delay=0.0, rate=math.inf, cut=None)

    @abc.abstractmethod
    def _drop(self, end: End) -> None:
        """End all connections so."""

    @abc.abstractmethod
    def _change(self, direction: Direction, **values: Any) -> None:
        """Change these of the conditions."""
