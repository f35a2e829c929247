"""How Java's XML elements and attributes stand for what its YAML files write: data, one row for each exception.

Without a row an element with attributes or children is a mapping of both, and one with text only is a single value; the
elements of ``<properties>`` are entries by their ``name``. A path is that of the elements in the XML file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CLIENT_SHAPES", "FAILOVER_SHAPES", "Gathered", "Item", "Named", "Shape", "Shapes", "Text"]

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """The element is an item of the list that its parent is."""

    text: str | None = None
    """The key of an item's own text; None if an item is a single value or has no text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """Elements of this name are items of a list that stands under another key."""

    under: str
    up: bool = False
    """The key stands beside the parent and not in it."""
    attribute: str | None = None
    """The attribute that is the item; None if it is the text, or a mapping of attributes and children."""
    text: str | None = None
    """See Item."""
    single: bool = False
    """There is one such element, and it is the value itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """The element is an entry by its ``name``."""

    beside: bool = False
    """The parent has nothing else: its entries are these. Otherwise they stand in a mapping by the element's name."""
    default: str = ""
    """The name that holds without the attribute; empty if there has to be one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The element's text stands under a key beside its attributes."""

    under: str
    chosen_by: str | None = None
    """The attribute whose value is the key instead of ``under``."""


Shape = Item | Gathered | Named | Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Shapes:
    """The exceptions of one kind of file."""

    rows: Mapping[Path, Shape]
    lists: frozenset[Path]
    """The elements that are lists of their children."""
    sections: frozenset[Path]
    """The elements that are mappings, even when there is nothing in them."""

    def at(self, path: Path) -> Shape | None:
        """Return the exception for the element at a path, if there is one."""
        return self.rows.get(path)


def _rows(sections: str, *rows: tuple[str, Shape]) -> Shapes:
    shapes = {tuple(path.split("/")): shape for path, shape in rows}
    return Shapes(
        rows=shapes,
        lists=frozenset(path[:-1] for path, shape in shapes.items() if isinstance(shape, Item)),
        sections=frozenset(tuple(path.split("/")) for path in sections.split()),
    )


_COMMON: tuple[tuple[str, Shape], ...] = (
    ("import", Gathered(under="import", attribute="resource")),
    ("config-replacers/replacer", Gathered(under="replacers")),
)
_FILTERS = tuple(
    (f"serialization/{section}/{colour}list/{kind}", Gathered(under=kind))
    for section in ("java-serialization-filter", "compact-serialization/zero-config-filter")
    for colour in ("black", "white")
    for kind in ("class", "package", "prefix")
)

FAILOVER_SHAPES = _rows("config-replacers", *_COMMON, ("clients/client", Item()))
"""The failover file's."""

CLIENT_SHAPES = _rows(
    """
    config-replacers properties network network/socket-options network/ssl network/ssl/properties network/kubernetes
    network/discovery-strategies connection-strategy connection-strategy/connection-retry security
    security/username-password security/credentials-factory/properties serialization serialization/compact-serialization
    load-balancer near-cache/eviction query-caches native-memory metrics instance-tracking sql user-code-deployment
    """,
    *_COMMON,
    *_FILTERS,
    ("client-labels/label", Item()),
    ("network/cluster-members/address", Item()),
    ("network/outbound-ports/ports", Item()),
    ("network/discovery-strategies/discovery-strategy", Gathered(under="discovery-strategies")),
    ("security/token", Text(under="value")),
    ("security/realms/realm", Item()),
    ("security/realms/realm/authentication/jaas/login-module", Item()),
    ("listeners/listener", Item()),
    ("serialization/data-serializable-factories/data-serializable-factory", Item(text="class-name")),
    ("serialization/portable-factories/portable-factory", Item(text="class-name")),
    ("serialization/serializers/serializer", Item()),
    (
        "serialization/serializers/global-serializer",
        Gathered(under="global-serializer", up=True, text="class-name", single=True),
    ),
    ("serialization/compact-serialization/serializers/serializer", Item(text="serializer")),
    ("serialization/compact-serialization/classes/class", Item(text="class")),
    ("native-memory/persistent-memory/directories/directory", Item(text="directory")),
    ("proxy-factories/proxy-factory", Item()),
    ("load-balancer", Text(under="class-name")),
    ("near-cache", Named(default="default")),
    ("flake-id-generator", Named()),
    ("reliable-topic", Named()),
    ("query-caches/query-cache", Named(beside=True)),
    ("query-caches/query-cache/predicate", Text(under="sql", chosen_by="type")),
    ("query-caches/query-cache/entry-listeners/entry-listener", Item(text="class-name")),
    ("query-caches/query-cache/indexes/index", Item()),
    ("query-caches/query-cache/indexes/index/attributes/attribute", Item()),
    ("user-code-deployment/jarPaths/jarPath", Item()),
    ("user-code-deployment/classNames/className", Item()),
)
"""The client file's."""
