"""What lies in the ringbuffer of an observable besides items: the mark that a job has ended, and its failure.

Which number the mark has depends on the cluster, and on the other kind of cluster the same number is something else.
Items that the user's serializers do not know may be Java's or Jet's own; those are read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tealjet.jet.java_exception import JavaException, exception_from_java
from tealjet.jet.serialized import KnownTypes, SerializedReader, read_data, type_of
from tealjet.protocol.jet import Dialect

__all__ = ["JobEnded", "read_end", "read_item"]

_DONE: Final = {Dialect.JET_4: -317, Dialect.HAZELCAST_5: -318}
_FIRST_TUPLE: Final = {Dialect.JET_4: -309, Dialect.HAZELCAST_5: -310}
_ENTRY: Final = -300
_IDENTIFIED: Final = -2
_OBSERVER: Final = -10006
_WRAPPED_THROWABLE: Final = 1


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The job that wrote the items has ended."""

    failure: JavaException | None
    """What it failed with, None when it completed."""


def read_end(data: bytes, dialect: Dialect) -> JobEnded | None:
    """Return the end that a value in the ringbuffer stands for, None for an item.

    Raises:
        ProtocolError: It is a failure, and can't be read.
    """
    type_id = type_of(data)
    if type_id == _DONE[dialect]:
        return JobEnded(None)
    if type_id == _IDENTIFIED and _is_failure(data):
        return JobEnded(read_data(data, _FAILURE))
    return None


def _is_failure(data: bytes) -> bool:
    reader = SerializedReader(data)
    reader.take(8)
    header = reader.read_unsigned_byte()
    return bool(header & 1) and (reader.read_int(), reader.read_int()) == (_OBSERVER, _WRAPPED_THROWABLE)


_FAILURE: Final = KnownTypes(
    identified={(_OBSERVER, _WRAPPED_THROWABLE): lambda reader: exception_from_java(reader.read_object())}
)


def read_item(data: bytes, dialect: Dialect) -> Any:
    """Read an item that is one of Java's own or of Jet's: its entries and tuples become tuples.

    Raises:
        ProtocolError: It is something else, or has something else in it.
    """
    return read_data(data, _ITEMS[dialect])


def _tuple_of(size: int) -> Callable[[SerializedReader], tuple[Any, ...]]:
    return lambda reader: tuple(reader.read_object() for _ in range(size))


def _types(first_tuple: int) -> Mapping[int, Callable[[SerializedReader], Any]]:
    return {_ENTRY: _tuple_of(2), **{first_tuple - more: _tuple_of(2 + more) for more in range(4)}}


_ITEMS: Final = {dialect: KnownTypes(by_type=_types(_FIRST_TUPLE[dialect])) for dialect in Dialect}
