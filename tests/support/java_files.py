"""Client files by the hundred: what they hold is made up once and written as YAML and as XML, as Java has them.

A file's content is a tree of dicts, lists and texts in the form of the YAML file. ``mutated`` spoils the text of a file
in one of the ways in which people and programs do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

Tree = dict[str, Any]

_ROOT = "hazelcast-client"
_NAMESPACE = "http://www.hazelcast.com/schema/client-config"

PASSWORD = "changeit"
"""Of the stores and keys that the files name."""

# ------------------------------------------------------------------------------------------------- what is in them

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
names = st.text(f"{_LETTERS}-_.äß日 ", min_size=1, max_size=12).map(str.strip).filter(bool)
words = names.filter(lambda name: " " not in name)
texts = st.text(f"{_LETTERS}-_.:/äß日 <>&'\"#,@%!{{}}[]*|\\", min_size=1, max_size=16).map(str.strip).filter(bool)
tokens = st.text(f"{_LETTERS}-_.", min_size=1, max_size=40)
booleans = st.sampled_from(["true", "false"])
hosts = st.from_regex(r"[a-z][a-z0-9-]{0,8}(\.[a-z][a-z0-9]{0,5})?", fullmatch=True) | st.ip_addresses(v=4).map(str)
members = hosts | st.tuples(hosts, st.integers(1, 65535)).map(lambda pair: f"{pair[0]}:{pair[1]}")


def whole(least: int, most: int = 2**31 - 1) -> st.SearchStrategy[str]:
    return (st.integers(least, min(most, least + 50)) | st.integers(least, most)).map(str)


def section(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    """Some of the keys, which are named with ``_`` for ``-``."""
    return st.fixed_dictionaries({}, optional={name.replace("_", "-"): value for name, value in values.items()})


_ports = st.one_of(
    whole(1, 65535),
    st.tuples(st.integers(1, 65000), st.integers(0, 500)).map(lambda pair: f"{pair[0]}-{pair[0] + pair[1]}"),
)
_stores = st.fixed_dictionaries(
    {"trustStore": st.just("trust.p12"), "trustStorePassword": st.just(PASSWORD)},
    optional={"trustStoreType": st.sampled_from(["PKCS12", "JKS"])},
)
_own_store = st.fixed_dictionaries(
    {"keyStore": st.just("client.p12"), "keyStorePassword": st.just(PASSWORD)},
    optional={"mutualAuthentication": st.sampled_from(["REQUIRED", "OPTIONAL"])},
)
_own_files = st.just({"keyFile": "client.key", "keyCertChainFile": "client.crt", "keyPassword": PASSWORD})
_rest_of_tls = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.sampled_from(["TLS", "TLSv1.2", "TLSv1.3"]),
        "validateIdentity": booleans,
        "keyMaterialDuration": st.just("PT10M"),
    },
)


@st.composite
def _tls(draw: st.DrawFn) -> Tree:
    trusted = draw(st.just({}) | _stores | st.just({"trustCertCollectionFile": "ca.pem"}))
    shown = draw(st.just({}) | _own_store | _own_files)
    whole_section: Tree = {"enabled": draw(booleans), "properties": {**trusted, **shown, **draw(_rest_of_tls)}}
    return whole_section


_near_cache = section(
    in_memory_format=st.sampled_from(["BINARY", "OBJECT"]),
    invalidate_on_change=booleans,
    time_to_live_seconds=whole(0),
    max_idle_seconds=whole(0),
    eviction=section(
        eviction_policy=st.sampled_from(["LRU", "LFU", "NONE", "RANDOM"]),
        max_size_policy=st.just("ENTRY_COUNT"),
        size=whole(1),
    ),
)
_flake_ids = section(prefetch_count=whole(1, 100_000), prefetch_validity_millis=whole(0))
_topic = section(
    read_batch_size=whole(1),
    topic_overload_policy=st.sampled_from(["DISCARD_OLDEST", "DISCARD_NEWEST", "BLOCK", "ERROR"]),
)
_security = st.one_of(
    st.fixed_dictionaries({"username-password": st.fixed_dictionaries({"username": names, "password": texts})}),
    st.fixed_dictionaries({"token": st.fixed_dictionaries({"value": texts, "encoding": st.just("none")})}),
    st.fixed_dictionaries(
        {
            "token": st.fixed_dictionaries(
                {"value": st.sampled_from(["SGVsbG8=", "AAEC/w=="]), "encoding": st.just("base64")}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "credentials-factory": st.fixed_dictionaries(
                {"class-name": st.just("support.java_classes:credentials")},
                optional={"properties": st.fixed_dictionaries({"user": names}, optional={"secret": texts})},
            )
        }
    ),
)
_factory = st.fixed_dictionaries(
    {"factory-id": whole(0, 1000), "class-name": st.just("support.java_classes:NO_CLASSES")}
)
_serialization = section(
    portable_version=whole(0, 1000),
    use_native_byte_order=booleans,
    byte_order=st.sampled_from(["BIG_ENDIAN", "LITTLE_ENDIAN"]),
    check_class_def_errors=booleans,
    data_serializable_factories=st.lists(_factory, min_size=1, max_size=2, unique_by=lambda one: one["factory-id"]),
    portable_factories=st.lists(_factory, min_size=1, max_size=2, unique_by=lambda one: one["factory-id"]),
    serializers=st.just(
        [{"type-class": "support.java_classes:Order", "class-name": "support.java_classes:OrderSerializer"}]
    ),
    global_serializer=st.just({"class-name": "support.java_classes:OrderSerializer"}),
    compact_serialization=st.just({"serializers": [{"serializer": "support.java_classes:OrderCompactSerializer"}]}),
)
_properties = st.fixed_dictionaries(
    {},
    optional={
        "hazelcast.client.heartbeat.timeout": whole(1),
        "hazelcast.client.heartbeat.interval": whole(1),
        "hazelcast.client.invocation.timeout.seconds": whole(1),
        "hazelcast.client.invocation.retry.pause.millis": whole(1),
        "hazelcast.client.operation.backup.timeout.millis": whole(1),
        "hazelcast.client.operation.fail.on.indeterminate.state": booleans,
        "hazelcast.client.statistics.enabled": booleans,
        "hazelcast.client.statistics.period.seconds": whole(1),
        "hazelcast.client.shuffle.member.list": booleans,
        "hazelcast.discovery.public.ip.enabled": booleans,
        "hazelcast.client.cloud.url": hosts.map("https://{}:8443".format),
        "hazelcast.client.event.thread.count": whole(1, 100),
        "tealjet.profile": st.sampled_from(["fast", "balanced", "patient"]),
        "com.example.own": texts,
    },
)
_routing = st.one_of(
    section(smart_routing=booleans),
    section(cluster_routing=st.fixed_dictionaries({"mode": st.sampled_from(["ALL_MEMBERS", "SINGLE_MEMBER"])})),
)
_members = st.one_of(
    section(cluster_members=st.lists(members, min_size=1, max_size=3)),
    section(
        kubernetes=st.fixed_dictionaries(
            {"enabled": st.just("true"), "service-dns": hosts}, optional={"service-port": whole(1, 65535)}
        )
    ),
    section(
        cluster_members=st.lists(members, min_size=1, max_size=2),
        hazelcast_cloud=st.fixed_dictionaries({"enabled": st.just("false"), "discovery-token": tokens}),
    ),
    section(hazelcast_cloud=st.fixed_dictionaries({"enabled": st.just("true"), "discovery-token": tokens})),
)


@st.composite
def _network(draw: st.DrawFn) -> Tree:
    rest = section(
        redo_operation=booleans,
        connection_timeout=whole(1),
        socket_options=section(keep_alive=booleans, buffer_size=whole(1, 1024), tcp_no_delay=booleans),
        outbound_ports=st.lists(_ports, min_size=1, max_size=3),
        ssl=_tls(),
    )
    return {**draw(_routing), **draw(_members), **draw(rest)}


client_trees: st.SearchStrategy[Tree] = section(
    cluster_name=names,
    instance_name=names,
    client_labels=st.lists(words, min_size=1, max_size=3, unique=True),
    backup_ack_to_client_enabled=booleans,
    network=_network(),
    connection_strategy=section(
        async_start=st.just("false"),
        reconnect_mode=st.just("ON"),
        connection_retry=section(
            cluster_connect_timeout_millis=whole(-1),
            initial_backoff_millis=whole(0),
            max_backoff_millis=whole(0),
            multiplier=st.floats(1, 1000, width=32).map(lambda value: f"{value:.3f}"),
            jitter=st.floats(0, 1, width=32).map(lambda value: f"{value:.3f}"),
        ),
    ),
    security=_security,
    load_balancer=st.one_of(
        st.fixed_dictionaries({"type": st.sampled_from(["random", "round-robin"])}),
        st.just({"type": "custom", "class-name": "support.java_classes:FirstMember"}),
    ),
    near_cache=st.dictionaries(names, _near_cache, min_size=1, max_size=2),
    flake_id_generator=st.dictionaries(names, _flake_ids, min_size=1, max_size=2),
    reliable_topic=st.dictionaries(words, _topic, min_size=1, max_size=2),
    serialization=_serialization,
    properties=_properties,
)
"""What a client file of 5.7 may hold, as far as it can be honoured."""

# --------------------------------------------------------------------------------------------------------- as YAML


def as_yaml(tree: Tree, *, quote: bool = False) -> str:
    """Write a client file; ``quote`` puts every value in quotes."""
    if not tree:
        return f"{_ROOT}: {{}}\n"
    return f"{_ROOT}:\n" + "".join(f"{line}\n" for line in _yaml_lines(tree, 1, quote))


def _yaml_lines(node: Any, depth: int, quote: bool) -> list[str]:
    pad = "  " * depth
    lines = []
    if isinstance(node, list):
        for item in node:
            if isinstance(item, Mapping):
                first, *rest = _yaml_lines(item, depth + 1, quote)
                lines += [f"{pad}- {first.lstrip()}", *rest]
            else:
                lines.append(f"{pad}- {_yaml_scalar(item, quote)}")
        return lines
    for key, value in node.items():
        if isinstance(value, str):
            lines.append(f"{pad}{_yaml_key(key)}: {_yaml_scalar(value, quote)}")
        elif value:
            lines += [f"{pad}{_yaml_key(key)}:", *_yaml_lines(value, depth + 1, quote)]
        else:
            lines.append(f"{pad}{_yaml_key(key)}: {{}}")
    return lines


_PLAIN_KEYS = {"network", "security", "properties", "serialization", "ssl", "enabled", "mode", "token", "size", "type"}


def _yaml_key(text: str) -> str:
    return (
        text
        if re.fullmatch(r"[a-z]+[.-][a-zA-Z.-]+", text) or text in _PLAIN_KEYS
        else json.dumps(text, ensure_ascii=False)
    )


def _yaml_scalar(text: str, quote: bool) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9][\w./-]*(:\d+)?", text) and text.lower() not in ("null", "y", "n", "yes", "no")
    if (
        plain
        and not quote
        and (text in ("true", "false") or not re.fullmatch(r"(?i)true|false|on|off|[\d.e]+.*", text))
    ):
        return text
    number = re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text)
    return text if number and not quote else json.dumps(text, ensure_ascii=False)


# ---------------------------------------------------------------------------------------------------------- as XML

_ATTRIBUTES = {
    "connection-strategy": {"async-start", "reconnect-mode"},
    "ssl": {"enabled"},
    "kubernetes": {"enabled"},
    "hazelcast-cloud": {"enabled"},
    "cluster-routing": {"mode"},
    "eviction": {"eviction-policy", "max-size-policy", "size"},
    "credentials-factory": {"class-name"},
    "token": {"encoding"},
    "username-password": {"username", "password"},
    "load-balancer": {"type"},
    "data-serializable-factory": {"factory-id"},
    "portable-factory": {"factory-id"},
    "serializer": {"type-class", "class-name"},
}
_ITEMS = {
    "client-labels": "label",
    "cluster-members": "address",
    "outbound-ports": "ports",
    "data-serializable-factories": "data-serializable-factory",
    "portable-factories": "portable-factory",
    "serializers": "serializer",
}
_NAMED = ("near-cache", "flake-id-generator", "reliable-topic")
_TEXTS = {
    "data-serializable-factory": "class-name",
    "portable-factory": "class-name",
    "token": "value",
    "load-balancer": "class-name",
}


def as_xml(tree: Tree) -> str:
    """Write a client file."""
    content = "".join(f"{line}\n" for line in _xml_children(tree, 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{_ROOT} xmlns="{_NAMESPACE}">\n{content}</{_ROOT}>\n'


def _xml_children(tree: Tree, depth: int) -> list[str]:
    lines = []
    if "global-serializer" in tree:  # in XML it is one of the serializers
        tree = {**tree, "serializers": [*tree.get("serializers", ()), {"global-serializer": tree["global-serializer"]}]}
        del tree["global-serializer"]
    for key, value in tree.items():
        if key in _NAMED:
            for name, one in value.items():
                lines += _xml_element(key, one, depth, {"name": name})
        else:
            lines += _xml_element(key, value, depth, {})
    return lines


def _xml_element(tag: str, value: Any, depth: int, attributes: dict[str, str]) -> list[str]:
    pad = "  " * depth
    if isinstance(value, str):
        return [pad + _tag(tag, attributes, value)]
    if tag == "properties":
        inner = [f"{pad}  {_tag('property', {'name': name}, text)}" for name, text in value.items()]
    elif isinstance(value, list):
        inner = [line for item in value for line in _xml_item(_ITEMS[tag], item, depth + 1)]
    else:
        attributes = {**attributes, **{key: text for key, text in value.items() if key in _ATTRIBUTES.get(tag, ())}}
        children = {key: child for key, child in value.items() if key not in attributes}
        if tag in _TEXTS:
            return [pad + _tag(tag, attributes, children.get(_TEXTS[tag], ""))]
        inner = _xml_children(children, depth + 1)
    opened = tag + "".join(f" {name}={quoteattr(text)}" for name, text in attributes.items())
    return [f"{pad}<{opened}>", *inner, f"{pad}</{tag}>"] if inner else [f"{pad}<{opened}/>"]


def _xml_item(tag: str, item: Any, depth: int) -> list[str]:
    match item:
        case {"serializer": name, **others} if not others:
            return _xml_element(tag, name, depth, {})
        case {"global-serializer": {"class-name": name}}:
            return _xml_element("global-serializer", name, depth, {})
    return _xml_element(tag, item, depth, {})


def _tag(tag: str, attributes: Mapping[str, str], text: str) -> str:
    opened = tag + "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{opened}>{escape(text)}</{tag}>"


# ---------------------------------------------------------------------------------------------------- failover files


def failover_yaml(try_count: str | None, clients: list[str]) -> str:
    counted = "" if try_count is None else f"  try-count: {try_count}\n"
    return f"hazelcast-client-failover:\n{counted}  clients:\n" + "".join(f"    - {client}\n" for client in clients)


def failover_xml(try_count: str | None, clients: list[str]) -> str:
    counted = "" if try_count is None else f"  <try-count>{try_count}</try-count>\n"
    listed = "".join(f"    <client>{client}</client>\n" for client in clients)
    return (
        f'<hazelcast-client-failover xmlns="{_NAMESPACE}">\n{counted}  <clients>\n{listed}  </clients>\n'
        "</hazelcast-client-failover>\n"
    )


def failover_files(suffix: str) -> st.SearchStrategy[str]:
    """Failover files that list some of the files ``a`` and ``b``, in any order and more than once."""
    write = failover_yaml if suffix == "yaml" else failover_xml
    clients = st.lists(st.sampled_from([f"a.{suffix}", f"b.{suffix}"]), min_size=1, max_size=4)
    return st.builds(write, st.none() | whole(0), clients)


# -------------------------------------------------------------------------------------------------------- spoilt ones

_ODD = ["", " ", "yes", "-1", "0", "abc", "1.5", "2147483648", "1e3", "null", "~", "TRUE", "${x}", "[a]", "{a: b}", "#"]


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Spoil one line of a file, though not that of the XML declaration, which is the parsers' business alone."""
    lines = text.splitlines()
    place = draw(st.integers(int(lines[0].startswith("<?")), len(lines) - 1))
    line = lines[place]
    how = draw(st.sampled_from(["drop", "double", "value", "key", "move", "case", "character"]))
    match how:
        case "drop":
            del lines[place]
        case "double":
            lines.insert(place, line)
        case "value":
            odd = draw(st.sampled_from(_ODD))
            lines[place] = re.sub(r"(?<=[:>\"] )?(?<=[ >\"])[^<>\"=: ]+(?=$|<|\")", lambda _: odd, line, count=1)
        case "key":
            lines[place] = re.sub(r"[a-z]([a-z-]*)(?=[:> =])", lambda found: found[1], line, count=1)
        case "move":
            lines[place] = draw(st.sampled_from(["  ", " ", ""])) + line.lstrip()
        case "case":
            lines[place] = line.swapcase()
        case _:
            at = draw(st.integers(0, len(line)))
            character = draw(st.sampled_from(["\t", "\x00", "&", "<", ">", ":", '"', "'", "-", "é", "\ufeff"]))
            lines[place] = line[:at] + character + line[at:]
    return "\n".join(lines) + "\n"
