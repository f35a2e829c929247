"""Carries embedded members over sockets of this machine, on one event loop."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import cast

from tealjet.lab.embedded.places import Accept, Door
from tealjet.lab.embedded.session import PlayedSession
from tealjet.protocol.values import Address

__all__ = ["Sockets"]

_RESET = struct.pack("ii", 1, 0)
_AT_ONCE = 100
"""So many connections are accepted before the loop does something else."""
_PAUSE = 0.1
"""Seconds until a process that could not accept a connection tries again."""


class Sockets:
    """Brings connections over sockets."""

    def door(self, host: str, port: int, accept: Accept) -> Door:
        """Return the door at an address of this machine."""
        return _SocketDoor(host, port, accept)


class _SocketDoor:
    """Accepts by itself: a server of asyncio that is closed loses a connection that it has just accepted, unclosed."""

    def __init__(self, host: str, port: int, accept: Accept) -> None:
        self.accept = accept
        self.wires: set[_SocketWire] = set()
        """Each from the moment in which it is accepted until its socket is closed."""
        self._address = host, port
        self._listener: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        return self._listener is not None

    async def open(self) -> None:
        if self._listener is None:
            family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            self._listener = socket.create_server(self._address, family=family, backlog=1024)
            self._listener.setblocking(False)
            self._listen(self._listener)

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()

    def _listen(self, listener: socket.socket) -> None:
        if listener is self._listener:
            asyncio.get_running_loop().add_reader(listener, self._take, listener)

    def _take(self, listener: socket.socket) -> None:
        """Accept the connections that wait."""
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                connection, _address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # no descriptor is free
                loop.remove_reader(listener)
                loop.call_later(_PAUSE, self._listen, listener)
                return
            connection.setblocking(False)
            _SocketWire(self, connection)

    async def end_connections(self, within: float) -> None:
        await asyncio.gather(*(wire.opening for wire in self.wires))
        if self.wires and within > 0:
            await asyncio.wait([wire.closed for wire in self.wires], timeout=within)
        while self.wires:
            for wire in tuple(self.wires):
                wire.abort()
            await asyncio.wait([wire.closed for wire in self.wires])


class _SocketWire(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, door: _SocketDoor, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._door = door
        door.wires.add(self)
        self.opening = loop.create_task(loop.connect_accepted_socket(lambda: self, connection))
        self._session: PlayedSession | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        peer = transport.get_extra_info("peername")  # None when the client has reset the connection already
        if peer is not None and self._door.is_open:  # it may have closed since the connection was accepted
            self._session = self._door.accept(self, Address(host=peer[0], port=peer[1]))
        if self._session is None:
            self._transport.abort()
        else:
            self._receive = self._session.receive

    def data_received(self, data: bytes) -> None:
        self._receive(data)

    def eof_received(self) -> None:
        """The client has closed its side; asyncio closes this one then."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.wires.discard(self)
        self.closed.set_result(None)
        if self._session is not None:
            self._session.lost()

    # ----------------------------------------------------------------------------------------- what a session asks for

    def send(self, data: bytes) -> int:
        self._transport.write(data)
        return self._transport.get_write_buffer_size()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def reset(self) -> None:
        if not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
