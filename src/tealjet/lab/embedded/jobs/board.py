"""Serves what all versions have in common about jobs, and keeps the jobs for those who serve the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.jobs import errors, payloads
from tealjet.lab.embedded.jobs.life import Job, JobPlan
from tealjet.lab.embedded.objects import Objects
from tealjet.lab.embedded.serving import LATER, Cluster, Later, Request, Service, Session, serves
from tealjet.lab.embedded.structures.ringbuffers import Ringbuffers
from tealjet.lab.embedded.structures.serialized import UnreadableError
from tealjet.protocol import jet
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus, JobStatusEvent

__all__ = ["Jobs", "ids_of"]

_EVERYTHING = JobPlan()
_OBSERVABLES = "__jet.observables."


class Jobs(Service):
    """The jobs of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._jobs: dict[int, Job] = {}
        """In the order in which they were submitted."""
        self._plans: list[JobPlan] = []
        self._modern = cluster.version.major >= 5

    def plan(self, plan: JobPlan) -> None:
        """Have a plan for the jobs that are submitted from now on; of several that concern one the last one counts."""
        self._plans.append(plan)

    def plan_for(self, name: str | None) -> JobPlan:
        """Return the plan for a job of that name."""
        return next((plan for plan in reversed(self._plans) if plan.concerns(name)), _EVERYTHING)

    def session_ended(self, session: Session) -> None:
        """Forget who waits for the end of a job."""
        for job in self._jobs.values():
            job.forget(session)

    # --------------------------------------------------------------------------------------------------- submission

    def submit(self, job_id: int, name: str | None, config: bytes, coordinator: uuid.UUID | None = None) -> None:
        """Submit a job; one that is there already stays as it is.

        Raises:
            MemberError: An active job has its name.
        """
        if name is not None and coordinator is None:
            for job in self._jobs.values():
                if job.name == name and not job.status.ended and job.coordinator is None:
                    raise errors.already_exists(name, job_id)
        if job_id not in self._jobs:
            self._jobs[job_id] = Job(
                job_id=job_id,
                name=name,
                config=config,
                plan=self.plan_for(name),
                cluster=self.cluster,
                tell=self._tell,
                coordinator=coordinator,
            )

    def submit_as_configured(self, job_id: int, config: bytes, coordinator: uuid.UUID | None = None) -> None:
        """Submit a job whose name is in its configuration.

        Raises:
            MemberError: It is no configuration, or an active job has its name.
        """
        try:
            name = payloads.name_in(config)
        except UnreadableError as error:
            raise MemberError(failures.SERIALIZATION, str(error)) from None
        self.submit(job_id, name, config, coordinator)

    def new_id(self) -> int:
        """Return an id for a job."""
        return self.cluster.new_id().int >> 65

    # -------------------------------------------------------------------------------------------------------- finding

    def find(self, job_id: int, coordinator: uuid.UUID | None = None) -> Job:
        """Return a job: a light one by its coordinator as well.

        Raises:
            MemberError: There is none.
        """
        job = self._jobs.get(job_id)
        if coordinator is not None and coordinator not in self.cluster.members:
            raise errors.coordinator_left()
        if job is None or job.coordinator != coordinator:
            raise errors.not_found(job_id)
        return job

    def newest_first(self) -> list[Job]:
        """Return all jobs."""
        return list(reversed(self._jobs.values()))

    def of_name(self, name: str) -> list[Job]:
        """Return the jobs of that name: the active one first, then those that have ended, newest first."""
        named = [job for job in self.newest_first() if job.name == name and job.coordinator is None]
        return sorted(named, key=lambda job: job.status.ended)

    def summaries(self) -> tuple[JobAndSqlSummary, ...]:
        """Return what is shown of all jobs, newest first."""
        return tuple(
            JobAndSqlSummary(
                light_job=job.coordinator is not None,
                job_id=job.id,
                execution_id=0 if job.status.ended else job.id ^ 1,
                name_or_id=job.name or errors.id_text(job.id),
                status=job.status,
                submission_time=job.submitted,
                completion_time=job.completed,
                failure_text=job.failure,
                suspension_cause=job.suspended_by,
                user_cancelled=job.cancelled,
            )
            for job in self.newest_first()
        )

    def suspended_by(self, job_id: int) -> str:
        """Return why a job is suspended.

        Raises:
            MemberError: It is not.
        """
        job = self.find(job_id)
        if job.suspended_by is None:
            raise errors.illegal_state("Job not suspended")
        return job.suspended_by

    def join(self, request: Request, job: Job) -> Later:
        """Answer at the end of a job."""
        job.join(request)
        return LATER

    # ------------------------------------------------------------------------------------------------------- messages

    @serves(jet.GET_JOB_STATUS)
    def get_status(self, request: Request, *, job_id: int) -> JobStatus:
        """Say where a normal job is in its life."""
        return self.find(job_id).status

    @serves(jet.RESUME_JOB)
    def resume(self, request: Request, *, job_id: int) -> None:
        """Let a suspended job go on."""
        self.find(job_id).resume()

    @serves(jet.EXPORT_SNAPSHOT)
    def export_snapshot(self, request: Request, *, job_id: int, cancel_job: bool, name: str) -> None:
        """Refuse what another licence is needed for."""
        product = "Hazelcast" if self._modern else "Hazelcast Jet"
        raise MemberError(failures.UNSUPPORTED_OPERATION, f"You need {product} Enterprise to use this feature")

    @serves(jet.GET_JOB_SUMMARY_LIST)
    def list_jobs(self, request: Request) -> bytes:
        """List all jobs."""
        return payloads.summaries(self.summaries(), modern=self._modern)

    @serves(jet.EXISTS_DISTRIBUTED_OBJECT)
    def exists(self, request: Request, *, service_name: str, object_name: str) -> bool:
        """Say whether somebody has made an object."""
        return self.cluster.service(Objects).has(service_name, object_name)

    @serves(jet.GET_JOB_METRICS)
    def get_metrics(self, request: Request, *, job_id: int) -> bytes | Later:
        """Say that nothing was measured; of an id that is unknown, or a light job's, nothing is ever said."""
        try:
            job = self.find(job_id)
        except MemberError:
            return LATER
        return payloads.no_metrics() if job.status.ended else payloads.metrics(self.cluster.wall())

    def _tell(self, event: JobStatusEvent) -> None:
        first = next(iter(self.cluster.members), None)
        if first is not None:
            for listener in self.cluster.listeners_at(("job", event.job_id), first):
                listener.send(event)
        if event.new.ended:
            self._end_observable(self._jobs[event.job_id])

    def _end_observable(self, job: Job) -> None:
        if job.observable is not None:
            end = payloads.end_of_job(job.end, modern=self._modern)
            self.cluster.service(Ringbuffers).append(_OBSERVABLES + job.observable, end)


def ids_of(jobs: Iterable[Job]) -> tuple[int, ...]:
    """Return their ids."""
    return tuple(job.id for job in jobs)
