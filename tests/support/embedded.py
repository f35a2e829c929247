"""Embedded members without a network: a test feeds bytes and reads bytes, on time that it moves itself."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from support.virtual import VirtualRuntime
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.settings import ClusterSettings
from tealjet.protocol import codec, frames, table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.values import Address, AuthenticationResponse, ErrorHolder

R = TypeVar("R")


class MemoryWire:
    """A wire that keeps what is sent."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.closed = False
        self.aborted = False
        self.was_reset = False
        self._read = True
        self.unsent = 0
        """What a session is told to be on its way."""

    def send(self, data: bytes) -> int:
        assert not self.closed
        self.sent += data
        return self.unsent

    def is_read(self) -> bool:
        """Say whether the member takes bytes from it."""
        return self._read

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def reset(self) -> None:
        self.closed = self.was_reset = True

    def pause(self) -> None:
        self._read = False

    def resume(self) -> None:
        self._read = True


class MemoryClient:
    """A client at one member, as bare as the protocol lets it be."""

    def __init__(self, member: PlayedMember, *, greet: bool = True, host: str = "127.0.0.1") -> None:
        self.wire = MemoryWire()
        self.events: list[Message] = []
        session = member.accept(self.wire, Address(host=host, port=40_000))
        assert session is not None
        self.session = session
        self.answers: dict[int, list[Message]] = {}
        self._ids = itertools.count(1)
        self._reader = FrameReader()
        if greet:
            session.receive(b"CP2")

    def authenticate(self, cluster_name: str = "blue", **values: Any) -> AuthenticationResponse:
        fields: dict[str, Any] = {
            "uuid": uuid.uuid4(),
            "serialization_version": 1,
            "cluster_name": cluster_name,
            "username": None,
            "password": None,
            "client_type": "PYH",
            "client_hazelcast_version": "5.7.0",
            "client_name": "memory",
            "labels": (),
        }
        return self.ask(table.AUTHENTICATION, **{**fields, **values})

    def send(
        self, message: MessageType[Any, Any], /, *, partition: int = -1, backup_aware: bool = True, **fields: Any
    ) -> int:
        """Send a request; return its correlation id."""
        request = codec.encode_request(message, **fields)
        correlation_id = next(self._ids)
        frames.stamp(request, correlation_id, partition, backup_aware=backup_aware)
        self.session.receive(bytes(request))
        self.take()
        return correlation_id

    def take(self) -> None:
        """Sort what has come."""
        data, self.wire.sent = bytes(self.wire.sent), bytearray()
        for message in self._reader.feed(data):
            if message.is_event:
                self.events.append(message)
            else:
                self.answers.setdefault(message.correlation_id, []).append(message)

    def answer(self, message: MessageType[R, Any], correlation_id: int) -> R:
        """Return the answer to a request."""
        self.take()
        (answer,) = self.answers.pop(correlation_id)
        assert answer.type != table.ERROR.type, codec.decode_error(answer)
        return codec.decode_response(message, answer)

    def ask(self, message: MessageType[R, Any], /, *, partition: int = -1, **fields: Any) -> R:
        """Send a request and return its answer."""
        return self.answer(message, self.send(message, partition=partition, **fields))

    def error(
        self, message: MessageType[Any, Any], /, *, partition: int = -1, **fields: Any
    ) -> tuple[ErrorHolder, ...]:
        """Send a request and return the errors that it is answered with."""
        correlation_id = self.send(message, partition=partition, **fields)
        (answer,) = self.answers.pop(correlation_id)
        return codec.decode_error(answer)

    def take_events(self, message: MessageType[Any, Any]) -> list[Any]:
        """Return the events that have come and belong to that message, and forget them."""
        self.take()
        mine = [event for event in self.events if event.type in message.events]
        self.events = [event for event in self.events if event.type not in message.events]
        return [codec.decode_event(message, event) for event in mine]


class MemoryCluster:
    """An embedded cluster on virtual time."""

    def __init__(
        self, size: int = 1, version: str = "5.7.0", services: Sequence[type[Service]] = SERVICES, **settings: Any
    ) -> None:
        self.runtime = VirtualRuntime()
        values: dict[str, Any] = {"cluster_name": "blue", "version": version, **settings}
        self.cluster = PlayedCluster(ClusterSettings(**values), self.runtime, services)
        self.died: list[int] = []
        self.members = [self.start(5701 + number) for number in range(size)]

    def start(self, port: int) -> PlayedMember:
        """Start one more member."""
        address = Address(host="127.0.0.1", port=port)
        return PlayedMember(self.cluster, address, died=lambda: self.died.append(port))

    def client(self, member: int = 0, **values: Any) -> MemoryClient:
        """Return a client that has authenticated at that member."""
        client = MemoryClient(self.members[member])
        assert client.authenticate(**values).status == 0
        return client
