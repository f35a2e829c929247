"""Reads objects as Hazelcast serializes them for itself: the payloads that members answer about jobs.

The official package reads what users store; it has no readers for Java's maps, for Java's own serialisation and for
Jet's classes, and the user's serializers have no business here. An object has no length of its own in this form, so
what is not known cannot be skipped: it is a ``ProtocolError``, like everything else that cannot be read.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from tealjet.jet.bytes_reader import BytesReader
from tealjet.jet.java_stream import read_java
from tealjet.jet.java_values import plain
from tealjet.protocol.errors import ProtocolError

__all__ = ["MAX_DEPTH", "NOTHING_MORE", "KnownTypes", "SerializedReader", "read_data", "type_of"]

MAX_DEPTH: Final = 64
"""Objects in each other."""
_MAX_DECIMAL: Final = 4096
"""Bytes of a decimal number; to make a longer one takes too long."""

_IDENTIFIED, _VERSIONED = 1, 2
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

T = TypeVar("T")
Read = Callable[["SerializedReader"], Any]


class KnownTypes:
    """What a reader knows besides the types that Hazelcast has for everyone."""

    __slots__ = ("by_type", "identified")

    def __init__(
        self, *, identified: Mapping[tuple[int, int], Read] | None = None, by_type: Mapping[int, Read] | None = None
    ) -> None:
        """Know these.

        Args:
            identified: How the fields of an ``IdentifiedDataSerializable`` are read, by factory and class id.
            by_type: How a value is read, by type id.
        """
        self.identified = MappingProxyType(dict(identified or {}))
        self.by_type = MappingProxyType(dict(by_type or {}))


NOTHING_MORE = KnownTypes()


def type_of(data: bytes) -> int:
    """Return the type id of serialized data.

    Raises:
        ProtocolError: It is no such data.
    """
    return BytesReader(data, 4).read_int()


def read_data(data: bytes, known: KnownTypes = NOTHING_MORE) -> Any:
    """Read serialized data as it lies in a message.

    What follows the object is left unread, because newer members append to theirs.

    Raises:
        ProtocolError: It is no such data, or an object in it is of an unknown type.
    """
    reader = SerializedReader(data, known)
    reader.read_int()  # the hash of its partition
    return reader.read_object()


class SerializedReader(BytesReader):
    """A cursor over serialized objects and their fields."""

    __slots__ = ("_depth", "_known")

    def __init__(self, data: bytes, known: KnownTypes = NOTHING_MORE) -> None:
        """Read the data from its beginning."""
        super().__init__(data)
        self._known = known
        self._depth = 0

    def read_string(self) -> str | None:
        """Read a string, which may be null."""
        size = self.read_int()
        if size == -1:
            return None
        try:
            return str(self.take(size), "utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolError(f"a serialized string is not UTF-8: {error}") from None

    def read_text(self) -> str:
        """Read a string that must be there."""
        return _required(self.read_string(), "string")

    def read_bytes(self) -> bytes | None:
        """Read an array of bytes, which may be null."""
        size = self.read_int()
        return None if size == -1 else self.take(size)

    def read_array(self, read: Callable[[SerializedReader], T], size: int) -> list[T] | None:
        """Read an array of values of a size in bytes that are not objects; it may be null."""
        number = self.read_int()
        if number == -1:
            return None
        if number < 0 or number * size > self.left:
            raise ProtocolError(f"{number} values can't lie in the {self.left} bytes that follow")
        return [read(self) for _ in range(number)]

    def read_object(self) -> Any:
        """Read an object with its type.

        Lists and arrays become lists, maps dicts, sets lists (what is in them may be no key for Python), and what
        Java's own serialisation has written becomes what ``java_values.plain`` makes of it.
        """
        type_id = self.read_int()
        read = self._known.by_type.get(type_id) or _TYPES.get(type_id)
        if read is None:
            raise ProtocolError(f"there is a serialized object of the unknown type {type_id}")
        if self._depth == MAX_DEPTH:
            raise ProtocolError(f"more than {MAX_DEPTH} serialized objects lie in each other")
        self._depth += 1
        try:
            return read(self)
        except (ValueError, OverflowError, decimal.DecimalException) as error:
            raise ProtocolError(
                f"there is a serialized object of type {type_id} with an impossible value: {error}"
            ) from None
        finally:
            self._depth -= 1

    def read_objects(self) -> list[Any]:
        """Read a number and so many objects."""
        return [self.read_object() for _ in range(self.read_count(smallest=4))]

    def read_map(self) -> dict[Any, Any]:
        """Read a number and so many pairs of objects."""
        return dict(self.read_entry() for _ in range(self.read_count(smallest=8)))

    def read_entry(self) -> tuple[Any, Any]:
        """Read two objects of which the first is a key."""
        key = self.read_object()
        try:
            hash(key)
        except TypeError:
            raise ProtocolError(f"a serialized map has a key of the type {type(key).__name__}") from None
        return key, self.read_object()

    def _read_identified(self) -> Any:
        header = self.read_unsigned_byte()
        if not header & _IDENTIFIED:
            raise ProtocolError(f"there is a serialized object of the unknown class {self.read_string()!r}")
        key = (self.read_int(), self.read_int())
        if header & _VERSIONED:
            self.take(2)
        read = self._known.identified.get(key)
        if read is None:
            raise ProtocolError(f"there is a serialized object of the unknown class {key[1]} of factory {key[0]}")
        return read(self)


def _required(value: T | None, what: str) -> T:
    if value is None:
        raise ProtocolError(f"a serialized {what} is null where one is expected")
    return value


def _array(read: Callable[[SerializedReader], Any], size: int) -> Read:
    return lambda reader: reader.read_array(read, size)


def _sorted_collection(read: Callable[[SerializedReader], Any]) -> Read:
    """A collection that begins with the object that compares its items."""

    def read_after_comparator(reader: SerializedReader) -> Any:
        reader.read_object()
        return read(reader)

    return read_after_comparator


def _read_uuid(reader: SerializedReader) -> uuid.UUID:
    return uuid.UUID(bytes=reader.take(16))


def _read_big_integer(reader: SerializedReader) -> int:
    return int.from_bytes(_required(reader.read_bytes(), "number"), signed=True)


def _read_decimal(reader: SerializedReader) -> decimal.Decimal:
    digits = _required(reader.read_bytes(), "number")
    if len(digits) > _MAX_DECIMAL:
        raise ProtocolError(f"there is a serialized decimal number of {len(digits)} bytes")
    unscaled = decimal.Decimal(int.from_bytes(digits, signed=True)).as_tuple()
    return decimal.Decimal((unscaled.sign, unscaled.digits, -reader.read_int()))


def _read_moment(reader: SerializedReader) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(milliseconds=reader.read_long())


def _read_date(reader: SerializedReader) -> datetime.date:
    return datetime.date(reader.read_int(), reader.read_byte(), reader.read_byte())


def _read_time(reader: SerializedReader) -> datetime.time:
    hour, minute, second, nanoseconds = reader.read_byte(), reader.read_byte(), reader.read_byte(), reader.read_int()
    return datetime.time(hour, minute, second, nanoseconds // 1000)


def _read_date_time(reader: SerializedReader) -> datetime.datetime:
    return datetime.datetime.combine(_read_date(reader), _read_time(reader))


def _read_zoned(reader: SerializedReader) -> datetime.datetime:
    local = _read_date_time(reader)
    return local.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=reader.read_int())))


_TYPES: Final[Mapping[int, Read]] = {
    0: lambda _: None,
    -2: SerializedReader._read_identified,
    -3: BytesReader.read_byte,
    -4: BytesReader.read_boolean,
    -5: BytesReader.read_char,
    -6: BytesReader.read_short,
    -7: BytesReader.read_int,
    -8: BytesReader.read_long,
    -9: BytesReader.read_float,
    -10: BytesReader.read_double,
    -11: SerializedReader.read_string,
    -12: SerializedReader.read_bytes,
    -13: _array(BytesReader.read_boolean, 1),
    -14: _array(BytesReader.read_char, 2),
    -15: _array(BytesReader.read_short, 2),
    -16: _array(BytesReader.read_int, 4),
    -17: _array(BytesReader.read_long, 8),
    -18: _array(BytesReader.read_float, 4),
    -19: _array(BytesReader.read_double, 8),
    -20: _array(SerializedReader.read_string, 4),
    -21: _read_uuid,
    -22: SerializedReader.read_entry,
    -23: SerializedReader.read_entry,
    -24: SerializedReader.read_string,
    -25: _read_moment,
    -26: _read_big_integer,
    -27: _read_decimal,
    -28: SerializedReader.read_objects,
    -29: SerializedReader.read_objects,
    -30: SerializedReader.read_objects,
    -31: SerializedReader.read_objects,
    -32: SerializedReader.read_map,
    -33: _sorted_collection(SerializedReader.read_map),
    -34: SerializedReader.read_map,
    -35: SerializedReader.read_map,
    -36: _sorted_collection(SerializedReader.read_map),
    -37: SerializedReader.read_objects,
    -38: _sorted_collection(SerializedReader.read_objects),
    -39: SerializedReader.read_objects,
    -40: SerializedReader.read_objects,
    -51: _read_date,
    -52: _read_time,
    -53: _read_date_time,
    -54: _read_zoned,
    -100: lambda reader: plain(read_java(reader)),
    -130: SerializedReader.read_string,
}
"""By type id, as Hazelcast has them since 4.0."""
