"""Reads what Java's own serialisation wrote, as plain values, without knowing or making any of its classes.

Members answer some things in this form only: the failure of a job, the enum in a configuration, an address. Nothing is
instantiated and no name in the data has a meaning here; whatever it contains, reading gives a value or a
``ProtocolError``, within limits of depth and number. The form is that of the Java Object Serialization Specification,
chapter 6.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

from tealjet.jet.bytes_reader import BytesReader
from tealjet.protocol.errors import ProtocolError

__all__ = ["MAX_DEPTH", "MAX_OBJECTS", "JavaArray", "JavaClass", "JavaEnum", "JavaObject", "JavaValue", "read_java"]

MAX_DEPTH: Final = 64
"""Values in each other; a chain of causes has one level for each."""
MAX_OBJECTS: Final = 100_000
"""Objects, strings and descriptions of classes in one stream."""

_HEADER: Final = b"\xac\xed\x00\x05"
_FIRST_HANDLE: Final = 0x7E0000


class _Tag(enum.IntEnum):
    NULL = 0x70
    REFERENCE = 0x71
    CLASS_DESCRIPTION = 0x72
    OBJECT = 0x73
    STRING = 0x74
    ARRAY = 0x75
    CLASS = 0x76
    BLOCK = 0x77
    END_OF_BLOCKS = 0x78
    LONG_BLOCK = 0x7A
    LONG_STRING = 0x7C
    PROXY_DESCRIPTION = 0x7D
    ENUM = 0x7E


class _Flag(enum.IntFlag):
    """What the description of a class says of its objects' data."""

    WRITES_MORE = 1
    SERIALIZABLE = 2
    EXTERNALIZABLE = 4
    IN_BLOCKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class JavaClass:
    """A class as the stream describes it."""

    name: str
    fields: tuple[tuple[str, str], ...]
    """What it declares itself: the name of each field and the first letter of its type as Java writes types."""
    flags: int
    ancestors: tuple[JavaClass, ...]
    """The classes that it extends, the most general one first."""

    def extends(self, name: str) -> bool:
        """Say whether it, or a class that it extends, has that name."""
        return self.name == name or any(one.name == name for one in self.ancestors)


@dataclass(frozen=True, slots=True)
class JavaEnum:
    """A constant of an enum."""

    class_name: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class JavaArray:
    """An array of anything but bytes, which are read as bytes."""

    class_name: str
    items: list[JavaValue] = field(default_factory=list, repr=False)
    """Filled while it is read, because what lies in it may refer to it."""


@dataclass(frozen=True, slots=True, eq=False)
class JavaObject:
    """What the stream says of an object; like an array, it may lie in itself."""

    java_class: JavaClass
    _fields: dict[str, dict[str, JavaValue]] = field(default_factory=dict, repr=False)
    _extras: dict[str, list[JavaValue]] = field(default_factory=dict, repr=False)

    @property
    def class_name(self) -> str:
        """The name of its class."""
        return self.java_class.name

    def fields(self, class_name: str | None = None) -> Mapping[str, JavaValue]:
        """Return the fields that one of its classes declares, its own class unless another is named."""
        return MappingProxyType(self._fields.get(class_name or self.class_name, {}))

    def extras(self, class_name: str | None = None) -> tuple[JavaValue, ...]:
        """Return what that class has written besides its fields: objects, and everything else as bytes."""
        return tuple(self._extras.get(class_name or self.class_name, ()))


JavaValue = None | bool | int | float | str | bytes | JavaObject | JavaArray | JavaEnum | JavaClass


def read_java(reader: BytesReader) -> JavaValue:
    """Read the one value of a stream; the reader then stands behind it.

    Raises:
        ProtocolError: There is no such stream, or it is deeper or has more objects than is read.
    """
    if reader.take(len(_HEADER)) != _HEADER:
        raise ProtocolError("a Java stream begins in another way")
    return _Stream(reader).value(MAX_DEPTH)


_PRIMITIVES: Final[Mapping[str, tuple[Callable[[BytesReader], JavaValue], int]]] = {
    "B": (BytesReader.read_byte, 1),
    "C": (BytesReader.read_char, 2),
    "D": (BytesReader.read_double, 8),
    "F": (BytesReader.read_float, 4),
    "I": (BytesReader.read_int, 4),
    "J": (BytesReader.read_long, 8),
    "S": (BytesReader.read_short, 2),
    "Z": (BytesReader.read_boolean, 1),
}
"""By the first letter of a type: how a value is read, and its size."""

_Shared = str | bytes | JavaObject | JavaArray | JavaEnum | JavaClass
"""What a stream may refer to."""
S = TypeVar("S", bound=_Shared)


class _Stream:
    """One stream, with what was read of it and may be referred to."""

    def __init__(self, reader: BytesReader) -> None:
        self._reader = reader
        self._handles: list[_Shared | None] = []
        """By number; None is something of which not enough has been read yet."""
        self._objects = 0

    def value(self, depth: int) -> JavaValue:
        """Read a value in which so many may lie in each other."""
        if depth == 0:
            raise ProtocolError(f"more than {MAX_DEPTH} Java values lie in each other")
        match self._tag():
            case _Tag.NULL:
                return None
            case _Tag.REFERENCE:
                return self._referred_to()
            case _Tag.STRING:
                return self._new(self._text(self._reader.read_unsigned_short()))
            case _Tag.LONG_STRING:
                return self._new(self._text(self._reader.read_long()))
            case _Tag.OBJECT:
                return self._object(depth)
            case _Tag.ARRAY:
                return self._array(depth)
            case _Tag.ENUM:
                return self._enum(depth)
            case _Tag.CLASS:
                return self._new(self._class(depth))
            case tag:
                raise ProtocolError(f"a Java value begins with {tag.name}")

    # ----------------------------------------------------------------------------------------------------- references

    def _tag(self) -> _Tag:
        number = self._reader.read_unsigned_byte()
        try:
            return _Tag(number)
        except ValueError:
            raise ProtocolError(f"{number:#04x} begins nothing in a Java stream") from None

    def _reserve(self) -> int:
        """Take the next handle for something that is about to be read."""
        self._objects += 1
        if self._objects > MAX_OBJECTS:
            raise ProtocolError(f"a Java stream has more than {MAX_OBJECTS} objects")
        self._handles.append(None)
        return len(self._handles) - 1

    def _new(self, value: S) -> S:
        self._handles[self._reserve()] = value
        return value

    def _referred_to(self) -> _Shared:
        handle = self._reader.read_int() - _FIRST_HANDLE
        shared = self._handles[handle] if 0 <= handle < len(self._handles) else None
        if shared is None:
            raise ProtocolError("a Java stream refers to what it does not have")
        return shared

    def _text(self, size: int) -> str:
        """Read a string in Java's variant of UTF-8, which writes no zero byte and pairs as two halves."""
        data = self._reader.take(size).replace(b"\xc0\x80", b"\x00")
        try:
            halves = data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        except UnicodeDecodeError as error:
            raise ProtocolError(f"a Java string is not in Java's UTF-8: {error}") from None
        return halves.decode("utf-16-le", "replace")

    # -------------------------------------------------------------------------------------------------------- classes

    def _class(self, depth: int) -> JavaClass:
        described = self._described(depth)
        if described is None:
            raise ProtocolError("a Java object has no class")
        return described

    def _described(self, depth: int) -> JavaClass | None:
        """Read the description of a class, of which so many may extend each other."""
        if depth == 0:
            raise ProtocolError(f"more than {MAX_DEPTH} Java classes extend each other")
        match self._tag():
            case _Tag.NULL:
                return None
            case _Tag.REFERENCE:
                described = self._referred_to()
                if not isinstance(described, JavaClass):
                    raise ProtocolError("a Java object refers to a class that is none")
                return described
            case _Tag.CLASS_DESCRIPTION:
                name = self._text(self._reader.read_unsigned_short())
                self._reader.read_long()  # which version of the class wrote it
                handle = self._reserve()
                flags = self._reader.read_unsigned_byte()
                fields = tuple(self._field(depth) for _ in range(self._reader.read_unsigned_short()))
            case _Tag.PROXY_DESCRIPTION:
                handle = self._reserve()
                interfaces = [
                    self._text(self._reader.read_unsigned_short()) for _ in range(self._reader.read_count(smallest=2))
                ]
                name, flags, fields = f"a proxy of {', '.join(interfaces)}", _Flag.SERIALIZABLE, ()
            case tag:
                raise ProtocolError(f"the description of a Java class begins with {tag.name}")
        self._extras(depth)
        parent = self._described(depth - 1)
        described = JavaClass(name, fields, flags, () if parent is None else (*parent.ancestors, parent))
        self._handles[handle] = described
        return described

    def _field(self, depth: int) -> tuple[str, str]:
        kind = chr(self._reader.read_unsigned_byte())
        name = self._text(self._reader.read_unsigned_short())
        if kind not in _PRIMITIVES:
            if kind not in "L[":
                raise ProtocolError(f"a Java field has the type {kind!r}")
            self.value(depth - 1)  # the name of its class
        return name, kind

    # -------------------------------------------------------------------------------------------------------- objects

    def _object(self, depth: int) -> JavaObject:
        java_class = self._class(depth)
        made = self._new(JavaObject(java_class))
        for one in (*java_class.ancestors, java_class):
            if one.name in made._fields or one.name in made._extras:
                raise ProtocolError(f"the Java class {one.name!r} extends itself")
            if one.flags & _Flag.SERIALIZABLE:
                if one.fields:
                    values = made._fields[one.name] = {}
                    for name, kind in one.fields:
                        values[name] = self._value_of(kind, depth)
                if one.flags & _Flag.WRITES_MORE:
                    made._extras[one.name] = self._extras(depth)
            elif one.flags & _Flag.EXTERNALIZABLE:
                if not one.flags & _Flag.IN_BLOCKS:
                    raise ProtocolError(f"nobody but the Java class {one.name!r} knows where its data ends")
                made._extras[one.name] = self._extras(depth)
        return made

    def _value_of(self, kind: str, depth: int) -> JavaValue:
        primitive = _PRIMITIVES.get(kind)
        return self.value(depth - 1) if primitive is None else primitive[0](self._reader)

    def _extras(self, depth: int) -> list[JavaValue]:
        """Read what a class writes as it likes, up to the mark at its end."""
        extras: list[JavaValue] = []
        while True:
            match self._reader.peek():
                case _Tag.END_OF_BLOCKS:
                    self._reader.read_byte()
                    return extras
                case _Tag.BLOCK:
                    self._reader.read_byte()
                    extras.append(self._reader.take(self._reader.read_unsigned_byte()))
                case _Tag.LONG_BLOCK:
                    self._reader.read_byte()
                    extras.append(self._reader.take(self._reader.read_int()))
                case _:
                    extras.append(self.value(depth - 1))

    def _array(self, depth: int) -> JavaArray | bytes:
        java_class = self._class(depth)
        kind = java_class.name[1:2]
        if not java_class.name.startswith("["):
            raise ProtocolError(f"a Java array is of the class {java_class.name!r}")
        handle = self._reserve()
        primitive = _PRIMITIVES.get(kind)
        size = self._reader.read_count(primitive[1] if primitive else 1)
        if kind == "B":
            data = self._handles[handle] = self._reader.take(size)
            return data
        made = self._handles[handle] = JavaArray(java_class.name)
        made.items.extend(self._value_of(kind, depth) for _ in range(size))
        return made

    def _enum(self, depth: int) -> JavaEnum:
        class_name = self._class(depth).name
        handle = self._reserve()
        name = self.value(depth - 1)
        if not isinstance(name, str):
            raise ProtocolError(f"a constant of the Java enum {class_name!r} has no name")
        made = JavaEnum(class_name, name)
        self._handles[handle] = made
        return made
