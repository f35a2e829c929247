"""``client.jet`` for asyncio: submission, the list of jobs, handles, and observables."""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from os import PathLike
from pathlib import Path

from tealjet.bridge.families import Family
from tealjet.bridge.homes import Home
from tealjet.engine.engine import Engine
from tealjet.errors import FeatureMissingError, Outcome, outcome_of
from tealjet.failover.model import JobMoved, StandbyChanged
from tealjet.jet import errors
from tealjet.jet.calls import Cluster
from tealjet.jet.continuity import Continuity
from tealjet.jet.ids import parse_id
from tealjet.jet.jobs import Around, AsyncJob
from tealjet.jet.observables import AsyncObservable, Source, observable_names
from tealjet.jet.reading import JetCluster, JobSummary, Reader
from tealjet.jet.refusals import statement_refusal_of
from tealjet.jet.rerun import RerunJob
from tealjet.jet.snapshots import JobSnapshot, Snapshots
from tealjet.jet.statement import job_of_statement
from tealjet.jet.submission import Submission, Submitter, check_place
from tealjet.jet.upload import DEFAULT_PART_SIZE
from tealjet.jet.whereabouts import Departure, JobRef, Whereabouts

__all__ = ["AsyncJet", "Execute", "Progress"]

_log = logging.getLogger("tealjet")

Progress = Callable[[int, int], object]
"""Told how many bytes of how many have reached the cluster."""
Execute = Callable[[str], Awaitable[object]]
"""Executes an SQL statement on the active cluster."""

_WATCHED = 1000
"""Jobs that are to run once more where the client goes, and that nobody may have a handle of any more."""


class AsyncJet:
    """``client.jet`` of the asyncio family."""

    def __init__(
        self,
        engine: Engine,
        family: Family,
        announce: Callable[[JobMoved], None],
        execute: Execute,
    ) -> None:
        """Ask the clusters of a client, on its loop.

        Args:
            engine: The client's, which has an active link or had one.
            family: Tells of its activations.
            announce: Tells the log, the history and the listeners of ``client.failover``.
            execute: Executes an SQL statement.
        """
        where = Whereabouts(family.home, engine.runtime.wall)
        family.activations.append(where.activated)
        engine.at_end(where.look_again)
        self._cluster = Cluster(engine, where)
        self._reader = Reader(self._cluster)
        self._submitter = Submitter(self._cluster, self._reader)
        self._snapshots = Snapshots(self._cluster, family.objects)
        self._source = Source(engine, family.objects)
        self._around = Around(self._cluster, self._reader, family.callbacks, announce)
        self._execute = execute
        self._handles: weakref.WeakSet[AsyncJob] = weakref.WeakSet()
        self._watched: deque[RerunJob] = deque(maxlen=_WATCHED)
        where.on_departure(self._departed)

    async def submit_jar(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        main_class: str | None = None,
        args: Sequence[str] = (),
        snapshot: str | None = None,
        on_member: bool = False,
        part_size: int = DEFAULT_PART_SIZE,
        progress: Progress | None = None,
        rerun: bool = False,
        continuity: Continuity = Continuity.LEAVE,
        cancel_superseded: bool = False,
    ) -> AsyncJob:
        """Submit a JAR whose ``main`` starts a job, and return the job's handle.

        Members of 5.3 and later are sent the JAR, and one of them runs its ``main``. Hazelcast Jet 4 takes no JARs: its
        own command line runs ``main`` in a JVM beside this client, as ``jet submit`` does. Until the last part was sent
        nothing has happened, and the upload begins again on another member or cluster by itself. Afterwards it may not
        be known whether ``main`` was run. Cancelling this ends the upload; not the job, once ``main`` was started.

        Args:
            path: The JAR here, or on the member.
            name: The name of every job that ``main`` starts, whatever it calls them; None: as ``main`` says.
            main_class: The class with ``main``; None: the one that the JAR's manifest names.
            args: What ``main`` is given.
            snapshot: Name of the exported snapshot that the job begins with (Enterprise members).
            on_member: The path is one on a member, any of them, and nothing is sent.
            part_size: Bytes that are sent, and kept in memory, at a time.
            progress: Called with the bytes that have reached the member and those of the whole file.
            rerun: Run the JAR again when it is not known whether it was run.
            continuity: What happens to the handle when the client goes to another cluster. RERUN implies ``rerun``, and
                is for work that ends by itself; whether it does is not known of a JAR.
            cancel_superseded: With RERUN: cancel an attempt that is seen running on a cluster that was left.

        Raises:
            SubmissionUnknownError: The cluster was lost or left, and ``main`` may have been run there.
            JobError: Something else of :mod:`tealjet.jet.errors`: it was refused, or has failed.
        """
        _check(continuity, cancel_superseded)
        if isinstance(args, str):
            raise TypeError(f"args is {args!r}; it has to be a sequence of strings, one for each argument of main")
        what = Submission(
            path=Path(path),
            name=name,
            main_class=main_class,
            args=tuple(args),
            snapshot=snapshot,
            on_member=on_member,
            part_size=part_size,
            rerun=rerun or continuity is Continuity.RERUN,
        )
        submitted = await self._submitter.submit(what, self._teller(progress))

        async def submit_again(home: Home) -> JobRef:
            again = await self._submitter.submit(what, lambda sent, total: None, sha256=submitted.sha256, only=home)
            return again.job

        if continuity is Continuity.RERUN:
            return self._watch(RerunJob(self._around, submitted.job, submit_again, cancel_superseded=cancel_superseded))
        return self._handle(submitted.job, continuity)

    def _teller(self, progress: Progress | None) -> Progress:
        if progress is None:
            return lambda sent, total: None
        lane = self._around.callbacks.lane("the progress of an upload")
        return lambda sent, total: lane.put(lambda: progress(sent, total))

    async def submit_sql(
        self, statement: str, *, continuity: Continuity = Continuity.LEAVE, cancel_superseded: bool = False
    ) -> AsyncJob:
        """Execute a CREATE JOB statement and return the job's handle.

        Args:
            statement: ``CREATE JOB ... AS INSERT INTO ...``; its job is suspended when it fails, as SQL jobs are.
            continuity: What happens to the handle when the client goes to another cluster. With RERUN the log warns of
                a statement that never ends by itself.
            cancel_superseded: With RERUN: cancel an attempt that is seen running on a cluster that was left.

        Raises:
            NotAJobStatementError: The statement makes no job; nothing was sent.
            SubmissionUnknownError: The cluster was lost or left before the answer, or can't be asked for the job.
            JobAlreadyExistsError: A job of that name is active.
            JetDisabledError: The cluster has its Jet engine disabled.
            HazelcastSqlError: The cluster refused the statement.
            FeatureMissingError: The cluster has no SQL.
        """
        _check(continuity, cancel_superseded)
        name = job_of_statement(statement)
        job = await self._create(statement, name)
        if continuity is Continuity.RERUN:
            if await self._never_ends(job):
                _log.warning(
                    "the statement of job %s never ends by itself: after a switch it runs on both clusters%s",
                    job,
                    " until the former one is seen again" if cancel_superseded else "",
                )
            again = RerunJob(
                self._around,
                job,
                lambda home: self._create(statement, name, only=home),
                cancel_superseded=cancel_superseded,
            )
            return self._watch(again)
        return self._handle(job, continuity)

    async def _never_ends(self, job: JobRef) -> bool:
        try:
            return (await self._reader.config(job)).sql_unbounded
        except Exception as error:  # the job was started, and whoever has its handle is told what became of it
            _log.debug("whether job %s ends by itself is not known: %s", job, error)
            return False

    async def _create(self, statement: str, name: str, *, only: Home | None = None) -> JobRef:
        place = await self._cluster.place()
        check_place(place, only)
        executed = False
        try:
            await self._execute(statement)
            executed = True
            job = await self._reader.named(place, name)
        except Exception as error:
            refusal = statement_refusal_of(str(error), place.home.name)
            if refusal is not None:
                raise refusal from error
            for cause in error.args:
                if isinstance(cause, FeatureMissingError):  # the official error around it says less
                    raise cause from None
            if executed or outcome_of(error) is Outcome.UNKNOWN:
                raise _unknown(place.home, name) from error
            raise
        if job is None:
            text = f"Cluster {place.home.name!r} executed the statement and has no job {name!r}: another one was there."
            raise errors.NoJobStartedError(text, outcome=Outcome.ANSWERED)
        return job

    async def jobs(self, *, name: str | None = None, active_only: bool = False) -> list[JobSummary]:
        """Return the jobs of the active cluster, newest first; also those that have ended and are remembered.

        Args:
            name: Only those of this name.
            active_only: Only those that have not ended.
        """
        return [
            one
            for one in await self._reader.summaries()
            if (name is None or one.name == name) and not (active_only and one.status.ended)
        ]

    async def get_job(self, id_or_name: int | str) -> AsyncJob | None:
        """Return the handle of a job on the active cluster, None when there is no such job.

        Args:
            id_or_name: The id as a number or as Java shows it, or a name: of several jobs of that name the active one
                is returned, else the newest one. A text that is a job's name is taken for it, even if it looks like an
                id.
        """
        job = await self._find(id_or_name)
        return None if job is None else self._handle(job, Continuity.LEAVE)

    def observable(self, name: str) -> AsyncObservable:
        """Return the observable of that name: what jobs send to ``Sinks.observable(name)``.

        It need not be there yet. It ends with the job that writes to it, or raises the job's failure.
        """
        return AsyncObservable(self._source, name)

    async def observables(self) -> list[str]:
        """Return the names of the observables that the active cluster has, in alphabetical order."""
        return await observable_names(self._source)

    async def cluster(self) -> JetCluster:
        """Return what the active cluster says of itself: state, versions and members."""
        return await self._reader.cluster()

    async def snapshots(self) -> list[JobSnapshot]:
        """Return the exported snapshots that the active cluster has, by name."""
        return await self._snapshots.all()

    async def delete_snapshot(self, name: str) -> bool:
        """Remove an exported snapshot from the active cluster; False when there is none of that name."""
        return await self._snapshots.delete(name)

    async def _find(self, id_or_name: object) -> JobRef | None:
        if isinstance(id_or_name, int):
            return await self._reader.by_id(id_or_name)
        if not isinstance(id_or_name, str):
            raise TypeError(f"a job is found by its id or its name, and not by {id_or_name!r}")
        job = await self._reader.by_name(id_or_name)
        if job is not None:
            return job
        number = parse_id(id_or_name)
        return None if number is None else await self._reader.by_id(number)

    # -------------------------------------------------------------------------------------------- what handles are told

    def _handle(self, job: JobRef, continuity: Continuity) -> AsyncJob:
        handle = AsyncJob(self._around, job, continuity)
        self._handles.add(handle)
        return handle

    def _watch(self, handle: RerunJob) -> AsyncJob:
        self._handles.add(handle)
        self._watched = deque((one for one in self._watched if one.watching), maxlen=_WATCHED)
        self._watched.append(handle)
        return handle

    def _departed(self, former: Home, departure: Departure) -> None:
        for handle in list(self._handles):
            handle.departed(former, departure)

    def told(self, event: object) -> None:
        """Look at what was left behind on a cluster when it stands by; called on the loop with what is published."""
        if not isinstance(event, StandbyChanged) or event.standby is None:
            return
        number = self._cluster.engine.snapshot().standby_link
        link = None if number is None else self._cluster.engine.link_of(number)
        if link is not None:
            self._cluster.where.seen(Home(link.target.name, link.facts.cluster_id))
            for handle in list(self._handles):
                if isinstance(handle, RerunJob):
                    handle.look_at(link)


def _check(continuity: object, cancel_superseded: bool) -> None:
    """Refuse a choice that would be ignored."""
    if not isinstance(continuity, Continuity):
        raise TypeError(f"continuity is {continuity!r}; it has to be one of tealjet.Continuity")
    if cancel_superseded and continuity is not Continuity.RERUN:
        raise ValueError("cancel_superseded has a meaning with Continuity.RERUN only: no other attempts are made")


def _unknown(home: Home, name: str) -> errors.SubmissionUnknownError:
    text = (
        f"Cluster {home.name!r} was lost or left before it answered the statement, or could not be asked for the job "
        f"{name!r}: it may have been started there. Look for it there."
    )
    return errors.SubmissionUnknownError(text, cluster=home.name, job_name=name)
