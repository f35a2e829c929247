"""Where embedded members live: each has a place, an address, where it can start again and again.

Everything here runs on one event loop. What carries the connections, sockets or a simulated network, is handed in; what
a member answers this must not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tealjet.lab.clusters import LabError, MemberStartError
from tealjet.lab.embedded.cluster import PlayedCluster, World
from tealjet.lab.embedded.faults import Faults, Mishap
from tealjet.lab.embedded.filters import ClientFilter
from tealjet.lab.embedded.jobs.board import Jobs
from tealjet.lab.embedded.jobs.life import JobPlan
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.session import PlayedSession, Wire
from tealjet.lab.embedded.settings import ClusterSettings
from tealjet.protocol.values import Address, ClientFilterEntry, ClientFilterKind, ClientFilterMode

__all__ = ["Accept", "Addresses", "Carrier", "ClusterPlace", "Door", "MemberPlace"]


Addresses = Sequence[tuple[str, int]]
"""Hosts and ports."""


Accept = Callable[[Wire, Address], PlayedSession | None]
"""Takes a connection on from a client's address; None when there is nobody to take it, and it must be closed."""


class Door(Protocol):
    """An address, the connections that are taken there and those that have been."""

    @property
    def is_open(self) -> bool:
        """Whether connections are taken."""
        ...

    async def open(self) -> None:
        """Take connections; harmless when it does. Raises OSError when somebody else has the address."""
        ...

    def close(self) -> None:
        """Take no more connections; those that stand are left alone."""
        ...

    async def end_connections(self, within: float) -> None:
        """Let what was sent be delivered, within so many seconds, and end what is left then."""
        ...


class Carrier(Protocol):
    """What brings connections to members."""

    def door(self, host: str, port: int, accept: Accept) -> Door:
        """Return the door at an address, which is closed."""
        ...


class MemberPlace:
    """Where one member listens, lives and dies, and listens again.

    Args:
        cluster: The cluster that it belongs to.
        host: A loopback address.
        port: The port, kept for this member.
        carrier: Brings the connections.
    """

    def __init__(self, cluster: ClusterPlace, host: str, port: int, carrier: Carrier) -> None:
        self.member: PlayedMember | None = None
        self._cluster = cluster
        self._host = host
        self._port = port
        self._door = carrier.door(host, port, self._accept)

    def __repr__(self) -> str:
        return f"the embedded member {self._host}:{self._port} of {self._cluster.settings.cluster_name}"

    # ------------------------------------------------------------------------------------------------ starts and ends

    def is_alive(self) -> bool:
        """Say whether a member is there, frozen or not."""
        return self.member is not None and self.member.alive

    def serves(self) -> bool:
        """Say whether a member is there that is not frozen and takes connections."""
        member = self.member
        return member is not None and member.alive and not member.faults.frozen and self._door.is_open

    async def start(self) -> None:
        """Start a member, if none is there. Raises MemberStartError when somebody else has its address."""
        if not self.is_alive():
            address = Address(host=self._host, port=self._port)
            self.member = PlayedMember(self._cluster.living(), address, died=self._door.close)
            try:
                await self.accept()
            except OSError as error:
                self.member.end(graceful=False)
                raise MemberStartError(
                    f"{self!r} did not start: {error}; free that address, and restart() it"
                ) from error

    async def kill(self) -> None:
        """End the member and its connections at once."""
        if self.member is not None:
            self._door.close()
            self.member.end(graceful=False)
            await self._door.end_connections(within=0.0)

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the time for those who are to read
        """Shut the member down: it leaves its cluster, and what it has sent is delivered, for so many seconds."""
        if self.member is not None:
            self._door.close()
            if self.member.alive:
                self.member.thaw()
            self.member.end(graceful=True)
            await self._door.end_connections(within=timeout)

    async def restart(self) -> None:
        """Start the member anew."""
        await self.kill()
        await self.start()

    async def accept(self) -> None:
        """Take connections."""
        self._living()
        await self._door.open()

    def refuse(self) -> None:
        """Take no more connections."""
        self._living()
        self._door.close()

    def _accept(self, wire: Wire, peer: Address) -> PlayedSession | None:
        return None if self.member is None else self.member.accept(wire, peer)

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
        addresses: Where its members are.
        services: What it serves.
        world: Its clock and its chance.
        carrier: Brings the connections.
    """

    def __init__(
        self,
        settings: ClusterSettings,
        addresses: Addresses,
        services: Sequence[type[Service]],
        world: World,
        carrier: Carrier,
    ) -> None:
        self.settings = settings
        self.members = [MemberPlace(self, host, port, carrier) for host, port in addresses]
        self.defects: list[str] = []
        """Errors of the services of all clusters that have lived here."""
        self._services = services
        self._world = world
        self._cluster: PlayedCluster | None = None

    def do(self, member: int | None, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do something to a member, or to the cluster when that is None; what comes back may have to be awaited."""
        return getattr(self if member is None else self.members[member], verb)(**arguments)

    def living(self) -> PlayedCluster:
        """Return the cluster that lives here; a new one when there is none."""
        if self._cluster is None or not self._cluster.members:
            self._cluster = PlayedCluster(self.settings, self._world, self._services)
            self._cluster.defects = self.defects
        return self._cluster

    async def start(self) -> None:
        """Start all members that are not there."""
        for member in self.members:
            await member.start()

    async def kill(self) -> None:
        """Kill all members."""
        for member in self.members:
            await member.kill()

    async def restart(self) -> None:
        """Kill all members and start them in a new cluster."""
        await self.kill()
        await self.start()

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
