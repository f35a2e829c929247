"""What queues, lists and sets have in common: items, compared as members compare them, and listeners to them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from tealjet.lab.embedded.serving import Cluster, Request
from tealjet.lab.embedded.structures.audience import Audience
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures.parts import ItemEvent, ItemEventType

__all__ = ["ItemListeners", "sames"]


def sames(items: Iterable[bytes]) -> set[bytes]:
    """Return what makes each of the items the same as another."""
    return {same(item) for item in items}


class ItemListeners:
    """The listeners to the items of one queue, list or set.

    Args:
        kind: Queue, list or set.
        name: The structure's name.
        cluster: Where it is.
    """

    def __init__(self, kind: str, name: str, cluster: Cluster) -> None:
        self._audience = Audience(kind, name, cluster)

    def add(self, request: Request, *, include_value: bool, local_only: bool) -> uuid.UUID:
        """Register the listener that a request asks for."""
        return self._audience.add(request, local_only=local_only, detail=include_value)

    def tell(self, event_type: ItemEventType, *items: bytes | None) -> None:
        """Tell of items that have come or gone."""
        for listener in self._audience.of_all():
            for item in items:
                listener.send(
                    ItemEvent(
                        uuid=listener.session.member_uuid,
                        event_type=event_type,
                        item=item if listener.detail else None,
                    )
                )

    def end(self) -> None:
        """Remove all listeners: the structure is destroyed."""
        self._audience.end()
