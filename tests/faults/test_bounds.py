"""What is kept for later has a limit, a counter and a clear end: calls that wait, events of slow listeners, bytes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import tealjet
from support.clusters import Events, failover_config, look_into
from support.workload import LIMIT
from tealjet.bridge import callbacks
from tealjet.bridge.callbacks import CallbackThreads
from tealjet.lab import Lab

PARKED = 100_000


@pytest.mark.member("5.7.0")
def test_as_many_calls_as_allowed_wait_for_a_cluster_and_the_next_one_is_refused_and_none_is_forgotten(
    lab: Lab, unique: str
) -> None:
    states = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), standby=False) as client:
        client.lifecycle_service.add_listener(states)
        entries: Any = client.get_map(unique)
        lab["green"].kill()
        lab["blue"].kill()
        states.wait_for(lambda state: state == "DISCONNECTED")
        waiting = [entries.set(number, number) for number in range(PARKED)]
        refused = entries.set(PARKED, PARKED)
        error = refused.exception()
        assert isinstance(error, tealjet.errors.OverloadError)
        assert f"{PARKED} calls wait for a cluster already (max_parked_calls)" in str(error)
        assert "safe to issue it again" in str(error)
        assert tealjet.outcome_of(error) is tealjet.Outcome.NOT_SENT
        status = client.failover.status()
        assert (status.calls_parked, status.calls_rejected_total) == (PARKED, 1)
        lab["green"].restart()
        assert [future.result() for future in waiting] == [None] * PARKED
        assert client.failover.status().calls_parked == 0
    with look_into(lab["green"]) as other:
        assert other.get_map(unique).size().result() == PARKED


@pytest.mark.member("5.7.0")
def test_events_for_a_listener_that_is_stuck_wait_and_are_counted(lab: Lab, unique: str) -> None:
    stuck, heard = threading.Event(), Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = client.get_map(unique)

        def listener(event: Any) -> None:
            heard(event)
            assert stuck.wait(LIMIT)

        entries.set("key", -1).result()
        entries.add_entry_listener(include_value=True, updated_func=listener).result()
        quick = Events()
        entries.add_entry_listener(include_value=True, updated_func=quick).result()
        for number in range(51):
            entries.set("key", number).result()
        quick.wait_for(lambda event: event.value == 50)  # events of one key come in order: both were told of 49 before
        heard.wait_for(lambda event: event.value == 0)
        assert client.failover.status().events_waiting >= 50
        assert client.failover.status().events_dropped == 0
        stuck.set()
        heard.wait_for(lambda event: event.value == 50)


def test_events_beyond_the_limit_of_a_listener_are_dropped_counted_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(callbacks, "_LIMIT", 3)
    running, stuck = threading.Event(), threading.Event()
    threads = CallbackThreads("test")
    lane = threads.lane("a slow listener")

    def first() -> None:
        running.set()
        assert stuck.wait(LIMIT)

    lane.put(first)
    assert running.wait(LIMIT)
    for _ in range(5):
        lane.put(lambda: None)
    assert (threads.waiting, threads.dropped) == (3, 3)
    assert caplog.text.count("a slow listener is too slow: more than 3 events wait for it") == 1
    stuck.set()
    threads.close(LIMIT)
    assert (threads.waiting, threads.dropped) == (0, 3)
