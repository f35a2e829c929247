"""What clusters lack: every message of the official package is classified, and what is missing is refused unsent."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hazelcast.protocol import codec as official

from tealjet.protocol import jet
from tealjet.protocol.features import COMPACT, FEATURES, Feature, lacking
from tealjet.protocol.values import MemberVersion

KNOWN_SINCE_4_0 = {
    0x00: "01-05 08-0C 0F",
    0x01: "01-1A 1D-2E 30-36 39-3C 3E-3F 43-47",
    0x02: "01-15",
    0x03: "01-08 0A-14",
    0x04: "01-03",
    0x05: "01-17",
    0x06: "01-0D",
    0x07: "01-04",
    0x08: "01-02 05-06",
    0x09: "01-07",
    0x0A: "01-05",
    0x0B: "01-05",
    0x0C: "01-07",
    0x0D: "01-11",
    0x0E: "01-11",
    0x0F: "01-06",
    0x10: "01-03",
    0x11: "01-03",
    0x12: "01-05",
    0x15: "01-03",
    0x17: "01-09",
    0x1C: "01",
    0x1D: "01-03",
    0x1E: "01-02",
    0x1F: "01-04",
}
"""For each service the messages of the official package whose definition says: since 2.0."""

OF_JET_4 = (4, 0, 3)


def _known_since_4_0() -> set[int]:
    numbers = set()
    for service, ranges in KNOWN_SINCE_4_0.items():
        for part in ranges.split():
            first, _, last = part.partition("-")
            numbers |= {service << 16 | one << 8 for one in range(int(first, 16), int(last or first, 16) + 1)}
    return numbers


def _official_messages() -> dict[int, str]:
    modules = (
        importlib.import_module(f"{official.__name__}.{one.name}") for one in pkgutil.iter_modules(official.__path__)
    )
    return {
        module._REQUEST_MESSAGE_TYPE: module.__name__ for module in modules if hasattr(module, "_REQUEST_MESSAGE_TYPE")
    }


def test_it_is_known_of_every_message_of_the_official_package_since_when_members_know_it() -> None:
    later = set(dict(_later(of_jet=False)).values())
    assert not later & _known_since_4_0()
    assert later | _known_since_4_0() == set(_official_messages())


def _later(*, of_jet: bool) -> list[tuple[str, int]]:
    """The messages by name and number that came after 4.0."""
    items = [item for feature in FEATURES for item in feature.messages.items()]
    return [item for item in items if item[0].startswith("jet.") is of_jet]


def test_every_jet_message_that_jet_4_does_not_know_is_refused_there() -> None:
    known_to_jet_4 = {message.request.type for message in jet.JET_4_MESSAGES}
    moved = {jet.GET_JOB_SUSPENSION_CAUSE.request.type}  # it has another number there
    later = {message.name: message.request.type for message in jet.MESSAGES}
    for message in jet.MESSAGES:
        if message.request.type in known_to_jet_4 | moved:
            del later[message.name]
    assert later == dict(_later(of_jet=True))


@pytest.mark.parametrize(("name", "number"), _later(of_jet=False), ids=lambda value: str(value))
def test_a_later_message_has_its_official_number(name: str, number: int) -> None:
    service, _, message = name.partition(".")
    expected = "".join("_" + c.lower() if c.isupper() else c for c in f"{service}_{message}") + "_codec"
    assert _official_messages()[number].rpartition(".")[2] == expected


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_members_have_a_feature_from_its_version_on(feature: Feature) -> None:
    major, minor = feature.since
    before = MemberVersion(major, minor - 1, 9) if minor else MemberVersion(major - 1, 99, 0)
    assert set(feature.messages.values()) <= lacking(before).keys()
    assert not set(feature.messages.values()) & lacking(MemberVersion(major, minor, 0)).keys()


def test_members_of_today_lack_nothing_and_those_of_jet_4_everything_that_came_later() -> None:
    assert not lacking(MemberVersion(5, 7, 0))
    lacked = lacking(MemberVersion(*OF_JET_4)).values()
    assert all(feature in lacked for feature in FEATURES)


def test_compact_serialization_is_one_of_the_features() -> None:
    assert COMPACT in FEATURES
