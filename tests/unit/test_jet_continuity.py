"""What a handle means after its client has gone to another cluster, as rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tealjet.jet.continuity import Arrival, Attempt, AttemptState, Continuity, Line, Sighting
from tealjet.protocol.jet_values import JobStatus


def attempt(number: int, cluster: str) -> Attempt:
    return Attempt(
        number=number,
        cluster=cluster,
        cluster_id=f"id of {cluster}",
        job_id=number,
        id_string=str(number),
        since=datetime(2026, 11, 23, tzinfo=UTC),
    )


def line(continuity: Continuity) -> Line:
    return Line(continuity, (attempt(1, "blue"),))


@pytest.mark.parametrize(
    ("continuity", "arrival"),
    [
        (Continuity.LEAVE, Arrival.STAY),
        (Continuity.FOLLOW, Arrival.FIND),
        (Continuity.RERUN, Arrival.SUBMIT),
    ],
)
def test_on_a_cluster_that_is_new_to_it_a_handle_does_what_was_chosen(continuity: Continuity, arrival: Arrival) -> None:
    assert line(continuity).left().arrived("id of green") is arrival


@pytest.mark.parametrize("continuity", Continuity)
def test_back_on_a_cluster_that_has_an_attempt_the_handle_stands_for_that_one(continuity: Continuity) -> None:
    moved = line(continuity).left().added(attempt(2, "green"))
    assert moved.now.cluster == "green"
    assert moved.arrived("id of blue") is Arrival.RESUME
    back = moved.left().resumed("id of blue")
    assert back.now == attempt(1, "blue")
    assert back.attempts[1].state is AttemptState.LEFT_BEHIND


def test_a_cluster_that_was_restarted_is_another_cluster() -> None:
    assert line(Continuity.RERUN).left().arrived("another id of blue") is Arrival.SUBMIT


@pytest.mark.parametrize("state", [AttemptState.COMPLETED, AttemptState.FAILED, AttemptState.CANCELLED])
def test_work_that_has_ended_is_not_done_again(state: AttemptState) -> None:
    ended = line(Continuity.RERUN).noted(0, state).left()
    assert ended.now.state is state
    assert ended.arrived("id of green") is Arrival.STAY


def test_work_that_a_superseded_attempt_has_done_is_not_done_again() -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green")).noted(0, AttemptState.COMPLETED).left()
    assert moved.completed == moved.attempts[0]
    assert moved.arrived("id of a third") is Arrival.STAY


@pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.CANCELLED])
def test_back_on_a_cluster_whose_attempt_ended_without_a_result_the_work_is_done_once_more(state: AttemptState) -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green")).noted(0, state).left()
    assert moved.arrived("id of blue") is Arrival.SUBMIT
    again = moved.added(attempt(3, "blue"))
    assert again.left().arrived("id of green") is Arrival.RESUME
    followed = line(Continuity.FOLLOW).left().added(attempt(2, "green")).noted(0, state).left()
    assert followed.arrived("id of blue") is Arrival.RESUME


def test_an_attempt_that_the_handle_has_gone_back_to_is_not_superseded_any_more() -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green")).left().resumed("id of blue")
    assert moved.seen(0, JobStatus.RUNNING, cancel=True) is Sighting.NOTHING


def test_superseded_attempts_are_those_of_that_cluster_that_may_still_run() -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green"))
    assert list(moved.superseded("id of blue")) == [0]
    assert list(moved.superseded("id of green")) == []  # the handle stands for it
    assert list(moved.noted(0, AttemptState.FAILED).superseded("id of blue")) == []


@pytest.mark.parametrize(
    ("status", "cancel", "sighting"),
    [
        (JobStatus.RUNNING, False, Sighting.REPORT),
        (JobStatus.SUSPENDED, False, Sighting.REPORT),
        (JobStatus.RUNNING, True, Sighting.CANCEL),
        (JobStatus.COMPLETED, True, Sighting.COMPLETED),
        (JobStatus.COMPLETED, False, Sighting.COMPLETED),
        (JobStatus.FAILED, True, Sighting.NOTHING),
    ],
)
def test_a_superseded_attempt_that_still_runs_is_reported_and_cancelled_only_on_demand(
    status: JobStatus, cancel: bool, sighting: Sighting
) -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green"))
    assert moved.seen(0, status, cancel=cancel) is sighting


def test_that_an_attempt_still_runs_is_reported_once() -> None:
    moved = line(Continuity.RERUN).left().added(attempt(2, "green")).noted(0, AttemptState.STILL_RUNS)
    assert moved.seen(0, JobStatus.RUNNING, cancel=False) is Sighting.NOTHING


def test_nothing_can_be_resumed_on_a_cluster_without_an_attempt() -> None:
    with pytest.raises(ValueError, match="no attempt was made"):
        line(Continuity.FOLLOW).resumed("id of green")
