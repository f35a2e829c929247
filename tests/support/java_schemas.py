"""Walks the schemas of configuration files in Hazelcast's jars, so that tests can write every key of them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

_XS = "{http://www.w3.org/2001/XMLSchema}"


def read_from(jar: Path, name: str) -> str:
    """Return the text of a file in a jar."""
    with zipfile.ZipFile(jar) as archive:
        return archive.read(name).decode("utf-8")


def names_in(jar: Path) -> list[str]:
    """Return the names of all files in a jar."""
    with zipfile.ZipFile(jar) as archive:
        return archive.namelist()


class XmlSchema:
    """An XSD, as far as Hazelcast's use it."""

    def __init__(self, text: str) -> None:
        self._top = ElementTree.fromstring(text)  # noqa: S314 - it comes from a jar whose digest is known

    def documents(self, root: str) -> Iterator[tuple[str, str]]:
        """Yield for each element and attribute its path, and a document that has just it and what it stands in."""
        element = self._named("element", root)
        yield from self._below(element, root, "", "")

    def _below(self, element: ElementTree.Element, path: str, before: str, after: str) -> Iterator[tuple[str, str]]:
        name = element.get("name", "")
        kind = self._type_of(element)
        needed = "".join(f" {attribute}={quoteattr(value)}" for attribute, value in self._needed(kind))
        for attribute in self._attributes(kind):
            own = attribute.get("name", "")
            said = f"{needed} {own}={quoteattr(self._value(attribute))}" if f" {own}=" not in needed else needed
            yield f"{path}@{own}", f"{before}<{name}{said}/>{after}"
        children = list(self._children(kind))
        text = "" if children or (kind and not self._has_text(kind)) else self._value(element)
        yield path, f"{before}<{name}{needed}>{text}</{name}>{after}"
        for child in children:
            below = self._referred(child)
            yield from self._below(
                below, f"{path}/{below.get('name')}", f"{before}<{name}{needed}>", f"</{name}>{after}"
            )

    def _named(self, kind: str, name: str) -> ElementTree.Element:
        return next(node for node in self._top if node.tag == f"{_XS}{kind}" and node.get("name") == name)

    def _referred(self, element: ElementTree.Element) -> ElementTree.Element:
        name = element.get("ref")
        return element if name is None else self._named("element", name)

    def _type_of(self, element: ElementTree.Element) -> list[ElementTree.Element]:
        """Return the parts of an element's complex type, those of its bases first; none for a simple type."""
        own = element.find(f"{_XS}complexType")
        return self._complex(element.get("type", "")) if own is None else self._parts(own)

    def _complex(self, name: str) -> list[ElementTree.Element]:
        for node in self._top:
            if node.tag == f"{_XS}complexType" and node.get("name") == name:
                return self._parts(node)
        return []

    def _parts(self, kind: ElementTree.Element) -> list[ElementTree.Element]:
        extension = kind.find(f".//{_XS}extension")
        if extension is None:
            return [kind]
        return [*self._complex(extension.get("base", "")), extension]

    def _has_text(self, parts: list[ElementTree.Element]) -> bool:
        """Say whether an element of a complex type has text: it extends something simple."""
        return bool(parts) and parts[-1].tag == f"{_XS}extension" and not any(True for _ in self._children(parts))

    def _children(self, parts: list[ElementTree.Element]) -> Iterator[ElementTree.Element]:
        for part in parts:
            for node in part:
                if node.tag in (f"{_XS}sequence", f"{_XS}choice", f"{_XS}all"):
                    yield from self._in_group(node)

    def _in_group(self, group: ElementTree.Element) -> Iterator[ElementTree.Element]:
        for node in group:
            if node.tag == f"{_XS}element":
                yield node
            elif node.tag in (f"{_XS}sequence", f"{_XS}choice", f"{_XS}all"):
                yield from self._in_group(node)

    def _attributes(self, parts: list[ElementTree.Element]) -> Iterator[ElementTree.Element]:
        for part in parts:
            yield from part.findall(f"{_XS}attribute")
            restriction = part.find(f"{_XS}complexContent/{_XS}restriction")
            if restriction is not None:
                yield from restriction.findall(f"{_XS}attribute")

    def _needed(self, parts: list[ElementTree.Element]) -> Iterator[tuple[str, str]]:
        for attribute in self._attributes(parts):
            if attribute.get("use") == "required":
                yield attribute.get("name", ""), self._value(attribute)

    def _value(self, node: ElementTree.Element) -> str:
        if (default := node.get("default")) is not None:
            return default
        restricted = node.find(f".//{_XS}restriction")
        kind = node.get("type", "") or ("" if restricted is None else restricted.get("base", ""))
        simple = next(
            (one for one in self._top if one.tag == f"{_XS}simpleType" and one.get("name") == kind), restricted
        )
        first = None if simple is None else simple.find(f".//{_XS}enumeration")
        if first is not None:
            return first.get("value", "")
        return {"xs:boolean": "true", "xs:string": "a:b"}.get(kind, "a:b" if not kind.startswith("xs:") else "1")


class JsonSchema:
    """A JSON Schema, as far as Hazelcast's use it."""

    def __init__(self, text: str) -> None:
        self._top = json.loads(text)

    def documents(self, root: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield for each key its path, and a document that has just it and what it stands in."""
        for path, content in self._below(self._top["properties"][root], ()):
            yield ".".join(path), {root: content}

    def _below(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        schema = self._referred(schema)
        for choice in schema.get("oneOf", schema.get("anyOf", ())):
            yield from self._below(choice, path)
        properties = dict(schema.get("properties", {}))
        if isinstance(schema.get("additionalProperties"), dict):
            properties["named"] = schema["additionalProperties"]
        for name, below in properties.items():
            for inner, content in self._below(below, (*path, name)):
                yield inner, {name: content}
        if isinstance(schema.get("items"), dict):
            for inner, content in self._below(schema["items"], path):
                yield inner, [content]
        elif not properties and path:
            yield path, self._value(schema)

    def _referred(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            target = self._top
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        return schema

    def _value(self, schema: Mapping[str, Any]) -> Any:
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        first = kind[0] if isinstance(kind, list) else kind
        return {"boolean": True, "integer": 1, "number": 1, "object": {}, "array": []}.get(first, "a:b")
