"""``tealjet config``: what a configuration comes to, whether files are right, and a schema for editors.

Exit codes: 0 all is well, 1 a file cannot be used (or with ``--strict`` has notes), 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from tealjet.cli.layout import columns
from tealjet.cli.views import console_for
from tealjet.config.checking import CheckedFile, Kind, check_file, kind_of
from tealjet.config.effective import Chapter, Value, effective
from tealjet.config.json_schema import json_schema
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.model import ClientConfig, FailoverConfig
from tealjet.config.problem import Mark, Note, Problem
from tealjet.errors import ConfigError

__all__ = ["commands"]

commands = typer.Typer(help="Configuration files: show, check, schema.", no_args_is_help=True, rich_markup_mode=None)

Properties = Annotated[
    list[str] | None,
    typer.Option(
        "--property", "-D", metavar="NAME=VALUE", help="Stands in place of a Java system property, as properties= does."
    ),
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class", metavar="JAVA=MODULE:CLASS", help="Stands for a Java class that a file names, as classes= does."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


@commands.command()
def show(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            help="A failover file or a client file.",
            show_default="the failover file, looked up as Java does",
        ),
    ] = None,
    only_set: Annotated[bool, typer.Option("--set", help="Leave out what is a default.")] = False,
    properties: Properties = None,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Everything that holds, with the origin of each value: file and line, variable, profile or default."""
    alone = path is not None and kind_of(path) is Kind.CLIENT
    given = {"properties": _pairs(properties, "--property"), "classes": _classes(classes)}
    try:
        if alone:
            config = FailoverConfig(clients=[ClientConfig.load(path, **given)])
        else:
            config = FailoverConfig.load(path, **given)
    except ConfigError as error:
        console_for(stderr=True).print(Text(str(error), "bold red"), soft_wrap=True)
        raise typer.Exit(1) from None
    chapters = effective(config, alone=alone)
    if as_json:
        print(json.dumps({"chapters": [_chapter(one, only_set) for one in chapters]}, indent=2, ensure_ascii=False))
    else:
        for chapter in chapters:
            _print_chapter(chapter, only_set)


@commands.command()
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            exists=True,
            dir_okay=False,
            help="Failover files, which bring their client files, or client files.",
        ),
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Notes count as problems.")] = False,
    properties: Properties = None,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """All problems of files, one a line, each with file, line and column."""
    given_properties, given_classes = _pairs(properties, "--property"), _classes(classes)
    checked = [check_file(path, properties=given_properties, classes=given_classes) for path in paths]
    right = all(one.is_right(strict=strict) for one in checked)
    if as_json:
        files = [_checked(one, strict) for one in checked]
        print(json.dumps({"right": right, "files": files}, indent=2, ensure_ascii=False))
    else:
        for one in checked:
            _print_checked(one, strict)
    raise typer.Exit(0 if right else 1)


@commands.command()
def schema(
    failover: Annotated[bool, typer.Option("--failover", help="For failover files instead of client files.")] = False,
) -> None:
    """A JSON Schema of the YAML files, for editors."""
    print(json.dumps(json_schema(FAILOVER if failover else CLIENT), indent=2, ensure_ascii=False))


# ---------------------------------------------------------------------------------------------------------- arguments


def _pairs(told: Sequence[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for one in told or ():
        name, found, value = one.partition("=")
        if not found or not name:
            raise typer.BadParameter(f"{option} {one!r} is not of the form NAME=VALUE")
        pairs[name] = value
    return pairs


def _classes(told: Sequence[str] | None) -> dict[str, str]:
    """Return the classes. Modules are found in the working directory too, as by a program that is started there."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return _pairs(told, "--class")


# --------------------------------------------------------------------------------------------------------------- show


def _print_chapter(chapter: Chapter, only_set: bool) -> None:
    console = console_for()
    title = chapter.title if chapter.file is None else f"{chapter.title} ({chapter.file})"
    console.print(Text(title, "bold"), soft_wrap=True)
    rows = [(one.key, one.value, one.source) for one in _values(chapter, only_set)]
    if rows:
        console.print(Text(columns(rows, console.width, indent=2)), soft_wrap=True)


def _chapter(chapter: Chapter, only_set: bool) -> dict[str, Any]:
    values = [
        {"key": one.key, "value": one.value, "origin": str(one.origin), "parts": one.parts, **_place(one.mark)}
        for one in _values(chapter, only_set)
    ]
    return {"title": chapter.title, "file": chapter.file, "values": values}


def _values(chapter: Chapter, only_set: bool) -> Iterable[Value]:
    return (one for one in chapter.values if not (only_set and one.is_default))


# -------------------------------------------------------------------------------------------------------------- check


def _print_checked(checked: CheckedFile, strict: bool) -> None:
    for problem in checked.problems:
        print(problem)
    if checked.cut:
        print(f"{checked.path}: ... and perhaps more")
    for note in checked.notes:
        print(f"{note} [note]")
    if checked.is_right(strict=strict):
        print(f"{checked.path}: right")


def _checked(checked: CheckedFile, strict: bool) -> dict[str, Any]:
    return {
        "path": str(checked.path),
        "kind": checked.kind.value,
        "right": checked.is_right(strict=strict),
        "problems": [_problem(one) for one in checked.problems],
        "cut": checked.cut,
        "notes": [{**_where(one), "key": one.key, "text": one.text} for one in checked.notes],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    told = {"key": problem.key, "found": problem.found, "allowed": problem.allowed, "hint": problem.hint}
    return {**_where(problem), **told}


def _where(one: Problem | Note) -> dict[str, Any]:
    return _place(one.where) if isinstance(one.where, Mark) else {**_place(None), "file": one.where}


def _place(mark: Mark | None) -> dict[str, Any]:
    if mark is None:
        return {"file": None, "line": None, "column": None}
    return {"file": mark.file, "line": mark.line, "column": mark.column}
