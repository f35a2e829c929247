"""The messages of multi-maps."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import Field, pairs_of
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA,
    DATAS,
    DATAS_ANSWER,
    ENTRIES_ANSWER,
    ENTRY_EVENT,
    INCLUDE_VALUE,
    INT_ANSWER,
    KEY,
    LEASE,
    LOCAL_ONLY,
    NAME,
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
    "CLEAR",
    "CONTAINS_ENTRY",
    "CONTAINS_KEY",
    "CONTAINS_VALUE",
    "ENTRY_SET",
    "FORCE_UNLOCK",
    "GET",
    "IS_LOCKED",
    "KEY_SET",
    "LOCK",
    "MESSAGES",
    "PUT",
    "PUT_ALL",
    "REMOVE",
    "REMOVE_ENTRY",
    "REMOVE_ENTRY_LISTENER",
    "SIZE",
    "TRY_LOCK",
    "UNLOCK",
    "VALUES",
    "VALUE_COUNT",
]

_ENTRIES_OF_MANY = pairs_of(DATA, DATAS)
"""Each key with all its values."""

PUT: MessageType[bool, None] = declare(
    "multiMap.put", 0x020100, retryable=False, request=(THREAD_ID, NAME, KEY, VALUE), response=BOOLEAN_ANSWER
)

GET: MessageType[Datas, None] = declare(
    "multiMap.get", 0x020200, retryable=True, request=(THREAD_ID, NAME, KEY), response=DATAS_ANSWER
)

REMOVE: MessageType[Datas, None] = declare(
    "multiMap.remove", 0x020300, retryable=False, request=(THREAD_ID, NAME, KEY), response=DATAS_ANSWER
)

KEY_SET: MessageType[Datas, None] = declare(
    "multiMap.keySet", 0x020400, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

VALUES: MessageType[Datas, None] = declare(
    "multiMap.values", 0x020500, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

ENTRY_SET: MessageType[Entries, None] = declare(
    "multiMap.entrySet", 0x020600, retryable=True, request=(NAME,), response=ENTRIES_ANSWER
)

CONTAINS_KEY: MessageType[bool, None] = declare(
    "multiMap.containsKey", 0x020700, retryable=True, request=(THREAD_ID, NAME, KEY), response=BOOLEAN_ANSWER
)

CONTAINS_VALUE: MessageType[bool, None] = declare(
    "multiMap.containsValue", 0x020800, retryable=True, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

CONTAINS_ENTRY: MessageType[bool, None] = declare(
    "multiMap.containsEntry", 0x020900, retryable=True, request=(THREAD_ID, NAME, KEY, VALUE), response=BOOLEAN_ANSWER
)

SIZE: MessageType[int, None] = declare("multiMap.size", 0x020A00, retryable=True, request=(NAME,), response=INT_ANSWER)

CLEAR: MessageType[None, None] = declare("multiMap.clear", 0x020B00, retryable=False, request=(NAME,))

VALUE_COUNT: MessageType[int, None] = declare(
    "multiMap.valueCount", 0x020C00, retryable=True, request=(THREAD_ID, NAME, KEY), response=INT_ANSWER
)

ADD_ENTRY_LISTENER_TO_KEY: Listener = declare(
    "multiMap.addEntryListenerToKey",
    0x020D00,
    retryable=False,
    request=(INCLUDE_VALUE, LOCAL_ONLY, NAME, KEY),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER: Listener = declare(
    "multiMap.addEntryListener",
    0x020E00,
    retryable=False,
    request=(INCLUDE_VALUE, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

REMOVE_ENTRY_LISTENER: MessageType[bool, None] = declare(
    "multiMap.removeEntryListener", 0x020F00, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

LOCK: MessageType[None, None] = declare(
    "multiMap.lock", 0x021000, retryable=True, request=(THREAD_ID, TTL, REFERENCE_ID, NAME, KEY)
)

TRY_LOCK: MessageType[bool, None] = declare(
    "multiMap.tryLock",
    0x021100,
    retryable=True,
    request=(THREAD_ID, LEASE, TIMEOUT, REFERENCE_ID, NAME, KEY),
    response=BOOLEAN_ANSWER,
)

IS_LOCKED: MessageType[bool, None] = declare(
    "multiMap.isLocked", 0x021200, retryable=True, request=(NAME, KEY), response=BOOLEAN_ANSWER
)

UNLOCK: MessageType[None, None] = declare(
    "multiMap.unlock", 0x021300, retryable=True, request=(THREAD_ID, REFERENCE_ID, NAME, KEY)
)

FORCE_UNLOCK: MessageType[None, None] = declare(
    "multiMap.forceUnlock", 0x021400, retryable=True, request=(REFERENCE_ID, NAME, KEY)
)

REMOVE_ENTRY: MessageType[bool, None] = declare(
    "multiMap.removeEntry", 0x021500, retryable=False, request=(THREAD_ID, NAME, KEY, VALUE), response=BOOLEAN_ANSWER
)

PUT_ALL: MessageType[None, None] = declare(
    "multiMap.putAll", 0x021700, retryable=False, request=(NAME, Field("entries", _ENTRIES_OF_MANY))
)

MESSAGES = messages_of(globals())
