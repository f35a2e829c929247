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

_REAL = frozenset(
    f"hz:impl:{name}Service"
    for name in (
        "PNCounter",
        "cache",
        "cardinalityEstimator",
        "durableExecutor",
        "executor",
        "flakeIdGenerator",
        "list",
        "map",
        "multiMap",
        "queue",
        "reliableTopic",
        "replicatedMap",
        "ringbuffer",
        "scheduledExecutor",
        "set",
        "topic",
    )
)
"""The services of real members: their objects can be created here too, whether or not calls to them are served."""


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
        """Create many objects, unless the member takes the message for another one, as those of Jet 4.3 do."""
        if not self._cluster.settings.release.modern:
            raise MemberError(failures.ARRAY_INDEX_OUT_OF_BOUNDS, "Index 16 out of bounds for length 16")
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
        if not self._knows(service_name):
            text = f"Service with name '{service_name}' not found!"
            raise MemberError(failures.HAZELCAST, text, causes=(MemberError(failures.SERVICE_NOT_FOUND, text),))
        if self._cluster.state is ClusterState.PASSIVE:
            raise MemberError(failures.ILLEGAL_STATE, f"Cluster is in PASSIVE state! Operation: creation of {name}")
        if key in self._objects:
            return
        self._objects[key] = DistributedObject(service_name=service_name, name=name)
        self._tell(request, name, service_name, "CREATED")

    def has(self, service_name: str, name: str) -> bool:
        """Say whether somebody has created an object."""
        return (service_name, name) in self._objects

    def _knows(self, service_name: str) -> bool:
        return service_name in _REAL or any(service_name in service.names for service in self._cluster.services)

    def _tell(self, request: PlayedRequest, name: str, service_name: str, event_type: str) -> None:
        session = request.session
        event = DistributedObjectEvent(
            name=name, service_name=service_name, event_type=event_type, source=session.client_uuid
        )
        for listener in self._cluster.listeners_at(_TOPIC, session.member_uuid):
            listener.send(event)
