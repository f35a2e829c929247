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

from tealjet.config import lookup
from tealjet.config.keys import CLIENT, FAILOVER, Setting, read_settings
from tealjet.config.problem import Mark, Problems
from tealjet.config.rules import check_honoured, check_same, check_tls, differing
from tealjet.config.source import ScalarNode, SequenceNode, read_yaml
from tealjet.config.tls import TlsError, TlsSettings, official_tls
from tealjet.config.tls_properties import tls_of_properties
from tealjet.config.values import MAX_INT, parse_address
from tealjet.failover.model import Candidate
from tealjet.failover.options import Backoff

__all__ = ["ClientConfig", "FailoverConfig", "Written"]

_DEFAULT_HOST = "127.0.0.1"
_DEFAULT_PORTS = (5701, 5702, 5703)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Where and how a file sets a value."""

    mark: Mark
    text: str


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
    """For a file: where each attribute or option is set that all clusters must have in common."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        object.__setattr__(self, "written", MappingProxyType(dict(self.written)))
        problems = Problems()
        check_honoured(self.config, self.label, problems)
        if self.tls is None:
            object.__setattr__(self, "tls", _official_tls(self.config, self.label, problems))
        if self.tls is not None:
            check_tls(self.tls, self.label, problems)
        problems.raise_if_any()

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> ClientConfig:
        """Read a client file.

        Args:
            path: The file; None looks it up as Java does: environment variable ``HAZELCAST_CLIENT_CONFIG``, then
                ``hazelcast-client.yaml`` and ``.yml`` in the working directory.

        Raises:
            ConfigError: There is no such file, or something in it is wrong; it names file, line and key of each
                problem.
        """
        problems = Problems()
        found = lookup.locate(lookup.CLIENT_FILE, path, problems)
        client = None if found is None else _read_client(found, problems)
        problems.raise_if_any()
        assert client is not None  # noqa: S101 - without a problem there is a client
        return client

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
        """(host, port) to connect to first; as in Java three ports are tried where none is given."""
        members = self.config.cluster_members or [_DEFAULT_HOST]
        parsed = (parse_address(member) for member in members)
        return tuple((host, tried) for host, port in parsed for tried in (_DEFAULT_PORTS if port is None else (port,)))

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

    def __init__(self, *, clients: Sequence[ClientConfig | Config], try_count: int | None = None) -> None:
        """Check the configurations together.

        Args:
            clients: One for each cluster; official ones are taken as ``ClientConfig.wrap`` does.
            try_count: Rounds over all clusters, after the attempt on the current one; None to never give up.

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

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> FailoverConfig:
        """Read a failover file and the client files that it lists.

        Args:
            path: The file; None looks it up as Java does: environment variable ``HAZELCAST_CLIENT_FAILOVER_CONFIG``,
                then ``hazelcast-client-failover.yaml`` and ``.yml`` in the working directory.

        Raises:
            ConfigError: A file is missing, or something in one of them is wrong; it names file, line and key of each
                problem, of all files at once.
        """
        problems = Problems()
        found = lookup.locate(lookup.FAILOVER_FILE, path, problems)
        document = None if found is None else read_yaml(found, problems)
        settings = {} if document is None else _by_name(read_settings(document, FAILOVER, problems))
        read = [_read_client(listed, problems) for listed in _listed(settings.get("clients"), problems)]
        clients = [client for client in read if client is not None]
        for other in clients[1:]:
            check_same(clients[0], other, problems)
        problems.raise_if_any()
        try_count = settings.get("try-count")
        return cls(clients=clients, try_count=None if try_count is None else try_count.value)

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


def _by_name(settings: Sequence[Setting]) -> dict[str, Setting]:
    return {setting.key.name: setting for setting in settings}


def _listed(clients: Setting | None, problems: Problems) -> list[str]:
    if clients is None or not isinstance(clients.node, SequenceNode):
        return []
    resolved = (
        lookup.resolve_listed(path, item.mark, f"clients[{index}]", problems)
        for index, (path, item) in enumerate(zip(clients.value, clients.node.items, strict=True))
    )
    return [path for path in resolved if path is not None]


def _read_client(path: str, problems: Problems) -> ClientConfig | None:
    before = len(problems)
    document = read_yaml(path, problems)
    settings = [] if document is None else read_settings(document, CLIENT, problems)
    tls = _read_tls(settings, problems)
    if tls is not None:
        check_tls(tls, path, problems)
    if len(problems) > before:
        return None
    config = Config()
    written = {}
    for setting in settings:
        name = setting.key.attribute or setting.key.option
        if setting.key.attribute is not None:
            setattr(config, setting.key.attribute, setting.value)
        if name is not None and not setting.key.may_differ:
            text = setting.node.text if isinstance(setting.node, ScalarNode) else str(setting.value)
            written[name] = Written(mark=setting.mark, text=text)
    return ClientConfig(
        config=config,
        tls=tls,
        explicit=frozenset(setting.key.attribute for setting in settings if setting.key.attribute is not None),
        options={setting.key.option: setting.value for setting in settings if setting.key.option is not None},
        origin=path,
        written=written,
    )


def _read_tls(settings: Sequence[Setting], problems: Problems) -> TlsSettings | None:
    section = {setting.key.path[-1]: setting for setting in settings if setting.key.path[:2] == ("network", "ssl")}
    enabled = section.get("enabled")
    if enabled is None or not enabled.value:
        return None
    values = {name: setting.value for name, setting in section.items()}
    marks = {name: setting.mark for name, setting in section.items()}
    return tls_of_properties(values, marks, enabled.mark, problems)
