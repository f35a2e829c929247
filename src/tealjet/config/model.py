"""The two configurations that a user hands to a client: one cluster, and the clusters of a failover client.

Both are complete and checked when they exist. Reading a file and knowing its keys is the business of the modules below;
what the values do is the engine's.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from hazelcast.config import Config
from hazelcast.core import Address

from tealjet.config.classes import ClassNames
from tealjet.config.cloud import CLOUD_URL, Cloud
from tealjet.config.problem import Problems
from tealjet.config.reading import ReadClient, Reading, Written
from tealjet.config.rules import check_coordinator, check_honoured, check_same, check_tls, differing
from tealjet.config.tls import TlsError, TlsSettings, official_tls
from tealjet.config.values import MAX_INT, parse_address
from tealjet.failover.model import Candidate
from tealjet.failover.options import Backoff

__all__ = ["ClientConfig", "FailoverConfig", "Written"]

_DEFAULT_HOST = "127.0.0.1"
_DEFAULT_PORTS = (5701, 5702, 5703)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClientConfig:
    """How one cluster is reached, and how the client behaves with it.

    The ``ssl_*`` settings mean what they mean for the official client, for this cluster alone, and their files are read
    again for each connection. With ``ssl_check_hostname`` a member's certificate has to be for its host name in
    ``cluster_members``. Members that the cluster tells of are known by their addresses: unless a name in
    ``cluster_members`` resolves to such an address, the certificate has to be for the address itself.

    Raises:
        ConfigError: A value can't be honoured, such as ``async_start``, or a TLS file can't be read.
    """

    config: Config = field(repr=False)
    """The official configuration; treat it as read-only."""
    tls: TlsSettings | None = None
    """TLS as a file sets it; if None, what the ``ssl_*`` settings of ``config`` say. None for no TLS at all."""
    explicit: frozenset[str] = frozenset()
    """The attributes of ``config`` that somebody set; the others may be chosen by the profile."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Values for fields of ``FailoverOptions``, from the ``tealjet.*`` properties."""
    origin: str | None = None
    """The path of the file it comes from; None if it was made in code."""
    written: Mapping[str, Written] = field(default_factory=dict, repr=False)
    """For a file: where each key is set, by its path ("network.redo-operation"). What is not here is a default."""
    outbound_ports: tuple[int, ...] = ()
    """The local ports that connections may have; empty for any."""
    cloud_url: str = CLOUD_URL
    """Where the coordinator of Hazelcast Cloud is asked; only with a ``cloud_discovery_token``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        object.__setattr__(self, "written", MappingProxyType(dict(self.written)))
        problems = Problems()
        check_honoured(self.config, self.label, problems)
        check_coordinator(self.cloud_url, self.label, problems)
        if self.tls is None:
            object.__setattr__(self, "tls", _official_tls(self.config, self.label, problems))
        if self.tls is not None:
            check_tls(self.tls, self.label, problems)
        problems.raise_if_any()

    @classmethod
    def at(cls, cluster_name: str, addresses: Sequence[str]) -> ClientConfig:
        """Return the configuration of a cluster that is known by its name and addresses; all else is as it ships."""
        config = Config()
        config.cluster_name = cluster_name
        config.cluster_members = list(addresses)
        return cls(config=config, explicit=frozenset({"cluster_name", "cluster_members"}))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        properties: Mapping[str, str] | None = None,
        classes: ClassNames | None = None,
    ) -> ClientConfig:
        """Read a client file, YAML or XML.

        Args:
            path: The file; None looks it up as Java does: property ``hazelcast.client.config``, environment variable
                ``HAZELCAST_CLIENT_CONFIG``, then ``hazelcast-client.xml``, ``.yaml`` and ``.yml`` in the working
                directory.
            properties: What stands in place of Java's system properties: the place of the file, ``${variables}``, and
                with names that begin with ``hz-client.`` keys that override the file, as ``HZCLIENT_`` variables do.
            classes: What stands for the names of Java classes in the file: the Python class itself, or its name as
                ``module:Class``.

        Raises:
            ConfigError: There is no such file, or something in it is wrong; it names file, line and key of each
                problem.
        """
        return cls.from_reading(Reading(properties, classes), path)

    @classmethod
    def from_reading(cls, reading: Reading, path: str | os.PathLike[str] | None) -> ClientConfig:
        """Do what ``load`` does with a reading of one's own, which keeps what was noted."""
        read = reading.client(path)
        client = None if read is None else cls._of(read)
        reading.finish()
        assert client is not None  # noqa: S101 - without a problem there is a client
        return client

    @classmethod
    def _of(cls, read: ReadClient) -> ClientConfig:
        return cls(
            config=read.config,
            tls=read.tls,
            explicit=read.explicit,
            options=read.options,
            origin=read.origin,
            written=read.written,
            outbound_ports=read.outbound_ports,
            cloud_url=read.cloud_url,
        )

    @classmethod
    def wrap(cls, config: Config) -> ClientConfig:
        """Take an official configuration that was made in code.

        A ``Config`` does not know what was set, so whatever differs from the official default counts as explicit. The
        configuration is copied: what is changed in it afterwards has no effect.

        Raises:
            ConfigError: A value can't be honoured.
            TypeError: It is no official configuration.
        """
        if not isinstance(config, Config):
            raise TypeError(f"a ClientConfig or hazelcast.config.Config is needed, not {config!r}")
        return cls(config=copy.copy(config), explicit=frozenset(differing(Config(), config)))

    @property
    def label(self) -> str:
        """What it is called in messages: its file, else its cluster."""
        return self.origin or f"configuration of cluster {self.cluster_name!r}"

    @property
    def cluster_name(self) -> str:
        """The name that the members compare."""
        return self.config.cluster_name

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """(host, port) to connect to first; as in Java three ports are tried where none is given. None with a cloud."""
        if self.cloud is not None:
            return ()
        members = self.config.cluster_members or [_DEFAULT_HOST]
        parsed = (parse_address(member) for member in members)
        return tuple((host, tried) for host, port in parsed for tried in (_DEFAULT_PORTS if port is None else (port,)))

    @property
    def cloud(self) -> Cloud | None:
        """Whom to ask where the members are; None if ``addresses`` says it."""
        token = self.config.cloud_discovery_token
        return None if token is None else Cloud(token=token, url=self.cloud_url)

    @property
    def credentials(self) -> tuple[str | None, str | None]:
        """(username, password), each None if there is none."""
        return self.config.creds_username, self.config.creds_password

    @property
    def token(self) -> Callable[[str, int], bytes] | None:
        """Gives the token to sign in with at a host and port; it wins over the credentials. None if there is none."""
        provider = self.config.token_provider
        return None if provider is None else lambda host, port: provider.token(Address(host, port))

    @property
    def cluster_connect_timeout(self) -> float | None:
        """How long the cluster is tried before the next one, in seconds; None if nothing says so."""
        seconds = self.config.cluster_connect_timeout
        return float(seconds) if seconds >= 0 else None

    @property
    def heartbeat_timeout(self) -> float | None:
        """The silence after which a connection counts as lost, in seconds; None if nothing says so."""
        return float(self.config.heartbeat_timeout) if "heartbeat_timeout" in self.explicit else None

    @property
    def backoff(self) -> Backoff:
        """The pause between rounds; what was not set keeps Tealjet's default (there is some jitter)."""
        default = Backoff()
        config, explicit = self.config, self.explicit
        return Backoff(
            initial=config.retry_initial_backoff if "retry_initial_backoff" in explicit else default.initial,
            maximum=config.retry_max_backoff if "retry_max_backoff" in explicit else default.maximum,
            multiplier=config.retry_multiplier if "retry_multiplier" in explicit else default.multiplier,
            jitter=config.retry_jitter if "retry_jitter" in explicit else default.jitter,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, init=False)
class FailoverConfig:
    """The clusters of a failover client, in the order in which they are tried.

    The first one counts for everything that isn't of a single cluster, such as labels, times and serializers.
    """

    clients: tuple[ClientConfig, ...]
    """At least one."""
    try_count: int | None
    """Rounds over all clusters before the client gives up; None: it never does."""
    origin: str | None
    """The path of the failover file; None if it was made in code."""
    written: Mapping[str, Written] = field(repr=False)
    """For a file: where each of its keys is set, by its path."""

    def __init__(
        self,
        *,
        clients: Sequence[ClientConfig | Config],
        try_count: int | None = None,
        origin: str | None = None,
        written: Mapping[str, Written] | None = None,
    ) -> None:
        """Check the configurations together.

        Args:
            clients: One for each cluster; official ones are taken as ``ClientConfig.wrap`` does.
            try_count: Rounds over all clusters, after the attempt on the current one; None to never give up.
            origin: The path of the failover file, if there is one.
            written: Where each key of the file is set.

        Raises:
            ConfigError: There is no cluster, the try-count is out of range, or configurations differ in what all
                clusters must have in common.
        """
        wrapped = tuple(one if isinstance(one, ClientConfig) else ClientConfig.wrap(one) for one in clients)
        problems = Problems()
        _check_failover(wrapped, try_count, problems)
        problems.raise_if_any()
        object.__setattr__(self, "clients", wrapped)
        object.__setattr__(self, "try_count", try_count)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "written", MappingProxyType(dict(written or {})))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        properties: Mapping[str, str] | None = None,
        classes: ClassNames | None = None,
    ) -> FailoverConfig:
        """Read a failover file and the client files that it lists, YAML or XML.

        Args:
            path: The file; None looks it up as Java does: property ``hazelcast.client.failover.config``, environment
                variable ``HAZELCAST_CLIENT_FAILOVER_CONFIG``, then ``hazelcast-client-failover.xml``, ``.yaml`` and
                ``.yml`` in the working directory.
            properties: What stands in place of Java's system properties: the place of the file and ``${variables}``.
            classes: What stands for the names of Java classes in the files: the Python class itself, or its name as
                ``module:Class``.

        Raises:
            ConfigError: A file is missing, or something in one of them is wrong; it names file, line and key of each
                problem, of all files at once.
        """
        return cls.from_reading(Reading(properties, classes), path)

    @classmethod
    def from_reading(cls, reading: Reading, path: str | os.PathLike[str] | None) -> FailoverConfig:
        """Do what ``load`` does with a reading of one's own, which keeps what was noted."""
        read = reading.failover(path)
        clients = [ClientConfig._of(client) for client in read.clients] if read is not None else []
        for other in clients[1:]:
            check_same(clients[0], other, reading.problems)
        reading.finish()
        assert read is not None  # noqa: S101 - without a problem there is a failover file
        return cls(clients=clients, try_count=read.try_count, origin=read.origin, written=read.written)

    @property
    def first(self) -> ClientConfig:
        """The configuration that counts for everything that isn't of a single cluster."""
        return self.clients[0]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The clusters as the controller knows them; equal cluster names get a number ("dev", "dev-2")."""
        taken = {client.cluster_name for client in self.clients}
        seen: set[str] = set()
        candidates = []
        for index, client in enumerate(self.clients):
            name, number = client.cluster_name, 1
            while name in seen or (number > 1 and name in taken):
                number += 1
                name = f"{client.cluster_name}-{number}"
            seen.add(name)
            candidates.append(
                Candidate(
                    id=index,
                    name=name,
                    cluster_name=client.cluster_name,
                    connect_timeout=client.cluster_connect_timeout,
                )
            )
        return tuple(candidates)


def _check_failover(clients: Sequence[ClientConfig], try_count: int | None, problems: Problems) -> None:
    where = "FailoverConfig"
    if not clients:
        problems.add(
            where, "clients", "found none", allowed="one ClientConfig or Config for each cluster, at least one"
        )
    if try_count is not None and (type(try_count) is not int or not 0 <= try_count <= MAX_INT):
        allowed = f"a whole number from 0 to {MAX_INT}, or None to never give up"
        problems.add(where, "try_count", f"found {try_count!r}", allowed=allowed)
    for other in clients[1:]:
        check_same(clients[0], other, problems)


def _official_tls(config: Config, where: str, problems: Problems) -> TlsSettings | None:
    try:
        return official_tls(config)
    except TlsError as error:
        problems.add(where, error.setting, error.found, allowed=error.allowed)
        return None
