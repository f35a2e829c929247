"""The job commands: the verbs and flags of Jet's own command line, through one cluster or a failover client.

Exit codes: 0 it was done; 1 it was refused, or the job has failed; 2 wrong usage or configuration; 3 no cluster could
be used; 4 there is no such job or snapshot; 5 nobody knows whether it was done, or the client has left the job's
cluster; 130 ended by Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tealjet.cli.job_views import cluster_table, job_table, metrics_table, plain, snapshot_table
from tealjet.errors import ConfigError, NoClusterError, Outcome, TealjetError, outcome_of

__all__ = ["add_to"]

_CONNECT_LIMIT = 30.0
_DONE, _REFUSED, _USAGE, _NO_CLUSTER, _NOT_THERE, _UNKNOWN = range(6)


class _NotThereError(TealjetError):
    """There is nothing of that name."""


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-f",
        help="A failover or a client configuration; without it and -t it is looked up as Java does.",
        show_default=False,
    ),
]
Targets = Annotated[
    str | None,
    typer.Option("--targets", "-t", metavar="[CLUSTER@]HOST:PORT[,HOST:PORT...]", help="The cluster, without a file."),
]
ConnectLimit = Annotated[float, typer.Option("--connect-timeout", min=0.1, help="Seconds to find a cluster in.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the client's log.")]
JobName = Annotated[str, typer.Argument(metavar="JOB", help="The job's name or id.")]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a command reaches its cluster, and how it speaks."""

    config: Path | None
    targets: str | None
    limit: float
    as_json: bool
    verbose: bool

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Any]:
        """Give a client for the time of the command."""
        import tealjet.asyncio

        source: Any = _target(self.targets) if self.targets else self.config
        starting: Any
        if self.targets or not _is_failover(self.config):
            starting = tealjet.asyncio.new_jet_client(source)
        else:
            starting = tealjet.asyncio.new_jet_failover_client(source)
        try:
            async with asyncio.timeout(self.limit):
                client = await starting
        except TimeoutError:
            text = f"No cluster could be used within {self.limit:g} s (--connect-timeout; --verbose shows why)."
            raise NoClusterError(text, reasons={}) from None
        try:
            yield client
        finally:
            await client.shutdown()

    def show(self, document: Any, text: str) -> None:
        """Show a result as it was asked for."""
        print(json.dumps(plain(document), indent=2) if self.as_json else text)

    def say(self, text: str) -> None:
        """Tell people what is done; programs get the result only."""
        if not self.as_json:
            print(text)


def _is_failover(path: Path | None) -> bool:
    """Say whether a file, or the one that is found without a path, is for a failover client."""
    from tealjet.config.lookup import CLIENT_FILE, FAILOVER_FILE, locate
    from tealjet.config.problem import Problems

    if path is None:
        failover, client = (locate(kind, None, {}, os.environ, Problems()) for kind in (FAILOVER_FILE, CLIENT_FILE))
        return failover is not None or client is None
    try:
        return b"hazelcast-client-failover" in path.read_bytes()
    except OSError:
        return True  # whoever reads it says what is wrong with it


def _target(text: str) -> Any:
    """Read ``cluster@host:port,host:port``; the cluster's name is "jet" unless another is given, as in ``jet -t``."""
    from tealjet.config import ClientConfig

    cluster, found, addresses = text.rpartition("@")
    return ClientConfig.at(cluster if found else "jet", [address.strip() for address in addresses.split(",")])


def _run(work: Callable[[_Way], Coroutine[Any, Any, None]], way: _Way) -> None:
    """Do the work of a command, and end with its exit code."""
    try:
        with _log_shown(way.verbose):
            asyncio.run(work(way))
    except Exception as error:
        code, text = _judged(error)
        if way.as_json:
            outcome = outcome_of(error)
            document = {"error": type(error).__name__, "text": text, "outcome": outcome and outcome.name}
            print(json.dumps(document, indent=2))
        print(text, file=sys.stderr)
        raise typer.Exit(code) from None


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


def _judged(error: Exception) -> tuple[int, str]:
    """Return the exit code and the text of an error."""
    from tealjet.jet.errors import JobNotFoundError, SubmissionUnknownError

    text = str(error) or type(error).__name__
    if isinstance(error, ConfigError | ValueError):
        return _USAGE, text
    if isinstance(error, NoClusterError):
        return _NO_CLUSTER, text
    if isinstance(error, SubmissionUnknownError) or outcome_of(error) is Outcome.UNKNOWN:
        return _UNKNOWN, text
    if isinstance(error, JobNotFoundError):
        return (_NOT_THERE if error.left_at is None else _UNKNOWN), text
    if isinstance(error, _NotThereError):
        return _NOT_THERE, text
    return _REFUSED, text


async def _found(client: Any, name: str) -> Any:
    job = await client.jet.get_job(name)
    if job is None:
        raise _NotThereError(f"No job with name or id {name!r} was found on cluster {client.failover.active.name!r}.")
    return job


def _named(job: Any) -> str:
    return f"job {job.id_string}" if job.name is None else f"job {job.id_string} ({job.name})"


# ---------------------------------------------------------------------------------------------------------- submission


def submit(
    jar: Annotated[Path, typer.Argument(help="The JAR whose main starts a job.")],
    args: Annotated[list[str] | None, typer.Argument(help="What main is given.", show_default=False)] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="The job's name.")] = None,
    main_class: Annotated[str | None, typer.Option("--class", "-c", help="The class with main.")] = None,
    snapshot: Annotated[str | None, typer.Option("--snapshot", "-s", help="The snapshot to begin with.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end of the job.")] = False,
    on_member: Annotated[bool, typer.Option("--on-member", help="The JAR is on the members.")] = False,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Do the work again on the next cluster if this one is lost; with --wait.")
    ] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Submit the job of a JAR, through a failover client if you have one."""

    async def work(way: _Way) -> None:
        from tealjet.jet.continuity import Continuity

        async with way.client() as client:
            way.say(f"Submitting {jar} to cluster {client.failover.active.name} ...")
            with _progress_bar(way) as progress:
                job = await client.jet.submit_jar(
                    jar,
                    name=name,
                    main_class=main_class,
                    args=args or (),
                    snapshot=snapshot,
                    on_member=on_member,
                    progress=progress,
                    rerun=rerun,
                    continuity=Continuity.RERUN if rerun else Continuity.LEAVE,
                )
            way.say(f"Submitted {_named(job)} on cluster {job.cluster}.")
            if wait:
                await job.join()
                way.say(f"Completed {_named(job)} on cluster {job.cluster}.")
            status = (await job.status()).name
            if way.as_json:
                facts = {"id": job.id_string, "name": job.name, "cluster": job.cluster, "status": status}
                print(json.dumps({**facts, "attempts": plain(job.attempts)}, indent=2))

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


@contextlib.contextmanager
def _progress_bar(way: _Way) -> Iterator[Callable[[int, int], object] | None]:
    """Give what shows the progress of an upload, on a terminal; None elsewhere."""
    if way.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    shown = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("uploading", total=None)
        yield lambda sent, total: bar.update(task, completed=sent, total=total)


# ---------------------------------------------------------------------------------------------------------------- life


def _life(verb: str, doing: str, done: str, status: str, text: str) -> Callable[..., None]:
    """Make the command for one verb of a job; it waits until the job has the status, as Java's does."""

    def command(
        job: JobName,
        config: Config = None,
        targets: Targets = None,
        connect_timeout: ConnectLimit = _CONNECT_LIMIT,
        as_json: AsJson = False,
        verbose: Verbose = False,
    ) -> None:
        async def work(way: _Way) -> None:
            from tealjet.protocol.jet_values import JobStatus

            async with way.client() as client:
                handle = await _found(client, job)
                before = await handle.status()
                if verb != "resume" and before.ended:
                    raise TealjetError(f"The {_named(handle)} has ended as {before.name}: there is nothing to {verb}.")
                if verb == "resume" and before is not JobStatus.SUSPENDED:
                    raise TealjetError(f"The {_named(handle)} is not suspended: it is {before.name}.")
                way.say(f"{doing} {_named(handle)} ...")
                await getattr(handle, verb)()
                await handle.wait_for(JobStatus[status])
                way.show({"id": handle.id_string, "name": handle.name, "status": status}, f"Job {done}.")

        _run(work, _Way(config, targets, connect_timeout, as_json, verbose))

    command.__doc__ = text
    return command


def save_snapshot(
    job: JobName,
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="The snapshot's name.")],
    cancel: Annotated[bool, typer.Option("--cancel", "-C", help="Cancel the job with it.")] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Export a snapshot of a job's state (Enterprise members)."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            handle = await _found(client, job)
            await handle.export_snapshot(snapshot, cancel=cancel)
            way.show({"id": handle.id_string, "snapshot": snapshot}, f"Exported snapshot {snapshot!r}.")

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


def delete_snapshot(
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="The snapshot's name.")],
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Delete an exported snapshot."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            if not await client.jet.delete_snapshot(snapshot):
                raise _NotThereError(f"Didn't find a snapshot named {snapshot!r}.")
            way.show({"deleted": snapshot}, f"Deleted snapshot {snapshot!r}.")

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


# ------------------------------------------------------------------------------------------------------------- looking


def list_jobs(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Those that have ended too.")] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """List the jobs of the cluster."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            jobs = await client.jet.jobs(active_only=not everything)
            way.show(jobs, job_table(jobs))

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


def show_job(
    job: JobName,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until the job has ended.")] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show a job: its status, why it is suspended, and what each of its vertices has done."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            handle = await _found(client, job)
            await _show(way, handle)
            if watch:
                async for _ in _changes(handle):
                    await _show(way, handle)

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


async def _show(way: _Way, handle: Any) -> None:
    from tealjet.protocol.jet_values import JobStatus

    status = await handle.status()
    cause = await handle.suspension_cause() if status is JobStatus.SUSPENDED else None
    metrics = None if handle.light else await handle.metrics()
    facts = {"id": handle.id_string, "name": handle.name, "cluster": handle.cluster, "status": status.name}
    facts |= {"submitted": plain(await handle.submission_time()), "suspended": cause and str(cause)}
    if way.as_json:
        measured = [] if metrics is None else [plain(one) for one in metrics]
        print(json.dumps({**facts, "metrics": measured}))
        return
    told = "".join(f"\n{name + ':':<11}{value}" for name, value in facts.items() if value is not None)
    print(told.removeprefix("\n") + (f"\n\n{metrics_table(metrics)}" if metrics else ""))


async def _changes(handle: Any) -> AsyncIterator[Any]:
    """Yield each change of a job's status until its end."""
    from tealjet.jet.errors import JobStateError

    told: asyncio.Queue[Any] = asyncio.Queue()
    try:
        await handle.add_status_listener(told.put_nowait)
    except JobStateError:  # it has ended
        return
    while True:
        change = await told.get()
        yield change
        if change.new.ended:
            return


def list_snapshots(
    full_job_name: Annotated[bool, typer.Option("--full-job-name", "-F", help="Do not cut names of jobs.")] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """List the exported snapshots of the cluster."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            snapshots = await client.jet.snapshots()
            way.show(snapshots, snapshot_table(snapshots, full_names=full_job_name))

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


def cluster(
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Show the cluster: its state, version and members."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            found = await client.jet.cluster()
            way.show(found, cluster_table(found))

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


def observe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The observable's name.")],
    from_now: Annotated[bool, typer.Option("--from-now", help="Leave out what is there already.")] = False,
    config: Config = None,
    targets: Targets = None,
    connect_timeout: ConnectLimit = _CONNECT_LIMIT,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Print what a job sends to an observable, an item a line, until the job ends."""

    async def work(way: _Way) -> None:
        async with way.client() as client:
            observation = await client.jet.observable(name).observe(from_now=from_now)
            async for item in observation:
                print(json.dumps(plain(item)) if way.as_json else item, flush=True)
            if observation.lost:
                print(f"{observation.lost} items were overwritten before they were read.", file=sys.stderr)

    _run(work, _Way(config, targets, connect_timeout, as_json, verbose))


def add_to(app: typer.Typer) -> None:
    """Add the job commands."""
    app.command(context_settings={"allow_interspersed_args": False})(submit)
    app.command("list-jobs")(list_jobs)
    app.command("cancel")(_life("cancel", "Cancelling", "cancelled", "FAILED", "Cancel a job."))
    app.command("suspend")(_life("suspend", "Suspending", "suspended", "SUSPENDED", "Suspend a running job."))
    app.command("resume")(_life("resume", "Resuming", "resumed", "RUNNING", "Resume a suspended job."))
    app.command("restart")(_life("restart", "Restarting", "restarted", "RUNNING", "Restart a running job."))
    app.command("job")(show_job)
    app.command("save-snapshot")(save_snapshot)
    app.command("list-snapshots")(list_snapshots)
    app.command("delete-snapshot")(delete_snapshot)
    app.command()(cluster)
    app.command()(observe)
