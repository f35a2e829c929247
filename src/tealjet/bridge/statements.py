"""Executes statements whose answer is no rows on the engine's loop, where nobody may wait for an official future."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tealjet.engine.engine import Engine

__all__ = ["executor_of"]


def executor_of(sql: Any, engine: Engine) -> Callable[[str], Awaitable[None]]:
    """Return a function that executes a statement with the SQL service of the threaded family."""

    async def execute(statement: str) -> None:
        answered: asyncio.Future[None] = engine.runtime.future()

        def answer(future: Any) -> None:
            error = future.exception()
            if answered.done():
                return
            if error is None:
                answered.set_result(None)
            else:
                answered.set_exception(error)

        sql.execute(statement).add_done_callback(lambda future: engine.runtime.call_soon_threadsafe(answer, future))
        await answered

    return execute
