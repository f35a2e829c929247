"""Whatever bytes come, an embedded member serves on or closes the connection, and keeps no more than its limits."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.embedded import MemoryClient, MemoryCluster
from tealjet.lab.embedded.settings import Limits
from tealjet.protocol import cluster, codec, frames, table
from tealjet.protocol.values import ClientFilterMode, ClusterState

LIMIT = 10_000
LIMITS = Limits(message_bytes=LIMIT, sessions=4, listeners=8)


def request(message: Any, **fields: Any) -> bytes:
    made = codec.encode_request(message, **fields)
    frames.stamp(made, 7, -1, backup_aware=True)
    return bytes(made)


LOGIN: dict[str, Any] = {
    "uuid": uuid.uuid4(),
    "serialization_version": 1,
    "cluster_name": "blue",
    "username": None,
    "password": None,
    "client_type": "PYH",
    "client_hazelcast_version": "5.7.0",
    "client_name": "any",
    "labels": ("a",),
}

REAL = (
    request(table.AUTHENTICATION, **LOGIN),
    request(table.PING),
    request(table.ADD_CLUSTER_VIEW_LISTENER),
    request(table.LOCAL_BACKUP_LISTENER),
    request(table.TRIGGER_PARTITION_ASSIGNMENT),
    request(table.CREATE_PROXY, name="m", service_name="hz:impl:mapService"),
    request(table.CREATE_PROXIES, proxies=[("m", "hz:impl:mapService")]),
    request(table.GET_DISTRIBUTED_OBJECTS),
    request(cluster.ADD_DISTRIBUTED_OBJECT_LISTENER, local_only=True),
    request(cluster.GET_TIMED_MEMBER_STATE),
    request(cluster.CHANGE_CLUSTER_STATE, new_state=ClusterState.ACTIVE),
    request(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DISABLED, etag="e", entries=()),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A few real messages, some bytes of which are others or missing."""
    data = bytearray(b"".join(draw(st.lists(st.sampled_from(REAL), min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))]) if draw(st.booleans()) else bytes(data)


@settings(deadline=None, max_examples=300)
@given(
    stream=st.one_of(st.binary(max_size=400), damaged(), st.lists(damaged(), max_size=3).map(b"".join)),
    authenticated=st.booleans(),
    version=st.sampled_from(["5.7.0", "jet-4.3.1"]),
    size=st.integers(1, 64),
)
def test_any_bytes_end_in_answers_or_in_a_closed_connection(
    stream: bytes, authenticated: bool, version: str, size: int
) -> None:
    world = MemoryCluster(2, version, limits=LIMITS)
    bystander = world.client(1)
    client = world.client() if authenticated else MemoryClient(world.members[0])
    for begin in range(0, len(stream), size):
        client.session.receive(stream[begin : begin + size])
    assert world.cluster.defects == []
    assert client.session.open is not client.wire.closed
    assert len(client.session._reader._partial) <= LIMIT
    bystander.ask(table.PING)
    client.session.lost()
    assert list(world.members[0].sessions) == []
