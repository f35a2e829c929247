"""What a user waits for when a cluster is lost, absent at the start, or left on command."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hazelcast.client import HazelcastClient

from benchmarks.setting import (
    KEYS,
    VALUE,
    BenchmarkError,
    Load,
    LossWatch,
    active_name,
    client_of,
    clock,
    official_config,
    wait_for_standby,
)
from tealjet import JetClient
from tealjet.failover.model import Switched
from tealjet.failover.options import Profile
from tealjet.lab import Lab, LocalCluster

_LIMIT = 60.0
_CALLS_OF_OTHERS = 500
_SETTLE = 0.5
"""Seconds that a restarted JVM is left alone before it is measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossRound:
    """One loss of the active cluster under a worker; all in seconds."""

    lost: str
    """The cluster that was lost."""
    to_loss: float
    """From the signal to the moment the client noticed."""
    after_loss: float
    """From there to the end of the worker's first good call."""
    failed: list[str]
    """The worker's failed calls."""
    phases: list[tuple[str, float]]
    """The client's own report of the switch: the phases and their offsets in ms."""
    other_switches: int
    """Switches that nobody asked for: false alarms."""

    @property
    def from_signal(self) -> float:
        """From the signal to the end of the first good call."""
        return self.to_loss + self.after_loss


def losses(
    lab: Lab,
    rounds: int,
    fault: Callable[[LocalCluster], None],
    heal: Callable[[LocalCluster], None],
    *,
    standby: bool,
    profile: Profile = Profile.BALANCED,
    used: bool = True,
) -> list[LossRound]:
    """Lose the active cluster again and again, with one client for all rounds.

    Args:
        lab: Two clusters.
        rounds: How often.
        fault: What makes a cluster be lost.
        heal: What brings it back.
        standby: Keep a standby link, and wait until it is ready before each fault.
        profile: The client's profile.
        used: Another client uses each member after its start, as it is in a cluster that has a life of its own.
            Without it the first call of the measured client is the first one of the member's life.
    """
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    measured = []
    for cluster in lab.clusters.values() if used else ():
        use(cluster)
    with client_of(clusters, standby=standby, profile=profile) as client:
        switches: list[Switched] = []
        client.failover.add_listener(lambda event: switches.append(event) if isinstance(event, Switched) else None)
        for _ in range(rounds):
            if standby:
                wait_for_standby(client)
            time.sleep(_SETTLE)
            before = len(switches)
            name = active_name(client)
            one, load = _loss(client, lab[name], fault)
            heal(lab[name])
            if used:
                use(lab[name])
            report = client.failover.history[-1]
            measured.append(
                LossRound(
                    lost=name,
                    to_loss=one[0],
                    after_loss=one[1],
                    failed=load.failed,
                    phases=[(phase.name, phase.at) for phase in report.phases],
                    other_switches=len(switches) - before - 1,
                )
            )
    return measured


def use(cluster: LocalCluster) -> None:
    """Let an official client get and put for a moment."""
    client = HazelcastClient(official_config(cluster.name, cluster.addresses))
    try:
        target: Any = client.get_map("bench").blocking()
        for number in range(_CALLS_OF_OTHERS):
            target.put(str(number % KEYS), VALUE)
            target.get(str(number % KEYS))
    finally:
        client.shutdown()


def _loss(client: JetClient, cluster: LocalCluster, fault: Callable[[LocalCluster], None]) -> tuple[list[float], Load]:
    with LossWatch(cluster.name) as watch, Load(client) as load:
        time.sleep(0.3)
        signalled = clock()
        fault(cluster)
        lost = watch.wait(_LIMIT)
        deadline = clock() + _LIMIT
        while (first := load.first_good_after(lost)) is None:
            if clock() > deadline:
                raise BenchmarkError(f"no call succeeded within {_LIMIT:.0f} s of the loss: {client.failover.status()}")
            time.sleep(0.1)  # rarely: looking takes time from the worker
    return [lost - signalled, first.ended - lost], load


@dataclass(frozen=True, kw_only=True, slots=True)
class Starts:
    """How long the factory took, and the first call after it; seconds."""

    factory: list[float]
    first_call: list[float]


def starts(lab: Lab, rounds: int, *, blue_down: bool) -> Starts:
    """Make a client whose first cluster is dead or alive, and let it make one call."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    if blue_down:
        lab["blue"].kill()
    factory, first_call = [], []
    try:
        for counted in range(rounds + 1):
            begun = clock()
            with client_of(clusters) as client:
                made = clock()
                target: Any = client.get_map("bench").blocking()
                called = clock()
                target.get("key")
                if counted:  # the first one loads modules and wakes the member
                    factory.append(made - begun)
                    first_call.append(clock() - called)
    finally:
        if blue_down:
            lab["blue"].restart()
    return Starts(factory=factory, first_call=first_call)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedSwitches:
    """Planned switches under load; seconds."""

    threads: int
    hold: list[float]
    """For each switch how long the call that was held longest was held."""
    duration: list[float]
    """How long each ``switch_to`` took, preparation included."""
    longest_across: list[float]
    """For each switch the longest call that was under way during it, as its caller sees it."""
    longest_call: float
    usual_call: float
    """Median of all calls."""
    calls: int
    failed: list[str]


def planned(lab: Lab, switches: int, threads: int = 4) -> PlannedSwitches:
    """Switch to and fro, between clusters that others have used, under threads that get and put."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    hold, windows = [], []
    for cluster in lab.clusters.values():
        use(cluster)
    with client_of(clusters) as client:
        wait_for_standby(client)
        with Load(client, threads) as load:
            time.sleep(_SETTLE)
            for _ in range(switches):
                wait_for_standby(client)
                target = next(name for name in clusters if name != active_name(client))
                begun = clock()
                report = client.failover.switch_to(target)
                windows.append((begun, clock()))
                hold.append(report.longest_hold)
                time.sleep(0.05)
    lengths = [call.ended - call.begun for call in load.good]
    return PlannedSwitches(
        threads=threads,
        hold=hold,
        duration=[end - begin for begin, end in windows],
        longest_across=[
            max((call.ended - call.begun for call in load.good if call.begun < end and call.ended > begin), default=0.0)
            for begin, end in windows
        ],
        longest_call=max(lengths),
        usual_call=statistics.median(lengths),
        calls=len(lengths),
        failed=load.failed,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerCost:
    """Planned switches of a client that has so many entry listeners; seconds."""

    listeners: int
    duration: list[float]
    """How long each ``switch_to`` took of a client that makes no calls."""
    duration_under_load: list[float]
    hold: list[float]
    """Under load, for each switch how long the call that was held longest was held."""


def listener_cost(lab: Lab, counts: Sequence[int], switches: int) -> list[ListenerCost]:
    """Switch to and fro with more and more entry listeners, on a map to which nobody writes."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    for cluster in lab.clusters.values():
        use(cluster)
    costs = []
    with client_of(clusters) as client:
        target: Any = client.get_map("listened to").blocking()
        there = 0
        for count in counts:
            for _ in range(count - there):
                target.add_entry_listener(include_value=True, added_func=lambda _: None)
            there = count
            _switches(client, 2)  # not counted: the members' code for this many listeners is compiled
            duration, _ = _switches(client, switches)
            with Load(client):
                under_load, hold = _switches(client, switches)
            costs.append(ListenerCost(listeners=count, duration=duration, duration_under_load=under_load, hold=hold))
    return costs


def _switches(client: JetClient, count: int) -> tuple[list[float], list[float]]:
    """Switch to and fro; return how long each took and its longest hold."""
    duration, hold = [], []
    for _ in range(count):
        wait_for_standby(client)
        time.sleep(0.05)  # the former link is being closed
        target = next(one.name for one in client.failover.candidates if one.name != active_name(client))
        begun = clock()
        report = client.failover.switch_to(target)
        duration.append(clock() - begun)
        hold.append(report.longest_hold)
    return duration, hold
