"""Java's own serialisation: what Java wrote is read as plain values, and whatever else arrives is refused."""

from __future__ import annotations

import contextlib
import itertools
import struct
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.jet import java_stream
from tealjet.jet.bytes_reader import BytesReader
from tealjet.jet.java_stream import JavaArray, JavaEnum, JavaObject, read_java
from tealjet.jet.java_values import plain
from tealjet.protocol.errors import ProtocolError

HEADER = bytes.fromhex("aced0005")
NULL, END = b"\x70", b"\x78"
SERIALIZABLE, WRITES_MORE = 2, 3


def utf(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def string(text: str) -> bytes:
    return b"\x74" + utf(text)


def reference(number: int) -> bytes:
    return b"\x71" + struct.pack(">I", 0x7E0000 + number)


def described(
    name: str, *fields: tuple[str, str], flags: int = SERIALIZABLE, parent: bytes = NULL, annotation: bytes = b""
) -> bytes:
    """A class: each field is a letter, or the whole type of an object, and a name."""
    written = [kind[0].encode() + utf(field) + (string(kind) if kind[0] in "L[" else b"") for kind, field in fields]
    head = b"\x72" + utf(name) + bytes(8) + bytes([flags]) + struct.pack(">H", len(fields))
    return head + b"".join(written) + annotation + END + parent


def an_object(description: bytes, data: bytes = b"") -> bytes:
    return b"\x73" + description + data


def read(*parts: bytes) -> Any:
    reader = BytesReader(HEADER + b"".join(parts))
    value = read_java(reader)
    assert reader.left == 0
    return value


# ------------------------------------------------------------------------------------------------------- what is read


def test_an_enum_as_java_writes_it() -> None:
    # com.hazelcast.jet.config.ProcessingGuarantee.NONE, 101 bytes, as JDK 17 wrote it
    name = b"com.hazelcast.jet.config.ProcessingGuarantee"
    data = bytes.fromhex("aced00057e7200") + bytes([len(name)]) + name + bytes(8)
    data += bytes.fromhex("1200007872000e") + b"java.lang.Enum" + bytes(8) + bytes.fromhex("1200007870740004") + b"NONE"
    assert len(data) == 101
    reader = BytesReader(data)
    assert read_java(reader) == JavaEnum(name.decode(), "NONE")
    assert reader.left == 0


def test_null_and_strings() -> None:
    assert read(NULL) is None
    assert read(string("teal")) == "teal"
    assert read(b"\x7c" + struct.pack(">q", 4), b"jet!") == "jet!"


def test_a_string_in_javas_own_utf_8() -> None:
    assert (
        read(
            b"\x74\x00\x09",
            b"a\xc0\x80",
            "\ud83d".encode("utf-8", "surrogatepass"),
            "\ude80".encode("utf-8", "surrogatepass"),
        )
        == "a\0\N{ROCKET}"
    )


def test_an_object_with_a_field_of_each_kind() -> None:
    kinds = [*"BCDFIJSZ", "Ljava/lang/String;", "[I"]
    values = struct.pack(">bHdfiqh?", -1, 0x74, 1.5, 2.5, -3, -4, -5, True)
    array = b"\x75" + described("[I") + struct.pack(">iii", 2, 6, 7)
    made = read(an_object(described("a.B", *((kind, kind[0]) for kind in kinds)), values + string("x") + array))
    fields = dict(made.fields())
    numbers = fields.pop("[")
    assert isinstance(numbers, JavaArray)
    assert numbers.items == [6, 7]
    assert fields == {"B": -1, "C": "t", "D": 1.5, "F": 2.5, "I": -3, "J": -4, "S": -5, "Z": True, "L": "x"}
    assert made.class_name == "a.B"


def test_the_fields_of_a_class_and_of_the_one_it_extends_are_told_apart() -> None:
    parent = described("a.Parent", ("I", "size"))
    made = read(an_object(described("a.Child", ("I", "size"), parent=parent), struct.pack(">ii", 1, 2)))
    assert made.fields("a.Parent")["size"] == 1
    assert made.fields()["size"] == 2
    assert made.java_class.extends("a.Parent")
    assert not made.java_class.extends("a.Other")


def test_what_a_class_writes_as_it_likes_is_kept_in_order() -> None:
    extras = b"\x77\x02ab" + string("x") + b"\x7a" + struct.pack(">i", 1) + b"c" + NULL + END
    made = read(an_object(described("a.B", ("I", "n"), flags=WRITES_MORE), struct.pack(">i", 9) + extras))
    assert made.fields()["n"] == 9
    assert made.extras() == (b"ab", "x", b"c", None)


def test_an_externalizable_in_blocks() -> None:
    made = read(an_object(described("a.B", flags=0x0C), b"\x77\x01z" + END))
    assert made.extras() == (b"z",)


def test_a_proxy_is_an_object_with_what_the_proxy_keeps() -> None:
    proxy = b"\x7d" + struct.pack(">i", 1) + utf("a.Face") + END
    made = read(an_object(proxy + described("java.lang.reflect.Proxy", ("I", "h")), struct.pack(">i", 5)))
    assert made.fields("java.lang.reflect.Proxy")["h"] == 5
    assert "a.Face" in made.class_name


def test_bytes_are_bytes_and_can_be_referred_to() -> None:
    first = b"\x75" + described("[B") + struct.pack(">i", 2) + b"hi"
    description = described("[Ljava.lang.Object;")
    made = read(b"\x75", description, struct.pack(">i", 2), first, reference(3))
    assert made.items == [b"hi", b"hi"]


def test_an_object_may_refer_to_itself() -> None:
    made = read(an_object(described("a.B", ("La.B;", "self")), reference(2)))
    assert made.fields()["self"] is made


def test_a_class_itself_is_a_value() -> None:
    assert read(b"\x76", described("a.B")).name == "a.B"


# ---------------------------------------------------------------------------------------------------- what is refused

REFUSED = {
    "another header": b"\xac\xed\x00\x06",
    "nothing": HEADER,
    "no tag": HEADER + b"\x01",
    "a mark that begins no value": HEADER + END,
    "a reference to nothing": HEADER + reference(0),
    "an object without a class": HEADER + b"\x73" + NULL,
    "an object of a class that is a string": HEADER
    + an_object(described("a.B", ("La.B;", "x")), an_object(reference(1))),
    "a class that extends itself": HEADER + an_object(described("a.B", parent=reference(0))),
    "a class of the same name as its parent": HEADER
    + an_object(described("a.B", ("I", "x"), parent=described("a.B", ("I", "x"))), bytes(8)),
    "a field of no type": HEADER + an_object(described("a.B", ("Q", "x"))),
    "an array that is none": HEADER + b"\x75" + described("a.B") + bytes(4),
    "more items than bytes": HEADER + b"\x75" + described("[J") + struct.pack(">i", 2) + bytes(15),
    "a number of items below zero": HEADER + b"\x75" + described("[J") + struct.pack(">i", -1),
    "a string that is longer": HEADER + b"\x74\x00\x05four",
    "a string with a length below zero": HEADER + b"\x7c" + struct.pack(">q", -1),
    "a string that is no text": HEADER + b"\x74\x00\x01\xff",
    "an enum with a number for a name": HEADER + b"\x7e" + described("a.E") + NULL,
    "an externalizable without blocks": HEADER + an_object(described("a.B", flags=4), b"data"),
    "a reset": HEADER + b"\x79" + NULL,
    "an exception while it was written": HEADER + b"\x7b" + NULL,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_java_does_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_java(BytesReader(data))


def test_values_may_lie_in_each_other_up_to_a_limit() -> None:
    def nested(levels: int) -> bytes:
        inner = NULL
        for level in range(levels, 0, -1):
            description = described("[Ljava.lang.Object;") if level == 1 else reference(0)
            inner = b"\x75" + description + struct.pack(">i", 1) + inner
        return HEADER + inner

    read_java(BytesReader(nested(java_stream.MAX_DEPTH - 1)))
    with pytest.raises(ProtocolError, match="lie in each other"):
        read_java(BytesReader(nested(java_stream.MAX_DEPTH)))


def test_classes_may_extend_each_other_up_to_a_limit() -> None:
    def lineage(levels: int) -> bytes:
        parent = NULL
        for level in range(levels):
            parent = described(f"a.C{level}", parent=parent)
        return HEADER + an_object(parent)

    read_java(BytesReader(lineage(java_stream.MAX_DEPTH - 1)))
    with pytest.raises(ProtocolError, match="extend each other"):
        read_java(BytesReader(lineage(java_stream.MAX_DEPTH)))


def test_a_stream_may_have_many_objects_up_to_a_limit() -> None:
    def strings(count: int) -> bytes:
        return HEADER + b"\x75" + described("[Ljava.lang.Object;") + struct.pack(">i", count) + string("") * count

    most = java_stream.MAX_OBJECTS - 2
    assert len(_items(read_java(BytesReader(strings(most))))) == most
    with pytest.raises(ProtocolError, match=f"more than {java_stream.MAX_OBJECTS}"):
        read_java(BytesReader(strings(most + 1)))


def _items(value: object) -> list[Any]:
    assert isinstance(value, JavaArray)
    return value.items


# ---------------------------------------------------------------------------------------------------- what it means


def boxed(kind: str, letter: str, data: bytes) -> bytes:
    return an_object(described(f"java.lang.{kind}", (letter, "value"), parent=described("java.lang.Number")), data)


def array_list(*items: bytes, description: bytes | None = None) -> bytes:
    head = described("java.util.ArrayList", ("I", "size"), flags=WRITES_MORE) if description is None else description
    size = struct.pack(">i", len(items))
    return an_object(head, size + b"\x77\x04" + size + b"".join(items) + END)


def hash_map(*items: bytes, kind: str = "java.util.HashMap") -> bytes:
    head = described("java.util.HashMap", ("F", "loadFactor"), ("I", "threshold"), flags=WRITES_MORE)
    data = bytes(8) + b"\x77\x08" + struct.pack(">ii", 16, len(items) // 2) + b"".join(items) + END
    if kind == "java.util.HashMap":
        return an_object(head, data)
    return an_object(described(kind, ("Z", "accessOrder"), parent=head), data + b"\x00")


ID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
MEANINGS: dict[str, tuple[bytes, Any]] = {
    "a boxed int": (boxed("Integer", "I", struct.pack(">i", -7)), -7),
    "a boxed boolean": (an_object(described("java.lang.Boolean", ("Z", "value")), b"\x01"), True),
    "a list": (array_list(string("a"), NULL), ["a", None]),
    "an empty list": (an_object(described("java.util.Collections$EmptyList")), []),
    "an empty map": (an_object(described("java.util.Collections$EmptyMap")), {}),
    "a map": (hash_map(string("a"), string("b")), {"a": "b"}),
    "a linked map": (hash_map(string("a"), NULL, kind="java.util.LinkedHashMap"), {"a": None}),
    "List.of": (
        an_object(
            described("java.util.CollSer", ("I", "tag"), flags=WRITES_MORE),
            struct.pack(">i", 1) + b"\x77\x04" + struct.pack(">i", 1) + string("a") + END,
        ),
        ["a"],
    ),
    "Map.of": (
        an_object(
            described("java.util.CollSer", ("I", "tag"), flags=WRITES_MORE),
            struct.pack(">i", 3) + b"\x77\x04" + struct.pack(">i", 2) + string("a") + string("b") + END,
        ),
        {"a": "b"},
    ),
    "Arrays.asList": (
        an_object(
            described("java.util.Arrays$ArrayList", ("[Ljava/lang/Object;", "a")),
            b"\x75" + described("[Ljava.lang.String;") + struct.pack(">i", 1) + string("x"),
        ),
        ["x"],
    ),
    "an unmodifiable list": (
        an_object(
            described(
                "java.util.Collections$UnmodifiableList",
                ("Ljava/util/List;", "list"),
                parent=described("java.util.Collections$UnmodifiableCollection", ("Ljava/util/Collection;", "c")),
            ),
            array_list(string("x")) + NULL,
        ),
        ["x"],
    ),
    "an array": (b"\x75" + described("[I") + struct.pack(">ii", 1, 5), [5]),
    "a UUID": (
        an_object(
            described("java.util.UUID", ("J", "leastSigBits"), ("J", "mostSigBits")), ID.bytes[8:] + ID.bytes[:8]
        ),
        ID,
    ),
    "a file": (an_object(described("java.io.File", ("Ljava/lang/String;", "path")), string("a/b.jar")), "a/b.jar"),
    "a URL": (
        an_object(
            described(
                "java.net.URL",
                *(("Ljava/lang/String;", name) for name in ("authority", "file", "host", "protocol", "ref")),
            ),
            string("host:80") + string("/a.jar") + string("host") + string("http") + string("top"),
        ),
        "http://host:80/a.jar#top",
    ),
    "a URL of a file": (
        an_object(
            described(
                "java.net.URL",
                *(("Ljava/lang/String;", name) for name in ("authority", "file", "host", "protocol", "ref")),
            ),
            string("") + string("/a.jar") + string("") + string("file") + NULL,
        ),
        "file:/a.jar",
    ),
}


@pytest.mark.parametrize(("data", "meaning"), MEANINGS.values(), ids=MEANINGS)
def test_javas_values_become_those_of_python(data: bytes, meaning: object) -> None:
    assert plain(read(data)) == meaning


def test_what_is_not_known_stays_what_it_is() -> None:
    made = plain(read(array_list(an_object(described("a.B")))))
    assert isinstance(made[0], JavaObject)
    assert made[0].class_name == "a.B"


UNMEANING = {
    "a list in itself": array_list(reference(1)),
    "a map with a list as key": hash_map(array_list(), string("a")),
    "a map with a key too many": an_object(
        described("java.util.HashMap", flags=WRITES_MORE), b"\x77\x08" + bytes(8) + string("a") + END
    ),
    "a UUID without numbers": an_object(described("java.util.UUID")),
    "a file without a path": an_object(described("java.io.File")),
    "a collection that holds itself": an_object(
        described(
            "java.util.Collections$UnmodifiableList",
            parent=described("java.util.Collections$UnmodifiableCollection", ("Ljava/util/Collection;", "c")),
        ),
        reference(3),
    ),
}


@pytest.mark.parametrize("data", UNMEANING.values(), ids=UNMEANING)
def test_values_that_mean_nothing_are_refused(data: bytes) -> None:
    value = read(data)
    with pytest.raises(ProtocolError):
        plain(value)


def test_lists_that_share_their_items_are_not_multiplied() -> None:
    head = described("java.util.ArrayList", ("I", "size"), flags=WRITES_MORE)
    lists = [array_list(string("x"), description=head)]
    for handle in (3, *range(5, 44)):  # each list holds the one before twice
        lists.append(array_list(reference(handle), reference(handle), description=reference(2)))
    made = plain(read(b"\x75", described("[Ljava.lang.Object;"), struct.pack(">i", len(lists)), *lists))
    assert made[0] == ["x"]
    for before, after in itertools.pairwise(made):
        assert after[0] is after[1] is before


# -------------------------------------------------------------------------------------------------------- anything else

pieces = st.sampled_from(
    [
        NULL,
        END,
        string("a"),
        reference(0),
        reference(1),
        reference(2),
        reference(3),
        described("a.B"),
        described("a.B", ("I", "n"), flags=WRITES_MORE),
        described("java.util.ArrayList", ("I", "size"), flags=WRITES_MORE),
        described("java.util.Collections$UnmodifiableCollection", ("Ljava/util/Collection;", "c")),
        described("[Ljava.lang.Object;"),
        b"\x73",
        b"\x75",
        b"\x76",
        b"\x7e",
        b"\x77\x02ab",
        struct.pack(">i", 2),
    ]
) | st.binary(max_size=3)


@settings(deadline=None, max_examples=300)
@given(st.lists(pieces, max_size=30) | st.binary(max_size=200).map(lambda data: [data]))
def test_anything_is_read_or_refused(parts: list[bytes]) -> None:
    with contextlib.suppress(ProtocolError):
        plain(read_java(BytesReader(HEADER + b"".join(parts))))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([data for data, _ in MEANINGS.values()]), st.data())
def test_what_was_damaged_is_read_or_refused(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(HEADER + data)
    for _ in range(draw.draw(st.integers(1, 4))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        plain(read_java(BytesReader(damaged[: draw.draw(st.integers(0, len(damaged)))])))
