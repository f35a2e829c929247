"""Asks a member, over the client protocol, whether it serves clients and how many members its cluster has.

A port that accepts says little about a member that is still starting; one that authenticates a client and sends its
member list is ready. Two messages do not need the engine, so this knows neither it nor its connections.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator

from tealjet.protocol import codec, frames, table, values
from tealjet.protocol.errors import ProtocolError

_AUTHENTICATED = 0


def member_count(address: tuple[str, int], cluster_name: str, timeout: float) -> int:
    """Return how many members the cluster of the member at this address has; 0 if it does not serve clients yet.

    Args:
        address: Host and port.
        cluster_name: The name to authenticate with.
        timeout: How long one read may take, in seconds.

    Raises:
        TimeoutError: A read took longer: the member is frozen, or slow, and nothing is known of its cluster.
    """
    try:
        with socket.create_connection(address, timeout) as connection:
            messages = _messages(connection)
            connection.sendall(b"CP2" + _authentication(cluster_name))
            answer = next(messages)
            if answer.type != table.AUTHENTICATION.response.type:  # an error, as a member gives that is still starting
                return 0
            if codec.decode_response(table.AUTHENTICATION, answer).status != _AUTHENTICATED:
                return 0
            connection.sendall(codec.encode_request(table.ADD_CLUSTER_VIEW_LISTENER))
            for message in messages:
                if message.type in table.ADD_CLUSTER_VIEW_LISTENER.events:
                    view = codec.decode_event(table.ADD_CLUSTER_VIEW_LISTENER, message)
                    if isinstance(view, values.MembersView):
                        return len(view.members)
    except TimeoutError:
        raise
    except (OSError, ProtocolError, StopIteration):
        return 0
    return 0


def _authentication(cluster_name: str) -> bytearray:
    return codec.encode_request(
        table.AUTHENTICATION,
        uuid=uuid.uuid4(),
        serialization_version=1,
        cluster_name=cluster_name,
        username=None,
        password=None,
        client_type="PYH",
        client_hazelcast_version="5.7.0",
        client_name="tealjet-lab",
        labels=(),
    )


def _messages(connection: socket.socket) -> Iterator[frames.Message]:
    """Give the messages as they come, until the member closes the connection."""
    reader = frames.FrameReader()
    while data := connection.recv(65536):
        yield from reader.feed(data)
