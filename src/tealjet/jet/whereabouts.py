"""Where the client is and was, and what is bound to a cluster it may leave.

A job belongs to one cluster, by the cluster's id. What waits for such a job ends at the moment in which the client
begins to use another cluster, before any call is released there. Nothing is asked and nothing is polled for that.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from tealjet.bridge.homes import Home
from tealjet.engine.link import Link
from tealjet.errors import Outcome
from tealjet.failover.model import Kind
from tealjet.jet.errors import JobNotFoundError
from tealjet.jet.ids import id_string
from tealjet.jet.questions import Questions

__all__ = ["Bound", "Departure", "JobRef", "Place", "Whereabouts", "left_behind", "not_followed"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A cluster, and how it is spoken to about jobs."""

    home: Home
    questions: Questions


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRef:
    """A job, where it is."""

    place: Place
    job_id: int
    name: str | None
    coordinator: uuid.UUID | None = None
    """The member that coordinates a light job; None for a normal one."""

    @property
    def home(self) -> Home:
        """The cluster that has it."""
        return self.place.home

    def __str__(self) -> str:
        number = id_string(self.job_id)
        return number if self.name is None else f"{self.name!r} ({number})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """How the client left a cluster."""

    at: datetime
    """In UTC."""
    to: str
    """The candidate's name that the client went to."""
    restarted: datetime | None = None
    """When the same candidate was seen to be another cluster, in UTC; None if it was not."""


def left_behind(job: JobRef, departure: Departure, outcome: Outcome, *, changes: bool = False) -> JobNotFoundError:
    """Return the error of a call about a job whose cluster is not the active one.

    Args:
        job: The job.
        departure: How its cluster was left.
        outcome: What is known of the call.
        changes: The call was to change something.
    """
    if departure.restarted is not None:
        text = (
            f"Job {job} belongs to cluster {job.home.name!r} as it was before it was restarted (seen at "
            f"{_said(departure.restarted)}): the job ended with it, unless that cluster restores its jobs; look for it "
            "by its name."
        )
    else:
        text = (
            f"Job {job} belongs to cluster {job.home.name!r}, which this client left for {departure.to!r} at "
            f"{_said(departure.at)}; it may still run there. This handle works again when the client is back on that "
            "cluster."
        )
    if changes and outcome is Outcome.UNKNOWN:
        text += " What was asked of it may have been done."
    return JobNotFoundError(
        text,
        cluster=job.home.name,
        job_id=job.job_id,
        left_at=departure.at,
        now_on=departure.to,
        outcome=outcome,
    )


def not_followed(job: JobRef, departure: Departure, here: Home, why: str) -> JobNotFoundError:
    """Return the error of a call about a job that was to be followed.

    Args:
        job: The job, on the cluster that was left.
        departure: How that cluster was left.
        here: The active cluster.
        why: Why the handle means no job there.
    """
    text = (
        f"Job {job} belongs to cluster {job.home.name!r}, which this client left for {departure.to!r} at "
        f"{_said(departure.at)}, and {why}: there is nothing to go on with."
    )
    return JobNotFoundError(
        text,
        cluster=job.home.name,
        job_id=job.job_id,
        left_at=departure.at,
        now_on=here.name,
        outcome=Outcome.NOT_SENT,
    )


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


class Bound(Protocol):
    """Something that waits for one cluster."""

    @property
    def home(self) -> Home:
        """The cluster."""
        ...

    def leave(self, departure: Departure) -> None:
        """End it: the client uses another cluster from now on."""
        ...

    def look_again(self) -> None:
        """What is told of the cluster may have been missed: there is another link to it, or none ever again."""
        ...


class Whereabouts:
    """What the client's way from cluster to cluster means for jobs. All methods on the event loop."""

    def __init__(self, home: Home, wall: Callable[[], float]) -> None:
        """Begin on a cluster.

        Args:
            home: The active cluster.
            wall: Gives the seconds since 1970.
        """
        self.home = home
        self.moves = 0
        """How often the client has gone to another cluster."""
        self._wall = wall
        self._left: dict[str, tuple[Home, Departure]] = {}
        """By the cluster's id, the clusters that were left, each with how it was left last."""
        self._bound: set[Bound] = set()
        self._told: list[Callable[[Home, Departure], None]] = []

    def on_departure(self, tell: Callable[[Home, Departure], None]) -> None:
        """Call back each time when the client has left a cluster."""
        self._told.append(tell)

    def activated(self, kind: Kind, link: Link) -> None:
        """Take note of an activation: end what waits for another cluster."""
        if self.home.has(link):
            self.look_again()
            return
        former, self.home = self.home, Home(link.target.name, link.facts.cluster_id)
        self.moves += 1
        now = self._now()
        departure = Departure(at=now, to=link.target.name, restarted=now if kind is Kind.RESTARTED else None)
        self._left[former.cluster_id] = former, departure
        self.seen(self.home)
        for bound in list(self._bound):
            if not self.is_here(bound.home):
                bound.leave(departure)
        for tell in self._told:
            tell(former, departure)

    def look_again(self) -> None:
        """Have what waits for the active cluster look what has become of it; a client that was closed says so then."""
        for bound in list(self._bound):
            if self.is_here(bound.home):
                bound.look_again()

    def seen(self, home: Home) -> None:
        """Take note of a cluster that can be used: what was left under its name, with another id, is no more."""
        for cluster_id, (former, departure) in self._left.items():
            if former.name == home.name and cluster_id != home.cluster_id and departure.restarted is None:
                self._left[cluster_id] = former, replace(departure, restarted=self._now())

    def is_here(self, home: Home) -> bool:
        """Say whether a cluster is the active one, or the last one while there is none."""
        return home.cluster_id == self.home.cluster_id

    def departure_from(self, home: Home) -> Departure:
        """Return how a cluster that the client has used and is not on now was left last."""
        _, departure = self._left[home.cluster_id]
        return departure

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    @contextlib.contextmanager
    def keeping(self, bound: Bound) -> Iterator[None]:
        """Tell something inside the block when its cluster is left."""
        self._bound.add(bound)
        try:
            yield
        finally:
            self._bound.discard(bound)
