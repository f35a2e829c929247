"""What is not the loss of a cluster must not move the client: cut connections, a lost member, a restart."""

from __future__ import annotations

from typing import Any

import pytest

import tealjet
from support.clusters import Events, config, failover_config, wait_for_standby
from support.workload import LIMIT, ThreadedWorkload, gets, puts
from tealjet.failover.model import Kind
from tealjet.lab import FaultProxy, Lab


def test_cut_connections_to_a_living_cluster_are_a_reconnect_and_no_switch(lab: Lab, unique: str) -> None:
    states = Events()
    with FaultProxy(lab["blue"].addresses[0]) as proxy:
        clients = [config("blue", [proxy.address]), config("green", lab["green"].addresses)]
        made = tealjet.FailoverConfig(clients=clients)
        with tealjet.new_jet_failover_client(made, reconnect_grace=LIMIT, silence_limit=LIMIT) as client:
            wait_for_standby(client, "green")
            client.lifecycle_service.add_listener(states)
            with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
                workload.history.wait_for_more(100)
                proxy.drop()
                states.wait_for(lambda state: state == "CONNECTED")
                workload.history.wait_for_more(100)
            assert states.all == ["DISCONNECTED", "CONNECTED"]
            assert client.failover.history[-1].kind is Kind.SAME
            assert client.failover.status().active == "blue"
            assert all(record.outcome is not None for record in workload.history.failed)


@pytest.mark.member("5.7.0")
def test_a_restarted_cluster_is_told_as_restarted_and_not_as_changed(lab: Lab, unique: str) -> None:
    states = Events()
    with tealjet.new_jet_failover_client(failover_config(lab["blue"])) as client:
        entries: Any = client.get_map(unique).blocking()
        entries.put("key", "value")
        client.lifecycle_service.add_listener(states)
        lab["blue"].kill()
        lab["blue"].restart()
        states.wait_for(lambda state: state == "CONNECTED")
        assert states.all == ["DISCONNECTED", "CLUSTER_RESTARTED", "CONNECTED"]
        assert entries.get("key") is None
        assert client.failover.history[-1].kind is Kind.RESTARTED


@pytest.mark.member("5.7.0")
def test_listeners_are_in_place_again_after_a_reconnect_and_deliver_once(lab: Lab, unique: str) -> None:
    states, events = Events(), Events()
    with FaultProxy(lab["blue"].addresses[0]) as proxy:
        clients = [config("blue", [proxy.address]), config("green", lab["green"].addresses)]
        made = tealjet.FailoverConfig(clients=clients)
        with tealjet.new_jet_failover_client(made, reconnect_grace=LIMIT, silence_limit=LIMIT) as client:
            entries: Any = client.get_map(unique)
            registration = entries.add_entry_listener(added_func=lambda event: events(event.key)).result()
            client.lifecycle_service.add_listener(states)
            proxy.drop()
            states.wait_for(lambda state: state == "CONNECTED")
            entries.put("first", "value").result()
            entries.put("second", "value").result()
            events.wait_for_number(2)
            assert sorted(events.all) == ["first", "second"]  # those of several keys come in any order
            assert entries.remove_entry_listener(registration).result()
            entries.put("third", "value").result()
            entries.add_entry_listener(added_func=lambda event: events(event.key)).result()
            entries.put("fourth", "value").result()
            events.wait_for(lambda key: key == "fourth")
            assert "third" not in events.all
