"""Hazelcast's own serialisation: read as the official package writes it, where it does, and within limits."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import struct
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.config import Config, IntType
from hazelcast.core import HazelcastJsonValue
from hazelcast.serialization.service import SerializationServiceV1
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.jet import serialized
from tealjet.jet.job_config import ResourceType, read_job_config
from tealjet.jet.payloads import FoundJob, read_job_ids
from tealjet.jet.serialized import KnownTypes, SerializedReader, read_data, type_of
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet import Dialect

relaxed = settings(deadline=None, max_examples=100)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
zones = st.integers(-18 * 60, 18 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | text
    | st.uuids()
    | st.binary(max_size=20).map(bytearray)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.times()
    | st.datetimes(timezones=zones),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)


def official(int_type: int = IntType.LONG) -> Any:
    config = Config()
    config.default_int_type = int_type
    return SerializationServiceV1(config)


def written(value: Any, int_type: int = IntType.LONG) -> bytes:
    return bytes(official(int_type).to_data(value).buffer)


@relaxed
@given(values)
def test_what_the_official_package_writes_is_read(value: Any) -> None:
    assert read_data(written([value])) == [value]


@pytest.mark.parametrize(
    ("int_type", "number"),
    [
        (IntType.BYTE, 100),
        (IntType.SHORT, -30000),
        (IntType.INT, 70000),
        (IntType.LONG, 2**40),
        (IntType.BIG_INT, 2**80),
    ],
)
def test_numbers_of_each_size(int_type: int, number: int) -> None:
    assert read_data(written(number, int_type)) == number


def test_json_is_text() -> None:
    assert read_data(written(HazelcastJsonValue('{"a": 1}'))) == '{"a": 1}'


def data(type_id: int, payload: bytes = b"") -> bytes:
    return struct.pack(">ii", 0, type_id) + payload


def item(type_id: int, payload: bytes = b"") -> bytes:
    return struct.pack(">i", type_id) + payload


def string(value: str | None) -> bytes:
    if value is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", len(value.encode())) + value.encode()


def text_item(value: str | None) -> bytes:
    return item(-11, string(value))


def count(*items: bytes, each: int = 1) -> bytes:
    return struct.pack(">i", len(items) // each) + b"".join(items)


ID = uuid.UUID(int=1)
JAVA_MINT = bytes.fromhex("aced0005") + b"\x74\x00\x04mint"

OTHERS: dict[str, tuple[bytes, Any]] = {
    "a char": (data(-5, b"\x00t"), "t"),
    "a float": (data(-9, struct.pack(">f", 1.5)), 1.5),
    "a null array": (data(-17, struct.pack(">i", -1)), None),
    "booleans": (data(-13, count(b"\x01", b"\x00")), [True, False]),
    "chars": (data(-14, count(b"\x00a", b"\x00b")), ["a", "b"]),
    "shorts": (data(-15, count(b"\xff\xff")), [-1]),
    "ints": (data(-16, count(struct.pack(">i", 7))), [7]),
    "longs": (data(-17, count(struct.pack(">q", 7))), [7]),
    "floats": (data(-18, count(struct.pack(">f", 0.5))), [0.5]),
    "doubles": (data(-19, count(struct.pack(">d", 0.5))), [0.5]),
    "strings": (data(-20, count(string("a"), string(None))), ["a", None]),
    "an entry": (data(-22, text_item("a") + text_item("b")), ("a", "b")),
    "a class": (data(-24, string("a.B")), "a.B"),
    "a moment": (data(-25, struct.pack(">q", 1000)), datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.UTC)),
    "objects": (data(-28, count(text_item("a"), item(0))), ["a", None]),
    "a list": (data(-29, count(text_item("a"), item(-7, struct.pack(">i", 1)))), ["a", 1]),
    "a map": (data(-32, count(text_item("a"), text_item("b"), each=2)), {"a": "b"}),
    "a linked map": (data(-35, count(item(-21, ID.bytes), item(0), each=2)), {ID: None}),
    "a sorted map": (data(-36, item(0) + count(text_item("a"), text_item("b"), each=2)), {"a": "b"}),
    "a set": (data(-37, count(text_item("a"))), ["a"]),
    "a sorted set": (data(-38, item(0) + count(text_item("a"))), ["a"]),
    "a date and time": (
        data(-53, struct.pack(">ibbbbbi", 2026, 11, 26, 1, 2, 3, 4000)),
        datetime.datetime(2026, 11, 26, 1, 2, 3, 4),
    ),
    "something Java has serialized": (data(-100, JAVA_MINT), "mint"),
    "something after something Java has serialized": (
        data(-29, count(item(-100, JAVA_MINT), text_item("a"))),
        ["mint", "a"],
    ),
}


@pytest.mark.parametrize(("written", "value"), OTHERS.values(), ids=OTHERS)
def test_what_only_java_writes(written: bytes, value: Any) -> None:
    assert read_data(written) == value


def test_what_newer_members_append_is_left_unread() -> None:
    assert read_data(data(-11, string("a")) + b"more") == "a"


def test_the_type_of_data() -> None:
    assert type_of(data(-11, string("a"))) == -11
    with pytest.raises(ProtocolError):
        type_of(b"\x00" * 7)


def identified(factory: int, number: int, payload: bytes = b"", header: int = 1) -> bytes:
    version = b"\x05\x07" if header & 2 else b""
    return data(-2, bytes([header]) + struct.pack(">ii", factory, number) + version + payload)


def test_a_class_with_a_number_is_read_by_who_knows_it() -> None:
    known = KnownTypes(identified={(-1, 2): lambda reader: ("known", reader.read_int())})
    payload = struct.pack(">i", 9)
    assert read_data(identified(-1, 2, payload), known) == ("known", 9)
    assert read_data(identified(-1, 2, payload, header=3), known) == ("known", 9)  # as Enterprise members write it
    with pytest.raises(ProtocolError, match="class 2 of factory -1"):
        read_data(identified(-1, 2, payload))


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "bytes are expected"),
    "a type that nobody knows": (data(4711), "unknown type 4711"),
    "a class without a number": (data(-2, b"\x00" + string("a.B")), r"unknown class 'a\.B'"),
    "a string that is longer": (data(-11, struct.pack(">i", 9)), "9 bytes are expected"),
    "a string below zero": (data(-11, struct.pack(">i", -2)), "-2 bytes are expected"),
    "a string that is no text": (data(-11, struct.pack(">i", 1) + b"\xff"), "not UTF-8"),
    "more items than bytes": (data(-29, struct.pack(">i", 2) + bytes(7)), "2 items can't lie in the 7 bytes"),
    "items below zero": (data(-32, struct.pack(">i", -1)), "-1 items"),
    "more numbers than bytes": (data(-17, struct.pack(">i", 2) + bytes(15)), "2 values can't lie in the 15 bytes"),
    "a key that is a list": (data(-32, count(item(-29, count()), item(0), each=2)), "a key of the type list"),
    "an impossible date": (data(-51, struct.pack(">ibb", 2026, 13, 1)), "impossible value"),
    "a moment after the end of time": (data(-25, struct.pack(">q", 2**62)), "impossible value"),
    "an endless decimal number": (data(-27, struct.pack(">i", 5000) + bytes(5004)), "decimal number of 5000 bytes"),
    "no decimal number": (data(-27, struct.pack(">i", -1)), "number is null"),
}


@pytest.mark.parametrize(("written", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused(written: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        read_data(written)


def test_objects_may_lie_in_each_other_up_to_a_limit() -> None:
    def nested(levels: int) -> bytes:
        return bytes(4) + (struct.pack(">ii", -29, 1)) * (levels - 1) + item(0)

    assert read_data(nested(serialized.MAX_DEPTH)) is not None
    with pytest.raises(ProtocolError, match="lie in each other"):
        read_data(nested(serialized.MAX_DEPTH + 1))


def test_decimal_numbers_keep_every_digit() -> None:
    number = decimal.Decimal("-123456789012345678901234567890.000000000000000000000001")
    assert read_data(written(number)) == number


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([case for case, _ in OTHERS.values()]), st.data())
def test_what_was_damaged_is_read_or_refused(whole: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 4))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        read_data(bytes(damaged))


# ------------------------------------------------------------------------------- what recordings do not have


MEMBERS = [uuid.UUID(int=number) for number in (1, 2)]


def ids_of(*members: tuple[uuid.UUID, list[tuple[int, bool]]]) -> bytes:
    parts = []
    for member, jobs in members:
        lists = count(*(struct.pack(">q", job) for job, _ in jobs)) + count(*(bytes([light]) for _, light in jobs))
        parts += [item(-21, member.bytes), item(-2, b"\x01" + struct.pack(">ii", -10002, 19) + lists)]
    return data(-32, count(*parts, each=2))


def test_the_coordinator_of_a_light_job_is_the_member_that_knows_it() -> None:
    answer = ids_of((MEMBERS[0], [(7, False), (8, True)]), (MEMBERS[1], [(7, False)]))
    assert read_job_ids(answer) == (
        FoundJob(job_id=7, coordinator=None),
        FoundJob(job_id=8, coordinator=MEMBERS[0]),
    )
    assert [job.light for job in read_job_ids(answer)] == [False, True]


WRONG_IDS: dict[str, bytes] = {
    "a list": data(-29, count()),
    "a list of a member": data(-32, count(item(-21, ID.bytes), item(-29, count(item(-7, bytes(4)))), each=2)),
    "ids of nobody": data(-32, count(item(0), item(0), each=2)),
    "a number of ids and another one of kinds": data(
        -32,
        count(
            item(-21, ID.bytes),
            item(-2, b"\x01" + struct.pack(">ii", -10002, 19) + count(struct.pack(">q", 1)) + count()),
            each=2,
        ),
    ),
}


@pytest.mark.parametrize("answer", WRONG_IDS.values(), ids=WRONG_IDS)
def test_ids_that_are_none_are_refused(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_job_ids(answer)


def java_enum(class_name: str, name: str) -> bytes:
    def utf(value: str) -> bytes:
        return struct.pack(">H", len(value)) + value.encode()

    head = bytes.fromhex("aced00057e72") + utf(class_name) + bytes(8) + bytes.fromhex("1200007872")
    return item(-100, head + utf("java.lang.Enum") + bytes(8) + bytes.fromhex("120000787074") + utf(name))


GUARANTEE = java_enum("com.hazelcast.jet.config.ProcessingGuarantee", "AT_LEAST_ONCE")


def config_of_5(**changed: bytes) -> bytes:
    fields = {
        "name": string("job"),
        "guarantee": GUARANTEE,
        "interval": struct.pack(">q", 500),
        "flags": b"\x00\x01\x01",
        "resources": count(),
        "serializers": item(-32, count()),
        "arguments": item(-32, count()),
        "class_paths": item(-32, count()),
        "class_loader": item(0),
        "snapshot": string(None),
        "metrics": b"\x00\x01",
        "limits": struct.pack(">qq", 1000, 2500),
        **changed,
    }
    return data(-2, b"\x01" + struct.pack(">ii", -10004, 0) + b"".join(fields.values()))


def test_a_configuration_with_everything_in_it() -> None:
    config = read_job_config(
        config_of_5(
            resources=count(
                text_item("x"),
                item(-2, b"\x01" + struct.pack(">ii", -10004, 2) + string("x") + struct.pack(">h", 1) + item(0)),
                each=2,
            ),
            serializers=item(-32, count(text_item("a.B"), text_item("a.Serializer"), each=2)),
            arguments=item(-32, count(text_item("day"), text_item("monday"), each=2)),
            class_paths=item(-32, count(text_item("stage"), item(-29, count(text_item("x.jar"))), each=2)),
            class_loader=item(-100, bytes.fromhex("aced0005737200") + b"\x03a.F" + bytes(8) + b"\x02\x00\x00\x78\x70"),
            snapshot=string("before"),
        ),
        Dialect.HAZELCAST_5,
    )
    assert config.processing_guarantee.name == "AT_LEAST_ONCE"
    assert config.snapshot_interval == 0.5
    assert (config.auto_scaling, config.suspend_on_failure, config.split_brain_protection) == (False, True, True)
    (resource,) = config.resources
    assert (resource.id, resource.type, resource.url) == ("x", ResourceType.FILE, None)
    assert config.serializers == {"a.B": "a.Serializer"}
    assert config.arguments == {"day": "monday"}
    assert config.custom_class_paths == {"stage": ("x.jar",)}
    assert (config.class_loader_factory, config.initial_snapshot) == ("a.F", "before")
    assert (config.metrics, config.store_metrics) == (False, True)
    assert (config.max_processor_accumulated_records, config.timeout) == (1000, 2.5)


WRONG_CONFIGS: dict[str, bytes] = {
    "another guarantee": config_of_5(guarantee=java_enum("com.hazelcast.jet.config.ProcessingGuarantee", "MAYBE")),
    "no guarantee": config_of_5(guarantee=item(0)),
    "resources without a name": config_of_5(resources=count(item(0), item(0), each=2)),
    "a resource that is none": config_of_5(resources=count(text_item("x"), item(0), each=2)),
    "a resource of another type": config_of_5(
        resources=count(
            text_item("x"),
            item(-2, b"\x01" + struct.pack(">ii", -10004, 2) + string("x") + struct.pack(">h", 9) + item(0)),
            each=2,
        )
    ),
    "a class path that is none": config_of_5(
        class_paths=item(-32, count(text_item("stage"), text_item("x.jar"), each=2))
    ),
    "arguments that are none": config_of_5(arguments=text_item("x")),
    "a list": data(-29, count()),
}


@pytest.mark.parametrize("answer", WRONG_CONFIGS.values(), ids=WRONG_CONFIGS)
def test_configurations_that_are_none_are_refused(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_job_config(answer, Dialect.HAZELCAST_5)


READERS: list[Callable[[SerializedReader], object]] = [SerializedReader.read_object, SerializedReader.read_map]


@pytest.mark.parametrize("read", READERS)
@settings(deadline=None, max_examples=200)
@given(whole=st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(read: Callable[[SerializedReader], object], whole: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        read(SerializedReader(whole))
