"""A simulation: the same seed tells the same story, hours pass in moments, and what hangs is told."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import NearCacheConfig

import tealjet
from support.clusters import cluster_config, failover_config
from support.judge import judge_labels
from support.simulated import MAP, QUEUE, judged, lab_config, ways
from support.workload import TaskWorkload, gets, mixed, puts
from tealjet.engine.connection import Connection
from tealjet.engine.link import Link
from tealjet.errors import NoClusterError
from tealjet.failover.model import Switched
from tealjet.lab import Direction, EmbeddedOptions, LabError
from tealjet.lab.embedded.listeners import PlayedListener
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Service, Session
from tealjet.lab.embedded.session import PlayedSession
from tealjet.lab.simulation import Simulation, SimulationError
from tealjet.lab.simulation.network import Side


def eventful(seed: int) -> Simulation:
    """Tell a story in which much happens, and much of it by chance; return its simulation, which has ended."""
    with Simulation(seed, jitter=0.005) as simulation:
        lab = simulation.start_embedded(("blue", "green", "red"), members=2)

        async def story() -> None:
            async with (
                simulation.new_jet_failover_client(lab_config(lab), standby=False) as one,
                simulation.new_jet_failover_client(lab_config(lab)) as other,
                TaskWorkload(one, mixed(4), MAP, QUEUE) as ones,
                TaskWorkload(other, mixed(4), MAP, QUEUE) as others,
            ):
                await asyncio.gather(ones.more(20), others.more(20))
                for way in ways(simulation, lab["blue"]):
                    way.cut_after(200, Direction.TO_CLIENT)
                await asyncio.gather(ones.more(20), others.more(20))
                lab["blue"].freeze()
                await asyncio.gather(ones.more(20), others.more(20))
                lab["green"].members[0].kill()
                lab["blue"].thaw()
                await asyncio.gather(ones.more(20), others.more(20))
                await one.failover.switch_to("red")

        simulation.run(story())
    return simulation


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    first, second, other = eventful(7), eventful(7), eventful(8)
    assert first.trace.last_lines == second.trace.last_lines
    assert first.trace.digest == second.trace.digest
    assert other.trace.digest != first.trace.digest


def test_another_process_tells_the_same_story() -> None:
    program = "from simulation.test_simulation import eventful; print(eventful(7).trace.digest)"
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == eventful(7).trace.digest


def test_ten_thousand_calls_are_judged_one_by_one() -> None:
    with Simulation(seed=3) as simulation:
        lab = simulation.start_embedded(members=3)

        async def story() -> None:
            async with (
                simulation.new_jet_failover_client(lab_config(lab)) as client,
                TaskWorkload(client, mixed(64), MAP, QUEUE) as workload,
            ):
                await workload.more(10_000)
            verdict = await judged(simulation, workload.history, lab.clusters.values())
            assert verdict.calls == verdict.succeeded >= 10_000

        simulation.run(story())


PASSING = (PlayedSession, PlayedListener, Side, Link, Connection)
"""What each switch makes."""


def alive() -> Counter[str]:
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, PASSING))


def test_a_hundred_planned_switches_fail_no_call_and_leave_nothing() -> None:
    with Simulation(seed=4) as simulation:
        lab = simulation.start_embedded()

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                heard: list[Any] = []
                await (await client.get_map(MAP)).add_entry_listener(include_value=True, added_func=heard.append)

                async def switches(number: int) -> Counter[str]:
                    async with TaskWorkload(client, [gets(), puts(0)], MAP, QUEUE) as workload:
                        for turn in range(number):
                            await client.failover.switch_to(("green", "blue")[turn % 2])
                    assert not workload.history.failed
                    await asyncio.sleep(60)  # what was retired is closed, and all is as before
                    return alive()

                assert await switches(2) == await switches(100)

        simulation.run(story())


def test_a_listener_that_is_added_to_a_topic_during_a_planned_switch_begins_where_the_new_cluster_is() -> None:
    with Simulation(seed=4) as simulation:
        lab = simulation.start_embedded()

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                heard: list[Any] = []
                topic = await client.get_reliable_topic("news")
                await topic.publish("at the former cluster")
                await asyncio.sleep(0.1)  # the other one stands by
                switching = asyncio.create_task(client.failover.switch_to("green"))
                await topic.add_listener(lambda message: heard.append(message.message))
                await switching
                await topic.publish("at the new one")
                await asyncio.sleep(1)
                assert heard == ["at the new one"]

        simulation.run(story())


def test_what_a_counter_observed_of_the_former_cluster_is_forgotten_by_a_call_that_ends_with_the_switch() -> None:
    with Simulation(seed=4) as simulation:
        lab = simulation.start_embedded()

        async def story() -> None:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                counter = await client.get_pn_counter("visits")
                await counter.add_and_get(5)
                await asyncio.sleep(0.1)  # the other cluster stands by
                switching = asyncio.create_task(client.failover.switch_to("green"))
                assert await counter.add_and_get(1) == 6
                await switching
                assert counter._observed_clock.entry_set() == []
                assert await counter.add_and_get(1) == 1

        simulation.run(story())


def test_a_near_cache_that_is_made_during_a_planned_switch_is_cleared_at_a_reconnect_like_any_other() -> None:
    with Simulation(seed=4) as simulation:
        lab = simulation.start_embedded()

        async def story() -> None:
            config = lab_config(lab, near_caches={MAP: NearCacheConfig()})
            async with simulation.new_jet_failover_client(config) as client:
                await asyncio.sleep(0.1)  # the other cluster stands by
                switching = asyncio.create_task(client.failover.switch_to("green"))
                entries: Any = await client.get_map(MAP)
                await switching
                await entries.put("k", "v")
                assert await entries.get("k") == "v"
                assert len(entries._near_cache) == 1
                simulation.way_to(lab["green"].addresses[0]).drop()
                await asyncio.sleep(1)
                assert client.failover.status().active == "green"
                assert len(entries._near_cache) == 0

        simulation.run(story())


def test_a_cluster_that_is_killed_is_left_within_milliseconds() -> None:
    with Simulation(seed=5) as simulation:
        lab = simulation.start_embedded(members=2)

        async def story() -> None:
            async with (
                simulation.new_jet_failover_client(lab_config(lab)) as client,
                TaskWorkload(client, mixed(8), MAP, QUEUE) as workload,
            ):
                await workload.more(100)
                killed_at, left_at = simulation.now, asyncio.get_running_loop().create_future()
                client.failover.add_listener(
                    lambda event: left_at.set_result(simulation.now) if isinstance(event, Switched) else None
                )
                lab["blue"].kill()
                assert await left_at - killed_at < 0.01
                await workload.more(100)
            judge_labels(workload.history)

        simulation.run(story())


def test_a_client_that_finds_nobody_gives_up_when_its_time_is_over() -> None:
    with Simulation(seed=6) as simulation:
        lab = simulation.start_embedded()
        for cluster in lab.clusters.values():
            cluster.kill()
        began = simulation.now

        async def story() -> None:
            with pytest.raises(NoClusterError):
                await simulation.new_jet_failover_client(lab_config(lab, try_count=1))
            assert simulation.now - began >= 3 * 120  # Java's three attempts, in the time that it has for them

        simulation.run(story())


def test_a_client_that_has_given_up_leaves_nothing_running_when_it_is_closed() -> None:
    with Simulation(seed=6) as simulation:
        lab = simulation.start_embedded()

        async def story() -> None:
            config = lab_config(lab, try_count=1, statistics_enabled=True)
            async with simulation.new_jet_failover_client(config) as client:
                for cluster in lab.clusters.values():
                    cluster.kill()
                await asyncio.sleep(4 * 120)
                assert not client.lifecycle_service.is_running()

        simulation.run(story())


def test_names_lead_where_the_simulation_says() -> None:
    with Simulation(seed=7) as simulation:
        lab = simulation.start_embedded(("blue",))
        names, (address,) = simulation.network.names, lab["blue"].addresses
        host, _, port = address.partition(":")
        names["known.example"], names["hangs.example"] = [host], None

        async def story() -> None:
            config = cluster_config(lab["blue"])
            for name in ("unknown.example", "hangs.example"):
                config.cluster_members = [f"{name}:{port}", f"known.example:{port}"]
                async with simulation.new_jet_client(config) as client:
                    assert client.failover.status().active == "blue"

        simulation.run(story())


def test_a_hundred_clusters_are_passed_over_for_one_that_lives() -> None:
    with Simulation(seed=8) as simulation:
        lab = simulation.start_embedded([f"c{number}" for number in range(100)])
        *others, last = lab.clusters.values()
        for cluster in others:
            cluster.kill()

        async def story() -> None:
            async with simulation.new_jet_failover_client(failover_config(*lab.clusters.values())) as client:
                assert client.failover.status().active == last.name

        simulation.run(story())


def test_clients_are_told_apart_by_their_addresses() -> None:
    with Simulation(seed=9) as simulation:
        lab = simulation.start_embedded()
        lab["blue"].deny(addresses=["10.255.0.1"])

        async def story() -> None:
            async with (
                simulation.new_jet_failover_client(lab_config(lab)) as first,
                simulation.new_jet_failover_client(lab_config(lab)) as second,
            ):
                assert [one.failover.status().active for one in (first, second)] == ["blue", "green"]

        simulation.run(story())


def test_clusters_may_differ_and_are_started_when_they_are_needed() -> None:
    with Simulation(seed=10) as simulation:
        blue = simulation.start_embedded({"blue": EmbeddedOptions(version="jet-4.3.1", members=2)})["blue"]
        green = simulation.start_embedded(("green",))["green"]
        assert (blue.version, len(blue.members), green.version) == ("jet-4.3.1", 2, "5.7.0")
        assert len({*blue.addresses, *green.addresses}) == 3
        with pytest.raises(LabError, match="keys already: green"):
            simulation.start_embedded(("green", "red"))
        with pytest.raises(ValueError, match="version '3' is none of"):
            simulation.start_embedded(("red",), version="3")


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_a_program_that_waits_for_what_nobody_can_do_is_told_so() -> None:
    async def waits() -> None:
        await asyncio.get_running_loop().create_future()

    with Simulation(seed=1) as simulation, pytest.raises(SimulationError, match=r"program waits: .*waits"):
        simulation.run(waits())


def test_a_program_that_goes_on_for_too_long_is_told_so() -> None:
    with Simulation(seed=1, limit=100.0) as simulation:
        lab = simulation.start_embedded()

        async def takes() -> Any:
            async with simulation.new_jet_failover_client(lab_config(lab)) as client:
                return await (await client.get_queue(QUEUE)).take()  # and nobody offers

        with pytest.raises(SimulationError, match=r"still waits after 10\d s of virtual time: .*takes"):
            simulation.run(takes())


def test_a_callback_that_fails_fails_the_simulation() -> None:
    async def story() -> None:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(0)

    with pytest.raises(LabError, match="invalid literal for int"), Simulation(seed=1) as simulation:
        simulation.run(story())


class Broken(Service):
    """Fails by itself as soon as a connection has ended."""

    def session_ended(self, session: Session) -> None:
        raise ValueError("no number")


def test_a_service_that_has_a_defect_fails_the_simulation() -> None:
    async def story() -> None:
        async with simulation.new_jet_client(cluster_config(lab["blue"])):
            pass

    simulation = Simulation(seed=1)
    lab = simulation.start_embedded(("blue",), services=(*SERVICES, Broken))
    with pytest.raises(LabError, match="defects of their own:\nBroken"), simulation:
        simulation.run(story())


def test_what_a_program_leaves_running_is_told() -> None:
    async def story() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(60), name="forgotten")

    with pytest.raises(LabError, match="'forgotten'"), Simulation(seed=1) as simulation:
        simulation.run(story())


def test_an_error_of_the_program_is_not_hidden_by_what_it_leaves_running() -> None:
    async def story() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(60))
        raise tealjet.TealjetError("mine")

    with pytest.raises(tealjet.TealjetError, match="mine"), Simulation(seed=1) as simulation:
        simulation.run(story())


def test_a_simulation_that_has_ended_does_nothing_more() -> None:
    with Simulation(seed=1) as simulation:
        lab = simulation.start_embedded()
    with pytest.raises(LabError, match="the simulation has ended"):
        lab["blue"].freeze()
