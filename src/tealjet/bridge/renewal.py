"""What the official proxies of both families keep of a cluster, and how it is renewed at a change.

Nothing is reset in place where an answer of the former cluster could still arrive: the object that such an answer would
fill is replaced, so that it fills what nobody reads any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hazelcast.protocol.codec import pn_counter_add_codec

from tealjet.bridge.homes import BoundInvocations, HomeNow
from tealjet.engine.link import Link
from tealjet.errors import Outcome, outcome_of

__all__ = ["RenewedCounter", "RenewedIds", "RenewedNearCache", "ring_reads"]

_READ_ONE, _READ_MANY = 0x170700, 0x170900
_COUNTER_GET, _COUNTER_ADD = 0x1D0100, 0x1D0200


def ring_reads(invocations: Any, home: HomeNow) -> BoundInvocations:
    """Return the invocation service of ringbuffers: a sequence means another item on another cluster."""
    return BoundInvocations(
        invocations,
        home,
        frozenset({_READ_ONE, _READ_MANY}),
        "a ringbuffer sequence",
        "Look for a position on the new cluster (head_sequence, tail_sequence) and read on from there.",
    )


class RenewedNearCache:
    """A map with a near cache: the near cache is replaced, and what the former one is still filled with is lost."""

    name: str
    _near_cache: Any
    _near_caches: Any

    def cluster_changed(self, link: Link) -> None:
        """Read from a new near cache."""
        self._near_cache = self._near_caches.get_or_create_near_cache(self.name)


class RenewedIds:
    """A Flake id generator: the ids that were fetched in advance are dropped."""

    _auto_batcher: Any
    _new_id_batch: Callable[[int], Any]

    def cluster_changed(self, link: Link) -> None:
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
        self._invocation_service = BoundInvocations(
            invocations,
            home,
            frozenset({_COUNTER_GET, _COUNTER_ADD}),
            "what was observed of a PN counter",
            "Make the call anew.",
        )

    def cluster_changed(self, link: Link) -> None:
        """Forget what was observed of the former cluster's counter, and its replicas."""
        self.reset()
        self._current_target_replica_address = None

    def _decoding(self, decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
        home = self._home()

        def decode_here(message: Any) -> Any:
            answer = decode(message)
            if self._home() is not home:
                answer["replica_timestamps"] = []  # what a cluster that was left has counted says nothing here
            return answer

        return decode_here

    @staticmethod
    def _must_not_go_on(codec: Any, last_error: Exception | None) -> bool:
        """Say whether trying another replica could apply the call twice."""
        return codec is pn_counter_add_codec and last_error is not None and outcome_of(last_error) is Outcome.UNKNOWN
