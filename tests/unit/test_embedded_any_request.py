"""Whatever clients ask of the structures of an embedded cluster, in whatever order: it is answered, by no defect."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hazelcast import predicate
from hypothesis import given, settings
from hypothesis import strategies as st

from support.embedded import MemoryCluster
from support.serialized import data
from tealjet.protocol import jet, structures
from tealjet.protocol.declare import MessageType
from tealjet.protocol.jet_values import TerminationMode
from tealjet.protocol.structures import maps, schemas, transactions

objects = st.sampled_from(
    [data(value) for value in ("a", "b", 1, 2.5, True, ["x"])]
    + [data(one) for one in (predicate.true(), predicate.equal("this", "a"), predicate.greater("this", 1))]
    + [data(predicate.paging(predicate.true(), 2)), bytes(8), bytes(4) + b"\xff\xff\xff\xfe", bytes(9)]
)
numbers = st.sampled_from([-(1 << 31), -2, -1, 0, 1, 2, 5, 1_000, (1 << 31) - 1])
many = st.lists(objects, max_size=3).map(tuple)
ids = st.sampled_from([uuid.UUID(int=number) for number in range(1, 4)])
anchors = st.builds(
    maps.AnchorDataList,
    anchor_page_list=st.lists(st.integers(0, 3), max_size=2).map(tuple),
    anchor_data_list=st.lists(st.tuples(objects, objects), max_size=2).map(tuple),
)
some_schemas = st.builds(
    schemas.Schema,
    type_name=st.sampled_from(["", "person"]),
    fields=st.just((schemas.FieldDescriptor(field_name="age", kind=9),)),
)

OF_NAME: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["a", "b@a"]),
    "thread_id": st.sampled_from([1, 2]),
    "timeout": st.sampled_from([-1, 0, 50]),
    "timeout_millis": st.sampled_from([-1, 0, 50]),
    "entries": st.lists(st.tuples(objects, objects), max_size=2).map(tuple),
    "predicate": objects,
    "interceptor_id": st.just("i"),
    "index_config": st.just(maps.IndexConfig(name=None, type=0, attributes=("a",), bitmap_index_options=None)),
    "replica_timestamps": st.lists(st.tuples(ids, numbers), max_size=2).map(tuple),
    "schema": some_schemas,
    "schemas": st.lists(some_schemas, max_size=2).map(tuple),
    "filter": st.none() | objects,
    "overflow_policy": st.sampled_from([0, 1]),
    "config": objects,
    "definition": objects,
    "mode": st.sampled_from(TerminationMode),
    "light_job_coordinator": st.none() | ids,
    "only_name": st.none() | st.just("n"),
    "job_parameters": st.just(()),
    "part_data": st.binary(max_size=8),
    "sha256_hex": st.just("00"),
    **dict.fromkeys(("keys", "values", "items", "data_list", "value_list", "messages"), many),
    **dict.fromkeys(("txn_id", "transaction_id", "registration_id", "session_id", "uuid", "member_uuid"), ids),
    "target_replica_uuid": ids,
    **dict.fromkeys(("service_name", "object_name", "file_name"), st.just("n")),
    **dict.fromkeys(("snapshot_name", "job_name", "main_class"), st.none() | st.just("n")),
    **dict.fromkeys(
        ("include_value", "local_only", "get_before_update", "trigger_map_loader", "replace_existing_values"),
        st.booleans(),
    ),
    **dict.fromkeys(("jar_on_member", "cancel_job"), st.booleans()),
}
"""The fields that are neither numbers nor objects, by name."""

PAGING = st.builds(
    maps.PagingPredicate,
    anchor_data_list_holder=anchors,
    predicate_data=st.none() | objects,
    comparator_data=st.none() | objects,
    page_size=st.sampled_from([-1, 0, 2]),
    page=st.sampled_from([-1, 0, 1]),
    iteration_type_id=st.sampled_from([0, 1, 2]),
    partition_key_data=st.none(),
)
MULTI = st.lists(st.tuples(objects, many), max_size=2).map(tuple)


def fields_of(message: MessageType[Any, Any]) -> st.SearchStrategy[dict[str, Any]]:
    framed = {field.name for field, _ in message.request.fields._framed}
    special: dict[str, st.SearchStrategy[Any]] = {"predicate": PAGING} if "PagingPredicate" in message.name else {}
    special |= {"entries": MULTI} if message.name == "multiMap.putAll" else {}
    otherwise = {name: objects if name in framed else numbers for name in message.request.fields.names}
    return st.fixed_dictionaries(
        {name: special.get(name, OF_NAME.get(name, otherwise[name])) for name in message.request.fields.names}
    )


def requests(messages: tuple[MessageType[Any, Any], ...]) -> st.SearchStrategy[list[Any]]:
    by_name = {message.name: message for message in messages}
    one = st.sampled_from(sorted(by_name)).flatmap(lambda name: st.tuples(st.just(name), fields_of(by_name[name])))
    return st.lists(one, min_size=10, max_size=40)


CASES = [("5.7.0", (*structures.MESSAGES, *jet.MESSAGES)), ("jet-4.3.1", (*structures.MESSAGES, *jet.JET_4_MESSAGES))]


@pytest.mark.parametrize(("version", "messages"), CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_no_sequence_of_requests_finds_a_defect(version: str, messages: tuple[MessageType[Any, Any], ...]) -> None:
    by_name = {message.name: message for message in messages}

    @settings(deadline=None, max_examples=60)
    @given(requests(messages), st.randoms(use_true_random=False))
    def ask(sequence: list[Any], chance: Any) -> None:
        world = MemoryCluster(size=2, version=version)
        clients = [world.client(0), world.client(1)]
        mine = [
            one.ask(transactions.CREATE, timeout=1_000, durability=1, transaction_type=2, thread_id=1)
            for one in clients
        ]
        for asked, fields in sequence:
            message = by_name[asked]
            number = chance.randrange(2)
            for name in ("txn_id", "transaction_id"):
                if name in fields:
                    fields = {**fields, name: mine[number]}
            clients[number].send(message, **fields)
            world.runtime.advance(chance.choice([0.0, 0.0, 0.3]))
        clients[0].session.end("gone")
        world.runtime.advance(200.0)
        assert not world.cluster.defects

    ask()
