"""The two ways from blue to green: on command, and because blue is lost."""

from __future__ import annotations

import asyncio

import tealjet
import tealjet.asyncio
from support.clusters import Events, wait_for_standby
from support.workload import LIMIT
from tealjet.failover.model import Switched
from tealjet.lab import AnyLab


def leave_blue(client: tealjet.JetClient, lab: AnyLab, way: str) -> None:
    """Move from blue to green; green is active when this returns."""
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
