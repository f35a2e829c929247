"""A simulation under load: clients, the tasks that call, and the judge of what became of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import tealjet
from support.clusters import cluster_config, failover_config
from support.judge import Verdict, judge_by
from support.workload import History
from tealjet.lab import EmbeddedLab, Way
from tealjet.lab.clusters import AnyCluster
from tealjet.lab.simulation import Simulation

MAP, QUEUE = "m", "q"


def lab_config(lab: EmbeddedLab, **values: Any) -> tealjet.FailoverConfig:
    """The configuration of a client of all clusters, whose members are tried in order."""
    return failover_config(*lab.clusters.values(), **values)


def ways(simulation: Simulation, cluster: AnyCluster) -> list[Way]:
    return [simulation.way_to(address) for address in cluster.addresses]


def heal(simulation: Simulation, lab: EmbeddedLab) -> None:
    """End what is wrong with members and ways, so that the clusters can be looked into; what they have they keep."""
    for cluster in lab.clusters.values():
        for way in ways(simulation, cluster):
            way.pass_through()
            way.accept()
        for member in cluster.members:
            if member.alive:
                member.admit_all()
                member.heal()


async def judged(simulation: Simulation, history: History, clusters: Iterable[AnyCluster]) -> Verdict:
    """Judge a workload that has ended by what is in the clusters, all of which are alive and well."""
    keys, items = Counter[str](), Counter[str]()
    for cluster in clusters:
        async with simulation.new_jet_client(cluster_config(cluster)) as client:
            keys.update(await (await client.get_map(MAP)).key_set())
            items.update(await (await client.get_queue(QUEUE)).iterator())
    return judge_by(history, keys, items)
