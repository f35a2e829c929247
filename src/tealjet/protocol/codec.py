"""Messages to bytes and back: the one codec for everything that the table declares, for clients and for members.

What is read comes from the network: whatever it contains, reading it gives the declared value or a ``ProtocolError``.
"""

from __future__ import annotations

import struct
from typing import Any, TypeVar, cast

from tealjet.protocol import table
from tealjet.protocol.declare import Layout, MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import EVENT, UNFRAGMENTED, Message
from tealjet.protocol.layout import NEWEST, FrameWriter
from tealjet.protocol.values import ErrorHolder

__all__ = [
    "decode_error",
    "decode_event",
    "decode_request",
    "decode_response",
    "encode_error",
    "encode_event",
    "encode_request",
    "encode_response",
]

R = TypeVar("R")
E = TypeVar("E")

_WITH_PARTITION = struct.Struct("<iqi")
_WITH_BACKUP_ACKS = struct.Struct("<iqB")


def encode_request(message_type: MessageType[Any, Any], **fields: Any) -> bytearray:
    """Encode a request; ``frames.stamp`` gives it a correlation id when it is sent.

    Args:
        message_type: What to ask.
        **fields: All its fields by name, as the table declares them.

    Raises:
        TypeError: The fields are not those of the table.
    """
    layout = message_type.request
    if fields.keys() != set(layout.fields.names):
        raise TypeError(f"{message_type.name} has the fields {_list(layout.fields.names)}, not {_list(fields)}")
    return _encode(layout, fields, _WITH_PARTITION.pack(layout.type, 0, -1), UNFRAGMENTED)


def decode_request(message_type: MessageType[Any, Any], message: Message) -> dict[str, Any]:
    """Read the fields of a request, by name.

    Raises:
        ProtocolError: It is no such request.
    """
    return _read(message_type.request, message)


def encode_response(
    message_type: MessageType[R, Any],
    response: R,
    *,
    correlation_id: int,
    backup_acks: int = 0,
    major: int = NEWEST,
) -> bytearray:
    """Encode the answer to the request of that correlation id.

    Args:
        message_type: What was asked.
        response: The answer; None where the table declares no fields.
        correlation_id: Of the request.
        backup_acks: How many backups acknowledge to the client.
        major: The major version of the member; its answer has no fields that came later.
    """
    layout = message_type.response
    header = _WITH_BACKUP_ACKS.pack(layout.type, correlation_id, backup_acks)
    return _encode(layout, _to_fields(layout, response), header, UNFRAGMENTED, major)


def decode_response(message_type: MessageType[R, Any], message: Message) -> R:
    """Read an answer; errors are read by ``decode_error``.

    Raises:
        ProtocolError: It is no such answer.
    """
    layout = message_type.response
    if not layout.fields.names and message.type != table.ERROR.type:
        # There is nothing to misread, and 4.0 members answer triggerPartitionAssignment under the request's own number.
        return cast("R", None)
    return cast("R", _from_fields(layout, message))


def encode_event(message_type: MessageType[Any, E], event: E, *, correlation_id: int, major: int = NEWEST) -> bytearray:
    """Encode an event for the listener that was added with that correlation id; ``major`` as for an answer."""
    layout = next(layout for layout in message_type.events.values() if layout.make is type(event))
    header = _WITH_PARTITION.pack(layout.type, correlation_id, -1)
    return _encode(layout, _to_fields(layout, event), header, UNFRAGMENTED | EVENT, major)


def decode_event(message_type: MessageType[Any, E], message: Message) -> E:
    """Read an event; None for one that only newer members send, where the table expects such.

    Raises:
        ProtocolError: It is no such event.
    """
    layout = message_type.events.get(message.type)
    if layout is None:
        if message_type.more_events:
            return cast("E", None)
        raise ProtocolError(f"message {message.type:#08x} is no event of {message_type.name}")
    return cast("E", _from_fields(layout, message))


def encode_error(errors: tuple[ErrorHolder, ...], *, correlation_id: int) -> bytearray:
    """Encode an exception and its causes as the answer to the request of that correlation id."""
    header = _WITH_BACKUP_ACKS.pack(table.ERROR.type, correlation_id, 0)
    return _encode(table.ERROR, {"errors": errors}, header, UNFRAGMENTED)


def decode_error(message: Message) -> tuple[ErrorHolder, ...]:
    """Read an exception and its causes.

    Raises:
        ProtocolError: The message is no error, or an empty one.
    """
    errors = cast("tuple[ErrorHolder, ...]", _read(table.ERROR, message)["errors"])
    if not errors:
        raise ProtocolError("an error without an exception")
    return errors


def _encode(layout: Layout, fields: dict[str, Any], header: bytes, flags: int, major: int = NEWEST) -> bytearray:
    writer = FrameWriter(major=major)
    layout.fields.write(writer, fields, header=header, flags=flags)
    return writer.finish()


def _read(layout: Layout, message: Message) -> dict[str, Any]:
    if message.type != layout.type:
        raise ProtocolError(f"message {message.type:#08x} came where {layout.type:#08x} is expected")
    message.reset_next_frame()
    return layout.fields.read(message)


def _from_fields(layout: Layout, message: Message) -> Any:
    fields = _read(layout, message)
    if layout.make is not None:
        return layout.make(**fields)
    return next(iter(fields.values()), None)


def _to_fields(layout: Layout, value: Any) -> dict[str, Any]:
    names = layout.fields.names
    if layout.make is not None:
        return {name: getattr(value, name) for name in names}
    return dict.fromkeys(names, value)


def _list(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
