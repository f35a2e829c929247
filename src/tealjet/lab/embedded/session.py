"""One connection between a client and an embedded member: bytes in, requests served, bytes out.

Whatever comes in, it ends in answers or in the end of the connection. There is no I/O here: the wire is handed in.
"""

from __future__ import annotations

import functools
import math
import uuid
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.faults import Mishap
from tealjet.lab.embedded.filters import Admission
from tealjet.lab.embedded.listeners import PlayedListener
from tealjet.lab.embedded.serving import LATER, Served
from tealjet.protocol import codec, table
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import MissingFieldError, ProtocolError, UnknownValueError
from tealjet.protocol.frames import BACKUP_AWARE, BACKUP_EVENT, FrameReader, Message
from tealjet.protocol.layout import OLDEST
from tealjet.protocol.values import Address, BackupEvent, ClientFilterKind, ClientFilterMode, ClusterState

if TYPE_CHECKING:
    from tealjet.lab.embedded.member import PlayedMember

__all__ = ["Client", "PlayedRequest", "PlayedSession", "Wire"]

_PREAMBLE = b"CP2"
_TYPE = slice(6, 10)
"""Where a message's type lies in its first frame."""
_BACKUP_TIMEOUT = 5.0
"""Seconds that a member waits for the backup of a change."""
_FLAGS_OFFSET = 4
"""Of a message's first frame; the flag of acknowledgements is in its lower byte."""
_BEFORE_AUTHENTICATION = frozenset({table.AUTHENTICATION.request.type, table.AUTHENTICATION_CUSTOM.request.type})


class Wire(Protocol):
    """The way to a client, as a carrier provides it: a socket, or a part of a simulated network."""

    def send(self, data: bytes) -> int:
        """Send bytes; return how many are on their way, these included."""
        ...

    def close(self) -> None:
        """Close the connection when all that was sent is delivered; nothing is received any more."""
        ...

    def abort(self) -> None:
        """Close the connection at once, as the system does for a process that is killed."""
        ...

    def reset(self) -> None:
        """Reset the connection at once."""
        ...

    def pause(self) -> None:
        """Take no bytes from the client for now; harmless when it does not."""
        ...

    def resume(self) -> None:
        """Take bytes from the client again."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """What a client told of itself when it authenticated."""

    uuid: uuid.UUID
    client_type: str
    version: str
    name: str
    labels: Sequence[str]
    since: float
    """Seconds since the epoch."""
    admission: Admission


class PlayedSession:
    """One connection, from its accept to its end.

    Args:
        member: The member that has accepted it.
        wire: The way to the client.
        peer: The client's address.
    """

    def __init__(self, member: PlayedMember, wire: Wire, peer: Address) -> None:
        self.member = member
        self.cluster = member.cluster
        self.peer = peer
        self.client: Client | None = None
        """None until it has authenticated."""
        self.open = True
        self.ended_by = ""
        """Why it has ended."""
        self.statistics: str | None = None
        """What the client has told of itself last, when it tells such things."""
        self.backup_listener: int | None = None
        """The correlation id for acknowledgements of backups, when the client wants them."""
        self._wire = wire
        self._limits = member.cluster.settings.limits
        self._major = member.cluster.settings.release.member.major
        self._reader = FrameReader(max_message_bytes=self._limits.message_bytes)
        self._greeting: bytes | None = b""
        """What has come of the preamble; None once it is complete."""
        self._unread: deque[bytes] = deque()
        """What came while nothing was to be read: a carrier may not be able to stop at once."""
        self._reads_at = 0.0
        """When a slow member reads on."""
        self._out: list[bytes | bytearray] = []
        self._late: deque[tuple[float, bytes | None]] = deque()
        """What a slow member sends, and when; None closes the connection."""

    @property
    def client_uuid(self) -> uuid.UUID:
        """The client's own id."""
        assert self.client is not None  # noqa: S101 - services see authenticated connections only
        return self.client.uuid

    @property
    def member_uuid(self) -> uuid.UUID:
        """The member that the connection leads to."""
        return self.member.uuid

    def __repr__(self) -> str:
        return f"PlayedSession({self.peer} at {self.member.address}, {'open' if self.open else self.ended_by})"

    # ------------------------------------------------------------------------------------------------- from the wire

    def receive(self, data: bytes) -> None:
        """Take bytes as they arrive, and serve the requests that they complete."""
        faults = self.member.faults
        if self._unread or faults.frozen or faults.read_rate != math.inf:
            self._unread.append(data)
            self._read_on()
        else:
            self._read(data)
        self.cluster.flush()

    def lost(self) -> None:
        """The connection is gone, by the client or on the way; what was still to be sent late is not."""
        self._late.clear()
        self._forget("the client closed the connection")
        self.cluster.flush()

    def _read_on(self) -> None:
        """Read what has come, as fast as the member's faults let it."""
        cluster, faults = self.cluster, self.member.faults
        while self.open:
            if faults.frozen or cluster.now() < self._reads_at:
                self._wire.pause()
                return
            if not self._unread:
                self._wire.resume()
                return
            data = self._unread.popleft()
            self._read(data)
            if faults.read_rate != math.inf:
                self._reads_at = cluster.now() + len(data) / faults.read_rate
                cluster.call_at(self._reads_at, self._read_on)

    def _read(self, data: bytes) -> None:
        try:
            if self._greeting is not None:
                data = self._greet(data)
            for message in self._reader.feed(data):
                if not self.open:
                    break
                self.serve(message)
        except ProtocolError as error:
            self.end(f"malformed bytes: {error}")

    def _greet(self, data: bytes) -> bytes:
        """Take the preamble off; return what follows."""
        greeting = (self._greeting or b"") + data
        if not _PREAMBLE.startswith(greeting[: len(_PREAMBLE)]):
            raise ProtocolError("a client begins with CP2")
        self._greeting = greeting if len(greeting) < len(_PREAMBLE) else None
        return greeting[len(_PREAMBLE) :]

    # -------------------------------------------------------------------------------------------------------- serving

    def serve(self, message: Message) -> None:
        """Serve one request, unless a frozen member keeps it waiting."""
        cluster, partition = self.cluster, message.partition
        served = cluster.served.get(message.type)
        if self.client is not None and served is not None and not self._is_served_now(message, partition, served):
            return
        request = PlayedRequest(self, message, partition, served)
        try:
            if message.type in self.member.faults.deadly:
                self.member.die()
                return
            if served is None:
                raise MemberError(
                    failures.UNSUPPORTED_OPERATION, f"Unrecognized client message received with type: {message.type:#x}"
                )
            if self.client is None and message.type not in _BEFORE_AUTHENTICATION:
                self._refuse_stranger(request, served.message.name)
                return
            if cluster.state is ClusterState.PASSIVE and partition >= 0 and not served.message.retryable:
                raise MemberError(
                    failures.ILLEGAL_STATE, f"Cluster is in PASSIVE state! Operation: {served.message.name}"
                )
            value = served.method(request, **codec.decode_request(served.message, message))
            if value is not LATER:
                request.answer(value)
        except MemberError as error:
            request.fail(error)
        except UnknownValueError as error:
            request.fail(_unknown_value(error))
        except ProtocolError as error:
            request.fail(_unreadable(error))
        except Exception as error:
            name = f"{message.type:#x}" if served is None else served.message.name
            cluster.defect(f"serving {name} failed", error)
            request.fail(MemberError(failures.Failure(0, "tealjet.lab.embedded.Defect"), f"{name}: {error!r}"))

    def _refuse_stranger(self, request: PlayedRequest, name: str) -> None:
        """Answer somebody who has not authenticated; only those who ask as an operator may stay."""
        if name.startswith("mc."):
            task = f"{name[3].upper()}{name[4:]}MessageTask"
            request.fail(
                MemberError(
                    failures.ACCESS_CONTROL, f"The client address null is not allowed for management task {task}"
                )
            )
            return
        text = f"Client {self.peer} must authenticate before any operation."
        cause = MemberError(failures.AUTHENTICATION, text)
        request.fail(MemberError(failures.RETRYABLE, f"{failures.AUTHENTICATION.class_name}: {text}", causes=(cause,)))
        self.end("the client asked without authenticating")

    def _is_served_now(self, message: Message, partition: int, served: Served) -> bool:
        """Say whether a request is served now.

        One for a partition whose owner is frozen waits for that, as does one for all partitions when any member is. One
        for a partition that does not exist is never answered: real members were not seen to.
        """
        cluster, partitions = self.cluster, self.cluster.partitions
        if partition >= partitions.count:
            return False
        if partition >= 0:
            cluster.assign_partitions()
            owner = partitions.owner(partition)
            awaited = None if owner is None else cluster.members[owner]
        elif len(cluster.members) > 1 and _is_for_all_partitions(served.message.name):
            awaited = next((member for member in cluster.members.values() if member.faults.frozen), None)
        else:
            return True
        if awaited is None or awaited is self.member or not awaited.faults.frozen:
            return True
        return not awaited.hold(functools.partial(self._serve_held, message))

    def _serve_held(self, message: Message) -> None:
        if self.open:
            self.serve(message)

    # ----------------------------------------------------------------------------------------------------- to the wire

    def send_event(self, message: MessageType[Any, Any], event: Any, correlation_id: int) -> None:
        """Send an event."""
        self.send(codec.encode_event(message, event, correlation_id=correlation_id, major=self._major))

    def send_answer(self, request: PlayedRequest, message: MessageType[Any, Any], value: Any) -> None:
        """Send the answer to a request, and let the backup of what it has changed acknowledge."""
        backups = self._backups(request, message)
        answer = codec.encode_response(
            message, value, correlation_id=request.correlation_id, backup_acks=len(backups), major=self._major
        )
        if message is table.TRIGGER_PARTITION_ASSIGNMENT and self._major == OLDEST:
            answer[_TYPE] = message.request.type.to_bytes(4, "little")  # a slip of those members
        awaited = self._awaited_backup(request, message)
        if awaited is None:
            self.respond(message.request.type, answer)
        else:
            self._respond_late(awaited, message.request.type, answer)
        for backup in backups:
            for session in self.cluster.sessions(self.client_uuid):
                if session.member_uuid == backup:
                    session.acknowledge(request.correlation_id)

    def _backups(self, request: PlayedRequest, message: MessageType[Any, Any]) -> list[uuid.UUID]:
        """Return the members that acknowledge to the client."""
        backup = self._backup(request, message) if request.backup_aware else None
        return [] if backup is None else [backup.uuid]

    def _awaited_backup(self, request: PlayedRequest, message: MessageType[Any, Any]) -> PlayedMember | None:
        """Return the frozen member that has to acknowledge before the client is answered, None for none."""
        backup = None if request.backup_aware else self._backup(request, message)
        return backup if backup is not None and backup.faults.frozen else None

    def _backup(self, request: PlayedRequest, message: MessageType[Any, Any]) -> PlayedMember | None:
        """Return the member that has the backup of what a request has changed; what may be repeated changes nothing."""
        if request.partition < 0 or message.retryable or len(self.cluster.members) < 2:
            return None
        backup = self.cluster.backup_of(request.partition)
        return None if backup is None else self.cluster.members[backup]

    def _respond_late(self, backup: PlayedMember, request_type: int, answer: bytearray) -> None:
        """Answer when the backup goes on, or has had the time for it that members give each other."""
        waiting = [answer]

        def respond() -> None:
            if waiting:
                self.respond(request_type, waiting.pop())

        backup.hold(respond)
        self.cluster.call_at(self.cluster.now() + _BACKUP_TIMEOUT, respond)

    def acknowledge(self, source_correlation_id: int) -> None:
        """Tell the client that this member has applied the backup of one of its calls, if it wants to know."""
        if self.backup_listener is not None:
            event = codec.encode_event(
                table.LOCAL_BACKUP_LISTENER,
                BackupEvent(source_correlation_id=source_correlation_id),
                correlation_id=self.backup_listener,
            )
            event[_FLAGS_OFFSET] |= BACKUP_EVENT
            self.send(event)

    def send(self, data: bytes | bytearray) -> None:
        """Send bytes together with all others of this turn; nothing happens when the connection has ended."""
        if self.open:
            if not self._out:
                self.cluster.has_output(self)
            self._out.append(data)

    def respond(self, request_type: int, response: bytearray) -> None:
        """Send the answer to a request of that type, or what a fault makes of it."""
        faults = self.member.faults
        mishap = faults.next_mishap(request_type) if faults.mishaps else None
        if mishap is Mishap.SKIPPED:
            return
        self.send(response)
        if mishap is Mishap.TWICE:
            self.send(response)
        elif mishap is Mishap.CUT and self._out:
            self._out[-1] = response[:-1]
            self.end("an answer was cut by a fault")

    def flush(self) -> None:
        """Hand what is to be sent to the wire; the cluster calls this."""
        if not self._out:
            return
        if self.member.faults.frozen:
            self._out = [b"".join(self._out)]
            if len(self._out[0]) > self._limits.unsent_bytes:
                self.abort("the member is frozen and too much is to be sent")
            return
        data = b"".join(self._out)
        self._out.clear()
        self._transmit(data)

    def _transmit(self, data: bytes | None) -> None:
        """Send bytes, or close for None; late if the member is slow."""
        delay = self.member.faults.delay
        if delay or self._late:
            due = max(self.cluster.now() + delay, self._late[-1][0] if self._late else 0.0)
            self._late.append((due, data))
            self.cluster.call_at(due, self._transmit_late)
        else:
            self._put_on_wire(data)

    def _transmit_late(self) -> None:
        if self._late:
            self._put_on_wire(self._late.popleft()[1])

    def _put_on_wire(self, data: bytes | None) -> None:
        if data is None:
            self._wire.close()
        elif self._wire.send(data) > self._limits.unsent_bytes:
            self.abort("the client does not read what it is sent")

    # -------------------------------------------------------------------------------------------------- pauses and ends

    def pause(self) -> None:
        """The member is frozen: read nothing."""
        self._wire.pause()

    def resume(self) -> None:
        """The member is thawed: go on with what is to be sent and with what has come."""
        if self._out:
            self.cluster.has_output(self)
        self._read_on()

    def end(self, why: str) -> None:
        """Close the connection behind what was sent; harmless when it has ended."""
        if self.open:
            self.flush()
            self._forget(why)
            self._transmit(None)

    def abort(self, why: str) -> None:
        """Close the connection at once; harmless when it has ended."""
        if self.open:
            self._forget(why)
            self._late.clear()
            self._wire.abort()

    def reset(self, why: str) -> None:
        """Reset the connection; harmless when it has ended."""
        if self.open:
            self._forget(why)
            self._late.clear()
            self._wire.reset()

    def _forget(self, why: str) -> None:
        if self.open:
            self.open = False
            self.ended_by = why
            self._out.clear()
            self._unread.clear()
            self.member.session_ended(self)


def _is_for_all_partitions(name: str) -> bool:
    """Say whether a request without a partition goes to all of them: it would, if it is about maps and no listener."""
    return name.startswith(("map.", "multiMap.")) and "Listener" not in name


def _unreadable(error: ProtocolError) -> MemberError:
    """Say that a message has not what it should have: by the kinds of exceptions that real members stumble into."""
    in_first_frame = isinstance(error, MissingFieldError) and not error.framed
    kind = failures.ARRAY_INDEX_OUT_OF_BOUNDS if in_first_frame else failures.NULL_POINTER
    return MemberError(kind, f"The message cannot be read: {error}")


def _unknown_value(error: UnknownValueError) -> MemberError:
    """Say as a real member which number stands for nothing."""
    match error.kind:
        case ClientFilterMode.__name__:
            return MemberError(failures.ILLEGAL_ARGUMENT, f"Unexpected client B/W list mode = [{error.number}]")
        case ClientFilterKind.__name__:
            return MemberError(failures.HAZELCAST, f"Unexpected client B/W list entry type = [{error.number}]")
        case _:
            return MemberError(failures.ILLEGAL_ARGUMENT, "Unsupported ID value")


class PlayedRequest:
    """One request over one connection."""

    __slots__ = ("_answered", "backup_aware", "correlation_id", "message", "partition", "served", "session")

    def __init__(self, session: PlayedSession, message: Message, partition: int, served: Served | None) -> None:
        self.session = session
        self.message = message
        self.served = served
        self.correlation_id = message.correlation_id
        self.partition = partition
        self.backup_aware = message.flags & BACKUP_AWARE != 0
        self._answered = False

    @property
    def open(self) -> bool:
        """Whether an answer is still wanted."""
        return not self._answered and self.session.open

    def answer(self, value: Any) -> None:
        """Answer the request, unless it is not open."""
        if self.open and self.served is not None:
            self.session.send_answer(self, self.served.message, value)
            self._answered = True

    def fail(self, error: MemberError) -> None:
        """Fail the request, unless it is not open."""
        if self.open:
            self._answered = True
            self.session.respond(
                self.message.type, codec.encode_error(error.holders(), correlation_id=self.correlation_id)
            )

    def listen(self, topic: Hashable, *, local_only: bool, detail: Any = None) -> uuid.UUID:
        """Register a listener for the events that this request's message declares."""
        assert self.served is not None  # noqa: S101 - a service has got this request
        cluster = self.session.cluster
        listener = PlayedListener(
            id=cluster.new_id(),
            session=self.session,
            message=self.served.message,
            correlation_id=self.correlation_id,
            topic=topic,
            local_only=local_only,
            detail=detail,
        )
        cluster.add_listener(listener)
        return listener.id
