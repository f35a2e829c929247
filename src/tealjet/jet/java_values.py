"""What values of Java's own serialisation mean: Java's collections, numbers and addresses as Python's.

Whatever is not known stays as the stream has it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tealjet.jet.java_stream import MAX_DEPTH, JavaArray, JavaObject, JavaValue
from tealjet.protocol.errors import ProtocolError

__all__ = ["items_of", "plain"]

_WRITTEN: Final[Mapping[str, str]] = {
    "java.util.ArrayDeque": "java.util.ArrayDeque",
    "java.util.ArrayList": "java.util.ArrayList",
    "java.util.CollSer": "java.util.CollSer",
    "java.util.HashSet": "java.util.HashSet",
    "java.util.LinkedHashSet": "java.util.HashSet",
    "java.util.LinkedList": "java.util.LinkedList",
}
"""Collections that write their size and then their items, with the class that does."""
_HOLDERS: Final[Mapping[str, tuple[str, str]]] = {
    "java.util.Arrays$ArrayList": ("java.util.Arrays$ArrayList", "a"),
    "java.util.Collections$UnmodifiableList": ("java.util.Collections$UnmodifiableCollection", "c"),
    "java.util.Collections$UnmodifiableRandomAccessList": ("java.util.Collections$UnmodifiableCollection", "c"),
    "java.util.Collections$UnmodifiableSet": ("java.util.Collections$UnmodifiableCollection", "c"),
}
"""Collections whose items lie in another one or in an array, with the class and the field that has it."""
_EMPTY: Final = frozenset({"java.util.Collections$EmptyList", "java.util.Collections$EmptySet"})
_MAPS: Final[Mapping[str, str]] = {
    "java.util.HashMap": "java.util.HashMap",
    "java.util.LinkedHashMap": "java.util.HashMap",
    "java.util.TreeMap": "java.util.TreeMap",
}
"""Maps that write their size and then their keys and values, with the class that does."""
_BOXES: Final = frozenset(
    f"java.lang.{name}" for name in ("Boolean", "Byte", "Character", "Short", "Integer", "Long", "Float", "Double")
)
_COLL_SER_MAP: Final = 3


def items_of(collection: JavaValue) -> tuple[JavaValue, ...] | None:
    """Return what lies in one of Java's lists or sets, or in an array, as the stream has it; None for all else."""
    for _ in range(MAX_DEPTH):
        if isinstance(collection, JavaArray):
            return tuple(collection.items)
        if not isinstance(collection, JavaObject):
            return None
        name = collection.class_name
        if name in _WRITTEN:
            return collection.extras(_WRITTEN[name])[1:]
        if name in _EMPTY:
            return ()
        if name not in _HOLDERS:
            return None
        holder, field = _HOLDERS[name]
        collection = collection.fields(holder).get(field)
    raise ProtocolError("a Java collection holds itself")


def plain(value: JavaValue) -> Any:
    """Return what a value means to Python.

    Boxed values, lists, maps, sets (as lists), UUIDs, files and URLs (as text) become Python's; arrays become lists.
    Other objects stay ``JavaObject``s, enums ``JavaEnum``s.

    Raises:
        ProtocolError: A collection lies in itself, too many lie in each other, or it is not as Java writes it.
    """
    return _Conversion().of(value, MAX_DEPTH)


class _Conversion:
    """One conversion; what lies in several places is converted once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def of(self, value: JavaValue, depth: int) -> Any:
        if not isinstance(value, JavaObject | JavaArray):
            return value
        if depth == 0:
            raise ProtocolError(f"more than {MAX_DEPTH} Java collections lie in each other, or one in itself")
        key = id(value)
        if key not in self._made:
            self._made[key] = self._convert(value, depth)
        return self._made[key]

    def _convert(self, value: JavaObject | JavaArray, depth: int) -> Any:
        name, fields = ("", {}) if isinstance(value, JavaArray) else (value.class_name, value.fields())
        if isinstance(value, JavaObject):
            if name in _BOXES:
                return fields.get("value")
            if name in _MAPS:
                return self._map(value.extras(_MAPS[name])[1:], depth)
            if name == "java.util.CollSer" and fields.get("tag") == _COLL_SER_MAP:
                return self._map(value.extras()[1:], depth)
            if name == "java.util.Collections$EmptyMap":
                return {}
            if name == "java.util.UUID":
                return uuid.UUID(bytes=b"".join(_number(fields, half) for half in ("mostSigBits", "leastSigBits")))
            if name == "java.io.File":
                return _text(fields, "path")
            if name == "java.net.URL":
                return _url(fields)
        items = items_of(value)
        return value if items is None else self._list(items, depth)

    def _list(self, items: Iterable[JavaValue], depth: int) -> list[Any]:
        return [self.of(item, depth - 1) for item in items]

    def _map(self, items: tuple[JavaValue, ...], depth: int) -> dict[Any, Any]:
        if len(items) % 2:
            raise ProtocolError("a Java map has a key without a value")
        keys, values = self._list(items[::2], depth), self._list(items[1::2], depth)
        unfit = next((key for key in keys if isinstance(key, list | dict)), None)
        if unfit is not None:
            raise ProtocolError(f"a Java map has a {type(unfit).__name__} as key")
        return dict(zip(keys, values, strict=True))


def _number(fields: Mapping[str, JavaValue], name: str) -> bytes:
    value = fields.get(name)
    if not isinstance(value, int):
        raise ProtocolError(f"a Java object has no number {name!r}")
    return (value % 2**64).to_bytes(8)


def _text(fields: Mapping[str, JavaValue], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"a Java object has no text {name!r}")
    return value


def _url(fields: Mapping[str, JavaValue]) -> str:
    """Put an address together as ``java.net.URL.toExternalForm`` does."""
    authority, anchor = (fields.get(name) for name in ("authority", "ref"))
    location = f"//{authority}" if isinstance(authority, str) and authority else ""
    reference = f"#{anchor}" if isinstance(anchor, str) else ""
    return f"{_text(fields, 'protocol')}:{location}{_text(fields, 'file')}{reference}"
