"""CP structures across a switch: the objects go on, and what they held on one cluster never reaches another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hazelcast.errors import IllegalStateError, LockOwnershipLostError

import tealjet
import tealjet.asyncio
from support.clusters import Events, failover_config, look_into, wait_for_standby
from support.switching import leave_blue, leave_blue_on_asyncio
from support.workload import LIMIT
from tealjet.lab import ClusterOptions, Lab, start_local

pytestmark = pytest.mark.member("jet-4.3.1")

WAYS = pytest.mark.parametrize("way", ["planned", "loss"])

CP_SUBSYSTEM = """
<cp-subsystem>
  <cp-member-count>3</cp-member-count>
  <semaphores>
    <semaphore><name>without-sessions</name><jdk-compatible>true</jdk-compatible></semaphore>
  </semaphores>
</cp-subsystem>"""


@pytest.fixture(scope="module")
def raft() -> Iterator[Lab]:
    """Clusters whose CP groups are elected, with ids of their own; elsewhere these tests use one unsafe member each."""
    options = ClusterOptions(members=3, xml=CP_SUBSYSTEM)
    with start_local({"blue": options, "green": options}, version="jet-4.3.1", timeout=120) as lab:
        yield lab


# ------------------------------------------------------------------------------------------------- the same objects


def use_everything(cp: Any, unique: str) -> list[Any]:
    number = cp.get_atomic_long(unique).blocking()
    reference = cp.get_atomic_reference(unique).blocking()
    latch = cp.get_count_down_latch(unique).blocking()
    return [number, reference, latch]


def check_new(number: Any, reference: Any, latch: Any) -> None:
    """All of them are the active cluster's, which has not known them yet."""
    assert number.add_and_get(5) == 5
    assert reference.get() is None
    reference.set("value")
    assert reference.get() == "value"
    assert latch.try_set_count(1)
    latch.count_down()
    assert latch.await_latch(1)


@WAYS
def test_structures_without_sessions_go_on_with_the_same_objects(way: str, lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        everything = use_everything(client.cp_subsystem, unique)
        check_new(*everything)
        leave_blue(client, lab, way)
        check_new(*everything)


def test_the_same_objects_go_on_with_a_group_of_another_id(raft: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(raft["blue"], raft["green"])) as client:
        cp = client.cp_subsystem
        everything, lock = use_everything(cp, unique), cp.get_lock(unique).blocking()
        semaphore = cp.get_semaphore("without-sessions").blocking()
        assert semaphore.init(2)
        for cluster in ("blue", "green", "blue"):
            if client.failover.status().active != cluster:
                wait_for_standby(client, cluster)
                client.failover.switch_to(cluster)
                with pytest.raises(LockOwnershipLostError):
                    lock.lock()
            if cluster == "green":
                assert semaphore.init(2)
                check_new(*everything)
            lock.lock()
            assert lock.is_locked_by_current_thread()
            semaphore.acquire()
            semaphore.release()
            assert semaphore.available_permits() == 2


async def test_structures_go_on_with_the_same_objects_on_asyncio(raft: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(raft["blue"], raft["green"])) as client:
        cp: Any = client.cp_subsystem
        number, lock = await cp.get_atomic_long(unique), await cp.get_lock(unique)
        semaphore = await cp.get_semaphore("without-sessions")
        for cluster in ("blue", "green"):
            if cluster == "green":
                await client.failover.switch_to("green")
                with pytest.raises(LockOwnershipLostError, match=r"held on cluster 'blue'.*left for 'green'"):
                    await lock.unlock()
            assert await number.add_and_get(5) == 5
            await lock.lock()
            await semaphore.init(2)
            await semaphore.acquire()
            await semaphore.release()


# --------------------------------------------------------------------------------------------------- what was held


@WAYS
def test_a_lock_that_was_held_on_the_former_cluster_is_an_error_that_names_both(
    way: str, lab: Lab, unique: str
) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        lock: Any = client.cp_subsystem.get_lock(unique).blocking()
        lock.lock()
        with look_into(lab["green"]) as other:
            theirs: Any = other.cp_subsystem.get_lock(unique).blocking()
            theirs.lock()  # its session has the number that ours has on blue
            leave_blue(client, lab, way)
            with pytest.raises(LockOwnershipLostError, match=r"held on cluster 'blue'.*left for 'green'") as caught:
                lock.unlock()
            assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
            assert lock.is_locked()
            assert not lock.is_locked_by_current_thread()
            assert theirs.is_locked_by_current_thread()
            theirs.unlock()
            lock.lock()
            lock.unlock()


def test_a_lock_is_still_held_when_the_client_comes_back_in_time(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        lock: Any = client.cp_subsystem.get_lock(unique).blocking()
        lock.lock()
        for cluster in ("green", "blue"):
            wait_for_standby(client, cluster)
            client.failover.switch_to(cluster)
        assert lock.is_locked_by_current_thread()
        lock.unlock()
        assert not lock.is_locked()


def test_taking_a_lock_again_that_was_held_on_the_former_cluster_says_so_first(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        lock: Any = client.cp_subsystem.get_lock(unique).blocking()
        lock.lock()
        leave_blue(client, lab, "planned")
        with pytest.raises(LockOwnershipLostError, match="held on cluster 'blue'"):
            lock.lock()
        assert not lock.is_locked()
        lock.lock()
        assert lock.is_locked_by_current_thread()


def test_a_lock_that_is_waited_for_at_the_loss_is_taken_on_the_new_cluster(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        lock: Any = client.cp_subsystem.get_lock(unique)
        with look_into(lab["blue"]) as other:
            other.cp_subsystem.get_lock(unique).blocking().lock()
            waiting = lock.lock()
            assert lock.is_locked().result()  # the call before this one has been sent
            leave_blue(client, lab, "loss")
        assert waiting.result() > 0
        assert lock.is_locked_by_current_thread().result()
        lock.unlock().result()


def test_a_call_with_a_session_that_waits_for_a_cluster_opens_a_session_there(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), standby=False) as client:
        lock: Any = client.cp_subsystem.get_lock(unique)
        lock.lock().result()
        lock.unlock().result()
        down = Events()
        client.lifecycle_service.add_listener(down)
        lab["blue"].kill()
        down.wait_for(lambda state: state == "DISCONNECTED")
        waiting = lock.lock()  # made with the session on blue
        assert waiting.result() > 0
        assert client.failover.status().active == "green"
        assert lock.is_locked_by_current_thread().result()


@WAYS
async def test_a_lock_that_was_held_is_an_error_that_names_both_on_asyncio(way: str, lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        lock: Any = await client.cp_subsystem.get_lock(unique)
        await lock.lock()
        await leave_blue_on_asyncio(client, lab, way)
        with pytest.raises(LockOwnershipLostError, match=r"held on cluster 'blue'.*left for 'green'") as caught:
            await lock.unlock()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
        await lock.lock()
        assert await lock.is_locked_by_current_task()
    # neither cluster's sessions are kept alive by a client that is closed
    assert not [task for task in asyncio.all_tasks() if "heartbeat" in repr(task.get_coro())]


@WAYS
def test_permits_of_the_former_cluster_are_not_held_on_the_new_one(way: str, lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        semaphore: Any = client.cp_subsystem.get_semaphore(unique).blocking()
        semaphore.init(1)
        semaphore.acquire()
        leave_blue(client, lab, way)
        semaphore.init(1)
        with pytest.raises(IllegalStateError, match=r"holds no permits.*on cluster 'green'") as caught:
            semaphore.release()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT
        assert semaphore.available_permits() == 1
        semaphore.acquire()
        semaphore.release()


async def test_permits_of_the_former_cluster_are_not_held_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        semaphore: Any = await client.cp_subsystem.get_semaphore(unique)
        await semaphore.init(1)
        await semaphore.acquire()
        await leave_blue_on_asyncio(client, lab, "planned")
        with pytest.raises(IllegalStateError, match=r"holds no permits.*on cluster 'green'"):
            await semaphore.release()


async def test_calls_that_are_held_at_a_planned_switch_do_not_fail(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_failover_client(failover_config(lab["blue"], lab["green"])) as client:
        number: Any = await client.cp_subsystem.get_atomic_long(unique)
        async with asyncio.timeout(LIMIT):
            for cluster in ("green", "blue", "green"):
                calls = [asyncio.create_task(number.add_and_get(1)) for _ in range(50)]
                switched = asyncio.create_task(client.failover.switch_to(cluster))
                calls += [asyncio.create_task(number.add_and_get(1)) for _ in range(50)]
                await asyncio.gather(switched, *calls)
