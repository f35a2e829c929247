"""Serves the messages about jobs as of Hazelcast 5: light jobs, uploads and listeners included."""

from __future__ import annotations

import uuid

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.jobs import errors, payloads
from tealjet.lab.embedded.jobs.board import Jobs
from tealjet.lab.embedded.jobs.uploads import Jar, Uploads
from tealjet.lab.embedded.serving import Cluster, Later, Request, Service, Session, serves
from tealjet.protocol import jet
from tealjet.protocol.jet_values import JobAndSqlSummary, TerminationMode

__all__ = ["Hazelcast5Jobs"]


class Hazelcast5Jobs(Service):
    """The jobs of a cluster of Hazelcast 5."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._uploads = Uploads(cluster)

    @property
    def is_there(self) -> bool:
        """Say that members of Hazelcast 5 have it."""
        return self.cluster.version.major >= 5

    @property
    def _jobs(self) -> Jobs:
        return self.cluster.service(Jobs)

    def session_ended(self, session: Session) -> None:
        """Drop the uploads over that connection."""
        self._uploads.forget(session)

    # --------------------------------------------------------------------------------------------------- submission

    @serves(jet.SUBMIT_JOB)
    def submit(
        self,
        request: Request,
        *,
        job_id: int,
        light_job_coordinator: uuid.UUID | None = None,
        definition: bytes,
        config: bytes | None,
    ) -> None:
        """Submit a job."""
        if config is None:
            text = 'Cannot invoke "com.hazelcast.jet.config.JobConfig.getName()" because "config" is null'
            raise MemberError(failures.NULL_POINTER, text)
        if light_job_coordinator is not None and light_job_coordinator not in self.cluster.members:
            raise errors.coordinator_left()
        self._jobs.submit_as_configured(job_id, config, light_job_coordinator)

    @serves(jet.UPLOAD_JOB_METADATA)
    def begin_upload(
        self,
        request: Request,
        *,
        session_id: uuid.UUID,
        jar_on_member: bool,
        file_name: str,
        sha256_hex: str,
        snapshot_name: str | None,
        job_name: str | None,
        main_class: str | None,
        job_parameters: tuple[str, ...],
    ) -> None:
        """Begin an upload; a JAR that is on the member is "run" at once."""
        jar = Jar(file_name=file_name, sha256=sha256_hex, job_name=job_name)
        if jar_on_member:
            if not file_name.endswith(".jar"):
                raise errors.refused_upload(MemberError(errors.JET, "File name extension should be .jar"))
            self._run(jar, file_name)
        else:
            self._uploads.begin(session_id, jar, request.session)

    @serves(jet.UPLOAD_JOB_MULTIPART)
    def add_part(
        self,
        request: Request,
        *,
        session_id: uuid.UUID,
        current_part: int,
        total_parts: int,
        part_size: int,
        part_data: bytes,
        sha256_hex: str,
    ) -> None:
        """Take a part; when it was the last one the JAR is "run"."""
        jar = self._uploads.add(
            session_id,
            number=current_part,
            total=total_parts,
            size=part_size,
            data=part_data,
            sha256=sha256_hex,
        )
        if jar is not None:
            self._run(jar, f"{jar.file_name}{session_id.hex}.jar")

    def _run(self, jar: Jar, called: str) -> None:
        """Do what a JAR does whose ``main`` submits one job."""
        plan = self._jobs.plan_for(jar.job_name)
        if plan.main_failure is not None:
            raise errors.main_failed(errors.user_code(plan.main_failure))
        config = payloads.config_of(jar.job_name, jar=called, modern=True)
        try:
            self._jobs.submit(self._jobs.new_id(), jar.job_name, config)
        except MemberError as error:
            raise errors.main_failed(error) from None

    # ---------------------------------------------------------------------------------------------------- of all jobs

    @serves(jet.GET_JOB_IDS)
    def get_ids(self, request: Request, *, only_job_id: int, only_name: str | None) -> bytes:
        """List ids by member: of one job, of a name, or of all."""
        members = tuple(self.cluster.members)
        if only_name is not None:
            return payloads.ids_by_member({members[0]: [(job.id, False) for job in self._jobs.of_name(only_name)]})
        by_member: dict[uuid.UUID, list[tuple[int, bool]]] = {member: [] for member in members}
        for job in self._jobs.newest_first():
            if only_job_id in (jet.ALL_JOBS, job.id):
                is_light = job.coordinator is not None
                by_member.setdefault(job.coordinator or members[0], []).append((job.id, is_light))
        return payloads.ids_by_member(by_member)

    @serves(jet.GET_JOB_AND_SQL_SUMMARY_LIST)
    def list_jobs(self, request: Request) -> tuple[JobAndSqlSummary, ...]:
        """List all jobs."""
        return self._jobs.summaries()

    # ------------------------------------------------------------------------------------------------------ of one job

    @serves(jet.TERMINATE_JOB)
    def terminate(
        self,
        request: Request,
        *,
        job_id: int,
        mode: TerminationMode,
        light_job_coordinator: uuid.UUID | None = None,
    ) -> None:
        """Cancel a job, restart or suspend it."""
        self._jobs.find(job_id, light_job_coordinator).terminate(mode)

    @serves(jet.JOIN_SUBMITTED_JOB)
    def join(self, request: Request, *, job_id: int, light_job_coordinator: uuid.UUID | None = None) -> Later | None:
        """Answer at a job's end."""
        return self._jobs.join(request, self._jobs.find(job_id, light_job_coordinator))

    @serves(jet.GET_JOB_SUBMISSION_TIME)
    def get_submission_time(
        self, request: Request, *, job_id: int, light_job_coordinator: uuid.UUID | None = None
    ) -> int:
        """Say when a job was submitted."""
        return self._jobs.find(job_id, light_job_coordinator).submitted

    @serves(jet.GET_JOB_CONFIG)
    def get_config(self, request: Request, *, job_id: int, light_job_coordinator: uuid.UUID | None = None) -> bytes:
        """Return a job's configuration."""
        return self._jobs.find(job_id, light_job_coordinator).config

    @serves(jet.GET_JOB_SUSPENSION_CAUSE)
    def get_suspension_cause(self, request: Request, *, job_id: int) -> bytes:
        """Say why a job is suspended."""
        self._jobs.suspended_by(job_id)
        return payloads.suspension_cause(None)

    @serves(jet.IS_JOB_USER_CANCELLED)
    def is_user_cancelled(self, request: Request, *, job_id: int) -> bool:
        """Say whether somebody has cancelled a job that has ended."""
        job = self._jobs.find(job_id)
        if not job.status.ended:
            raise errors.illegal_state("Job not finished")
        return job.cancelled

    @serves(jet.UPDATE_JOB_CONFIG)
    def update_config(self, request: Request, *, job_id: int, delta_config: bytes) -> bytes:
        """Change the configuration of a suspended job."""
        return self._jobs.find(job_id).update_config(delta_config)

    @serves(jet.ADD_JOB_STATUS_LISTENER)
    def add_status_listener(
        self, request: Request, *, job_id: int, light_job_coordinator: uuid.UUID | None = None, local_only: bool
    ) -> uuid.UUID | None:
        """Tell of the changes of a job's status."""
        job = self._jobs.find(job_id, light_job_coordinator)
        if job.status.ended:
            raise errors.illegal_state(f"Cannot add status listener to a {job.status.name} job")
        return request.listen(("job", job_id), local_only=local_only)

    @serves(jet.REMOVE_JOB_STATUS_LISTENER)
    def remove_status_listener(self, request: Request, *, job_id: int, registration_id: uuid.UUID) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
