"""User listeners: registered once by the user, on every connection of every link that carries calls.

The registry outlives links. A link is given all listeners while it is prepared, and from then on each new connection
and each new listener is added to it; what is registered where is known per connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tealjet.engine.connection import Connection
from tealjet.engine.link import Link
from tealjet.protocol.frames import Message
from tealjet.runtime import Runtime

__all__ = ["Listener", "Listeners"]


@dataclass(frozen=True, slots=True)
class Listener:
    """What a listener consists of."""

    request: bytes
    """The encoded registration."""
    decode: Callable[[Message], object]
    """Reads the member's registration id from its answer."""
    encode_removal: Callable[[object], bytearray | None]
    """Makes the request that removes it on a member, None when there is none."""
    handle: Callable[[Message], None]
    """Called with each event, on the event loop."""
    belongs: Callable[[Link], bool] | None = None
    """Says which links it is registered on, by their cluster; None: on all of them."""
    interrupted: Callable[[], None] | None = None
    """Called when a connection is gone that it was registered on: what is told until it is there again is missed."""

    def belongs_on(self, link: Link) -> bool:
        """Say whether it is to be registered on the link."""
        return self.belongs is None or self.belongs(link)


@dataclass(slots=True, eq=False)
class _Registration:
    listener: Listener
    remote: dict[Connection, asyncio.Task[tuple[object, int]]] = field(default_factory=dict)
    """For each connection the id that the member gave it and the correlation id of its events."""


class Listeners:
    """The registry. All methods on the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        """Start empty."""
        self._runtime = runtime
        self._registrations: dict[str, _Registration] = {}

    def __len__(self) -> int:
        return len(self._registrations)

    def add(self, listener: Listener) -> str:
        """Take a listener into the registry; from now on every link that is prepared gets it."""
        registration_id = str(self._runtime.uuid())
        self._registrations[registration_id] = _Registration(listener)
        return registration_id

    async def register_on(self, link: Link, registration_id: str) -> None:
        """Register a listener on the connections of a link.

        Raises:
            Exception: A member refused it. That a connection was lost is no error: its successor gets all listeners.
        """
        registration = self._registrations.get(registration_id)
        if registration is not None and registration.listener.belongs_on(link):
            connections = list(link.connections.values())
            await asyncio.gather(*(self._register(connection, registration) for connection in connections))

    async def register_all(self, connection: Connection) -> list[str]:
        """Register what is not registered yet on a connection; a listener that is refused is tried once more.

        Returns:
            For each listener that was refused twice, what the member said.
        """
        refused: dict[_Registration, str] = {}
        for _ in range(2):
            refused.clear()
            while missing := self._missing(connection, refused):
                results = await asyncio.gather(
                    *(self._register(connection, registration) for registration in missing), return_exceptions=True
                )
                failed = (isinstance(result, Exception) for result in results)
                refused |= {one: str(result) for one, result, bad in zip(missing, results, failed, strict=True) if bad}
            if not refused:
                break
        return list(refused.values())

    def _missing(self, connection: Connection, refused: dict[_Registration, str]) -> list[_Registration]:
        if not connection.live:
            return []
        return [
            one
            for one in self._registrations.values()
            if connection not in one.remote and one not in refused and one.listener.belongs_on(connection.link)
        ]

    async def remove(self, registration_id: str) -> bool:
        """Remove a listener everywhere; False when there is none with that id."""
        registration = self._registrations.pop(registration_id, None)
        if registration is None:
            return False
        await asyncio.gather(*(self._deregister(*item, registration) for item in list(registration.remote.items())))
        return True

    async def _deregister(
        self, connection: Connection, task: asyncio.Task[tuple[object, int]], registration: _Registration
    ) -> None:
        # a member that can't be told any more has closed the connection and forgotten the listener with it
        with contextlib.suppress(Exception):
            remote_id, correlation_id = await asyncio.shield(task)
            connection.link.stop_listening(correlation_id)
            request = registration.listener.encode_removal(remote_id)
            if request is not None and connection.live:
                await connection.link.ask(request, connection)

    def forget(self, connection: Connection) -> None:
        """Drop what is known of a closed connection."""
        for registration in self._registrations.values():
            interrupted = registration.listener.interrupted
            if registration.remote.pop(connection, None) is not None and interrupted is not None:
                interrupted()

    def _register(self, connection: Connection, registration: _Registration) -> Coroutine[Any, Any, None]:
        """Register once, however many ask for it at the same time."""
        task = registration.remote.get(connection)
        if task is None:  # begun before this is awaited: who removes the listener in the next moment has to know of it
            task = registration.remote[connection] = self._runtime.spawn(self._ask(connection, registration.listener))
        return self._registered(task, connection, registration)

    async def _registered(
        self, task: asyncio.Task[tuple[object, int]], connection: Connection, registration: _Registration
    ) -> None:
        try:
            await asyncio.shield(task)
        except Exception:
            registration.remote.pop(connection, None)
            if connection.live:
                raise

    async def _ask(self, connection: Connection, listener: Listener) -> tuple[object, int]:
        answer, correlation_id = await connection.link.listen(
            connection, bytearray(listener.request), listener.handle, of_user=True
        )
        return listener.decode(answer), correlation_id
