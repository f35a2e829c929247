"""Predicates: which entries a client means, by their keys and values.

Embedded members evaluate those that compare keys, values and attributes of JSON documents. They know the classes of no
application, and no SQL; what they do not evaluate they refuse.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.structures.serialized import (
    IDENTIFIED,
    Payload,
    UnreadableError,
    class_cast,
    refuse_code,
    same,
    to_object,
)

__all__ = ["Predicate", "everything", "predicate_of"]

Predicate = Callable[[bytes, bytes], bool]
"""Says of a serialized key and value whether they are meant."""

_FACTORY = -20
_NULL = 0


def everything(key: bytes, value: bytes) -> bool:
    """Mean every entry."""
    return True


def predicate_of(data: bytes) -> Predicate:
    """Return what a serialized predicate means.

    Raises:
        MemberError: It is none, or none that embedded members evaluate.
    """
    payload = Payload(data)
    try:
        return _read(payload, data)
    except UnreadableError as error:
        raise MemberError(
            failures.UNSUPPORTED_OPERATION, f"an embedded member does not evaluate this predicate: {error}"
        ) from None


def _read(payload: Payload, data: bytes) -> Predicate:
    kind = payload.number("i")
    if kind == _NULL:
        return everything
    if kind != IDENTIFIED or not payload.number("?"):
        refuse_code(data, "com.hazelcast.query.Predicate")
    factory, number = payload.number("i"), payload.number("i")
    if factory != _FACTORY:
        refuse_code(data, "com.hazelcast.query.Predicate")
    read = _READERS.get(number)
    if read is None:
        raise UnreadableError(f"it is of class {number}")
    return read(payload, data)


# ------------------------------------------------------------------------------------------------------- attributes


def _attribute(name: str | None) -> Callable[[bytes, bytes], Any]:
    """Return what reads an attribute of an entry: of its key, of its value, or one of those themselves."""
    if not name:
        raise UnreadableError("it has no attribute")
    first, *rest = name.split(".")
    of_key, path = first == "__key", rest if first in ("__key", "this") else [first, *rest]

    def read(key: bytes, value: bytes) -> Any:
        data = key if of_key else value
        if not path:
            try:
                return to_object(data)
            except UnreadableError:
                return same(data)
        return _follow(data, path)

    return read


def _follow(data: bytes, path: list[str]) -> Any:
    try:
        found = to_object(data)
    except UnreadableError as error:
        raise MemberError(
            failures.QUERY, f"an embedded member does not read attributes of this value: {error}"
        ) from None
    for one in path:
        if found is None:
            return None
        if not isinstance(found, dict):
            raise MemberError(
                failures.QUERY,
                f"java.lang.IllegalArgumentException: There is no suitable accessor for '{one}' on class "
                f"'{_java_class(found)}'",
            )
        found = found.get(one)
    return found


def _java_class(value: Any) -> str:
    """Return the Java class of a value as it is read."""
    match value:
        case bool():
            return "java.lang.Boolean"
        case int():
            return "java.lang.Integer"
        case float():
            return "java.lang.Double"
        case str():
            return "java.lang.String"
        case _:
            return "java.lang.Object"


def _alike(value: Any, attribute: Any) -> Any:
    """Return what an attribute is compared with in the attribute's own type: members convert texts to numbers."""
    if not isinstance(value, str) or isinstance(attribute, bool) or not isinstance(attribute, int | float):
        return value
    try:
        return float(value)
    except ValueError:
        raise MemberError(failures.QUERY, f'java.lang.NumberFormatException: For input string: "{value}"') from None


def _value(payload: Payload) -> Any:
    """Read what is compared with; of a type that is not read, the bytes that follow."""
    rest = payload.rest()
    try:
        return payload.object()
    except UnreadableError:
        return rest


# ---------------------------------------------------------------------------------------------------------- classes


def _equal(payload: Payload, data: bytes) -> Predicate:
    attribute, value = _attribute(payload.text()), _value(payload)

    def means(key: bytes, stored: bytes) -> bool:
        found = attribute(key, stored)
        return bool(found == _alike(value, found))

    return means


def _not_equal(payload: Payload, data: bytes) -> Predicate:
    equal = _equal(payload, data)
    return lambda key, value: not equal(key, value)


def _compared(holds: Callable[[Any, Any], bool], attribute: Any, value: Any) -> bool:
    """Compare; null is neither less nor greater than anything."""
    if attribute is None or value is None:
        return False
    other = _alike(value, attribute)
    try:
        return holds(attribute, other)
    except TypeError:
        raise class_cast(_java_class(other), _java_class(attribute)) from None


def _greater_less(payload: Payload, data: bytes) -> Predicate:
    attribute, value = _attribute(payload.text()), payload.object()
    or_equal, less = payload.number("?"), payload.number("?")
    holds = (operator.le if or_equal else operator.lt) if less else (operator.ge if or_equal else operator.gt)
    return lambda key, found: _compared(holds, attribute(key, found), value)


def _between(payload: Payload, data: bytes) -> Predicate:
    attribute, to, from_ = _attribute(payload.text()), payload.object(), payload.object()
    return lambda key, value: (
        _compared(operator.ge, attribute(key, value), from_) and _compared(operator.le, attribute(key, value), to)
    )


def _in(payload: Payload, data: bytes) -> Predicate:
    attribute = _attribute(payload.text())
    values = [payload.object() for _ in range(payload.number("i"))]

    def means(key: bytes, value: bytes) -> bool:
        found = attribute(key, value)
        return any(found == _alike(one, found) for one in values)

    return means


def _like(flags: int) -> Callable[[Payload, bytes], Predicate]:
    def read(payload: Payload, data: bytes) -> Predicate:
        attribute, expression = _attribute(payload.text()), payload.text() or ""
        wild = {"%": ".*", "_": "."}
        pattern = re.compile("".join(wild.get(one) or re.escape(one) for one in expression), flags | re.DOTALL)

        def means(key: bytes, value: bytes) -> bool:
            text = attribute(key, value)
            if text is not None and not isinstance(text, str):
                raise class_cast(_java_class(text), "java.lang.String")
            return text is not None and pattern.fullmatch(text) is not None

        return means

    return read


def _several(payload: Payload, data: bytes) -> list[Predicate]:
    return [_read(payload, data) for _ in range(payload.number("i"))]


def _and(payload: Payload, data: bytes) -> Predicate:
    parts = _several(payload, data)
    return lambda key, value: all(part(key, value) for part in parts)


def _or(payload: Payload, data: bytes) -> Predicate:
    parts = _several(payload, data)
    return lambda key, value: any(part(key, value) for part in parts)


def _not(payload: Payload, data: bytes) -> Predicate:
    part = _read(payload, data)
    return lambda key, value: not part(key, value)


def _true(payload: Payload, data: bytes) -> Predicate:
    return everything


def _false(payload: Payload, data: bytes) -> Predicate:
    return lambda key, value: False


_READERS: Mapping[int, Callable[[Payload, bytes], Predicate]] = MappingProxyType(
    {
        1: _and,
        2: _between,
        3: _equal,
        4: _greater_less,
        5: _like(0),
        6: _like(re.IGNORECASE),
        7: _in,
        9: _not_equal,
        10: _not,
        11: _or,
        13: _false,
        14: _true,
    }
)
"""By the classes' numbers."""
