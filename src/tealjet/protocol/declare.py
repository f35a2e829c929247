"""How a message is declared: its numbers, its fields and what is made of them; the messages stand in tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from tealjet.protocol.layout import Field, Fields

__all__ = ["Layout", "MessageType", "declare", "error_layout"]

_REQUEST_HEADER = 16
"""Bytes of a request's first frame before its fields: message type, correlation id, partition id."""
_RESPONSE_HEADER = 13
"""Message type, correlation id, number of backup acknowledgements."""
_EVENT_HEADER = 16
"""Message type, correlation id, partition id."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of message: its number, its fields and what is made of them."""

    type: int
    fields: Fields
    make: Callable[..., Any] | None = None
    """Makes the value from the fields by name; without it the value is the only field's, or None."""


R = TypeVar("R")
E = TypeVar("E")


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageType(Generic[R, E]):
    """A request with its answer, of type ``R``, and the events that follow it, of type ``E``."""

    name: str
    """The protocol's name."""
    retryable: bool
    """It may be sent again when it is not known whether it arrived."""
    request: Layout
    response: Layout
    events: Mapping[int, Layout]
    """By message type."""
    more_events: bool
    """Newer members send events that are not declared here: they are read as None."""


def declare(
    name: str,
    number: int,
    *,
    retryable: bool,
    request: tuple[Field, ...] = (),
    response: tuple[Field, ...] = (),
    make: Callable[..., Any] | None = None,
    events: tuple[tuple[Callable[..., Any], tuple[Field, ...]], ...] = (),
    more_events: bool = False,
) -> MessageType[Any, Any]:
    """Declare a message; its answer has the next number, its events those that follow."""
    event_layouts = (
        Layout(number + 2 + i, Fields(fields, header_size=_EVENT_HEADER), make_event)
        for i, (make_event, fields) in enumerate(events)
    )
    return MessageType(
        name=name,
        retryable=retryable,
        request=Layout(number, Fields(request, header_size=_REQUEST_HEADER)),
        response=Layout(number + 1, Fields(response, header_size=_RESPONSE_HEADER), make),
        events=MappingProxyType({layout.type: layout for layout in event_layouts}),
        more_events=more_events,
    )


def error_layout(field: Field) -> Layout:
    """Declare the answer to any request that failed."""
    return Layout(0, Fields((field,), header_size=_RESPONSE_HEADER))
