"""An event loop on a daemon thread: where the engine of a threaded client lives.

The thread knows the engine and never the client, so that a client that was forgotten can be collected.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from hazelcast.future import Future

from tealjet.bridge.call_errors import OfficialErrors
from tealjet.bridge.direct import new_loop
from tealjet.errors import ClientClosedError, Outcome, WrongLoopError

__all__ = ["LoopThread"]

Result = TypeVar("Result")


class LoopThread:
    """A running loop; it ends with :meth:`stop` or with the interpreter."""

    def __init__(self, name: str) -> None:
        """Start a thread of that name."""
        self._process = os.getpid()
        self._taking = threading.RLock()
        """Held to hand something over; whatever interrupts that may do the same."""
        self._ended = False
        """Nothing is taken any more."""
        self._loop, self.turns = new_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ident(self) -> int:
        """The thread's id."""
        assert self._thread.ident is not None  # noqa: S101 - it was started
        return self._thread.ident

    def _run(self) -> None:
        # the official futures refuse to be waited for on a thread that is marked like this
        Future._threading_locals.is_reactor_thread = True
        asyncio.set_event_loop(self._loop)
        with contextlib.nullcontext() if self.turns is None else self.turns.lock:
            try:
                self._loop.run_forever()
            finally:
                with self._taking:  # what is handed over later would wait for a loop that does not run any more
                    self._ended = True
                self._loop.run_until_complete(self._end_tasks())
                asyncio.set_event_loop(None)
                self._loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # one more turn, in which connections that were closed let go of their sockets

    def run(self, coroutine: Coroutine[Any, Any, Result], timeout: float | None = None) -> Result:
        """Run a coroutine there and return its result; it is cancelled when the caller is interrupted.

        Raises:
            ClientClosedError: The loop has ended, or is in the parent of this process.
            TimeoutError: It did not end within ``timeout`` seconds.
            WrongLoopError: The caller is that thread itself.
        """
        thread = threading.get_ident()
        if thread == self.ident or (self.turns is not None and self.turns.owner == thread):
            coroutine.close()
            raise WrongLoopError("A callback on the client's own thread must not wait for the client.")
        future = self._submit(coroutine)
        try:
            return future.result(timeout)
        except concurrent.futures.CancelledError:  # with all that the loop still had to do when it ended
            raise _closed() from None
        except BaseException:
            future.cancel()
            raise

    def start(self, coroutine: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Run a coroutine there and return an official future of its result."""
        result: Future[Result] = Future()

        def done(future: concurrent.futures.Future[Result]) -> None:
            error = _closed() if future.cancelled() else future.exception()
            if error is None:
                result.set_result(future.result())
            else:
                result.set_exception(error if isinstance(error, Exception) else RuntimeError(str(error)))

        self._submit(coroutine).add_done_callback(done)
        return result

    def _submit(self, coroutine: Coroutine[Any, Any, Result]) -> concurrent.futures.Future[Result]:
        if os.getpid() != self._process:
            coroutine.close()
            raise OfficialErrors().forked(Outcome.NOT_SENT)
        with self._taking:
            if not self._ended:
                return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        coroutine.close()
        raise _closed()

    def end_with(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine there, then end the loop; waits for neither."""

        def begin() -> None:
            self._loop.create_task(coroutine).add_done_callback(lambda _: self._loop.stop())

        try:
            self._loop.call_soon_threadsafe(begin)
        except RuntimeError:  # it is closed already
            coroutine.close()

    def stop(self, timeout: float) -> None:
        """End the loop; wait for the thread for ``timeout`` seconds at most."""
        with contextlib.suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.get_ident() != self.ident:
            self._thread.join(timeout)


def _closed() -> ClientClosedError:
    return ClientClosedError("This client can't be used: it was closed.", outcome=Outcome.NOT_SENT)
