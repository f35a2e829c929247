"""The door of an embedded member: a connection that was accepted as it closed is ended with the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from support.embedded import MemoryCluster
from tealjet.lab._ports import HOST, reserve_port
from tealjet.lab.embedded.sockets import Sockets


@pytest.mark.parametrize("turns", [3, 4], ids=["the member is told of it later", "the member knows it"])
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
