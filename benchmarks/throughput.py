"""Calls a second, ours and the official client's, on one member: in turn, each client in a process of its own."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.setting import BenchmarkError
from tealjet.lab import Lab

THREADED = ("tealjet", "official", "official, repaired")
ASYNCIO = ("tealjet asyncio", "official asyncio")
LOST_WAKE_UP_RATE = 150
"""Calls a second and thread below which a threaded official client without a set flag counts as stuck as well."""

_ANSWER_LIMIT = 60.0
"""Seconds that a contender may take for one measurement of about a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is called, by how many at a time."""

    workers: int
    label: str
    warm_up: float
    """Seconds that are not counted, before each measurement."""


# one round is: new clients, then these in this order with the same clients
THREAD_WORKLOADS = (
    Workload(workers=1, label="1 thread, new client", warm_up=0.3),
    Workload(workers=8, label="8 threads", warm_up=0.5),
    Workload(workers=1, label="1 thread, after these 8", warm_up=0.0),
)
TASK_WORKLOADS = (
    Workload(workers=1, label="1 task", warm_up=0.3),
    Workload(workers=64, label="64 tasks", warm_up=0.3),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One contender for one workload in one round."""

    contender: str
    operation: str
    workload: str
    workers: int
    rate: float
    """Calls a second of all workers together."""
    cpu_per_call: float
    """Seconds of the client process's processor time."""
    lost_wake_up: bool | None
    """The official threaded client had lost a wake-up when it was measured; None: no such client."""


class _Contender:
    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name = name
        self._process = process

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], _ANSWER_LIMIT)[0]:
            raise BenchmarkError(f"{self._name!r} did not end {do} {what} within {_ANSWER_LIMIT:.0f} s")
        answer = self._process.stdout.readline()
        if not answer:
            raise BenchmarkError(f"{self._name!r} ended with exit code {self._process.wait()}; its error is above")
        return json.loads(answer)  # type: ignore[no-any-return]


@contextmanager
def _contender(name: str, clusters: Mapping[str, Sequence[str]]) -> Iterator[_Contender]:
    command = [sys.executable, "-m", "benchmarks.contender", name, json.dumps(clusters)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Contender(name, process)
    finally:
        process.kill()
        process.communicate()


def throughput(lab: Lab, rounds: int, seconds: float) -> list[Measurement]:
    """Measure all contenders in turn, in another order each round."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    return [
        *_compare(THREADED, THREAD_WORKLOADS, clusters, rounds, seconds),
        *_compare(ASYNCIO, TASK_WORKLOADS, clusters, rounds, seconds),
    ]


def _compare(
    names: Sequence[str],
    workloads: Sequence[Workload],
    clusters: Mapping[str, Sequence[str]],
    rounds: int,
    seconds: float,
) -> Iterator[Measurement]:
    with ExitStack() as stack:
        contenders = {name: stack.enter_context(_contender(name, clusters)) for name in names}
        for name in names:  # the member's code is compiled before anything counts
            contenders[name].ask("renew")
            contenders[name].ask("measure", operation="get", workers=8, seconds=seconds)
            contenders[name].ask("measure", operation="put", workers=8, seconds=seconds)
        for number in range(rounds):
            shift = number % len(names)
            order = [*names[shift:], *names[:shift]]
            for operation in ("get", "put"):
                for name in order:
                    contenders[name].ask("renew")
                for workload in workloads:
                    for name in order:
                        yield _measure(name, contenders[name], operation, workload, seconds)


def _measure(name: str, contender: _Contender, operation: str, workload: Workload, seconds: float) -> Measurement:
    if workload.warm_up:
        contender.ask("measure", operation=operation, workers=workload.workers, seconds=workload.warm_up)
    answer = contender.ask("measure", operation=operation, workers=workload.workers, seconds=seconds)
    if answer["lost_wake_up"] is not None:
        stuck = answer["rate"] < LOST_WAKE_UP_RATE * workload.workers
        answer["lost_wake_up"] = answer["lost_wake_up"] or stuck
    return Measurement(contender=name, operation=operation, workload=workload.label, workers=workload.workers, **answer)
