"""The shorter ways say what the official ones say."""

from __future__ import annotations

from typing import Any

from hazelcast.config import Config
from hazelcast.hash import hash_to_index
from hazelcast.serialization.data import Data
from hazelcast.serialization.service import SerializationServiceV1
from hypothesis import given
from hypothesis import strategies as st

from tealjet.bridge.shortcuts import PartitionIds, StringShortcut

OFFICIAL: Any = SerializationServiceV1(Config())
SHORT = StringShortcut(OFFICIAL)

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.one_of(
    texts, st.none(), st.booleans(), st.integers(-(2**31), 2**31 - 1), st.floats(), st.binary().map(bytearray)
)


@given(values)
def test_a_value_is_serialized_to_the_official_bytes(value: object) -> None:
    official, short = OFFICIAL.to_data(value), SHORT.to_data(value)
    assert (official is None) == (short is None)
    if official is not None:
        assert bytes(short.buffer) == bytes(official.buffer)


@given(texts)
def test_a_string_is_read_back(text: str) -> None:
    assert SHORT.to_object(OFFICIAL.to_data(text)) == text
    assert SHORT.to_object(SHORT.to_data(text)) == text


@given(texts, texts)
def test_a_string_with_a_partition_key_goes_the_official_way(key: str, partition_key: str) -> None:
    def strategy(_: str) -> str:
        return partition_key

    assert bytes(SHORT.to_data(key, strategy).buffer) == bytes(OFFICIAL.to_data(key, strategy).buffer)


@given(st.lists(st.one_of(texts, st.integers(-(2**31), 2**31 - 1)), min_size=1))
def test_the_partition_of_a_key_is_the_official_one_however_often_it_is_asked_for(keys: list[object]) -> None:
    partitions = PartitionIds(271)
    for key in keys * 2:
        data = OFFICIAL.to_data(key)
        assert partitions.of(data) == hash_to_index(data.get_partition_hash(), 271)


def test_the_partitions_that_are_kept_are_bounded() -> None:
    partitions = PartitionIds(271)
    for number in range(20_000):
        partitions.of(Data(b"\0\0\0\0\xff\xff\xff\xf5" + number.to_bytes(4, "big")))
    assert len(partitions._ids) <= 8192
    partitions = PartitionIds(271)
    partitions.of(Data(bytes(8) + bytes(1000)))
    assert not partitions._ids
