"""State of the former cluster that must not reach the next one: CP sessions.

A session id belongs to one cluster, and the next cluster may know the same number as somebody else's session. The
session manager is therefore replaced as a whole at a change, and what the former one still wants to send ends here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hazelcast.client import _ClientContext
from hazelcast.errors import CPGroupDestroyedError

__all__ = ["CPSessions"]


class _Fence:
    """An invocation service that sends nothing once its cluster has been left."""

    def __init__(self, invocations: Any) -> None:
        self._invocations = invocations
        self.closed = False

    def invoke(self, invocation: Any) -> None:
        if self.closed:
            text = "The CP session belonged to a cluster that this client has left; create the object again."
            invocation.future.set_exception(CPGroupDestroyedError(text))
        else:
            self._invocations.invoke(invocation)

    def ainvoke(self, invocation: Any) -> Any:
        self.invoke(invocation)
        return invocation.future


class CPSessions:
    """The official session manager of the active cluster."""

    def __init__(
        self, manager_class: Callable[[Any], Any], context: Any, spawn: Callable[[Coroutine[Any, Any, Any]], object]
    ) -> None:
        """Make session managers of this class for this client context.

        Args:
            manager_class: The family's ProxySessionManager.
            context: The client's context.
            spawn: Runs a coroutine in the background.
        """
        self._manager_class = manager_class
        self._context = context
        self._spawn = spawn
        self._renew()

    def _renew(self) -> None:
        context = _ClientContext()
        context.__dict__.update(self._context.__dict__)
        self._fence = context.invocation_service = _Fence(self._context.invocation_service)
        self._manager = self._manager_class(context)

    def cluster_changed(self) -> None:
        """Leave all sessions behind; new ones are made when they are needed."""
        former = self._manager
        self._fence.closed = True
        self._renew()
        ended = former.shutdown()  # stops its timer; what it wants to say to its cluster ends at the fence
        if asyncio.iscoroutine(ended):
            self._spawn(ended)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)
