"""The messages of maps."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tealjet.protocol import table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import (
    BOOLEAN,
    BYTE,
    INT,
    LONG,
    NULLABLE_UUID,
    STRING,
    Field,
    array_of,
    list_of,
    nullable,
    structure,
)
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA,
    DATA_ANSWER,
    DATAS,
    DATAS_ANSWER,
    ENTRIES,
    ENTRIES_ANSWER,
    ENTRY_EVENT,
    INCLUDE_VALUE,
    INT_ANSWER,
    KEY,
    LEASE,
    LISTENER_FLAGS,
    LOCAL_ONLY,
    MAX_IDLE,
    NAME,
    NULLABLE_DATA,
    PREDICATE,
    REFERENCE_ID,
    REGISTRATION,
    REGISTRATION_ID,
    THREAD_ID,
    TIMEOUT,
    TTL,
    VALUE,
    Datas,
    Entries,
    Listener,
    messages_of,
)

__all__ = [
    "ADD_ENTRY_LISTENER",
    "ADD_ENTRY_LISTENER_TO_KEY",
    "ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE",
    "ADD_ENTRY_LISTENER_WITH_PREDICATE",
    "ADD_INDEX",
    "ADD_INTERCEPTOR",
    "ADD_NEAR_CACHE_INVALIDATION_LISTENER",
    "AGGREGATE",
    "AGGREGATE_WITH_PREDICATE",
    "CLEAR",
    "CONTAINS_KEY",
    "CONTAINS_VALUE",
    "DELETE",
    "ENTRIES_WITH_PAGING_PREDICATE",
    "ENTRIES_WITH_PREDICATE",
    "ENTRY_SET",
    "EVICT",
    "EVICT_ALL",
    "EXECUTE_ON_ALL_KEYS",
    "EXECUTE_ON_KEY",
    "EXECUTE_ON_KEYS",
    "EXECUTE_WITH_PREDICATE",
    "FLUSH",
    "FORCE_UNLOCK",
    "GET",
    "GET_ALL",
    "GET_ENTRY_VIEW",
    "IS_EMPTY",
    "IS_LOCKED",
    "KEY_SET",
    "KEY_SET_WITH_PAGING_PREDICATE",
    "KEY_SET_WITH_PREDICATE",
    "LOAD_ALL",
    "LOAD_GIVEN_KEYS",
    "LOCK",
    "MESSAGES",
    "PROJECT",
    "PROJECT_WITH_PREDICATE",
    "PUT",
    "PUT_ALL",
    "PUT_IF_ABSENT",
    "PUT_IF_ABSENT_WITH_MAX_IDLE",
    "PUT_TRANSIENT",
    "PUT_TRANSIENT_WITH_MAX_IDLE",
    "PUT_WITH_MAX_IDLE",
    "REMOVE",
    "REMOVE_ALL",
    "REMOVE_ENTRY_LISTENER",
    "REMOVE_IF_SAME",
    "REMOVE_INTERCEPTOR",
    "REPLACE",
    "REPLACE_IF_SAME",
    "SET",
    "SET_TTL",
    "SET_WITH_MAX_IDLE",
    "SIZE",
    "TRY_LOCK",
    "TRY_PUT",
    "TRY_REMOVE",
    "UNLOCK",
    "VALUES",
    "VALUES_WITH_PAGING_PREDICATE",
    "VALUES_WITH_PREDICATE",
    "AnchorDataList",
    "BitmapIndexOptions",
    "DatasPage",
    "EntriesPage",
    "EntryView",
    "EntryViewAnswer",
    "IndexConfig",
    "Invalidation",
    "Invalidations",
    "PagingPredicate",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryView:
    """An entry with all that a member knows of it; times are milliseconds since 1970, durations milliseconds."""

    key: bytes
    value: bytes
    cost: int
    """Bytes of memory, more or less."""
    creation_time: int
    expiration_time: int
    hits: int
    last_access_time: int
    last_stored_time: int
    last_update_time: int
    version: int
    """How often the entry was updated."""
    ttl: int
    max_idle: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryViewAnswer:
    """The view of an entry, if there is one."""

    max_idle: int
    response: EntryView | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchorDataList:
    """Where the pages before the asked one end: their numbers, and the last entry of each."""

    anchor_page_list: tuple[int, ...]
    anchor_data_list: Entries


@dataclass(frozen=True, kw_only=True, slots=True)
class PagingPredicate:
    """Which page of which entries, in which order."""

    anchor_data_list_holder: AnchorDataList
    predicate_data: bytes | None
    comparator_data: bytes | None
    page_size: int
    page: int
    iteration_type_id: int
    """What is compared: 0 keys, 1 values, 2 entries."""
    partition_key_data: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasPage:
    """A page of keys or values."""

    response: Datas
    anchor_data_list: AnchorDataList


@dataclass(frozen=True, kw_only=True, slots=True)
class EntriesPage:
    """A page of entries."""

    response: Entries
    anchor_data_list: AnchorDataList


@dataclass(frozen=True, kw_only=True, slots=True)
class BitmapIndexOptions:
    """How a bitmap index names entries."""

    unique_key: str
    unique_key_transformation: int


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexConfig:
    """An index over attributes of a map's entries."""

    name: str | None
    type: int
    """0 sorted, 1 hash, 2 bitmap."""
    attributes: tuple[str, ...]
    bitmap_index_options: BitmapIndexOptions | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalidation:
    """Near caches must forget a key, or all keys if it is None."""

    source_uuid: uuid.UUID | None
    """Of the client that made the change."""
    partition_uuid: uuid.UUID | None
    sequence: int
    """Counts the invalidations of the key's partition."""
    key: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalidations:
    """Near caches must forget many keys; the n-th of each list belong together."""

    keys: Datas
    source_uuids: tuple[uuid.UUID | None, ...]
    partition_uuids: tuple[uuid.UUID | None, ...]
    sequences: tuple[int, ...]


_ENTRY_VIEW = structure(
    EntryView,
    *(
        Field(name, LONG)
        for name in (
            "cost",
            "creation_time",
            "expiration_time",
            "hits",
            "last_access_time",
            "last_stored_time",
            "last_update_time",
            "version",
            "ttl",
            "max_idle",
        )
    ),
    KEY,
    VALUE,
)

_ANCHORS = structure(AnchorDataList, Field("anchor_page_list", array_of(INT)), Field("anchor_data_list", ENTRIES))

_ANCHORS_FIELD = Field("anchor_data_list", _ANCHORS)

_PAGING_PREDICATE = structure(
    PagingPredicate,
    Field("page_size", INT),
    Field("page", INT),
    Field("iteration_type_id", BYTE),
    Field("anchor_data_list_holder", _ANCHORS),
    Field("predicate_data", NULLABLE_DATA),
    Field("comparator_data", NULLABLE_DATA),
    Field("partition_key_data", NULLABLE_DATA),
)

_INDEX_CONFIG = structure(
    IndexConfig,
    Field("type", INT),
    Field("name", nullable(STRING)),
    Field("attributes", list_of(STRING)),
    Field(
        "bitmap_index_options",
        nullable(structure(BitmapIndexOptions, Field("unique_key_transformation", INT), Field("unique_key", STRING))),
    ),
)

_INVALIDATION = (
    Invalidation,
    (
        Field("source_uuid", NULLABLE_UUID),
        Field("partition_uuid", NULLABLE_UUID),
        Field("sequence", LONG),
        Field("key", NULLABLE_DATA),
    ),
)

_INVALIDATIONS = (
    Invalidations,
    (
        Field("keys", DATAS),
        Field("source_uuids", array_of(NULLABLE_UUID)),
        Field("partition_uuids", array_of(NULLABLE_UUID)),
        Field("sequences", array_of(LONG)),
    ),
)

PUT: MessageType[bytes | None, None] = declare(
    "map.put", 0x010100, retryable=False, request=(THREAD_ID, TTL, NAME, KEY, VALUE), response=DATA_ANSWER
)

GET: MessageType[bytes | None, None] = declare(
    "map.get", 0x010200, retryable=True, request=(THREAD_ID, NAME, KEY), response=DATA_ANSWER
)

REMOVE: MessageType[bytes | None, None] = declare(
    "map.remove", 0x010300, retryable=False, request=(THREAD_ID, NAME, KEY), response=DATA_ANSWER
)

REPLACE: MessageType[bytes | None, None] = declare(
    "map.replace", 0x010400, retryable=False, request=(THREAD_ID, NAME, KEY, VALUE), response=DATA_ANSWER
)

REPLACE_IF_SAME: MessageType[bool, None] = declare(
    "map.replaceIfSame",
    0x010500,
    retryable=False,
    request=(THREAD_ID, NAME, KEY, Field("test_value", DATA), VALUE),
    response=BOOLEAN_ANSWER,
)

CONTAINS_KEY: MessageType[bool, None] = declare(
    "map.containsKey", 0x010600, retryable=True, request=(THREAD_ID, NAME, KEY), response=BOOLEAN_ANSWER
)

CONTAINS_VALUE: MessageType[bool, None] = declare(
    "map.containsValue", 0x010700, retryable=True, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

REMOVE_IF_SAME: MessageType[bool, None] = declare(
    "map.removeIfSame", 0x010800, retryable=False, request=(THREAD_ID, NAME, KEY, VALUE), response=BOOLEAN_ANSWER
)

DELETE = table.MAP_DELETE

FLUSH: MessageType[None, None] = declare("map.flush", 0x010A00, retryable=False, request=(NAME,))

TRY_REMOVE: MessageType[bool, None] = declare(
    "map.tryRemove", 0x010B00, retryable=False, request=(THREAD_ID, TIMEOUT, NAME, KEY), response=BOOLEAN_ANSWER
)

TRY_PUT: MessageType[bool, None] = declare(
    "map.tryPut", 0x010C00, retryable=False, request=(THREAD_ID, TIMEOUT, NAME, KEY, VALUE), response=BOOLEAN_ANSWER
)

PUT_TRANSIENT: MessageType[None, None] = declare(
    "map.putTransient", 0x010D00, retryable=False, request=(THREAD_ID, TTL, NAME, KEY, VALUE)
)

PUT_IF_ABSENT: MessageType[bytes | None, None] = declare(
    "map.putIfAbsent", 0x010E00, retryable=False, request=(THREAD_ID, TTL, NAME, KEY, VALUE), response=DATA_ANSWER
)

SET: MessageType[None, None] = declare("map.set", 0x010F00, retryable=False, request=(THREAD_ID, TTL, NAME, KEY, VALUE))

LOCK: MessageType[None, None] = declare(
    "map.lock", 0x011000, retryable=True, request=(THREAD_ID, TTL, REFERENCE_ID, NAME, KEY)
)

TRY_LOCK: MessageType[bool, None] = declare(
    "map.tryLock",
    0x011100,
    retryable=True,
    request=(THREAD_ID, LEASE, TIMEOUT, REFERENCE_ID, NAME, KEY),
    response=BOOLEAN_ANSWER,
)

IS_LOCKED: MessageType[bool, None] = declare(
    "map.isLocked", 0x011200, retryable=True, request=(NAME, KEY), response=BOOLEAN_ANSWER
)

UNLOCK: MessageType[None, None] = declare(
    "map.unlock", 0x011300, retryable=True, request=(THREAD_ID, REFERENCE_ID, NAME, KEY)
)

ADD_INTERCEPTOR: MessageType[str, None] = declare(
    "map.addInterceptor",
    0x011400,
    retryable=False,
    request=(NAME, Field("interceptor", DATA)),
    response=(Field("response", STRING),),
)

REMOVE_INTERCEPTOR: MessageType[bool, None] = declare(
    "map.removeInterceptor",
    0x011500,
    retryable=False,
    request=(NAME, Field("interceptor_id", STRING)),
    response=BOOLEAN_ANSWER,
)

ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE: Listener = declare(
    "map.addEntryListenerToKeyWithPredicate",
    0x011600,
    retryable=False,
    request=(INCLUDE_VALUE, LISTENER_FLAGS, LOCAL_ONLY, NAME, KEY, PREDICATE),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER_WITH_PREDICATE: Listener = declare(
    "map.addEntryListenerWithPredicate",
    0x011700,
    retryable=False,
    request=(INCLUDE_VALUE, LISTENER_FLAGS, LOCAL_ONLY, NAME, PREDICATE),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER_TO_KEY: Listener = declare(
    "map.addEntryListenerToKey",
    0x011800,
    retryable=False,
    request=(INCLUDE_VALUE, LISTENER_FLAGS, LOCAL_ONLY, NAME, KEY),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER: Listener = declare(
    "map.addEntryListener",
    0x011900,
    retryable=False,
    request=(INCLUDE_VALUE, LISTENER_FLAGS, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

REMOVE_ENTRY_LISTENER: MessageType[bool, None] = declare(
    "map.removeEntryListener", 0x011A00, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

GET_ENTRY_VIEW: MessageType[EntryViewAnswer, None] = declare(
    "map.getEntryView",
    0x011D00,
    retryable=True,
    request=(THREAD_ID, NAME, KEY),
    response=(MAX_IDLE, Field("response", nullable(_ENTRY_VIEW))),
    make=EntryViewAnswer,
)

EVICT: MessageType[bool, None] = declare(
    "map.evict", 0x011E00, retryable=False, request=(THREAD_ID, NAME, KEY), response=BOOLEAN_ANSWER
)

EVICT_ALL: MessageType[None, None] = declare("map.evictAll", 0x011F00, retryable=False, request=(NAME,))

LOAD_ALL: MessageType[None, None] = declare(
    "map.loadAll", 0x012000, retryable=False, request=(Field("replace_existing_values", BOOLEAN), NAME)
)

LOAD_GIVEN_KEYS: MessageType[None, None] = declare(
    "map.loadGivenKeys",
    0x012100,
    retryable=False,
    request=(Field("replace_existing_values", BOOLEAN), NAME, Field("keys", DATAS)),
)

KEY_SET: MessageType[Datas, None] = declare(
    "map.keySet", 0x012200, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

GET_ALL: MessageType[Entries, None] = declare(
    "map.getAll", 0x012300, retryable=False, request=(NAME, Field("keys", DATAS)), response=ENTRIES_ANSWER
)

VALUES: MessageType[Datas, None] = declare(
    "map.values", 0x012400, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

ENTRY_SET = table.MAP_ENTRY_SET

KEY_SET_WITH_PREDICATE: MessageType[Datas, None] = declare(
    "map.keySetWithPredicate", 0x012600, retryable=True, request=(NAME, PREDICATE), response=DATAS_ANSWER
)

VALUES_WITH_PREDICATE: MessageType[Datas, None] = declare(
    "map.valuesWithPredicate", 0x012700, retryable=True, request=(NAME, PREDICATE), response=DATAS_ANSWER
)

ENTRIES_WITH_PREDICATE: MessageType[Entries, None] = declare(
    "map.entriesWithPredicate", 0x012800, retryable=True, request=(NAME, PREDICATE), response=ENTRIES_ANSWER
)

ADD_INDEX: MessageType[None, None] = declare(
    "map.addIndex", 0x012900, retryable=False, request=(NAME, Field("index_config", _INDEX_CONFIG))
)

SIZE: MessageType[int, None] = declare("map.size", 0x012A00, retryable=True, request=(NAME,), response=INT_ANSWER)

IS_EMPTY: MessageType[bool, None] = declare(
    "map.isEmpty", 0x012B00, retryable=True, request=(NAME,), response=BOOLEAN_ANSWER
)

PUT_ALL: MessageType[None, None] = declare(
    "map.putAll",
    0x012C00,
    retryable=False,
    request=(Field("trigger_map_loader", BOOLEAN), NAME, Field("entries", ENTRIES)),
)

CLEAR: MessageType[None, None] = declare("map.clear", 0x012D00, retryable=False, request=(NAME,))

EXECUTE_ON_KEY: MessageType[bytes | None, None] = declare(
    "map.executeOnKey",
    0x012E00,
    retryable=False,
    request=(THREAD_ID, NAME, Field("entry_processor", DATA), KEY),
    response=DATA_ANSWER,
)

EXECUTE_ON_ALL_KEYS: MessageType[Entries, None] = declare(
    "map.executeOnAllKeys",
    0x013000,
    retryable=False,
    request=(NAME, Field("entry_processor", DATA)),
    response=ENTRIES_ANSWER,
)

EXECUTE_WITH_PREDICATE: MessageType[Entries, None] = declare(
    "map.executeWithPredicate",
    0x013100,
    retryable=False,
    request=(NAME, Field("entry_processor", DATA), PREDICATE),
    response=ENTRIES_ANSWER,
)

EXECUTE_ON_KEYS: MessageType[Entries, None] = declare(
    "map.executeOnKeys",
    0x013200,
    retryable=False,
    request=(NAME, Field("entry_processor", DATA), Field("keys", DATAS)),
    response=ENTRIES_ANSWER,
)

FORCE_UNLOCK: MessageType[None, None] = declare(
    "map.forceUnlock", 0x013300, retryable=True, request=(REFERENCE_ID, NAME, KEY)
)

KEY_SET_WITH_PAGING_PREDICATE: MessageType[DatasPage, None] = declare(
    "map.keySetWithPagingPredicate",
    0x013400,
    retryable=True,
    request=(NAME, Field("predicate", _PAGING_PREDICATE)),
    response=(*DATAS_ANSWER, _ANCHORS_FIELD),
    make=DatasPage,
)

VALUES_WITH_PAGING_PREDICATE: MessageType[DatasPage, None] = declare(
    "map.valuesWithPagingPredicate",
    0x013500,
    retryable=True,
    request=(NAME, Field("predicate", _PAGING_PREDICATE)),
    response=(*DATAS_ANSWER, _ANCHORS_FIELD),
    make=DatasPage,
)

ENTRIES_WITH_PAGING_PREDICATE: MessageType[EntriesPage, None] = declare(
    "map.entriesWithPagingPredicate",
    0x013600,
    retryable=True,
    request=(NAME, Field("predicate", _PAGING_PREDICATE)),
    response=(*ENTRIES_ANSWER, _ANCHORS_FIELD),
    make=EntriesPage,
)

AGGREGATE: MessageType[bytes | None, None] = declare(
    "map.aggregate", 0x013900, retryable=True, request=(NAME, Field("aggregator", DATA)), response=DATA_ANSWER
)

AGGREGATE_WITH_PREDICATE: MessageType[bytes | None, None] = declare(
    "map.aggregateWithPredicate",
    0x013A00,
    retryable=True,
    request=(NAME, Field("aggregator", DATA), PREDICATE),
    response=DATA_ANSWER,
)

PROJECT: MessageType[tuple[bytes | None, ...], None] = declare(
    "map.project",
    0x013B00,
    retryable=True,
    request=(NAME, Field("projection", DATA)),
    response=(Field("response", list_of(NULLABLE_DATA)),),
)

PROJECT_WITH_PREDICATE: MessageType[tuple[bytes | None, ...], None] = declare(
    "map.projectWithPredicate",
    0x013C00,
    retryable=True,
    request=(NAME, Field("projection", DATA), PREDICATE),
    response=(Field("response", list_of(NULLABLE_DATA)),),
)

REMOVE_ALL: MessageType[None, None] = declare("map.removeAll", 0x013E00, retryable=False, request=(NAME, PREDICATE))

ADD_NEAR_CACHE_INVALIDATION_LISTENER: MessageType[uuid.UUID, Invalidation | Invalidations] = declare(
    "map.addNearCacheInvalidationListener",
    0x013F00,
    retryable=False,
    request=(LISTENER_FLAGS, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(_INVALIDATION, _INVALIDATIONS),
)

SET_TTL: MessageType[bool, None] = declare(
    "map.setTtl", 0x014300, retryable=False, request=(TTL, NAME, KEY), response=BOOLEAN_ANSWER
)

PUT_WITH_MAX_IDLE: MessageType[bytes | None, None] = declare(
    "map.putWithMaxIdle",
    0x014400,
    retryable=False,
    request=(THREAD_ID, TTL, MAX_IDLE, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

PUT_TRANSIENT_WITH_MAX_IDLE: MessageType[bytes | None, None] = declare(
    "map.putTransientWithMaxIdle",
    0x014500,
    retryable=False,
    request=(THREAD_ID, TTL, MAX_IDLE, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

PUT_IF_ABSENT_WITH_MAX_IDLE: MessageType[bytes | None, None] = declare(
    "map.putIfAbsentWithMaxIdle",
    0x014600,
    retryable=False,
    request=(THREAD_ID, TTL, MAX_IDLE, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

SET_WITH_MAX_IDLE: MessageType[bytes | None, None] = declare(
    "map.setWithMaxIdle",
    0x014700,
    retryable=False,
    request=(THREAD_ID, TTL, MAX_IDLE, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

MESSAGES = messages_of(globals())
