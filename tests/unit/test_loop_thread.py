"""The thread that the engine of a threaded client lives on, and what is handed over to it as it ends."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tealjet.bridge.threads import LoopThread
from tealjet.errors import ClientClosedError

LIMIT = 10.0


async def nothing() -> None: ...


def test_what_is_handed_over_while_the_loop_ends_is_refused() -> None:
    thread = LoopThread("ends")
    close, told = thread._loop.close, list[Any]()

    def close_late() -> None:
        try:
            told.append(thread.start(nothing()))
        except ClientClosedError as error:
            told.append(error)
        close()

    thread._loop.close = close_late  # type: ignore[method-assign]
    thread.stop(LIMIT)
    assert [type(one) for one in told] == [ClientClosedError]


def test_what_runs_when_the_loop_ends_tells_that_the_client_was_closed() -> None:
    thread = LoopThread("ends")
    begun = threading.Event()

    async def runs() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    def stop() -> None:
        assert begun.wait(LIMIT)
        thread.stop(LIMIT)

    stopping = threading.Thread(target=stop)
    stopping.start()
    with pytest.raises(ClientClosedError, match="it was closed"):
        thread.run(runs())
    stopping.join(LIMIT)
