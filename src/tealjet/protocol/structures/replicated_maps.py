"""The messages of replicated maps."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA_ANSWER,
    DATAS_ANSWER,
    ENTRIES,
    ENTRIES_ANSWER,
    ENTRY_EVENT,
    INT_ANSWER,
    KEY,
    LOCAL_ONLY,
    NAME,
    PREDICATE,
    REGISTRATION,
    REGISTRATION_ID,
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
    "CLEAR",
    "CONTAINS_KEY",
    "CONTAINS_VALUE",
    "ENTRY_SET",
    "GET",
    "IS_EMPTY",
    "KEY_SET",
    "MESSAGES",
    "PUT",
    "PUT_ALL",
    "REMOVE",
    "REMOVE_ENTRY_LISTENER",
    "SIZE",
    "VALUES",
]

PUT: MessageType[bytes | None, None] = declare(
    "replicatedMap.put", 0x0D0100, retryable=False, request=(TTL, NAME, KEY, VALUE), response=DATA_ANSWER
)

SIZE: MessageType[int, None] = declare(
    "replicatedMap.size", 0x0D0200, retryable=True, request=(NAME,), response=INT_ANSWER
)

IS_EMPTY: MessageType[bool, None] = declare(
    "replicatedMap.isEmpty", 0x0D0300, retryable=True, request=(NAME,), response=BOOLEAN_ANSWER
)

CONTAINS_KEY: MessageType[bool, None] = declare(
    "replicatedMap.containsKey", 0x0D0400, retryable=True, request=(NAME, KEY), response=BOOLEAN_ANSWER
)

CONTAINS_VALUE: MessageType[bool, None] = declare(
    "replicatedMap.containsValue", 0x0D0500, retryable=True, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

GET: MessageType[bytes | None, None] = declare(
    "replicatedMap.get", 0x0D0600, retryable=True, request=(NAME, KEY), response=DATA_ANSWER
)

REMOVE: MessageType[bytes | None, None] = declare(
    "replicatedMap.remove", 0x0D0700, retryable=False, request=(NAME, KEY), response=DATA_ANSWER
)

PUT_ALL: MessageType[None, None] = declare(
    "replicatedMap.putAll", 0x0D0800, retryable=False, request=(NAME, Field("entries", ENTRIES))
)

CLEAR: MessageType[None, None] = declare("replicatedMap.clear", 0x0D0900, retryable=False, request=(NAME,))

ADD_ENTRY_LISTENER_TO_KEY_WITH_PREDICATE: Listener = declare(
    "replicatedMap.addEntryListenerToKeyWithPredicate",
    0x0D0A00,
    retryable=False,
    request=(LOCAL_ONLY, NAME, KEY, PREDICATE),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER_WITH_PREDICATE: Listener = declare(
    "replicatedMap.addEntryListenerWithPredicate",
    0x0D0B00,
    retryable=False,
    request=(LOCAL_ONLY, NAME, PREDICATE),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER_TO_KEY: Listener = declare(
    "replicatedMap.addEntryListenerToKey",
    0x0D0C00,
    retryable=False,
    request=(LOCAL_ONLY, NAME, KEY),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

ADD_ENTRY_LISTENER: Listener = declare(
    "replicatedMap.addEntryListener",
    0x0D0D00,
    retryable=False,
    request=(LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ENTRY_EVENT,),
)

REMOVE_ENTRY_LISTENER: MessageType[bool, None] = declare(
    "replicatedMap.removeEntryListener",
    0x0D0E00,
    retryable=True,
    request=(REGISTRATION_ID, NAME),
    response=BOOLEAN_ANSWER,
)

KEY_SET: MessageType[Datas, None] = declare(
    "replicatedMap.keySet", 0x0D0F00, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

VALUES: MessageType[Datas, None] = declare(
    "replicatedMap.values", 0x0D1000, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

ENTRY_SET: MessageType[Entries, None] = declare(
    "replicatedMap.entrySet", 0x0D1100, retryable=True, request=(NAME,), response=ENTRIES_ANSWER
)

MESSAGES = messages_of(globals())
