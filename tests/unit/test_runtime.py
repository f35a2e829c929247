"""The seam to the world: names, wake-ups from other threads, background tasks."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from tealjet.runtime import AsyncioRuntime, LoopWaker, Waker, _EventWaker


async def test_a_numeric_address_is_its_own_answer() -> None:
    runtime = AsyncioRuntime()
    assert await runtime.resolve("127.0.0.1") == ["127.0.0.1"]
    assert await runtime.resolve("::1") == ["::1"]


async def test_a_name_is_resolved_to_its_addresses() -> None:
    assert "127.0.0.1" in await AsyncioRuntime().resolve("localhost")


@pytest.mark.parametrize("name", ["no.such.host.invalid", "a" * 64, "a..b", "null\0byte"])
async def test_a_name_that_does_not_exist_is_an_error_of_the_system(name: str) -> None:
    with pytest.raises(OSError):
        await AsyncioRuntime().resolve(name)


@pytest.mark.parametrize("kind", [_EventWaker, LoopWaker])
async def test_a_waker_makes_the_loop_call_back_from_another_thread(kind: type[_EventWaker | LoopWaker]) -> None:
    called = asyncio.Event()
    waker: Waker = kind(asyncio.get_running_loop(), called.set)
    thread = threading.Thread(target=waker.wake)
    thread.start()
    await called.wait()
    thread.join()
    waker.close()
    waker.close()
    waker.wake()  # after the end it does nothing, and touches no descriptor


async def test_an_error_in_the_background_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tealjet")

    async def fail() -> None:
        raise ValueError("in the background")

    await asyncio.wait([AsyncioRuntime().spawn(fail())])
    await asyncio.sleep(0)
    assert "in the background" in caplog.text
