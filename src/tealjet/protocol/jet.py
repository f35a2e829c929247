"""The messages about jobs, declared: those of Hazelcast 5, and those that Hazelcast Jet 4 has instead of some of them.

The official package has no codec for any of them. Hazelcast Jet 4.3 ignores what it does not expect at the end of a
request, so that a message of Hazelcast 5 may get an answer there that looks right and is not: which of two forms is
sent is decided by the version of the cluster, never by the absence of an error. What payloads contain is not known
here: ``Data`` is bytes.
"""

from __future__ import annotations

import enum
import uuid
from typing import Any

from tealjet.protocol import jet_values
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import (
    BOOLEAN,
    BYTES,
    INT,
    LONG,
    NULLABLE_UUID,
    STRING,
    UUID,
    Field,
    array_of,
    enum_of,
    list_of,
    nullable,
    structure,
)
from tealjet.protocol.values import MemberVersion

__all__ = [
    "ADD_JOB_STATUS_LISTENER",
    "ALL_JOBS",
    "EXISTS_DISTRIBUTED_OBJECT",
    "EXPORT_SNAPSHOT",
    "GET_JOB_AND_SQL_SUMMARY_LIST",
    "GET_JOB_CONFIG",
    "GET_JOB_IDS",
    "GET_JOB_METRICS",
    "GET_JOB_STATUS",
    "GET_JOB_SUBMISSION_TIME",
    "GET_JOB_SUMMARY_LIST",
    "GET_JOB_SUSPENSION_CAUSE",
    "IS_JOB_USER_CANCELLED",
    "JET_4_GET_JOB_CONFIG",
    "JET_4_GET_JOB_IDS",
    "JET_4_GET_JOB_IDS_BY_NAME",
    "JET_4_GET_JOB_SUBMISSION_TIME",
    "JET_4_GET_JOB_SUSPENSION_CAUSE",
    "JET_4_JOIN_SUBMITTED_JOB",
    "JET_4_MESSAGES",
    "JET_4_SUBMIT_JOB",
    "JET_4_TERMINATE_JOB",
    "JOIN_SUBMITTED_JOB",
    "MESSAGES",
    "REMOVE_JOB_STATUS_LISTENER",
    "RESUME_JOB",
    "SUBMIT_JOB",
    "TERMINATE_JOB",
    "UPDATE_JOB_CONFIG",
    "UPLOAD_JOB_METADATA",
    "UPLOAD_JOB_MULTIPART",
    "Dialect",
]


class Dialect(enum.Enum):
    """In which form a cluster writes and reads about jobs."""

    JET_4 = "Hazelcast Jet 4"
    HAZELCAST_5 = "Hazelcast 5"

    @classmethod
    def of(cls, version: MemberVersion) -> Dialect:
        """Return the form of members of that version; those of Hazelcast Jet 4 call themselves 4.0."""
        return cls.HAZELCAST_5 if version.major >= 5 else cls.JET_4


ALL_JOBS = -(2**63)
"""The job id that ``GET_JOB_IDS`` takes for no id in particular."""

_JOB_ID = Field("job_id", LONG)
_COORDINATOR = Field("light_job_coordinator", NULLABLE_UUID, optional=True)
"""The member that coordinates a light job; None for a normal one, which any member finds."""
_STATUS = enum_of(jet_values.JobStatus, INT)
_DATA = Field("response", BYTES)

_SQL_SUMMARY = structure(jet_values.SqlSummary, Field("unbounded", BOOLEAN), Field("query", STRING))

_JOB_AND_SQL_SUMMARY = structure(
    jet_values.JobAndSqlSummary,
    Field("light_job", BOOLEAN),
    Field("job_id", LONG),
    Field("execution_id", LONG),
    Field("status", _STATUS),
    Field("submission_time", LONG),
    Field("completion_time", LONG),
    Field("user_cancelled", BOOLEAN, optional=True),
    Field("name_or_id", STRING),
    Field("failure_text", nullable(STRING)),
    Field("sql_summary", nullable(_SQL_SUMMARY), optional=True),
    Field("suspension_cause", nullable(STRING), optional=True),
)

# ------------------------------------------------------------------------------------------- as of Hazelcast 5

SUBMIT_JOB: MessageType[None, None] = declare(
    "jet.submitJob",
    0xFE0100,
    retryable=False,
    request=(_JOB_ID, _COORDINATOR, Field("definition", BYTES), Field("config", nullable(BYTES))),
)
"""Members need a configuration although the protocol lets it be null."""

TERMINATE_JOB: MessageType[None, None] = declare(
    "jet.terminateJob",
    0xFE0200,
    retryable=False,
    request=(_JOB_ID, Field("mode", enum_of(jet_values.TerminationMode, INT)), _COORDINATOR),
)
"""Any mode cancels a light job."""

GET_JOB_STATUS: MessageType[jet_values.JobStatus, None] = declare(
    "jet.getJobStatus", 0xFE0300, retryable=True, request=(_JOB_ID,), response=(Field("status", _STATUS),)
)
"""Of normal jobs only: a light job is never found by it."""

GET_JOB_IDS: MessageType[bytes, None] = declare(
    "jet.getJobIds",
    0xFE0400,
    retryable=True,
    request=(Field("only_job_id", LONG), Field("only_name", nullable(STRING))),
    response=(_DATA,),
)
"""Ids by member; of one job, of a name, or of all (``ALL_JOBS``, None)."""

JOIN_SUBMITTED_JOB: MessageType[None, None] = declare(
    "jet.joinSubmittedJob", 0xFE0500, retryable=True, request=(_JOB_ID, _COORDINATOR)
)
"""Answered when the job has ended."""

GET_JOB_SUBMISSION_TIME: MessageType[int, None] = declare(
    "jet.getJobSubmissionTime",
    0xFE0700,
    retryable=True,
    request=(_JOB_ID, _COORDINATOR),
    response=(Field("time", LONG),),
)
"""Milliseconds since 1970."""

GET_JOB_CONFIG: MessageType[bytes, None] = declare(
    "jet.getJobConfig", 0xFE0800, retryable=True, request=(_JOB_ID, _COORDINATOR), response=(_DATA,)
)

RESUME_JOB: MessageType[None, None] = declare("jet.resumeJob", 0xFE0900, retryable=False, request=(_JOB_ID,))

EXPORT_SNAPSHOT: MessageType[None, None] = declare(
    "jet.exportSnapshot",
    0xFE0A00,
    retryable=False,
    request=(_JOB_ID, Field("cancel_job", BOOLEAN), Field("name", STRING)),
)
"""For the Enterprise edition; others answer that they can't."""

GET_JOB_SUMMARY_LIST: MessageType[bytes, None] = declare(
    "jet.getJobSummaryList", 0xFE0B00, retryable=True, response=(_DATA,)
)

EXISTS_DISTRIBUTED_OBJECT: MessageType[bool, None] = declare(
    "jet.existsDistributedObject",
    0xFE0C00,
    retryable=True,
    request=(Field("service_name", STRING), Field("object_name", STRING)),
    response=(Field("exists", BOOLEAN),),
)

GET_JOB_METRICS: MessageType[bytes, None] = declare(
    "jet.getJobMetrics", 0xFE0D00, retryable=True, request=(_JOB_ID,), response=(_DATA,)
)
"""No version answers it for a light job or for an id that it does not know."""

GET_JOB_SUSPENSION_CAUSE: MessageType[bytes, None] = declare(
    "jet.getJobSuspensionCause", 0xFE0E00, retryable=True, request=(_JOB_ID,), response=(_DATA,)
)

GET_JOB_AND_SQL_SUMMARY_LIST: MessageType[tuple[jet_values.JobAndSqlSummary, ...], None] = declare(
    "jet.getJobAndSqlSummaryList",
    0xFE0F00,
    retryable=True,
    response=(Field("summaries", list_of(_JOB_AND_SQL_SUMMARY)),),
)
"""All jobs, newest first, also those that have ended."""

IS_JOB_USER_CANCELLED: MessageType[bool, None] = declare(
    "jet.isJobUserCancelled", 0xFE1000, retryable=True, request=(_JOB_ID,), response=(Field("cancelled", BOOLEAN),)
)

UPLOAD_JOB_METADATA: MessageType[None, None] = declare(
    "jet.uploadJobMetaData",
    0xFE1100,
    retryable=True,
    request=(
        Field("session_id", UUID),
        Field("jar_on_member", BOOLEAN),
        Field("file_name", STRING),
        Field("sha256_hex", STRING),
        Field("snapshot_name", nullable(STRING)),
        Field("job_name", nullable(STRING)),
        Field("main_class", nullable(STRING)),
        Field("job_parameters", list_of(STRING)),
    ),
)
"""Begins an upload; with a JAR that is on the member it is the whole submission."""

UPLOAD_JOB_MULTIPART: MessageType[None, None] = declare(
    "jet.uploadJobMultipart",
    0xFE1200,
    retryable=True,
    request=(
        Field("session_id", UUID),
        Field("current_part", INT),
        Field("total_parts", INT),
        Field("part_size", INT),
        Field("part_data", BYTES),
        Field("sha256_hex", STRING),
    ),
)
"""One part, counted from 1; the last one is answered when the JAR's main has returned. The protocol calls it safe to
repeat; it is not, because a session ends with its first error."""

ADD_JOB_STATUS_LISTENER: MessageType[uuid.UUID | None, jet_values.JobStatusEvent] = declare(
    "jet.addJobStatusListener",
    0xFE1300,
    retryable=False,
    request=(_JOB_ID, _COORDINATOR, Field("local_only", BOOLEAN)),
    response=(Field("registration_id", NULLABLE_UUID),),
    events=(
        (
            jet_values.JobStatusEvent,
            (
                _JOB_ID,
                Field("previous", _STATUS),
                Field("new", _STATUS),
                Field("user_requested", BOOLEAN),
                Field("description", nullable(STRING)),
            ),
        ),
    ),
)

REMOVE_JOB_STATUS_LISTENER: MessageType[bool, None] = declare(
    "jet.removeJobStatusListener",
    0xFE1400,
    retryable=True,
    request=(_JOB_ID, Field("registration_id", UUID)),
    response=(Field("removed", BOOLEAN),),
)

UPDATE_JOB_CONFIG: MessageType[bytes, None] = declare(
    "jet.updateJobConfig",
    0xFE1500,
    retryable=True,
    request=(_JOB_ID, Field("delta_config", BYTES)),
    response=(_DATA,),
)
"""Changes the configuration of a suspended job; the answer is all of it."""

MESSAGES: tuple[MessageType[Any, Any], ...] = (
    SUBMIT_JOB,
    TERMINATE_JOB,
    GET_JOB_STATUS,
    GET_JOB_IDS,
    JOIN_SUBMITTED_JOB,
    GET_JOB_SUBMISSION_TIME,
    GET_JOB_CONFIG,
    RESUME_JOB,
    EXPORT_SNAPSHOT,
    GET_JOB_SUMMARY_LIST,
    EXISTS_DISTRIBUTED_OBJECT,
    GET_JOB_METRICS,
    GET_JOB_SUSPENSION_CAUSE,
    GET_JOB_AND_SQL_SUMMARY_LIST,
    IS_JOB_USER_CANCELLED,
    UPLOAD_JOB_METADATA,
    UPLOAD_JOB_MULTIPART,
    ADD_JOB_STATUS_LISTENER,
    REMOVE_JOB_STATUS_LISTENER,
    UPDATE_JOB_CONFIG,
)
"""What Hazelcast 5 members know."""

# ------------------------------------------------------------------------------------ as of Hazelcast Jet 4.3

JET_4_SUBMIT_JOB: MessageType[None, None] = declare(
    "jet.submitJob",
    0xFE0100,
    retryable=False,
    request=(_JOB_ID, Field("definition", BYTES), Field("config", BYTES)),
)

JET_4_TERMINATE_JOB: MessageType[None, None] = declare(
    "jet.terminateJob",
    0xFE0200,
    retryable=False,
    request=(_JOB_ID, Field("mode", enum_of(jet_values.TerminationMode, INT))),
)

JET_4_GET_JOB_IDS: MessageType[tuple[int, ...], None] = declare(
    "jet.getJobIds", 0xFE0400, retryable=True, response=(Field("job_ids", array_of(LONG)),)
)
"""The ids of all jobs."""

JET_4_JOIN_SUBMITTED_JOB: MessageType[None, None] = declare(
    "jet.joinSubmittedJob", 0xFE0500, retryable=True, request=(_JOB_ID,)
)

JET_4_GET_JOB_IDS_BY_NAME: MessageType[tuple[int, ...], None] = declare(
    "jet.getJobIdsByName",
    0xFE0600,
    retryable=True,
    request=(Field("name", STRING),),
    response=(Field("job_ids", array_of(LONG)),),
)
"""The active job of that name first, then those that have ended, newest first. Hazelcast 5 does not know it."""

JET_4_GET_JOB_SUBMISSION_TIME: MessageType[int, None] = declare(
    "jet.getJobSubmissionTime", 0xFE0700, retryable=True, request=(_JOB_ID,), response=(Field("time", LONG),)
)

JET_4_GET_JOB_CONFIG: MessageType[bytes, None] = declare(
    "jet.getJobConfig", 0xFE0800, retryable=True, request=(_JOB_ID,), response=(_DATA,)
)

JET_4_GET_JOB_SUSPENSION_CAUSE: MessageType[str, None] = declare(
    "jet.getJobSuspensionCause", 0x000E00, retryable=True, request=(_JOB_ID,), response=(Field("cause", STRING),)
)
"""Its number is that of ``client.createProxies`` everywhere else."""

JET_4_MESSAGES: tuple[MessageType[Any, Any], ...] = (
    JET_4_SUBMIT_JOB,
    JET_4_TERMINATE_JOB,
    GET_JOB_STATUS,
    JET_4_GET_JOB_IDS,
    JET_4_JOIN_SUBMITTED_JOB,
    JET_4_GET_JOB_IDS_BY_NAME,
    JET_4_GET_JOB_SUBMISSION_TIME,
    JET_4_GET_JOB_CONFIG,
    RESUME_JOB,
    EXPORT_SNAPSHOT,
    GET_JOB_SUMMARY_LIST,
    EXISTS_DISTRIBUTED_OBJECT,
    GET_JOB_METRICS,
    JET_4_GET_JOB_SUSPENSION_CAUSE,
)
"""What Hazelcast Jet 4.3 members know."""
