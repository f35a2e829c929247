"""One client in a process of its own, told over standard input what to do; run by :mod:`benchmarks.throughput`.

A line is a JSON object: ``{"do": "renew"}`` makes a new client, ``{"do": "measure", ...}`` calls for a while. Each is
answered by one line. What is measured is the same code for all contenders of a family; only the factory differs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from typing import Any

import hazelcast.asyncio
import hazelcast.reactor
from hazelcast.client import HazelcastClient

import tealjet
import tealjet.asyncio
from benchmarks.setting import KEYS, VALUE, clock, failover_config, official_config

_KEYS = [str(number) for number in range(KEYS)]


class Threads:
    """A client of the threaded family."""

    def __init__(self, name: str, clusters: dict[str, list[str]]) -> None:
        self._name = name
        self._clusters = clusters
        self._client: Any = None

    def renew(self) -> None:
        """Replace the client by a new one and fill its map."""
        if self._client is not None:
            self._client.shutdown()
        if self._name == "tealjet":
            self._client = tealjet.new_jet_failover_client(failover_config(self._clusters))
        else:
            self._client = HazelcastClient(official_config("blue", self._clusters["blue"]))
        self._client.get_map("bench").blocking().put_all(dict.fromkeys(_KEYS, VALUE))

    def measure(self, operation: str, workers: int, seconds: float) -> dict[str, Any]:
        """Call from that many threads for so many seconds."""
        target = self._client.get_map("bench").blocking()
        counts, barrier = [0] * workers, threading.Barrier(workers + 1)

        def work(number: int) -> None:
            get, put, keys = target.get, target.put, _keys_of(number)
            count, turn = 0, 0
            barrier.wait()
            deadline = clock() + seconds
            while clock() < deadline:
                if operation == "get":
                    get(keys[turn])
                else:
                    put(keys[turn], VALUE)
                count, turn = count + 1, (turn + 1) % KEYS
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
        if self._name == "tealjet":
            return None
        time.sleep(0.05)
        return bool(self._client._reactor._loop.waker.awake)


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
        """Replace the client by a new one and fill its map."""
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
        target = await self._client.get_map("bench")
        await target.put_all(dict.fromkeys(_KEYS, VALUE))

    def measure(self, operation: str, workers: int, seconds: float) -> dict[str, Any]:
        """Call from that many tasks for so many seconds."""
        return asyncio.run_coroutine_threadsafe(self._measure(operation, workers, seconds), self._loop).result()

    async def _measure(self, operation: str, workers: int, seconds: float) -> dict[str, Any]:
        target = await self._client.get_map("bench")

        async def work(number: int) -> int:
            get, put, keys = target.get, target.put, _keys_of(number)
            count, turn = 0, 0
            while clock() < deadline:
                if operation == "get":
                    await get(keys[turn])
                else:
                    await put(keys[turn], VALUE)
                count, turn = count + 1, (turn + 1) % KEYS
            return count

        begun, cpu = clock(), time.process_time()
        deadline = begun + seconds
        counts = await asyncio.gather(*(work(number) for number in range(workers)))
        return _answer(sum(counts), clock() - begun, time.process_time() - cpu, lost_wake_up=None)


def _keys_of(worker: int) -> list[str]:
    """Return all keys in an order of the worker's own."""
    start = worker * 37 % KEYS
    return _KEYS[start:] + _KEYS[:start]


def _answer(calls: int, seconds: float, cpu: float, *, lost_wake_up: bool | None) -> dict[str, Any]:
    return {"rate": calls / seconds, "cpu_per_call": cpu / max(calls, 1), "lost_wake_up": lost_wake_up}


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


def main(name: str, clusters: dict[str, list[str]]) -> None:
    """Serve until standard input ends."""
    if name == "official, repaired":
        _repair_official_waker()
    contender = Tasks(name, clusters) if name.endswith("asyncio") else Threads(name, clusters)
    for line in sys.stdin:
        request = json.loads(line)
        if request.pop("do") == "renew":
            contender.renew()
            answer: dict[str, Any] = {}
        else:
            answer = contender.measure(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
