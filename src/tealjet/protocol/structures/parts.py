"""What the messages of several structures have in common: their fields, and what their answers and events carry.

Keys, values and everything else that users serialize stay the bytes that they travel as.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import Message
from tealjet.protocol.layout import (
    BOOLEAN,
    BYTES,
    INT,
    LONG,
    NULLABLE_UUID,
    STRING,
    UUID,
    Field,
    FramedType,
    list_of,
    nullable,
    pairs_of,
)

__all__ = [
    "BOOLEAN_ANSWER",
    "DATA",
    "DATAS",
    "DATAS_ANSWER",
    "DATA_ANSWER",
    "ENTRIES",
    "ENTRIES_ANSWER",
    "ENTRY_EVENT",
    "INCLUDE_VALUE",
    "INDEX",
    "INT_ANSWER",
    "ITEM_EVENT",
    "KEY",
    "LEASE",
    "LISTENER_FLAGS",
    "LOCAL_ONLY",
    "LONG_ANSWER",
    "MAX_IDLE",
    "NAME",
    "NULLABLE_DATA",
    "PREDICATE",
    "REFERENCE_ID",
    "REGISTRATION",
    "REGISTRATION_ID",
    "THREAD_ID",
    "TIMEOUT",
    "TTL",
    "VALUE",
    "Datas",
    "Entries",
    "EntryEvent",
    "EntryEventType",
    "ItemEvent",
    "ItemEventType",
    "Listener",
    "messages_of",
]

_SMALLEST = 8
"""Bytes of a serialized object that has no more than a hash and a type."""


def _read_data(message: Message) -> bytes:
    data: bytes = BYTES.read(message)
    if len(data) < _SMALLEST:
        raise ProtocolError(f"{len(data)} bytes are no serialized object: its hash and type alone have {_SMALLEST}")
    return data


DATA = FramedType(BYTES.write, _read_data)
"""A serialized object."""
NULLABLE_DATA = nullable(DATA)
DATAS = list_of(DATA)
ENTRIES = pairs_of(DATA, DATA)

Datas = tuple[bytes, ...]
Entries = tuple[tuple[bytes, bytes], ...]

# ------------------------------------------------------------------------------------------------------------- requests

NAME = Field("name", STRING)
KEY = Field("key", DATA)
VALUE = Field("value", DATA)
PREDICATE = Field("predicate", DATA)
INDEX = Field("index", INT)
THREAD_ID = Field("thread_id", LONG)
"""For whom locks are taken, together with the client's id."""
REFERENCE_ID = Field("reference_id", LONG)
"""New for each call of a client, so that a call which is sent again counts once."""
TTL = Field("ttl", LONG)
"""Milliseconds to live; what zero and negative numbers mean differs between structures."""
MAX_IDLE = Field("max_idle", LONG)
LEASE = Field("lease", LONG)
TIMEOUT = Field("timeout", LONG)
INCLUDE_VALUE = Field("include_value", BOOLEAN)
LISTENER_FLAGS = Field("listener_flags", INT)
LOCAL_ONLY = Field("local_only", BOOLEAN)
"""The client listens at every member, so each tells of its own partitions only."""
REGISTRATION_ID = Field("registration_id", UUID)

# -------------------------------------------------------------------------------------------------------------- answers

BOOLEAN_ANSWER = (Field("response", BOOLEAN),)
INT_ANSWER = (Field("response", INT),)
LONG_ANSWER = (Field("response", LONG),)
DATA_ANSWER = (Field("response", NULLABLE_DATA),)
DATAS_ANSWER = (Field("response", DATAS),)
ENTRIES_ANSWER = (Field("response", ENTRIES),)
REGISTRATION = (Field("response", UUID),)

# --------------------------------------------------------------------------------------------------------------- events


class EntryEventType(enum.IntFlag):
    """What has happened to an entry, and in requests which of that a listener wants to hear of."""

    ADDED = 1
    REMOVED = 2
    UPDATED = 4
    EVICTED = 8
    EXPIRED = 16
    EVICT_ALL = 32
    CLEAR_ALL = 64
    MERGED = 128
    INVALIDATION = 256
    LOADED = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryEvent:
    """Something has happened to an entry, or to all of them."""

    event_type: int
    """An ``EntryEventType``."""
    uuid: uuid.UUID | None
    """Of the member that tells it."""
    number_of_affected_entries: int = 1
    key: bytes | None = None
    value: bytes | None = None
    old_value: bytes | None = None
    merging_value: bytes | None = None


class ItemEventType(enum.IntEnum):
    """What has happened to an item."""

    ADDED = 1
    REMOVED = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemEvent:
    """An item has come or gone."""

    uuid: uuid.UUID | None
    """Of the member that tells it."""
    event_type: int
    """An ``ItemEventType``."""
    item: bytes | None
    """None for a listener that does not want values."""


ENTRY_EVENT = (
    EntryEvent,
    (
        Field("event_type", INT),
        Field("uuid", NULLABLE_UUID),
        Field("number_of_affected_entries", INT),
        Field("key", NULLABLE_DATA),
        Field("value", NULLABLE_DATA),
        Field("old_value", NULLABLE_DATA),
        Field("merging_value", NULLABLE_DATA),
    ),
)
ITEM_EVENT = (
    ItemEvent,
    (Field("uuid", NULLABLE_UUID), Field("event_type", INT), Field("item", NULLABLE_DATA)),
)

Listener = MessageType[uuid.UUID, EntryEvent]
"""A request that adds a listener to entries."""


def messages_of(names: Mapping[str, object]) -> tuple[MessageType[Any, Any], ...]:
    """Return the messages among a module's names, in the order in which it declares them."""
    return tuple(value for value in names.values() if isinstance(value, MessageType))
