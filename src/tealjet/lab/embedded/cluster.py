"""A cluster from its first member's start to its last member's end: what its members share, and who is told of what.

All members see the same data; the services that hold it are made anew with every cluster, so nothing outlives the last
member. There is no I/O here and no clock: both are handed in.
"""

from __future__ import annotations

import logging
import operator
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tealjet.lab.embedded.listeners import Listeners, PlayedListener
from tealjet.lab.embedded.partitions import PartitionTable, partition_of
from tealjet.lab.embedded.serving import Served, Service, ServiceT, served_by
from tealjet.lab.embedded.settings import ClusterSettings
from tealjet.protocol import table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import BYTE, INT, STRING, Field, list_of, structure
from tealjet.protocol.values import ClusterState, MembersView, MemberVersion, PartitionsView
from tealjet.runtime import Handle

if TYPE_CHECKING:
    from tealjet.lab.embedded.member import PlayedMember
    from tealjet.lab.embedded.session import PlayedSession

__all__ = ["PlayedCluster", "World"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _MemberGroups:
    """Which members belong together; no group has been formed."""

    version: int
    groups: tuple[()] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _ClusterVersion:
    """The version that the cluster keeps to while its members are upgraded."""

    version: MemberVersion


_FURTHER_VIEWS: MessageType[None, _MemberGroups | _ClusterVersion] = declare(
    "client.addClusterViewListener",
    table.ADD_CLUSTER_VIEW_LISTENER.request.type + 2,
    retryable=False,
    events=(
        (_MemberGroups, (Field("version", INT), Field("groups", list_of(STRING)))),
        (
            _ClusterVersion,
            (Field("version", structure(MemberVersion, Field("major", BYTE), Field("minor", BYTE))),),
        ),
    ),
)
"""The views that only members of Hazelcast 5 send; the client needs none of them."""

_log = logging.getLogger("tealjet.lab.embedded")

_CLIENT_CLEANUP = 10.0
"""Seconds between two looks for clients that are gone, as real members have it."""


class World(Protocol):
    """What a cluster needs of the world; a ``tealjet.runtime.Runtime`` has it."""

    def now(self) -> float:
        """Monotonic time in seconds."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch."""
        ...

    def uuid(self) -> uuid.UUID:
        """A random UUID."""
        ...

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Handle:
        """Call back at a monotonic time."""
        ...


class PlayedCluster:
    """One cluster; it begins without members and without data.

    Args:
        settings: What it is told at its start.
        world: Its clock and its chance.
        services: What it serves.
    """

    def __init__(self, settings: ClusterSettings, world: World, services: Sequence[type[Service]]) -> None:
        self.settings = settings
        self.id = world.uuid()
        """The cluster id that members tell clients."""
        self.members: dict[uuid.UUID, PlayedMember] = {}
        """Those that are there, in the order in which they joined."""
        self.members_version = 0
        self.partitions = PartitionTable(settings.partition_count)
        self.state = ClusterState.ACTIVE
        self.defects: list[str] = []
        """Errors of the services themselves, which no real member would have answered."""
        self.now = world.now
        self.wall = world.wall
        self.new_id = world.uuid
        self._world = world
        self._listeners = Listeners(settings.limits.listeners)
        self._views: dict[PlayedSession, int] = {}
        """The connections that want to know the members and partitions, with the request's correlation id."""
        self._clients: dict[uuid.UUID, dict[PlayedSession, None]] = {}
        """The connections of each client that has any."""
        self._dirty: list[PlayedSession] = []
        self._started = world.now()
        self._departed: dict[uuid.UUID, None] = {}
        """Clients that have lost their last connection since the services were last told of those that are gone."""
        self.services = tuple(service(self) for service in services)
        self.served: Mapping[int, Served] = {
            number: served
            for service in self.services
            if service.is_there
            for number, served in served_by(service).items()
            if number not in settings.release.unknown
        }

    # ------------------------------------------------------------------------------------- what services see of it

    @property
    def version(self) -> MemberVersion:
        """The members' version."""
        return self.settings.release.member

    @property
    def partition_count(self) -> int:
        """How many partitions there are."""
        return self.partitions.count

    @property
    def queue_capacities(self) -> Mapping[str, int]:
        """How many items queues take."""
        return self.settings.queue_capacities

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Handle:
        """Call back at a monotonic time, and send what that leaves to be sent."""
        return self._world.call_at(when, self._call, callback, args)

    def partition_of(self, data: bytes) -> int:
        """Return the partition that serialized data belongs to."""
        return partition_of(data, self.partitions.count)

    def listeners(self, topic: Hashable, partition: int) -> Iterator[PlayedListener]:
        """Give the listeners that hear of an event in that partition."""
        return self._listeners.of(topic, self.partitions.owner(partition))

    def listeners_at(self, topic: Hashable, member: uuid.UUID) -> Iterator[PlayedListener]:
        """Give the listeners that hear of an event at that member."""
        return self._listeners.of(topic, member)

    def add_listener(self, listener: PlayedListener) -> None:
        """Register a listener."""
        self._listeners.add(listener)

    def remove_listener(self, listener_id: uuid.UUID) -> bool:
        """Remove a listener; say whether there was one."""
        return self._listeners.remove(listener_id)

    def backup_of(self, partition: int) -> uuid.UUID | None:
        """Return the member that has a partition's backup, the one that joined after its owner; None for no backup."""
        owner = self.partitions.owner(partition)
        if owner is None or len(self.members) < 2:
            return None
        members = tuple(self.members)
        return members[(members.index(owner) + 1) % len(members)]

    def remove_listeners(self, topic: Hashable) -> None:
        """Remove all listeners to something that is no more."""
        self._listeners.remove_all(topic)

    def service(self, kind: type[ServiceT]) -> ServiceT:
        """Return the service of that kind.

        Raises:
            LookupError: There is none.
        """
        for service in self.services:
            if isinstance(service, kind):
                return service
        raise LookupError(f"the embedded cluster {self.settings.cluster_name!r} has no {kind.__name__}")

    def sessions(self, client_uuid: uuid.UUID) -> list[PlayedSession]:
        """Return the connections that a client has, to all members."""
        return list(self._clients.get(client_uuid, ()))

    # ---------------------------------------------------------------------------------------------------- membership

    def join(self, member: PlayedMember) -> None:
        """Let a member in, and tell the clients that want to know."""
        self.members[member.uuid] = member
        self._membership_changed()

    def leave(self, member: PlayedMember, *, graceful: bool) -> None:
        """Let a member go, a graceful one after its partitions have moved; its connections are its own affair."""
        del self.members[member.uuid]
        self._membership_changed(partitions_first=graceful)

    def members_view(self) -> MembersView:
        """Return the members as clients are told of them."""
        return MembersView(version=self.members_version, members=tuple(member.info for member in self.members.values()))

    def partitions_view(self) -> PartitionsView:
        """Return the partitions' owners as clients are told of them; none while they are not assigned."""
        return PartitionsView(version=self.partitions.version, partitions=self.partitions.owned())

    def assign_partitions(self) -> None:
        """Give the partitions owners, unless they have some."""
        if not self.partitions.assigned:
            self.partitions.assign(tuple(self.members))
            self._tell(self.partitions_view())

    def change_partition_count(self, count: int) -> None:
        """Have another number of partitions from now on, which no real cluster can."""
        assigned = self.partitions.assigned
        self.partitions = PartitionTable(count, self.partitions.version)
        if assigned:
            self.assign_partitions()

    def change_id(self) -> None:
        """Have another cluster id from now on, as if this were a cluster that has just started."""
        self.id = self.new_id()

    def follow(self, session: PlayedSession, correlation_id: int) -> None:
        """Tell a connection of all members and partitions, now and whenever they change."""
        self._views[session] = correlation_id
        view = self.members_view()
        if not session.member.faults.withholds_members:
            session.send_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id)
            if self.partitions.assigned:
                session.send_event(table.ADD_CLUSTER_VIEW_LISTENER, self.partitions_view(), correlation_id)
            if self.settings.release.modern:
                for further in (_MemberGroups(version=view.version), _ClusterVersion(version=self.version)):
                    session.send_event(_FURTHER_VIEWS, further, correlation_id)

    def _membership_changed(self, *, partitions_first: bool = False) -> None:
        self.members_version += 1
        views: list[MembersView | PartitionsView] = [self.members_view()]
        if self.members and self.partitions.assigned:
            self.partitions.assign(tuple(self.members))
            views.insert(0 if partitions_first else 1, self.partitions_view())
        for view in views:
            self._tell(view)

    def _tell(self, view: MembersView | PartitionsView) -> None:
        for session, correlation_id in tuple(self._views.items()):
            if not session.member.faults.withholds_members:
                session.send_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id)

    # ------------------------------------------------------------------------------------------------------ sessions

    def client_connected(self, client_uuid: uuid.UUID, session: PlayedSession) -> None:
        """Note that a client has authenticated over a connection."""
        self._clients.setdefault(client_uuid, {})[session] = None

    def session_ended(self, session: PlayedSession) -> None:
        """Forget everything about a connection that has ended."""
        self._listeners.end(session)
        self._views.pop(session, None)
        self._tell_services("the end of a connection", operator.methodcaller("session_ended", session))
        if session.client is not None:
            self._client_left(session.client.uuid, session)

    def _client_left(self, client_uuid: uuid.UUID, session: PlayedSession) -> None:
        del self._clients[client_uuid][session]
        if self._clients[client_uuid]:
            return
        del self._clients[client_uuid]
        if self.members:
            if not self._departed:
                age = self.now() - self._started
                due = self._started + (age // _CLIENT_CLEANUP + 1) * _CLIENT_CLEANUP
                self.call_at(due, self._clean_up_clients)
            self._departed[client_uuid] = None

    def _clean_up_clients(self) -> None:
        """Tell the services of the clients that have gone since the last time, and have not come back."""
        departed, self._departed = self._departed, {}
        for client_uuid in departed:
            if client_uuid not in self._clients:
                self._tell_services("the end of a client", operator.methodcaller("client_ended", client_uuid))

    def _tell_services(self, what: str, tell: Callable[[Service], object]) -> None:
        for service in self.services:
            try:
                tell(service)
            except Exception as error:
                self.defect(f"{type(service).__name__} could not be told of {what}", error)

    def has_output(self, session: PlayedSession) -> None:
        """Note that a connection has something to send."""
        self._dirty.append(session)

    def flush(self) -> None:
        """Send what all connections have to send; what calls into a cluster does this at the end."""
        while self._dirty:
            self._dirty.pop().flush()

    def defect(self, what: str, error: Exception) -> None:
        """Note an error of a service."""
        self.defects.append(f"{what}: {error!r}")
        _log.error("cluster %s: %s", self.settings.cluster_name, what, exc_info=error)

    def _call(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            callback(*args)
        except Exception as error:
            self.defect(f"a timer of {getattr(callback, '__qualname__', callback)} failed", error)
        self.flush()
