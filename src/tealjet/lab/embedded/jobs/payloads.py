"""What members serialize about jobs; it is read by ``tealjet.jet``, which does not write anything."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Mapping, Sequence

from tealjet.lab.embedded.structures.serialized import Payload, UnreadableError
from tealjet.protocol.jet_values import JobAndSqlSummary

__all__ = ["config_of", "ids_by_member", "metrics", "name_in", "no_metrics", "summaries", "suspension_cause"]

_NULL, _IDENTIFIED, _STRING, _UUID, _ARRAY_LIST, _HASH_MAP, _JAVA = 0, -2, -11, -21, -29, -32, -100
_IMPLEMENTATION, _METRICS, _CONFIG = -10002, -10003, -10004
_JAR = 4


def _number(code: str, *values: int) -> bytes:
    return struct.pack(f">{len(values)}{code}" if len(values) > 1 else f">{code}", *values)


def _text(text: str | None) -> bytes:
    return _number("i", -1) if text is None else _number("i", len(text.encode())) + text.encode()


def _identified(factory: int, number: int, content: bytes) -> bytes:
    return _number("i", _IDENTIFIED) + b"\x01" + _number("i", factory, number) + content


def _enum(class_name: str, name: str) -> bytes:
    """Write a constant of an enum as Java does."""

    def described(one: str) -> bytes:
        return b"r" + _number("h", len(one)) + one.encode() + bytes(8) + b"\x12\x00\x00x"

    stream = b"\xac\xed\x00\x05~" + described(class_name) + described("java.lang.Enum") + b"pt"
    return _number("i", _JAVA) + stream + _number("h", len(name)) + name.encode()


def _data(content: bytes) -> bytes:
    """Return an object with its type as serialized data."""
    return bytes(4) + content


def _uuid(value: uuid.UUID) -> bytes:
    return _number("i", _UUID) + value.bytes


def ids_by_member(jobs: Mapping[uuid.UUID, Sequence[tuple[int, bool]]]) -> bytes:
    """Write which jobs each member knows: their ids, and whether they are light ones."""
    content = _number("i", len(jobs))
    for member, its in jobs.items():
        ids = _number("i", len(its)) + b"".join(_number("q", job_id) for job_id, _ in its)
        light = _number("i", len(its)) + bytes(is_light for _, is_light in its)
        content += _uuid(member) + _identified(_IMPLEMENTATION, 19, ids + light)
    return _data(_number("i", _HASH_MAP) + content)


def summaries(jobs: Iterable[JobAndSqlSummary], *, modern: bool) -> bytes:
    """Write the list of jobs that all versions know; only Hazelcast 5 says which are light."""
    written = [
        _identified(
            _IMPLEMENTATION,
            29,
            (bytes([job.light_job]) if modern else b"")
            + _number("q", job.job_id, job.execution_id)
            + _text(job.name_or_id)
            + _enum("com.hazelcast.jet.core.JobStatus", job.status.name)
            + _number("q", job.submission_time, job.completion_time)
            + _text(job.failure_text),
        )
        for job in jobs
    ]
    return _data(_number("i", _ARRAY_LIST, len(written)) + b"".join(written))


def suspension_cause(error: str | None) -> bytes:
    """Write why a job is suspended: an error, or None for a user's wish."""
    cause = _number("i", _NULL) if error is None else _number("i", _STRING) + _text(error)
    return _data(_identified(_IMPLEMENTATION, 43, cause))


def no_metrics() -> bytes:
    """Write that a job has ended and no measurements of it were kept: an empty list of Java's own."""
    name = "java.util.Collections$EmptyList"
    described = b"sr" + _number("h", len(name)) + name.encode() + bytes.fromhex("7ab817b43ca79ede") + b"\x02\x00\x00"
    return _data(_number("i", _JAVA) + b"\xac\xed\x00\x05" + described + b"xp")


def metrics(wall: float) -> bytes:
    """Write that nothing was measured yet."""
    nothing = _identified(_METRICS, 1, _number("i", -1) + _number("q", round(wall * 1000)))
    return _data(_number("i", _ARRAY_LIST, 1) + nothing)


def config_of(name: str | None, *, jar: str, modern: bool) -> bytes:
    """Write the configuration of a job that was started by a JAR.

    Args:
        name: The job's name.
        jar: What the JAR was called on the member.
        modern: As Hazelcast 5 does.
    """
    null = _number("i", _NULL)
    resource = _text(jar) + _number("h", _JAR) + null
    resources = _number("i", 1) + _number("i", _STRING) + _text(jar) + _identified(_CONFIG, 2, resource)
    content = (
        _text(name)
        + _enum("com.hazelcast.jet.config.ProcessingGuarantee", "NONE")
        + _number("q", 10_000)
        + b"\x01\x00\x00"  # auto scaling; neither suspended on failure nor protected from a split brain
        + (resources if modern else null)
        + null  # serializers
        + (null + null if modern else b"")  # arguments, class paths
        + null  # factory of class loaders
        + _text(None)  # initial snapshot
        + b"\x01\x00"  # measured, and measurements not kept
        + (_number("q", -1, 0) if modern else b"")  # no limit of records, no limit of time
    )
    return _data(_identified(_CONFIG, 0, content))


def name_in(config: bytes) -> str | None:
    """Return the name of the job that a client's configuration is for.

    Raises:
        UnreadableError: It is no configuration of a job.
    """
    payload = Payload(config)
    if payload.number("i") != _IDENTIFIED or not payload.number("?"):
        raise UnreadableError("this is no configuration of a job")
    if (payload.number("i"), payload.number("i")) != (_CONFIG, 0):
        raise UnreadableError("this is no configuration of a job")
    return payload.text()
