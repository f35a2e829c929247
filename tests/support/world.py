"""A network as a test wants it: names and addresses that lead elsewhere, or nowhere, from one moment to the next."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Sequence

from support.clusters import Events
from tealjet.runtime import AsyncioRuntime, SocketOptions, Tls


class Trouble(enum.Enum):
    FAILS = "an error at once"
    HANGS = "no answer ever"


class World:
    """What clients see instead of the machine's resolver, and of its network where a route says so.

    Addresses without a route are themselves; use those of 192.0.2.0/24, which nobody has, for the others.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, list[str] | Trouble] = {}
        """What a name resolves to; numeric addresses and names that are not here resolve as they do anyway."""
        self.routes: dict[tuple[str, int], str | Trouble] = {}
        """For an address and port what is really there, as host:port."""
        self.asked = Events()
        """Each name that was asked for."""
        self.tried = Events()
        """Each address, as host:port, that a connection to was tried."""
        self._hanging: dict[str, list[asyncio.Future[list[str]]]] = {}

    def answer(self, host: str, addresses: list[str]) -> None:
        """Give an answer to those who asked while the resolver hung; on their loop."""
        self.hosts[host] = addresses
        for asked in self._hanging.pop(host):
            asked.set_result(addresses)

    def hang(self, host: str) -> asyncio.Future[list[str]]:
        """Return an answer that is yet to be given."""
        asked = asyncio.get_running_loop().create_future()
        self._hanging.setdefault(host, []).append(asked)
        return asked

    def runtime(self) -> AsyncioRuntime:
        """Make a runtime in this world, on the running loop."""
        return _Runtime(self)


class _Runtime(AsyncioRuntime):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def resolve(self, host: str) -> list[str]:
        answer = self._world.hosts.get(host)
        if answer is None:
            return await super().resolve(host)
        self._world.asked(host)
        if answer is Trouble.HANGS:
            return await self._world.hang(host)
        if answer is Trouble.FAILS:
            raise OSError("Temporary failure in name resolution")
        return answer

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
        self._world.tried(f"{host}:{port}")
        there = self._world.routes.get((host, port), f"{host}:{port}")
        if there is Trouble.HANGS:
            await self.loop.create_future()
        if isinstance(there, Trouble):
            raise ConnectionRefusedError(f"{host}:{port}")
        host, _, real_port = there.rpartition(":")
        return await super().connect(factory, host, int(real_port), options, tls, local_ports=local_ports)
