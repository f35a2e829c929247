"""The two ways from blue to green: on command, and because blue is lost."""

from __future__ import annotations

import asyncio

import tealjet
import tealjet.asyncio
from support.clusters import Events, wait_for_standby
from support.workload import LIMIT
from tealjet.failover.model import Switched
from tealjet.lab import AnyLab


def send_everything(client: tealjet.JetClient) -> None:
    """Return when every call that was made before is with the network."""

    async def turn() -> None:
        client._engine._empty_inbox()
        await asyncio.sleep(0)  # what was taken is handed to the network in the next turn of the loop
        await asyncio.sleep(0)

    client._thread.run(turn())


def leave_blue(client: tealjet.JetClient, lab: AnyLab, way: str) -> None:
    """Move from blue to green, once every call made before is sent; green is active when this returns."""
    send_everything(client)
    wait_for_standby(client, "green")
    events = Events()
    client.failover.add_listener(events)
    if way == "planned":
        client.failover.switch_to("green", drain_timeout=0.05)
    else:
        lab["blue"].kill()
    events.wait_for(lambda event: isinstance(event, Switched))


async def leave_blue_on_asyncio(client: tealjet.asyncio.JetClient, lab: AnyLab, way: str) -> None:
    """Move from blue to green; green is active when this returns."""
    moved = asyncio.Event()
    client.failover.add_listener(lambda event: moved.set() if isinstance(event, Switched) else None)
    if way == "planned":
        await client.failover.switch_to("green", drain_timeout=0.05)
    else:
        await asyncio.to_thread(lab["blue"].kill)
    async with asyncio.timeout(LIMIT):
        await moved.wait()
