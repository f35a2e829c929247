"""The messages of ringbuffers; reliable topics are made of them."""

from __future__ import annotations

from tealjet.protocol import table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, LONG, Field
from tealjet.protocol.structures.parts import (
    DATA_ANSWER,
    DATAS,
    LONG_ANSWER,
    NAME,
    VALUE,
    messages_of,
)

__all__ = [
    "ADD",
    "ADD_ALL",
    "CAPACITY",
    "HEAD_SEQUENCE",
    "MESSAGES",
    "READ_MANY",
    "READ_ONE",
    "REMAINING_CAPACITY",
    "SIZE",
    "TAIL_SEQUENCE",
]


SIZE: MessageType[int, None] = declare(
    "ringbuffer.size", 0x170100, retryable=True, request=(NAME,), response=LONG_ANSWER
)

TAIL_SEQUENCE = table.RINGBUFFER_TAIL_SEQUENCE

HEAD_SEQUENCE = table.RINGBUFFER_HEAD_SEQUENCE

CAPACITY: MessageType[int, None] = declare(
    "ringbuffer.capacity", 0x170400, retryable=True, request=(NAME,), response=LONG_ANSWER
)

REMAINING_CAPACITY: MessageType[int, None] = declare(
    "ringbuffer.remainingCapacity", 0x170500, retryable=True, request=(NAME,), response=LONG_ANSWER
)

ADD: MessageType[int, None] = declare(
    "ringbuffer.add",
    0x170600,
    retryable=False,
    request=(Field("overflow_policy", INT), NAME, VALUE),
    response=LONG_ANSWER,
)

READ_ONE: MessageType[bytes | None, None] = declare(
    "ringbuffer.readOne", 0x170700, retryable=True, request=(Field("sequence", LONG), NAME), response=DATA_ANSWER
)

ADD_ALL: MessageType[int, None] = declare(
    "ringbuffer.addAll",
    0x170800,
    retryable=False,
    request=(Field("overflow_policy", INT), NAME, Field("value_list", DATAS)),
    response=LONG_ANSWER,
)

READ_MANY = table.RINGBUFFER_READ_MANY

MESSAGES = messages_of(globals())
