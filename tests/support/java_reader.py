"""Asks Java's own client what it understands of a file, and puts what Tealjet understands in the same words."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from hazelcast.config import EvictionPolicy, InMemoryFormat, ReconnectMode, TopicOverloadPolicy
from hazelcast.util import RandomLB, RoundRobinLB

from support import java_classes
from support.java_programs import JavaProgram
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.tls_properties import VERSIONS

Answer = dict[str, Any]


class JavaReader:
    """Java's client in a process of its own, for ``with``; one answers for many files."""

    def __init__(self, program: JavaProgram, folder: str) -> None:
        """Prepare it; ``folder`` is the working directory, against which Java resolves relative paths."""
        self._command = program.command("ConfigReader")
        self._folder = folder

    def __enter__(self) -> JavaReader:
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # it ends when its input does
        assert self._process.returncode == 0

    def read(self, kind: str, path: str) -> Answer:
        """Return ``{"understood": ...}`` or ``{"refused": why}``; the kind is client or failover, and yaml or xml."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{kind} {path}\n")
        self._process.stdin.flush()
        answer: Answer = json.loads(self._process.stdout.readline())
        return answer


# ------------------------------------------------------------------------------------------- in the same words

Said = Callable[[Answer], Any]
Ours = Callable[[ClientConfig], Any]


@dataclass(frozen=True)
class Word:
    """How one thing is said by Java and how by Tealjet; both give the same value when they agree."""

    keys: tuple[str, ...]
    """The rows of the table of keys that it tells of."""
    java: Said
    ours: Ours


def _same(key: str, ours: Ours, java: Said | None = None, *others: str) -> Word:
    return Word((key, *others), java or (lambda said: said[key]), ours)


def _attribute(key: str, attribute: str, *, millis: bool = False) -> Word:
    return _same(key, _value(attribute, millis=millis))


def _property(name: str, attribute: str, *, millis: bool = False) -> Word:
    return _same(f"properties.{name}", _value(attribute, millis=millis), lambda java: java["properties"][name])


def _value(attribute: str, *, millis: bool) -> Ours:
    def ours(client: ClientConfig) -> Any:
        value = getattr(client.config, attribute)
        return round(value * 1000) if millis else value

    return ours


def _name_of(kind: type, value: int) -> str:
    return next(name for name, known in vars(kind).items() if known == value and name.isupper())


# ------------------------------------------------------------------------------------------------------------- network


def _members(java: Answer) -> Any:
    kubernetes: Mapping[str, str] = java["network.kubernetes"]
    if java["network.kubernetes.enabled"]:
        return [f"{kubernetes['service-dns']}:{kubernetes.get('service-port', 5701)}"]
    return java["network.cluster-members"]


def _cloud_token(java: Answer) -> Any:
    if java["network.hazelcast-cloud.enabled"]:
        return java["network.hazelcast-cloud.discovery-token"]
    return java["properties"]["hazelcast.client.cloud.discovery.token"]


def _ports(java: Answer) -> Any:
    ports: list[int] = []
    for definition in java["network.outbound-ports"]:
        first, _, last = definition.partition("-")
        ports += range(int(first), int(last or first) + 1)
    return frozenset() if 0 in ports else frozenset(ports)


def _option(option: int, otherwise: int) -> Ours:
    """What a socket option is; without it the system decides here, and Java has a default of its own."""
    return lambda client: next(
        (value for _, known, value in client.config.socket_options if known == option), otherwise
    )


def _java_tls(java: Answer) -> Any:
    if not java["network.ssl.enabled"]:
        return None
    told: Mapping[str, str] = java["network.ssl.properties"]
    return {
        "versions": VERSIONS[told.get("protocol", "TLS")],
        "check_hostname": told.get("validateIdentity") == "true",
        "authorities": told.get("trustStore", told.get("trustCertCollectionFile")),
        "authorities password": told.get("trustStorePassword") if "trustStore" in told else None,
        "certificate": told.get("keyStore", told.get("keyCertChainFile")),
        "certificate password": told.get("keyStorePassword") if "keyStore" in told else None,
        "key": told.get("keyFile"),
        "key password": told.get("keyPassword") if "keyFile" in told else None,
    }


def _our_tls(client: ClientConfig) -> Any:
    if client.tls is None:
        return None
    files = {
        "authorities": client.tls.authorities,
        "certificate": client.tls.certificate,
        "key": client.tls.key,
    }
    return {
        "versions": (client.tls.oldest, client.tls.newest),
        "check_hostname": client.tls.check_hostname,
        **{name: None if file is None else file.path for name, file in files.items()},
        **{f"{name} password": None if file is None else file.password for name, file in files.items()},
    }


# ------------------------------------------------------------------------------------------------------------ security


def _java_identity(java: Answer) -> Any:
    if java["security.token.bytes"] is not None:
        return bytes(java["security.token.bytes"])
    if java["security.credentials-factory"] is not None:
        return java_classes.credentials(java["security.credentials-factory.properties"])
    return java["security.username-password.username"], java["security.username-password.password"]


def _our_identity(client: ClientConfig) -> Any:
    provider = client.config.token_provider
    return client.credentials if provider is None else provider.token()


# ---------------------------------------------------------------------------------------------------------- structures


def _near_caches(client: ClientConfig) -> Any:
    return {
        name: {
            "in-memory-format": _name_of(InMemoryFormat, one.in_memory_format),
            "invalidate-on-change": one.invalidate_on_change,
            "time-to-live-seconds": round(one.time_to_live or 0),
            "max-idle-seconds": round(one.max_idle or 0),
            "eviction-policy": _name_of(EvictionPolicy, one.eviction_policy),
            "max-size-policy": "ENTRY_COUNT",
            "size": one.eviction_max_size,
        }
        for name, one in client.config.near_caches.items()
    }


def _java_near_caches(java: Answer) -> Any:
    unused = {"serialize-keys", "local-update-policy"}
    return {
        name: {key: value for key, value in one.items() if key not in unused}
        for name, one in java["near-cache"].items()
    }


def _flake_ids(client: ClientConfig) -> Any:
    return {
        name: {"prefetch-count": one.prefetch_count, "prefetch-validity-millis": round(one.prefetch_validity * 1000)}
        for name, one in client.config.flake_id_generators.items()
    }


def _topics(client: ClientConfig) -> Any:
    return {
        name: {
            "topic-overload-policy": _name_of(TopicOverloadPolicy, one.overload_policy),
            "read-batch-size": one.read_batch_size,
        }
        for name, one in client.config.reliable_topics.items()
    }


# ------------------------------------------------------------------------------------------------------- serialization


def _named(name: str | None) -> Any:
    """What a class name of the generated files stands for."""
    return None if name is None else getattr(java_classes, name.partition(":")[2])


def _big_endian(java: Answer) -> Any:
    told = java["serialization"]
    return sys.byteorder == "big" if told["use-native-byte-order"] else told["byte-order"] == "BIG_ENDIAN"


def _factories(kind: str) -> Said:
    return lambda java: {int(number): _named(name) for number, name in java["serialization"][kind].items()}


def _serializers(java: Answer) -> Any:
    return {_named(kind): _named(name) for kind, name in java["serialization"]["serializers"].items()}


def _load_balancer(java: Answer) -> Any:
    told = java["load-balancer"]
    known = {None: RoundRobinLB, "RandomLB": RandomLB, "RoundRobinLB": RoundRobinLB}
    return known[told] if told in known else _named(told)


def _our_load_balancer(client: ClientConfig) -> Any:
    return RoundRobinLB if client.config.load_balancer is None else type(client.config.load_balancer)


_TLS_KEYS = (
    "enabled",
    "properties.protocol",
    "properties.trustStore",
    "properties.trustStorePassword",
    "properties.trustStoreType",
    "properties.trustCertCollectionFile",
    "properties.keyStore",
    "properties.keyStorePassword",
    "properties.keyStoreType",
    "properties.keyCertChainFile",
    "properties.keyFile",
    "properties.keyPassword",
    "properties.mutualAuthentication",
    "properties.ciphersuites",
    "properties.validateIdentity",
)
_RETRY = "connection-strategy.connection-retry"

WORDS: tuple[Word, ...] = (
    _attribute("cluster-name", "cluster_name"),
    _attribute("instance-name", "client_name"),
    _same("client-labels", lambda client: sorted(set(client.config.labels))),
    _attribute("backup-ack-to-client-enabled", "backup_ack_to_client_enabled"),
    _same("network.cluster-members", lambda client: client.config.cluster_members, _members, "network.kubernetes"),
    _same(
        "network.hazelcast-cloud.discovery-token",
        lambda client: client.config.cloud_discovery_token,
        _cloud_token,
        "network.hazelcast-cloud.enabled",
        "properties.hazelcast.client.cloud.discovery.token",
    ),
    _same(
        "properties.hazelcast.client.cloud.url",
        lambda client: client.cloud_url,
        lambda java: java["properties"]["hazelcast.client.cloud.url"],
    ),
    _same(
        "network.cluster-routing.mode",
        lambda client: "ALL_MEMBERS" if client.config.smart_routing else "SINGLE_MEMBER",
        lambda java: java["network.routing-mode"],
        "network.smart-routing",
    ),
    _attribute("network.redo-operation", "redo_operation"),
    _attribute("network.connection-timeout", "connection_timeout", millis=True),
    _same("network.socket-options.keep-alive", lambda client: bool(_option(socket.SO_KEEPALIVE, 1)(client))),
    _same("network.socket-options.buffer-size", lambda client: _option(socket.SO_RCVBUF, 128 * 1024)(client) // 1024),
    _same("network.outbound-ports", lambda client: frozenset(client.outbound_ports), _ports),
    _same("network.ssl", _our_tls, _java_tls, *(f"network.ssl.{key}" for key in _TLS_KEYS)),
    _same("connection-strategy.async-start", lambda client: client.config.async_start),
    _same("connection-strategy.reconnect-mode", lambda client: _name_of(ReconnectMode, client.config.reconnect_mode)),
    _same(
        f"{_RETRY}.cluster-connect-timeout-millis",
        lambda client: -1 if client.cluster_connect_timeout is None else round(client.cluster_connect_timeout * 1000),
    ),
    _attribute(f"{_RETRY}.initial-backoff-millis", "retry_initial_backoff", millis=True),
    _attribute(f"{_RETRY}.max-backoff-millis", "retry_max_backoff", millis=True),
    _attribute(f"{_RETRY}.multiplier", "retry_multiplier"),
    _attribute(f"{_RETRY}.jitter", "retry_jitter"),
    _same(
        "security",
        _our_identity,
        _java_identity,
        "security.username-password.username",
        "security.username-password.password",
        "security.token",
        "security.credentials-factory",
        "security.credentials-factory.class-name",
        "security.credentials-factory.properties",
    ),
    _same("sql.resubmission-mode", lambda client: "NEVER"),
    _same("load-balancer", _our_load_balancer, _load_balancer),
    _same(
        "near-cache.*",
        _near_caches,
        _java_near_caches,
        "near-cache.*.time-to-live-seconds",
        "near-cache.*.max-idle-seconds",
        "near-cache.*.invalidate-on-change",
        "near-cache.*.in-memory-format",
        "near-cache.*.eviction",
        "near-cache.*.eviction.eviction-policy",
        "near-cache.*.eviction.max-size-policy",
        "near-cache.*.eviction.size",
    ),
    _same(
        "flake-id-generator.*",
        _flake_ids,
        lambda java: java["flake-id-generator"],
        "flake-id-generator.*.prefetch-count",
        "flake-id-generator.*.prefetch-validity-millis",
    ),
    _same(
        "reliable-topic.*",
        _topics,
        lambda java: java["reliable-topic"],
        "reliable-topic.*.read-batch-size",
        "reliable-topic.*.topic-overload-policy",
    ),
    _same(
        "serialization.portable-version",
        lambda client: client.config.portable_version,
        lambda java: java["serialization"]["portable-version"],
    ),
    _same(
        "serialization.byte-order",
        lambda client: client.config.is_big_endian,
        _big_endian,
        "serialization.use-native-byte-order",
    ),
    _same(
        "serialization.check-class-def-errors",
        lambda client: client.config.check_class_definition_errors,
        lambda java: java["serialization"]["check-class-def-errors"],
    ),
    _same(
        "serialization.data-serializable-factories",
        lambda client: client.config.data_serializable_factories,
        _factories("data-serializable-factories"),
    ),
    _same(
        "serialization.portable-factories",
        lambda client: client.config.portable_factories,
        _factories("portable-factories"),
    ),
    _same("serialization.serializers", lambda client: client.config.custom_serializers, _serializers),
    _same(
        "serialization.global-serializer",
        lambda client: client.config.global_serializer,
        lambda java: _named(java["serialization"]["global-serializer"]),
    ),
    _same(
        "serialization.compact-serialization.serializers",
        lambda client: [type(one) for one in client.config.compact_serializers],
        lambda java: [_named(name) for name in java["serialization"]["compact-serializers"]],
    ),
    _property("hazelcast.client.heartbeat.timeout", "heartbeat_timeout", millis=True),
    _property("hazelcast.client.heartbeat.interval", "heartbeat_interval", millis=True),
    _property("hazelcast.client.invocation.timeout.seconds", "invocation_timeout", millis=True),
    _property("hazelcast.client.invocation.retry.pause.millis", "invocation_retry_pause", millis=True),
    _property("hazelcast.client.operation.backup.timeout.millis", "operation_backup_timeout", millis=True),
    _property("hazelcast.client.operation.fail.on.indeterminate.state", "fail_on_indeterminate_operation_state"),
    _property("hazelcast.client.statistics.enabled", "statistics_enabled"),
    _property("hazelcast.client.statistics.period.seconds", "statistics_period", millis=True),
    _property("hazelcast.client.shuffle.member.list", "shuffle_member_list"),
    _same(
        "properties.hazelcast.discovery.public.ip.enabled",
        lambda client: client.config.use_public_ip,
        lambda java: (java["properties"]["hazelcast.discovery.public.ip.enabled"] or "").lower() == "true",
    ),
)
"""Everything that can be honoured, each thing once."""


def differences(java: Answer, ours: ClientConfig) -> dict[str, tuple[Any, Any]]:
    """Return what the two understand differently, by the first key of each: what Java says, and what Tealjet does."""
    said = {word.keys[0]: (word.java(java), word.ours(ours)) for word in WORDS}
    return {key: pair for key, pair in said.items() if pair[0] != pair[1]}


def failover_differences(java: Answer, ours: FailoverConfig) -> dict[str, tuple[Any, Any]]:
    """Return what the two understand differently of a failover file and the files that it lists."""
    never = 2**31 - 1
    found: dict[str, tuple[Any, Any]] = {}
    if java["try-count"] != (never if ours.try_count is None else ours.try_count):
        found["try-count"] = (java["try-count"], ours.try_count)
    if len(java["clients"]) != len(ours.clients):
        found["clients"] = (len(java["clients"]), len(ours.clients))
    for number, (theirs, client) in enumerate(zip(java["clients"], ours.clients, strict=False)):
        found |= {f"clients[{number}].{key}": pair for key, pair in differences(theirs, client).items()}
    return found
