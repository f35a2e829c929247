"""Serves the messages about jobs as of Hazelcast Jet 4.3."""

from __future__ import annotations

from tealjet.lab.embedded.jobs.board import Jobs, ids_of
from tealjet.lab.embedded.serving import Later, Request, Service, serves
from tealjet.protocol import jet
from tealjet.protocol.jet_values import TerminationMode

__all__ = ["Jet4Jobs"]


class Jet4Jobs(Service):
    """The jobs of a cluster of Hazelcast Jet 4.3."""

    @property
    def is_there(self) -> bool:
        """Say that members of Hazelcast 5 do not have it."""
        return self.cluster.version.major < 5

    @property
    def _jobs(self) -> Jobs:
        return self.cluster.service(Jobs)

    @serves(jet.JET_4_SUBMIT_JOB)
    def submit(self, request: Request, *, job_id: int, definition: bytes, config: bytes) -> None:
        """Submit a job."""
        self._jobs.submit_as_configured(job_id, config)

    @serves(jet.JET_4_TERMINATE_JOB)
    def terminate(self, request: Request, *, job_id: int, mode: TerminationMode) -> None:
        """Cancel a job, restart or suspend it."""
        self._jobs.find(job_id).terminate(mode)

    @serves(jet.JET_4_GET_JOB_IDS)
    def get_ids(self, request: Request) -> tuple[int, ...]:
        """List the ids of all jobs."""
        return ids_of(self._jobs.newest_first())

    @serves(jet.JET_4_GET_JOB_IDS_BY_NAME)
    def get_ids_by_name(self, request: Request, *, name: str) -> tuple[int, ...]:
        """List the ids of the jobs of a name."""
        return ids_of(self._jobs.of_name(name))

    @serves(jet.JET_4_JOIN_SUBMITTED_JOB)
    def join(self, request: Request, *, job_id: int) -> Later | None:
        """Answer at a job's end."""
        return self._jobs.join(request, self._jobs.find(job_id))

    @serves(jet.JET_4_GET_JOB_SUBMISSION_TIME)
    def get_submission_time(self, request: Request, *, job_id: int) -> int:
        """Say when a job was submitted."""
        return self._jobs.find(job_id).submitted

    @serves(jet.JET_4_GET_JOB_CONFIG)
    def get_config(self, request: Request, *, job_id: int) -> bytes:
        """Return a job's configuration."""
        return self._jobs.find(job_id).config

    @serves(jet.JET_4_GET_JOB_SUSPENSION_CAUSE)
    def get_suspension_cause(self, request: Request, *, job_id: int) -> str:
        """Say why a job is suspended."""
        return self._jobs.suspended_by(job_id)
