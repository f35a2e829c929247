"""What the official proxies of both families keep of a cluster, and how it is renewed at a change.

Nothing is reset in place where an answer of the former cluster could still arrive: the object that such an answer would
fill is replaced, so that it fills what nobody reads any more.
"""

from __future__ import annotations

import contextlib
import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hazelcast.protocol.codec import ringbuffer_tail_sequence_codec

from tealjet.bridge.homes import Bond, BoundInvocations, Home, HomeNow, Move, Surroundings
from tealjet.engine.link import Request
from tealjet.errors import Outcome, outcome_of
from tealjet.failover.model import TopicGap

__all__ = ["RenewedCounter", "RenewedIds", "RenewedNearCache", "RenewedRing", "RenewedTopic"]

_log = logging.getLogger("tealjet")

_READ_ONE, _READ_MANY = 0x170700, 0x170900
_COUNTER_GET, _COUNTER_ADD = 0x1D0100, 0x1D0200


_SEQUENCE = Bond(
    "a ringbuffer sequence",
    "Look for a position on the new cluster (head_sequence, tail_sequence) and read on from there.",
)
_OBSERVED = Bond("what was observed of a PN counter", "Make the call anew.")


class RenewedRing:
    """A ringbuffer: a sequence means another item on another cluster, so reads are bound to theirs."""

    _invocation_service: Any
    _capacity: int | None
    _home: HomeNow

    def _bind(self, invocations: Any, home: HomeNow) -> None:
        self._home = home
        self._invocation_service = BoundInvocations(invocations, home, frozenset({_READ_ONE, _READ_MANY}), _SEQUENCE)

    def cluster_changed(self, move: Move) -> None:
        """Ask the new cluster for its capacity."""
        self._capacity = None

    def _check(self, home: Home) -> None:
        """Raise an error if the cluster has changed while the capacity was asked for, before the read was sent."""
        if self._home() is not home:
            raise _SEQUENCE.broken(home, self._home().name, Outcome.NOT_SENT)


class RenewedNearCache:
    """A map with a near cache: the near cache is replaced, and what the former one is still filled with is lost."""

    name: str
    _near_cache: Any
    _near_caches: Any

    def _take_known(self, keys_of: dict[int, dict[Any, Any]]) -> list[tuple[Any, Any]]:
        """Return what the near cache has, as pairs; in ``keys_of`` stays what the cluster has to be asked for.

        The official maps mix up keys and values when the near cache has some of what ``get_all`` asks for.
        """
        near_cache = self._near_cache
        known: list[tuple[Any, Any]] = []
        for partition, keys in list(keys_of.items()):
            for key, key_data in list(keys.items()):
                try:
                    known.append((key, near_cache[key_data]))
                except KeyError:
                    continue
                del keys[key]
            if not keys:
                del keys_of[partition]
        return known

    def cluster_changed(self, move: Move | None = None) -> None:
        """Read from a new near cache."""
        self._near_cache = self._near_caches.get_or_create_near_cache(self.name)


class RenewedIds:
    """A Flake id generator: the ids that were fetched in advance are dropped."""

    _auto_batcher: Any
    _new_id_batch: Callable[[int], Any]

    def cluster_changed(self, move: Move) -> None:
        """Fetch ids from the new cluster; a batch that is on its way serves only those who wait for it."""
        former = self._auto_batcher
        self._auto_batcher = type(former)(former._batch_size, former._validity, self._new_id_batch)


class RenewedCounter:
    """A PN counter: its session begins anew, and an addition that may have been applied is not made again."""

    reset: Callable[[], None]
    _invocation_service: Any
    _current_target_replica_address: Any
    _home: HomeNow

    def _bind(self, invocations: Any, home: HomeNow) -> None:
        self._home = home
        types = frozenset({_COUNTER_GET, _COUNTER_ADD})
        self._invocation_service = BoundInvocations(invocations, home, types, _OBSERVED)

    def cluster_changed(self, move: Move) -> None:
        """Forget what was observed of the former cluster's counter, and its replicas."""
        self.reset()
        self._current_target_replica_address = None

    def _told_at(self, home: Home, answer: Any) -> Any:
        """Return an answer that was asked for at that cluster, as far as it counts here."""
        if self._home() is not home:
            answer["replica_timestamps"] = []  # what a cluster that was left has counted says nothing here
        return answer

    @staticmethod
    def _must_not_go_on(last_error: Exception | None) -> bool:
        """Say whether another replica is not to be tried.

        It may succeed where a replica has refused. A call that ended without an answer may have been applied, or has
        used up its time.
        """
        return last_error is not None and outcome_of(last_error) is not Outcome.ANSWERED


class RenewedTopic:
    """A reliable topic: its listeners go on at the tail of the new cluster's ringbuffer."""

    name: str
    _ringbuffer: Any
    _runners: dict[str, Any]
    _around: Surroundings
    _context: Any
    service_name: str

    @contextlib.contextmanager
    def _destroying(self) -> Iterator[None]:
        """Destroying consists of two messages: the second one's error does not hide that the first one was applied."""
        try:
            yield
        except Exception as error:
            if (self.service_name, self.name) not in self._context.proxy_manager._proxies:
                error.outcome = Outcome.UNKNOWN  # type: ignore[attr-defined]
            raise

    def cluster_changed(self, move: Move) -> None:
        """Replace what reads for the listeners: what it still receives is not delivered."""
        if not self._runners:
            return
        runners = []
        for registration_id, former in list(self._runners.items()):
            runner = self._runners[registration_id] = copy.copy(former)
            runners.append(runner)
            former._cancelled = True
            task = getattr(former, "_task", None)
            if task is not None:
                task.cancel()
        engine = self._around.engine
        request = ringbuffer_tail_sequence_codec.encode_request(self._ringbuffer.name)
        tail = Request(engine.runtime, request.buf, None, engine.settings.invocation_timeout)
        tail.retryable, tail.partition = request.retryable, self._ringbuffer._partition_id
        # ahead of all calls that wait for this cluster: a message that one of them publishes is behind this tail
        if not move.link.send(tail):
            engine.submit(tail)
        engine.runtime.spawn(self._read_on(runners, tail))
        gap = TopicGap(
            topic=self.name,
            listeners=len(runners),
            from_cluster=move.former.name,
            to_cluster=move.link.target.name,
        )
        self._around.announce(gap)

    async def _read_on(self, runners: Sequence[Any], tail: Request) -> None:
        try:
            sequence = ringbuffer_tail_sequence_codec.decode_response(await tail.answer)
        except Exception as error:
            if self._around.engine.usable:  # else they end with their client
                _log.error("the listeners of the reliable topic %r end: its tail is not known (%s)", self.name, error)
            for runner in runners:
                runner.cancel()
            return
        for runner in runners:
            runner._sequence = sequence + 1
            runner.next_batch()
