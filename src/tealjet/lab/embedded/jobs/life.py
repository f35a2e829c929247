"""The life of a job that nobody runs: it goes where a plan says, and where its clients want it to go.

A plan stands in for the code of a job, which no embedded member has: how long it would run and what would come of it.
"""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.jobs import errors, payloads
from tealjet.lab.embedded.serving import Cluster, Request, Session
from tealjet.lab.embedded.structures.serialized import UnreadableError
from tealjet.protocol.jet_values import JobStatus, JobStatusEvent, TerminationMode
from tealjet.runtime import Handle

__all__ = ["Job", "JobPlan"]

_STEP = 0.01
"""Seconds that a job takes to begin: once until it starts, and once more until it runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobPlan:
    """What comes of jobs that are submitted."""

    names: str = "*"
    """Which jobs: a pattern of their names, in which ``*`` stands for anything; no name is an empty one."""
    runs: float | None = None
    """Seconds of running after which the job ends by itself; None for never."""
    failure: str | None = None
    """The text of the exception with which it then ends; None for a good end."""
    main_failure: str | None = None
    """The text of the exception that the ``main`` of an uploaded JAR throws instead of starting a job."""
    observable: str | None = None
    """The observable that the job writes to, which is told how the job has ended."""

    def concerns(self, name: str | None) -> bool:
        """Say whether the plan is one for jobs of that name."""
        return fnmatch.fnmatchcase(name or "", self.names)


class Job:
    """One job.

    Args:
        job_id: Its id.
        name: Its name, if it has one.
        config: Its configuration, serialized.
        plan: What comes of it.
        cluster: Where it is.
        tell: Is told of every change of its status.
        coordinator: The member that coordinates it, if it is a light one.
    """

    def __init__(
        self,
        *,
        job_id: int,
        name: str | None,
        config: bytes,
        plan: JobPlan,
        cluster: Cluster,
        tell: Callable[[JobStatusEvent], object],
        coordinator: uuid.UUID | None = None,
    ) -> None:
        self.id = job_id
        self.name = name
        self.config = config
        self.coordinator = coordinator
        self.status = JobStatus.NOT_RUNNING
        self.submitted = _millis(cluster.wall())
        self.completed = 0
        """Milliseconds since 1970; 0 while it has not ended."""
        self.suspended_by: str | None = None
        """Why it is suspended."""
        self.cancelled = False
        """A user has cancelled it."""
        self.failure: str | None = None
        """The exception that it has ended with, as text."""
        self._plan = plan
        self._cluster = cluster
        self._tell = tell
        self._timer: Handle | None = None
        self._left = plan.runs
        """Seconds that it has still to run."""
        self._runs_since = 0.0
        self._joining: list[Request] = []
        self._begin()

    @property
    def observable(self) -> str | None:
        """The observable that it writes to."""
        return self._plan.observable

    @property
    def end(self) -> MemberError | None:
        """The error that it has just ended with; None when it ended well."""
        return None if self.status is JobStatus.COMPLETED else self._end(later=False)

    def join(self, request: Request) -> None:
        """Answer a request at the end of the job, or now if that has come.

        Raises:
            MemberError: It has ended, and not well.
        """
        if not self.status.ended:
            self._joining.append(request)
        elif self.status is JobStatus.FAILED:
            raise self._end(later=True)
        else:
            request.answer(None)

    def forget(self, session: Session) -> None:
        """Forget the requests of a connection that has ended."""
        self._joining = [request for request in self._joining if request.session is not session]

    def terminate(self, mode: TerminationMode) -> None:
        """Cancel the job, restart or suspend it.

        Raises:
            MemberError: It is not running, so that it can't be.
        """
        if mode in (TerminationMode.CANCEL_GRACEFUL, TerminationMode.CANCEL_FORCEFUL) or self.coordinator is not None:
            self._cancel()
            return
        if self.status.ended:
            raise errors.illegal_state(
                f"Cannot {mode.name} job {errors.id_text(self.id)} because it already has a result: {self.status.name}"
            )
        if self.status is not JobStatus.RUNNING:
            raise errors.illegal_state(f"Cannot {mode.name}, job status is {self.status.name}, should be RUNNING")
        self._pause()
        if mode in (TerminationMode.SUSPEND_GRACEFUL, TerminationMode.SUSPEND_FORCEFUL):
            self.suspended_by = "Requested by user"
            self._go(JobStatus.SUSPENDED, by_user="Suspend")
        else:
            self._left = self._plan.runs
            self._go(JobStatus.NOT_RUNNING, by_user="Restart")
            self._begin()

    def resume(self) -> None:
        """Let a suspended job go on; one that runs does so anyway.

        Raises:
            MemberError: It has ended.
        """
        if self.status.ended:
            raise errors.illegal_state("Job already completed")
        if self.status is JobStatus.SUSPENDED:
            self.suspended_by = None
            self._go(JobStatus.NOT_RUNNING, by_user="Resume")
            self._begin()

    def update_config(self, delta: bytes) -> bytes:
        """Change the configuration of a suspended job, and return it.

        Raises:
            MemberError: It is not suspended, or this is no change of a configuration.
        """
        if self.status is not JobStatus.SUSPENDED:
            raise errors.illegal_state(f"Job not suspended, but {self.status.name}")
        try:
            self.config = payloads.changed(self.config, delta)
        except UnreadableError as error:
            raise MemberError(failures.SERIALIZATION, str(error)) from None
        return self.config

    def stop(self) -> None:
        """Forget the job: its cluster is no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._after(_STEP, self._start)

    def _start(self) -> None:
        self._go(JobStatus.STARTING)
        self._after(_STEP, self._run)

    def _run(self) -> None:
        self._go(JobStatus.RUNNING)
        self._runs_since = self._cluster.now()
        if self._left is not None:
            self._after(self._left, self._finish)

    def _finish(self) -> None:
        self._complete(JobStatus.COMPLETED if self._plan.failure is None else JobStatus.FAILED)

    def _cancel(self) -> None:
        if not self.status.ended:
            self.stop()
            self.cancelled = True
            self._complete(JobStatus.FAILED, by_user="Cancel")

    def _complete(self, status: JobStatus, *, by_user: str | None = None) -> None:
        self.completed = _millis(self._cluster.wall())
        if status is JobStatus.FAILED:
            self.failure = errors.cancelled_text(self._cluster.version) if self.cancelled else self._plan.failure
        self._go(status, by_user=by_user, text=self._plan.failure if by_user is None else None)
        joining, self._joining = self._joining, []
        for request in joining:
            if status is JobStatus.COMPLETED:
                request.answer(None)
            else:
                request.fail(self._end(later=False))

    def _end(self, *, later: bool) -> MemberError:
        """Return the error that the job has ended with, as it is told then or later."""
        if self.cancelled:
            return errors.cancelled(self._cluster.version, later=later)
        return errors.failed(self._plan.failure or "", self._cluster.version, later=later)

    def _go(self, status: JobStatus, *, by_user: str | None = None, text: str | None = None) -> None:
        previous, self.status = self.status, status
        self._tell(
            JobStatusEvent(
                job_id=self.id,
                previous=previous,
                new=status,
                user_requested=by_user is not None,
                description=by_user or text,
            )
        )

    def _pause(self) -> None:
        self.stop()
        if self._left is not None:
            self._left -= self._cluster.now() - self._runs_since

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer = self._cluster.call_at(self._cluster.now() + seconds, then)


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
