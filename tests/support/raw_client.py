"""A client of one member with nothing between a test and the bytes: requests as declared, answers as they come."""

from __future__ import annotations

import socket
import uuid
from typing import Any

from tealjet.lab import LocalCluster
from tealjet.protocol import codec, frames, table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.frames import Message

__all__ = ["RawClient", "message_of"]


class RawClient:
    """A connection to the first member of a cluster."""

    def __init__(self, cluster: LocalCluster) -> None:
        host, port = cluster.addresses[0].split(":")
        self._socket = socket.create_connection((host, int(port)), 60.0)
        self._reader = frames.FrameReader()
        self._received: list[Message] = []
        self._correlation_id = 0
        self._socket.sendall(b"CP2")
        answer = self.ask(
            table.AUTHENTICATION,
            uuid=uuid.uuid4(),
            serialization_version=1,
            cluster_name=cluster.name,
            username=None,
            password=None,
            client_type="PYH",
            client_hazelcast_version="5.7.0",
            client_name="raw",
            labels=(),
        )
        self.partition_count = codec.decode_response(table.AUTHENTICATION, answer).partition_count

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, message_type: MessageType[Any, Any], *, partition: int = -1, **fields: Any) -> int:
        """Send a request and return its correlation id."""
        self._correlation_id += 1
        request = codec.encode_request(message_type, **fields)
        frames.stamp(request, self._correlation_id, partition, backup_aware=False)
        self._socket.sendall(request)
        return self._correlation_id

    def receive(self, correlation_id: int, *, event: bool = False) -> Message:
        """Return the next answer, or event, of that correlation id; it may be an error."""
        while True:
            for message in self._received:
                if message.correlation_id == correlation_id and message.is_event is event:
                    self._received.remove(message)
                    return message
            data = self._socket.recv(65536)
            assert data, "the member has closed the connection"
            self._received += self._reader.feed(data)

    def ask(self, message_type: MessageType[Any, Any], *, partition: int = -1, **fields: Any) -> Message:
        """Send a request and return its answer, which may be an error."""
        return self.receive(self.send(message_type, partition=partition, **fields))


def message_of(data: bytes) -> Message:
    """Return the message that was received as these bytes."""
    (message,) = frames.FrameReader().feed(data)
    return message
