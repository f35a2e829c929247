"""A TCP proxy in front of a member that fails on command: resets, refused connections, silence.

What a signal to the member's process cannot show, a network can do: swallow bytes while connections stand, or refuse
one client and serve another. The proxy runs on a thread of its own, so blocking programs can use it like asyncio ones.
It passes bytes on and must not know what they mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

from tealjet.lab._ports import HOST, reserve_port

__all__ = ["FaultProxy"]


class FaultProxy:
    """A proxy on 127.0.0.1 in front of one address; for ``with`` and ``async with``, once.

    Its verbs work from any thread, return when the fault is in place, and can be combined. They take well under a
    millisecond, so they may be called on an event loop.
    """

    def __init__(self, target: str) -> None:
        """Prepare the proxy; nothing listens before it is entered.

        Args:
            target: Host and port of what stands behind it, such as a member's ``address``.
        """
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._stack = contextlib.ExitStack()

    @property
    def address(self) -> str:
        """Host and port of the proxy, once it is entered; they do not change."""
        return f"{HOST}:{self._port}"

    def drop(self) -> None:
        """Reset all connections, in both directions; new ones are still accepted."""
        self._run(self._drop())

    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Accept new connections again, at the same address."""
        self._run(self._accept())

    def black_hole(self) -> None:
        """Swallow all bytes and ends of both directions; connections stand and new ones are accepted."""
        self._run(self._set_passing(False))

    def pass_through(self) -> None:
        """Pass bytes on again; those that were swallowed are lost."""
        self._run(self._set_passing(True))

    def __enter__(self) -> FaultProxy:
        with contextlib.ExitStack() as stack:
            self._loop = asyncio.new_event_loop()
            stack.callback(self._loop.close)
            thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._loop.call_soon_threadsafe, self._loop.stop)
            self._port = reserve_port(stack)
            self._passing = asyncio.Event()
            self._connections: set[asyncio.Task[None]] = set()
            self._listener: socket.socket | None = None
            self._dropped: asyncio.Future[None] = self._loop.create_future()
            self.pass_through()
            self.accept()
            stack.callback(self.drop)
            stack.callback(self.refuse)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    async def __aenter__(self) -> FaultProxy:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _accept(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server((HOST, self._port))
            self._listener.setblocking(False)
            self._loop.add_reader(self._listener, self._take_connections)

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._take_connections()  # what the system has accepted for this proxy stands already
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    async def _drop(self) -> None:
        self._take_connections()
        self._dropped.set_result(None)
        self._dropped = self._loop.create_future()
        await asyncio.gather(*self._connections)

    async def _set_passing(self, passing: bool) -> None:
        if passing:
            self._passing.set()
        else:
            self._passing.clear()

    def _take_connections(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._listener is not None:
                client, _ = self._listener.accept()
                connection = self._loop.create_task(self._serve(client, self._dropped))
                self._connections.add(connection)
                connection.add_done_callback(self._connections.discard)

    async def _serve(self, client: socket.socket, dropped: asyncio.Future[None]) -> None:
        """Pass one connection on until a side ends it or all are dropped; end the other side in the same way."""
        target = socket.socket()
        for end in (client, target):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = asyncio.create_task(self._link(client, target))
        await asyncio.wait((link, dropped), return_when=asyncio.FIRST_COMPLETED)
        link.cancel()
        (error,) = await asyncio.gather(link, return_exceptions=True)
        for end in (client, target):
            if error:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
            end.close()

    async def _link(self, client: socket.socket, target: socket.socket) -> None:
        """Connect with the target and pass bytes on until a side ends; raises OSError when it was reset."""
        await self._loop.sock_connect(target, self._target)
        pumps = [asyncio.create_task(self._pump(*ends)) for ends in ((client, target), (target, client))]
        try:
            ended, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in ended:
                pump.result()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        while data := await self._loop.sock_recv(source, 65536):
            if self._passing.is_set():
                await self._loop.sock_sendall(sink, data)
        await self._passing.wait()  # a black hole does not let the end of a connection through either
