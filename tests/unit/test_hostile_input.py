"""Hostile and random bytes at an embedded member and at the client: answers, a clean close, waiting or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import jet_recordings
from support.hostile import KEPT, at_client, at_member, client_stream, damaged, member_stream

seeds = st.integers(0, 2**32)
SIDES: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "member": (at_member, client_stream()),
    "client": (at_client, member_stream()),
    "jobs": (jet_recordings.attack, dict(jet_recordings.seeds())["5.7.0 metrics of kept"]),
}
KEPT_STREAMS = [
    pytest.param(path, id=f"{side}-{path.stem}") for side in SIDES for path in sorted((KEPT / side).glob("*.bin"))
]


def test_what_a_well_behaved_client_sends_is_served() -> None:
    assert [at_member(client_stream(), version) for version in ("5.7.0", "jet-4.3.1")] == ["stands", "stands"]


def test_what_a_well_behaved_member_sends_is_understood() -> None:
    assert at_client(member_stream()) == "stands"


@pytest.mark.parametrize("path", KEPT_STREAMS)
def test_a_stream_that_was_kept_does_no_harm(path: Path) -> None:
    attack, _ = SIDES[path.parent.name]
    attack(path.read_bytes())


@pytest.mark.parametrize("side", SIDES)
def test_damaged_streams_do_no_harm(side: str) -> None:
    attack, stream = SIDES[side]

    @settings(deadline=None, max_examples=500)
    @given(seeds)
    def attacked(seed: int) -> None:
        attack(damaged(stream, seed))

    attacked()


@pytest.mark.parametrize("side", SIDES)
def test_random_streams_do_no_harm(side: str) -> None:
    attack, stream = SIDES[side]

    @settings(deadline=None, max_examples=200)
    @given(st.binary(max_size=300), st.booleans())
    def attacked(data: bytes, greeted: bool) -> None:
        attack(stream[:3] + data if greeted else data)

    attacked()
