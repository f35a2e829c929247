"""The messages of the structures that members keep, declared like those of the client itself, by family.

Clients send them by the official package's codecs and do without this package; members that are played read them.
"""

from __future__ import annotations

from typing import Any

from tealjet.protocol.declare import MessageType
from tealjet.protocol.structures import (
    counters,
    executors,
    lists,
    maps,
    multi_maps,
    queues,
    replicated_maps,
    ringbuffers,
    schemas,
    sets,
    topics,
    transactions,
)

__all__ = ["MESSAGES"]

MESSAGES: tuple[MessageType[Any, Any], ...] = (
    *maps.MESSAGES,
    *multi_maps.MESSAGES,
    *replicated_maps.MESSAGES,
    *queues.MESSAGES,
    *lists.MESSAGES,
    *sets.MESSAGES,
    *topics.MESSAGES,
    *ringbuffers.MESSAGES,
    *counters.MESSAGES,
    *transactions.MESSAGES,
    *executors.MESSAGES,
    *schemas.MESSAGES,
)
"""All of them."""
