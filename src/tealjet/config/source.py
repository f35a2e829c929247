"""Reads a YAML file into nodes that know their place in it.

Java reads YAML 1.2 with scalars as text; so does this: what a scalar means is decided by the key it belongs to. Only
plain data comes in: no tags, no anchors, one document, with limits on size and depth. Nothing here knows a key. The
YAML package is imported when the first file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tealjet.config.problem import Mark, Problems

__all__ = ["Entry", "MappingNode", "Node", "ScalarNode", "SequenceNode", "read_yaml"]

_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 32
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalarNode:
    """A single value."""

    mark: Mark
    text: str
    null: bool = False
    """Nothing was written, or YAML's word for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceNode:
    """A list."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A key of a mapping with its value."""

    mark: Mark
    """Where the key is."""
    key: str
    value: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingNode:
    """Keys with values, in the file's order, each key once."""

    mark: Mark
    entries: tuple[Entry, ...]


Node = ScalarNode | SequenceNode | MappingNode


def read_yaml(path: str, problems: Problems) -> Node | None:
    """Return the file's content, or None with the reason added to ``problems``."""
    text = _read_text(path, problems)
    if text is None:
        return None
    try:
        node = _Builder(path, problems).document(text)
    except _RefusedError as error:
        problems.add(error.mark, "", str(error))
        return None
    if isinstance(node, ScalarNode) and node.null:
        problems.add(path, "", "the file is empty", allowed="a mapping of keys to values")
        return None
    return node


def _read_text(path: str, problems: Problems) -> str | None:
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


class _RefusedError(Exception):
    """The file as a whole cannot be read, from this place on."""

    def __init__(self, mark: Mark | str, message: str) -> None:
        super().__init__(message)
        self.mark = mark


class _Builder:
    """Builds nodes from the parser's events, which come one by one, so limits hold before memory is spent."""

    def __init__(self, path: str, problems: Problems) -> None:
        self._path = path
        self._problems = problems
        self._events: Iterator[Any] = iter(())

    def document(self, text: str) -> Node:
        self._events = self._parse(text)
        node: Node = ScalarNode(mark=Mark(file=self._path, line=1, column=1), text="", null=True)
        documents = 0
        for event in self._events:
            if type(event).__name__ != "DocumentStartEvent":
                continue
            documents += 1
            if documents > 1:
                raise _RefusedError(self._mark(event), "a second YAML document begins here, a file has one")
            node = self._node(next(self._events), 1)
        return node

    def _parse(self, text: str) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError
        from ruamel.yaml.reader import ReaderError

        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = self._path if mark is None else Mark(file=self._path, line=mark.line + 1, column=mark.column + 1)
            # the parser's own text of the error would quote the line, which may hold a secret
            raise _RefusedError(where, f"this is not YAML: {error.problem or error.context}") from error
        except ReaderError as error:
            before = text[: error.position]
            column = len(before.rpartition("\n")[2]) + 1
            mark_of_character = Mark(file=self._path, line=before.count("\n") + 1, column=column)
            raise _RefusedError(mark_of_character, "this is not YAML: a character that text must not have") from error
        except Exception as error:  # whatever the parser stumbles over, the file is at fault
            raise _RefusedError(self._path, f"this is not YAML ({type(error).__name__} while it was parsed)") from error

    def _mark(self, event: Any) -> Mark:
        return Mark(file=self._path, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        mark = self._mark(event)
        if kind == "AliasEvent" or event.anchor is not None:
            raise _RefusedError(mark, "YAML anchors and aliases are not read: write the value where it is used")
        if event.tag is not None:
            raise _RefusedError(mark, "YAML tags are not read: write the plain value")
        if kind == "ScalarEvent":
            return ScalarNode(mark=mark, text=event.value, null=not event.style and event.value in _NULLS)
        if depth > _MAX_DEPTH:
            raise _RefusedError(mark, f"nested deeper than {_MAX_DEPTH} levels")
        if kind == "SequenceStartEvent":
            return SequenceNode(mark=mark, items=tuple(self._items(depth)))
        return MappingNode(mark=mark, entries=tuple(self._entries(depth)))

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[Entry]:
        seen: dict[str, Mark] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                return
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if value == ScalarNode(mark=value.mark, text="", null=True):
                value = replace(value, mark=key.mark)  # the parser places nothing at whatever comes next
            if not isinstance(key, ScalarNode):
                self._problems.add(key.mark, "", "a key has to be a single value")
            elif key.text in seen:
                first = seen[key.text]
                self._problems.add(key.mark, key.text, f"this key stands already in line {first.line}")
            else:
                seen[key.text] = key.mark
                yield Entry(mark=key.mark, key=key.text, value=value)
