"""The one table of the keys that Java's configuration files may have here, and the walk that reads a file by it.

Each row says where a key stands, what its value may be and what it sets. A key that is in no row is refused, so a
typing error never leaves a default in force unseen. The defaults and units are those of Hazelcast 5.7; the reference
page is generated from these rows.
"""

from __future__ import annotations

import difflib
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hazelcast.config import ReconnectMode

from tealjet.config.problem import Mark, Problems
from tealjet.config.source import Entry, MappingNode, Node
from tealjet.config.tls_properties import VERSIONS
from tealjet.config.values import (
    MAX_INT,
    MAX_LONG,
    Many,
    One,
    Reader,
    Unsupported,
    boolean,
    choice,
    number,
    parse_address,
    text,
    whole,
)
from tealjet.failover.options import Profile

__all__ = ["CLIENT", "FAILOVER", "Key", "Schema", "Setting", "read_settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One row of the table."""

    path: tuple[str, ...]
    """Where it stands below the file's root key."""
    value: Reader
    doc: str
    """One line for the manual."""
    default: str = ""
    """What holds without the key, for the manual."""
    attribute: str | None = None
    """The attribute of the official ``Config`` that it sets."""
    option: str | None = None
    """The field of ``FailoverOptions`` that it sets."""
    required: bool = False
    """Whether the file has to have it; for keys right below the root."""
    may_differ: bool = False
    """Whether the clusters of one failover configuration may have different values."""

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)

    @property
    def honoured(self) -> bool:
        """Whether the key can be used; otherwise it is only known, and refused with a reason."""
        return not isinstance(self.value, Unsupported)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """What one kind of file may hold."""

    root: str
    """The key that the rest stands under; it may be missing, as in Java."""
    keys: tuple[Key, ...]
    elsewhere: tuple[tuple[str, str], ...]
    """Root keys of other files that are given by mistake, each with what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A key that a file has."""

    key: Key
    value: Any
    """As the key's reader made it; a setting is there only if it was right."""
    mark: Mark
    """Where the key stands."""
    node: Node
    """The value as it was written, for the places of the items of a list."""


def _property(name: str, value: Reader, doc: str, default: str, attribute: str) -> Key:
    return Key(path=("properties", name), value=value, doc=doc, default=default, attribute=attribute)


def _option(name: str, option: str, value: Reader, doc: str, default: str) -> Key:
    return Key(path=("properties", f"tealjet.{name}"), value=value, doc=doc, default=default, option=option)


def _retry(name: str, value: Reader, doc: str, default: str, attribute: str) -> Key:
    path = ("connection-strategy", "connection-retry", name)
    return Key(path=path, value=value, doc=doc, default=default, attribute=attribute)


def _tls(name: str, value: Reader, doc: str, default: str) -> Key:
    return Key(path=("network", "ssl", "properties", name), value=value, doc=doc, default=default, may_differ=True)


def _unsupported(section: tuple[str, ...], why: str, *names: str) -> tuple[Key, ...]:
    return tuple(Key(path=(*section, name), value=Unsupported(why=why), doc=why) for name in names)


def _address(value: str) -> str:
    parse_address(value)
    return value


def _keep_alive(value: str) -> list[tuple[int, int, int]]:
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(bool(boolean().convert(value))))]


def _millis(
    least: int, most: int = MAX_INT, *, unset: int | None = None, hints: Mapping[int, str] | None = None
) -> One:
    return whole(least, most, divisor=1000.0, unit="milliseconds", unset=unset, hints=hints)


def _seconds(least: int) -> One:
    return whole(least, divisor=1.0, unit="seconds")


def _suites(value: str) -> list[str]:
    names = [name.strip() for name in value.split(",")]
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names):
        raise ValueError("one is empty or has a character that no suite has")
    return names


_PASSWORD = One(allowed="text", convert=str)
_STORE_TYPE = choice(
    {"PKCS12": "PKCS12", "JKS": "JKS"}, otherwise="convert it with keytool -importkeystore -deststoretype PKCS12"
)
_TLS_FACTORIES = ("com.hazelcast.nio.ssl.BasicSSLContextFactory", "com.hazelcast.nio.ssl.OpenSSLEngineFactory")
_UNSAFE: dict[str, str] = dict.fromkeys(("SSL", "SSLV2", "SSLV3", "TLSV1", "TLSV1.1"), "this version is not safe")
_NO_EFFECT_ON_TLS = {
    "keyMaterialDuration": "files are read again for each connection",
    "keyManagerAlgorithm": "OpenSSL has its own",
    "trustManagerAlgorithm": "OpenSSL has its own",
}

FAILOVER = Schema(
    root="hazelcast-client-failover",
    keys=(
        Key(
            path=("try-count",),
            value=whole(0),
            doc="Rounds over all clusters after the attempt on the current one, before the client gives up.",
            default="never give up",
        ),
        Key(
            path=("clients",),
            value=Many(item=text(), least=1),
            doc="The clusters' client files, in the order in which they are tried; "
            "looked for in the working directory, then beside this file.",
            required=True,
        ),
        *_unsupported((), "files cannot be put together from parts", "import", "config-replacers"),
    ),
    elsewhere=(
        ("hazelcast-client", "this is the file of one cluster; a failover file lists such files under 'clients'"),
        ("hazelcast", "this is a member's file, not a client's"),
    ),
)

CLIENT = Schema(
    root="hazelcast-client",
    keys=(
        Key(
            path=("cluster-name",),
            value=text(),
            doc="Name of the cluster; the members compare it.",
            default="dev",
            attribute="cluster_name",
            may_differ=True,
        ),
        Key(
            path=("instance-name",),
            value=text(),
            doc="Name of the client, as members and Management Center show it.",
            default="generated",
            attribute="client_name",
        ),
        Key(
            path=("client-labels",),
            value=Many(item=text()),
            doc="Labels of the client, by which Management Center can tell clients apart.",
            default="none",
            attribute="labels",
        ),
        Key(
            path=("backup-ack-to-client-enabled",),
            value=boolean(),
            doc="Let backups acknowledge to the client directly.",
            default="true",
            attribute="backup_ack_to_client_enabled",
        ),
        Key(
            path=("network", "cluster-members"),
            value=Many(item=One(allowed="host or host:port", convert=_address)),
            doc="Members to connect to first; without a port 5701, 5702 and 5703 are tried.",
            default="127.0.0.1",
            attribute="cluster_members",
            may_differ=True,
        ),
        Key(
            path=("network", "smart-routing"),
            value=boolean(),
            doc="Connect to all members and send each call to the member that owns its data.",
            default="true",
            attribute="smart_routing",
        ),
        Key(
            path=("network", "redo-operation"),
            value=boolean(),
            doc="Send calls again that may have been applied already; safe only if all of them are idempotent.",
            default="false",
            attribute="redo_operation",
        ),
        Key(
            path=("network", "connection-timeout"),
            value=_millis(1, hints={0: "0 is no limit in Java; here each connect has one"}),
            doc="Limit for connecting to one member, in ms.",
            default="5000",
            attribute="connection_timeout",
        ),
        Key(
            path=("network", "socket-options", "tcp-no-delay"),
            value=boolean(only=True, why="small requests are always sent at once"),
            doc="Send small requests at once; always on.",
            default="true",
        ),
        Key(
            path=("network", "socket-options", "keep-alive"),
            value=One(allowed="true or false", convert=_keep_alive),
            doc="Let the system probe idle connections.",
            default="the system's",
            attribute="socket_options",
        ),
        Key(
            path=("network", "ssl", "enabled"),
            value=boolean(),
            doc="Speak TLS with this cluster; without it nothing else below network.ssl has an effect.",
            default="false",
            may_differ=True,
        ),
        Key(
            path=("network", "ssl", "factory-class-name"),
            value=choice(dict.fromkeys(_TLS_FACTORIES, True), otherwise="a class of your own can run in Java only"),
            doc="Accepted for Java's sake: the properties mean the same with both.",
            default="none",
            may_differ=True,
        ),
        _tls(
            "protocol",
            choice(VERSIONS, refused=_UNSAFE),
            "The version of TLS that is spoken; TLS for 1.2 and 1.3.",
            "TLS",
        ),
        _tls(
            "trustStore",
            text(),
            "PKCS#12 store with the certificates that the client trusts, each by itself.",
            "the system's authorities",
        ),
        _tls("trustStorePassword", _PASSWORD, "Password of the trust store; never shown in messages.", "none"),
        _tls("trustStoreType", _STORE_TYPE, "Type of the trust store; what counts is what the file is.", "JKS"),
        _tls(
            "trustCertCollectionFile",
            text(),
            "PEM file with the certificates that the client trusts, instead of a trust store.",
            "none",
        ),
        _tls("keyStore", text(), "PKCS#12 store with the client's certificate and key.", "none"),
        _tls(
            "keyStorePassword", _PASSWORD, "Password of the key store and of its key; never shown in messages.", "none"
        ),
        _tls("keyStoreType", _STORE_TYPE, "Type of the key store; what counts is what the file is.", "JKS"),
        _tls(
            "keyCertChainFile",
            text(),
            "PEM file with the client's certificate and its chain, with keyFile, instead of a key store.",
            "none",
        ),
        _tls("keyFile", text(), "PEM file with the client's key.", "none"),
        _tls("keyPassword", _PASSWORD, "Password of keyFile; never shown in messages.", "none"),
        _tls(
            "mutualAuthentication",
            choice({word: word for word in ("REQUIRED", "OPTIONAL")}),
            "REQUIRED needs a key store or a keyFile; members decide whether they ask for it.",
            "not set",
        ),
        _tls(
            "ciphersuites",
            One(allowed="cipher suites, separated by commas", convert=_suites),
            "What is offered, by Java's or OpenSSL's names; those of TLS 1.3 all or none.",
            "OpenSSL's choice",
        ),
        _tls(
            "validateIdentity",
            boolean(),
            "Whether a member's certificate has to be for the name or address that is connected to.",
            "false",
        ),
        *(_tls(name, text(), f"Accepted for Java's sake: {why}.", "none") for name, why in _NO_EFFECT_ON_TLS.items()),
        Key(
            path=("connection-strategy", "async-start"),
            value=boolean(only=False, why="the client is complete when it exists; asyncio starts it without blocking"),
            doc="Return the client before it is connected; not supported.",
            default="false",
        ),
        Key(
            path=("connection-strategy", "reconnect-mode"),
            value=choice(
                {"ON": ReconnectMode.ON},
                refused={
                    "OFF": "a client that does not reconnect cannot fail over; Java refuses it as well",
                    "ASYNC": "calls wait for the next cluster within their deadline, they do not fail at once",
                },
            ),
            doc="What happens after a loss: the client reconnects and calls wait.",
            default="ON",
            attribute="reconnect_mode",
        ),
        _retry(
            "cluster-connect-timeout-millis",
            _millis(0, MAX_LONG, unset=-1),
            "How long one cluster is tried before the next one, in ms.",
            "not set: a failover client moves on by tealjet.reconnect-grace-millis",
            "cluster_connect_timeout",
        ),
        _retry(
            "initial-backoff-millis",
            _millis(0),
            "Pause after the first failed round over the clusters, in ms.",
            "1000",
            "retry_initial_backoff",
        ),
        _retry("max-backoff-millis", _millis(0), "Longest pause between rounds, in ms.", "30000", "retry_max_backoff"),
        _retry("multiplier", number(1, 1000), "Growth of the pause from round to round.", "1.05", "retry_multiplier"),
        _retry(
            "jitter", number(0, 1), "Share of the pause by which it varies in either direction.", "0.2", "retry_jitter"
        ),
        Key(
            path=("security", "username-password", "username"),
            value=text(),
            doc="User name for the cluster.",
            default="none",
            attribute="creds_username",
            may_differ=True,
        ),
        Key(
            path=("security", "username-password", "password"),
            value=text(),
            doc="Password for the cluster; never shown in messages.",
            default="none",
            attribute="creds_password",
            may_differ=True,
        ),
        _property(
            "hazelcast.client.heartbeat.timeout",
            _millis(1),
            "Silence after which a connection counts as lost, in ms.",
            "by tealjet.profile",
            "heartbeat_timeout",
        ),
        _property(
            "hazelcast.client.heartbeat.interval",
            _millis(1),
            "Pause between pings of an idle connection, in ms.",
            "5000",
            "heartbeat_interval",
        ),
        _property(
            "hazelcast.client.invocation.timeout.seconds",
            _seconds(1),
            "How long a call is tried before it ends with an error, in s.",
            "120",
            "invocation_timeout",
        ),
        _property(
            "hazelcast.client.invocation.retry.pause.millis",
            _millis(1),
            "Longest pause before a call is sent again, in ms.",
            "1000",
            "invocation_retry_pause",
        ),
        _property(
            "hazelcast.client.statistics.enabled",
            boolean(),
            "Send client statistics to the cluster.",
            "false",
            "statistics_enabled",
        ),
        _property(
            "hazelcast.client.statistics.period.seconds",
            _seconds(1),
            "Pause between statistics, in s.",
            "3",
            "statistics_period",
        ),
        _property(
            "hazelcast.discovery.public.ip.enabled",
            boolean(),
            "Connect to the members' public addresses.",
            "where a member's own address can't be reached",
            "use_public_ip",
        ),
        _property(
            "hazelcast.client.shuffle.member.list",
            boolean(),
            "Try members in random order.",
            "true",
            "shuffle_member_list",
        ),
        _option(
            "profile",
            "profile",
            choice({profile.value: profile for profile in Profile}),
            "The set of times that holds where nothing else is configured.",
            "balanced",
        ),
        _option("standby", "standby", boolean(), "Keep the next cluster connected and ready.", "true"),
        _option(
            "require-failover-supported",
            "require_failover_supported",
            boolean(),
            "Refuse clusters that do not announce failover support, as Java does.",
            "false",
        ),
        _option(
            "reconnect-grace-millis",
            "reconnect_grace",
            _millis(0),
            "How long a lost cluster is looked at before the client moves on, in ms.",
            "by profile: 100, 250, 5000",
        ),
        _option(
            "silence-limit-millis",
            "silence_limit",
            _millis(0),
            "Silence after which a cluster counts as lost, in ms.",
            "by profile: 400, 2000, 60000",
        ),
        _option("open-timeout-millis", "open_timeout", _millis(0), "Limit for opening a cluster, in ms.", "5000"),
        _option(
            "prepare-timeout-millis",
            "prepare_timeout",
            _millis(0),
            "Limit for putting proxies and listeners in place on a cluster, in ms.",
            "5000",
        ),
        _option(
            "drain-timeout-millis",
            "drain_timeout",
            _millis(0),
            "How long new calls may wait at a planned switch while short ones end, in ms.",
            "1000",
        ),
        _option(
            "linger-timeout-millis",
            "linger_timeout",
            _millis(0),
            "How long blocking calls may stay on the former cluster after a planned switch, in ms.",
            "120000",
        ),
        _option(
            "max-parked-calls",
            "max_parked_calls",
            whole(1),
            "Calls that may wait for a cluster at one time.",
            "100000",
        ),
        *_unsupported((), "files cannot be put together from parts", "import", "config-replacers"),
        *_unsupported(
            (),
            "it has to be set in code, on the official Config, if it has an equivalent there",
            "near-cache",
            "serialization",
            "listeners",
            "load-balancer",
            "flake-id-generator",
            "reliable-topic",
        ),
        *_unsupported(
            (),
            "it is for Java clients only",
            "query-caches",
            "native-memory",
            "user-code-deployment",
            "metrics",
            "instance-tracking",
            "sql",
            "tpc",
            "cp-direct-to-leader-routing",
        ),
        *_unsupported(("network",), "it is for Java clients only", "socket-interceptor"),
        *_unsupported(
            ("network",),
            "members are found by network.cluster-members only",
            "auto-detection",
            "aws",
            "gcp",
            "azure",
            "kubernetes",
            "eureka",
            "hazelcast-cloud",
            "discovery-strategies",
        ),
        *_unsupported(("network",), "the system chooses local ports", "outbound-ports"),
        *_unsupported(("network",), "silence is measured by pings over the connection", "icmp-ping"),
        *_unsupported(("network",), "network.smart-routing says whether all members are used", "cluster-routing"),
        *_unsupported(
            ("network", "socket-options"),
            "the system's setting holds",
            "reuse-address",
            "linger-seconds",
            "buffer-size",
            "direct-buffer",
        ),
        *_unsupported(
            ("security",),
            "by a file a client signs in with security.username-password only",
            "token",
            "kerberos",
            "credentials-factory",
            "credentials",
            "realms",
        ),
    ),
    elsewhere=(
        (
            "hazelcast-client-failover",
            "this is a failover file: use FailoverConfig.load or new_jet_failover_client for it",
        ),
        ("hazelcast", "this is a member's file, not a client's"),
    ),
)


def read_settings(document: Node, schema: Schema, problems: Problems) -> list[Setting]:
    """Return what the file sets, in the file's order; whatever is wrong is added to ``problems``."""
    node = document
    if isinstance(document, MappingNode):
        root = next((entry for entry in document.entries if entry.key == schema.root), None)
        if root is not None:
            for entry in document.entries:
                if entry is not root:
                    problems.add(entry.mark, entry.key, "unknown key", allowed=schema.root)
            node = root.value
    settings: list[Setting] = []
    _read_section(node, (), schema, settings, problems)
    if isinstance(node, MappingNode):
        present = {entry.key for entry in node.entries}
        for key in schema.keys:
            if key.required and key.name not in present:
                problems.add(node.mark, key.name, "the key is missing", allowed=key.value.allowed)
    return settings


def _read_section(
    node: Node, path: tuple[str, ...], schema: Schema, settings: list[Setting], problems: Problems
) -> None:
    if not isinstance(node, MappingNode):
        name = ".".join(path) or schema.root
        problems.add(node.mark, name, "found no keys", allowed=f"a mapping with {_names_at(path, schema)}")
        return
    for entry in node.entries:
        if problems.full:
            return
        here = (*path, entry.key)
        key = next((key for key in schema.keys if key.path == here), None)
        if key is not None:
            value = key.value.read(entry.value, key.name, problems)
            if value is not None:
                settings.append(Setting(key=key, value=value, mark=entry.mark, node=entry.value))
        elif any(key.path[: len(here)] == here for key in schema.keys):
            _read_section(entry.value, here, schema, settings, problems)
        else:
            hint = _hint(entry, path, schema)
            problems.add(entry.mark, ".".join(here), "unknown key", allowed=_names_at(path, schema), hint=hint)


def _hint(entry: Entry, path: tuple[str, ...], schema: Schema) -> str:
    for root, advice in schema.elsewhere:
        if not path and entry.key == root:
            return advice
    name = entry.key[:100]
    near = difflib.get_close_matches(name, _children(path, schema, honoured=False), n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    elsewhere = [key for key in schema.keys if key.honoured and name == key.path[-1]]
    return f"its place is {elsewhere[0].name}" if elsewhere else ""


def _names_at(path: tuple[str, ...], schema: Schema) -> str:
    return ", ".join(_children(path, schema, honoured=True))


def _children(path: tuple[str, ...], schema: Schema, *, honoured: bool) -> Sequence[str]:
    depth = len(path)
    keys = (key for key in schema.keys if key.path[:depth] == path and (key.honoured or not honoured))
    return list(dict.fromkeys(key.path[depth] for key in keys))
