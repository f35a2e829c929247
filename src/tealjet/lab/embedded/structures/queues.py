"""Serves queues: whoever waits for an item, or for room, gets it in the order in which they came."""

from __future__ import annotations

import fnmatch
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import LATER, Cluster, Later, Request, Service, Session, serves
from tealjet.lab.embedded.structures.items import ItemListeners, sames
from tealjet.lab.embedded.structures.serialized import same
from tealjet.lab.embedded.structures.waiting import Line, destroyed
from tealjet.protocol.structures import queues
from tealjet.protocol.structures.parts import Datas, ItemEventType

__all__ = ["UNBOUNDED", "PlayedQueue", "Queues"]

UNBOUNDED = (1 << 31) - 1
"""How many items a queue takes unless its capacity is configured."""


class PlayedQueue:
    """The data of a queue."""

    def __init__(self, name: str, cluster: Cluster, capacity: int) -> None:
        self._items: deque[tuple[int, bytes]] = deque()
        """Each with its number, by which what a transaction gives back finds its place."""
        self._last_number = 0
        self._capacity = capacity
        self.reserved = 0
        """Places that are kept for what transactions will offer."""
        self.line = Line(cluster)
        """Who waits for an item or for room."""
        self.listeners = ItemListeners("queue", name, cluster)

    @property
    def room(self) -> int:
        """How many more items it takes."""
        return self._capacity - len(self._items) - self.reserved

    @property
    def items(self) -> Datas:
        """The items, the first one first."""
        return tuple(item for _, item in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def peek(self) -> bytes | None:
        """Return the first item; None if there is none."""
        return self._items[0][1] if self._items else None

    def append(self, *items: bytes) -> None:
        """Append items, whether there is room or not."""
        for item in items:
            self._last_number += 1
            self._items.append((self._last_number, item))
        self.listeners.tell(ItemEventType.ADDED, *items)

    def offer(self, item: bytes) -> bool:
        """Append an item if there is room."""
        if self.room <= 0:
            return False
        self.append(item)
        return True

    def borrow(self) -> tuple[int, bytes] | None:
        """Remove and return the first item with its number, and tell nobody; None if there is none."""
        return self._items.popleft() if self._items else None

    def give_back(self, number: int, item: bytes) -> None:
        """Put an item that was borrowed where it was."""
        self._items = deque(sorted([*self._items, (number, item)]))

    def poll(self) -> bytes | None:
        """Remove and return the first item; None if there is none."""
        borrowed = self.borrow()
        if borrowed is None:
            return None
        self.listeners.tell(ItemEventType.REMOVED, borrowed[1])
        return borrowed[1]

    def keep(self, keeps: Callable[[bytes], bool]) -> bool:
        """Remove all items but those that are to be kept; say whether any was removed."""
        gone = [item for _, item in self._items if not keeps(item)]
        if gone:
            self._items = deque(one for one in self._items if keeps(one[1]))
            self.listeners.tell(ItemEventType.REMOVED, *gone)
            self.line.move()
        return bool(gone)

    def remove(self, wanted: bytes) -> bool:
        """Remove the first item that is the same; say whether there was one."""
        found = next((one for one in self._items if same(one[1]) == same(wanted)), None)
        if found is None:
            return False
        self._items.remove(found)
        self.listeners.tell(ItemEventType.REMOVED, found[1])
        self.line.move()
        return True

    def drain(self, count: int) -> Datas:
        """Remove and return so many items."""
        drained = tuple(self._items.popleft()[1] for _ in range(count))
        self.listeners.tell(ItemEventType.REMOVED, *drained)
        self.line.move()
        return drained


class Queues(Service):
    """All queues of a cluster.

    Args:
        cluster: Where they are.
        capacities: How many items queues take, by patterns of their names; the first that fits counts. None for what
            the cluster was told.
    """

    names = frozenset({"hz:impl:queueService"})

    def __init__(self, cluster: Cluster, *, capacities: Mapping[str, int] | None = None) -> None:
        super().__init__(cluster)
        self._capacities = dict(cluster.queue_capacities if capacities is None else capacities)
        self._queues: dict[str, PlayedQueue] = {}

    def of(self, name: str) -> PlayedQueue:
        """Return the queue of that name; it is made when it is used."""
        queue = self._queues.get(name)
        if queue is None:
            fitting = (size for pattern, size in self._capacities.items() if fnmatch.fnmatchcase(name, pattern))
            queue = self._queues[name] = PlayedQueue(name, self.cluster, next(fitting, UNBOUNDED))
        return queue

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a queue; who waits there is told."""
        queue = self._queues.pop(name, None)
        if queue is not None:
            queue.listeners.end()
            queue.line.fail(destroyed("com.hazelcast.collection.impl.queue.QueueService", name))

    def session_ended(self, session: Session) -> None:
        """Forget who waits."""
        for queue in self._queues.values():
            queue.line.forget(session)

    def _offer(self, request: Request, name: str, value: bytes, limit: float | None) -> Any | Later:
        queue = self.of(name)
        return queue.line.serve(request, lambda: queue.offer(value) or LATER, limit=limit, in_vain=False)

    def _poll(self, request: Request, name: str, limit: float | None) -> Any | Later:
        queue = self.of(name)

        def poll() -> bytes | Later:
            item = queue.poll()
            return LATER if item is None else item

        return queue.line.serve(request, poll, limit=limit, in_vain=None)

    @serves(queues.OFFER)
    def offer(self, request: Request, *, timeout_millis: int, name: str, value: bytes) -> bool | Later:
        """Append an item if there is room in time."""
        return self._offer(request, name, value, timeout_millis / 1000)

    @serves(queues.PUT)
    def put(self, request: Request, *, name: str, value: bytes) -> Later | None:
        """Append an item when there is room."""
        return self._offer(request, name, value, None)

    @serves(queues.POLL)
    def poll(self, request: Request, *, timeout_millis: int, name: str) -> bytes | Later | None:
        """Remove and return the first item if there is one in time."""
        return self._poll(request, name, timeout_millis / 1000)

    @serves(queues.TAKE)
    def take(self, request: Request, *, name: str) -> bytes | Later | None:
        """Remove and return the first item when there is one."""
        return self._poll(request, name, None)

    @serves(queues.PEEK)
    def peek(self, request: Request, *, name: str) -> bytes | None:
        """Return the first item."""
        return self.of(name).peek()

    @serves(queues.ITERATOR)
    def iterator(self, request: Request, *, name: str) -> Datas:
        """Return all items."""
        return self.of(name).items

    @serves(queues.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the items."""
        return len(self.of(name))

    @serves(queues.IS_EMPTY)
    def is_empty(self, request: Request, *, name: str) -> bool:
        """Say whether there are none."""
        return not self.of(name)

    @serves(queues.REMAINING_CAPACITY)
    def remaining_capacity(self, request: Request, *, name: str) -> int:
        """Say how many more items it takes."""
        return self.of(name).room

    @serves(queues.CONTAINS)
    def contains(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether an item is there."""
        return same(value) in sames(self.of(name).items)

    @serves(queues.CONTAINS_ALL)
    def contains_all(self, request: Request, *, name: str, data_list: Datas) -> bool:
        """Say whether all of these are there."""
        return sames(data_list) <= sames(self.of(name).items)

    @serves(queues.ADD_ALL)
    def add_all(self, request: Request, *, name: str, data_list: Datas) -> bool:
        """Append all of these, or none if there is no room for all."""
        queue = self.of(name)
        if queue.room < len(data_list):
            if self.cluster.version.major >= 5:
                raise MemberError(failures.ILLEGAL_STATE, "Queue full")
            return False
        queue.append(*data_list)
        queue.line.move()
        return True

    @serves(queues.REMOVE)
    def remove(self, request: Request, *, name: str, value: bytes) -> bool:
        """Remove the first item that is the same."""
        return self.of(name).remove(value)

    @serves(queues.COMPARE_AND_REMOVE_ALL)
    def remove_all(self, request: Request, *, name: str, data_list: Datas) -> bool:
        """Remove all items that are one of these."""
        those = sames(data_list)
        return self.of(name).keep(lambda item: same(item) not in those)

    @serves(queues.COMPARE_AND_RETAIN_ALL)
    def retain_all(self, request: Request, *, name: str, data_list: Datas) -> bool:
        """Remove all items that are none of these."""
        those = sames(data_list)
        return self.of(name).keep(lambda item: same(item) in those)

    @serves(queues.DRAIN_TO_MAX_SIZE)
    def drain(self, request: Request, *, max_size: int, name: str) -> Datas:
        """Remove and return so many items at most; all, if that is negative."""
        queue = self.of(name)
        return queue.drain(len(queue) if max_size < 0 else min(max_size, len(queue)))

    @serves(queues.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all items."""
        self.of(name).keep(lambda item: False)

    @serves(queues.ADD_LISTENER)
    def add_listener(self, request: Request, *, include_value: bool, local_only: bool, name: str) -> uuid.UUID:
        """Tell of items that come and go."""
        return self.of(name).listeners.add(request, include_value=include_value, local_only=local_only)

    @serves(queues.REMOVE_LISTENER)
    def remove_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
