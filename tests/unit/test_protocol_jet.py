"""The Jet messages: where their fields lie, as members were seen to read and write them, and both directions agree."""

from __future__ import annotations

import struct
import uuid
from typing import Any

import pytest

from tealjet.protocol import jet, table
from tealjet.protocol.codec import (
    decode_event,
    decode_request,
    decode_response,
    encode_event,
    encode_request,
    encode_response,
)
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import BEGIN_STRUCTURE, END_STRUCTURE, NULL, FrameReader, Message
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus, JobStatusEvent, SqlSummary, TerminationMode
from tealjet.protocol.layout import FrameWriter

COORDINATOR = uuid.UUID(int=7 << 64 | 8)
SESSION = uuid.UUID(int=9 << 64 | 10)
NO_ID = b"\x01" + bytes(16)
ID = b"\x00" + struct.pack("<QQ", 7, 8)
SESSION_ID = b"\x00" + struct.pack("<QQ", 9, 10)

FIELDS: dict[str, tuple[dict[str, Any], bytes, list[bytes | None]]] = {
    "jet.submitJob": (
        {"job_id": 5, "light_job_coordinator": None, "definition": b"dag", "config": b"config"},
        struct.pack("<q", 5) + NO_ID,
        [b"dag", b"config"],
    ),
    "jet.terminateJob": (
        {"job_id": 5, "mode": TerminationMode.SUSPEND_GRACEFUL, "light_job_coordinator": COORDINATOR},
        struct.pack("<qi", 5, 2) + ID,
        [],
    ),
    "jet.getJobStatus": ({"job_id": -5}, struct.pack("<q", -5), []),
    "jet.getJobIds": (
        {"only_job_id": jet.ALL_JOBS, "only_name": None},
        bytes.fromhex("0000000000000080"),
        [None],
    ),
    "jet.joinSubmittedJob": ({"job_id": 5, "light_job_coordinator": COORDINATOR}, struct.pack("<q", 5) + ID, []),
    "jet.getJobSubmissionTime": ({"job_id": 5, "light_job_coordinator": None}, struct.pack("<q", 5) + NO_ID, []),
    "jet.getJobConfig": ({"job_id": 5, "light_job_coordinator": None}, struct.pack("<q", 5) + NO_ID, []),
    "jet.resumeJob": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.exportSnapshot": (
        {"job_id": 5, "cancel_job": True, "name": "snapshot"},
        struct.pack("<q?", 5, True),
        [b"snapshot"],
    ),
    "jet.getJobSummaryList": ({}, b"", []),
    "jet.existsDistributedObject": ({"service_name": "service", "object_name": "o"}, b"", [b"service", b"o"]),
    "jet.getJobMetrics": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.getJobSuspensionCause": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.getJobAndSqlSummaryList": ({}, b"", []),
    "jet.isJobUserCancelled": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.uploadJobMetaData": (
        {
            "session_id": SESSION,
            "jar_on_member": False,
            "file_name": "report",
            "sha256_hex": "ab",
            "snapshot_name": None,
            "job_name": "daily",
            "main_class": None,
            "job_parameters": ("x",),
        },
        SESSION_ID + b"\x00",
        [b"report", b"ab", None, b"daily", None, b"<", b"x", b">"],
    ),
    "jet.uploadJobMultipart": (
        {
            "session_id": SESSION,
            "current_part": 1,
            "total_parts": 2,
            "part_size": 3,
            "part_data": b"jar",
            "sha256_hex": "cd",
        },
        SESSION_ID + struct.pack("<iii", 1, 2, 3),
        [b"jar", b"cd"],
    ),
    "jet.addJobStatusListener": (
        {"job_id": 5, "light_job_coordinator": None, "local_only": True},
        struct.pack("<q", 5) + NO_ID + b"\x01",
        [],
    ),
    "jet.removeJobStatusListener": (
        {"job_id": 5, "registration_id": SESSION},
        struct.pack("<q", 5) + SESSION_ID,
        [],
    ),
    "jet.updateJobConfig": ({"job_id": 5, "delta_config": b"delta"}, struct.pack("<q", 5), [b"delta"]),
}

JET_4_FIELDS: dict[str, tuple[dict[str, Any], bytes, list[bytes | None]]] = {
    **FIELDS,
    "jet.submitJob": (
        {"job_id": 5, "definition": b"dag", "config": b"config"},
        struct.pack("<q", 5),
        [b"dag", b"config"],
    ),
    "jet.terminateJob": (
        {"job_id": 5, "mode": TerminationMode.CANCEL_FORCEFUL},
        struct.pack("<qi", 5, 5),
        [],
    ),
    "jet.getJobIds": ({}, b"", []),
    "jet.joinSubmittedJob": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.getJobIdsByName": ({"name": "daily"}, b"", [b"daily"]),
    "jet.getJobSubmissionTime": ({"job_id": 5}, struct.pack("<q", 5), []),
    "jet.getJobConfig": ({"job_id": 5}, struct.pack("<q", 5), []),
}

BOTH = [
    *(pytest.param(one, *FIELDS[one.name], id=one.name) for one in jet.MESSAGES),
    *(pytest.param(one, *JET_4_FIELDS[one.name], id=f"{one.name} of Jet 4") for one in jet.JET_4_MESSAGES),
]


def received(data: bytes | bytearray) -> Message:
    (message,) = FrameReader().feed(bytes(data))
    return message


def frames(message: Message) -> list[bytes | None]:
    """The frames after the first: contents, None for null, angle brackets for the bounds of a structure."""
    message.reset_next_frame()
    message.next_frame()
    found: list[bytes | None] = []
    while message.has_next_frame():
        frame = message.next_frame()
        marks = {NULL: None, BEGIN_STRUCTURE: b"<", END_STRUCTURE: b">"}
        mark = frame.flags & (NULL | BEGIN_STRUCTURE | END_STRUCTURE)
        found.append(marks[mark] if mark else frame.buf)
    return found


@pytest.mark.parametrize(("message_type", "fields", "first", "others"), BOTH)
def test_the_fields_of_a_request_lie_where_members_read_them(
    message_type: MessageType[Any, Any], fields: dict[str, Any], first: bytes, others: list[bytes | None]
) -> None:
    message = received(encode_request(message_type, **fields))
    assert message.next_frame().buf[16:] == first
    assert frames(message) == others


@pytest.mark.parametrize(("message_type", "fields", "first", "others"), BOTH)
def test_a_request_is_read_as_it_was_written(
    message_type: MessageType[Any, Any], fields: dict[str, Any], first: bytes, others: list[bytes | None]
) -> None:
    assert decode_request(message_type, received(encode_request(message_type, **fields))) == fields


NUMBERS = {
    "jet.submitJob": 0xFE0100,
    "jet.terminateJob": 0xFE0200,
    "jet.getJobStatus": 0xFE0300,
    "jet.getJobIds": 0xFE0400,
    "jet.joinSubmittedJob": 0xFE0500,
    "jet.getJobSubmissionTime": 0xFE0700,
    "jet.getJobConfig": 0xFE0800,
    "jet.resumeJob": 0xFE0900,
    "jet.exportSnapshot": 0xFE0A00,
    "jet.getJobSummaryList": 0xFE0B00,
    "jet.existsDistributedObject": 0xFE0C00,
    "jet.getJobMetrics": 0xFE0D00,
    "jet.getJobSuspensionCause": 0xFE0E00,
    "jet.getJobAndSqlSummaryList": 0xFE0F00,
    "jet.isJobUserCancelled": 0xFE1000,
    "jet.uploadJobMetaData": 0xFE1100,
    "jet.uploadJobMultipart": 0xFE1200,
    "jet.addJobStatusListener": 0xFE1300,
    "jet.removeJobStatusListener": 0xFE1400,
    "jet.updateJobConfig": 0xFE1500,
}


def test_hazelcast_5_has_the_numbers_of_the_protocol() -> None:
    assert {one.name: one.request.type for one in jet.MESSAGES} == NUMBERS


def test_jet_4_has_the_same_numbers_but_for_one_and_a_message_that_is_gone() -> None:
    numbers = {one.name: one.request.type for one in jet.JET_4_MESSAGES}
    assert numbers.pop("jet.getJobIdsByName") == 0xFE0600
    assert numbers.pop("jet.getJobSuspensionCause") == table.CREATE_PROXIES.request.type
    assert numbers.items() <= NUMBERS.items()


def test_what_changes_a_job_is_not_repeated_and_what_asks_is() -> None:
    changing = {
        "jet.submitJob",
        "jet.terminateJob",
        "jet.resumeJob",
        "jet.exportSnapshot",
        "jet.addJobStatusListener",
    }
    for one in (*jet.MESSAGES, *jet.JET_4_MESSAGES):
        assert one.retryable is (one.name not in changing), one.name


def test_joining_a_job_waits_for_it() -> None:
    blocking = {one.name for one in jet.MESSAGES if one.request.type in table.BLOCKING}
    assert "jet.joinSubmittedJob" in blocking


SUMMARY = JobAndSqlSummary(
    light_job=False,
    job_id=5,
    execution_id=6,
    name_or_id="daily",
    status=JobStatus.SUSPENDED,
    submission_time=1000,
    completion_time=0,
    failure_text=None,
    sql_summary=SqlSummary(query="CREATE JOB daily", unbounded=True),
    suspension_cause="Requested by user",
    user_cancelled=False,
)
RESPONSES = [
    (jet.GET_JOB_STATUS, JobStatus.COMPLETED),
    (jet.GET_JOB_IDS, b"data"),
    (jet.JET_4_GET_JOB_IDS, (1, -2)),
    (jet.JET_4_GET_JOB_IDS_BY_NAME, ()),
    (jet.GET_JOB_SUBMISSION_TIME, 1_700_000_000_000),
    (jet.EXISTS_DISTRIBUTED_OBJECT, True),
    (jet.JET_4_GET_JOB_SUSPENSION_CAUSE, "Requested by user"),
    (jet.GET_JOB_AND_SQL_SUMMARY_LIST, (SUMMARY,)),
    (jet.IS_JOB_USER_CANCELLED, False),
    (jet.ADD_JOB_STATUS_LISTENER, SESSION),
    (jet.REMOVE_JOB_STATUS_LISTENER, True),
    (jet.JOIN_SUBMITTED_JOB, None),
]


@pytest.mark.parametrize(("message_type", "response"), RESPONSES, ids=lambda value: getattr(value, "name", ""))
def test_an_answer_is_read_as_it_was_written(message_type: MessageType[Any, Any], response: Any) -> None:
    message = received(encode_response(message_type, response, correlation_id=1))
    assert message.type == message_type.request.type + 1
    assert decode_response(message_type, message) == response


def summary_as_of(version: tuple[int, int]) -> Message:
    """A list of one job as members wrote it."""
    writer = FrameWriter()
    writer.add(struct.pack("<iqB", 0xFE0F01, 1, 0), 0xC000)
    writer.add(flags=BEGIN_STRUCTURE)
    writer.add(flags=BEGIN_STRUCTURE)
    fixed = struct.pack("<?qqiqq", False, 5, 6, 3, 1000, 0)
    writer.add(fixed + (b"\x00" if version >= (5, 3) else b""))
    writer.add(b"daily")
    writer.add(flags=NULL)
    writer.add(flags=BEGIN_STRUCTURE)
    writer.add(b"\x01")
    writer.add(b"CREATE JOB daily")
    writer.add(flags=END_STRUCTURE)
    if version >= (5, 3):
        writer.add(b"Requested by user")
    writer.add(flags=END_STRUCTURE)
    writer.add(flags=END_STRUCTURE)
    return received(writer.finish())


def test_the_list_of_jobs_is_read_as_members_write_it() -> None:
    assert decode_response(jet.GET_JOB_AND_SQL_SUMMARY_LIST, summary_as_of((5, 7))) == (SUMMARY,)
    expected = encode_response(jet.GET_JOB_AND_SQL_SUMMARY_LIST, (SUMMARY,), correlation_id=1)
    assert frames(received(expected)) == frames(summary_as_of((5, 7)))


def test_members_before_5_3_say_neither_who_cancelled_a_job_nor_why_it_is_suspended() -> None:
    (read,) = decode_response(jet.GET_JOB_AND_SQL_SUMMARY_LIST, summary_as_of((5, 2)))
    assert (read.user_cancelled, read.suspension_cause) == (None, None)
    assert read.sql_summary == SUMMARY.sql_summary


def test_a_status_event_is_read_as_members_write_it() -> None:
    event = JobStatusEvent(
        job_id=5, previous=JobStatus.RUNNING, new=JobStatus.SUSPENDED, user_requested=True, description="Suspend"
    )
    message = received(encode_event(jet.ADD_JOB_STATUS_LISTENER, event, correlation_id=1))
    assert message.type == 0xFE1302
    content = message.next_frame().buf
    assert content[16:] == struct.pack("<qii?", 5, 2, 3, True)
    assert len(content) == 33
    assert decode_event(jet.ADD_JOB_STATUS_LISTENER, message) == event


def test_a_status_that_is_none_is_refused() -> None:
    data = bytearray(encode_response(jet.GET_JOB_STATUS, JobStatus.RUNNING, correlation_id=1))
    data[-4:] = struct.pack("<i", 8)
    with pytest.raises(ProtocolError, match="8 is no JobStatus"):
        decode_response(jet.GET_JOB_STATUS, received(data))


@pytest.mark.parametrize(("status", "ended"), [(one, one in (6, 7)) for one in JobStatus])
def test_a_job_has_ended_when_it_completed_or_failed(status: JobStatus, ended: bool) -> None:
    assert status.ended is ended
