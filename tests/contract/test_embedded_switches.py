"""Many switches between embedded clusters, on command and by losses, leave nothing behind, in client or members."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import tealjet
from support.clusters import Events, failover_config, wait_for_standby
from tealjet.engine.connection import Connection
from tealjet.engine.link import Link
from tealjet.failover.model import Switched
from tealjet.lab import start_embedded
from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.listeners import PlayedListener
from tealjet.lab.embedded.member import PlayedMember
from tealjet.lab.embedded.session import PlayedSession

PASSING = (Link, Connection, PlayedCluster, PlayedMember, PlayedSession, PlayedListener)
"""What each switch makes, or each start of a cluster."""
PLANNED, LOSSES = 100, 2


def alive() -> Counter[str]:
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, PASSING))


def files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def switched_to_and_fro() -> None:
    with start_embedded() as lab, tealjet.new_jet_failover_client(failover_config(*lab.clusters.values())) as client:
        heard, switches = Events(), Events()
        orders: Any = client.get_map("orders").blocking()
        orders.add_entry_listener(include_value=True, added_func=heard)
        client.failover.add_listener(lambda event: switches(event) if isinstance(event, Switched) else None)
        for number in range(PLANNED + LOSSES):
            active = client.failover.active
            assert active is not None
            other = "green" if active.name == "blue" else "blue"
            wait_for_standby(client, other)
            if number % (PLANNED // LOSSES) == 1:
                lab[active.name].kill()
                switches.wait_for_number(number + 1)
                lab[active.name].restart()
            else:
                client.failover.switch_to(other)
            orders.set(str(number), "there")
        heard.wait_for_number(PLANNED + LOSSES)
        assert len(client.cluster_service.get_members()) == 1


def test_switches_leave_no_link_connection_session_listener_thread_or_socket() -> None:
    before = alive(), files(), threading.active_count()
    switched_to_and_fro()
    assert (alive(), files(), threading.active_count()) == before
