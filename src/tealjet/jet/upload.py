"""The way of a JAR to a member, in parts: what is sent when, and what its loss means at each moment. Pure.

A member runs the JAR's ``main`` when it has the last part, and not earlier. So whatever ends an upload before its last
part was sent has changed nothing, and after that a job may have been started. The parts of one upload go to one member
over one connection, each after the answer to the one before.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

__all__ = ["DEFAULT_PART_SIZE", "After", "Part", "Parts", "Progress", "after_loss", "digest_of", "upload_name"]

DEFAULT_PART_SIZE = 4_000_000
"""Bytes. Java sends ten million at a time; less costs no time that can be measured and keeps memory low."""

STARTS = 5
"""So often an upload is begun at most: a JAR whose upload ends its member would otherwise be sent again for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a file."""

    number: int
    """From 1."""
    offset: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """How a file is divided."""

    total_size: int
    part_size: int

    def __post_init__(self) -> None:
        if self.total_size <= 0 or self.part_size <= 0:
            raise ValueError(f"a file of {self.total_size} bytes can't be sent in parts of {self.part_size}")

    def __len__(self) -> int:
        return -(-self.total_size // self.part_size)

    def __iter__(self) -> Iterator[Part]:
        for index in range(len(self)):
            offset = index * self.part_size
            yield Part(number=index + 1, offset=offset, size=min(self.part_size, self.total_size - offset))


class Progress(enum.Enum):
    """How far an upload has come."""

    SENDING = "sending"
    """The last part has not been sent: nothing has happened."""
    RUNNING = "running"
    """The last part has been sent: ``main`` may run, or have run."""


class After(enum.Enum):
    """What follows when the connection or the cluster of an upload is lost."""

    AGAIN = "begin again"
    UNKNOWN = "nobody knows"
    ERROR = "give up"


def after_loss(progress: Progress, *, starts: int, rerun: bool) -> After:
    """Say what follows when the connection or the cluster of an upload is lost.

    Args:
        progress: How far it had come.
        starts: How often it was begun, this time included.
        rerun: The caller allows to run the JAR again although it may have been run.
    """
    if progress is Progress.RUNNING and not rerun:
        return After.UNKNOWN
    if starts < STARTS:
        return After.AGAIN
    return After.UNKNOWN if progress is Progress.RUNNING else After.ERROR


def upload_name(path: Path, token: str) -> str:
    """Return the name that a JAR is given on the member: the resource of its jobs begins with it.

    Args:
        path: The JAR.
        token: Tells this submission from all others.
    """
    stem = "".join(char if char.isalnum() or char in "-_" else "-" for char in path.stem)[:60]
    return f"{stem}-{token}-"


def digest_of(file: BufferedReader) -> str:
    """Return a file's SHA-256 in hex, as members compare it; the file is read in small pieces."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
