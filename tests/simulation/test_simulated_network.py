"""The simulated network: what each of its verbs does to bytes, to connections that stand and to new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tealjet.lab import Direction, Ending, Way
from tealjet.lab.simulation import Simulation
from tealjet.lab.simulation.network import Side as OneSide

MEMBER, CLIENT = "10.0.0.1:5701", "10.255.0.0"
LATENCY = 0.01


class Side:
    """One end of a connection, and what has come there."""

    def __init__(self, end: OneSide, now: Callable[[], float]) -> None:
        self.end = end
        self.came: list[tuple[float, bytes | Ending]] = []
        self._now = now
        end.given_to(self)

    def received(self, data: bytes) -> None:
        self.came.append((self._now(), data))

    def ended(self, ending: Ending) -> None:
        self.came.append((self._now(), ending))

    def has_got(self, item: bytes | Ending, *, at: float) -> None:
        """Make sure that this has come then, and nothing else."""
        assert self.items == [item]
        assert self.came[0][0] == pytest.approx(at)

    @property
    def items(self) -> list[bytes | Ending]:
        return [item for _, item in self.came]


class Net:
    """A network without chance, with somebody who listens at MEMBER."""

    def __init__(self, simulation: Simulation) -> None:
        self.network = simulation.network
        self.way = simulation.way_to(MEMBER)
        self.members: list[Side] = []
        self.now = simulation.network.loop.time
        self.network.listeners[MEMBER] = self._accept

    def _accept(self, end: OneSide) -> Side:
        member = Side(end, self.now)
        self.members.append(member)
        return member

    async def connect(self, **values: Any) -> tuple[Side, Side]:
        """Both sides of a new connection."""
        client = Side(await self.network.connect(CLIENT, MEMBER, **values), self.now)
        return client, self.members[-1]


def on_network(story: Callable[[Net], Coroutine[Any, Any, None]]) -> None:
    with Simulation(seed=1, latency=LATENCY, jitter=0.0) as simulation:
        simulation.run(story(Net(simulation)))


async def pass_time(seconds: float = 1.0) -> None:
    await asyncio.sleep(seconds)


def test_a_connection_takes_a_round_trip_and_bytes_take_one_way() -> None:
    async def story(net: Net) -> None:
        began = net.now()
        client, member = await net.connect()
        assert net.now() - began == pytest.approx(2 * LATENCY)
        client.end.send(b"ping")
        await pass_time()
        member.has_got(b"ping", at=began + 3 * LATENCY)
        member.end.send(b"pong")
        await pass_time()
        assert client.items == [b"pong"]

    on_network(story)


def test_bytes_come_in_the_order_in_which_they_were_sent_whatever_chance_says() -> None:
    with Simulation(seed=1, latency=0.0, jitter=1.0) as simulation:
        net = Net(simulation)

        async def story() -> None:
            client, member = await net.connect()
            for number in range(100):
                client.end.send(bytes([number]))
            client.end.finish(Ending.CLOSE)
            await pass_time(5)
            assert member.items == [*(bytes([number]) for number in range(100)), Ending.CLOSE]

        simulation.run(story())


@pytest.mark.parametrize("ending", Ending)
def test_an_end_is_told_to_the_other_side_once(ending: Ending) -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        client.end.send(b"last")
        client.end.finish(ending)
        member.end.send(b"too late")
        await pass_time()
        assert member.items == [b"last", ending]
        assert client.items == []
        assert not net.way.connections
        assert not net.network.used

    on_network(story)


def test_a_side_that_does_not_read_finds_everything_when_it_does() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        member.end.read(False)
        client.end.send(b"wait")
        client.end.finish(Ending.CLOSE)
        await pass_time()
        assert member.items == []
        member.end.read(True)
        assert member.items == [b"wait", Ending.CLOSE]

    on_network(story)


def test_nobody_who_listens_refuses_and_so_does_the_way_when_it_is_told() -> None:
    async def story(net: Net) -> None:
        stands, _ = await net.connect()
        net.way.refuse()
        with pytest.raises(ConnectionRefusedError):
            await net.connect()
        net.way.accept()
        await net.connect()
        del net.network.listeners[MEMBER]
        with pytest.raises(ConnectionRefusedError):
            await net.connect()
        assert stands.end.open
        assert len(net.network.used) == 2

    on_network(story)


@pytest.mark.parametrize("told", [Direction.BOTH, Direction.TO_CLIENT, Direction.TO_MEMBER])
def test_a_drop_ends_the_sides_that_are_told_and_swallows_what_the_other_sends(told: Direction) -> None:
    async def story(net: Net) -> None:
        sides = dict(zip((Direction.TO_CLIENT, Direction.TO_MEMBER), await net.connect(), strict=True))
        net.way.drop(told)
        for side in sides.values():
            side.end.send(b"?")
        await pass_time()
        for direction, side in sides.items():
            assert side.items == ([Ending.RESET] if direction in told else [])
        await net.connect()

    on_network(story)


def test_a_black_hole_holds_bytes_ends_and_new_connections_until_it_is_over() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        net.way.black_hole()
        client.end.send(b"held")
        member.end.finish(Ending.CLOSE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await net.connect()
        waiting = asyncio.create_task(net.connect())
        await pass_time(60)
        assert (client.items, member.items, len(net.members)) == ([], [], 1)
        over = net.now()
        net.way.pass_through()
        await waiting
        assert net.now() - over == pytest.approx(2 * LATENCY)
        client.has_got(Ending.CLOSE, at=over + LATENCY)
        assert len(net.members) == 2  # nobody has come for whom nobody waited any more

    on_network(story)


def test_a_black_hole_in_one_direction_lets_the_other_one_through() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        net.way.black_hole(Direction.TO_CLIENT)
        client.end.send(b"heard")
        member.end.send(b"not heard")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await net.connect()
        assert (client.items, member.items) == ([], [b"heard"])
        half_open = net.members[-1]
        assert half_open is not member
        await pass_time()
        assert half_open.items == [Ending.CLOSE]  # the client's host tells it that nobody waits

    on_network(story)


def test_a_reset_that_a_black_hole_swallows_never_comes() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        net.way.black_hole(Direction.TO_CLIENT)
        member.end.finish(Ending.RESET)
        net.way.pass_through()
        await pass_time()
        assert client.items == []
        assert client.end.open

    on_network(story)


def test_a_delay_is_added_to_what_is_usual() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        net.way.delay(0.5, Direction.TO_MEMBER)
        sent = net.now()
        client.end.send(b"ping")
        member.end.send(b"pong")
        await pass_time()
        member.has_got(b"ping", at=sent + LATENCY + 0.5)
        client.has_got(b"pong", at=sent + LATENCY)

    on_network(story)


def test_a_limit_lets_bytes_through_one_after_the_other() -> None:
    async def story(net: Net) -> None:
        client, member = await net.connect()
        net.way.limit(1000)
        sent = net.now()
        for _ in range(3):
            client.end.send(bytes(100))
        assert client.end.unsent == 300
        await pass_time()
        assert client.end.unsent == 0
        assert [at - sent for at, _ in member.came] == pytest.approx([LATENCY + 0.1 * n for n in (1, 2, 3)])

    on_network(story)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("told", [Direction.BOTH, Direction.TO_MEMBER])
def test_a_cut_lets_exactly_so_many_bytes_through_on_each_connection(ending: Ending, told: Direction) -> None:
    async def story(net: Net) -> None:
        first = await net.connect()
        first[0].end.send(b"before")
        await pass_time()
        net.way.cut_after(5, Direction.TO_MEMBER, ending, told)
        second = await net.connect()
        for client, member in (first, second):
            client.end.send(b"abc")
            client.end.send(b"defghi")
            await pass_time()
            assert member.items[-3:] == [b"abc", b"de", ending]
            assert client.items == ([ending] if told is Direction.BOTH else [])

    on_network(story)


def test_a_connection_that_is_dropped_while_it_comes_about_ends_at_once() -> None:
    async def story(net: Net) -> None:
        connecting = asyncio.create_task(net.connect())
        while not net.members:
            await pass_time(LATENCY / 10)
        net.way.drop()
        client, member = await connecting
        assert client.items == member.items == [Ending.RESET]

    on_network(story)


def test_a_client_gives_its_end_a_free_port_of_those_that_it_may_use() -> None:
    async def story(net: Net) -> None:
        (first, _), (second, _) = [await net.connect(local_ports=(7, 8)) for _ in range(2)]
        assert [side.end.client for side in (first, second)] == [(CLIENT, 7), (CLIENT, 8)]
        with pytest.raises(OSError, match="none of the 2 local ports"):
            await net.connect(local_ports=(7, 8))
        first.end.finish(Ending.CLOSE)
        await pass_time()
        third, _ = await net.connect(local_ports=(7, 8))
        assert third.end.client == (CLIENT, 7)

    on_network(story)


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (lambda way: way.delay(-1), "-1 seconds are no delay"),
        (lambda way: way.limit(0), "0 bytes a second is no limit"),
        (lambda way: way.cut_after(0, Direction.BOTH), "can't be cut after 0 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused(verb: Callable[[Way], None], text: str) -> None:
    with Simulation(seed=1) as simulation, pytest.raises(ValueError, match=text):
        verb(simulation.way_to(MEMBER))
