"""What the demo has to tell, as values: the story yields them, a view shows them.

A fact carries what was seen and no layout; nothing here knows a terminal, JSON or a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tealjet.failover.model import SwitchReport

__all__ = [
    "Calls",
    "ClustersUp",
    "ConfigFile",
    "Did",
    "Fact",
    "Figure",
    "FilesWritten",
    "Instead",
    "MemberUp",
    "Note",
    "Operation",
    "Promise",
    "Rows",
    "Step",
    "Switch",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A chapter begins."""

    number: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A sentence or two."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Instead:
    """There are no real members to be had, and the story is told on embedded ones instead."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberUp:
    """A member that serves clients."""

    cluster: str
    address: str
    pid: int | None
    """Its process; None for an embedded member."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClustersUp:
    """The clusters serve clients."""

    java: str | None
    """The version of the Java that runs them; None for embedded members."""
    version: str
    members: tuple[MemberUp, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """A configuration file with its whole text."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FilesWritten:
    """Configuration files were written."""

    folder: Path
    kept: bool
    """Whether the folder stays when the command ends."""
    files: tuple[ConfigFile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Did:
    """A line of code that was run, and what came of it."""

    code: str
    result: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A query that was run, and its rows."""

    query: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What became of all calls of one operation."""

    name: str
    succeeded: int
    not_sent: int
    unknown: int
    answered: int
    unlabelled: int
    """Failed without an outcome."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """What became of all calls of a load."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A number that was measured."""

    name: str
    """For programs; the unit is its last part."""
    value: float
    unit: str
    """For people; empty for a count."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """The timeline of a switch."""

    report: SwitchReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What was promised, and whether it was so."""

    promise: str
    held: bool
    seen: str
    """What was seen, in a few words."""


Fact = Step | Note | Instead | ClustersUp | FilesWritten | Did | Rows | Calls | Figure | Switch | Promise
