"""``tealjet init``: the clusters from flags or from the keyboard, two or more files out, nothing overwritten."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tealjet.cli.config_files import FolderError
from tealjet.cli.starter_files import ClusterPlan, starter_files, write_new_files
from tealjet.cli.views import TerminalView
from tealjet.config.values import parse_address
from tealjet.lab.client_files import FAILOVER_FILE

__all__ = ["init"]

_NAMES = ("blue", "green")
_FLAGS = "--cluster blue=host:port,host:port --cluster green=host:port"


def init(
    cluster: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=HOST:PORT[,HOST:PORT...]",
            help="A cluster and members of it; once for each, in the order in which they are tried. "
            "Without it you are asked for two.",
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to write the files.")] = Path(),
    try_count: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Rounds over all clusters before a client gives up.")
    ] = 10,
) -> None:
    """Write commented configuration files for two clusters or more, for Tealjet and for Java."""
    plans = _told(cluster) if cluster else _asked()
    files = starter_files(plans, try_count)
    try:
        write_new_files(folder, files)
    except FolderError as error:
        TerminalView().fail(str(error))
        raise typer.Exit(1) from None
    for file in files:
        print(f"wrote {folder / file.name}")
    print(f"Check them after each change: tealjet config check {folder / FAILOVER_FILE}")


def _told(clusters: Sequence[str]) -> list[ClusterPlan]:
    plans = []
    for told in clusters:
        name, found, members = told.partition("=")
        if not found:
            raise typer.BadParameter(f"{told!r} has no '='; write it like {_FLAGS}")
        plans.append(ClusterPlan(name=_name(name), members=_members(members)))
    if len(plans) < len(_NAMES):
        raise typer.BadParameter(f"a failover client needs two clusters or more: {_FLAGS}")
    names = [plan.name for plan in plans]
    if len(set(names)) < len(names):
        raise typer.BadParameter("each cluster has a file of its own, so they need different names")
    return plans


def _asked() -> list[ClusterPlan]:
    plans: list[ClusterPlan] = []

    def free_name(text: str) -> str:
        if text in [plan.name for plan in plans]:
            raise typer.BadParameter("this is the name of the other one")
        return _name(text)

    try:
        for which, default in zip(("first", "next"), _NAMES, strict=True):
            name = typer.prompt(f"Name of the cluster that is used {which}", default, value_proc=free_name)
            question = f"Members of {name}, separated by commas"
            members = typer.prompt(question, "127.0.0.1:5701", value_proc=_members)
            plans.append(ClusterPlan(name=name, members=members))
    except typer.Abort:
        if sys.stdin.isatty():
            TerminalView().fail("Interrupted. Nothing was written.")
            raise typer.Exit(130) from None
        raise typer.BadParameter(f"there is nobody to answer; say it all at once: {_FLAGS}") from None
    return plans


def _name(text: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", text):
        raise typer.BadParameter(f"{text!r} is no name for a cluster and its file; use letters, digits, '.', '-', '_'")
    return text


def _members(text: str) -> tuple[str, ...]:
    members = tuple(member.strip() for member in text.split(","))
    for member in members:
        try:
            parse_address(member)
        except ValueError as error:
            hint = f" ({error})" if str(error) else ""
            raise typer.BadParameter(f"{member!r} is neither host nor host:port{hint}") from None
    return members
