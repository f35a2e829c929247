"""What messages carry, as Python values. They are complete and frozen, and know nothing of bytes.

Fields with a default are those that older members do not send.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "Address",
    "AuthenticationResponse",
    "BackupEvent",
    "ClientFilterEntry",
    "ClientFilterKind",
    "ClientFilterMode",
    "ClusterMetadata",
    "ClusterState",
    "DistributedObject",
    "DistributedObjectEvent",
    "EndpointQualifier",
    "ErrorHolder",
    "MemberInfo",
    "MemberVersion",
    "MembersView",
    "PartitionsView",
    "RingbufferItems",
    "StackTraceElement",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a member listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointQualifier:
    """For whom one of a member's addresses is meant."""

    type: int
    """0 members, 1 clients, 2 WAN, 3 REST, 4 memcache."""
    identifier: str | None = None


class MemberVersion(NamedTuple):
    """The version of a member's software."""

    major: int
    minor: int
    patch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberInfo:
    """One member of a cluster."""

    uuid: uuid.UUID
    address: Address
    attributes: Mapping[str, str]
    lite_member: bool
    """It owns no data."""
    version: MemberVersion
    address_map: Mapping[EndpointQualifier, Address] = field(default_factory=dict)
    """Further addresses, public ones among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MembersView:
    """The members of a cluster, all of them, in the order in which they joined."""

    version: int
    members: tuple[MemberInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionsView:
    """Which member owns which partitions; empty while the cluster has assigned none."""

    version: int
    partitions: Mapping[uuid.UUID, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthenticationResponse:
    """A member's answer to the authentication."""

    status: int
    """0 authenticated, 1 cluster name or credentials refused, 2 other serialization version, 3 client not allowed."""
    address: Address | None = None
    """The member's own address; None unless authenticated."""
    member_uuid: uuid.UUID | None = None
    """The member's own id; None unless authenticated."""
    serialization_version: int = 1
    server_version: str = ""
    """The member's version, such as 5.7.0."""
    partition_count: int = -1
    cluster_id: uuid.UUID | None = None
    """New for each start of the cluster."""
    failover_supported: bool = False
    tpc_ports: tuple[int, ...] | None = None
    """Ports of the thread-per-core engine (since 5.3)."""
    tpc_token: bytes | None = None
    member_list_version: int = -1
    """Of ``members``; -1 when the member sent none."""
    members: tuple[MemberInfo, ...] = ()
    """As in a ``MembersView`` (since 5.5)."""
    partition_list_version: int = -1
    """Of ``partitions``; -1 when the member sent none."""
    partitions: Mapping[uuid.UUID, tuple[int, ...]] = field(default_factory=dict)
    """As in a ``PartitionsView`` (since 5.5)."""
    key_value_pairs: Mapping[str, str] = field(default_factory=dict)
    """Whatever else the member tells (since 5.5)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupEvent:
    """A backup has applied what a call changed."""

    source_correlation_id: int
    """The call's correlation id."""


class ClientFilterMode(enum.IntEnum):
    """Which clients a member lets in."""

    DISABLED = 0
    """All."""
    ALLOW = 1
    """Only those that match an entry; with no entry nobody."""
    DENY = 2
    """All but those that match an entry."""


class ClientFilterKind(enum.IntEnum):
    """What an entry of a client filter is compared with."""

    IP_ADDRESS = 0
    INSTANCE_NAME = 1
    LABEL = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientFilterEntry:
    """One entry of a client filter."""

    kind: ClientFilterKind
    value: str
    """A pattern in which ``*`` stands for anything."""


class ClusterState(enum.IntEnum):
    """How much a cluster does of its own accord."""

    ACTIVE = 0
    NO_MIGRATION = 1
    FROZEN = 2
    PASSIVE = 3
    IN_TRANSITION = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterMetadata:
    """What a member tells about its cluster."""

    state: ClusterState
    cluster_time: int
    """Milliseconds since 1970, as the cluster agreed on."""
    member_version: str
    jet_version: str | None = None
    cluster_id: uuid.UUID | None = None
    """None from members before 5.5."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistributedObject:
    """A structure that a cluster has."""

    service_name: str
    """What kind it is, such as ``hz:impl:mapService``."""
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DistributedObjectEvent:
    """An object was created or destroyed."""

    name: str
    service_name: str
    event_type: str
    """``CREATED`` or ``DESTROYED``."""
    source: uuid.UUID
    """The client or the member that did it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RingbufferItems:
    """Items of a ringbuffer, one after the other."""

    read_count: int
    """How many were looked at; more than there are items when a filter has left some out."""
    next_sequence: int
    """Of what comes after them."""
    items: tuple[bytes, ...]
    """As they are serialized."""
    item_sequences: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StackTraceElement:
    """One line of a member's stack trace."""

    class_name: str
    method_name: str
    file_name: str | None
    line_number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorHolder:
    """One exception of the chain that a member answered; the ones after it are its causes."""

    error_code: int
    class_name: str
    message: str | None
    stack_trace_elements: tuple[StackTraceElement, ...]
