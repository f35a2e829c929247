"""A planned switch fails no call: short ones are waited for, new ones held, blocking ones stay until they end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import tealjet
import tealjet.asyncio
from support.clusters import Events, failover_config, look_into, queue_items, wait_for_standby
from support.workload import LIMIT, AsyncioWorkload, ThreadedWorkload, gets, offers, puts
from tealjet.errors import SwitchError
from tealjet.lab import Lab

PATIENT: Any = dict.fromkeys(("open_timeout", "prepare_timeout"), LIMIT)
"""A member that a busy machine holds up is waited for: nothing but the switch may fail a call."""


def test_fifty_switches_under_threads_fail_no_call(lab: Lab, unique: str) -> None:
    steps = [gets(), puts(1), puts(2), offers(3)]
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), **PATIENT) as client:
        with ThreadedWorkload(client, steps, f"m-{unique}", f"q-{unique}") as workload:
            for number in range(50):
                workload.history.wait_for_more(20)
                report = client.failover.switch_to("blue" if number % 2 else "green")
                assert report.planned
        assert workload.history.failed == []
        assert len(workload.history.of("offer")) == len(queued(lab, f"q-{unique}")) - len(steps)


def test_fifty_switches_under_tasks_fail_no_call(lab: Lab, unique: str) -> None:
    steps = [gets(), puts(1), puts(2), offers(3)] * 4
    config = failover_config(lab["blue"], lab["green"])
    with AsyncioWorkload(
        lambda: tealjet.asyncio.new_jet_failover_client(config, **PATIENT), steps, f"m-{unique}", f"q-{unique}"
    ) as workload:
        for number in range(50):
            workload.history.wait_for_more(20)
            report = workload.run(workload.client.failover.switch_to("blue" if number % 2 else "green"))
            assert report.planned
    assert workload.history.failed == []


def queued(lab: Lab, name: str) -> list[str]:
    """All items, on whichever cluster they were offered: none is lost, none is there twice."""
    return [item for cluster in ("blue", "green") for item in queue_items(lab[cluster], name)]


def test_a_blocked_take_lingers_and_gets_its_item_from_the_former_cluster(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        items: Any = client.get_queue(unique)
        waiting = items.take()
        report = client.failover.switch_to("green")
        assert (report.from_cluster, report.to_cluster, report.lingering) == ("blue", "green", 1)
        items.offer("on green").result()
        with look_into(lab["blue"]) as other:
            structure: Any = other.get_queue(unique)
            structure.offer("on blue").result()
        assert waiting.result() == "on blue"
        assert items.take().result() == "on green"


@pytest.mark.member("5.7.0")
def test_listener_events_come_from_the_cluster_that_is_active(lab: Lab, unique: str) -> None:
    events = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        prices: Any = client.get_map(unique)
        prices.add_entry_listener(include_value=True, added_func=lambda event: events(event.value)).result()
        client.failover.switch_to("green")
        with look_into(lab["blue"]) as other:
            structure: Any = other.get_map(unique)
            structure.put("left", "on blue").result()
        prices.put("active", "on green").result()
        events.wait_for(lambda value: value == "on green")
        assert events.all == ["on green"]


@pytest.mark.member("5.7.0")
def test_a_planned_switch_tells_changed_cluster_and_nothing_else(lab: Lab) -> None:
    events = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        client.lifecycle_service.add_listener(events)
        client.failover.switch_to("green")
        events.wait_for(lambda state: state == "CHANGED_CLUSTER")
        assert events.all == ["CHANGED_CLUSTER"]
        assert (events.all[0].from_cluster, events.all[0].to_cluster) == ("blue", "green")


@pytest.mark.member("5.7.0")
@pytest.mark.parametrize(
    ("target", "reason"), [("purple", "purple"), ("blue", "already")], ids=["unknown name", "already there"]
)
def test_a_switch_that_makes_no_sense_is_refused_and_changes_nothing(target: str, reason: str, lab: Lab) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        with pytest.raises(SwitchError, match=reason):
            client.failover.switch_to(target)
        assert client.failover.active is not None
        assert client.failover.active.name == "blue"


@pytest.mark.member("5.7.0")
def test_a_switch_to_a_cluster_that_is_down_changes_nothing_and_fails_no_call(lab: Lab, unique: str) -> None:
    lab["green"].kill()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), **PATIENT) as client:
        with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(20)
            with pytest.raises(SwitchError, match=r"green.*refused"):
                client.failover.switch_to("green")
            workload.history.wait_for_more(20)
        assert workload.history.failed == []


@pytest.mark.member("5.7.0")
def test_a_sql_query_runs_on_the_cluster_that_is_active(lab: Lab, unique: str) -> None:
    name = unique.replace("-", "_")
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        for cluster in ("blue", "green"):
            if cluster == "green":
                wait_for_standby(client, "green")
                client.failover.switch_to("green")
            options = "OPTIONS ('keyFormat'='varchar', 'valueFormat'='varchar')"
            client.sql.execute(f"CREATE OR REPLACE MAPPING {name} TYPE IMap {options}").result()
            entries: Any = client.get_map(name)
            entries.put("cluster", cluster).result()
            rows: Any = client.sql.execute(f"SELECT this FROM {name}").result()
            assert [row["this"] for row in rows] == [cluster]


@pytest.mark.member("5.7.0")
def test_a_second_switch_while_one_is_under_way_is_refused(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), standby=False) as client:
        entries: Any = client.get_map(unique).blocking()
        answers = Events()
        entries.put("key", "value")

        def switch() -> None:
            try:
                answers(client.failover.switch_to("green"))
            except SwitchError as error:
                answers(error)

        threads = [threading.Thread(target=switch) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [answer for answer in answers.all if isinstance(answer, SwitchError)]
        assert len(refused) == 1, answers.all
        assert entries.put("key", "other") is None
