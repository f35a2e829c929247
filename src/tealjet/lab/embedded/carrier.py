"""Carries embedded members over sockets: each has a place, an address on loopback, where it can start again and again.

Everything here runs on one event loop. What a member answers it must not know.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from tealjet.lab.clusters import LabError
from tealjet.lab.embedded.cluster import PlayedCluster, World
from tealjet.lab.embedded.faults import Faults, Mishap
from tealjet.lab.embedded.filters import ClientFilter
from tealjet.lab.embedded.jobs.board import Jobs
from tealjet.lab.embedded.jobs.life import JobPlan
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.session import PlayedSession
from tealjet.lab.embedded.settings import ClusterSettings
from tealjet.protocol.values import Address, ClientFilterEntry, ClientFilterKind, ClientFilterMode

__all__ = ["ClusterPlace", "MemberPlace"]

_RESET = struct.pack("ii", 1, 0)


class MemberPlace:
    """Where one member listens, lives and dies, and listens again.

    Args:
        cluster: The cluster that it belongs to.
        host: A loopback address.
        port: The port, kept for this member.
    """

    def __init__(self, cluster: ClusterPlace, host: str, port: int) -> None:
        self.connections: set[_SocketWire] = set()
        """Those of all the members that have lived here; each until its socket is closed."""
        self.member: PlayedMember | None = None
        self._cluster = cluster
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    def __repr__(self) -> str:
        return f"the embedded member {self._host}:{self._port} of {self._cluster.settings.cluster_name}"

    # ------------------------------------------------------------------------------------------------ starts and ends

    def is_alive(self) -> bool:
        """Say whether a member is there, frozen or not."""
        return self.member is not None and self.member.alive

    def serves(self) -> bool:
        """Say whether a member is there that is not frozen and takes connections."""
        return (
            self.member is not None and self.member.alive and not self.member.faults.frozen and self._server is not None
        )

    async def start(self) -> None:
        """Start a member, if none is there."""
        if not self.is_alive():
            address = Address(host=self._host, port=self._port)
            self.member = PlayedMember(self._cluster.living(), address, died=self._stop_listening)
            await self.accept()

    async def kill(self) -> None:
        """End the member and its connections at once."""
        if self.member is not None:
            self._stop_listening()
            self.member.end(graceful=False)
            await self._closed()

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the time for those who are to read
        """Shut the member down: it leaves its cluster, and what it has sent is delivered, for so many seconds."""
        if self.member is not None:
            self._stop_listening()
            if self.member.alive:
                self.member.thaw()
            self.member.end(graceful=True)
            if self.connections:
                await asyncio.wait([wire.closed for wire in self.connections], timeout=timeout)
            await self._closed()

    async def restart(self) -> None:
        """Start the member anew."""
        await self.kill()
        await self.start()

    async def accept(self) -> None:
        """Take connections."""
        self._living()
        if self._server is None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            listener = socket.create_server((self._host, self._port), family=family, backlog=1024)
            self._server = await asyncio.get_running_loop().create_server(lambda: _SocketWire(self), sock=listener)

    def refuse(self) -> None:
        """Take no more connections."""
        self._living()
        self._stop_listening()

    def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _closed(self) -> None:
        """Wait until all connections are closed, at once."""
        for wire in tuple(self.connections):
            wire.abort()
        if self.connections:
            await asyncio.wait([wire.closed for wire in self.connections])

    def _living(self) -> PlayedMember:
        if self.member is None or not self.member.alive:
            raise LabError(f"{self!r} is dead; restart() it first")
        return self.member

    # --------------------------------------------------------------------------------------------------------- faults

    def freeze(self) -> None:
        """Let the member stand still."""
        self._living().freeze()

    def thaw(self) -> None:
        """Let the member go on."""
        self._living().thaw()

    def drop(self) -> None:
        """Reset all connections."""
        self._living().drop()

    def delay(self, seconds: float) -> None:
        """Have all that is sent be late."""
        self._living().faults.delay = seconds

    def read_slowly(self, bytes_per_second: float) -> None:
        """Take only so many bytes a second from each connection."""
        self._living().faults.read_rate = bytes_per_second

    def withhold_members(self) -> None:
        """Tell clients of no member and no partition."""
        self._living().faults.withholds_members = True

    def die_when_asked(self, message_type: int) -> None:
        """Die at the next request of that type."""
        faults = self._living().faults
        faults.deadly |= {message_type}

    def mishap(self, mishap: str, message_type: int | None) -> None:
        """Let something happen to the next answer to a request of that type, or to any."""
        self._living().faults.mishaps.append((Mishap(mishap), message_type))

    def heal(self) -> None:
        """End all faults, and take connections."""
        member = self._living()
        frozen = member.faults.frozen
        member.faults = Faults(frozen=frozen)
        if frozen:
            member.thaw()

    def filter(self, mode: int, entries: Sequence[tuple[int, str]]) -> None:
        """Have another client filter, as by a message of an operator."""
        member = self._living()
        member.apply_filter(
            ClientFilter(
                etag=member.cluster.new_id().hex,
                mode=ClientFilterMode(mode),
                entries=[ClientFilterEntry(kind=ClientFilterKind(kind), value=value) for kind, value in entries],
            )
        )
        member.cluster.flush()


class ClusterPlace:
    """The places of one cluster's members, and the cluster that lives there.

    Args:
        settings: What each cluster that starts here is told.
        world: Its clock and its chance.
        services: What it serves.
    """

    def __init__(self, settings: ClusterSettings, world: World, services: Sequence[type[Service]]) -> None:
        self.settings = settings
        self.members: list[MemberPlace] = []
        self.defects: list[str] = []
        """Errors of the services of all clusters that have lived here."""
        self._world = world
        self._services = services
        self._cluster: PlayedCluster | None = None

    def living(self) -> PlayedCluster:
        """Return the cluster that lives here; a new one when there is none."""
        if self._cluster is None or not self._cluster.members:
            self._cluster = PlayedCluster(self.settings, self._world, self._services)
            self._cluster.defects = self.defects
        return self._cluster

    async def restart(self) -> None:
        """Kill all members and start them in a new cluster."""
        for member in self.members:
            await member.kill()
        for member in self.members:
            await member.start()

    def drop(self) -> None:
        """Reset all connections of all members, in one moment."""
        for member in self.members:
            if member.is_alive():
                member.drop()

    def plan_jobs(self, **plan: Any) -> None:
        """Have a plan for jobs, until the cluster ends."""
        self.living().service(Jobs).plan(JobPlan(**plan))

    def change_id(self) -> None:
        """Have another cluster id from now on."""
        self.living().change_id()

    def change_partition_count(self, count: int) -> None:
        """Have another number of partitions from now on."""
        self.settings = replace(self.settings, partition_count=count)
        cluster = self.living()
        cluster.change_partition_count(count)
        cluster.flush()


class _SocketWire(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, place: MemberPlace) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._place = place
        self._session: PlayedSession | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        self._place.connections.add(self)
        peer = transport.get_extra_info("peername")  # None when the client has reset the connection already
        member = self._place.member
        if peer is not None and member is not None:
            self._session = member.accept(self, Address(host=peer[0], port=peer[1]))
        if self._session is None:
            self._transport.abort()
        else:
            self._receive = self._session.receive

    def data_received(self, data: bytes) -> None:
        self._receive(data)

    def eof_received(self) -> None:
        """The client has closed its side; asyncio closes this one then."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._place.connections.discard(self)
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
