"""Kinds of members that one set of cases is run on, and what a case tells of them.

A case does something to a member and tells, as short text, what came of it. What real members told is committed; a
member is compared with its own column of that table, and the embedded columns with the real ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hazelcast.client import HazelcastClient
from hazelcast.errors import HazelcastError
from hazelcast.proxy.base import EntryEventType

from support.clusters import Events
from support.tables import Cells, Table

VERSIONS = ("5.7.0", "jet-4.3.1")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What plays a cluster."""

    version: str
    real: bool

    def __str__(self) -> str:
        return f"{'real' if self.real else 'embedded'} {self.version}"


KINDS = tuple(Kind(version=version, real=real) for version in VERSIONS for real in (True, False))
COLUMNS = [str(kind) for kind in KINDS]


class Answers(Table):
    """What each kind of member tells in each case."""

    file = Path(__file__).parents[1] / "conformance" / "answers.toml"
    columns = COLUMNS
    head = (
        "# What members of each kind tell in each case. Written anew by the tests that compare it:\n"
        "# TEALJET_WRITE_CONFORMANCE=1 make test WORKERS=0 TEST_ARGS=tests/conformance\n"
    )

    def page_columns(self) -> list[str]:
        return ["case", *self.columns]

    def page_cells(self, cells: Cells) -> list[str]:
        told = []
        for version in VERSIONS:
            real, embedded = (cells[str(Kind(version=version, real=one))] for one in (True, False))
            told += [real, "the same" if embedded == real else embedded]
        return told

    def tell(self, column: str, title: str, row: str, cell: str) -> None:
        """Take over one cell."""
        self._sections.setdefault(title, {}).setdefault(row, {})[column] = cell


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster of either kind, as the cases need it."""

    name: str
    addresses: list[str]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Clusters of one kind, and two official clients of the one that most cases are about."""

    kind: Kind
    one: Cluster
    """Of one member, used by all cases: what is made in it has a unique name."""
    pair: Cluster
    """Of two members, used one message at a time."""
    fresh: Cluster
    """Of one member that nobody has used."""
    client: HazelcastClient
    other: HazelcastClient


# ------------------------------------------------------------------------------------------------- what is told


def without_chance(text: str) -> str:
    """Replace what is another one in every run."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"\[?127\.0\.0\.1\]?:\d+", "ADDRESS", text)
    text = re.sub(r"((?:thread[ -]?id|TID) ?[:=] ?)-?\d+", r"\1N", text, flags=re.IGNORECASE)
    # a member's insides
    text = re.sub(r"(ClientEndpoint|HeapData)\{.*?\}", r"\1{...}", text)
    return re.sub(r"(Operation: ).*", r"\1...", text)


def refusal(call: Callable[[], Any]) -> str:
    """Make a call of the official client and return what it was refused with: the class here and there, the text."""
    try:
        result = call()
    except HazelcastError as error:
        return _refusal(error)
    return f"not refused, but {result!r}"


def _refusal(error: HazelcastError) -> str:
    text = re.split(r"\n \t|\n $", str(error.args[0]), maxsplit=1)[0]
    text = f"{type(error).__name__}: {text.removeprefix('Exception from server: ')}"
    cause = error.args[1] if len(error.args) > 1 else None
    return f"{text} <- {_refusal(cause)}" if isinstance(cause, HazelcastError) else text


def entry_events(heard: Events, number: int, *, in_order: bool = True) -> str:
    """Wait for so many entry events and return them as text."""
    heard.wait_for_number(number)
    told = [_entry_event(event) for event in heard.all]
    return ", ".join(told if in_order else sorted(told))


def _entry_event(event: Any) -> str:
    name = _NAMES[event.event_type]
    if event.key is None:
        return f"{name} of {event.number_of_affected_entries}"
    return f"{name} {event.key}: {event.value} was {event.old_value}" + (
        f" ({event.number_of_affected_entries})" if event.number_of_affected_entries != 1 else ""
    )


_NAMES = {number: name for name, number in vars(EntryEventType).items() if name.isupper()}


def all_entry_events(listener: Callable[[Any], None]) -> dict[str, Callable[[Any], None]]:
    """Return the arguments that register one function for every event of a map."""
    names = ("added", "removed", "updated", "evicted", "expired", "evict_all", "clear_all")
    return {f"{name}_func": listener for name in names}


if __name__ == "__main__":
    Answers.renew(Path(sys.argv[1]))
