"""The table: numbers and properties are those of the official package's codecs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest
from hazelcast.protocol import codec as official

from tealjet.protocol import table
from tealjet.protocol.declare import MessageType

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


@pytest.mark.parametrize("name", table.BLOCKING_CALLS)
def test_a_blocking_call_has_the_official_number(name: str) -> None:
    expected = NOT_IN_THE_OFFICIAL_PACKAGE.get(name) or _official_codec(name)._REQUEST_MESSAGE_TYPE
    assert table.BLOCKING_CALLS[name] == expected


def test_every_official_call_that_takes_a_timeout_is_a_blocking_one() -> None:
    waiting = set()
    for module in pkgutil.iter_modules(official.__path__, official.__name__ + "."):
        codec = importlib.import_module(module.name)
        encode = getattr(codec, "encode_request", None)
        if encode and any("timeout" in parameter for parameter in inspect.signature(encode).parameters):
            waiting.add(codec._REQUEST_MESSAGE_TYPE)
    # the limit of a transaction, not of the call that begins it
    waiting.remove(_official_codec("transaction.create")._REQUEST_MESSAGE_TYPE)
    assert waiting
    assert waiting <= table.BLOCKING


def test_the_engine_can_ask_by_number() -> None:
    take, get = (_official_codec(name)._REQUEST_MESSAGE_TYPE for name in ("queue.take", "map.get"))
    assert take in table.BLOCKING
    assert get not in table.BLOCKING
