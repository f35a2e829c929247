"""What is asked of a cluster about jobs, and how its answers are read, for each form that clusters have. Pure.

A job is named by its id, a light one by the member that coordinates it as well. Members of Hazelcast Jet 4 have no
light jobs, and ignore what they do not expect in a request; so the form is chosen by the cluster's version.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tealjet.jet.job_config import DeltaJobConfig, JobConfig, delta_data, read_job_config
from tealjet.jet.metrics import JobMetrics
from tealjet.jet.payloads import (
    FoundJob,
    read_job_ids,
    read_job_metrics,
    read_job_summaries,
    read_suspension_cause,
)
from tealjet.protocol import jet
from tealjet.protocol.declare import MessageType
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus, TerminationMode
from tealjet.protocol.values import MemberVersion

__all__ = ["Question", "Questions", "SuspensionCause"]

R = TypeVar("R")

_BY_USER = "Requested by user"
_STATEMENTS_SINCE = (5, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question(Generic[R]):
    """A request and how its answer is read."""

    kind: MessageType[Any, Any]
    fields: dict[str, Any]
    read: Callable[[Any], R]


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionCause:
    """Why a job is suspended."""

    by_user: bool
    """A user has asked for it."""
    error: str | None
    """The failure, as a stack trace, when the job was configured to be suspended instead of failing."""

    def __str__(self) -> str:
        return _BY_USER if self.error is None else self.error


def _same(answer: Any) -> Any:
    return answer


class Questions:
    """The questions to clusters of one form."""

    def __init__(self, version: MemberVersion) -> None:
        """Ask members of that version, the oldest of their cluster."""
        self.dialect = Dialect.of(version)
        self._is_4 = self.dialect is Dialect.JET_4
        self._statements = version[:2] >= _STATEMENTS_SINCE

    # ---------------------------------------------------------------------------------------------------- of all jobs

    def all_jobs(self) -> Question[tuple[FoundJob, ...]]:
        """Ask which jobs the cluster knows, in no particular order."""
        if self._is_4:
            return Question(kind=jet.JET_4_GET_JOB_IDS, fields={}, read=_normal)
        return self._ids(jet.ALL_JOBS, None)

    def jobs_of_name(self, name: str) -> Question[tuple[FoundJob, ...]]:
        """Ask which jobs have that name: the active one first, then those that have ended, newest first."""
        if self._is_4:
            return Question(kind=jet.JET_4_GET_JOB_IDS_BY_NAME, fields={"name": name}, read=_normal)
        return self._ids(jet.ALL_JOBS, name)

    def job_of_id(self, job_id: int) -> Question[tuple[FoundJob, ...]]:
        """Ask whether the cluster knows that job; the answer has one job, none, or all that there are."""
        return self.all_jobs() if self._is_4 else self._ids(job_id, None)

    def _ids(self, only_job_id: int, only_name: str | None) -> Question[tuple[FoundJob, ...]]:
        fields = {"only_job_id": only_job_id, "only_name": only_name}
        return Question(kind=jet.GET_JOB_IDS, fields=fields, read=read_job_ids)

    def summaries(self) -> Question[tuple[JobAndSqlSummary, ...]]:
        """Ask for all jobs with what is to be shown of them, newest first."""
        if self._statements:
            return Question(kind=jet.GET_JOB_AND_SQL_SUMMARY_LIST, fields={}, read=_same)
        return Question(
            kind=jet.GET_JOB_SUMMARY_LIST, fields={}, read=lambda data: read_job_summaries(data, self.dialect)
        )

    # ----------------------------------------------------------------------------------------------------- of one job

    def status(self, job_id: int) -> Question[JobStatus]:
        """Ask for the status of a normal job."""
        return Question(kind=jet.GET_JOB_STATUS, fields={"job_id": job_id}, read=_same)

    def config(self, job_id: int, coordinator: uuid.UUID | None = None) -> Question[JobConfig]:
        """Ask for the configuration."""
        return self._of_any(
            jet.GET_JOB_CONFIG,
            jet.JET_4_GET_JOB_CONFIG,
            job_id,
            coordinator,
            lambda data: read_job_config(data, self.dialect),
        )

    def update_config(self, job_id: int, delta: DeltaJobConfig) -> Question[JobConfig]:
        """Ask for a change of the configuration of a suspended job."""
        fields = {"job_id": job_id, "delta_config": delta_data(delta)}
        return Question(
            kind=jet.UPDATE_JOB_CONFIG, fields=fields, read=lambda data: read_job_config(data, self.dialect)
        )

    def submission_time(self, job_id: int, coordinator: uuid.UUID | None) -> Question[int]:
        """Ask for the milliseconds since 1970 at the submission."""
        kinds = jet.GET_JOB_SUBMISSION_TIME, jet.JET_4_GET_JOB_SUBMISSION_TIME
        return self._of_any(*kinds, job_id, coordinator, _same)

    def join(self, job_id: int, coordinator: uuid.UUID | None) -> Question[None]:
        """Ask to be answered at the end of the job."""
        return self._of_any(jet.JOIN_SUBMITTED_JOB, jet.JET_4_JOIN_SUBMITTED_JOB, job_id, coordinator, _same)

    def terminate(self, job_id: int, coordinator: uuid.UUID | None, mode: TerminationMode) -> Question[None]:
        """Ask for the end of the job's execution; any mode cancels a light job."""
        kinds = jet.TERMINATE_JOB, jet.JET_4_TERMINATE_JOB
        return self._of_any(*kinds, job_id, coordinator, _same, mode=mode)

    def resume(self, job_id: int) -> Question[None]:
        """Ask to go on."""
        return Question(kind=jet.RESUME_JOB, fields={"job_id": job_id}, read=_same)

    def suspension_cause(self, job_id: int) -> Question[SuspensionCause]:
        """Ask why the job is suspended."""
        if self._is_4:
            return Question(kind=jet.JET_4_GET_JOB_SUSPENSION_CAUSE, fields={"job_id": job_id}, read=_cause_of_text)
        return Question(
            kind=jet.GET_JOB_SUSPENSION_CAUSE,
            fields={"job_id": job_id},
            read=lambda data: _cause(read_suspension_cause(data)),
        )

    def user_cancelled(self, job_id: int) -> Question[bool]:
        """Ask whether a user has cancelled the job, which must have ended."""
        return Question(kind=jet.IS_JOB_USER_CANCELLED, fields={"job_id": job_id}, read=_same)

    def metrics(self, job_id: int) -> Question[JobMetrics]:
        """Ask for the metrics of a normal job that is known to be there: of others no member ever answers."""
        return Question(kind=jet.GET_JOB_METRICS, fields={"job_id": job_id}, read=read_job_metrics)

    def export_snapshot(self, job_id: int, name: str, *, cancel: bool) -> Question[None]:
        """Ask to export a snapshot."""
        fields = {"job_id": job_id, "name": name, "cancel_job": cancel}
        return Question(kind=jet.EXPORT_SNAPSHOT, fields=fields, read=_same)

    def _of_any(
        self,
        kind: MessageType[Any, Any],
        kind_4: MessageType[Any, Any],
        job_id: int,
        coordinator: uuid.UUID | None,
        read: Callable[[Any], R],
        **fields: Any,
    ) -> Question[R]:
        if self._is_4:
            return Question(kind=kind_4, fields={"job_id": job_id, **fields}, read=read)
        return Question(kind=kind, fields={"job_id": job_id, "light_job_coordinator": coordinator, **fields}, read=read)


def _normal(ids: tuple[int, ...]) -> tuple[FoundJob, ...]:
    return tuple(FoundJob(job_id=job_id, coordinator=None) for job_id in ids)


def _cause(error: str | None) -> SuspensionCause:
    return SuspensionCause(by_user=error is None, error=error)


def _cause_of_text(text: str) -> SuspensionCause:
    return _cause(None if text == _BY_USER else text)
