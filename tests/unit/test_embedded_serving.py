"""How services serve at embedded members: fields in, answers now or later, errors, events, the end of a connection."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from support.embedded import MemoryClient, MemoryCluster
from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import LATER, Later, Request, Service, Session, served_messages, serves
from tealjet.protocol import table
from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import BOOLEAN, BYTES, LONG, STRING, UUID, Field, nullable

MAILBOX = "hz:impl:mailboxService"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    letter: bytes


PUT: MessageType[None, None] = declare(
    "mailbox.put", 0x7E0100, retryable=False, request=(Field("name", STRING), Field("letter", BYTES))
)
TAKE: MessageType[bytes | None, None] = declare(
    "mailbox.take",
    0x7E0200,
    retryable=False,
    request=(Field("timeout", LONG), Field("name", STRING)),
    response=(Field("response", nullable(BYTES)),),
)
LISTEN: MessageType[uuid.UUID, Arrived] = declare(
    "mailbox.addListener",
    0x7E0300,
    retryable=False,
    request=(Field("local_only", BOOLEAN), Field("name", STRING)),
    response=(Field("response", UUID),),
    events=((Arrived, (Field("letter", BYTES),)),),
)
COUNT: MessageType[int, None] = declare(
    "mailbox.count", 0x7E0400, retryable=True, request=(Field("name", STRING),), response=(Field("response", LONG),)
)


class Mailboxes(Service):
    """A service as they all are, and small."""

    names = frozenset({MAILBOX})

    def __init__(self, cluster: Any) -> None:
        super().__init__(cluster)
        self.letters: dict[str, deque[bytes]] = {}
        self.waiting: list[tuple[str, Request]] = []

    @serves(PUT)
    def put(self, request: Request, *, name: str, letter: bytes) -> None:
        if not letter:
            raise MemberError(
                failures.ILLEGAL_ARGUMENT, "an empty letter", causes=(MemberError(failures.NULL_POINTER, None),)
            )
        for listener in self.cluster.listeners(("mailbox", name), request.partition):
            listener.send(Arrived(letter=letter))
        for number, (wanted, waiting) in enumerate(self.waiting):
            if wanted == name:
                del self.waiting[number]
                waiting.answer(letter)
                return
        self.letters.setdefault(name, deque()).append(letter)

    @serves(TAKE)
    def take(self, request: Request, *, name: str, timeout: int) -> bytes | Later | None:
        if letters := self.letters.get(name):
            return letters.popleft()
        self.waiting.append((name, request))
        self.cluster.call_at(self.cluster.now() + timeout, request.answer, None)
        return LATER

    @serves(LISTEN)
    def listen(self, request: Request, *, name: str, local_only: bool) -> uuid.UUID:
        return request.listen(("mailbox", name), local_only=local_only)

    @serves(COUNT)
    def count(self, request: Request, *, name: str) -> int:
        return len(self.letters[name])  # a mailbox that is not there is a defect

    def destroy(self, service_name: str, name: str) -> None:
        self.letters.pop(name, None)

    def session_ended(self, session: Session) -> None:
        self.waiting = [(name, request) for name, request in self.waiting if request.session is not session]


def played(size: int = 1) -> MemoryCluster:
    return MemoryCluster(size, services=(*SERVICES, Mailboxes))


def mailboxes(world: MemoryCluster) -> Mailboxes:
    return next(service for service in world.cluster.services if isinstance(service, Mailboxes))


def test_a_method_gets_the_fields_and_answers_by_returning() -> None:
    client = played().client()
    assert client.ask(PUT, name="a", letter=b"hello") is None
    assert client.ask(TAKE, name="a", timeout=10) == b"hello"


def test_all_members_of_a_cluster_see_the_same_data() -> None:
    world = played(2)
    world.client(0).ask(PUT, name="a", letter=b"hello")
    assert world.client(1).ask(TAKE, name="a", timeout=10) == b"hello"


def test_a_request_that_waits_is_answered_when_another_one_lets_it() -> None:
    world = played()
    taker, giver = world.client(), world.client()
    taking = taker.send(TAKE, name="a", timeout=10)
    assert taking not in taker.answers
    giver.ask(PUT, name="a", letter=b"hello")
    assert taker.answer(TAKE, taking) == b"hello"


def test_a_request_that_waits_is_answered_when_its_time_is_up() -> None:
    world = played()
    client = world.client()
    taking = client.send(TAKE, name="a", timeout=10)
    world.runtime.advance(9.9)
    client.take()
    assert taking not in client.answers
    world.runtime.advance(0.2)
    assert client.answer(TAKE, taking) is None


def test_an_answer_that_comes_after_another_one_is_not_sent() -> None:
    world = played()
    taker, giver = world.client(), world.client()
    taking = taker.send(TAKE, name="a", timeout=10)
    giver.ask(PUT, name="a", letter=b"hello")
    assert taker.answer(TAKE, taking) == b"hello"
    world.runtime.advance(20)  # the timer of the take
    taker.take()
    assert taker.answers == {}


def test_an_error_reaches_the_client_with_its_causes() -> None:
    holders = played().client().error(PUT, name="a", letter=b"")
    assert [(one.error_code, one.class_name, one.message) for one in holders] == [
        (23, "java.lang.IllegalArgumentException", "an empty letter"),
        (37, "java.lang.NullPointerException", None),
    ]


def test_a_defect_of_a_service_is_answered_and_kept() -> None:
    world = played()
    (holder,) = world.client().error(COUNT, name="nowhere")
    assert holder.error_code == 0
    assert "mailbox.count" in str(holder.message)
    (defect,) = world.cluster.defects
    assert "serving mailbox.count failed: KeyError('nowhere')" in defect


def test_a_connection_that_ends_takes_its_waiting_requests_along() -> None:
    world = played()
    taker, giver = world.client(), world.client()
    taker.send(TAKE, name="a", timeout=10)
    taker.session.lost()
    giver.ask(PUT, name="a", letter=b"hello")
    assert giver.ask(TAKE, name="a", timeout=10) == b"hello"
    world.runtime.advance(20)
    assert world.cluster.defects == []


def test_a_listener_gets_events_until_its_connection_ends() -> None:
    world = played()
    listener, giver = world.client(), world.client()
    listener.ask(LISTEN, name="a", local_only=False)
    giver.ask(PUT, name="a", letter=b"one", partition=7)
    giver.ask(PUT, name="b", letter=b"elsewhere", partition=7)
    assert listener.take_events(LISTEN) == [Arrived(letter=b"one")]
    listener.session.lost()
    giver.ask(PUT, name="a", letter=b"two", partition=7)
    assert list(world.cluster.listeners(("mailbox", "a"), 7)) == []


def owners(world: MemoryCluster, partition: int) -> Sequence[bool]:
    owner = world.cluster.partitions.owner(partition)
    return [member.uuid == owner for member in world.members]


@pytest.mark.parametrize("asked", [0, 1])
def test_local_listeners_at_all_members_hear_of_an_event_once_wherever_it_is_caused(asked: int) -> None:
    world = played(2)
    listeners = [world.client(0), world.client(1)]
    for listener in listeners:
        listener.ask(LISTEN, name="a", local_only=True)
    for partition in range(4):
        world.client(asked).ask(PUT, name="a", letter=b"hello", partition=partition)
        heard = [listener.take_events(LISTEN) == [Arrived(letter=b"hello")] for listener in listeners]
        assert heard == owners(world, partition)


def test_a_listener_that_is_not_local_hears_of_all_partitions() -> None:
    world = played(2)
    listener = world.client(0)
    listener.ask(LISTEN, name="a", local_only=False)
    for partition in range(4):
        world.client(1).ask(PUT, name="a", letter=b"hello", partition=partition)
    assert len(listener.take_events(LISTEN)) == 4


def test_destroying_an_object_removes_the_data_of_its_service() -> None:
    world = played()
    client = world.client()
    client.ask(PUT, name="a", letter=b"hello")
    client.ask(table.DESTROY_PROXY, name="a", service_name="hz:impl:otherService")
    assert mailboxes(world).letters.keys() == {"a"}
    client.ask(table.DESTROY_PROXY, name="a", service_name=MAILBOX)
    assert mailboxes(world).letters == {}


def test_an_event_is_on_its_way_before_the_answer_of_the_call_that_caused_it() -> None:
    client: MemoryClient = played().client()
    client.ask(LISTEN, name="a", local_only=False)
    client.ask(PUT, name="a", letter=b"hello", partition=7)
    assert client.take_events(LISTEN) == [Arrived(letter=b"hello")]


def test_a_method_whose_arguments_are_not_the_fields_is_refused_when_it_is_declared() -> None:
    def put(self: object, request: Request, *, name: str, mail: bytes) -> None: ...

    with pytest.raises(TypeError, match=r"put takes \['name', 'mail'\] of mailbox.put, which has \('name', 'letter'\)"):
        serves(PUT)(put)


def test_a_method_that_is_inherited_answers_the_message_that_its_service_names() -> None:
    class Counting(Service):
        def count(self, request: Request, *, name: str) -> int:
            return len(name)

    class Letters(Counting):
        inherited: ClassVar = {"count": COUNT}

    client = MemoryCluster(services=(*SERVICES, Letters)).client()
    assert client.ask(COUNT, name="abc") == 3
    assert COUNT in served_messages([Letters])
    assert COUNT not in served_messages([Counting])
    with pytest.raises(TypeError, match=r"count takes \['name'\] of mailbox.put, which has \('name', 'letter'\)"):

        class Wrong(Counting):
            inherited: ClassVar = {"count": PUT}
