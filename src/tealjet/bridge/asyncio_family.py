"""The asyncio family: the official asyncio proxies and services on our engine.

A module of its own, because the official asyncio package costs time to import and threaded programs do not need it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from hazelcast.internal import asyncio_compact, asyncio_partition, asyncio_sql, asyncio_statistics
from hazelcast.internal.asyncio_client import _ClientContext
from hazelcast.internal.asyncio_cluster import ClusterService
from hazelcast.internal.asyncio_proxy import cp, cp_manager
from hazelcast.sql import HazelcastSqlError

from tealjet.bridge.asyncio_proxies import AsyncioCPProxies, AsyncioProxies
from tealjet.bridge.calls import AsyncioInvocations
from tealjet.bridge.cursors import keep_link, lost_statement
from tealjet.bridge.families import Family, label_answered, page_of, untyped
from tealjet.bridge.services import Connections, ListenerService, Partitions, Reactor
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link

__all__ = ["AsyncioFamily"]

_log = logging.getLogger("tealjet")


class AsyncioFamily(Family):
    """The asyncio proxies."""

    def fill(self, client: Any, engine: Engine, first: Link) -> None:
        """Complete the client; the engine has an active link."""
        fetch_schema = self.fetch_schema_with(engine)
        invocations: Any = AsyncioInvocations(engine, asyncio.get_running_loop(), fetch_schema)
        connections, reactor, members = Connections(engine), untyped(Reactor(engine)), untyped(self.members)
        self.members.use(connections)
        compact = _Schemas(self.serialization.compact_stream_serializer, invocations, members, reactor, self.config)
        partitions = Partitions(engine, first.facts.partition_count)
        client._context = _ClientContext()
        client._proxy_manager = AsyncioProxies(client._context, self.surroundings(engine))
        self._fill(
            client,
            engine,
            fetch_schema,
            {
                "invocations": invocations,
                "connections": connections,
                "reactor": reactor,
                "compact": compact,
                "partitions": partitions,
                "listeners": ListenerService(engine, self.callbacks, fetch_schema),
                "session_manager": cp.ProxySessionManager,
                "cp_subsystem": cp_manager.CPSubsystem,
                "cp_proxies": AsyncioCPProxies,
            },
        )
        client._cluster_service = ClusterService(self.members)
        client._partition_service = asyncio_partition.PartitionService(
            partitions, self.serialization, compact.send_schema_and_retry
        )
        client._sql_service = _WaitingSqlService(
            _LabellingSqlService(engine, connections, self.serialization, invocations, compact.send_schema_and_retry),
            engine,
        )
        client._statistics = _Statistics(client, self.config, reactor, connections, invocations, self.near_caches)


class _Schemas(asyncio_compact.CompactSchemaService):
    """The official schema service; what is to follow a schema is put away when the schema could not be sent."""

    async def _replicate_schema(self, schema: Any, request: Any, remaining_retries: int, callback: Any) -> Any:
        try:
            return await super()._replicate_schema(schema, request, remaining_retries, callback)
        finally:
            callback.close()  # a coroutine: one that never began would warn when it is collected


class _Statistics(asyncio_statistics.Statistics):
    """The official statistics in one task, which a lost connection does not break and ``shutdown`` ends."""

    async def start(self) -> None:
        """Send the statistics periodically, if they are enabled."""
        if self._enabled:
            self._register_gauges()
            self._statistics_task = asyncio.create_task(self._keep_sending())

    async def _keep_sending(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            try:
                await self._collect_and_send_stats()
            except Exception as error:
                _log.debug("client statistics were not sent: %s", error)


class _Result(asyncio_sql.SqlResult):
    """The official result; when it is closed after an error, the error stays what it was."""

    def _on_fetch_error_unsafe(self, error: Any) -> None:
        page = cast("asyncio.Future[Any]", self._fetch_future)
        if not page.done():
            super()._on_fetch_error_unsafe(error)
            page.exception()  # after the end of a result nobody may ask for a page any more


class _LabellingSqlService(asyncio_sql._InternalSqlService):
    """The official SQL service; every error of a statement says what is known of it, and to which cluster it went."""

    def __init__(self, engine: Engine, *services: Any) -> None:
        super().__init__(*services)
        self._engine = engine

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        result = await super().execute(*args, **kwargs)
        if isinstance(result, _Result):  # a schema was sent first, and the statement was executed after it
            return result
        cursor = result._connection, result._query_id, result._cursor_buffer_size, result._execute_response
        return keep_link(_Result(self, *cursor), self._engine)

    def re_raise(self, error: Any, connection: Any) -> Any:
        if connection is not None and not connection.live:
            return lost_statement(error, connection, self.get_client_id())
        return super().re_raise(error, connection)

    async def close(self, connection: Any, query_id: Any) -> None:
        if connection.live:  # else the cursor has ended with it, and what was raised before is not to be hidden
            await super().close(connection, query_id)

    async def fetch(self, connection: Any, query_id: Any, cursor_buffer_size: int) -> Any:
        return page_of(await super().fetch(connection, query_id, cursor_buffer_size))

    def _handle_execute_response(self, response: Any) -> Any:
        try:
            return super()._handle_execute_response(response)
        except HazelcastSqlError as error:
            label_answered(error)
            raise


class _WaitingSqlService(asyncio_sql.SqlService):
    """The official SQL service; a statement waits for a cluster instead of failing for want of a connection."""

    def __init__(self, internal: Any, engine: Engine) -> None:
        super().__init__(internal)
        self._engine = engine

    async def execute(self, sql: str, *params: Any, **kwargs: Any) -> Any:
        """Execute a statement on the active cluster."""
        await self._engine.link(self._engine.settings.invocation_timeout)
        return await super().execute(sql, *params, **kwargs)
