"""The keys of a client file for data structures and serialization.

Names of maps, generators and topics are the user's choice; classes are named as ``module:Class``.
"""

from __future__ import annotations

from hazelcast.config import EvictionPolicy, InMemoryFormat, TopicOverloadPolicy

from tealjet.config.table import ANY, Key
from tealjet.config.values import (
    MAX_INT,
    MAX_LONG,
    Ignored,
    One,
    Reader,
    Records,
    Section,
    boolean,
    choice,
    millis,
    seconds,
    text,
    whole,
)

__all__ = ["STRUCTURES"]

_NATIVE_SIZES: dict[str, str] = dict.fromkeys(
    (
        "USED_NATIVE_MEMORY_SIZE",
        "USED_NATIVE_MEMORY_PERCENTAGE",
        "FREE_NATIVE_MEMORY_SIZE",
        "FREE_NATIVE_MEMORY_PERCENTAGE",
    ),
    "there is no native memory here",
)


def _named(section: str, name: str, value: Reader, doc: str, default: str, attribute: str, item: str) -> Key:
    return Key(path=(section, ANY, name), value=value, doc=doc, default=default, attribute=attribute, item=item)


def _near_cache(name: str, value: Reader, doc: str, default: str, item: str) -> Key:
    return _named("near-cache", name, value, doc, default, "near_caches", item)


def _eviction(name: str, value: Reader, doc: str, default: str, item: str | None) -> Key:
    path = ("near-cache", ANY, "eviction", name)
    return Key(path=path, value=value, doc=doc, default=default, attribute="near_caches", item=item)


def _class() -> One:
    return One(allowed="module:Class, or the name of a Java class that classes= translates", convert=text().convert)


STRUCTURES: tuple[Key, ...] = (
    Key(
        path=("near-cache", ANY),
        value=Section(),
        doc="The near cache of the maps with this name, which may have one * in it; default is for all others.",
        default="none",
        attribute="near_caches",
    ),
    _near_cache(
        "time-to-live-seconds",
        seconds(1, unset=0),
        "Age after which an entry is dropped, in s.",
        "no limit",
        "time_to_live",
    ),
    _near_cache(
        "max-idle-seconds",
        seconds(1, unset=0),
        "Idle time after which an entry is dropped, in s.",
        "no limit",
        "max_idle",
    ),
    _near_cache("invalidate-on-change", boolean(), "Drop entries that others change.", "true", "invalidate_on_change"),
    _near_cache(
        "in-memory-format",
        choice(
            {"BINARY": InMemoryFormat.BINARY, "OBJECT": InMemoryFormat.OBJECT},
            refused={"NATIVE": "there is no native memory here; BINARY is the nearest"},
        ),
        "Whether values are kept as bytes or as objects.",
        "BINARY",
        "in_memory_format",
    ),
    Key(
        path=("near-cache", ANY, "eviction"),
        value=Section(),
        doc="What happens when the near cache is full.",
        default="LRU, 10000 entries",
        attribute="near_caches",
    ),
    _eviction(
        "eviction-policy",
        choice({policy: getattr(EvictionPolicy, policy) for policy in ("LRU", "LFU", "NONE", "RANDOM")}),
        "Which entries go first.",
        "LRU",
        "eviction_policy",
    ),
    _eviction(
        "max-size-policy",
        choice({"ENTRY_COUNT": "ENTRY_COUNT"}, refused=_NATIVE_SIZES),
        "What size counts.",
        "ENTRY_COUNT",
        None,
    ),
    _eviction("size", whole(1), "Entries that a near cache may have.", "10000", "eviction_max_size"),
    Key(
        path=("flake-id-generator", ANY),
        value=Section(),
        doc="The id generators with this name, which may have one * in it; default is for all others.",
        default="none",
        attribute="flake_id_generators",
    ),
    _named(
        "flake-id-generator",
        "prefetch-count",
        whole(1, 100_000),
        "Ids that are fetched at a time.",
        "100",
        "flake_id_generators",
        "prefetch_count",
    ),
    _named(
        "flake-id-generator",
        "prefetch-validity-millis",
        millis(0, MAX_LONG),
        "How long fetched ids may be used, in ms; 0 for ever.",
        "600000",
        "flake_id_generators",
        "prefetch_validity",
    ),
    Key(
        path=("reliable-topic", ANY),
        value=Section(),
        doc="The reliable topics with this name, which may have one * in it; default is for all others.",
        default="none",
        attribute="reliable_topics",
    ),
    _named(
        "reliable-topic",
        "read-batch-size",
        whole(1),
        "Messages that are read at a time.",
        "10",
        "reliable_topics",
        "read_batch_size",
    ),
    _named(
        "reliable-topic",
        "topic-overload-policy",
        choice(
            {
                policy: getattr(TopicOverloadPolicy, policy)
                for policy in ("DISCARD_OLDEST", "DISCARD_NEWEST", "BLOCK", "ERROR")
            }
        ),
        "What happens to a message for which there is no room.",
        "BLOCK",
        "reliable_topics",
        "overload_policy",
    ),
    Key(
        path=("serialization", "portable-version"),
        value=whole(0),
        doc="Version of portable classes that do not say one.",
        default="0",
        attribute="portable_version",
    ),
    Key(
        path=("serialization", "use-native-byte-order"),
        value=boolean(),
        doc="Numbers in the byte order of this machine, whatever byte-order says.",
        default="false",
    ),
    Key(
        path=("serialization", "byte-order"),
        value=choice({"BIG_ENDIAN": True, "LITTLE_ENDIAN": False}),
        doc="Byte order of numbers; the members have to have the same.",
        default="BIG_ENDIAN",
        attribute="is_big_endian",
    ),
    Key(
        path=("serialization", "check-class-def-errors"),
        value=boolean(),
        doc="Refuse class definitions of portables that contradict each other.",
        default="true",
        attribute="check_class_definition_errors",
    ),
    Key(
        path=("serialization", "data-serializable-factories"),
        value=Records(fields={"factory-id": whole(-MAX_INT), "class-name": _class()}),
        doc="Factories of IdentifiedDataSerializable: each module:name of a dict from class id to class.",
        default="none",
        attribute="data_serializable_factories",
    ),
    Key(
        path=("serialization", "portable-factories"),
        value=Records(fields={"factory-id": whole(-MAX_INT), "class-name": _class()}),
        doc="Factories of Portable: each module:name of a dict from class id to class.",
        default="none",
        attribute="portable_factories",
    ),
    Key(
        path=("serialization", "serializers"),
        value=Records(fields={"type-class": _class(), "class-name": _class()}),
        doc="StreamSerializers and the classes that they are for.",
        default="none",
        attribute="custom_serializers",
    ),
    Key(
        path=("serialization", "global-serializer"),
        value=Records(
            fields={"class-name": _class()},
            optional={"override-java-serialization": Ignored(why="there is no Java serialization in Python")},
            single=True,
        ),
        doc="StreamSerializer of everything that no other serializer is for.",
        default="none",
        attribute="global_serializer",
    ),
    Key(
        path=("serialization", "compact-serialization", "serializers"),
        value=Records(fields={"serializer": _class()}),
        doc="CompactSerializers.",
        default="none",
        attribute="compact_serializers",
    ),
)
"""The rows of the table."""
