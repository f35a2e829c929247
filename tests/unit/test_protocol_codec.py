"""The codec: the same bytes and the same values as the official package's codecs, and no trust in what arrives."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast import core, errors
from hazelcast.protocol.codec import (
    client_add_cluster_view_listener_codec,
    client_authentication_codec,
    client_authentication_custom_codec,
    client_create_proxy_codec,
    client_get_distributed_objects_codec,
    client_local_backup_listener_codec,
    client_ping_codec,
    ringbuffer_read_many_codec,
)
from hazelcast.serialization.data import Data
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.protocol import table
from tealjet.protocol.codec import (
    decode_error,
    decode_event,
    decode_request,
    decode_response,
    encode_error,
    encode_event,
    encode_request,
    encode_response,
)
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import FINAL, FrameReader, Message
from tealjet.protocol.layout import (
    BYTE,
    INT,
    LONG,
    NULLABLE_UUID,
    STRING,
    Field,
    Fields,
    FrameWriter,
    array_of,
    list_of,
    nullable,
    structure,
)
from tealjet.protocol.values import (
    Address,
    AuthenticationResponse,
    BackupEvent,
    ClientFilterEntry,
    ClientFilterKind,
    ClientFilterMode,
    ClusterMetadata,
    ClusterState,
    DistributedObject,
    EndpointQualifier,
    ErrorHolder,
    MemberInfo,
    MembersView,
    MemberVersion,
    PartitionsView,
    RingbufferItems,
    StackTraceElement,
)

relaxed = settings(deadline=None, max_examples=50)

bytes_ = st.integers(-128, 127)
ints = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
uuids = st.uuids()
optional_text = st.none() | text
addresses = st.builds(Address, host=text, port=ints)
attributes = st.dictionaries(text, text, max_size=3)
members = st.builds(
    MemberInfo,
    uuid=uuids,
    address=addresses,
    attributes=attributes,
    lite_member=st.booleans(),
    version=st.builds(MemberVersion, bytes_, bytes_, bytes_),
    address_map=st.dictionaries(
        st.builds(EndpointQualifier, type=ints, identifier=optional_text), addresses, max_size=2
    ),
)
member_lists = st.lists(members, max_size=3).map(tuple)
partitions = st.dictionaries(uuids, st.lists(st.integers(0, 2**31 - 1), max_size=5).map(tuple), max_size=4)
authentications = st.builds(
    AuthenticationResponse,
    status=bytes_,
    address=st.none() | addresses,
    member_uuid=st.none() | uuids,
    serialization_version=bytes_,
    server_version=text,
    partition_count=ints,
    cluster_id=st.none() | uuids,
    failover_supported=st.booleans(),
    tpc_ports=st.none() | st.lists(ints, max_size=3).map(tuple),
    tpc_token=st.none() | st.binary(max_size=8),
    member_list_version=ints,
    members=member_lists,
    partition_list_version=ints,
    partitions=partitions,
    key_value_pairs=attributes,
)
members_views = st.builds(MembersView, version=ints, members=member_lists)
partitions_views = st.builds(PartitionsView, version=ints, partitions=partitions)
stack_traces = st.lists(
    st.builds(StackTraceElement, class_name=text, method_name=text, file_name=optional_text, line_number=ints),
    max_size=3,
).map(tuple)
error_chains = st.lists(
    st.builds(ErrorHolder, error_code=ints, class_name=text, message=optional_text, stack_trace_elements=stack_traces),
    min_size=1,
    max_size=3,
).map(tuple)
metadata = st.builds(
    ClusterMetadata,
    state=st.sampled_from(ClusterState),
    cluster_time=longs,
    member_version=text,
    jet_version=optional_text,
    cluster_id=st.none() | uuids,
)
logins = st.fixed_dictionaries(
    {
        "cluster_name": text,
        "username": optional_text,
        "password": optional_text,
        "uuid": st.none() | uuids,
        "client_type": text,
        "serialization_version": bytes_,
        "client_hazelcast_version": text,
        "client_name": text,
        "labels": st.lists(text, max_size=3),
    }
)


def received(data: bytes | bytearray) -> Message:
    (message,) = FrameReader().feed(bytes(data))
    return message


# ------------------------------------------------------------------------------------- as the official client writes it


@relaxed
@given(logins)
def test_an_authentication_has_the_official_bytes(login: dict[str, Any]) -> None:
    official = client_authentication_codec.encode_request(**login)
    assert encode_request(table.AUTHENTICATION, **login) == official.buf


@relaxed
@given(logins, st.binary(max_size=20))
def test_an_authentication_by_token_has_the_official_bytes(login: dict[str, Any], token: bytes) -> None:
    fields = {name: value for name, value in login.items() if name not in ("username", "password")}
    official = client_authentication_custom_codec.encode_request(credentials=token, **fields)
    assert encode_request(table.AUTHENTICATION_CUSTOM, credentials=token, **fields) == official.buf


@relaxed
@given(text, text)
def test_creating_a_proxy_has_the_official_bytes(name: str, service: str) -> None:
    official = client_create_proxy_codec.encode_request(name, service)
    assert encode_request(table.CREATE_PROXY, name=name, service_name=service) == official.buf


@relaxed
@given(text, longs, ints, ints)
def test_reading_from_a_ringbuffer_has_the_official_bytes(name: str, start: int, low: int, high: int) -> None:
    official = ringbuffer_read_many_codec.encode_request(name, start, low, high, None)
    ours = encode_request(
        table.RINGBUFFER_READ_MANY, name=name, start_sequence=start, min_count=low, max_count=high, filter=None
    )
    assert ours == official.buf


@pytest.mark.parametrize(
    ("message_type", "official"),
    [
        (table.ADD_CLUSTER_VIEW_LISTENER, client_add_cluster_view_listener_codec),
        (table.LOCAL_BACKUP_LISTENER, client_local_backup_listener_codec),
        (table.PING, client_ping_codec),
        (table.GET_DISTRIBUTED_OBJECTS, client_get_distributed_objects_codec),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_request_without_fields_has_the_official_bytes(message_type: Any, official: Any) -> None:
    assert encode_request(message_type) == official.encode_request().buf


def test_the_request_for_a_partition_table_is_nothing_but_a_header() -> None:
    request = encode_request(table.TRIGGER_PARTITION_ASSIGNMENT)
    assert request.hex() == "16000000" + "00e0" + "00100000" + "00" * 8 + "ffffffff"


# -------------------------------------------------------------------------------------- as the official client reads it


@relaxed
@given(authentications)
def test_the_official_client_reads_our_answer_to_an_authentication(answer: AuthenticationResponse) -> None:
    message = received(encode_response(table.AUTHENTICATION, answer, correlation_id=3))
    official = client_authentication_codec.decode_response(message)
    assert official == {
        "status": answer.status,
        "member_uuid": answer.member_uuid,
        "serialization_version": answer.serialization_version,
        "partition_count": answer.partition_count,
        "cluster_id": answer.cluster_id,
        "failover_supported": answer.failover_supported,
        "address": answer.address and core.Address(answer.address.host, answer.address.port),
        "server_hazelcast_version": answer.server_version,
    }


def _seen(member: core.MemberInfo) -> tuple[object, ...]:
    """What the official client found in a member, in our values."""
    version = member.version
    return (
        member.uuid,
        (member.address.host, member.address.port),
        member.attributes,
        member.lite_member,
        (version.major, version.minor, version.patch),
        {(key.protocol_type, key.identifier): (at.host, at.port) for key, at in member.address_map.items()},
    )


@relaxed
@given(members_views)
def test_the_official_client_reads_our_member_list(view: MembersView) -> None:
    seen: list[object] = []
    message = received(encode_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id=3))
    client_add_cluster_view_listener_codec.handle(
        message, handle_members_view_event=lambda version, infos: seen.append((version, [_seen(i) for i in infos]))
    )
    ours = [
        (
            member.uuid,
            (member.address.host, member.address.port),
            member.attributes,
            member.lite_member,
            member.version,
            {(key.type, key.identifier): (at.host, at.port) for key, at in member.address_map.items()},
        )
        for member in view.members
    ]
    assert message.is_event
    assert seen == [(view.version, ours)]


@relaxed
@given(partitions_views)
def test_the_official_client_reads_our_partition_table(view: PartitionsView) -> None:
    seen: list[object] = []
    message = received(encode_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id=3))
    client_add_cluster_view_listener_codec.handle(
        message, handle_partitions_view_event=lambda version, pairs: seen.append((version, dict(pairs)))
    )
    assert seen == [(view.version, {owner: list(owned) for owner, owned in view.partitions.items()})]


@relaxed
@given(
    st.builds(
        RingbufferItems,
        read_count=ints,
        next_sequence=longs,
        items=st.lists(st.binary(max_size=9), max_size=3).map(tuple),
        item_sequences=st.none() | st.lists(longs, max_size=3).map(tuple),
    )
)
def test_the_official_client_reads_our_items_of_a_ringbuffer(answer: RingbufferItems) -> None:
    message = received(encode_response(table.RINGBUFFER_READ_MANY, answer, correlation_id=3))
    official = ringbuffer_read_many_codec.decode_response(message)
    sequences = answer.item_sequences
    assert official == {
        "read_count": answer.read_count,
        "next_seq": answer.next_sequence,
        "items": [Data(item) for item in answer.items],
        "item_seqs": None if sequences is None else list(sequences),
    }
    assert decode_response(table.RINGBUFFER_READ_MANY, message) == answer


@relaxed
@given(st.lists(st.builds(DistributedObject, service_name=text, name=text), max_size=3).map(tuple))
def test_the_official_client_reads_our_list_of_structures(answer: tuple[DistributedObject, ...]) -> None:
    message = received(encode_response(table.GET_DISTRIBUTED_OBJECTS, answer, correlation_id=3))
    official = client_get_distributed_objects_codec.decode_response(message)
    assert [(one.service_name, one.name) for one in official] == [(one.service_name, one.name) for one in answer]
    assert decode_response(table.GET_DISTRIBUTED_OBJECTS, message) == answer


@relaxed
@given(longs, uuids)
def test_the_official_client_reads_our_backup_messages(correlation_id: int, registration: uuid.UUID) -> None:
    answer = received(encode_response(table.LOCAL_BACKUP_LISTENER, registration, correlation_id=3))
    assert client_local_backup_listener_codec.decode_response(answer) == registration
    seen: list[int] = []
    event = BackupEvent(source_correlation_id=correlation_id)
    message = received(encode_event(table.LOCAL_BACKUP_LISTENER, event, correlation_id=4))
    client_local_backup_listener_codec.handle(message, handle_backup_event=seen.append)
    assert seen == [correlation_id]


@relaxed
@given(error_chains)
def test_the_official_client_reads_our_errors(chain: tuple[ErrorHolder, ...]) -> None:
    message = received(encode_error(chain, correlation_id=3))
    official = errors._ErrorsCodec.decode(message)
    read = decode_error(message)
    assert read == chain
    for theirs, ours in zip(official, read, strict=True):
        assert (theirs.error_code, theirs.class_name, theirs.message) == (
            ours.error_code,
            ours.class_name,
            ours.message,
        )
        assert [
            (line.class_name, line.method_name, line.file_name, line.line_number)
            for line in theirs.stack_trace_elements
        ] == [
            (line.class_name, line.method_name, line.file_name, line.line_number) for line in ours.stack_trace_elements
        ]


def test_the_official_client_makes_an_exception_of_our_error() -> None:
    holder = ErrorHolder(error_code=17, class_name="java.lang.IllegalState", message="no", stack_trace_elements=())
    error = errors.create_error_from_message(received(encode_error((holder,), correlation_id=3)))
    assert "java.lang.IllegalState: no" in str(error)


# ------------------------------------------------------------------------------------------ what is written can be read


@relaxed
@given(authentications, longs, st.integers(0, 6))
def test_an_answer_is_read_as_it_was_written(answer: AuthenticationResponse, correlation_id: int, acks: int) -> None:
    data = encode_response(table.AUTHENTICATION, answer, correlation_id=correlation_id, backup_acks=acks)
    message = received(data)
    assert (message.correlation_id, message.backup_acks, message.is_event) == (correlation_id, acks, False)
    assert decode_response(table.AUTHENTICATION, message) == answer


@relaxed
@given(metadata)
def test_cluster_metadata_is_read_as_it_was_written(answer: ClusterMetadata) -> None:
    message = received(encode_response(table.GET_CLUSTER_METADATA, answer, correlation_id=1))
    assert decode_response(table.GET_CLUSTER_METADATA, message) == answer


@relaxed
@given(members_views | partitions_views)
def test_an_event_is_read_as_it_was_written(view: MembersView | PartitionsView) -> None:
    message = received(encode_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id=9))
    assert (message.correlation_id, message.is_event) == (9, True)
    assert decode_event(table.ADD_CLUSTER_VIEW_LISTENER, message) == view


def test_a_message_can_be_decoded_twice() -> None:
    message = received(
        encode_event(table.LOCAL_BACKUP_LISTENER, BackupEvent(source_correlation_id=5), correlation_id=1)
    )
    first, second = (decode_event(table.LOCAL_BACKUP_LISTENER, message) for _ in range(2))
    assert first == second == BackupEvent(source_correlation_id=5)


REQUESTS: dict[str, dict[str, Any]] = {
    "client.authentication": {
        "cluster_name": "dev",
        "username": None,
        "password": "p",
        "uuid": uuid.UUID(int=5),
        "client_type": "PYH",
        "serialization_version": 1,
        "client_hazelcast_version": "5.7.0",
        "client_name": "c",
        "labels": ("a", "b"),
    },
    "client.authenticationCustom": {
        "cluster_name": "dev",
        "credentials": b"token",
        "uuid": None,
        "client_type": "PYH",
        "serialization_version": 1,
        "client_hazelcast_version": "5.7.0",
        "client_name": "c",
        "labels": (),
    },
    "client.createProxy": {"name": "m", "service_name": "hz:impl:mapService"},
    "client.destroyProxy": {"name": "m", "service_name": "hz:impl:mapService"},
    "client.createProxies": {"proxies": (("m", "hz:impl:mapService"), ("q", "hz:impl:queueService"))},
    "map.delete": {"thread_id": 1, "name": "m", "key": b"key"},
    "map.entrySet": {"name": "m"},
    "ringbuffer.tailSequence": {"name": "r"},
    "ringbuffer.headSequence": {"name": "r"},
    "ringbuffer.readMany": {"name": "r", "start_sequence": 7, "min_count": 1, "max_count": 1000, "filter": None},
    "mc.applyMCConfig": {
        "mode": ClientFilterMode.DENY,
        "etag": "1",
        "entries": (ClientFilterEntry(kind=ClientFilterKind.LABEL, value="batch-*"),),
    },
}


@pytest.mark.parametrize("message_type", table.MESSAGES, ids=lambda message_type: message_type.name)
def test_a_request_is_read_as_it_was_written(message_type: MessageType[Any, Any]) -> None:
    fields = REQUESTS.get(message_type.name, {})
    message = received(encode_request(message_type, **fields))
    assert decode_request(message_type, message) == fields


EMPTY = (
    table.ADD_CLUSTER_VIEW_LISTENER,
    table.CREATE_PROXY,
    table.PING,
    table.CREATE_PROXIES,
    table.TRIGGER_PARTITION_ASSIGNMENT,
    table.APPLY_MC_CONFIG,
)


@pytest.mark.parametrize("message_type", EMPTY, ids=lambda message_type: message_type.name)
def test_an_answer_without_fields_is_none(message_type: MessageType[None, Any]) -> None:
    message = received(encode_response(message_type, None, correlation_id=1))
    decoded: object = decode_response(message_type, message)
    assert decoded is None


def test_a_request_with_other_fields_is_refused() -> None:
    with pytest.raises(TypeError, match=r"mc\.applyMCConfig has the fields entries, etag, mode, not etag, kind"):
        encode_request(table.APPLY_MC_CONFIG, etag="1", kind=2)


# --------------------------------------------------------------------------------------------------- older, newer peers


def _message(number: int, first: bytes, write: Callable[[FrameWriter], object] | None = None) -> Message:
    """A message as some other version of the protocol would write it."""
    writer = FrameWriter()
    writer.add(number.to_bytes(4, "little") + bytes(9) + first, 0xC000)
    if write is not None:
        write(writer)
    return received(writer.finish())


AUTHENTICATED_4_0 = (
    ("status", BYTE, 0),
    ("member_uuid", NULLABLE_UUID, uuid.UUID(int=1)),
    ("serialization_version", BYTE, 1),
    ("partition_count", INT, 271),
    ("cluster_id", NULLABLE_UUID, uuid.UUID(int=2)),
    ("failover_supported", BYTE, 1),
)


def _fixed(fields: Any) -> bytes:
    content = bytearray()
    for _, fixed_type, value in fields:
        offset = len(content)
        content += bytes(fixed_type.size)
        fixed_type.pack_into(content, offset, value)
    return bytes(content)


def test_an_authentication_by_a_4_0_member_is_read_without_what_came_later() -> None:
    def write(writer: FrameWriter) -> None:
        writer.add(flags=0x0400)
        STRING.write(writer, "4.0.3")

    answer = decode_response(table.AUTHENTICATION, _message(0x000101, _fixed(AUTHENTICATED_4_0), write))
    assert answer == AuthenticationResponse(
        status=0,
        member_uuid=uuid.UUID(int=1),
        server_version="4.0.3",
        partition_count=271,
        cluster_id=uuid.UUID(int=2),
        failover_supported=True,
    )


def test_cluster_metadata_of_a_4_0_member_has_no_cluster_id() -> None:
    def write(writer: FrameWriter) -> None:
        STRING.write(writer, "4.0.3")
        STRING.write(writer, "4.3.1")

    first = _fixed((("state", BYTE, 3), ("time", LONG, 17)))
    answer = decode_response(table.GET_CLUSTER_METADATA, _message(0x200E01, first, write))
    assert answer == ClusterMetadata(
        state=ClusterState.PASSIVE, cluster_time=17, member_version="4.0.3", jet_version="4.3.1", cluster_id=None
    )


@relaxed
@given(authentications, st.binary(max_size=8), st.lists(st.binary(max_size=8), max_size=3))
def test_what_a_newer_member_appends_is_skipped(
    answer: AuthenticationResponse, more_fixed: bytes, more_frames: list[bytes]
) -> None:
    writer = FrameWriter()
    message = received(encode_response(table.AUTHENTICATION, answer, correlation_id=1))
    first = message.next_frame()
    writer.add(first.buf + more_fixed, first.flags)
    while message.has_next_frame():
        one = message.next_frame()
        writer.add(one.buf, one.flags & ~FINAL)
    for content in more_frames:
        writer.add(content)
    assert decode_response(table.AUTHENTICATION, received(writer.finish())) == answer


def test_what_a_newer_member_appends_to_a_structure_is_skipped() -> None:
    inner = structure(dict, Field("more", STRING))
    newer = structure(
        dict,
        Field("major", BYTE),
        Field("minor", BYTE),
        Field("patch", BYTE),
        Field("build", LONG),
        Field("name", STRING),
        Field("inner", inner),
    )
    older = structure(MemberVersion, Field("major", BYTE), Field("minor", BYTE), Field("patch", BYTE))

    class Inner:
        more = "text"

    class Newer:
        major, minor, patch, build, name = 5, 9, 1, 77, "x"
        inner = Inner()

    layout = (Field("version", older), Field("after", STRING))

    def write(writer: FrameWriter) -> None:
        newer.write(writer, Newer())
        STRING.write(writer, "after")

    message = _message(0x000101, b"", write)
    assert Fields(layout, header_size=13).read(message) == {"version": (5, 9, 1), "after": "after"}


@pytest.mark.parametrize("number", [0x000304, 0x000305, 0x000306])
def test_an_event_that_only_newer_members_send_is_none(number: int) -> None:
    event = decode_event(table.ADD_CLUSTER_VIEW_LISTENER, _message(number, b"\x00" * 7))
    assert event is None


# --------------------------------------------------------------------------------------------------- malformed messages


def test_an_event_of_another_listener_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match=r"0x000302 is no event of client\.localBackupListener"):
        decode_event(table.LOCAL_BACKUP_LISTENER, _message(0x000302, b"\x00" * 7))


def test_an_answer_without_fields_may_have_the_number_of_its_request() -> None:
    message = received(encode_request(table.TRIGGER_PARTITION_ASSIGNMENT))
    decoded: object = decode_response(table.TRIGGER_PARTITION_ASSIGNMENT, message)
    assert decoded is None


def test_an_error_is_not_taken_for_an_answer_without_fields() -> None:
    holder = ErrorHolder(error_code=1, class_name="E", message=None, stack_trace_elements=())
    with pytest.raises(ProtocolError, match="0x000000 came where 0x000b01 is expected"):
        decode_response(table.PING, received(encode_error((holder,), correlation_id=1)))


def test_an_answer_to_something_else_is_a_protocol_error() -> None:
    message = received(encode_response(table.PING, None, correlation_id=1))
    with pytest.raises(ProtocolError, match="0x000b01 came where 0x000101 is expected"):
        decode_response(table.AUTHENTICATION, message)


def test_an_error_without_an_exception_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="without an exception"):
        decode_error(received(encode_error((), correlation_id=1)))


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ProtocolError, match="0x000101 ends before its partition_count"):
        decode_response(table.AUTHENTICATION, _message(0x000101, _fixed(AUTHENTICATED_4_0[:3])))


def _partition_table(*lists: tuple[int, ...], owners: int, width: int = 4) -> Message:
    def write(writer: FrameWriter) -> None:
        writer.add(flags=0x1000)
        for numbers in lists:
            writer.add(b"".join(number.to_bytes(width, "little", signed=True) for number in numbers))
        writer.add(flags=0x0800)
        writer.add(b"".join(b"\x00" + bytes(15) + bytes([i]) for i in range(owners)))

    return _message(0x000303, b"\x00" * 7, write)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (_partition_table((0, 1), (2,), owners=1), "2 lists of partitions have 1 owners"),
        (_partition_table((0,), owners=2), "1 lists of partitions have 2 owners"),
        (_partition_table((0, -3), owners=1), "-3 is no partition"),
        (_partition_table((0, 1, 2), owners=1, width=3), "a list of 9 bytes has no whole number"),
    ],
)
def test_a_partition_table_that_does_not_add_up_is_a_protocol_error(view: Message, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        decode_event(table.ADD_CLUSTER_VIEW_LISTENER, view)


def test_a_member_that_owns_two_lists_of_partitions_is_a_protocol_error() -> None:
    def write(writer: FrameWriter) -> None:
        list_of(array_of(INT)).write(writer, [(0,), (1,)])
        array_of(NULLABLE_UUID).write(writer, [uuid.UUID(int=1)] * 2)

    with pytest.raises(ProtocolError, match="2 lists of partitions have 1 owners"):
        decode_event(table.ADD_CLUSTER_VIEW_LISTENER, _message(0x000303, b"\x00" * 7, write))


def test_an_owner_without_an_id_is_a_protocol_error() -> None:
    def write(writer: FrameWriter) -> None:
        list_of(array_of(INT)).write(writer, [(0,)])
        array_of(NULLABLE_UUID).write(writer, [None])

    with pytest.raises(ProtocolError, match="an id is null"):
        decode_event(table.ADD_CLUSTER_VIEW_LISTENER, _message(0x000303, b"\x00" * 7, write))


def test_a_null_where_a_value_is_required_is_a_protocol_error() -> None:
    def write(writer: FrameWriter) -> None:
        nullable(STRING).write(writer, None)
        STRING.write(writer, "service")

    with pytest.raises(ProtocolError, match="a structural frame where a value is expected"):
        decode_request(table.CREATE_PROXY, _message(0x000400, b"\x00" * 3, write))


def test_a_value_where_a_list_is_required_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="a value where a structure is expected"):
        decode_error(_message(0, b"", lambda writer: STRING.write(writer, "text")))


def test_a_string_that_is_no_utf_8_is_a_protocol_error() -> None:
    data = encode_request(table.CREATE_PROXY, name="abc", service_name="s").replace(b"abc", b"a\xffc")
    with pytest.raises(ProtocolError, match="not UTF-8"):
        decode_request(table.CREATE_PROXY, received(data))


def test_an_unknown_number_for_an_enum_is_a_protocol_error() -> None:
    answer = ClusterMetadata(state=ClusterState.ACTIVE, cluster_time=0, member_version="5.7.0")
    data = encode_response(table.GET_CLUSTER_METADATA, answer, correlation_id=1)
    data[6 + 13] = 99
    with pytest.raises(ProtocolError, match="99 is no ClusterState"):
        decode_response(table.GET_CLUSTER_METADATA, received(data))


def _read_as_everything(message: Message) -> None:
    for message_type in table.MESSAGES:
        for read in (decode_request, decode_response, decode_event):
            try:
                read(message_type, message)
            except ProtocolError:
                continue
    try:
        decode_error(message)
    except ProtocolError:
        return


EXAMPLES = (
    *(encode_request(message_type, **REQUESTS.get(message_type.name, {})) for message_type in table.MESSAGES),
    encode_response(
        table.AUTHENTICATION,
        AuthenticationResponse(
            status=0,
            address=Address(host="127.0.0.1", port=5701),
            tpc_ports=(1, 2),
            tpc_token=b"t",
            members=(
                MemberInfo(
                    uuid=uuid.UUID(int=3),
                    address=Address(host="h", port=1),
                    attributes={"a": "b"},
                    lite_member=False,
                    version=MemberVersion(5, 7, 0),
                    address_map={EndpointQualifier(type=1): Address(host="p", port=2)},
                ),
            ),
            partitions={uuid.UUID(int=3): (0, 1, 2)},
            key_value_pairs={"k": "v"},
        ),
        correlation_id=1,
    ),
    encode_response(table.LOCAL_BACKUP_LISTENER, uuid.UUID(int=7), correlation_id=1),
    encode_response(
        table.GET_CLUSTER_METADATA,
        ClusterMetadata(state=ClusterState.ACTIVE, cluster_time=1, member_version="5"),
        correlation_id=1,
    ),
    encode_event(
        table.ADD_CLUSTER_VIEW_LISTENER,
        PartitionsView(version=1, partitions={uuid.UUID(int=1): (1, 2), uuid.UUID(int=2): (0,)}),
        correlation_id=1,
    ),
    encode_event(table.LOCAL_BACKUP_LISTENER, BackupEvent(source_correlation_id=5), correlation_id=1),
    encode_error(
        (
            ErrorHolder(
                error_code=1,
                class_name="E",
                message=None,
                stack_trace_elements=(
                    StackTraceElement(class_name="C", method_name="m", file_name="f", line_number=3),
                ),
            ),
        ),
        correlation_id=1,
    ),
)


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(EXAMPLES), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_a_damaged_message_is_read_as_some_value_or_a_protocol_error(
    example: bytearray, damages: list[tuple[int, int]]
) -> None:
    data = bytearray(example)
    for where, byte in damages:
        data[where % len(data)] = byte
    try:
        messages = FrameReader(max_message_bytes=100_000).feed(bytes(data))
    except ProtocolError:
        return
    for message in messages:
        _read_as_everything(message)


frames = st.tuples(st.binary(max_size=40), st.sampled_from([0, 0x0400, 0x0800, 0x1000, 0x1800]))
numbers = st.sampled_from(
    [
        0,
        *(number for one in table.MESSAGES for number in (one.request.type, one.response.type, *one.events)),
    ]
)


@settings(deadline=None, max_examples=400)
@given(numbers, st.binary(max_size=60), st.lists(frames, max_size=12))
def test_a_message_of_random_frames_is_read_as_some_value_or_a_protocol_error(
    number: int, first: bytes, more: list[tuple[bytes, int]]
) -> None:
    def write(writer: FrameWriter) -> None:
        for content, flags in more:
            writer.add(content, flags)

    _read_as_everything(_message(number, first, write))
