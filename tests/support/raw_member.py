"""A member as it looks over a plain socket: what is sent and what comes back is the test's own.

Requests are encoded by our table, or by the official package's codecs where our client has none of its own; what is
read is always read by our frames.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hazelcast.config import Config
from hazelcast.hash import hash_to_index
from hazelcast.serialization.service import SerializationServiceV1

from tealjet.protocol import codec, frames, table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.layout import INT, STRING, Field, nullable
from tealjet.protocol.values import AuthenticationResponse, ErrorHolder

CHANGE_CLUSTER_STATE: MessageType[None, None] = declare(
    "mc.changeClusterState", 0x200200, retryable=False, request=(Field("new_state", INT),)
)
GET_TIMED_MEMBER_STATE: MessageType[str | None, None] = declare(
    "mc.getTimedMemberState", 0x200B00, retryable=False, response=(Field("json", nullable(STRING)),)
)
PREAMBLE = b"CP2"
TOO_LATE = 15.0
"""Seconds after which an answer has certainly not come."""

_serialization: Any = SerializationServiceV1(Config())


def data(value: Any) -> Any:
    """Serialize a value as the official client does without any configuration."""
    return _serialization.to_data(value)


def partition_of(serialized: Any, count: int = 271) -> int:
    """Return the partition that a serialized key belongs to."""
    return int(hash_to_index(serialized.get_partition_hash(), count))


def value_of(serialized: Any) -> Any:
    """Read a value back."""
    return None if serialized is None else _serialization.to_object(serialized)


class RefusedError(Exception):
    """The member answered an exception."""

    def __init__(self, errors: tuple[ErrorHolder, ...]) -> None:
        super().__init__(" <- ".join(f"{one.error_code} {one.class_name}: {one.message}" for one in errors))
        self.errors = errors


class ClosedError(Exception):
    """The member closed the connection."""


@dataclass(kw_only=True)
class Identity:
    """Who a client says it is."""

    cluster_name: str
    uuid: uuid.UUID | None = field(default_factory=uuid.uuid4)
    client_name: str = "raw"
    labels: tuple[str, ...] = ()
    client_type: str = "PYH"
    serialization_version: int = 1
    username: str | None = None
    password: str | None = None


class RawMember:
    """A connection to a member; what comes unasked is kept until it is asked for."""

    def __init__(self, address: str, *, preamble: bytes = PREAMBLE) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), TOO_LATE)
        self.socket.sendall(preamble)
        self.uuid: uuid.UUID | None = None
        """The member's own id, once signed in."""
        self._reader = FrameReader()
        self._ids = itertools.count(1)
        self._kept: list[Message] = []

    def __enter__(self) -> RawMember:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # ------------------------------------------------------------------------------------------------------- sending

    def send(self, request: bytearray, *, partition_id: int = -1, backup_aware: bool = False) -> int:
        """Send a request and return its correlation id."""
        correlation_id = next(self._ids)
        frames.stamp(request, correlation_id, partition_id, backup_aware=backup_aware)
        self.socket.sendall(request)
        return correlation_id

    def ask(self, kind: MessageType[Any, Any], **fields: Any) -> Any:
        """Send a request of our table and return its answer.

        Raises:
            RefusedError: The member answered an exception.
            ClosedError: The member closed the connection.
        """
        return codec.decode_response(kind, self.answer_to(self.send(codec.encode_request(kind, **fields))))

    def call(self, official: Any, *args: Any, partition_id: int = -1) -> Any:
        """Send a request of one of the official package's codecs and return its answer; errors as for ``ask``."""
        answer = self.answer_to(self.send(official.encode_request(*args).buf, partition_id=partition_id))
        decode = getattr(official, "decode_response", None)
        return None if decode is None else decode(answer)

    def sign_in(self, identity: Identity) -> AuthenticationResponse:
        """Authenticate by name, and by user name and password if there are any."""
        answer: AuthenticationResponse = self.ask(
            table.AUTHENTICATION, client_hazelcast_version="5.7.0", **vars(identity)
        )
        self.uuid = answer.member_uuid
        return answer

    # ----------------------------------------------------------------------------------------------------- receiving

    def answer_to(self, correlation_id: int) -> Message:
        """Wait for the answer to a request; errors as for ``ask``."""
        message = self._next(lambda one: one.correlation_id == correlation_id and not one.is_event)
        if message.type == table.ERROR.type:
            raise RefusedError(codec.decode_error(message))
        return message

    def event_message(self) -> Message:
        """Wait for the next event, whatever listener it is for."""
        return self._next(lambda one: one.is_event)

    def event(self, kind: MessageType[Any, Any]) -> Any:
        """Wait for the next event, which has to be of this listener."""
        return codec.decode_event(kind, self.event_message())

    def events_before(self, kind: MessageType[Any, Any]) -> list[Any]:
        """Return the events that have come by the time that the member answers a ping."""
        self.ask(table.PING)
        found = [codec.decode_event(kind, message) for message in self._kept if message.is_event]
        self._kept = [message for message in self._kept if not message.is_event]
        return found

    def wait_for_close(self) -> None:
        """Read until the member has closed the connection."""
        with contextlib.suppress(ClosedError):
            while True:
                self._kept += self._receive()

    def _next(self, wanted: Callable[[Message], bool]) -> Message:
        while True:
            for message in self._kept:
                if wanted(message):
                    self._kept.remove(message)
                    return message
            self._kept += self._receive()

    def _receive(self) -> list[Message]:
        try:
            received = self.socket.recv(65536)
        except ConnectionError:
            received = b""
        if not received:
            raise ClosedError("the member closed the connection")
        return self._reader.feed(received)


@contextlib.contextmanager
def signed_in(address: str, identity: Identity) -> Iterator[RawMember]:
    """A connection that is authenticated."""
    with RawMember(address) as member:
        answer = member.sign_in(identity)
        assert answer.status == 0, answer
        yield member
