"""Frames: bytes as they arrive, in pieces of any size, become messages; a message that is too long becomes fragments.

A message is a row of frames, a frame is its length (4 bytes, itself included), its flags (2 bytes) and its content; all
numbers are little endian. This module knows the first frame's header and no message's content. Answers pass through
here by the hundred thousand a second, so a message that lies whole in the received bytes is not copied, and its frames
are read when somebody asks for them.
"""

from __future__ import annotations

import struct

from tealjet.protocol.errors import ProtocolError

__all__ = [
    "BACKUP_AWARE",
    "BACKUP_EVENT",
    "BEGIN_FRAGMENT",
    "BEGIN_STRUCTURE",
    "END_FRAGMENT",
    "END_STRUCTURE",
    "EVENT",
    "FINAL",
    "FRAME_HEADER_SIZE",
    "NULL",
    "UNFRAGMENTED",
    "Frame",
    "FrameReader",
    "Message",
    "fragments",
    "stamp",
]

BEGIN_FRAGMENT = 1 << 15
END_FRAGMENT = 1 << 14
UNFRAGMENTED = BEGIN_FRAGMENT | END_FRAGMENT
"""A message that is its own first and last fragment."""
FINAL = 1 << 13
"""The last frame of a message, or of a fragment."""
BEGIN_STRUCTURE = 1 << 12
END_STRUCTURE = 1 << 11
NULL = 1 << 10
EVENT = 1 << 9
BACKUP_AWARE = 1 << 8
"""On a request: backups acknowledge to the client, and the answer says how many will."""
BACKUP_EVENT = 1 << 7

FRAME_HEADER_SIZE = 6

_ANY_EVENT = EVENT | BACKUP_EVENT
_FRAME_HEADER = struct.Struct("<iH")
_MESSAGE_HEADER = struct.Struct("<iHiqB")
"""The first frame: length, flags, message type, correlation id, number of backup acknowledgements."""
_FRAGMENT_HEADER = struct.Struct("<iHq")
"""The first frame of a fragment: length, flags, fragment id."""
_STAMP = struct.Struct("<qi")
_TYPE_OFFSET = 6
_CORRELATION_ID_OFFSET = 10
_PARTITION_OFFSET = 18
_REQUEST_HEADER_SIZE = 22
_FLAGS_OFFSET = 4
_PARTITION = struct.Struct("<i")

_read_frame_header = _FRAME_HEADER.unpack_from
_read_message_header = _MESSAGE_HEADER.unpack_from
_write_stamp = _STAMP.pack_into


class Frame:
    """One frame's content and flags."""

    __slots__ = ("buf", "flags")

    def __init__(self, buf: bytes, flags: int) -> None:
        """Make a frame from its content, without the header, and its flags."""
        self.buf = buf
        self.flags = flags

    def is_null_frame(self) -> bool:
        """Say whether the frame stands for a value that is null."""
        return self.flags & NULL != 0

    def is_begin_frame(self) -> bool:
        """Say whether a structure begins with this frame."""
        return self.flags & BEGIN_STRUCTURE != 0

    def is_end_frame(self) -> bool:
        """Say whether a structure ends with this frame."""
        return self.flags & END_STRUCTURE != 0

    def is_final_frame(self) -> bool:
        """Say whether the message ends with this frame."""
        return self.flags & FINAL != 0

    def __repr__(self) -> str:
        return f"Frame({self.buf!r}, flags={self.flags:#06x})"


class Message:
    """A received message: its header, and a cursor over its frames.

    The methods are those by which the official package's decoders read a message; where those would meet a missing
    frame, they get a ``ProtocolError`` instead.
    """

    __slots__ = (
        "_begin",
        "_data",
        "_end",
        "_peeked",
        "_position",
        "backup_acks",
        "correlation_id",
        "flags",
        "is_event",
        "type",
    )

    def __init__(
        self,
        data: bytes,
        begin: int,
        end: int,
        flags: int,
        type: int,  # noqa: A002 - the protocol's word
        correlation_id: int,
        backup_acks: int,
    ) -> None:
        """Make a message from bytes whose frames were checked; only ``FrameReader`` does.

        Args:
            data: Bytes that contain the message.
            begin: Where it begins in them.
            end: Where it ends in them.
            flags: Of the first frame.
            type: What the message is; 0 is an error.
            correlation_id: Of the request that this message belongs to.
            backup_acks: How many backups acknowledge to the client; only answers have it.
        """
        self._data = data
        self._begin = self._position = begin
        self._end = end
        self._peeked: Frame | None = None
        self.flags = flags
        self.type = type
        self.correlation_id = correlation_id
        self.backup_acks = backup_acks
        self.is_event = flags & _ANY_EVENT != 0

    @property
    def partition(self) -> int:
        """The partition that a request is for, -1 for none.

        Raises:
            ProtocolError: The first frame is too short for a request.
        """
        length = _read_frame_header(self._data, self._begin)[0]
        if length < _REQUEST_HEADER_SIZE:
            raise ProtocolError(f"request {self.type:#08x} begins with a frame of {length} bytes")
        partition: int = _PARTITION.unpack_from(self._data, self._begin + _PARTITION_OFFSET)[0]
        return partition

    def next_frame(self) -> Frame:
        """Return the next frame and move on.

        Raises:
            ProtocolError: There is none: the message is shorter than its reader expects.
        """
        frame = self._peeked
        if frame is not None:
            self._peeked = None
            return frame
        position = self._position
        if position >= self._end:
            raise ProtocolError(f"message {self.type:#08x} ends where another frame is expected")
        length, flags = _read_frame_header(self._data, position)
        self._position = end = position + length
        return Frame(self._data[position + 6 : end], flags)

    def peek_next_frame(self) -> Frame:
        """Return the next frame and stay.

        Raises:
            ProtocolError: There is none.
        """
        frame = self._peeked
        if frame is None:
            frame = self._peeked = self.next_frame()
        return frame

    def has_next_frame(self) -> bool:
        """Say whether a frame is left."""
        return self._peeked is not None or self._position < self._end

    def reset_next_frame(self) -> None:
        """Go back to the first frame."""
        self._position = self._begin
        self._peeked = None

    def again(self) -> Message:
        """Return the message with a cursor of its own, which is at the first frame."""
        return Message(self._data, self._begin, self._end, self.flags, self.type, self.correlation_id, self.backup_acks)

    def get_message_type(self) -> int:
        """Return ``type``, under the name that the official decoders use."""
        return self.type

    def get_correlation_id(self) -> int:
        """Return ``correlation_id``, under the official name."""
        return self.correlation_id

    def get_number_of_backup_acks(self) -> int:
        """Return ``backup_acks``, under the official name."""
        return self.backup_acks

    def __bytes__(self) -> bytes:
        return self._data[self._begin : self._end]

    def __repr__(self) -> str:
        return f"Message(type={self.type:#08x}, correlation_id={self.correlation_id}, {self._end - self._begin} bytes)"


class FrameReader:
    """Turns one connection's bytes into messages.

    Args:
        max_message_bytes: The longest message that is accepted, and the most that is kept of all messages together that
            arrive in fragments. It is compared with what a frame announces, before its content is kept.
        max_fragmented_messages: How many messages may be arriving in fragments at the same time.
    """

    def __init__(self, *, max_message_bytes: int = 256 * 1024 * 1024, max_fragmented_messages: int = 64) -> None:
        self._max_message_bytes = max_message_bytes
        self._max_fragmented_messages = max_fragmented_messages
        self._consumed = 0
        """Position in the connection's stream of the first byte that was not fed yet."""
        self._partial = bytearray()
        """What has arrived of a message that is not complete."""
        self._next = 0
        """Where in it the frame after the last known one begins."""
        self._last = 0
        """Where in it the last known frame begins."""
        self._final = False
        """The last known frame is the message's final one."""
        self._fragmented: dict[int, bytearray] = {}
        self._fragmented_bytes = 0

    def feed(self, data: bytes) -> list[Message]:
        """Take the bytes that arrived and return the messages that they complete, in order.

        Raises:
            ProtocolError: The bytes are no messages, or a limit is exceeded. The reader is of no use afterwards.
        """
        messages: list[Message] = []
        append = messages.append
        limit = self._max_message_bytes
        size = len(data)
        position = self._take(data, 0, messages) if self._partial else 0
        while position < size:
            # A whole, unfragmented message costs one turn of this loop; all else, errors included, is left to _take.
            while size - position >= 19:
                length, flags, message_type, correlation_id, backup_acks = _read_message_header(data, position)
                if length < 19 or flags & UNFRAGMENTED != UNFRAGMENTED:
                    break
                end = position + length
                frame_flags = flags
                while not frame_flags & FINAL and length >= 6 and size - end >= 6:
                    length, frame_flags = _read_frame_header(data, end)
                    end += length
                if length < 6 or end > size or end - position > limit or not frame_flags & FINAL:
                    break
                append(Message(data, position, end, flags, message_type, correlation_id, backup_acks))
                position = end
            if position < size:
                position = self._take(data, position, messages)
        self._consumed += size
        return messages

    def only(self, data: bytes) -> Message | None:
        """Return the message that bytes are if they are exactly one, whole and unfragmented, and nothing is before it.

        They are not taken by this: ``feed`` or ``skip`` them.
        """
        size = len(data)
        if self._partial or not 19 <= size <= self._max_message_bytes:
            return None
        length, flags, message_type, correlation_id, backup_acks = _read_message_header(data)
        if length < 19 or flags & UNFRAGMENTED != UNFRAGMENTED:
            return None
        end, frame_flags = length, flags
        while not frame_flags & FINAL and length >= 6 and size - end >= 6:
            length, frame_flags = _read_frame_header(data, end)
            end += length
        if length < 6 or end != size or not frame_flags & FINAL:
            return None
        return Message(data, 0, size, flags, message_type, correlation_id, backup_acks)

    def skip(self, data: bytes) -> int:
        """Take bytes that ``only`` has returned as a message; return how many."""
        self._consumed += len(data)
        return len(data)

    def _take(self, data: bytes, position: int, messages: list[Message]) -> int:
        """Add to the partial message what belongs to it, and finish it when it is complete.

        Every byte is copied once, however many pieces and frames a message has.

        Returns:
            Where in ``data`` the next message begins.
        """
        partial = self._partial
        while True:
            wanted = self._next if self._final else self._next + FRAME_HEADER_SIZE
            missing = wanted - len(partial)
            if missing > 0:
                piece = data[position : position + missing]
                partial += piece
                position += len(piece)
                if len(piece) < missing:
                    return position
            if self._final:
                self._finish(messages, self._consumed + position)
                return position
            self._announce(self._consumed + position - FRAME_HEADER_SIZE)

    def _announce(self, offset: int) -> None:
        """Read the header of the next frame of the partial message and check what it announces."""
        length, flags = _read_frame_header(self._partial, self._next)
        first_flags = _read_frame_header(self._partial, 0)[1]
        is_fragment = first_flags & UNFRAGMENTED != UNFRAGMENTED
        smallest = FRAME_HEADER_SIZE
        if self._next == 0:
            smallest = _FRAGMENT_HEADER.size if is_fragment else _MESSAGE_HEADER.size
        if length < smallest:
            which = "the first frame of a message" if self._next == 0 else "a frame"
            raise ProtocolError(f"{which} at byte {offset} announces {length} bytes; {smallest} is the least")
        announced = self._next + length + (self._fragmented_bytes if is_fragment else 0)
        if announced > self._max_message_bytes:
            raise ProtocolError(
                f"the frame at byte {offset} announces {length} bytes, which makes {announced} for one message or for "
                f"all that arrive in fragments; the limit is {self._max_message_bytes} (max_message_bytes)"
            )
        self._last = self._next
        self._next += length
        self._final = flags & FINAL != 0

    def _finish(self, messages: list[Message], offset: int) -> None:
        partial, last = self._partial, self._last
        self._partial = bytearray()
        self._next = self._last = 0
        self._final = False
        if _read_frame_header(partial, 0)[1] & UNFRAGMENTED == UNFRAGMENTED:
            messages.append(_whole_message(partial, offset))
        else:
            self._merge(partial, last, messages, offset)

    def _merge(self, fragment: bytearray, last: int, messages: list[Message], offset: int) -> None:
        """Add a fragment, whose last frame begins at ``last``, to its message."""
        length, flags, fragment_id = _FRAGMENT_HEADER.unpack_from(fragment)
        if last == 0:
            raise ProtocolError(f"the fragment that ends at byte {offset} has no frames (fragment id {fragment_id})")
        if flags & BEGIN_FRAGMENT:
            if fragment_id in self._fragmented:
                raise ProtocolError(f"fragment id {fragment_id} begins a second time at byte {offset}")
            if len(self._fragmented) >= self._max_fragmented_messages:
                raise ProtocolError(
                    f"{len(self._fragmented)} messages are arriving in fragments at byte {offset}, one more begins; "
                    "that many is the limit (max_fragmented_messages)"
                )
            self._fragmented[fragment_id] = bytearray()
        parts = self._fragmented.get(fragment_id)
        if parts is None:
            raise ProtocolError(f"a fragment of a message that never began ends at byte {offset} (id {fragment_id})")
        is_end = flags & END_FRAGMENT != 0
        if not is_end:
            # the frame ends its fragment, and is one in the middle of the message
            fragment[last + _FLAGS_OFFSET + 1] &= ~(FINAL >> 8) & 0xFF
        parts += memoryview(fragment)[length:]
        self._fragmented_bytes += len(fragment) - length
        if is_end:
            del self._fragmented[fragment_id]
            self._fragmented_bytes -= len(parts)
            messages.append(_whole_message(parts, offset))


def _whole_message(data: bytearray, offset: int) -> Message:
    first_length = _read_frame_header(data, 0)[0]
    if first_length < _MESSAGE_HEADER.size:
        raise ProtocolError(
            f"the message that ends at byte {offset} begins with a frame of {first_length} bytes; "
            f"{_MESSAGE_HEADER.size} is the least"
        )
    _, flags, message_type, correlation_id, backup_acks = _read_message_header(data)
    return Message(bytes(data), 0, len(data), flags, message_type, correlation_id, backup_acks)


def stamp(request: bytearray, correlation_id: int, partition_id: int, *, backup_aware: bool) -> None:
    """Write into a request what is known only when it is sent.

    Args:
        request: The encoded request.
        correlation_id: By which its answer and its events are recognised.
        partition_id: The partition that it goes to, -1 for none.
        backup_aware: Let the backups of what it changes acknowledge to the client; else the member answers only when
            they have applied it.
    """
    _write_stamp(request, _CORRELATION_ID_OFFSET, correlation_id, partition_id)
    if backup_aware:
        request[_FLAGS_OFFSET + 1] |= BACKUP_AWARE >> 8
    else:  # it may have been sent before
        request[_FLAGS_OFFSET + 1] &= ~BACKUP_AWARE >> 8


def message_type(request: bytearray) -> int:
    """Return the number of what an encoded request asks for."""
    return int.from_bytes(request[_TYPE_OFFSET : _TYPE_OFFSET + 4], "little")


def fragments(message: bytes, max_bytes: int, fragment_id: int) -> list[bytes]:
    """Split a message into fragments.

    The protocol splits between frames only: a frame that is longer than ``max_bytes`` travels in a longer fragment, and
    a message of one frame can't be split.

    Args:
        message: The encoded message.
        max_bytes: How long a fragment should be at most, its own header included.
        fragment_id: Tells the fragments of this message from those of others on the same connection.

    Returns:
        The fragments in the order in which they have to be sent, or the message itself when it needs no splitting.
    """
    if len(message) <= max_bytes:
        return [message]
    groups: list[list[bytes]] = []
    room = 0
    position = 0
    while position < len(message):
        length = _read_frame_header(message, position)[0]
        if not groups or length > room:
            groups.append([])
            room = max_bytes - _FRAGMENT_HEADER.size
        groups[-1].append(message[position : position + length])
        room -= length
        position += length
    if len(groups) == 1:
        return [message]
    last = len(groups) - 1
    return [
        _fragment(group, fragment_id, (BEGIN_FRAGMENT if i == 0 else 0) | (END_FRAGMENT if i == last else 0))
        for i, group in enumerate(groups)
    ]


def _fragment(frames: list[bytes], fragment_id: int, flags: int) -> bytes:
    length, last_flags = _read_frame_header(frames[-1])
    final = _FRAME_HEADER.pack(length, last_flags | FINAL) + frames[-1][FRAME_HEADER_SIZE:]
    return b"".join((_FRAGMENT_HEADER.pack(_FRAGMENT_HEADER.size, flags, fragment_id), *frames[:-1], final))
