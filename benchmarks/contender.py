"""One client in a process of its own, told over standard input what to do; run by :mod:`benchmarks.throughput`.

A line is a JSON object: ``{"do": "renew"}`` makes a new client, ``{"do": "measure", ...}`` calls for a while and,
in a process that is profiled, tells where the time of all threads went. Each is answered by one line. What is measured
is the same code for all contenders of a family; only the factory differs.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import sys
import threading
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import hazelcast.asyncio
import hazelcast.reactor
from hazelcast.client import HazelcastClient

import tealjet
import tealjet.asyncio
from benchmarks.setting import (
    KEYS,
    LARGE,
    LARGE_KEYS,
    LARGE_VALUE,
    NEAR,
    VALUE,
    clock,
    failover_config,
    official_config,
)

_KEYS = [str(number) for number in range(KEYS)]
_VALUES = {"bench": VALUE, NEAR: VALUE, LARGE: "v" * LARGE_VALUE}
"""What the maps hold under all keys, by the maps' names."""


class Threads:
    """A client of the threaded family."""

    def __init__(self, name: str, clusters: dict[str, list[str]]) -> None:
        self._name = name
        self._clusters = clusters
        self._client: Any = None

    def renew(self) -> None:
        """Replace the client by a new one and fill its maps."""
        if self._client is not None:
            self._client.shutdown()
        if self._name.startswith("tealjet"):
            self._client = tealjet.new_jet_failover_client(failover_config(self._clusters))
        else:
            self._client = HazelcastClient(official_config("blue", self._clusters["blue"]))
        for name, value in _VALUES.items():
            self._client.get_map(name).blocking().put_all(dict.fromkeys(_filled(name), value))

    def measure(
        self, operation: str, workers: int, seconds: float, name: str, keys: int, window: int
    ) -> dict[str, Any]:
        """Call the map of that name from that many threads for so many seconds, in turn under so many keys.

        A thread waits for each call, or has a window of several under way and waits for the oldest of them.
        """
        entries, value = self._client.get_map(name), _VALUES[name]
        target = entries.blocking() if window == 1 else _Window(entries, window)
        counts, barrier = [0] * workers, threading.Barrier(workers + 1)

        def work(number: int) -> None:
            get, put, own = target.get, target.put, _keys_of(number, keys)
            count, turn = 0, 0
            barrier.wait()
            deadline = clock() + seconds
            while clock() < deadline:
                if operation == "get":
                    get(own[turn])
                else:
                    put(own[turn], value)
                count, turn = count + 1, (turn + 1) % keys
            counts[number] = count

        threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
        for thread in threads:
            thread.start()
        cpu = time.process_time()
        barrier.wait()
        begun = clock()
        for thread in threads:
            thread.join()
        return _answer(sum(counts), clock() - begun, time.process_time() - cpu, lost_wake_up=self._lost_wake_up())

    def _lost_wake_up(self) -> bool | None:
        """Say whether the official reactor believes that it is awake although nothing is to be done."""
        if self._name.startswith("tealjet"):
            return None
        time.sleep(0.05)
        return bool(self._client._reactor._loop.waker.awake)


class _Window:
    """Gets and puts of which so many are under way; each waits for the oldest one when there is no room."""

    def __init__(self, entries: Any, size: int) -> None:
        self._entries = entries
        self._under_way: deque[Any] = deque()
        self._size = size

    def get(self, key: str) -> None:
        self._add(self._entries.get(key))

    def put(self, key: str, value: str) -> None:
        self._add(self._entries.put(key, value))

    def _add(self, future: Any) -> None:
        self._under_way.append(future)
        if len(self._under_way) == self._size:
            self._under_way.popleft().result()


class _LoopPolicy(asyncio.DefaultEventLoopPolicy):
    """Gives loops that are not asyncio's own: our client's threads read nothing by themselves then."""

    class _Loop(asyncio.SelectorEventLoop):
        pass

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return self._Loop()


class Tasks:
    """A client of the asyncio family, on a loop that runs while it is told something."""

    def __init__(self, name: str, clusters: dict[str, list[str]]) -> None:
        self._name = name
        self._clusters = clusters
        self._loop = asyncio.new_event_loop()
        self._client: Any = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def renew(self) -> None:
        """Replace the client by a new one and fill its maps."""
        asyncio.run_coroutine_threadsafe(self._renew(), self._loop).result()

    async def _renew(self) -> None:
        if self._client is not None:
            await self._client.shutdown()
        if self._name == "tealjet asyncio":
            self._client = await tealjet.asyncio.new_jet_failover_client(failover_config(self._clusters))
        else:
            self._client = await hazelcast.asyncio.HazelcastClient.create_and_start(
                official_config("blue", self._clusters["blue"])
            )
        for name, value in _VALUES.items():
            target = await self._client.get_map(name)
            await target.put_all(dict.fromkeys(_filled(name), value))

    def measure(
        self, operation: str, workers: int, seconds: float, name: str, keys: int, window: int
    ) -> dict[str, Any]:
        """Call the map of that name from that many tasks for so many seconds, in turn under so many keys.

        A task waits for each call: a wider window than one is more tasks.
        """
        workers *= window
        work = self._measure(operation, workers, seconds, name, keys)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _measure(self, operation: str, workers: int, seconds: float, name: str, keys: int) -> dict[str, Any]:
        target, value = await self._client.get_map(name), _VALUES[name]

        async def work(number: int) -> int:
            get, put, own = target.get, target.put, _keys_of(number, keys)
            count, turn = 0, 0
            while clock() < deadline:
                if operation == "get":
                    await get(own[turn])
                else:
                    await put(own[turn], value)
                count, turn = count + 1, (turn + 1) % keys
            return count

        begun, cpu = clock(), time.process_time()
        deadline = begun + seconds
        counts = await asyncio.gather(*(work(number) for number in range(workers)))
        return _answer(sum(counts), clock() - begun, time.process_time() - cpu, lost_wake_up=None)


def _keys_of(worker: int, keys: int) -> list[str]:
    """Return the first so many keys in an order of the worker's own."""
    start = worker * 37 % keys
    return _KEYS[start:keys] + _KEYS[:start]


def _filled(name: str) -> list[str]:
    return _KEYS[:LARGE_KEYS] if name == LARGE else _KEYS


def _answer(calls: int, seconds: float, cpu: float, *, lost_wake_up: bool | None) -> dict[str, Any]:
    return {"calls": calls, "rate": calls / seconds, "cpu_per_call": cpu / max(calls, 1), "lost_wake_up": lost_wake_up}


def _repair_official_waker() -> None:
    """Drain the pipe before the flag is cleared, so that no wake-up is lost: the official client in its healthy state.

    The official order clears the flag first; a wake-up in between is drained unseen and the flag stays set for good.
    """

    def handle_read(self: Any) -> None:
        try:
            while len(os.read(self._read_fd, 4096)) == 4096:
                pass
        except OSError:
            pass
        self.awake = False

    hazelcast.reactor._PipedWaker.handle_read = handle_read  # type: ignore[method-assign]


class _Profile:
    """The processor time of every thread that is started from now on, by function.

    What the profiler itself takes at each call is measured on a function that does nothing, and left out.
    """

    def __init__(self) -> None:
        self._of_callee, self._of_caller = _cost_of_profiling()
        self._threads: list[cProfile.Profile] = []
        threading.setprofile(self._begin)

    def _begin(self, *_: object) -> None:
        one = cProfile.Profile(time.thread_time)
        self._threads.append(one)
        one.enable()

    def functions(self) -> list[dict[str, Any]]:
        """Return each function with its own seconds and how often it was called, the most expensive first."""
        own: dict[str, float] = defaultdict(float)
        calls: dict[str, int] = defaultdict(int)
        for entry in (entry for one in self._threads for entry in one.getstats()):
            name, made = _function_name(entry.code), sum(sub.callcount for sub in entry.calls or ())
            own[name] += entry.inlinetime - entry.callcount * self._of_callee - made * self._of_caller
            calls[name] += entry.callcount
        order = sorted(own, key=own.__getitem__, reverse=True)
        return [{"function": name, "seconds": max(0.0, own[name]), "calls": calls[name]} for name in order]


def _cost_of_profiling() -> tuple[float, float]:
    """Return the seconds that each call under a profiler adds to the function that is called, and to its caller."""
    count = 100_000

    def nothing() -> None:
        pass

    def call() -> None:
        for _ in range(count):
            nothing()

    begun = time.thread_time()
    call()
    bare = time.thread_time() - begun
    one = cProfile.Profile(time.thread_time)
    one.runcall(call)
    own = {_function_name(entry.code).rpartition(".")[2]: entry.inlinetime for entry in one.getstats()}
    return own["nothing"] / count, (own["call"] - bare) / count


def _function_name(code: Any) -> str:
    if isinstance(code, str):  # built in: "<method 'send' of '_socket.socket' objects>"
        return code.strip("<>").removeprefix("built-in method ")
    file = Path(code.co_filename)
    roots = [root for root in sys.path if root and file.is_relative_to(root)]
    return f"{file.relative_to(max(roots, key=len)) if roots else file.name}: {code.co_qualname}"


def main(name: str, clusters: dict[str, list[str]], *, profiled: bool) -> None:
    """Serve until standard input ends."""
    profile = _Profile() if profiled else None
    if name == "tealjet, by the loop":
        asyncio.set_event_loop_policy(_LoopPolicy())
    if name == "official, repaired":
        _repair_official_waker()
    contender = Tasks(name, clusters) if name.endswith("asyncio") else Threads(name, clusters)
    for line in sys.stdin:
        request = json.loads(line)
        if request.pop("do") == "renew":
            contender.renew()
            answer: dict[str, Any] = {}
        elif profile:
            answer = {**contender.measure(**request), "functions": profile.functions()}
        else:
            answer = contender.measure(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), profiled="--profile" in sys.argv)
