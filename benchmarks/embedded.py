"""What embedded clusters can do: how soon they are there, what they answer a second, what ten thousand switches leave.

The member that is measured runs in a process of its own. What asks is as cheap as can be, a socket and bytes that were
encoded before, so that the member is what is measured.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hazelcast.protocol.codec import map_get_codec
from hazelcast.serialization.data import Data

from benchmarks.footprint import Memory, memory
from benchmarks.setting import VALUE, BenchmarkError, client_of, clock
from tealjet.lab import EmbeddedCluster, start_embedded
from tealjet.protocol import codec, frames, table
from tealjet.protocol.frames import FrameReader

MAPS = 10
"""Maps that the client which switches has proxies of, with an entry listener each."""

_MAP = "bench"
_KEY = bytes(4) + (-7).to_bytes(4, "big", signed=True) + (1).to_bytes(4, "big")
"""The number 1 as Hazelcast serializes it."""
_BATCH = 64
"""Gets that are sent together; two such batches are under way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedRate:
    """One measurement of one member."""

    loop: str
    """"asyncio" or "uvloop"."""
    seconds: float
    gets: int
    processor_seconds: float
    """What the member's process has used of the processor, -1 where the system does not tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MembersLook:
    """The process of the members that a client has switched between."""

    rss: int
    """Resident memory in bytes, -1 where the system does not tell."""
    threads: int
    files: int
    """Open file descriptors, sockets among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Switches:
    """A client and its clusters over many switches."""

    client: list[Memory]
    before: MembersLook
    after: MembersLook


def switches(number: int) -> Switches:
    """Switch so often between two clusters of one process, in another process, and look at both."""
    with start_embedded(own_process=True) as lab:
        memory(lab, number // 4, MAPS)  # what the members load and keep at first
        pid = _pid(lab["blue"])
        before = _look(pid)
        client = memory(lab, number, MAPS)
        return Switches(client=client, before=before, after=_look(pid))


def _look(pid: int) -> MembersLook:
    process = Path(f"/proc/{pid}")
    if not process.exists():
        return MembersLook(rss=-1, threads=-1, files=-1)
    return MembersLook(
        rss=int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        threads=len(list((process / "task").iterdir())),
        files=len(list((process / "fd").iterdir())),
    )


def starts(rounds: int) -> list[float]:
    """Time two embedded clusters from nothing until they serve clients, in this process, in seconds."""
    taken = []
    for _ in range(rounds):
        begun = clock()
        with start_embedded() as lab:
            taken.append(clock() - begun)
            for cluster in lab.clusters.values():
                cluster.wait()
    return taken


def rates(rounds: int, seconds: float) -> list[EmbeddedRate]:
    """Measure a member on either loop, in turn."""
    return [_rate(loop, seconds) for _ in range(rounds) for loop in ("asyncio", "uvloop")]


def _rate(loop: str, seconds: float) -> EmbeddedRate:
    with start_embedded(("bench",), own_process=True, uvloop=loop == "uvloop") as lab:
        cluster = lab["bench"]
        with client_of({cluster.name: cluster.addresses}) as client:
            values: Any = client.get_map(_MAP).blocking()
            values.put(1, VALUE)
        with _connected(cluster) as connection:
            batch = b"".join(_get(number) for number in range(1, _BATCH + 1))
            expected = _answered(connection, batch)
            _ask(connection, batch, expected, seconds / 4)  # to warm up
            pid = _pid(cluster)
            used, begun = _processor_time(pid), clock()
            gets = _ask(connection, batch, expected, seconds)
            taken = clock() - begun
            return EmbeddedRate(
                loop=loop, seconds=taken, gets=gets, processor_seconds=_processor_time(pid) - used if used >= 0 else -1
            )


@contextmanager
def _connected(cluster: EmbeddedCluster) -> Iterator[socket.socket]:
    """Connect and authenticate."""
    host, port = cluster.addresses[0].split(":")
    with socket.create_connection((host, int(port))) as connection:
        request = codec.encode_request(
            table.AUTHENTICATION,
            uuid=uuid.uuid4(),
            serialization_version=1,
            cluster_name=cluster.name,
            username=None,
            password=None,
            client_type="PYH",
            client_hazelcast_version="5.7.0",
            client_name="bench",
            labels=(),
        )
        connection.sendall(b"CP2" + request)
        reader, messages = FrameReader(), list[frames.Message]()
        while not messages:
            messages = reader.feed(connection.recv(65536))
        if codec.decode_response(table.AUTHENTICATION, messages[0]).status != 0:
            raise BenchmarkError("the embedded member did not let the benchmark in")
        yield connection


def _get(correlation_id: int) -> bytes:
    request = bytearray(map_get_codec.encode_request(_MAP, Data(_KEY), 1).buf)
    frames.stamp(request, correlation_id, 1, backup_aware=True)
    return bytes(request)


def _answered(connection: socket.socket, batch: bytes) -> int:
    """Ask once, look that the answers are what they must be, and return how many bytes they are."""
    connection.sendall(batch)
    reader, answers, received = FrameReader(), list[frames.Message](), 0
    while len(answers) < _BATCH:
        data = connection.recv(1 << 20)
        received += len(data)
        answers += reader.feed(data)
    if not all(VALUE.encode() in bytes(answer) for answer in answers):
        raise BenchmarkError("the embedded member answered something else than the value")
    return received


def _ask(connection: socket.socket, batch: bytes, expected: int, seconds: float) -> int:
    """Keep two batches under way for so long; return how many gets were answered."""
    end, batches = clock() + seconds, 0
    connection.sendall(batch)
    while clock() < end:
        connection.sendall(batch)
        _receive(connection, expected)
        batches += 1
    _receive(connection, expected)
    return (batches + 1) * _BATCH


def _receive(connection: socket.socket, size: int) -> None:
    while size > 0:
        data = connection.recv(min(size, 1 << 20))
        if not data:
            raise BenchmarkError("the embedded member closed the connection")
        size -= len(data)


def _pid(cluster: EmbeddedCluster) -> int:
    pid = cluster.process_id
    if pid is None:
        raise BenchmarkError("the embedded cluster has no process of its own")
    return pid


def _processor_time(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return -1.0
    user, system = stat.read_text().rsplit(") ", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
