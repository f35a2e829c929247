"""What an embedded cluster is told at its start: name, version, credentials, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tealjet.protocol.features import lacking
from tealjet.protocol.values import MemberVersion

__all__ = ["RELEASES", "ClusterSettings", "Limits", "Release"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What members of one version say of themselves, and what they do not know."""

    member: MemberVersion
    """As the member list tells it."""
    jet: str | None = None
    """The version of Hazelcast Jet, where that is a product of its own."""

    @property
    def text(self) -> str:
        """The member's version as a text."""
        return ".".join(map(str, self.member))

    @property
    def modern(self) -> bool:
        """Members send what Hazelcast 5 added to the messages of 4.0."""
        return self.member.major >= 5

    @property
    def unknown(self) -> frozenset[int]:
        """Message types that came with later versions."""
        return frozenset(lacking(self.member))


RELEASES: Mapping[str, Release] = MappingProxyType(
    {
        "5.7.0": Release(member=MemberVersion(5, 7, 0)),
        "jet-4.3.1": Release(member=MemberVersion(4, 0, 3), jet="4.3.1"),
    }
)
"""By the names that the lab has for versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one embedded member takes on, so that no client can make it take all memory."""

    sessions: int = 10_000
    """Connections of one member."""
    message_bytes: int = 64 * 1024 * 1024
    """The longest message of a client, and all that arrives in fragments over one connection."""
    listeners: int = 100_000
    """Listeners of a cluster."""
    waiting: int = 100_000
    """Requests of a cluster that wait for a frozen member."""
    unsent_bytes: int = 256 * 1024 * 1024
    """What a connection may have to send to a client that does not read; then it is closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSettings:
    """One cluster as it is to be played."""

    cluster_name: str
    version: str
    """One of RELEASES."""
    partition_count: int = 271
    failover_supported: bool = False
    """What members say of it: those of the Community edition say no."""
    username: str | None = None
    """With it clients must authenticate by this name and ``password``."""
    password: str | None = field(default=None, repr=False)
    token: bytes | None = field(default=None, repr=False)
    """With it clients must authenticate by these credentials of their own kind."""
    queue_capacities: Mapping[str, int] = field(default_factory=dict)
    """How many items queues take, by patterns of their names; the first that fits counts, and else there is no end."""
    limits: Limits = field(default_factory=Limits)

    @property
    def release(self) -> Release:
        """What its members say of themselves."""
        return RELEASES[self.version]
