"""A network that is simulated: bytes take their time, and get lost, cut or stuck when a test says so.

It behaves as TCP does for those who use it: bytes come in order or not at all, a black hole holds them until it ends,
and a reset that nobody hears leaves the other side with half a connection. Whatever chance decides is decided by one
seed. What the bytes mean it must not know.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tealjet.lab.faults import Direction, Ending
from tealjet.lab.simulation.loop import VirtualLoop
from tealjet.lab.simulation.trace import Trace

__all__ = ["End", "Network", "Receiver", "Way"]

_FIRST_PORT = 40_000


class Receiver(Protocol):
    """Who has one end of a connection."""

    def received(self, data: bytes) -> None:
        """Take bytes."""
        ...

    def ended(self, ending: Ending) -> None:
        """The connection has ended, by the other side or on the way; told once, and not after this side's own end."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    """How a connection ends on its way, and for which side."""

    told: Direction
    ending: Ending


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    after: int
    end: _End


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conditions:
    """What a way is like in one direction."""

    latency: float
    jitter: float
    passing: bool = True
    rate: float = math.inf
    cut: _Cut | None = None


class Way:
    """The network between clients and one member. Its verbs are those of a FaultProxy, on virtual time.

    ``drop`` ends the connections that stand; ``refuse`` and ``accept`` are about new ones. All other verbs say what the
    network is like from now on, for connections that stand and for new ones, until ``pass_through``; they can be
    combined, and each direction has its own.
    """

    def __init__(self, network: Network, address: str, conditions: _Conditions) -> None:
        self.address = address
        """Host and port of the member."""
        self.refuses = False
        self.connections: dict[Connection, None] = {}
        """Those that stand or come about, in the order in which they were asked for."""
        self.conditions = dict.fromkeys(Direction, conditions)
        self._network = network
        self._usual = conditions

    def drop(self, told: Direction = Direction.BOTH, ending: Ending = Ending.RESET) -> None:
        """End all connections; new ones are still accepted.

        Args:
            told: Which side hears of it. When that is one side only, the connections are half open: what the other side
                sends is swallowed, until it ends them by itself.
            ending: How they end.
        """
        self._network.trace(f"{self.address} drops {told.name} {ending.name}")
        for connection in tuple(self.connections):
            if connection.stands:
                connection.end(_End(told, ending))

    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""
        self._network.trace(f"{self.address} refuses")
        self.refuses = True

    def accept(self) -> None:
        """Let new connections reach the member again."""
        self._network.trace(f"{self.address} accepts")
        self.refuses = False

    def black_hole(self, direction: Direction = Direction.BOTH) -> None:
        """Let nothing through, no end of a connection and no new one either.

        What was held comes when that is over; a reset never does. A client that connects waits; when only what goes to
        the client is swallowed, the member has a connection then that the client does not know of.
        """
        self._change("black_hole", direction, passing=False)

    def delay(self, seconds: float, direction: Direction = Direction.BOTH) -> None:
        """Let everything take so many seconds more than usual."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds} seconds are no delay: to let nothing through there is black_hole")
        self._change("delay", direction, latency=self._usual.latency + seconds)

    def limit(self, bytes_per_second: float, direction: Direction = Direction.BOTH) -> None:
        """Let no more bytes through than that, on each connection.

        Raises:
            ValueError: The limit is not above zero; ``black_hole`` lets nothing through.
        """
        if not bytes_per_second > 0:
            raise ValueError(f"{bytes_per_second} bytes a second is no limit: to pass nothing there is black_hole")
        self._change("limit", direction, rate=bytes_per_second)

    def cut_after(
        self, count: int, direction: Direction, ending: Ending = Ending.RESET, told: Direction = Direction.BOTH
    ) -> None:
        """Let exactly so many more bytes through on each connection, then end it.

        Connections that are made later are cut too, so heal with ``pass_through``.

        Args:
            count: Bytes, at least 1, counted from now on or from the start of a later connection.
            direction: Which way they go.
            ending: How the connection ends then.
            told: Which side hears of it, as for ``drop``.

        Raises:
            ValueError: The count is not above zero; ``drop`` ends connections at once.
        """
        if count < 1:
            raise ValueError(f"a connection can't be cut after {count} bytes: to end it at once there is drop")
        self._change("cut_after", direction, cut=_Cut(count, _End(told, ending)))

    def pass_through(self, direction: Direction = Direction.BOTH) -> None:
        """Be as usual again; what a black hole has held comes now."""
        usual = self._usual
        self._change(
            "pass_through",
            direction,
            passing=True,
            latency=usual.latency,
            jitter=usual.jitter,
            rate=usual.rate,
            cut=None,
        )

    def _change(self, verb: str, direction: Direction, **values: Any) -> None:
        told = " ".join(f"{name}={value}" for name, value in values.items() if name != "cut")
        self._network.trace(f"{self.address} {verb} {direction.name} {told}".rstrip())
        for one in direction:
            self.conditions[one] = replace(self.conditions[one], **values)
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
        self.listeners: dict[str, Callable[[End], Receiver | None]] = {}
        """Who takes connections, by host and port: given the member's end of one, they return who has it, or None."""
        self.names: dict[str, Sequence[str] | None] = {}
        """What host names lead to: an address or several; none: the name is not known; None: nobody ever answers."""
        self._usual = _Conditions(latency=latency, jitter=jitter)
        self._ways: dict[str, Way] = {}
        self._ports: dict[str, itertools.count[int]] = {}
        self.used: set[tuple[str, int]] = set()
        """The hosts and ports of clients' ends that are in use."""

    def way(self, address: str) -> Way:
        """Return the way between all clients and the member at an address, host and port."""
        if address not in self._ways:
            self._ways[address] = Way(self, address, self._usual)
        return self._ways[address]

    async def resolve(self, host: str) -> list[str]:
        """Return the addresses that a name leads to. Raises OSError when it leads nowhere."""
        await asyncio.sleep(self._usual.latency + self.chance.random() * self._usual.jitter)
        addresses = self.names.get(host, ())
        self.trace(f"{host} is asked for: {'no answer' if addresses is None else ' '.join(addresses)}")
        if addresses is None:
            await self.loop.create_future()
        if not addresses:
            raise OSError(f"{host}: Name or service not known")
        return list(addresses)

    async def connect(self, host: str, address: str, local_ports: Sequence[int] = ()) -> End:
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

    def __init__(self, network: Network, way: Way, client: tuple[str, int]) -> None:
        self.network = network
        self.way = way
        self.client = client
        """Host and port of the client's end."""
        self.flows = {direction: _Flow(self, direction) for direction in Direction}
        """By the direction in which they go."""
        self.ends = {direction: End(self, direction) for direction in Direction}
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

    def end(self, end: _End) -> None:
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
        self._cut: _Cut | None = None
        self._passed = 0
        """Bytes that have passed since the way has that cut."""

    @property
    def _conditions(self) -> _Conditions:
        return self._connection.way.conditions[self._direction]

    def put(self, item: Item) -> None:
        """Send something on its way."""
        conditions, now = self._conditions, self._loop.time()
        if self._swallows or (item is Ending.RESET and not conditions.passing):
            return  # a reset that is lost is not sent again
        size = len(item) if isinstance(item, bytes) else 0
        self._free_at = max(self._free_at, now) + size / conditions.rate
        due = self._free_at + conditions.latency + self._network.chance.random() * conditions.jitter
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
            self._go_on(self._loop.time() + self._conditions.latency)
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


class End:
    """One end of a connection, in the hands of one host."""

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
