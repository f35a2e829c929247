"""Serves what every client asks first: to be let in, to be told of members and partitions, to be heard."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.filters import Admission
from tealjet.lab.embedded.serving import LATER, Later, Service, serves
from tealjet.lab.embedded.session import Client, PlayedRequest
from tealjet.protocol import cluster, table
from tealjet.protocol.values import AuthenticationResponse

__all__ = ["Clients"]

_SERIALIZATION_VERSION = 1
_AUTHENTICATED, _REFUSED, _OTHER_SERIALIZATION, _DENIED = range(4)


class Clients(Service):
    """Authentication, views of the cluster, pings and statistics."""

    def __init__(self, cluster: PlayedCluster) -> None:
        super().__init__(cluster)
        self._cluster = cluster
        self._settings = cluster.settings

    @serves(table.AUTHENTICATION)
    def authenticate(
        self,
        request: PlayedRequest,
        *,
        uuid: uuid.UUID | None,
        serialization_version: int,
        cluster_name: str,
        username: str | None,
        password: str | None,
        client_type: str,
        client_hazelcast_version: str,
        client_name: str,
        labels: Sequence[str],
    ) -> AuthenticationResponse:
        """Let a client in that gives a name and a password, or neither where none are wanted."""
        settings = self._settings
        known = settings.token is None and (
            settings.username is None or (settings.username, settings.password) == (username, password)
        )
        client = self._client(request, uuid, client_type, client_hazelcast_version, client_name, labels)
        return self._decide(
            request, client, serialization_version, known=known and cluster_name == settings.cluster_name
        )

    @serves(table.AUTHENTICATION_CUSTOM)
    def authenticate_by_token(
        self,
        request: PlayedRequest,
        *,
        uuid: uuid.UUID | None,
        serialization_version: int,
        cluster_name: str,
        credentials: bytes,
        client_type: str,
        client_hazelcast_version: str,
        client_name: str,
        labels: Sequence[str],
    ) -> AuthenticationResponse:
        """Let a client in that has the token."""
        known = self._settings.token == credentials and cluster_name == self._settings.cluster_name
        client = self._client(request, uuid, client_type, client_hazelcast_version, client_name, labels)
        return self._decide(request, client, serialization_version, known=known)

    @serves(table.ADD_CLUSTER_VIEW_LISTENER)
    def follow(self, request: PlayedRequest) -> Later:
        """Tell of members and partitions from now on."""
        request.answer(None)
        self._cluster.follow(request.session, request.correlation_id)
        return LATER

    @serves(table.TRIGGER_PARTITION_ASSIGNMENT)
    def assign_partitions(self, request: PlayedRequest) -> None:
        """Give the partitions owners, if they have none."""
        self._cluster.assign_partitions()

    @serves(table.LOCAL_BACKUP_LISTENER)
    def acknowledge_backups(self, request: PlayedRequest) -> uuid.UUID:
        """Tell over this connection when this member has applied a backup."""
        request.session.backup_listener = request.correlation_id
        return self._cluster.new_id()

    @serves(table.PING)
    def ping(self, request: PlayedRequest) -> None:
        """Say that the member is there."""

    @serves(cluster.STATISTICS)
    def take_statistics(
        self, request: PlayedRequest, *, timestamp: int, client_attributes: str, metrics_blob: bytes
    ) -> None:
        """Take a client's statistics; a real member hands them to those who ask it for metrics."""

    def _client(
        self,
        request: PlayedRequest,
        client_uuid: uuid.UUID | None,
        client_type: str,
        version: str,
        name: str,
        labels: Sequence[str],
    ) -> Client:
        return Client(
            uuid=client_uuid or self._cluster.new_id(),
            client_type=client_type,
            version=version,
            name=name,
            labels=labels,
            since=self._cluster.wall(),
            admission=Admission(
                client_type=client_type, name=name, labels=labels, ip_address=request.session.peer.host
            ),
        )

    def _decide(
        self, request: PlayedRequest, client: Client, serialization_version: int, *, known: bool
    ) -> AuthenticationResponse:
        session = request.session
        if serialization_version != _SERIALIZATION_VERSION:
            return self._refusal(_OTHER_SERIALIZATION)
        if not known:
            return self._refusal(_REFUSED)
        if not session.member.filter.admits(client.admission):
            return self._refusal(_DENIED)
        session.client = client
        settings = self._settings
        views: dict[str, Any] = {}
        if not session.member.faults.withholds_members:
            members, partitions = self._cluster.members_view(), self._cluster.partitions_view()
            views = {
                "member_list_version": members.version,
                "members": members.members,
                "partition_list_version": partitions.version,
                "partitions": partitions.partitions,
            }
        return AuthenticationResponse(
            status=_AUTHENTICATED,
            address=session.member.address,
            member_uuid=session.member.uuid,
            server_version=settings.release.text,
            partition_count=self._cluster.partition_count,
            cluster_id=self._cluster.id,
            failover_supported=settings.failover_supported,
            **views,
        )

    def _refusal(self, status: int) -> AuthenticationResponse:
        settings = self._settings
        if settings.release.modern:
            return AuthenticationResponse(status=status, failover_supported=settings.failover_supported)
        return AuthenticationResponse(
            status=status,
            server_version=settings.release.text,
            partition_count=self._cluster.partition_count,
            cluster_id=self._cluster.id,
            failover_supported=settings.failover_supported,
        )
