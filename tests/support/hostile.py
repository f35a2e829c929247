"""Bytes that mean harm, or nothing, at an embedded member and at the client: what both owe to whoever sends them.

A stream ends in answers, in a clean close, or in waiting for more; nothing else is raised, nobody else notices, and no
more is kept than the limits allow. There is no network here, so that streams can be tried by the hundred thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import struct
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hazelcast.protocol.codec import (
    flake_id_generator_new_id_batch_codec,
    list_add_with_index_codec,
    map_add_entry_listener_codec,
    map_get_all_codec,
    map_lock_codec,
    map_put_all_codec,
    map_put_codec,
    multi_map_put_codec,
    pn_counter_add_codec,
    queue_offer_codec,
    queue_poll_codec,
    replicated_map_put_codec,
    ringbuffer_read_many_codec,
    set_add_all_codec,
    topic_publish_codec,
    transaction_create_codec,
    transactional_map_put_codec,
)

from support.raw_member import data
from support.virtual import VirtualRuntime
from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Call, Calls
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import Settings, Target
from tealjet.engine.link import Link, _Handler
from tealjet.failover.model import CallCounts, Cause, LinkId
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.settings import ClusterSettings, Limits
from tealjet.protocol import codec, frames, table
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.values import Address, MemberInfo, MembersView, MemberVersion, PartitionsView

KEPT = Path(__file__).parents[1] / "hostile"
"""Streams that found something, or that stand for a kind of harm; ``member`` and ``client`` have a folder each."""
LIMIT = 100_000
"""Bytes of one message, here."""
PIECE = 1000
"""Bytes that arrive at a time."""
CLUSTER = "blue"
NAME, KEY, VALUE = "orders", data("key"), data("value")
THREAD, NO_TTL = 1, -1
MEMBER = uuid.UUID(int=7)
ADDRESS = Address(host="127.0.0.1", port=5701)


# ----------------------------------------------------------------------------------------------- well-behaved streams


def _stamped(requests: Sequence[bytearray]) -> bytes:
    for number, request in enumerate(requests, 1):
        frames.stamp(request, number, 3, backup_aware=bool(number % 2))
    return b"".join(requests)


def _requests() -> list[bytearray]:
    sign_in = codec.encode_request(
        table.AUTHENTICATION,
        uuid=MEMBER,
        serialization_version=1,
        cluster_name=CLUSTER,
        username=None,
        password=None,
        client_type="PYH",
        client_hazelcast_version="5.7.0",
        client_name="hostile",
        labels=["a"],
    )
    ours = [
        sign_in,
        codec.encode_request(table.ADD_CLUSTER_VIEW_LISTENER),
        codec.encode_request(table.TRIGGER_PARTITION_ASSIGNMENT),
        codec.encode_request(table.LOCAL_BACKUP_LISTENER),
        codec.encode_request(table.CREATE_PROXIES, proxies=[(NAME, "hz:impl:mapService")]),
        codec.encode_request(table.PING),
    ]
    calls = [
        map_add_entry_listener_codec.encode_request(NAME, True, 0x3FF, False),
        map_put_codec.encode_request(NAME, KEY, VALUE, THREAD, NO_TTL),
        map_put_all_codec.encode_request(NAME, [(KEY, VALUE)], True),
        map_get_all_codec.encode_request(NAME, [KEY]),
        map_lock_codec.encode_request(NAME, KEY, THREAD, 1000, 1),
        queue_offer_codec.encode_request(NAME, VALUE, 0),
        queue_poll_codec.encode_request(NAME, 1000),
        list_add_with_index_codec.encode_request(NAME, 0, VALUE),
        set_add_all_codec.encode_request(NAME, [VALUE]),
        multi_map_put_codec.encode_request(NAME, KEY, VALUE, THREAD),
        replicated_map_put_codec.encode_request(NAME, KEY, VALUE, 0),
        topic_publish_codec.encode_request(NAME, VALUE),
        ringbuffer_read_many_codec.encode_request(NAME, 0, 1, 10, None),
        pn_counter_add_codec.encode_request(NAME, 1, False, [], MEMBER),
        flake_id_generator_new_id_batch_codec.encode_request(NAME, 10),
        transaction_create_codec.encode_request(1000, 1, 2, THREAD),
        transactional_map_put_codec.encode_request(NAME, MEMBER, THREAD, KEY, VALUE, -1),
    ]
    return ours + [call.buf for call in calls]


def client_stream() -> bytes:
    """What a well-behaved client sends."""
    return b"CP2" + _stamped(_requests())


def member_stream() -> bytes:
    """What a well-behaved member sends to ``HostileMember``'s client."""
    info = MemberInfo(
        uuid=MEMBER, address=ADDRESS, attributes={"a": "b"}, lite_member=False, version=MemberVersion(5, 7, 0)
    )
    view = table.ADD_CLUSTER_VIEW_LISTENER
    return b"".join(
        (
            codec.encode_event(view, MembersView(version=1, members=(info,)), correlation_id=1),
            codec.encode_event(view, PartitionsView(version=1, partitions={MEMBER: (0, 1, 2)}), correlation_id=1),
            *(codec.encode_response(table.PING, None, correlation_id=number) for number in range(2, 6)),
            codec.encode_response(table.LOCAL_BACKUP_LISTENER, MEMBER, correlation_id=6, backup_acks=1),
        )
    )


# --------------------------------------------------------------------------------------------------- ill-behaved ones

EXTREMES = (0, 1, 5, 6, 13, 19, LIMIT, LIMIT + 1, 2**31 - 1, -1, -(2**31))


def damaged(stream: bytes, seed: int) -> bytes:
    """Return the stream with a few damages that chance has chosen: bits, numbers, order, fragments, its end."""
    chance = random.Random(seed)
    bytes_ = bytearray(stream)
    for _ in range(chance.randint(1, 4)):
        where = chance.randrange(len(bytes_))
        match chance.randrange(7):
            case 0:
                bytes_[where] = chance.randrange(256)
            case 1:
                del bytes_[where : where + chance.randint(1, 60)]
            case 2:
                bytes_[where:where] = chance.randbytes(chance.randint(1, 60))
            case 3:
                bytes_[where:where] = bytes_[where : where + chance.randint(1, 200)]
            case 4:
                bytes_[where : where + 4] = struct.pack("<i", chance.choice(EXTREMES))
            case 5:
                del bytes_[where:]
            case 6:
                bytes_ = bytearray(_with_other_flags(bytes(bytes_), chance))
        bytes_ = bytes_ or bytearray(b"\x00")
    return bytes(bytes_)


def _with_other_flags(stream: bytes, chance: random.Random) -> bytes:
    """Change the flags of one frame, for as long as the stream has frames where it should."""
    starts, position = [], 3 if stream.startswith(b"CP2") else 0
    while position + 6 <= len(stream):
        (length,) = struct.unpack_from("<i", stream, position)
        if length < 6:
            break
        starts.append(position)
        position += length
    if not starts:
        return stream
    at = chance.choice(starts) + 4
    return stream[:at] + struct.pack("<H", 1 << chance.randrange(16)) + stream[at + 2 :]


# -------------------------------------------------------------------------------------------------- against a member


class Wire:
    """A client that takes everything."""

    def __init__(self) -> None:
        self.sent = 0
        self.received: list[bytes] = []
        self.closed = False

    def send(self, data: bytes) -> int:
        self.sent += len(data)
        self.received.append(bytes(data))
        return 0

    def close(self) -> None:
        self.closed = True

    abort = reset = close

    def pause(self) -> None: ...

    def resume(self) -> None: ...


def at_member(stream: bytes, version: str = "5.7.0") -> str:
    """Send a stream to an embedded member; return how the connection ended, or that it stands.

    Raises:
        AssertionError: The member failed, kept too much, or serves nobody any more.
    """
    runtime = VirtualRuntime()
    settings = ClusterSettings(
        cluster_name=CLUSTER, version=version, limits=Limits(message_bytes=LIMIT, unsent_bytes=50 * LIMIT)
    )
    cluster = PlayedCluster(settings, runtime, SERVICES)
    member = PlayedMember(cluster, ADDRESS, died=lambda: None)
    wire = Wire()
    session: Any = member.accept(wire, Address(host="127.0.0.1", port=50_000))
    for begin in range(0, len(stream), PIECE):
        if session.open:
            session.receive(stream[begin : begin + PIECE])
    runtime.advance(5.0)
    assert not cluster.defects, cluster.defects
    assert session.open != wire.closed
    assert kept_by(session._reader) <= 2 * LIMIT
    ended = session.ended_by or "stands"
    session.lost()
    assert not member.sessions
    assert serves_others(member)
    return str(ended)


def kept_by(reader: Any) -> int:
    """Bytes that a reader keeps of messages that are not complete."""
    return len(reader._partial) + sum(len(parts) for parts in reader._fragmented.values())


def serves_others(member: PlayedMember) -> bool:
    """Whether somebody else can sign in and is answered."""
    wire = Wire()
    session: Any = member.accept(wire, Address(host="127.0.0.1", port=50_001))
    session.receive(b"CP2" + _stamped([_requests()[0], codec.encode_request(table.PING)]))
    answers = FrameReader().feed(b"".join(wire.received))
    session.lost()
    return [answer.type for answer in answers if not answer.is_event] == [
        table.AUTHENTICATION.response.type,
        table.PING.response.type,
    ]


# -------------------------------------------------------------------------------------------------- against a client


class _Owner:
    """Of the link that is sent harm."""

    def schema_ids(self) -> Sequence[bytes]:
        return ()

    def on_down(self, link: Link) -> None: ...

    def on_lost(self, link: Link, cause: Cause, detail: str, calls: CallCounts) -> None: ...

    def on_members(self, link: Link, members: Sequence[MemberInfo]) -> None: ...

    def on_connection_closed(self, link: Link, connection: Connection) -> None: ...


class _Transport(asyncio.Transport):
    """A network that takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5701)

    def write(self, data: Any) -> None: ...

    def abort(self) -> None:
        self.aborted = True


class _Asked(Call):
    """A call of the client."""

    __slots__ = ("answer", "ends")

    def __init__(self, request: bytearray) -> None:
        super().__init__(request, 10.0)
        self.ends = 0
        self.answer: Message | None = None

    def done(self) -> bool:
        return self.ends > 0

    def succeed(self, message: Message) -> None:
        self.ends += 1
        self.answer = message

    def fail(self, error: Exception) -> None:
        self.ends += 1


class _LoopOfItsOwn(VirtualRuntime):
    """Makes futures without a running loop: nobody waits for them here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def future(self) -> asyncio.Future[Any]:
        return self._loop.create_future()


_loop = asyncio.new_event_loop()
_loop.close()  # it only makes futures


def at_client(stream: bytes) -> str:
    """Send a stream to a client that waits for answers and events; return how the connection ended, or that it stands.

    Raises:
        AssertionError: Something but a protocol error was raised, too much was kept, or a call ended twice or never.
    """
    runtime: Any = _LoopOfItsOwn(_loop)
    settings = Settings(client_uuid=MEMBER, client_name="test", client_version="0")
    link = Link(
        id=LinkId(1),
        target=Target(name=CLUSTER, cluster_name=CLUSTER, addresses=()),
        settings=settings,
        runtime=runtime,
        calls=Calls(runtime, settings, OfficialErrors(), dict),
        owner=_Owner(),
        next_correlation_id=itertools.count(1).__next__,
    )
    connection, transport = Connection(runtime, link, LIMIT), _Transport()
    connection.connection_made(transport)
    connection.remote_uuid = MEMBER
    link.add(connection)
    requests = [codec.encode_request(table.ADD_CLUSTER_VIEW_LISTENER)]
    requests += [codec.encode_request(table.PING) for _ in range(5)]
    calls = [_Asked(request) for request in requests]
    for call in calls:
        link.send_on(connection, call)
    link._handlers[1] = _views(link, connection)
    runtime.advance(0.0)  # they leave
    for begin in range(0, len(stream), PIECE):
        if connection.live:
            connection.data_received(stream[begin : begin + PIECE])
    assert kept_by(connection._reader) <= 2 * LIMIT
    if connection.live:
        connection.connection_lost(None)
    runtime.advance(200.0)
    assert transport.aborted
    assert [call.ends for call in calls] == [1] * len(calls)
    for call in calls:
        if call.answer is not None:
            _read(call.answer)
    return "stands" if connection.ended_by is None else str(connection.ended_by)


def _read(answer: Message) -> None:
    """Read an answer as whoever waits for it would."""
    kinds: list[Any] = [table.AUTHENTICATION, table.LOCAL_BACKUP_LISTENER]
    for kind in kinds:
        with contextlib.suppress(ProtocolError):
            codec.decode_response(kind, answer)


def _views(link: Link, connection: Connection) -> _Handler:
    """Have the client follow the members and partitions, as it does when it opens a link."""

    def handle(message: Message) -> None:
        view = codec.decode_event(table.ADD_CLUSTER_VIEW_LISTENER, message)
        if isinstance(view, MembersView):
            link.on_members_view(view.members)
        elif isinstance(view, PartitionsView):
            link.on_partitions_view(view)

    return _Handler(connection, handle, False)
