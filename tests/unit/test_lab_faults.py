"""The proxy that fails on command, in front of a plain socket server."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from tealjet.lab import Direction, Ending, FaultProxy


@pytest.fixture
def target() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def proxy(target: socket.socket) -> Iterator[FaultProxy]:
    with FaultProxy(f"127.0.0.1:{target.getsockname()[1]}") as proxy:
        yield proxy


def connect(proxy: FaultProxy) -> socket.socket:
    host, port = proxy.address.split(":")
    return socket.create_connection((host, int(port)))


@pytest.fixture
def ends(proxy: FaultProxy, target: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection through the proxy, which has passed a byte."""
    with connect(proxy) as client, target.accept()[0] as server:
        for end in (client, server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)
        client.sendall(b"!")
        assert server.recv(1) == b"!"
        yield client, server


Ends = tuple[socket.socket, socket.socket]

LOST = b"lost" * 100_000
"""More than the buffers hold: once it is sent, the proxy has begun to read it."""


def exactly(end: socket.socket, count: int) -> bytes:
    """The next so many bytes."""
    received = b""
    while len(received) < count:
        data = end.recv(count - len(received))
        assert data
        received += data
    return received


def until(end: socket.socket, last: bytes) -> bytes:
    """What comes up to these last bytes."""
    received = b""
    while not received.endswith(last):
        data = end.recv(65536)
        assert data
        received += data
    return received


def end_of(end: socket.socket) -> Ending:
    """How the connection ends for this side; fails if it says something more."""
    try:
        assert end.recv(1) == b""
    except ConnectionResetError:
        return Ending.RESET
    return Ending.CLOSE


def test_bytes_pass_in_both_directions(ends: Ends) -> None:
    client, server = ends
    client.sendall(b"ping")
    assert server.recv(4) == b"ping"
    server.sendall(b"pong")
    assert client.recv(4) == b"pong"


def test_the_end_of_a_connection_comes_after_its_last_bytes(ends: Ends) -> None:
    client, server = ends
    client.sendall(b"last")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(4) == b"last"
    assert server.recv(4) == b""


def test_a_drop_resets_both_ends_and_accepts_new_connections(
    ends: Ends, proxy: FaultProxy, target: socket.socket
) -> None:
    proxy.drop()
    for end in ends:
        with pytest.raises(ConnectionResetError):
            end.recv(1)
    with connect(proxy) as client, target.accept()[0] as server:
        client.sendall(b"new")
        assert server.recv(3) == b"new"


def test_while_it_refuses_a_connection_that_stands_goes_on(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    client.sendall(b"still")
    assert server.recv(5) == b"still"


def test_it_accepts_again_at_the_same_address(proxy: FaultProxy, target: socket.socket) -> None:
    before = proxy.address
    proxy.refuse()
    proxy.accept()
    assert proxy.address == before
    with connect(proxy), target.accept()[0]:
        pass


def test_a_black_hole_swallows_bytes_and_keeps_connections(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.black_hole()
    client.sendall(LOST)
    server.sendall(LOST)
    assert select.select(ends, [], [], 0.05)[0] == []
    proxy.pass_through()
    client.sendall(b"heard")
    assert len(until(server, b"heard")) < len(LOST)  # what the proxy has not read by now does come


def test_a_black_hole_does_not_pass_the_end_of_a_connection(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.black_hole()
    server.close()
    assert select.select([client], [], [], 0.05)[0] == []
    proxy.pass_through()
    assert client.recv(1) == b""


def test_a_target_that_is_gone_resets_the_client(proxy: FaultProxy, target: socket.socket) -> None:
    target.close()
    with connect(proxy) as client, pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_connection_that_is_dropped_at_once_is_reset_too(proxy: FaultProxy) -> None:
    with connect(proxy) as client:
        proxy.drop()
        proxy.refuse()  # resets what the proxy had not yet taken from the system
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("ending", Ending)
def test_a_drop_can_tell_one_side_only_and_the_other_is_half_open(
    ends: Ends, proxy: FaultProxy, ending: Ending
) -> None:
    client, server = ends
    proxy.drop(Direction.TO_CLIENT, ending)
    assert end_of(client) is ending
    server.sendall(b"to nobody" * 100_000)  # it is read, so the member does not notice
    assert select.select([server], [], [], 0.05)[0] == []
    proxy.drop()
    assert end_of(server) is Ending.RESET


def test_the_side_that_was_not_told_can_end_a_half_open_connection(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.drop(Direction.TO_MEMBER)
    assert end_of(server) is Ending.RESET
    client.shutdown(socket.SHUT_WR)
    assert end_of(client) is Ending.CLOSE


def test_a_drop_can_close_in_good_order(ends: Ends, proxy: FaultProxy) -> None:
    proxy.drop(ending=Ending.CLOSE)
    assert [end_of(end) for end in ends] == [Ending.CLOSE, Ending.CLOSE]


def test_a_black_hole_can_swallow_one_direction_only(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.black_hole(Direction.TO_CLIENT)
    client.sendall(b"question")
    assert server.recv(8) == b"question"
    server.sendall(LOST)
    assert select.select([client], [], [], 0.05)[0] == []
    proxy.pass_through()
    proxy.black_hole(Direction.TO_MEMBER)
    server.sendall(b"news")
    assert len(until(client, b"news")) < len(LOST)
    client.sendall(b"question")
    assert select.select([server], [], [], 0.05)[0] == []


def test_a_black_hole_does_not_pass_a_reset(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.black_hole(Direction.TO_CLIENT)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    client.sendall(b"to nobody")
    assert select.select([client], [], [], 0.05)[0] == []
    proxy.pass_through()
    assert end_of(client) is Ending.RESET


def test_delayed_bytes_come_later_in_their_order_and_the_other_direction_is_not_delayed(
    ends: Ends, proxy: FaultProxy
) -> None:
    client, server = ends
    proxy.delay(0.2, Direction.TO_MEMBER)
    began = time.monotonic()
    client.sendall(b"slow")
    server.sendall(b"quick")
    assert client.recv(5) == b"quick"
    client.sendall(b"er")
    assert exactly(server, 6) == b"slower"
    assert time.monotonic() - began >= 0.2  # what was asked for, not what this machine takes


def test_a_limited_direction_passes_all_bytes_and_takes_its_time(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.limit(100_000, Direction.TO_MEMBER)
    began = time.monotonic()
    client.sendall(bytes(20_000))
    assert exactly(server, 20_000) == bytes(20_000)
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("count", [1, 5, 300_000])
def test_a_cut_passes_exactly_so_many_bytes_and_then_ends_both_sides(
    ends: Ends, proxy: FaultProxy, ending: Ending, count: int
) -> None:
    client, server = ends
    proxy.cut_after(count, Direction.TO_CLIENT, ending)
    client.sendall(b"not counted")
    assert server.recv(11) == b"not counted"
    sender = threading.Thread(target=server.sendall, args=(bytes(count),))
    sender.start()
    assert exactly(client, count) == bytes(count)
    assert end_of(client) is ending
    sender.join()
    assert end_of(server) is ending


def test_a_cut_counts_for_each_connection_until_it_is_healed(
    ends: Ends, proxy: FaultProxy, target: socket.socket
) -> None:
    proxy.cut_after(3, Direction.TO_MEMBER)
    for _ in range(2):
        with connect(proxy) as client, target.accept()[0] as server:
            client.sendall(b"abc")
            assert server.recv(4) == b"abc"
            assert end_of(server) is Ending.RESET
    proxy.pass_through()
    client, server = ends
    client.sendall(b"abcdef")
    assert exactly(server, 6) == b"abcdef"


def test_a_cut_can_tell_one_side_only(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.cut_after(4, Direction.TO_CLIENT, told=Direction.TO_MEMBER)
    server.sendall(b"half a frame")
    assert exactly(client, 4) == b"half"
    assert end_of(server) is Ending.RESET
    client.sendall(b"to nobody")
    assert select.select([client], [], [], 0.05)[0] == []
    proxy.drop()
    assert end_of(client) is Ending.RESET


def test_faults_add_up(ends: Ends, proxy: FaultProxy) -> None:
    client, server = ends
    proxy.delay(0.05)
    proxy.limit(1_000_000)
    proxy.cut_after(4, Direction.TO_CLIENT, Ending.CLOSE)
    proxy.black_hole(Direction.TO_MEMBER)
    client.sendall(b"lost")
    server.sendall(b"half a frame")
    assert exactly(client, 4) == b"half"
    assert end_of(client) is Ending.CLOSE
    assert end_of(server) is Ending.CLOSE


def test_what_is_no_fault_is_refused(proxy: FaultProxy) -> None:
    with pytest.raises(ValueError, match="black_hole"):
        proxy.limit(0)
    with pytest.raises(ValueError, match="drop"):
        proxy.cut_after(0, Direction.TO_MEMBER)


def test_leaving_ends_everything(target: socket.socket) -> None:
    with FaultProxy(f"127.0.0.1:{target.getsockname()[1]}") as proxy:
        client = connect(proxy)
        server, _ = target.accept()
        client.sendall(b"!")
        assert server.recv(1) == b"!"
    with client, server:
        for end in (client, server):
            with pytest.raises(ConnectionResetError):
                end.recv(1)
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)


async def test_it_is_an_asynchronous_context_manager_too(target: socket.socket) -> None:
    async with FaultProxy(f"127.0.0.1:{target.getsockname()[1]}") as proxy:
        with connect(proxy), target.accept()[0]:
            pass
