"""The messages of counters that need no lock: PN counters and generators of ids."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import BOOLEAN, INT, LONG, UUID, Field, array_of, pair_of
from tealjet.protocol.structures.parts import INT_ANSWER, NAME, messages_of

__all__ = ["ADD", "GET", "GET_CONFIGURED_REPLICA_COUNT", "MESSAGES", "NEW_ID_BATCH", "CounterState", "IdBatch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterState:
    """A PN counter as one replica sees it."""

    value: int
    replica_timestamps: tuple[tuple[uuid.UUID, int], ...]
    """The changes that it has seen, as a vector clock: for each replica a count."""
    replica_count: int
    """How many replicas the cluster keeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdBatch:
    """Ids for a client to hand out: ``base``, ``base + increment`` and so on."""

    base: int
    increment: int
    batch_size: int


_VECTOR_CLOCK = array_of(pair_of(UUID, LONG))

_COUNTER_STATE = (Field("value", LONG), Field("replica_count", INT), Field("replica_timestamps", _VECTOR_CLOCK))

GET: MessageType[CounterState, None] = declare(
    "pnCounter.get",
    0x1D0100,
    retryable=True,
    request=(Field("target_replica_uuid", UUID), NAME, Field("replica_timestamps", _VECTOR_CLOCK)),
    response=_COUNTER_STATE,
    make=CounterState,
)

ADD: MessageType[CounterState, None] = declare(
    "pnCounter.add",
    0x1D0200,
    retryable=False,
    request=(
        Field("delta", LONG),
        Field("get_before_update", BOOLEAN),
        Field("target_replica_uuid", UUID),
        NAME,
        Field("replica_timestamps", _VECTOR_CLOCK),
    ),
    response=_COUNTER_STATE,
    make=CounterState,
)

GET_CONFIGURED_REPLICA_COUNT: MessageType[int, None] = declare(
    "pnCounter.getConfiguredReplicaCount", 0x1D0300, retryable=True, request=(NAME,), response=INT_ANSWER
)

NEW_ID_BATCH: MessageType[IdBatch, None] = declare(
    "flakeIdGenerator.newIdBatch",
    0x1C0100,
    retryable=True,
    request=(Field("batch_size", INT), NAME),
    response=(Field("base", LONG), Field("increment", LONG), Field("batch_size", INT)),
    make=IdBatch,
)

MESSAGES = messages_of(globals())
