"""Two ways to show a story: lines for people, and one JSON document for programs. No decisions are made here."""

from __future__ import annotations

import dataclasses
import enum
import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tealjet.cli.facts import (
    Calls,
    ClustersUp,
    Did,
    Fact,
    Figure,
    FilesWritten,
    Instead,
    Note,
    Promise,
    Rows,
    Step,
    Switch,
)
from tealjet.cli.layout import columns, number, wrapped

__all__ = ["Ending", "JsonView", "TerminalView", "View", "console_for"]

_WIDTH = 99
_INDENT = 3
_PROMISE_WIDTH = 46


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a story ended."""

    version: str
    """The version of the members."""
    held: bool
    """Whether the story was told to its end and every promise was kept."""
    seconds: float
    """How long it took."""
    error: str | None = None
    """What ended it early."""


class View(Protocol):
    """Shows a story as it is told."""

    def progress(self, text: str) -> None:
        """Show what is waited for."""
        ...

    def show(self, fact: Fact) -> None:
        """Show a fact."""
        ...

    def end(self, ending: Ending) -> None:
        """Show how it ended."""
        ...


def console_for(*, stderr: bool = False) -> Console:
    """Return a console of less than 100 columns that adds nothing to a text but the styles it is told."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    return console


class TerminalView:
    """Lines for people, in colour where the terminal has it and the user has not refused it."""

    def __init__(self) -> None:
        """Write to standard output, and errors to standard error."""
        self._console = console_for()
        self._status: Status | None = None
        self._waited_for = ""

    def progress(self, text: str) -> None:
        """Show a line that moves on a terminal; elsewhere a line for each new thing that is waited for."""
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(Text(text))
        elif (subject := text.partition(":")[0]) != self._waited_for:
            self._waited_for = subject
            self._say(text)

    def show(self, fact: Fact) -> None:
        """Show a fact."""
        self._stop_waiting()
        match fact:
            case Step():
                self._print(f"\n{fact.number}  {fact.title}", "bold cyan")
            case Note():
                self._say(fact.text)
            case Instead():
                text = f"No real members: {fact.reason}"
                self._say(
                    f"{text}\nThe story is told on embedded members instead, and ends with exit code 3.", "yellow"
                )
            case Did():
                self._say(fact.code, "green")
                self._say(f"  -> {fact.result}")
            case ClustersUp():
                self._clusters(fact)
            case FilesWritten():
                self._files(fact)
            case Rows():
                self._say(fact.query, "green")
                self._table([fact.columns, *fact.rows])
            case Calls():
                self._calls(fact)
            case Figure():
                self._table([(f"{number(fact.value):>7} {fact.unit:<2}", fact.text)])
            case Switch():
                self._switch(fact)
            case Promise():
                mark, style = ("held", "green") if fact.held else ("BROKEN", "bold red")
                line = (f"{mark:<6}", f"{fact.promise:<{_PROMISE_WIDTH}}", fact.seen)
                self._print(columns([line], self._console.width, indent=_INDENT), style)

    def end(self, ending: Ending) -> None:
        """Show how it ended."""
        self._stop_waiting()
        seconds = f"{ending.seconds:.0f} s"
        if ending.error is not None:
            self.fail(ending.error)
        elif ending.held:
            self._print(f"\nEvery promise was kept. {seconds}; nothing of it is left running.", "bold green")
        else:
            self._print(f"\nNot every promise was kept. {seconds}; nothing of it is left running.", "bold red")

    def fail(self, text: str) -> None:
        """Show on standard error what ended a command early."""
        self._stop_waiting()
        console_for(stderr=True).print(Text(f"\n{text}", "bold red"), soft_wrap=True)

    def _clusters(self, fact: ClustersUp) -> None:
        what = "embedded, answers as" if fact.java is None else "Hazelcast"
        on = "" if fact.java is None else f" on Java {fact.java}"
        self._table(
            [
                (
                    one.cluster,
                    f"{what} {fact.version}{on}",
                    one.address,
                    "" if one.pid is None else f"process {one.pid}",
                )
                for one in fact.members
            ]
        )

    def _files(self, fact: FilesWritten) -> None:
        left = "they stay there" if fact.kept else "removed at the end; --folder DIR keeps them"
        self._say(f"In {fact.folder} ({left})")
        for file in fact.files:
            self._say(f"\n{file.name}", "bold")
            self._say(file.text, indent=_INDENT + 2)

    def _calls(self, fact: Calls) -> None:
        above = ("", "", "failed:", "", "", "")
        head = ("calls of", "answered", "NOT_SENT", "UNKNOWN", "ANSWERED", "no outcome")
        rows = [
            (one.name, *map(number, (one.succeeded, one.not_sent, one.unknown, one.answered, one.unlabelled)))
            for one in fact.operations
        ]
        self._table([above, head, *rows], right=frozenset(range(1, len(head))))

    def _switch(self, fact: Switch) -> None:
        report = fact.report
        since = "it was asked for" if report.planned else "the loss was seen"
        self._say(f"The switch from {report.from_cluster} to {report.to_cluster}, in milliseconds since {since}:")
        rows = [(number(phase.at), phase.name, phase.detail) for phase in report.phases]
        self._table(rows, right=frozenset({0}))

    def _table(self, rows: Sequence[tuple[str, ...]], right: frozenset[int] = frozenset(), style: str = "") -> None:
        self._print(columns(rows, self._console.width, indent=_INDENT + 2, right=right), style)

    def _say(self, text: str, style: str = "", *, indent: int = _INDENT) -> None:
        self._print(wrapped(text, self._console.width, indent=indent), style)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)

    def _stop_waiting(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


class JsonView:
    """One JSON document on standard output at the end; what is waited for goes to standard error."""

    def __init__(self) -> None:
        """Write to standard output and standard error."""
        self._progress = console_for(stderr=True)
        self._steps: list[dict[str, Any]] = []
        self._figures: dict[str, float] = {}
        self._promises: list[dict[str, Any]] = []

    def progress(self, text: str) -> None:
        """Tell what is waited for."""
        self._progress.print(Text(text), soft_wrap=True)

    def show(self, fact: Fact) -> None:
        """Take the fact into the document."""
        content = dataclasses.asdict(fact)
        match fact:
            case Step():
                self.progress(f"{fact.number}  {fact.title}")
                self._steps.append({**content, "facts": []})
            case Promise():
                self._promises.append(content)
            case Figure():
                self._figures[fact.name] = fact.value
            case _:
                self._steps[-1]["facts"].append({"fact": type(fact).__name__, **content})

    def end(self, ending: Ending) -> None:
        """Write the document."""
        document = {
            "tealjet": importlib.metadata.version("tealjet"),
            **dataclasses.asdict(ending),
            "figures": self._figures,
            "promises": self._promises,
            "steps": self._steps,
        }
        print(json.dumps(document, indent=2, default=_plain))


def _plain(value: object) -> object:
    return value.name if isinstance(value, enum.Enum) else str(value)
