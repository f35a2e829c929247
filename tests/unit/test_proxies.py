"""How proxies are found: one for a name, whoever asks for it and when."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any
from unittest.mock import Mock

import pytest

from support.workload import LIMIT
from tealjet.bridge.asyncio_proxies import AsyncioProxies
from tealjet.bridge.proxies import Proxies


class ThreadedProxies(Proxies):
    """Both makers of a proxy begin before one of them ends."""

    def __init__(self) -> None:
        super().__init__(Mock(), Mock())
        self.both = threading.Barrier(2)

    def _create_proxy(self, service_name: str, name: str, create_on_remote: bool) -> Any:
        self.both.wait(LIMIT)
        return object()


class Waiting(AsyncioProxies):
    """Each proxy is made when its turn comes, or fails."""

    def __init__(self) -> None:
        super().__init__(Mock(), Mock())
        self.turns: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()

    async def _create_proxy(self, service_name: str, name: str, create_on_remote: bool) -> Any:
        turn = asyncio.get_running_loop().create_future()
        self.turns.put_nowait(turn)
        return await turn


def test_two_threads_that_ask_at_once_get_the_same_proxy() -> None:
    proxies, got = ThreadedProxies(), list[Any]()
    threads = [threading.Thread(target=lambda: got.append(proxies.get_or_create("maps", "orders"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert got[0] is got[1] is proxies.get_or_create("maps", "orders")


async def test_two_tasks_that_ask_at_once_get_the_same_proxy_which_is_made_once() -> None:
    proxies = Waiting()
    tasks = [asyncio.create_task(proxies.get_or_create("maps", "orders")) for _ in range(2)]
    (await proxies.turns.get()).set_result("the proxy")
    assert await asyncio.gather(*tasks) == ["the proxy", "the proxy"]
    assert proxies.turns.empty()


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_a_task_that_waits_for_the_proxy_of_another_one_is_not_ended_with_it(how: str) -> None:
    proxies, said = Waiting(), list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    first, second = (asyncio.create_task(proxies.get_or_create("maps", "orders")) for _ in range(2))
    turn = await proxies.turns.get()
    if how == "cancelled":
        first.cancel()
    else:
        turn.set_exception(ValueError("no cluster"))
    with pytest.raises(asyncio.CancelledError if how == "cancelled" else ValueError):
        await first
    (await proxies.turns.get()).set_result("the proxy")
    assert await second == "the proxy"
    del first, second, turn
    gc.collect()
    assert said == []


@pytest.mark.parametrize("name", [None, 5, b"orders"])
async def test_what_is_no_name_is_refused_before_anything_is_asked(name: Any) -> None:
    threaded, waiting = Proxies(Mock(), Mock()), Waiting()
    with pytest.raises(TypeError, match="the name of a structure is a string, not"):
        threaded.get_or_create("maps", name)
    with pytest.raises(TypeError, match="the name of a structure is a string, not"):
        await waiting.get_or_create("maps", name)
    assert waiting.turns.empty()
