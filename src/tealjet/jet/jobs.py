"""The handles of jobs, for asyncio: what is asked of a job, what is done with it, and the waits for it.

A handle stands for one job on one cluster, by the cluster's id; what a change of the cluster means for it is decided in
``continuity``. It does not know the client object, so that a client that was forgotten can be collected.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tealjet.bridge.callbacks import Callbacks
from tealjet.bridge.homes import Home
from tealjet.engine.engine import Engine
from tealjet.engine.listeners import Listener
from tealjet.errors import ClusterLeftError, Outcome, TealjetError
from tealjet.failover.model import JobFate, JobMoved
from tealjet.jet import errors
from tealjet.jet.calls import Cluster
from tealjet.jet.continuity import Arrival, Attempt, AttemptState, Continuity, Line
from tealjet.jet.ids import id_string
from tealjet.jet.job_config import DeltaJobConfig, JobConfig
from tealjet.jet.metrics import JobMetrics
from tealjet.jet.questions import Question, SuspensionCause
from tealjet.jet.reading import Reader, time_of
from tealjet.jet.whereabouts import Departure, JobRef, Place, Whereabouts, left_behind, not_followed
from tealjet.protocol import jet
from tealjet.protocol.codec import decode_event, decode_response, encode_request
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobStatus, JobStatusEvent, TerminationMode

__all__ = ["Around", "AsyncJob", "JobStatusChange", "StatusListener"]

_log = logging.getLogger("tealjet")

R = TypeVar("R")

METRICS_LIMIT = 10.0
"""Seconds that metrics are waited for unless the caller says otherwise: a member may never answer for them."""
_POLL = 0.2
"""Seconds between two looks at a job of Hazelcast Jet 4, which tells nobody of a change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatusChange:
    """A job has gone from one status to another."""

    job_id: int
    previous: JobStatus
    new: JobStatus
    user_requested: bool | None
    """Whether a user has asked for it; None where that is not told (Hazelcast Jet 4)."""
    description: str | None
    """What the user asked for, such as "Suspend", or the failure behind the change; None where that is not told."""


StatusListener = Callable[[JobStatusChange], object]


@dataclass(frozen=True, slots=True)
class Around:
    """What handles ask of their client."""

    cluster: Cluster
    reader: Reader
    callbacks: Callbacks
    announce: Callable[[JobMoved], None]

    @property
    def engine(self) -> Engine:
        """The client's engine."""
        return self.cluster.engine

    @property
    def where(self) -> Whereabouts:
        """Where the client is."""
        return self.cluster.where


class AsyncJob:
    """A job on a cluster; made by ``client.jet``, and complete from then on."""

    def __init__(self, around: Around, job: JobRef, continuity: Continuity) -> None:
        """Stand for a job."""
        self._around = around
        self._refs = [job]
        self._line = Line(continuity, (_attempt(1, job),))
        self._light_join: asyncio.Future[None] | None = None
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._following = asyncio.Lock()
        self._not_followed: datetime | None = None
        """When the cluster was left after which there was nothing to follow, so that it is told once."""

    # ----------------------------------------------------------------------------------------------- what it stands for

    @property
    def _job(self) -> JobRef:
        return self._refs[self._line.current]

    @property
    def id(self) -> int:
        """The job's id, a signed number of 64 bits."""
        return self._job.job_id

    @property
    def id_string(self) -> str:
        """The job's id as Java shows it, such as ``0401-9f77-b9c0-0001``."""
        return id_string(self._job.job_id)

    @property
    def name(self) -> str | None:
        """The job's name, None when it has none."""
        return self._job.name

    @property
    def cluster(self) -> str:
        """Name of the candidate that has the job."""
        return self._job.home.name

    @property
    def light(self) -> bool:
        """Whether it is a light job: without a name, snapshots or a record once it has ended."""
        return self._job.coordinator is not None

    @property
    def continuity(self) -> Continuity:
        """What happens to this handle when the client goes to another cluster."""
        return self._line.continuity

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The jobs that this handle has stood for, with their clusters and what is known of them; one for most."""
        return self._line.attempts

    def __repr__(self) -> str:
        return f"<job {self._job} on {self.cluster}>"

    # ---------------------------------------------------------------------------------------------------- what is asked

    async def config(self) -> JobConfig:
        """Return how the job was configured.

        Raises:
            JobNotFoundError: The cluster does not know the job (any more), or the client has left the cluster.
        """
        return await self._ask(lambda job: job.place.questions.config(job.job_id, job.coordinator))

    async def submission_time(self) -> datetime:
        """Return when the job was submitted, in UTC; raises as :meth:`config` does."""
        return time_of(await self._ask(_submission_time))

    async def status(self) -> JobStatus:
        """Return where the job is in its life; raises as :meth:`config` does.

        A light job is RUNNING until it ends. How it ended is known for as long as this handle has watched it, which
        begins with the first call; afterwards the cluster does not know it any more.
        """
        if self.light:
            return await self._light_status(self._job)
        return await self._ask(lambda job: job.place.questions.status(job.job_id))

    async def _light_status(self, job: JobRef) -> JobStatus:
        end = self._light_end()
        try:
            await self._around.cluster.ask_about(job, _submission_time(job))
        except errors.JobNotFoundError as error:
            if error.left_at is not None:
                raise
        else:
            if not end.done():  # a member tells of the end before it forgets the job
                return JobStatus.RUNNING
        try:
            await asyncio.shield(end)
        except (errors.JobFailedError, errors.JobCancelledError):
            return JobStatus.FAILED
        return JobStatus.COMPLETED

    def _light_end(self) -> asyncio.Future[None]:
        """Return what waits for the end of a light job, the same for all: no member remembers how one has ended."""
        end = self._light_join
        if end is None or (end.done() and not self._line.now.state.ended):  # the cluster was left, or did not know it
            end = self._light_join = self._around.engine.runtime.spawn(self._join())
        return end

    async def is_user_cancelled(self) -> bool:
        """Say whether a user has cancelled the job (members of 5.3 and later).

        Raises:
            JobStateError: It has not ended, or is a light job.
            JobNotFoundError: As for :meth:`config`.
            FeatureMissingError: The cluster is older.
        """
        self._refuse_light("say who has cancelled it")
        return await self._ask(lambda job: job.place.questions.user_cancelled(job.job_id))

    async def suspension_cause(self) -> SuspensionCause:
        """Return why the job is suspended.

        Raises:
            JobStateError: It is not suspended.
            JobNotFoundError: As for :meth:`config`.
        """
        self._refuse_light("be suspended")
        return await self._ask(lambda job: job.place.questions.suspension_cause(job.job_id))

    async def metrics(self, *, timeout: float = METRICS_LIMIT) -> JobMetrics:  # noqa: ASYNC109 - a part of what is said
        """Return the latest metrics that the members have collected, none in the first seconds of a job.

        Args:
            timeout: Seconds to wait for them.

        Raises:
            JobStateError: It is a light job, which has none.
            JobNotFoundError: As for :meth:`config`.
            JobWaitTimeoutError: They did not come.
        """
        self._refuse_light("be measured")
        await self.status()  # members never answer for a job that is not there
        async with self._limit(timeout, "its metrics"):
            return await self._ask(lambda job: job.place.questions.metrics(job.job_id))

    # ----------------------------------------------------------------------------------------------------- what is done

    async def cancel(self) -> None:
        """Ask for the end of the job; it is FAILED when that has happened. Harmless when it has ended.

        Raises:
            JobNotFoundError: As for :meth:`config`.
        """
        try:
            # one that was cancelled already is not harmed by it, so it may be sent again
            await self._ask(_terminate(TerminationMode.CANCEL_FORCEFUL), retryable=True)
        except errors.JobNotFoundError as error:
            if not self.light or error.left_at is not None:
                raise  # a light job has no record once it has ended

    async def suspend(self, *, forceful: bool = False) -> None:
        """Ask for a pause; the job is SUSPENDED when that has happened.

        Args:
            forceful: Do not wait for a snapshot first.

        Raises:
            JobStateError: It does not run, or is a light job.
            JobNotFoundError: As for :meth:`config`.
        """
        self._refuse_light("be suspended")
        await self._ask(_terminate(TerminationMode.SUSPEND_FORCEFUL if forceful else TerminationMode.SUSPEND_GRACEFUL))

    async def resume(self) -> None:
        """Ask a suspended job to go on; harmless when it runs. Raises as :meth:`suspend` does."""
        self._refuse_light("be resumed")
        await self._ask(lambda job: job.place.questions.resume(job.job_id), retryable=True)

    async def restart(self, *, forceful: bool = False) -> None:
        """Ask the job to stop and to begin anew, on the members that there are then; raises as :meth:`suspend` does.

        Args:
            forceful: Do not wait for a snapshot first.
        """
        self._refuse_light("be restarted")
        await self._ask(_terminate(TerminationMode.RESTART_FORCEFUL if forceful else TerminationMode.RESTART_GRACEFUL))

    async def update_config(self, delta: DeltaJobConfig) -> JobConfig:
        """Change how a suspended job is configured (members of 5.3 and later); it holds when the job goes on.

        Args:
            delta: What is to be changed.

        Returns:
            The whole configuration, as it is now.

        Raises:
            JobStateError: The job is not suspended, or is a light job.
            JobNotFoundError: As for :meth:`config`.
            FeatureMissingError: The cluster is older.
        """
        self._refuse_light("have its configuration changed")
        return await self._ask(lambda job: job.place.questions.update_config(job.job_id, delta))

    async def export_snapshot(self, name: str, *, cancel: bool = False) -> None:
        """Ask for a named snapshot of the job's state (Enterprise members).

        Args:
            name: The snapshot's name.
            cancel: Cancel the job with it.

        Raises:
            EnterpriseOnlyError: The cluster's edition can't do it.
            JobNotFoundError: As for :meth:`config`.
        """
        self._refuse_light("have snapshots")
        await self.status()  # Community members refuse it without a look at the job
        await self._ask(lambda job: job.place.questions.export_snapshot(job.job_id, name, cancel=cancel))

    # ---------------------------------------------------------------------------------------------------------- waiting

    async def join(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - a part of what is said
        """Wait until the job has completed.

        It survives the loss of members and connections. When the client goes to another cluster, it ends at once, or
        goes on there, as this handle's ``continuity`` says.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Raises:
            JobFailedError: It failed; ``java`` has the exception with its causes.
            JobCancelledError: It was cancelled.
            JobNotFoundError: The cluster does not know it, or the client has left the cluster.
            JobWaitTimeoutError: It did not end in time.
        """
        async with self._limit(timeout, "its end"):
            if self.light:
                await asyncio.shield(self._light_end())
            else:
                await self._join()

    async def _join(self) -> None:
        while True:
            job = await self._current()
            try:
                return await self._join_at(self._refs.index(job))
            except errors.JobNotFoundError as error:
                if error.left_at is None or self.continuity is not Continuity.FOLLOW:
                    raise

    async def _join_at(self, at: int) -> None:
        """Join the job of an attempt, and note how it ended."""
        job = self._refs[at]
        try:
            await self._around.cluster.ask_about(job, _join(job), joins=True)
        except errors.JobCancelledError:
            self._line = self._line.noted(at, AttemptState.CANCELLED)
            raise
        except errors.JobFailedError as error:
            self._line = self._line.noted(at, AttemptState.FAILED, error.args[0])
            raise
        self._line = self._line.noted(at, AttemptState.COMPLETED)

    async def wait_for(self, status: JobStatus, timeout: float | None = None) -> None:  # noqa: ASYNC109 - see join
        """Wait until the job has reached a status.

        Members of 5.3 and later tell of each change, so that a status is noticed however short it lasts; others are
        asked again and again, and so are those of a cluster while one of them can't be connected to.

        Args:
            status: What to wait for.
            timeout: Seconds to wait at most; None for as long as it takes.

        Raises:
            JobStateError: It has ended with another status.
            JobNotFoundError: The cluster does not know it, or the client has left the cluster.
            JobWaitTimeoutError: It did not reach it in time.
        """
        async with (
            self._limit(timeout, f"its status {status.name}"),
            contextlib.aclosing(self._changes(await self._current())) as changes,
        ):
            async for change in changes:
                if change.new is status:
                    return
                if change.new.ended:
                    text = f"Job {self._job} on cluster {self.cluster!r} has ended as {change.new.name}: it will "
                    raise errors.JobStateError(f"{text}never be {status.name}.", outcome=Outcome.ANSWERED)

    async def add_status_listener(self, listener: StatusListener) -> str:
        """Call back with each change of the job's status, in order; return an id to remove the listener with.

        Members of 5.3 and later tell of each change. Hazelcast Jet 4 tells of none: the job is asked for its status
        five times a second then, and what is shorter may be missed. The listener ends with the job, and when the
        client leaves the job's cluster.

        Raises:
            JobStateError: The job has ended.
            JobNotFoundError: The cluster does not know it, or the client has left the cluster.
        """
        job = await self._current()
        changes = self._changes(job)
        first = await anext(changes)
        if first.new.ended:
            await changes.aclose()
            text = f"Job {job} on cluster {self.cluster!r} has ended as {first.new.name}: it will not change any more."
            raise errors.JobStateError(text, outcome=Outcome.ANSWERED)
        lane = self._around.callbacks.lane(f"a status listener of job {job}")
        listener_id = str(uuid.uuid4())

        async def tell() -> None:
            async with contextlib.aclosing(changes):
                try:
                    async for change in changes:
                        lane.put(lambda change=change: listener(change))  # type: ignore[misc]
                        if change.new.ended:
                            return
                except TealjetError as error:
                    _log.info("a status listener ends: %s", error)
                finally:
                    self._listeners.pop(listener_id, None)

        self._listeners[listener_id] = self._around.engine.runtime.spawn(tell())
        return listener_id

    async def remove_status_listener(self, listener_id: str) -> bool:
        """Remove a listener; False when there is none with that id (any more)."""
        task = self._listeners.pop(listener_id, None)
        if task is None:
            return False
        task.cancel()
        await asyncio.wait([task])
        return True

    async def _changes(self, job: JobRef) -> AsyncGenerator[JobStatusChange, None]:
        """Yield the status now, as a change from itself, and each change from then on."""
        watch = _Watch(job)
        with self._around.where.keeping(watch):
            registration = await self._listen(job, watch)
            try:
                status = await self._status_of(job)
                yield _change(job, status, status)
                deaf = False
                while True:
                    was_deaf, deaf = deaf, registration is None or self._deaf
                    change = None
                    if deaf or not was_deaf:  # else it may have changed before it could be heard again
                        change = await watch.next(_POLL if deaf else None)
                    if change is None:  # nobody tells: by its nature, or because a connection was lost meanwhile
                        now = await self._status_of(job)
                        if now is status:
                            continue
                        change = _change(job, status, now)
                    status = change.new
                    yield change
            finally:
                if registration is not None:
                    await self._around.engine.remove_listener(registration)

    @property
    def _deaf(self) -> bool:
        """Whether a member is not heard now: of its jobs' changes no other one tells."""
        engine = self._around.engine
        link = engine.active
        return link is not None and engine.settings.smart_routing and len(link.connections) < len(link.members)

    async def _listen(self, job: JobRef, watch: _Watch) -> str | None:
        """Have the members tell of changes; None when they do not."""
        if job.place.questions.dialect is Dialect.JET_4:
            return None
        request = encode_request(
            jet.ADD_JOB_STATUS_LISTENER,
            job_id=job.job_id,
            light_job_coordinator=job.coordinator,
            local_only=self._around.engine.settings.smart_routing,
        )
        listener = Listener(
            bytes(request),
            decode=lambda answer: decode_response(jet.ADD_JOB_STATUS_LISTENER, answer),
            encode_removal=lambda registration: (
                encode_request(jet.REMOVE_JOB_STATUS_LISTENER, job_id=job.job_id, registration_id=registration)
                if registration
                else None
            ),
            handle=lambda message: watch.told(decode_event(jet.ADD_JOB_STATUS_LISTENER, message)),
            belongs=job.home.has,
            interrupted=watch.look_again,
        )
        try:
            return await self._around.engine.add_listener(listener)
        except Exception as error:  # of a job that has ended nothing more is told
            _log.debug("job %s is asked for its status: %s", job, error)
            return None

    # ------------------------------------------------------------------------------------------------------- continuity

    async def _current(self) -> JobRef:
        """Return the job that the handle stands for where the client is now."""
        job = self._job
        if self.continuity is Continuity.LEAVE or self._around.where.is_here(job.home):
            return job
        async with self._following:
            await self._follow()
        return self._job

    async def _follow(self) -> None:
        while not self._around.where.is_here(self._job.home):  # another call may have followed meanwhile
            with contextlib.suppress(ClusterLeftError):  # the client has gone on in the middle of it
                await self._follow_to(await self._around.cluster.place())

    async def _follow_to(self, place: Place) -> None:
        around, job = self._around, self._job
        if self._line.arrived(place.home.cluster_id) is Arrival.RESUME:
            self._line = self._line.left().resumed(place.home.cluster_id)
            return
        found = None if job.name is None else await around.reader.named(place, job.name)
        if found is None:
            if job.name is None:
                why = "a job without a name can't be found on another cluster"
            else:
                why = f"cluster {place.home.name!r} has no job of that name"
            departure = around.where.departure_from(job.home)
            if self._not_followed != departure.at:
                self._not_followed = departure.at
                self._announce(job, JobFate.LEFT, place.home.name, why)
            raise not_followed(job, departure, place.home, why)
        self._stand_for(found)
        self._announce(job, JobFate.FOLLOWED, place.home.name, f"it is {found} there")

    def _stand_for(self, job: JobRef) -> None:
        self._refs.append(job)
        self._line = self._line.left().added(_attempt(len(self._refs), job))

    def departed(self, former: Home, departure: Departure) -> None:
        """Take note that the client has left a cluster."""
        at = self._line.of_cluster(former.cluster_id)
        if at is None or at != self._line.current or self._line.now.state.ended:
            return
        self._line = self._line.left()
        if self.continuity is Continuity.LEAVE:
            self._announce(self._job, JobFate.LEFT, departure.to)

    def _announce(self, job: JobRef, fate: JobFate, to_cluster: str, detail: str = "") -> None:
        moved = JobMoved(job=str(job), fate=fate, from_cluster=job.home.name, to_cluster=to_cluster, detail=detail)
        # after the report of the switch, which it belongs to
        self._around.engine.runtime.call_soon(self._around.announce, moved)

    # ----------------------------------------------------------------------------------------------------------- asking

    async def _ask(self, question: Callable[[JobRef], Question[R]], *, retryable: bool | None = None) -> R:
        job = await self._current()
        while True:
            asked = question(job)
            try:
                return await self._around.cluster.ask_about(job, asked, retryable=retryable)
            except errors.JobNotFoundError as error:
                safe = error.outcome is Outcome.NOT_SENT or asked.kind.retryable
                if error.left_at is None or not safe:
                    raise
                left, job = job, await self._current()
                if job is left and not self._around.where.is_here(job.home):
                    raise  # there is nothing to go on with

    async def _status_of(self, job: JobRef) -> JobStatus:
        if job.coordinator is not None:
            return await self._light_status(job)
        return await self._around.cluster.ask_about(job, job.place.questions.status(job.job_id))

    def _refuse_light(self, what: str) -> None:
        """Refuse what members can't do for a light job; some of them would cancel it instead."""
        if self.light:
            text = f"Job {self._job} on cluster {self.cluster!r} is a light job, which can't {what}. Nothing was sent."
            raise errors.JobStateError(text, outcome=Outcome.NOT_SENT)

    @contextlib.asynccontextmanager
    async def _limit(self, seconds: float | None, what: str) -> AsyncIterator[None]:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            text = f"Job {self._job} on cluster {self.cluster!r} did not reach {what} within {seconds:g} s; it goes on."
            raise errors.JobWaitTimeoutError(text, outcome=Outcome.UNKNOWN) from None


class _Watch:
    """What is told of one job, in order, and when its cluster has to be asked instead."""

    def __init__(self, job: JobRef) -> None:
        self.home = job.home
        self._job = job
        self._told: asyncio.Queue[JobStatusChange | errors.JobNotFoundError | None] = asyncio.Queue()

    def told(self, event: JobStatusEvent) -> None:
        self._told.put_nowait(
            JobStatusChange(
                job_id=event.job_id,
                previous=event.previous,
                new=event.new,
                user_requested=event.user_requested,
                description=event.description,
            )
        )

    def leave(self, departure: Departure) -> None:
        self._told.put_nowait(left_behind(self._job, departure, Outcome.NOT_SENT))

    def look_again(self) -> None:
        self._told.put_nowait(None)

    async def next(self, limit: float | None) -> JobStatusChange | None:
        """Return the next change; None when the job has to be asked. Waits for ``limit`` seconds at most."""
        try:
            async with asyncio.timeout(limit):
                told = await self._told.get()
        except TimeoutError:
            return None
        if isinstance(told, errors.JobNotFoundError):
            raise told
        return told


def _change(job: JobRef, previous: JobStatus, new: JobStatus) -> JobStatusChange:
    return JobStatusChange(job_id=job.job_id, previous=previous, new=new, user_requested=None, description=None)


def _attempt(number: int, job: JobRef) -> Attempt:
    return Attempt(
        number=number,
        cluster=job.home.name,
        cluster_id=job.home.cluster_id,
        job_id=job.job_id,
        id_string=id_string(job.job_id),
        since=datetime.now(UTC),
    )


def _join(job: JobRef) -> Question[None]:
    return job.place.questions.join(job.job_id, job.coordinator)


def _submission_time(job: JobRef) -> Question[int]:
    return job.place.questions.submission_time(job.job_id, job.coordinator)


def _terminate(mode: TerminationMode) -> Callable[[JobRef], Question[None]]:
    return lambda job: job.place.questions.terminate(job.job_id, job.coordinator, mode)
