"""The active cluster is lost under load: nothing hangs, nothing is labelled wrongly, the same objects go on."""

from __future__ import annotations

from collections import Counter
from typing import Any

import tealjet
import tealjet.asyncio
from support.clusters import Events, failover_config, map_entries, queue_items, wait_for_standby
from support.judge import judge
from support.workload import AsyncioWorkload, History, ThreadedWorkload, Workload, mixed
from tealjet.failover.model import Kind
from tealjet.lab import ClusterOptions, Lab, LocalCluster, start_local


def check_history(history: History, cluster: LocalCluster, map_name: str, queue_name: str) -> None:
    """What the surviving cluster holds and what the callers were told must agree."""
    unlabelled = [record for record in history.failed if record.outcome is None]
    assert not unlabelled, f"errors without an outcome: {unlabelled}"
    entries = map_entries(cluster, map_name)
    for record in history.of("put"):
        key, value = record.call.args
        if record.outcome is tealjet.Outcome.NOT_SENT:
            assert key not in entries, f"labelled as not sent, and applied: {record}"
        elif key in entries:
            assert entries[key] == value
    taken = [record.result for record in history.of("take") if record.error is None]
    left = queue_items(cluster, queue_name)
    twice = [item for item, times in Counter([*taken, *left]).items() if times > 1 and item != "the end"]
    assert not twice, f"offered once, and applied twice: {twice}"
    for record in history.of("offer"):
        if record.outcome is tealjet.Outcome.NOT_SENT:
            assert record.call.args[0] not in [*taken, *left], f"labelled as not sent, and applied: {record}"


def test_a_kill_under_eight_threads_loses_no_call_and_labels_each_failure(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        with ThreadedWorkload(client, mixed(8), f"m-{unique}", f"q-{unique}") as workload:
            kill_and_go_on(workload, lab)
        assert client.failover.history[-1].kind is Kind.CHANGED
    check_history(workload.history, lab["green"], f"m-{unique}", f"q-{unique}")


def test_a_kill_under_sixty_four_tasks_loses_no_call_and_labels_each_failure(lab: Lab, unique: str) -> None:
    config = failover_config(lab["blue"], lab["green"])
    with AsyncioWorkload(
        lambda: tealjet.asyncio.new_jet_failover_client(config), mixed(64), f"m-{unique}", f"q-{unique}"
    ) as workload:
        kill_and_go_on(workload, lab)
    check_history(workload.history, lab["green"], f"m-{unique}", f"q-{unique}")


def kill_and_go_on(workload: Workload, lab: Lab) -> None:
    workload.history.wait_for_more(500)
    lab["blue"].kill()
    workload.history.wait_for_more(1000)


def test_listener_events_come_from_the_new_cluster_after_a_kill(lab: Lab, unique: str) -> None:
    events, states = Events(), Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        prices: Any = client.get_map(unique)
        prices.add_entry_listener(include_value=True, added_func=events).result()
        prices.put("first", "on blue").result()
        events.wait_for(lambda event: event.value == "on blue")
        client.lifecycle_service.add_listener(states)
        lab["blue"].kill()
        states.wait_for(lambda state: state == "CONNECTED")
        prices.put("second", "on green").result()
        events.wait_for(lambda event: event.value == "on green")


def test_a_cluster_that_is_cut_off_and_lives_on_holds_what_the_callers_were_told(
    member_version: str, unique: str
) -> None:
    clusters = {"blue": ClusterOptions(proxied=True), "green": ClusterOptions()}
    with start_local(clusters, version=member_version) as lab:
        cut_off_and_compare(lab, unique)


def cut_off_and_compare(lab: Lab, unique: str) -> None:
    map_name, queue_name = f"m-{unique}", f"q-{unique}"
    proxy = lab["blue"].members[0].proxy
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        with ThreadedWorkload(client, mixed(8), map_name, queue_name) as workload:
            workload.history.wait_for_more(500)
            proxy.refuse()
            proxy.drop()
            workload.history.wait_for_more(500)
        assert client.failover.status().active == "green"
    proxy.accept()
    verdict = judge(workload.history, [lab["blue"], lab["green"]], map_name, queue_name)
    assert verdict.calls >= 1000
