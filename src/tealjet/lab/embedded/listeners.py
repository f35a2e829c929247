"""The listeners of a cluster's clients: who hears of an event, and who does not any more."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.protocol.declare import MessageType

if TYPE_CHECKING:
    from tealjet.lab.embedded.session import PlayedSession

__all__ = ["Listeners", "PlayedListener"]


class PlayedListener:
    """One listener, registered over one connection."""

    __slots__ = ("correlation_id", "detail", "id", "local_only", "message", "session", "topic")

    def __init__(
        self,
        *,
        id: uuid.UUID,  # noqa: A002 - the word of the protocol
        session: PlayedSession,
        message: MessageType[Any, Any],
        correlation_id: int,
        topic: Hashable,
        local_only: bool,
        detail: Any,
    ) -> None:
        self.id = id
        self.session = session
        self.message = message
        self.correlation_id = correlation_id
        """Of the request that registered it: events carry it."""
        self.topic = topic
        self.local_only = local_only
        self.detail = detail

    def send(self, event: Any) -> None:
        """Send an event over the listener's connection."""
        self.session.send_event(self.message, event, self.correlation_id)


class Listeners:
    """All listeners of a cluster.

    Args:
        limit: How many there may be.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_id: dict[uuid.UUID, PlayedListener] = {}
        self._by_topic: dict[Hashable, dict[uuid.UUID, PlayedListener]] = {}
        self._by_session: dict[PlayedSession, set[uuid.UUID]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, listener: PlayedListener) -> None:
        """Register a listener.

        Raises:
            MemberError: There are too many.
        """
        if len(self._by_id) >= self._limit:
            raise MemberError(failures.OVERLOAD, f"the embedded cluster has {self._limit} listeners, its limit")
        self._by_id[listener.id] = listener
        self._by_topic.setdefault(listener.topic, {})[listener.id] = listener
        self._by_session.setdefault(listener.session, set()).add(listener.id)

    def remove(self, listener_id: uuid.UUID) -> bool:
        """Remove a listener; say whether there was one."""
        listener = self._by_id.pop(listener_id, None)
        if listener is None:
            return False
        _discard(self._by_topic, listener.topic, listener_id)
        _discard(self._by_session, listener.session, listener_id)
        return True

    def remove_all(self, topic: Hashable) -> None:
        """Remove all listeners to a topic."""
        for listener_id in tuple(self._by_topic.get(topic, ())):
            self.remove(listener_id)

    def end(self, session: PlayedSession) -> None:
        """Remove the listeners of a connection that has ended."""
        for listener_id in tuple(self._by_session.get(session, ())):
            self.remove(listener_id)

    def of(self, topic: Hashable, member: uuid.UUID | None) -> Iterator[PlayedListener]:
        """Give the listeners that hear of an event at that member."""
        for listener in tuple(self._by_topic.get(topic, {}).values()):
            if not listener.local_only or listener.session.member_uuid == member:
                yield listener


def _discard(groups: dict[Any, Any], key: Hashable, listener_id: uuid.UUID) -> None:
    group = groups[key]
    if isinstance(group, set):
        group.discard(listener_id)
    else:
        del group[listener_id]
    if not group:
        del groups[key]
