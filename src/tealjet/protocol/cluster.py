"""What members are asked about a cluster as a whole: its objects, its clients, its state. The engine needs none of it.

Layouts and numbers are those of the Open Binary Client Protocol 2.0.
"""

from __future__ import annotations

import uuid
from typing import Any

from tealjet.protocol import values
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import (
    BOOLEAN,
    BYTES,
    INT,
    LONG,
    STRING,
    UUID,
    Field,
    enum_of,
    nullable,
)

__all__ = [
    "ADD_DISTRIBUTED_OBJECT_LISTENER",
    "CHANGE_CLUSTER_STATE",
    "GET_TIMED_MEMBER_STATE",
    "MATCH_MC_CONFIG",
    "MESSAGES",
    "REMOVE_DISTRIBUTED_OBJECT_LISTENER",
    "STATISTICS",
]

ADD_DISTRIBUTED_OBJECT_LISTENER: MessageType[uuid.UUID, values.DistributedObjectEvent] = declare(
    "client.addDistributedObjectListener",
    0x000900,
    retryable=False,
    request=(Field("local_only", BOOLEAN),),
    response=(Field("response", UUID),),
    events=(
        (
            values.DistributedObjectEvent,
            (
                Field("source", UUID),
                Field("name", STRING),
                Field("service_name", STRING),
                Field("event_type", STRING),
            ),
        ),
    ),
)

REMOVE_DISTRIBUTED_OBJECT_LISTENER: MessageType[bool, None] = declare(
    "client.removeDistributedObjectListener",
    0x000A00,
    retryable=True,
    request=(Field("registration_id", UUID),),
    response=(Field("response", BOOLEAN),),
)

STATISTICS: MessageType[None, None] = declare(
    "client.statistics",
    0x000C00,
    retryable=False,
    request=(Field("timestamp", LONG), Field("client_attributes", STRING), Field("metrics_blob", BYTES)),
)

CHANGE_CLUSTER_STATE: MessageType[None, None] = declare(
    "mc.changeClusterState",
    0x200200,
    retryable=False,
    request=(Field("new_state", enum_of(values.ClusterState, INT)),),
)

GET_TIMED_MEMBER_STATE: MessageType[str | None, None] = declare(
    "mc.getTimedMemberState",
    0x200B00,
    retryable=True,
    response=(Field("timed_member_state", nullable(STRING)),),
)

MATCH_MC_CONFIG: MessageType[bool, None] = declare(
    "mc.matchMCConfig",
    0x200C00,
    retryable=True,
    request=(Field("etag", STRING),),
    response=(Field("response", BOOLEAN),),
)

MESSAGES: tuple[MessageType[Any, Any], ...] = (
    ADD_DISTRIBUTED_OBJECT_LISTENER,
    REMOVE_DISTRIBUTED_OBJECT_LISTENER,
    STATISTICS,
    CHANGE_CLUSTER_STATE,
    GET_TIMED_MEMBER_STATE,
    MATCH_MC_CONFIG,
)
