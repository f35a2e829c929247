"""The messages of sets."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.structures.items import item_messages
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATAS_ANSWER,
    NAME,
    VALUE,
    Datas,
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

_COMMON = item_messages(
    "set",
    {
        "size": 0x060100,
        "contains": 0x060200,
        "containsAll": 0x060300,
        "remove": 0x060500,
        "addAll": 0x060600,
        "compareAndRemoveAll": 0x060700,
        "compareAndRetainAll": 0x060800,
        "clear": 0x060900,
        "isEmpty": 0x060D00,
        "addListener": 0x060B00,
        "removeListener": 0x060C00,
    },
    reads_again=False,
    looked_for="items",
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
    "set.add", 0x060400, retryable=False, request=(NAME, VALUE), response=BOOLEAN_ANSWER
)

GET_ALL: MessageType[Datas, None] = declare(
    "set.getAll", 0x060A00, retryable=False, request=(NAME,), response=DATAS_ANSWER
)

MESSAGES = messages_of(globals())
