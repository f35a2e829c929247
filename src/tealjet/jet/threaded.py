"""``client.jet`` and the handles of jobs of the threaded family: those of asyncio, and a wait for each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from os import PathLike
from typing import Any

from tealjet.jet.client import AsyncJet, Progress
from tealjet.jet.continuity import Attempt, Continuity
from tealjet.jet.job_config import DeltaJobConfig, JobConfig
from tealjet.jet.jobs import METRICS_LIMIT, AsyncJob, StatusListener
from tealjet.jet.metrics import JobMetrics
from tealjet.jet.observables import Observable
from tealjet.jet.questions import SuspensionCause
from tealjet.jet.reading import JetCluster, JobSummary
from tealjet.jet.snapshots import JobSnapshot
from tealjet.jet.submission import GOODBYE
from tealjet.jet.upload import DEFAULT_PART_SIZE
from tealjet.protocol.jet_values import JobStatus

__all__ = ["Jet", "Job", "Run"]

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the engine's loop and returns its result; cancels it when the caller is interrupted."""


class Job:
    """A job on a cluster, as :class:`tealjet.asyncio.Job`; made by ``client.jet``."""

    def __init__(self, job: AsyncJob, run: Run) -> None:
        """Wait for what this handle does."""
        self._job = job
        self._run = run

    @property
    def id(self) -> int:
        """As :attr:`AsyncJob.id`."""
        return self._job.id

    @property
    def id_string(self) -> str:
        """As :attr:`AsyncJob.id_string`."""
        return self._job.id_string

    @property
    def name(self) -> str | None:
        """As :attr:`AsyncJob.name`."""
        return self._job.name

    @property
    def cluster(self) -> str:
        """As :attr:`AsyncJob.cluster`."""
        return self._job.cluster

    @property
    def light(self) -> bool:
        """As :attr:`AsyncJob.light`."""
        return self._job.light

    @property
    def continuity(self) -> Continuity:
        """As :attr:`AsyncJob.continuity`."""
        return self._job.continuity

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """As :attr:`AsyncJob.attempts`."""
        return self._job.attempts

    def __repr__(self) -> str:
        return repr(self._job)

    def config(self) -> JobConfig:
        """As :meth:`AsyncJob.config`."""
        return self._run(self._job.config())  # type: ignore[no-any-return]

    def submission_time(self) -> datetime:
        """As :meth:`AsyncJob.submission_time`."""
        return self._run(self._job.submission_time())  # type: ignore[no-any-return]

    def status(self) -> JobStatus:
        """As :meth:`AsyncJob.status`."""
        return self._run(self._job.status())  # type: ignore[no-any-return]

    def is_user_cancelled(self) -> bool:
        """As :meth:`AsyncJob.is_user_cancelled`."""
        return self._run(self._job.is_user_cancelled())  # type: ignore[no-any-return]

    def suspension_cause(self) -> SuspensionCause:
        """As :meth:`AsyncJob.suspension_cause`."""
        return self._run(self._job.suspension_cause())  # type: ignore[no-any-return]

    def metrics(self, *, timeout: float = METRICS_LIMIT) -> JobMetrics:
        """As :meth:`AsyncJob.metrics`."""
        return self._run(self._job.metrics(timeout=timeout))  # type: ignore[no-any-return]

    def cancel(self) -> None:
        """As :meth:`AsyncJob.cancel`."""
        self._run(self._job.cancel())

    def suspend(self, *, forceful: bool = False) -> None:
        """As :meth:`AsyncJob.suspend`."""
        self._run(self._job.suspend(forceful=forceful))

    def resume(self) -> None:
        """As :meth:`AsyncJob.resume`."""
        self._run(self._job.resume())

    def restart(self, *, forceful: bool = False) -> None:
        """As :meth:`AsyncJob.restart`."""
        self._run(self._job.restart(forceful=forceful))

    def update_config(self, delta: DeltaJobConfig) -> JobConfig:
        """As :meth:`AsyncJob.update_config`."""
        return self._run(self._job.update_config(delta))  # type: ignore[no-any-return]

    def export_snapshot(self, name: str, *, cancel: bool = False) -> None:
        """As :meth:`AsyncJob.export_snapshot`."""
        self._run(self._job.export_snapshot(name, cancel=cancel))

    def join(self, timeout: float | None = None) -> None:
        """As :meth:`AsyncJob.join`; Ctrl-C ends the wait, not the job."""
        self._run(self._job.join(timeout))

    def wait_for(self, status: JobStatus, timeout: float | None = None) -> None:
        """As :meth:`AsyncJob.wait_for`."""
        self._run(self._job.wait_for(status, timeout))

    def add_status_listener(self, listener: StatusListener) -> str:
        """As :meth:`AsyncJob.add_status_listener`; the listener is called on a thread of the client's."""
        return self._run(self._job.add_status_listener(listener))  # type: ignore[no-any-return]

    def remove_status_listener(self, listener_id: str) -> bool:
        """As :meth:`AsyncJob.remove_status_listener`."""
        return self._run(self._job.remove_status_listener(listener_id))  # type: ignore[no-any-return]


class Jet:
    """``client.jet`` of the threaded family."""

    def __init__(self, jet: AsyncJet, run: Run) -> None:
        """Wait for what this does."""
        self._jet = jet
        self._run = run

    def submit_jar(
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
    ) -> Job:
        """As :meth:`AsyncJet.submit_jar`; Ctrl-C ends it as cancellation does there."""
        submission = self._jet.submit_jar(
            path,
            name=name,
            main_class=main_class,
            args=args,
            snapshot=snapshot,
            on_member=on_member,
            part_size=part_size,
            progress=progress,
            rerun=rerun,
            continuity=continuity,
            cancel_superseded=cancel_superseded,
        )
        ended = threading.Event()

        async def to_its_end() -> AsyncJob:
            try:
                return await submission
            finally:
                ended.set()

        try:
            return self._job(to_its_end())
        except KeyboardInterrupt:
            ended.wait(GOODBYE)  # whoever interrupts may close the client next
            raise

    def submit_sql(
        self, statement: str, *, continuity: Continuity = Continuity.LEAVE, cancel_superseded: bool = False
    ) -> Job:
        """As :meth:`AsyncJet.submit_sql`."""
        return self._job(self._jet.submit_sql(statement, continuity=continuity, cancel_superseded=cancel_superseded))

    def jobs(self, *, name: str | None = None, active_only: bool = False) -> list[JobSummary]:
        """As :meth:`AsyncJet.jobs`."""
        return self._run(self._jet.jobs(name=name, active_only=active_only))  # type: ignore[no-any-return]

    def get_job(self, id_or_name: int | str) -> Job | None:
        """As :meth:`AsyncJet.get_job`."""
        job = self._run(self._jet.get_job(id_or_name))
        return None if job is None else Job(job, self._run)

    def observable(self, name: str) -> Observable:
        """As :meth:`AsyncJet.observable`."""
        return Observable(self._jet.observable(name), self._run)

    def observables(self) -> list[str]:
        """As :meth:`AsyncJet.observables`."""
        return self._run(self._jet.observables())  # type: ignore[no-any-return]

    def cluster(self) -> JetCluster:
        """As :meth:`AsyncJet.cluster`."""
        return self._run(self._jet.cluster())  # type: ignore[no-any-return]

    def snapshots(self) -> list[JobSnapshot]:
        """As :meth:`AsyncJet.snapshots`."""
        return self._run(self._jet.snapshots())  # type: ignore[no-any-return]

    def delete_snapshot(self, name: str) -> bool:
        """As :meth:`AsyncJet.delete_snapshot`."""
        return self._run(self._jet.delete_snapshot(name))  # type: ignore[no-any-return]

    def _job(self, submission: Coroutine[Any, Any, AsyncJob]) -> Job:
        return Job(self._run(submission), self._run)
