"""What the engine is given: where the candidates are, who the client is, and what only its users know.

The engine has no idea of the official package. How a call is decoded, which exception a user should see and what has to
be renewed when the cluster changes come in through the protocols below; the bridge implements them.
"""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tealjet.failover.model import Kind, Outcome
from tealjet.protocol.features import Feature
from tealjet.protocol.frames import Message
from tealjet.protocol.values import MemberInfo, MemberVersion

if TYPE_CHECKING:
    from tealjet.engine.link import Link


class OutsideError(Exception):
    """What others provide is not to be had; the text says why and shows no secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """How one candidate is reached."""

    name: str
    """The candidate's name, for people."""
    cluster_name: str
    addresses: tuple[tuple[str, int], ...]
    """Host names or numeric addresses with ports; resolved anew for each attempt."""
    coordinator: Callable[[], Mapping[tuple[str, int], tuple[str, int]]] | None = field(default=None, repr=False)
    """Gives the addresses to connect to by the members' own ones, in place of ``addresses``, or raises OutsideError; it
    may block."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: Callable[[str, int], bytes] | None = field(default=None, repr=False)
    """Gives the token to sign in with at a host and port, in place of user name and password; it may block."""
    tls: Callable[[], ssl.SSLContext] | None = field(default=None, repr=False)
    """Gives the TLS context for one connection, or raises OutsideError; it may block. None: connections are plain."""
    connect_timeout: float = 5.0
    """Limit in seconds for each step to a connection: connect, TLS handshake, token, authentication."""
    public_addresses: bool | None = None
    """Connect to the members' public addresses; None: where a member's own address can't be reached."""
    socket_options: tuple[tuple[int, int, int | bytes], ...] = ()
    """(level, option, value) for ``setsockopt``."""
    local_ports: tuple[int, ...] = ()
    """The ports that this end of a connection may have; empty for any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Who the client is and how it treats its calls. Durations are seconds."""

    client_uuid: uuid.UUID
    client_name: str
    client_version: str
    labels: tuple[str, ...] = ()
    shuffle_addresses: bool = True
    """Try a candidate's addresses in random order, so that many clients do not all begin with the same member."""
    smart_routing: bool = True
    """Connect to all members and send each call to the member that owns its data."""
    backup_acks: bool = True
    """Let backups acknowledge to the client; only with smart routing."""
    backup_timeout: float = 5.0
    fail_on_indeterminate: bool = False
    """End a call whose backups did not acknowledge in time with an error instead of its answer."""
    next_member: Callable[[], uuid.UUID | None] | None = None
    """Names the member that gets a call which any of them can answer; None, or None from it: they take turns."""
    redo: bool = False
    """Send calls again that may have been applied, although their message is not safe to repeat."""
    invocation_timeout: float = 120.0
    retry_pause: float = 1.0
    """The longest pause before a call is sent again that the cluster asked to repeat."""
    prepare_timeout: float = 5.0
    """Limit for putting in place on a connection, or telling a cluster before a switch, what it has to know."""
    ping_interval: float = 5.0
    silence_limit: float = 60.0
    max_parked_calls: int = 100_000
    max_message_bytes: int = 256 * 1024 * 1024


class CallErrors(Protocol):
    """Makes the exceptions that users see; each is a new instance."""

    def answered(self, message: Message, cluster: str) -> Exception:
        """Decode the error that a cluster answered."""
        ...

    def asks_to_repeat(self, error: Exception, *, to_member: bool, on_connection: bool) -> bool:
        """Say whether an answered error means: not executed, try again.

        Args:
            error: What was answered.
            to_member: The call is for one member only.
            on_connection: The call may use one connection only.
        """
        ...

    def connection_lost(self, cluster: str, detail: str, outcome: Outcome) -> Exception:
        """A call was lost with its connection."""
        ...

    def no_connection(self, cluster: str, detail: str, outcome: Outcome) -> Exception:
        """A call was bound to a connection that is gone."""
        ...

    def timed_out(
        self, seconds: float, reasons: Mapping[str, str], outcome: Outcome, last: Exception | None
    ) -> Exception:
        """A call reached its deadline; ``reasons`` says for each candidate why it could not be used."""
        ...

    def unanswered(self, seconds: float, wait: float, cluster: str, peer: str, message_type: int) -> Exception:
        """A call was not answered by a member that is alive.

        Args:
            seconds: Its limit.
            wait: How long it could wait in the cluster by nature, beyond that.
            cluster: The candidate's name.
            peer: Address and port of the member.
            message_type: What it asked for.
        """
        ...

    def backups_missing(self, cluster: str) -> Exception:
        """The primary answered, its backups did not acknowledge in time."""
        ...

    def feature_missing(self, cluster: str, version: MemberVersion, feature: Feature, outcome: Outcome) -> Exception:
        """The members of that version, the oldest of the cluster, know no such calls."""
        ...

    def overloaded(self, limit: int, outcome: Outcome) -> Exception:
        """Too many calls wait for a cluster."""
        ...

    def closed(self, detail: str, outcome: Outcome) -> Exception:
        """The client was closed."""
        ...

    def wrong_loop(self) -> Exception:
        """The client was used on another event loop than its own."""
        ...

    def forked(self, outcome: Outcome) -> Exception:
        """The client belongs to the parent of this process."""
        ...

    def labelled(self, error: Exception, outcome: Outcome) -> Exception:
        """Return the error with the outcome attached."""
        ...


class ClientState(Protocol):
    """What the client knows and a link needs, and what it must renew when the cluster changes."""

    def schemas(self) -> bytearray | None:
        """The request that replicates all compact schemas, or None when there are none."""
        ...

    def schema_ids(self) -> Sequence[bytes]:
        """The id of each compact schema, as serialized data carries it."""
        ...

    def proxies(self) -> Sequence[tuple[str, str]]:
        """(name, service) of each proxy that the cluster has to know."""
        ...

    def before_activation(self, kind: Kind, link: Link) -> None:
        """Drop what belongs to the former cluster; no call is released to the link before this returns."""
        ...

    def members_changed(self, members: Sequence[MemberInfo]) -> None:
        """The members of the active cluster, with an activation and at each change within it."""
        ...
