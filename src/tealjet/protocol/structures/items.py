"""What the messages of queues, lists and sets have in common: the same questions, under numbers of their own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATAS,
    INCLUDE_VALUE,
    INT_ANSWER,
    ITEM_EVENT,
    LOCAL_ONLY,
    NAME,
    REGISTRATION,
    REGISTRATION_ID,
    VALUE,
    ItemEvent,
)

__all__ = ["ItemMessages", "item_messages"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemMessages:
    """The common messages of one of the structures."""

    size: MessageType[int, None]
    contains: MessageType[bool, None]
    contains_all: MessageType[bool, None]
    remove: MessageType[bool, None]
    add_all: MessageType[bool, None]
    remove_all: MessageType[bool, None]
    retain_all: MessageType[bool, None]
    clear: MessageType[None, None]
    add_listener: MessageType[uuid.UUID, ItemEvent]
    remove_listener: MessageType[bool, None]
    is_empty: MessageType[bool, None]


def item_messages(
    kind: str, numbers: Mapping[str, int], *, reads_again: bool, looked_for: str, added: str, compared: str
) -> ItemMessages:
    """Declare the common messages of a structure.

    Args:
        kind: The structure, as the protocol's names begin.
        numbers: The message type of each question, by its name in the protocol.
        reads_again: What only reads may be sent again.
        looked_for: What the protocol calls the items of ``containsAll``.
        added: What it calls those of ``addAll``.
        compared: What it calls those that others are compared with, to remove or retain them.
    """

    def ask(
        name: str, *fields: Field, answer: tuple[Field, ...] = BOOLEAN_ANSWER, again: bool = False, **events: Any
    ) -> MessageType[Any, Any]:
        return declare(
            f"{kind}.{name}", numbers[name], retryable=again, request=(NAME, *fields), response=answer, **events
        )

    return ItemMessages(
        size=ask("size", answer=INT_ANSWER, again=reads_again),
        contains=ask("contains", VALUE, again=reads_again),
        contains_all=ask("containsAll", Field(looked_for, DATAS), again=reads_again),
        remove=ask("remove", VALUE),
        add_all=ask("addAll", Field(added, DATAS)),
        remove_all=ask("compareAndRemoveAll", Field(compared, DATAS)),
        retain_all=ask("compareAndRetainAll", Field(compared, DATAS)),
        clear=ask("clear", answer=()),
        is_empty=ask("isEmpty", again=reads_again),
        add_listener=ask("addListener", INCLUDE_VALUE, LOCAL_ONLY, answer=REGISTRATION, events=(ITEM_EVENT,)),
        remove_listener=ask("removeListener", REGISTRATION_ID, again=True),
    )
