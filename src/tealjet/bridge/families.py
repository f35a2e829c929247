"""Puts a client together: official proxies and services on our engine; here the threaded family and what both share.

Nothing of the official package is patched. The client objects are instances of the official classes whose private slots
are filled with official services where those have no networking in them, and with ours where they have.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal

from hazelcast.client import _ClientContext
from hazelcast.cluster import ClusterService
from hazelcast.compact import CompactSchemaService
from hazelcast.config import Config
from hazelcast.cp import CPSubsystem, ProxySessionManager
from hazelcast.errors import HazelcastSerializationError
from hazelcast.future import Future, ImmediateFuture
from hazelcast.lifecycle import LifecycleService
from hazelcast.near_cache import NearCacheManager
from hazelcast.partition import PartitionService
from hazelcast.protocol.codec import client_fetch_schema_codec, client_send_all_schemas_codec
from hazelcast.serialization.service import SerializationServiceV1
from hazelcast.sql import HazelcastSqlError, SqlService, _InternalSqlService
from hazelcast.statistics import Statistics
from hazelcast.util import AtomicInteger

from tealjet.bridge.balancing import member_chooser
from tealjet.bridge.callbacks import Callbacks
from tealjet.bridge.calls import FetchSchema, ThreadedInvocations
from tealjet.bridge.cp import CPNumbers, CPSessions, cp_context
from tealjet.bridge.cursors import keep_link, lost_statement
from tealjet.bridge.direct import DirectPath, Turns
from tealjet.bridge.homes import Home, Move, Surroundings
from tealjet.bridge.objects import Objects
from tealjet.bridge.proxies import CPProxies, Proxies
from tealjet.bridge.services import (
    LifecycleEvent,
    LifecycleEvents,
    Members,
    Partitions,
    Reactor,
    ThreadedConnections,
    ThreadedListenerService,
)
from tealjet.bridge.shortcuts import StringShortcut
from tealjet.bridge.transactions import Transactions
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link, Request
from tealjet.errors import Outcome, outcome_of
from tealjet.failover.model import Kind, TopicGap
from tealjet.protocol.values import MemberInfo

__all__ = ["Family", "ThreadedFamily", "label_answered", "page_of", "untyped"]


class Family:
    """What both families have in common; made before the engine, because it is the state that the engine renews."""

    def __init__(self, client: Any, config: Config, name: str, callbacks: Callbacks) -> None:
        """Make what needs no cluster.

        Args:
            client: The client object; only a weak reference is kept.
            config: The official configuration of the client.
            name: The client's name.
            callbacks: Where user callbacks run.
        """
        self.config = config
        self.name = name
        self.callbacks = callbacks
        official: Any = SerializationServiceV1(config)
        self.serialization: Any = StringShortcut(official) if config.is_big_endian else official
        self.near_caches = NearCacheManager(config, self.serialization)
        self.lifecycle = LifecycleEvents(config, callbacks)
        self.members = Members(weakref.proxy(client), config, callbacks)
        self.next_member = member_chooser(config.load_balancer, self.members)
        self.home: Home
        """The active cluster, or the last one while there is none; there from the first activation on."""
        self.objects: Objects
        """Reads values and places names as the proxies do; there when the client is complete."""
        self.announce: Callable[[TopicGap], None]
        """Tells the log and the user's listeners; whoever makes the announcer says how."""
        self.activations: list[Callable[[Kind, Link], None]] = []
        """Called at each activation, before a call is released to the new link."""
        self._client = weakref.ref(client)

    # ------------------------------------------------------------------------------ what the engine asks and announces

    def schemas(self) -> bytearray | None:
        """The request that replicates all compact schemas, None when there are none."""
        schemas = self.serialization.compact_stream_serializer.get_schemas()
        return client_send_all_schemas_codec.encode_request(schemas).buf if schemas else None

    def schema_ids(self) -> Sequence[bytes]:
        """The id of each compact schema, as serialized data carries it."""
        order: Literal["big", "little"] = "big" if self.config.is_big_endian else "little"
        schemas = self.serialization.compact_stream_serializer.get_schemas()
        return [schema.schema_id.to_bytes(8, order, signed=True) for schema in schemas]

    def proxies(self) -> Sequence[tuple[str, str]]:
        """(name, service) of each proxy."""
        client = self._client()
        manager = getattr(client, "_proxy_manager", None)
        return [] if manager is None else [(name, service) for service, name in list(manager._proxies)]

    def surroundings(self, engine: Engine) -> Surroundings:
        """Return what our proxies ask of their client."""
        return Surroundings(lambda: self.home, engine, lambda gap: self.announce(gap))

    def before_activation(self, kind: Kind, link: Link) -> None:
        """Renew what belongs to the former cluster."""
        self._renew(kind, link)
        for tell in self.activations:
            tell(kind, link)

    def _renew(self, kind: Kind, link: Link) -> None:
        if kind is Kind.SAME:
            self.near_caches.clear_near_caches()  # nobody has told of changes while there was no connection
            return
        home = Home(link.target.name, link.facts.cluster_id)
        proxies = getattr(self._client(), "_proxy_manager", None)
        if kind is Kind.FIRST or proxies is None:
            self.home = home
            return
        move, self.home = Move(self.home, link), home
        self.near_caches.destroy_near_caches()
        for proxy in list(proxies._proxies.values()):
            renew = getattr(proxy, "cluster_changed", None)
            if renew is not None:
                renew(move)

    def members_changed(self, members: Sequence[MemberInfo]) -> None:
        """Take over the members of the active cluster."""
        self.members.update(members)

    def fire(self, state: str, from_cluster: str | None = None, to_cluster: str | None = None) -> None:
        """Tell the lifecycle listeners."""
        self.lifecycle.fire_lifecycle_event(LifecycleEvent(state, from_cluster, to_cluster))

    def fetch_schema_with(self, engine: Engine) -> FetchSchema:
        """Return the function that fetches a compact schema from the active cluster."""

        def fetch(schema_id: int, done: Callable[[], None], failed: Callable[[Exception], None]) -> None:
            async def ask() -> None:
                request = client_fetch_schema_codec.encode_request(schema_id)
                call = Request(engine.runtime, request.buf, None, engine.settings.invocation_timeout)
                call.retryable = request.retryable
                engine.submit(call)
                schema = client_fetch_schema_codec.decode_response(await call.answer)
                if schema is None:
                    raise HazelcastSerializationError(f"The cluster has no compact schema with the id {schema_id}.")
                self.serialization.compact_stream_serializer.register_schema_to_id(schema)

            def end(task: asyncio.Task[None]) -> None:
                error = task.exception() if not task.cancelled() else asyncio.CancelledError()
                if error is None:
                    done()
                else:
                    failed(error if isinstance(error, Exception) else HazelcastSerializationError("client was closed"))

            try:
                engine.runtime.call_soon_threadsafe(lambda: engine.runtime.spawn(ask()).add_done_callback(end))
            except RuntimeError:  # the loop is closed
                failed(HazelcastSerializationError("client was closed"))

        return fetch

    def _fill(self, client: Any, engine: Engine, fetch_schema: FetchSchema, parts: dict[str, Any]) -> None:
        """Fill the slots and the context that both families share."""
        self.objects = Objects(self.serialization, parts["partitions"].get_partition_id, fetch_schema)
        client._config, client._name = self.config, self.name
        client._lifecycle_service = LifecycleService(self.lifecycle)
        client._internal_lifecycle_service = self.lifecycle
        client._internal_cluster_service = self.members
        client._near_cache_manager = self.near_caches
        client._serialization_service = self.serialization
        client._invocation_service = parts["invocations"]
        client._listener_service = parts["listeners"]
        client._compact_schema_service = parts["compact"]
        client._internal_partition_service = parts["partitions"]
        client._context.init_context(
            client,
            self.config,
            parts["invocations"],
            parts["partitions"],
            self.members,
            parts["connections"],
            self.serialization,
            parts["listeners"],
            client._proxy_manager,
            self.near_caches,
            AtomicInteger(1),
            self.name,
            None,
            parts["reactor"],
            parts["compact"],
        )
        numbers = CPNumbers(engine)
        context = cp_context(client._context, numbers)
        sessions = CPSessions(parts["session_manager"], context, numbers, lambda: self.home)
        client._proxy_session_manager = client._context.proxy_session_manager = context.proxy_session_manager = sessions
        client._cp_subsystem = parts["cp_subsystem"](context)
        client._cp_subsystem._proxy_manager = parts["cp_proxies"](context, numbers, self.surroundings(engine))


def untyped(service: Any) -> Any:
    """Hand a service of ours to official code that names its own class."""
    return service


def label_answered(error: Exception) -> None:
    """Attach the outcome to an error that the cluster gave as the answer to a statement."""
    if outcome_of(error) is None:
        error.outcome = Outcome.ANSWERED  # type: ignore[attr-defined]


def page_of(response: Any) -> Any:
    """Return the answer to the request for a further page; raise, labelled, the error that it may contain instead."""
    error = response["error"]
    if error:
        raised = HazelcastSqlError(error.originating_member_uuid, error.code, error.message, None, error.suggestion)
        label_answered(raised)
        raise raised
    return response


class _LabellingSqlService(_InternalSqlService):
    """The official SQL service; every error of a statement says what is known of it, and to which cluster it went."""

    def __init__(self, engine: Engine, *services: Any) -> None:
        super().__init__(*services)
        self._engine = engine

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        return super().execute(*args, **kwargs).continue_with(lambda answer: keep_link(answer.result(), self._engine))

    def re_raise(self, error: Any, connection: Any) -> Any:
        if connection is not None and not connection.live:
            return lost_statement(error, connection, self.get_client_id())
        return super().re_raise(error, connection)

    def close(self, connection: Any, query_id: Any) -> Any:
        if connection.live:
            return super().close(connection, query_id)
        return ImmediateFuture(None)  # the cursor has ended with it, and what was raised before is not to be hidden

    def fetch(self, connection: Any, query_id: Any, cursor_buffer_size: int) -> Any:
        answer = super().fetch(connection, query_id, cursor_buffer_size)
        return answer.continue_with(lambda answer: page_of(answer.result()))

    def _handle_execute_response(self, future: Any, connection: Any) -> Any:
        try:
            return super()._handle_execute_response(future, connection)
        except HazelcastSqlError as error:
            label_answered(error)
            raise


class ThreadedFamily(Family):
    """The threaded proxies."""

    def fill(
        self,
        client: Any,
        engine: Engine,
        first: Link,
        *,
        engine_thread: int,
        start: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        turns: Turns | None,
    ) -> None:
        """Complete the client; the engine has an active link.

        Args:
            client: The client object.
            engine: Its engine.
            first: The link that is active now.
            engine_thread: Id of the thread that the engine runs on.
            start: Runs a coroutine on the engine's loop and returns an official future.
            turns: How the engine's loop lends its turn; None when it does not.
        """
        fetch_schema = self.fetch_schema_with(engine)
        path = None if turns is None else DirectPath(engine, turns)
        invocations: Any = ThreadedInvocations(engine, engine_thread, fetch_schema, path)
        connections = ThreadedConnections(engine, lambda coroutine: start(coroutine).result())
        reactor, members = untyped(Reactor(engine)), untyped(self.members)
        self.members.use(connections)
        compact = CompactSchemaService(
            self.serialization.compact_stream_serializer, invocations, members, reactor, self.config
        )
        partitions = Partitions(engine, first.facts.partition_count)
        client._context = _ClientContext()
        client._proxy_manager = Proxies(client._context, self.surroundings(engine))
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
                "listeners": ThreadedListenerService(engine, self.callbacks, fetch_schema, start),
                "session_manager": ProxySessionManager,
                "cp_subsystem": CPSubsystem,
                "cp_proxies": CPProxies,
            },
        )
        client._cluster_service = ClusterService(self.members)
        client._partition_service = PartitionService(partitions, self.serialization, compact.send_schema_and_retry)
        client._transaction_manager = Transactions(client._context, engine)
        client._sql_service = SqlService(
            _LabellingSqlService(engine, connections, self.serialization, invocations, compact.send_schema_and_retry)
        )
        client._statistics = Statistics(client, self.config, reactor, connections, invocations, self.near_caches)
