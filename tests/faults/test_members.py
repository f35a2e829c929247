"""Clusters of three members: one may be lost without a switch, all of them may not; the standby knows them all."""

from __future__ import annotations

import pytest

import tealjet
from support.clusters import Events, failover_config, wait_for_standby
from support.workload import ThreadedWorkload, gets, puts
from tealjet.failover.model import Kind
from tealjet.lab import Lab

pytestmark = pytest.mark.member("5.7.0")


def test_the_loss_of_one_member_is_no_switch_and_the_loss_of_all_is(three_members: Lab, unique: str) -> None:
    lab, states, members = three_members, Events(), Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        assert client.failover.status().connections == 3
        client.lifecycle_service.add_listener(states)
        client.cluster_service.add_listener(member_removed=members)
        with ThreadedWorkload(client, [gets(), gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(100)
            lab["blue"].members[0].kill()
            members.wait_for(lambda _: True)
            workload.history.wait_for_more(100)
            assert states.all == []
            assert [record for record in workload.history.failed if record.call.method == "get"] == []
            lab["blue"].kill()
            states.wait_for(lambda state: state == "CONNECTED")
            workload.history.wait_for_more(100)
        assert states.all == ["DISCONNECTED", "CHANGED_CLUSTER", "CONNECTED"]
        assert client.failover.history[-1].kind is Kind.CHANGED
        assert client.failover.status().connections == 3
        assert all(record.outcome is not None for record in workload.history.failed)


def test_the_standby_is_connected_to_all_members_of_its_cluster(three_members: Lab) -> None:
    lab = three_members
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        wait_for_standby(client, "green")
        standby = client._engine.snapshot().standby_link
        assert standby is not None
        link = client._engine.link_of(standby)
        assert link is not None
        assert len(link.connections) == 3
        assert link.partitions_known.done()


def test_a_member_that_only_the_client_has_lost_is_no_switch_and_costs_no_call_but_its_own(
    proxied_members: Lab, unique: str
) -> None:
    lab, states = proxied_members, Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        client.lifecycle_service.add_listener(states)
        with ThreadedWorkload(client, [gets(), puts(1), puts(2)], f"m-{unique}", f"q-{unique}") as workload:
            workload.history.wait_for_more(100)
            lab["blue"].members[1].proxy.drop()
            workload.history.wait_for_more(100)
        assert states.all == []
        assert client.failover.status().active == "blue"
        assert [record for record in workload.history.failed if record.call.method == "get"] == []
        assert all(record.outcome is tealjet.Outcome.UNKNOWN for record in workload.history.failed)
