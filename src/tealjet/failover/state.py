"""What the controller holds between two events, and the view of it that others get.

Nothing here decides anything. Everything that is under way belongs to one slot: an id that no slot holds is stale.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from tealjet.failover import model
from tealjet.failover.model import AttemptId, Candidate, LinkId, TimerId
from tealjet.failover.report import Timeline

__all__ = ["Attempt", "Link", "Mode", "Pursuit", "Slot", "Stage", "Standby", "State", "Switch"]


class Mode(enum.Enum):
    """What the controller is about."""

    IDLE = "not started"
    LOOKING = "looking whether the lost cluster is still there"
    OPENING = "opening a candidate"
    PREPARING = "preparing and activating a link"
    PAUSED = "waiting for the next look or round"
    CONNECTED = "connected"
    SWITCHING = "connected, and a planned switch is under way"
    ENDED = "stopped or given up"


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What the controller knows at one moment."""

    mode: Mode
    active: str | None
    """Name of the candidate in use."""
    active_link: LinkId | None
    standby: str | None
    """Name of the candidate that stands by ready."""
    standby_link: LinkId | None
    switching_to: str | None
    """Name of the candidate that a planned switch goes to."""
    opening: Mapping[AttemptId, str]
    """The attempts in flight and their candidates' names."""
    round: int
    """The round over the candidates since the start or the loss, 0 during the quick look and while connected."""
    attempts: int
    """Cluster attempts since the start or the loss, as the rule for giving up counts them; 0 while connected."""
    reasons: Mapping[str, str]
    """Why candidates could not be used lately, by name."""
    partition_count: int | None
    """The count of the first cluster that was used; all others must have the same."""


class Stage(enum.Enum):
    """How far a link has come on its way to carry calls."""

    OPEN = 1
    PREPARING = 2
    PREPARED = 3
    ACTIVATING = 4


@dataclass(slots=True)
class Link:
    """A link that the controller has been told of and has neither closed, retired nor lost."""

    id: LinkId
    candidate: Candidate
    facts: model.Facts
    since: float
    """When it was opened or, later, activated."""
    stage: Stage = Stage.OPEN


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt in flight."""

    id: AttemptId
    candidate: Candidate


@dataclass(slots=True)
class Slot:
    """At most one of the three: an attempt in flight, a link, a pause."""

    attempt: Attempt | None = None
    link: Link | None = None
    timer: TimerId | None = None


@dataclass(slots=True)
class Standby(Slot):
    """The link that is to be at hand, or the way to it."""

    queue: list[Candidate] = field(default_factory=list)
    """Candidates that are still to be tried in this round."""
    failures: int = 0
    """Rounds without a standby and quick losses of one, in a row."""
    published: model.StandbyChanged = field(default_factory=lambda: model.StandbyChanged(standby=None))


@dataclass(slots=True, kw_only=True)
class Pursuit(Slot):
    """The way to an active link, from the start or a loss on: first the quick look, then rounds."""

    timeline: Timeline
    former: Link | None
    """The link that was lost; None at the start."""
    calls: model.CallCounts = field(default_factory=model.CallCounts)
    """What became of the calls in flight at the loss."""
    look_until: float | None = None
    """When the look at the lost cluster has to end; None before it begins."""
    looks: int = 0
    """Attempts that the look has made; together they count as one cluster attempt."""
    round: int = 0
    """The current round, 0 during the look."""
    queue: list[Candidate] = field(default_factory=list)
    """Candidates that are still to be tried in this round."""
    attempts: int = 0
    """Cluster attempts, as the rule for giving up counts them."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why, by name, for the candidates of this round."""


@dataclass(slots=True, kw_only=True)
class Switch(Slot):
    """A planned switch until the target is in use or the switch is off."""

    request: model.RequestId
    what: model.SwitchTo
    timeline: Timeline
    former: Link
    held: bool = False
    """Whether new calls are parked for it."""
    left: int = 0
    """Calls that stayed on the former link when draining ended."""
    lost: model.Lost | None = None
    """The loss of the former link, when it came after the order to activate the target."""
