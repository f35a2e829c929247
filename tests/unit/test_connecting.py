"""How a connection comes about: what the client shows of itself, and what it makes of a member that does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Calls
from tealjet.engine.connecting import OpenError, sign_in
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import OutsideError, Settings, Target
from tealjet.engine.link import Link
from tealjet.engine.opening import Opener
from tealjet.failover.model import Cause, LinkId, Reason
from tealjet.protocol import table
from tealjet.protocol.codec import decode_request, encode_response
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.values import AuthenticationResponse
from tealjet.runtime import AsyncioRuntime

SETTINGS = Settings(client_uuid=uuid.uuid4(), client_name="me", client_version="5.7.0", labels=("a", "b"))
SECRET = "x-hush-x"


class World:
    """An opener in front of a member that is played."""

    def __init__(self, **target: Any) -> None:
        self.runtime = AsyncioRuntime()
        calls = Calls(self.runtime, SETTINGS, OfficialErrors(), dict)
        self.opener = Opener(self.runtime, SETTINGS, calls, Mock())
        self.link = Link(
            id=LinkId(1),
            target=replace(Target(name="blue", cluster_name="blue", addresses=()), **target),
            settings=SETTINGS,
            runtime=self.runtime,
            calls=calls,
            owner=Mock(),
            next_correlation_id=itertools.count(1).__next__,
        )
        self.requests: list[Message] = []

    @contextlib.asynccontextmanager
    async def member(self, answer: Callable[[Message], bytes] | bytes) -> AsyncIterator[int]:
        """Listen at a port; give the answer to each request, or these bytes at once and then the end."""

        served: set[asyncio.Task[None] | None] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.add(asyncio.current_task())
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # who connects may leave at once
                if isinstance(answer, bytes):
                    writer.write(answer)
                else:
                    assert await reader.readexactly(3) == b"CP2"
                    frames = FrameReader()
                    while data := await reader.read(65536):
                        for request in frames.feed(data):
                            self.requests.append(request)
                            writer.write(answer(request))
                writer.close()
                await writer.wait_closed()
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.gather(*filter(None, served))

    async def refusal(self, port: int) -> OpenError:
        with pytest.raises(OpenError) as raised:
            await self.opener.connect(self.link, "127.0.0.1", port)
        return raised.value


def request_of(encoded: bytearray) -> Message:
    (message,) = FrameReader().feed(bytes(encoded))
    return message


def welcome(kind: Any) -> Callable[[Message], bytes]:
    response = AuthenticationResponse(status=0, member_uuid=uuid.uuid4(), cluster_id=uuid.uuid4(), partition_count=271)
    return lambda request: bytes(encode_response(kind, response, correlation_id=request.correlation_id))


def test_without_a_token_user_name_and_password_are_sent() -> None:
    target = Target(name="blue-2", cluster_name="blue", addresses=(), username="me", password=SECRET)
    sent = decode_request(table.AUTHENTICATION, request_of(sign_in(target, SETTINGS, None)))
    assert (sent["cluster_name"], sent["username"], sent["password"]) == ("blue", "me", SECRET)
    assert (sent["uuid"], sent["client_name"], sent["labels"]) == (SETTINGS.client_uuid, "me", ("a", "b"))


def test_a_token_is_sent_in_place_of_user_name_and_password() -> None:
    target = Target(name="blue-2", cluster_name="blue", addresses=(), username="me", password=SECRET)
    encoded = sign_in(target, SETTINGS, b"\x00token\xff")
    assert SECRET.encode() not in encoded
    sent = decode_request(table.AUTHENTICATION_CUSTOM, request_of(encoded))
    assert (sent["cluster_name"], sent["credentials"]) == ("blue", b"\x00token\xff")
    assert (sent["uuid"], sent["client_name"], sent["labels"]) == (SETTINGS.client_uuid, "me", ("a", "b"))


async def test_a_member_that_takes_the_token_has_a_new_one_for_each_connection() -> None:
    tokens = itertools.count(1)
    asked: list[tuple[str, int]] = []

    def give(host: str, port: int) -> bytes:
        asked.append((host, port))
        return f"token {next(tokens)}".encode()

    for number in (1, 2):
        world = World(token=give)
        async with world.member(welcome(table.AUTHENTICATION_CUSTOM)) as port:
            connection = await world.opener.connect(world.link, "127.0.0.1", port)
            assert connection.live
            (request,) = world.requests
            sent = decode_request(table.AUTHENTICATION_CUSTOM, request)
            assert sent["credentials"] == f"token {number}".encode()
            assert asked[-1] == ("127.0.0.1", port)
            connection.close(Cause.CLOSED, "the test is over")


async def test_a_token_that_is_no_bytes_is_a_reason() -> None:
    world = World(token=lambda host, port: "text")
    async with world.member(welcome(table.AUTHENTICATION_CUSTOM)) as port:
        error = await world.refusal(port)
    assert error.reason is Reason.NO_CREDENTIALS
    assert error.detail.endswith("the token provider of 'blue' gave str instead of bytes")


async def test_a_connection_that_is_reset_as_soon_as_it_stands_is_one_that_was_lost() -> None:
    world = World()
    transport = Mock(
        spec=asyncio.Transport, get_extra_info={"sockname": ("127.0.0.1", 1), "peername": None}.__getitem__
    )
    connection = Connection(world.runtime, world.link, 1000)
    connection.connection_made(transport)
    connection.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
    assert not connection.live
    assert isinstance(connection.ended_by, ConnectionResetError)


async def test_providers_that_hang_take_a_bounded_number_of_threads() -> None:
    release = threading.Event()
    world = World(token=lambda host, port: b"late" if release.wait(60) else b"", connect_timeout=0.01)
    before = threading.active_count()
    try:
        async with world.member(welcome(table.AUTHENTICATION_CUSTOM)) as port:
            details = [(await world.refusal(port)).detail for _ in range(20)]
        assert "did not answer within 0.01 s" in details[0]
        assert "has not answered 8 earlier questions" in details[-1]
        assert threading.active_count() - before <= 8
    finally:
        release.set()


async def test_tls_settings_that_can_not_be_used_are_a_reason_and_nothing_is_sent() -> None:
    def broken() -> ssl.SSLContext:
        raise OutsideError("ssl_cafile: 'ca.pem' can't be read")

    world = World(tls=broken)
    async with world.member(b"") as port:
        error = await world.refusal(port)
    assert error.reason is Reason.TLS
    assert error.detail == (
        f"127.0.0.1:{port} was not tried: the TLS settings of 'blue': ssl_cafile: 'ca.pem' can't be read"
    )


@pytest.mark.parametrize("record", [b"\x15\x03\x03\x00\x02\x02\x0a", b"\x16\x03\x01"])
async def test_a_member_that_answers_in_tls_is_told_from_one_that_sends_nonsense(record: bytes) -> None:
    world = World()
    async with world.member(record) as port:
        error = await world.refusal(port)
    assert error.reason is Reason.TLS
    assert error.detail == (
        f"127.0.0.1:{port} speaks TLS and this client does not; "
        "set ssl_enabled (in a file network.ssl.enabled) for 'blue'"
    )
    async with world.member(b"\xff" * 100) as port:
        assert (await world.refusal(port)).reason is Reason.LOST


async def test_a_certificate_is_compared_with_the_configured_name_of_an_address_else_with_the_address() -> None:
    world = World(addresses=(("localhost", 5701), ("10.0.0.9", 5701)), tls=Mock())
    names: list[str] = []

    async def connect(factory: Any, host: str, port: int, options: Any, tls: Any, **_: Any) -> Connection:
        names.append(tls.server_name)
        raise ConnectionRefusedError

    world.runtime.connect = connect  # type: ignore[method-assign, assignment]
    await world.opener._names.resolve([host for host, _ in world.link.target.addresses], 1.0)
    for host in ("127.0.0.1", "10.0.0.9", "10.0.0.10"):
        with pytest.raises(OpenError):
            await world.opener.connect(world.link, host, 5702)
    assert names == ["localhost", "10.0.0.9", "10.0.0.10"]
