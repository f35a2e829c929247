"""Serves what operators ask: who is connected, who may be, what state the cluster is in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.filters import ClientFilter
from tealjet.lab.embedded.serving import Service, serves
from tealjet.lab.embedded.session import Client, PlayedRequest, PlayedSession
from tealjet.protocol import cluster, table
from tealjet.protocol.values import ClientFilterEntry, ClientFilterMode, ClusterMetadata, ClusterState

__all__ = ["Management"]


class Management(Service):
    """The messages of Hazelcast Management Center that are of use to a client of several clusters."""

    def __init__(self, cluster: PlayedCluster) -> None:
        super().__init__(cluster)
        self._cluster = cluster

    @serves(table.APPLY_MC_CONFIG)
    def apply_filter(
        self, request: PlayedRequest, *, mode: ClientFilterMode, etag: str, entries: Sequence[ClientFilterEntry]
    ) -> None:
        """Have the member that was asked let in whom the filter admits; nothing happens when it has that filter."""
        member = request.session.member
        if etag != member.filter.etag:
            member.apply_filter(ClientFilter(etag=etag, mode=mode, entries=entries))

    @serves(cluster.MATCH_MC_CONFIG)
    def has_filter(self, request: PlayedRequest, *, etag: str) -> bool:
        """Say whether the member that was asked has the filter of that tag."""
        return request.session.member.filter.etag == etag

    @serves(cluster.CHANGE_CLUSTER_STATE)
    def change_state(self, request: PlayedRequest, *, new_state: ClusterState) -> None:
        """Put the cluster into another state."""
        if new_state is ClusterState.IN_TRANSITION:
            raise MemberError(failures.ILLEGAL_ARGUMENT, "IN_TRANSITION is an internal state!")
        self._cluster.state = new_state

    @serves(table.GET_CLUSTER_METADATA)
    def describe_cluster(self, request: PlayedRequest) -> ClusterMetadata:
        """Say what cluster it is and what state it is in."""
        release = self._cluster.settings.release
        return ClusterMetadata(
            state=self._cluster.state,
            cluster_time=_millis(self._cluster.wall()),
            cluster_id=self._cluster.id,
            member_version=release.text,
            jet_version=release.jet,
        )

    @serves(cluster.GET_TIMED_MEMBER_STATE)
    def describe_member(self, request: PlayedRequest) -> str:
        """Say what the member that was asked knows: its cluster, and the clients that are connected with it."""
        member = request.session.member
        members = self._cluster.members.values()
        clients = [(session, session.client) for session in member.sessions if session.client is not None]
        known: dict[str, Any] = {
            "address": str(member.address),
            "uuid": str(member.uuid),
            "name": f"embedded-{member.address.port}",
            "clients": [self._describe(session, client) for session, client in clients],
        }
        if not self._cluster.settings.release.modern:
            known["clientStats"] = {
                str(client.uuid): session.statistics for session, client in clients if session.statistics is not None
            }
        state = {
            "memberState": known,
            "master": member is next(iter(members)),
            "memberList": [str(one.address) for one in members],
            "clusterName": self._cluster.settings.cluster_name,
            "time": _millis(self._cluster.wall()),
        }
        return json.dumps({"timedMemberState": state})

    def _describe(self, session: PlayedSession, client: Client) -> dict[str, Any]:
        described: dict[str, Any] = {
            "uuid": str(client.uuid),
            "address": f"{_name(session.peer.host)}:{session.peer.port}",
            "clientType": client.client_type,
            "name": client.name,
            "labels": list(client.labels),
            "ipAddress": session.peer.host,
            "canonicalHostName": _name(session.peer.host),
        }
        if self._cluster.settings.release.modern:
            described |= {
                "clientVersion": client.version,
                "enterprise": False,
                "statsEnabled": session.statistics is not None,
                "clusterConnectionTimestamp": _millis(client.since),
                "routingMode": -1,
                "cpDirectToLeader": False,
            }
        return described


def _name(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "::1") else host


def _millis(seconds: float) -> int:
    return int(seconds * 1000)
