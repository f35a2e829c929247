"""User listeners that are added and removed while links are prepared."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock, Mock

from support.virtual import VirtualRuntime
from tealjet.engine.listeners import Listener, Listeners


async def test_a_listener_that_is_removed_as_its_registration_begins_is_removed_from_the_member() -> None:
    runtime: Any = VirtualRuntime()
    connection = Mock(live=True)
    connection.link.listen = AsyncMock(return_value=(Mock(), 5))
    connection.link.ask = AsyncMock()
    listeners = Listeners(runtime)
    listener = Listener(b"", decode=lambda _: 7, encode_removal=lambda _: bytearray(b"7"), handle=print)
    registration_id = listeners.add(listener)
    registering = asyncio.ensure_future(listeners.register_all(connection))
    await asyncio.sleep(0)
    assert await listeners.remove(registration_id)
    assert await registering == []
    connection.link.stop_listening.assert_called_once_with(5)
    connection.link.ask.assert_awaited_once_with(bytearray(b"7"), connection)
