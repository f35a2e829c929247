"""Partitions of embedded clusters: where data belongs, and who owns what while members come and go."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hazelcast.hash import hash_to_index, murmur_hash3_x86_32
from hypothesis import given
from hypothesis import strategies as st

from tealjet.lab.embedded.partitions import PartitionTable, partition_of
from tealjet.protocol.errors import ProtocolError


@given(st.binary(max_size=40), st.integers(1, 1000))
def test_data_belongs_to_the_partition_that_the_official_client_computes(payload: bytes, count: int) -> None:
    data = bytes(8) + payload
    assert partition_of(data, count) == hash_to_index(murmur_hash3_x86_32(data), count)


@given(st.integers(-(2**31), 2**31 - 1).filter(bool), st.integers(1, 1000))
def test_a_partition_hash_of_its_own_decides(own: int, count: int) -> None:
    data = own.to_bytes(4, "big", signed=True) + bytes(4) + b"payload"
    assert partition_of(data, count) == (0 if own == -(2**31) else abs(own) % count)


def test_what_is_too_short_to_be_data_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="7 bytes are no serialized data"):
        partition_of(bytes(7), 271)


def test_nobody_owns_anything_before_the_table_is_assigned() -> None:
    table = PartitionTable(271)
    assert not table.assigned
    assert table.owner(3) is None
    assert table.owned() == {}


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_partitions_are_spread_evenly_and_only_as_many_move_as_must(sizes: list[int]) -> None:
    everybody = [uuid.UUID(int=number) for number in range(6)]
    table = PartitionTable(271)
    before: list[uuid.UUID | None] = [None] * 271
    for size in sizes:
        members = everybody[:size]
        table.assign(members)
        after = [table.owner(partition) for partition in range(271)]
        counts = Counter(after)
        assert set(counts) == set(members)
        assert max(counts.values()) - min(counts.values()) <= 1
        kept = sum(was is now for was, now in zip(before, after, strict=True))
        if before[0] is not None:
            had = Counter(before)
            assert kept == sum(min(had[member], counts[member]) for member in members)
        before = after


def test_every_assignment_has_a_version_of_its_own() -> None:
    table = PartitionTable(3)
    versions = []
    for size in (1, 2):
        table.assign([uuid.UUID(int=number) for number in range(size)])
        versions.append(table.version)
    assert versions == [1, 2]
