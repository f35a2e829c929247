"""The engine as its users see it: start, submit calls, listen, switch, close.

One engine serves both families of proxies, the threaded one through ``submit_threadsafe``. It runs on one event loop
and is used from there, except where a method says otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tealjet.engine.calls import Call, Calls
from tealjet.engine.contracts import CallErrors, ClientState, Settings, Target
from tealjet.engine.driver import Driver, Published
from tealjet.engine.link import Link
from tealjet.engine.listeners import Listener, Listeners
from tealjet.failover import model
from tealjet.failover.controller import Controller, State
from tealjet.failover.report import describe_all
from tealjet.runtime import Runtime

__all__ = ["Engine"]

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """Carries calls to the active cluster and moves to another one when the controller says so."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        settings: Settings,
        targets: Sequence[Target],
        controller: Controller,
        errors: CallErrors,
        state: ClientState,
        publish: Callable[[Published], None],
    ) -> None:
        """Put the parts together; nothing is opened before :meth:`start`.

        Args:
            runtime: The world.
            settings: Who the client is.
            targets: How each candidate of the controller is reached, in the same order.
            controller: Decides.
            errors: Makes the exceptions that users see.
            state: What the client knows and has to renew at a change.
            publish: Told of everything that the controller publishes.
        """
        self.runtime = runtime
        self.settings = settings
        self.calls = Calls(runtime, settings, errors, lambda: controller.snapshot().reasons)
        self._controller = controller
        self._errors = errors
        self._listeners = Listeners(runtime)
        self._publish = publish
        self._driver = Driver(
            runtime=runtime,
            settings=settings,
            targets=targets,
            controller=controller,
            calls=self.calls,
            listeners=self._listeners,
            state=state,
            publish=self._published,
        )
        self._inbox: deque[Call] = deque()
        self._emptied = 0
        """How often the inbox was emptied."""
        self._woken = -1
        """That number when it was known last that the loop will empty the inbox once more."""
        self._waker = runtime.waker(self._empty_inbox)
        self._refuse: Callable[[model.Outcome], Exception] | None = None
        """Makes the error that everything ends with once the client can't be used any more."""
        self._at_end: list[Callable[[], None]] = []
        self.disowned = False
        """This is a forked child of the process that the engine runs in."""
        self._gave_up: asyncio.Future[model.GiveUp] = runtime.future()
        _engines.add(self)

    # ------------------------------------------------------------------------------------------------------ lifecycle

    async def start(self) -> model.GiveUp | None:
        """Find a cluster. Returns why not when the controller gave up; the engine is closed then."""
        self._driver.start()
        first = asyncio.ensure_future(self._driver.link())
        try:
            either: list[asyncio.Future[Any]] = [first, self._gave_up]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        return self._gave_up.result() if self._gave_up.done() else None

    async def close(self, detail: str = "the client was closed") -> None:
        """Close all links; every call that is under way ends. Harmless when it is closed."""
        if self._refuse is None:
            self.check_loop()
            self._end(detail)

    def _end(self, detail: str) -> None:
        self._refuse = functools.partial(self._errors.closed, detail)
        self._waker.close()
        self._empty_inbox()
        self.calls.close(detail)
        self._driver.feed(model.Requested(request=model.RequestId(0), what=model.Stop()))
        self._driver.end(self._refuse(model.Outcome.NOT_SENT))
        for tell in self._at_end:
            tell()

    def at_end(self, tell: Callable[[], None]) -> None:
        """Call back, on the loop, when the engine has ended: nobody may wait for what does not happen any more."""
        self._at_end.append(tell)

    def _published(self, event: Published) -> None:
        self._publish(event)
        if isinstance(event, model.GiveUp):
            why = f"no cluster could be used any more ({describe_all(event.reasons)})"
            self.runtime.call_soon(self._end, why)
            self._gave_up.set_result(event)

    @property
    def usable(self) -> bool:
        """Say whether calls are taken: the client is neither closed nor given up nor a forked child's."""
        return self._refuse is None

    def check_loop(self) -> None:
        """Raise an error where nothing that is awaited could ever come: an asyncio client may be used anywhere."""
        if not self.runtime.on_loop():
            raise self._errors.wrong_loop()

    def refusal(self, outcome: model.Outcome) -> Exception:
        """Return the error of what this client can't do any more, whose call may be known to have this outcome."""
        assert self._refuse is not None  # noqa: S101 - it is not usable
        return self._refuse(outcome)

    @property
    def active(self) -> Link | None:
        """The link that carries calls, None while there is none."""
        return self._driver.active

    def link_of(self, link_id: model.LinkId) -> Link | None:
        """Return a link that the controller knows, the standby's for example."""
        return self._driver.link_of(link_id)

    @property
    def listeners(self) -> int:
        """How many user listeners are registered."""
        return len(self._listeners)

    def snapshot(self) -> State:
        """Return what the controller knows."""
        return self._controller.snapshot()

    # ---------------------------------------------------------------------------------------------------------- calls

    def submit(self, call: Call) -> None:
        """Take a call, on the loop."""
        if self._refuse is not None:
            call.fail(self._refuse(call.outcome))
        else:
            self.calls.submit(call)

    def submit_threadsafe(self, call: Call) -> None:
        """Take a call, from any thread, which may be interrupted anywhere and be called again by what interrupts it."""
        try:
            self._inbox.append(call)
            emptied = self._emptied
            if self._refuse is not None:
                # looked at after the append: either _end finds the call there, or this thread does
                self._refuse_inbox(self._refuse)
            elif self._woken != emptied:
                self._waker.wake()
                self._woken = emptied  # not before: others, and a handler that interrupts this, would rely on it
        except BaseException:
            self._waker.wake()  # the call is not to lie there until somebody makes another one
            raise

    def _empty_inbox(self) -> None:
        self._emptied += 1  # before it looks: what is appended from now on is not sure to be found
        if self._refuse is not None:
            self._refuse_inbox(self._refuse)
            return
        inbox, submit = self._inbox, self.submit
        while inbox:
            submit(inbox.popleft())

    def _refuse_inbox(self, refuse: Callable[[model.Outcome], Exception]) -> None:
        """End what is in the inbox, on several threads at a time, each of which may be interrupted anywhere.

        A call is ended first and taken out second: whoever does not find its own call there has nothing to wait for.
        """
        inbox = self._inbox
        with contextlib.suppress(IndexError):
            while True:
                call = inbox[0]
                call.fail(refuse(call.outcome))
                with contextlib.suppress(ValueError):
                    inbox.remove(call)

    async def link(self, timeout: float) -> Link:  # noqa: ASYNC109 - the deadline of a call, not of this coroutine
        """Return the active link; wait for one if there is none.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            Exception: What a call that reaches its deadline ends with, outcome ``NOT_SENT``.
        """
        self._check_usable()
        try:
            async with asyncio.timeout(timeout):
                return await self._driver.link()
        except TimeoutError:
            reasons = self.snapshot().reasons
            raise self._errors.timed_out(timeout, reasons, model.Outcome.NOT_SENT, None) from None

    # ------------------------------------------------------------------------------------------------------ listeners

    async def add_listener(self, listener: Listener) -> str:
        """Register a listener on the active cluster and, from then on, on each one after it.

        Raises:
            Exception: A member refused it, or no cluster was found in time; it is not registered then.
        """
        self._check_usable()
        registration_id = self._listeners.add(listener)
        try:
            while True:
                link = await self.link(self.settings.invocation_timeout)
                # a link that is being prepared may have taken its listeners before this one was there
                for prepared in self._driver.prepared_links():
                    await self._listeners.register_on(prepared, registration_id)
                if not link.down:
                    return registration_id
        except BaseException:
            self.runtime.spawn(self._listeners.remove(registration_id))
            raise

    async def remove_listener(self, registration_id: str) -> bool:
        """Remove a listener everywhere; False when there is none with that id."""
        self.check_loop()
        return await self._listeners.remove(registration_id)

    # -------------------------------------------------------------------------------------------------------- control

    async def switch_to(self, candidate: str, *, drain_timeout: float, linger_timeout: float) -> model.Answer:
        """Ask for a planned switch and return the controller's answer."""
        self._check_usable()
        return await self._driver.request(
            model.SwitchTo(candidate=candidate, drain_timeout=drain_timeout, linger_timeout=linger_timeout)
        )

    def _check_usable(self) -> None:
        if self._refuse is not None:
            raise self._refuse(model.Outcome.NOT_SENT)
        self.check_loop()

    def disown(self) -> None:
        """Make the engine unusable in a forked child without touching the parent's sockets."""
        self._refuse = self._errors.forked
        self.disowned = True


def _disown_all() -> None:
    for engine in _engines:
        engine.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
