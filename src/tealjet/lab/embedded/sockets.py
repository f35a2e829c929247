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


class Sockets:
    """Brings connections over sockets."""

    def door(self, host: str, port: int, accept: Accept) -> Door:
        """Return the door at an address of this machine."""
        return _SocketDoor(host, port, accept)


class _SocketDoor:
    def __init__(self, host: str, port: int, accept: Accept) -> None:
        self.accept = accept
        self.wires: set[_SocketWire] = set()
        """Each until its socket is closed."""
        self._address = host, port
        self._server: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        if self._server is None:
            family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            listener = socket.create_server(self._address, family=family, backlog=1024)
            self._server = await asyncio.get_running_loop().create_server(lambda: _SocketWire(self), sock=listener)

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def end_connections(self, within: float) -> None:
        if self.wires and within > 0:
            await asyncio.wait([wire.closed for wire in self.wires], timeout=within)
        while self.wires:
            for wire in tuple(self.wires):
                wire.abort()
            await asyncio.wait([wire.closed for wire in self.wires])


class _SocketWire(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, door: _SocketDoor) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._door = door
        self._session: PlayedSession | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        peer = transport.get_extra_info("peername")  # None when the client has reset the connection already
        self._door.wires.add(self)
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
