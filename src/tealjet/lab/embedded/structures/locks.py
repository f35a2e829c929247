"""Locks on keys, of maps and multi-maps: held by a thread of a client, re-entrant, with a lease if asked for."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import LATER, Cluster, Later, Request, Session
from tealjet.lab.embedded.structures.serialized import heap_data, same
from tealjet.lab.embedded.structures.waiting import Attempt, Line
from tealjet.runtime import Handle

__all__ = ["Locks", "Owner", "owner_of"]

Owner = tuple[uuid.UUID, int]
"""A client's id and the id that it gives one of its threads."""
_Key = tuple[str, bytes]
"""The name of a structure, and what makes a key the same as another."""


def owner_of(request: Request, thread_id: int) -> Owner:
    """Return for whom a request takes and passes locks."""
    return request.session.client_uuid, thread_id


class _Lock:
    __slots__ = ("bars_reads", "count", "lease", "owner", "reference_id")

    def __init__(self, owner: Owner, reference_id: int | None) -> None:
        self.owner = owner
        self.reference_id = reference_id
        """Of the call that has changed it last; the same call that comes again changes nothing."""
        self.count = 1
        self.bars_reads = False
        """Whether others may not even read what is locked."""
        self.lease: Handle | None = None

    def end_lease(self) -> None:
        if self.lease is not None:
            self.lease.cancel()
            self.lease = None


class Locks:
    """The locks of all structures of one kind."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._locks: dict[_Key, _Lock] = {}
        self._lines: dict[_Key, Line] = {}

    def is_locked(self, name: str, key: bytes) -> bool:
        """Say whether anybody holds the lock."""
        return (name, key) in self._locks

    def is_free_for(self, name: str, key: bytes, owner: Owner) -> bool:
        """Say whether nobody else holds the lock."""
        lock = self._locks.get((name, key))
        return lock is None or lock.owner == owner

    def when_free(
        self,
        request: Request,
        name: str,
        key: bytes,
        owner: Owner,
        attempt: Attempt,
        *,
        limit: float | None = None,
        in_vain: Any = None,
    ) -> Any | Later:
        """Do what a request asks for while nobody else holds the lock, as ``Line.serve`` does."""
        if not self._locks:  # mostly
            return attempt()
        return self._when(self.is_free_for, request, name, key, owner, attempt, limit=limit, in_vain=in_vain)

    def when_readable(self, request: Request, name: str, key: bytes, owner: Owner, read: Attempt) -> Any | Later:
        """Read what a request asks for while nobody else holds the lock so that it may not even be read."""
        if not self._locks:
            return read()
        return self._when(self._is_readable_for, request, name, key, owner, read)

    def _is_readable_for(self, name: str, key: bytes, owner: Owner) -> bool:
        lock = self._locks.get((name, key))
        return lock is None or not lock.bars_reads or lock.owner == owner

    def _when(
        self,
        may: Callable[[str, bytes, Owner], bool],
        request: Request,
        name: str,
        key: bytes,
        owner: Owner,
        attempt: Attempt,
        *,
        limit: float | None = None,
        in_vain: Any = None,
    ) -> Any | Later:
        def careful_attempt() -> Any:
            return attempt() if may(name, key, owner) else LATER

        if (name, key) not in self._lines:
            if may(name, key, owner):
                return attempt()
            self._lines[name, key] = Line(self._cluster)
        return self._lines[name, key].serve(request, careful_attempt, limit=limit, in_vain=in_vain)

    def acquire(
        self,
        request: Request,
        name: str,
        key: bytes,
        thread_id: int,
        reference_id: int,
        *,
        lease: int,
        timeout: int | None = None,
    ) -> Any | Later:
        """Take a lock for a request when it is free, and answer that it was taken.

        Args:
            request: What asks for it.
            name: Of the structure.
            key: Serialized.
            thread_id: For which of the client's threads.
            reference_id: Of the call.
            lease: Milliseconds for which it is held, if positive.
            timeout: Milliseconds to wait at most, then it is answered that it was not taken; None for ever.
        """
        owner, its = owner_of(request, thread_id), same(key)

        def lock() -> bool:
            self.lock(name, its, owner, reference_id, lease / 1000)
            return True

        limit = None if timeout is None else timeout / 1000
        return self.when_free(request, name, its, owner, lock, limit=limit, in_vain=False)

    def lock(self, name: str, key: bytes, owner: Owner, reference_id: int | None = None, lease: float = -1.0) -> None:
        """Take a lock that is free for the owner, for ``lease`` seconds if that is positive."""
        lock = self._locks.get((name, key))
        if lock is None:
            lock = self._locks[name, key] = _Lock(owner, reference_id)
        elif reference_id is not None and lock.reference_id == reference_id:
            return
        else:
            lock.count += 1
            lock.reference_id = reference_id
        lock.end_lease()
        if lease > 0:
            ends_at = self._cluster.now() + math.ceil(lease)  # members look once a second
            lock.lease = self._cluster.call_at(ends_at, self.force_unlock, name, key)

    def bar_reads(self, name: str, key: bytes) -> None:
        """Let nobody but the owner of a lock read what is locked, until it is free."""
        self._locks[name, key].bars_reads = True

    def unlock(self, name: str, key: bytes, owner: Owner, reference_id: int | None = None) -> None:
        """Give a lock back.

        Raises:
            MemberError: The owner does not hold it.
        """
        lock = self._locks.get((name, key))
        if lock is None or lock.owner != owner:
            raise self._not_owner(name, key, owner, lock)
        if reference_id is not None and lock.reference_id == reference_id:
            return
        lock.reference_id = reference_id
        lock.count -= 1
        if not lock.count:
            self.force_unlock(name, key)

    def _not_owner(self, name: str, key: bytes, owner: Owner, lock: _Lock | None) -> MemberError:
        state = "<not-locked>" if lock is None else f"Owner: {lock.owner[0]}, thread ID: {lock.owner[1]}"
        text = f"Current thread is not owner of the lock! -> {state}"
        version = self._cluster.version
        if version.major >= 5:
            data = heap_data(bytes(4) + key, version)
            text = (
                f"Current thread is not owner of the lock! Key: {data}, TID: {owner[1]}, Name: {name}, "
                f"Owner info: {state}"
            )
        return MemberError(failures.ILLEGAL_MONITOR_STATE, text)

    def force_unlock(self, name: str, key: bytes) -> None:
        """Free a lock, whoever holds it and however often."""
        lock = self._locks.pop((name, key), None)
        if lock is None:
            return
        lock.end_lease()
        self._move(name, key)

    def release(self, client_uuid: uuid.UUID) -> None:
        """Free the locks of a client that has gone."""
        for (name, key), lock in tuple(self._locks.items()):
            if lock.owner[0] == client_uuid:
                self.force_unlock(name, key)

    def forget(self, session: Session) -> None:
        """Forget the requests of a connection that has ended."""
        for where, line in tuple(self._lines.items()):
            line.forget(session)
            if not line:
                del self._lines[where]

    def destroy(self, destroyed: str) -> None:
        """Free all locks of a structure."""
        for name, key in tuple(self._locks):
            if name == destroyed:
                self.force_unlock(name, key)

    def _move(self, name: str, key: bytes) -> None:
        line = self._lines.get((name, key))
        if line is not None:
            line.move()
            if not line:
                del self._lines[name, key]
