"""As much of Hazelcast's serialization as structures need: what makes two objects the same, and of what class one is.

Members keep what clients send as the bytes that it is, and so do the structures here. Serialized data is a partition
hash (4 bytes), a type (4 bytes) and a payload; numbers are big endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.partitions import hash_of
from tealjet.protocol.values import MemberVersion

__all__ = [
    "IDENTIFIED",
    "Payload",
    "UnreadableError",
    "class_cast",
    "heap_data",
    "java_class",
    "of_name",
    "refuse_code",
    "same",
    "to_object",
]

_TYPE = struct.Struct(">i")
_NAME = struct.Struct(">iii")
_TYPE_OFFSET = 4
_PAYLOAD_OFFSET = 8

_NULL = 0
IDENTIFIED = -2
"""The type of objects that say of which factory and class they are."""
_STRING = -11


def same(data: bytes) -> bytes:
    """Return what two serialized objects have in common exactly if a member takes them for equal: all but the hash."""
    return data[_TYPE_OFFSET:]


def of_name(name: str) -> bytes:
    """Return the serialized key by which an object that lies in one partition finds it: its name, or what follows @."""
    key = (name.partition("@")[2] or name).encode()
    return _NAME.pack(0, _STRING, len(key)) + key


def heap_data(data: bytes, version: MemberVersion) -> str:
    """Return how a member of that version shows serialized data in its errors."""
    (kind,) = _TYPE.unpack_from(data, _TYPE_OFFSET)
    code, size = hash_of(data), len(data)
    cost = size + (32 if version.major >= 5 else 20)
    return (
        f"HeapData{{type={kind}, hashCode={code}, partitionHash={code}, totalSize={size}, "
        f"dataSize={size - _PAYLOAD_OFFSET}, heapCost={cost}}}"
    )


class UnreadableError(Exception):
    """Serialized data of a kind that embedded members do not read, or damaged data."""


class Payload:
    """Reads serialized data from its beginning to its end."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes, position: int = _TYPE_OFFSET) -> None:
        self._data = data
        self._position = position

    def rest(self) -> bytes:
        """Return what has not been read yet."""
        return self._data[self._position :]

    def number(self, code: str) -> Any:
        """Read a number, or a truth value, by its ``struct`` code.

        Raises:
            UnreadableError: The data ends before it.
        """
        packed = struct.Struct(">" + code)
        try:
            (value,) = packed.unpack_from(self._data, self._position)
        except struct.error:
            raise UnreadableError("serialized data ends too early") from None
        self._position += packed.size
        return value

    def text(self) -> str | None:
        """Read a string; None for null.

        Raises:
            UnreadableError: The data ends before it, or it is no UTF-8.
        """
        length = self.number("i")
        if length < 0:
            return None
        end = self._position + length
        if end > len(self._data):
            raise UnreadableError("serialized data ends too early")
        try:
            text = str(self._data[self._position : end], "utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableError(str(error)) from None
        self._position = end
        return text

    def object(self) -> Any:
        """Read an object of a simple type.

        Raises:
            UnreadableError: It is of another type.
        """
        kind = self.number("i")
        read = _READERS.get(kind)
        if read is None:
            raise UnreadableError(f"serialized data of type {kind}")
        return read(self)


def _json(payload: Payload) -> Any:
    try:
        return json.loads(payload.text() or "null")
    except ValueError as error:
        raise UnreadableError(f"serialized JSON: {error}") from None


_READERS: Mapping[int, Callable[[Payload], Any]] = MappingProxyType(
    {
        _NULL: lambda payload: None,
        -3: lambda payload: payload.number("b"),
        -4: lambda payload: payload.number("?"),
        -6: lambda payload: payload.number("h"),
        -7: lambda payload: payload.number("i"),
        -8: lambda payload: payload.number("q"),
        -9: lambda payload: payload.number("f"),
        -10: lambda payload: payload.number("d"),
        _STRING: lambda payload: payload.text(),
        -130: _json,
    }
)


def to_object(data: bytes) -> Any:
    """Read a serialized number, truth value, string or JSON document.

    Raises:
        UnreadableError: It is of another type.
    """
    return Payload(data).object()


def java_class(data: bytes) -> str:
    """Return the name of the Java class that serialized data is of, as far as it is one of Java's own."""
    (kind,) = _TYPE.unpack_from(data, _TYPE_OFFSET)
    return _JAVA_CLASSES.get(kind, "java.lang.Object")


def class_cast(found: str, wanted: str) -> MemberError:
    """Return Java's error for an object that is of another class than is wanted."""
    if wanted.startswith("java."):
        places = f"{found} and {wanted} are in module java.base of loader 'bootstrap'"
    else:
        places = f"{found} is in module java.base of loader 'bootstrap'; {wanted} is in unnamed module of loader 'app'"
    return MemberError(failures.CLASS_CAST, f"class {found} cannot be cast to class {wanted} ({places})")


def refuse_code(code: bytes, wanted: str) -> NoReturn:
    """Fail as a member does that is sent an object with code to run, of a class that it does not have.

    Args:
        code: The object, serialized.
        wanted: The Java class that it has to be of.

    Raises:
        MemberError: Always.
    """
    payload = Payload(code)
    try:
        if payload.number("i") == IDENTIFIED and payload.number("?"):
            factory, number = payload.number("i"), payload.number("i")
            if factory in _FACTORIES:
                what = f"{_FACTORIES[factory]} (factory {factory}, class {number})"
                raise MemberError(failures.UNSUPPORTED_OPERATION, f"an embedded member has no {what}")
            raise MemberError(failures.SERIALIZATION, f"No DataSerializerFactory registered for namespace: {factory}")
    except UnreadableError as error:
        raise MemberError(failures.SERIALIZATION, str(error)) from None
    raise class_cast(java_class(code), wanted)


_JAVA_CLASSES: Mapping[int, str] = MappingProxyType(
    {
        -3: "java.lang.Byte",
        -4: "java.lang.Boolean",
        -5: "java.lang.Character",
        -6: "java.lang.Short",
        -7: "java.lang.Integer",
        -8: "java.lang.Long",
        -9: "java.lang.Float",
        -10: "java.lang.Double",
        _STRING: "java.lang.String",
        -26: "java.math.BigInteger",
        -27: "java.math.BigDecimal",
        -29: "java.util.ArrayList",
    }
)

_FACTORIES: Mapping[int, str] = MappingProxyType({-20: "such predicates", -29: "aggregators", -30: "projections"})
"""Those whose classes real members have, and embedded ones do not."""
