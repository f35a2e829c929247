"""Serves ringbuffers, and reliable topics, which are made of them by their clients."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import LATER, Cluster, Later, Request, Service, Session, serves
from tealjet.lab.embedded.structures.serialized import refuse_code
from tealjet.lab.embedded.structures.waiting import Line, destroyed
from tealjet.protocol.structures import ringbuffers
from tealjet.protocol.structures.parts import Datas
from tealjet.protocol.values import RingbufferItems

__all__ = ["Ringbuffers"]

_CAPACITY = 10_000
"""Items that a ringbuffer keeps unless it is configured."""


class _PlayedRingbuffer:
    def __init__(self, cluster: Cluster) -> None:
        self.items: deque[bytes] = deque(maxlen=_CAPACITY)
        self.tail = -1
        """The sequence of the newest item."""
        self.line = Line(cluster)

    @property
    def head(self) -> int:
        """The sequence of the oldest item that is kept, or of the first one to come."""
        return self.tail - len(self.items) + 1

    def add(self, items: Datas) -> int:
        """Append items, the oldest ones make room; return the last sequence."""
        self.items.extend(items)
        self.tail += len(items)
        self.line.move()
        return self.tail

    def check(self, sequence: int) -> None:
        """Refuse to read, or to wait for, what is gone, and what comes after the next item."""
        if sequence < self.head:
            raise MemberError(
                failures.STALE_SEQUENCE,
                f"sequence:{sequence} is too small and data store is disabled. "
                f"The current headSequence is:{self.head} tailSequence is:{self.tail}",
            )
        if sequence > self.tail + 1:
            raise MemberError(
                failures.ILLEGAL_ARGUMENT,
                f"sequence:{sequence} is too large. The current tailSequence is:{self.tail}",
            )

    def read(self, sequence: int, count: int) -> Datas:
        """Return so many items at most, from a sequence on."""
        first = sequence - self.head
        return tuple(itertools.islice(self.items, first, first + max(count, 0)))


class Ringbuffers(Service):
    """All ringbuffers of a cluster."""

    names = frozenset({"hz:impl:ringbufferService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._ringbuffers: dict[str, _PlayedRingbuffer] = {}

    def _of(self, name: str) -> _PlayedRingbuffer:
        if name not in self._ringbuffers:
            self._ringbuffers[name] = _PlayedRingbuffer(self.cluster)
        return self._ringbuffers[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a ringbuffer; who waits for its items is told."""
        played = self._ringbuffers.pop(name, None)
        if played is not None:
            played.line.fail(destroyed("com.hazelcast.ringbuffer.impl.RingbufferService", name))

    def session_ended(self, session: Session) -> None:
        """Forget who waits."""
        for played in self._ringbuffers.values():
            played.line.forget(session)

    def append(self, name: str, item: bytes) -> None:
        """Append an item that comes from the cluster itself."""
        self._of(name).add((item,))

    @serves(ringbuffers.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the items."""
        return len(self._of(name).items)

    @serves(ringbuffers.HEAD_SEQUENCE)
    def head_sequence(self, request: Request, *, name: str) -> int:
        """Return the sequence of the oldest item that is kept."""
        return self._of(name).head

    @serves(ringbuffers.TAIL_SEQUENCE)
    def tail_sequence(self, request: Request, *, name: str) -> int:
        """Return the sequence of the newest item."""
        return self._of(name).tail

    @serves(ringbuffers.CAPACITY)
    @serves(ringbuffers.REMAINING_CAPACITY)
    def capacity(self, request: Request, *, name: str) -> int:
        """Return how many items are kept; as none ends by its age, all of that remains at any time."""
        return _CAPACITY

    @serves(ringbuffers.ADD)
    def add(self, request: Request, *, overflow_policy: int, name: str, value: bytes) -> int:
        """Append an item and return its sequence."""
        return self._of(name).add((value,))

    @serves(ringbuffers.ADD_ALL)
    def add_all(self, request: Request, *, overflow_policy: int, name: str, value_list: Datas) -> int:
        """Append items and return the last one's sequence."""
        return self._of(name).add(value_list)

    @serves(ringbuffers.READ_ONE)
    def read_one(self, request: Request, *, sequence: int, name: str) -> bytes | Later | None:
        """Return an item, when it is there."""
        played = self._of(name)

        def read() -> Any | Later:
            played.check(sequence)
            return played.read(sequence, 1)[0] if sequence <= played.tail else LATER

        return played.line.serve(request, read)

    @serves(ringbuffers.READ_MANY)
    def read_many(
        self,
        request: Request,
        *,
        start_sequence: int,
        min_count: int,
        max_count: int,
        name: str,
        filter: bytes | None,  # noqa: A002 - the word of the protocol
    ) -> RingbufferItems | Later:
        """Return items, when there are as many as wanted."""
        if filter is not None:
            refuse_code(filter, "com.hazelcast.core.IFunction")
        played = self._of(name)

        def read() -> RingbufferItems | Later:
            first = max(start_sequence, played.head)  # what is gone is passed over
            if max(played.tail - first + 1, 0) < min_count:
                return LATER
            items = played.read(first, max_count)
            sequences = tuple(range(first, first + len(items)))
            return RingbufferItems(
                read_count=len(items),
                items=items,
                item_sequences=sequences,
                next_sequence=sequences[-1] + 1 if sequences else 0,
            )

        return played.line.serve(request, read)
