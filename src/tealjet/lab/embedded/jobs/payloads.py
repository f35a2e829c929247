"""What members serialize about jobs; it is read by ``tealjet.jet``, which does not write anything."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Mapping, Sequence

from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.jobs.java_exceptions import java_exception
from tealjet.lab.embedded.structures.serialized import Payload, UnreadableError
from tealjet.protocol.jet_values import JobAndSqlSummary

__all__ = [
    "changed",
    "config_of",
    "end_of_job",
    "ids_by_member",
    "metrics",
    "name_in",
    "no_metrics",
    "summaries",
    "suspension_cause",
]

_NULL, _IDENTIFIED, _STRING, _UUID, _ARRAY_LIST, _HASH_MAP, _JAVA = 0, -2, -11, -21, -29, -32, -100
_IMPLEMENTATION, _METRICS, _CONFIG, _OBSERVER = -10002, -10003, -10004, -10006
_DONE, _DONE_OF_JET_4 = -318, -317
_JAR = 4
_GUARANTEE = "com.hazelcast.jet.config.ProcessingGuarantee"
_UNCHANGED = 127
"""Stands where a truth value of a change might stand."""


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


def end_of_job(error: MemberError | None, *, modern: bool) -> bytes:
    """Write what comes after the items of an observable when its job has ended: a mark, or what it ended with."""
    if error is None:
        return _data(_number("i", _DONE if modern else _DONE_OF_JET_4))
    return _data(_identified(_OBSERVER, 1, _number("i", _JAVA) + java_exception(error, modern=modern)))


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
        + _enum(_GUARANTEE, "NONE")
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
    return _configuration(config, 0).text()


def changed(config: bytes, delta: bytes) -> bytes:
    """Return a configuration with what a client changes of it.

    Args:
        config: The configuration of a job as Hazelcast 5 has it.
        delta: What is to be changed.

    Raises:
        UnreadableError: It is no change of one.
    """
    change = _configuration(delta, 3)
    interval, flags = change.object(), [change.number("b") for _ in range(5)]
    records, timeout = change.object(), change.object()
    head = _configuration(config, 0)
    head.text()
    head.number(f"{len(_enum(_GUARANTEE, '')) - 2}s")
    head.number(f"{head.number('H')}s")  # the name of the constant
    made, end = bytearray(config), len(config)
    at = end - len(head.rest())
    if at + 11 > end - 18:
        raise UnreadableError("this is no configuration of a job")
    if not all(one is None or isinstance(one, int) for one in (interval, records, timeout)):
        raise UnreadableError("a change of a configuration has no number where one is expected")
    if not {0, 1, _UNCHANGED}.issuperset(flags):
        raise UnreadableError("a change of a configuration has no truth value where one is expected")
    for position, number in ((at, interval), (end - 16, records), (end - 8, timeout)):
        if number is not None:
            made[position : position + 8] = _number("q", number)
    for position, flag in zip((at + 8, at + 9, at + 10, end - 18, end - 17), flags, strict=True):
        if flag != _UNCHANGED:
            made[position] = flag
    return bytes(made)


def _configuration(data: bytes, number: int) -> Payload:
    """Begin to read a configuration, or a change of one: the object has that number among those of its factory."""
    payload = Payload(data)
    if payload.number("i") != _IDENTIFIED or not payload.number("?"):
        raise UnreadableError("this is no configuration of a job")
    if (payload.number("i"), payload.number("i")) != (_CONFIG, number):
        raise UnreadableError("this is no configuration of a job")
    return payload
