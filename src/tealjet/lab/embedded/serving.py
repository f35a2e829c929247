"""How structures are served: a service is a class whose methods are marked with the messages that they answer.

One instance of each service is made for every start of a cluster, so its attributes are the cluster's data: all members
share them, and they are gone with the last member. A method gets the request and the message's fields by name, and
returns the answer, raises a ``MemberError``, or returns ``LATER`` and answers or fails the request when it can::

    class Switchboard(Service):
        names = frozenset({"hz:impl:switchboardService"})

        @serves(SWITCHBOARD_TAKE)
        def take(self, request: Request, *, name: str, timeout: int) -> bytes | None | Later:
            if calls := self._calls[name]:
                return calls.popleft()
            self._waiting[name].append(request)
            return LATER

It is called on one thread at a time and must not block. It knows nothing of sockets, loops and threads, and sees the
world through ``self.cluster`` alone: time is what that says.
"""

from __future__ import annotations

import enum
import inspect
import uuid
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Concatenate, Literal, ParamSpec, Protocol, TypeVar

from tealjet.lab.embedded.failures import MemberError
from tealjet.protocol.declare import MessageType
from tealjet.protocol.values import MemberVersion
from tealjet.runtime import Handle

__all__ = [
    "LATER",
    "Cluster",
    "Later",
    "Listener",
    "Request",
    "Served",
    "Service",
    "ServiceT",
    "Session",
    "served_by",
    "served_messages",
    "serves",
]


class Later(enum.Enum):
    """The type of LATER."""

    LATER = "the request is answered later"


LATER: Literal[Later.LATER] = Later.LATER
"""What a method returns that will answer its request, or fail it, another time."""

S = TypeVar("S")
Q = TypeVar("Q")
R = TypeVar("R")
P = ParamSpec("P")
ServiceT = TypeVar("ServiceT", bound="Service")


class Session(Protocol):
    """A client's authenticated connection to one member, for as long as it lasts."""

    @property
    def client_uuid(self) -> uuid.UUID:
        """The client's own id, the same on all of its connections."""
        ...

    @property
    def member_uuid(self) -> uuid.UUID:
        """The member that the connection leads to."""
        ...

    @property
    def open(self) -> bool:
        """Whether the connection is there."""
        ...


class Request(Protocol):
    """A request that is being served."""

    @property
    def session(self) -> Session:
        """Over which it came."""
        ...

    @property
    def partition(self) -> int:
        """The partition that the client named, -1 for none."""
        ...

    @property
    def open(self) -> bool:
        """Whether an answer is still wanted: it has none yet, and its connection is there."""
        ...

    def answer(self, value: Any) -> None:
        """Answer what was left for later, as by returning the value; nothing happens once it is not open.

        What the table declares for the message is encoded here: a value that does not fit raises.
        """
        ...

    def fail(self, error: MemberError) -> None:
        """Fail what was left for later, as by raising the error; nothing happens once it is not open."""
        ...

    def listen(self, topic: Hashable, *, local_only: bool, detail: Any = None) -> uuid.UUID:
        """Register a listener for the events that this request's message declares; return its id, the usual answer.

        Args:
            topic: What it listens to; events are found by it, so name service and object: ``("map", name)``.
            local_only: It gets only what happens at the member that the request came to; clients with a connection to
                every member register everywhere and get each event once. Otherwise it gets everything.
            detail: What the service wants to know of it: whether it wants values, which key or predicate it has.
        """
        ...


class Listener(Protocol):
    """A client's listener, until it is removed or its connection ends."""

    @property
    def id(self) -> uuid.UUID:
        """By which the client removes it."""
        ...

    @property
    def detail(self) -> Any:
        """What was given when it was registered."""
        ...

    @property
    def session(self) -> Session:
        """Over which it was registered."""
        ...

    def send(self, event: Any) -> None:
        """Send an event, of a type that its message declares."""
        ...


class Cluster(Protocol):
    """What a service sees of the cluster that it serves; all members are one here, but for events."""

    @property
    def version(self) -> MemberVersion:
        """The members' version, for what differs: 4.0.3 is Hazelcast Jet 4.3.1."""
        ...

    @property
    def members(self) -> Collection[uuid.UUID]:
        """The ids of the members that are there."""
        ...

    @property
    def partition_count(self) -> int:
        """How many partitions the cluster has."""
        ...

    @property
    def queue_capacities(self) -> Mapping[str, int]:
        """How many items queues take, by patterns of their names."""
        ...

    def now(self) -> float:
        """Monotonic seconds: for limits and expiry."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch: for what clients are shown."""
        ...

    def new_id(self) -> uuid.UUID:
        """Make a random id."""
        ...

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Handle:
        """Call back at a monotonic time; what the callback sends, answers and fails is on its way when it returns."""
        ...

    def partition_of(self, data: bytes) -> int:
        """Return the partition that serialized data belongs to."""
        ...

    def listeners(self, topic: Hashable, partition: int) -> Iterator[Listener]:
        """Give the listeners that hear of an event in that partition: all but local ones of members not its owner."""
        ...

    def listeners_at(self, topic: Hashable, member: uuid.UUID) -> Iterator[Listener]:
        """Give the listeners that hear of what happens at that member."""
        ...

    def remove_listener(self, listener_id: uuid.UUID) -> bool:
        """Remove a listener, whichever service it belongs to; say whether there was one."""
        ...

    def remove_listeners(self, topic: Hashable) -> None:
        """Remove all listeners to something that is no more."""
        ...

    def service(self, kind: type[ServiceT]) -> ServiceT:
        """Return the cluster's service of that kind, for one that works on the other's data.

        Raises:
            LookupError: The cluster has none.
        """
        ...

    def sessions(self, client_uuid: uuid.UUID) -> Sequence[Session]:
        """Return the connections that a client has, to all members."""
        ...


class Service:
    """What serves some messages; its subclasses mark methods with ``serves``."""

    names: ClassVar[frozenset[str]] = frozenset()
    """The Hazelcast service names whose objects this service has, such as ``hz:impl:mapService``."""
    inherited: ClassVar[Mapping[str, MessageType[Any, Any]]] = MappingProxyType({})
    """What it answers by methods of a base class that it shares with other services: messages by the methods' names."""

    answered: ClassVar[Sequence[tuple[str, MessageType[Any, Any]]]] = ()
    """All that it answers, each message behind the name of the method that does; found out when the class is made."""

    def __init_subclass__(cls) -> None:
        for name, message in cls.inherited.items():
            _require_fields(getattr(cls, name), message)
        marked = [
            (name, message)
            for name, member in inspect.getmembers(cls, inspect.isfunction)
            for message in getattr(member, _MARK, ())
        ]
        cls.answered = (*marked, *cls.inherited.items())

    def __init__(self, cluster: Cluster) -> None:
        """Serve a cluster that has just started, and is empty."""
        self.cluster = cluster

    @property
    def is_there(self) -> bool:
        """Whether members of the cluster's version have it; what they have not is an unknown message to them."""
        return True

    def destroy(self, service_name: str, name: str) -> None:
        """Remove all data of an object that a client has destroyed; one that nobody has used may be named too."""

    def session_ended(self, session: Session) -> None:
        """Forget what a connection had: requests that wait and transactions. Its listeners are gone already."""

    def client_ended(self, client_uuid: uuid.UUID) -> None:
        """Forget what a client had that has no connection any more: its locks.

        Members look for such clients every ten seconds only, so a client that comes back at once still has them.
        """


@dataclass(frozen=True, slots=True)
class Served:
    """A message and the method that answers it."""

    message: MessageType[Any, Any]
    method: Callable[..., Any]


_MARK = "_serves"


def serves(
    message: MessageType[R, Any],
) -> Callable[[Callable[Concatenate[S, Q, P], R | Later]], Callable[Concatenate[S, Q, P], R | Later]]:
    """Mark a method with a message that it answers; a method may have several marks.

    The method's keyword arguments have the names of the message's fields. A field that only newer clients send has a
    default there.

    Raises:
        TypeError: The arguments are not the fields.
    """

    def mark(
        method: Callable[Concatenate[S, Q, P], R | Later],
    ) -> Callable[Concatenate[S, Q, P], R | Later]:
        _require_fields(method, message)
        setattr(method, _MARK, (*getattr(method, _MARK, ()), message))
        return method

    return mark


def _require_fields(method: Callable[..., Any], message: MessageType[Any, Any]) -> None:
    keywords = [one.name for one in inspect.signature(method).parameters.values() if one.kind is one.KEYWORD_ONLY]
    if sorted(keywords) != sorted(message.request.fields.names):
        raise TypeError(
            f"{method.__qualname__} takes {keywords} of {message.name}, which has {message.request.fields.names}"
        )


def served_by(service: Service) -> dict[int, Served]:
    """Return what a service answers, by message type."""
    return {message.request.type: Served(message, getattr(service, name)) for name, message in service.answered}


def served_messages(services: Sequence[type[Service]]) -> list[MessageType[Any, Any]]:
    """Return all messages that services answer, whatever the version."""
    return [message for service in services for _, message in service.answered]
