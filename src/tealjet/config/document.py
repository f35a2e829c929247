"""Reads a configuration file whole: its text, its variables and what it imports.

What comes out is one node, as if everything stood in one file; each part of it still knows where it was written. How
imports are merged is Java's: in YAML mappings are merged, lists are joined and single values must not contradict each
other; in XML the imported elements stand in the place of the import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tealjet.config.lookup import Format, Located, resolve_listed
from tealjet.config.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode, child, read_text
from tealjet.config.problem import Mark, Place, Problems, printable
from tealjet.config.shapes import Shapes
from tealjet.config.table import Schema, content_of
from tealjet.config.values import Many, boolean, text
from tealjet.config.variables import Variables, replaced
from tealjet.config.xml_source import parse_xml
from tealjet.config.yaml_source import parse_yaml

__all__ = ["DocumentKind", "read_document"]

_MAX_FILES = 64
_PROPERTY_REPLACER = "com.hazelcast.config.replacer.PropertyReplacer"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentKind:
    """What kind of file is read."""

    schema: Schema
    shapes: Shapes


def read_document(file: Located, kind: DocumentKind, variables: Variables, problems: Problems) -> Node | None:
    """Return what stands under the root key, with everything that is imported, or None if a file cannot be read.

    Args:
        file: The file.
        kind: What kind of file it is.
        variables: What variables stand for.
        problems: Gets what is wrong.
    """
    return _Reading(kind, variables, problems).content(file)


@dataclass(kw_only=True, slots=True)
class _Replacers:
    """What a file says about its variables."""

    properties: dict[str, str] = field(default_factory=dict)
    keep_unknown: bool = False


class _Reading:
    def __init__(self, kind: DocumentKind, variables: Variables, problems: Problems) -> None:
        self._kind = kind
        self._variables = variables
        self._problems = problems
        self._loaded: dict[str, Place | None] = {}

    def content(self, file: Located, *, imported: bool = False) -> Node | None:
        self._loaded[_identity(file.path)] = None
        content = self._parsed(file, imported=imported)
        if not isinstance(content, MappingNode):
            return content
        own = self._replacers(child(content, "config-replacers"))
        variables = replace(self._variables, own=own.properties, keep_unknown=own.keep_unknown)
        content = replaced(content, variables, self._problems)
        assert isinstance(content, MappingNode)  # noqa: S101 - replacing leaves the kind of a node
        imports = child(content, "import")
        entries = tuple(entry for entry in content.entries if entry.key not in ("import", "config-replacers"))
        content = replace(content, entries=entries)
        return content if imports is None else self._with_imports(content, imports, file.format)

    def _parsed(self, file: Located, *, imported: bool) -> Node | None:
        source = read_text(file.path, self._problems)
        if source is None:
            return None
        schema = self._kind.schema
        if file.format is Format.YAML:
            document = parse_yaml(file.path, source, self._problems)
            return None if document is None else content_of(document, schema, self._problems, needs_root=imported)
        parsed = parse_xml(file.path, source, schema.root, self._kind.shapes, self._problems)
        if parsed is None:
            return None
        root, content = parsed
        if root != schema.root:
            hint = dict(schema.elsewhere).get(root, "")
            found = f"the root element is {printable(root)}"
            self._problems.add(content.mark, "", found, allowed=schema.root, hint=hint)
            return None
        return content

    # -------------------------------------------------------------------------------------------------------- replacers

    def _replacers(self, section: Entry | None) -> _Replacers:
        found = _Replacers()
        if section is None:
            return found
        if not isinstance(section.value, MappingNode):
            self._problems.add(section.mark, "config-replacers", "found no keys", allowed="a mapping")
            return found
        for entry in section.value.entries:
            key = f"config-replacers.{entry.key}"
            if entry.key == "fail-if-value-missing":
                found.keep_unknown = boolean().read(entry.value, key, self._problems) is False
            elif entry.key == "replacers" and isinstance(entry.value, SequenceNode):
                for number, replacer in enumerate(entry.value.items):
                    self._replacer(replacer, f"{key}[{number}]", found)
            else:
                allowed = "fail-if-value-missing, replacers (a list)"
                self._problems.add(entry.mark, key, "unknown key", allowed=allowed)
        return found

    def _replacer(self, replacer: Node, key: str, found: _Replacers) -> None:
        name = child(replacer, "class-name")
        shown = name.value.text if name is not None and isinstance(name.value, ScalarNode) else ""
        if shown != _PROPERTY_REPLACER:
            what = printable(shown) if shown else "a replacer without a class-name"
            hint = "give the values by environment variables or properties=, and write ${name} for them"
            place = replacer.mark if name is None else name.value.mark
            self._problems.add(
                place, f"{key}.class-name", f"not supported: {what}", allowed=_PROPERTY_REPLACER, hint=hint
            )
            return
        properties = child(replacer, "properties")
        if properties is None:
            return
        for entry in properties.value.entries if isinstance(properties.value, MappingNode) else ():
            if isinstance(entry.value, ScalarNode):
                found.properties[entry.key] = entry.value.text

    # ---------------------------------------------------------------------------------------------------------- imports

    def _with_imports(self, content: MappingNode, imports: Entry, written_in: Format) -> Node:
        read = Many(item=text()).read(imports.value, "import", self._problems)
        if read is None or not isinstance(imports.value, SequenceNode):
            return content
        for number, item in enumerate(imports.value.items):
            assert isinstance(item, ScalarNode)  # noqa: S101 - the list was read as one of texts
            loaded = self._imported(item, f"import[{number}]", written_in)
            if isinstance(loaded, MappingNode):
                joined = _Joining(self._problems, merge=written_in is Format.YAML).joined(content, loaded, ())
                assert isinstance(joined, MappingNode)  # noqa: S101 - both are
                content = joined
            elif loaded is not None:
                self._problems.add(loaded.mark, "", "found no keys", allowed="a mapping")
        return content

    def _imported(self, item: ScalarNode, key: str, written_in: Format) -> Node | None:
        file = resolve_listed(item.text, item.mark, key, written_in, self._problems)
        if file is None:
            return None
        if _identity(file.path) in self._loaded:
            found = f"{printable(file.path)} is read already: imported twice, or in a circle"
            self._problems.add(item.mark, key, found)
            return None
        if len(self._loaded) >= _MAX_FILES:
            self._problems.add(item.mark, key, f"more than {_MAX_FILES} files")
            return None
        return self.content(file, imported=True)


class _Joining:
    """Joins what is imported to what is there."""

    def __init__(self, problems: Problems, *, merge: bool) -> None:
        self._problems = problems
        self._merge = merge

    def joined(self, there: Node, imported: Node, path: tuple[str, ...]) -> Node:
        if isinstance(there, MappingNode) and isinstance(imported, MappingNode):
            return replace(there, entries=tuple(self._entries(there, imported, path)))
        if isinstance(there, SequenceNode) and isinstance(imported, SequenceNode):
            return replace(there, items=(*there.items, *imported.items))
        if isinstance(there, ScalarNode) and isinstance(imported, ScalarNode) and there.text == imported.text:
            return there
        self._problems.add(imported.mark, ".".join(path), f"contradicts what stands in {there.mark}")
        return there

    def _entries(self, there: MappingNode, imported: MappingNode, path: tuple[str, ...]) -> Iterator[Entry]:
        also = {entry.key: entry for entry in imported.entries}
        for entry in there.entries:
            other = also.pop(entry.key, None)
            if other is None:
                yield entry
                continue
            if self._merge or _by_name(entry, path):
                value = self.joined(entry.value, other.value, (*path, entry.key))
                yield replace(entry, value=value)
            else:
                first = entry.mark.line if isinstance(entry.mark, Mark) else entry.mark
                file = entry.mark.file if isinstance(entry.mark, Mark) else ""
                key = ".".join((*path, entry.key))
                self._problems.add(other.mark, key, f"this key stands already in {file}:{first}")
                yield entry
        yield from also.values()


def _identity(path: str) -> str:
    """Return what is the same for all paths of one file."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # it cannot be read either, which is told then
        return path


def _by_name(entry: Entry, path: tuple[str, ...]) -> bool:
    """Say whether the key gathers elements that may stand several times in XML."""
    return not path and entry.key in ("near-cache", "flake-id-generator", "reliable-topic")
