"""Objects as clients serialize them, by the official package."""

from __future__ import annotations

from typing import Any

from hazelcast.config import Config
from hazelcast.serialization.data import Data
from hazelcast.serialization.service import SerializationServiceV1

_service: Any = SerializationServiceV1(Config())


def data(value: Any) -> bytes:
    """Serialize an object."""
    return bytes(_service.to_data(value).buffer)


def value(serialized: bytes | None) -> Any:
    """Read a serialized object."""
    return None if serialized is None else _service.to_object(Data(serialized))


def values(serialized: Any) -> list[Any]:
    """Read serialized objects."""
    return [value(one) for one in serialized]
