"""Frames: what arrives in pieces of any size becomes messages, within limits; long messages become fragments."""

from __future__ import annotations

import itertools
import struct
import tracemalloc
from collections.abc import Iterator

import pytest
from hazelcast.protocol.client_message import ClientMessageBuilder, Frame, InboundMessage, OutboundMessage
from hazelcast.protocol.codec import map_get_codec, queue_size_codec
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.frames import (
    BACKUP_EVENT,
    BEGIN_FRAGMENT,
    END_FRAGMENT,
    EVENT,
    FINAL,
    NULL,
    UNFRAGMENTED,
    FrameReader,
    Message,
    fragments,
    stamp,
)

relaxed = settings(deadline=None)


def frame(content: bytes, flags: int = 0) -> bytes:
    return struct.pack("<iH", 6 + len(content), flags) + content


def encoded(*contents: bytes, kind: int = 0x010201, correlation_id: int = 7, acks: int = 0, flags: int = 0) -> bytes:
    """A whole message: a first frame with the header only, then a frame for each content."""
    first = struct.pack("<iqB", kind, correlation_id, acks)
    frames = [(first, UNFRAGMENTED | flags), *((content, 0) for content in contents)]
    last = len(frames) - 1
    return b"".join(frame(content, flags | (FINAL if i == last else 0)) for i, (content, flags) in enumerate(frames))


def contents_of(message: Message) -> list[bytes]:
    """The contents of all frames after the first."""
    message.reset_next_frame()
    message.next_frame()
    contents = []
    while message.has_next_frame():
        contents.append(message.next_frame().buf)
    return contents


def cut(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    borders = [0, *sorted(position % (len(data) + 1) for position in cuts), len(data)]
    return (data[begin:end] for begin, end in itertools.pairwise(borders))


def feed_all(reader: FrameReader, pieces: Iterator[bytes]) -> list[Message]:
    return [message for piece in pieces for message in reader.feed(piece)]


contents = st.lists(st.binary(max_size=60), max_size=6)
messages = st.builds(
    lambda parts, kind, correlation_id, flags: encoded(*parts, kind=kind, correlation_id=correlation_id, flags=flags),
    contents,
    st.integers(0, 0xFFFFFF),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, EVENT, BACKUP_EVENT]),
)


@relaxed
@given(st.lists(messages, max_size=5), st.lists(st.integers(0, 2000), max_size=12))
def test_a_message_cut_anywhere_is_the_same_message(sent: list[bytes], cuts: list[int]) -> None:
    received = feed_all(FrameReader(), cut(b"".join(sent), cuts))
    assert [bytes(message) for message in received] == sent


@relaxed
@given(st.lists(contents, min_size=1, max_size=4), st.integers(20, 80), st.lists(st.integers(0, 4000), max_size=12))
def test_fragments_cut_anywhere_are_the_same_message(many: list[list[bytes]], room: int, cuts: list[int]) -> None:
    sent = [encoded(*parts, correlation_id=i) for i, parts in enumerate(many)]
    stream = b"".join(piece for i, message in enumerate(sent) for piece in fragments(message, room, i))
    received = feed_all(FrameReader(), cut(stream, cuts))
    assert [bytes(message) for message in received] == sent


def test_bytes_that_come_one_by_one_make_the_same_messages() -> None:
    sent = [encoded(b"abc"), *fragments(encoded(b"x" * 30, b"y" * 30), 40, 5), encoded()]
    received = feed_all(FrameReader(), iter(bytes([byte]) for byte in b"".join(sent)))
    assert [contents_of(message) for message in received] == [[b"abc"], [b"x" * 30, b"y" * 30], []]


def test_fragments_of_several_messages_may_be_interleaved() -> None:
    one = fragments(encoded(b"1" * 30, b"1" * 31, b"1" * 32), 50, 1)
    two = fragments(encoded(b"2" * 30, b"2" * 31), 50, 2)
    whole = encoded(b"whole")
    received = FrameReader().feed(b"".join([one[0], two[0], one[1], whole, two[1], *one[2:3], *two[2:], *one[3:]]))
    assert [contents_of(message) for message in received] == [
        [b"whole"],
        [b"2" * 30, b"2" * 31],
        [b"1" * 30, b"1" * 31, b"1" * 32],
    ]


def test_an_id_may_begin_again_once_its_message_is_complete() -> None:
    pieces = fragments(encoded(b"x" * 50, b"y" * 50), 80, 9)
    assert len(FrameReader().feed(b"".join(pieces + pieces))) == 2


@relaxed
@given(contents, st.integers(20, 80))
def test_the_official_client_puts_our_fragments_together(parts: list[bytes], room: int) -> None:
    received: list[InboundMessage] = []
    builder = ClientMessageBuilder(received.append)
    for piece in fragments(encoded(*parts), room, 3):
        builder.on_message(_official(piece))
    (message,) = received
    assert message.get_correlation_id() == 7
    first = message.next_frame()
    assert first.buf == struct.pack("<iqB", 0x010201, 7, 0)
    read = []
    while message.has_next_frame():
        read.append(message.next_frame().buf)
    assert read == parts


def _official(data: bytes) -> InboundMessage:
    frames, position = [], 0
    while position < len(data):
        length, flags = struct.unpack_from("<iH", data, position)
        frames.append(Frame(data[position + 6 : position + length], flags))
        position += length
    message = InboundMessage(frames[0])
    for one in frames[1:]:
        message.add_frame(one)
    return message


@relaxed
@given(st.lists(st.binary(max_size=40), min_size=2, max_size=12), st.integers(60, 120))
def test_no_fragment_is_longer_than_asked(parts: list[bytes], room: int) -> None:
    assert all(len(piece) <= room for piece in fragments(encoded(*parts), room, 1))


def test_a_frame_that_is_longer_than_asked_has_a_fragment_of_its_own() -> None:
    pieces = fragments(encoded(b"a" * 40, b"b" * 200, b"c" * 10, b"d" * 10), 80, 1)
    assert [len(piece) for piece in pieces] == [14 + 19 + 46, 14 + 206, 14 + 16 + 16]


def test_a_message_that_is_short_enough_is_not_split() -> None:
    message = encoded(b"abc")
    assert fragments(message, len(message), 1) == [message]


def test_a_message_of_one_frame_cannot_be_split() -> None:
    message = encoded()
    assert fragments(message, 10, 1) == [message]


def test_the_header_is_read_when_the_message_arrives() -> None:
    (message,) = FrameReader().feed(encoded(kind=0x010302, correlation_id=-5, acks=2))
    assert (message.type, message.correlation_id, message.backup_acks) == (0x010302, -5, 2)
    assert message.flags == UNFRAGMENTED | FINAL


@pytest.mark.parametrize(("flags", "is_event"), [(0, False), (EVENT, True), (BACKUP_EVENT, True)])
def test_events_are_told_from_answers(flags: int, is_event: bool) -> None:
    (message,) = FrameReader().feed(encoded(flags=flags))
    assert message.is_event is is_event


def test_the_header_survives_fragments() -> None:
    pieces = fragments(encoded(b"x" * 50, correlation_id=11, acks=3, flags=EVENT), 60, 1)
    (message,) = FrameReader().feed(b"".join(pieces))
    assert (message.correlation_id, message.backup_acks, message.is_event) == (11, 3, True)


def test_peeking_does_not_move() -> None:
    (message,) = FrameReader().feed(encoded(b"abc"))
    message.next_frame()
    assert message.peek_next_frame() is message.next_frame()
    assert not message.has_next_frame()


def test_a_message_can_be_read_again() -> None:
    (message,) = FrameReader().feed(encoded(b"abc", b"def"))
    message.next_frame()
    message.peek_next_frame()
    message.reset_next_frame()
    assert contents_of(message) == [b"abc", b"def"]


def test_a_message_knows_its_frames_only_up_to_its_own_end() -> None:
    first, _ = FrameReader().feed(encoded(b"abc") + encoded(b"def"))
    assert contents_of(first) == [b"abc"]


def test_an_official_decoder_that_meets_the_end_of_a_message_gets_a_protocol_error() -> None:
    (message,) = FrameReader().feed(encoded())
    with pytest.raises(ProtocolError, match="ends where another frame is expected"):
        map_get_codec.decode_response(message)


def test_an_official_decoder_reads_a_value_and_a_null() -> None:
    value, null = FrameReader().feed(
        encoded(b"v") + encoded()[:4] + struct.pack("<H", UNFRAGMENTED) + encoded()[6:] + frame(b"", NULL | FINAL)
    )
    data = map_get_codec.decode_response(value)
    assert data is not None
    assert data.buffer == b"v"
    assert map_get_codec.decode_response(null) is None


def test_a_request_is_stamped_where_the_official_client_does() -> None:
    ours, theirs = (queue_size_codec.encode_request("q") for _ in range(2))
    stamp(ours.buf, 2**40, 12, backup_aware=True)
    assert isinstance(theirs, OutboundMessage)
    theirs.set_correlation_id(2**40)
    theirs.set_partition_id(12)
    theirs.set_backup_aware_flag()
    assert ours.buf == theirs.buf


# -------------------------------------------------------------------------------------------------------------- limits


@relaxed
@given(st.lists(st.integers(0, 400), max_size=8))
def test_a_message_longer_than_the_limit_is_refused_wherever_it_is_cut(cuts: list[int]) -> None:
    message = encoded(b"x" * 100, b"y" * 100)
    reader = FrameReader(max_message_bytes=len(message) - 1)
    with pytest.raises(ProtocolError, match="the limit is"):
        feed_all(reader, cut(message, cuts))


@relaxed
@given(st.lists(st.integers(0, 400), max_size=8))
def test_a_message_of_exactly_the_limit_is_accepted_wherever_it_is_cut(cuts: list[int]) -> None:
    message = encoded(b"x" * 100, b"y" * 100)
    assert len(feed_all(FrameReader(max_message_bytes=len(message)), cut(message, cuts))) == 1


def test_a_frame_that_announces_too_much_is_refused_before_its_content_comes() -> None:
    first = encoded(b"")[:-6]
    with pytest.raises(ProtocolError, match="announces 1000000 bytes"):
        FrameReader(max_message_bytes=1000).feed(first + struct.pack("<iH", 1_000_000, FINAL))


def test_an_announcement_alone_takes_no_memory() -> None:
    reader = FrameReader(max_message_bytes=2**31)
    announcement = encoded(b"")[:-6] + struct.pack("<iH", 2**30, FINAL)
    tracemalloc.start()
    try:
        reader.feed(announcement)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_the_limit_holds_for_all_fragments_together() -> None:
    reader = FrameReader(max_message_bytes=1000)
    for i in range(3):
        reader.feed(fragments(encoded(b"x" * 270, b"y" * 270), 320, i)[0])
    with pytest.raises(ProtocolError, match=r"the limit is 1000 \(max_message_bytes\)"):
        reader.feed(fragments(encoded(b"x" * 270, b"y" * 270), 320, 3)[0])


def test_complete_fragmented_messages_do_not_count_any_more() -> None:
    reader = FrameReader(max_message_bytes=1000)
    for i in range(20):
        assert len(reader.feed(b"".join(fragments(encoded(b"x" * 270, b"y" * 270), 320, i)))) == 1


def test_only_so_many_messages_may_be_arriving_in_fragments() -> None:
    reader = FrameReader(max_fragmented_messages=3)
    begins = [fragments(encoded(b"x" * 50, b"y" * 50), 60, i)[0] for i in range(4)]
    reader.feed(b"".join(begins[:3]))
    with pytest.raises(ProtocolError, match="max_fragmented_messages"):
        reader.feed(begins[3])


def test_a_long_message_in_many_pieces_takes_little_more_than_its_size_twice() -> None:
    size = 4_000_000
    message = encoded(b"x" * size)
    pieces = [message[begin : begin + 1000] for begin in range(0, len(message), 1000)]
    reader = FrameReader()
    tracemalloc.start()
    try:
        received = feed_all(reader, iter(pieces))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(contents_of(received[0])[0]) == size
    assert peak < 2.5 * size


# ----------------------------------------------------------------------------------------------------- malformed bytes


def fragment(flags: int, fragment_id: int, *frames: bytes) -> bytes:
    return frame(struct.pack("<q", fragment_id), flags) + b"".join(frames)


MALFORMED = {
    "a first frame of no bytes": (struct.pack("<iH", 0, UNFRAGMENTED), "byte 0 announces 0 bytes"),
    "a negative length": (struct.pack("<iH", -1, UNFRAGMENTED), "announces -1 bytes"),
    "a first frame without a header": (frame(b"abc", UNFRAGMENTED | FINAL), "announces 9 bytes; 19 is the least"),
    "a first frame too short for a header, with frames after it": (
        frame(b"abc", UNFRAGMENTED) + frame(b"x" * 20, FINAL),
        "announces 9 bytes; 19 is the least",
    ),
    "a later frame shorter than its header": (
        encoded(b"")[:-6] + struct.pack("<iH", 5, FINAL) + b"x" * 20,
        "a frame at byte 19 announces 5 bytes",
    ),
    "a fragment without an id": (frame(b"abc", BEGIN_FRAGMENT), "announces 9 bytes; 14 is the least"),
    "a fragment without frames": (fragment(BEGIN_FRAGMENT | FINAL, 4), r"has no frames \(fragment id 4\)"),
    "a continuation of nothing": (fragment(0, 4, frame(b"x", FINAL)), "never began"),
    "an end of nothing": (fragment(END_FRAGMENT, 4, frame(b"x", FINAL)), "never began"),
    "a fragment id that begins twice": (fragment(BEGIN_FRAGMENT, 4, frame(b"x", FINAL)) * 2, "begins a second time"),
    "fragments of something without a header": (
        fragment(BEGIN_FRAGMENT, 4, frame(b"x", FINAL)) + fragment(END_FRAGMENT, 4, frame(b"x", FINAL)),
        "begins with a frame of 7 bytes",
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_bytes_are_a_protocol_error(what: str) -> None:
    data, words = MALFORMED[what]
    with pytest.raises(ProtocolError, match=words):
        FrameReader().feed(data)


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_bytes_that_come_one_by_one_are_the_same_error(what: str) -> None:
    data, words = MALFORMED[what]
    with pytest.raises(ProtocolError, match=words):
        feed_all(FrameReader(), iter(bytes([byte]) for byte in data))


def test_an_error_names_the_position_in_the_whole_stream() -> None:
    reader = FrameReader()
    good = encoded(b"abc")
    reader.feed(good)
    reader.feed(good[:10])
    with pytest.raises(ProtocolError, match=f"byte {2 * len(good)} "):
        reader.feed(good[10:] + b"\x00" * 6)


@relaxed
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_random_bytes_give_messages_or_a_protocol_error(pieces: list[bytes]) -> None:
    reader = FrameReader(max_message_bytes=100_000)
    try:
        received = feed_all(reader, iter(pieces))
    except ProtocolError:
        return
    for message in received:
        contents_of(message)


@relaxed
@given(st.lists(messages, min_size=1, max_size=3), st.integers(0, 500), st.integers(1, 255), contents)
def test_a_damaged_stream_gives_messages_or_a_protocol_error(
    sent: list[bytes], where: int, damage: int, more: list[bytes]
) -> None:
    data = bytearray(b"".join(sent) + b"".join(fragments(encoded(*more), 40, 1)))
    data[where % len(data)] ^= damage
    try:
        received = FrameReader(max_message_bytes=100_000).feed(bytes(data))
    except ProtocolError:
        return
    for message in received:
        contents_of(message)


@relaxed
@given(messages)
def test_what_is_exactly_one_message_can_be_looked_at_and_then_fed_or_skipped(sent: bytes) -> None:
    looked, fed = FrameReader(), FrameReader()
    message = looked.only(sent)
    assert message is not None
    (same,) = fed.feed(sent)
    assert (bytes(message), contents_of(message)) == (bytes(same), contents_of(same))
    assert (message.type, message.correlation_id, message.is_event) == (same.type, same.correlation_id, same.is_event)
    assert [bytes(one) for one in looked.feed(sent)] == [sent]
    assert looked.skip(sent) == len(sent)


@relaxed
@given(messages, st.integers(1, 2000))
def test_what_is_less_or_more_than_one_message_or_a_fragment_cannot(sent: bytes, where: int) -> None:
    reader = FrameReader(max_message_bytes=10_000)
    less = sent[: where % len(sent)]
    assert reader.only(less) is None
    assert reader.only(sent + sent) is None
    assert reader.only(sent + b"x") is None
    assert reader.only(encoded(b"x" * 10_000)) is None
    assert reader.only(fragments(encoded(b"x" * 50, b"y" * 50), 80, 1)[0]) is None
    if less:
        reader.feed(less)
        assert reader.only(sent) is None
