"""What a job measures about itself: measurements with their tags, and the compressed form that members send."""

from __future__ import annotations

import datetime
import enum
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tealjet.jet.bytes_reader import BytesReader
from tealjet.protocol.errors import ProtocolError

__all__ = ["JobMetrics", "Measurement", "Unit", "read_measurements"]


class Unit(enum.IntEnum):
    """What a value counts."""

    BYTES = 0
    MS = 1
    """Milliseconds, of a duration or since 1970."""
    NS = 2
    """Nanoseconds."""
    PERCENT = 3
    COUNT = 4
    BOOLEAN = 5
    ENUM = 6
    """The number of a constant."""
    US = 7
    """Microseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One value of one metric, as one member measured it."""

    metric: str
    """Its name, such as ``emittedCount``."""
    value: int | float
    unit: Unit | None
    time: datetime.datetime
    """When the member collected it."""
    tags: Mapping[str, str]
    """What it is about: ``vertex``, ``proc``, ``member``, ``address`` and others, as Java names them."""

    @property
    def vertex(self) -> str | None:
        """The stage of the job that it is about, None when it is about the whole job."""
        return self.tags.get("vertex")

    @property
    def member(self) -> str | None:
        """The id of the member that measured it, None when the cluster did as a whole."""
        return self.tags.get("member")


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """The measurements of a job at one moment; empty until its members have collected some, or when it keeps none."""

    measurements: tuple[Measurement, ...]

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.measurements)

    def __len__(self) -> int:
        return len(self.measurements)

    def __getitem__(self, metric: str) -> tuple[Measurement, ...]:
        """Return the measurements of one metric, none when there is no such metric, as in Java."""
        return tuple(one for one in self.measurements if one.metric == metric)

    @property
    def names(self) -> frozenset[str]:
        """The names of the metrics."""
        return frozenset(one.metric for one in self.measurements)

    def filter(self, keep: Callable[[Measurement], bool] | None = None, **tags: str) -> JobMetrics:
        """Return those that have all these tags with these values, and that the function keeps if there is one."""
        return JobMetrics(
            tuple(one for one in self.measurements if tags.items() <= one.tags.items() and (keep is None or keep(one)))
        )

    def by_vertex(self) -> Mapping[str, JobMetrics]:
        """Return what is about each stage of the job."""
        return self._by(lambda one: one.vertex)

    def by_member(self) -> Mapping[str, JobMetrics]:
        """Return what each member measured, by its id."""
        return self._by(lambda one: one.member)

    def _by(self, key: Callable[[Measurement], str | None]) -> Mapping[str, JobMetrics]:
        groups: dict[str, list[Measurement]] = {}
        for one in self.measurements:
            if (name := key(one)) is not None:
                groups.setdefault(name, []).append(one)
        return MappingProxyType({name: JobMetrics(tuple(group)) for name, group in groups.items()})


# ------------------------------------------------------------------------------------------------- the compressed form

_FORMAT: Final = 1
_LIMIT: Final = 16_000_000
"""Bytes that one of the two parts may have when it is no longer compressed."""
_MOST: Final = 100_000
"""Words, or measurements, of one member."""
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

_SAME_PREFIX, _SAME_NAME, _SAME_DISCRIMINATOR, _SAME_DISCRIMINATOR_VALUE = 1, 2, 4, 8
_SAME_UNIT, _SAME_TARGETS, _SAME_TAG_COUNT = 16, 32, 64


def read_measurements(blob: bytes, timestamp: int) -> tuple[Measurement, ...]:
    """Read what one member collected.

    Args:
        blob: The measurements in the members' compressed form, version 1.
        timestamp: When they were collected, in milliseconds since 1970.

    Raises:
        ProtocolError: They are in no such form.
    """
    reader = BytesReader(blob)
    version = reader.read_unsigned_short()
    if version != _FORMAT:
        raise ProtocolError(f"metrics have the format {version}, and {_FORMAT} is read")
    words = _words(BytesReader(_inflated(reader.take(reader.read_int()))))
    count = reader.read_int()
    try:
        time = _EPOCH + datetime.timedelta(milliseconds=timestamp)
    except OverflowError:
        raise ProtocolError(f"metrics were collected at the impossible time {timestamp}") from None
    return _measurements(BytesReader(_inflated(reader.take(reader.left))), count, words, time)


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, _LIMIT)
    except zlib.error as error:
        raise ProtocolError(f"metrics are not compressed as they should be: {error}") from None
    if not inflater.eof:
        raise ProtocolError(f"compressed metrics are incomplete or have more than {_LIMIT} bytes")
    return inflated


def _few(count: int) -> int:
    if not 0 <= count <= _MOST:
        raise ProtocolError(
            f"{count} words or measurements are fewer than none, or more than the {_MOST} that are read"
        )
    return count


def _words(reader: BytesReader) -> dict[int, str]:
    """Read the dictionary, in which each word begins with some of the letters of the one before."""
    words: dict[int, str] = {}
    word = ""
    for _ in range(_few(reader.read_count(smallest=6))):
        number, common, more = reader.read_int(), reader.read_unsigned_byte(), reader.read_unsigned_byte()
        word = word[:common] + reader.take(2 * more).decode("utf-16-be", "replace")
        words[number] = word
    return words


def _measurements(
    reader: BytesReader, count: int, words: Mapping[int, str], time: datetime.datetime
) -> tuple[Measurement, ...]:
    """Read descriptions and values; a description omits what is as in the one before."""

    def word() -> str | None:
        number = reader.read_int()
        if number == -1:
            return None
        if number not in words:
            raise ProtocolError(f"metrics use the word {number}, which they do not have")
        return words[number]

    made = []
    name = discriminator = discriminator_value = unit = None
    tag_count = 0
    for _ in range(_few(count)):
        same = reader.read_unsigned_byte()
        if not same & _SAME_PREFIX:
            word()  # jobs use none
        if not same & _SAME_NAME:
            name = word()
        if not same & _SAME_DISCRIMINATOR:
            discriminator = word()
        if not same & _SAME_DISCRIMINATOR_VALUE:
            discriminator_value = word()
        if not same & _SAME_UNIT:
            unit = _unit(reader.read_byte())
        if not same & _SAME_TARGETS:
            reader.read_byte()  # who is not told of it
        if not same & _SAME_TAG_COUNT:
            tag_count = reader.read_unsigned_byte()
        tags = {word() or "": word() or "" for _ in range(tag_count)}
        if discriminator is not None:
            tags[discriminator] = discriminator_value or ""
        kind = reader.read_unsigned_byte()
        if kind > 1:
            raise ProtocolError(f"a measurement has a value of the unknown type {kind}")
        made.append(
            Measurement(
                metric=name or "",
                value=reader.read_double() if kind else reader.read_long(),
                unit=unit,
                time=time,
                tags=MappingProxyType(tags),
            )
        )
    return tuple(made)


def _unit(number: int) -> Unit | None:
    return Unit(number) if number in Unit._value2member_map_ else None
