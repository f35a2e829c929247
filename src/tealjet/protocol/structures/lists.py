"""The messages of lists."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, Field
from tealjet.protocol.structures.items import item_messages
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA_ANSWER,
    DATAS,
    DATAS_ANSWER,
    INDEX,
    INT_ANSWER,
    NAME,
    VALUE,
    Datas,
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

_COMMON = item_messages(
    "list",
    {
        "size": 0x050100,
        "contains": 0x050200,
        "containsAll": 0x050300,
        "remove": 0x050500,
        "addAll": 0x050600,
        "compareAndRemoveAll": 0x050700,
        "compareAndRetainAll": 0x050800,
        "clear": 0x050900,
        "isEmpty": 0x050D00,
        "addListener": 0x050B00,
        "removeListener": 0x050C00,
    },
    reads_again=True,
    looked_for="values",
    added="value_list",
    compared="values",
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

ADD: MessageType[bool, None] = declare(
    "list.add", 0x050400, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

GET_ALL: MessageType[Datas, None] = declare(
    "list.getAll", 0x050A00, retryable=True, request=(NAME,), response=DATAS_ANSWER
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
