"""What a key of a configuration file is, and the walk that reads a file by a table of keys.

A key is honoured, without effect in Python, or refused; a key that is in no row is refused too, so a typing error never
leaves a default in force unseen. The rows themselves are in ``keys``.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tealjet.config.nodes import Entry, MappingNode, Node, child
from tealjet.config.problem import Place, Problems
from tealjet.config.values import Disabled, Ignored, One, Reader, Strategies, Unsupported

__all__ = ["ANY", "Fate", "Key", "Schema", "Setting", "content_of", "read_settings"]

ANY = "*"
"""The part of a key's path whose name is the user's choice, such as that of a near cache."""


class Fate(enum.Enum):
    """What becomes of a key."""

    HONOURED = "honoured"
    WITHOUT_EFFECT = "without effect"
    REFUSED = "refused"


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
    item: str | None = None
    """For an attribute that holds configurations by name: the field of one of them."""
    option: str | None = None
    """The field of ``FailoverOptions`` that it sets."""
    own: str | None = None
    """The field of ``ClientConfig`` that it sets, for what neither of them has."""
    required: bool = False
    """Whether the file has to have it; for keys right below the root."""
    may_differ: bool = False
    """Whether the clusters of one failover configuration may have different values."""

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)

    @property
    def target(self) -> str | None:
        """The attribute or field that it sets, if it sets one."""
        return self.attribute or self.option or self.own

    @property
    def fate(self) -> Fate:
        """What becomes of it."""
        if isinstance(self.value, Unsupported | Disabled | Strategies):
            return Fate.REFUSED
        return Fate.WITHOUT_EFFECT if isinstance(self.value, Ignored) else Fate.HONOURED

    @property
    def honoured(self) -> bool:
        """Whether the key is used."""
        return self.fate is Fate.HONOURED

    def covers(self, path: Sequence[str]) -> bool:
        """Say whether the path is this key's."""
        return len(path) == len(self.path) and _matches(self.path, path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """What one kind of file may hold."""

    root: str
    """The key that the rest stands under; in YAML it may be missing, as in Java."""
    keys: tuple[Key, ...]
    elsewhere: tuple[tuple[str, str], ...]
    """Root keys of other files that are given by mistake, each with what to do."""
    open_sections: tuple[tuple[str, str, str], ...] = ()
    """Sections whose unknown names Java takes: the section, the prefix that is ours all the same, and what is said."""
    long_names: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Sections whose names may also have a prefix: the section and the prefix."""

    def short_name(self, section: Sequence[str], name: str) -> str:
        """Return a name of a section without the prefix that it may have."""
        prefix = next((prefix for known, prefix in self.long_names if known == tuple(section)), "")
        return name.removeprefix(prefix)

    def key_at(self, path: Sequence[str]) -> Key | None:
        """Return the row of a path."""
        return next((key for key in self.keys if key.covers(path)), None)

    def has_below(self, path: Sequence[str]) -> bool:
        """Say whether there are rows below a path."""
        return any(len(key.path) > len(path) and _matches(key.path, path) for key in self.keys)

    def names_below(self, path: Sequence[str], *, honoured: bool) -> list[str]:
        """Return the names that may stand right below a path: those that are honoured, or all that are known."""
        depth = len(path)
        rows = (key for key in self.keys if len(key.path) > depth and _matches(key.path, path))
        return list(dict.fromkeys(key.path[depth] for key in rows if key.honoured or not honoured))


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A key that a file has."""

    key: Key
    path: tuple[str, ...]
    """The key's path as it stands in the file, with the names that are the user's choice."""
    value: Any
    """As the key's reader made it; a setting is there only if it was right."""
    mark: Place
    """Where the key stands."""
    node: Node
    """The value as it was written, for the places of the items of a list."""

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)


def content_of(document: Node, schema: Schema, problems: Problems, *, needs_root: bool = False) -> Node | None:
    """Return what stands under the root key, which may be missing unless ``needs_root``."""
    root = child(document, schema.root)
    if root is None:
        if not needs_root:
            return document
        hint = "Java takes nothing of an imported file without it"
        problems.add(document.mark, "", f"the key {schema.root} is missing", hint=hint)
        return None
    assert isinstance(document, MappingNode)  # noqa: S101 - it has a key
    for entry in document.entries:
        if entry is not root:
            problems.add(entry.mark, entry.key, "unknown key", allowed=schema.root)
    return root.value


def read_settings(content: Node, schema: Schema, problems: Problems) -> list[Setting]:
    """Return what the file sets, in the file's order; whatever is wrong is added to ``problems``.

    Args:
        content: What stands under the root key.
        schema: The table.
        problems: Gets what is wrong, and as notes what has no effect.
    """
    settings: list[Setting] = []
    _read_section(content, (), schema, settings, problems)
    if isinstance(content, MappingNode):
        present = {entry.key for entry in content.entries}
        for key in schema.keys:
            if key.required and key.name not in present:
                problems.add(content.mark, key.name, "the key is missing", allowed=key.value.allowed)
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
        name = schema.short_name(path, entry.key)
        here = (*path, name)
        if name != entry.key and child(node, name) is not None:
            problems.add(entry.mark, ".".join((*path, entry.key)), f"{name} is set too", allowed="one of both")
            continue
        key = schema.key_at(here)
        if key is not None:
            _read_key(entry, key, here, settings, problems)
        if schema.has_below(here) and (key is None or isinstance(entry.value, MappingNode)):
            _read_section(entry.value, here, schema, settings, problems)
        elif key is None:
            _unknown(entry, path, schema, problems)


def _read_key(entry: Entry, key: Key, path: tuple[str, ...], settings: list[Setting], problems: Problems) -> None:
    if isinstance(key.value, Ignored) and not key.value.says_nothing_of(entry.value):
        problems.note(entry.mark, ".".join(path), key.value.note)
    value = key.value.read(entry.value, ".".join(path), problems)
    if value is not None:
        settings.append(Setting(key=key, path=path, value=value, mark=entry.mark, node=entry.value))


def _unknown(entry: Entry, path: tuple[str, ...], schema: Schema, problems: Problems) -> None:
    name = ".".join((*path, entry.key))
    for section, ours, note in schema.open_sections:
        if path == (section,) and not entry.key.startswith(ours):
            is_text = One(allowed="a single value", convert=str).read(entry.value, name, problems) is not None
            if is_text and not problems.noted_enough:
                hint = _hint(entry, path, schema, alike=0.9)
                problems.note(entry.mark, name, f"{note} ({hint})" if hint else note)
            return
    hint = _hint(entry, path, schema)
    problems.add(entry.mark, name, "unknown key", allowed=_names_at(path, schema), hint=hint)


def _hint(entry: Entry, path: tuple[str, ...], schema: Schema, alike: float = 0.6) -> str:
    for root, advice in schema.elsewhere:
        if not path and entry.key == root:
            return advice
    name = entry.key[:100]
    near = difflib.get_close_matches(name, schema.names_below(path, honoured=False), n=1, cutoff=alike)
    if near:
        return f"did you mean {near[0]!r}?"
    elsewhere = [key for key in schema.keys if key.honoured and name == key.path[-1]]
    return f"its place is {elsewhere[0].name}" if elsewhere else ""


def _names_at(path: tuple[str, ...], schema: Schema) -> str:
    return ", ".join(name for name in schema.names_below(path, honoured=True) if name != ANY) or "a name of your choice"


def _matches(known: tuple[str, ...], path: Sequence[str]) -> bool:
    """Say whether the known path begins with the given one."""
    return all(one in (ANY, other) for one, other in zip(known, path, strict=False))
