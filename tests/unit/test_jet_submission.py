"""An upload, message by message, and what its loss leads to; the cluster is played."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from tealjet.bridge.homes import Home
from tealjet.errors import (
    CallTimeoutError,
    ClientClosedError,
    ClusterLeftError,
    ConnectionLostError,
    NoConnectionError,
    Outcome,
    outcome_of,
)
from tealjet.jet import errors
from tealjet.jet.questions import Question, Questions
from tealjet.jet.submission import Submission, Submitted, Submitter
from tealjet.jet.upload import STARTS
from tealjet.jet.whereabouts import JobRef, Place
from tealjet.protocol import jet
from tealjet.protocol.values import MemberVersion

CONTENT = bytes(range(256)) * 40
LOST = ConnectionLostError("the connection was lost", outcome=Outcome.UNKNOWN)
NEVER_SENT = NoConnectionError("the connection is gone", outcome=Outcome.NOT_SENT)

Answer = Callable[[dict[str, Any]], object]


class Runtime:
    """Threads that are none."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def uuid(self) -> uuid.UUID:
        return uuid.uuid4()

    async def in_thread(self, name: str, question: Callable[[], Any]) -> Any:
        return question()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]


class World:
    """Clusters that do what a test says; the first one is active."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "report.jar"
        self.path.write_bytes(CONTENT)
        self.clusters = ["blue", "green"]
        self.received: list[tuple[str, str, dict[str, Any]]] = []
        """The cluster, the message and its fields."""
        self.answer: Callable[[str, str, dict[str, Any]], Exception | None] = lambda cluster, message, fields: None
        self.jobs: dict[str, list[JobRef]] = {}
        """The jobs of the JAR on each cluster."""
        self.mute: Exception | None = None
        """What the question for the jobs of the JAR ends with."""
        self.closed = False
        self.runtime = Runtime()
        self.engine = Mock(runtime=self.runtime)
        self.submitter = Submitter(self, self)  # type: ignore[arg-type]

    # what a Cluster does

    async def place(self) -> Place:
        if self.closed:
            raise ClientClosedError("closed", outcome=Outcome.NOT_SENT)
        name = self.clusters[0]
        link = self.engine.active
        link.oldest, link.target.name, link.facts.cluster_id = MemberVersion(5, 7, 0), name, f"id of {name}"
        link.any_connection.return_value.live = True
        return Place(Home(name, f"id of {name}"), Questions(MemberVersion(5, 7, 0)))

    async def link(self) -> None:
        await self.place()

    async def ask(self, question: Question[Any], tie: Any, refusal: Any, **how: Any) -> None:
        if tie.home.name != self.clusters[0]:
            raise ClusterLeftError("left", outcome=Outcome.NOT_SENT)
        # the buffer of a part is used for the next one too
        fields = {key: bytes(value) if key == "part_data" else value for key, value in question.fields.items()}
        self.received.append((tie.home.name, question.kind.name, fields))
        error = self.answer(tie.home.name, question.kind.name, question.fields)
        await asyncio.sleep(0)
        if error is not None:
            raise error

    # what a Reader does

    async def ids(self, place: Place, name: str | None = None) -> frozenset[int]:
        return frozenset(job.job_id for job in self.jobs.get(place.home.name, []))

    async def jobs_of_jar(self, place: Place, ids: frozenset[int], mark: str) -> list[JobRef]:
        if place.home.name != self.clusters[0]:
            raise ClusterLeftError("left", outcome=Outcome.NOT_SENT)
        if self.mute is not None:
            raise self.mute
        return [job for job in self.jobs.get(place.home.name, []) if job.job_id in ids]

    # what a test asks for

    def starts_job(self, cluster: str) -> JobRef:
        place = Place(Home(cluster, f"id of {cluster}"), Questions(MemberVersion(5, 7, 0)))
        job = JobRef(place=place, job_id=len(self.jobs) + 1, name="report")
        self.jobs.setdefault(cluster, []).append(job)
        return job

    async def submit(
        self,
        sha256: str | None = None,
        tell: Any = lambda sent, total: None,
        only: Home | None = None,
        **changes: Any,
    ) -> Submitted:
        values: dict[str, Any] = {
            "path": self.path,
            "name": "report",
            "main_class": None,
            "args": ("2026-11-23",),
            "snapshot": None,
            "on_member": False,
            "part_size": 3000,
            "rerun": False,
        }
        return await self.submitter.submit(Submission(**{**values, **changes}), tell, sha256=sha256, only=only)

    def parts(self, cluster: str) -> list[dict[str, Any]]:
        name = jet.UPLOAD_JOB_MULTIPART.name
        return [fields for where, message, fields in self.received if (where, message) == (cluster, name)]

    def begun(self, cluster: str) -> list[dict[str, Any]]:
        name = jet.UPLOAD_JOB_METADATA.name
        return [fields for where, message, fields in self.received if (where, message) == (cluster, name)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def last(fields: dict[str, Any]) -> bool:
    return fields.get("current_part") == fields.get("total_parts") is not None


async def test_the_member_gets_the_file_in_parts_with_their_digests(world: World) -> None:
    def run_main(cluster: str, message: str, fields: dict[str, Any]) -> None:
        if last(fields):
            world.starts_job(cluster)

    world.answer = run_main
    told: list[tuple[int, int]] = []
    submitted = await world.submit(tell=lambda sent, total: told.append((sent, total)))
    (begin,), parts = world.begun("blue"), world.parts("blue")
    assert begin["sha256_hex"] == hashlib.sha256(CONTENT).hexdigest() == submitted.sha256
    assert begin["file_name"].startswith("report-")
    assert (begin["job_name"], begin["job_parameters"], begin["jar_on_member"]) == ("report", ["2026-11-23"], False)
    assert b"".join(part["part_data"] for part in parts) == CONTENT
    assert [part["current_part"] for part in parts] == [1, 2, 3, 4]
    for part in parts:
        assert part["total_parts"] == 4
        assert part["part_size"] == len(part["part_data"])
        assert part["sha256_hex"] == hashlib.sha256(part["part_data"]).hexdigest()
        assert part["session_id"] == begin["session_id"]
    assert [sent for sent, _ in told] == [0, 3000, 6000, 9000, len(CONTENT)]
    assert submitted.job.home.name == "blue"


@pytest.mark.parametrize("lost_at", [0, 1, 3])
async def test_what_is_lost_before_the_last_part_begins_again_on_the_next_cluster(lost_at: int, world: World) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if cluster == "blue" and fields.get("current_part", 0) == lost_at:
            world.clusters = ["green"]
            return LOST
        if last(fields):
            world.starts_job(cluster)
        return None

    world.answer = lose
    submitted = await world.submit()
    assert submitted.job.home.name == "green"
    assert b"".join(part["part_data"] for part in world.parts("green")) == CONTENT
    (first,), (second,) = world.begun("blue"), world.begun("green")
    assert first["session_id"] != second["session_id"]


async def test_what_is_lost_after_the_last_part_is_unknown_and_the_error_names_cluster_and_job(world: World) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if last(fields):
            world.clusters = ["green"]
            return LOST
        return None

    world.answer = lose
    with pytest.raises(errors.SubmissionUnknownError, match=r"'blue' .*'report\.jar'.*as 'report'") as caught:
        await world.submit()
    assert (caught.value.cluster, caught.value.job_name) == ("blue", "report")
    assert outcome_of(caught.value) is Outcome.UNKNOWN
    assert world.begun("green") == []


@pytest.mark.parametrize(
    "error",
    [
        CallTimeoutError("not answered in time", outcome=Outcome.UNKNOWN),
        CallTimeoutError("no cluster was found", outcome=Outcome.NOT_SENT),
        ClientClosedError("closed", outcome=Outcome.NOT_SENT),
    ],
    ids=["no answer", "no cluster", "closed"],
)
async def test_a_submission_whose_main_has_run_is_unknown_when_its_job_can_not_be_asked_for(
    error: Exception, world: World
) -> None:
    world.mute = error
    with pytest.raises(errors.SubmissionUnknownError, match=r"'blue' had all of .*report\.jar.*as 'report'") as caught:
        await world.submit(rerun=True)
    assert outcome_of(caught.value) is Outcome.UNKNOWN
    assert len(world.begun("blue")) == 1


async def test_what_may_be_run_twice_is_submitted_again(world: World) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if last(fields) and cluster == "blue":
            world.clusters = ["green"]
            return LOST
        if last(fields):
            world.starts_job(cluster)
        return None

    world.answer = lose
    assert (await world.submit(rerun=True)).job.home.name == "green"


@pytest.mark.parametrize(
    ("lost_at", "kind"), [(2, ClusterLeftError), (4, errors.SubmissionUnknownError)], ids=["sending", "main may run"]
)
async def test_what_may_go_to_one_cluster_only_ends_when_that_is_left(
    lost_at: int, kind: type[Exception], world: World
) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if fields.get("current_part") == lost_at:
            world.clusters = ["green"]
            return LOST
        return None

    world.answer = lose
    with pytest.raises(kind, match="'blue'"):
        await world.submit(rerun=True, only=Home("blue", "id of blue"))
    assert world.begun("green") == []


async def test_a_job_that_was_started_although_the_answer_was_lost_is_found_on_its_cluster(world: World) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if last(fields):
            world.starts_job(cluster)
            return LOST
        return None

    world.answer = lose
    assert (await world.submit()).job.home.name == "blue"
    assert len(world.begun("blue")) == 1


async def test_a_last_part_that_a_closed_client_never_sent_is_no_reason_for_doubt(world: World) -> None:
    closed = ClientClosedError("closed", outcome=Outcome.NOT_SENT)
    world.answer = lambda cluster, message, fields: closed if last(fields) else None
    with pytest.raises(ClientClosedError) as caught:
        await world.submit()
    assert outcome_of(caught.value) is Outcome.NOT_SENT


async def test_a_last_part_that_was_never_sent_is_no_reason_for_doubt(world: World) -> None:
    def lose(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        if last(fields) and cluster == "blue":
            world.clusters = ["green"]
            return NEVER_SENT
        if last(fields):
            world.starts_job(cluster)
        return None

    world.answer = lose
    assert (await world.submit()).job.home.name == "green"


async def test_an_upload_that_is_broken_off_again_and_again_is_given_up_and_started_nothing(world: World) -> None:
    world.answer = lambda cluster, message, fields: LOST if fields.get("current_part") == 2 else None
    with pytest.raises(errors.UploadSessionError, match=f"broken off {STARTS} times; no job was started") as caught:
        await world.submit()
    assert outcome_of(caught.value) is Outcome.NOT_SENT
    assert len(world.begun("blue")) == STARTS


async def test_a_client_that_is_closed_before_it_could_submit_again_leaves_the_doubt(world: World) -> None:
    def close(cluster: str, message: str, fields: dict[str, Any]) -> Exception | None:
        world.closed = last(fields)
        return LOST if last(fields) else None

    world.answer = close
    with pytest.raises(errors.SubmissionUnknownError):
        await world.submit(rerun=True)


async def test_a_file_that_becomes_shorter_meanwhile_is_an_error_and_started_nothing(world: World) -> None:
    def truncate(cluster: str, message: str, fields: dict[str, Any]) -> None:
        world.path.write_bytes(CONTENT[:4000])

    world.answer = truncate
    with pytest.raises(errors.JarUnreadableError, match="become shorter"):
        await world.submit()
    assert len(world.parts("blue")) == 1


async def test_a_jar_that_has_to_be_the_same_and_is_not_is_not_sent(world: World) -> None:
    with pytest.raises(errors.JarUnreadableError, match="not what it was"):
        await world.submit(sha256="0" * 64)
    assert world.received == []


@pytest.mark.parametrize(("part", "ends"), [(2, True), (4, False)], ids=["sending", "main may run"])
async def test_who_cancels_an_upload_has_the_member_drop_it_unless_main_may_run(
    part: int, ends: bool, world: World
) -> None:
    reached = asyncio.Event()

    def reach(cluster: str, message: str, fields: dict[str, Any]) -> None:
        if fields.get("current_part") == part:
            reached.set()

    world.answer = reach
    upload = asyncio.create_task(world.submit())
    await reached.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    out_of_order = [one for one in world.parts("blue") if one["current_part"] > 4]
    assert bool(out_of_order) is ends
    assert all(one["session_id"] == world.begun("blue")[0]["session_id"] for one in out_of_order)


async def test_a_jar_on_the_member_is_one_message_after_which_main_may_have_run(world: World) -> None:
    world.answer = lambda cluster, message, fields: LOST
    with pytest.raises(errors.SubmissionUnknownError, match=r"the JAR '/opt/report\.jar'"):
        await world.submit(path=Path("/opt/report.jar"), on_member=True)
    ((_, _, begin),) = world.received
    assert (begin["file_name"], begin["jar_on_member"], begin["sha256_hex"]) == ("/opt/report.jar", True, "")


async def test_the_file_is_open_for_no_longer_than_the_submission(world: World) -> None:
    before = threading.active_count()
    world.answer = lambda cluster, message, fields: errors.JarRefusedError("no", outcome=Outcome.ANSWERED)
    with pytest.raises(errors.JarRefusedError):
        await world.submit()
    world.path.unlink()
    assert threading.active_count() == before
