"""The seam to the world: time, timers, names, connections, chance. Engine and controller use nothing else of it.

A test or a simulation hands in another runtime, and the same engine runs on virtual time over a simulated network. The
one here is asyncio's. It must not know what the engine does with it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import ipaddress
import logging
import os
import random
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

__all__ = ["AsyncioRuntime", "Handle", "LoopWaker", "Runtime", "SocketOptions", "Tls", "Waker"]


_log = logging.getLogger("tealjet")

_NO_LIMIT = 86_400.0
"""Seconds for asyncio's own limit of a TLS handshake, which can't be turned off: the caller has one."""

T = TypeVar("T")

SocketOptions = Sequence[tuple[int, int, int | bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """What makes a connection a TLS connection."""

    context: ssl.SSLContext
    server_name: str
    """What the other side's certificate has to be for, if the context checks names."""


class Handle(Protocol):
    """Something under way that can be ended."""

    def cancel(self) -> object:
        """End it; harmless when it has ended."""


class Waker(Protocol):
    """Makes a loop call back."""

    def wake(self) -> None:
        """Do it; from any thread. Harmless when the loop is closed."""
        ...

    def close(self) -> None:
        """End it, on the loop."""
        ...


class Runtime(Protocol):
    """What the engine needs of the world. Times are seconds; all methods but ``call_soon_threadsafe`` on the loop."""

    def now(self) -> float:
        """Monotonic time in seconds."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def uuid(self) -> uuid.UUID:
        """A random UUID."""
        ...

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Handle:
        """Call back at a monotonic time."""
        ...

    def call_soon(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call back in the next turn of the loop."""
        ...

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> Handle:
        """As call_soon, from any thread. Raises RuntimeError when the loop is closed."""
        ...

    def waker(self, callback: Callable[[], object]) -> Waker:
        """Return what makes the loop call back soon, from any thread and as cheaply as the platform can."""
        ...

    def on_loop(self) -> bool:
        """Say whether the caller runs on the engine's loop."""
        ...

    def future(self) -> asyncio.Future[Any]:
        """Make a future of the engine's loop."""
        ...

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background; the runtime keeps the task alive until it ends."""
        ...

    async def resolve(self, host: str) -> list[str]:
        """Return all numeric addresses of a host. Raises OSError. Time limits are the caller's."""
        ...

    async def connect(
        self,
        factory: Callable[[], asyncio.Protocol],
        host: str,
        port: int,
        options: SocketOptions,
        tls: Tls | None = None,
        *,
        local_ports: Sequence[int] = (),
    ) -> asyncio.Transport:
        """Open a TCP connection to a numeric address, and TLS over it if that is given.

        ``factory`` is called when TCP is connected; what it makes is told of the connection when TLS is, too. With
        ``local_ports`` the first free one of them is this end's. Raises OSError. Time limits are the caller's.
        """
        ...

    async def in_thread(self, name: str, question: Callable[[], T]) -> T:
        """Return what a function returns that may block, from a thread of its own. Time limits are the caller's."""
        ...


class AsyncioRuntime:
    """An event loop, the machine's clocks and network."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Take a loop, the one that is running if none is given."""
        self.loop = asyncio.get_running_loop() if loop is None else loop
        self.now = self.loop.time
        self.wall = time.time
        self.random = random.SystemRandom().random
        self.uuid = uuid.uuid4
        self.call_at = self.loop.call_at
        self.call_soon = self.loop.call_soon
        self.call_soon_threadsafe = self.loop.call_soon_threadsafe
        self.future = self.loop.create_future
        self._tasks: set[asyncio.Task[Any]] = set()

    def waker(self, callback: Callable[[], object]) -> Waker:
        """Return a waker of this loop."""
        if hasattr(os, "eventfd"):
            with contextlib.suppress(NotImplementedError):  # a loop that can't watch descriptors
                return _EventWaker(self.loop, callback)
        return LoopWaker(self.loop, callback)

    def on_loop(self) -> bool:
        """Say whether the caller runs on this runtime's loop."""
        return asyncio._get_running_loop() is self.loop

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background and keep a reference to it until it ends."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:  # whoever waits for it is told; the log knows too
            _log.debug("a task in the background ended with an error", exc_info=task.exception())

    async def resolve(self, host: str) -> list[str]:
        """Return all numeric addresses of a host, IPv4 and IPv6, in the resolver's order."""
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        try:
            infos = await self.in_thread(
                f"resolve-{host}", lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            )
        except ValueError as error:  # not even a question that can be asked
            raise OSError(str(error)) from error
        return list(dict.fromkeys(str(info[4][0]) for info in infos))

    async def in_thread(self, name: str, question: Callable[[], T]) -> T:
        """Run a function on a daemon thread, and not by the loop's executor: a function that hangs hangs no exit."""
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()
        answer.set_running_or_notify_cancel()

        def ask() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name=f"tealjet-{name}", daemon=True).start()
        return await asyncio.wrap_future(answer)

    async def connect(
        self,
        factory: Callable[[], asyncio.Protocol],
        host: str,
        port: int,
        options: SocketOptions,
        tls: Tls | None = None,
        *,
        local_ports: Sequence[int] = (),
    ) -> asyncio.Transport:
        """Open a connection without Nagle's delay, and with the socket options that were asked for."""
        to: dict[str, Any] = {"host": host, "port": port}
        if local_ports:
            to = {"sock": await self._from_one_of(local_ports, host, port)}
        if tls is not None:
            to |= {"ssl": tls.context, "server_hostname": tls.server_name, "ssl_handshake_timeout": _NO_LIMIT}
        transport, _ = await self.loop.create_connection(factory, **to)
        with contextlib.suppress(OSError):  # the peer may have closed it already; the protocol will tell
            for option in [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), *options]:
                transport.get_extra_info("socket").setsockopt(*option)
        return transport

    async def _from_one_of(self, local_ports: Sequence[int], host: str, port: int) -> socket.socket:
        """Return a socket that is connected from the first local port that is free for it."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for local_port in local_ports:
            end = socket.socket(family, socket.SOCK_STREAM)
            try:
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                end.bind(("", local_port))
                await self.loop.sock_connect(end, (host, port))
            except OSError as error:
                end.close()
                # the port is taken, or its last connection to there is not forgotten yet
                if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                    raise
            except BaseException:
                end.close()
                raise
            else:
                return end
        raise OSError(errno.EADDRINUSE, f"none of the {len(local_ports)} local ports that may be used is free")


class LoopWaker:
    """By the loop's own means."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
        self._loop = loop
        self._callback = callback

    def wake(self) -> None:
        """Make the loop call back soon; nothing when the loop is closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._callback)

    def close(self) -> None:
        """There is nothing to close."""


class _EventWaker:
    """By an event descriptor: one short write and one short read, where the loop's own means take twice as many."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
        self._loop = loop
        self._callback = callback
        self._event: _Event | None = _Event()
        loop.add_reader(self._event.descriptor, self._woken)

    def wake(self) -> None:
        # without a lock: whatever interrupts this, as a handler of a signal does, may wake the loop or close this too
        event = self._event
        if event is not None:
            os.eventfd_write(event.descriptor, 1)

    def _woken(self) -> None:
        if self._event is not None:
            os.eventfd_read(self._event.descriptor)
            self._callback()

    def close(self) -> None:
        event, self._event = self._event, None
        if event is not None:
            self._loop.remove_reader(event.descriptor)


class _Event:
    """An event descriptor, closed when nobody uses it any more: its number may be somebody else's afterwards."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def __del__(self) -> None:
        descriptor = getattr(self, "descriptor", None)
        if descriptor is not None:
            os.close(descriptor)
