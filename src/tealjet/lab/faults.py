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
            self._server: asyncio.Server | None = None
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
        if self._server is None:
            self._server = await asyncio.start_server(self._opened, HOST, self._port, reuse_address=True)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _drop(self) -> None:
        connections = tuple(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted transport closes its socket in the loop's next turn

    async def _set_passing(self, passing: bool) -> None:
        if passing:
            self._passing.set()
        else:
            self._passing.clear()

    def _opened(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self._loop.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it; end the other side in the same way."""
        writers = [writer]
        pumps: set[asyncio.Task[None]] = set()
        try:
            from_target, to_target = await asyncio.open_connection(*self._target)
            writers.append(to_target)
            pumps = {
                asyncio.create_task(self._pump(reader, to_target)),
                asyncio.create_task(self._pump(from_target, writer)),
            }
            ended, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in ended:
                pump.result()
            for each in writers:
                each.close()
            for each in writers:
                await each.wait_closed()
        except OSError:
            pass  # reset by one side: reset the other
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in writers:
                _reset(each)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self._passing.is_set():
                writer.write(data)
                await writer.drain()
        await self._passing.wait()  # a black hole does not let the end of a connection through either


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset; harmless when it has ended."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
