"""What a user may tune about failover beyond what Java's configuration files can say, and the times it stands for."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class Profile(enum.Enum):
    """How soon a silent cluster is given up. Explicit values win over a profile."""

    FAST = "fast"
    BALANCED = "balanced"
    PATIENT = "patient"


_SILENCE = {Profile.FAST: 0.4, Profile.BALANCED: 2.0, Profile.PATIENT: 60.0}
_GRACE = {Profile.FAST: 0.1, Profile.BALANCED: 0.25, Profile.PATIENT: 5.0}


def check_seconds(name: str, value: object) -> None:
    """Refuse what is no duration.

    Args:
        name: What it is called, for the error.
        value: What was given for it.

    Raises:
        TypeError: It is no number.
        ValueError: It is below 0, or not a number of any size.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{name} must be a number of seconds >= 0, not {value!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FailoverOptions:
    """How the client moves between clusters. All durations are seconds."""

    profile: Profile = Profile.BALANCED
    """The set of times that values left as None are taken from."""
    standby: bool = True
    """Keep a link to the next candidate open and ready."""
    require_failover_supported: bool = False
    """Refuse clusters that answer failoverSupported=false, as other languages' clients do (Community members)."""
    reconnect_grace: float | None = None
    """How long a lost cluster is looked at before the client moves on. A file's explicit cluster-connect-timeout
    takes its place when this is None."""
    silence_limit: float | None = None
    """How long a cluster may be silent before it counts as lost. A file's heartbeat timeout takes its place when
    this is None."""
    open_timeout: float = 5.0
    """Limit for opening a link: resolve, connect, authenticate, members and partitions."""
    prepare_timeout: float = 5.0
    """Limit for putting proxies, schemas and listeners in place on a link."""
    drain_timeout: float = 1.0
    """How long new calls may be held at a planned switch while short calls end."""
    linger_timeout: float = 120.0
    """How long calls that block by nature may stay on the former link after a planned switch."""
    max_parked_calls: int = 100_000
    """Calls that may wait for a cluster at one time; one more is refused."""

    def __post_init__(self) -> None:
        for name in (
            "reconnect_grace",
            "silence_limit",
            "open_timeout",
            "prepare_timeout",
            "drain_timeout",
            "linger_timeout",
        ):
            value = getattr(self, name)
            if value is not None:
                check_seconds(name, value)
        if self.max_parked_calls < 1:
            raise ValueError(f"max_parked_calls must be >= 1, not {self.max_parked_calls!r}")

    @property
    def grace(self) -> float:
        """The time to look at a lost cluster, in seconds, when no file says otherwise."""
        return _GRACE[self.profile] if self.reconnect_grace is None else self.reconnect_grace

    @property
    def silence(self) -> float:
        """The silence after which a cluster counts as lost, in seconds, when no file says otherwise."""
        return _SILENCE[self.profile] if self.silence_limit is None else self.silence_limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """The pause between rounds over the candidates, as in Hazelcast's connection-retry (seconds)."""

    initial: float = 1.0
    maximum: float = 30.0
    multiplier: float = 1.05
    jitter: float = 0.2
    """Share of the pause by which it may vary in either direction, 0 to 1."""

    def pause(self, round_number: int, random: float) -> float:
        """Return the pause after a round in seconds.

        Args:
            round_number: 1 for the first round that failed.
            random: A number in [0, 1) that places the pause within its jitter.
        """
        try:
            base = min(self.maximum, self.initial * self.multiplier ** (round_number - 1))
        except OverflowError:  # after so many rounds the maximum has long been reached
            base = self.maximum
        return max(0.0, base * (1 + self.jitter * (2 * random - 1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUpRule:
    """When the client stops trying: both the attempts and the time must be used up."""

    attempts: float
    """Cluster attempts, ``math.inf`` for never."""
    seconds: float


def java_give_up_rule(try_count: int | None, candidates: int, connect_timeout: float | None) -> GiveUpRule:
    """Return the rule that gives a client as many attempts and as much time as Java's failover client would have.

    Java makes one attempt on the current cluster and then ``try_count`` rounds over all of them, each bounded by
    cluster-connect-timeout (Hazelcast 5.7: 120 s when nothing is configured).

    Args:
        try_count: None when the configuration has none: the client never gives up.
        candidates: How many clusters are configured.
        connect_timeout: The explicit cluster-connect-timeout in seconds, or None.
    """
    if try_count is None:
        return GiveUpRule(attempts=math.inf, seconds=math.inf)
    attempts = 1 + try_count * candidates
    return GiveUpRule(attempts=attempts, seconds=attempts * (120.0 if connect_timeout is None else connect_timeout))
