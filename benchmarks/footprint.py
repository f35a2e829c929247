"""What the client costs when nothing happens: the time to import it, and memory over many switches."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.setting import active_name, client_of, clock, wait_for_standby
from tealjet.lab import AnyLab

_STATEMENTS = {
    "nothing": "pass",
    "hazelcast": "import hazelcast",
    "tealjet": "import tealjet",
    "client": "import tealjet; tealjet.JetClient",
}

PROXIES = 200
"""Maps that the client which switches has proxies of, with an entry listener each."""
_LIMIT = 600.0
"""Seconds after which the process that switches counts as hung."""


def imports(runs: int) -> dict[str, list[float]]:
    """Time an interpreter that imports and ends, in seconds, by what it imports; in turn."""
    taken: dict[str, list[float]] = {name: [] for name in _STATEMENTS}
    with tempfile.TemporaryDirectory() as cache:
        # as for anybody whose interpreter keeps the compiled modules, whatever this environment says about that
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for counted in range(runs + 1):
            for name, statement in _STATEMENTS.items():
                begun = clock()
                subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
                if counted:  # the first one reads the files from the disk, and compiles them
                    taken[name].append(clock() - begun)
    return taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """A client process after some switches."""

    switches: int
    rss: int
    """Resident memory in bytes."""
    objects: int
    """Objects that the garbage collector knows."""
    tasks: int
    """Asyncio tasks that have not ended."""
    threads: int
    files: int
    """Open file descriptors, sockets among them, -1 where the system does not tell."""


def memory(lab: AnyLab, switches: int, proxies: int = PROXIES) -> list[Memory]:
    """Switch again and again in a process of its own, with so many maps, and look at it five times on the way."""
    clusters = {name: cluster.addresses for name, cluster in lab.clusters.items()}
    command = [sys.executable, "-m", "benchmarks.footprint", json.dumps(clusters), str(switches), str(proxies)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=_LIMIT)
    return [Memory(**look) for look in json.loads(answer.stdout)]


def _switch(clusters: Mapping[str, Sequence[str]], switches: int, proxies: int) -> list[Memory]:
    looks = []
    with client_of(clusters) as client:
        maps: list[Any] = [client.get_map(f"bench-{number}").blocking() for number in range(proxies)]
        for target in maps:
            target.add_entry_listener(include_value=True, added_func=lambda _: None)
        # the client keeps the reports of its last 100 switches: memory can be flat only when that many were made
        for number in range(-100, switches + 1):
            if number >= 0 and number % max(1, switches // 4) == 0:
                looks.append(_look(number))
            wait_for_standby(client)
            client.failover.switch_to(next(name for name in clusters if name != active_name(client)))
            maps[number % proxies].put("key", number)
    return looks


def _look(switches: int) -> Memory:
    time.sleep(0.2)  # the former link is being closed
    gc.collect()
    objects = gc.get_objects()
    files = Path("/proc/self/fd")
    return Memory(
        switches=switches,
        rss=_rss(),
        objects=len(objects),
        tasks=sum(isinstance(one, asyncio.Task) and not one.done() for one in objects),
        threads=threading.active_count(),
        files=len(list(files.iterdir())) if files.exists() else -1,
    )


def _rss() -> int:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the peak, in bytes on macOS


if __name__ == "__main__":
    print(json.dumps([asdict(look) for look in _switch(json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))]))
