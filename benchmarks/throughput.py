"""Calls a second, ours and the official client's, on one member: in turn, each client in a process of its own."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.setting import KEYS, LARGE, LARGE_KEYS, LARGE_VALUE, NEAR, BenchmarkError
from tealjet.lab import Lab

PAIR = ("tealjet", "official")
THREADED = ("tealjet", "tealjet, by the loop", "official", "official, repaired")
ASYNCIO = ("tealjet asyncio", "official asyncio")
LOST_WAKE_UP_RATE = 150
"""Calls a second and thread below which a threaded official client without a set flag counts as stuck as well."""

_TOP = 12
"""Functions that are told of a profile."""
_ANSWER_LIMIT = 60.0
"""Seconds that a contender may take for one measurement of about a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is called, by how many at a time."""

    workers: int
    label: str
    warm_up: float
    """Seconds that are not counted, before each measurement."""
    map: str = "bench"
    keys: int = KEYS
    operations: tuple[str, ...] = ("get", "put")
    share: float = 1.0
    """How long it is measured, as a share of the usual time."""
    window: int = 1
    """So many calls each of them has under way at a time."""


def _near(label: str) -> Workload:
    return Workload(workers=1, label=f"{label}, near cache", warm_up=0.3, map=NEAR, operations=("get",), share=0.5)


def _large(label: str) -> Workload:
    return Workload(
        workers=1,
        label=f"{label}, values of {LARGE_VALUE // 1000} KB",
        warm_up=0.3,
        map=LARGE,
        keys=LARGE_KEYS,
        share=0.5,
    )


# one round is: new clients, then these in this order with the same clients
THREAD_WORKLOADS = (
    Workload(workers=1, label="1 thread, new client", warm_up=0.3),
    Workload(workers=8, label="8 threads", warm_up=0.5),
    Workload(workers=1, label="1 thread, after these 8", warm_up=0.0),
    Workload(workers=2, label="2 threads", warm_up=0.3),
    Workload(workers=4, label="4 threads", warm_up=0.3),
    Workload(workers=1, label="1 thread, 64 futures", warm_up=0.3, window=64),
)
TASK_WORKLOADS = (
    Workload(workers=1, label="1 task", warm_up=0.3),
    Workload(workers=64, label="64 tasks", warm_up=0.3),
)
NEAR_THREADS = _near("1 thread")
NEAR_TASKS = _near("1 task")
LARGE_THREADS = _large("1 thread")
LARGE_TASKS = _large("1 task")


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

    def call(self, operation: str, workload: Workload, seconds: float) -> dict[str, Any]:
        return self.ask(
            "measure",
            operation=operation,
            workers=workload.workers,
            seconds=seconds,
            name=workload.map,
            keys=workload.keys,
            window=workload.window,
        )


@contextmanager
def _contender(name: str, clusters: Mapping[str, Sequence[str]], *options: str) -> Iterator[_Contender]:
    command = [sys.executable, "-m", "benchmarks.contender", name, json.dumps(clusters), *options]
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


def values(lab: Lab, rounds: int, seconds: float) -> list[Measurement]:
    """Measure hits of near caches and calls with large values in the same way."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    return [
        *_compare(PAIR, (NEAR_THREADS, LARGE_THREADS), clusters, rounds, seconds),
        *_compare(ASYNCIO, (NEAR_TASKS, LARGE_TASKS), clusters, rounds, seconds),
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
            for operation in ("get", "put"):
                contenders[name].call(operation, max(workloads, key=lambda one: one.workers), seconds)
        for number in range(rounds):
            shift = number % len(names)
            order = [*names[shift:], *names[:shift]]
            for operation in ("get", "put"):
                for name in order:
                    contenders[name].ask("renew")
                for workload in (one for one in workloads if operation in one.operations):
                    for name in order:
                        yield _measure(name, contenders[name], operation, workload, seconds)


def _measure(name: str, contender: _Contender, operation: str, workload: Workload, seconds: float) -> Measurement:
    if workload.warm_up:
        contender.call(operation, workload, workload.warm_up)
    answer = contender.call(operation, workload, seconds * workload.share)
    if answer["lost_wake_up"] is not None:
        stuck = answer["rate"] < LOST_WAKE_UP_RATE * workload.workers
        answer["lost_wake_up"] = answer["lost_wake_up"] or stuck
    return Measurement(
        contender=name,
        operation=operation,
        workload=workload.label,
        workers=workload.workers,
        rate=answer["rate"],
        cpu_per_call=answer["cpu_per_call"],
        lost_wake_up=answer["lost_wake_up"],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """What a function has cost by itself."""

    function: str
    seconds: float
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CallProfile:
    """Where a client's processor time went, all its threads together, while it made calls."""

    contender: str
    operation: str
    workload: str
    calls: int
    seconds: float
    functions: list[Function]
    """The most expensive ones, by their own time."""
    packages: dict[str, float]
    """Seconds by package; "built in" is what is written in C."""


PROFILES = {"threads": ("tealjet", THREAD_WORKLOADS[1]), "tasks": ("tealjet asyncio", TASK_WORKLOADS[1])}
"""What can be profiled: the workloads in which most calls are in flight."""


def call_profile(lab: Lab, which: str, seconds: float) -> CallProfile:
    """Let our client get under a profiler."""
    if sys.version_info >= (3, 12):
        raise BenchmarkError("a profile of several threads needs CPython 3.11; later ones have one profiler for all")
    name, workload = PROFILES[which]
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    with _contender(name, clusters, "--profile") as contender:
        contender.ask("renew")
        answer = contender.call("get", workload, seconds)
    functions = [Function(**one) for one in answer["functions"]]
    packages: dict[str, float] = defaultdict(float)
    for one in functions:
        path, of_python, _ = one.function.partition(".py: ")
        packages[path.partition("/")[0] if of_python else "built in"] += one.seconds
    return CallProfile(
        contender=name,
        operation="get",
        workload=workload.label,
        calls=answer["calls"],
        seconds=sum(one.seconds for one in functions),
        functions=functions[:_TOP],
        packages=dict(packages),
    )
