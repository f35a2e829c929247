"""The messages of queues."""

from __future__ import annotations

import uuid

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, LONG, Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA_ANSWER,
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
    "ADD_ALL",
    "ADD_LISTENER",
    "CLEAR",
    "COMPARE_AND_REMOVE_ALL",
    "COMPARE_AND_RETAIN_ALL",
    "CONTAINS",
    "CONTAINS_ALL",
    "DRAIN_TO_MAX_SIZE",
    "IS_EMPTY",
    "ITERATOR",
    "MESSAGES",
    "OFFER",
    "PEEK",
    "POLL",
    "PUT",
    "REMAINING_CAPACITY",
    "REMOVE",
    "REMOVE_LISTENER",
    "SIZE",
    "TAKE",
]

OFFER: MessageType[bool, None] = declare(
    "queue.offer",
    0x030100,
    retryable=False,
    request=(Field("timeout_millis", LONG), NAME, VALUE),
    response=BOOLEAN_ANSWER,
)

PUT: MessageType[None, None] = declare("queue.put", 0x030200, retryable=False, request=(NAME, VALUE))

SIZE: MessageType[int, None] = declare("queue.size", 0x030300, retryable=False, request=(NAME,), response=INT_ANSWER)

REMOVE: MessageType[bool, None] = declare(
    "queue.remove", 0x030400, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

POLL: MessageType[bytes | None, None] = declare(
    "queue.poll", 0x030500, retryable=False, request=(Field("timeout_millis", LONG), NAME), response=DATA_ANSWER
)

TAKE: MessageType[bytes | None, None] = declare(
    "queue.take", 0x030600, retryable=False, request=(NAME,), response=DATA_ANSWER
)

PEEK: MessageType[bytes | None, None] = declare(
    "queue.peek", 0x030700, retryable=False, request=(NAME,), response=DATA_ANSWER
)

ITERATOR: MessageType[Datas, None] = declare(
    "queue.iterator", 0x030800, retryable=False, request=(NAME,), response=DATAS_ANSWER
)

DRAIN_TO_MAX_SIZE: MessageType[Datas, None] = declare(
    "queue.drainToMaxSize", 0x030A00, retryable=False, request=(Field("max_size", INT), NAME), response=DATAS_ANSWER
)

CONTAINS: MessageType[bool, None] = declare(
    "queue.contains", 0x030B00, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

CONTAINS_ALL: MessageType[bool, None] = declare(
    "queue.containsAll", 0x030C00, retryable=False, request=(NAME, Field("data_list", DATAS)), response=BOOLEAN_ANSWER
)

COMPARE_AND_REMOVE_ALL: MessageType[bool, None] = declare(
    "queue.compareAndRemoveAll",
    0x030D00,
    retryable=False,
    request=(NAME, Field("data_list", DATAS)),
    response=BOOLEAN_ANSWER,
)

COMPARE_AND_RETAIN_ALL: MessageType[bool, None] = declare(
    "queue.compareAndRetainAll",
    0x030E00,
    retryable=False,
    request=(NAME, Field("data_list", DATAS)),
    response=BOOLEAN_ANSWER,
)

CLEAR: MessageType[None, None] = declare("queue.clear", 0x030F00, retryable=False, request=(NAME,))

ADD_ALL: MessageType[bool, None] = declare(
    "queue.addAll", 0x031000, retryable=False, request=(NAME, Field("data_list", DATAS)), response=BOOLEAN_ANSWER
)

ADD_LISTENER: MessageType[uuid.UUID, ItemEvent] = declare(
    "queue.addListener",
    0x031100,
    retryable=False,
    request=(INCLUDE_VALUE, LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(ITEM_EVENT,),
)

REMOVE_LISTENER: MessageType[bool, None] = declare(
    "queue.removeListener", 0x031200, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

REMAINING_CAPACITY: MessageType[int, None] = declare(
    "queue.remainingCapacity", 0x031300, retryable=False, request=(NAME,), response=INT_ANSWER
)

IS_EMPTY: MessageType[bool, None] = declare(
    "queue.isEmpty", 0x031400, retryable=False, request=(NAME,), response=BOOLEAN_ANSWER
)

MESSAGES = messages_of(globals())
