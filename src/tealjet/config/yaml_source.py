"""Reads YAML into nodes that know their place in it.

Java reads YAML 1.2 by its JSON schema, and takes the text of what a scalar is, not of how it is written: 5.10 without
quotes is the number 5.1. So does this. Only plain data comes in: no tags, no anchors, one document, with a limit on
depth. Nothing here knows a key. The YAML package is imported when the first file is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tealjet.config.nodes import MAX_DEPTH, Entry, MappingNode, Node, RefusedError, ScalarNode, SequenceNode
from tealjet.config.problem import Mark, Problems

__all__ = ["parse_yaml"]

_NULLS = frozenset({"", "null"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"-?\.inf|\.nan")
_MAX_DIGITS = 1000


def parse_yaml(path: str, text: str, problems: Problems) -> Node | None:
    """Return what the text holds, or None with the reason added to ``problems``.

    Args:
        path: The file's name for messages and marks.
        text: Its text.
        problems: Gets what is wrong.
    """
    try:
        node = _Builder(path, problems).document(text)
    except RefusedError as error:
        problems.add(error.where, "", str(error))
        return None
    if isinstance(node, ScalarNode) and node.null:
        problems.add(path, "", "the file is empty", allowed="a mapping of keys to values")
        return None
    return node


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
                raise RefusedError(self._mark(event), "a second YAML document begins here, a file has one")
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
            raise RefusedError(where, f"this is not YAML: {error.problem or error.context}") from error
        except ReaderError as error:
            before = text[: error.position]
            column = len(before.rpartition("\n")[2]) + 1
            mark_of_character = Mark(file=self._path, line=before.count("\n") + 1, column=column)
            raise RefusedError(mark_of_character, "this is not YAML: a character that text must not have") from error
        except Exception as error:  # whatever the parser stumbles over, the file is at fault
            raise RefusedError(self._path, "this is not YAML: the parser fails on it") from error

    def _mark(self, event: Any) -> Mark:
        return Mark(file=self._path, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        mark = self._mark(event)
        if kind == "AliasEvent" or event.anchor is not None:
            raise RefusedError(mark, "YAML anchors and aliases are not read: write the value where it is used")
        if event.tag is not None:
            raise RefusedError(mark, "YAML tags are not read: write the plain value")
        if kind == "ScalarEvent":
            if event.style:
                return ScalarNode(mark=mark, text=event.value)
            return ScalarNode(mark=mark, text=_plain(event.value, mark), null=event.value in _NULLS)
        if depth > MAX_DEPTH:
            raise RefusedError(mark, f"nested deeper than {MAX_DEPTH} levels")
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
            place = self._mark(event)
            if type(event).__name__ == "ScalarEvent" and not event.style and not _is_text(event.value):
                self._problems.add(place, event.value[:60], "this key is no text", hint="put it in quotes")
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
                seen[key.text] = place
                yield Entry(mark=key.mark, key=key.text, value=value)


def _is_text(plain: str) -> bool:
    number = _FRACTION.fullmatch(plain) or _NOT_FINITE.fullmatch(plain)
    return number is None and plain not in _NULLS and plain not in ("true", "false")


def _plain(text: str, mark: Mark) -> str:
    """Return what Java makes of a scalar without quotes."""
    if _WHOLE.fullmatch(text) and len(text) <= _MAX_DIGITS:
        number = int(text)
        if -(2**63) <= number < 2**63:
            return str(number)
    elif _FRACTION.fullmatch(text) and math.isfinite(float(text)):
        return _as_java_writes(float(text))
    elif not _WHOLE.fullmatch(text) and not _NOT_FINITE.fullmatch(text) and not _FRACTION.fullmatch(text):
        return text
    raise RefusedError(mark, "a number that Java cannot read: put it in quotes if it is a text")


def _as_java_writes(number: float) -> str:
    """Return a number as Double.toString does: 1000.0, 1.0E7, 1.0E-4."""
    decimal = Decimal(repr(number)).normalize()
    scale = decimal.adjusted()
    if -3 <= scale < 7:
        text = f"{decimal:f}"
        return text if "." in text else f"{text}.0"
    digits = "".join(map(str, decimal.as_tuple().digits))
    return f"{'-' * decimal.is_signed()}{digits[0]}.{digits[1:] or '0'}E{scale}"
