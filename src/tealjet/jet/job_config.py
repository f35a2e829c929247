"""How a job is configured, as members keep it, and how a client says what is to be changed of that."""

from __future__ import annotations

import enum
import functools
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tealjet.jet.java_stream import JavaEnum, JavaObject
from tealjet.jet.java_values import plain
from tealjet.jet.serialized import KnownTypes, SerializedReader, read_data
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet import Dialect

__all__ = [
    "DeltaJobConfig",
    "JobConfig",
    "ProcessingGuarantee",
    "Resource",
    "ResourceType",
    "delta_data",
    "read_job_config",
]

_CONFIG: Final = -10004
_IDENTIFIED, _LONG, _NULL = -2, -8, 0
_UNCHANGED: Final = 127
"""Stands where a truth value of a change might stand."""


class ProcessingGuarantee(enum.Enum):
    """What a job promises for each item when it goes on after a failure."""

    NONE = "NONE"
    AT_LEAST_ONCE = "AT_LEAST_ONCE"
    EXACTLY_ONCE = "EXACTLY_ONCE"


class ResourceType(enum.IntEnum):
    """What was sent to the members with a job."""

    CLASSPATH_RESOURCE = 0
    FILE = 1
    DIRECTORY = 2
    CLASS = 3
    JAR = 4
    JARS_IN_ZIP = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """Something that was sent to the members with a job."""

    id: str
    type: ResourceType
    url: str | None
    """Where it was taken from, by whoever submitted the job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobConfig:
    """How a job was configured; the fields are those of Java's ``JobConfig``, durations are in seconds."""

    name: str | None
    processing_guarantee: ProcessingGuarantee
    snapshot_interval: float
    auto_scaling: bool
    suspend_on_failure: bool
    split_brain_protection: bool
    resources: tuple[Resource, ...]
    serializers: Mapping[str, str]
    """The classes of the serializers that the job brings along, by the class that each is for."""
    class_loader_factory: str | None
    """The class of the factory of class loaders that the job brings along."""
    initial_snapshot: str | None
    """The name of the snapshot that the job began with."""
    metrics: bool
    """The job is measured."""
    store_metrics: bool
    """The last measurements are kept when the job has ended."""
    arguments: Mapping[str, Any]
    """Whatever was given to the job under a name; empty on Jet 4, which has none."""
    custom_class_paths: Mapping[str, tuple[str, ...]]
    """By the name of a stage, the JARs that it alone sees; empty on Jet 4, which has none."""
    max_processor_accumulated_records: int | None
    """How many items one processor may keep for grouping or sorting; None for no limit of the job's own."""
    timeout: float | None
    """After so long the job is cancelled; None for never."""

    @property
    def sql(self) -> str | None:
        """The statement that the job was made from, None for one that SQL did not make."""
        text = self.arguments.get("__sql.queryText")
        return text if isinstance(text, str) else None

    @property
    def sql_unbounded(self) -> bool:
        """Whether the job was made from a statement that never ends by itself."""
        return self.arguments.get("__sql.queryUnbounded") is True


@dataclass(frozen=True, kw_only=True, slots=True)
class DeltaJobConfig:
    """What is to be changed of the configuration of a suspended job, as Java's ``DeltaJobConfig``; None: nothing."""

    snapshot_interval: float | None = None
    """Seconds from one snapshot to the next one."""
    auto_scaling: bool | None = None
    suspend_on_failure: bool | None = None
    split_brain_protection: bool | None = None
    metrics: bool | None = None
    store_metrics: bool | None = None
    max_processor_accumulated_records: int | None = None
    """At least 1, or -1 for no limit of the job's own."""
    timeout: float | None = None
    """After so many seconds the job is cancelled; 0 for never."""

    def __post_init__(self) -> None:
        for name in ("snapshot_interval", "timeout"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds <= _LONGEST:
                raise ValueError(f"{name} is {seconds!r}; it has to be a number of seconds, and not negative")
        records = self.max_processor_accumulated_records
        if records is not None and records != -1 and not 0 < records < 2**63:
            raise ValueError(
                f"max_processor_accumulated_records is {records!r}; it has to be 1 or more, or -1 for no limit"
            )


_LONGEST: Final = (2**63 - 1) // 1000
"""Seconds that Java can count in milliseconds."""


def delta_data(delta: DeltaJobConfig) -> bytes:
    """Return a change as members read it, with its type as serialized data."""
    flags = (
        delta.auto_scaling,
        delta.suspend_on_failure,
        delta.split_brain_protection,
        delta.metrics,
        delta.store_metrics,
    )
    return (
        struct.pack(">iibii", 0, _IDENTIFIED, 1, _CONFIG, 3)
        + _number_data(_milliseconds(delta.snapshot_interval))
        + bytes(_UNCHANGED if flag is None else flag for flag in flags)
        + _number_data(delta.max_processor_accumulated_records)
        + _number_data(_milliseconds(delta.timeout))
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _number_data(value: int | None) -> bytes:
    return struct.pack(">i", _NULL) if value is None else struct.pack(">iq", _LONG, value)


def read_job_config(data: bytes, dialect: Dialect) -> JobConfig:
    """Read the answer to ``GET_JOB_CONFIG``.

    Raises:
        ProtocolError: It is no such answer, or something of the user's own in it can't be read.
    """
    config = read_data(data, _KNOWN[dialect])
    if not isinstance(config, JobConfig):
        raise ProtocolError("the configuration of a job is none")
    return config


def _read(reader: SerializedReader, dialect: Dialect) -> JobConfig:
    is_5 = dialect is Dialect.HAZELCAST_5
    # in the order of the arguments, which is that of the fields in the data
    common: dict[str, Any] = {
        "name": reader.read_string(),
        "processing_guarantee": _guarantee(reader.read_object()),
        "snapshot_interval": reader.read_long() / 1000,
        "auto_scaling": reader.read_boolean(),
        "suspend_on_failure": reader.read_boolean(),
        "split_brain_protection": reader.read_boolean(),
        "resources": _resources(reader.read_map() if is_5 else reader.read_object()),
        "serializers": _map(reader.read_object()),
        "arguments": _map(reader.read_object() if is_5 else None),
        "custom_class_paths": _class_paths(reader.read_object() if is_5 else None),
        "class_loader_factory": _class_name(reader.read_object()),
        "initial_snapshot": reader.read_string(),
        "metrics": reader.read_boolean(),
        "store_metrics": reader.read_boolean(),
    }
    records, timeout = (reader.read_long(), reader.read_long()) if is_5 else (-1, 0)
    return JobConfig(
        **common,
        max_processor_accumulated_records=None if records == -1 else records,
        timeout=None if timeout == 0 else timeout / 1000,
    )


def _guarantee(value: object) -> ProcessingGuarantee:
    if not isinstance(value, JavaEnum) or value.name not in ProcessingGuarantee.__members__:
        raise ProtocolError(f"{value!r} is no processing guarantee")
    return ProcessingGuarantee[value.name]


def _map(value: object) -> Mapping[str, Any]:
    if value is None:
        return MappingProxyType({})
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ProtocolError("a map of names in the configuration of a job is none")
    return MappingProxyType(value)


def _class_paths(value: object) -> Mapping[str, tuple[str, ...]]:
    paths = _map(value)
    if not all(isinstance(one, list) for one in paths.values()):
        raise ProtocolError("a class path in the configuration of a job is none")
    return MappingProxyType({stage: tuple(map(str, jars)) for stage, jars in paths.items()})


def _class_name(value: object) -> str | None:
    if value is None:
        return None
    return value.class_name if isinstance(value, JavaObject) else type(value).__name__


def _resources(value: object) -> tuple[Resource, ...]:
    return tuple(_resource(one) for one in _map(value).values())


def _resource(value: object) -> Resource:
    if isinstance(value, Resource):
        return value
    if isinstance(value, JavaObject):  # as Jet 4 sends it
        fields = value.fields()
        kind, name, url = fields.get("resourceType"), fields.get("id"), plain(fields.get("url"))
        if isinstance(kind, JavaEnum) and kind.name in ResourceType.__members__ and isinstance(name, str):
            return Resource(id=name, type=ResourceType[kind.name], url=url if isinstance(url, str) else None)
    raise ProtocolError("a resource in the configuration of a job is none")


def _read_resource(reader: SerializedReader) -> Resource:
    name, number, url = reader.read_text(), reader.read_short(), reader.read_object()
    if number not in ResourceType._value2member_map_:
        raise ProtocolError(f"a resource of a job has the unknown type {number}")
    return Resource(id=name, type=ResourceType(number), url=url if isinstance(url, str) else None)


_KNOWN: Final = {
    dialect: KnownTypes(
        identified={
            (_CONFIG, 0): functools.partial(_read, dialect=dialect),
            (_CONFIG, 2): _read_resource,
        }
    )
    for dialect in Dialect
}
