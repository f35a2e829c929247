"""What the environment says in place of a client file: ``HZCLIENT_NETWORK_REDOOPERATION=true``.

As in Java a name is the key path in capitals with ``_`` between its parts and without the dashes, the items of a list
have names or numbers of their own, and the same may be given as a property ``hz-client.network.redo-operation``. As in
Java a list inside a section is replaced and one at the top is added to. Java also forgets the rest of a section that is
overridden, members included; here it stays. Nothing here knows what a key means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tealjet.config.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from tealjet.config.problem import Problems
from tealjet.config.table import Schema
from tealjet.config.values import Many, Records, Texts

__all__ = ["overridden", "override_names"]

_VARIABLE = "HZCLIENT_"
_PROPERTY = "hz-client."


@dataclass(kw_only=True, slots=True)
class _Branch:
    """What stands below a part of a name."""

    origin: str = ""
    text: str | None = None
    children: dict[str, _Branch] = field(default_factory=dict)


def override_names(environment: Mapping[str, str], properties: Mapping[str, str]) -> list[str]:
    """Return the names of the environment variables and properties that override a client file."""
    variables = [f"environment variable {name}" for name in environment if name.startswith(_VARIABLE)]
    return variables + [f"property {name}" for name in properties if name.startswith(_PROPERTY)]


def overridden(
    content: Node, schema: Schema, environment: Mapping[str, str], properties: Mapping[str, str], problems: Problems
) -> Node:
    """Return the content with what the environment says in place of what stands there.

    Args:
        content: What stands under the root key of the file.
        schema: The keys of the file.
        environment: The environment variables.
        properties: What was given in place of system properties.
        problems: Gets names that are no keys, and keys that are given twice.
    """
    root = _Branch()
    for name, text in sorted(environment.items()):
        if name.startswith(_VARIABLE):
            words = name.removeprefix(_VARIABLE).replace(" ", "").lower().split("_")
            _plant(root, words, text, f"environment variable {name}", problems)
    for name, text in sorted(properties.items()):
        if name.startswith(_PROPERTY):
            words = name.removeprefix(_PROPERTY).lower().split(".")
            _plant(root, [word.replace("-", "") for word in words], text, f"property {name}", problems)
    if not root.children:
        return content
    over = _Grown(schema, problems).mapping(root, ())
    return _over(content, over, top=True)


def _plant(root: _Branch, words: list[str], text: str, origin: str, problems: Problems) -> None:
    branch = root
    for word in words:
        branch = branch.children.setdefault(word, _Branch(origin=origin))
    if branch.text is not None:
        problems.add(origin, "", f"says the same as {branch.origin}", allowed="one of both")
    branch.text, branch.origin = text, origin


class _Grown:
    """Makes nodes of branches: the table tells what the parts of a name are called in a file."""

    def __init__(self, schema: Schema, problems: Problems) -> None:
        self._schema = schema
        self._problems = problems

    def mapping(self, branch: _Branch, path: tuple[str, ...]) -> MappingNode:
        return MappingNode(mark=branch.origin, entries=tuple(self._entries(branch, path)))

    def _entries(self, branch: _Branch, path: tuple[str, ...]) -> Iterator[Entry]:
        if path == ("properties",):
            yield from self._properties(branch, ())
            return
        known = {name.replace("-", "").lower(): name for name in self._schema.names_below(path, honoured=False)}
        for word, below in branch.children.items():
            name = known.get(word, word)
            yield Entry(mark=below.origin, key=name, value=self._node(below, (*path, name)))

    def _properties(self, branch: _Branch, words: tuple[str, ...]) -> Iterator[Entry]:
        """Yield the properties below a part of their names, which have dots in them."""
        known = {name.replace("-", ""): name for name in self._schema.names_below(("properties",), honoured=False)}
        for word, below in branch.children.items():
            name = ".".join((*words, word))
            if below.text is not None:
                value = ScalarNode(mark=below.origin, text=below.text)
                yield Entry(mark=below.origin, key=known.get(name, name), value=value)
            yield from self._properties(below, (*words, word))

    def _node(self, branch: _Branch, path: tuple[str, ...]) -> Node:
        if not branch.children:
            return ScalarNode(mark=branch.origin, text=branch.text or "")
        if branch.text is not None:
            self._problems.add(branch.origin, ".".join(path), "has a value and keys below it", allowed="one of both")
        key = self._schema.key_at(path)
        reader = None if key is None else key.value
        if isinstance(reader, Texts):
            return _record(branch, reader.names)
        if isinstance(reader, Records):
            names = (*reader.fields, *reader.optional)
            if reader.single:
                return _record(branch, names)
            return _sequence(branch, [_record(below, names) for below in _in_order(branch)])
        if isinstance(reader, Many):
            return _sequence(branch, [ScalarNode(mark=item.origin, text=item.text or "") for item in _in_order(branch)])
        return self.mapping(branch, path)


def _record(branch: _Branch, names: Iterable[str]) -> MappingNode:
    known = {name.replace("-", "").lower(): name for name in names}
    entries = (
        Entry(mark=below.origin, key=known.get(word, word), value=ScalarNode(mark=below.origin, text=below.text or ""))
        for word, below in branch.children.items()
    )
    return MappingNode(mark=branch.origin, entries=tuple(entries))


def _sequence(branch: _Branch, items: Iterable[Node]) -> SequenceNode:
    return SequenceNode(mark=branch.origin, items=tuple(items))


def _in_order(branch: _Branch) -> list[_Branch]:
    """Return what is below, numbers in their order and then names in theirs."""
    names = sorted(branch.children, key=lambda name: (not name.isdecimal(), len(name) if name.isdecimal() else 0, name))
    return [branch.children[name] for name in names]


def _over(there: Node, over: Node, *, top: bool = False) -> Node:
    """Return what is there with the other over it: mappings are merged, everything else replaced."""
    if not (isinstance(there, MappingNode) and isinstance(over, MappingNode)):
        return over
    changed = {entry.key: entry for entry in over.entries}
    entries = []
    for entry in there.entries:
        other = changed.pop(entry.key, None)
        if other is None:
            entries.append(entry)
        elif top and isinstance(entry.value, SequenceNode) and isinstance(other.value, SequenceNode):
            items = (*entry.value.items, *other.value.items)
            entries.append(replace(entry, value=replace(entry.value, items=items)))
        else:
            entries.append(replace(other, value=_over(entry.value, other.value)))
    return replace(there, entries=(*entries, *changed.values()))
