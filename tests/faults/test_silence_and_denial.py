"""A cluster that answers no more, and one that does not want this client: both are left, and neither hangs anything."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from hazelcast.sql import HazelcastSqlError

import tealjet
from support.clusters import Events, cluster_config, failover_config, filter_clients, map_entries, wait_for_standby
from support.workload import ThreadedWorkload, gets, puts
from tealjet.failover.model import Kind
from tealjet.lab import Lab
from tealjet.protocol.values import ClientFilterMode

pytestmark = pytest.mark.member("5.7.0")


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_denied_client_moves_to_the_next_cluster_at_once(lab: Lab, unique: str) -> None:
    states = Events()
    configuration = failover_config(lab["blue"], lab["green"], client_name=f"denied-{unique}")
    with tealjet.new_jet_failover_client(configuration) as client:
        wait_for_standby(client, "green")
        client.lifecycle_service.add_listener(states)
        filter_clients(lab["blue"], ClientFilterMode.DENY, "denied-*")
        states.wait_for(lambda state: state == "CONNECTED")
        assert states.all == ["DISCONNECTED", "CHANGED_CLUSTER", "CONNECTED"]
        report = client.failover.history[-1]
        assert report.to_cluster == "green"
        assert "client not allowed in the cluster" in report.why
        filter_clients(lab["blue"], ClientFilterMode.DISABLED)
        wait_for_standby(client, "blue")
        assert client.failover.status().active == "green"


@pytest.mark.member("5.7.0", "jet-4.3.1")
@pytest.mark.parametrize("standby", [True, False], ids=["warm", "cold"])
def test_a_frozen_cluster_is_left_and_every_call_has_an_outcome(standby: bool, lab: Lab, unique: str) -> None:
    configuration = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(configuration, silence_limit=0.4, standby=standby) as client:
        if standby:
            wait_for_standby(client, "green")
        with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(50)
            lab["blue"].freeze()
            workload.history.wait_for(
                "an answer from green",
                lambda: any(report.kind is Kind.CHANGED for report in client.failover.history),
            )
            workload.history.wait_for_more(50)
        assert client.failover.status().active == "green"
        assert [record for record in workload.history.failed if record.call.method == "get"] == []
        assert all(record.outcome is tealjet.Outcome.UNKNOWN for record in workload.history.failed)


def test_a_client_starts_on_green_when_blue_accepts_and_never_answers(lab: Lab) -> None:
    lab["blue"].freeze()
    configuration = failover_config(lab["blue"], lab["green"])
    with tealjet.new_jet_failover_client(configuration, open_timeout=0.5) as client:
        assert client.failover.status().active == "green"


def test_a_cluster_that_is_slow_for_less_than_the_limit_is_not_left(lab: Lab, unique: str) -> None:
    states = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), silence_limit=30) as client:
        entries: Any = client.get_map(unique)
        entries.put("key", "value").result()
        client.lifecycle_service.add_listener(states)
        lab["blue"].freeze()
        waiting = entries.get("key")
        lab["blue"].thaw()
        assert waiting.result() == "value"
        assert states.all == []


def test_a_query_that_was_lost_with_its_cluster_says_what_is_known(lab: Lab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        rows: Any = client.sql.execute("SELECT * FROM TABLE(generate_stream(10))", cursor_buffer_size=1).result()
        pages = iter(rows)
        assert next(pages)["v"] == 0
        lab["blue"].kill()
        with pytest.raises(HazelcastSqlError) as caught:
            list(pages)
        assert tealjet.outcome_of(caught.value) is not None
        rows = client.sql.execute("SELECT 1 AS v").result()
        assert [row["v"] for row in rows] == [1]


def test_community_members_are_refused_when_failover_support_is_required(lab: Lab) -> None:
    configuration = failover_config(lab["blue"], try_count=0, cluster_connect_timeout=0.0)
    with pytest.raises(tealjet.TealjetError, match="does not support failover"):
        tealjet.new_jet_failover_client(configuration, require_failover_supported=True)


def test_a_client_says_once_that_a_cluster_does_not_support_failover(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tealjet")
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        client.failover.switch_to("green")
    assert caplog.text.count("does not support failover") == 1


def test_an_ordinary_client_gives_up_when_its_cluster_connect_timeout_is_over(lab: Lab) -> None:
    lab["blue"].kill()
    with pytest.raises(tealjet.TealjetError, match="refused the connection"):
        tealjet.new_jet_client(cluster_config(lab["blue"], cluster_connect_timeout=0.1))


STOPPED_CLIENT = """
import sys
import tealjet
from support.clusters import config, wait_for_standby

blue, green = sys.argv[1:]
configuration = tealjet.FailoverConfig(clients=[config("blue", [blue]), config("green", [green])])
with tealjet.new_jet_failover_client(configuration, silence_limit=1.0) as client:
    wait_for_standby(client, "green")
    entries = client.get_map("anything").blocking()
    print("ready", flush=True)
    for _ in sys.stdin:
        entries.get("key")
        print(client.failover.status().active, len(client.failover.history), flush=True)
"""


def test_a_client_that_was_stopped_for_longer_than_the_limit_does_not_blame_its_cluster(lab: Lab) -> None:
    arguments = [sys.executable, "-c", STOPPED_CLIENT, *lab["blue"].addresses, *lab["green"].addresses]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            for _ in range(2):
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED)
                time.sleep(2.1)  # more than twice the client's limit: that time passes is the point
                process.send_signal(signal.SIGCONT)
                process.stdin.write("go on\n")
                assert process.stdout.readline() == "blue 1\n"
        finally:
            process.kill()


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_after_a_freeze_nothing_of_the_old_cluster_gets_through(lab: Lab, unique: str) -> None:
    heard = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), silence_limit=1.0) as client:
        wait_for_standby(client, "green")
        entries: Any = client.get_map(unique)
        entries.add_entry_listener(include_value=True, updated_func=heard, added_func=heard).result()
        entries.put("key", "before").result()
        heard.wait_for(lambda event: event.value == "before")
        lab["blue"].freeze()
        frozen = [entries.put("key", f"frozen-{number}") for number in range(20)]
        for future in frozen:
            assert isinstance(future.exception(), tealjet.errors.ConnectionLostError)
            assert tealjet.outcome_of(future.exception()) is tealjet.Outcome.UNKNOWN
        lab["blue"].thaw()
        assert map_entries(lab["blue"], unique)["key"].startswith(("before", "frozen"))
        assert client.failover.status().active == "green"
        assert entries.get("key").result() is None
        entries.put("key", "after").result()
        heard.wait_for(lambda event: event.value == "after")
        assert [event.value for event in heard.all] == ["before", "after"]
