"""What members of each version answered about jobs, as ``record_jet`` wrote it, and what reads each kind of answer."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.raw_client import message_of
from tealjet.jet.java_exception import JavaException, exception_from_holders
from tealjet.jet.job_config import JobConfig, read_job_config
from tealjet.jet.metrics import JobMetrics
from tealjet.jet.observed import read_end, read_item
from tealjet.jet.payloads import read_job_ids, read_job_metrics, read_job_summaries, read_suspension_cause
from tealjet.protocol import jet, table
from tealjet.protocol.codec import decode_error, decode_response
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import Message
from tealjet.protocol.jet import Dialect

FOLDER = Path(__file__).parents[1] / "unit" / "jet_recordings"
VERSIONS = ("5.7.0", "5.5.0", "jet-4.3.1")


@dataclass(frozen=True)
class Recording:
    """What was recorded of one version."""

    version: str
    jobs: dict[str, int]
    """The ids, as Java's client told them."""
    messages: dict[str, bytes]

    @property
    def dialect(self) -> Dialect:
        return Dialect.JET_4 if self.version.startswith("jet-") else Dialect.HAZELCAST_5

    def message(self, name: str) -> Message:
        return message_of(self.messages[name])

    def config(self, name: str) -> JobConfig:
        answer = decode_response(jet.GET_JOB_CONFIG, self.message(f"config of {name}"))
        return read_job_config(answer, self.dialect)

    def metrics(self, name: str) -> JobMetrics:
        return read_job_metrics(decode_response(jet.GET_JOB_METRICS, self.message(f"metrics of {name}")))

    def failure(self, name: str) -> JavaException:
        return exception_from_holders(decode_error(self.message(name)))

    def items(self, name: str) -> tuple[bytes, ...]:
        return decode_response(table.RINGBUFFER_READ_MANY, self.message(f"items of {name}")).items


def load(version: str) -> Recording:
    recorded = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    messages = {name: base64.b64decode(data) for name, data in recorded["messages"].items()}
    return Recording(version, recorded["jobs"], messages)


RECORDINGS = {version: load(version) for version in VERSIONS}


Read = Callable[[bytes], object]


def _read_observed(data: bytes, dialect: Dialect) -> object:
    return read_end(data, dialect) or read_item(data, dialect)


def readers(dialect: Dialect) -> dict[str, Read]:
    """What reads each kind of payload, by the first word of its name."""
    of_5: dict[str, Read] = {"ids": read_job_ids, "cause": read_suspension_cause}
    return {
        "config": functools.partial(read_job_config, dialect=dialect),
        "metrics": read_job_metrics,
        "summaries": functools.partial(read_job_summaries, dialect=dialect),
        "items": functools.partial(_read_observed, dialect=dialect),
        **(of_5 if dialect is Dialect.HAZELCAST_5 else {}),
    }


def payloads_of(recording: Recording) -> Iterator[tuple[str, bytes, Read]]:
    """Every payload of a recording that is not declared as a message, with what reads it."""
    known = readers(recording.dialect)
    for name in recording.messages:
        kind, _, what = name.partition(" of ")
        if kind == "items":
            for number, item in enumerate(recording.items(what)):
                yield f"{name} {number}", item, known[kind]
        elif kind in known:
            message = recording.message(name)
            message.type = jet.GET_JOB_CONFIG.response.type  # an answer that is bytes, whatever was asked
            yield name, decode_response(jet.GET_JOB_CONFIG, message), known[kind]


READERS: tuple[Read, ...] = tuple(read for dialect in Dialect for read in readers(dialect).values())


def attack(data: bytes) -> None:
    """Have one of the readers, chosen by the first byte, read the rest: it gives a value or a ``ProtocolError``."""
    if not data:
        return
    try:
        READERS[data[0] % len(READERS)](data[1:])
    except ProtocolError:
        return


def seeds() -> Iterator[tuple[str, bytes]]:
    """Well-behaved inputs of ``attack``, with names for their files."""
    for version, recording in RECORDINGS.items():
        known = list(readers(recording.dialect))
        before = 0 if recording.dialect is Dialect.JET_4 else len(readers(Dialect.JET_4))
        for name, data, _ in payloads_of(recording):
            kind = next(kind for kind in known if name.startswith(kind))
            yield f"{version} {name}", bytes([before + known.index(kind)]) + data
