"""Jobs and a client that goes to another cluster: the manual's story, and what a handle means afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tealjet
import tealjet.asyncio
from support.clusters import Events, failover_config, look_into, wait_for_standby
from support.job_jars import JobJars
from support.switching import leave_blue, leave_blue_on_asyncio
from support.workload import LIMIT
from tealjet import Continuity, JobStatus, Outcome, outcome_of
from tealjet.failover.model import JobFate, JobMoved, Switched
from tealjet.jet import errors
from tealjet.jet.continuity import AttemptState
from tealjet.lab import ClusterOptions, Lab, LocalCluster, start_local

pytestmark = pytest.mark.member("5.7.0", "5.5.0", "jet-4.3.1")

WAYS = pytest.mark.parametrize("way", ["planned", "loss"])
UPLOADS = pytest.mark.member("5.7.0", "5.5.0")


class Program:
    """The programs of ``tests/jars`` for the version of the test's clusters."""

    def __init__(self, jars: JobJars, version: str) -> None:
        self._jars, self._version = jars, version

    def __call__(self, name: str) -> Path:
        return self._jars.jar(name, self._version)


@pytest.fixture
def program(job_jars: JobJars, member_version: str) -> Program:
    return Program(job_jars, member_version)


class Waiting(threading.Thread):
    """A call on a thread of its own, and how it ended."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        self.join(LIMIT)
        assert not self.is_alive(), "it hangs"
        if self._error is not None:
            raise self._error
        return self._result


def client_of(*clusters: LocalCluster) -> tealjet.JetClient:
    """A client that leaves a cluster because a test wants it to, and not because a busy machine makes members slow."""
    return tealjet.new_jet_failover_client(failover_config(*clusters), silence_limit=60)


def items(cluster: LocalCluster, name: str) -> list[Any]:
    with look_into(cluster) as client:
        return sorted(client.get_list(name).get_all().result())


def queue(client: tealjet.JetClient, name: str) -> Any:
    return client.get_queue(name)


def cancel_on(cluster: LocalCluster, name: str) -> None:
    with look_into(cluster) as client:
        job = client.jet.get_job(name)
        assert job is not None
        job.cancel()


def fates(client: tealjet.JetClient) -> list[JobFate]:
    """What the reports of all switches say of jobs."""
    return [job.fate for report in client.failover.history for job in report.jobs]


# ------------------------------------------------------------------------------------------------ the manual's story


def test_a_batch_job_whose_cluster_is_killed_is_run_again_on_the_next_one(
    lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        job.wait_for(JobStatus.RUNNING, LIMIT)
        joined = Waiting(job.join)
        leave_blue(client, lab, "loss")
        with pytest.raises(errors.JobNotFoundError, match=r"belongs to cluster 'blue', which.*left for 'green' at 20"):
            joined.result()
        again = client.jet.submit_jar(program("Batch"), name=unique, args=[unique])
        again.join()
        assert again.cluster == "green"
        assert items(lab["green"], unique) == ["A", "B", "C"]


@WAYS
def test_every_use_of_a_handle_that_was_left_behind_is_an_error_and_no_cluster_is_asked(
    way: str, lab: Lab, program: Program, unique: str
) -> None:
    config = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(config, silence_limit=3600.0) as client:  # nothing is sent but what is asked
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        job.wait_for(JobStatus.RUNNING, LIMIT)
        waiting = [Waiting(job.join), Waiting(lambda: job.wait_for(JobStatus.SUSPENDED))]
        leave_blue(client, lab, way)
        link = client._engine.active
        assert link is not None
        sent = sum(one.bytes_sent for one in link.connections.values())
        for one in waiting:
            with pytest.raises(errors.JobNotFoundError, match="may still run there"):
                one.result()
        uses: list[Callable[[], Any]] = [
            job.status,
            job.config,
            job.submission_time,
            job.suspension_cause,
            job.metrics,
            job.cancel,
            job.suspend,
            job.resume,
            job.restart,
            job.join,
            lambda: job.wait_for(JobStatus.RUNNING),
            lambda: job.add_status_listener(lambda change: None),
            lambda: job.export_snapshot("name"),
        ]
        for use in uses:
            with pytest.raises(errors.JobNotFoundError) as caught:
                use()
            error = caught.value
            assert (error.cluster, error.now_on, error.job_id) == ("blue", "green", job.id)
            assert error.left_at is not None
            assert outcome_of(error) is Outcome.NOT_SENT
        assert sum(one.bytes_sent for one in link.connections.values()) == sent
        assert fates(client) == [JobFate.LEFT]
        assert job.attempts[0].state is AttemptState.LEFT_BEHIND
    if way == "planned":
        cancel_on(lab["blue"], unique)


def test_back_on_its_cluster_a_handle_works_again(lab: Lab, program: Program, unique: str) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        job.wait_for(JobStatus.RUNNING, LIMIT)
        leave_blue(client, lab, "planned")
        with pytest.raises(errors.JobNotFoundError):
            job.status()
        wait_for_standby(client, "blue")
        client.failover.switch_to("blue")
        assert job.status() is JobStatus.RUNNING
        joined = Waiting(job.join)
        job.cancel()
        with pytest.raises(errors.JobCancelledError):
            joined.result()


def test_a_cluster_that_was_restarted_does_not_have_the_jobs_of_before(lab: Lab, program: Program, unique: str) -> None:
    with client_of(lab["blue"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        joined = Waiting(job.join)
        lab["blue"].restart()
        with pytest.raises(errors.JobNotFoundError, match=r"'blue' as it was before it was restarted"):
            joined.result()
        assert client.jet.get_job(unique) is None


async def test_a_pending_join_ends_at_once_on_asyncio(lab: Lab, program: Program, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(
        failover_config(lab["blue"], lab["green"]), silence_limit=60
    ) as client:
        job = await client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        joined = asyncio.ensure_future(job.join())
        await job.wait_for(JobStatus.RUNNING, LIMIT)
        await leave_blue_on_asyncio(client, lab, "loss")
        with pytest.raises(errors.JobNotFoundError, match="left for 'green'"):
            async with asyncio.timeout(LIMIT):
                await joined


# --------------------------------------------------------------------------------------------------------- submission


@UPLOADS
async def test_an_upload_whose_cluster_is_lost_begins_again_on_the_next_one(
    lab: Lab, program: Program, unique: str
) -> None:
    async with tealjet.asyncio.new_jet_failover_client(
        failover_config(lab["blue"], lab["green"]), silence_limit=60
    ) as client:
        told: list[int] = []

        def kill_early(sent: int, _: int) -> None:  # on the loop: the next part has not been answered yet
            told.append(sent)
            if sent and lab["blue"].alive:
                lab["blue"].kill()

        job = await client.jet.submit_jar(
            program("Batch"), name=unique, args=[unique], part_size=1000, progress=kill_early
        )
        await job.join()
        assert job.cluster == "green"
        assert told.count(0) == 2
    assert items(lab["green"], unique) == ["A", "B", "C"]


@UPLOADS
@WAYS
def test_a_submission_whose_cluster_is_left_while_main_runs_has_an_unknown_outcome(
    way: str, lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        said = queue(client, f"{unique}-said")
        running = said.take()
        submitted = Waiting(
            lambda: client.jet.submit_jar(program("MainWaits"), name=unique, args=[unique, unique, unique])
        )
        running.result()
        leave_blue(client, lab, way)
        with pytest.raises(
            errors.SubmissionUnknownError, match=rf"Cluster 'blue' .*started the job there, as '{unique}'"
        ):
            submitted.result()
        assert client.jet.get_job(unique) is None
    if way == "planned":
        with look_into(lab["blue"]) as other:
            queue(other, unique).put("go").result()


@UPLOADS
def test_a_submission_that_may_be_run_twice_is_submitted_again_on_the_next_cluster(
    lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        said = queue(client, f"{unique}-said")
        running = said.take()
        submitted = Waiting(
            lambda: client.jet.submit_jar(program("MainWaits"), name=unique, args=[unique, unique, unique], rerun=True)
        )
        running.result()
        leave_blue(client, lab, "loss")
        assert said.take().result() == "waits"
        queue(client, unique).put("go").result()
        job = submitted.result()
        job.join()
        assert job.cluster == "green"


@pytest.mark.member("jet-4.3.1")
def test_a_run_beside_the_client_whose_cluster_is_left_has_an_unknown_outcome(
    lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        running = queue(client, f"{unique}-said").take()
        submitted = Waiting(
            lambda: client.jet.submit_jar(program("MainWaits"), name=unique, args=[unique, unique, unique])
        )
        running.result()
        leave_blue(client, lab, "planned")
        with pytest.raises(errors.SubmissionUnknownError, match=rf"Cluster 'blue' .*as '{unique}'"):
            submitted.result()
    with look_into(lab["blue"]) as other:  # it was ended, and its main with it
        queue(other, unique).put("go").result()
        assert other.jet.get_job(unique) is None


# --------------------------------------------------------------------------------------------------------- continuity


def test_a_handle_that_follows_means_the_job_of_that_name_on_the_next_cluster(
    lab: Lab, program: Program, unique: str
) -> None:
    with look_into(lab["green"]) as other:
        theirs = other.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        theirs.wait_for(JobStatus.RUNNING, LIMIT)
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique], continuity=Continuity.FOLLOW)
        first = job.id
        joined = Waiting(job.join)
        leave_blue(client, lab, "loss")
        assert job.status() is JobStatus.RUNNING
        assert (job.cluster, job.id) == ("green", theirs.id)
        assert [(one.cluster, one.job_id) for one in job.attempts] == [("blue", first), ("green", theirs.id)]
        job.cancel()
        with pytest.raises(errors.JobCancelledError, match="on cluster 'green'"):
            joined.result()
        assert JobFate.FOLLOWED in fates(client)


def test_a_handle_that_finds_nothing_to_follow_says_so(lab: Lab, program: Program, unique: str) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique], continuity=Continuity.FOLLOW)
        joined = Waiting(job.join)
        leave_blue(client, lab, "loss")
        for use in (job.status, joined.result):
            with pytest.raises(errors.JobNotFoundError, match="cluster 'green' has no job of that name"):
                use()
        assert fates(client) == [JobFate.LEFT]


def test_work_that_is_rerun_is_done_on_the_next_cluster_and_join_returns_its_result(
    lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Gated"), name=unique, args=[unique], continuity=Continuity.RERUN)
        job.wait_for(JobStatus.RUNNING, LIMIT)
        joined = Waiting(job.join)
        leave_blue(client, lab, "loss")
        assert not job.status().ended  # it waits for the next attempt
        assert job.cluster == "green"
        queue(client, unique).put("done").result()
        joined.result()
        job.join()
        assert items(lab["green"], unique) == ["done"]
        assert [(one.cluster, one.state) for one in job.attempts] == [
            ("blue", AttemptState.LEFT_BEHIND),
            ("green", AttemptState.COMPLETED),
        ]
        assert fates(client) == [JobFate.RERUN]


def test_work_that_is_done_is_not_done_again(lab: Lab, program: Program, unique: str) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Batch"), name=unique, args=[unique], continuity=Continuity.RERUN)
        job.join()
        leave_blue(client, lab, "loss")
        job.join()
        assert client.jet.get_job(unique) is None
        assert [one.state for one in job.attempts] == [AttemptState.COMPLETED]
        assert fates(client) == []


@pytest.mark.parametrize("cancel", [False, True], ids=["reported", "cancelled"])
def test_a_superseded_attempt_that_still_runs_is_reported_and_cancelled_on_demand(
    cancel: bool, lab: Lab, program: Program, unique: str
) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(
            program("Gated"), name=unique, args=[unique], continuity=Continuity.RERUN, cancel_superseded=cancel
        )
        job.wait_for(JobStatus.RUNNING, LIMIT)
        seen = Events()
        client.failover.add_listener(seen)
        leave_blue(client, lab, "planned")
        fate = JobFate.CANCELLED if cancel else JobFate.STILL_RUNS
        moved = seen.wait_for(lambda event: isinstance(event, JobMoved) and event.fate is fate)
        assert (moved.from_cluster, moved.to_cluster) == ("blue", "green")
        assert job.status() is not None
        assert fates(client) == [JobFate.RERUN, fate]
        with look_into(lab["blue"]) as other:
            first = other.jet.get_job(unique)
            assert first is not None
            assert first.id == job.attempts[0].job_id
            if cancel:
                with pytest.raises(errors.JobCancelledError):
                    first.join()
            else:
                assert first.status() is JobStatus.RUNNING
                queue(other, unique).put("done").result()
                first.join()
        if cancel:
            queue(client, unique).put("done").result()
        job.join()  # one attempt that has completed is enough
        if not cancel:
            job.cancel()


def test_going_back_to_a_cluster_multiplies_no_work(lab: Lab, program: Program, unique: str) -> None:
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(program("Gated"), name=unique, args=[unique], continuity=Continuity.RERUN)
        job.wait_for(JobStatus.RUNNING, LIMIT)
        first = job.id
        leave_blue(client, lab, "planned")
        assert not job.status().ended
        second = job.id
        wait_for_standby(client, "blue")
        client.failover.switch_to("blue")
        assert job.status() is JobStatus.RUNNING
        assert (job.id, job.cluster) == (first, "blue")
        assert [one.job_id for one in job.attempts] == [first, second]
        queue(client, unique).put("done").result()
        job.join()
    cancel_on(lab["green"], unique)


def test_work_that_can_not_be_rerun_is_an_error_that_says_why(
    lab: Lab, program: Program, unique: str, tmp_path: Path
) -> None:
    jar = tmp_path / "work.jar"
    jar.write_bytes(program("Gated").read_bytes())
    with client_of(lab["blue"], lab["green"]) as client:
        job = client.jet.submit_jar(jar, name=unique, args=[unique], continuity=Continuity.RERUN)
        job.wait_for(JobStatus.RUNNING, LIMIT)
        jar.write_bytes(program("Batch").read_bytes())
        seen = Events()
        client.failover.add_listener(seen)
        leave_blue(client, lab, "loss")
        with pytest.raises(errors.JarUnreadableError, match="is not what it was"):
            job.join()
        seen.wait_for(lambda event: isinstance(event, JobMoved))
        assert fates(client) == [JobFate.NOT_RERUN]


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_after_a_cut_of_the_network_both_clusters_did_the_work_and_the_report_says_so(
    member_version: str, program: Program, unique: str
) -> None:
    clusters = {"blue": ClusterOptions(proxied=True), "green": ClusterOptions()}
    with (
        start_local(clusters, version=member_version) as lab,
        client_of(lab["blue"], lab["green"]) as client,
    ):
        job = client.jet.submit_jar(program("Gated"), name=unique, args=[unique], continuity=Continuity.RERUN)
        job.wait_for(JobStatus.RUNNING, LIMIT)
        wait_for_standby(client, "green")
        seen = Events()
        client.failover.add_listener(seen)
        (member,) = lab["blue"].members
        member.proxy.refuse()
        member.proxy.drop()
        seen.wait_for(lambda event: isinstance(event, Switched))
        assert not job.status().ended
        queue(client, unique).put("done on green").result()
        job.join()
        member.proxy.accept()
        seen.wait_for(lambda event: isinstance(event, JobMoved) and event.fate is JobFate.STILL_RUNS)
        with look_into(lab["blue"]) as other:
            queue(other, unique).put("done on blue").result()
        seen.wait_for(lambda event: isinstance(event, JobMoved) and event.fate is JobFate.COMPLETED_TOO)
        assert fates(client) == [JobFate.RERUN, JobFate.STILL_RUNS, JobFate.COMPLETED_TOO]
        assert [(one.cluster, one.state) for one in job.attempts] == [
            ("blue", AttemptState.COMPLETED),
            ("green", AttemptState.COMPLETED),
        ]
        assert (items(lab["blue"], unique), items(lab["green"], unique)) == (["done on blue"], ["done on green"])


# -------------------------------------------------------------------------------------------------- loss of a member


@pytest.mark.member("5.7.0")
def test_a_join_survives_the_loss_of_the_member_that_coordinates_the_job(
    three_members: Lab, program: Program, unique: str
) -> None:
    with client_of(three_members["blue"], three_members["green"]) as client:
        job = client.jet.submit_jar(program("Streaming"), name=unique, args=[unique])
        job.wait_for(JobStatus.RUNNING, LIMIT)
        joins = [Waiting(job.join) for _ in range(6)]  # over each of the connections
        changes = Events()
        job.add_status_listener(changes)
        three_members["blue"].members[0].kill()
        changes.wait_for(lambda change: change.new is JobStatus.RUNNING and change.previous is not JobStatus.RUNNING)
        assert all(one.is_alive() for one in joins)
        assert job.status() is JobStatus.RUNNING
        job.cancel()
        for one in joins:
            with pytest.raises(errors.JobCancelledError):
                one.result()
        assert job.cluster == "blue"
