"""Which cluster something belongs to, and calls that go to that cluster or nowhere.

Most calls may go to any cluster. A few carry what only one cluster understands, a ringbuffer's sequence for example: on
the next cluster the same number would mean something else. They are bound to the cluster they were made for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tealjet.engine.calls import Call, Gate
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link
from tealjet.errors import ClusterLeftError, Outcome
from tealjet.failover.model import TopicGap
from tealjet.protocol.frames import message_type

__all__ = ["Bond", "BoundInvocations", "Home", "HomeNow", "Move", "Surroundings", "bound"]


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


@dataclass(frozen=True, slots=True)
class Move:
    """The change from one cluster to another, as it is told to what belongs to the former one."""

    former: Home
    link: Link
    """The link to the new cluster; no user's call has been sent over it yet."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What our proxies ask of their client."""

    home: HomeNow
    engine: Engine
    announce: Callable[[TopicGap], None]
    """Tells the log and the listeners of ``client.failover``."""


@dataclass(frozen=True, slots=True)
class Bond:
    """What ties calls to one cluster."""

    carries: str
    """What such a call carries."""
    advice: str
    """What to do when the cluster has been left."""

    def broken(self, home: Home, now: str, outcome: Outcome) -> ClusterLeftError:
        """Return the error of a call whose cluster has been left.

        Args:
            home: The cluster that it was made for.
            now: Name of the cluster that the client uses now.
            outcome: What is known of the call.
        """
        known = "it was not sent" if outcome is Outcome.NOT_SENT else "it may have been executed there"
        text = f"The call carries {self.carries} of cluster {home.name!r}, which this client has left for {now!r}; "
        return ClusterLeftError(f"{text}{known}. {self.advice}", outcome=outcome)


@dataclass(frozen=True, slots=True)
class _Bound:
    """The gate of a call that carries what only one cluster understands."""

    home: Home
    bond: Bond

    def admit(self, call: Call, link: Link) -> bool:
        if self.home.has(link):
            return True
        call.fail(self.bond.broken(self.home, link.target.name, call.outcome))
        return False


def bound(home: Home, bond: Bond) -> Gate:
    """Return the gate of a call that carries what only that cluster understands."""
    return _Bound(home, bond)


class BoundInvocations:
    """An invocation service that binds calls of some types to the cluster that they are made for."""

    def __init__(self, invocations: Any, home: HomeNow, types: frozenset[int], bond: Bond) -> None:
        """Hand calls on to ``invocations``.

        Args:
            invocations: The family's invocation service.
            home: Where the client is.
            types: Types of the messages that are bound.
            bond: What ties them to it.
        """
        self._invocations = invocations
        self._home = home
        self._types = types
        self._bond = bond

    def invoke(self, invocation: Any) -> None:
        """Start a call."""
        is_bound = message_type(invocation.request.buf) in self._types
        self._invocations.invoke(invocation, bound(self._home(), self._bond) if is_bound else None)

    def ainvoke(self, invocation: Any) -> Any:
        """Start a call of the asyncio family and return its future."""
        self.invoke(invocation)
        return invocation.future
