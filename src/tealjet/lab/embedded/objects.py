"""Serves the life of objects: created, listed, destroyed, and who wants to know of that."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Service, serves
from tealjet.lab.embedded.session import PlayedRequest
from tealjet.protocol import cluster, table
from tealjet.protocol.values import ClusterState, DistributedObject, DistributedObjectEvent

__all__ = ["Objects"]

_TOPIC = ("objects",)


class Objects(Service):
    """What objects clients have created."""

    def __init__(self, cluster: PlayedCluster) -> None:
        super().__init__(cluster)
        self._cluster = cluster
        self._objects: dict[tuple[str, str], DistributedObject] = {}

    @serves(table.CREATE_PROXY)
    def create(self, request: PlayedRequest, *, name: str, service_name: str) -> None:
        """Create an object, unless it is there."""
        self._create(request, name, service_name)

    @serves(table.CREATE_PROXIES)
    def create_all(self, request: PlayedRequest, *, proxies: Sequence[tuple[str, str]]) -> None:
        """Create many objects."""
        for name, service_name in proxies:
            self._create(request, name, service_name)

    @serves(table.DESTROY_PROXY)
    def destroy_object(self, request: PlayedRequest, *, name: str, service_name: str) -> None:
        """Remove an object and its data."""
        for service in self._cluster.services:
            if service_name in service.names:
                service.destroy(service_name, name)
        if self._objects.pop((service_name, name), None) is not None:
            self._tell(request, name, service_name, "DESTROYED")

    @serves(table.GET_DISTRIBUTED_OBJECTS)
    def list_objects(self, request: PlayedRequest) -> tuple[DistributedObject, ...]:
        """Say which objects there are."""
        return tuple(self._objects.values())

    @serves(cluster.ADD_DISTRIBUTED_OBJECT_LISTENER)
    def listen(self, request: PlayedRequest, *, local_only: bool) -> uuid.UUID:
        """Tell when objects are created and destroyed."""
        return request.listen(_TOPIC, local_only=local_only)

    @serves(cluster.REMOVE_DISTRIBUTED_OBJECT_LISTENER)
    def stop_listening(self, request: PlayedRequest, *, registration_id: uuid.UUID) -> bool:
        """Stop telling."""
        return self._cluster.remove_listener(registration_id)

    def _create(self, request: PlayedRequest, name: str, service_name: str) -> None:
        key = service_name, name
        if key in self._objects:
            return
        if self._cluster.state is ClusterState.PASSIVE:
            raise MemberError(failures.ILLEGAL_STATE, "Cluster is in PASSIVE state!")
        self._objects[key] = DistributedObject(service_name=service_name, name=name)
        self._tell(request, name, service_name, "CREATED")

    def _tell(self, request: PlayedRequest, name: str, service_name: str, event_type: str) -> None:
        member = request.session.member_uuid
        event = DistributedObjectEvent(name=name, service_name=service_name, event_type=event_type, source=member)
        for listener in self._cluster.listeners_at(_TOPIC, member):
            listener.send(event)
