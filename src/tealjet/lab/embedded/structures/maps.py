"""Serves maps."""

from __future__ import annotations

import uuid
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Later, Request, serves
from tealjet.lab.embedded.structures.locking import LockingService, lock_messages
from tealjet.lab.embedded.structures.locks import owner_of
from tealjet.lab.embedded.structures.paging import page_of
from tealjet.lab.embedded.structures.played_map import PlayedMap, Wanted
from tealjet.lab.embedded.structures.predicates import Predicate, everything, predicate_of
from tealjet.lab.embedded.structures.records import Record
from tealjet.lab.embedded.structures.serialized import refuse_code, same
from tealjet.protocol.structures import maps
from tealjet.protocol.structures.maps import DatasPage, EntriesPage, EntryViewAnswer, IndexConfig, PagingPredicate
from tealjet.protocol.structures.parts import Datas, Entries, EntryEventType

__all__ = ["Maps"]


class Maps(LockingService):
    """All maps of a cluster."""

    names = frozenset({"hz:impl:mapService"})
    inherited = lock_messages(
        lock=maps.LOCK,
        try_lock=maps.TRY_LOCK,
        is_locked=maps.IS_LOCKED,
        unlock=maps.UNLOCK,
        force_unlock=maps.FORCE_UNLOCK,
    )

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._maps: dict[str, PlayedMap] = {}

    def of(self, name: str) -> PlayedMap:
        """Return the map of that name; it is made when it is used."""
        played = self._maps.get(name)
        if played is None:
            played = self._maps[name] = PlayedMap(name, self.cluster, self.locks.is_locked)
        return played

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a map and its locks."""
        self.locks.destroy(name)
        played = self._maps.pop(name, None)
        if played is not None:
            played.end()

    # -------------------------------------------------------------------------------------------- reading one entry

    @serves(maps.GET)
    def get(self, request: Request, *, thread_id: int, name: str, key: bytes) -> bytes | Later | None:
        """Return a value; what a transaction has changed is waited for."""

        def read() -> bytes | None:
            record = self.of(name).records.read(key)
            return None if record is None else record.value

        return self.locks.when_readable(request, name, same(key), owner_of(request, thread_id), read)

    @serves(maps.CONTAINS_KEY)
    def contains_key(self, request: Request, *, thread_id: int, name: str, key: bytes) -> bool | Later:
        """Say whether there is an entry, as ``get`` does; that counts as using it."""

        def read() -> bool:
            return self.of(name).records.read(key) is not None

        return self.locks.when_readable(request, name, same(key), owner_of(request, thread_id), read)

    @serves(maps.GET_ENTRY_VIEW)
    def get_entry_view(self, request: Request, *, thread_id: int, name: str, key: bytes) -> EntryViewAnswer:
        """Return all that is known of an entry."""
        records = self.of(name).records
        record = records.find(key)
        if record is None:
            return EntryViewAnswer(max_idle=0, response=None)
        return EntryViewAnswer(max_idle=record.max_idle, response=records.view(record))

    # ------------------------------------------------------------------------------------------- changing one entry

    def _put(
        self, request: Request, thread_id: int, name: str, key: bytes, value: bytes, ttl: int, max_idle: int = -1
    ) -> Any | Later:
        def put() -> bytes | None:
            return self.of(name).put(request.session.client_uuid, key, value, ttl=ttl, max_idle=max_idle)

        return self.when_free(request, thread_id, name, key, put)

    @serves(maps.PUT)
    def put(
        self, request: Request, *, thread_id: int, ttl: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value and return the one before."""
        return self._put(request, thread_id, name, key, value, ttl)

    @serves(maps.PUT_WITH_MAX_IDLE)
    def put_with_max_idle(
        self, request: Request, *, thread_id: int, ttl: int, max_idle: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value that also ends when nobody uses it, and return the one before."""
        return self._put(request, thread_id, name, key, value, ttl, max_idle)

    @serves(maps.SET)
    @serves(maps.PUT_TRANSIENT)
    def set(self, request: Request, *, thread_id: int, ttl: int, name: str, key: bytes, value: bytes) -> Later | None:
        """Put a value."""
        return self._put(request, thread_id, name, key, value, ttl)

    @serves(maps.SET_WITH_MAX_IDLE)
    @serves(maps.PUT_TRANSIENT_WITH_MAX_IDLE)
    def set_with_max_idle(
        self, request: Request, *, thread_id: int, ttl: int, max_idle: int, name: str, key: bytes, value: bytes
    ) -> Later | None:
        """Put a value that also ends when nobody uses it."""
        return self._put(request, thread_id, name, key, value, ttl, max_idle)

    @serves(maps.TRY_PUT)
    def try_put(
        self, request: Request, *, thread_id: int, timeout: int, name: str, key: bytes, value: bytes
    ) -> bool | Later:
        """Put a value if the key is free in time."""

        def put() -> bool:
            self.of(name).put(request.session.client_uuid, key, value, as_new=True)
            return True

        return self.when_free(request, thread_id, name, key, put, limit=timeout / 1000, in_vain=False)

    def _put_if_absent(
        self, request: Request, thread_id: int, name: str, key: bytes, value: bytes, ttl: int, max_idle: int = -1
    ) -> Any | Later:
        def put() -> bytes | None:
            played = self.of(name)
            record = played.records.read(key)
            if record is not None:
                return record.value
            return played.put(request.session.client_uuid, key, value, ttl=ttl, max_idle=max_idle)

        return self.when_free(request, thread_id, name, key, put)

    @serves(maps.PUT_IF_ABSENT)
    def put_if_absent(
        self, request: Request, *, thread_id: int, ttl: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value unless there is one; return that."""
        return self._put_if_absent(request, thread_id, name, key, value, ttl)

    @serves(maps.PUT_IF_ABSENT_WITH_MAX_IDLE)
    def put_if_absent_with_max_idle(
        self, request: Request, *, thread_id: int, ttl: int, max_idle: int, name: str, key: bytes, value: bytes
    ) -> bytes | Later | None:
        """Put a value that also ends when nobody uses it, unless there is one; return that."""
        return self._put_if_absent(request, thread_id, name, key, value, ttl, max_idle)

    @serves(maps.REPLACE)
    def replace(self, request: Request, *, thread_id: int, name: str, key: bytes, value: bytes) -> bytes | Later | None:
        """Put a value if there is one, and return that."""

        def replace() -> bytes | None:
            played = self.of(name)
            if played.records.find(key) is None:
                return None
            return played.put(request.session.client_uuid, key, value)

        return self.when_free(request, thread_id, name, key, replace)

    @serves(maps.REPLACE_IF_SAME)
    def replace_if_same(
        self, request: Request, *, thread_id: int, name: str, key: bytes, test_value: bytes, value: bytes
    ) -> bool | Later:
        """Put a value if the one before is as expected."""

        def replace() -> bool:
            played = self.of(name)
            record = played.records.find(key)
            if record is None or same(record.value) != same(test_value):
                return False
            played.put(request.session.client_uuid, key, value)
            return True

        return self.when_free(request, thread_id, name, key, replace)

    @serves(maps.SET_TTL)
    def set_ttl(self, request: Request, *, ttl: int, name: str, key: bytes) -> bool | Later:
        """Let an entry live longer or shorter; say whether there is one."""

        def set_ttl() -> bool:
            return self.of(name).set_ttl(request.session.client_uuid, key, ttl)

        return self.when_free(request, 0, name, key, set_ttl)

    @serves(maps.REMOVE)
    def remove(self, request: Request, *, thread_id: int, name: str, key: bytes) -> bytes | Later | None:
        """Remove an entry and return its value."""

        def remove() -> bytes | None:
            return self.of(name).remove(request.session.client_uuid, key)

        return self.when_free(request, thread_id, name, key, remove)

    @serves(maps.DELETE)
    def delete(self, request: Request, *, thread_id: int, name: str, key: bytes) -> Later | None:
        """Remove an entry; nobody is told its value."""

        def delete() -> None:
            self.of(name).remove(request.session.client_uuid, key, told=False)

        return self.when_free(request, thread_id, name, key, delete)

    @serves(maps.REMOVE_IF_SAME)
    def remove_if_same(self, request: Request, *, thread_id: int, name: str, key: bytes, value: bytes) -> bool | Later:
        """Remove an entry if its value is as expected."""

        def remove() -> bool:
            played = self.of(name)
            record = played.records.find(key)
            if record is None or same(record.value) != same(value):
                return False
            played.remove(request.session.client_uuid, key)
            return True

        return self.when_free(request, thread_id, name, key, remove)

    @serves(maps.TRY_REMOVE)
    def try_remove(self, request: Request, *, thread_id: int, timeout: int, name: str, key: bytes) -> bool | Later:
        """Remove an entry if the key is free in time; say whether there was one."""

        def remove() -> bool:
            return self.of(name).remove(request.session.client_uuid, key) is not None

        return self.when_free(request, thread_id, name, key, remove, limit=timeout / 1000, in_vain=False)

    @serves(maps.EVICT)
    def evict(self, request: Request, *, thread_id: int, name: str, key: bytes) -> bool | Later:
        """Remove an entry as if for want of memory."""

        def evict() -> bool:
            return self.of(name).evict(request.session.client_uuid, key)

        return self.when_free(request, thread_id, name, key, evict)

    # -------------------------------------------------------------------------------------------------- many entries

    def _matching(self, name: str, means: Predicate = everything) -> list[Record]:
        return [record for record in self.of(name).records if means(record.key, record.value)]

    @serves(maps.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the entries."""
        return len(self.of(name).records)

    @serves(maps.IS_EMPTY)
    def is_empty(self, request: Request, *, name: str) -> bool:
        """Say whether there are none."""
        return not self.of(name).records

    @serves(maps.CONTAINS_VALUE)
    def contains_value(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether an entry has that value."""
        return any(same(record.value) == same(value) for record in self.of(name).records)

    @serves(maps.GET_ALL)
    def get_all(self, request: Request, *, name: str, keys: Datas) -> Entries:
        """Return those entries of the keys' that there are."""
        records = self.of(name).records
        found = (records.read(key) for key in keys)
        return tuple((record.key, record.value) for record in found if record is not None)

    @serves(maps.PUT_ALL)
    def put_all(self, request: Request, *, trigger_map_loader: bool, name: str, entries: Entries) -> None:
        """Put many values, whoever has their keys locked; since Hazelcast 5 each is told as new."""
        played = self.of(name)
        as_new = self.cluster.version.major >= 5
        for key, value in entries:
            played.put(request.session.client_uuid, key, value, as_new=as_new)

    @serves(maps.KEY_SET)
    def key_set(self, request: Request, *, name: str) -> Datas:
        """Return all keys."""
        return tuple(record.key for record in self._matching(name))

    @serves(maps.VALUES)
    def values(self, request: Request, *, name: str) -> Datas:
        """Return all values."""
        return tuple(record.value for record in self._matching(name))

    @serves(maps.ENTRY_SET)
    def entry_set(self, request: Request, *, name: str) -> Entries:
        """Return all entries."""
        return tuple((record.key, record.value) for record in self._matching(name))

    @serves(maps.KEY_SET_WITH_PREDICATE)
    def key_set_with_predicate(self, request: Request, *, name: str, predicate: bytes) -> Datas:
        """Return the keys of the entries that are meant."""
        return tuple(record.key for record in self._matching(name, predicate_of(predicate)))

    @serves(maps.VALUES_WITH_PREDICATE)
    def values_with_predicate(self, request: Request, *, name: str, predicate: bytes) -> Datas:
        """Return the values of the entries that are meant."""
        return tuple(record.value for record in self._matching(name, predicate_of(predicate)))

    @serves(maps.ENTRIES_WITH_PREDICATE)
    def entries_with_predicate(self, request: Request, *, name: str, predicate: bytes) -> Entries:
        """Return the entries that are meant."""
        return tuple((record.key, record.value) for record in self._matching(name, predicate_of(predicate)))

    def _page(self, name: str, paging: PagingPredicate) -> tuple[list[Record], maps.AnchorDataList]:
        inner = paging.predicate_data
        means = everything if inner is None else predicate_of(inner)
        return page_of(self._matching(name, means), paging)

    @serves(maps.KEY_SET_WITH_PAGING_PREDICATE)
    def key_set_with_paging_predicate(self, request: Request, *, name: str, predicate: PagingPredicate) -> DatasPage:
        """Return a page of keys."""
        records, anchors = self._page(name, predicate)
        return DatasPage(response=tuple(record.key for record in records), anchor_data_list=anchors)

    @serves(maps.VALUES_WITH_PAGING_PREDICATE)
    def values_with_paging_predicate(self, request: Request, *, name: str, predicate: PagingPredicate) -> DatasPage:
        """Return a page of values."""
        records, anchors = self._page(name, predicate)
        return DatasPage(response=tuple(record.value for record in records), anchor_data_list=anchors)

    @serves(maps.ENTRIES_WITH_PAGING_PREDICATE)
    def entries_with_paging_predicate(self, request: Request, *, name: str, predicate: PagingPredicate) -> EntriesPage:
        """Return a page of entries."""
        records, anchors = self._page(name, predicate)
        entries = tuple((record.key, record.value) for record in records)
        return EntriesPage(response=entries, anchor_data_list=anchors)

    @serves(maps.REMOVE_ALL)
    def remove_all(self, request: Request, *, name: str, predicate: bytes) -> None:
        """Remove the entries that are meant."""
        for record in self._matching(name, predicate_of(predicate)):
            self.of(name).remove(request.session.client_uuid, record.key)

    @serves(maps.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all entries but those whose keys are locked."""
        self.of(name).remove_all(request.session.client_uuid, EntryEventType.CLEAR_ALL)

    @serves(maps.EVICT_ALL)
    def evict_all(self, request: Request, *, name: str) -> None:
        """Remove all entries but those whose keys are locked, as if for want of memory."""
        self.of(name).remove_all(request.session.client_uuid, EntryEventType.EVICT_ALL)

    @serves(maps.FLUSH)
    def flush(self, request: Request, *, name: str) -> None:
        """Write what a store has not got yet: there are no stores."""

    @serves(maps.LOAD_ALL)
    def load_all(self, request: Request, *, replace_existing_values: bool, name: str) -> None:
        """Refuse to load entries: there are no stores."""
        raise MemberError(failures.ILLEGAL_ARGUMENT, "First you should configure a map store")

    @serves(maps.LOAD_GIVEN_KEYS)
    def load_given_keys(self, request: Request, *, replace_existing_values: bool, name: str, keys: Datas) -> None:
        """Refuse to load entries: there are no stores."""
        raise MemberError(failures.NULL_POINTER, None)

    @serves(maps.ADD_INDEX)
    def add_index(self, request: Request, *, name: str, index_config: IndexConfig) -> None:
        """Make queries faster: here they are as they are."""

    # --------------------------------------------------------------------------------------------------------- code

    @serves(maps.ADD_INTERCEPTOR)
    def add_interceptor(self, request: Request, *, name: str, interceptor: bytes) -> str:
        """Refuse to run code."""
        refuse_code(interceptor, "com.hazelcast.map.MapInterceptor")

    @serves(maps.REMOVE_INTERCEPTOR)
    def remove_interceptor(self, request: Request, *, name: str, interceptor_id: str) -> bool:
        """Say that there are no interceptors."""
        return False

    @serves(maps.EXECUTE_ON_KEY)
    def execute_on_key(
        self, request: Request, *, thread_id: int, name: str, entry_processor: bytes, key: bytes
    ) -> bytes | None:
        """Refuse to run code."""
        refuse_code(entry_processor, "com.hazelcast.map.EntryProcessor")

    @serves(maps.EXECUTE_ON_KEYS)
    def execute_on_keys(self, request: Request, *, name: str, entry_processor: bytes, keys: Datas) -> Entries:
        """Refuse to run code."""
        refuse_code(entry_processor, "com.hazelcast.map.EntryProcessor")

    @serves(maps.EXECUTE_ON_ALL_KEYS)
    def execute_on_all_keys(self, request: Request, *, name: str, entry_processor: bytes) -> Entries:
        """Refuse to run code."""
        refuse_code(entry_processor, "com.hazelcast.map.EntryProcessor")

    @serves(maps.EXECUTE_WITH_PREDICATE)
    def execute_with_predicate(
        self, request: Request, *, name: str, entry_processor: bytes, predicate: bytes
    ) -> Entries:
        """Refuse to run code."""
        refuse_code(entry_processor, "com.hazelcast.map.EntryProcessor")

    @serves(maps.AGGREGATE)
    def aggregate(self, request: Request, *, name: str, aggregator: bytes) -> bytes | None:
        """Refuse to run code."""
        refuse_code(aggregator, "com.hazelcast.aggregation.Aggregator")

    @serves(maps.AGGREGATE_WITH_PREDICATE)
    def aggregate_with_predicate(
        self, request: Request, *, name: str, aggregator: bytes, predicate: bytes
    ) -> bytes | None:
        """Refuse to run code."""
        refuse_code(aggregator, "com.hazelcast.aggregation.Aggregator")

    @serves(maps.PROJECT)
    def project(self, request: Request, *, name: str, projection: bytes) -> tuple[bytes | None, ...]:
        """Refuse to run code."""
        refuse_code(projection, "com.hazelcast.projection.Projection")

    @serves(maps.PROJECT_WITH_PREDICATE)
    def project_with_predicate(
        self, request: Request, *, name: str, projection: bytes, predicate: bytes
    ) -> tuple[bytes | None, ...]:
        """Refuse to run code."""
        refuse_code(projection, "com.hazelcast.projection.Projection")

    # ---------------------------------------------------------------------------------------------------- listeners

    def _listen(self, request: Request, name: str, local_only: bool, wanted: Wanted) -> uuid.UUID:
        return self.of(name).audience.add(request, local_only=local_only, detail=wanted)

    @serves(maps.ADD_ENTRY_LISTENER)
    def add_entry_listener(
        self, request: Request, *, include_value: bool, listener_flags: int, local_only: bool, name: str
    ) -> uuid.UUID:
        """Tell of what happens to entries."""
        return self._listen(request, name, local_only, Wanted(flags=listener_flags, include_value=include_value))

    @serves(maps.ADD_ENTRY_LISTENER_TO_KEY)
    def add_entry_listener_to_key(
        self, request: Request, *, include_value: bool, listener_flags: int, local_only: bool, name: str, key: bytes
    ) -> uuid.UUID:
        """Tell of what happens to one entry."""
        wanted = Wanted(flags=listener_flags, include_value=include_value, key=key)
        return self._listen(request, name, local_only, wanted)

    @serves(maps.ADD_ENTRY_LISTENER_WITH_PREDICATE)
    def add_entry_listener_with_predicate(
        self,
        request: Request,
        *,
        include_value: bool,
        listener_flags: int,
        local_only: bool,
        name: str,
        predicate: bytes,
    ) -> uuid.UUID:
        """Tell of what happens to entries that are meant."""
        wanted = Wanted(flags=listener_flags, include_value=include_value, predicate=predicate_of(predicate))
        return self._listen(request, name, local_only, wanted)

    @serves(maps.ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE)
    def add_entry_listener_to_key_with_predicate(
        self,
        request: Request,
        *,
        include_value: bool,
        listener_flags: int,
        local_only: bool,
        name: str,
        key: bytes,
        predicate: bytes,
    ) -> uuid.UUID:
        """Tell of what happens to one entry while it is meant."""
        means = predicate_of(predicate)
        wanted = Wanted(flags=listener_flags, include_value=include_value, key=key, predicate=means)
        return self._listen(request, name, local_only, wanted)

    @serves(maps.ADD_NEAR_CACHE_INVALIDATION_LISTENER)
    def add_near_cache_invalidation_listener(
        self, request: Request, *, listener_flags: int, local_only: bool, name: str
    ) -> uuid.UUID:
        """Tell which keys a near cache must forget."""
        return self.of(name).near_caches.add(request, local_only=local_only)

    @serves(maps.REMOVE_ENTRY_LISTENER)
    def remove_entry_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
