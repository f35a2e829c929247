"""Serves PN counters and generators of ids."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.protocol.structures import counters
from tealjet.protocol.structures.counters import CounterState, IdBatch

__all__ = ["IdGenerators", "PNCounters"]

_REPLICAS = (1 << 31) - 1
"""So many replicas a counter has unless it is configured: as many as there are members."""
_LONG = 1 << 64


_FIRST_TIMESTAMP = -(1 << 63)


class _PlayedCounter:
    """One counter; its replicas have ids of their own, and are as one here.

    Args:
        replica: The id of the replica that makes all changes.
    """

    def __init__(self, replica: uuid.UUID) -> None:
        self.value = 0
        self._replica = replica
        self._changes = _FIRST_TIMESTAMP

    def check(self, seen: Mapping[uuid.UUID, int]) -> None:
        """Refuse a client that has seen later changes than there are; one that knows other replicas has not."""
        if seen.get(self._replica, _FIRST_TIMESTAMP) > self._changes:
            raise MemberError(
                failures.CONSISTENCY_LOST,
                "This replica cannot provide the session guarantees for the PN counter since it's state is stale",
            )

    def add(self, delta: int) -> None:
        self.value = _as_long(self.value + delta)
        self._changes += 1

    def state(self, value: int) -> CounterState:
        return CounterState(value=value, replica_timestamps=((self._replica, self._changes),), replica_count=_REPLICAS)


class PNCounters(Service):
    """All PN counters of a cluster: changes are in all replicas at once."""

    names = frozenset({"hz:impl:PNCounterService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._counters: dict[str, _PlayedCounter] = {}

    def _of(self, name: str) -> _PlayedCounter:
        if name not in self._counters:
            self._counters[name] = _PlayedCounter(self.cluster.new_id())
        return self._counters[name]

    def _replica(self, name: str, target: uuid.UUID, seen: tuple[tuple[uuid.UUID, int], ...]) -> _PlayedCounter:
        """Return the counter at the member that the client has chosen."""
        if target not in self.cluster.members:
            raise MemberError(failures.TARGET_NOT_MEMBER, f"Member with uuid({target}) is not in member list ")
        counter = self._of(name)
        counter.check(dict(seen))
        return counter

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a counter."""
        self._counters.pop(name, None)

    @serves(counters.GET)
    def get(
        self,
        request: Request,
        *,
        target_replica_uuid: uuid.UUID,
        name: str,
        replica_timestamps: tuple[tuple[uuid.UUID, int], ...],
    ) -> CounterState:
        """Return the value."""
        counter = self._replica(name, target_replica_uuid, replica_timestamps)
        return counter.state(counter.value)

    @serves(counters.ADD)
    def add(
        self,
        request: Request,
        *,
        delta: int,
        get_before_update: bool,
        target_replica_uuid: uuid.UUID,
        name: str,
        replica_timestamps: tuple[tuple[uuid.UUID, int], ...],
    ) -> CounterState:
        """Add to the value; return it as it is then, or as it was before."""
        counter = self._replica(name, target_replica_uuid, replica_timestamps)
        before = counter.value
        counter.add(delta)
        return counter.state(before if get_before_update else counter.value)

    @serves(counters.GET_CONFIGURED_REPLICA_COUNT)
    def get_configured_replica_count(self, request: Request, *, name: str) -> int:
        """Return how many replicas the counter has at most."""
        return _REPLICAS


def _as_long(number: int) -> int:
    """Return what Java makes of a number that is too long for it."""
    number %= _LONG
    return number - _LONG if number >= _LONG // 2 else number


_EPOCH = 1_514_764_800_000
"""The beginning of 2018, in milliseconds since 1970: ids count from there."""
_SEQUENCE_BITS = 6
_NODE_BITS = 16
_NODE = 1
"""The number of the member that has joined first."""


class IdGenerators(Service):
    """All Flake id generators: ids are made of the time, a sequence and the member's number."""

    names = frozenset({"hz:impl:flakeIdGeneratorService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._next: dict[str, int] = {}

    def destroy(self, service_name: str, name: str) -> None:
        """Forget which ids a generator has given."""
        self._next.pop(name, None)

    @serves(counters.NEW_ID_BATCH)
    def new_id_batch(self, request: Request, *, batch_size: int, name: str) -> IdBatch:
        """Return ids that nobody else is given."""
        if batch_size <= 0:
            raise MemberError(failures.ILLEGAL_ARGUMENT, "batchSize")
        now = round(self.cluster.wall() * 1000) - _EPOCH << _SEQUENCE_BITS
        base = max(now, self._next.get(name, now))
        self._next[name] = base + batch_size
        return IdBatch(base=(base << _NODE_BITS) + _NODE, increment=1 << _NODE_BITS, batch_size=batch_size)
