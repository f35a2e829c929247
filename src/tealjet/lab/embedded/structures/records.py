"""The entries of one map: values with versions, times and an end. Whoever changes one tells the map's listeners.

Times to live are whole seconds, as members keep them. An entry ends on the spot, where a member may take some seconds
until it looks; nobody gets it after its end from either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tealjet.lab.embedded.serving import Cluster
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures.maps import EntryView
from tealjet.runtime import Handle

__all__ = ["FOREVER", "Record", "Records"]

FOREVER = (1 << 63) - 1
"""The milliseconds of what does not end."""
_TOO_LONG = (1 << 31) - 1
"""Seconds that members take for ever."""
_PAUSE = 0.1
"""Seconds until an entry that has to end is looked at again."""
_UNKNOWN = -1


class Record:
    """One entry."""

    __slots__ = (
        "accessed",
        "created",
        "hits",
        "key",
        "max_idle",
        "seen",
        "timer",
        "ttl",
        "ttl_from",
        "updated",
        "value",
        "version",
    )

    def __init__(self, key: bytes, value: bytes, *, wall: float, now: float) -> None:
        self.key = key
        self.value = value
        self.version = 0
        self.hits = 0
        self.created = self.updated = wall
        self.accessed = 0.0
        """Seconds since the epoch, 0 for never."""
        self.ttl = self.max_idle = FOREVER
        """Milliseconds."""
        self.seen = self.ttl_from = now
        """When it was used last and when its time to live began, in monotonic seconds."""
        self.timer: Handle | None = None

    @property
    def ends(self) -> bool:
        """Whether it is to end by itself."""
        return self.ttl != FOREVER or self.max_idle != FOREVER

    @property
    def ends_at(self) -> float:
        """The monotonic time at which it ends, if it does."""
        return min(
            since + millis / 1000
            for since, millis in ((self.ttl_from, self.ttl), (self.seen, self.max_idle))
            if millis != FOREVER
        )

    def used(self, *, wall: float, now: float) -> None:
        """Note that somebody has used it."""
        self.hits += 1
        self.accessed = wall
        self.seen = now


class Records:
    """The entries of one map.

    Args:
        cluster: For the time.
        expired: Is told of an entry that has ended and is gone.
        is_held: Says whether an entry may not end now, because its key is locked.
    """

    def __init__(
        self, cluster: Cluster, *, expired: Callable[[Record], None], is_held: Callable[[bytes], bool]
    ) -> None:
        self._cluster = cluster
        self._expired = expired
        self._is_held = is_held
        self._modern = cluster.version.major >= 5
        self._least_ttl = 0 if self._modern else 1
        """Seconds: what is less is none at all since Hazelcast 5, and one before."""
        self._records: dict[bytes, Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        """Give the entries that there are now, in the order in which they came."""
        return iter(tuple(self._records.values()))

    def find(self, key: bytes) -> Record | None:
        """Return an entry without using it."""
        record = self._records.get(same(key))
        if record is not None and record.ends:
            self._look(record)
            record = self._records.get(same(key))
        return record

    def read(self, key: bytes) -> Record | None:
        """Return an entry; it counts as used."""
        record = self.find(key)
        if record is not None:
            record.used(wall=self._cluster.wall(), now=self._cluster.now())
        return record

    def put(self, key: bytes, value: bytes, *, ttl: int = -1, max_idle: int = -1) -> bytes | None:
        """Make an entry, or change its value; return the value before.

        Args:
            key: The entry's key.
            value: Its value from now on.
            ttl: Milliseconds to live, counted from now; 0 or less for ever.
            max_idle: Milliseconds to be unused; 0 or less for ever.
        """
        record = self.find(key)
        if record is None:
            before = None
            record = Record(key, value, wall=self._cluster.wall(), now=self._cluster.now())
            self._records[same(key)] = record
        else:
            before = record.value
            record.value = value
            self._changed(record)
        record.ttl, record.max_idle = self._kept(ttl, self._least_ttl), self._kept(max_idle, 1)
        self._watch(record)
        return before

    def set_ttl(self, record: Record, ttl: int) -> None:
        """Let an entry live for that many milliseconds from now on, 0 or less for ever, whether it is used or not."""
        self._changed(record)
        record.ttl, record.max_idle = self._kept(ttl, self._least_ttl), FOREVER
        self._watch(record)

    def remove(self, key: bytes) -> Record | None:
        """Remove an entry and return it."""
        record = self.find(key)
        if record is not None:
            del self._records[same(key)]
            _end_timer(record)
        return record

    def view(self, record: Record) -> EntryView:
        """Return what clients are shown of an entry; Hazelcast 5 counts and times only what has an end."""
        updated = expires = FOREVER if self._modern else _whole_millis(record.updated)
        if record.ends:
            updated = _whole_millis(record.updated)
            since = _whole_millis(max(record.updated, record.accessed))
            expires = min(updated + record.ttl, since + record.max_idle)
        return EntryView(
            key=record.key,
            value=record.value,
            cost=len(record.value) + (52 if self._modern else 68),  # as members of 5.7.0 and of Jet 4.3.1 count
            creation_time=_UNKNOWN if self._modern else _whole_millis(record.created),
            expiration_time=expires if record.ends else FOREVER,
            hits=_UNKNOWN if self._modern else record.hits,
            last_access_time=_UNKNOWN if self._modern else _whole_millis(record.accessed),
            last_stored_time=_UNKNOWN if self._modern else 0,
            last_update_time=_UNKNOWN if self._modern and not record.ends else updated,
            version=record.version,
            ttl=record.ttl,
            max_idle=record.max_idle,
        )

    def _changed(self, record: Record) -> None:
        now, wall = self._cluster.now(), self._cluster.wall()
        record.version += 1
        record.updated = wall
        record.ttl_from = now
        record.used(wall=wall, now=now)

    def _kept(self, millis: int, least: int) -> int:
        """Return a time as a member keeps it, in whole seconds, and at least so many."""
        if millis <= 0 or millis // 1000 >= _TOO_LONG:
            return FOREVER
        return max(millis // 1000, least) * 1000

    def _watch(self, record: Record) -> None:
        _end_timer(record)
        if record.ends:
            record.timer = self._cluster.call_at(record.ends_at, self._timer_ended, record)

    def _timer_ended(self, record: Record) -> None:
        record.timer = None
        if self._look(record):  # it was used meanwhile, or its key is locked
            again = max(record.ends_at, self._cluster.now() + _PAUSE)
            record.timer = self._cluster.call_at(again, self._timer_ended, record)

    def _look(self, record: Record) -> bool:
        """End an entry whose time has come; say whether it is still there."""
        if record.ends_at > self._cluster.now() or self._is_held(record.key):
            return True
        del self._records[same(record.key)]
        _end_timer(record)
        self._expired(record)
        return False


def _end_timer(record: Record) -> None:
    if record.timer is not None:
        record.timer.cancel()
        record.timer = None


def _whole_millis(seconds: float) -> int:
    return int(seconds) * 1000
