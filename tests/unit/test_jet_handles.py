"""What a handle of a job makes of what clusters say and of the client's way between them; the clusters are played."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from tealjet.bridge.homes import Home
from tealjet.errors import Outcome
from tealjet.failover.model import JobMoved, Kind
from tealjet.jet import errors
from tealjet.jet.continuity import Continuity
from tealjet.jet.jobs import Around, AsyncJob
from tealjet.jet.questions import Question, Questions
from tealjet.jet.rerun import RerunJob
from tealjet.jet.whereabouts import JobRef, Place, Whereabouts, left_behind
from tealjet.protocol import jet
from tealjet.protocol.jet_values import JobStatus
from tealjet.protocol.values import MemberVersion

BLUE, GREEN = Home("blue", "id of blue"), Home("green", "id of green")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CANCELLED = errors.JobCancelledError("it was cancelled", outcome=Outcome.ANSWERED)
UNKNOWN = errors.JobNotFoundError("it is not known", cluster="blue", outcome=Outcome.ANSWERED)


class Runtime:
    """The running loop."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.future, self.call_soon = loop.create_future, loop.call_soon

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.ensure_future(coroutine)


class World:
    """Blue and green, which know nothing but one job on blue; blue is active."""

    def __init__(self) -> None:
        self.where = Whereabouts(BLUE, NOON.timestamp)
        self.engine = Mock(runtime=Runtime())
        self.moves: list[JobMoved] = []
        self.known = True
        """Blue answers what it is asked about the job."""
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """The end of the job, as blue tells it to those who have asked for it by then."""
        self.around = Around(self, self, Mock(), self.moves.append)  # type: ignore[arg-type]

    def go_to(self, home: Home) -> None:
        """Have the client use another cluster, at which what waits for the end of the job is ended."""
        link = Mock()
        link.target.name, link.facts.cluster_id = home.name, home.cluster_id
        self.where.activated(Kind.CHANGED, link)
        self.end.cancel()
        self.end = asyncio.get_running_loop().create_future()

    # what a Cluster does

    async def ask_about(self, job: JobRef, question: Question[Any], **how: Any) -> Any:
        if not self.where.is_here(job.home):
            raise left_behind(job, self.where.departure_from(job.home), Outcome.NOT_SENT)
        if not self.known:
            raise UNKNOWN
        if question.kind is not jet.JOIN_SUBMITTED_JOB:
            await asyncio.sleep(0)
            return 1_000
        try:
            return await asyncio.shield(self.end)
        except asyncio.CancelledError:
            if self.where.is_here(job.home):
                raise
            raise left_behind(job, self.where.departure_from(job.home), Outcome.UNKNOWN) from None

    async def place(self) -> Place:
        return Place(self.where.home, Questions(MemberVersion(5, 7, 0)))

    # what a test asks for

    def job_on(self, home: Home) -> JobRef:
        return JobRef(place=Place(home, Questions(MemberVersion(5, 7, 0))), job_id=1, name="report")

    def light_job(self) -> AsyncJob:
        job = JobRef(
            place=Place(BLUE, Questions(MemberVersion(5, 7, 0))), job_id=1, name=None, coordinator=uuid.uuid4()
        )
        return AsyncJob(self.around, job, Continuity.LEAVE)


@pytest.fixture
async def world() -> World:
    return World()


# ---------------------------------------------------------------------------------------------------------- light jobs


async def test_a_light_job_whose_end_was_told_has_ended_although_its_member_still_knows_it(world: World) -> None:
    job = world.light_job()
    assert await job.status() is JobStatus.RUNNING
    joined = asyncio.ensure_future(job.join())
    await asyncio.sleep(0)
    world.end.set_exception(CANCELLED)
    with pytest.raises(errors.JobCancelledError):
        await joined
    assert await job.status() is JobStatus.FAILED


async def test_how_a_light_job_that_was_watched_has_ended_is_told_after_its_member_has_forgotten_it(
    world: World,
) -> None:
    job = world.light_job()
    assert await job.status() is JobStatus.RUNNING
    world.end.set_exception(CANCELLED)
    world.known = False
    for _ in range(2):
        with pytest.raises(errors.JobCancelledError):
            await job.join()
    assert await job.status() is JobStatus.FAILED


async def test_a_light_job_is_watched_anew_when_the_client_is_back_on_its_cluster(world: World) -> None:
    job = world.light_job()
    assert await job.status() is JobStatus.RUNNING
    world.go_to(GREEN)
    uses: list[Callable[[], Coroutine[Any, Any, Any]]] = [job.status, job.join]
    for use in uses:
        with pytest.raises(errors.JobNotFoundError, match="left for 'green'"):
            await use()
    world.go_to(BLUE)
    assert await job.status() is JobStatus.RUNNING
    world.end.set_result(None)
    world.known = False
    assert await job.status() is JobStatus.COMPLETED
    await job.join()


# ------------------------------------------------------------------------------------------ work that is run once more


async def test_work_whose_cluster_was_left_when_it_had_just_been_submitted_is_run_once_more(world: World) -> None:
    submitted: asyncio.Future[JobRef] = asyncio.get_running_loop().create_future()
    world.engine.snapshot.return_value.standby_link = None

    async def submit_to(home: Home) -> JobRef:
        return await submitted

    world.go_to(GREEN)
    job = RerunJob(world.around, world.job_on(BLUE), submit_to, cancel_superseded=False)
    asked = asyncio.ensure_future(job.submission_time())
    await asyncio.sleep(0)
    assert not asked.done()  # it waits for the next attempt
    submitted.set_result(world.job_on(GREEN))
    await asked
    assert [one.cluster for one in job.attempts] == ["blue", "green"]
    world.end.set_result(None)
    await job.join()
