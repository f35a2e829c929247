"""The proxy that fails on command, in front of a plain socket server."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from tealjet.lab import FaultProxy


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
        client.sendall(b"!")
        assert server.recv(1) == b"!"
        yield client, server


Ends = tuple[socket.socket, socket.socket]


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
    client.sendall(b"lost" * 100_000)  # more than the buffers hold: it is read, not merely left lying
    server.sendall(b"lost" * 100_000)
    assert select.select(ends, [], [], 0.05)[0] == []
    proxy.pass_through()
    client.sendall(b"heard")
    assert server.recv(5) == b"heard"


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
