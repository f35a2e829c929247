"""Asks a member, over the client protocol, whether it serves clients and how many members its cluster has.

A port that accepts says little about a member that is still starting; one that authenticates a client and sends its
member list is ready. Two messages do not need the engine, so this knows neither it nor its connections.
"""

from __future__ import annotations

import socket
import struct
import uuid
from collections.abc import Iterator
from typing import BinaryIO

_AUTHENTICATE, _AUTHENTICATED = 0x000100, 0x000101
_ADD_CLUSTER_VIEW_LISTENER, _MEMBERS_VIEW = 0x000300, 0x000302
_WHOLE, _FINAL, _BEGIN, _END, _NULL = 0xC000, 0x2000, 0x1000, 0x0800, 0x0400
_STATUS = 13  # where an authentication answer says how it went, in its first frame's content

_Frame = tuple[int, bytes]  # flags, content


def member_count(address: tuple[str, int], cluster_name: str, timeout: float) -> int:
    """Return how many members the cluster of the member at this address has; 0 if it does not serve clients yet.

    Args:
        address: Host and port.
        cluster_name: The name to authenticate with.
        timeout: How long one read may take, in seconds.
    """
    try:
        with socket.create_connection(address, timeout) as connection, connection.makefile("rb") as stream:
            connection.sendall(b"CP2" + _authentication(cluster_name))
            answer = next(_messages(stream))
            if _type(answer) != _AUTHENTICATED or answer[0][1][_STATUS] != 0:  # a starting member answers with an error
                return 0
            connection.sendall(_message((_WHOLE, _head(_ADD_CLUSTER_VIEW_LISTENER) + b"\0")))
            return next(_entries(message) for message in _messages(stream) if _type(message) == _MEMBERS_VIEW)
    except (OSError, EOFError):
        return 0


def _authentication(cluster_name: str) -> bytes:
    return _message(
        (_WHOLE, _head(_AUTHENTICATE) + b"\0" + uuid.uuid4().bytes + b"\1"),  # a client UUID; serialization version 1
        (0, cluster_name.encode()),
        (_NULL, b""),  # user
        (_NULL, b""),  # password
        (0, b"PYH"),
        (0, b"5.7.0"),
        (0, b"tealjet-lab"),
        (_BEGIN, b""),  # no labels
        (_END, b""),
    )


def _head(kind: int) -> bytes:
    return struct.pack("<iqi", kind, 1, -1)  # correlation id 1, no partition


def _message(*frames: _Frame) -> bytes:
    last = len(frames) - 1
    return b"".join(
        struct.pack("<iH", 6 + len(content), flags | (_FINAL if number == last else 0)) + content
        for number, (flags, content) in enumerate(frames)
    )


def _messages(stream: BinaryIO) -> Iterator[list[_Frame]]:
    frames = []
    while True:
        length, flags = struct.unpack("<iH", _exactly(stream, 6))
        frames.append((flags, _exactly(stream, length - 6)))
        if flags & _FINAL:
            yield frames
            frames = []


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the member closed the connection")
    return data


def _type(message: list[_Frame]) -> int:
    return int.from_bytes(message[0][1][:4], "little")


def _entries(message: list[_Frame]) -> int:
    """Count the entries of the message's first list: what begins inside it."""
    depth = count = 0
    for flags, _ in message:
        if flags & _BEGIN:
            depth += 1
            count += depth == 2
        elif flags & _END:
            depth -= 1
    return count
