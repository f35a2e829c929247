"""The keys of a client file that Java knows and that are not used here: why, and what to do instead.

What would change nothing in Python is without effect; what would be missed is refused.
"""

from __future__ import annotations

from tealjet.config.table import Key
from tealjet.config.values import Disabled, Ignored, Strategies, Unsupported, boolean, whole

__all__ = ["UNUSED"]

_IN_CODE = "register it in code, on the client"
_DISCOVERY = "list the members in network.cluster-members, or use network.kubernetes with service-dns"


def _at(path: str) -> tuple[str, ...]:
    """Return a path whose parts have no dot in them, as those of properties have."""
    return tuple(path.split("."))


def _without_effect(why: str, *paths: str) -> tuple[Key, ...]:
    return tuple(Key(path=_at(path), value=Ignored(why=why), doc=why) for path in paths)


def _properties_without_effect(why: str, *names: str) -> tuple[Key, ...]:
    return tuple(Key(path=("properties", name), value=Ignored(why=why), doc=why) for name in names)


def _refused(why: str, instead: str, *paths: str) -> tuple[Key, ...]:
    return tuple(Key(path=_at(path), value=Unsupported(why=why, instead=instead), doc=why) for path in paths)


def _refused_when_enabled(why: str, instead: str, *paths: str) -> tuple[Key, ...]:
    value = Disabled(why=why, instead=instead)
    return tuple(Key(path=_at(path), value=value, doc=why) for path in paths)


UNUSED: tuple[Key, ...] = (
    *(
        Key(path=("network", "socket-options", name), value=value, doc=value.why)
        for name, value in (
            ("tcp-no-delay", Ignored(why="requests are always sent at once", but=boolean(), anyway="true")),
            ("reuse-address", Ignored(why="local ports can always be used again", but=boolean(), anyway="true")),
            ("linger-seconds", Ignored(why="a close does not wait", but=whole(0))),
        )
    ),
    *_without_effect(
        "it is for the routing mode MULTI_MEMBER, which is refused", "network.cluster-routing.routing-strategy"
    ),
    *_without_effect(
        "members are found by network.cluster-members, network.kubernetes or network.hazelcast-cloud only",
        "network.auto-detection",
    ),
    *_without_effect("Java does not know it either, it is backup-ack-to-client-enabled", "backup-ack-to-client"),
    *_without_effect("compact serialization is always there", "serialization.compact-serialization.enabled"),
    *_without_effect("silence is measured over the connection itself, and sooner", "network.icmp-ping"),
    *_without_effect("they are for Kerberos, which is refused", "security.realms"),
    *_without_effect(
        "it is a matter of how much a Java client does at a time",
        "tpc",
        "cp-direct-to-leader-routing",
        "serialization.allow-unsafe",
    ),
    *_without_effect(
        "Java objects are neither written nor read in Python",
        "serialization.enable-compression",
        "serialization.enable-shared-object",
        "serialization.allow-override-default-serializers",
        "serialization.java-serialization-filter",
        "serialization.compact-serialization.zero-config-filter",
    ),
    *_without_effect(
        "there is nothing in Python that would use it",
        "native-memory",
        "proxy-factories",
        "query-caches",
        "metrics",
        "instance-tracking",
        "near-cache.*.serialize-keys",
        "near-cache.*.preloader",
        "near-cache.*.local-update-policy",
        "id",
    ),
    *_properties_without_effect(
        "it is a matter of the threads of a Java client",
        "hazelcast.client.event.thread.count",
        "hazelcast.client.event.queue.capacity",
        "hazelcast.client.io.input.thread.count",
        "hazelcast.client.io.output.thread.count",
        "hazelcast.client.io.input.thread.affinity",
        "hazelcast.client.io.output.thread.affinity",
        "hazelcast.client.io.balancer.interval.seconds",
        "hazelcast.client.io.write.through",
        "hazelcast.client.response.thread.count",
        "hazelcast.client.response.thread.dynamic",
        "hazelcast.client.response.thread.affinity",
        "hazelcast.client.responsequeue.idlestrategy",
        "hazelcast.client.tpc.enabled",
        "hazelcast.client.concurrent.window.ms",
        "hazelcast.client.invocation.backoff.timeout.millis",
        "hazelcast.client.connectivity.logging.delay.seconds",
        "hazelcast.client.sql.partition.argument.cache.size",
        "hazelcast.client.jobupload.partsize",
    ),
    *_properties_without_effect(
        "a cluster has the compact schemas before what is written with them",
        "hazelcast.client.schema.max.put.retry.count",
    ),
    *_properties_without_effect(
        "statistics are sent with hazelcast.client.statistics.enabled",
        "hazelcast.client.metrics.enabled",
        "hazelcast.client.metrics.jmx.enabled",
        "hazelcast.client.metrics.debug.enabled",
        "hazelcast.client.metrics.collection.frequency",
    ),
    *_properties_without_effect(
        "it is for network.discovery-strategies, which are refused", "hazelcast.discovery.enabled"
    ),
    *_refused_when_enabled(
        "members are not found in this way",
        _DISCOVERY,
        "network.aws",
        "network.gcp",
        "network.azure",
        "network.eureka",
    ),
    Key(
        path=("network", "discovery-strategies"),
        value=Strategies(why="members are not found in this way", instead=_DISCOVERY),
        doc="members are not found in this way",
    ),
    *_refused_when_enabled(
        "a connection is opened by this client alone", "secure it with network.ssl", "network.socket-interceptor"
    ),
    *_refused_when_enabled(
        "Java classes are not brought to the members",
        "bring them there by the members' own means",
        "user-code-deployment",
    ),
    *_refused("Kerberos is not spoken", "use security.username-password or security.token", "security.kerberos"),
    *_refused("Java classes are not run", _IN_CODE, "listeners"),
    *_refused(
        "Java classes have no fields that could be found",
        "write a CompactSerializer and name it under serialization.compact-serialization.serializers",
        "serialization.compact-serialization.classes",
        "serialization.compact-serialization.registered-classes",
    ),
    *_refused(
        "entries are not compared by a Java class",
        "choose an eviction-policy",
        "near-cache.*.eviction.comparator-class-name",
    ),
    Key(
        path=("properties", "hazelcast.client.max.concurrent.invocations"),
        value=Unsupported(
            why="the number of calls is not limited in this way",
            instead="limit the calls that wait for a cluster with tealjet.max-parked-calls",
        ),
        doc="the number of calls is not limited in this way",
    ),
    Key(
        path=("properties", "hazelcast.partitioning.strategy.class"),
        value=Unsupported(
            why="a Java class does not choose partitions here", instead="keep keys together with name@key"
        ),
        doc="a Java class does not choose partitions here",
    ),
)
"""The rows of the table."""
