"""The messages about clusters as a whole, what members of 4.0 leave out of answers, and the partition of a request."""

from __future__ import annotations

import importlib
import inspect
import re
import uuid
from typing import Any

import pytest
from hazelcast.protocol import codec as official
from hypothesis import given
from hypothesis import strategies as st

from tealjet.protocol import cluster, table
from tealjet.protocol.codec import decode_response, encode_event, encode_request, encode_response
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError, UnknownValueError
from tealjet.protocol.frames import FINAL, UNFRAGMENTED, FrameReader, Message, stamp
from tealjet.protocol.layout import INT, STRING, Field, Fields, FrameWriter, enum_of
from tealjet.protocol.values import (
    Address,
    AuthenticationResponse,
    ClusterMetadata,
    ClusterState,
    DistributedObjectEvent,
    EndpointQualifier,
    MemberInfo,
    MembersView,
    MemberVersion,
)

ONLY_OPERATORS_SEND = {
    "mc.changeClusterState": 0x200200,
    "mc.getTimedMemberState": 0x200B00,
    "mc.matchMCConfig": 0x200C00,
}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
longs = st.integers(-(2**63), 2**63 - 1)


def official_codec(name: str) -> Any:
    snake = re.sub(r"(?<=[a-z])([A-Z])|\.", lambda match: "_" + (match[1] or "").lower(), name)
    return importlib.import_module(f"{official.__name__}.{snake}_codec")


def received(data: bytes | bytearray) -> Message:
    (message,) = FrameReader().feed(bytes(data))
    return message


# ------------------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize("message", cluster.MESSAGES, ids=lambda message: message.name)
def test_a_message_has_the_official_numbers_and_may_be_repeated_where_the_official_one_may(
    message: MessageType[Any, Any],
) -> None:
    if message.name in ONLY_OPERATORS_SEND:
        assert message.request.type == ONLY_OPERATORS_SEND[message.name]
        return
    codec = official_codec(message.name)
    assert message.request.type == codec._REQUEST_MESSAGE_TYPE
    assert message.response.type == codec._RESPONSE_MESSAGE_TYPE
    assert f"OutboundMessage(buf, {message.retryable})" in inspect.getsource(codec.encode_request)


@given(st.booleans(), st.uuids(), longs, text, st.binary(max_size=20))
def test_requests_have_the_official_bytes(
    local_only: bool, registration_id: uuid.UUID, timestamp: int, attributes: str, blob: bytes
) -> None:
    for message, fields in (
        (cluster.ADD_DISTRIBUTED_OBJECT_LISTENER, {"local_only": local_only}),
        (cluster.REMOVE_DISTRIBUTED_OBJECT_LISTENER, {"registration_id": registration_id}),
        (
            cluster.STATISTICS,
            {"timestamp": timestamp, "client_attributes": attributes, "metrics_blob": blob},
        ),
    ):
        theirs = official_codec(message.name).encode_request(*fields.values())
        assert encode_request(message, **fields) == theirs.buf


@given(text, text, st.sampled_from(["CREATED", "DESTROYED"]), st.uuids())
def test_the_official_client_reads_our_events_about_objects(
    name: str, service_name: str, event_type: str, source: uuid.UUID
) -> None:
    event = DistributedObjectEvent(name=name, service_name=service_name, event_type=event_type, source=source)
    heard: list[tuple[Any, ...]] = []
    sent = encode_event(cluster.ADD_DISTRIBUTED_OBJECT_LISTENER, event, correlation_id=5)
    official_codec(cluster.ADD_DISTRIBUTED_OBJECT_LISTENER.name).handle(
        received(sent), lambda *told: heard.append(told)
    )
    assert heard == [(name, service_name, event_type, source)]


# ------------------------------------------------------------------------------------------------------------ versions

MEMBER = MemberInfo(
    uuid=uuid.uuid4(),
    address=Address(host="127.0.0.1", port=5701),
    attributes={},
    lite_member=False,
    version=MemberVersion(4, 0, 3),
    address_map={EndpointQualifier(type=0): Address(host="127.0.0.1", port=5701)},
)


def test_an_authentication_by_a_member_of_4_0_has_nothing_that_came_with_5() -> None:
    answer = AuthenticationResponse(
        status=0,
        address=MEMBER.address,
        member_uuid=MEMBER.uuid,
        server_version="4.0.3",
        partition_count=271,
        cluster_id=uuid.uuid4(),
        failover_supported=True,
        members=(MEMBER,),
        member_list_version=3,
        tpc_ports=(),
        key_value_pairs={"a": "b"},
    )
    sent = encode_response(table.AUTHENTICATION, answer, correlation_id=1, major=4)
    read = decode_response(table.AUTHENTICATION, received(sent))
    assert (read.server_version, read.cluster_id, read.failover_supported) == ("4.0.3", answer.cluster_id, True)
    assert (read.members, read.member_list_version, read.tpc_ports, read.key_value_pairs) == ((), -1, None, {})
    assert len(sent) < len(encode_response(table.AUTHENTICATION, answer, correlation_id=1))


def test_cluster_metadata_of_a_member_of_4_0_has_no_cluster_id() -> None:
    told = ClusterMetadata(
        state=ClusterState.ACTIVE,
        cluster_time=1,
        member_version="4.0.3",
        jet_version="4.3.1",
        cluster_id=uuid.uuid4(),
    )
    sent = encode_response(table.GET_CLUSTER_METADATA, told, correlation_id=1, major=4)
    read = decode_response(table.GET_CLUSTER_METADATA, received(sent))
    assert (read.cluster_id, read.member_version, read.jet_version) == (None, "4.0.3", "4.3.1")


def test_the_address_map_of_a_member_is_optional_and_older_than_5() -> None:
    view = MembersView(version=1, members=(MEMBER,))
    sent = encode_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id=1, major=4)
    assert sent == encode_event(table.ADD_CLUSTER_VIEW_LISTENER, view, correlation_id=1)


def test_a_field_of_fixed_size_that_came_later_makes_the_first_frame_shorter() -> None:
    fields = Fields([Field("old", INT), Field("new", INT, optional=True, since=5), Field("name", STRING)])
    sizes = []
    for major in (4, 5):
        writer = FrameWriter(major=major)
        fields.write(writer, {"old": 1, "new": 2, "name": "x"})
        sizes.append(len(writer.finish()))
    assert sizes[1] - sizes[0] == INT.size


# ---------------------------------------------------------------------------------------------------------- partitions


@pytest.mark.parametrize("partition", [-1, 0, 270])
def test_a_request_says_which_partition_it_is_for(partition: int) -> None:
    request = encode_request(table.PING)
    stamp(request, 1, partition, backup_aware=False)
    assert received(request).partition == partition


def test_a_request_too_short_to_name_a_partition_is_a_protocol_error() -> None:
    short = (19).to_bytes(4, "little") + (UNFRAGMENTED | FINAL).to_bytes(2, "little") + bytes(13)
    with pytest.raises(ProtocolError, match="begins with a frame of 19 bytes"):
        received(short).partition  # noqa: B018 - reading it is what fails


def test_a_number_that_stands_for_nothing_is_told_with_its_kind() -> None:
    with pytest.raises(UnknownValueError, match="9 is no ClusterState") as caught:
        enum_of(ClusterState, INT).unpack_from((9).to_bytes(4, "little"), 0)
    assert (caught.value.number, caught.value.kind) == (9, "ClusterState")
