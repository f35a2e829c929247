"""One TCP connection to one member: bytes in, messages out, and a send queue that knows what has left it.

A connection knows nothing of clusters, calls or failover. It tells its link of messages and of its end, each exactly
once, on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from tealjet.failover.model import Cause
from tealjet.protocol.errors import PeerSpeaksTlsError, ProtocolError
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.values import Address
from tealjet.runtime import Runtime

if TYPE_CHECKING:
    from tealjet.engine.link import Link

__all__ = ["Connection"]

_PREAMBLE = b"CP2"
_MOST_AT_ONCE = 65_536
"""Bytes that a caller's thread reads at most; a longer answer is left to the loop."""
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""How an alert and a handshake begin; as the length of a first frame they would be far too much."""


class Connection(asyncio.Protocol):
    """A connection that is open from the moment it exists until ``on_closed``.

    The attributes without an underscore up to ``start_time`` are also what the official SQL, transaction and statistics
    code reads of a connection.
    """

    def __init__(self, runtime: Runtime, link: Link, max_message_bytes: int) -> None:
        """Make the connection; asyncio opens it by ``connection_made``."""
        self.live = True
        self.remote_uuid: uuid.UUID | None = None
        self.remote_address: object = None
        self.local_address: Address | None = None
        self.start_time = runtime.wall()
        self.last_read = runtime.now()
        """When anything but events came: those go on when the member hears this side no more."""
        self.heard = 0
        """How often."""
        self.bytes_received = self.bytes_sent = 0
        self.endpoint: tuple[str, int] = ("?", 0)
        """Numeric address and port of the other end."""
        self.peer = "?"
        """The same for people."""
        self._runtime = runtime
        self._now: Callable[[], float] = runtime.now
        self.link = link
        """Whom this connection belongs to, and who is told of messages and of the end."""
        self._reader = FrameReader(max_message_bytes=max_message_bytes)
        self._feed = self._feed_first
        self._unsent: list[bytearray] = []
        self.descriptor = -1
        """What a caller's thread writes to and reads from, while that is lent to it."""
        self._posted: list[bytearray] = []
        """The request that a caller's thread is sending."""
        self._written: list[int] = []
        """How much of it is sent."""
        self._unread: list[bytes] = []
        """What a caller's thread has read and the connection has not taken."""
        self._transport: asyncio.Transport
        self.ended_by: Exception | None = None
        """What the transport or the bytes ended it with; None for an end in good order and one by this side."""

    # ------------------------------------------------------------------------------------------------ asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport and greet the member."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        peer = transport.get_extra_info("peername")
        if peer is not None:  # it is None when the other end has reset the connection already; the transport will tell
            host, port = self.endpoint = peer[:2]
            self.peer = f"{host}:{port}"
        host, port = transport.get_extra_info("sockname")[:2]
        self.local_address = Address(host=host, port=port)
        self._transport.write(_PREAMBLE)

    def data_received(self, data: bytes) -> None:
        """Turn bytes into messages; malformed ones end the connection."""
        self.bytes_received += len(data)
        try:
            messages = self._feed(data)
            if not messages or not (messages[-1].is_event and all(message.is_event for message in messages)):
                self.last_read = self._now()
                self.heard += 1
            if messages:
                self.link.on_messages(self, messages)
        except ProtocolError as error:
            self.ended_by = error
            self.close(Cause.PROTOCOL, f"{self.peer} sent malformed bytes: {error}")

    def _feed_first(self, data: bytes) -> list[Message]:
        if data.startswith(_TLS_RECORDS):
            raise PeerSpeaksTlsError("a TLS record instead of a message")
        self._feed = self._reader.feed
        return self._feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self.ended_by = self.ended_by or exc
        self.close(Cause.CLOSED, f"{self.peer} closed the connection" + (f" ({exc})" if exc else ""))

    # ----------------------------------------------------------------------------------------------- the engine's side

    def send(self, request: bytearray, *, lone: bool) -> None:
        """Send a request: at once when nothing else is under way, else together with all of this turn of the loop.

        Args:
            request: The whole message; it must not change until the answer has come or the connection has closed.
            lone: No answer is awaited on the link, so waiting for more to send would only cost time.
        """
        if lone and not self._unsent:
            self.bytes_sent += len(request)
            self._transport.write(request)
            return
        if not self._unsent:
            self._runtime.call_soon(self._flush)
        self._unsent.append(request)

    def _flush(self) -> None:
        if not self.live:
            return
        unsent, self._unsent = self._unsent, []
        data = unsent[0] if len(unsent) == 1 else b"".join(unsent)
        self.bytes_sent += len(data)
        self._transport.write(data)

    def unsent(self) -> frozenset[int]:
        """Return the ``id()`` of each request that has not been handed to the network."""
        return frozenset(map(id, self._unsent))

    def close(self, cause: Cause, detail: str) -> None:
        """Close without waiting for anything; harmless when it is closed."""
        self._take_unread()  # what came before the end counts
        if not self.live:
            return
        self.live = False
        self._transport.abort()
        self.link.on_closed(self, cause, detail)

    # ---------------------------------------------------------- what is lent to a caller's thread while the loop sleeps

    @property
    def lendable(self) -> bool:
        """Say whether bytes are messages here as they come from the network, and not those of TLS."""
        return self._transport.get_extra_info("sslcontext") is None

    @property
    def idle(self) -> bool:
        """Say whether all that was to be sent is with the network."""
        return self.live and not self._unsent and not self._posted and not self._transport.get_write_buffer_size()

    def lend(self) -> int:
        """Stop reading; return the descriptor to read from instead."""
        self._transport.pause_reading()
        self.descriptor = self._transport.get_extra_info("socket").fileno()
        return self.descriptor

    def take_back(self) -> None:
        """Read again, beginning with what a caller's thread has read and left."""
        if self.live:
            self._transport.resume_reading()
            try:
                self._take_unread()
            except Exception:
                self._transport.abort()  # as the transport does itself when what it has read breaks its reader
                raise

    def _take_unread(self) -> None:
        unread, self._unread = self._unread, []
        for data in unread:
            if data and self.live:  # an empty one is the end, which the loop will meet
                self.data_received(data)

    def finish_sending(self) -> None:
        """Send what a caller's thread has not sent of its request."""
        if self._posted and self.live:
            rest = self._posted.pop()[sum(self._written) :]
            self.bytes_sent += len(rest)
            self._transport.write(rest)

    # The caller's thread does the following in the loop's turn, and may be interrupted at any point. What it writes
    # and reads is therefore stored by the same instruction that writes or reads it.

    def post(self, request: bytearray) -> None:
        """Take a request: from here on it is sent, by whoever has the next turn."""
        self._written.clear()
        self._posted.append(request)

    def send_posted(self) -> bool:
        """Send it; False when something of it is left to the loop."""
        request = self._posted[0]
        with contextlib.suppress(OSError):  # the loop tries again and is told why
            self._written.extend(map(os.write, (self.descriptor,), (request,)))
        if self._written != [len(request)]:
            return False
        self.bytes_sent += len(request)
        self._posted.clear()
        return True

    def read_answer(self, correlation_id: int) -> Message | None:
        """Read; return the answer to a call if it is all that came, and keep what came until it is forgotten."""
        with contextlib.suppress(OSError):  # the loop will meet the end of the connection
            self._unread.extend(map(os.read, (self.descriptor,), (_MOST_AT_ONCE,)))
        if len(self._unread) != 1:
            return None
        message = self._reader.only(self._unread[0])
        return None if message is None or message.is_event or message.correlation_id != correlation_id else message

    def forget_answer(self) -> None:
        """Let go of what was read; it was the answer that was asked for."""
        self.bytes_received += self._reader.skip(self._unread[0])
        self.last_read = self._now()
        self.heard += 1
        self._unread.clear()

    def __repr__(self) -> str:
        return f"Connection({self.peer}, {'live' if self.live else 'closed'})"
