"""Topics, ringbuffers, counters, ids, schemas, executors of embedded members, and what they refuse."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hazelcast.serialization import compact
from hypothesis import given, settings
from hypothesis import strategies as st

from support.embedded import MemoryClient, MemoryCluster
from support.serialized import data, value, values
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import served_messages
from tealjet.lab.embedded.structures.schemas import fingerprint
from tealjet.protocol import structures, table
from tealjet.protocol.features import FEATURES
from tealjet.protocol.structures import counters, cp, executors, ringbuffers, schemas, topics


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def client(world: MemoryCluster) -> MemoryClient:
    return world.client()


def refused(client: MemoryClient, message: Any, **fields: Any) -> tuple[str, str | None]:
    first = client.error(message, **fields)[0]
    return first.class_name.rpartition(".")[2], first.message


def test_every_declared_message_of_a_structure_is_served() -> None:
    served = {message.request.type for message in served_messages(SERVICES)}
    assert {message.request.type for message in structures.MESSAGES} <= served


@pytest.mark.parametrize("feature", [one for one in FEATURES if one.name.split(".")[0] in ("Topic", "MultiMap")])
def test_what_4_0_lacks_is_an_unknown_message_to_it(feature: Any) -> None:
    client = MemoryCluster(version="jet-4.3.1").client()
    (number,) = feature.messages.values()
    (message,) = [one for one in structures.MESSAGES if one.request.type == number]
    fields = {"name": "n", "messages": (), "entries": ()}
    given = {name: fields[name] for name in message.request.fields.names}
    assert refused(client, message, **given) == (
        "UnsupportedOperationException",
        f"Unrecognized client message received with type: {number:#x}",
    )


# ----------------------------------------------------------------------------------------------------------- topics


def test_every_listener_of_a_topic_hears_each_message(world: MemoryCluster, client: MemoryClient) -> None:
    other = world.client()
    for one in (client, other):
        one.ask(topics.ADD_MESSAGE_LISTENER, name="t", local_only=False)
    client.ask(topics.PUBLISH, name="t", message=data("a"))
    client.ask(topics.PUBLISH_ALL, name="t", messages=(data("b"), data("c")))
    for one in (client, other):
        heard = one.take_events(topics.ADD_MESSAGE_LISTENER)
        assert values(event.item for event in heard) == ["a", "b", "c"]
        assert {event.publish_time for event in heard} == {1_000_000}


def test_a_removed_listener_and_those_of_a_destroyed_topic_hear_nothing(client: MemoryClient) -> None:
    first, _ = (client.ask(topics.ADD_MESSAGE_LISTENER, name="t", local_only=False) for _ in range(2))
    assert client.ask(topics.REMOVE_MESSAGE_LISTENER, name="t", registration_id=first)
    client.ask(topics.PUBLISH, name="t", message=data("a"))
    assert len(client.take_events(topics.ADD_MESSAGE_LISTENER)) == 1
    client.ask(table.DESTROY_PROXY, name="t", service_name="hz:impl:topicService")
    client.ask(topics.PUBLISH, name="t", message=data("b"))
    assert not client.take_events(topics.ADD_MESSAGE_LISTENER)


def test_listeners_at_every_member_hear_a_message_once() -> None:
    world = MemoryCluster(size=3)
    clients = [world.client(number) for number in range(3)]
    clients[0].ask(table.TRIGGER_PARTITION_ASSIGNMENT)
    for one in clients:
        one.ask(topics.ADD_MESSAGE_LISTENER, name="t", local_only=True)
    clients[0].ask(topics.PUBLISH, name="t", message=data("a"))
    assert sum(len(one.take_events(topics.ADD_MESSAGE_LISTENER)) for one in clients) == 1


# ------------------------------------------------------------------------------------------------------ ringbuffers


def add(client: MemoryClient, *items: Any) -> int:
    return client.ask(ringbuffers.ADD_ALL, name="r", overflow_policy=0, value_list=tuple(map(data, items)))


def read_many(client: MemoryClient, start: int, least: int, most: int) -> int:
    return client.send(
        ringbuffers.READ_MANY, name="r", start_sequence=start, min_count=least, max_count=most, filter=None
    )


def test_a_ringbuffer_counts_its_items(client: MemoryClient) -> None:
    assert client.ask(ringbuffers.TAIL_SEQUENCE, name="r") == -1
    assert client.ask(ringbuffers.ADD, name="r", overflow_policy=0, value=data("a")) == 0
    assert add(client, "b", "c") == 2
    assert client.ask(ringbuffers.HEAD_SEQUENCE, name="r") == 0
    assert client.ask(ringbuffers.SIZE, name="r") == 3
    assert client.ask(ringbuffers.CAPACITY, name="r") == client.ask(ringbuffers.REMAINING_CAPACITY, name="r") == 10_000
    assert value(client.ask(ringbuffers.READ_ONE, name="r", sequence=1)) == "b"


def test_reading_one_waits_for_the_next_item_and_no_later_one(client: MemoryClient) -> None:
    call = client.send(ringbuffers.READ_ONE, name="r", sequence=0)
    assert call not in client.answers
    add(client, "a")
    assert value(client.answer(ringbuffers.READ_ONE, call)) == "a"
    assert refused(client, ringbuffers.READ_ONE, name="r", sequence=5) == (
        "IllegalArgumentException",
        "sequence:5 is too large. The current tailSequence is:0",
    )


def test_reading_many_waits_for_as_many_as_are_wanted(client: MemoryClient) -> None:
    call = read_many(client, 0, 2, 10)
    add(client, "a")
    client.take()
    assert call not in client.answers
    add(client, "b", "c")
    read = client.answer(ringbuffers.READ_MANY, call)
    assert (values(read.items), read.item_sequences, read.next_sequence) == (["a", "b", "c"], (0, 1, 2), 3)
    read = client.answer(ringbuffers.READ_MANY, read_many(client, 1, 0, 1))
    assert (values(read.items), read.next_sequence) == (["b"], 2)
    nothing = client.answer(ringbuffers.READ_MANY, read_many(client, 9, 0, 1))
    assert (nothing.items, nothing.read_count, nothing.next_sequence) == ((), 0, 0)


def test_what_has_made_room_is_stale_for_one_and_passed_over_by_many(client: MemoryClient) -> None:
    for _ in range(11):
        add(client, *range(1_000))
    assert client.ask(ringbuffers.HEAD_SEQUENCE, name="r") == 1_000
    assert refused(client, ringbuffers.READ_ONE, name="r", sequence=0) == (
        "StaleSequenceException",
        "sequence:0 is too small and data store is disabled. The current headSequence is:1000 tailSequence is:10999",
    )
    assert client.answer(ringbuffers.READ_MANY, read_many(client, 0, 1, 5)).next_sequence == 1_005


def test_a_filter_is_code_that_members_lack(client: MemoryClient) -> None:
    name, _ = refused(
        client, ringbuffers.READ_MANY, name="r", start_sequence=0, min_count=0, max_count=1, filter=data("text")
    )
    assert name == "ClassCastException"


def test_who_waits_at_a_ringbuffer_is_told_of_its_end_and_forgotten_at_their_own(world: MemoryCluster) -> None:
    waiting, gone, client = (world.client() for _ in range(3))
    calls = [one.send(ringbuffers.READ_ONE, name="r", sequence=0) for one in (waiting, gone)]
    gone.session.end("gone")
    client.ask(table.DESTROY_PROXY, name="r", service_name="hz:impl:ringbufferService")
    with pytest.raises(AssertionError, match="DistributedObjectDestroyedException"):
        waiting.answer(ringbuffers.READ_ONE, calls[0])
    assert calls[1] not in gone.answers


# --------------------------------------------------------------------------------------------------- counters, ids


def counter(client: MemoryClient, message: Any, **fields: Any) -> counters.CounterState:
    given: dict[str, Any] = {
        "name": "c",
        "replica_timestamps": (),
        "target_replica_uuid": client.session.member_uuid,
        "get_before_update": False,
        **fields,
    }
    answer: counters.CounterState = client.ask(message, **{name: given[name] for name in message.request.fields.names})
    return answer


def test_a_counter_counts_and_says_how_far(client: MemoryClient) -> None:
    assert counter(client, counters.ADD, delta=5).value == 5
    assert counter(client, counters.ADD, delta=-2, get_before_update=True).value == 5
    state = counter(client, counters.GET)
    assert state.value == 3
    assert [stamp for _, stamp in state.replica_timestamps] == [-(1 << 63) + 2]
    assert state.replica_count == client.ask(counters.GET_CONFIGURED_REPLICA_COUNT, name="c") == (1 << 31) - 1


def test_a_counter_overflows_as_in_java(client: MemoryClient) -> None:
    counter(client, counters.ADD, delta=(1 << 63) - 1)
    assert counter(client, counters.ADD, delta=1).value == -(1 << 63)


def test_a_counter_never_goes_back_behind_what_a_client_has_seen(client: MemoryClient) -> None:
    ((replica, stamp),) = counter(client, counters.ADD, delta=1).replica_timestamps
    assert counter(client, counters.GET, replica_timestamps=((replica, stamp),)).value == 1
    assert counter(client, counters.GET, replica_timestamps=((uuid.uuid4(), 99),)).value == 1  # another cluster's
    name, _ = refused(
        client,
        counters.GET,
        name="c",
        target_replica_uuid=client.session.member_uuid,
        replica_timestamps=((replica, stamp + 1),),
    )
    assert name == "ConsistencyLostException"


def test_a_counter_is_asked_at_members_only(client: MemoryClient) -> None:
    name, text = refused(client, counters.GET, name="c", target_replica_uuid=uuid.UUID(int=7), replica_timestamps=())
    assert (name, text) == (
        "TargetNotMemberException",
        "Member with uuid(00000000-0000-0000-0000-000000000007) is not in member list ",
    )


def test_ids_are_given_once(world: MemoryCluster, client: MemoryClient) -> None:
    batches = []
    for _ in range(3):
        batch = client.ask(counters.NEW_ID_BATCH, name="f", batch_size=100)
        batches += [batch.base + number * batch.increment for number in range(batch.batch_size)]
        world.runtime.advance(0.001)
    assert len(set(batches)) == 300
    assert refused(client, counters.NEW_ID_BATCH, name="f", batch_size=0) == ("IllegalArgumentException", "batchSize")


@pytest.mark.parametrize(
    ("service", "change", "look"),
    [
        ("hz:impl:PNCounterService", lambda client: counter(client, counters.ADD, delta=1), None),
        ("hz:impl:executorService", lambda client: client.ask(executors.SHUTDOWN, name="c"), None),
    ],
)
def test_a_destroyed_object_begins_anew(client: MemoryClient, service: str, change: Any, look: Any) -> None:
    change(client)
    client.ask(table.DESTROY_PROXY, name="c", service_name=service)
    assert counter(client, counters.GET).value == 0
    assert not client.ask(executors.IS_SHUTDOWN, name="c")


# ---------------------------------------------------------------------------------------------------------- schemas

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
kinds = st.sampled_from([int(kind) for kind, operation in enumerate(compact.FIELD_OPERATIONS) if operation])
schema_fields = st.builds(schemas.FieldDescriptor, field_name=text, kind=kinds)
some_schemas = st.builds(
    schemas.Schema,
    type_name=text,
    fields=st.lists(schema_fields, max_size=4, unique_by=lambda one: one.field_name).map(tuple),
)


@settings(deadline=None)
@given(some_schemas)
def test_a_schema_has_the_official_fingerprint(schema: schemas.Schema) -> None:
    fields: Any = [compact.FieldDescriptor(one.field_name, one.kind) for one in schema.fields]  # type: ignore[arg-type]
    assert fingerprint(schema) == compact.Schema(schema.type_name, fields).schema_id


def test_a_schema_is_kept_by_its_fingerprint_at_every_member() -> None:
    world = MemoryCluster(size=2)
    client = world.client()
    schema = schemas.Schema(type_name="person", fields=(schemas.FieldDescriptor(field_name="age", kind=9),))
    other = schemas.Schema(type_name="dog", fields=())
    assert client.ask(schemas.FETCH_SCHEMA, schema_id=fingerprint(schema)) is None
    having: tuple[uuid.UUID, ...] = client.ask(schemas.SEND_SCHEMA, schema=schema)
    assert set(having) == {member.uuid for member in world.members}
    client.ask(schemas.SEND_ALL_SCHEMAS, schemas=(other,))
    for one in (schema, other):
        assert world.client(1).ask(schemas.FETCH_SCHEMA, schema_id=fingerprint(one)) == one


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("5.7.0", ("IllegalArgumentException", "java.lang.String")),
        (
            "jet-4.3.1",
            (
                "ClassCastException",
                "class java.lang.String cannot be cast to class java.util.concurrent.Callable (java.lang.String and "
                "java.util.concurrent.Callable are in module java.base of loader 'bootstrap')",
            ),
        ),
    ],
)
def test_a_task_is_refused_as_members_of_the_version_do(version: str, error: tuple[str, str]) -> None:
    client = MemoryCluster(version=version).client()
    task = {"name": "e", "uuid": uuid.uuid4(), "task": data("text")}
    assert refused(client, executors.SUBMIT_TO_PARTITION, **task) == error
    assert refused(client, executors.SUBMIT_TO_MEMBER, member_uuid=client.session.member_uuid, **task) == error


def test_an_executor_can_be_shut_down(client: MemoryClient) -> None:
    assert not client.ask(executors.IS_SHUTDOWN, name="e")
    client.ask(executors.SHUTDOWN, name="e")
    assert client.ask(executors.IS_SHUTDOWN, name="e")


@pytest.mark.parametrize("message", cp.MESSAGES, ids=lambda one: one.name)
def test_the_cp_subsystem_is_refused_as_by_community_members(message: Any) -> None:
    assert refused(MemoryCluster().client(), message) == (
        "UnsupportedOperationException",
        "CP subsystem is an Enterprise feature.",
    )
    assert refused(MemoryCluster(version="jet-4.3.1").client(), message) == (
        "UnsupportedOperationException",
        f"Unrecognized client message received with type: {message.request.type:#x}",
    )
