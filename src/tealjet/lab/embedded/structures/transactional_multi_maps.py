"""Serves multi-maps in transactions: whoever changes a key's values has it locked until the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any

from tealjet.lab.embedded.serving import Later, Request, Service, serves
from tealjet.lab.embedded.structures.multi_maps import MultiMaps, PlayedMultiMap
from tealjet.lab.embedded.structures.serialized import same
from tealjet.lab.embedded.structures.transactions import Transaction, Transactions
from tealjet.protocol.structures import transactions as messages
from tealjet.protocol.structures.parts import Datas

__all__ = ["TransactionalMultiMaps"]


class _View:
    """A multi-map as a transaction sees it."""

    def __init__(self, transaction: Transaction, played: PlayedMultiMap) -> None:
        self._transaction = transaction
        self._map = played
        self._changes: dict[bytes, dict[bytes, bytes]] = {}
        """The values of the keys that the transaction has changed."""
        self._removed: dict[bytes, dict[bytes, bytes]] = {}
        """Those of their values that it has removed, in that order."""

    def get(self, key: bytes) -> dict[bytes, bytes]:
        changed = self._changes.get(same(key))
        return {same(value): value for value in self._map.get(key)} if changed is None else changed

    def size(self) -> int:
        unchanged = sum(same(key) not in self._changes for key, _ in self._map.entries())
        return unchanged + sum(map(len, self._changes.values()))

    def put(self, key: bytes, value: bytes) -> bool:
        values = self._values(key)
        if same(value) in values:
            return False
        values[same(value)] = value
        return True

    def remove(self, key: bytes, *removed: bytes) -> bool:
        values = self._values(key)
        there = [value for value in removed if same(value) in values]
        for value in there:
            del values[same(value)]
            self._removed[same(key)][same(value)] = value
        return bool(there)

    def remove_all(self, key: bytes) -> Datas:
        removed = tuple(self.get(key).values())
        self.remove(key, *removed)
        return removed

    def _values(self, key: bytes) -> dict[bytes, bytes]:
        """Return the key's values as the transaction sees them, to be changed; the commit makes them so."""
        its = same(key)
        if its not in self._changes:
            self._changes[its] = self.get(key)
            self._removed[its] = {}
            self._transaction.when_committed(("multi-map", its, object()), lambda: self._commit(key))
        return self._changes[its]

    def _commit(self, key: bytes) -> None:
        values = self._changes[same(key)]
        for its, value in self._removed[same(key)].items():
            if its not in values:
                self._map.remove(key, value)
        for value in values.values():
            self._map.put(key, value)


class TransactionalMultiMaps(Service):
    """All multi-maps of a cluster, in transactions."""

    @cached_property
    def _maps(self) -> MultiMaps:
        return self.cluster.service(MultiMaps)

    @cached_property
    def _transactions(self) -> Transactions:
        return self.cluster.service(Transactions)

    def _view(self, request: Request, txn_id: uuid.UUID, thread_id: int, name: str) -> _View:
        transaction = self._transactions.of(request, txn_id)
        return transaction.part(("multi-map", name), lambda: _View(transaction, self._maps.of(name)))

    def _locked(
        self,
        request: Request,
        txn_id: uuid.UUID,
        thread_id: int,
        name: str,
        key: bytes,
        change: Callable[[_View], Any],
    ) -> Any | Later:
        view = self._view(request, txn_id, thread_id, name)
        transaction = self._transactions.of(request, txn_id)
        return transaction.with_lock(request, self._maps.locks, name, key, lambda: change(view))

    @serves(messages.MULTI_MAP_PUT)
    def put(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> bool | Later:
        """Give a key a value more."""
        return self._locked(request, txn_id, thread_id, name, key, lambda view: view.put(key, value))

    @serves(messages.MULTI_MAP_GET)
    def get(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> Datas:
        """Return a key's values."""
        return tuple(self._view(request, txn_id, thread_id, name).get(key).values())

    @serves(messages.MULTI_MAP_REMOVE)
    def remove(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> Datas | Later:
        """Remove a key and return its values."""
        return self._locked(request, txn_id, thread_id, name, key, lambda view: view.remove_all(key))

    @serves(messages.MULTI_MAP_REMOVE_ENTRY)
    def remove_entry(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> bool | Later:
        """Take a value from a key."""
        return self._locked(request, txn_id, thread_id, name, key, lambda view: view.remove(key, value))

    @serves(messages.MULTI_MAP_VALUE_COUNT)
    def value_count(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> int:
        """Count a key's values."""
        return len(self._view(request, txn_id, thread_id, name).get(key))

    @serves(messages.MULTI_MAP_SIZE)
    def size(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> int:
        """Count the values of all keys."""
        return self._view(request, txn_id, thread_id, name).size()
