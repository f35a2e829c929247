"""What becomes of calls when clusters or the network fail, told on virtual time: judged call by call, and timed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from support.simulated import MAP, QUEUE, heal, judged, lab_config, ways
from support.workload import TaskWorkload, mixed
from tealjet.failover.model import CallCounts, Outcome, Switched
from tealjet.lab import Direction, EmbeddedCluster, EmbeddedLab, EmbeddedMember, Way
from tealjet.lab.simulation import Simulation

WORKERS = 8
CALLS = 200
"""So many more must succeed before a fault, and after it."""

Fault = Callable[[Simulation, EmbeddedLab], None]


def on_ways(*faults: Callable[[Way], None]) -> Fault:
    def strike(simulation: Simulation, lab: EmbeddedLab) -> None:
        for way in ways(simulation, lab["blue"]):
            for fault in faults:
                fault(way)

    return strike


def refuse(way: Way) -> None:
    way.refuse()


def on_members(fault: Callable[[EmbeddedMember], None]) -> Fault:
    def strike(simulation: Simulation, lab: EmbeddedLab) -> None:
        for member in lab["blue"].members:
            fault(member)

    return strike


STAYS: dict[str, Fault] = {
    "connections are reset": on_ways(Way.drop),
    "the network is slow": on_ways(lambda way: way.delay(0.05)),
    "the network is narrow": on_ways(lambda way: way.limit(20_000)),
    "members are slow": on_members(lambda member: member.delay(0.02)),
    "an answer is cut": on_members(EmbeddedMember.cut_answer),
    "an answer comes twice": on_members(EmbeddedMember.answer_twice),
    "a member is killed": lambda _, lab: lab["blue"].members[0].kill(),
    "a member leaves": lambda _, lab: lab["blue"].members[0].stop(),
}
"""What a client stays for."""

LEAVES: dict[str, tuple[Fault, float]] = {
    "the cluster stands still": (on_members(EmbeddedMember.freeze), 2.1),
    "the network swallows everything": (on_ways(Way.black_hole), 2.1),
    "the network swallows what is asked": (on_ways(lambda way: way.black_hole(Direction.TO_MEMBER)), 2.1),
    "the network swallows what is answered": (on_ways(lambda way: way.black_hole(Direction.TO_CLIENT)), 2.1),
    "connections are half open and refused": (
        on_ways(lambda way: way.drop(told=Direction.TO_MEMBER), lambda way: way.refuse()),
        2.1,
    ),
    "connections are reset and refused": (on_ways(Way.drop, lambda way: way.refuse()), 0.1),
    "the client is denied": (on_members(lambda member: member.deny("*")), 0.1),
}
"""What a client leaves for, and within how many seconds of virtual time; two of them are the limit of its silence."""


@pytest.mark.parametrize("fault", STAYS)
def test_calls_go_on_at_a_cluster_that_is_only_troubled(fault: str) -> None:
    with Simulation(seed=1) as simulation:
        lab = simulation.start_embedded(members=2)

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                async with TaskWorkload(client, mixed(WORKERS), MAP, QUEUE) as workload:
                    await workload.more(CALLS)
                    STAYS[fault](simulation, lab)
                    await workload.more(CALLS)
                    heal(simulation, lab)
                assert client.failover.status().active == "blue"
            await judged(simulation, workload.history, lab.clusters.values())

        simulation.run(story())


@pytest.mark.parametrize("fault", LEAVES)
def test_a_cluster_that_is_gone_is_left_in_time_and_every_call_has_a_label_that_is_true(fault: str) -> None:
    strike, limit = LEAVES[fault]
    with Simulation(seed=1) as simulation:
        lab = simulation.start_embedded(members=2)

        async def story() -> None:
            left_at: list[float] = []
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                client.failover.add_listener(
                    lambda event: left_at.append(simulation.now) if isinstance(event, Switched) else None
                )
                async with TaskWorkload(client, mixed(WORKERS), MAP, QUEUE) as workload:
                    await workload.more(CALLS)
                    struck_at = simulation.now
                    strike(simulation, lab)
                    await workload.more(CALLS)
                assert client.failover.status().active == "green"
                assert left_at[0] - struck_at < limit
            heal(simulation, lab)
            await asyncio.sleep(1)  # what the network has held comes now
            await judged(simulation, workload.history, lab.clusters.values())

        simulation.run(story())


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("fault", [EmbeddedCluster.kill, EmbeddedCluster.freeze])
def test_a_report_counts_all_calls_of_which_callers_were_told_that_nothing_is_known(
    fault: Callable[[EmbeddedCluster], None], members: int
) -> None:
    with Simulation(seed=2) as simulation:
        lab = simulation.start_embedded(members=members)

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                async with TaskWorkload(client, mixed(2 * WORKERS), MAP, QUEUE) as workload:
                    await workload.more(CALLS)
                    fault(lab["blue"])
                    await workload.more(CALLS)
                told = [record for record in workload.history.records if record.outcome is Outcome.UNKNOWN]
                getters = 2 * WORKERS // 4  # what they ask may be asked again
                assert client.failover.history[-1].calls == CallCounts(unknown=len(told), held=getters)

        simulation.run(story())


@pytest.mark.parametrize("other", [0, 1])
def test_a_cluster_is_followed_over_its_last_member_when_the_others_are_lost_at_once(other: int) -> None:
    with Simulation(seed=1) as simulation:
        lab = simulation.start_embedded(("blue",), members=3)

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                link = client._engine.active
                assert link is not None
                assert link.viewing is not None
                others = [one for one in link.connections.values() if one is not link.viewing]
                lost = [link.viewing.peer, others[other].peer]
                for address in lost:
                    simulation.way_to(address).refuse()
                    simulation.way_to(address).drop()
                for member in lab["blue"].members:
                    if member.address in lost:
                        member.kill()
                await asyncio.sleep(1)
                assert client.failover.status().members == 1

        simulation.run(story())


def test_a_standby_that_ends_with_its_last_answer_does_not_take_over() -> None:
    def received(cut_after: int | None = None) -> int:
        """Return how many bytes a standby receives until it is ready; cut it after so many, then lose the other one."""
        with Simulation(seed=1) as simulation:
            lab = simulation.start_embedded()
            (way,) = ways(simulation, lab["green"])
            lab["green"].members[0].refuse()

            async def story() -> int:
                async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                    entries: Any = await client.get_map(MAP)  # a standby is told of it last
                    lab["green"].members[0].accept()
                    if cut_after is not None:
                        way.cut_after(cut_after, Direction.TO_CLIENT)
                    await asyncio.sleep(1.3)  # after a second it is tried again
                    way.pass_through()
                    standby = client._engine.snapshot().standby_link
                    link = None if standby is None else client._engine.link_of(standby)
                    count = 0 if link is None else sum(one.bytes_received for one in link.connections.values())
                    lab["blue"].kill()
                    assert await entries.get("k") is None
                    return count

            return simulation.run(story())

    assert received(cut_after=received()) == 0
