"""Looks jobs up on a cluster: by id, by name, by the JAR that they were made from, or all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tealjet.errors import ClusterLeftError
from tealjet.jet.calls import Cluster, tie_to
from tealjet.jet.errors import JobNotFoundError
from tealjet.jet.ids import id_string
from tealjet.jet.job_config import JobConfig
from tealjet.jet.payloads import FoundJob
from tealjet.jet.questions import Question
from tealjet.jet.refusals import About, refusal_of
from tealjet.jet.whereabouts import JobRef, Place
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus
from tealjet.protocol.values import ClusterState, ErrorHolder

__all__ = ["JetCluster", "JetMember", "JobSummary", "Reader", "summary_of", "time_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSummary:
    """One job of a cluster, at one moment; the list that it is from may lag behind the jobs' own statuses."""

    id: int
    """A signed number of 64 bits."""
    id_string: str
    """The same as Java shows it, such as ``0401-9f77-b9c0-0001``."""
    name: str | None
    status: JobStatus
    submitted: datetime
    """In UTC."""
    completed: datetime | None
    """In UTC; None while it has not ended."""
    failure: str | None
    """What it failed with, in the member's words, a stack trace for the most part."""
    light: bool
    """It has no record on the cluster once it has ended, and no snapshots."""
    sql: str | None
    """The statement that it was made from (since 5.2)."""
    suspension_cause: str | None
    """Why it is suspended (since 5.3)."""
    user_cancelled: bool | None
    """Whether a user has cancelled it; None from members before 5.3."""
    cluster: str
    """Name of the candidate that has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JetMember:
    """A member of a cluster."""

    uuid: str
    address: str
    """As members call it."""
    lite: bool
    """It has no data; jobs run on it nevertheless."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JetCluster:
    """What a cluster says of itself."""

    name: str
    """The candidate's name."""
    id: str
    """New for each start of the cluster."""
    state: ClusterState
    version: str
    """Of Hazelcast, the one that Jet 4 is built on included."""
    jet_version: str | None
    """Of Hazelcast Jet 4; None for Hazelcast 5, where Jet is a part."""
    members: tuple[JetMember, ...]


def summary_of(told: JobAndSqlSummary, cluster: str) -> JobSummary:
    """Return what a member told of a job, for users."""
    number = id_string(told.job_id)
    return JobSummary(
        id=told.job_id,
        id_string=number,
        name=None if told.name_or_id == number else told.name_or_id,
        status=told.status,
        submitted=time_of(told.submission_time),
        completed=time_of(told.completion_time) if told.completion_time else None,
        failure=told.failure_text or None,
        light=told.light_job,
        sql=told.sql_summary.query if told.sql_summary else None,
        suspension_cause=told.suspension_cause,
        user_cancelled=told.user_cancelled,
        cluster=cluster,
    )


def time_of(milliseconds: int) -> datetime:
    """Return a member's time, in UTC.

    Raises:
        ProtocolError: It is no time.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ProtocolError(f"{milliseconds} ms since 1970 is no time") from None


class Reader:
    """Asks clusters which jobs they have."""

    def __init__(self, cluster: Cluster) -> None:
        """Ask these."""
        self._cluster = cluster

    async def _ask(self, place: Place, question: Question[tuple[FoundJob, ...]], about: str) -> tuple[FoundJob, ...]:
        def read(holders: Sequence[ErrorHolder]) -> Exception | None:
            return refusal_of(holders, About(cluster=place.home.name, job=about))

        return await self._cluster.ask(question, tie_to(place.home, "A look at the jobs"), read)

    async def ids(self, place: Place, name: str | None = None) -> frozenset[int]:
        """Return the ids of all normal jobs, or of those with a name."""
        questions = place.questions
        question = questions.all_jobs() if name is None else questions.jobs_of_name(name)
        found = await self._ask(place, question, "of any name")
        return frozenset(job.job_id for job in found if not job.light)

    async def summaries(self) -> list[JobSummary]:
        """Return all jobs of the active cluster, newest first."""
        while True:
            place = await self._cluster.place()

            def read(holders: Sequence[ErrorHolder], place: Place = place) -> Exception | None:
                return refusal_of(holders, About(cluster=place.home.name, job="of any name"))

            try:
                told = await self._cluster.ask(
                    place.questions.summaries(), tie_to(place.home, "A look at the jobs"), read
                )
            except ClusterLeftError:
                continue
            return [summary_of(one, place.home.name) for one in told]

    async def cluster(self) -> JetCluster:
        """Return what the active cluster says of itself."""
        while True:
            place = await self._cluster.place()
            try:
                metadata = await self._cluster.metadata(place)
            except ClusterLeftError:
                continue
            link = self._cluster.engine.active
            if link is not None and place.home.has(link):
                return JetCluster(
                    name=place.home.name,
                    id=place.home.cluster_id,
                    state=metadata.state,
                    version=metadata.member_version,
                    jet_version=metadata.jet_version,
                    members=tuple(
                        JetMember(uuid=str(one.uuid), address=str(one.address), lite=one.lite_member)
                        for one in link.members
                    ),
                )

    async def by_id(self, job_id: int) -> JobRef | None:
        """Return the job with that id on the active cluster, None when there is none."""
        while True:
            place = await self._cluster.place()
            with contextlib.suppress(ClusterLeftError):
                found = await self._ask(place, place.questions.job_of_id(job_id), id_string(job_id))
                return await self._first(place, [job for job in found if job.job_id == job_id])

    async def by_name(self, name: str) -> JobRef | None:
        """Return the active job of that name on the active cluster, else the newest one; None when there is none."""
        while True:
            place = await self._cluster.place()
            with contextlib.suppress(ClusterLeftError):
                return await self.named(place, name)

    async def named(self, place: Place, name: str) -> JobRef | None:
        """Return the active job of that name, else the newest one; None when there is none.

        Raises:
            ClusterLeftError: The client has left the cluster.
        """
        found = await self._ask(place, place.questions.jobs_of_name(name), repr(name))
        if not found:
            return None
        return JobRef(place=place, job_id=found[0].job_id, name=name, coordinator=found[0].coordinator)

    async def _first(self, place: Place, found: Iterable[FoundJob]) -> JobRef | None:
        """Return the first that is still there, with its name."""
        for job in found:
            nameless = JobRef(place=place, job_id=job.job_id, name=None, coordinator=job.coordinator)
            try:
                config = await self.config(nameless)
            except JobNotFoundError as error:
                if error.left_at is not None:
                    raise ClusterLeftError(str(error)) from error
                continue
            return JobRef(place=place, job_id=job.job_id, name=config.name, coordinator=job.coordinator)
        return None

    async def config(self, job: JobRef) -> JobConfig:
        """Return the configuration of a job."""
        question = job.place.questions.config(job.job_id, job.coordinator)
        return await self._cluster.ask_about(job, question)

    async def jobs_of_jar(self, place: Place, ids: Iterable[int], mark: str) -> list[JobRef]:
        """Return those of the jobs that were made from a JAR, the first one first.

        Args:
            place: The cluster.
            ids: The jobs.
            mark: What is in the JAR's name, or its whole path.
        """
        found = []
        for job_id in ids:
            job = JobRef(place=place, job_id=job_id, name=None)
            try:
                config = await self.config(job)
                if not any(mark in text for one in config.resources for text in (one.id, one.url or "")):
                    continue
                time = await self._cluster.ask_about(job, place.questions.submission_time(job_id, None))
            except JobNotFoundError as error:
                if error.left_at is not None:
                    raise ClusterLeftError(str(error), outcome=error.outcome) from error
                continue
            except ProtocolError:  # something of a user's own is in its configuration: no JAR of ours has that
                continue
            found.append((time, job_id, JobRef(place=place, job_id=job_id, name=config.name)))
        return [job for _, _, job in sorted(found, key=lambda one: one[:2])]
