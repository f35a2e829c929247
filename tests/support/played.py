"""A member that is played: it welcomes a client as a real one does, and then says what the test says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hazelcast.protocol.codec import map_size_codec

from support.clusters import Events, config
from tealjet.protocol import table
from tealjet.protocol.codec import encode_event, encode_response
from tealjet.protocol.frames import EVENT, FINAL, UNFRAGMENTED, FrameReader, Message
from tealjet.protocol.values import (
    Address,
    AuthenticationResponse,
    MemberInfo,
    MembersView,
    MemberVersion,
    PartitionsView,
)

SIZE = map_size_codec._REQUEST_MESSAGE_TYPE
"""The request that tests make: how large is a map?"""
_PARTITIONS = 271


def size_answer(request: Message, size: int, *, backup_acks: int = 0, event: bool = False) -> bytes:
    """Encode the answer to such a request, or an event that looks the same."""
    content = struct.pack("<iqBi", SIZE + 1, request.correlation_id, backup_acks, size)
    return struct.pack("<iH", 6 + len(content), UNFRAGMENTED | FINAL | (EVENT if event else 0)) + content


class PlayedMember:
    """A member on loopback, alone in its cluster; from entering to leaving.

    It serves one connection after the other. Sizes of maps are counted up from 1, unless the test answers itself.
    """

    def __init__(self) -> None:
        self.uuid = uuid.uuid4()
        self.asked = Events()
        """The requests for sizes, in order."""
        self.answers: Callable[[Message], bytes | None] = self._count
        """Gives the bytes to answer such a request with; None when the test will."""
        self._sizes = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._cluster_id = uuid.uuid4()
        self._connection: socket.socket | None = None
        self._views = 0
        self._viewer = 0
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> PlayedMember:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self.end()
        self._thread.join()
        self._listening.close()

    @property
    def config(self) -> Any:
        """The official configuration of its client."""
        host, port = self._listening.getsockname()
        return config("played", [f"{host}:{port}"])

    def say(self, data: bytes) -> None:
        """Send bytes."""
        assert self._connection is not None
        self._connection.sendall(data)

    def members_event(self, **attributes: str) -> bytes:
        """Encode an event that tells of another member, one that nobody can connect to, with these attributes."""
        host, port = self._listening.getsockname()
        own = self._member(self.uuid, Address(host=host, port=port), {})
        other = self._member(uuid.uuid4(), Address(host="127.0.0.1", port=1), attributes)
        return self._members(own, other)

    def end(self) -> None:
        """End the connection in good order."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection by a reset."""
        assert self._connection is not None
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.shutdown(socket.SHUT_RD)  # whoever reads from it closes it

    def _count(self, request: Message) -> bytes:
        self._sizes += 1
        return size_answer(request, self._sizes)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, contextlib.suppress(OSError):
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._connection = connection
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        reader = FrameReader()
        assert connection.recv(3, socket.MSG_WAITALL) == b"CP2"
        while data := connection.recv(65536):
            for request in reader.feed(data):
                answer = self._answer(request)
                if answer is not None:
                    connection.sendall(answer)

    def _answer(self, request: Message) -> bytes | None:
        if request.type == SIZE:
            self.asked(request)
            return self.answers(request)
        if request.type == table.AUTHENTICATION.request.type:
            host, port = self._listening.getsockname()
            welcome = AuthenticationResponse(
                status=0,
                member_uuid=self.uuid,
                cluster_id=self._cluster_id,
                partition_count=_PARTITIONS,
                failover_supported=True,
                address=Address(host=host, port=port),
            )
            return bytes(encode_response(table.AUTHENTICATION, welcome, correlation_id=request.correlation_id))
        if request.type == table.LOCAL_BACKUP_LISTENER.request.type:
            registered = uuid.uuid4()
            return bytes(
                encode_response(table.LOCAL_BACKUP_LISTENER, registered, correlation_id=request.correlation_id)
            )
        done = bytes(encode_response(table.PING, None, correlation_id=request.correlation_id))
        if request.type != table.ADD_CLUSTER_VIEW_LISTENER.request.type:
            return done
        self._viewer = request.correlation_id
        host, port = self._listening.getsockname()
        members = self._members(self._member(self.uuid, Address(host=host, port=port), {}))
        partitions = PartitionsView(version=1, partitions={self.uuid: tuple(range(_PARTITIONS))})
        return done + members + self._event(partitions)

    def _member(self, member: uuid.UUID, address: Address, attributes: dict[str, str]) -> MemberInfo:
        version = MemberVersion(5, 7, 0)
        return MemberInfo(
            uuid=member, address=address, attributes=attributes, lite_member=False, version=version, address_map={}
        )

    def _members(self, *members: MemberInfo) -> bytes:
        self._views += 1
        return self._event(MembersView(version=self._views, members=members))

    def _event(self, event: MembersView | PartitionsView) -> bytes:
        return bytes(encode_event(table.ADD_CLUSTER_VIEW_LISTENER, event, correlation_id=self._viewer))
