"""Calls under way when embedded members fail, in every way they can: each ends with a label that is true."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tealjet
import tealjet.asyncio
from support.clusters import failover_config
from support.judge import judge
from support.workload import AsyncioWorkload, ThreadedWorkload, mixed
from tealjet.lab import EMBEDDED_VERSIONS, EmbeddedLab, EmbeddedMember, start_embedded

WORKERS = 8
CALLS = 100
"""So many more must succeed before a fault, and after it."""


def each(fault: Callable[[EmbeddedMember], None]) -> Callable[[EmbeddedLab], None]:
    def strike(lab: EmbeddedLab) -> None:
        for member in lab["blue"].members:
            fault(member)

    return strike


def first(fault: Callable[[EmbeddedMember], None]) -> Callable[[EmbeddedLab], None]:
    return lambda lab: fault(lab["blue"].members[0])


FAULTS: dict[str, Callable[[EmbeddedLab], None]] = {
    "the cluster is frozen": each(EmbeddedMember.freeze),
    "one of its members is frozen": first(EmbeddedMember.freeze),
    "connections are dropped": lambda lab: lab["blue"].drop(),
    "connections are dropped one after the other": each(EmbeddedMember.drop),
    "an answer is cut": each(EmbeddedMember.cut_answer),
    "an answer comes twice": each(EmbeddedMember.answer_twice),
    "a member dies of a put": first(lambda member: member.die_when_asked("map.put")),
    "a member is killed": first(EmbeddedMember.kill),
    "a member leaves": first(EmbeddedMember.stop),
    "members are slow": each(lambda member: member.delay(0.02)),
    "members read slowly": each(lambda member: member.read_slowly(20_000)),
    "the client is denied": lambda lab: lab["blue"].deny("*"),
    "the cluster id changes": lambda lab: lab["blue"].change_id(),
}


HOLDS_UP = "one of its members is frozen"
"""The cluster is not left for it, and changes wait for their backup there: it ends before more calls are awaited."""


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_of_threads_ends_with_a_label_that_is_true(fault: str, version: str) -> None:
    with start_embedded(members=2, version=version) as lab:
        config = failover_config(lab["blue"], lab["green"])
        with tealjet.new_jet_failover_client(config, profile="fast") as client:
            with ThreadedWorkload(client, mixed(WORKERS), "m", "q") as workload:
                workload.history.wait_for_more(CALLS)
                FAULTS[fault](lab)
                if fault == HOLDS_UP:
                    recover(lab)
                workload.history.wait_for_more(CALLS)
                recover(lab)
            judge(workload.history, tuple(lab.clusters.values()), "m", "q")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_of_tasks_ends_with_a_label_that_is_true(fault: str) -> None:
    with start_embedded(members=2) as lab:
        config = failover_config(lab["blue"], lab["green"])
        with AsyncioWorkload(
            lambda: tealjet.asyncio.new_jet_failover_client(config, profile="fast"), mixed(WORKERS), "m", "q"
        ) as workload:
            workload.history.wait_for_more(CALLS)
            FAULTS[fault](lab)
            if fault == HOLDS_UP:
                recover(lab)
            workload.history.wait_for_more(CALLS)
            recover(lab)
        judge(workload.history, tuple(lab.clusters.values()), "m", "q")


def recover(lab: EmbeddedLab) -> None:
    """End what is wrong, so that the cluster can be looked into; what it has it keeps."""
    for member in lab["blue"].members:
        if member.alive:
            member.admit_all()
            member.heal()
