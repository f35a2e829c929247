"""The timeline of one switch while it is being made, and the report that comes of it.

It only writes down what the controller tells it; it must not know what was decided or what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping

from tealjet.failover.model import Activated, CallCounts, Kind, Phase, Reason, SwitchReport

__all__ = ["Timeline", "describe", "describe_all"]


def describe(reason: Reason, detail: str) -> str:
    """Return one sentence for people: the reason in words the whole client shares, then what was seen."""
    return f"{reason.value} ({detail})" if detail else reason.value


def describe_all(reasons: Mapping[str, str]) -> str:
    """Return why each candidate can't be used, by name, in one line for people."""
    return "; ".join(f"{name}: {why}" for name, why in reasons.items())


class Timeline:
    """Collects the phases of one switch."""

    def __init__(self, *, began: float, why: str, planned: bool, from_cluster: str | None) -> None:
        """Begin the timeline.

        Args:
            began: Monotonic time of the loss, the request or the start; offsets count from here.
            why: The cause in words.
            planned: Whether an operator asked for it.
            from_cluster: The candidate that is left, None at the start.
        """
        self.began = began
        self._why = [why]
        self._planned = planned
        self._from = from_cluster
        self._phases: list[Phase] = []
        self._kept = 0

    def mark(self, name: str, now: float, detail: str = "") -> None:
        """Add a phase."""
        self._phases.append(Phase(name=name, at=(now - self.began) * 1000, detail=detail))

    def because(self, why: str) -> None:
        """Add to the cause."""
        self._why.append(why)

    def keep(self) -> None:
        """Keep the phases up to now, whatever comes."""
        self._kept = len(self._phases)

    def forget(self) -> None:
        """Drop what was marked since the last keep: only the latest of many tries is told."""
        del self._phases[self._kept :]

    def report(
        self, *, kind: Kind, to_cluster: str, activated: Activated, calls: CallCounts, lingering: int = 0
    ) -> SwitchReport:
        """Return the report of a switch that has come to its end.

        Args:
            kind: How the new link relates to the former one.
            to_cluster: The candidate that is used now.
            activated: The figures of the activation.
            calls: What became of the calls in flight at the loss.
            lingering: Calls left on the former link.
        """
        return SwitchReport(
            kind=kind,
            planned=self._planned,
            why="; ".join(self._why),
            from_cluster=self._from,
            to_cluster=to_cluster,
            phases=tuple(self._phases),
            calls=calls,
            lingering=lingering,
            released=activated.released,
            longest_hold=activated.longest_hold,
        )
