"""What the controller is told and what it orders: events in, commands out, all of them frozen values.

The controller decides and does nothing else; the engine's driver acts and decides nothing. These values are the whole
language between them, so a decision can be written down as data, replayed and simulated. Nothing here knows a clock, a
socket or a thread. Times are seconds as ``float`` on the runtime's monotonic clock, durations are seconds.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

AttemptId = NewType("AttemptId", int)
LinkId = NewType("LinkId", int)
TimerId = NewType("TimerId", int)
RequestId = NewType("RequestId", int)


class Outcome(enum.Enum):
    """What is known about a call that ended in an error."""

    NOT_SENT = "not sent"
    """No cluster has seen the call: it is safe to issue it again."""
    UNKNOWN = "unknown"
    """The call, or a part of it, was handed to a cluster and no answer came: it may have been applied."""
    ANSWERED = "answered"
    """The cluster answered with this error."""


class Reason(enum.Enum):
    """Why a candidate could not be opened, as far as the client can tell."""

    ADDRESSES = "no member's address known"
    DNS = "name does not resolve"
    REFUSED = "connection refused"
    TIMEOUT = "no answer in time"
    TLS = "no TLS connection"
    NO_CREDENTIALS = "nothing to sign in with"
    CREDENTIALS = "credentials or cluster name refused"
    DENIED = "client not allowed in the cluster"
    PARTITIONS = "other partition count"
    FAILOVER_UNSUPPORTED = "cluster does not support failover"
    SAME_CLUSTER = "the same cluster under another name"
    PROTOCOL = "unexpected answer"
    LOST = "connection lost"
    PREPARATION = "could not be prepared"


class Role(enum.Enum):
    """What a link is opened for."""

    ACTIVE = "active"
    """To carry the calls as soon as it is prepared."""
    STANDBY = "standby"
    """To be at hand when the active link is lost."""
    TARGET = "target"
    """To carry the calls after a planned switch."""


class Kind(enum.Enum):
    """How an activated link relates to the one that was active before."""

    FIRST = "first"
    SAME = "same"
    """The same cluster (by cluster id): a reconnect."""
    RESTARTED = "restarted"
    """The same candidate with a new cluster id: its data is gone."""
    CHANGED = "changed"


class Cause(enum.Enum):
    """Why the last connection of a link went away."""

    CLOSED = "closed by the cluster"
    SILENT = "no answer within the limit"
    """Neither over its connections nor over fresh ones."""
    PROTOCOL = "malformed bytes"


class Lifecycle(enum.Enum):
    """Lifecycle states that a change of the link brings; published in this order at a failover."""

    DISCONNECTED = "DISCONNECTED"
    CHANGED_CLUSTER = "CHANGED_CLUSTER"
    CLUSTER_RESTARTED = "CLUSTER_RESTARTED"
    CONNECTED = "CONNECTED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One entry of the failover configuration: a cluster that the client may use."""

    id: int
    """Position at start; stable for the life of the client."""
    name: str
    """The cluster name, made unique within the client ("dev", "dev-2")."""
    cluster_name: str
    connect_timeout: float | None = None
    """An explicit ``cluster-connect-timeout`` in seconds; None if the configuration says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an authenticated link knows about its cluster."""

    cluster_id: str
    """The cluster's UUID, new for each start of the cluster."""
    partition_count: int
    members: int
    failover_supported: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CallCounts:
    """What became of the calls in flight when a link was lost."""

    unknown: int = 0
    """Ended with an error of outcome ``UNKNOWN``: sent, and not safe to send again."""
    held: int = 0
    """Kept to run on the next link: never sent, or safe to send again."""


# ---------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """The client was started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The link is authenticated and complete: members, partition count and cluster id are known."""

    attempt: AttemptId
    link: LinkId
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFailed:
    """The attempt ended without a link."""

    attempt: AttemptId
    reason: Reason
    detail: str
    """For people: which address, what was expected, what was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """Proxies, schemas and listeners are in place on the link."""

    link: LinkId


@dataclass(frozen=True, kw_only=True, slots=True)
class PrepareFailed:
    """The link lives on but could not be prepared."""

    link: LinkId
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """The last connection of a link is gone. Was it the active link, calls park already."""

    link: LinkId
    cause: Cause
    detail: str = ""
    calls: CallCounts = field(default_factory=CallCounts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drained:
    """The short calls have ended, or the limit has passed."""

    link: LinkId
    left: int
    """Calls that stay on the link: those that block by nature, and short ones that the limit cut off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Activated:
    """The link carries the calls; those held were released."""

    link: LinkId
    released: int
    longest_hold: float
    """How long the call that waited longest was held, in seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerFired:
    """A timer that the controller had set is due."""

    timer: TimerId


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchTo:
    """Ask for a planned switch to the candidate of that name."""

    candidate: str
    drain_timeout: float
    linger_timeout: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Ask for the end of everything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """A user asked for something; the answer carries the same id."""

    request: RequestId
    what: SwitchTo | Stop


Event = Started | Opened | OpenFailed | Prepared | PrepareFailed | Lost | Drained | Activated | TimerFired | Requested

# -------------------------------------------------------------------------------------------------------- commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Open a link to the candidate; answer with Opened or OpenFailed, at the latest at ``deadline``."""

    attempt: AttemptId
    candidate: int
    role: Role
    deadline: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Abandon:
    """End the attempt; nothing more is reported for it and nothing of it is left."""

    attempt: AttemptId


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepare:
    """Put in place on the link all that calls rely on; answer Prepared or PrepareFailed (or Lost)."""

    link: LinkId
    deadline: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Park new calls although the active link is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """End a hold that did not lead to a switch: parked calls go to the active link."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain:
    """Report Drained when no short call is in flight on the link, at the latest at ``deadline``."""

    link: LinkId
    deadline: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Activate:
    """Make the prepared link the one that carries calls, release the parked ones, report Activated."""

    link: LinkId
    kind: Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Retire:
    """Close the link when its last call has ended, at the latest at ``deadline``. No event follows."""

    link: LinkId
    deadline: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Close the link now. No event follows."""

    link: LinkId
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SetTimer:
    """Report TimerFired at ``at``."""

    timer: TimerId
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelTimer:
    """Forget the timer."""

    timer: TimerId


@dataclass(frozen=True, kw_only=True, slots=True)
class LifecycleChanged:
    """Published: a lifecycle state, with the candidates' names where they are known."""

    state: Lifecycle
    from_cluster: str | None
    to_cluster: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StandbyChanged:
    """Published: the candidate that stands by ready, or None and why there is none."""

    standby: str | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicGap:
    """Listeners of a reliable topic go on at the tail of another cluster; earlier messages are not delivered."""

    topic: str
    listeners: int
    """How many listeners of this client."""
    from_cluster: str
    to_cluster: str


class JobFate(enum.Enum):
    """What became of a job at a change of the cluster, or was seen of it afterwards."""

    LEFT = "left behind: it may still run there"
    FOLLOWED = "the handle means the job of that name on the new cluster"
    RERUN = "submitted once more on the new cluster"
    NOT_RERUN = "could not be submitted once more"
    STILL_RUNS = "superseded, and still running there"
    COMPLETED_TOO = "superseded, and completed there"
    CANCELLED = "superseded, and cancelled there"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMoved:
    """What a change of the cluster meant for one job that the client has a handle of."""

    job: str
    """The job's name and id, as people read them, on the cluster that was left."""
    fate: JobFate
    from_cluster: str
    """The candidate that was left."""
    to_cluster: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundFailed:
    """Published: every candidate was tried once and none could be used."""

    number: int
    reasons: Mapping[str, str]
    """Why, for each candidate's name."""
    pause: float
    """Seconds until the next round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """One step in the timeline of a switch."""

    name: str
    at: float
    """Milliseconds since the switch began."""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchReport:
    """The timeline of one switch."""

    kind: Kind
    planned: bool
    why: str
    from_cluster: str | None
    to_cluster: str
    phases: tuple[Phase, ...]
    calls: CallCounts
    """What became of the calls in flight at the loss; all zero for a planned switch."""
    lingering: int
    """Calls that were left on the former link at a planned switch."""
    released: int
    """Calls that waited for the link and were released."""
    longest_hold: float
    """How long the call that waited longest was held, in seconds."""
    jobs: tuple[JobMoved, ...] = ()
    """What it meant for jobs; in ``history`` this grows while more becomes known of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Switched:
    """Published: a link became active (first start and reconnects included)."""

    report: SwitchReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """Tell listeners and the log."""

    event: LifecycleChanged | StandbyChanged | RoundFailed | Switched


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Answer a request: with a report when it succeeded, with the reason when nothing was changed."""

    request: RequestId
    report: SwitchReport | None = None
    refused: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """No candidate is left to try: end the client."""

    reasons: Mapping[str, str]
    attempts: int
    seconds: float


Command = (
    Open
    | Abandon
    | Prepare
    | Hold
    | Release
    | Drain
    | Activate
    | Retire
    | Close
    | SetTimer
    | CancelTimer
    | Publish
    | Answer
    | GiveUp
)
