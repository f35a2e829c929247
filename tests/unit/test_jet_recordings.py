"""What members of each version answered about jobs, recorded, is read as what they meant."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.jet_recordings import READERS, RECORDINGS, VERSIONS, Recording, attack, payloads_of, readers, seeds
from tealjet.jet.java_exception import JavaException, exception_from_text
from tealjet.jet.job_config import ProcessingGuarantee, ResourceType
from tealjet.jet.metrics import Unit
from tealjet.jet.observed import JobEnded, read_end, read_item
from tealjet.jet.payloads import read_job_ids, read_job_summaries, read_suspension_cause
from tealjet.protocol import jet
from tealjet.protocol.codec import decode_event, decode_response
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus

CLASSES = {"Batch", "Failing", "FailsWhenTold", "Observed", "Streaming"}


@pytest.fixture(params=VERSIONS)
def recording(request: pytest.FixtureRequest) -> Recording:
    return RECORDINGS[request.param]


@pytest.fixture(params=[one for one in VERSIONS if not one.startswith("jet-")])
def recording_of_5(request: pytest.FixtureRequest) -> Recording:
    return RECORDINGS[request.param]


# -------------------------------------------------------------------------------------------------------------- lists


def test_the_ids_of_all_jobs(recording: Recording) -> None:
    if recording.dialect is Dialect.JET_4:
        found = decode_response(jet.JET_4_GET_JOB_IDS, recording.message("ids"))
    else:
        jobs = read_job_ids(decode_response(jet.GET_JOB_IDS, recording.message("ids")))
        assert not any(job.light for job in jobs)
        found = tuple(job.job_id for job in jobs)
    assert len(found) == len(recording.jobs)
    assert set(found) == set(recording.jobs.values())


def test_the_ids_of_a_name(recording: Recording) -> None:
    found: dict[str, tuple[int, ...]] = {}
    for name in ("counting", "nobody"):
        message = recording.message(f"ids of {name}")
        if recording.dialect is Dialect.JET_4:
            found[name] = decode_response(jet.JET_4_GET_JOB_IDS_BY_NAME, message)
        else:
            found[name] = tuple(job.job_id for job in read_job_ids(decode_response(jet.GET_JOB_IDS, message)))
    assert found == {"counting": (recording.jobs["counting"],), "nobody": ()}


STATUSES = {
    "kept": JobStatus.COMPLETED,
    "plain": JobStatus.COMPLETED,
    "counting": JobStatus.SUSPENDED,
    "suspended": JobStatus.SUSPENDED,
    "failing": JobStatus.FAILED,
    "cancelled": JobStatus.FAILED,
    "words": JobStatus.COMPLETED,
    "pairs": JobStatus.COMPLETED,
    "fails": JobStatus.FAILED,
}


def test_the_list_of_jobs(recording: Recording) -> None:
    answer = decode_response(jet.GET_JOB_SUMMARY_LIST, recording.message("summaries"))
    summaries = read_job_summaries(answer, recording.dialect)
    assert_a_list_of_all(recording, summaries)
    failed = next(one for one in summaries if one.name_or_id == "fails")
    assert "java.lang.IllegalStateException: boom on c\n\tat Failing.fail(" in (failed.failure_text or "")


def test_the_list_of_jobs_with_statements_and_causes(recording_of_5: Recording) -> None:
    message = recording_of_5.message("summaries with statements")
    summaries = decode_response(jet.GET_JOB_AND_SQL_SUMMARY_LIST, message)
    assert_a_list_of_all(recording_of_5, summaries)
    by_name = {one.name_or_id: one for one in summaries}
    statement = by_name["sql"].sql_summary
    assert statement is not None
    assert statement.query.startswith('CREATE JOB "sql" AS SINK INTO numbers')
    assert statement.unbounded
    assert by_name["kept"].sql_summary is None
    assert by_name["counting"].suspension_cause == "Requested by user"
    assert (by_name["suspended"].suspension_cause or "").startswith(
        "Execution failure:\ncom.hazelcast.jet.JetException"
    )
    cancelled = {name: one.user_cancelled for name, one in by_name.items()}
    assert cancelled == {name: name == "cancelled" for name in by_name}


def assert_a_list_of_all(recording: Recording, summaries: tuple[JobAndSqlSummary, ...]) -> None:
    assert {one.name_or_id: one.job_id for one in summaries} == recording.jobs
    statuses = {one.name_or_id: one.status for one in summaries}
    expected = STATUSES if recording.dialect is Dialect.JET_4 else {**STATUSES, "sql": JobStatus.RUNNING}
    assert statuses == expected
    times = [one.submission_time for one in summaries]
    assert times == sorted(times, reverse=True)
    for one in summaries:
        assert not one.light_job
        assert (one.completion_time > one.submission_time) is one.status.ended
        assert (one.execution_id == 0) is one.status.ended


# ---------------------------------------------------------------------------------------------------- configurations


def test_a_configuration_as_it_is_by_default(recording: Recording) -> None:
    config = recording.config("kept")
    assert (config.name, config.processing_guarantee, config.snapshot_interval) == (
        "kept",
        ProcessingGuarantee.NONE,
        10,
    )
    assert config.auto_scaling
    assert config.metrics
    assert config.store_metrics
    assert not config.suspend_on_failure
    assert not config.split_brain_protection
    assert (config.class_loader_factory, config.initial_snapshot, config.serializers) == (None, None, {})
    assert (config.arguments, config.custom_class_paths) == ({}, {})
    assert (config.max_processor_accumulated_records, config.timeout) == (None, None)
    assert (config.sql, config.sql_unbounded) == (None, False)


def test_a_configuration_with_everything_changed(recording: Recording) -> None:
    config = recording.config("counting")
    assert (config.processing_guarantee, config.snapshot_interval) == (ProcessingGuarantee.EXACTLY_ONCE, 2.5)
    assert not config.store_metrics
    assert recording.config("suspended").suspend_on_failure


def test_the_resources_of_a_job(recording: Recording) -> None:
    resources = recording.config("kept").resources
    assert {one.id for one in resources} == {f"{name}.class" for name in CLASSES}
    for one in resources:
        assert one.type is ResourceType.CLASS
        assert one.url is not None
        assert one.url.startswith("file:/")
        assert one.url.endswith(f"/classes/{one.id}")


def test_the_configuration_of_a_job_that_sql_made(recording_of_5: Recording) -> None:
    config = recording_of_5.config("sql")
    assert config.suspend_on_failure  # unlike a job that Java submits
    assert config.sql == 'CREATE JOB "sql" AS SINK INTO numbers SELECT v, v FROM TABLE(GENERATE_STREAM(10))'
    assert config.sql_unbounded
    assert config.arguments["__sql.arguments"] == []
    assert config.resources == ()


# ------------------------------------------------------------------------------------------------------------ metrics


def test_the_metrics_that_a_job_has_left(recording: Recording) -> None:
    metrics = recording.metrics("kept")
    assert sum(one.value for one in metrics["shouted"]) == 3
    (counter, *_) = metrics["shouted"]
    assert counter.vertex == "shout"
    assert counter.unit is Unit.COUNT
    assert counter.tags["user"] == "true"
    emitted = metrics.filter(vertex="items")["emittedCount"]
    assert sum(one.value for one in emitted) == 3
    assert datetime(2020, 1, 1, tzinfo=UTC) < counter.time


def test_metrics_are_told_apart_by_vertex_and_member(recording: Recording) -> None:
    metrics = recording.metrics("kept")
    members = metrics.by_member()
    assert len(members) == 2
    assert all(uuid.UUID(member) for member in members)
    assert {"items", "shout"} <= metrics.by_vertex().keys()
    for vertex, some in metrics.by_vertex().items():
        assert {one.vertex for one in some} == {vertex}
    shouted = metrics.filter(lambda one: one.value > 0, vertex="shout")["shouted"]
    assert sum(one.value for one in shouted) == 3


def test_hazelcast_5_tells_first_what_the_cluster_measured_as_a_whole(recording_of_5: Recording) -> None:
    metrics = recording_of_5.metrics("kept")
    first, second = list(metrics)[:2]
    assert (first.metric, first.value, first.unit, first.member) == ("status", 7, Unit.ENUM, None)
    assert (second.metric, second.value) == ("userCancelled", 0)
    assert first.tags["jobName"] == "kept"


def test_a_job_that_runs_has_metrics_too(recording: Recording) -> None:
    metrics = recording.metrics("counting")
    assert "count" in metrics.by_vertex()
    assert "snapshotBytes" in metrics.names


def test_a_job_that_keeps_none_has_none(recording: Recording) -> None:
    assert len(recording.metrics("plain")) == 0


# ----------------------------------------------------------------------------------------------- causes and failures


def test_why_a_job_is_suspended(recording: Recording) -> None:
    causes: dict[str, str | None] = {}
    for name in ("counting", "suspended"):
        message = recording.message(f"cause of {name}")
        if recording.dialect is Dialect.JET_4:
            causes[name] = decode_response(jet.JET_4_GET_JOB_SUSPENSION_CAUSE, message)
        else:
            causes[name] = read_suspension_cause(decode_response(jet.GET_JOB_SUSPENSION_CAUSE, message))
    by_user = "Requested by user" if recording.dialect is Dialect.JET_4 else None
    assert causes["counting"] == by_user
    head, _, trace = (causes["suspended"] or "").partition("\n")
    assert head == "Execution failure:"
    failure = exception_from_text(trace)
    assert failure is not None
    assert_boom(failure)


def assert_boom(failure: JavaException) -> None:
    assert failure.class_name == "com.hazelcast.jet.JetException"
    assert str(failure.chain[-2]) == "java.lang.IllegalStateException: boom on c"
    assert str(failure.root) == "java.lang.IllegalArgumentException: no c please"
    thrown = failure.chain[-2].stack[0]
    assert (thrown.class_name, thrown.method_name, thrown.file_name) == ("Failing", "fail", "Failing.java")
    assert thrown.line_number > 0


def test_how_a_job_failed_is_told_with_all_causes_to_who_waits_and_to_who_comes_later(recording: Recording) -> None:
    live, later = recording.failure("join of failing"), recording.failure("join of failing later")
    for failure in (live, later):
        assert failure.class_name == "com.hazelcast.jet.JetException"
        assert failure.error_code == 500
        assert str(failure.root) == "java.lang.IllegalArgumentException: obedient"
        assert str(failure.chain[-2]) == "java.lang.IllegalStateException: told to: fail now"
    assert [str(one) for one in live.chain] == [str(one) for one in later.chain]
    assert [one.stack for one in live.chain] == [one.stack for one in later.chain]


def test_a_job_that_was_cancelled(recording: Recording) -> None:
    expected = {
        Dialect.JET_4: ("java.util.concurrent.CancellationException", 9),
        Dialect.HAZELCAST_5: ("com.hazelcast.jet.impl.exception.CancellationByUserException", 506),
    }[recording.dialect]
    for name in ("join of cancelled", "join of cancelled later"):
        failure = recording.failure(name)
        assert (failure.class_name, failure.error_code) == expected
        assert failure.cause is None
        assert not failure.message
        assert all(element.class_name.count(".") > 1 for element in failure.stack)
        assert len(failure.stack) > 3


def test_errors_about_jobs(recording: Recording) -> None:
    unknown = recording.failure("status of nobody")
    assert (unknown.class_name, unknown.error_code) == ("com.hazelcast.jet.core.JobNotFoundException", 502)
    assert unknown.message == "Job with id 0000-0000-0000-3039 not found"
    refused = recording.failure("suspending what is suspended")
    assert str(refused).startswith("java.lang.IllegalStateException: Cannot SUSPEND_GRACEFUL, job status is SUSPENDED")


def test_a_change_of_status(recording_of_5: Recording) -> None:
    event = decode_event(jet.ADD_JOB_STATUS_LISTENER, recording_of_5.message("event of a suspension"))
    assert event.job_id == recording_of_5.jobs["counting"]
    assert (event.previous, event.new) == (JobStatus.RUNNING, JobStatus.SUSPENDED)
    assert (event.user_requested, event.description) == (True, "Suspend")


# -------------------------------------------------------------------------------------------------------- observables


def test_the_items_of_an_observable_and_the_end_of_its_job(recording: Recording) -> None:
    *words, end = recording.items("words")
    assert sorted(read_item(word, recording.dialect) for word in words) == ["a", "b", "c"]
    assert [read_end(word, recording.dialect) for word in words] == [None, None, None]
    assert read_end(end, recording.dialect) == JobEnded(None)


def test_the_mark_at_the_end_means_something_else_to_the_other_kind_of_cluster(recording: Recording) -> None:
    (other,) = set(Dialect) - {recording.dialect}
    end = recording.items("words")[-1]
    assert read_end(end, other) is None
    with pytest.raises(ProtocolError, match="unknown type"):
        read_item(end, other)


def test_jets_own_tuples_are_tuples(recording: Recording) -> None:
    *pairs, end = recording.items("pairs")
    assert sorted(read_item(pair, recording.dialect) for pair in pairs) == [("a", 97), ("b", 98), ("c", 99)]
    assert read_end(end, recording.dialect) == JobEnded(None)


def test_the_failure_of_a_job_in_its_observable(recording: Recording) -> None:
    end = read_end(recording.items("fails")[-1], recording.dialect)
    assert end is not None
    assert end.failure is not None
    assert_boom(end.failure)


# ------------------------------------------------------------------------------------------------------ anything else


PAYLOADS = {
    f"{version}: {name}": (data, read)
    for version, recording in RECORDINGS.items()
    for name, data, read in payloads_of(recording)
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_that_ends_anywhere_before_its_end_is_read_or_refused(name: str) -> None:
    data, read = PAYLOADS[name]
    read(data)
    for size in range(0, len(data), max(len(data) // 60, 1)):
        with contextlib.suppress(ProtocolError):
            read(data[:size])


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(sorted(PAYLOADS)), st.data())
def test_a_damaged_payload_is_read_or_refused(name: str, draw: st.DataObject) -> None:
    data, read = PAYLOADS[name]
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        read(bytes(damaged))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for dialect in Dialect:
        for read in readers(dialect).values():
            with contextlib.suppress(ProtocolError):
                read(data)


def test_what_a_fuzzer_begins_with_is_read_by_the_reader_that_it_is_for() -> None:
    beginnings = dict(seeds())
    assert len(beginnings) == len(PAYLOADS)
    for data in beginnings.values():
        READERS[data[0]](data[1:])
        attack(data)
    attack(b"")
