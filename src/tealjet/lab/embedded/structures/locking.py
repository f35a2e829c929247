"""What services have in common whose objects have keys that can be locked."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tealjet.lab.embedded.serving import Cluster, Later, Request, Service, Session
from tealjet.lab.embedded.structures.locks import Locks, owner_of
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.declare import MessageType

__all__ = ["LockingService", "lock_messages"]


def lock_messages(
    *,
    lock: MessageType[None, Any],
    try_lock: MessageType[bool, Any],
    is_locked: MessageType[bool, Any],
    unlock: MessageType[None, Any],
    force_unlock: MessageType[None, Any],
) -> Mapping[str, MessageType[Any, Any]]:
    """Return what a locking service inherits: the messages of its kind, by the methods below that answer them."""
    return MappingProxyType(
        {
            "lock": lock,
            "try_lock": try_lock,
            "is_locked": is_locked,
            "unlock": unlock,
            "force_unlock": force_unlock,
        }
    )


class LockingService(Service):
    """A service with locks on keys; its subclasses inherit ``lock_messages``."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.locks = Locks(cluster)
        """On keys; transactions take them too."""

    def session_ended(self, session: Session) -> None:
        """Forget who waits for locks."""
        self.locks.forget(session)

    def client_ended(self, client_uuid: uuid.UUID) -> None:
        """Free the locks of a client that has gone."""
        self.locks.release(client_uuid)

    def when_free(
        self,
        request: Request,
        thread_id: int,
        name: str,
        key: bytes,
        change: Callable[[], Any],
        *,
        limit: float | None = None,
        in_vain: Any = None,
    ) -> Any | Later:
        """Change what is at a key when nobody else has it locked."""
        owner = owner_of(request, thread_id)
        return self.locks.when_free(request, name, same(key), owner, change, limit=limit, in_vain=in_vain)

    def lock(
        self, request: Request, *, thread_id: int, ttl: int, reference_id: int, name: str, key: bytes
    ) -> Later | None:
        """Lock a key, when it is free."""
        return self.locks.acquire(request, name, key, thread_id, reference_id, lease=ttl)

    def try_lock(
        self,
        request: Request,
        *,
        thread_id: int,
        lease: int,
        timeout: int,
        reference_id: int,
        name: str,
        key: bytes,
    ) -> bool | Later:
        """Lock a key if it is free in time."""
        return self.locks.acquire(request, name, key, thread_id, reference_id, lease=lease, timeout=timeout)

    def is_locked(self, request: Request, *, name: str, key: bytes) -> bool:
        """Say whether anybody has a key locked."""
        return self.locks.is_locked(name, same(key))

    def unlock(self, request: Request, *, thread_id: int, reference_id: int, name: str, key: bytes) -> None:
        """Unlock a key, as often as it was locked."""
        self.locks.unlock(name, same(key), owner_of(request, thread_id), reference_id)

    def force_unlock(self, request: Request, *, reference_id: int, name: str, key: bytes) -> None:
        """Unlock a key that anybody has locked, however often."""
        self.locks.force_unlock(name, same(key))
