"""Serves compact serialization: the schemas of what clients write."""

from __future__ import annotations

import uuid

from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.protocol.structures import schemas
from tealjet.protocol.structures.schemas import Schema

__all__ = ["Schemas", "fingerprint"]

_WORD = (1 << 64) - 1
_EMPTY = 0xC15D213AA4D7A795


def _shifted(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_EMPTY if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_shifted, range(256)))


def fingerprint(schema: Schema) -> int:
    """Return the number by which data names its schema: Rabin's fingerprint of 64 bits, as a signed number."""
    written = bytearray()

    def number(value: int) -> None:
        written.extend(value.to_bytes(4, "little"))

    def text(value: str) -> None:
        number(len(value.encode()))
        written.extend(value.encode())

    text(schema.type_name)
    number(len(schema.fields))
    for field in sorted(schema.fields, key=lambda field: field.field_name):
        text(field.field_name)
        number(field.kind)
    code = _EMPTY
    for byte in written:
        code = code >> 8 ^ _TABLE[(code ^ byte) & 0xFF]
    return code - (1 << 64) if code >> 63 else code


class Schemas(Service):
    """All schemas of a cluster: a schema that one member has is everywhere."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._schemas: dict[int, Schema] = {}

    @serves(schemas.SEND_SCHEMA)
    def send_schema(self, request: Request, *, schema: Schema) -> tuple[uuid.UUID, ...]:
        """Keep a schema, and say which members have it."""
        self._schemas[fingerprint(schema)] = schema
        return tuple(self.cluster.members)

    @serves(schemas.FETCH_SCHEMA)
    def fetch_schema(self, request: Request, *, schema_id: int) -> Schema | None:
        """Return a schema by its fingerprint."""
        return self._schemas.get(schema_id)

    @serves(schemas.SEND_ALL_SCHEMAS)
    def send_all_schemas(self, request: Request, *, schemas: tuple[Schema, ...]) -> None:
        """Keep many schemas."""
        self._schemas |= {fingerprint(schema): schema for schema in schemas}
