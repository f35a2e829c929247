"""The door of an embedded member: a connection that was accepted as it closed is ended with the others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket

import pytest

from support.embedded import MemoryCluster
from tealjet.lab._ports import HOST, reserve_port
from tealjet.lab.embedded.sockets import Sockets


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_was_accepted_as_the_door_closed_is_ended_with_the_others(turns: int) -> None:
    member, loop = MemoryCluster(1).members[0], asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        port = reserve_port(stack)
        door = Sockets().door(HOST, port, member.accept)
        await door.open()
        client = stack.enter_context(socket.create_connection((HOST, port)))
        client.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        door.close()
        await door.end_connections(0.0)
        with contextlib.suppress(ConnectionResetError):
            assert await loop.sock_recv(client, 1) == b""


async def test_a_connection_that_no_descriptor_is_free_for_is_accepted_when_one_is() -> None:
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        port = reserve_port(stack)
        door = Sockets().door(HOST, port, lambda wire, peer: None)
        await door.open()
        client = stack.enter_context(socket.create_connection((HOST, port)))
        client.setblocking(False)
        answer = asyncio.create_task(loop.sock_recv(client, 1))
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(client.fileno())
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))  # the next descriptor would be one too many
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            assert not answer.done()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        with contextlib.suppress(ConnectionResetError):
            assert await answer == b""
        door.close()
        await door.end_connections(0.0)
