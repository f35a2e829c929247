"""Serves queues, lists and sets in transactions.

What a transaction takes away is gone for others at once; what it adds comes at its end.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from tealjet.lab.embedded.serving import LATER, Later, Request, Service, serves
from tealjet.lab.embedded.structures.lists import Lists
from tealjet.lab.embedded.structures.queues import PlayedQueue, Queues
from tealjet.lab.embedded.structures.serialized import same
from tealjet.lab.embedded.structures.sets import Sets
from tealjet.lab.embedded.structures.transactions import Transaction, Transactions
from tealjet.protocol.structures import transactions as messages
from tealjet.protocol.structures.parts import ItemEventType

__all__ = ["TransactionalCollections"]


class _Offered:
    """What a transaction will offer to a queue, each item by what it is written down under."""

    def __init__(self, transaction: Transaction, queue: PlayedQueue) -> None:
        self._transaction = transaction
        self._queue = queue
        self.items: dict[object, bytes] = {}

    def offer(self, item: bytes) -> bool:
        if self._queue.room <= 0:
            return False
        place = object()
        self.items[place] = item
        self._queue.reserved += 1

        def do() -> None:
            self._queue.reserved -= 1
            self._queue.append(item)
            self._queue.line.move()

        def undo() -> None:
            if place in self.items:
                self._queue.reserved -= 1
                self._queue.line.move()

        self._transaction.when_committed(place, do)
        self._transaction.when_rolled_back(undo)
        return True

    def poll(self) -> bytes | None:
        """Take the queue's first item, or if there is none the first one of its own."""
        borrowed = self._queue.borrow()
        if borrowed is None:
            return self._poll_own()
        number, item = borrowed

        def do() -> None:
            self._queue.listeners.tell(ItemEventType.REMOVED, item)
            self._queue.line.move()

        def undo() -> None:
            self._queue.give_back(number, item)
            self._queue.line.move()

        self._transaction.when_committed(object(), do)
        self._transaction.when_rolled_back(undo)
        return item

    def _poll_own(self) -> bytes | None:
        place = next(iter(self.items), None)
        if place is None:
            return None
        self._queue.reserved -= 1
        self._transaction.forget(place)
        return self.items.pop(place)


class TransactionalCollections(Service):
    """All queues, lists and sets of a cluster, in transactions."""

    @cached_property
    def _transactions(self) -> Transactions:
        return self.cluster.service(Transactions)

    @cached_property
    def _queues(self) -> Queues:
        return self.cluster.service(Queues)

    @cached_property
    def _lists(self) -> Lists:
        return self.cluster.service(Lists)

    @cached_property
    def _sets(self) -> Sets:
        return self.cluster.service(Sets)

    # -------------------------------------------------------------------------------------------------------- queues

    def _offered(self, request: Request, txn_id: uuid.UUID, thread_id: int, name: str) -> _Offered:
        transaction = self._transactions.of(request, txn_id)
        return transaction.part(("queue", name), lambda: _Offered(transaction, self._queues.of(name)))

    @serves(messages.QUEUE_OFFER)
    def offer(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, timeout: int, name: str, item: bytes
    ) -> bool | Later:
        """Append an item if there is room in time."""
        offered = self._offered(request, txn_id, thread_id, name)
        line = self._queues.of(name).line
        return line.serve(request, lambda: offered.offer(item) or LATER, limit=timeout / 1000, in_vain=False)

    def _poll(self, request: Request, txn_id: uuid.UUID, thread_id: int, name: str, limit: float | None) -> Any | Later:
        offered = self._offered(request, txn_id, thread_id, name)

        def poll() -> bytes | Later:
            item = offered.poll()
            return LATER if item is None else item

        return self._queues.of(name).line.serve(request, poll, limit=limit, in_vain=None)

    @serves(messages.QUEUE_POLL)
    def poll(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, timeout: int, name: str
    ) -> bytes | Later | None:
        """Remove and return the first item if there is one in time."""
        return self._poll(request, txn_id, thread_id, name, timeout / 1000)

    @serves(messages.QUEUE_TAKE)
    def take(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> bytes | Later | None:
        """Remove and return the first item when there is one."""
        return self._poll(request, txn_id, thread_id, name, None)

    @serves(messages.QUEUE_PEEK)
    def peek(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, timeout: int, name: str
    ) -> bytes | Later | None:
        """Return the first item if there is one in time."""
        offered = self._offered(request, txn_id, thread_id, name)
        queue = self._queues.of(name)

        def peek() -> bytes | Later:
            item = queue.peek()
            return next(iter(offered.items.values()), LATER) if item is None else item

        return queue.line.serve(request, peek, limit=timeout / 1000, in_vain=None)

    @serves(messages.QUEUE_SIZE)
    def queue_size(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> int:
        """Count the items."""
        return len(self._queues.of(name)) + len(self._offered(request, txn_id, thread_id, name).items)

    # ----------------------------------------------------------------------------------------------- lists and sets

    def _added(
        self, request: Request, txn_id: uuid.UUID, thread_id: int, kind: str, name: str
    ) -> tuple[Transaction, dict[object, bytes]]:
        """Return the transaction, and what it will add to a list or set, by what it is written down under."""
        transaction = self._transactions.of(request, txn_id)
        return transaction, transaction.part((kind, name), dict[object, bytes])

    @serves(messages.LIST_ADD)
    def add_to_list(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, item: bytes) -> bool:
        """Append an item."""
        transaction, added = self._added(request, txn_id, thread_id, "list", name)
        played = self._lists.of(name)
        place = object()
        added[place] = item
        transaction.when_committed(place, lambda: played.insert(len(played.items), (item,)))
        return True

    @serves(messages.LIST_REMOVE)
    def remove_from_list(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, item: bytes) -> bool:
        """Remove the first item that is the same, or one that the transaction itself would have added."""
        transaction, added = self._added(request, txn_id, thread_id, "list", name)
        played = self._lists.of(name)
        index = played.find(item)
        if index < 0:
            return _take_back(transaction, added, item)
        taken = played.items.pop(index)
        transaction.when_committed(object(), lambda: played.listeners.tell(ItemEventType.REMOVED, taken))
        transaction.when_rolled_back(lambda: played.items.insert(min(index, len(played.items)), taken))
        return True

    @serves(messages.LIST_SIZE)
    def list_size(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> int:
        """Count the items."""
        _, added = self._added(request, txn_id, thread_id, "list", name)
        return len(self._lists.of(name).items) + len(added)

    @serves(messages.SET_ADD)
    def add_to_set(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, item: bytes) -> bool:
        """Add an item; say whether it was not there.

        As on members, the transaction counts what it has tried to add, and tries it once.
        """
        transaction, added = self._added(request, txn_id, thread_id, "set", name)
        played = self._sets.of(name)
        if same(item) in added:
            return False
        added[same(item)] = item
        if same(item) in played.items:
            return False
        transaction.when_committed(("set", name, same(item)), lambda: played.add((item,)))
        return True

    @serves(messages.SET_REMOVE)
    def remove_from_set(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, item: bytes) -> bool:
        """Remove an item; say whether it was there.

        As on members, what the transaction itself would have added is not there yet.
        """
        transaction, _ = self._added(request, txn_id, thread_id, "set", name)
        played = self._sets.of(name)
        taken = played.items.pop(same(item), None)
        if taken is None:
            return False
        transaction.when_committed(object(), lambda: played.listeners.tell(ItemEventType.REMOVED, taken))
        transaction.when_rolled_back(lambda: played.items.setdefault(same(taken), taken))
        return True

    @serves(messages.SET_SIZE)
    def set_size(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> int:
        """Count the items."""
        _, added = self._added(request, txn_id, thread_id, "set", name)
        return len(self._sets.of(name).items) + len(added)


def _take_back(transaction: Transaction, added: dict[object, bytes], item: bytes) -> bool:
    """Remove an item that the transaction itself would have added."""
    place = next((place for place, other in added.items() if same(other) == same(item)), None)
    if place is None:
        return False
    del added[place]
    transaction.forget(place)
    return True
