"""How values lie in frames: the types that the table of messages is written in.

Values of fixed size share the first frame of their message or structure, in the order of their declaration; every other
value has frames of its own, in order as well. Reading trusts nothing: no count and no length is believed beyond the
bytes that are there, what is missing is an error unless it is optional, and what follows is skipped, because newer
peers append.
"""

from __future__ import annotations

import enum
import struct
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tealjet.protocol.errors import MissingFieldError, ProtocolError, UnknownValueError
from tealjet.protocol.frames import BEGIN_STRUCTURE, END_STRUCTURE, FINAL, FRAME_HEADER_SIZE, NULL, Frame, Message

__all__ = [
    "BOOLEAN",
    "BYTE",
    "BYTES",
    "INT",
    "LONG",
    "NEWEST",
    "NULLABLE_UUID",
    "OLDEST",
    "PARTITIONS",
    "STRING",
    "UUID",
    "Field",
    "Fields",
    "FixedType",
    "FrameWriter",
    "FramedType",
    "array_of",
    "enum_of",
    "list_of",
    "map_of",
    "nullable",
    "pair_of",
    "pairs_of",
    "structure",
]

OLDEST, NEWEST = 4, 5
"""Major versions of Hazelcast: the first one and the last one that the messages are declared for."""

_FRAME_HEADER = struct.Struct("<iH")
_NO_VALUE = NULL | BEGIN_STRUCTURE | END_STRUCTURE


class FrameWriter:
    """Collects the frames of one message.

    Args:
        major: The major version of Hazelcast whose message it is; it has no fields that came later.
    """

    __slots__ = ("_buffer", "_last", "major")

    def __init__(self, *, major: int = NEWEST) -> None:
        self.major = major
        self._buffer = bytearray()
        self._last = 0

    def add(self, content: bytes | bytearray = b"", flags: int = 0) -> None:
        """Append a frame."""
        self._last = len(self._buffer)
        self._buffer += _FRAME_HEADER.pack(FRAME_HEADER_SIZE + len(content), flags)
        self._buffer += content

    def finish(self) -> bytearray:
        """Mark the last frame as final and return the message."""
        length, flags = _FRAME_HEADER.unpack_from(self._buffer, self._last)
        _FRAME_HEADER.pack_into(self._buffer, self._last, length, flags | FINAL)
        return self._buffer


@dataclass(frozen=True, slots=True)
class FixedType:
    """A type whose values all have the same size."""

    size: int
    pack_into: Callable[[bytearray, int, Any], None]
    unpack_from: Callable[[bytes, int], Any]


@dataclass(frozen=True, slots=True)
class FramedType:
    """A type whose values have frames of their own."""

    write: Callable[[FrameWriter, Any], None]
    read: Callable[[Message], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A named value in a message or a structure."""

    name: str
    type: FixedType | FramedType
    optional: bool = False
    """Older peers do not send it; then what is made of the fields has a default of its own for it."""
    since: int = OLDEST
    """The major version of Hazelcast that it came with, 4 or 5."""


class Fields:
    """The fields of a message or a structure, and where they lie.

    Args:
        fields: In the protocol's order.
        header_size: What precedes them in the first frame, in bytes.
    """

    __slots__ = ("_by_major", "_fixed", "_framed", "_size", "names")

    def __init__(self, fields: Iterable[Field], *, header_size: int = 0) -> None:
        declared = tuple(fields)
        self._by_major = {
            major: _place([field for field in declared if field.since <= major], header_size)
            for major in range(OLDEST, NEWEST + 1)
        }
        self._fixed, self._framed, self._size = self._by_major[NEWEST]
        self.names = (*(field.name for field, _, _ in self._fixed), *(field.name for field, _ in self._framed))

    def write(self, writer: FrameWriter, values: Mapping[str, Any], *, header: bytes = b"", flags: int = 0) -> None:
        """Write the first frame, if there is anything in it, and the frames of the others."""
        fixed, framed, size = self._by_major[writer.major]
        if size:
            first = bytearray(size)
            first[: len(header)] = header
            for field, fixed_type, offset in fixed:
                fixed_type.pack_into(first, offset, values[field.name])
            writer.add(first, flags)
        for field, framed_type in framed:
            framed_type.write(writer, values[field.name])

    def read(self, message: Message) -> dict[str, Any]:
        """Read what ``write`` writes, without the optional fields that are not there.

        What newer peers send after it is left unread.
        """
        values: dict[str, Any] = {}
        if self._size:
            content = _value_frame(message).buf
            for field, fixed_type, offset in self._fixed:
                if offset + fixed_type.size <= len(content):
                    values[field.name] = fixed_type.unpack_from(content, offset)
                else:
                    _require_optional(field, message, framed=False)
        for field, framed_type in self._framed:
            if message.has_next_frame() and not message.peek_next_frame().is_end_frame():
                values[field.name] = framed_type.read(message)
            else:
                _require_optional(field, message, framed=True)
        return values


_Placed = tuple[tuple[tuple[Field, FixedType, int], ...], tuple[tuple[Field, FramedType], ...], int]


def _place(fields: Iterable[Field], header_size: int) -> _Placed:
    """Return the fields of fixed size with their offsets, the framed ones, and the size of the first frame."""
    fixed: list[tuple[Field, FixedType, int]] = []
    framed: list[tuple[Field, FramedType]] = []
    size = header_size
    for field in fields:
        if isinstance(field.type, FixedType):
            fixed.append((field, field.type, size))
            size += field.type.size
        else:
            framed.append((field, field.type))
    return tuple(fixed), tuple(framed), size


def _require_optional(missing: Field, message: Message, *, framed: bool) -> None:
    if not missing.optional:
        raise MissingFieldError(message.type, missing.name, framed=framed)


def _value_frame(message: Message) -> Frame:
    frame = message.next_frame()
    if frame.flags & _NO_VALUE:
        raise ProtocolError(f"message {message.type:#08x} has a structural frame where a value is expected")
    return frame


# ---------------------------------------------------------------------------------------------------------- fixed size


def _number(code: str) -> FixedType:
    packer = struct.Struct("<" + code)
    return FixedType(packer.size, packer.pack_into, lambda content, offset: packer.unpack_from(content, offset)[0])


BYTE = _number("b")
INT = _number("i")
LONG = _number("q")
BOOLEAN = FixedType(1, lambda first, offset, value: BYTE.pack_into(first, offset, bool(value)), lambda c, o: c[o] == 1)

_UUID = struct.Struct("<?QQ")
_HALF = (1 << 64) - 1


def _pack_uuid(first: bytearray, offset: int, value: uuid.UUID | None) -> None:
    number = 0 if value is None else value.int
    _UUID.pack_into(first, offset, value is None, number >> 64, number & _HALF)


def _unpack_uuid(content: bytes, offset: int) -> uuid.UUID | None:
    is_null, high, low = _UUID.unpack_from(content, offset)
    return None if is_null else uuid.UUID(int=high << 64 | low)


def _unpack_required_uuid(content: bytes, offset: int) -> uuid.UUID:
    value = _unpack_uuid(content, offset)
    if value is None:
        raise ProtocolError("an id is null where the protocol requires one")
    return value


NULLABLE_UUID = FixedType(_UUID.size, _pack_uuid, _unpack_uuid)
UUID = FixedType(_UUID.size, _pack_uuid, _unpack_required_uuid)


def enum_of(members: type[enum.IntEnum], carrier: FixedType) -> FixedType:
    """Return the type of an enum that travels as a number."""

    def unpack_from(content: bytes, offset: int) -> enum.IntEnum:
        number = carrier.unpack_from(content, offset)
        try:
            return members(number)
        except ValueError:
            raise UnknownValueError(number, members.__name__) from None

    return FixedType(carrier.size, carrier.pack_into, unpack_from)


def pair_of(first: FixedType, second: FixedType) -> FixedType:
    """Return the type of a pair of fixed-size values; read as a tuple."""

    def pack_into(content: bytearray, offset: int, pair: tuple[Any, Any]) -> None:
        first.pack_into(content, offset, pair[0])
        second.pack_into(content, offset + first.size, pair[1])

    def unpack_from(content: bytes, offset: int) -> tuple[Any, Any]:
        return first.unpack_from(content, offset), second.unpack_from(content, offset + first.size)

    return FixedType(first.size + second.size, pack_into, unpack_from)


# -------------------------------------------------------------------------------------------------------------- framed


def _read_string(message: Message) -> str:
    try:
        return str(_value_frame(message).buf, "utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"message {message.type:#08x} has a string that is not UTF-8: {error}") from None


STRING = FramedType(lambda writer, value: writer.add(value.encode()), _read_string)
BYTES = FramedType(lambda writer, value: writer.add(value), lambda message: _value_frame(message).buf)


def nullable(inner: FramedType) -> FramedType:
    """Return the type whose values may be None."""

    def write(writer: FrameWriter, value: Any) -> None:
        if value is None:
            writer.add(flags=NULL)
        else:
            inner.write(writer, value)

    def read(message: Message) -> Any:
        if message.peek_next_frame().is_null_frame():
            message.next_frame()
            return None
        return inner.read(message)

    return FramedType(write, read)


def array_of(item: FixedType) -> FramedType:
    """Return the type of a list of fixed-size values, which share one frame; read as a tuple."""

    def write(writer: FrameWriter, values: Iterable[Any]) -> None:
        items = list(values)
        content = bytearray(len(items) * item.size)
        for i, value in enumerate(items):
            item.pack_into(content, i * item.size, value)
        writer.add(content)

    def read(message: Message) -> tuple[Any, ...]:
        content = _value_frame(message).buf
        if len(content) % item.size:
            raise ProtocolError(f"a list of {len(content)} bytes has no whole number of items of {item.size} bytes")
        return tuple(item.unpack_from(content, offset) for offset in range(0, len(content), item.size))

    return FramedType(write, read)


def _begin(message: Message) -> None:
    if not message.next_frame().is_begin_frame():
        raise ProtocolError(f"message {message.type:#08x} has a value where a structure is expected")


def list_of(item: FramedType) -> FramedType:
    """Return the type of a list of values with frames of their own; read as a tuple."""

    def write(writer: FrameWriter, values: Iterable[Any]) -> None:
        writer.add(flags=BEGIN_STRUCTURE)
        for value in values:
            item.write(writer, value)
        writer.add(flags=END_STRUCTURE)

    def read(message: Message) -> tuple[Any, ...]:
        _begin(message)
        values = []
        while not message.peek_next_frame().is_end_frame():
            values.append(item.read(message))
        message.next_frame()
        return tuple(values)

    return FramedType(write, read)


def pairs_of(key: FramedType, value: FramedType) -> FramedType:
    """Return the type of a list of pairs; read as a tuple of tuples."""

    def write(writer: FrameWriter, pair: tuple[Any, Any]) -> None:
        key.write(writer, pair[0])
        value.write(writer, pair[1])

    return list_of(FramedType(write, lambda message: (key.read(message), value.read(message))))


def map_of(key: FramedType, value: FramedType) -> FramedType:
    """Return the type of a mapping; read as a dict."""
    pairs = pairs_of(key, value)
    return FramedType(
        lambda writer, mapping: pairs.write(writer, mapping.items()), lambda message: dict(pairs.read(message))
    )


def structure(make: Callable[..., Any], *fields: Field) -> FramedType:
    """Return the type of a structure.

    Args:
        make: Makes a value from its fields by name; a value has its fields as attributes.
        *fields: In the protocol's order.
    """
    layout = Fields(fields)

    def write(writer: FrameWriter, value: Any) -> None:
        writer.add(flags=BEGIN_STRUCTURE)
        layout.write(writer, {name: getattr(value, name) for name in layout.names})
        writer.add(flags=END_STRUCTURE)

    def read(message: Message) -> Any:
        _begin(message)
        values = layout.read(message)
        _skip_to_end(message)
        return make(**values)

    return FramedType(write, read)


def _skip_to_end(message: Message) -> None:
    """Skip what newer peers append to a structure, structures in it included, and its end."""
    depth = 1
    while depth:
        frame = message.next_frame()
        if frame.is_end_frame():
            depth -= 1
        elif frame.is_begin_frame():
            depth += 1


def _unpack_partition_id(content: bytes, offset: int) -> int:
    number: int = INT.unpack_from(content, offset)
    if number < 0:
        raise ProtocolError(f"{number} is no partition")
    return number


_PARTITION_LISTS = list_of(array_of(FixedType(INT.size, INT.pack_into, _unpack_partition_id)))
_OWNERS = array_of(UUID)


def _write_partitions(writer: FrameWriter, values: Mapping[uuid.UUID, Iterable[int]]) -> None:
    _PARTITION_LISTS.write(writer, values.values())
    _OWNERS.write(writer, values.keys())


def _read_partitions(message: Message) -> dict[uuid.UUID, tuple[int, ...]]:
    lists, owners = _PARTITION_LISTS.read(message), _OWNERS.read(message)
    if len(lists) != len(owners) or len(set(owners)) != len(owners):
        raise ProtocolError(f"{len(lists)} lists of partitions have {len(set(owners))} owners")
    return dict(zip(owners, lists, strict=True))


PARTITIONS = FramedType(_write_partitions, _read_partitions)
"""Which member owns which partitions; travels as all lists of partitions, and then all owners."""
