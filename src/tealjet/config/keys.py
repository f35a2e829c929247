"""The one table of the keys that Java's configuration files may have, and what becomes of each here.

Each row says where a key stands, what its value may be and what it sets, or why it has no effect in Python, or why it
is refused: because to go on without it would be something else than what the file asks for. The defaults and units are
those of Hazelcast 5.7, the keys those of 4.0 to 5.7; the reference page is generated from these rows.
"""

from __future__ import annotations

import re
import socket

from hazelcast.config import (
    ReconnectMode,
)

from tealjet.config.cloud import CLOUD_URL, check_url
from tealjet.config.structure_keys import STRUCTURES
from tealjet.config.table import Key, Schema
from tealjet.config.tls_properties import VERSIONS
from tealjet.config.unused_keys import UNUSED
from tealjet.config.values import (
    MAX_INT,
    MAX_LONG,
    Ignored,
    Many,
    One,
    Reader,
    Section,
    Texts,
    boolean,
    choice,
    millis,
    number,
    parse_address,
    port_range,
    seconds,
    text,
    trimmed,
    whole,
)
from tealjet.failover.options import Profile

__all__ = ["CLIENT", "FAILOVER"]


def _property(name: str, value: Reader, doc: str, default: str, attribute: str) -> Key:
    return Key(path=("properties", name), value=value, doc=doc, default=default, attribute=attribute)


def _option(name: str, option: str, value: Reader, doc: str, default: str) -> Key:
    return Key(path=("properties", f"tealjet.{name}"), value=value, doc=doc, default=default, option=option)


def _retry(name: str, value: Reader, doc: str, default: str, attribute: str) -> Key:
    path = ("connection-strategy", "connection-retry", name)
    return Key(path=path, value=value, doc=doc, default=default, attribute=attribute)


def _address(value: str) -> str:
    parse_address(value)
    return value


def _coordinator(value: str) -> str:
    check_url(value)
    return value


def _keep_alive(value: str) -> list[tuple[int, int, int]]:
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(bool(boolean().convert(value))))]


def _buffers(value: str) -> list[tuple[int, int, int]]:
    size = whole(1, MAX_INT // 1024).convert(value)
    assert isinstance(size, int)  # noqa: S101 - without a divisor it is one
    return [(socket.SOL_SOCKET, option, size * 1024) for option in (socket.SO_SNDBUF, socket.SO_RCVBUF)]


def _tls(name: str, value: Reader, doc: str, default: str) -> Key:
    return Key(path=("network", "ssl", "properties", name), value=value, doc=doc, default=default, may_differ=True)


def _suites(value: str) -> list[str]:
    names = [trimmed(name) for name in value.split(",", _MAX_SUITES)]
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names):
        raise ValueError("one is empty or has a character that no suite has")
    return names


_MAX_SUITES = 200
_SECRET = One(allowed="text", convert=str)
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


_REPLACERS = Key(
    path=("config-replacers",),
    value=Texts(allowed="replacers of class com.hazelcast.config.replacer.PropertyReplacer with their properties"),
    doc="Where ${variables} are looked up besides properties= and the environment, "
    "and with fail-if-value-missing: false that unknown ones stay as they stand.",
    default="properties= and the environment; an unknown variable is an error",
)


def _import(doc: str) -> Key:
    return Key(path=("import",), value=Many(item=text()), doc=doc, default="none")


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
        _import("Failover files whose content is added to this one."),
        _REPLACERS,
    ),
    elsewhere=(
        ("hazelcast-client", "this is the file of one cluster; a failover file lists such files under 'clients'"),
        ("hazelcast", "this is a member's file, not a client's"),
    ),
)
"""The failover file."""

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
            path=("network", "cluster-routing", "mode"),
            value=choice(
                {"ALL_MEMBERS": True, "SINGLE_MEMBER": False},
                refused={"MULTI_MEMBER": "a client knows all members or one; ALL_MEMBERS is the nearest"},
            ),
            doc="The newer form of smart-routing, which must not stand beside it.",
            default="ALL_MEMBERS",
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
            value=millis(1, hints={0: "0 is no limit in Java; here each connect has one"}),
            doc="Limit for connecting to one member, in ms.",
            default="5000",
            attribute="connection_timeout",
        ),
        Key(
            path=("network", "socket-options", "keep-alive"),
            value=One(allowed="true or false", convert=_keep_alive),
            doc="Let the system probe idle connections.",
            default="the system's",
            attribute="socket_options",
        ),
        Key(
            path=("network", "socket-options", "buffer-size"),
            value=One(allowed=f"a whole number of KiB from 1 to {MAX_INT // 1024}", convert=_buffers),
            doc="Size of a connection's send buffer and of its receive buffer, in KiB.",
            default="the system's",
            attribute="socket_options",
        ),
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
            millis(0, MAX_LONG, unset=-1),
            "How long one cluster is tried before the next one, in ms.",
            "not set: a failover client moves on by tealjet.reconnect-grace-millis",
            "cluster_connect_timeout",
        ),
        _retry(
            "initial-backoff-millis",
            millis(0),
            "Pause after the first failed round over the clusters, in ms.",
            "1000",
            "retry_initial_backoff",
        ),
        _retry("max-backoff-millis", millis(0), "Longest pause between rounds, in ms.", "30000", "retry_max_backoff"),
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
            millis(1),
            "Silence after which a connection counts as lost, in ms.",
            "by tealjet.profile",
            "heartbeat_timeout",
        ),
        _property(
            "hazelcast.client.heartbeat.interval",
            millis(1),
            "Pause between pings of an idle connection, in ms.",
            "5000",
            "heartbeat_interval",
        ),
        _property(
            "hazelcast.client.invocation.timeout.seconds",
            seconds(1),
            "How long a call is tried before it ends with an error, in s.",
            "120",
            "invocation_timeout",
        ),
        _property(
            "hazelcast.client.invocation.retry.pause.millis",
            millis(1),
            "Longest pause before a call is sent again, in ms.",
            "1000",
            "invocation_retry_pause",
        ),
        _property(
            "hazelcast.client.operation.backup.timeout.millis",
            millis(1),
            "How long a call waits for the acknowledgements of backups, in ms.",
            "5000",
            "operation_backup_timeout",
        ),
        _property(
            "hazelcast.client.operation.fail.on.indeterminate.state",
            boolean(),
            "End a call with an error when a backup did not acknowledge it.",
            "false",
            "fail_on_indeterminate_operation_state",
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
            seconds(1),
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
        Key(
            path=("properties", "hazelcast.client.cloud.discovery.token"),
            value=_SECRET,
            doc="The same as hazelcast-cloud with enabled: true and this discovery-token.",
            default="none",
            may_differ=True,
        ),
        Key(
            path=("properties", "hazelcast.client.cloud.url"),
            value=One(allowed="https:// with host and perhaps port and path", convert=_coordinator),
            doc="Where the coordinator is; its certificate has to be from an authority that the system trusts.",
            default=CLOUD_URL,
            own="cloud_url",
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
            millis(0),
            "How long a lost cluster is looked at before the client moves on, in ms.",
            "by profile: 100, 250, 5000",
        ),
        _option(
            "silence-limit-millis",
            "silence_limit",
            millis(0),
            "Silence after which a cluster counts as lost, in ms.",
            "by profile: 400, 2000, 60000",
        ),
        _option("open-timeout-millis", "open_timeout", millis(0), "Limit for opening a cluster, in ms.", "5000"),
        _option(
            "prepare-timeout-millis",
            "prepare_timeout",
            millis(0),
            "Limit for putting proxies and listeners in place on a cluster, in ms.",
            "5000",
        ),
        _option(
            "drain-timeout-millis",
            "drain_timeout",
            millis(0),
            "How long new calls may wait at a planned switch while short ones end, in ms.",
            "1000",
        ),
        _option(
            "linger-timeout-millis",
            "linger_timeout",
            millis(0),
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
        Key(
            path=("network", "outbound-ports"),
            value=Many(item=One(allowed="a port, or a range of ports such as 34700-34710", convert=port_range)),
            doc="The local ports that connections may have; 0 or * for any.",
            default="the system chooses",
            own="outbound_ports",
        ),
        Key(
            path=("network", "kubernetes"),
            value=Texts(
                allowed="a mapping with enabled, service-dns, service-port and service-dns-timeout",
                names=("service-dns", "service-port", "service-dns-timeout"),
            ),
            doc="With enabled: true and service-dns the name, and with service-port the port, under which Kubernetes "
            "has the members; resolved anew for each attempt. It takes the place of cluster-members.",
            default="not used",
            may_differ=True,
        ),
        Key(
            path=("network", "hazelcast-cloud", "enabled"),
            value=boolean(),
            doc="Ask the coordinator of Hazelcast Cloud for the members and their public addresses, anew for each "
            "attempt. It takes the place of cluster-members.",
            default="false",
            may_differ=True,
        ),
        Key(
            path=("network", "hazelcast-cloud", "discovery-token"),
            value=_SECRET,
            doc="The token by which the coordinator knows the cluster; never shown in messages.",
            default="an error with enabled: true",
            may_differ=True,
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
        _tls("trustStorePassword", _SECRET, "Password of the trust store; never shown in messages.", "none"),
        _tls("trustStoreType", _STORE_TYPE, "Type of the trust store; what counts is what the file is.", "JKS"),
        _tls(
            "trustCertCollectionFile",
            text(),
            "PEM file with the certificates that the client trusts, instead of a trust store.",
            "none",
        ),
        _tls("keyStore", text(), "PKCS#12 store with the client's certificate and key.", "none"),
        _tls("keyStorePassword", _SECRET, "Password of the key store and of its key; never shown in messages.", "none"),
        _tls("keyStoreType", _STORE_TYPE, "Type of the key store; what counts is what the file is.", "JKS"),
        _tls(
            "keyCertChainFile",
            text(),
            "PEM file with the client's certificate and its chain, with keyFile, instead of a key store.",
            "none",
        ),
        _tls("keyFile", text(), "PEM file with the client's key.", "none"),
        _tls("keyPassword", _SECRET, "Password of keyFile; never shown in messages.", "none"),
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
        *(_tls(name, Ignored(why=why), why, "") for name, why in _NO_EFFECT_ON_TLS.items()),
        Key(
            path=("security", "token"),
            value=Texts(allowed="a mapping with value and encoding"),
            doc="A token to sign in with, and its encoding: none or base64; never shown in messages.",
            default="none",
            may_differ=True,
        ),
        Key(
            path=("security", "credentials-factory"),
            value=Section(allowed="a mapping with class-name and properties"),
            doc="What gives the credentials: a function that is called with the properties as a dict and returns a "
            "TokenProvider, which is asked for each connection, or a pair of user name and password.",
            default="none",
            may_differ=True,
        ),
        Key(
            path=("security", "credentials-factory", "class-name"),
            value=One(
                allowed="module:callable, or the name of a Java class that classes= translates", convert=text().convert
            ),
            doc="Its name.",
            default="an error",
            may_differ=True,
        ),
        Key(
            path=("security", "credentials-factory", "properties"),
            value=Texts(),
            doc="What it is called with.",
            default="none",
            may_differ=True,
        ),
        Key(
            path=("load-balancer",),
            value=Texts(allowed="a mapping with type and, for a custom one, class-name", names=("class-name",)),
            doc="Which member gets the calls that any member can answer: type random, round-robin, or custom with a "
            "class-name of the form module:Class.",
            default="round-robin",
            attribute="load_balancer",
        ),
        *STRUCTURES,
        _import("Client files whose content is added to this one."),
        _REPLACERS,
        Key(
            path=("sql", "resubmission-mode"),
            value=choice(
                {"NEVER": "NEVER"},
                refused=dict.fromkeys(
                    ("RETRY_SELECTS", "RETRY_SELECTS_ALLOW_DUPLICATES", "RETRY_ALL"),
                    "a statement that fails is not sent again here; send it again in code",
                ),
            ),
            doc="Whether SQL statements that fail are sent again: they are not.",
            default="NEVER",
        ),
        *UNUSED,
    ),
    elsewhere=(
        (
            "hazelcast-client-failover",
            "this is a failover file: use FailoverConfig.load or new_jet_failover_client for it",
        ),
        ("hazelcast", "this is a member's file, not a client's"),
    ),
    long_names=((("network", "ssl", "properties"), "javax.net.ssl."),),
    open_sections=(("properties", "tealjet.", "without effect: this property is not known"),),
)
"""The file of one cluster."""
