"""What a handle means after the client has gone to another cluster: the rules, and the attempts they work on. Pure.

A job runs on one cluster and knows nothing of others. A handle may stay with it, follow its name, or have the work done
once more where the client goes. Whatever is decided here, is done elsewhere.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tealjet.protocol.jet_values import JobStatus

__all__ = ["Arrival", "Attempt", "AttemptState", "Continuity", "Line", "Sighting"]


class Continuity(enum.Enum):
    """What happens to a job's handle when the client goes to another cluster."""

    LEAVE = "leave"
    """The handle stays with its cluster, as in Java (Hazelcast Jet 4.3.1 manual, "Blue-Green Client")."""
    FOLLOW = "follow"
    """The handle means the job of that name on the new cluster, if there is one."""
    RERUN = "rerun"
    """The JAR is submitted once more on the new cluster; for work that ends by itself and may be done twice."""


class AttemptState(enum.Enum):
    """What is known of one attempt."""

    UNDER_WAY = "under way"
    LEFT_BEHIND = "left behind: it may still run"
    STILL_RUNS = "superseded, and seen running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self is AttemptState.COMPLETED or self.in_vain

    @property
    def in_vain(self) -> bool:
        """Whether it is known to have ended without a result."""
        return self in (AttemptState.FAILED, AttemptState.CANCELLED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One job that a handle has stood for."""

    number: int
    """From 1."""
    cluster: str
    """The candidate's name."""
    cluster_id: str
    job_id: int
    id_string: str
    since: datetime
    """When the handle began to stand for it, in UTC."""
    state: AttemptState = AttemptState.UNDER_WAY
    detail: str = ""
    """What it failed with."""


class Arrival(enum.Enum):
    """What a handle does when the client has arrived at another cluster."""

    STAY = "stay with the job where it is"
    RESUME = "go on with the attempt that this cluster has"
    FIND = "look for a job of that name"
    SUBMIT = "submit once more"


class Sighting(enum.Enum):
    """What follows when a superseded attempt is seen again."""

    NOTHING = "nothing"
    REPORT = "say that it still runs"
    CANCEL = "cancel it"
    COMPLETED = "it has done the work"


@dataclass(frozen=True, slots=True)
class Line:
    """The attempts of one handle; frozen, each change makes a new line."""

    continuity: Continuity
    attempts: tuple[Attempt, ...]
    current: int = 0
    """Position of the attempt that the handle stands for."""

    @property
    def now(self) -> Attempt:
        """The attempt that the handle stands for."""
        return self.attempts[self.current]

    @property
    def completed(self) -> Attempt | None:
        """The first attempt that has completed."""
        return next((one for one in self.attempts if one.state is AttemptState.COMPLETED), None)

    def of_cluster(self, cluster_id: str) -> int | None:
        """Return the position of the last attempt on a cluster."""
        positions = [at for at, one in enumerate(self.attempts) if one.cluster_id == cluster_id]
        return positions[-1] if positions else None

    def arrived(self, cluster_id: str) -> Arrival:
        """Say what the handle does when the client has arrived at a cluster.

        An attempt that the cluster has is gone on with, so that going back and forth multiplies no work; one that was
        cancelled there as superseded, or has failed, does no work any more.
        """
        at = self.of_cluster(cluster_id)
        if at is not None and not (self.continuity is Continuity.RERUN and self.attempts[at].state.in_vain):
            return Arrival.RESUME
        if self.continuity is Continuity.FOLLOW:
            return Arrival.FIND
        if self.continuity is Continuity.RERUN and self.completed is None and not self.now.state.ended:
            return Arrival.SUBMIT
        return Arrival.STAY

    def left(self) -> Line:
        """Note that the client has left the current attempt's cluster."""
        if self.now.state.ended:
            return self
        return self.noted(self.current, AttemptState.LEFT_BEHIND)

    def resumed(self, cluster_id: str) -> Line:
        """Stand for the attempt that a cluster has."""
        at = self.of_cluster(cluster_id)
        if at is None:
            raise ValueError(f"no attempt was made on the cluster {cluster_id}")
        line = replace(self, current=at)
        return line if line.now.state.ended else line.noted(at, AttemptState.UNDER_WAY)

    def added(self, attempt: Attempt) -> Line:
        """Stand for a further attempt."""
        return replace(self, attempts=(*self.attempts, attempt), current=len(self.attempts))

    def noted(self, at: int, state: AttemptState, detail: str = "") -> Line:
        """Note what is known of an attempt."""
        attempts = list(self.attempts)
        attempts[at] = replace(attempts[at], state=state, detail=detail)
        return replace(self, attempts=tuple(attempts))

    def superseded(self, cluster_id: str) -> Sequence[int]:
        """Return the positions of the attempts on a cluster that are not the current one and may still run."""
        return [
            at
            for at, one in enumerate(self.attempts)
            if one.cluster_id == cluster_id and at != self.current and not one.state.ended
        ]

    def seen(self, at: int, status: JobStatus, *, cancel: bool) -> Sighting:
        """Say what follows when a superseded attempt is seen.

        Args:
            at: Its position.
            status: Its status on its cluster.
            cancel: The user wants superseded attempts to be cancelled.
        """
        if status is JobStatus.COMPLETED:
            return Sighting.COMPLETED
        if status is JobStatus.FAILED or at == self.current:  # the handle went back to it meanwhile
            return Sighting.NOTHING
        if cancel:
            return Sighting.CANCEL
        return Sighting.NOTHING if self.attempts[at].state is AttemptState.STILL_RUNS else Sighting.REPORT
