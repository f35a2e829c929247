"""No cluster, or none for a while: the client starts where it can, waits, goes on, and says why it could not."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

import tealjet
from support.clusters import Events, config, failover_config, wait_for_standby
from support.workload import LIMIT, ThreadedWorkload, gets, puts
from support.world import Trouble, World
from tealjet.errors import CallTimeoutError, NoClusterError
from tealjet.failover.model import Kind, RoundFailed
from tealjet.lab import Lab

pytestmark = pytest.mark.member("5.7.0")


def test_a_client_starts_on_green_when_blue_is_down(lab: Lab, unique: str) -> None:
    states = Events()
    lab["blue"].kill()
    configuration = failover_config(lab["blue"], lab["green"], lifecycle_listeners=[states])
    with tealjet.new_jet_failover_client(configuration) as client:
        entries: Any = client.get_map(unique).blocking()
        assert entries.put("key", "value") is None
        assert client.failover.active is not None
        assert client.failover.active.name == "green"
        assert client.failover.history[0].kind is Kind.FIRST
        assert "refused" in client.failover.status().reasons["blue"]
        states.wait_for(lambda state: state == "CONNECTED")
        assert "CHANGED_CLUSTER" not in states.all


def test_a_client_lives_through_the_loss_of_both_clusters_and_goes_on_with_the_one_that_comes_back(
    lab: Lab, unique: str
) -> None:
    events = Events()
    # the fourth round comes after three pauses of about a second
    configuration = failover_config(lab["blue"], lab["green"], retry_initial_backoff=1.0, retry_max_backoff=1.0)
    with tealjet.new_jet_failover_client(configuration) as client:
        wait_for_standby(client, "green")
        client.failover.add_listener(events)
        with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(50)
            lab["green"].kill()
            lab["blue"].kill()
            events.wait_for(lambda event: isinstance(event, RoundFailed) and event.number >= 4)
            assert client.failover.status().active is None
            assert client.failover.status().calls_parked == 2
            lab["green"].restart()
            workload.history.wait_for_more(50)
        assert client.failover.active is not None
        assert client.failover.active.name == "green"
        assert all(record.outcome is not None for record in workload.history.failed)


def test_calls_end_at_their_deadlines_with_the_reason_for_each_candidate(lab: Lab, unique: str) -> None:
    events = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        entries: Any = client.get_map(unique).blocking()
        client.failover.add_listener(events)
        lab["green"].kill()
        lab["blue"].kill()
        events.wait_for(lambda event: isinstance(event, RoundFailed))
        with pytest.raises(CallTimeoutError) as caught, tealjet.call_options(timeout=0.1):
            entries.put("key", "value")
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
        text = str(caught.value)
        assert "blue: " in text
        assert "green: " in text
        assert lab["green"].addresses[0] in text
        assert "safe to issue it again" in text


def test_a_fresh_idle_cluster_without_a_partition_table_stands_by_ready(fresh_lab: Lab) -> None:
    lab = fresh_lab
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        standby = client._engine.snapshot().standby_link
        assert standby is not None
        link = client._engine.link_of(standby)
        assert link is not None
        client._thread.run(asyncio.wait([link.partitions_known], timeout=LIMIT))
        assert link.partitions_known.done()


def test_an_idle_client_follows(lab: Lab) -> None:
    states = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        client.lifecycle_service.add_listener(states)
        lab["blue"].kill()
        states.wait_for(lambda state: state == "CONNECTED")
        assert states.all == ["DISCONNECTED", "CHANGED_CLUSTER", "CONNECTED"]
        changed = states.all[1]
        assert (changed.from_cluster, changed.to_cluster) == ("blue", "green")


@pytest.mark.parametrize(
    ("cluster_name", "address", "parts"),
    [
        ("purple", None, ["purple", "refused the cluster name or the credentials", "compare them"]),
        ("blue", "127.0.0.1:1", ["127.0.0.1:1", "refused the connection", "nothing listens there"]),
        ("blue", "no.such.host.invalid:5701", ["'no.such.host.invalid' does not resolve"]),
    ],
    ids=["wrong cluster name", "closed port", "name that does not resolve"],
)
def test_an_error_names_the_cluster_what_failed_and_what_to_do(
    cluster_name: str, address: str | None, parts: list[str], lab: Lab, world: World
) -> None:
    world.hosts["no.such.host.invalid"] = Trouble.FAILS
    wrong = config(cluster_name, [address or lab["blue"].addresses[0]], cluster_connect_timeout=0.0)
    with pytest.raises(NoClusterError) as caught:
        tealjet.new_jet_failover_client(tealjet.FailoverConfig(try_count=0, clients=[wrong]))
    assert cluster_name in caught.value.reasons
    for part in parts:
        assert part in str(caught.value)


def test_a_password_shows_in_no_error_and_no_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = config("purple", lab["blue"].addresses, cluster_connect_timeout=0.0)
    wrong.creds_username, wrong.creds_password = "ada", "open-sesame-42"
    with pytest.raises(NoClusterError) as caught:
        tealjet.new_jet_failover_client(tealjet.FailoverConfig(try_count=0, clients=[wrong]))
    assert "open-sesame-42" not in str(caught.value) + repr(caught.value) + caplog.text


def test_a_client_without_a_try_count_never_gives_up_and_says_in_each_round_why(lab: Lab) -> None:
    lab["blue"].kill()
    made: list[tealjet.JetClient] = []
    configuration = failover_config(lab["blue"], retry_initial_backoff=0.05, retry_max_backoff=0.1)
    rounds = threading.Event()

    class Count(logging.Handler):
        number = 0

        def emit(self, record: logging.LogRecord) -> None:
            if "no cluster could be used in round" in record.getMessage():
                Count.number += 1
                if Count.number == 5:
                    rounds.set()

    handler = Count()
    logging.getLogger("tealjet").addHandler(handler)
    try:
        starting = threading.Thread(target=lambda: made.append(tealjet.new_jet_failover_client(configuration)))
        starting.start()
        assert rounds.wait(LIMIT)
        lab["blue"].restart()
        starting.join()
    finally:
        logging.getLogger("tealjet").removeHandler(handler)
    with made[0] as client:
        assert client.failover.active is not None
