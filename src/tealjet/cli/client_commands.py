"""Commands that work through a client: the options that all of them have, the way to a cluster, and the exit codes.

Exit codes: 0 it was done; 1 it was refused, or the job has failed; 2 wrong usage or configuration; 3 no cluster could
be used; 4 there is no such job or snapshot; 5 nobody knows whether it was done, or the client has left the job's
cluster; 130 ended by Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

import tealjet.asyncio
from tealjet.cli.job_views import plain
from tealjet.config import ClientConfig
from tealjet.config.lookup import CLIENT_FILE, FAILOVER_FILE, locate
from tealjet.config.problem import Problems
from tealjet.errors import ClusterLeftError, ConfigError, NoClusterError, Outcome, TealjetError, outcome_of
from tealjet.jet.errors import JobNotFoundError, SubmissionUnknownError

__all__ = ["SnapshotNotFoundError", "Way", "judged", "through_a_client"]

_DONE, _REFUSED, _USAGE, _NO_CLUSTER, _NOT_THERE, _UNKNOWN = range(6)

P = ParamSpec("P")


class SnapshotNotFoundError(TealjetError):
    """The cluster has no exported snapshot of that name."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a command reaches its cluster, and how it speaks: what the user has chosen by the options of all commands."""

    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-f",
            help="A failover or a client configuration; without it and -t it is looked up as Java does.",
            show_default=False,
        ),
    ] = None
    targets: Annotated[
        str | None,
        typer.Option(
            "--targets",
            "-t",
            metavar="[CLUSTER@]HOST:PORT[,HOST:PORT...]",
            help='The cluster, without a file; its name is "jet" unless it is given.',
            show_default=False,
        ),
    ] = None
    connect_timeout: Annotated[
        float, typer.Option("--connect-timeout", min=0.1, help="Seconds to find a cluster in.")
    ] = 30.0
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the client's log.")] = False

    def show(self, document: Any, text: str) -> None:
        """Show a result as it was asked for."""
        print(json.dumps(plain(document), indent=2) if self.as_json else text)

    def say(self, text: str) -> None:
        """Tell people what is done; programs get the result only."""
        if not self.as_json:
            print(text)


def through_a_client(work: Callable[Concatenate[Any, Way, P], Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a command of what it does with a client; it gets the options of :class:`Way` besides its own.

    Args:
        work: Is given an asyncio client for the time of the command, the way, and the command's own parameters, whose
            annotations are those of typer.
    """
    _, _, *own = inspect.signature(work, eval_str=True).parameters.values()
    shared = inspect.signature(Way, eval_str=True).parameters

    @functools.wraps(work)
    def command(*args: Any, **given: Any) -> None:
        way = Way(**{name: given.pop(name) for name in shared})
        if way.config is not None and way.targets is not None:
            raise typer.BadParameter("--config and --targets exclude each other: a file, or a cluster without one")
        _run(lambda client: work(client, way, *args, **given), way)

    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared.values())]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(command)["__signature__"] = inspect.Signature(parameters)  # where typer looks
    return command


def _run(work: Callable[[Any], Coroutine[Any, Any, None]], way: Way) -> None:
    """Do the work of a command, and end with its exit code."""

    async def with_a_client() -> None:
        async with _client(way) as client:
            await work(client)

    try:
        with _log_shown(way.verbose):
            asyncio.run(with_a_client())
    except Exception as error:
        code, text = judged(error)
        if way.as_json:
            outcome = outcome_of(error)
            document = {"error": type(error).__name__, "text": text, "outcome": outcome and outcome.name}
            print(json.dumps(document, indent=2))
        print(text, file=sys.stderr)
        raise typer.Exit(code) from None


@contextlib.asynccontextmanager
async def _client(way: Way) -> AsyncIterator[Any]:
    """Give a client for the time of a command."""
    starting: Any
    if way.targets is not None:
        starting = tealjet.asyncio.new_jet_client(_target(way.targets))
    elif _is_failover(way.config):
        starting = tealjet.asyncio.new_jet_failover_client(way.config)
    else:
        starting = tealjet.asyncio.new_jet_client(way.config)
    warned = _LastWarning(logging.WARNING)
    log = logging.getLogger("tealjet")
    log.addHandler(warned)
    try:
        async with asyncio.timeout(way.connect_timeout):
            client = await starting
    except TimeoutError:
        text = f"No cluster could be used within {way.connect_timeout:g} s (--connect-timeout): {warned.text}."
        raise NoClusterError(text, reasons={}) from None
    finally:
        log.removeHandler(warned)
    try:
        yield client
    finally:
        await client.shutdown()


class _LastWarning(logging.Handler):
    """Keeps what the client has warned of last: why the candidates could not be used in the last round."""

    text = "no member has answered; --verbose shows more"

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def _is_failover(path: Path | None) -> bool:
    """Say whether a file, or the one that is found without a path, is for a failover client."""
    if path is None:
        failover, client = (locate(kind, None, {}, os.environ, Problems()) for kind in (FAILOVER_FILE, CLIENT_FILE))
        return failover is not None or client is None
    try:
        return b"hazelcast-client-failover" in path.read_bytes()
    except OSError:
        return True  # whoever reads it says what is wrong with it


def _target(text: str) -> ClientConfig:
    """Read ``cluster@host:port,host:port``; the cluster's name is "jet" unless another is given, as in ``jet -t``."""
    cluster, found, addresses = text.rpartition("@")
    return ClientConfig.at(cluster if found else "jet", [address.strip() for address in addresses.split(",")])


@contextlib.contextmanager
def _log_shown(wanted: bool) -> Iterator[None]:
    """Show the client's log on standard error, or nothing of it."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if wanted else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
    loggers = [logging.getLogger(name) for name in ("tealjet", "hazelcast")]
    former = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        if wanted:
            logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, former, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def judged(error: Exception) -> tuple[int, str]:
    """Return the exit code and the text of an error."""
    text = str(error) or type(error).__name__
    if isinstance(error, ConfigError | ValueError):
        return _USAGE, text
    if isinstance(error, NoClusterError):
        return _NO_CLUSTER, text
    if isinstance(error, SubmissionUnknownError | ClusterLeftError) or outcome_of(error) is Outcome.UNKNOWN:
        return _UNKNOWN, text
    if isinstance(error, JobNotFoundError):
        return (_NOT_THERE if error.left_at is None else _UNKNOWN), text
    if isinstance(error, SnapshotNotFoundError):
        return _NOT_THERE, text
    return _REFUSED, text
