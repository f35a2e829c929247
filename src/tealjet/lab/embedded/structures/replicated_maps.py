"""Serves replicated maps: every member has all entries, which is the same here."""

from __future__ import annotations

import uuid

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.lab.embedded.structures.audience import Audience
from tealjet.lab.embedded.structures.played_map import Wanted, send_entry_event
from tealjet.lab.embedded.structures.predicates import predicate_of
from tealjet.lab.embedded.structures.records import Record, Records
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures import replicated_maps
from tealjet.protocol.structures.parts import Datas, Entries, EntryEvent, EntryEventType

__all__ = ["ReplicatedMaps"]

_ALL_EVENTS = -1


class _PlayedReplicatedMap:
    def __init__(self, name: str, cluster: Cluster) -> None:
        self.audience = Audience("replicated map", name, cluster)
        self.records = Records(
            cluster, expired=lambda record: self._tell(EntryEventType.EVICTED, record), is_held=lambda _: False
        )

    def put(self, key: bytes, value: bytes, ttl: int = 0) -> bytes | None:
        before = self.records.put(key, value, ttl=ttl)
        kind = EntryEventType.ADDED if before is None else EntryEventType.UPDATED
        for listener in self.audience.of_key(key):
            send_entry_event(listener, kind, key, value=value, old=before)
        return before

    def remove(self, key: bytes) -> bytes | None:
        record = self.records.remove(key)
        before = None if record is None else record.value
        for listener in self.audience.of_key(key):  # as members do, also if there was nothing
            send_entry_event(listener, EntryEventType.REMOVED, key, old=before)
        return before

    def clear(self) -> None:
        removed = [self.records.remove(record.key) for record in self.records]
        for listener in self.audience.of_all():
            listener.send(
                EntryEvent(
                    event_type=EntryEventType.CLEAR_ALL,
                    uuid=listener.session.member_uuid,
                    number_of_affected_entries=len(removed),
                )
            )

    def _tell(self, kind: EntryEventType, record: Record) -> None:
        for listener in self.audience.of_key(record.key):
            send_entry_event(listener, kind, record.key, old=record.value)


class ReplicatedMaps(Service):
    """All replicated maps of a cluster."""

    names = frozenset({"hz:impl:replicatedMapService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._maps: dict[str, _PlayedReplicatedMap] = {}

    def _of(self, name: str) -> _PlayedReplicatedMap:
        if name not in self._maps:
            self._maps[name] = _PlayedReplicatedMap(name, self.cluster)
        return self._maps[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a replicated map's entries; as at members, its listeners hear of the next one of that name."""
        played = self._maps.get(name)
        if played is not None:
            for record in played.records:
                played.records.remove(record.key)

    @serves(replicated_maps.PUT)
    def put(self, request: Request, *, ttl: int, name: str, key: bytes, value: bytes) -> bytes | None:
        """Put a value and return the one before."""
        if ttl < 0:
            raise MemberError(failures.ILLEGAL_ARGUMENT, "ttl must be a positive integer")
        return self._of(name).put(key, value, ttl)

    @serves(replicated_maps.PUT_ALL)
    def put_all(self, request: Request, *, name: str, entries: Entries) -> None:
        """Put many values."""
        for key, value in entries:
            self._of(name).put(key, value)

    @serves(replicated_maps.GET)
    def get(self, request: Request, *, name: str, key: bytes) -> bytes | None:
        """Return a value."""
        record = self._of(name).records.read(key)
        return None if record is None else record.value

    @serves(replicated_maps.REMOVE)
    def remove(self, request: Request, *, name: str, key: bytes) -> bytes | None:
        """Remove an entry and return its value."""
        return self._of(name).remove(key)

    @serves(replicated_maps.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all entries."""
        self._of(name).clear()

    @serves(replicated_maps.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the entries."""
        return len(self._of(name).records)

    @serves(replicated_maps.IS_EMPTY)
    def is_empty(self, request: Request, *, name: str) -> bool:
        """Say whether there are none."""
        return not self._of(name).records

    @serves(replicated_maps.CONTAINS_KEY)
    def contains_key(self, request: Request, *, name: str, key: bytes) -> bool:
        """Say whether there is an entry."""
        return self._of(name).records.read(key) is not None

    @serves(replicated_maps.CONTAINS_VALUE)
    def contains_value(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether an entry has that value."""
        return any(same(record.value) == same(value) for record in self._of(name).records)

    @serves(replicated_maps.KEY_SET)
    def key_set(self, request: Request, *, name: str) -> Datas:
        """Return all keys."""
        return tuple(record.key for record in self._of(name).records)

    @serves(replicated_maps.VALUES)
    def values(self, request: Request, *, name: str) -> Datas:
        """Return all values."""
        return tuple(record.value for record in self._of(name).records)

    @serves(replicated_maps.ENTRY_SET)
    def entry_set(self, request: Request, *, name: str) -> Entries:
        """Return all entries."""
        return tuple((record.key, record.value) for record in self._of(name).records)

    def _listen(
        self,
        request: Request,
        name: str,
        local_only: bool,
        *,
        key: bytes | None = None,
        predicate: bytes | None = None,
    ) -> uuid.UUID:
        means = None if predicate is None else predicate_of(predicate)
        wanted = Wanted(flags=_ALL_EVENTS, include_value=True, key=key, predicate=means)
        return self._of(name).audience.add(request, local_only=local_only, detail=wanted)

    @serves(replicated_maps.ADD_ENTRY_LISTENER)
    def add_entry_listener(self, request: Request, *, local_only: bool, name: str) -> uuid.UUID:
        """Tell of what happens to entries."""
        return self._listen(request, name, local_only)

    @serves(replicated_maps.ADD_ENTRY_LISTENER_TO_KEY)
    def add_entry_listener_to_key(self, request: Request, *, local_only: bool, name: str, key: bytes) -> uuid.UUID:
        """Tell of what happens to one entry."""
        return self._listen(request, name, local_only, key=key)

    @serves(replicated_maps.ADD_ENTRY_LISTENER_WITH_PREDICATE)
    def add_entry_listener_with_predicate(
        self, request: Request, *, local_only: bool, name: str, predicate: bytes
    ) -> uuid.UUID:
        """Tell of what happens to entries that are meant."""
        return self._listen(request, name, local_only, predicate=predicate)

    @serves(replicated_maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE)
    def add_entry_listener_to_key_with_predicate(
        self, request: Request, *, local_only: bool, name: str, key: bytes, predicate: bytes
    ) -> uuid.UUID:
        """Tell of what happens to one entry while it is meant."""
        return self._listen(request, name, local_only, key=key, predicate=predicate)

    @serves(replicated_maps.REMOVE_ENTRY_LISTENER)
    def remove_entry_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
