"""How the verbs of an embedded lab reach the loop that its members run on, from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from tealjet.lab._loops import start_loop
from tealjet.lab.clusters import LabError
from tealjet.lab.embedded.places import Addresses, ClusterPlace
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.settings import ClusterSettings
from tealjet.lab.embedded.sockets import Sockets
from tealjet.runtime import AsyncioRuntime

__all__ = ["ClusterPlan", "Control", "LoopControl", "raise_defects"]

ClusterPlan = tuple[ClusterSettings, Addresses]
"""A cluster as it is to be started, and where its members listen."""


class Control(Protocol):
    """The way to the members."""

    @property
    def process_id(self) -> int | None:
        """The process that they run in, None for this one."""
        ...

    def call(self, cluster: str, member: int | None, verb: str, **arguments: Any) -> Any:
        """Do something to a member, or to a cluster when that is None; return when it is done.

        Args:
            cluster: The cluster's key.
            member: Which of its members.
            verb: A method of ``MemberPlace`` or ``ClusterPlace``.
            **arguments: The method's.

        Raises:
            LabError: It cannot be done, or the lab is closed.
        """
        ...


class LoopControl:
    """Members on an event loop with a thread of its own, in this process.

    Args:
        stack: Ends all that is started here when it is closed.
        plans: What to start, by the clusters' keys.
        services: What members serve.
        uvloop: Run them on uvloop.
    """

    process_id: int | None = None
    """They run in this process."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        plans: Mapping[str, ClusterPlan],
        services: Sequence[type[Service]],
        *,
        uvloop: bool = False,
    ) -> None:
        self._open = True
        self._loop = start_loop(stack, "embedded-members", _uvloop_loop if uvloop else asyncio.new_event_loop)
        self._places: dict[str, ClusterPlace] = {}
        stack.callback(self._close)
        self._run(self._start(plans, services))

    def call(self, cluster: str, member: int | None, verb: str, **arguments: Any) -> Any:
        """Do something, on the loop."""
        return self._run(self._call(cluster, member, verb, arguments))

    def _run(self, work: Any) -> Any:
        if not self._open:
            work.close()
            raise LabError("the embedded clusters have been ended: their lab is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self, plans: Mapping[str, ClusterPlan], services: Sequence[type[Service]]) -> None:
        runtime, sockets = AsyncioRuntime(), Sockets()
        for key, (settings, addresses) in plans.items():
            place = self._places[key] = ClusterPlace(settings, addresses, services, runtime, sockets)
            await place.start()

    async def _call(self, cluster: str, member: int | None, verb: str, arguments: Mapping[str, Any]) -> Any:
        result = self._places[cluster].do(member, verb, arguments)
        return await result if inspect.isawaitable(result) else result

    def _close(self) -> None:
        left = self._run(self._end())
        self._open = False
        raise_defects(self._places.values(), left)

    async def _end(self) -> list[str]:
        """End all members; return what is left on the loop, which is nothing."""
        for place in self._places.values():
            await place.kill()
        return [f"{task!r} is left" for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def raise_defects(places: Iterable[ClusterPlace], further: Sequence[str] = ()) -> None:
    """Raise LabError when services of clusters had errors of their own, or something else went wrong."""
    defects = [*(defect for place in places for defect in place.defects), *further]
    if defects:
        raise LabError("embedded members had defects of their own:\n" + "\n".join(defects))


def _uvloop_loop() -> asyncio.AbstractEventLoop:
    try:
        uvloop = importlib.import_module("uvloop")  # it may be missing, and then nobody else needs it
    except ImportError:
        raise LabError("uvloop is not installed: pip install 'tealjet[uvloop]', or leave uvloop off") from None
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
