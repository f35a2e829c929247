"""A network that is simulated: bytes take their time, and get lost, cut or stuck when a test says so.

It behaves as TCP does for those who use it: bytes come in order or not at all, a black hole holds them until it ends,
and a reset that nobody hears leaves the other side with half a connection. Whatever chance decides is decided by one
seed. What the bytes mean it must not know.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tealjet.lab.simulation.loop import VirtualLoop
from tealjet.lab.simulation.trace import Trace
from tealjet.lab.ways import Conditions, Cut, Direction, End, Ending, Way

__all__ = ["Network", "Receiver", "Side", "SimulatedWay"]

_FIRST_PORT = 40_000


class Receiver(Protocol):
    """Who has one end of a connection."""

    def received(self, data: bytes) -> None:
        """Take bytes."""
        ...

    def ended(self, ending: Ending) -> None:
        """The connection has ended, by the other side or on the way; told once, and not after this side's own end."""
        ...


class SimulatedWay(Way):
    """The network between all clients and one member.

    A black hole is one as TCP knows it: a client that connects waits, what was held comes when that is over, and a
    reset never does. When only what goes to the client is swallowed, the member has a connection then that the client
    does not know of. Half a connection stays until the side that was told nothing ends it.
    """

    def __init__(self, network: Network, address: str) -> None:
        self.address = address
        """Host and port of the member."""
        self.refuses = False
        self.connections: dict[Connection, None] = {}
        """Those that stand or come about, in the order in which they were asked for."""
        self.conditions = dict.fromkeys(Direction, Conditions())
        self._network = network

    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""
        self._network.trace(f"{self.address} refuses")
        self.refuses = True

    def accept(self) -> None:
        """Let new connections reach the member again."""
        self._network.trace(f"{self.address} accepts")
        self.refuses = False

    def _drop(self, end: End) -> None:
        self._network.trace(f"{self.address} drops {end.told.name} {end.ending.name}")
        for connection in tuple(self.connections):
            if connection.stands:
                connection.end(end)

    def _change(self, direction: Direction, **values: Any) -> None:
        for one in direction:
            self.conditions[one] = replace(self.conditions[one], **values)
            self._network.trace(f"{self.address} {one.name} {self.conditions[one]}")
        for connection in tuple(self.connections):
            for one in direction:
                connection.flows[one].conditions_changed()


class Network:
    """All hosts and what is between them.

    Args:
        loop: The virtual time.
        chance: Decides how long everything takes, within its limits.
        trace: Told of everything that happens.
        latency: Seconds that everything takes in one direction, at least.
        jitter: Seconds that it may take more, by chance.
    """

    def __init__(
        self, loop: VirtualLoop, chance: random.Random, trace: Trace, *, latency: float, jitter: float
    ) -> None:
        self.loop = loop
        self.chance = chance
        self.trace = trace
        self.listeners: dict[str, Callable[[Side], Receiver | None]] = {}
        """Who takes connections, by host and port: given the member's end of one, they return who has it, or None."""
        self.names: dict[str, Sequence[str] | None] = {}
        """What host names lead to: an address or several; none: the name is not known; None: nobody ever answers."""
        self._latency = latency
        self._jitter = jitter
        self._ways: dict[str, SimulatedWay] = {}
        self._ports: dict[str, itertools.count[int]] = {}
        self.used: set[tuple[str, int]] = set()
        """The hosts and ports of clients' ends that are in use."""

    def takes(self) -> float:
        """Return how many seconds something takes now."""
        return self._latency + self.chance.random() * self._jitter

    def way(self, address: str) -> SimulatedWay:
        """Return the way between all clients and the member at an address, host and port."""
        if address not in self._ways:
            self._ways[address] = SimulatedWay(self, address)
        return self._ways[address]

    async def resolve(self, host: str) -> list[str]:
        """Return the addresses that a name leads to. Raises OSError when it leads nowhere."""
        await asyncio.sleep(self.takes())
        addresses = self.names.get(host, ())
        self.trace(f"{host} is asked for: {'no answer' if addresses is None else ' '.join(addresses)}")
        if addresses is None:
            await self.loop.create_future()
        if not addresses:
            raise OSError(f"{host}: Name or service not known")
        return list(addresses)

    async def connect(self, host: str, address: str, local_ports: Sequence[int] = ()) -> Side:
        """Open a connection from a host to an address; return this host's end, which has no receiver yet.

        Raises:
            ConnectionRefusedError: Nobody listens there, or the way refuses.
            OSError: None of the local ports is free.
        """
        way = self.way(address)
        connection = Connection(self, way, (host, self._port(host, local_ports)))
        try:
            accepted = await connection.opened()
        except BaseException:  # nobody waits for it any more
            connection.given_up()
            raise
        if not accepted:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{address} refused the connection")
        return connection.ends[Direction.TO_CLIENT]

    def _port(self, host: str, local_ports: Sequence[int]) -> int:
        if not local_ports:
            return next(self._ports.setdefault(host, itertools.count(_FIRST_PORT)))
        for port in local_ports:
            if (host, port) not in self.used:
                return port
        raise OSError(errno.EADDRINUSE, f"none of the {len(local_ports)} local ports that may be used is free")


class Connection:
    """One connection, until both ends know that it has ended."""

    def __init__(self, network: Network, way: SimulatedWay, client: tuple[str, int]) -> None:
        self.network = network
        self.way = way
        self.client = client
        """Host and port of the client's end."""
        self.flows = {direction: _Flow(self, direction) for direction in Direction}
        """By the direction in which they go."""
        self.ends = {direction: Side(self, direction) for direction in Direction}
        """By the direction whose bytes they get: TO_CLIENT is the client's end."""
        self.stands = False
        """The member's host has taken it; the client may not know that yet."""
        self._answered: asyncio.Future[bool] = network.loop.create_future()
        way.connections[self] = None
        network.used.add(client)

    def opened(self) -> asyncio.Future[bool]:
        """Ask the member's host for it; the answer says whether it stands."""
        self.flows[Direction.TO_MEMBER].put(self._asked)
        return self._answered

    def given_up(self) -> None:
        """The client does not wait for the answer any more."""
        if self.stands:
            self.ends[Direction.TO_CLIENT].finish(Ending.CLOSE)
        else:  # what was asked has not come there, and is not asked again
            self._never()

    def _asked(self) -> None:
        """The question has come to the member's host; let the answer go back."""
        listener = None if self.way.refuses else self.network.listeners.get(self.way.address)
        self.note(Direction.TO_MEMBER, "refused" if listener is None else "accepted")
        self.flows[Direction.TO_CLIENT].put(lambda: self._answer(stands=listener is not None))
        if listener is None:
            return
        self.stands = True
        member = self.ends[Direction.TO_MEMBER]
        receiver = listener(member)
        if receiver is None:
            member.finish(Ending.CLOSE)
        else:
            member.given_to(receiver)

    def _answer(self, *, stands: bool) -> None:
        if not stands:
            self._never()
        if not self._answered.done():
            self._answered.set_result(stands)

    def _never(self) -> None:
        for direction in Direction:
            self.flows[direction].swallow()
            self.ends[direction].open = False
        self.ended()

    def end(self, end: End) -> None:
        """End it on its way: for one side or for both; what the other one sends is swallowed from then on."""
        for flow in self.flows.values():
            flow.swallow()
        if Direction.TO_CLIENT in end.told:
            self._answer(stands=True)  # if it has not come: the end comes right after it
        for direction in end.told:
            self.ends[direction].take(end.ending)

    def ended(self) -> None:
        """Forget it when both ends have ended."""
        if not any(end.open for end in self.ends.values()):
            self.way.connections.pop(self, None)
            self.network.used.discard(self.client)

    def note(self, direction: Direction, what: str) -> None:
        """Note what has come out of a flow."""
        host, port = self.client
        sign = ">" if direction is Direction.TO_MEMBER else "<"
        self.network.trace(f"{host}:{port} {sign} {self.way.address} {what}")


Item = bytes | Ending | Callable[[], None]


class _Flow:
    """What is on its way in one direction of a connection: it comes in order, when the way lets it."""

    def __init__(self, connection: Connection, direction: Direction) -> None:
        self.unsent = 0
        """Bytes that the receiver does not have yet."""
        self._connection = connection
        self._direction = direction
        self._network = connection.network
        self._loop = connection.network.loop
        self._under_way: deque[tuple[float, Item]] = deque()
        self._free_at = 0.0
        """When the last byte that was put on the way has left."""
        self._due = 0.0
        """When the last one comes."""
        self._timer: asyncio.TimerHandle | None = None
        self._swallows = False
        self._cut: Cut | None = None
        self._passed = 0
        """Bytes that have passed since the way has that cut."""

    @property
    def _conditions(self) -> Conditions:
        return self._connection.way.conditions[self._direction]

    def put(self, item: Item) -> None:
        """Send something on its way."""
        conditions, now = self._conditions, self._loop.time()
        if self._swallows or (item is Ending.RESET and not conditions.passing):
            return  # a reset that is lost is not sent again
        size = len(item) if isinstance(item, bytes) else 0
        self._free_at = max(self._free_at, now) + size / conditions.rate
        due = self._free_at + conditions.delay + self._network.takes()
        self._due = max(self._due, due)
        self._under_way.append((self._due, item))
        self.unsent += size
        self._go_on()

    def swallow(self) -> None:
        """Let nothing through any more, for good."""
        self._swallows = True
        self._under_way.clear()
        self._stop()

    def conditions_changed(self) -> None:
        """Stop in a black hole; go on after one, as late as if what is under way were sent again now."""
        if self._conditions.passing:
            self._go_on(self._loop.time() + self._conditions.delay + self._network.takes())
        else:
            self._stop()

    def _go_on(self, earliest: float = 0.0) -> None:
        if self._timer is None and self._under_way and self._conditions.passing:
            self._timer = self._loop.call_at(max(earliest, self._under_way[0][0]), self._arrived)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arrived(self) -> None:
        self._timer = None
        under_way, now = self._under_way, self._loop.time()
        while under_way and under_way[0][0] <= now and self._conditions.passing:
            self._deliver(under_way.popleft()[1])
        self._go_on()

    def _deliver(self, item: Item) -> None:
        connection, direction = self._connection, self._direction
        if isinstance(item, bytes):
            self.unsent -= len(item)
            self._deliver_bytes(item)
        elif isinstance(item, Ending):
            connection.note(direction, item.name)
            connection.ends[direction].take(item)
        else:
            item()

    def _deliver_bytes(self, data: bytes) -> None:
        connection, direction, cut = self._connection, self._direction, self._conditions.cut
        if cut is not self._cut:
            self._cut, self._passed = cut, 0
        if cut is not None:
            data = data[: cut.after - self._passed]
            self._passed += len(data)
        connection.note(direction, f"{len(data)} bytes")
        connection.ends[direction].take(data)
        if cut is not None and self._passed == cut.after:
            connection.note(direction, "cut")
            connection.end(cut.end)


class Side:
    """One side of a connection, in the hands of one host."""

    def __init__(self, connection: Connection, receives: Direction) -> None:
        self.open = True
        self._connection = connection
        self._receives = receives
        self._receiver: Receiver | None = None
        self._reading = True
        self._unread: deque[bytes | Ending] = deque()

    @property
    def client(self) -> tuple[str, int]:
        """Host and port of the client's end."""
        return self._connection.client

    @property
    def member(self) -> tuple[str, int]:
        """Host and port of the member's end."""
        host, _, port = self._connection.way.address.rpartition(":")
        return host, int(port)

    @property
    def unsent(self) -> int:
        """Bytes that were sent from here and have not come to the other end."""
        return self._outward.unsent

    @property
    def _outward(self) -> _Flow:
        return self._connection.flows[~self._receives]

    def given_to(self, receiver: Receiver) -> None:
        """Give everything that comes, and has come, to somebody."""
        self._receiver = receiver
        self._read_on()

    def send(self, data: bytes) -> None:
        """Send bytes; nothing happens when it has ended."""
        if self.open:
            self._outward.put(data)

    def finish(self, ending: Ending) -> None:
        """End the connection; what was sent before is delivered first. Harmless when it has ended."""
        if self.open:
            self.open = False
            self._unread.clear()
            self._outward.put(ending)
            self._connection.ended()

    def read(self, reading: bool) -> None:
        """Take what comes, or leave it where it is."""
        self._reading = reading
        self._read_on()

    def take(self, item: bytes | Ending) -> None:
        """Something has come."""
        if self.open:
            self._unread.append(item)
            self._read_on()

    def _read_on(self) -> None:
        while self._unread and self._receiver is not None and self._reading and self.open:
            item = self._unread.popleft()
            if isinstance(item, bytes):
                self._receiver.received(item)
            else:
                self.open = False
                if item is Ending.CLOSE:
                    self._outward.put(item)
                self._connection.ended()
                self._receiver.ended(item)
