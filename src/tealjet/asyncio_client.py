"""The asyncio client, on the caller's loop."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any

from hazelcast.asyncio import HazelcastClient

from tealjet.bridge.asyncio_family import AsyncioFamily
from tealjet.bridge.callbacks import LoopCallbacks
from tealjet.client import CLOSE_LIMIT, Plan, announcer_of, jet_of, no_cluster
from tealjet.control import AsyncFailover
from tealjet.jet.client import AsyncJet
from tealjet.runtime import AsyncioRuntime, Runtime

__all__ = ["AsyncioJetClient", "Starting"]

_log = logging.getLogger("tealjet")


class AsyncioJetClient(HazelcastClient):
    """A blue/green client on the caller's loop; made by :func:`tealjet.asyncio.new_jet_failover_client`."""

    failover: AsyncFailover
    """Where the client is, what happened, and planned switches."""
    jet: AsyncJet
    """Jobs: submission, handles, the list of them."""

    def __init__(self, plan: Plan, runtime: Runtime | None = None) -> None:
        """Make the parts; :meth:`start` finds a cluster."""
        loop = asyncio.get_running_loop()
        self._closed = False
        self._family = AsyncioFamily(self, plan.config, plan.name, LoopCallbacks(loop))
        self._plan = plan
        self._announcer = announcer_of(self._family)
        self._engine = plan.engine(runtime or AsyncioRuntime(), self._family, self._announcer)

    @classmethod
    async def start(cls, plan: Plan, runtime: Runtime | None = None) -> AsyncioJetClient:
        """Make a client and find a cluster; cancelling this leaves nothing behind.

        Args:
            plan: What the configuration means.
            runtime: The world; None for this machine.

        Raises:
            NoClusterError: No candidate could be used within the limits of the configuration.
        """
        client = cls(plan, runtime)
        family, engine = client._family, client._engine
        try:
            family.lifecycle.start()
            gave_up = await engine.start()
            if gave_up is not None:
                raise no_cluster(gave_up)
            family.fill(client, engine, await engine.link(plan.settings.invocation_timeout))
            client.failover = AsyncFailover(engine, client._announcer, family.callbacks, plan.candidates, plan.options)
            sql = client._sql_service
            client.jet = jet_of(engine, family, client._announcer, lambda statement: sql.execute(statement))
            await client._statistics.start()
        except BaseException:
            client._closed = True
            await engine.close()
            raise
        return client

    async def shutdown(self) -> None:
        """Close the client; every call that is under way ends. Harmless when it is closed.

        Raises:
            WrongLoopError: The client belongs to another event loop, and stays as it is.
        """
        if self._closed:
            return
        self._engine.check_loop()
        self._closed = True
        announce = self._family.lifecycle.running
        try:
            if announce:
                self._family.fire("SHUTTING_DOWN")
                self._family.lifecycle.shutdown()
                await self._close_sessions()
        finally:  # also when nobody waits for it any more
            sessions: Any = self._proxy_session_manager
            sessions.end()
            self._statistics.shutdown()
            if announce:
                self._near_cache_manager.destroy_near_caches()
            await self._engine.close()
            if announce:
                self._family.fire("SHUTDOWN")
        await asyncio.sleep(0)  # one turn of the loop: connections are closed and listeners told when this returns

    async def _close_sessions(self) -> None:
        if self._engine.active is None:
            return
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._proxy_session_manager.shutdown()
        except Exception as error:
            _log.warning("CP sessions could not be closed, they will expire: %s", error)

    async def __aenter__(self) -> AsyncioJetClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.shutdown()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            warnings.warn(
                f"unclosed client {self._family.name!r}: await shutdown()", ResourceWarning, stacklevel=2, source=self
            )


class Starting:
    """What the asyncio factories return: ``client = await ...`` or ``async with ... as client``, once."""

    def __init__(self, start: Callable[[], Coroutine[Any, Any, AsyncioJetClient]]) -> None:
        """Start the client with this when it is awaited."""
        self._start = start
        self._begun = False
        self._client: AsyncioJetClient

    def _begin(self) -> Coroutine[Any, Any, AsyncioJetClient]:
        if self._begun:
            raise RuntimeError("This client was started before: keep what the first await returned, or make another.")
        self._begun = True
        return self._start()

    def __await__(self) -> Generator[Any, None, AsyncioJetClient]:
        return self._begin().__await__()

    async def __aenter__(self) -> AsyncioJetClient:
        self._client = await self._begin()
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.shutdown()

    def __getattr__(self, name: str) -> Any:
        """Say to who takes this for the client what is missing."""
        text = f"A client that was not started has no {name!r}: client = await new_jet_failover_client(...)"
        raise AttributeError(text, name=name, obj=self)

    def __del__(self) -> None:
        if not self.__dict__.get("_begun", True):
            warnings.warn("a client was made and never awaited", RuntimeWarning, stacklevel=2, source=self)
