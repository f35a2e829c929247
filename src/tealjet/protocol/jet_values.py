"""What the Jet messages carry, as Python values; like those of ``values`` they are frozen and know nothing of bytes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["JobAndSqlSummary", "JobStatus", "JobStatusEvent", "SqlSummary", "TerminationMode"]


class JobStatus(enum.IntEnum):
    """Where a job is in its life, with the numbers and names of Java's ``JobStatus``."""

    NOT_RUNNING = 0
    """Submitted, and not begun or waiting to begin anew."""
    STARTING = 1
    RUNNING = 2
    SUSPENDED = 3
    SUSPENDED_EXPORTING_SNAPSHOT = 4
    COMPLETING = 5
    """It runs and has been asked to end."""
    FAILED = 6
    """It ended with an error, or was cancelled."""
    COMPLETED = 7

    @property
    def ended(self) -> bool:
        """Whether the job will never run again."""
        return self in (JobStatus.FAILED, JobStatus.COMPLETED)


class TerminationMode(enum.IntEnum):
    """How a running job is to end; graceful means that it takes a snapshot first, where its guarantee needs one."""

    RESTART_GRACEFUL = 0
    RESTART_FORCEFUL = 1
    SUSPEND_GRACEFUL = 2
    SUSPEND_FORCEFUL = 3
    CANCEL_GRACEFUL = 4
    CANCEL_FORCEFUL = 5
    """What Java's ``Job.cancel`` asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlSummary:
    """The statement that a job was made from."""

    query: str
    unbounded: bool
    """It never ends by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobAndSqlSummary:
    """One line in the list of a cluster's jobs (since 5.2)."""

    light_job: bool
    job_id: int
    execution_id: int
    """0 when the job has ended."""
    name_or_id: str
    """The id as text when the job has no name."""
    status: JobStatus
    submission_time: int
    """Milliseconds since 1970."""
    completion_time: int
    """Milliseconds since 1970; 0 while the job has not ended."""
    failure_text: str | None = None
    sql_summary: SqlSummary | None = None
    """None for a job that SQL did not make."""
    suspension_cause: str | None = None
    """Why it is suspended (since 5.3)."""
    user_cancelled: bool | None = None
    """Whether a user has cancelled it; None from members before 5.3."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatusEvent:
    """A job went from one status to another (since 5.3)."""

    job_id: int
    previous: JobStatus
    new: JobStatus
    user_requested: bool
    description: str | None
    """What the user asked for, such as "Suspend", or the failure behind the change."""
