"""The world of one simulated client or cluster: virtual time, chance by a seed, and the simulated network.

It is a runtime like the one of the machine, so the engine that runs on it is the very engine of the product.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from tealjet.lab.simulation.network import Network, Side
from tealjet.lab.ways import Ending
from tealjet.runtime import AsyncioRuntime, LoopWaker, SocketOptions, Tls, Waker

__all__ = ["SimulatedRuntime"]

_EPOCH = 1_767_225_600.0
"""What the wall clock shows at time zero: the first second of 2026."""

T = TypeVar("T")


class SimulatedRuntime(AsyncioRuntime):
    """One host's world.

    Args:
        network: What it is connected to.
        host: Its numeric address.
        chance: Decides all that is random there.
    """

    def __init__(self, network: Network, host: str, chance: random.Random) -> None:
        super().__init__(network.loop)
        self.host = host
        self.wall = self._wall
        self.random = chance.random
        self.uuid = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
        self._network = network

    def _wall(self) -> float:
        return _EPOCH + self.loop.time()

    def waker(self, callback: Callable[[], object]) -> Waker:
        """Return what makes the loop call back soon."""
        return LoopWaker(self.loop, callback)

    async def resolve(self, host: str) -> list[str]:
        """Return what the simulated names say; numeric addresses are themselves."""
        return [host] if _is_numeric(host) else await self._network.resolve(host)

    async def in_thread(self, name: str, question: Callable[[], T]) -> T:
        """Return what a function returns: it is called at once, as time does not pass in it."""
        return question()

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
        """Open a connection over the simulated network. Raises OSError for TLS, which is not simulated."""
        if tls is not None:
            raise OSError("there is no TLS on the simulated network")
        end = await self._network.connect(self.host, f"{host}:{port}", local_ports)
        return _Transport(self.loop, end, factory())


def _is_numeric(host: str) -> bool:
    return host.replace(".", "").isdigit()


class _Transport(asyncio.Transport):
    """A client's end of a connection, as asyncio's protocols know it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Side, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": end.member, "sockname": end.client})
        self._loop = loop
        self._end = end
        self._protocol = protocol
        protocol.connection_made(self)
        end.given_to(self)

    # ---------------------------------------------------------------------------------------------- from the network

    def received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def ended(self, ending: Ending) -> None:
        if ending is Ending.RESET:
            self._protocol.connection_lost(ConnectionResetError("Connection reset by peer"))
        else:
            self._protocol.eof_received()
            self._protocol.connection_lost(None)

    # --------------------------------------------------------------------------------------------- from the protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._end.send(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self._end.unsent

    def pause_reading(self) -> None:
        self._end.read(False)

    def resume_reading(self) -> None:
        self._end.read(True)

    def is_closing(self) -> bool:
        return not self._end.open

    def close(self) -> None:
        if self._end.open:
            self._end.finish(Ending.CLOSE)
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()
