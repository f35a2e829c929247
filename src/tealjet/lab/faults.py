"""A TCP proxy in front of a member that fails on command: resets, refused connections, silence, slowness, half a frame.

What a signal to the member's process cannot show, a network can do: swallow bytes while connections stand, tell one
side of an end and not the other, or refuse one client and serve another. The proxy runs on a thread of its own, so
blocking programs can use it like asyncio ones. It passes bytes on and must not know what they mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import math
import socket
import struct
import sys
import termios
from collections.abc import Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Any

from tealjet.lab._loops import start_loop
from tealjet.lab._ports import HOST, reserve_port
from tealjet.lab.ways import Conditions, Direction, End, Ending, Way

__all__ = ["FaultProxy"]

_CHUNK = 65536
_ON_THE_WAY = 1024
"""So many chunks are on their way in one direction of a connection at most; then the sender has to wait."""
_TICK = 0.02
"""A limited direction passes as much as its limit allows in this time (seconds), then pauses."""


class FaultProxy(Way):
    """A proxy on 127.0.0.1 in front of one address; for ``with`` and ``async with``, once.

    A black hole takes all bytes: new connections are accepted, and what was swallowed is lost; what the proxy has not
    read yet when it ends is not. Half a connection stays until the next ``drop``, and with a limit a sender that has
    more has to wait.

    The verbs work from any thread and return when the fault is in place. They take well under a millisecond, so they
    may be called on an event loop.
    """

    def __init__(self, target: str) -> None:
        """Prepare the proxy; nothing listens before it is entered.

        Args:
            target: Host and port of what stands behind it, such as a member's ``address`` or another proxy's.
        """
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._stack = contextlib.ExitStack()

    @property
    def address(self) -> str:
        """Host and port of the proxy, once it is entered; they do not change."""
        return f"{HOST}:{self._port}"

    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Accept new connections again, at the same address."""
        self._run(self._accept())

    def __enter__(self) -> FaultProxy:
        with contextlib.ExitStack() as stack:
            self._loop = start_loop(stack, "fault-proxy")
            self._port = reserve_port(stack)
            self._network = _Network(self._loop, self._target)
            self._listener: socket.socket | None = None
            self._dropping = asyncio.Lock()
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

    def _drop(self, end: End) -> None:
        self._run(self._end_connections(end))

    async def _end_connections(self, end: End) -> None:
        async with self._dropping:
            self._take_connections()
            await asyncio.gather(*(connection.end(end) for connection in self._network.connections))

    def _change(self, direction: Direction, **values: Any) -> None:
        self._run(self._change_conditions(direction, values))

    async def _change_conditions(self, direction: Direction, values: dict[str, Any]) -> None:
        self._take_connections()
        self._network.change(direction, **values)

    def _take_connections(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._listener is not None:
                _Connection(self._network, self._listener.accept()[0])


class _Network:
    """What all connections have in common."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: tuple[str, int]) -> None:
        self.loop = loop
        self.target = target
        self.connections: set[_Connection] = set()
        self.conditions = {one: Conditions() for one in Direction}
        self.changed: asyncio.Future[None] = loop.create_future()

    def change(self, direction: Direction, **values: Any) -> None:
        for one in direction:
            self.conditions[one] = replace(self.conditions[one], **values)
        changed, self.changed = self.changed, self.loop.create_future()
        changed.set_result(None)

    async def passing(self, direction: Direction) -> None:
        """Wait until the direction is no black hole."""
        while not self.conditions[direction].passing:
            await asyncio.shield(self.changed)


class _Connection:
    """A client's socket and the one to the member behind it, until both are closed."""

    def __init__(self, network: _Network, client: socket.socket) -> None:
        self._network = network
        self._loop = network.loop
        self._ends = {Direction.TO_CLIENT: client, Direction.TO_MEMBER: socket.socket()}
        for end in self._ends.values():
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        network.connections.add(self)
        self._work = self._start(self._pass_on())

    async def end(self, end: End) -> None:
        """End it for one side or both."""
        work = self._work
        work.cancel()
        await asyncio.wait([work])
        await asyncio.sleep(0)  # if it has come to an end of its own in this moment, that has now been seen to
        if work.cancelled():
            self._finish(end)
        elif self._ends:
            await self.end(end)

    def _start(self, work: Coroutine[Any, Any, End]) -> asyncio.Task[End]:
        task = self._loop.create_task(work)
        task.add_done_callback(lambda task: None if task.cancelled() else self._finish(task.result()))
        return task

    def _finish(self, end: End) -> None:
        """Close the sockets of the sides that are told; what stays open swallows what comes."""
        for side in end.told:
            if side in self._ends:
                _close(self._ends.pop(side), end.ending)
        if self._ends:
            self._work = self._start(self._swallow())
        else:
            self._network.connections.discard(self)

    async def _swallow(self) -> End:
        (end,) = self._ends.values()
        with contextlib.suppress(OSError):
            while await self._loop.sock_recv(end, _CHUNK):
                pass
        return End(Direction.BOTH, Ending.CLOSE)

    async def _pass_on(self) -> End:
        """Connect with the member and pass bytes on until a side ends; return how."""
        try:
            await self._loop.sock_connect(self._ends[Direction.TO_MEMBER], self._network.target)
        except OSError:
            return End(Direction.BOTH, Ending.RESET)
        flows = [asyncio.create_task(self._flow(direction)) for direction in Direction]
        try:
            ended, _ = await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
            return ended.pop().result()
        finally:
            await _cancel(*flows)

    async def _flow(self, direction: Direction) -> End:
        """Pass on what goes in one direction, until it ends or is cut."""
        wire: asyncio.Queue[tuple[float, bytes | Ending]] = asyncio.Queue(_ON_THE_WAY)
        filling = asyncio.create_task(self._put_on(wire, direction))
        try:
            return await self._take_off(wire, direction)
        finally:
            await _cancel(filling)

    async def _put_on(self, wire: asyncio.Queue[tuple[float, bytes | Ending]], direction: Direction) -> None:
        data: bytes | Ending = b""
        while not isinstance(data, Ending):
            try:
                data = await self._loop.sock_recv(self._ends[~direction], _CHUNK) or Ending.CLOSE
            except OSError:
                data = Ending.RESET
            await wire.put((self._loop.time() + self._network.conditions[direction].delay, data))

    async def _take_off(self, wire: asyncio.Queue[tuple[float, bytes | Ending]], direction: Direction) -> End:
        network, sink = self._network, self._ends[direction]
        cut, passed = None, 0
        while True:
            due, data = await wire.get()
            await asyncio.sleep(due - self._loop.time())
            if isinstance(data, Ending):
                await network.passing(direction)  # a black hole does not let the end of a connection through either
                return End(Direction.BOTH, data)
            while data and (now := network.conditions[direction]).passing:
                if now.cut is not cut:
                    cut, passed = now.cut, 0
                room = min(now.rate * _TICK, math.inf if cut is None else cut.after - passed)
                size = max(1, int(min(room, len(data))))
                piece, data = data[:size], data[size:]
                with contextlib.suppress(OSError):  # that the sink has ended is told by the other direction, if at all
                    await self._loop.sock_sendall(sink, piece)
                passed += size
                if cut is not None and passed == cut.after:
                    await _delivered(sink)
                    return cut.end
                await asyncio.sleep(size / now.rate)


def _close(end: socket.socket, ending: Ending) -> None:
    if ending is Ending.RESET:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        with contextlib.suppress(OSError):  # a socket that is closed with unread bytes would reset
            while end.recv(_CHUNK):
                pass
    end.close()


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _delivered(end: socket.socket) -> None:
    """Wait until the other system has what was sent: a reset would overtake the rest."""

    def left() -> bool:
        return bool(struct.unpack("i", fcntl.ioctl(end, termios.TIOCOUTQ, bytes(4)))[0])

    while sys.platform == "linux" and left():  # noqa: ASYNC110 - the system has no event for it
        await asyncio.sleep(0.001)
