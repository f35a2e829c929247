"""Serves multi-maps; as by default on members, a key may have no value twice, and its values are in no order."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from tealjet.lab.embedded.serving import Cluster, Later, Request, serves
from tealjet.lab.embedded.structures.audience import Audience
from tealjet.lab.embedded.structures.locking import LockingService, lock_messages
from tealjet.lab.embedded.structures.played_map import Wanted, send_entry_event
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures import multi_maps
from tealjet.protocol.structures.parts import Datas, Entries, EntryEvent, EntryEventType

__all__ = ["MultiMaps", "PlayedMultiMap"]

_ALL_EVENTS = -1


class PlayedMultiMap:
    """The data of a multi-map."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.audience = Audience("multi-map", name, cluster)
        """Who listens."""
        self._values: dict[bytes, tuple[bytes, dict[bytes, bytes]]] = {}
        """For each key, by what makes it the same as another, itself and its values."""

    def keys(self) -> Datas:
        """Return all keys."""
        return tuple(key for key, _ in self._values.values())

    def entries(self) -> Entries:
        """Return all values, each with its key."""
        return tuple((key, value) for key, values in self._values.values() for value in values.values())

    def get(self, key: bytes) -> Datas:
        """Return a key's values."""
        found = self._values.get(same(key))
        return () if found is None else tuple(found[1].values())

    def has(self, key: bytes, value: bytes) -> bool:
        """Say whether a key has a value."""
        found = self._values.get(same(key))
        return found is not None and same(value) in found[1]

    def put(self, key: bytes, value: bytes) -> bool:
        """Give a key a value more; say whether it did not have it."""
        _, values = self._values.setdefault(same(key), (key, {}))
        if same(value) in values:
            return False
        values[same(value)] = value
        self._tell(EntryEventType.ADDED, key, value=value)
        return True

    def remove(self, key: bytes, value: bytes) -> bool:
        """Take a value from a key; say whether it had it."""
        found = self._values.get(same(key))
        if found is None or found[1].pop(same(value), None) is None:
            return False
        if not found[1]:
            del self._values[same(key)]
        self._tell(EntryEventType.REMOVED, key, old=value)
        return True

    def remove_all(self, key: bytes) -> Datas:
        """Remove a key and return its values."""
        found = self._values.pop(same(key), None)
        removed = () if found is None else tuple(found[1].values())
        for value in removed:
            self._tell(EntryEventType.REMOVED, key, old=value)
        return removed

    def clear(self, is_locked: Callable[[bytes], bool]) -> None:
        """Remove all keys that are not locked."""
        removed = [key for key in self.keys() if not is_locked(same(key))]
        for key in removed:
            del self._values[same(key)]
        for listener in self.audience.of_all():
            listener.send(
                EntryEvent(
                    event_type=EntryEventType.CLEAR_ALL,
                    uuid=listener.session.member_uuid,
                    number_of_affected_entries=len(removed),
                )
            )

    def _tell(self, kind: EntryEventType, key: bytes, *, value: bytes | None = None, old: bytes | None = None) -> None:
        for listener in self.audience.of_key(key):
            send_entry_event(listener, kind, key, value=value, old=old)


class MultiMaps(LockingService):
    """All multi-maps of a cluster."""

    names = frozenset({"hz:impl:multiMapService"})
    inherited = lock_messages(
        lock=multi_maps.LOCK,
        try_lock=multi_maps.TRY_LOCK,
        is_locked=multi_maps.IS_LOCKED,
        unlock=multi_maps.UNLOCK,
        force_unlock=multi_maps.FORCE_UNLOCK,
    )

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._maps: dict[str, PlayedMultiMap] = {}

    def of(self, name: str) -> PlayedMultiMap:
        """Return the multi-map of that name; it is made when it is used."""
        if name not in self._maps:
            self._maps[name] = PlayedMultiMap(name, self.cluster)
        return self._maps[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a multi-map, its locks and its listeners."""
        played = self._maps.pop(name, None)
        if played is not None:
            played.audience.end()
        self.locks.destroy(name)

    @serves(multi_maps.PUT)
    def put(self, request: Request, *, thread_id: int, name: str, key: bytes, value: bytes) -> bool | Later:
        """Give a key a value more."""
        return self.when_free(request, thread_id, name, key, lambda: self.of(name).put(key, value))

    @serves(multi_maps.PUT_ALL)
    def put_all(self, request: Request, *, name: str, entries: tuple[tuple[bytes, Datas], ...]) -> None:
        """Give many keys values more, whoever has them locked."""
        for key, values in entries:
            for value in values:
                self.of(name).put(key, value)

    @serves(multi_maps.GET)
    def get(self, request: Request, *, thread_id: int, name: str, key: bytes) -> Datas:
        """Return a key's values."""
        return self.of(name).get(key)

    @serves(multi_maps.REMOVE)
    def remove(self, request: Request, *, thread_id: int, name: str, key: bytes) -> Datas | Later:
        """Remove a key and return its values."""
        return self.when_free(request, thread_id, name, key, lambda: self.of(name).remove_all(key))

    @serves(multi_maps.REMOVE_ENTRY)
    def remove_entry(self, request: Request, *, thread_id: int, name: str, key: bytes, value: bytes) -> bool | Later:
        """Take a value from a key."""
        return self.when_free(request, thread_id, name, key, lambda: self.of(name).remove(key, value))

    @serves(multi_maps.KEY_SET)
    def key_set(self, request: Request, *, name: str) -> Datas:
        """Return all keys."""
        return self.of(name).keys()

    @serves(multi_maps.VALUES)
    def values(self, request: Request, *, name: str) -> Datas:
        """Return all values."""
        return tuple(value for _, value in self.of(name).entries())

    @serves(multi_maps.ENTRY_SET)
    def entry_set(self, request: Request, *, name: str) -> Entries:
        """Return all values, each with its key."""
        return self.of(name).entries()

    @serves(multi_maps.CONTAINS_KEY)
    def contains_key(self, request: Request, *, thread_id: int, name: str, key: bytes) -> bool:
        """Say whether a key has values."""
        return bool(self.of(name).get(key))

    @serves(multi_maps.CONTAINS_VALUE)
    def contains_value(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether a key has that value."""
        return any(same(other) == same(value) for _, other in self.of(name).entries())

    @serves(multi_maps.CONTAINS_ENTRY)
    def contains_entry(self, request: Request, *, thread_id: int, name: str, key: bytes, value: bytes) -> bool:
        """Say whether that key has that value."""
        return self.of(name).has(key, value)

    @serves(multi_maps.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the values of all keys."""
        return len(self.of(name).entries())

    @serves(multi_maps.VALUE_COUNT)
    def value_count(self, request: Request, *, thread_id: int, name: str, key: bytes) -> int:
        """Count a key's values."""
        return len(self.of(name).get(key))

    @serves(multi_maps.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all keys that are not locked."""
        self.of(name).clear(lambda key: self.locks.is_locked(name, key))

    @serves(multi_maps.ADD_ENTRY_LISTENER)
    def add_entry_listener(self, request: Request, *, include_value: bool, local_only: bool, name: str) -> uuid.UUID:
        """Tell of values that come and go."""
        wanted = Wanted(flags=_ALL_EVENTS, include_value=include_value)
        return self.of(name).audience.add(request, local_only=local_only, detail=wanted)

    @serves(multi_maps.ADD_ENTRY_LISTENER_TO_KEY)
    def add_entry_listener_to_key(
        self, request: Request, *, include_value: bool, local_only: bool, name: str, key: bytes
    ) -> uuid.UUID:
        """Tell of values of one key."""
        wanted = Wanted(flags=_ALL_EVENTS, include_value=include_value, key=key)
        return self.of(name).audience.add(request, local_only=local_only, detail=wanted)

    @serves(multi_maps.REMOVE_ENTRY_LISTENER)
    def remove_entry_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
