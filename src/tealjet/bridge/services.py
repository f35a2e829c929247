"""What the official proxies ask of a client besides calls, answered by the engine.

Each class here has the methods and attributes that the official package reads of its own service of that kind, and no
others. The official package's own code is constructed unchanged wherever it has no networking in it.
"""

from __future__ import annotations

import itertools
import logging
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from hazelcast.cluster import _InternalClusterService
from hazelcast.config import Config
from hazelcast.core import Address, EndpointQualifier, MemberInfo, MemberVersion, ProtocolType
from hazelcast.future import Future
from hazelcast.lifecycle import _InternalLifecycleService
from hazelcast.serialization.compact import SchemaNotFoundError

from tealjet.bridge.callbacks import Callbacks, Lane
from tealjet.bridge.calls import FetchSchema
from tealjet.bridge.shortcuts import PartitionIds
from tealjet.engine.connection import Connection
from tealjet.engine.engine import Engine
from tealjet.engine.listeners import Listener
from tealjet.protocol import values
from tealjet.protocol.frames import Message, message_type

__all__ = [
    "Connections",
    "LifecycleEvent",
    "LifecycleEvents",
    "ListenerService",
    "Members",
    "Partitions",
    "Reactor",
    "ThreadedConnections",
    "ThreadedListenerService",
]

_log = logging.getLogger("tealjet")

# near caches are ours to keep true, not the user's to listen to: their invalidations must not wait behind user code
_INTERNAL_LISTENERS = frozenset({0x013F00, 0x0D1200})


class LifecycleEvent(str):
    """A lifecycle state, equal to its name, that also knows the clusters."""

    from_cluster: str | None
    """Name of the candidate that was left, if any."""
    to_cluster: str | None
    """Name of the candidate that is used now, if any."""

    def __new__(cls, state: str, from_cluster: str | None = None, to_cluster: str | None = None) -> LifecycleEvent:
        """Make the event of a state."""
        event = super().__new__(cls, state)
        event.from_cluster = from_cluster
        event.to_cluster = to_cluster
        return event


class LifecycleEvents(_InternalLifecycleService):
    """The official lifecycle service; its listeners run where user callbacks run, each in order."""

    def __init__(self, config: Config, callbacks: Callbacks) -> None:
        """Take the listeners of the configuration."""
        self._callbacks = callbacks
        super().__init__(config)
        self._listeners = _Listeners(self._listeners)

    def add_listener(self, on_state_change: Callable[[str], object]) -> str:
        """Add a listener, told of what happens from now on; return its id."""
        tell = _told_in_order(self._callbacks.lane("a lifecycle listener"), on_state_change)
        return super().add_listener(tell)  # type: ignore[no-any-return]


class Members(_InternalClusterService):
    """The official cluster service, fed by the engine; its listeners run where user callbacks run, each in order.

    When the cluster changes the members of the former one are told as removed and those of the new one as added, as if
    they had left and joined at that moment; between the loss and the change the former ones stay in the list.
    """

    def __init__(self, client: Any, config: Config, callbacks: Callbacks) -> None:
        """Take the membership listeners of the configuration."""
        super().__init__(client, config)
        self._callbacks = callbacks
        self._listeners = _Listeners()
        self._versions = itertools.count(1)
        for listener in config.membership_listeners:
            self.add_listener(*listener)

    def use(self, connections: Connections) -> None:
        """Answer questions about connections from here."""
        self._connection_manager = connections

    def add_listener(
        self, member_added: Any = None, member_removed: Any = None, fire_for_existing: bool = False
    ) -> str:
        """Add a membership listener; return its id."""
        lane = self._callbacks.lane("a membership listener")
        added, removed = (callback and _told_in_order(lane, callback) for callback in (member_added, member_removed))
        return super().add_listener(added, removed, fire_for_existing)  # type: ignore[no-any-return]

    def update(self, members: Sequence[values.MemberInfo]) -> None:
        """Take over a member list and tell the listeners who came and who left."""
        self.handle_members_view_event(next(self._versions), [_official_member(member) for member in members])

    def _detect_membership_events(
        self, previous_members: dict[uuid.UUID, MemberInfo], current_members: dict[uuid.UUID, MemberInfo]
    ) -> tuple[Any, list[MemberInfo]]:
        """Return who left and who came; connections to those who left are the engine's to close."""
        previous, current = previous_members.values(), current_members.values()
        return [one for one in previous if one not in current], [one for one in current if one not in previous]


class _Listeners(dict[str, Any]):
    """Listeners that are told of an event on one thread while others add and remove some."""

    def values(self) -> list[Any]:  # type: ignore[override]
        return list(super().values())


def _told_in_order(lane: Lane, callback: Callable[[Any], object]) -> Callable[[Any], None]:
    return lambda event: lane.put(lambda: callback(event))


def _official_member(member: values.MemberInfo) -> MemberInfo:
    version = MemberVersion(member.version.major, member.version.minor, member.version.patch)
    address = Address(member.address.host, member.address.port)
    addresses = {EndpointQualifier(kind, None): address for kind in (ProtocolType.CLIENT, ProtocolType.MEMBER)}
    for endpoint, one in member.address_map.items():
        addresses[EndpointQualifier(endpoint.type, endpoint.identifier)] = Address(one.host, one.port)
    return MemberInfo(address, member.uuid, dict(member.attributes), member.lite_member, version, None, addresses)


class Partitions:
    """The partition service: which partition a key belongs to, and which member a partition."""

    def __init__(self, engine: Engine, partition_count: int) -> None:
        """Use the partition count of the first cluster; a cluster with another one is never used."""
        self._engine = engine
        self.partition_count = partition_count
        self.get_partition_id = PartitionIds(partition_count).of

    def get_partition_owner(self, partition_id: int) -> uuid.UUID | None:
        """Return the member that owns a partition, None while that is unknown."""
        link = self._engine.active
        return None if link is None else link.owner_of(partition_id)


class Reactor:
    """The reactor, as far as it is asked for: timers and byte counts."""

    def __init__(self, engine: Engine) -> None:
        """Use the engine's loop."""
        self._engine = engine
        self._timers: set[Timer] = set()
        engine.at_end(self._fire_all)

    def add_timer(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call back on the engine's loop after ``delay`` seconds, or when the engine ends; from any thread."""
        timer = Timer(self._engine, callback, self._timers)
        self._engine.runtime.call_soon_threadsafe(timer.arm, delay)
        return timer

    def _fire_all(self) -> None:
        """Let those go on who wait for a moment to try again: they get an error instead of waiting for ever."""
        for timer in list(self._timers):
            try:
                timer.fire()
            except Exception:
                _log.exception("a timer failed at the end of its client")

    def _count(self, attribute: str) -> int:
        link = self._engine.active
        return 0 if link is None else sum(getattr(one, attribute) for one in list(link.connections.values()))

    @property
    def bytes_sent(self) -> int:
        """Bytes sent over the connections that are open to the active cluster."""
        return self._count("bytes_sent")

    @property
    def bytes_received(self) -> int:
        """Bytes received over the connections that are open to the active cluster."""
        return self._count("bytes_received")

    _bytes_sent = bytes_sent
    _bytes_received = bytes_received


class Timer:
    """A timer that can be set and cancelled from any thread."""

    def __init__(self, engine: Engine, callback: Callable[[], object], waiting: set[Timer]) -> None:
        """Make a timer that is not armed yet; until it fires or is cancelled it is in the set of those that wait."""
        self._engine = engine
        self._callback = callback
        self._waiting = waiting
        waiting.add(self)

    def arm(self, delay: float) -> None:
        """Start it, on the loop."""
        self._engine.runtime.call_at(self._engine.runtime.now() + delay, self._fire_in_time)

    def _fire_in_time(self) -> None:
        if self._engine.usable:
            self.fire()

    @property
    def waits(self) -> bool:
        """Say whether it has neither fired nor been cancelled."""
        return self in self._waiting

    def fire(self) -> None:
        """Call back now, unless that has happened or was cancelled."""
        if self.waits:
            self._waiting.discard(self)
            self._callback()

    def cancel(self) -> None:
        """Make it do nothing."""
        self._waiting.discard(self)


class Connections:
    """The connection manager of the asyncio family."""

    def __init__(self, engine: Engine) -> None:
        """Use the active link's connections."""
        self._engine = engine
        self.client_uuid = engine.settings.client_uuid

    def get_connection(self, member_uuid: uuid.UUID) -> Connection | None:
        """Return the connection to a member of the active cluster."""
        link = self._engine.active
        return None if link is None else link.connections.get(member_uuid)

    def get_random_connection(self) -> Connection | None:
        """Return some connection to the active cluster."""
        link = self._engine.active
        return None if link is None else link.any_connection()

    get_random_connection_for_sql = get_random_connection


class ThreadedConnections(Connections):
    """The connection manager of the threaded family: whoever needs a connection waits for the next cluster."""

    def __init__(self, engine: Engine, on_loop: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        """Wait by means of ``on_loop``, which runs a coroutine on the engine's loop and returns its result."""
        super().__init__(engine)
        self._on_loop = on_loop

    def get_random_connection(self) -> Connection | None:
        """Return some connection to the active cluster; wait for one if there is none."""
        connection = super().get_random_connection()
        if connection is None and not self._engine.runtime.on_loop():
            self._on_loop(self._engine.link(self._engine.settings.invocation_timeout))
            connection = super().get_random_connection()
        return connection

    get_random_connection_for_sql = get_random_connection


class ListenerService:
    """The listener service of the asyncio family."""

    def __init__(self, engine: Engine, callbacks: Callbacks, fetch_schema: FetchSchema) -> None:
        """Register with the engine; run handlers where user callbacks run."""
        self._engine = engine
        self._callbacks = callbacks
        self._fetch_schema = fetch_schema

    async def register_listener(
        self, request: Any, decode: Callable[[Any], Any], encode_removal: Callable[[Any], Any], handler: Any
    ) -> str:
        """Register a listener; return its id."""
        return await self._engine.add_listener(self._listener(request, decode, encode_removal, handler))

    async def deregister_listener(self, registration_id: str) -> bool:
        """Remove a listener; False when there is none with that id."""
        return await self._engine.remove_listener(registration_id)

    def _listener(self, request: Any, decode: Any, encode_removal: Any, handler: Any) -> Listener:
        def removal(remote_id: object) -> bytearray | None:
            message = encode_removal(remote_id)
            return None if message is None else message.buf

        number = message_type(request.buf)
        handle = self._retrying(handler)
        if number not in _INTERNAL_LISTENERS:
            handle = _in_lane(self._callbacks.lane(f"a listener (registered by message {number:#08x})"), handle)
        return Listener(bytes(request.buf), decode, removal, handle)

    def _retrying(self, handler: Callable[[Any], object]) -> Callable[[Message], None]:
        """Fetch a compact schema that an event needs and is not known here yet, then handle the event again."""

        def handle(message: Message) -> None:
            try:
                handler(message)
            except SchemaNotFoundError as error:
                message.reset_next_frame()
                self._fetch_schema(error.schema_id, lambda: handle(message), _raise)

        return handle


class ThreadedListenerService(ListenerService):
    """The listener service of the threaded family."""

    def __init__(
        self,
        engine: Engine,
        callbacks: Callbacks,
        fetch_schema: FetchSchema,
        start: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
    ) -> None:
        """Register by means of ``start``, which runs a coroutine on the engine's loop and returns a future."""
        super().__init__(engine, callbacks, fetch_schema)
        self._start = start

    def register_listener(  # type: ignore[override]
        self, request: Any, decode: Callable[[Any], Any], encode_removal: Callable[[Any], Any], handler: Any
    ) -> Future[str]:
        """Register a listener; the future has its id."""
        return self._start(self._engine.add_listener(self._listener(request, decode, encode_removal, handler)))

    def deregister_listener(self, registration_id: str) -> Future[bool]:  # type: ignore[override]
        """Remove a listener; the future has False when there is none with that id."""
        return self._start(self._engine.remove_listener(registration_id))


def _in_lane(lane: Lane, handle: Callable[[Message], None]) -> Callable[[Message], None]:
    return lambda message: lane.put(lambda: handle(message))


def _raise(error: Exception) -> None:
    raise error
