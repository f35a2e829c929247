"""The messages that the client itself sends and reads, declared: everything about them that is not common to all.

What users call goes through the official package's own codecs; here is what the engine needs to open, watch and manage
clusters, in both directions, so that members for demos and tests can be played from the same table. The layouts are
those of the Open Binary Client Protocol 2.0 (Hazelcast IMDG 4.0), what Hazelcast 5 added is optional.
"""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tealjet.protocol import values
from tealjet.protocol.declare import MessageType, declare, error_layout
from tealjet.protocol.frames import message_type
from tealjet.protocol.layout import (
    BOOLEAN,
    BYTE,
    BYTES,
    INT,
    LONG,
    NULLABLE_UUID,
    PARTITIONS,
    STRING,
    UUID,
    Field,
    array_of,
    enum_of,
    list_of,
    map_of,
    nullable,
    pairs_of,
    structure,
)

__all__ = [
    "ADD_CLUSTER_VIEW_LISTENER",
    "APPLY_MC_CONFIG",
    "AUTHENTICATION",
    "AUTHENTICATION_CUSTOM",
    "BLOCKING",
    "BLOCKING_CALLS",
    "CREATE_PROXIES",
    "CREATE_PROXY",
    "DESTROY_PROXY",
    "ERROR",
    "GET_CLUSTER_METADATA",
    "GET_DISTRIBUTED_OBJECTS",
    "LOCAL_BACKUP_LISTENER",
    "MAP_DELETE",
    "MAP_ENTRY_SET",
    "MESSAGES",
    "PING",
    "RINGBUFFER_HEAD_SEQUENCE",
    "RINGBUFFER_READ_MANY",
    "RINGBUFFER_TAIL_SEQUENCE",
    "TRIGGER_PARTITION_ASSIGNMENT",
    "WORKING_CALLS",
    "longest_wait",
]

# ---------------------------------------------------------------------------------------------------------- structures

_ADDRESS = structure(values.Address, Field("port", INT), Field("host", STRING))

_ENDPOINT_QUALIFIER = structure(values.EndpointQualifier, Field("type", INT), Field("identifier", nullable(STRING)))

_MEMBER_VERSION = structure(values.MemberVersion, Field("major", BYTE), Field("minor", BYTE), Field("patch", BYTE))

_MEMBER_INFO = structure(
    values.MemberInfo,
    Field("uuid", UUID),
    Field("lite_member", BOOLEAN),
    Field("address", _ADDRESS),
    Field("attributes", map_of(STRING, STRING)),
    Field("version", _MEMBER_VERSION),
    Field("address_map", map_of(_ENDPOINT_QUALIFIER, _ADDRESS), optional=True),
)

_STACK_TRACE_ELEMENT = structure(
    values.StackTraceElement,
    Field("line_number", INT),
    Field("class_name", STRING),
    Field("method_name", STRING),
    Field("file_name", nullable(STRING)),
)

_ERROR_HOLDER = structure(
    values.ErrorHolder,
    Field("error_code", INT),
    Field("class_name", STRING),
    Field("message", nullable(STRING)),
    Field("stack_trace_elements", list_of(_STACK_TRACE_ELEMENT)),
)

_CLIENT_FILTER_ENTRY = structure(
    values.ClientFilterEntry, Field("kind", enum_of(values.ClientFilterKind, INT)), Field("value", STRING)
)

_DISTRIBUTED_OBJECT = structure(values.DistributedObject, Field("service_name", STRING), Field("name", STRING))

# ------------------------------------------------------------------------------------------------------------ messages

_AUTHENTICATION_RESPONSE = (
    Field("status", BYTE),
    Field("member_uuid", NULLABLE_UUID),
    Field("serialization_version", BYTE),
    Field("partition_count", INT),
    Field("cluster_id", NULLABLE_UUID),
    Field("failover_supported", BOOLEAN),
    Field("member_list_version", INT, optional=True, since=5),
    Field("partition_list_version", INT, optional=True, since=5),
    Field("address", nullable(_ADDRESS)),
    Field("server_version", STRING),
    Field("tpc_ports", nullable(array_of(INT)), optional=True, since=5),
    Field("tpc_token", nullable(BYTES), optional=True, since=5),
    Field("members", list_of(_MEMBER_INFO), optional=True, since=5),
    Field("partitions", PARTITIONS, optional=True, since=5),
    Field("key_value_pairs", map_of(STRING, STRING), optional=True, since=5),
)
_CLIENT = (
    Field("client_type", STRING),
    Field("client_hazelcast_version", STRING),
    Field("client_name", STRING),
    Field("labels", list_of(STRING)),
)

AUTHENTICATION: MessageType[values.AuthenticationResponse, None] = declare(
    "client.authentication",
    0x000100,
    retryable=True,
    request=(
        Field("uuid", NULLABLE_UUID),
        Field("serialization_version", BYTE),
        Field("cluster_name", STRING),
        Field("username", nullable(STRING)),
        Field("password", nullable(STRING)),
        *_CLIENT,
    ),
    response=_AUTHENTICATION_RESPONSE,
    make=values.AuthenticationResponse,
)

AUTHENTICATION_CUSTOM: MessageType[values.AuthenticationResponse, None] = declare(
    "client.authenticationCustom",
    0x000200,
    retryable=True,
    request=(
        Field("uuid", NULLABLE_UUID),
        Field("serialization_version", BYTE),
        Field("cluster_name", STRING),
        Field("credentials", BYTES),
        *_CLIENT,
    ),
    response=_AUTHENTICATION_RESPONSE,
    make=values.AuthenticationResponse,
)

ADD_CLUSTER_VIEW_LISTENER: MessageType[None, values.MembersView | values.PartitionsView | None] = declare(
    "client.addClusterViewListener",
    0x000300,
    retryable=False,
    events=(
        (values.MembersView, (Field("version", INT), Field("members", list_of(_MEMBER_INFO)))),
        (values.PartitionsView, (Field("version", INT), Field("partitions", PARTITIONS))),
    ),
    more_events=True,
)

CREATE_PROXY: MessageType[None, None] = declare(
    "client.createProxy",
    0x000400,
    retryable=False,
    request=(Field("name", STRING), Field("service_name", STRING)),
)

DESTROY_PROXY: MessageType[None, None] = declare(
    "client.destroyProxy",
    0x000500,
    retryable=False,
    request=(Field("name", STRING), Field("service_name", STRING)),
)
"""Destroys the structure itself."""

GET_DISTRIBUTED_OBJECTS: MessageType[tuple[values.DistributedObject, ...], None] = declare(
    "client.getDistributedObjects",
    0x000800,
    retryable=False,
    response=(Field("objects", list_of(_DISTRIBUTED_OBJECT)),),
)

PING: MessageType[None, None] = declare("client.ping", 0x000B00, retryable=True)

CREATE_PROXIES: MessageType[None, None] = declare(
    "client.createProxies",
    0x000E00,
    retryable=False,
    request=(Field("proxies", pairs_of(STRING, STRING)),),
)
"""Creates many proxies, given as pairs of name and service. Hazelcast Jet 4.3 takes this number for another message."""

LOCAL_BACKUP_LISTENER: MessageType[uuid.UUID, values.BackupEvent] = declare(
    "client.localBackupListener",
    0x000F00,
    retryable=False,
    response=(Field("registration_id", UUID),),
    events=((values.BackupEvent, (Field("source_correlation_id", LONG),)),),
)

TRIGGER_PARTITION_ASSIGNMENT: MessageType[None, None] = declare(
    "client.triggerPartitionAssignment", 0x001000, retryable=True
)

MAP_DELETE: MessageType[None, None] = declare(
    "map.delete",
    0x010900,
    retryable=False,
    request=(Field("thread_id", LONG), Field("name", STRING), Field("key", BYTES)),
)

MAP_ENTRY_SET: MessageType[tuple[tuple[bytes, bytes], ...], None] = declare(
    "map.entrySet",
    0x012500,
    retryable=True,
    request=(Field("name", STRING),),
    response=(Field("entries", pairs_of(BYTES, BYTES)),),
)
"""Keys and values as they were stored."""

RINGBUFFER_TAIL_SEQUENCE: MessageType[int, None] = declare(
    "ringbuffer.tailSequence",
    0x170200,
    retryable=True,
    request=(Field("name", STRING),),
    response=(Field("sequence", LONG),),
)
"""Of the newest item; one less than that of the oldest when there is none."""

RINGBUFFER_HEAD_SEQUENCE: MessageType[int, None] = declare(
    "ringbuffer.headSequence",
    0x170300,
    retryable=True,
    request=(Field("name", STRING),),
    response=(Field("sequence", LONG),),
)
"""Of the oldest item."""

RINGBUFFER_READ_MANY: MessageType[values.RingbufferItems, None] = declare(
    "ringbuffer.readMany",
    0x170900,
    retryable=True,
    request=(
        Field("start_sequence", LONG),
        Field("min_count", INT),
        Field("max_count", INT),
        Field("name", STRING),
        Field("filter", nullable(BYTES)),
    ),
    response=(
        Field("read_count", INT),
        Field("next_sequence", LONG),
        Field("items", list_of(BYTES)),
        Field("item_sequences", nullable(array_of(LONG))),
    ),
    make=values.RingbufferItems,
)

APPLY_MC_CONFIG: MessageType[None, None] = declare(
    "mc.applyMCConfig",
    0x200D00,
    retryable=False,
    request=(
        Field("mode", enum_of(values.ClientFilterMode, INT)),
        Field("etag", STRING),
        Field("entries", list_of(_CLIENT_FILTER_ENTRY)),
    ),
)

GET_CLUSTER_METADATA: MessageType[values.ClusterMetadata, None] = declare(
    "mc.getClusterMetadata",
    0x200E00,
    retryable=True,
    response=(
        Field("state", enum_of(values.ClusterState, BYTE)),
        Field("cluster_time", LONG),
        Field("cluster_id", NULLABLE_UUID, optional=True, since=5),
        Field("member_version", STRING),
        Field("jet_version", nullable(STRING)),
    ),
    make=values.ClusterMetadata,
)

MESSAGES: tuple[MessageType[Any, Any], ...] = (
    AUTHENTICATION,
    AUTHENTICATION_CUSTOM,
    ADD_CLUSTER_VIEW_LISTENER,
    CREATE_PROXY,
    DESTROY_PROXY,
    GET_DISTRIBUTED_OBJECTS,
    PING,
    CREATE_PROXIES,
    LOCAL_BACKUP_LISTENER,
    TRIGGER_PARTITION_ASSIGNMENT,
    MAP_DELETE,
    MAP_ENTRY_SET,
    RINGBUFFER_TAIL_SEQUENCE,
    RINGBUFFER_HEAD_SEQUENCE,
    RINGBUFFER_READ_MANY,
    APPLY_MC_CONFIG,
    GET_CLUSTER_METADATA,
)

ERROR = error_layout(Field("errors", list_of(_ERROR_HOLDER)))
"""The answer to any request that failed: an exception and its causes."""

# ------------------------------------------------------------------------------------------------------- blocking calls

BLOCKING_CALLS: Mapping[str, int] = MappingProxyType(
    {
        "map.tryRemove": 0x010B00,
        "map.tryPut": 0x010C00,
        "map.lock": 0x011000,
        "map.tryLock": 0x011100,
        "map.loadAll": 0x012000,
        "map.loadGivenKeys": 0x012100,
        "multiMap.lock": 0x021000,
        "multiMap.tryLock": 0x021100,
        "queue.offer": 0x030100,
        "queue.put": 0x030200,
        "queue.poll": 0x030500,
        "queue.take": 0x030600,
        "fencedLock.lock": 0x070100,
        "fencedLock.tryLock": 0x070200,
        "executorService.submitToPartition": 0x080500,
        "executorService.submitToMember": 0x080600,
        "countDownLatch.await": 0x0B0200,
        "semaphore.acquire": 0x0C0200,
        "transactionalMap.getForUpdate": 0x0E0300,
        "transactionalMap.put": 0x0E0600,
        "transactionalMap.set": 0x0E0700,
        "transactionalMap.putIfAbsent": 0x0E0800,
        "transactionalMap.replace": 0x0E0900,
        "transactionalMap.replaceIfSame": 0x0E0A00,
        "transactionalMap.remove": 0x0E0B00,
        "transactionalMap.delete": 0x0E0C00,
        "transactionalMap.removeIfSame": 0x0E0D00,
        "transactionalMultiMap.put": 0x0F0100,
        "transactionalMultiMap.remove": 0x0F0300,
        "transactionalMultiMap.removeEntry": 0x0F0400,
        "transactionalQueue.offer": 0x120100,
        "transactionalQueue.take": 0x120200,
        "transactionalQueue.poll": 0x120300,
        "transactionalQueue.peek": 0x120400,
        "ringbuffer.readOne": 0x170700,
        "ringbuffer.readMany": 0x170900,
        "sql.execute": 0x210400,
        "sql.fetch": 0x210500,
        "vectorCollection.optimize": 0x240900,
        "jet.joinSubmittedJob": 0xFE0500,
    }
)
"""Requests whose answer may wait for somebody else, however well the cluster is, by the protocol's names.

For an item, a permit, a lock (all changes in a transaction take one), a task, a statement or a loader's database.
"""

BLOCKING: frozenset[int] = frozenset(BLOCKING_CALLS.values())
"""Their message types."""

WORKING_CALLS: Mapping[str, int] = MappingProxyType(
    {
        "map.executeOnKey": 0x012E00,
        "map.executeOnAllKeys": 0x013000,
        "map.executeWithPredicate": 0x013100,
        "map.executeOnKeys": 0x013200,
    }
)
"""Requests that wait for nobody and run a user's code in the cluster, which takes as long as it takes."""

_TIMEOUTS: Mapping[int, int] = MappingProxyType(
    {
        BLOCKING_CALLS["map.tryRemove"]: 30,
        BLOCKING_CALLS["map.tryPut"]: 30,
        BLOCKING_CALLS["map.tryLock"]: 38,
        BLOCKING_CALLS["multiMap.tryLock"]: 38,
        BLOCKING_CALLS["queue.offer"]: 22,
        BLOCKING_CALLS["queue.poll"]: 22,
        BLOCKING_CALLS["fencedLock.tryLock"]: 55,
        BLOCKING_CALLS["countDownLatch.await"]: 39,
        BLOCKING_CALLS["semaphore.acquire"]: 59,
        BLOCKING_CALLS["transactionalQueue.offer"]: 47,
        BLOCKING_CALLS["transactionalQueue.poll"]: 47,
        BLOCKING_CALLS["transactionalQueue.peek"]: 47,
        BLOCKING_CALLS["sql.execute"]: 22,
    }
)
"""Where such a request says how long it may wait in the cluster, in milliseconds; below 0 it is for ever."""

_IN_TRANSACTIONS = frozenset(
    number
    for name, number in BLOCKING_CALLS.items()
    if name.partition(".")[0] in ("transactionalMap", "transactionalMultiMap")
)
"""These wait for a lock as long as their transaction may take, which they do not say."""

_UNLIMITED = (BLOCKING | frozenset(WORKING_CALLS.values())) - _TIMEOUTS.keys() - _IN_TRANSACTIONS
_read_milliseconds = struct.Struct("<q").unpack_from


def longest_wait(request: bytearray) -> float:
    """Return for how many seconds a request may be under way in the cluster by its own nature.

    Args:
        request: The encoded message.

    Returns:
        0 for most requests, ``math.inf`` for those without a limit. A lock in a transaction may take as long as the
        transaction, beyond what is returned.
    """
    number = message_type(request)
    if number in _UNLIMITED:
        return math.inf
    offset = _TIMEOUTS.get(number)
    if offset is None:
        return 0.0
    milliseconds: int = _read_milliseconds(request, offset)[0]
    return math.inf if milliseconds < 0 else milliseconds / 1000
