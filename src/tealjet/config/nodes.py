"""What a configuration file holds, whatever its format: mappings, lists and single values that know their place.

Java takes every single value as text; so does this: what it means is decided by the key that it belongs to. Nothing
here knows a key or a format.
"""

from __future__ import annotations

from dataclasses import dataclass

from tealjet.config.problem import Mark, Place, Problems

__all__ = [
    "MAX_DEPTH",
    "Entry",
    "MappingNode",
    "Node",
    "RefusedError",
    "ScalarNode",
    "SequenceNode",
    "child",
    "read_text",
]

MAX_DEPTH = 32
"""How deep the nodes of a file may be nested."""
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalarNode:
    """A single value."""

    mark: Place
    text: str
    null: bool = False
    """Nothing was written, or YAML's word for nothing."""
    variables: tuple[str, ...] = ()
    """Where the parts of the text come from that stood there as ${variables}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceNode:
    """A list."""

    mark: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A key of a mapping with its value."""

    mark: Place
    """Where the key is."""
    key: str
    value: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingNode:
    """Keys with values, in the file's order, each key once."""

    mark: Place
    entries: tuple[Entry, ...]


Node = ScalarNode | SequenceNode | MappingNode


class RefusedError(Exception):
    """A file as a whole cannot be read, from this place on."""

    def __init__(self, where: Place, message: str) -> None:
        """Make the error from the place and what is wrong there."""
        super().__init__(message)
        self.where = where


def child(node: Node, key: str) -> Entry | None:
    """Return the entry of a mapping with that key, if it is a mapping and has one."""
    if not isinstance(node, MappingNode):
        return None
    return next((entry for entry in node.entries if entry.key == key), None)


def read_text(path: str, problems: Problems) -> str | None:
    """Return the text of a file, or None with the reason added to ``problems``; it has to be UTF-8 of limited size."""
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        problems.add(path, "", f"the file cannot be read: {error.strerror or error}")
        return None
    except ValueError:  # a path that no file can have, such as one with a NUL
        problems.add(ascii(path), "", "this cannot be the path of a file")
        return None
    if len(raw) > _MAX_BYTES:
        problems.add(path, "", f"the file is larger than {_MAX_BYTES // 1024} KiB")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        mark = Mark(file=path, line=before.count(b"\n") + 1, column=column)
        problems.add(mark, "", f"the byte 0x{raw[error.start]:02x} is not UTF-8", allowed="UTF-8 text")
        return None
