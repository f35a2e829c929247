"""Serves what every client asks first: to be let in, to be told of members and partitions, to be heard."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.filters import Admission
from tealjet.lab.embedded.serving import Service, serves
from tealjet.lab.embedded.session import Client, PlayedRequest, PlayedSession
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
        """Let a client in that gives the user name and the password, or neither where none are wanted."""
        settings = self._settings
        asked, given = (settings.cluster_name, settings.username, settings.password), (cluster_name, username, password)
        client = self._client(request, uuid, client_type, client_hazelcast_version, client_name, labels)
        return self._decide(request, client, serialization_version, known=settings.token is None and asked == given)

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
    def follow(self, request: PlayedRequest) -> None:
        """Tell of members and partitions, now and whenever they change."""
        self._cluster.follow(request.session, request.correlation_id)

    @serves(table.TRIGGER_PARTITION_ASSIGNMENT)
    def assign_partitions(self, request: PlayedRequest) -> None:
        """Give the partitions owners, if they have none."""
        self._cluster.assign_partitions()

    @serves(table.LOCAL_BACKUP_LISTENER)
    def acknowledge_backups(self, request: PlayedRequest) -> uuid.UUID:
        """Tell over this connection when this member has applied a backup."""
        request.session.backup_listener = request.correlation_id
        return request.session.client_uuid  # as real members do

    @serves(table.PING)
    def ping(self, request: PlayedRequest) -> None:
        """Say that the member is there."""

    @serves(cluster.STATISTICS)
    def take_statistics(
        self, request: PlayedRequest, *, timestamp: int, client_attributes: str, metrics_blob: bytes
    ) -> None:
        """Take a client's statistics, to tell those who ask for the member's state."""
        request.session.statistics = client_attributes

    def _client(
        self,
        request: PlayedRequest,
        client_uuid: uuid.UUID | None,
        client_type: str,
        version: str,
        name: str,
        labels: Sequence[str],
    ) -> Client:
        if client_uuid is None:
            raise MemberError(failures.NULL_POINTER, 'Cannot invoke "java.util.UUID.hashCode()" because "uuid" is null')
        return Client(
            uuid=client_uuid,
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
        if session.client is not None:  # who is in stays in, whatever is asked once more
            return self._welcome(session)
        if serialization_version != _SERIALIZATION_VERSION:
            return self._refusal(_OTHER_SERIALIZATION)
        if not known:
            return self._refusal(_REFUSED)
        if not session.member.filter.admits(client.admission):
            return self._refusal(_DENIED)
        session.client = client
        self._cluster.client_connected(client.uuid, session)
        return self._welcome(session)

    def _welcome(self, session: PlayedSession) -> AuthenticationResponse:
        settings = self._settings
        views: dict[str, Any] = {}
        if not session.member.faults.withholds_members:
            members, partitions = self._cluster.members_view(), self._cluster.partitions_view()
            views = {
                "member_list_version": members.version,
                "members": members.members,
                "partition_list_version": partitions.version if partitions.partitions else -1,
                "partitions": partitions.partitions,
            }
        major, minor, _ = settings.release.member
        return AuthenticationResponse(
            status=_AUTHENTICATED,
            address=session.member.address,
            member_uuid=session.member.uuid,
            server_version=settings.release.text,
            partition_count=self._cluster.partition_count,
            cluster_id=self._cluster.id,
            failover_supported=settings.failover_supported,
            tpc_ports=(),
            key_value_pairs={"clusterVersion": f"{major}.{minor}"},
            **views,
        )

    def _refusal(self, status: int) -> AuthenticationResponse:
        settings = self._settings
        if settings.release.modern:
            return AuthenticationResponse(
                status=status, serialization_version=-1, failover_supported=settings.failover_supported
            )
        return AuthenticationResponse(
            status=status,
            server_version=settings.release.text,
            partition_count=self._cluster.partition_count,
            cluster_id=self._cluster.id,
            failover_supported=settings.failover_supported,
        )
