"""Who listens to one structure; as mostly nobody does, that costs nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from tealjet.lab.embedded.serving import Cluster, Listener, Request
from tealjet.lab.embedded.structures.serialized import of_name

__all__ = ["Audience"]


class Audience:
    """The listeners to what happens to one structure.

    Args:
        kind: What the structure is.
        name: Its name.
        cluster: Where it is.
    """

    __slots__ = ("_cluster", "_name", "_topic", "is_there")

    def __init__(self, kind: str, name: str, cluster: Cluster) -> None:
        self._topic = (kind, name)
        self._name = name
        self._cluster = cluster
        self.is_there = False
        """Somebody has listened, and may do so still."""

    def add(self, request: Request, *, local_only: bool, detail: Any = None) -> uuid.UUID:
        """Register the listener that a request asks for, as ``Request.listen`` does."""
        self.is_there = True
        return request.listen(self._topic, local_only=local_only, detail=detail)

    def of_key(self, key: bytes) -> Iterator[Listener]:
        """Give those who hear of what happens to an entry, by its serialized key."""
        if self.is_there:
            yield from self._cluster.listeners(self._topic, self._cluster.partition_of(key))

    def of_all(self) -> Iterator[Listener]:
        """Give those who hear of what happens to the structure as a whole: one member tells it."""
        return self.of_key(of_name(self._name))

    def end(self) -> None:
        """Remove all listeners: the structure is destroyed."""
        self._cluster.remove_listeners(self._topic)
