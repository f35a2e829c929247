"""The protocol's names of messages, for people who read errors."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from tealjet.protocol import jet, table
from tealjet.protocol.features import FEATURES

__all__ = ["message_name"]


def message_name(message_type: int) -> str:
    """Return what the protocol calls a request, or its number."""
    return _names().get(message_type) or f"message {message_type:#08x}"


@functools.cache
def _names() -> Mapping[int, str]:
    # not before somebody asks: a client sends the messages of structures and CP without their declarations
    from tealjet.protocol import structures
    from tealjet.protocol.structures import cp

    groups = [table.BLOCKING_CALLS, table.WORKING_CALLS, *(feature.messages for feature in FEATURES)]
    found = {number: name for group in groups for name, number in group.items()}
    declared = (*table.MESSAGES, *jet.MESSAGES, *structures.MESSAGES, *cp.MESSAGES)
    return found | {message.request.type: message.name for message in declared}
