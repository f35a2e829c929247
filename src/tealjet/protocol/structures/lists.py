"""The messages of lists."""

from __future__ import annotations

import uuid

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA_ANSWER,
    DATAS,
    DATAS_ANSWER,
    INCLUDE_VALUE,
    INDEX,
    INT_ANSWER,
    ITEM_EVENT,
    LOCAL_ONLY,
    NAME,
    REGISTRATION,
    REGISTRATION_ID,
    VALUE,
    Datas,
    ItemEvent,
    messages_of,
)

__all__ = [
    "ADD",
    "ADD_ALL",
    "ADD_ALL_WITH_INDEX",
    "ADD_LISTENER",
    "ADD_WITH_INDEX",
    "CLEAR",
    "COMPARE_AND_REMOVE_ALL",
    "COMPARE_AND_RETAIN_ALL",
    "CONTAINS",
    "CONTAINS_ALL",
    "GET",
    "GET_ALL",
    "INDEX_OF",
    "IS_EMPTY",
    "ITERATOR",
    "LAST_INDEX_OF",
    "LIST_ITERATOR",
    "MESSAGES",
    "REMOVE",
    "REMOVE_LISTENER",
    "REMOVE_WITH_INDEX",
    "SET",
    "SIZE",
    "SUB",
]

SIZE: MessageType[int, None] = declare("list.size", 0x050100, retryable=True, request=(NAME,), response=INT_ANSWER)

CONTAINS: MessageType[bool, None] = declare(
    "list.contains", 0x050200, retryable=True, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

CONTAINS_ALL: MessageType[bool, None] = declare(
    "list.containsAll", 0x050300, retryable=True, request=(NAME, Field("values", DATAS)), response=BOOLEAN_ANSWER
)

ADD: MessageType[bool, None] = declare(
    "list.add", 0x050400, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

REMOVE: MessageType[bool, None] = declare(
    "list.remove", 0x050500, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

ADD_ALL: MessageType[bool, None] = declare(
    "list.addAll", 0x050600, retryable=False, request=(NAME, Field("value_list", DATAS)), response=BOOLEAN_ANSWER
)

COMPARE_AND_REMOVE_ALL: MessageType[bool, None] = declare(
    "list.compareAndRemoveAll",
    0x050700,
    retryable=False,
    request=(NAME, Field("values", DATAS)),
    response=BOOLEAN_ANSWER,
)

COMPARE_AND_RETAIN_ALL: MessageType[bool, None] = declare(
    "list.compareAndRetainAll",
    0x050800,
    retryable=False,
    request=(NAME, Field("values", DATAS)),
    response=BOOLEAN_ANSWER,
)

CLEAR: MessageType[None, None] = declare("list.clear", 0x050900, retryable=False, request=(NAME,))

GET_ALL: MessageType[Datas, None] = declare(
    "list.getAll", 0x050A00, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

ADD_LISTENER: MessageType[uuid.UUID, ItemEvent] = declare(
    "list.addListener",
    0x050B00,
    retryable=False,
    request=(INCLUDE_VALUE, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ITEM_EVENT,),
)

REMOVE_LISTENER: MessageType[bool, None] = declare(
    "list.removeListener", 0x050C00, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

IS_EMPTY: MessageType[bool, None] = declare(
    "list.isEmpty", 0x050D00, retryable=True, request=(NAME,), response=BOOLEAN_ANSWER
)

ADD_ALL_WITH_INDEX: MessageType[bool, None] = declare(
    "list.addAllWithIndex",
    0x050E00,
    retryable=False,
    request=(INDEX, NAME, Field("value_list", DATAS)),
    response=BOOLEAN_ANSWER,
)

GET: MessageType[bytes | None, None] = declare(
    "list.get", 0x050F00, retryable=True, request=(INDEX, NAME), response=DATA_ANSWER
)

SET: MessageType[bytes | None, None] = declare(
    "list.set", 0x051000, retryable=False, request=(INDEX, NAME, VALUE), response=DATA_ANSWER
)

ADD_WITH_INDEX: MessageType[None, None] = declare(
    "list.addWithIndex", 0x051100, retryable=False, request=(INDEX, NAME, VALUE)
)

REMOVE_WITH_INDEX: MessageType[bytes | None, None] = declare(
    "list.removeWithIndex", 0x051200, retryable=False, request=(INDEX, NAME), response=DATA_ANSWER
)

LAST_INDEX_OF: MessageType[int, None] = declare(
    "list.lastIndexOf", 0x051300, retryable=True, request=(NAME, VALUE), response=INT_ANSWER
)

INDEX_OF: MessageType[int, None] = declare(
    "list.indexOf", 0x051400, retryable=True, request=(NAME, VALUE), response=INT_ANSWER
)

SUB: MessageType[Datas, None] = declare(
    "list.sub", 0x051500, retryable=True, request=(Field("from_", INT), Field("to", INT), NAME), response=DATAS_ANSWER
)

ITERATOR: MessageType[Datas, None] = declare(
    "list.iterator", 0x051600, retryable=True, request=(NAME,), response=DATAS_ANSWER
)

LIST_ITERATOR: MessageType[Datas, None] = declare(
    "list.listIterator", 0x051700, retryable=True, request=(INDEX, NAME), response=DATAS_ANSWER
)

MESSAGES = messages_of(globals())
