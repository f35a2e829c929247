"""What is wrong with a configuration, and where: values that a person can act on and a program can read.

A loader adds every problem that it finds and raises once, so one run shows all that has to be mended. Nothing here
knows what a key means or how a file is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tealjet.errors import ConfigError

__all__ = ["Mark", "Note", "Place", "Problem", "Problems", "file_of", "looks_secret", "printable", "quoted"]

_MAX_PROBLEMS = 100
_MAX_QUOTED = 60
_SIGNED_IN = re.compile(r"//[^/\s]*@")
"""The part of a URL that may have a password in it."""
_SECRET = re.compile(r"passw|passphrase|secret|token|credential(?!s-factory\.class-name$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A place in a file."""

    file: str
    """The path as it was given or found."""
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in characters."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


Place = Mark | str
"""Where something was said: in a file, or the name of what said it ("environment variable HZCLIENT_CLUSTERNAME")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that has to be mended."""

    where: Place
    """A place in a file, or for a configuration made in code what it is called."""
    key: str
    """The key path ("network.redo-operation") or the attribute; empty for a file as a whole."""
    found: str
    allowed: str = ""
    hint: str = ""
    """The nearest right key, or why the value is not allowed."""

    def __str__(self) -> str:
        text = f"{self.where}: {printable(self.key)}: {self.found}" if self.key else f"{self.where}: {self.found}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something that is not wrong and that its writer may want to know."""

    where: Place
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {printable(self.key)}: {self.text}" if self.key else f"{self.where}: {self.text}"


class Problems:
    """Collects problems and notes, up to a limit: a file of junk must not make an error of its size."""

    def __init__(self) -> None:
        """Start with none."""
        self._all: list[Problem] = []
        self._notes: dict[tuple[Place, str], Note] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._all)

    @property
    def full(self) -> bool:
        """Whether further problems would not be kept, so that it is no use to look for them."""
        return len(self._all) >= _MAX_PROBLEMS

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted, each place and key once."""
        return tuple(self._notes.values())

    @property
    def noted_enough(self) -> bool:
        """Whether further notes would not be kept."""
        return len(self._notes) >= _MAX_PROBLEMS

    def note(self, where: Place, key: str, text: str) -> None:
        """Keep a note unless the limit is reached."""
        if not self.noted_enough:
            self._notes.setdefault((where, key), Note(where=where, key=key, text=text))

    def add(self, where: Place, key: str, found: str, *, allowed: str = "", hint: str = "") -> None:
        """Keep a problem unless the limit is reached."""
        if not self.full:
            self._all.append(Problem(where=where, key=key, found=found, allowed=allowed, hint=hint))

    def raise_if_any(self) -> None:
        """Raise one error for all of them.

        Raises:
            ConfigError: At least one problem was added.
        """
        if self._all:
            problems = self._in_order()
            lines = "\n".join(f"  {problem}" for problem in problems)
            more = "\n  ... and perhaps more" if self.full else ""
            raise ConfigError(f"The configuration cannot be used:\n{lines}{more}", problems=problems)

    def _in_order(self) -> tuple[Problem, ...]:
        """Return the problems file by file, those of a file from its top to its end."""
        files: dict[str, int] = {}
        for problem in self._all:
            files.setdefault(file_of(problem.where), len(files))

        def place(problem: Problem) -> tuple[int, int, int]:
            where = problem.where
            line, column = (where.line, where.column) if isinstance(where, Mark) else (0, 0)
            return files[file_of(where)], line, column

        return tuple(sorted(self._all, key=place))


def file_of(where: Place) -> str:
    """Return the file of a place, else what it is called."""
    return where.file if isinstance(where, Mark) else where


def printable(name: str) -> str:
    """Return a name from a file so that it stays on one line and cannot steer a terminal."""
    if not name.isprintable():
        name = ascii(name)[1:-1]
    return name if len(name) <= 2 * _MAX_QUOTED else f"{name[: 2 * _MAX_QUOTED]}..."


def looks_secret(key: str) -> bool:
    """Say whether the value of a key path must not be shown."""
    return bool(_SECRET.search(key))


def quoted(value: str, key: str) -> str:
    """Return a value for a message; one whose key path looks like a secret is never shown."""
    if looks_secret(key):
        return "a value that is not shown"
    value = _SIGNED_IN.sub("//...@", value)
    return repr(value) if len(value) <= _MAX_QUOTED else f"{value[:_MAX_QUOTED]!r}..."
