"""The commands: what the user chose goes in, an exit code comes out, and nothing that was started is left behind.

Exit codes: 0 all is well, 1 a promise was broken or something failed, 2 wrong usage or no real members to be had,
3 all is well but on embedded members, because no real ones were to be had, 130 ended by Ctrl-C, 143 ended by SIGTERM.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import platform
import re
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from tealjet.cli.config_commands import commands as config_commands
from tealjet.cli.config_files import files_for, folder_within, write_files
from tealjet.cli.facts import FilesWritten, Instead, Note, Promise
from tealjet.cli.jobs import add_to as add_jobs_to
from tealjet.cli.starting import init
from tealjet.cli.story import Members, Plan, clusters_up, tell
from tealjet.cli.views import Ending, JsonView, TerminalView, View
from tealjet.java import ArtifactError, JavaNotFoundError
from tealjet.lab import EMBEDDED_VERSIONS, VERSIONS, MemberStartError, start_local

__all__ = ["app"]

app = typer.Typer(
    help="The blue/green client for Hazelcast.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class _TerminatedError(BaseException):
    """SIGTERM came; not an Exception, so that nothing on the way takes it for a failure of its own."""


def _known_version(version: str) -> str:
    if version not in VERSIONS:
        raise typer.BadParameter(f"{version!r} cannot be started; use one of {', '.join(VERSIONS)}")
    return version


def _cluster_names(names: list[str] | None) -> list[str]:
    names = names or ["blue", "green"]
    for name in names:
        if not re.fullmatch(r"[A-Za-z][\w-]*", name):
            raise typer.BadParameter(f"{name!r} is no name for a cluster here; use letters, digits, - and _")
    return names


Version = Annotated[
    str, typer.Option(metavar="|".join(VERSIONS), callback=_known_version, help="What the members run.")
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Where to write and leave the configuration files.", show_default="a temporary folder"),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the client's log.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from, and a member's log.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        own, official = (importlib.metadata.version(name) for name in ("tealjet", "hazelcast-python-client"))
        print(f"tealjet {own} (hazelcast-python-client {official}, Python {platform.python_version()})")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The blue/green client for Hazelcast."""


@app.command()
def demo(
    members: Annotated[
        Members | None,
        typer.Option(help="What plays the clusters.", show_default="real; embedded if no real ones are to be had"),
    ] = None,
    version: Version = VERSIONS[0],
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Two clusters, one client, kill -9: see it go on."""
    if members is Members.EMBEDDED and version not in EMBEDDED_VERSIONS:
        known = ", ".join(EMBEDDED_VERSIONS)
        raise typer.BadParameter(f"embedded members cannot answer as {version!r}; use one of {known}")
    _set_up_logging(verbose)
    view: View = JsonView() if as_json else TerminalView()
    plan = Plan(members=members, version=version, folder=folder)
    held, code, text, began, instead = [], 0, None, time.monotonic(), False
    try:
        with _sigterm_unwinds(), contextlib.closing(tell(plan, view.progress)) as facts:
            for fact in facts:
                view.show(fact)
                if isinstance(fact, Promise):
                    held.append(fact.held)
                instead = instead or isinstance(fact, Instead)
    except (Exception, KeyboardInterrupt, _TerminatedError) as error:
        code, text = _explained(error, debug)
    kept = code == 0 and all(held)
    view.end(Ending(version=version, held=kept, seconds=time.monotonic() - began, error=text))
    raise typer.Exit((3 if instead else 0) if kept else code or 1)


@app.command()
def lab(
    clusters: Annotated[
        list[str] | None,
        typer.Argument(callback=_cluster_names, help="The clusters' names.", show_default="blue green"),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="Members of each cluster.")] = 1,
    version: Version = VERSIONS[0],
    folder: Folder = None,
    debug: Debug = False,
) -> None:
    """Start real clusters on this machine, until Ctrl-C."""
    view, serving = TerminalView(), False
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_sigterm_unwinds())
            running = stack.enter_context(start_local(clusters or (), size, version, progress=view.progress))
            place = folder.absolute() if folder else folder_within(running)
            files = files_for(running.clusters.values())
            write_files(place, files)
            view.show(clusters_up(running, version))
            view.show(FilesWritten(folder=place, kept=folder is not None, files=files))
            view.show(Note(text="\nA program that is started in that folder gets a client for all of them from"))
            view.show(Note(text="  tealjet.new_jet_failover_client()"))
            serving = True
            view.show(Note(text="\nThe clusters run until Ctrl-C."))
            signal.pause()
    except (Exception, KeyboardInterrupt, _TerminatedError) as error:
        if not (serving and isinstance(error, KeyboardInterrupt)):
            code, text = _explained(error, debug)
            view.fail(text)
            raise typer.Exit(code) from None


app.command()(init)
app.add_typer(config_commands, name="config")
add_jobs_to(app)


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM end what was started in order, as Ctrl-C does."""

    def terminate(number: int, frame: FrameType | None) -> None:
        raise _TerminatedError

    former = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _explained(error: BaseException, debug: bool) -> tuple[int, str]:
    """Return the exit code and the text for what ended a command early."""
    ended = "Everything that was started has been ended."
    # an interruption may come in the middle of anything, which then fails with an error of its own on the way out
    for origin in _origins(error):
        if isinstance(origin, KeyboardInterrupt):
            return 130, f"Interrupted. {ended}"
        if isinstance(origin, _TerminatedError):
            return 143, f"Terminated. {ended}"
    if debug:
        traceback.print_exception(error)
    text = str(error).removesuffix(".") or type(error).__name__
    if isinstance(error, MemberStartError):
        return 2, f"No real members: {text.splitlines()[0]}. --debug shows the member's log."
    if isinstance(error, JavaNotFoundError | ArtifactError):
        return 2, f"No real members: {text}"
    return 1, f"Failed: {text}. {'' if debug else '--debug shows where. '}{ended}"


def _origins(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what it was raised in the course of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _set_up_logging(verbose: bool) -> None:
    """Show the client's log only to who asks for it: in the demo its warnings are part of the story."""
    for name in ("tealjet", "hazelcast"):
        logger = logging.getLogger(name)
        if verbose:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        else:
            logger.addHandler(logging.NullHandler())
