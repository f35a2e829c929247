"""Makes a cluster that is in use as good as new, over the client protocol: nothing in it, everybody let in, active.

Starting a real cluster anew takes seconds, this takes milliseconds. It needs neither the engine nor its connections.
"""

from __future__ import annotations

import itertools
import socket
import uuid
from collections.abc import Iterator
from typing import Any

from tealjet.lab.clusters import AnyCluster, LabError
from tealjet.protocol import cluster, codec, frames, table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.values import ClientFilterMode, ClusterState

__all__ = ["wipe"]

_AUTHENTICATED = 0
_OPERATOR = "MCJVM"
"""The client type that no client filter concerns."""
_INTERNAL = "__"
"""How the names of a member's own objects begin."""
_LIMIT = 30.0


def wipe(target: AnyCluster) -> None:
    """Destroy all distributed objects, lift every member's client filter, and make the cluster active.

    SQL mappings and compact schemas stay, and so does what the CP subsystem holds.

    Raises:
        LabError: A member does not do what it is told; the text names it.
    """
    for member in target.members:
        host, _, port = member.address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), _LIMIT) as connection:
                asked = _Asked(connection)
                asked.sign_in(target.name)
                asked.ask(table.APPLY_MC_CONFIG, mode=ClientFilterMode.DISABLED, etag=uuid.uuid4().hex, entries=())
                if asked.ask(table.GET_CLUSTER_METADATA).state is not ClusterState.ACTIVE:
                    asked.ask(cluster.CHANGE_CLUSTER_STATE, new_state=ClusterState.ACTIVE)
                for one in asked.ask(table.GET_DISTRIBUTED_OBJECTS):
                    if not one.name.startswith(_INTERNAL):
                        asked.ask(table.DESTROY_PROXY, name=one.name, service_name=one.service_name)
        except (OSError, ProtocolError) as error:
            raise LabError(
                f"{member.address} of cluster {target.name!r} could not be made as good as new: {error}; restart() it"
            ) from error


class _Asked:
    """One request after the other over one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._messages = self._received()

    def sign_in(self, cluster_name: str) -> None:
        self._connection.sendall(b"CP2")
        answer = self.ask(
            table.AUTHENTICATION,
            uuid=uuid.uuid4(),
            serialization_version=1,
            cluster_name=cluster_name,
            username=None,
            password=None,
            client_type=_OPERATOR,
            client_hazelcast_version="5.7.0",
            client_name="tealjet-lab",
            labels=(),
        )
        if answer.status != _AUTHENTICATED:
            raise ProtocolError(f"it refused the lab with status {answer.status}")

    def ask(self, kind: MessageType[Any, Any], **fields: Any) -> Any:
        request, correlation_id = codec.encode_request(kind, **fields), next(self._ids)
        frames.stamp(request, correlation_id, -1, backup_aware=False)
        self._connection.sendall(request)
        for message in self._messages:
            if message.correlation_id == correlation_id:
                if message.type == table.ERROR.type:
                    raise ProtocolError(f"{kind.name} was refused: {codec.decode_error(message)[0].message}")
                return codec.decode_response(kind, message)
        raise ProtocolError("it closed the connection")

    def _received(self) -> Iterator[frames.Message]:
        reader = frames.FrameReader()
        while data := self._connection.recv(65536):
            yield from reader.feed(data)
