"""Metrics: the compressed form is read as the official package writes it, and within limits."""

from __future__ import annotations

import contextlib
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hazelcast.metrics import MetricDescriptor, MetricsCompressor
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.jet import metrics
from tealjet.jet.metrics import JobMetrics, Measurement, Unit, read_measurements
from tealjet.protocol.errors import ProtocolError

words = st.none() | st.text("abc", min_size=1, max_size=6)
# the official package's own are untyped
compressor_of: Any = MetricsCompressor
descriptor_of: Any = MetricDescriptor
measured = st.lists(
    st.tuples(
        st.text("abc", min_size=1, max_size=6),
        words,
        words,
        st.none() | st.sampled_from(list(Unit)),
        st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=100)
@given(measured)
def test_what_the_official_package_writes_is_read(values: list[tuple[Any, ...]]) -> None:
    compressor: Any = compressor_of()
    for name, discriminator, value_of_it, unit, value in values:
        descriptor: Any = descriptor_of(name, "jet", discriminator, value_of_it, unit)
        add = compressor.add_long if isinstance(value, int) else compressor.add_double
        add(descriptor, value)
    read = read_measurements(bytes(compressor.generate_blob()), 1000)
    assert [(one.metric, one.tags, one.unit, one.value) for one in read] == [
        (name, {} if discriminator is None else {discriminator: value_of_it or ""}, unit, value)
        for name, discriminator, value_of_it, unit, value in values
    ]
    assert all(one.time == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) for one in read)


def blob(*measurements: bytes, words: bytes = b"", count: int | None = None, version: int = 1) -> bytes:
    """A blob of one's own; the words "a" and "ab" have the numbers 0 and 1."""
    known = words or struct.pack(">i", 2) + struct.pack(">iBBH", 0, 0, 1, ord("a")) + struct.pack(
        ">iBBH", 1, 1, 1, ord("b")
    )
    dictionary = zlib.compress(known)
    head = struct.pack(">Hi", version, len(dictionary)) + dictionary
    return (
        head + struct.pack(">i", len(measurements) if count is None else count) + zlib.compress(b"".join(measurements))
    )


def one(*, name: int = 0, tags: list[tuple[int, int]], kind: int = 0, unit: int = -1) -> bytes:
    written = b"".join(struct.pack(">ii", *tag) for tag in tags)
    head = b"\x00" + struct.pack(">iiiibbB", -1, name, -1, -1, unit, 0, len(tags))
    return head + written + bytes([kind]) + struct.pack(">q", 5)


SAME = bytes([0b0111_1111])
"""A description that is as the one before in everything; its tags follow nevertheless."""


def test_what_a_measurement_leaves_out_is_as_in_the_one_before_and_tags_are_not() -> None:
    again = SAME + struct.pack(">ii", 1, 0) + b"\x00" + struct.pack(">q", 6)
    first, second = read_measurements(blob(one(name=1, tags=[(0, 1)], unit=4), again), 0)
    assert (first.metric, first.tags, first.unit, first.value) == ("ab", {"a": "ab"}, Unit.COUNT, 5)
    assert (second.metric, second.tags, second.unit, second.value) == ("ab", {"ab": "a"}, Unit.COUNT, 6)


def test_a_unit_that_is_not_known_is_none() -> None:
    (read,) = read_measurements(blob(one(tags=[], unit=77)), 0)
    assert read.unit is None


REFUSED = {
    "another version": blob(version=2),
    "no compression": struct.pack(">Hi", 1, 3) + b"abc",
    "half of it": blob(one(tags=[]))[:-3],
    "a word that is none": blob(one(name=9, tags=[])),
    "more measurements than there are": blob(one(tags=[]), count=2),
    "fewer than none": blob(count=-1),
    "more than are read": blob(count=metrics._MOST + 1),
    "more words than there are": blob(words=struct.pack(">i", 3) + bytes(12)),
    "another kind of value": blob(one(tags=[], kind=2)),
    "nothing": b"",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_blob_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_measurements(data, 0)


def test_a_bomb_is_refused() -> None:
    bomb = zlib.compress(bytes(metrics._LIMIT + 1))
    with pytest.raises(ProtocolError, match="more than"):
        read_measurements(struct.pack(">Hi", 1, len(bomb)) + bomb, 0)


def test_an_impossible_time_is_refused() -> None:
    with pytest.raises(ProtocolError, match="impossible time"):
        read_measurements(blob(), 2**62)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60), st.binary(max_size=100), st.integers(-(2**31), 2**31 - 1))
def test_any_content_is_read_or_refused(words: bytes, content: bytes, count: int) -> None:
    with contextlib.suppress(ProtocolError):
        read_measurements(blob(content, words=words or b"\0", count=count), 0)
    with contextlib.suppress(ProtocolError):
        read_measurements(blob(content, count=count % 5), 0)


def measurement(metric: str, value: int, **tags: str) -> Measurement:
    return Measurement(metric=metric, value=value, unit=None, time=datetime.now(UTC), tags=tags)


ALL = JobMetrics(
    (
        measurement("status", 2, jobName="daily"),
        measurement("emitted", 3, vertex="read", member="1"),
        measurement("emitted", 4, vertex="read", member="2"),
        measurement("emitted", 5, vertex="write", member="2"),
    )
)


def test_metrics_are_found_by_name_tag_vertex_and_member() -> None:
    assert ALL.names == {"status", "emitted"}
    assert [one.value for one in ALL["emitted"]] == [3, 4, 5]
    assert ALL["nothing"] == ()
    assert [one.value for one in ALL.filter(vertex="read", member="2")] == [4]
    assert [one.value for one in ALL.filter(lambda one: one.value > 3)] == [4, 5]
    assert {name: [one.value for one in some] for name, some in ALL.by_vertex().items()} == {
        "read": [3, 4],
        "write": [5],
    }
    assert {name: len(some) for name, some in ALL.by_member().items()} == {"1": 1, "2": 2}
    assert len(ALL) == 4
