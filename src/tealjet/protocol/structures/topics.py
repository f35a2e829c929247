"""The messages of topics."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import LONG, NULLABLE_UUID, Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA,
    DATAS,
    LOCAL_ONLY,
    NAME,
    REGISTRATION,
    REGISTRATION_ID,
    messages_of,
)

__all__ = ["ADD_MESSAGE_LISTENER", "MESSAGES", "PUBLISH", "PUBLISH_ALL", "REMOVE_MESSAGE_LISTENER", "TopicEvent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicEvent:
    """A message was published."""

    publish_time: int
    """Milliseconds since 1970."""
    uuid: uuid.UUID | None
    """Of the member that it was published at."""
    item: bytes


_TOPIC_EVENT = (TopicEvent, (Field("publish_time", LONG), Field("uuid", NULLABLE_UUID), Field("item", DATA)))

PUBLISH: MessageType[None, None] = declare(
    "topic.publish", 0x040100, retryable=False, request=(NAME, Field("message", DATA))
)

ADD_MESSAGE_LISTENER: MessageType[uuid.UUID, TopicEvent] = declare(
    "topic.addMessageListener",
    0x040200,
    retryable=False,
    request=(LOCAL_ONLY, NAME),
    response=REGISTRATION,
    events=(_TOPIC_EVENT,),
)

REMOVE_MESSAGE_LISTENER: MessageType[bool, None] = declare(
    "topic.removeMessageListener", 0x040300, retryable=True, request=(REGISTRATION_ID, NAME), response=BOOLEAN_ANSWER
)

PUBLISH_ALL: MessageType[None, None] = declare(
    "topic.publishAll", 0x040400, retryable=False, request=(NAME, Field("messages", DATAS))
)

MESSAGES = messages_of(globals())
