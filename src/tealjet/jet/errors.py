"""What can go wrong with jobs, in the client's own errors; each is also the official error of its meaning, if any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from hazelcast import errors as hz

from tealjet.errors import Outcome, TealjetError
from tealjet.jet.java_exception import JavaException

__all__ = [
    "ChecksumError",
    "CommandLineError",
    "EnterpriseOnlyError",
    "JarRefusedError",
    "JarUnreadableError",
    "JetDisabledError",
    "JetMissingError",
    "JobAlreadyExistsError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobNotFoundError",
    "JobStateError",
    "JobWaitTimeoutError",
    "LightJobLostError",
    "MainClassError",
    "MainFailedError",
    "NoJobStartedError",
    "NotAJobStatementError",
    "SubmissionUnknownError",
    "UploadDisabledError",
    "UploadSessionError",
]


class JobError(TealjetError):
    """The root of all errors about jobs."""

    _advice: ClassVar[Mapping[Outcome, str]] = {}  # the texts say all

    def __init__(self, message: str, *, java: JavaException | None = None, outcome: Outcome | None = None) -> None:
        """Make the error.

        Args:
            message: What happened, on which cluster, and what to do.
            java: The exception that a member told, with its causes.
            outcome: What is known of the call.
        """
        super().__init__(message, outcome=outcome)
        self.java = java


class JobNotFoundError(JobError):
    """The cluster does not know the job, or the client has left the cluster that the job was submitted to.

    In the second case no cluster was asked: ``left_at`` is not None, and the job may still run where it was.
    """

    def __init__(
        self,
        message: str,
        *,
        cluster: str,
        job_id: int | None = None,
        left_at: datetime | None = None,
        now_on: str | None = None,
        java: JavaException | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        """Make the error from its text and the facts in it.

        Args:
            message: Which job, where it was, when the client left.
            cluster: Name of the candidate that has, or had, the job.
            job_id: The job's id; None when it was looked for by its name.
            left_at: When the client left that cluster; None when the cluster itself answered.
            now_on: Name of the candidate that the client left for.
            java: What the member told.
            outcome: What is known of the call.
        """
        super().__init__(message, java=java, outcome=outcome)
        self.cluster = cluster
        self.job_id = job_id
        self.left_at = left_at
        self.now_on = now_on


class JobFailedError(JobError):
    """The job ended with an error; ``java`` has the exception with all of its causes."""


class JobCancelledError(JobError, hz.CancellationError):
    """The job was cancelled."""


class JobAlreadyExistsError(JobError):
    """A job with that name is active on the cluster."""


class JobStateError(JobError, hz.IllegalStateError):
    """The job is in no state for what was asked of it, or is of a kind that can't do it; nothing was changed."""


class JobWaitTimeoutError(JobError, TimeoutError):
    """What was waited for did not happen in the time that the caller gave; the job goes on."""


class LightJobLostError(JobError):
    """The member that coordinated a light job has left the cluster, and the job with it."""


class JetDisabledError(JobError):
    """The Jet engine of the cluster is disabled."""


class JetMissingError(JobError, hz.UnsupportedOperationError):
    """The cluster runs a Hazelcast without Jet."""


class EnterpriseOnlyError(JobError, hz.UnsupportedOperationError):
    """The cluster's edition can't do it; the text has the member's words."""


class UploadDisabledError(JobError):
    """The cluster takes no JARs (``resource-upload-enabled`` is false)."""


class UploadSessionError(JobError):
    """The member has lost track of an upload; no job was started."""


class ChecksumError(JobError):
    """The member received other bytes than were sent; no job was started."""


class JarUnreadableError(JobError):
    """There is no such JAR, or it can't be read: here, or on the member when the JAR is to be there."""


class JarRefusedError(JobError):
    """The member could not use the JAR."""


class MainClassError(JobError):
    """The JAR names no main class, or has no class of that name."""


class MainFailedError(JobError):
    """The JAR's ``main`` ended with an exception; ``java`` has it with all of its causes."""


class NoJobStartedError(JobError):
    """The JAR's ``main`` has returned, and there is no new job of this JAR on the cluster."""


class CommandLineError(JobError):
    """Hazelcast Jet's command line ended with an error; the text has its words."""


class NotAJobStatementError(JobError, ValueError):
    """The statement makes no job; nothing was sent."""


class SubmissionUnknownError(JobError):
    """It is not known whether the job was started: the client lost or left the cluster before the answer."""

    def __init__(self, message: str, *, cluster: str, job_name: str | None) -> None:
        """Make the error from its text and the facts in it.

        Args:
            message: What happened when, and how to find out.
            cluster: Name of the candidate that may have the job.
            job_name: The name that the job was to have, None when that is known to the JAR only.
        """
        super().__init__(message, outcome=Outcome.UNKNOWN)
        self.cluster = cluster
        self.job_name = job_name
