"""The exported snapshots of jobs' states: what a cluster has of them, and their removal.

Members keep a list of them in a map, and each snapshot in a map of its own. Only Enterprise members export snapshots;
those that are there are found on any edition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tealjet.bridge.objects import Objects
from tealjet.errors import ClusterLeftError
from tealjet.jet.calls import Cluster, tie_to
from tealjet.jet.ids import id_string
from tealjet.jet.questions import Question
from tealjet.jet.reading import time_of
from tealjet.jet.serialized import KnownTypes, SerializedReader, read_data
from tealjet.protocol import table
from tealjet.protocol.errors import ProtocolError

__all__ = ["JobSnapshot", "Snapshots", "read_snapshot"]

_LIST: Final = "__jet.exportedSnapshotsCache"
_PREFIX: Final = "__jet.exportedSnapshot."
_MAPS: Final = "hz:impl:mapService"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSnapshot:
    """An exported snapshot of a job's state."""

    name: str
    created: datetime
    """In UTC."""
    job_id: int
    job_name: str | None
    """The job's name at that time, None when it had none."""
    size: int
    """Bytes of the state, without what keeping them takes."""


@dataclass(frozen=True, slots=True)
class _Record:
    size: int
    created: int
    job_id: int
    job_name: str | None


def _record(reader: SerializedReader) -> _Record:
    reader.read_long()  # the snapshot's number
    reader.read_long()  # in how many pieces it lies
    size, created, job_id = reader.read_long(), reader.read_long(), reader.read_long()
    return _Record(size=size, created=created, job_id=job_id, job_name=reader.read_string())


_RECORDS: Final = KnownTypes(identified={(-10002, 32): _record})


def read_snapshot(key: bytes, value: bytes) -> JobSnapshot:
    """Read an entry of the members' list.

    Raises:
        ProtocolError: It is no such entry.
    """
    name, record = read_data(key), read_data(value, _RECORDS)
    if not isinstance(name, str) or not isinstance(record, _Record):
        raise ProtocolError("the list of exported snapshots has an entry that is none")
    return JobSnapshot(
        name=name,
        created=time_of(record.created),
        job_id=record.job_id,
        job_name=None if record.job_name == id_string(record.job_id) else record.job_name,
        size=record.size,
    )


class Snapshots:
    """Asks the active cluster for its snapshots."""

    def __init__(self, cluster: Cluster, objects: Objects) -> None:
        """Ask these."""
        self._cluster = cluster
        self._objects = objects

    async def all(self) -> list[JobSnapshot]:
        """Return those that the active cluster has, by name."""
        question = Question(
            kind=table.MAP_ENTRY_SET,
            fields={"name": _LIST},
            read=lambda entries: [read_snapshot(key, value) for key, value in entries],
        )
        while True:
            place = await self._cluster.place()
            try:
                found = await self._cluster.ask(question, tie_to(place.home, "A look at snapshots"), lambda _: None)
            except ClusterLeftError:
                continue
            return sorted(found, key=lambda one: one.name)

    async def delete(self, name: str) -> bool:
        """Remove one from the active cluster; False when there is none of that name."""
        if all(one.name != name for one in await self.all()):
            return False
        home = (await self._cluster.place()).home
        tie = tie_to(home, f"The removal of the snapshot {name!r}")
        key, partition = self._objects.key(name)
        unlist = Question(
            kind=table.MAP_DELETE, fields={"thread_id": 0, "name": _LIST, "key": key}, read=lambda answer: answer
        )
        destroy = Question(
            kind=table.DESTROY_PROXY,
            fields={"name": _PREFIX + name, "service_name": _MAPS},
            read=lambda answer: answer,
        )
        # first out of the list, so that what is listed is there
        await self._cluster.ask(unlist, tie, lambda _: None, partition=partition)
        await self._cluster.ask(destroy, tie, lambda _: None)
        return True
