"""Members that are restarted one after the other are no loss of their cluster, and nothing is lost with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, map_entries, queue_items, wait_for_connections
from support.workload import LIMIT, AsyncioWorkload, Call, History, ThreadedWorkload, Workload, gets, offers, puts
from tealjet.lab import Lab, LocalCluster, start_local

pytestmark = pytest.mark.member("5.7.0", "jet-4.3.1")


@pytest.fixture(scope="module")
def cluster_of_three(member_version: str) -> Iterator[Lab]:
    with start_local(["blue"], members=3, version=member_version) as lab:
        yield lab


def load(times: int) -> list[Iterator[Call]]:
    return [
        step for number in range(times) for step in (gets(), puts(2 * number), puts(2 * number + 1), offers(number))
    ]


def test_a_rolling_restart_under_threads_fails_no_call_that_can_be_repeated_and_loses_nothing(
    cluster_of_three: Lab, unique: str
) -> None:
    blue, states = cluster_of_three["blue"], Events()
    with tealjet.new_jet_client(cluster_config(blue)) as client:
        client.lifecycle_service.add_listener(states)
        with ThreadedWorkload(client, load(1), f"m-{unique}", f"q-{unique}") as workload:
            restart_one_after_the_other(blue, workload)
        assert states.all == []
        wait_for_connections(client._engine.active, 3)
    check(workload.history, blue, unique)


def test_a_rolling_restart_under_tasks_fails_no_call_that_can_be_repeated_and_loses_nothing(
    cluster_of_three: Lab, unique: str
) -> None:
    blue = cluster_of_three["blue"]
    config = cluster_config(blue)
    with AsyncioWorkload(
        lambda: tealjet.asyncio.new_jet_client(config), load(4), f"m-{unique}", f"q-{unique}"
    ) as workload:
        restart_one_after_the_other(blue, workload)
        assert len(workload.client.failover.history) == 1
    check(workload.history, blue, unique)


def restart_one_after_the_other(cluster: LocalCluster, workload: Workload) -> None:
    for member in cluster.members:
        workload.history.wait_for_more(100)
        member.stop(timeout=LIMIT)
        workload.history.wait_for_more(100)
        member.restart()
        cluster.wait()
    workload.history.wait_for_more(100)


def check(history: History, cluster: LocalCluster, unique: str) -> None:
    """Only calls that may not be repeated can have failed, and what was acknowledged is there, once."""
    assert {record.call.method for record in history.failed} <= {"put", "offer"}
    assert {record.outcome for record in history.failed} <= {tealjet.Outcome.UNKNOWN}
    entries = map_entries(cluster, f"m-{unique}")
    lost = [record for record in history.of("put") if record.error is None and record.call.args[0] not in entries]
    assert not lost
    items = Counter(queue_items(cluster, f"q-{unique}"))
    del items["the end"]
    assert set(items.values()) == {1}
    lost = [record for record in history.of("offer") if record.error is None and record.call.args[0] not in items]
    assert not lost
