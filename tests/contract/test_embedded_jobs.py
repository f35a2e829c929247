"""client.jet on embedded members: what it does there it does on real ones, as far as nobody has to run a job."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hazelcast.proxy.ringbuffer import OVERFLOW_POLICY_OVERWRITE

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, failover_config
from support.workload import LIMIT
from tealjet.cli.jobs import watched
from tealjet.errors import ClientClosedError, Outcome, outcome_of
from tealjet.failover.model import JobFate, JobMoved, Switched
from tealjet.jet import errors
from tealjet.jet.continuity import AttemptState, Continuity
from tealjet.jet.jobs import JobStatusChange, StatusListener
from tealjet.lab import EmbeddedLab, start_embedded
from tealjet.protocol.jet_values import JobStatus


@pytest.fixture
def lab() -> Iterator[EmbeddedLab]:
    with start_embedded() as lab:
        yield lab


@pytest.fixture
def client(lab: EmbeddedLab) -> Iterator[tealjet.JetClient]:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        yield client


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "report.jar"
    path.write_bytes(bytes(range(256)) * 40)
    return path


def test_a_jar_is_uploaded_in_parts_and_its_job_runs_to_its_end(
    lab: EmbeddedLab, client: tealjet.JetClient, jar: Path
) -> None:
    lab["blue"].plan_jobs("report", runs=0.05)
    told = Events()
    job = client.jet.submit_jar(jar, name="report", part_size=1_000, progress=lambda *sent: told(sent))
    job.join(timeout=LIMIT)
    told.wait_for_number(12)
    assert told.all[-1] == (10_240, 10_240)
    assert (job.name, job.status()) == ("report", JobStatus.COMPLETED)
    assert not job.is_user_cancelled()
    assert job.config().resources[0].id.startswith("report-")
    assert not list(job.metrics())


def test_jobs_are_listed_and_found(client: tealjet.JetClient, jar: Path) -> None:
    job = client.jet.submit_jar(jar, name="report")
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    (summary,) = client.jet.jobs()
    assert (summary.id, summary.name, summary.status) == (job.id, "report", JobStatus.RUNNING)
    for id_or_name in (job.id, "report"):
        found = client.jet.get_job(id_or_name)
        assert found is not None
        assert found.submission_time() == job.submission_time() == summary.submitted
    assert client.jet.get_job("nobody") is None
    with pytest.raises(errors.JobAlreadyExistsError):
        client.jet.submit_jar(jar, name="report")


def test_a_job_is_suspended_resumed_restarted_and_cancelled(client: tealjet.JetClient, jar: Path) -> None:
    job = client.jet.submit_jar(jar, name="report")
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    job.suspend()
    job.wait_for(JobStatus.SUSPENDED, timeout=LIMIT)
    assert job.suspension_cause().by_user
    job.resume()
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    with pytest.raises(errors.JobStateError, match="not suspended"):
        job.suspension_cause()
    job.restart()
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    job.cancel()
    with pytest.raises(errors.JobCancelledError):
        job.join(timeout=LIMIT)
    assert job.is_user_cancelled()
    with pytest.raises(errors.JobStateError, match="already has a result"):
        job.suspend()


def test_a_job_that_fails_says_so_to_those_who_wait_and_to_those_who_ask_later(
    lab: EmbeddedLab, client: tealjet.JetClient, jar: Path
) -> None:
    lab["blue"].plan_jobs("report", runs=0.05, failure="no more paper")
    job = client.jet.submit_jar(jar, name="report")
    for _ in range(2):
        with pytest.raises(errors.JobFailedError, match="no more paper"):
            job.join(timeout=LIMIT)


@pytest.mark.parametrize(
    ("options", "kind", "match"),
    [
        ({"part_size": 0}, ValueError, "part_size is 0"),
        ({"args": [2026]}, TypeError, "args has 2026, a int"),
        ({"args": "2026-11-23"}, TypeError, "one for each argument of main"),
        ({"continuity": "rerun"}, TypeError, "one of tealjet.Continuity"),
        ({"cancel_superseded": True}, ValueError, "Continuity.RERUN only"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_an_impossible_submission_is_refused_before_anything_is_sent(
    options: dict[str, Any], kind: type[Exception], match: str, client: tealjet.JetClient, jar: Path
) -> None:
    with pytest.raises(kind, match=match):
        client.jet.submit_jar(jar, **options)
    assert client.jet.jobs() == []


def test_a_job_is_found_by_nothing_but_its_id_or_name(client: tealjet.JetClient, jar: Path) -> None:
    client.jet.submit_jar(jar, name="report")
    nothing: Any = None
    with pytest.raises(TypeError, match="its id or its name"):
        client.jet.get_job(nothing)


def test_a_main_that_throws_starts_no_job(lab: EmbeddedLab, client: tealjet.JetClient, jar: Path) -> None:
    lab["blue"].plan_jobs(main_failure="no arguments")
    with pytest.raises(errors.MainFailedError, match="no arguments"):
        client.jet.submit_jar(jar, name="report")
    assert client.jet.jobs() == []


def test_an_upload_to_a_cluster_that_is_lost_begins_again_on_the_next_one(lab: EmbeddedLab, jar: Path) -> None:
    lab["green"].plan_jobs("report", runs=0.05)
    lab["blue"].members[0].die_when_asked("jet.uploadJobMultipart")
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", part_size=1_000)
        assert job.cluster == "green"
        job.join(timeout=LIMIT)


def test_an_upload_whose_last_answer_is_lost_is_unknown(lab: EmbeddedLab, jar: Path) -> None:
    lab["blue"].members[0].die_when_asked("jet.uploadJobMultipart")
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        with pytest.raises(errors.SubmissionUnknownError):
            client.jet.submit_jar(jar, name="report")
        assert client.jet.jobs() == []


def test_a_handle_is_lost_with_its_cluster_and_only_there(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report")
        client.failover.switch_to("green")
        with pytest.raises(errors.JobNotFoundError):
            job.status()
        client.failover.switch_to("blue")
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)


def test_the_configuration_of_a_suspended_job_is_changed(client: tealjet.JetClient, jar: Path) -> None:
    job = client.jet.submit_jar(jar, name="report")
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    with pytest.raises(errors.JobStateError, match="not suspended, but RUNNING"):
        job.update_config(tealjet.DeltaJobConfig(timeout=60))
    job.suspend()
    job.wait_for(JobStatus.SUSPENDED, timeout=LIMIT)
    assert job.update_config(tealjet.DeltaJobConfig(timeout=60)) == job.config()
    assert job.config().timeout == 60


def test_after_a_switch_a_pending_join_and_every_other_use_is_an_error_and_not_a_byte_is_sent(
    lab: EmbeddedLab, jar: Path
) -> None:
    config = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(config, silence_limit=3600.0) as client:  # nothing is sent but what is asked
        job = client.jet.submit_jar(jar, name="report")
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            joined = pool.submit(job.join)
            client.failover.switch_to("green")
            with pytest.raises(errors.JobNotFoundError, match="left for 'green' at 20"):
                joined.result(LIMIT)
        link = client._engine.active
        assert link is not None
        sent = [one.bytes_sent for one in link.connections.values()]
        uses: list[Callable[[], Any]] = [job.status, job.config, job.metrics, job.cancel, job.suspend, job.join]
        uses += [lambda: job.wait_for(JobStatus.FAILED), lambda: job.update_config(tealjet.DeltaJobConfig(timeout=1))]
        for use in uses:
            with pytest.raises(errors.JobNotFoundError) as caught:
                use()
            assert (caught.value.cluster, caught.value.outcome) == ("blue", Outcome.NOT_SENT)
        assert [one.bytes_sent for one in link.connections.values()] == sent
        assert [one.fate for one in client.failover.history[-1].jobs] == [JobFate.LEFT]


def test_a_handle_says_of_a_restarted_cluster_that_its_job_ended_with_it(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report")
        client.failover.switch_to("green")
        lab["blue"].restart()
        client.failover.switch_to("blue")
        with pytest.raises(errors.JobNotFoundError, match="'blue' as it was before it was restarted"):
            job.status()


def test_what_needs_another_licence_is_refused(client: tealjet.JetClient, jar: Path) -> None:
    job = client.jet.submit_jar(jar, name="report")
    with pytest.raises(errors.EnterpriseOnlyError):
        job.export_snapshot("snapshot")


@pytest.mark.parametrize(
    ("plan", "ends"),
    [
        ({"runs": 0.05}, pytest.raises(StopIteration)),
        (
            {"runs": 0.05, "failure": "no more paper"},
            pytest.raises(errors.JobFailedError, match=r"'answers' on cluster 'blue' failed: .*no more paper"),
        ),
        ({}, pytest.raises(errors.JobCancelledError, match="'answers' on cluster 'blue' was cancelled")),
    ],
    ids=["completed", "failed", "cancelled"],
)
def test_an_observable_has_its_items_and_then_the_end_of_its_job(
    plan: dict[str, Any], ends: Any, lab: EmbeddedLab, client: tealjet.JetClient, jar: Path
) -> None:
    ring: Any = client.get_ringbuffer("__jet.observables.answers").blocking()
    ring.add_all(["first", "second"], OVERFLOW_POLICY_OVERWRITE)
    lab["blue"].plan_jobs("report", **plan, observable="answers")
    job = client.jet.submit_jar(jar, name="report")
    if not plan:
        job.cancel()
    answers = iter(client.jet.observable("answers"))
    assert [next(answers), next(answers)] == ["first", "second"]
    with ends:
        next(answers)


def test_a_job_whose_cluster_is_killed_is_run_again_where_its_handle_says_so(lab: EmbeddedLab, jar: Path) -> None:
    lab["green"].plan_jobs("report", runs=0.05)
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN)
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        lab["blue"].kill()
        job.join(timeout=LIMIT)
        assert [(one.cluster, one.state) for one in job.attempts] == [
            ("blue", AttemptState.LEFT_BEHIND),
            ("green", AttemptState.COMPLETED),
        ]


def test_an_attempt_that_still_runs_where_it_was_left_is_reported_and_not_touched(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        moves = Events()
        client.failover.add_listener(moves)
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN)
        first = job.id
        client.failover.switch_to("green")
        moves.wait_for(lambda event: isinstance(event, JobMoved) and event.fate is JobFate.STILL_RUNS)
        assert [one.fate for one in client.failover.history[-1].jobs] == [JobFate.RERUN, JobFate.STILL_RUNS]
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        assert [(one.cluster, one.state) for one in job.attempts] == [
            ("blue", AttemptState.STILL_RUNS),
            ("green", AttemptState.UNDER_WAY),
        ]
        with tealjet.new_jet_client(cluster_config(lab["blue"])) as other:
            assert [(one.id, one.status.ended) for one in other.jet.jobs()] == [(first, False)]


def test_a_jar_that_is_not_what_it_was_is_not_submitted_again(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN)
        jar.write_bytes(b"another JAR")
        client.failover.switch_to("green")
        with pytest.raises(errors.JarUnreadableError, match="is not what it was"):
            job.join(timeout=LIMIT)
        with pytest.raises(errors.JobNotFoundError, match="left for 'green'"):
            job.status()
        assert client.jet.jobs() == []
        assert [one.fate for one in client.failover.history[-1].jobs] == [JobFate.NOT_RERUN]


def test_work_that_is_done_is_not_done_again_and_its_handle_stays_where_it_was(lab: EmbeddedLab, jar: Path) -> None:
    lab["blue"].plan_jobs("report", runs=0.05)
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN)
        job.join(timeout=LIMIT)
        client.failover.switch_to("green")
        job.join(timeout=LIMIT)
        uses: list[Callable[[], Any]] = [job.status, job.metrics, job.cancel]
        for use in uses:
            with pytest.raises(errors.JobNotFoundError, match="left for 'green'"):
                use()
        assert client.jet.jobs() == []
        assert [one.state for one in job.attempts] == [AttemptState.COMPLETED]


def test_back_on_a_cluster_whose_attempt_was_cancelled_the_work_is_done_once_more(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        moves = Events()
        client.failover.add_listener(moves)
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN, cancel_superseded=True)
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        for here, there in (("blue", "green"), ("green", "blue")):
            client.failover.switch_to(there)
            moves.wait_for(
                lambda event, here=here: (
                    isinstance(event, JobMoved) and event.fate is JobFate.CANCELLED and event.from_cluster == here
                )
            )
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        assert [(one.cluster, one.state) for one in job.attempts] == [
            ("blue", AttemptState.CANCELLED),
            ("green", AttemptState.CANCELLED),
            ("blue", AttemptState.UNDER_WAY),
        ]


def test_back_on_a_cluster_whose_attempt_is_just_being_cancelled_the_work_is_done_once_more(
    lab: EmbeddedLab, jar: Path
) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN, cancel_superseded=True)
        first = job.id
        lab["blue"].members[0].skip_answer("jet.terminateJob")
        client.failover.switch_to("green")
        with tealjet.new_jet_client(cluster_config(lab["blue"])) as other:
            left = other.jet.get_job(first)
            assert left is not None
            with pytest.raises(errors.JobCancelledError):
                left.join(timeout=LIMIT)
        client.failover.switch_to("blue")
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        assert job.id != first
        assert [one.cluster for one in job.attempts] == ["blue", "green", "blue"]


@pytest.mark.parametrize(
    "lost_at", ["jet.uploadJobMetaData", "jet.uploadJobMultipart"], ids=["sending", "main may run"]
)
def test_back_on_a_cluster_that_has_an_attempt_in_the_middle_of_the_next_one_that_attempt_is_gone_on_with(
    lost_at: str, lab: EmbeddedLab, jar: Path
) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        moves = Events()
        client.failover.add_listener(moves)
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.RERUN)
        first = job.id
        lab["green"].members[0].die_when_asked(lost_at)
        client.failover.switch_to("green")
        moves.wait_for(lambda event: isinstance(event, Switched) and event.report.to_cluster == "blue")
        job.cancel()
        with pytest.raises(errors.JobCancelledError):
            job.join(timeout=LIMIT)
        assert [(one.job_id, one.state) for one in job.attempts] == [(first, AttemptState.CANCELLED)]
        assert [one.id for one in client.jet.jobs()] == [first]


def test_a_handle_that_follows_means_the_job_of_its_name_on_the_next_cluster(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_client(cluster_config(lab["green"])) as other:
        theirs = other.jet.submit_jar(jar, name="report")
        with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
            job = client.jet.submit_jar(jar, name="report", continuity=Continuity.FOLLOW)
            client.failover.switch_to("green")
            job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
            assert (job.cluster, job.id) == ("green", theirs.id)


def test_a_handle_that_follows_goes_on_following_when_a_cluster_is_left_in_the_middle_of_that(
    lab: EmbeddedLab, jar: Path
) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.FOLLOW)
        job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        client.failover.switch_to("green")
        lab["green"].members[0].die_when_asked("jet.getJobIds")
        assert job.status() is JobStatus.RUNNING
        assert (job.cluster, [one.cluster for one in job.attempts]) == ("blue", ["blue"])


def test_a_handle_that_finds_nothing_to_follow_has_a_row_in_the_report(lab: EmbeddedLab, jar: Path) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = client.jet.submit_jar(jar, name="report", continuity=Continuity.FOLLOW)
        moves = Events()
        client.failover.add_listener(moves)
        client.failover.switch_to("green")
        for _ in range(2):
            with pytest.raises(errors.JobNotFoundError, match="'green' has no job of that name: there is nothing to"):
                job.status()
        moved = moves.wait_for(lambda event: isinstance(event, JobMoved))
        assert (moved.fate, moved.from_cluster, moved.to_cluster) == (JobFate.LEFT, "blue", "green")
        assert moved.detail == "cluster 'green' has no job of that name"
        assert client.failover.history[-1].jobs == (moved,)


def test_the_job_of_an_upload_whose_last_answer_is_cut_short_is_found(
    lab: EmbeddedLab, client: tealjet.JetClient, jar: Path
) -> None:
    lab["blue"].members[0].cut_answer("jet.uploadJobMultipart")
    job = client.jet.submit_jar(jar, name="report")
    job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    assert [one.id for one in client.jet.jobs()] == [job.id]


async def test_whether_a_statement_has_made_a_job_that_can_not_be_asked_for_is_unknown(
    lab: EmbeddedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:

        async def execute_and_close(statement: str) -> None:
            await client.shutdown()

        monkeypatch.setattr(client.jet, "_execute", execute_and_close)
        with pytest.raises(errors.SubmissionUnknownError, match=r"'blue' .*'report'") as caught:
            await client.jet.submit_sql("CREATE JOB report AS SINK INTO m SELECT 1, 2")
        assert outcome_of(caught.value) is Outcome.UNKNOWN


async def test_whoever_watches_a_job_is_woken_when_the_client_leaves_its_cluster(
    lab: EmbeddedLab, jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        job = await client.jet.submit_jar(jar, name="report")
        await job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
        add, listens = job.add_status_listener, asyncio.Event()

        async def add_and_tell(listener: StatusListener) -> str:
            registration = await add(listener)
            listens.set()
            return registration

        monkeypatch.setattr(job, "add_status_listener", add_and_tell)
        changes = watched(job)
        change = asyncio.ensure_future(anext(changes))
        await listens.wait()
        await client.failover.switch_to("green")
        await change
        with pytest.raises(errors.JobNotFoundError, match="left for 'green'"):
            await job.status()
        assert [one async for one in changes] == []


async def test_a_change_that_a_member_tells_while_there_is_no_connection_to_it_is_noticed_nevertheless(
    jar: Path,
) -> None:
    with start_embedded(["blue"], members=2) as lab:
        async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
            job = await client.jet.submit_jar(jar, name="report")
            await job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
            failed = asyncio.Event()

            def note(change: JobStatusChange) -> None:
                if change.new is JobStatus.FAILED:
                    failed.set()

            await job.add_status_listener(note)
            teller = lab["blue"].members[0]
            teller.refuse()
            teller.drop()
            await job.cancel()
            async with asyncio.timeout(LIMIT):
                await failed.wait()


async def test_whoever_waits_for_a_status_or_listens_to_it_is_not_left_waiting_by_a_client_that_is_closed(
    lab: EmbeddedLab, jar: Path
) -> None:
    client = await tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]))
    before = asyncio.all_tasks()
    job = await client.jet.submit_jar(jar, name="report")
    await job.add_status_listener(lambda change: None)
    waiting = asyncio.ensure_future(job.wait_for(JobStatus.SUSPENDED))
    await job.wait_for(JobStatus.RUNNING, timeout=LIMIT)
    await client.shutdown()
    with pytest.raises(ClientClosedError):
        await asyncio.wait_for(waiting, LIMIT)
    left = asyncio.all_tasks() - before
    if left:
        await asyncio.wait(left, timeout=LIMIT)
    assert all(task.done() for task in left)


async def test_a_client_of_asyncio_does_the_same(lab: EmbeddedLab, jar: Path) -> None:
    lab["blue"].plan_jobs("report", runs=0.05)
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        job = await client.jet.submit_jar(jar, name="report", part_size=1_000)
        await job.join(timeout=LIMIT)
        assert await job.status() is JobStatus.COMPLETED
        assert [one.id for one in await client.jet.jobs()] == [job.id]
