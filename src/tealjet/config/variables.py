"""Puts values in the place of ``${variables}``, as Java's property replacer does.

Java knows system properties. Here a variable is a property that was given, else an environment variable, else what the
file's own replacer says, else the default that stands behind a colon: ``${blue.host:localhost}``. What was put in is
not looked at again. Nothing is evaluated or decrypted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tealjet.config.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from tealjet.config.problem import Place, Problems, looks_secret, printable

__all__ = ["Variables", "replaced"]

_ENCRYPTED = "$ENC{"
_MAX_GROWTH = 1024 * 1024
_DECRYPT = "encrypted values are not decrypted here: give them by an environment variable or properties= as ${name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Variables:
    """What variables stand for."""

    properties: Mapping[str, str] = field(repr=False)
    """What was given in code, in place of Java's system properties."""
    environment: Mapping[str, str] = field(repr=False)
    own: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the file's own property replacers say."""
    keep_unknown: bool = False
    """An unknown variable stays as it stands and is noted, as the file asks for; otherwise it is a problem."""

    def find(self, name: str) -> tuple[str, str] | None:
        """Return the value of a variable and where it comes from, or None if nobody knows it."""
        if name in self.properties:
            return self.properties[name], f"property {name}"
        for known in (name, _in_environment(name)):
            if known in self.environment:
                return self.environment[known], f"environment variable {known}"
        if name in self.own:
            return self.own[name], f"property {name} of the file's replacer"
        shorter, colon, default = name.partition(":")
        return (self.find(shorter) or (default, f"the default of variable {shorter}")) if colon else None


def replaced(node: Node, variables: Variables, problems: Problems) -> Node:
    """Return the node with its variables replaced, in keys too; what cannot be replaced is added to ``problems``."""
    return _Replacing(variables, problems).node(node, ())


class _Replacing:
    def __init__(self, variables: Variables, problems: Problems) -> None:
        self._variables = variables
        self._problems = problems
        self._growth = 0

    def node(self, node: Node, path: tuple[str, ...]) -> Node:
        if isinstance(node, ScalarNode):
            text, used = self._text(node.text, node.mark, path)
            return replace(node, text=text, variables=used) if used else node
        if isinstance(node, SequenceNode):
            return replace(node, items=tuple(self.node(item, path) for item in node.items))
        return replace(node, entries=tuple(self._entries(node, path)))

    def _entries(self, node: MappingNode, path: tuple[str, ...]) -> Iterator[Entry]:
        seen = set()
        for entry in node.entries:
            key, _ = self._text(entry.key, entry.mark, path)
            if key in seen:
                self._problems.add(entry.mark, ".".join((*path, key)), "this key stands already in this mapping")
            seen.add(key)
            yield Entry(mark=entry.mark, key=key, value=self.node(entry.value, (*path, key)))

    def _text(self, text: str, place: Place, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        if "$" not in text:
            return text, ()
        name = ".".join(path)
        if _ENCRYPTED in text:
            self._problems.add(place, name, "found an encrypted value", hint=_DECRYPT)
            return text, ()
        pieces: list[str] = []
        used: list[str] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            end = text.find("}", start)
            if end < 0:
                self._problems.note(place, name, "'${' without '}' stays as it stands")
                break
            pieces.append(text[at:start])
            at = end + 1
            known = self._variables.find(text[start + 2 : end])
            if known is None:
                self._unknown(text[start:at], place, name)
                pieces.append(text[start:at])
                continue
            pieces.append(known[0])
            used.append(known[1])
            self._growth += len(known[0])
            if self._growth > _MAX_GROWTH:
                found = f"the variables of this file stand for more than {_MAX_GROWTH // 1024} KiB"
                self._problems.add(place, name, found)
                return text, ()
        return "".join((*pieces, text[at:])), tuple(used)

    def _unknown(self, variable: str, place: Place, key: str) -> None:
        shown = "a variable" if looks_secret(key) else f"the variable {printable(variable)}"
        if self._variables.keep_unknown:
            self._problems.note(place, key, f"{shown} is not known and stays as it stands")
            return
        hint = "set an environment variable of that name, give properties=, or write ${name:default}"
        self._problems.add(place, key, f"found {shown}, which is not known", hint=hint)


def _in_environment(name: str) -> str:
    """Return the name as shells allow it: ``blue.host`` is BLUE_HOST."""
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()
