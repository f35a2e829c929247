"""Jobs of embedded members: uploads that are checked and not run, a life that follows a plan, lists and listeners."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from typing import Any

import pytest

from support.embedded import MemoryClient, MemoryCluster
from support.jet_recordings import RECORDINGS
from tealjet.jet.job_config import DeltaJobConfig, delta_data, read_job_config
from tealjet.jet.observed import read_end
from tealjet.jet.payloads import FoundJob, read_job_ids, read_job_metrics, read_job_summaries, read_suspension_cause
from tealjet.lab.embedded.jobs import errors, payloads
from tealjet.lab.embedded.jobs.board import Jobs
from tealjet.lab.embedded.jobs.life import JobPlan
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import served_messages
from tealjet.protocol import jet, table
from tealjet.protocol.codec import decode_error, decode_response
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobStatus, TerminationMode
from tealjet.protocol.structures import ringbuffers
from tealjet.protocol.values import MemberVersion

CONFIG = payloads.config_of("report", jar="report.jar", modern=True)
ID = 4711


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster(size=2)


@pytest.fixture
def client(world: MemoryCluster) -> MemoryClient:
    return world.client()


def plan(world: MemoryCluster, **fields: Any) -> None:
    world.cluster.service(Jobs).plan(JobPlan(**fields))


def submit(client: MemoryClient, job_id: int = ID, config: bytes = CONFIG, light: uuid.UUID | None = None) -> None:
    client.ask(jet.SUBMIT_JOB, job_id=job_id, light_job_coordinator=light, definition=b"", config=config)


def terminate(client: MemoryClient, mode: TerminationMode, light: uuid.UUID | None = None) -> None:
    client.ask(jet.TERMINATE_JOB, job_id=ID, mode=mode, light_job_coordinator=light)


def join(client: MemoryClient, light: uuid.UUID | None = None) -> int:
    return client.send(jet.JOIN_SUBMITTED_JOB, job_id=ID, light_job_coordinator=light)


def status(client: MemoryClient) -> JobStatus:
    return client.ask(jet.GET_JOB_STATUS, job_id=ID)


def refused(client: MemoryClient, message: Any, **fields: Any) -> list[tuple[int, str, str | None]]:
    return [(one.error_code, one.class_name.rpartition(".")[2], one.message) for one in client.error(message, **fields)]


def ended(client: MemoryClient, call: int) -> list[tuple[int, str, str | None]]:
    client.take()
    (answer,) = client.answers.pop(call)
    return [(one.error_code, one.class_name.rpartition(".")[2], one.message) for one in decode_error(answer)]


def test_every_message_about_jobs_is_served() -> None:
    served = {id(message) for message in served_messages(SERVICES)}
    assert {id(message) for message in (*jet.MESSAGES, *jet.JET_4_MESSAGES)} <= served


# ------------------------------------------------------------------------------------------------------------- life


def test_a_job_begins_runs_as_long_as_planned_and_ends(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, names="rep*", runs=5.0)
    submit(client)
    assert status(client) is JobStatus.NOT_RUNNING
    call = join(client)
    world.runtime.advance(0.1)
    assert status(client) is JobStatus.RUNNING
    world.runtime.advance(4.8)
    client.take()
    assert call not in client.answers
    world.runtime.advance(0.2)
    client.answer(jet.JOIN_SUBMITTED_JOB, call)
    assert status(client) is JobStatus.COMPLETED
    client.answer(jet.JOIN_SUBMITTED_JOB, join(client))


def test_a_job_without_a_plan_runs_until_it_is_cancelled(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, names="other", runs=1.0)
    submit(client)
    call = join(client)
    world.runtime.advance(1_000.0)
    assert status(client) is JobStatus.RUNNING
    assert refused(client, jet.IS_JOB_USER_CANCELLED, job_id=ID) == [(27, "IllegalStateException", "Job not finished")]
    terminate(client, TerminationMode.CANCEL_FORCEFUL)
    assert ended(client, call) == [(506, "CancellationByUserException", None)]
    assert client.ask(jet.IS_JOB_USER_CANCELLED, job_id=ID)
    assert status(client) is JobStatus.FAILED
    terminate(client, TerminationMode.CANCEL_FORCEFUL)  # which changes nothing


def test_a_job_that_fails_tells_its_causes_only_at_that_moment(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, runs=1.0, failure="no more paper")
    submit(client)
    call = join(client)
    world.runtime.advance(2.0)
    now, later = ended(client, call), ended(client, join(client))
    assert [code for code, _, _ in now] == [500, 507, 0]
    assert now[-1] == (0, "RuntimeException", "no more paper")
    assert [(code, name) for code, name, _ in later] == [(500, "JetException")]
    assert "no more paper" in (later[0][2] or "")


@pytest.mark.parametrize("release", ["5.7.0", "jet-4.3.1"])
@pytest.mark.parametrize("failure", [None, "no more paper"])
def test_an_observable_is_told_how_its_job_has_ended(release: str, failure: str | None) -> None:
    world = MemoryCluster(version=release)
    client = world.client()
    plan(world, runs=1.0, failure=failure, observable="answers")
    modern = release == "5.7.0"
    if modern:
        submit(client)
    else:
        config = payloads.config_of("report", jar="x", modern=False)
        client.ask(jet.JET_4_SUBMIT_JOB, job_id=ID, definition=b"", config=config)
    world.runtime.advance(2.0)
    item = client.ask(ringbuffers.READ_ONE, name="__jet.observables.answers", sequence=0)
    assert item is not None
    end = read_end(item, Dialect.HAZELCAST_5 if modern else Dialect.JET_4)
    assert end is not None
    if failure is None:
        assert end.failure is None
    else:
        assert end.failure is not None
        assert end.failure.class_name == "com.hazelcast.jet.JetException"
        assert str(end.failure.root) == f"java.lang.RuntimeException: {failure}"


def test_a_suspended_job_goes_on_with_what_is_left(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, runs=5.0)
    submit(client)
    world.runtime.advance(3.02)
    terminate(client, TerminationMode.SUSPEND_GRACEFUL)
    assert read_suspension_cause(client.ask(jet.GET_JOB_SUSPENSION_CAUSE, job_id=ID)) is None
    world.runtime.advance(100.0)
    assert status(client) is JobStatus.SUSPENDED
    client.ask(jet.RESUME_JOB, job_id=ID)
    world.runtime.advance(1.9)
    assert status(client) is JobStatus.RUNNING
    world.runtime.advance(0.2)
    assert status(client) is JobStatus.COMPLETED
    error = (27, "IllegalStateException", "Job already completed")
    assert refused(client, jet.RESUME_JOB, job_id=ID) == [error]


def test_the_configuration_of_a_suspended_job_is_changed(world: MemoryCluster, client: MemoryClient) -> None:
    submit(client)
    world.runtime.advance(1.0)
    changes: dict[str, Any] = {"snapshot_interval": 2.5, "suspend_on_failure": True, "metrics": False}
    changes["max_processor_accumulated_records"] = 9
    delta = delta_data(DeltaJobConfig(**changes))
    error = (27, "IllegalStateException", "Job not suspended, but RUNNING")
    assert refused(client, jet.UPDATE_JOB_CONFIG, job_id=ID, delta_config=delta) == [error]
    terminate(client, TerminationMode.SUSPEND_GRACEFUL)
    answer = client.ask(jet.UPDATE_JOB_CONFIG, job_id=ID, delta_config=delta)
    assert client.ask(jet.GET_JOB_CONFIG, job_id=ID, light_job_coordinator=None) == answer
    before, now = (read_job_config(data, Dialect.HAZELCAST_5) for data in (CONFIG, answer))
    assert now == dataclasses.replace(before, **changes)
    assert client.ask(jet.UPDATE_JOB_CONFIG, job_id=ID, delta_config=delta_data(DeltaJobConfig())) == answer
    back = DeltaJobConfig(timeout=0, max_processor_accumulated_records=-1, auto_scaling=False, store_metrics=True)
    now = read_job_config(
        client.ask(jet.UPDATE_JOB_CONFIG, job_id=ID, delta_config=delta_data(back)), Dialect.HAZELCAST_5
    )
    assert (now.timeout, now.max_processor_accumulated_records) == (None, None)
    assert (now.auto_scaling, now.store_metrics) == (False, True)


@pytest.mark.parametrize("delta", [b"", CONFIG, delta_data(DeltaJobConfig())[:-3], payloads.no_metrics()])
def test_what_is_no_change_of_a_configuration_is_refused(
    delta: bytes, world: MemoryCluster, client: MemoryClient
) -> None:
    submit(client)
    world.runtime.advance(1.0)
    terminate(client, TerminationMode.SUSPEND_GRACEFUL)
    ((code, _, _),) = refused(client, jet.UPDATE_JOB_CONFIG, job_id=ID, delta_config=delta)
    assert code == 21


def test_a_restarted_job_runs_anew(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, runs=5.0)
    submit(client)
    world.runtime.advance(3.0)
    terminate(client, TerminationMode.RESTART_FORCEFUL)
    world.runtime.advance(4.9)
    assert status(client) is JobStatus.RUNNING
    world.runtime.advance(0.2)
    assert status(client) is JobStatus.COMPLETED


def test_what_a_job_cannot_do_now_is_refused(world: MemoryCluster, client: MemoryClient) -> None:
    submit(client)
    world.runtime.advance(1.0)
    suspend: dict[str, Any] = {"job_id": ID, "mode": TerminationMode.SUSPEND_GRACEFUL, "light_job_coordinator": None}
    client.ask(jet.TERMINATE_JOB, **suspend)
    text = "Cannot SUSPEND_GRACEFUL, job status is SUSPENDED, should be RUNNING"
    assert refused(client, jet.TERMINATE_JOB, **suspend) == [(27, "IllegalStateException", text)]
    client.ask(jet.RESUME_JOB, job_id=ID)
    error = (27, "IllegalStateException", "Job not suspended")
    assert refused(client, jet.GET_JOB_SUSPENSION_CAUSE, job_id=ID) == [error]
    assert refused(client, jet.EXPORT_SNAPSHOT, job_id=ID, cancel_job=False, name="s") == [
        (61, "UnsupportedOperationException", "You need Hazelcast Enterprise to use this feature")
    ]


def test_a_listener_hears_of_every_change_of_the_status_once(world: MemoryCluster) -> None:
    clients = [world.client(number) for number in range(2)]
    plan(world, runs=5.0)
    submit(clients[0])
    for one in clients:
        one.ask(jet.ADD_JOB_STATUS_LISTENER, job_id=ID, light_job_coordinator=None, local_only=True)
    world.runtime.advance(1.0)
    terminate(clients[0], TerminationMode.SUSPEND_GRACEFUL)
    clients[0].ask(jet.RESUME_JOB, job_id=ID)
    world.runtime.advance(1.0)
    terminate(clients[0], TerminationMode.CANCEL_FORCEFUL)
    heard = [
        (event.previous.name, event.new.name, event.user_requested, event.description)
        for one in clients
        for event in one.take_events(jet.ADD_JOB_STATUS_LISTENER)
    ]
    assert heard == [
        ("NOT_RUNNING", "STARTING", False, None),
        ("STARTING", "RUNNING", False, None),
        ("RUNNING", "SUSPENDED", True, "Suspend"),
        ("SUSPENDED", "NOT_RUNNING", True, "Resume"),
        ("NOT_RUNNING", "STARTING", False, None),
        ("STARTING", "RUNNING", False, None),
        ("RUNNING", "FAILED", True, "Cancel"),
    ]
    error = (27, "IllegalStateException", "Cannot add status listener to a FAILED job")
    listening = {"job_id": ID, "light_job_coordinator": None, "local_only": False}
    assert refused(clients[0], jet.ADD_JOB_STATUS_LISTENER, **listening) == [error]
    assert not clients[0].ask(jet.REMOVE_JOB_STATUS_LISTENER, job_id=ID, registration_id=uuid.uuid4())


def test_who_waits_for_a_job_is_forgotten_with_its_connection(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, runs=1.0)
    submit(client)
    call = join(client)
    client.session.end("gone")
    world.runtime.advance(2.0)
    client.take()
    assert call not in client.answers
    assert not world.cluster.defects


# ------------------------------------------------------------------------------------------------ lists and lookups


def test_jobs_are_listed_newest_first_and_by_name_the_active_one_first(
    world: MemoryCluster, client: MemoryClient
) -> None:
    for job_id in (1, 2, 3):
        submit(client, job_id)
        if job_id < 3:
            cancel = TerminationMode.CANCEL_FORCEFUL
            client.ask(jet.TERMINATE_JOB, job_id=job_id, mode=cancel, light_job_coordinator=None)
    submit(client, 4, payloads.config_of(None, jar="x.jar", modern=True))
    listed = client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST)
    assert [(one.job_id, one.name_or_id) for one in listed] == [
        (4, "0000-0000-0000-0004"),
        (3, "report"),
        (2, "report"),
        (1, "report"),
    ]
    assert [one.status.ended for one in listed] == [False, False, True, True]
    old = read_job_summaries(client.ask(jet.GET_JOB_SUMMARY_LIST), Dialect.HAZELCAST_5)
    assert [(one.job_id, one.status, one.failure_text) for one in old] == [
        (one.job_id, one.status, one.failure_text) for one in listed
    ]
    named = read_job_ids(client.ask(jet.GET_JOB_IDS, only_job_id=jet.ALL_JOBS, only_name="report"))
    assert [job.job_id for job in named] == [3, 2, 1]
    one = read_job_ids(client.ask(jet.GET_JOB_IDS, only_job_id=2, only_name=None))
    assert one == (FoundJob(job_id=2, coordinator=None),)
    assert read_job_ids(client.ask(jet.GET_JOB_IDS, only_job_id=99, only_name=None)) == ()


def test_the_name_of_an_active_job_is_taken_and_a_known_id_is_no_second_job(client: MemoryClient) -> None:
    submit(client)
    again = {"light_job_coordinator": None, "definition": b"", "config": CONFIG}
    text = "Another active job with equal name (report) exists: 0000-0000-0000-0005"
    assert refused(client, jet.SUBMIT_JOB, job_id=5, **again) == [(503, "JobAlreadyExistsException", text)]
    terminate(client, TerminationMode.CANCEL_FORCEFUL)
    submit(client)
    assert status(client) is JobStatus.FAILED
    assert len(client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST)) == 1


def test_an_unknown_job_is_not_found_and_its_metrics_are_never_told(client: MemoryClient) -> None:
    not_found = [(502, "JobNotFoundException", "Job with id 0000-0000-0000-1267 not found")]
    messages: list[Any] = [jet.GET_JOB_STATUS, jet.RESUME_JOB, jet.GET_JOB_SUSPENSION_CAUSE, jet.IS_JOB_USER_CANCELLED]
    for message in messages:
        assert refused(client, message, job_id=ID) == not_found
    messages = [jet.JOIN_SUBMITTED_JOB, jet.GET_JOB_CONFIG, jet.GET_JOB_SUBMISSION_TIME]
    for message in messages:
        assert refused(client, message, job_id=ID, light_job_coordinator=None) == not_found
    call = client.send(jet.GET_JOB_METRICS, job_id=ID)
    assert call not in client.answers
    submit(client)
    assert not list(read_job_metrics(client.ask(jet.GET_JOB_METRICS, job_id=ID)))


def test_a_light_job_is_found_by_its_coordinator_only(world: MemoryCluster, client: MemoryClient) -> None:
    first, second = (member.uuid for member in world.members)
    submit(client, light=second)
    found = read_job_ids(client.ask(jet.GET_JOB_IDS, only_job_id=jet.ALL_JOBS, only_name=None))
    assert found == (FoundJob(job_id=ID, coordinator=second),)
    assert client.ask(jet.GET_JOB_SUBMISSION_TIME, job_id=ID, light_job_coordinator=second) == 1_000_000
    for wrong in (None, first):
        ((code, _, _),) = refused(client, jet.GET_JOB_CONFIG, job_id=ID, light_job_coordinator=wrong)
        assert code == 502
    gone = [(501, "TopologyChangedException", "Light job coordinator left the cluster")]
    assert refused(client, jet.GET_JOB_CONFIG, job_id=ID, light_job_coordinator=uuid.uuid4()) == gone
    call = join(client, light=second)
    terminate(client, TerminationMode.SUSPEND_GRACEFUL, light=second)  # any mode cancels it
    assert [code for code, _, _ in ended(client, call)] == [506]


def test_a_submission_without_a_configuration_is_refused(client: MemoryClient) -> None:
    fields = {"job_id": ID, "light_job_coordinator": None, "definition": b""}
    ((code, name, _),) = refused(client, jet.SUBMIT_JOB, config=None, **fields)
    assert (code, name) == (37, "NullPointerException")
    ((code, name, _),) = refused(client, jet.SUBMIT_JOB, config=bytes(8), **fields)
    assert (code, name) == (21, "HazelcastSerializationException")


def test_an_object_exists_when_somebody_has_created_it(client: MemoryClient) -> None:
    where: dict[str, Any] = {"service_name": "hz:impl:ringbufferService", "object_name": "__jet.observables.o"}
    assert not client.ask(jet.EXISTS_DISTRIBUTED_OBJECT, **where)
    client.ask(table.CREATE_PROXY, name="__jet.observables.o", service_name="hz:impl:ringbufferService")
    assert client.ask(jet.EXISTS_DISTRIBUTED_OBJECT, **where)


@pytest.mark.parametrize("release", ["5.7.0", "jet-4.3.1"])
def test_payloads_have_the_bytes_of_real_members(release: str) -> None:
    recording = RECORDINGS[release]
    modern = recording.dialect is Dialect.HAZELCAST_5

    def recorded(message: Any, name: str) -> Any:
        return decode_response(message, recording.message(name))

    summaries = recorded(jet.GET_JOB_SUMMARY_LIST, "summaries")
    read = read_job_summaries(summaries, recording.dialect)
    assert payloads.summaries(read, modern=modern) == summaries
    assert payloads.no_metrics() == recorded(jet.GET_JOB_METRICS, "metrics of plain")
    assert payloads.end_of_job(None, modern=modern) == recording.items("words")[-1]
    version = MemberVersion(5 if modern else 4, 0, 0)
    failure = payloads.end_of_job(errors.failed("x", version, later=False), modern=modern)
    cause = b"xq\0~\0\0s" if modern else b"xps"  # up to the exception of the user's own code
    end = failure.index(cause) + len(cause)
    assert failure[:end] == recording.items("fails")[-1][:end]
    config = recorded(jet.GET_JOB_CONFIG, "config of counting")
    assert payloads.name_in(config) == "counting"
    begin = payloads.config_of("counting", jar="x", modern=modern).index(b"NONE") - 2
    assert payloads.config_of("counting", jar="x", modern=modern)[:begin] == config[:begin]
    if modern:
        assert payloads.suspension_cause(None) == recorded(jet.GET_JOB_SUSPENSION_CAUSE, "cause of counting")
        ids = recorded(jet.GET_JOB_IDS, "ids of counting")
        member = uuid.UUID(bytes=ids[16:32])
        assert payloads.ids_by_member({member: [(recording.jobs["counting"], False)]}) == ids


# ---------------------------------------------------------------------------------------------------------- uploads

PARTS = (b"first part", b"second part", b"third")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Upload:
    """An upload, as a client does it."""

    def __init__(self, client: MemoryClient) -> None:
        self.client = client
        self.id = uuid.uuid4()

    def begin(self, **fields: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "session_id": self.id,
            "jar_on_member": False,
            "file_name": "report-x-",
            "sha256_hex": sha(b"".join(PARTS)),
            "snapshot_name": None,
            "job_name": "report",
            "main_class": None,
            "job_parameters": (),
        }
        return {**given, **fields}

    def part(self, number: int, **fields: Any) -> dict[str, Any]:
        data = PARTS[number - 1]
        given: dict[str, Any] = {
            "session_id": self.id,
            "current_part": number,
            "total_parts": len(PARTS),
            "part_size": len(data),
            "part_data": data,
            "sha256_hex": sha(data),
        }
        return {**given, **fields}

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.client.ask(jet.UPLOAD_JOB_MULTIPART, **self.part(number))


@pytest.fixture
def upload(client: MemoryClient) -> Upload:
    return Upload(client)


def test_an_upload_whose_parts_are_right_makes_a_job(client: MemoryClient, upload: Upload) -> None:
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin())
    upload.send(1, 2)
    assert client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST) == ()
    upload.send(3)
    (job,) = client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST)
    data = client.ask(jet.GET_JOB_CONFIG, job_id=job.job_id, light_job_coordinator=None)
    config = read_job_config(data, Dialect.HAZELCAST_5)
    assert config.name == "report"
    assert config.resources[0].id.startswith("report-x-")


@pytest.mark.parametrize(
    ("number", "fields", "words"),
    [
        (1, {"sha256_hex": sha(b"other")}, "Checksum is different!. Calculated SHA256 : "),
        (2, {}, "Received an out of order part. currentPart : 0 receivedPart : 2"),
        (1, {"part_size": 99}, "Invalid part size : 99"),
        (1, {"part_size": 0}, "Invalid part size : 0"),
    ],
)
def test_a_part_that_is_wrong_ends_the_upload(
    client: MemoryClient, upload: Upload, number: int, fields: dict[str, Any], words: str
) -> None:
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin())
    first, last = refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(number, **fields))
    assert (first[0], last[0]) == (500, 500)
    assert words in (last[2] or "")
    ((_, _, text),) = refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(1))
    assert f"The session {upload.id} does not exist" in (text or "")


def test_a_jar_that_is_not_what_was_announced_starts_no_job(client: MemoryClient, upload: Upload) -> None:
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin(sha256_hex=sha(b"another jar")))
    upload.send(1, 2)
    *_, (_, _, text) = refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(3))
    assert "Checksum is different!" in (text or "")
    assert client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST) == ()


def test_an_upload_that_begins_twice_ends(client: MemoryClient, upload: Upload) -> None:
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin())
    *_, (_, _, text) = refused(client, jet.UPLOAD_JOB_METADATA, **upload.begin())
    assert text == f"Session already exists. sessionID {upload.id}"
    ((_, _, text),) = refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(1))
    assert "does not exist" in (text or "")


def test_an_upload_that_nobody_goes_on_with_is_dropped(world: MemoryCluster, client: MemoryClient) -> None:
    slow, gone = Upload(client), Upload(world.client())
    for one in (slow, gone):
        one.client.ask(jet.UPLOAD_JOB_METADATA, **one.begin())
    world.runtime.advance(119.0)
    slow.send(1)
    gone.client.session.end("gone")
    world.runtime.advance(119.0)
    slow.send(2)
    world.runtime.advance(121.0)
    for one in (slow, gone):
        ((_, _, text),) = refused(client, jet.UPLOAD_JOB_MULTIPART, **one.part(3))
        assert "does not exist" in (text or "")


def test_a_jar_on_the_member_is_run_at_once_whatever_its_digest(client: MemoryClient, upload: Upload) -> None:
    there = upload.begin(jar_on_member=True, sha256_hex="", file_name="/opt/report.jar")
    client.ask(jet.UPLOAD_JOB_METADATA, **there)
    (job,) = client.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST)
    assert job.name_or_id == "report"
    *_, (_, _, text) = refused(client, jet.UPLOAD_JOB_METADATA, **{**there, "file_name": "/opt/report.zip"})
    assert text == "File name extension should be .jar"


def test_what_main_throws_is_the_answer_to_the_last_part(world: MemoryCluster, client: MemoryClient) -> None:
    plan(world, main_failure="no arguments")
    upload = Upload(client)
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin())
    upload.send(1, 2)
    chain = refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(3))
    assert [name for _, name, _ in chain] == ["JetException", "InvocationTargetException", "RuntimeException"]
    assert chain[-1][2] == "no arguments"


def test_a_name_that_is_taken_is_thrown_by_main(client: MemoryClient, upload: Upload) -> None:
    submit(client)
    client.ask(jet.UPLOAD_JOB_METADATA, **upload.begin())
    upload.send(1, 2)
    codes = [code for code, _, _ in refused(client, jet.UPLOAD_JOB_MULTIPART, **upload.part(3))]
    assert codes == [500, 0, 503]


# ---------------------------------------------------------------------------------------------------- Hazelcast Jet 4


def test_jet_4_has_its_own_messages_about_jobs() -> None:
    world = MemoryCluster(version="jet-4.3.1")
    client = world.client()
    config = payloads.config_of("report", jar="report.jar", modern=False)
    plan(world, runs=5.0)
    client.ask(jet.JET_4_SUBMIT_JOB, job_id=ID, definition=b"", config=config)
    world.runtime.advance(1.0)
    assert client.ask(jet.JET_4_GET_JOB_IDS) == client.ask(jet.JET_4_GET_JOB_IDS_BY_NAME, name="report") == (ID,)
    assert client.ask(jet.JET_4_GET_JOB_SUBMISSION_TIME, job_id=ID) == 1_000_000
    read = read_job_config(client.ask(jet.JET_4_GET_JOB_CONFIG, job_id=ID), Dialect.JET_4)
    assert read.name == "report"
    (listed,) = read_job_summaries(client.ask(jet.GET_JOB_SUMMARY_LIST), Dialect.JET_4)
    assert (listed.job_id, listed.status) == (ID, JobStatus.RUNNING)
    client.ask(jet.JET_4_TERMINATE_JOB, job_id=ID, mode=TerminationMode.SUSPEND_FORCEFUL)
    assert client.ask(jet.JET_4_GET_JOB_SUSPENSION_CAUSE, job_id=ID) == "Requested by user"
    call = client.send(jet.JET_4_JOIN_SUBMITTED_JOB, job_id=ID)
    client.ask(jet.JET_4_TERMINATE_JOB, job_id=ID, mode=TerminationMode.CANCEL_FORCEFUL)
    assert ended(client, call) == [(9, "CancellationException", None)]


@pytest.mark.parametrize(
    ("version", "messages"),
    [
        ("jet-4.3.1", [one for one in jet.MESSAGES if one.request.type >= 0xFE0E00]),
        ("5.7.0", [jet.JET_4_GET_JOB_IDS_BY_NAME]),
    ],
)
def test_what_a_version_has_not_is_an_unknown_message(version: str, messages: list[Any]) -> None:
    client = MemoryCluster(version=version).client()
    fields = Upload(client)
    given = {**fields.begin(), **fields.part(1), "job_id": 1, "light_job_coordinator": None, "local_only": False}
    given |= {"registration_id": uuid.uuid4(), "name": "n", "delta_config": b""}
    for message in messages:
        number = message.request.type
        asked = {name: given[name] for name in message.request.fields.names}
        text = f"Unrecognized client message received with type: {number:#x}"
        assert refused(client, message, **asked) == [(61, "UnsupportedOperationException", text)]
