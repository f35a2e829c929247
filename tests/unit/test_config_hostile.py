"""Bytes in the place of a file do no harm: only problems come out, within the memory that the file's size allows."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.hostile import KEPT
from support.hostile_files import SEEDS, attack_with

_FORMATS = ("yaml", "xml")
_KEPT = [path for written_in in _FORMATS for path in sorted((KEPT / written_in).iterdir())]
_MEGABYTES = 48
"""More than what a file of the largest size that is allowed needs, and much less than what the kept ones ask for."""
# how fast a machine makes up its inputs says nothing about the loader
_any = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_PIECES = st.sampled_from(
    [
        *(
            "<hazelcast-client>",
            "</hazelcast-client>",
            "<network>",
            "</network>",
            "<near-cache name='a'>",
            "</near-cache>",
        ),
        *("<client-labels>", "<label>a</label>", "</client-labels>", "<token encoding='x'>", "<properties>"),
        *("<property name='tealjet.profile'>", "</property>", "<import resource='x'/>", "<!-- -->", "<![CDATA[", "]]>"),
        *(
            "<?a b?>",
            "&amp;",
            "&#0;",
            "&x;",
            "<!DOCTYPE a>",
            "xmlns='y'",
            "${a}",
            "${",
            "$ENC{",
            "\n",
            " ",
            "x",
            "\x00",
        ),
        *("<serialization>", "<serializers>", "<global-serializer>a:b</global-serializer>", "<a b='c' b='d'/>"),
    ]
)


@pytest.mark.parametrize("written_in", _FORMATS)
def test_a_well_behaved_file_is_where_fuzzers_begin(written_in: str) -> None:
    attack_with(written_in)(SEEDS[written_in])


@pytest.mark.parametrize("path", _KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_that_did_harm_once_does_none(path: Path) -> None:
    content = path.read_bytes()
    attack = attack_with(path.parent.name)
    tracemalloc.start()
    try:
        attack(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MEGABYTES * 1024 * 1024


@_any
@given(st.binary(max_size=300))
@example(b"")
@example(b"\xff\xfe<\x00a\x00/\x00>\x00")
@example(b"<?xml version='1.0' encoding='\xc3\xa9'?><a/>")
@example(b"<hazelcast-client xmlns='http://www.hazelcast.com/schema/client-config'\x00/>")
def test_any_bytes_end_in_problems(content: bytes) -> None:
    for written_in in _FORMATS:
        attack_with(written_in)(content)


@_any
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_anything_that_looks_like_xml_ends_in_a_configuration_or_in_problems(content: str) -> None:
    attack_with("xml")(f"<hazelcast-client>{content}</hazelcast-client>".encode())


@_any
@given(st.data())
@pytest.mark.parametrize("written_in", _FORMATS)
def test_a_damaged_file_ends_in_a_configuration_or_in_problems(written_in: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[written_in])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
        content = content or bytearray(b"x")
    attack_with(written_in)(bytes(content))
