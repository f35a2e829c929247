"""The table: numbers and properties are those of the official package's codecs."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hazelcast.protocol import codec as official

from tealjet.protocol import table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.names import message_name

NOT_IN_THE_OFFICIAL_PACKAGE = {
    "client.createProxies": 0x000E00,
    "client.triggerPartitionAssignment": 0x001000,
    "mc.applyMCConfig": 0x200D00,
    "mc.getClusterMetadata": 0x200E00,
    "jet.joinSubmittedJob": 0xFE0500,
}


def _official_codec(name: str) -> Any:
    snake = re.sub(r"(?<=[a-z])([A-Z])|\.", lambda match: "_" + (match[1] or "").lower(), name)
    return importlib.import_module(f"{official.__name__}.{snake}_codec")


@pytest.mark.parametrize("message_type", table.MESSAGES, ids=lambda message_type: message_type.name)
def test_a_message_has_the_official_numbers(message_type: MessageType[Any, Any]) -> None:
    if message_type.name in NOT_IN_THE_OFFICIAL_PACKAGE:
        assert message_type.request.type == NOT_IN_THE_OFFICIAL_PACKAGE[message_type.name]
        return
    codec = _official_codec(message_type.name)
    events = {value for name, value in vars(codec).items() if re.fullmatch(r"_EVENT_\w+_MESSAGE_TYPE", name)}
    assert message_type.request.type == codec._REQUEST_MESSAGE_TYPE
    assert message_type.response.type == codec._RESPONSE_MESSAGE_TYPE
    assert set(message_type.events) == events


@pytest.mark.parametrize(
    "message_type",
    [one for one in table.MESSAGES if one.name not in NOT_IN_THE_OFFICIAL_PACKAGE],
    ids=lambda message_type: message_type.name,
)
def test_a_message_is_retryable_where_the_official_one_is(message_type: MessageType[Any, Any]) -> None:
    source = inspect.getsource(_official_codec(message_type.name).encode_request)
    assert f"OutboundMessage(buf, {message_type.retryable}" in source


@pytest.mark.parametrize("name", [*table.BLOCKING_CALLS, *table.WORKING_CALLS])
def test_a_call_that_takes_long_by_nature_has_the_official_number(name: str) -> None:
    expected = NOT_IN_THE_OFFICIAL_PACKAGE.get(name) or _official_codec(name)._REQUEST_MESSAGE_TYPE
    assert {**table.BLOCKING_CALLS, **table.WORKING_CALLS}[name] == expected


def _official_timeouts() -> Iterator[tuple[int, int]]:
    """The type of each official request that takes a timeout, and where it has that."""
    for module in pkgutil.iter_modules(official.__path__, official.__name__ + "."):
        codec = importlib.import_module(module.name)
        encode = getattr(codec, "encode_request", None)
        for parameter in inspect.signature(encode).parameters if encode else ():
            # that of a transaction is none of the call that begins it
            if "timeout" in parameter and not module.name.endswith("transaction_create_codec"):
                yield codec._REQUEST_MESSAGE_TYPE, getattr(codec, f"_REQUEST_{parameter.upper()}_OFFSET")


def test_every_official_call_that_takes_a_timeout_is_a_blocking_one_and_may_wait_that_long() -> None:
    found = dict(_official_timeouts())
    assert len(found) == 13
    assert found.keys() <= table.BLOCKING
    for number, offset in found.items():
        request = bytearray(offset + 8)
        request[6:10] = number.to_bytes(4, "little")
        for milliseconds, seconds in ((2_500, 2.5), (0, 0.0), (-1, math.inf)):
            request[offset:] = milliseconds.to_bytes(8, "little", signed=True)
            assert table.longest_wait(request) == seconds


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("queue.take", math.inf), ("map.lock", math.inf), ("map.executeOnKey", math.inf), ("map.put", 0.0)],
)
def test_a_call_without_a_timeout_of_its_own_waits_for_ever_or_not_at_all(name: str, seconds: float) -> None:
    request = bytearray(22)
    request[6:10] = _official_codec(name)._REQUEST_MESSAGE_TYPE.to_bytes(4, "little")
    assert table.longest_wait(request) == seconds


@pytest.mark.parametrize("name", ["map.put", "fencedLock.unlock", "sql.fetch", "client.ping", "jet.joinSubmittedJob"])
def test_a_message_is_called_by_the_protocols_name(name: str) -> None:
    number = NOT_IN_THE_OFFICIAL_PACKAGE.get(name) or _official_codec(name)._REQUEST_MESSAGE_TYPE
    assert message_name(number) == name


def test_a_message_without_a_name_is_called_by_its_number() -> None:
    assert message_name(0x7F0100) == "message 0x7f0100"


def test_the_engine_can_ask_by_number() -> None:
    take, get = (_official_codec(name)._REQUEST_MESSAGE_TYPE for name in ("queue.take", "map.get"))
    assert take in table.BLOCKING
    assert get not in table.BLOCKING
