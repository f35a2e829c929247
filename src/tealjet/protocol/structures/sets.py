"""The messages of sets."""

from __future__ import annotations

import uuid

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATAS,
    DATAS_ANSWER,
    INCLUDE_VALUE,
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
    "ADD_LISTENER",
    "CLEAR",
    "COMPARE_AND_REMOVE_ALL",
    "COMPARE_AND_RETAIN_ALL",
    "CONTAINS",
    "CONTAINS_ALL",
    "GET_ALL",
    "IS_EMPTY",
    "MESSAGES",
    "REMOVE",
    "REMOVE_LISTENER",
    "SIZE",
]

SIZE: MessageType[int, None] = declare("set.size", 0x060100, retryable=False, request=(NAME,), response=INT_ANSWER)

CONTAINS: MessageType[bool, None] = declare(
    "set.contains", 0x060200, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

CONTAINS_ALL: MessageType[bool, None] = declare(
    "set.containsAll", 0x060300, retryable=False, request=(NAME, Field("items", DATAS)), response=BOOLEAN_ANSWER
)

ADD: MessageType[bool, None] = declare(
    "set.add", 0x060400, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

REMOVE: MessageType[bool, None] = declare(
    "set.remove", 0x060500, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

ADD_ALL: MessageType[bool, None] = declare(
    "set.addAll", 0x060600, retryable=False, request=(NAME, Field("value_list", DATAS)), response=BOOLEAN_ANSWER
)

COMPARE_AND_REMOVE_ALL: MessageType[bool, None] = declare(
    "set.compareAndRemoveAll",
    0x060700,
    retryable=False,
    request=(NAME, Field("values", DATAS)),
    response=BOOLEAN_ANSWER,
)

COMPARE_AND_RETAIN_ALL: MessageType[bool, None] = declare(
    "set.compareAndRetainAll",
    0x060800,
    retryable=False,
    request=(NAME, Field("values", DATAS)),
    response=BOOLEAN_ANSWER,
)

CLEAR: MessageType[None, None] = declare("set.clear", 0x060900, retryable=False, request=(NAME,))

GET_ALL: MessageType[Datas, None] = declare(
    "set.getAll", 0x060A00, retryable=False, request=(NAME,), response=DATAS_ANSWER
)

ADD_LISTENER: MessageType[uuid.UUID, ItemEvent] = declare(
    "set.addListener",
    0x060B00,
    retryable=False,
    request=(INCLUDE_VALUE, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ITEM_EVENT,),
)

REMOVE_LISTENER: MessageType[bool, None] = declare(
    "set.removeListener", 0x060C00, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

IS_EMPTY: MessageType[bool, None] = declare(
    "set.isEmpty", 0x060D00, retryable=False, request=(NAME,), response=BOOLEAN_ANSWER
)

MESSAGES = messages_of(globals())
