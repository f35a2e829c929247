"""Jobs on real members: submitted, watched, steered, and refused in the client's own words."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import hashlib
import re
import threading
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hazelcast.serialization.api import IdentifiedDataSerializable

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config
from support.job_jars import JobJars
from support.raw_client import RawClient
from support.workload import LIMIT
from tealjet.errors import FeatureMissingError, Outcome, outcome_of
from tealjet.jet import errors
from tealjet.jet.job_config import ProcessingGuarantee, ResourceType
from tealjet.jet.refusals import submission_refusal_of
from tealjet.lab import ClusterOptions, Lab, start_local
from tealjet.protocol import jet
from tealjet.protocol.codec import decode_error
from tealjet.protocol.frames import Message
from tealjet.protocol.jet_values import JobStatus

pytestmark = pytest.mark.member("5.7.0", "5.5.0", "jet-4.3.1")

JET_4 = "jet-4.3.1"


class Jobs:
    """Submits the programs of ``tests/jars`` with a client of one cluster."""

    def __init__(self, client: tealjet.JetClient, jars: JobJars, version: str) -> None:
        self.client, self.jars, self.version = client, jars, version

    def jar(self, program: str) -> Path:
        return self.jars.jar(program, self.version)

    def submit(self, program: str, *args: str, **options: Any) -> tealjet.Job:
        return self.client.jet.submit_jar(self.jar(program), args=args, **options)

    def items(self, name: str) -> list[Any]:
        return sorted(self.client.get_list(name).get_all().result())

    @contextmanager
    def streaming(self, name: str) -> Iterator[tealjet.Job]:
        """A job that runs until the end of the block."""
        job = self.submit("Streaming", name, name=name)
        try:
            job.wait_for(JobStatus.RUNNING, LIMIT)
            yield job
        finally:
            job.cancel()


@pytest.fixture
def jobs(lab: Lab, job_jars: JobJars, member_version: str) -> Iterator[Jobs]:
    # a machine that is busy makes members slow, those that read their first SQL statement above all
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        yield Jobs(client, job_jars, member_version)


# ------------------------------------------------------------------------------------------------------- submission


def test_a_batch_job_is_submitted_and_joined(jobs: Jobs, unique: str) -> None:
    before = datetime.now(UTC)
    job = jobs.submit("Batch", unique, name=unique)
    job.join()
    assert jobs.items(unique) == ["A", "B", "C"]
    assert (job.name, job.cluster, job.light) == (unique, "blue", False)
    assert job.status() is JobStatus.COMPLETED
    assert before - timedelta(seconds=1) <= job.submission_time() <= datetime.now(UTC)
    config = job.config()
    assert config.name == unique
    assert config.processing_guarantee is ProcessingGuarantee.NONE
    assert config.store_metrics
    assert [one.type for one in config.resources] == [ResourceType.JAR]


def test_the_name_that_main_gives_is_the_jobs_unless_the_caller_gives_one(jobs: Jobs, unique: str) -> None:
    by_main = jobs.submit("Batch", unique, f"{unique}-by-main")
    assert by_main.name == f"{unique}-by-main"
    nameless = jobs.submit("Batch", unique)
    assert nameless.name is None
    assert nameless.id != by_main.id


def test_each_of_many_submissions_at_a_time_gets_its_own_job(jobs: Jobs, unique: str) -> None:
    handles: list[tealjet.Job] = []

    def submit(number: int) -> None:
        handles.append(jobs.submit("Batch", f"{unique}-{number}", part_size=1000))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    for handle in handles:
        handle.join()
    assert len({handle.id for handle in handles}) == 4
    assert all(jobs.items(f"{unique}-{number}") == ["A", "B", "C"] for number in range(4))


@pytest.mark.member("5.7.0", "5.5.0")
def test_an_upload_tells_how_far_it_is(jobs: Jobs, unique: str) -> None:
    size, seen = jobs.jar("Batch").stat().st_size, Events()
    jobs.submit("Batch", unique, part_size=5000, progress=lambda sent, total: seen((sent, total)))
    seen.wait_for(lambda told: told[0] == size)
    assert seen.all == [*((sent, size) for sent in range(0, size, 5000)), (size, size)]


@pytest.mark.member("5.7.0", "5.5.0")
def test_an_upload_takes_memory_for_a_few_parts_however_large_the_jar_is(jobs: Jobs, tmp_path: Path) -> None:
    jar, part_size = tmp_path / "large.jar", 500_000
    with zipfile.ZipFile(jar, "w") as file:
        file.writestr("filler", bytes(40 * part_size))
    gc.disable()  # nothing may wait for the collector
    tracemalloc.start()
    try:
        with pytest.raises(errors.MainClassError):
            jobs.client.jet.submit_jar(jar, part_size=part_size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert peak < 8 * part_size


@pytest.mark.member("5.7.0", "5.5.0")
def test_a_jar_on_the_member_is_run_where_it_is(jobs: Jobs, unique: str) -> None:
    job = jobs.client.jet.submit_jar(jobs.jar("Batch"), on_member=True, name=unique, args=[unique])
    job.join()
    assert jobs.items(unique) == ["A", "B", "C"]


@pytest.mark.member("5.7.0", "5.5.0")
def test_a_main_that_waits_for_its_job_has_started_it(
    jobs: Jobs, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = jobs.submit("MainJoins", unique, name=unique)
    job.join()
    assert jobs.items(unique) == ["A", "B", "C"]
    assert "was started nevertheless" in caplog.text


@pytest.mark.member(JET_4)
def test_a_main_beside_the_client_may_wait_for_its_job(jobs: Jobs, unique: str) -> None:
    job = jobs.submit("MainJoins", unique, name=unique)
    assert job.status() is JobStatus.COMPLETED


def test_of_several_jobs_of_a_jar_the_handle_is_the_first_ones_and_the_log_names_all(
    jobs: Jobs, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = jobs.submit("TwoJobs", f"{unique}-1", f"{unique}-2")
    told = re.search(r"several jobs, ([\w-]+), ([\w-]+);", caplog.text)
    assert told is not None
    first, second = (jobs.client.jet.get_job(number) for number in told.groups())
    assert first is not None
    assert second is not None
    assert job.id == first.id
    assert first.submission_time() <= second.submission_time()
    first.cancel()
    second.cancel()


# --------------------------------------------------------------------------------------------------------- refusals


def refused(jobs: Jobs, kind: type[errors.JobError], match: str, program: str, *args: str, **options: Any) -> Any:
    with pytest.raises(kind, match=match) as caught:
        jobs.submit(program, *args, **options)
    assert "'blue'" in str(caught.value)
    assert outcome_of(caught.value) is Outcome.ANSWERED
    return caught.value


def test_a_main_that_throws_is_an_error_with_its_exception(jobs: Jobs) -> None:
    error = refused(jobs, errors.MainFailedError, "main does not want to", "MainThrows")
    assert error.java.root.class_name == "java.lang.IllegalStateException"


def test_a_main_that_starts_no_job_is_an_error(jobs: Jobs) -> None:
    refused(jobs, errors.NoJobStartedError, "there is no new job of it", "NoJob")


def test_a_main_class_that_the_jar_does_not_have_is_an_error_that_names_it(jobs: Jobs) -> None:
    refused(jobs, errors.MainClassError, "org.example.Nope", "NoJob", main_class="org.example.Nope")


def test_a_jar_without_a_main_class_asks_for_one(jobs: Jobs, tmp_path: Path) -> None:
    nameless = jobs.jars.program(jobs.version).pack(tmp_path / "nameless.jar")
    with pytest.raises(errors.MainClassError, match=r"main_class|-c option"):
        jobs.client.jet.submit_jar(nameless)


def test_what_is_no_jar_is_an_error(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "no.jar").write_text("no JAR")
    with pytest.raises(errors.JarRefusedError, match="zip"):
        jobs.client.jet.submit_jar(tmp_path / "no.jar")


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
def test_a_jar_that_can_not_be_read_is_an_error_and_nothing_is_sent(
    content: bytes | None, jobs: Jobs, tmp_path: Path
) -> None:
    path = tmp_path / "a.jar"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.JarUnreadableError, match=r"a\.jar.*Nothing was sent") as caught:
        jobs.client.jet.submit_jar(path)
    assert outcome_of(caught.value) is Outcome.NOT_SENT


@pytest.mark.member("5.7.0", "5.5.0")
def test_an_upload_that_goes_wrong_on_its_way_is_a_typed_error(lab: Lab) -> None:
    content, digest = b"a JAR", hashlib.sha256(b"a JAR").hexdigest()
    announced = {"jar_on_member": False, "file_name": "a", "snapshot_name": None, "job_name": None, "main_class": None}

    with RawClient(lab["blue"]) as raw:

        def begin(session: uuid.UUID, sha256: str = digest) -> Message:
            fields: dict[str, Any] = {**announced, "job_parameters": (), "sha256_hex": sha256}
            return raw.ask(jet.UPLOAD_JOB_METADATA, session_id=session, **fields)

        def send(session: uuid.UUID, part: int = 1, sha256: str = digest) -> Message:
            fields: dict[str, Any] = {"current_part": part, "total_parts": part, "part_data": content}
            fields |= {"part_size": len(content), "sha256_hex": sha256}
            return raw.ask(jet.UPLOAD_JOB_MULTIPART, session_id=session, **fields)

        def told(answer: Message) -> Exception | None:
            return submission_refusal_of(decode_error(answer), "blue", "the JAR 'a'")

        one, two, three, four = (uuid.uuid4() for _ in range(4))
        begin(one)
        assert type(told(send(one, sha256="ab"))) is errors.ChecksumError
        assert type(told(send(one))) is errors.UploadSessionError  # it has ended with the error
        begin(two, sha256="ab")
        assert type(told(send(two))) is errors.ChecksumError
        begin(three)
        assert type(told(send(three, part=2))) is errors.UploadSessionError
        begin(four)
        assert type(told(begin(four))) is errors.UploadSessionError


@pytest.mark.member("5.7.0")
def test_a_cluster_that_takes_no_jars_and_one_without_its_jet_engine_say_so(
    member_version: str, job_jars: JobJars
) -> None:
    clusters = {
        "no-jars": ClusterOptions(properties={"hz.jet.resource-upload-enabled": "false"}),
        "no-jet": ClusterOptions(properties={"hz.jet.enabled": "false"}),
    }
    refusals = {"no-jars": errors.UploadDisabledError, "no-jet": errors.JetDisabledError}
    with start_local(clusters, version=member_version) as lab:
        for name, refusal in refusals.items():
            with tealjet.new_jet_client(cluster_config(lab[name])) as client:
                for on_member in (False, True):
                    with pytest.raises(refusal, match=f"'{name}'"):
                        client.jet.submit_jar(job_jars.jar("Batch", member_version), on_member=on_member)
        with tealjet.new_jet_client(cluster_config(lab["no-jet"])) as client:
            calls: list[Callable[[], Any]] = [
                client.jet.jobs,
                lambda: client.jet.get_job("report"),
                lambda: client.jet.submit_sql("CREATE JOB report AS SINK INTO m SELECT 1, 2"),
            ]
            for call in calls:
                with pytest.raises(errors.JetDisabledError, match="enable jet"):
                    call()


def test_a_name_that_an_active_job_has_is_refused(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique):
        refused(jobs, errors.JobAlreadyExistsError, "active job of that name", "Streaming", unique, name=unique)


def test_a_refused_second_job_does_not_hide_the_first_one(jobs: Jobs, unique: str) -> None:
    refused(jobs, errors.JobAlreadyExistsError, f"had started: '{unique}'", "TwoJobs", unique, unique, name=unique)
    first = jobs.client.jet.get_job(unique)
    assert first is not None
    first.cancel()


@pytest.mark.member("5.7.0", "5.5.0")
@pytest.mark.parametrize(
    ("path", "said"),
    [("/not/there.jar", "does not have the JAR"), ("/etc/hostname", "should be .jar")],
    ids=["missing", "no JAR"],
)
def test_a_jar_that_the_member_can_not_use_is_an_error(path: str, said: str, jobs: Jobs) -> None:
    with pytest.raises(errors.JarUnreadableError, match=said):
        jobs.client.jet.submit_jar(path, on_member=True)


@pytest.mark.member(JET_4)
def test_members_of_jet_4_run_no_jars(jobs: Jobs) -> None:
    with pytest.raises(errors.JarRefusedError, match="Nothing was done") as caught:
        jobs.client.jet.submit_jar(jobs.jar("Batch"), on_member=True)
    assert outcome_of(caught.value) is Outcome.NOT_SENT


# ---------------------------------------------------------------------------------------------------------- looking


def test_jobs_are_found_by_id_and_by_name_the_active_one_first(jobs: Jobs, unique: str) -> None:
    ended = jobs.submit("Batch", unique, name=unique)
    ended.join()
    find = jobs.client.jet.get_job
    newest = find(unique)
    assert newest is not None
    assert newest.id == ended.id
    with jobs.streaming(unique) as running:
        for what in (unique, running.id, running.id_string):
            found = find(what)
            assert found is not None
            assert (found.id, found.name) == (running.id, unique)
    assert find("no such job") is None
    assert find("0000-0000-0000-3039") is None
    assert find(12345) is None


def test_the_list_of_jobs_says_what_became_of_each(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique):
        failing = jobs.submit("Failing", unique, name=f"{unique}-failing")
        with pytest.raises(errors.JobFailedError):
            failing.join()
        everything = {one.name: one for one in jobs.client.jet.jobs()}
        active = {one.name for one in jobs.client.jet.jobs(active_only=True)}
        (alone,) = jobs.client.jet.jobs(name=unique)
    running, failed = everything[unique], everything[f"{unique}-failing"]
    assert alone.id == running.id
    assert (running.status, running.completed, running.failure) == (JobStatus.RUNNING, None, None)
    assert (running.cluster, running.light, running.sql) == ("blue", False, None)
    assert failed.id_string == failing.id_string
    assert failed.status is JobStatus.FAILED
    assert failed.completed is not None
    assert failed.submitted <= failed.completed
    assert "boom on c" in (failed.failure or "")
    assert unique in active
    assert f"{unique}-failing" not in active


# ------------------------------------------------------------------------------------------------------------- life


def test_a_job_is_suspended_resumed_restarted_and_cancelled(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique) as job:
        with pytest.raises(errors.JobStateError, match="not suspended"):
            job.suspension_cause()
        job.suspend()
        job.wait_for(JobStatus.SUSPENDED, LIMIT)
        cause = job.suspension_cause()
        assert (cause.by_user, str(cause)) == (True, "Requested by user")
        with pytest.raises(errors.JobStateError, match="SUSPENDED, should be RUNNING"):
            job.suspend()
        job.resume()
        job.wait_for(JobStatus.RUNNING, LIMIT)
        job.resume()
        job.restart(forceful=True)
        job.wait_for(JobStatus.RUNNING, LIMIT)
        job.cancel()
        with pytest.raises(errors.JobCancelledError, match="was cancelled"):
            job.join()
        assert job.status() is JobStatus.FAILED
        job.cancel()
        with pytest.raises(errors.JobStateError, match="will never be RUNNING"):
            job.wait_for(JobStatus.RUNNING)


@pytest.mark.member("5.7.0", "5.5.0")
def test_the_configuration_of_a_suspended_job_is_changed(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique) as job:
        with pytest.raises(errors.JobStateError, match="Job not suspended, but RUNNING"):
            job.update_config(tealjet.DeltaJobConfig(timeout=3600))
        job.suspend()
        job.wait_for(JobStatus.SUSPENDED, LIMIT)
        before = job.config()
        changes: dict[str, Any] = {"snapshot_interval": 2.5, "auto_scaling": False, "timeout": 3600}
        changed = job.update_config(tealjet.DeltaJobConfig(**changes, max_processor_accumulated_records=9))
        assert changed == dataclasses.replace(before, **changes, max_processor_accumulated_records=9)
        job.update_config(tealjet.DeltaJobConfig(timeout=0, max_processor_accumulated_records=-1))
        job.resume()
        assert job.config() == dataclasses.replace(changed, timeout=None, max_processor_accumulated_records=None)


@pytest.mark.member("5.7.0", "5.5.0")
def test_who_has_cancelled_a_job_is_known_when_it_has_ended(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique) as job:
        with pytest.raises(errors.JobStateError, match="Job not finished"):
            job.is_user_cancelled()
        job.cancel()
        with pytest.raises(errors.JobCancelledError):
            job.join()
        assert job.is_user_cancelled()


@pytest.mark.member(JET_4)
def test_what_jet_4_can_not_say_is_refused_unsent(jobs: Jobs, unique: str) -> None:
    job = jobs.submit("Batch", unique)
    impossible: list[Callable[[], Any]] = [
        job.is_user_cancelled,
        lambda: job.update_config(tealjet.DeltaJobConfig(timeout=60)),
    ]
    for call in impossible:
        with pytest.raises(FeatureMissingError, match=r"has no Job\.(is_user_cancelled|update_config)") as caught:
            call()
        assert outcome_of(caught.value) is Outcome.NOT_SENT


def test_how_a_job_failed_is_told_while_it_runs_and_later(jobs: Jobs, unique: str) -> None:
    job = jobs.submit("Failing", unique)
    for _ in range(2):
        with pytest.raises(errors.JobFailedError, match=r"failed: .*no c please") as caught:
            job.join()
        assert caught.value.java is not None
        told = [(one.class_name, one.message) for one in caught.value.java.chain]
        assert told[-2:] == [
            ("java.lang.IllegalStateException", "boom on c"),
            ("java.lang.IllegalArgumentException", "no c please"),
        ]


def test_a_job_that_is_suspended_by_a_failure_says_which(jobs: Jobs, unique: str) -> None:
    job = jobs.submit("Failing", unique, "suspend")
    job.wait_for(JobStatus.SUSPENDED, LIMIT)
    cause = job.suspension_cause()
    assert not cause.by_user
    assert "boom on c" in str(cause)
    job.cancel()


def test_a_wait_that_takes_too_long_ends_and_the_job_goes_on(jobs: Jobs, unique: str) -> None:
    with jobs.streaming(unique) as job:
        with pytest.raises(TimeoutError, match=r"did not reach its end within 0\.05 s; it goes on"):
            job.join(timeout=0.05)
        with pytest.raises(errors.JobWaitTimeoutError, match="did not reach its status COMPLETED"):
            job.wait_for(JobStatus.COMPLETED, timeout=0.05)
        assert job.status() is JobStatus.RUNNING


def test_a_status_listener_is_told_of_changes_until_the_job_ends(jobs: Jobs, unique: str, member_version: str) -> None:
    with jobs.streaming(unique) as job:
        seen, removed = Events(), Events()
        job.add_status_listener(seen)
        registration = job.add_status_listener(removed)
        assert job.remove_status_listener(registration)
        assert not job.remove_status_listener(registration)
        job.suspend()
        suspended = seen.wait_for(lambda change: change.new is JobStatus.SUSPENDED)
        job.cancel()
        cancelled = seen.wait_for(lambda change: change.new is JobStatus.FAILED)
    if member_version == JET_4:
        assert suspended.previous in (JobStatus.RUNNING, JobStatus.COMPLETING)  # what is seen of it is asked for
        assert (suspended.user_requested, cancelled.description) == (None, None)
    else:
        assert suspended.previous is JobStatus.RUNNING
        assert (suspended.user_requested, suspended.description) == (True, "Suspend")
        assert cancelled.description == "Cancel"
    assert removed.all == []
    with pytest.raises(errors.JobStateError, match="will not change any more"):
        job.add_status_listener(seen)


def test_the_metrics_of_a_job_that_keeps_them_are_read_after_its_end(jobs: Jobs, unique: str) -> None:
    job = jobs.submit("Batch", unique)
    job.join()
    metrics = job.metrics()
    assert sum(one.value for one in metrics["shouted"]) == 3
    assert {one.vertex for one in metrics["shouted"]} == {"shout"}
    assert "shout" in metrics.by_vertex()
    assert jobs.submit("Failing", unique).metrics(timeout=LIMIT) is not None


def test_snapshots_are_for_the_enterprise_edition_in_the_members_words(jobs: Jobs, unique: str) -> None:
    with (
        jobs.streaming(unique) as job,
        pytest.raises(errors.EnterpriseOnlyError, match=r"You need Hazelcast .*Enterprise"),
    ):
        job.export_snapshot("before-the-upgrade")


# ------------------------------------------------------------------------------------------------ light jobs and SQL


@pytest.mark.member("5.7.0", "5.5.0")
def test_a_light_job_is_known_while_it_runs(jobs: Jobs, unique: str) -> None:
    jet = jobs.client.jet
    made: Any = jobs.client.get_list(unique)
    works = Events()
    made.add_listener(item_added_func=works).result()
    with pytest.raises(errors.NoJobStartedError, match="a light job, which can't be found"):
        jobs.submit("Light", unique)
    works.wait_for_number(3)  # members know of a light job a moment after its beginning, of which they tell nobody
    said: Any = jobs.client.get_queue(unique)
    number: int = said.take().result()
    job = jet.get_job(number)
    assert job is not None
    assert job.light
    assert job.status() is JobStatus.RUNNING
    assert job.config().name is None
    assert job.submission_time() <= datetime.now(UTC) + timedelta(seconds=1)
    impossible: list[Callable[[], Any]] = [job.suspend, job.resume, job.restart, job.metrics, job.is_user_cancelled]
    for call in impossible:
        with pytest.raises(errors.JobStateError, match="is a light job, which can't") as caught:
            call()
        assert outcome_of(caught.value) is Outcome.NOT_SENT
    assert job.status() is JobStatus.RUNNING
    job.cancel()
    with pytest.raises(errors.JobCancelledError):
        job.join(LIMIT)
    assert job.status() is JobStatus.FAILED
    job.cancel()
    assert said.take().result() == "forgotten"
    assert jet.get_job(number) is None


@pytest.mark.member("5.7.0", "5.5.0")
def test_a_statement_makes_a_job(jobs: Jobs, unique: str) -> None:
    name, target = f'"{unique}"', unique.replace("-", "_")
    options = "TYPE IMap OPTIONS('keyFormat'='bigint', 'valueFormat'='bigint')"
    jobs.client.sql.execute(f"CREATE MAPPING {target} (__key BIGINT, this BIGINT) {options}").result()
    rows = "SELECT v, v FROM TABLE(generate_stream(10)) AS t(v)"
    job = jobs.client.jet.submit_sql(f"CREATE JOB {name} AS SINK INTO {target} {rows}")
    job.wait_for(JobStatus.RUNNING, LIMIT)
    assert job.name == unique
    assert job.config().suspend_on_failure
    (listed,) = jobs.client.jet.jobs(name=unique)
    assert rows in (listed.sql or "")
    with pytest.raises(errors.JobAlreadyExistsError, match="active job of that name"):
        jobs.client.jet.submit_sql(f"CREATE JOB {name} AS SINK INTO {target} {rows}")
    job.cancel()


@pytest.mark.member(JET_4)
def test_jet_4_has_no_sql_to_make_jobs_with(jobs: Jobs) -> None:
    with pytest.raises(FeatureMissingError, match="has no SQL"):
        jobs.client.jet.submit_sql("CREATE JOB report AS SINK INTO m SELECT 1, 2")


# ---------------------------------------------------------------------------------------------------------- asyncio


async def test_jobs_on_asyncio(lab: Lab, job_jars: JobJars, member_version: str, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        batch = await client.jet.submit_jar(job_jars.jar("Batch", member_version), name=unique, args=[unique])
        await batch.join()
        assert await batch.status() is JobStatus.COMPLETED
        streaming = await client.jet.submit_jar(job_jars.jar("Streaming", member_version), args=[unique])
        joined = asyncio.create_task(streaming.join())
        await streaming.wait_for(JobStatus.RUNNING, LIMIT)
        joined.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joined
        assert await streaming.status() is JobStatus.RUNNING
        await streaming.cancel()
        with pytest.raises(errors.JobCancelledError):
            await streaming.join()
        assert {batch.id, streaming.id} <= {one.id for one in await client.jet.jobs()}


@pytest.mark.member("5.7.0", "5.5.0")
async def test_an_upload_that_is_cancelled_starts_no_job_and_the_member_drops_it(
    lab: Lab, job_jars: JobJars, member_version: str, unique: str
) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        begun = asyncio.Event()

        def progress(sent: int, _: int) -> None:
            if sent:
                begun.set()

        jar = job_jars.jar("Batch", member_version)
        upload = asyncio.create_task(
            client.jet.submit_jar(jar, name=unique, args=[unique], part_size=100, progress=progress)
        )
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        (member,) = lab["blue"].members
        assert list(member.log.parent.glob("batch-*.jar"))  # in the lab's own folder
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await client.jet.get_job(unique) is None
        job = await client.jet.submit_jar(jar, name=unique, args=[unique])
        await job.join()


# ----------------------------------------------------------------------------------------- observables and snapshots


def test_what_a_job_sends_is_observed_until_it_ends(jobs: Jobs, unique: str) -> None:
    observed = jobs.client.jet.observable(unique).observe()
    jobs.submit("Observed", unique, "words")
    assert sorted(observed) == ["a", "b", "c"]
    assert unique in jobs.client.jet.observables()
    jobs.client.jet.observable(unique).destroy()
    assert unique not in jobs.client.jet.observables()


def test_the_failure_of_a_job_is_raised_where_it_is_observed(jobs: Jobs, unique: str) -> None:
    jobs.submit("Observed", unique, "fails")
    with pytest.raises(
        errors.JobFailedError, match=rf"observable '{unique}' on cluster 'blue' failed: .*no c"
    ) as caught:
        list(jobs.client.jet.observable(unique))
    assert caught.value.java is not None


def test_snapshots_that_are_there_are_listed_and_can_be_deleted(jobs: Jobs, unique: str) -> None:
    client, jet = jobs.client, jobs.client.jet
    names: Any = client.get_map("__jet.exportedSnapshotsCache")
    state: Any = client.get_map(f"__jet.exportedSnapshot.{unique}")
    state.put("state", "of a job").result()
    assert jet.snapshots() == []
    names.put(unique, record_of(job_id=12345, job_name="report", size=678)).result()
    (listed,) = jet.snapshots()
    assert (listed.name, listed.job_id, listed.job_name, listed.size) == (unique, 12345, "report", 678)
    assert listed.created == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert jet.delete_snapshot(unique)
    assert jet.snapshots() == []
    assert state.size().result() == 0
    assert not jet.delete_snapshot(unique)


def record_of(*, job_id: int, job_name: str, size: int) -> IdentifiedDataSerializable:
    """A record of a snapshot as Enterprise members store it."""

    class Record(IdentifiedDataSerializable):
        def get_factory_id(self) -> int:
            return -10002

        def get_class_id(self) -> int:
            return 32

        def write_data(self, object_data_output: Any) -> None:
            created = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
            for number in (1, 1, size, created, job_id):
                object_data_output.write_long(number)
            object_data_output.write_string(job_name)
            object_data_output.write_string("{}")

        def read_data(self, object_data_input: Any) -> None: ...

    return Record()
