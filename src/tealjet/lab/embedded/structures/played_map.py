"""One map with all that happens when it changes: events for its listeners, invalidations for near caches."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tealjet.lab.embedded.serving import Cluster, Listener
from tealjet.lab.embedded.structures.audience import Audience
from tealjet.lab.embedded.structures.predicates import Predicate
from tealjet.lab.embedded.structures.records import Record, Records
from tealjet.lab.embedded.structures.serialized import of_name, same
from tealjet.protocol.structures.maps import Invalidation, Invalidations
from tealjet.protocol.structures.parts import EntryEvent, EntryEventType
from tealjet.runtime import Handle

__all__ = ["PlayedMap", "Wanted", "send_entry_event"]

_INVALIDATIONS_AT_ONCE = 100
"""So many are sent together ("hazelcast.map.invalidation.batch.size")."""
_INVALIDATION_PAUSE = 10.0
"""After so many seconds fewer are sent as well ("hazelcast.map.invalidation.batchfrequency.seconds")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events a listener wants, and how much of them."""

    flags: int
    """``EntryEventType``s."""
    include_value: bool
    key: bytes | None = None
    """Only of this key."""
    predicate: Predicate | None = None
    """Only of entries that it means."""

    def wants(self, kind: EntryEventType, key: bytes, value: bytes | None) -> bool:
        """Say whether the listener wants an event; the value is the new one, or the last one of what is gone."""
        if not self.flags & kind or (self.key is not None and same(self.key) != same(key)):
            return False
        return self.predicate is None or (value is not None and self.predicate(key, value))


def send_entry_event(
    listener: Listener, kind: EntryEventType, key: bytes, *, value: bytes | None = None, old: bytes | None = None
) -> None:
    """Tell a listener, whose detail is a ``Wanted``, of what has happened to an entry, if it wants to know."""
    wanted: Wanted = listener.detail
    if not wanted.wants(kind, key, old if value is None else value):
        return
    listener.send(
        EntryEvent(
            event_type=kind,
            uuid=listener.session.member_uuid,
            key=key,
            value=value if wanted.include_value else None,
            old_value=old if wanted.include_value else None,
        )
    )


class PlayedMap:
    """The data of a map.

    Args:
        name: The map's name.
        cluster: Where it is.
        is_locked: Says of a key whether it is locked.
    """

    def __init__(self, name: str, cluster: Cluster, is_locked: Callable[[str, bytes], bool]) -> None:
        self.name = name
        self.audience = Audience("map", name, cluster)
        """Who listens."""
        self.near_caches = Audience("near cache", name, cluster)
        """Who wants invalidations."""
        self._cluster = cluster
        self._is_locked = is_locked
        self.records = Records(cluster, expired=self._expired, is_held=lambda key: is_locked(name, same(key)))
        self._stale: list[Invalidation] = []
        """Invalidations of keys that wait to be sent."""
        self._sequences: dict[int, int] = {}
        self._partition_ids: dict[int, uuid.UUID] = {}
        self._sending: Handle | None = None

    def put(
        self,
        source: uuid.UUID | None,
        key: bytes,
        value: bytes,
        *,
        ttl: int = -1,
        max_idle: int = -1,
        as_new: bool = False,
    ) -> bytes | None:
        """Make or change an entry for a client; return its value before.

        Args:
            source: The client.
            key: The entry's key.
            value: Its value from now on.
            ttl: As in ``Records.put``.
            max_idle: As in ``Records.put``.
            as_new: Listeners are told of an entry that is new, also if it is not, as members do after some calls.
        """
        before = self.records.put(key, value, ttl=ttl, max_idle=max_idle)
        if before is None or as_new:
            self._tell(EntryEventType.ADDED, key, value=value)
        else:
            self._tell(EntryEventType.UPDATED, key, value=value, old=before)
        self._invalidate(source, key)
        return before

    def remove(self, source: uuid.UUID | None, key: bytes, *, told: bool = True) -> bytes | None:
        """Remove an entry for a client and return its value, of which listeners are told or not."""
        record = self.records.remove(key)
        self._invalidate(source, key)
        if record is None:
            return None
        self._tell(EntryEventType.REMOVED, record.key, old=record.value if told else None)
        return record.value

    def evict(self, source: uuid.UUID | None, key: bytes) -> bool:
        """Remove an entry as if for want of memory; say whether there was one."""
        record = self.records.remove(key)
        self._invalidate(source, key)
        if record is None:
            return False
        self._tell(EntryEventType.EVICTED, record.key, old=record.value)
        return True

    def set_ttl(self, source: uuid.UUID | None, key: bytes, ttl: int) -> bool:
        """Let an entry live for that many milliseconds more; say whether there is one."""
        record = self.records.find(key)
        if record is None:
            return False
        self.records.set_ttl(record, ttl)
        self._invalidate(source, key)
        return True

    def remove_all(self, source: uuid.UUID | None, kind: EntryEventType) -> None:
        """Remove all entries whose keys are not locked; listeners are told how many, and none of them by name."""
        removed = [record.key for record in self.records if not self._is_locked(self.name, same(record.key))]
        for key in removed:
            self.records.remove(key)
        self._invalidate(source, None)
        if not removed:
            return
        for listener in self.audience.of_all():
            if listener.detail.flags & kind:
                listener.send(
                    EntryEvent(
                        event_type=kind,
                        uuid=listener.session.member_uuid,
                        number_of_affected_entries=len(removed),
                    )
                )

    def end(self) -> None:
        """Remove all entries, what near caches hold of them, and all listeners: the map is destroyed."""
        for record in self.records:
            self.records.remove(record.key)
        self._invalidate(None, None)
        if self._sending is not None:
            self._sending.cancel()
        self.audience.end()

    def _expired(self, record: Record) -> None:
        self._tell(EntryEventType.EXPIRED, record.key, old=record.value)
        self._invalidate(None, record.key)

    def _tell(self, kind: EntryEventType, key: bytes, *, value: bytes | None = None, old: bytes | None = None) -> None:
        for listener in self.audience.of_key(key):
            send_entry_event(listener, kind, key, value=value, old=old)

    # -------------------------------------------------------------------------------------------------- near caches

    def _invalidate(self, source: uuid.UUID | None, key: bytes | None) -> None:
        """Let near caches forget a key, or all keys."""
        if not self.near_caches.is_there:
            return
        partition = self._cluster.partition_of(of_name(self.name) if key is None else key)
        sequence = self._sequences[partition] = self._sequences.get(partition, 0) + 1
        if partition not in self._partition_ids:
            self._partition_ids[partition] = self._cluster.new_id()
        invalidation = Invalidation(
            source_uuid=source, partition_uuid=self._partition_ids[partition], sequence=sequence, key=key
        )
        if key is None:
            for listener in self.near_caches.of_all():
                listener.send(invalidation)
            return
        self._stale.append(invalidation)
        if len(self._stale) >= _INVALIDATIONS_AT_ONCE:
            self._send_invalidations()
        elif self._sending is None:
            self._sending = self._cluster.call_at(self._cluster.now() + _INVALIDATION_PAUSE, self._send_invalidations)

    def _send_invalidations(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        stale, self._stale = self._stale, []
        by_listener: dict[uuid.UUID, tuple[Listener, list[Invalidation]]] = {}
        for invalidation in stale:
            for listener in self.near_caches.of_key(invalidation.key or b""):
                by_listener.setdefault(listener.id, (listener, []))[1].append(invalidation)
        for listener, its in by_listener.values():
            listener.send(
                Invalidations(
                    keys=tuple(one.key or b"" for one in its),
                    source_uuids=tuple(one.source_uuid for one in its),
                    partition_uuids=tuple(one.partition_uuid for one in its),
                    sequences=tuple(one.sequence for one in its),
                )
            )
