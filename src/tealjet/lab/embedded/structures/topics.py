"""Serves topics; reliable topics are ringbuffers."""

from __future__ import annotations

import uuid

from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.lab.embedded.structures.audience import Audience
from tealjet.protocol.structures import topics
from tealjet.protocol.structures.parts import Datas
from tealjet.protocol.structures.topics import TopicEvent

__all__ = ["Topics"]


class Topics(Service):
    """All topics of a cluster: they keep nothing."""

    names = frozenset({"hz:impl:topicService", "hz:impl:reliableTopicService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._audiences: dict[str, Audience] = {}

    def _of(self, name: str) -> Audience:
        if name not in self._audiences:
            self._audiences[name] = Audience("topic", name, self.cluster)
        return self._audiences[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a topic's listeners."""
        audience = self._audiences.pop(name, None)
        if audience is not None:
            audience.end()

    def _publish(self, name: str, messages: Datas) -> None:
        publish_time = round(self.cluster.wall() * 1000)
        for listener in self._of(name).of_all():
            for message in messages:
                listener.send(TopicEvent(publish_time=publish_time, uuid=listener.session.member_uuid, item=message))

    @serves(topics.PUBLISH)
    def publish(self, request: Request, *, name: str, message: bytes) -> None:
        """Tell all listeners a message."""
        self._publish(name, (message,))

    @serves(topics.PUBLISH_ALL)
    def publish_all(self, request: Request, *, name: str, messages: Datas) -> None:
        """Tell all listeners messages, in their order."""
        self._publish(name, messages)

    @serves(topics.ADD_MESSAGE_LISTENER)
    def add_listener(self, request: Request, *, local_only: bool, name: str) -> uuid.UUID:
        """Tell of messages."""
        return self._of(name).add(request, local_only=local_only)

    @serves(topics.REMOVE_MESSAGE_LISTENER)
    def remove_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
