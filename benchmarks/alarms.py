"""Whether a cluster is left that only pauses: garbage collections and standstills shorter than the profile's limit.

Run as a program, it measures one profile on clusters of its own, so that profiles do not disturb each other's client.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from benchmarks.setting import (
    MEMBER_VERSION,
    BenchmarkError,
    Callers,
    client_of,
    clock,
    wait_for_standby,
    wait_until,
)
from tealjet import JetClient
from tealjet.failover.model import Kind, StandbyChanged, Switched
from tealjet.failover.options import FailoverOptions, Profile
from tealjet.lab import Lab, LocalCluster, LocalMember, start_local

SHARE = 0.75
"""Length of a standstill as a share of the limit."""
COLLECT_EVERY = 2.0
PAUSE_EVERY = 5.0
"""Seconds from one standstill to the next; a fifth of it more or less by chance."""
WORKERS = 2
_PROFILES = (Profile.FAST, Profile.BALANCED)
_LONGEST_REST = 0.01
_EXTRA = 180.0
"""Seconds that a process may take beyond the minutes it was told: starting and ending its clusters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarms:
    """A client under load whose clusters pause and never end: whatever it does about that is a false alarm."""

    profile: str
    date: str
    minutes: float
    limit: float
    """Seconds of silence after which the profile takes a cluster for lost."""
    collections: int
    """Full collections that were forced, of both members together."""
    longest_collection: float
    """Seconds, from the request to its answer."""
    pauses: int
    """How often the active member stood still."""
    longest_pause: float
    too_long: int
    """Standstills that a busy machine stretched beyond the limit: to leave such a cluster is right."""
    switches: list[str]
    """All switches and reconnects after the first connection, and why."""
    standstills: list[float]
    """For each of them the length of the last standstill before it."""
    standby_losses: list[str]
    """Each time that no cluster stood by any more, and why."""
    warnings: list[str]
    """What the client warned of."""
    starved: int
    """How often the client noticed that it had itself not run for half of the limit or longer."""
    calls: int
    failed: list[str]
    longest_call: float
    usual_load: float
    """The machine's load average over a minute: the mean of what it was at each collection."""
    most_load: float

    @property
    def unprovoked(self) -> int:
        """Switches for which no stretched standstill is to blame."""
        return sum(length < self.limit for length in self.standstills)


def alarms(minutes: float) -> list[Alarms]:
    """Measure all profiles at the same time, each in a process and on clusters of its own."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.alarms", profile.value, str(minutes)], stdout=subprocess.PIPE, text=True
        )
        for profile in _PROFILES
    ]
    try:
        answers = [process.communicate(timeout=minutes * 60 + _EXTRA)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    if any(process.returncode for process in running):
        raise BenchmarkError("a process that measures alarms has failed; its error is above")
    return [Alarms(**json.loads(answer)) for answer in answers]


def _measure(lab: Lab, profile: Profile, minutes: float) -> Alarms:
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    limit = FailoverOptions(profile=profile).silence
    collections: list[float] = []
    pauses: list[tuple[float, float]] = []
    loads: list[float] = []
    with _Collector() as collector, client_of(clusters, standby=True, profile=profile) as client:
        wait_for_standby(client)
        with _Observer(client) as seen, _HalfLoad(client) as load:
            begun = next_collection = clock()
            next_pause = begun + PAUSE_EVERY
            while (now := clock()) < begun + minutes * 60:
                if now >= next_collection:
                    next_collection = now + COLLECT_EVERY
                    collections += [
                        collector.collect(member) for cluster in lab.clusters.values() for member in cluster.members
                    ]
                    loads.append(os.getloadavg()[0])
                elif now >= next_pause and (active := client.failover.active):
                    next_pause = now + PAUSE_EVERY * random.uniform(0.8, 1.2)
                    pauses.append((now, _pause(lab[active.name], SHARE * limit)))
                else:
                    time.sleep(0.02)
            ended = clock()
    return Alarms(
        profile=profile.value,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        minutes=(ended - begun) / 60,
        limit=limit,
        collections=len(collections),
        longest_collection=max(collections),
        pauses=len(pauses),
        longest_pause=max((length for _, length in pauses), default=0.0),
        too_long=sum(length >= limit for _, length in pauses),
        switches=[what for _, what in seen.switches],
        standstills=[
            max((pause for pause in pauses if pause[0] < at), default=(0.0, 0.0))[1] for at, _ in seen.switches
        ],
        standby_losses=seen.standby_losses,
        warnings=seen.warnings,
        starved=seen.starved,
        calls=load.calls,
        failed=load.failed,
        longest_call=load.longest,
        usual_load=statistics.mean(loads),
        most_load=max(loads),
    )


def _pause(cluster: LocalCluster, seconds: float) -> float:
    begun = clock()
    cluster.freeze()
    try:
        time.sleep(seconds)
    finally:
        cluster.thaw()
    return clock() - begun


class _Collector:
    """Forces full collections by the attach protocol of HotSpot, for which the members' Java needs no tools."""

    def __init__(self) -> None:
        self._sockets: dict[int, Path] = {}

    def __enter__(self) -> _Collector:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in self._sockets.values():  # a JVM that is killed leaves its socket behind
            path.unlink(missing_ok=True)

    def collect(self, member: LocalMember) -> float:
        """Make the member collect all its garbage; return how long it took in seconds."""
        path = self._sockets.get(member.pid) or self._attach(member)
        begun = clock()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"1\0jcmd\0GC.run\0\0\0")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        if not answer.startswith(b"0\n"):
            raise BenchmarkError(f"{member!r} did not collect its garbage: {answer!r}")
        return clock() - begun

    def _attach(self, member: LocalMember) -> Path:
        """Ask the JVM to listen: a file of that name makes SIGQUIT mean this and not a dump of its threads."""
        folder = Path(tempfile.gettempdir() if sys.platform == "darwin" else "/tmp")  # noqa: S108
        path = self._sockets[member.pid] = folder / f".java_pid{member.pid}"
        wish = member.log.parent / f".attach_pid{member.pid}"
        wish.touch()
        try:
            os.kill(member.pid, signal.SIGQUIT)
            wait_until(path.exists, f"{member!r} can be attached to")
        finally:
            wish.unlink()
        return path


class _Observer(logging.Handler):
    """Keeps what the client tells of its clusters, from entering to leaving."""

    def __init__(self, client: JetClient) -> None:
        super().__init__(logging.INFO)
        self.switches: list[tuple[float, str]] = []
        """When and what."""
        self.standby_losses: list[str] = []
        self.warnings: list[str] = []
        self.starved = 0
        self._log = logging.getLogger("tealjet")
        self._level = self._log.level
        self._failover = client.failover
        self._listener = ""

    def __enter__(self) -> _Observer:
        self._listener = self._failover.add_listener(self._hear)
        self._log.setLevel(logging.INFO)
        self._log.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._failover.remove_listener(self._listener)
        self._log.removeHandler(self)
        self._log.setLevel(self._level)

    def _hear(self, event: object) -> None:
        match event:
            case Switched(report=report) if report.kind is not Kind.FIRST:
                what = f"{report.kind.value}: {report.from_cluster} to {report.to_cluster}: {report.why}"
                self.switches.append((clock(), what))
            case StandbyChanged(standby=None):
                self.standby_losses.append(event.reason)
            case _:
                pass

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.warnings.append(record.getMessage())
        elif record.getMessage().startswith("this client did not run"):
            self.starved += 1


class _HalfLoad(Callers):
    """Callers that rest after each call as long as it took."""

    def __init__(self, client: JetClient) -> None:
        super().__init__(client, WORKERS)
        self._counts = [0] * WORKERS
        self._longest = [0.0] * WORKERS

    @property
    def calls(self) -> int:
        """Calls that were answered or failed."""
        return sum(self._counts)

    @property
    def longest(self) -> float:
        """Seconds that the longest call took."""
        return max(self._longest)

    def _called(self, number: int, begun: float, ended: float, *, good: bool) -> None:
        took = ended - begun
        self._counts[number] += 1
        self._longest[number] = max(self._longest[number], took)
        time.sleep(min(took, _LONGEST_REST))


if __name__ == "__main__":
    with start_local(version=MEMBER_VERSION) as _lab:
        print(json.dumps(asdict(_measure(_lab, Profile(sys.argv[1]), float(sys.argv[2])))))
