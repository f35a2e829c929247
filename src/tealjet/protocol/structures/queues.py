"""The messages of queues."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, LONG, Field
from tealjet.protocol.structures.items import item_messages
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA_ANSWER,
    DATAS_ANSWER,
    INT_ANSWER,
    NAME,
    VALUE,
    Datas,
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

_COMMON = item_messages(
    "queue",
    {
        "size": 0x030300,
        "contains": 0x030B00,
        "containsAll": 0x030C00,
        "remove": 0x030400,
        "addAll": 0x031000,
        "compareAndRemoveAll": 0x030D00,
        "compareAndRetainAll": 0x030E00,
        "clear": 0x030F00,
        "isEmpty": 0x031400,
        "addListener": 0x031100,
        "removeListener": 0x031200,
    },
    reads_again=False,
    looked_for="data_list",
    added="data_list",
    compared="data_list",
)
SIZE = _COMMON.size
CONTAINS = _COMMON.contains
CONTAINS_ALL = _COMMON.contains_all
REMOVE = _COMMON.remove
ADD_ALL = _COMMON.add_all
COMPARE_AND_REMOVE_ALL = _COMMON.remove_all
COMPARE_AND_RETAIN_ALL = _COMMON.retain_all
CLEAR = _COMMON.clear
IS_EMPTY = _COMMON.is_empty
ADD_LISTENER = _COMMON.add_listener
REMOVE_LISTENER = _COMMON.remove_listener

OFFER: MessageType[bool, None] = declare(
    "queue.offer",
    0x030100,
    retryable=False,
    request=(Field("timeout_millis", LONG), NAME, VALUE),
    response=BOOLEAN_ANSWER,
)

PUT: MessageType[None, None] = declare("queue.put", 0x030200, retryable=False, request=(NAME, VALUE))

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

REMAINING_CAPACITY: MessageType[int, None] = declare(
    "queue.remainingCapacity", 0x031300, retryable=False, request=(NAME,), response=INT_ANSWER
)

MESSAGES = messages_of(globals())
