"""The table of keys as a JSON Schema, by which editors complete and check the YAML files while they are written.

The loader knows more than a schema can say, so what a schema takes may still be refused; what it refuses is not right.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from tealjet.config.table import ANY, Key, Schema
from tealjet.config.values import Ignored, Many, One, Reader, Records, Section, Texts, Unsupported

__all__ = ["json_schema"]

Json = dict[str, Any]

_DIALECT = "http://json-schema.org/draft-07/schema#"
_SINGLE = {"type": ["string", "number", "boolean"]}
_REPLACERS: Json = {"type": "object", "properties": {"fail-if-value-missing": _SINGLE, "replacers": {"type": "array"}}}
_VARIABLE = {"type": "string", "pattern": r"\$\{.*\}"}


def json_schema(schema: Schema) -> Json:
    """Return the schema of one kind of file, with its root key or, as clients of 4.x take it, without."""
    return {
        "$schema": _DIALECT,
        "title": schema.root,
        "definitions": {"content": _content(schema)},
        "if": {"type": "object", "required": [schema.root]},
        "then": {
            "type": "object",
            "properties": {schema.root: {"$ref": "#/definitions/content"}},
            "additionalProperties": False,
        },
        "else": {"$ref": "#/definitions/content"},
    }


def _content(schema: Schema) -> Json:
    root = _section()
    for key in schema.keys:
        place = root
        for part in key.path[:-1]:
            place = _inside(place, part)
        _put(place, key)
    for section, ours, note in schema.open_sections:
        others = rf"^(?!{ours.replace('.', '[.]')})"
        _inside(root, section)["patternProperties"] = {others: {**_SINGLE, "description": note}}
    for path, prefix in schema.long_names:
        place = root
        for part in path:
            place = _inside(place, part)
        place["patternProperties"] = {"^" + prefix.replace(".", "[.]"): _SINGLE}
    root["required"] = [key.path[0] for key in schema.keys if key.required]
    return root


def _section() -> Json:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _inside(section: Json, part: str) -> Json:
    """Return the schema of a section in another one; a key that had only a value so far becomes a section."""
    if part == ANY:
        if section["additionalProperties"] is False:
            section["additionalProperties"] = _section()
        inner: Json = section["additionalProperties"]
    else:
        inner = section["properties"].setdefault(part, {})
        for name, value in _section().items():
            inner.setdefault(name, value)
    return inner


def _put(section: Json, key: Key) -> None:
    if isinstance(key.value, Section) or key.path[-1] == ANY:
        _inside(section, key.path[-1])["description"] = key.doc
    else:
        value = _REPLACERS if key.path == ("config-replacers",) else _of(key.value)
        section["properties"].setdefault(key.path[-1], {}).update(value, description=_description(key))


def _description(key: Key) -> str:
    if isinstance(key.value, Unsupported):
        return f"Refused: {key.doc}; {key.value.instead}."
    if not key.honoured:
        return f"Without effect: {key.doc}." if isinstance(key.value, Ignored) else f"Refused when enabled: {key.doc}."
    return f"{key.doc} Without it: {key.default}." if key.default else key.doc


@singledispatch
def _of(reader: Reader) -> Json:
    """Return the schema of what a reader reads; anything for what is looked at only when it is enabled."""
    return {}


@_of.register
def _(reader: One) -> Json:
    return {"anyOf": [dict(reader.schema), _VARIABLE]}


@_of.register
def _(reader: Many) -> Json:
    return {"type": "array", "items": _of(reader.item), "minItems": reader.least}


@_of.register
def _(reader: Texts) -> Json:
    return {"type": "object", "additionalProperties": _SINGLE}


@_of.register
def _(reader: Records) -> Json:
    fields = {**{name: _of(one) for name, one in reader.fields.items()}, **dict.fromkeys(reader.optional, _SINGLE)}
    record: Json = {"type": "object", "properties": fields, "additionalProperties": False}
    record["required"] = list(reader.fields)
    return record if reader.single else {"type": "array", "items": record}


@_of.register
def _(reader: Ignored) -> Json:
    return {"deprecated": True}


@_of.register
def _(reader: Unsupported) -> Json:
    return {"not": {}}
