"""The answers about jobs whose content the protocol does not declare: ids, summaries, causes of suspension, metrics.

Each reader takes the ``Data`` of one answer and gives values; the class and factory numbers are those of the members'
own serializers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tealjet.jet.java_stream import JavaEnum
from tealjet.jet.metrics import JobMetrics, read_measurements
from tealjet.jet.serialized import KnownTypes, SerializedReader, read_data
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobAndSqlSummary, JobStatus

__all__ = ["FoundJob", "read_job_ids", "read_job_metrics", "read_job_summaries", "read_suspension_cause"]

_IMPLEMENTATION: Final = -10002
_METRICS: Final = -10003


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundJob:
    """A job that a cluster knows."""

    job_id: int
    coordinator: uuid.UUID | None
    """The member that coordinates a light job, which all calls about it must name; None for a normal job."""

    @property
    def light(self) -> bool:
        """Whether it is a light job."""
        return self.coordinator is not None


def read_job_ids(data: bytes) -> tuple[FoundJob, ...]:
    """Read the answer of Hazelcast 5 to ``GET_JOB_IDS``, each job once, in the order in which members tell of them.

    Raises:
        ProtocolError: It is no such answer.
    """
    by_member = read_data(data, _JOB_IDS)
    if not isinstance(by_member, Mapping):
        raise ProtocolError("the ids of jobs are not given by member")
    found: dict[int, FoundJob] = {}
    for member, jobs in by_member.items():
        if not isinstance(member, uuid.UUID) or not isinstance(jobs, _JobsOfMember):
            raise ProtocolError("the ids of jobs are not given by member")
        for job_id, light in zip(jobs.ids, jobs.light, strict=True):
            found.setdefault(job_id, FoundJob(job_id=job_id, coordinator=member if light else None))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _JobsOfMember:
    ids: list[int]
    light: list[bool]


def _jobs_of_member(reader: SerializedReader) -> _JobsOfMember:
    ids = reader.read_array(SerializedReader.read_long, 8) or []
    light = reader.read_array(SerializedReader.read_boolean, 1) or []
    if len(ids) != len(light):
        raise ProtocolError(f"of {len(ids)} jobs {len(light)} are said to be light or not")
    return _JobsOfMember(ids, light)


_JOB_IDS: Final = KnownTypes(identified={(_IMPLEMENTATION, 19): _jobs_of_member})


def read_job_summaries(data: bytes, dialect: Dialect) -> tuple[JobAndSqlSummary, ...]:
    """Read the answer to ``GET_JOB_SUMMARY_LIST``: all jobs, newest first, also those that have ended.

    Raises:
        ProtocolError: It is no such answer.
    """
    summaries = read_data(data, _SUMMARIES[dialect])
    if not isinstance(summaries, list) or not all(isinstance(one, JobAndSqlSummary) for one in summaries):
        raise ProtocolError("the list of jobs is none")
    return tuple(summaries)


def _summary(reader: SerializedReader, *, light_job: bool) -> JobAndSqlSummary:
    return JobAndSqlSummary(
        light_job=light_job,
        job_id=reader.read_long(),
        execution_id=reader.read_long(),
        name_or_id=reader.read_text(),
        status=_status(reader.read_object()),
        submission_time=reader.read_long(),
        completion_time=reader.read_long(),
        failure_text=reader.read_string(),
    )


def _status(value: object) -> JobStatus:
    if not isinstance(value, JavaEnum) or value.name not in JobStatus.__members__:
        raise ProtocolError(f"{value!r} is no status of a job")
    return JobStatus[value.name]


_SUMMARIES: Final = {
    Dialect.JET_4: KnownTypes(identified={(_IMPLEMENTATION, 29): lambda reader: _summary(reader, light_job=False)}),
    Dialect.HAZELCAST_5: KnownTypes(
        identified={(_IMPLEMENTATION, 29): lambda reader: _summary(reader, light_job=reader.read_boolean())}
    ),
}


def read_suspension_cause(data: bytes) -> str | None:
    """Read the answer of Hazelcast 5 to ``GET_JOB_SUSPENSION_CAUSE``: the error, None when a user has asked for it.

    Raises:
        ProtocolError: It is no such answer.
    """
    cause = read_data(data, _CAUSE)
    if not isinstance(cause, _Cause):
        raise ProtocolError("the cause of a suspension is none")
    return cause.error


@dataclass(frozen=True, slots=True)
class _Cause:
    error: str | None


def _cause(reader: SerializedReader) -> _Cause:
    error = reader.read_object()
    if error is not None and not isinstance(error, str):
        raise ProtocolError("the error behind a suspension is no text")
    return _Cause(error)


_CAUSE: Final = KnownTypes(identified={(_IMPLEMENTATION, 43): _cause})


def read_job_metrics(data: bytes) -> JobMetrics:
    """Read the answer to ``GET_JOB_METRICS``.

    Raises:
        ProtocolError: It is no such answer.
    """
    blobs = read_data(data, _RAW_METRICS)
    if not isinstance(blobs, list) or not all(isinstance(blob, JobMetrics) for blob in blobs):
        raise ProtocolError("the metrics of a job are none")
    return JobMetrics(tuple(measurement for blob in blobs for measurement in blob))


def _raw_metrics(reader: SerializedReader) -> JobMetrics:
    blob, timestamp = reader.read_bytes(), reader.read_long()
    return JobMetrics(()) if blob is None else JobMetrics(read_measurements(blob, timestamp))


_RAW_METRICS: Final = KnownTypes(identified={(_METRICS, 1): _raw_metrics})
