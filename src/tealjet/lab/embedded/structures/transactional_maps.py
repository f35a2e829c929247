"""Serves maps in transactions: whoever changes an entry has its key locked until the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from tealjet.lab.embedded.serving import Later, Request, Service, serves
from tealjet.lab.embedded.structures.maps import Maps
from tealjet.lab.embedded.structures.played_map import PlayedMap
from tealjet.lab.embedded.structures.predicates import Predicate, everything, predicate_of
from tealjet.lab.embedded.structures.serialized import same
from tealjet.lab.embedded.structures.transactions import Transaction, Transactions
from tealjet.protocol.structures import transactions as messages
from tealjet.protocol.structures.parts import Datas, Entries

__all__ = ["TransactionalMaps"]


class _Change(NamedTuple):
    """What a transaction sees of an entry that it has changed."""

    key: bytes
    value: bytes | None
    """None if it has removed it."""
    is_new: bool
    """There was none before."""


class _View:
    """A map as a transaction sees it."""

    def __init__(self, transaction: Transaction, played: PlayedMap) -> None:
        self._transaction = transaction
        self._map = played
        self._changes: dict[bytes, _Change] = {}

    def stored(self, key: bytes) -> bytes | None:
        """Return the value that others see."""
        record = self._map.records.find(key)
        return None if record is None else record.value

    def get(self, key: bytes) -> bytes | None:
        changed = self._changes.get(same(key))
        return self.stored(key) if changed is None else changed.value

    def has_changed(self, key: bytes) -> bool:
        return same(key) in self._changes

    def entries(self, means: Predicate = everything) -> Entries:
        stored: dict[bytes, tuple[bytes, bytes | None]] = {
            same(record.key): (record.key, record.value) for record in self._map.records
        }
        own = {its: (change.key, change.value) for its, change in self._changes.items()}
        return tuple((key, value) for key, value in (stored | own).values() if value is not None and means(key, value))

    def size(self) -> int:
        """Count as members do: by what was new, which is not always what is there."""
        new = sum(change.is_new for change in self._changes.values())
        gone = sum(change.value is None and self.stored(change.key) is not None for change in self._changes.values())
        return len(self._map.records) + new - gone

    def put(self, key: bytes, value: bytes, *, ttl: int = -1, is_new: bool | None = None) -> None:
        """Put a value at the commit."""
        source = self._transaction.session.client_uuid
        self.see(key, value, is_new=self.stored(key) is None if is_new is None else is_new)
        self._at_commit(key, lambda: self._map.put(source, key, value, ttl=ttl))

    def remove(self, key: bytes) -> None:
        """Remove an entry at the commit."""
        source = self._transaction.session.client_uuid
        self.see(key, None)
        self._at_commit(key, lambda: self._map.remove(source, key))

    def see(self, key: bytes, value: bytes | None, *, is_new: bool = False) -> None:
        """See a value from now on."""
        self._changes[same(key)] = _Change(key, value, is_new)

    def _at_commit(self, key: bytes, do: Callable[[], object]) -> None:
        self._transaction.when_committed(("map", self._map.name, same(key)), do)


class TransactionalMaps(Service):
    """All maps of a cluster, in transactions."""

    @cached_property
    def _maps(self) -> Maps:
        return self.cluster.service(Maps)

    @cached_property
    def _transactions(self) -> Transactions:
        return self.cluster.service(Transactions)

    def _view(self, request: Request, txn_id: uuid.UUID, thread_id: int, name: str) -> _View:
        transaction = self._transactions.of(request, txn_id)
        return transaction.part(("map", name), lambda: _View(transaction, self._maps.of(name)))

    def _locked(
        self,
        request: Request,
        txn_id: uuid.UUID,
        thread_id: int,
        name: str,
        key: bytes,
        change: Callable[[_View, bytes | None], Any],
        *,
        applies: Callable[[bytes | None], bool] = lambda before: True,
    ) -> Any | Later:
        """Do something to an entry, by what the transaction sees of it, when nobody else has its key locked.

        Where it does not apply to what is there, the key is left as it was, locked or not.
        """
        view = self._view(request, txn_id, thread_id, name)
        transaction = self._transactions.of(request, txn_id)
        return transaction.with_lock(
            request,
            self._maps.locks,
            name,
            key,
            lambda: change(view, view.get(key)),
            keep=lambda: applies(view.get(key)),
        )

    @serves(messages.MAP_GET)
    def get(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> bytes | None:
        """Return a value."""
        return self._view(request, txn_id, thread_id, name).get(key)

    @serves(messages.MAP_GET_FOR_UPDATE)
    def get_for_update(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes
    ) -> bytes | Later | None:
        """Return a value that nobody else changes until the end."""
        return self._locked(request, txn_id, thread_id, name, key, lambda view, before: before)

    @serves(messages.MAP_CONTAINS_KEY)
    def contains_key(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> bool:
        """Say whether there is an entry."""
        return self._view(request, txn_id, thread_id, name).get(key) is not None

    @serves(messages.MAP_SIZE)
    def size(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> int:
        """Count the entries."""
        return self._view(request, txn_id, thread_id, name).size()

    @serves(messages.MAP_IS_EMPTY)
    def is_empty(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> bool:
        """Say whether there are none."""
        return self._view(request, txn_id, thread_id, name).size() == 0

    @serves(messages.MAP_PUT)
    def put(
        self,
        request: Request,
        *,
        txn_id: uuid.UUID,
        thread_id: int,
        ttl: int,
        name: str,
        key: bytes,
        value: bytes,
    ) -> bytes | Later | None:
        """Put a value and return the one before."""

        def put(view: _View, before: bytes | None) -> bytes | None:
            view.put(key, value, ttl=ttl)
            return before

        return self._locked(request, txn_id, thread_id, name, key, put)

    @serves(messages.MAP_SET)
    def set(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> Later | None:
        """Put a value."""
        return self._locked(request, txn_id, thread_id, name, key, lambda view, before: view.put(key, value))

    @serves(messages.MAP_PUT_IF_ABSENT)
    def put_if_absent(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value unless there is one; return that."""

        def put(view: _View, before: bytes | None) -> bytes | None:
            if before is None:
                view.put(key, value, is_new=True)
            return before

        return self._locked(request, txn_id, thread_id, name, key, put, applies=lambda before: before is None)

    @serves(messages.MAP_REPLACE)
    def replace(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value if there is one, and return that."""

        def replace(view: _View, before: bytes | None) -> bytes | None:
            if before is not None:
                view.put(key, value, is_new=False)
            return before

        return self._locked(request, txn_id, thread_id, name, key, replace, applies=lambda before: before is not None)

    @serves(messages.MAP_REPLACE_IF_SAME)
    def replace_if_same(
        self,
        request: Request,
        *,
        txn_id: uuid.UUID,
        thread_id: int,
        name: str,
        key: bytes,
        old_value: bytes,
        new_value: bytes,
    ) -> bool | Later:
        """Put a value if the one before is as expected.

        As on members, a transaction that has put that one itself goes on seeing it, and commits the new one.
        """

        def replace(view: _View, before: bytes | None) -> bool:
            if not applies(before):
                return False
            has_changed = view.has_changed(key)
            view.put(key, new_value, is_new=False)
            if has_changed:
                view.see(key, before)
            return True

        def applies(before: bytes | None) -> bool:
            return before is not None and same(before) == same(old_value)

        return self._locked(request, txn_id, thread_id, name, key, replace, applies=applies)

    @serves(messages.MAP_REMOVE)
    def remove(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes
    ) -> bytes | Later | None:
        """Remove an entry and return its value."""
        return self._remove(request, txn_id, thread_id, name, key)

    @serves(messages.MAP_DELETE)
    def delete(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> Later | None:
        """Remove an entry."""
        return self._remove(request, txn_id, thread_id, name, key)

    def _remove(self, request: Request, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes) -> Any | Later:
        def remove(view: _View, before: bytes | None) -> bytes | None:
            if before is not None or view.has_changed(key):
                view.remove(key)
            return before

        return self._locked(request, txn_id, thread_id, name, key, remove)

    @serves(messages.MAP_REMOVE_IF_SAME)
    def remove_if_same(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, key: bytes, value: bytes
    ) -> bool | Later:
        """Remove an entry if its value is as expected."""

        def remove(view: _View, before: bytes | None) -> bool:
            if not applies(before):
                return False
            view.remove(key)
            return True

        def applies(before: bytes | None) -> bool:
            return before is not None and same(before) == same(value)

        return self._locked(request, txn_id, thread_id, name, key, remove, applies=applies)

    @serves(messages.MAP_KEY_SET)
    def key_set(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> Datas:
        """Return all keys."""
        return tuple(key for key, _ in self._view(request, txn_id, thread_id, name).entries())

    @serves(messages.MAP_KEY_SET_WITH_PREDICATE)
    def key_set_with_predicate(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, predicate: bytes
    ) -> Datas:
        """Return the keys of the entries that are meant."""
        view = self._view(request, txn_id, thread_id, name)
        return tuple(key for key, _ in view.entries(predicate_of(predicate)))

    @serves(messages.MAP_VALUES)
    def values(self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str) -> Datas:
        """Return all values."""
        return tuple(value for _, value in self._view(request, txn_id, thread_id, name).entries())

    @serves(messages.MAP_VALUES_WITH_PREDICATE)
    def values_with_predicate(
        self, request: Request, *, txn_id: uuid.UUID, thread_id: int, name: str, predicate: bytes
    ) -> Datas:
        """Return the values of the entries that are meant."""
        view = self._view(request, txn_id, thread_id, name)
        return tuple(value for _, value in view.entries(predicate_of(predicate)))
