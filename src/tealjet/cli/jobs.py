"""The job commands: the verbs and flags of Jet's own command line, through one cluster or a failover client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from tealjet.cli.client_commands import SnapshotNotFoundError, Way, through_a_client
from tealjet.cli.job_views import cluster_table, job_table, metrics_table, plain, snapshot_table
from tealjet.errors import Outcome, TealjetError
from tealjet.jet.continuity import Continuity
from tealjet.jet.errors import JobCancelledError, JobFailedError, JobNotFoundError, JobStateError
from tealjet.protocol.jet_values import JobStatus

__all__ = ["add_to", "watched"]

JobName = Annotated[str, typer.Argument(metavar="JOB", help="The job's name or id.")]
SnapshotName = Annotated[str, typer.Argument(metavar="SNAPSHOT", help="The snapshot's name.")]


async def _found(client: Any, name: str) -> Any:
    job = await client.jet.get_job(name)
    if job is None:
        cluster = client.failover.active.name
        text = f"No job with name or id {name!r} was found on cluster {cluster!r}."
        raise JobNotFoundError(text, cluster=cluster, outcome=Outcome.ANSWERED)
    return job


def _named(job: Any) -> str:
    return f"job {job.id_string}" if job.name is None else f"job {job.id_string} ({job.name})"


# ---------------------------------------------------------------------------------------------------------- submission


@through_a_client
async def submit(
    client: Any,
    way: Way,
    jar: Annotated[Path, typer.Argument(metavar="JAR", help="The JAR whose main starts a job.")],
    args: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="What main is given.", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="The job's name.")] = None,
    main_class: Annotated[str | None, typer.Option("--class", "-c", help="The class with main.")] = None,
    snapshot: Annotated[str | None, typer.Option("--snapshot", "-s", help="The snapshot to begin with.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end of the job.")] = False,
    on_member: Annotated[bool, typer.Option("--on-member", help="The JAR is on the members.")] = False,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Do the work again on the next cluster if this one is lost; with --wait.")
    ] = False,
) -> None:
    """Submit the job of a JAR, through a failover client if you have one."""
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
    if way.as_json:
        status = (await job.status()).name
        facts = {"id": job.id_string, "name": job.name, "cluster": job.cluster, "status": status}
        print(json.dumps({**facts, "attempts": plain(job.attempts)}, indent=2))


@contextlib.contextmanager
def _progress_bar(way: Way) -> Iterator[Callable[[int, int], object] | None]:
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


def _life(verb: str, doing: str, done: str, aim: JobStatus, text: str) -> Callable[..., None]:
    """Make the command for one verb of a job; it waits until the job has the status, as Java's does."""

    async def command(client: Any, way: Way, job: JobName) -> None:
        handle = await _found(client, job)
        before = await handle.status()
        if verb != "resume" and before.ended:
            raise TealjetError(f"The {_named(handle)} has ended as {before.name}: there is nothing to {verb}.")
        if verb == "resume" and before is not JobStatus.SUSPENDED:
            raise TealjetError(f"The {_named(handle)} is not suspended: it is {before.name}.")
        way.say(f"{doing} {_named(handle)} ...")
        await getattr(handle, verb)()
        await handle.wait_for(aim)
        way.show({"id": handle.id_string, "name": handle.name, "status": aim.name}, f"Job {done}.")

    command.__doc__ = text
    return through_a_client(command)


@through_a_client
async def save_snapshot(
    client: Any,
    way: Way,
    job: JobName,
    snapshot: SnapshotName,
    cancel: Annotated[bool, typer.Option("--cancel", "-C", help="Cancel the job with it.")] = False,
) -> None:
    """Export a snapshot of a job's state (Enterprise members)."""
    handle = await _found(client, job)
    await handle.export_snapshot(snapshot, cancel=cancel)
    way.show({"id": handle.id_string, "snapshot": snapshot}, f"Exported snapshot {snapshot!r}.")


@through_a_client
async def delete_snapshot(client: Any, way: Way, snapshot: SnapshotName) -> None:
    """Delete an exported snapshot."""
    if not await client.jet.delete_snapshot(snapshot):
        text = f"Didn't find a snapshot named {snapshot!r} on cluster {client.failover.active.name!r}."
        raise SnapshotNotFoundError(text, outcome=Outcome.ANSWERED)
    way.show({"deleted": snapshot}, f"Deleted snapshot {snapshot!r}.")


# ------------------------------------------------------------------------------------------------------------- looking


@through_a_client
async def list_jobs(
    client: Any,
    way: Way,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Those that have ended too.")] = False,
) -> None:
    """List the jobs of the cluster."""
    jobs = await client.jet.jobs(active_only=not everything)
    way.show(jobs, job_table(jobs))


@through_a_client
async def show_job(
    client: Any,
    way: Way,
    job: JobName,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until the job has ended.")] = False,
) -> None:
    """Show a job: its status, why it is suspended or has failed, and what each of its vertices has done."""
    handle = await _found(client, job)
    await _show(way, handle)
    if watch:
        async for _ in watched(handle):
            await _show(way, handle)


async def _show(way: Way, handle: Any) -> None:
    status = await handle.status()
    facts = {"id": handle.id_string, "name": handle.name, "cluster": handle.cluster, "status": status.name}
    facts |= {"submitted": plain(await handle.submission_time()), **await _cause(handle, status)}
    metrics = None if handle.light else await handle.metrics()
    if way.as_json:
        measured = [] if metrics is None else [plain(one) for one in metrics]
        print(json.dumps({**facts, "metrics": measured}))
        return
    told = "".join(f"\n{name + ':':<11}{value}" for name, value in facts.items() if value is not None)
    print(told.removeprefix("\n") + (f"\n\n{metrics_table(metrics)}" if metrics and metrics.by_vertex() else ""))


async def _cause(handle: Any, status: JobStatus) -> dict[str, str | None]:
    """Return why a job is suspended or has failed."""
    causes: dict[str, str | None] = {"suspended": None, "failed": None}
    try:
        if status is JobStatus.SUSPENDED:
            causes["suspended"] = str(await handle.suspension_cause())
        elif status is JobStatus.FAILED and not handle.light:
            await handle.join()
    except (JobCancelledError, JobFailedError) as error:
        causes["failed"] = str(error)
    except JobStateError:  # it was resumed meanwhile
        pass
    return causes


async def watched(handle: Any) -> AsyncIterator[None]:
    """Yield at each change of a job's status until its end, or until the client has left the job's cluster."""
    told: asyncio.Queue[bool] = asyncio.Queue()

    def joined(end: asyncio.Future[None]) -> None:
        if not end.cancelled():
            end.exception()  # whoever looks at the job then is told the same
            told.put_nowait(True)

    try:
        await handle.add_status_listener(lambda change: told.put_nowait(change.new.ended))
    except JobStateError:  # it has ended
        return
    end = asyncio.ensure_future(handle.join())
    end.add_done_callback(joined)
    try:
        last = False
        while not last:
            last = await told.get()
            yield
    finally:
        end.cancel()


@through_a_client
async def list_snapshots(
    client: Any,
    way: Way,
    full_job_name: Annotated[bool, typer.Option("--full-job-name", "-F", help="Do not cut names of jobs.")] = False,
) -> None:
    """List the exported snapshots of the cluster."""
    snapshots = await client.jet.snapshots()
    way.show(snapshots, snapshot_table(snapshots, full_names=full_job_name))


@through_a_client
async def cluster(client: Any, way: Way) -> None:
    """Show the cluster: its state, version and members."""
    found = await client.jet.cluster()
    way.show(found, cluster_table(found))


@through_a_client
async def observe(
    client: Any,
    way: Way,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The observable's name.")],
    from_now: Annotated[bool, typer.Option("--from-now", help="Leave out what is there already.")] = False,
) -> None:
    """Print what a job sends to an observable, an item a line, until the job ends."""
    observation = await client.jet.observable(name).observe(from_now=from_now)
    async for item in observation:
        print(json.dumps(plain(item)) if way.as_json else item, flush=True)
    if observation.lost:
        print(f"{observation.lost} items were overwritten before they were read.", file=sys.stderr)


def add_to(app: typer.Typer) -> None:
    """Add the job commands."""
    app.command(context_settings={"allow_interspersed_args": False})(submit)
    app.command("list-jobs")(list_jobs)
    app.command("cancel")(_life("cancel", "Cancelling", "cancelled", JobStatus.FAILED, "Cancel a job."))
    app.command("suspend")(_life("suspend", "Suspending", "suspended", JobStatus.SUSPENDED, "Suspend a running job."))
    app.command("resume")(_life("resume", "Resuming", "resumed", JobStatus.RUNNING, "Resume a suspended job."))
    app.command("restart")(_life("restart", "Restarting", "restarted", JobStatus.RUNNING, "Restart a running job."))
    app.command("job")(show_job)
    app.command("save-snapshot")(save_snapshot)
    app.command("list-snapshots")(list_snapshots)
    app.command("delete-snapshot")(delete_snapshot)
    app.command()(cluster)
    app.command()(observe)
