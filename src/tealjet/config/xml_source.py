"""Reads XML into the same nodes that YAML gives, so that everything above knows one kind of file.

Only plain data comes in: no document type, no entities but XML's own five, with a limit on depth. Expat does the
parsing; how elements and attributes become keys is told by ``shapes``. Nothing here knows what a key means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tealjet.config.nodes import MAX_DEPTH, Entry, MappingNode, Node, RefusedError, ScalarNode, SequenceNode
from tealjet.config.problem import Mark, Problems
from tealjet.config.shapes import Gathered, Item, Named, Path, Shape, Shapes, Text

__all__ = ["Element", "parse_xml"]

_ATTRIBUTE = re.compile(r"\s+([^\s=]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_TAG = re.compile(r"<[^\s/>]+")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii"})
_CHUNK = 16 * 1024


@dataclass(kw_only=True, slots=True)
class Element:
    """An element while it is read; it is complete when its end tag was."""

    name: str
    mark: Mark
    attributes: dict[str, tuple[str, Mark]] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    text_mark: Mark | None = None

    @property
    def text(self) -> str:
        """Its own text without the blanks around it, as Java takes it."""
        return "".join(self.pieces).strip()


def parse_xml(path: str, text: str, root: str, shapes: Shapes, problems: Problems) -> tuple[str, MappingNode] | None:
    """Return the name of the root element and what it holds, or None with the reason added to ``problems``.

    Args:
        path: The file's name for messages and marks.
        text: Its text.
        root: The name that the root element should have; another one is returned without its content.
        shapes: How elements become keys.
        problems: Gets what is wrong.
    """
    try:
        top = _Parser(path, text).parse()
        if top.name != root:
            return top.name, MappingNode(mark=top.mark, entries=())
        return top.name, _Converter(shapes, problems).mapping(top, ())
    except RefusedError as error:
        problems.add(error.where, "", str(error))
        return None


class _Parser:
    """Builds elements from expat's events, which come piece by piece, so limits hold before memory is spent."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._raw = text.encode("utf-8", "surrogatepass")
        self._open: list[Element] = []
        self._top: Element | None = None

    def parse(self) -> Element:
        from xml.parsers import expat

        parser = expat.ParserCreate("utf-8", " ")
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._document_type
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._characters
        parser.ordered_attributes = False
        self._parser = parser
        try:
            for start in range(0, len(self._raw), _CHUNK):
                parser.Parse(self._raw[start : start + _CHUNK], False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            mark = Mark(file=self._path, line=error.lineno, column=error.offset + 1)
            raise RefusedError(mark, f"this is not XML: {expat.ErrorString(error.code)}") from error
        assert self._top is not None  # noqa: S101 - a document without an element is not XML
        return self._top

    def _here(self) -> Mark:
        return Mark(file=self._path, line=self._parser.CurrentLineNumber, column=self._parser.CurrentColumnNumber + 1)

    def _declared(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise RefusedError(self._here(), f"XML of version {version[:40]!r} is not read: it has to be 1.0")
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise RefusedError(self._here(), f"the encoding {encoding[:40]!r} is not read: save the file as UTF-8")

    def _document_type(self, *_: Any) -> None:
        raise RefusedError(self._here(), "a DOCTYPE is not read, and no entities with it: remove it")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name=_local(name), mark=self._here())
        if len(self._open) >= MAX_DEPTH:
            raise RefusedError(element.mark, f"nested deeper than {MAX_DEPTH} levels")
        places = self._attribute_places(element.mark) if attributes else {}
        for full, value in attributes.items():
            if " " not in full:  # those of other namespaces are not Hazelcast's, such as xsi:schemaLocation
                element.attributes[full] = (value, places.get(full, element.mark))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._top = element
        self._open.append(element)

    def _ended(self, _name: str) -> None:
        self._open.pop()

    def _characters(self, data: str) -> None:
        element = self._open[-1]
        if element.text_mark is None and data.strip():
            here = self._here()
            blank = data[: len(data) - len(data.lstrip())]
            lines = blank.count("\n")
            column = len(blank.rpartition("\n")[2]) + (1 if lines else here.column)
            element.text_mark = Mark(file=self._path, line=here.line + lines, column=column)
        element.pieces.append(data)

    def _attribute_places(self, mark: Mark) -> dict[str, Mark]:
        """Find the attributes in the start tag, which expat tells no places of; it has found it to be well-formed."""
        start = self._parser.CurrentByteIndex
        tag = self._raw[start : self._raw.find(b"<", start + 1)].decode("utf-8", "surrogatepass")
        opening = _TAG.match(tag)
        places = {}
        at = opening.end() if opening else 0
        while found := _ATTRIBUTE.match(tag, at):
            before = tag[: found.start(1)]
            lines = before.count("\n")
            column = len(before.rpartition("\n")[2]) + (1 if lines else mark.column)
            places[found[1]] = Mark(file=self._path, line=mark.line + lines, column=column)
            at = found.end()
        return places


class _Converter:
    """Makes nodes of elements, by the shapes of their paths."""

    def __init__(self, shapes: Shapes, problems: Problems) -> None:
        self._shapes = shapes
        self._problems = problems

    def node(self, element: Element, path: Path, text: str | None) -> Node:
        """Return the node of one element.

        Args:
            element: The element.
            path: Its path.
            text: The key of its own text; None if text and keys exclude each other.
        """
        if path in self._shapes.lists and not (element.text and not element.children):
            return self._sequence(element, path)
        if text is not None or element.children or element.attributes:
            return self.mapping(element, path, text)
        if not element.text and path in self._shapes.sections:
            return MappingNode(mark=element.mark, entries=())
        return ScalarNode(mark=element.text_mark or element.mark, text=element.text)

    def mapping(self, element: Element, path: Path, text: str | None = None) -> MappingNode:
        entries = _Entries(element, self._problems)
        for name, (value, mark) in element.attributes.items():
            entries.add(Entry(mark=mark, key=name, value=ScalarNode(mark=mark, text=value.strip())), path)
        own = element.text
        if own and text is not None:
            mark = element.text_mark or element.mark
            entries.add(Entry(mark=mark, key=text, value=ScalarNode(mark=mark, text=own)), path)
        elif own:
            self._problems.add(element.text_mark or element.mark, ".".join(path), "text between the elements")
        for child in element.children:
            for entry in self._entries(child, (*path, child.name), entries):
                entries.add(entry, path)
        return entries.node()

    def _entries(self, child: Element, path: Path, entries: _Entries) -> Iterator[Entry]:
        shape = self._shapes.at(path)
        if path[-2:] == ("properties", "property"):
            shape = Named(beside=True)
        if isinstance(shape, Gathered) and not shape.up:
            entries.gather(shape.under, self._gathered(child, path, shape), child.mark)
        elif isinstance(shape, Named):
            yield from self._named(child, path, shape, entries)
        else:
            yield Entry(mark=child.mark, key=child.name, value=self.node(child, path, _text_key(child, shape)))
            yield from self._lifted(child, path)

    def _lifted(self, element: Element, path: Path) -> Iterator[Entry]:
        for child in element.children:
            shape = self._shapes.at((*path, child.name))
            if isinstance(shape, Gathered) and shape.up:
                value = self.node(child, (*path, child.name), shape.text)
                yield Entry(mark=child.mark, key=shape.under, value=value)

    def _gathered(self, child: Element, path: Path, shape: Gathered) -> Node:
        if shape.attribute is None:
            return self.node(child, path, shape.text)
        value, mark = child.attributes.get(shape.attribute, ("", child.mark))
        return ScalarNode(mark=mark, text=value.strip())

    def _named(self, child: Element, path: Path, shape: Named, entries: _Entries) -> Iterator[Entry]:
        name, mark = child.attributes.pop("name", (shape.default, child.mark))
        name = name.strip()
        if not name:
            self._problems.add(child.mark, ".".join(path), "the attribute 'name' is missing")
            return
        value = self.node(child, path, None)
        if isinstance(value, ScalarNode) and not value.text and not shape.beside:
            value = MappingNode(mark=child.mark, entries=())
        entry = Entry(mark=mark, key=name, value=value)
        if shape.beside:
            yield entry
        else:
            entries.name(child.name, entry, child.mark)

    def _sequence(self, element: Element, path: Path) -> SequenceNode:
        for name, (_, mark) in element.attributes.items():
            self._problems.add(mark, ".".join((*path, name)), "unknown attribute: this is a list")
        if element.text:
            self._problems.add(element.text_mark or element.mark, ".".join(path), "text between the elements")
        items = []
        for child in element.children:
            shape = self._shapes.at((*path, child.name))
            if isinstance(shape, Item):
                items.append(self.node(child, (*path, child.name), shape.text))
            elif not isinstance(shape, Gathered):
                self._problems.add(child.mark, ".".join((*path, child.name)), "unknown element: this is a list")
        return SequenceNode(mark=element.mark, items=tuple(items))


class _Entries:
    """Collects the entries of one mapping; a key that stands twice is a problem."""

    def __init__(self, element: Element, problems: Problems) -> None:
        self._mark = element.mark
        self._problems = problems
        self._entries: dict[str, Entry] = {}
        self._lists: dict[str, list[Node]] = {}
        self._maps: dict[str, _Entries] = {}

    def add(self, entry: Entry, path: Path) -> None:
        first = self._entries.setdefault(entry.key, entry)
        if first is not entry:
            line = first.mark.line if isinstance(first.mark, Mark) else first.mark
            self._problems.add(entry.mark, ".".join((*path, entry.key)), f"this key stands already in line {line}")

    def gather(self, key: str, item: Node, mark: Mark) -> None:
        self._lists.setdefault(key, []).append(item)
        self._entries.setdefault(key, Entry(mark=mark, key=key, value=SequenceNode(mark=mark, items=())))

    def name(self, key: str, entry: Entry, mark: Mark) -> None:
        inner = self._maps.setdefault(key, _Entries(Element(name=key, mark=mark), self._problems))
        inner.add(entry, (key,))
        self._entries.setdefault(key, Entry(mark=mark, key=key, value=MappingNode(mark=mark, entries=())))

    def node(self) -> MappingNode:
        entries = []
        for key, entry in self._entries.items():
            value = entry.value
            if key in self._lists:
                value = SequenceNode(mark=value.mark, items=tuple(self._lists[key]))
            elif key in self._maps:
                value = self._maps[key].node()
            entries.append(Entry(mark=entry.mark, key=key, value=value))
        return MappingNode(mark=self._mark, entries=tuple(entries))


def _text_key(element: Element, shape: Shape | None) -> str | None:
    if not isinstance(shape, Text):
        return None
    if shape.chosen_by is None:
        return shape.under
    chosen, _ = element.attributes.pop(shape.chosen_by, (shape.under, None))
    return chosen


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
