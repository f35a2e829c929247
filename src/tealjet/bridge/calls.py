"""Official invocations become calls of the engine, in both families, and answers become results.

The invocation keeps what the proxies read of it, its future; everything that happens on the way is the call's. The
options that a user gave for a piece of code are captured here, at the first and only invoke.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hazelcast.serialization.compact import SchemaNotFoundError

from tealjet.bridge.call_errors import OfficialErrors
from tealjet.bridge.direct import DirectPath
from tealjet.bridge.futures import CallFuture, FutureOwner
from tealjet.engine.calls import Call, Gate
from tealjet.engine.engine import Engine
from tealjet.errors import Outcome
from tealjet.failover.options import check_seconds
from tealjet.protocol.frames import Message

__all__ = ["AsyncioInvocations", "CallOptions", "ThreadedInvocations", "call_options", "more_time"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOptions:
    """How the calls of a piece of code are treated."""

    timeout: float | None = None
    """Seconds that a call may wait for a cluster and its answer; None: the client's invocation timeout."""
    redo: bool | None = None
    """Send calls again that may have been applied; None: as configured (redo-operation)."""


_DEFAULT = CallOptions()
_options: contextvars.ContextVar[CallOptions] = contextvars.ContextVar("tealjet_call_options", default=_DEFAULT)


@contextlib.contextmanager
def call_options(*, timeout: float | None = None, redo: bool | None = None) -> Iterator[None]:
    """Treat the calls made inside the ``with`` block differently.

    The options belong to the context (thread or task) that makes the calls and travel with each call through all of its
    retries.

    Args:
        timeout: Seconds that a call may wait for a cluster and its answer. What a call waits in the cluster by nature
            is not counted: for an item, a lock or a permit, as long as it says, for the end of a task, a statement or
            an entry processor.
        redo: True to send calls again on the next cluster although they may have been applied on the former one.

    Raises:
        TypeError: A value is of a wrong type.
        ValueError: The time-out is not above 0.
    """
    if timeout is not None:
        check_seconds("timeout", timeout)
        if not timeout:
            raise ValueError("timeout must be a number of seconds > 0, not 0")
    if redo is not None and not isinstance(redo, bool):
        raise TypeError(f"redo must be True, False or None, not {redo!r}")
    token = _options.set(CallOptions(timeout=timeout, redo=redo))
    try:
        yield
    finally:
        _options.reset(token)


@contextlib.contextmanager
def more_time(seconds: float, engine: Engine) -> Iterator[None]:
    """Let the calls made inside the ``with`` block take so many seconds longer than they could."""
    options = _options.get()
    timeout = engine.settings.invocation_timeout if options.timeout is None else options.timeout
    token = _options.set(replace(options, timeout=timeout + seconds))
    try:
        yield
    finally:
        _options.reset(token)


Decode = Callable[[Any], Any]
FetchSchema = Callable[[int, Callable[[], None], Callable[[Exception], None]], None]
"""Fetch a compact schema by id; then call the first function, or the second one with the error."""


class _OfficialCall(Call):
    """A call whose result goes into the future of an official invocation."""

    __slots__ = ("_decode", "_fetch_schema", "_future")

    def __init__(self, invocation: Any, engine: Engine, fetch_schema: FetchSchema, gate: Gate | None) -> None:
        options = _options.get()
        timeout, redo, settings = options.timeout, options.redo, engine.settings
        request = invocation.request
        super().__init__(
            request.buf,
            settings.invocation_timeout if timeout is None else timeout,
            request.retryable,
            settings.redo if redo is None else redo,
            invocation.partition_id,
            invocation.uuid,
            invocation.connection,
        )
        self.gate = gate
        self._future = invocation.future
        self._decode: Decode = invocation.response_handler
        self._fetch_schema = fetch_schema

    def done(self) -> bool:
        return self._future.done()  # type: ignore[no-any-return]

    def succeed(self, message: Message) -> None:
        try:
            result = self._decode(message)
        except SchemaNotFoundError as error:
            message.reset_next_frame()
            self._fetch_schema(error.schema_id, lambda: self.succeed(message), self._unreadable)
        except Exception as error:
            self._unreadable(error)
        else:
            if not self._future.done():
                self._future.set_result(result)

    def _unreadable(self, error: Exception) -> None:
        """End it with the error that kept its answer from being read: the cluster has executed it."""
        error.outcome = Outcome.UNKNOWN  # type: ignore[attr-defined]
        self.fail(error)

    def fail(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)


class AsyncioInvocations:
    """The invocation service of the asyncio family."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, fetch_schema: FetchSchema) -> None:
        """Serve the proxies of a client that lives on this loop."""
        self._engine = engine
        self._loop = loop
        self._fetch_schema = fetch_schema

    def invoke(self, invocation: Any, gate: Gate | None = None) -> Call:
        """Start a call, through a gate if there is one; its result goes into ``invocation.future``."""
        if invocation.future.get_loop() is not self._loop:
            raise OfficialErrors().wrong_loop()
        call = _OfficialCall(invocation, self._engine, self._fetch_schema, gate)
        self._engine.submit(call)
        return call

    def ainvoke(self, invocation: Any, gate: Gate | None = None) -> asyncio.Future[Any]:
        """Start a call and return its future, to be awaited."""
        self.invoke(invocation, gate)
        return invocation.future  # type: ignore[no-any-return]


class ThreadedInvocations:
    """The invocation service of the threaded family."""

    def __init__(
        self, engine: Engine, engine_thread: int, fetch_schema: FetchSchema, path: DirectPath | None = None
    ) -> None:
        """Serve the proxies of a client whose engine runs on the thread with this id; lone callers use the path."""
        self._engine = engine
        self._engine_thread = engine_thread
        self._fetch_schema = fetch_schema
        self._path = path
        self.owner = FutureOwner(engine, engine_thread, path)
        """Whose the futures of the calls are."""

    def invoke(self, invocation: Any, gate: Gate | None = None) -> Call:
        """Start a call from any thread; its result goes into ``invocation.future``, which is replaced by ours."""
        path = self._path
        future = invocation.future = CallFuture(self.owner)
        call = _OfficialCall(invocation, self._engine, self._fetch_schema, gate)
        thread = threading.get_ident()
        if thread == self._engine_thread:
            self._engine.submit(call)
            return call
        sent = None if path is None else path.send(call, thread)
        if sent is None:
            self._engine.submit_threadsafe(call)
        else:
            future.sent = sent
        return call
