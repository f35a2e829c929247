"""The messages of compact serialization: members keep the schemas of what clients write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, LONG, STRING, UUID, Field, array_of, list_of, nullable, structure
from tealjet.protocol.structures.parts import messages_of

__all__ = ["FETCH_SCHEMA", "MESSAGES", "SEND_ALL_SCHEMAS", "SEND_SCHEMA", "FieldDescriptor", "Schema"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldDescriptor:
    """A field of a schema."""

    field_name: str
    kind: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """How the values of a type are written; it is known by a fingerprint of all this."""

    type_name: str
    fields: tuple[FieldDescriptor, ...]
    """By name."""


_SCHEMA = structure(
    Schema,
    Field("type_name", STRING),
    Field("fields", list_of(structure(FieldDescriptor, Field("kind", INT), Field("field_name", STRING)))),
)

_SCHEMAS = list_of(_SCHEMA)

SEND_SCHEMA: MessageType[tuple[uuid.UUID, ...], None] = declare(
    "client.sendSchema",
    0x001300,
    retryable=True,
    request=(Field("schema", _SCHEMA),),
    response=(Field("response", array_of(UUID)),),
)
"""The answer names the members that have the schema now."""

FETCH_SCHEMA: MessageType[Schema | None, None] = declare(
    "client.fetchSchema",
    0x001400,
    retryable=True,
    request=(Field("schema_id", LONG),),
    response=(Field("response", nullable(_SCHEMA)),),
)

SEND_ALL_SCHEMAS: MessageType[None, None] = declare(
    "client.sendAllSchemas", 0x001500, retryable=True, request=(Field("schemas", _SCHEMAS),)
)

MESSAGES = messages_of(globals())
