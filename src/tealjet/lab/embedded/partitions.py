"""Partitions: which one data belongs to, and which member owns it."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping, Sequence

from tealjet.protocol.errors import ProtocolError

__all__ = ["PartitionTable", "hash_of", "partition_of"]

_HEADER = 8
"""Bytes of serialized data before its payload: the partition hash, if it has one of its own, and the type."""
_HASH = struct.Struct(">i")
_WORD = (1 << 32) - 1
_SEED = 0x01000193


def partition_of(data: bytes, partition_count: int) -> int:
    """Return the partition of serialized data, as clients and members compute it.

    Raises:
        ProtocolError: It is too short to be serialized data.
    """
    if len(data) < _HEADER:
        raise ProtocolError(f"{len(data)} bytes are no serialized data: its header alone has {_HEADER}")
    own = _HASH.unpack_from(data)[0]
    code = own or hash_of(data)
    return 0 if code == -(1 << 31) else abs(code) % partition_count


def hash_of(data: bytes) -> int:
    """Return the hash of serialized data's payload."""
    return _murmur3(data[_HEADER:])


def _murmur3(payload: bytes) -> int:
    """MurmurHash3, x86, 32 bits, as a signed number."""
    code = _SEED
    whole = len(payload) & ~3
    for (block,) in struct.iter_unpack("<I", payload[:whole]):
        code ^= _scramble(block)
        code = (code << 13 | code >> 19) & _WORD
        code = (code * 5 + 0xE6546B64) & _WORD
    if tail := payload[whole:]:
        code ^= _scramble(int.from_bytes(tail, "little"))
    code ^= len(payload)
    code = ((code ^ code >> 16) * 0x85EBCA6B) & _WORD
    code = ((code ^ code >> 13) * 0xC2B2AE35) & _WORD
    code ^= code >> 16
    return code - (1 << 32) if code >> 31 else code


def _scramble(block: int) -> int:
    block = block * 0xCC9E2D51 & _WORD
    return (block << 15 | block >> 17) * 0x1B873593 & _WORD


class PartitionTable:
    """Who owns which partition; nobody until it is assigned, as on real members.

    Args:
        count: How many partitions there are.
        version: Of the table that this one follows.
    """

    def __init__(self, count: int, version: int = 0) -> None:
        self.count = count
        self.version = version
        self._owners: list[uuid.UUID] = []

    @property
    def assigned(self) -> bool:
        """Whether the partitions have owners."""
        return bool(self._owners)

    def owner(self, partition: int) -> uuid.UUID | None:
        """Return the owner; None while the table is not assigned."""
        return self._owners[partition] if self._owners else None

    def assign(self, members: Sequence[uuid.UUID]) -> None:
        """Give every partition an owner, or move as few as it takes to let all members own equally many."""
        if not self._owners:
            self._owners = [members[partition % len(members)] for partition in range(self.count)]
        else:
            self._owners = _balanced(self._owners, members)
        self.version += 1

    def owned(self) -> Mapping[uuid.UUID, tuple[int, ...]]:
        """Return the partitions by their owner."""
        owned: dict[uuid.UUID, list[int]] = {}
        for partition, owner in enumerate(self._owners):
            owned.setdefault(owner, []).append(partition)
        return {owner: tuple(partitions) for owner, partitions in owned.items()}


def _balanced(owners: Sequence[uuid.UUID], members: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    least, more = divmod(len(owners), len(members))
    room = {member: least + (position < more) for position, member in enumerate(members)}
    balanced: list[uuid.UUID | None] = []
    for owner in owners:
        keeps = room.get(owner, 0) > 0
        if keeps:
            room[owner] -= 1
        balanced.append(owner if keeps else None)
    free = (member for member, count in room.items() for _ in range(count))
    return [next(free) if owner is None else owner for owner in balanced]
