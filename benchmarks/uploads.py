"""What it costs to upload a large JAR: time, beside Java's client, and memory.

The JAR has no main class, so the member refuses it; it does so when it has all parts and has compared the digest of the
whole. What is timed is the way of the bytes and nothing that a job does.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.setting import MEMBER_VERSION, BenchmarkError, client_of, clock
from support.java_programs import compile_java
from tealjet.jet.errors import MainClassError
from tealjet.lab import Lab

SIZE = 100_000_000
"""Bytes of the JAR."""
_LIMIT = 600.0
_SOURCE = Path(__file__).with_name("UploadJar.java")


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploads:
    """A large JAR, sent again and again by both clients in turn."""

    size: int
    """Bytes of the JAR."""
    tealjet: list[float]
    """Seconds of each upload."""
    java: list[float]
    memory: list[int]
    """For each client process of ours, by how many bytes its resident memory grew at most while it uploaded."""


def uploads(lab: Lab, rounds: int) -> Uploads:
    """Upload by both clients in turn, each time from a process of its own that uploads twice; the second one counts."""
    cluster = lab["blue"]
    ours: list[float] = []
    java: list[float] = []
    memory: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        jar = Path(folder, "large.jar")
        with zipfile.ZipFile(jar, "w") as file:
            file.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n")
            file.writestr("noise", random.Random(1).randbytes(SIZE))
        program = compile_java(_SOURCE, into=Path(folder, "classes"), version=MEMBER_VERSION)
        for _ in range(rounds):
            command = [sys.executable, "-m", "benchmarks.uploads", json.dumps({"blue": cluster.addresses}), str(jar)]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=_LIMIT)
            seconds, grown = json.loads(answer.stdout)
            ours.append(seconds)
            memory.append(grown)
            said = program.run("UploadJar", cluster.name, cluster.addresses[0], str(jar), "2").split()
            java.append(float(said[-1]))
        return Uploads(size=jar.stat().st_size, tealjet=ours, java=java, memory=memory)


def _resident(key: str) -> int:
    """Return an entry of this process's memory in bytes: VmRSS is what it has, VmHWM the most that it has had."""
    found = re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise BenchmarkError(f"the system does not tell {key}")
    return int(found[1]) * 1024


def _upload(clusters: Mapping[str, Sequence[str]], jar: str) -> tuple[float, int]:
    with client_of(clusters) as client:
        before, seconds = _resident("VmRSS"), 0.0
        for _ in range(2):
            begun = clock()
            try:
                client.jet.submit_jar(jar)
            except MainClassError:
                seconds = clock() - begun
        return seconds, _resident("VmHWM") - before


if __name__ == "__main__":
    print(json.dumps(_upload(json.loads(sys.argv[1]), sys.argv[2])))
