"""What is bound to a cluster ends when the client begins to use another one, and not otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from tealjet.bridge.homes import Home
from tealjet.engine.link import Link
from tealjet.errors import Outcome
from tealjet.failover.model import Kind
from tealjet.jet.questions import Questions
from tealjet.jet.whereabouts import Departure, JobRef, Place, Whereabouts, left_behind
from tealjet.protocol.values import MemberVersion

BLUE, GREEN = Home("blue", "id of blue"), Home("green", "id of green")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def link_to(home: Home) -> Link:
    link: Link = Mock()
    link.target.name, link.facts.cluster_id = home.name, home.cluster_id  # type: ignore[misc]
    return link


class Waiting:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.told: list[Departure | str] = []

    def leave(self, departure: Departure) -> None:
        self.told.append(departure)

    def look_again(self) -> None:
        self.told.append("look again")


@pytest.fixture
def where() -> Whereabouts:
    return Whereabouts(BLUE, NOON.timestamp)


def test_what_waits_for_a_cluster_is_told_when_the_client_uses_another_one(where: Whereabouts) -> None:
    here, there = Waiting(BLUE), Waiting(GREEN)
    with where.keeping(here), where.keeping(there):
        where.activated(Kind.CHANGED, link_to(GREEN))
    assert here.told == [Departure(at=NOON, to="green")]
    assert there.told == []
    assert (where.home.name, where.is_here(BLUE), where.is_here(GREEN)) == ("green", False, True)
    assert where.departure_from(BLUE) == here.told[0]


def test_a_reconnect_to_the_same_cluster_ends_nothing(where: Whereabouts) -> None:
    here = Waiting(BLUE)
    with where.keeping(here):
        where.activated(Kind.SAME, link_to(BLUE))
    assert here.told == ["look again"]
    assert where.moves == 0


def test_a_cluster_that_was_restarted_is_left_for_its_successor(where: Whereabouts) -> None:
    here = Waiting(BLUE)
    with where.keeping(here):
        where.activated(Kind.RESTARTED, link_to(Home("blue", "a new id")))
    assert here.told == [Departure(at=NOON, to="blue", restarted=NOON)]


@pytest.mark.parametrize("way", ["active", "standby"])
def test_a_cluster_that_was_left_and_comes_back_as_another_one_was_restarted(way: str, where: Whereabouts) -> None:
    where.activated(Kind.CHANGED, link_to(GREEN))
    where.seen(BLUE)
    assert where.departure_from(BLUE).restarted is None
    successor = Home("blue", "a new id")
    if way == "active":
        where.activated(Kind.CHANGED, link_to(successor))
    else:
        where.seen(successor)
    assert where.departure_from(BLUE) == Departure(at=NOON, to="green", restarted=NOON)


def test_what_does_not_wait_any_more_is_told_nothing(where: Whereabouts) -> None:
    here = Waiting(BLUE)
    with where.keeping(here):
        pass
    where.activated(Kind.CHANGED, link_to(GREEN))
    assert here.told == []


def test_each_departure_is_told_once_with_the_cluster_that_was_left(where: Whereabouts) -> None:
    told: list[tuple[str, str]] = []
    where.on_departure(lambda former, departure: told.append((former.name, departure.to)))
    for home in (GREEN, GREEN, BLUE):
        where.activated(Kind.CHANGED, link_to(home))
    assert told == [("blue", "green"), ("green", "blue")]
    assert where.moves == 2


@pytest.mark.parametrize(
    ("restarted", "outcome", "changes", "words", "not_words"),
    [
        (
            False,
            Outcome.NOT_SENT,
            True,
            "left for 'green' at 2026-11-23 12:00:00 UTC; it may still run",
            "may have been",
        ),
        (False, Outcome.UNKNOWN, True, "What was asked of it may have been done", "restarted"),
        (False, Outcome.UNKNOWN, False, "works again when the client is back", "may have been done"),
        (True, Outcome.NOT_SENT, True, "as it was before it was restarted", "works again"),
    ],
)
def test_the_error_says_where_the_job_was_and_when_the_client_left(
    restarted: bool, outcome: Outcome, changes: bool, words: str, not_words: str
) -> None:
    job = JobRef(place=Place(BLUE, Questions(MemberVersion(5, 7, 0))), job_id=12345, name="report")
    departure = Departure(at=NOON, to="green", restarted=NOON if restarted else None)
    error = left_behind(job, departure, outcome, changes=changes)
    assert "'report' (0000-0000-0000-3039) belongs to cluster 'blue'" in str(error)
    assert words in str(error)
    assert not_words not in str(error)
    assert (error.cluster, error.left_at, error.now_on, error.outcome) == ("blue", NOON, "green", outcome)
