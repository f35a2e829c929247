"""Everything that one run has measured, as it goes into ``results.json``."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.alarms import Alarms
from benchmarks.embedded import EmbeddedRate, Switches
from benchmarks.faults import ListenerCost, LossRound, PlannedSwitches, Starts
from benchmarks.footprint import Memory
from benchmarks.setting import MEMBER_VERSION
from benchmarks.throughput import CallProfile, Measurement
from benchmarks.uploads import Uploads


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Where and with what a run was made."""

    date: str
    cores: int
    system: str
    python: str
    tealjet: str
    official: str
    """Version of hazelcast-python-client."""
    member: str
    load_before: float
    """The system's load average over a minute when the run began: what others were doing."""


def facts() -> Facts:
    """Look at the machine."""
    return Facts(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        cores=os.cpu_count() or 0,
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        tealjet=version("tealjet"),
        official=version("hazelcast-python-client"),
        member=MEMBER_VERSION,
        load_before=round(os.getloadavg()[0], 2),
    )


@dataclass(kw_only=True, slots=True)
class Results:
    """What was measured; a part that was left out or failed is empty."""

    facts: Facts
    later: dict[str, Facts] = field(default_factory=dict)
    """By part, the circumstances of those that were measured in runs of their own, later."""
    kill: dict[str, list[LossRound]] = field(default_factory=dict)
    """By "warm", "cold" and "warm, unused member"."""
    freeze: dict[str, list[LossRound]] = field(default_factory=dict)
    """By profile."""
    start: dict[str, Starts] = field(default_factory=dict)
    """By "blue down" and "both up"."""
    planned: PlannedSwitches | None = None
    listeners: list[ListenerCost] = field(default_factory=list)
    """By their number; the least first."""
    throughput: list[Measurement] = field(default_factory=list)
    values: list[Measurement] = field(default_factory=list)
    """Near caches and large values."""
    profiles: list[CallProfile] = field(default_factory=list)
    imports: dict[str, list[float]] = field(default_factory=dict)
    memory: list[Memory] = field(default_factory=list)
    embedded_starts: list[float] = field(default_factory=list)
    embedded_rates: list[EmbeddedRate] = field(default_factory=list)
    embedded_switches: Switches | None = None
    uploads: Uploads | None = None
    alarms: list[Alarms] = field(default_factory=list)
    """By profile; the longest runs that were kept, and this one."""
    failed: dict[str, str] = field(default_factory=dict)
    """By part, why it has no figures."""

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what a run has saved."""
        return TypeAdapter(cls).validate_json(path.read_bytes())

    def keep_longer_alarms(self, path: Path) -> None:
        """Take over what was saved of the part alarms and is longer than what this run has made of it."""
        longest = max((one.minutes for one in self.alarms), default=0.0)
        self.alarms = [one for one in Results.load(path).alarms if one.minutes > longest + 0.5] + self.alarms

    def put_into(self, others: Results, parts: Iterable[str]) -> Results:
        """Return the results of another run with the parts that this one has measured in place of theirs."""
        measured = {one.name: value for one in fields(self) if (value := getattr(self, one.name))}
        later = {**others.later, **dict.fromkeys(parts, self.facts)}
        return replace(others, **{**measured, "facts": others.facts, "later": later})

    def save(self, path: Path) -> None:
        """Write all raw figures; durations are seconds, the phases' offsets ms."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
