"""Serialized values and names for what is no official proxy: read and placed as the client's own proxies do it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hazelcast.partition import string_partition_strategy
from hazelcast.serialization.compact import SchemaNotFoundError
from hazelcast.serialization.data import Data

from tealjet.bridge.calls import FetchSchema

__all__ = ["Objects", "SchemaUnknownError"]


class SchemaUnknownError(Exception):
    """A value needs a compact schema that is not known here yet; :meth:`Objects.learn` fetches it."""

    def __init__(self, schema_id: int) -> None:
        """Make the error for a schema's id."""
        super().__init__(schema_id)
        self.schema_id = schema_id


class Objects:
    """Reads values with the user's serializers, and says which partition a name belongs to."""

    def __init__(self, serialization: Any, partition_of: Callable[[Any], int], fetch_schema: FetchSchema) -> None:
        """Use the parts of a client.

        Args:
            serialization: Its serialization service.
            partition_of: Returns the partition of serialized data.
            fetch_schema: Fetches compact schemas.
        """
        self._serialization = serialization
        self._partition_of = partition_of
        self._fetch_schema = fetch_schema

    def partition_of(self, name: str) -> int:
        """Return the partition that a structure of that name lives in, if it lives in one."""
        return self._partition_of(self._serialization.to_data(string_partition_strategy(name)))

    def key(self, text: str) -> tuple[bytes, int]:
        """Return a text as the key of a map, serialized, and the partition that it belongs to."""
        data = self._serialization.to_data(text)
        return bytes(data.buffer), self._partition_of(data)

    def read(self, data: bytes) -> Any:
        """Deserialize a value; from any thread.

        Raises:
            SchemaUnknownError: Its schema has to be fetched first.
            HazelcastSerializationError: There is no serializer for it.
        """
        try:
            return self._serialization.to_object(Data(data))
        except SchemaNotFoundError as error:
            raise SchemaUnknownError(error.schema_id) from None

    async def learn(self, schema_id: int) -> None:
        """Fetch a compact schema from the active cluster, on the event loop.

        Raises:
            HazelcastSerializationError: The cluster does not have it.
        """
        known = asyncio.get_running_loop().create_future()
        self._fetch_schema(schema_id, lambda: _end(known, None), lambda error: _end(known, error))
        await known


def _end(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
