"""The messages of executors: tasks are code, and a member needs their classes to run them."""

from __future__ import annotations

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import NULLABLE_UUID, Field
from tealjet.protocol.structures.parts import BOOLEAN_ANSWER, DATA, DATA_ANSWER, NAME, messages_of

__all__ = ["IS_SHUTDOWN", "MESSAGES", "SHUTDOWN", "SUBMIT_TO_MEMBER", "SUBMIT_TO_PARTITION"]

SHUTDOWN: MessageType[None, None] = declare("executorService.shutdown", 0x080100, retryable=False, request=(NAME,))

IS_SHUTDOWN: MessageType[bool, None] = declare(
    "executorService.isShutdown", 0x080200, retryable=False, request=(NAME,), response=BOOLEAN_ANSWER
)

SUBMIT_TO_PARTITION: MessageType[bytes | None, None] = declare(
    "executorService.submitToPartition",
    0x080500,
    retryable=False,
    request=(Field("uuid", NULLABLE_UUID), NAME, Field("task", DATA)),
    response=DATA_ANSWER,
)

SUBMIT_TO_MEMBER: MessageType[bytes | None, None] = declare(
    "executorService.submitToMember",
    0x080600,
    retryable=False,
    request=(Field("uuid", NULLABLE_UUID), Field("member_uuid", NULLABLE_UUID), NAME, Field("task", DATA)),
    response=DATA_ANSWER,
)

MESSAGES = messages_of(globals())
