"""The messages of the structures: numbers, properties, bytes and values are those of the official package's codecs."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from typing import Any

import pytest
from hazelcast import config
from hazelcast.protocol import AnchorDataListHolder, PagingPredicateHolder
from hazelcast.protocol import codec as official
from hazelcast.serialization import compact
from hazelcast.serialization.api import FieldKind
from hazelcast.serialization.data import Data
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.protocol import layout, structures, table
from tealjet.protocol.codec import (
    decode_event,
    decode_request,
    decode_response,
    encode_event,
    encode_request,
    encode_response,
)
from tealjet.protocol.declare import Layout, MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.features import FEATURES
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.structures import counters, cp, maps, multi_maps, parts, schemas
from tealjet.protocol.values import RingbufferItems

relaxed = settings(deadline=None, max_examples=10)
every_message = pytest.mark.parametrize("message_type", structures.MESSAGES, ids=lambda one: one.name)
every_event = pytest.mark.parametrize(
    "message_type", [one for one in structures.MESSAGES if one.events], ids=lambda one: one.name
)


def official_name(message_type: MessageType[Any, Any]) -> str:
    snake = re.sub(r"(?<=[a-z])([A-Z])|\.", lambda match: "_" + (match[1] or "").lower(), message_type.name)
    return f"{snake}_codec"


def official_codec(message_type: MessageType[Any, Any]) -> Any:
    return importlib.import_module(f"{official.__name__}.{official_name(message_type)}")


# ------------------------------------------------------------------------------------------------------- any message

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
datas = st.binary(min_size=8, max_size=16)
some_datas = st.lists(datas, max_size=3).map(tuple)
longs = st.integers(-(2**63), 2**63 - 1)
ints = st.integers(-(2**31), 2**31 - 1)
entries = st.lists(st.tuples(datas, datas), max_size=3).map(tuple)
vector_clocks = st.lists(st.tuples(st.uuids(), longs), max_size=3).map(tuple)
anchors = st.builds(
    maps.AnchorDataList, anchor_page_list=st.lists(ints, max_size=3).map(tuple), anchor_data_list=entries
)
kinds = st.sampled_from([int(kind) for kind in FieldKind if compact.FIELD_OPERATIONS[kind] is not None])
schema_fields = st.lists(
    st.builds(schemas.FieldDescriptor, field_name=text, kind=kinds),
    max_size=3,
    unique_by=lambda field: field.field_name,
).map(lambda fields: tuple(sorted(fields, key=lambda field: field.field_name)))
some_schemas = st.builds(schemas.Schema, type_name=text, fields=schema_fields)

BY_TYPE: dict[object, st.SearchStrategy[Any]] = {
    layout.BOOLEAN: st.booleans(),
    layout.BYTE: st.integers(-128, 127),
    layout.INT: ints,
    layout.LONG: longs,
    layout.UUID: st.uuids(),
    layout.NULLABLE_UUID: st.none() | st.uuids(),
    layout.STRING: text,
    layout.BYTES: datas,
    parts.DATA: datas,
    parts.NULLABLE_DATA: st.none() | datas,
    parts.DATAS: some_datas,
    parts.ENTRIES: entries,
    multi_maps._ENTRIES_OF_MANY: st.lists(st.tuples(datas, some_datas), max_size=3).map(tuple),
    counters._VECTOR_CLOCK: vector_clocks,
    schemas._SCHEMA: some_schemas,
    schemas._SCHEMAS: st.lists(some_schemas, max_size=2).map(tuple),
    maps._PAGING_PREDICATE: st.builds(
        maps.PagingPredicate,
        anchor_data_list_holder=anchors,
        predicate_data=st.none() | datas,
        comparator_data=st.none() | datas,
        page_size=ints,
        page=ints,
        iteration_type_id=st.integers(-128, 127),
        partition_key_data=st.none() | datas,
    ),
    maps._INDEX_CONFIG: st.builds(
        maps.IndexConfig,
        name=st.none() | text,
        type=st.integers(0, 2),
        attributes=st.lists(text, max_size=2, unique=True).map(tuple),
        bitmap_index_options=st.builds(
            maps.BitmapIndexOptions,
            unique_key=st.sampled_from(["__key", "this"]),
            unique_key_transformation=st.integers(0, 2),
        ),
    ),
}

BY_NAME = {"filter": st.none() | datas}
"""Fields of a type of their own."""

ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "map.getEntryView": st.builds(
        maps.EntryViewAnswer,
        max_idle=longs,
        response=st.none()
        | st.builds(
            maps.EntryView,
            key=datas,
            value=datas,
            **{one.name: longs for one in dataclasses.fields(maps.EntryView) if one.name not in ("key", "value")},
        ),
    ),
    **dict.fromkeys(
        ("map.keySetWithPagingPredicate", "map.valuesWithPagingPredicate"),
        st.builds(maps.DatasPage, response=some_datas, anchor_data_list=anchors),
    ),
    "map.entriesWithPagingPredicate": st.builds(maps.EntriesPage, response=entries, anchor_data_list=anchors),
    **dict.fromkeys(("map.project", "map.projectWithPredicate"), st.lists(st.none() | datas, max_size=3).map(tuple)),
    "map.entrySet": entries,
    "ringbuffer.readMany": st.builds(
        RingbufferItems,
        read_count=ints,
        items=some_datas,
        item_sequences=st.none() | st.lists(longs, max_size=3).map(tuple),
        next_sequence=longs,
    ),
    "client.sendSchema": st.lists(st.uuids(), max_size=3, unique=True).map(tuple),
    "client.fetchSchema": st.none() | some_schemas,
}
"""Those with fields of a type of their own."""

EVENTS: dict[object, st.SearchStrategy[Any]] = {
    maps.Invalidations: st.builds(
        maps.Invalidations,
        keys=some_datas,
        source_uuids=st.lists(st.none() | st.uuids(), max_size=3).map(tuple),
        partition_uuids=st.lists(st.uuids(), max_size=3).map(tuple),
        sequences=st.lists(longs, max_size=3).map(tuple),
    )
}


def values_of(declared: Layout) -> st.SearchStrategy[dict[str, Any]]:
    """Anything that the fields can carry, by name."""
    fixed = {field.name: one for field, one, _ in declared.fields._fixed}
    framed = {field.name: one for field, one in declared.fields._framed}
    types = {**fixed, **framed}
    return st.fixed_dictionaries(
        {name: BY_NAME[name] if name in BY_NAME else BY_TYPE[one] for name, one in types.items()}
    )


def answers_of(message_type: MessageType[Any, Any]) -> st.SearchStrategy[Any]:
    make = message_type.response.make
    if message_type.name in ANSWERS:
        return ANSWERS[message_type.name]
    if make is not None:
        return values_of(message_type.response).map(lambda fields: make(**fields))
    return values_of(message_type.response).map(lambda fields: next(iter(fields.values()), None))


def events_of(declared: Layout) -> st.SearchStrategy[Any]:
    make = declared.make
    assert make is not None
    if make in EVENTS:
        return EVENTS[make]
    return values_of(declared).map(lambda fields: make(**fields))


def received(data: bytes | bytearray) -> Message:
    (message,) = FrameReader().feed(bytes(data))
    return message


# ------------------------------------------------------------------------------------------- official values, and ours

OFFICIAL_NAMES = {
    "from_": "_from",
    "interceptor_id": "id",
    "task": "callable",
    "next_sequence": "next_seq",
    "item_sequences": "item_seqs",
}
"""Fields that are called otherwise in the official package, mostly by words of Python."""


def in_official_objects(value: Any) -> Any:
    """What the official codec is given for a value of ours."""
    match value:
        case bytes():
            return Data(value)
        case maps.IndexConfig():
            made = config.IndexConfig(value.name, value.type)
            made._attributes = list(value.attributes)
            made._bitmap_index_options = in_official_objects(value.bitmap_index_options)
            return made
        case maps.BitmapIndexOptions():
            return config.BitmapIndexOptions(value.unique_key, value.unique_key_transformation)
        case maps.AnchorDataList():
            return AnchorDataListHolder(list(value.anchor_page_list), in_official_objects(value.anchor_data_list))
        case maps.PagingPredicate():
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            return PagingPredicateHolder(
                **{
                    one: field if isinstance(field, int) else in_official_objects(field)
                    for one, field in fields.items()
                }
            )
        case schemas.Schema():
            return compact.Schema(value.type_name, [in_official_objects(one) for one in value.fields])
        case schemas.FieldDescriptor():
            return compact.FieldDescriptor(value.field_name, FieldKind(value.kind))
        case tuple():
            return [in_official_objects(one) for one in value]
        case _:
            return value


def seen(ours: Any, theirs: Any) -> Any:
    """What the official decoder has made, in the shape of our value."""
    if dataclasses.is_dataclass(ours) and theirs is not None:
        find = theirs.get if isinstance(theirs, dict) else lambda name: getattr(theirs, name)
        names = [field.name for field in dataclasses.fields(ours)]
        make: Any = type(ours)
        return make(**{name: seen(getattr(ours, name), find(OFFICIAL_NAMES.get(name, name))) for name in names})
    if isinstance(theirs, Data):
        return bytes(theirs.buffer)
    if isinstance(ours, tuple) and isinstance(theirs, list | tuple) and len(ours) == len(theirs):
        return tuple(map(seen, ours, theirs))
    return theirs


# ----------------------------------------------------------------------------------------------------------- the table


def test_a_number_is_declared_once() -> None:
    declared = {id(one): one for one in (*structures.MESSAGES, *cp.MESSAGES, *table.MESSAGES)}.values()
    numbers = [number for one in declared for number in (one.request.type, one.response.type, *one.events)]
    assert len(set(numbers)) == len(numbers)


def test_the_table_has_every_structure_of_the_official_package() -> None:
    families = re.compile(
        r"(map|multi_map|replicated_map|queue|list|set|topic|ringbuffer|pn_counter|flake_id_generator|transaction"
        r"|transactional_\w+?|executor_service)_[a-z_]+_codec"
    )
    there = {one.name for one in pkgutil.iter_modules(official.__path__) if families.fullmatch(one.name)}
    assert there <= {official_name(one) for one in structures.MESSAGES}


@pytest.mark.parametrize("message_type", [*structures.MESSAGES, *cp.MESSAGES], ids=lambda one: one.name)
def test_a_message_has_the_official_numbers(message_type: MessageType[Any, Any]) -> None:
    codec = official_codec(message_type)
    events = {value for name, value in vars(codec).items() if re.fullmatch(r"_EVENT_\w+_MESSAGE_TYPE", name)}
    assert message_type.request.type == codec._REQUEST_MESSAGE_TYPE
    assert message_type.response.type == codec._RESPONSE_MESSAGE_TYPE
    assert set(message_type.events) == events


@pytest.mark.parametrize("message_type", [*structures.MESSAGES, *cp.MESSAGES], ids=lambda one: one.name)
def test_a_message_is_retryable_where_the_official_one_is(message_type: MessageType[Any, Any]) -> None:
    source = inspect.getsource(official_codec(message_type).encode_request)
    assert f"OutboundMessage(buf, {message_type.retryable}" in source


def test_every_message_of_the_cp_subsystem_is_known() -> None:
    families = re.compile(r"(atomic_long|atomic_ref|count_down_latch|fenced_lock|semaphore|cp_\w+?)_[a-z_]+_codec")
    there = {one.name for one in pkgutil.iter_modules(official.__path__) if families.fullmatch(one.name)}
    assert there == {official_name(one) for one in cp.MESSAGES}


def test_what_came_with_later_members_is_declared_under_the_same_numbers() -> None:
    declared = {one.name: one.request.type for one in structures.MESSAGES}
    later = {name: number for feature in FEATURES for name, number in feature.messages.items() if name in declared}
    assert later == {name: declared[name] for name in later}
    assert {"topic.publishAll", "multiMap.putAll", "client.sendSchema"} <= later.keys()


def test_a_client_does_without_the_table() -> None:
    code = "import sys, tealjet, tealjet.asyncio; sys.exit('tealjet.protocol.structures' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ----------------------------------------------------------------------------------------------------------- the bytes


@every_message
@relaxed
@given(st.data())
def test_a_request_has_the_official_bytes(message_type: MessageType[Any, Any], data: st.DataObject) -> None:
    fields = data.draw(values_of(message_type.request))
    theirs = {OFFICIAL_NAMES.get(name, name): in_official_objects(value) for name, value in fields.items()}
    request = official_codec(message_type).encode_request(**theirs).buf
    assert encode_request(message_type, **fields) == request
    assert decode_request(message_type, received(request)) == fields


@every_message
@relaxed
@given(st.data())
def test_the_official_client_reads_our_answer(message_type: MessageType[Any, Any], data: st.DataObject) -> None:
    answer = data.draw(answers_of(message_type))
    message = received(encode_response(message_type, answer, correlation_id=1))
    decoder = getattr(official_codec(message_type), "decode_response", lambda _: None)
    theirs = decoder(message)
    if isinstance(theirs, set):
        assert theirs == set(answer)
    else:
        assert seen(answer, theirs) == answer
    assert decode_response(message_type, message) == answer


@every_event
@relaxed
@given(st.data())
def test_the_official_client_reads_our_events(message_type: MessageType[Any, Any], data: st.DataObject) -> None:
    event = data.draw(st.one_of([events_of(one) for one in message_type.events.values()]))
    message = received(encode_event(message_type, event, correlation_id=3))
    handle = official_codec(message_type).handle
    calls = dict(re.findall(r"^ +(handle_\w+)\(([\w, ]+)\)$", inspect.getsource(handle), re.MULTILINE))
    heard: list[dict[str, Any]] = []

    def handler(names: str) -> Any:
        return lambda *values: heard.append(dict(zip(names.split(", "), values, strict=True)))

    handle(message, **{name: handler(names) for name, names in calls.items()})
    assert message.is_event
    assert [seen(event, one) for one in heard] == [event]
    assert decode_event(message_type, message) == event


@settings(deadline=None, max_examples=1000)
@given(
    st.sampled_from(structures.MESSAGES),
    st.binary(max_size=40),
    st.lists(st.tuples(st.binary(max_size=12), st.sampled_from([0, 0x0400, 0x0800, 0x1000])), max_size=8),
)
def test_a_request_of_random_frames_is_read_as_some_value_or_a_protocol_error(
    message_type: MessageType[Any, Any], first: bytes, more: list[tuple[bytes, int]]
) -> None:
    writer = layout.FrameWriter()
    writer.add(message_type.request.type.to_bytes(4, "little") + bytes(12) + first, 0xC000)
    for content, flags in more:
        writer.add(content, flags)
    try:
        fields = decode_request(message_type, received(writer.finish()))
    except ProtocolError:
        return
    assert fields.keys() <= set(message_type.request.fields.names)
