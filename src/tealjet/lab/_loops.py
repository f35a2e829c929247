"""An event loop on a thread of its own, so that blocking programs can use what runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

__all__ = ["start_loop"]


def start_loop(
    stack: contextlib.ExitStack,
    name: str,
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> asyncio.AbstractEventLoop:
    """Start a thread that runs an event loop until the stack is closed."""
    loop = new_loop()
    stack.callback(loop.close)
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    stack.callback(thread.join)
    stack.callback(loop.call_soon_threadsafe, loop.stop)
    return loop
