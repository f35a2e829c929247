"""What is special about asyncio: one client a loop and a call of the factory, and what a new user does wrong."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

import tealjet.asyncio
from support.clusters import failover_config
from tealjet.errors import ClientClosedError, WrongLoopError
from tealjet.lab import EmbeddedLab, EmbeddedOptions, start_embedded


@pytest.fixture
def lab() -> Iterator[EmbeddedLab]:
    with start_embedded() as lab:
        yield lab


@pytest_asyncio.fixture
async def client(lab: EmbeddedLab) -> AsyncIterator[Any]:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        yield client


ELSEWHERE: dict[str, Callable[[Any, Any], Any]] = {
    "a call": lambda client, entries: entries.put("key", "value"),
    "a listener": lambda client, entries: entries.add_entry_listener(added_func=print),
    "the end of a listener": lambda client, entries: entries.remove_entry_listener("any"),
    "a structure": lambda client, entries: client.get_queue("q"),
    "a statement": lambda client, entries: client.sql.execute("SELECT 1"),
    "a planned switch": lambda client, entries: client.failover.switch_to("green"),
    "jobs": lambda client, entries: client.jet.jobs(),
    "the end": lambda client, entries: client.shutdown(),
}


@pytest.mark.parametrize("what", ELSEWHERE)
async def test_on_another_loop_everything_says_so_and_changes_nothing(client: Any, what: str) -> None:
    entries = await client.get_map("m")

    def elsewhere() -> None:
        async def use() -> None:
            with pytest.raises(WrongLoopError, match="belongs to another event loop"):
                await ELSEWHERE[what](client, entries)

        asyncio.run(use())

    await asyncio.to_thread(elsewhere)
    await entries.put("key", "value")
    assert client.failover.active.name == "blue"


async def test_a_client_whose_end_was_asked_for_elsewhere_can_be_closed(lab: EmbeddedLab) -> None:
    client: Any = await tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"]))
    entries = await client.get_map("m")
    with pytest.raises(WrongLoopError):
        await asyncio.to_thread(lambda: asyncio.run(client.shutdown()))
    await client.shutdown()
    await client.shutdown()
    with pytest.raises(ClientClosedError):
        await entries.size()
    assert client.failover.status().connections == 0


async def test_a_client_is_closed_although_whoever_closes_it_is_cancelled(client: Any) -> None:
    link = client._engine.active
    closing = asyncio.ensure_future(client.shutdown())
    await asyncio.sleep(0)  # it waits for its sessions now
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert link.down


async def test_a_closed_client_leaves_no_task(lab: EmbeddedLab) -> None:
    before = asyncio.all_tasks()
    with start_embedded({"three": EmbeddedOptions()}, members=3) as three:
        async with tealjet.asyncio.new_jet_failover_client(failover_config(three["three"])) as client:
            entries: Any = await client.get_map("m")
            await entries.add_entry_listener(added_func=print)
        assert asyncio.all_tasks() - before == set()


async def test_a_listener_that_would_have_to_be_awaited_is_refused(client: Any) -> None:
    async def listener(event: object) -> None: ...

    with pytest.raises(TypeError, match="is not awaited"):
        client.failover.add_listener(listener)


async def test_a_call_of_the_factory_makes_one_client(lab: EmbeddedLab) -> None:
    starting = tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"]))
    async with await starting as client:
        assert client.failover.active is not None
    with pytest.raises(RuntimeError, match="started before"):
        await starting
    with pytest.raises(RuntimeError, match="started before"):
        async with starting:
            pass


async def test_a_client_that_is_not_awaited_is_told_of(lab: EmbeddedLab) -> None:
    forgotten: Any = tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"]))
    with pytest.raises(AttributeError, match=r"'get_map': client = await"):
        forgotten.get_map("m")
    with pytest.warns(RuntimeWarning, match="never awaited"):
        del forgotten
        gc.collect()
