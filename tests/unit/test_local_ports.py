"""The local ports of connections: the first free one of those that may be used."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest

from tealjet.lab._ports import reserve_port
from tealjet.runtime import AsyncioRuntime


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def free() -> Iterator[list[int]]:
    """Three ports that nobody else uses."""
    with contextlib.ExitStack() as stack:
        yield [reserve_port(stack) for _ in range(3)]


async def _connect(listener: socket.socket, ports: list[int]) -> int:
    """Connect from one of the ports; return the one that it was."""
    host, port = listener.getsockname()
    transport = await AsyncioRuntime().connect(asyncio.Protocol, host, port, (), local_ports=ports)
    try:
        own: int = transport.get_extra_info("sockname")[1]
        return own
    finally:
        transport.abort()
        await asyncio.sleep(0)  # one turn of the loop closes the socket


async def test_a_connection_comes_from_the_first_port_that_may_be_used(
    listener: socket.socket, free: list[int]
) -> None:
    assert await _connect(listener, free) == free[0]


async def test_a_port_that_is_taken_is_passed_over(listener: socket.socket, free: list[int]) -> None:
    with socket.create_server(("127.0.0.1", free[0])):
        assert await _connect(listener, free) == free[1]


async def test_a_port_whose_connection_to_there_is_open_is_passed_over(
    listener: socket.socket, free: list[int]
) -> None:
    with socket.socket() as open_one:
        open_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        open_one.bind(("", free[0]))
        open_one.connect(listener.getsockname())
        assert await _connect(listener, free) == free[1]


async def test_when_all_are_taken_the_error_says_so(listener: socket.socket, free: list[int]) -> None:
    with (
        socket.create_server(("127.0.0.1", free[0])),
        pytest.raises(OSError, match="none of the 1 local ports that may be used is free"),
    ):
        await _connect(listener, free[:1])


async def test_a_member_that_refuses_is_told_as_that(free: list[int]) -> None:
    with pytest.raises(ConnectionRefusedError):
        await AsyncioRuntime().connect(asyncio.Protocol, "127.0.0.1", free[0], (), local_ports=free[1:])
