"""Which cluster something belongs to, and calls that go to that cluster or nowhere.

Most calls may go to any cluster. A few carry what only one cluster understands, a ringbuffer's sequence for example: on
the next cluster the same number would mean something else. They are bound to the cluster they were made for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tealjet.engine.calls import Call
from tealjet.engine.link import Link
from tealjet.errors import ClusterLeftError, Outcome

__all__ = ["BoundInvocations", "Home", "HomeNow", "message_type_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """A cluster, as what belongs to it remembers it."""

    name: str
    """The candidate's name, for people."""
    cluster_id: str

    def has(self, link: Link) -> bool:
        """Say whether the link leads to this cluster."""
        return link.facts.cluster_id == self.cluster_id


HomeNow = Callable[[], Home]
"""Returns the home of what is made now: the active cluster, or the last one while there is none."""


def message_type_of(request: bytearray) -> int:
    """Return the type of an encoded request."""
    return int.from_bytes(request[6:10], "little")


@dataclass(frozen=True, slots=True)
class _Bound:
    """The gate of a call that carries what only one cluster understands."""

    home: Home
    carries: str
    advice: str

    def admit(self, call: Call, link: Link) -> bool:
        if self.home.has(link):
            return True
        known = "it was not sent" if call.outcome is Outcome.NOT_SENT else "it may have been executed there"
        text = (
            f"The call carries {self.carries} of cluster {self.home.name!r}, which this client has left for "
            f"{link.target.name!r}; {known}. {self.advice}"
        )
        call.fail(ClusterLeftError(text, outcome=call.outcome))
        return False


class BoundInvocations:
    """An invocation service that binds calls of some types to the cluster that they are made for."""

    def __init__(self, invocations: Any, home: HomeNow, types: frozenset[int], carries: str, advice: str) -> None:
        """Hand calls on to ``invocations``.

        Args:
            invocations: The family's invocation service.
            home: Where the client is.
            types: Types of the messages that are bound.
            carries: What such a call carries, for its error.
            advice: What to do, for its error.
        """
        self._invocations = invocations
        self._home = home
        self._types = types
        self._carries = carries
        self._advice = advice

    def invoke(self, invocation: Any) -> None:
        """Start a call."""
        bound = message_type_of(invocation.request.buf) in self._types
        self._invocations.invoke(invocation, _Bound(self._home(), self._carries, self._advice) if bound else None)

    def ainvoke(self, invocation: Any) -> Any:
        """Start a call of the asyncio family and return its future."""
        self.invoke(invocation)
        return invocation.future
