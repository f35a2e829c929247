"""Calls of several messages, and errors that the official package swallows, while members and clusters fail."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from hazelcast.errors import TargetNotMemberError
from hazelcast.serialization.api import IdentifiedDataSerializable, ObjectDataInput, ObjectDataOutput
from hazelcast.sql import HazelcastSqlError

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, map_entries, wait_for_connections
from support.switching import send_everything
from support.workload import LIMIT
from tealjet.errors import CallTimeoutError, ConnectionLostError, FeatureMissingError, OverloadError
from tealjet.lab import Lab, LocalCluster, LocalMember

MANY = {f"key-{number}": number for number in range(500)}


class UnknownTask(IdentifiedDataSerializable):
    """A task whose factory no member has."""

    def write_data(self, object_data_output: ObjectDataOutput) -> None: ...

    def read_data(self, object_data_input: ObjectDataInput) -> None: ...

    def get_factory_id(self) -> int:
        return 987_654

    def get_class_id(self) -> int:
        return 1


def outcomes_of(error: BaseException) -> set[tealjet.Outcome | None]:
    """What the error says, and for a group what each of its members says."""
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return {tealjet.outcome_of(one) for one in (error, *members)}


def lose_while_calling(client: tealjet.JetClient, what: LocalCluster | LocalMember, call: Any) -> Any:
    """Make a call that a frozen cluster takes and never answers, then lose the cluster; return the call's future."""
    what.freeze()
    future = call()
    send_everything(client)
    what.kill()
    return future


def test_put_all_that_was_under_way_when_the_cluster_was_lost_may_have_been_applied(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = client.get_map(unique)
        future = lose_while_calling(client, lab["blue"], lambda: entries.put_all(MANY))
        with pytest.raises(ConnectionLostError, match="'blue'") as caught:
            future.result()
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}


@pytest.mark.member("5.7.0")
def test_the_error_of_multi_map_put_all_is_raised(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        many: Any = client.get_multi_map(unique)
        future = lose_while_calling(client, lab["blue"], lambda: many.put_all({key: [1] for key in MANY}))
        with pytest.raises(ConnectionLostError) as caught:
            future.result()
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}


@pytest.mark.member("jet-4.3.1")
def test_multi_map_put_all_is_refused_by_a_cluster_that_does_not_know_it(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        many: Any = client.get_multi_map(unique)
        with pytest.raises(FeatureMissingError) as caught:
            many.blocking().put_all({key: [1] for key in MANY})
        assert outcomes_of(caught.value) == {tealjet.Outcome.NOT_SENT}
        assert many.blocking().size() == 0


@pytest.mark.parametrize("method", ["publish", "publish_all"])
def test_the_error_of_publishing_reliably_is_raised(lab: Lab, unique: str, method: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        topic: Any = client.get_reliable_topic(unique)
        future = lose_while_calling(client, lab["blue"], lambda: getattr(topic, method)(["news"]))
        with pytest.raises(ConnectionLostError) as caught:
            future.result()
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}


def test_put_all_is_not_told_to_be_unsent_when_some_of_it_was_applied_after_the_rest_was_refused(
    lab: Lab, unique: str
) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"]), max_parked_calls=20) as client:
        client.lifecycle_service.add_listener(states)
        entries: Any = client.get_map(unique)
        lab["blue"].kill()
        states.wait_for(lambda state: state == "DISCONNECTED")
        future = entries.put_all(MANY)
        lab["blue"].restart()
        with pytest.raises(OverloadError, match="may have been applied") as caught:
            future.result()
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}
        assert "20 applied" in caught.value.__notes__[0]
    assert 0 < len(map_entries(lab["blue"], unique)) < len(MANY)


async def test_put_all_of_which_nothing_was_sent_says_so_on_asyncio(lab: Lab, unique: str) -> None:
    lost = asyncio.Event()

    def listen(state: str) -> None:
        if state == "DISCONNECTED":
            lost.set()

    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]), max_parked_calls=20) as client:
        client.lifecycle_service.add_listener(listen)
        entries: Any = await client.get_map(unique)
        lab["blue"].kill()
        await lost.wait()
        with pytest.raises(ExceptionGroup) as caught:
            await entries.put_all(MANY)
        assert outcomes_of(caught.value) == {tealjet.Outcome.NOT_SENT}
        lab["blue"].restart()
        assert await entries.size() == 0


async def test_put_all_that_was_under_way_may_have_been_applied_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = await client.get_map(unique)
        lab["blue"].freeze()
        client._engine.runtime.call_at(client._engine.runtime.now() + 0.2, lab["blue"].kill)
        with pytest.raises(ExceptionGroup) as caught:
            await entries.put_all(MANY)
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}


@pytest.mark.member("5.7.0")
def test_put_all_of_which_one_member_was_lost_counts_what_became_of_its_parts(three_members: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(three_members["blue"])) as client:
        entries: Any = client.get_map(unique)
        wait_for_connections(client._engine.active, 3)
        future = lose_while_calling(client, three_members["blue"].members[0], lambda: entries.put_all(MANY))
        with pytest.raises(ConnectionLostError) as caught:
            future.result()
        assert outcomes_of(caught.value) == {tealjet.Outcome.UNKNOWN}
        assert "applied" in caught.value.__notes__[0]
        assert "unknown" in caught.value.__notes__[0]


def test_a_task_that_no_member_can_read_was_answered(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        executor: Any = client.get_executor(unique).blocking()
        with pytest.raises(Exception, match=r"987654|factory|serializ") as caught:
            executor.execute_on_all_members(UnknownTask())
        assert outcomes_of(caught.value) == {tealjet.Outcome.ANSWERED}


async def test_a_task_that_no_member_can_read_was_answered_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        executor: Any = await client.get_executor(unique)
        with pytest.raises(ExceptionGroup) as caught:
            await executor.execute_on_all_members(UnknownTask())
        assert outcomes_of(caught.value) == {tealjet.Outcome.ANSWERED}


@pytest.mark.member("5.7.0")
def test_a_task_that_none_of_several_members_can_read_was_answered(three_members: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(three_members["blue"])) as client:
        executor: Any = client.get_executor(unique).blocking()
        with pytest.raises(Exception, match=r"987654|factory|serializ") as caught:
            executor.execute_on_all_members(UnknownTask())
        assert outcomes_of(caught.value) == {tealjet.Outcome.ANSWERED}
        assert "3 answered" in caught.value.__notes__[0]


FAILS_LATER = "SELECT 1 / (5 - v) AS x FROM TABLE(generate_stream(50))"


@pytest.mark.member("5.7.0")
def test_an_error_that_comes_with_a_later_page_was_answered(lab: Lab) -> None:
    rows = []
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        result = client.sql.execute(FAILS_LATER, cursor_buffer_size=1).result()
        with pytest.raises(HazelcastSqlError) as caught:
            rows.extend(iter(result))
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED


@pytest.mark.member("5.7.0")
async def test_an_error_that_comes_with_a_later_page_was_answered_on_asyncio(lab: Lab) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        result = await client.sql.execute(FAILS_LATER, cursor_buffer_size=1)
        with pytest.raises(HazelcastSqlError) as caught:
            async for _ in result:
                pass
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED


def read_all(result: Any) -> None:
    with result:
        for _ in result:
            pass


async def read_all_on_asyncio(result: Any) -> None:
    async with result:
        async for _ in result:
            pass


@pytest.mark.member("5.7.0")
def test_closing_a_result_does_not_hide_why_it_could_not_be_read(lab: Lab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        result = client.sql.execute(FAILS_LATER, cursor_buffer_size=1).result()
        with pytest.raises(HazelcastSqlError, match="Division by zero") as caught:
            read_all(result)
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED
        endless: Any = client.sql.execute("SELECT v FROM TABLE(generate_stream(1))", cursor_buffer_size=1).result()
        future = lose_while_calling(client, lab["blue"], lambda: endless._fetch_next_page())
        with pytest.raises(HazelcastSqlError, match="'blue'") as lost, endless:
            future.result()
        assert tealjet.outcome_of(lost.value) is tealjet.Outcome.UNKNOWN


@pytest.mark.member("5.7.0")
async def test_closing_a_result_does_not_hide_why_it_could_not_be_read_on_asyncio(lab: Lab) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        with pytest.raises(HazelcastSqlError, match="Division by zero") as caught:
            await read_all_on_asyncio(await client.sql.execute(FAILS_LATER, cursor_buffer_size=1))
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.ANSWERED
        endless = await client.sql.execute("SELECT v FROM TABLE(generate_stream(1))", cursor_buffer_size=1)
        client._engine.runtime.call_at(client._engine.runtime.now() + 0.2, lab["blue"].kill)
        with pytest.raises(HazelcastSqlError, match="'blue'") as lost:
            await read_all_on_asyncio(endless)
        assert tealjet.outcome_of(lost.value) is tealjet.Outcome.UNKNOWN


def test_get_all_has_what_the_near_cache_knows_and_what_it_does_not(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"], near_caches={unique: {}})) as client:
        entries: Any = client.get_map(unique).blocking()
        expected = {"ab": "cd", "ef": "gh", "ij": "kl"}
        entries.put_all(expected)
        assert entries.get("ab") == "cd"
        assert entries.get_all(["ab", "ef", "ij"]) == expected
        assert entries.get_all(["ab"]) == {"ab": "cd"}


async def test_get_all_has_what_the_near_cache_knows_and_what_it_does_not_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"], near_caches={unique: {}})) as client:
        entries: Any = await client.get_map(unique)
        expected = {"ab": "cd", "ef": "gh", "ij": "kl"}
        await entries.put_all(expected)
        assert await entries.get("ab") == "cd"
        assert await entries.get_all(["ab", "ef", "ij"]) == expected
        assert await entries.get_all(["ab"]) == {"ab": "cd"}


async def test_what_a_lock_protects_is_what_fails_and_not_the_unlocking_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = await client.get_map(unique)

        async def fail_with_the_lock_lost() -> None:
            async with entries.lock_context("key"):
                await entries.force_unlock("key")
                raise ValueError("protected")

        with pytest.raises(ValueError, match="protected") as caught:
            await fail_with_the_lock_lost()
        assert "the lock could not be released" in caught.value.__notes__[0]


@pytest.mark.member("jet-4.3.1")
def test_counting_down_ends_at_its_deadline(lab: Lab, unique: str) -> None:
    states, ends = Events(), Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        client.lifecycle_service.add_listener(states)
        latch: Any = client.cp_subsystem.get_count_down_latch(unique)
        assert latch.try_set_count(2).result()
        latch.count_down().result()
        assert latch.get_count().result() == 1
        lab["blue"].kill()
        states.wait_for(lambda state: state == "DISCONNECTED")
        with tealjet.call_options(timeout=0.3):
            latch._do_count_down(1, uuid.uuid4()).add_done_callback(ends)
        ended = ends.wait_for(lambda _: True)
        assert tealjet.outcome_of(ended.exception()) is tealjet.Outcome.NOT_SENT


@pytest.mark.member("jet-4.3.1")
async def test_counting_down_ends_at_its_deadline_on_asyncio(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        latch: Any = await client.cp_subsystem.get_count_down_latch(unique)
        assert await latch.try_set_count(2)
        await latch.count_down()
        assert await latch.get_count() == 1
        lost = asyncio.Event()
        client.lifecycle_service.add_listener(lambda state: lost.set() if state == "DISCONNECTED" else None)
        lab["blue"].kill()
        await lost.wait()
        async with asyncio.timeout(LIMIT):
            with tealjet.call_options(timeout=0.3), pytest.raises(CallTimeoutError) as caught:
                await latch._do_count_down(1, uuid.uuid4())
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT


@pytest.mark.member("5.7.0")
def test_a_call_for_a_member_that_has_left_ends_at_once_and_a_counter_tries_another_replica(
    three_members: Lab, unique: str
) -> None:
    gone = Events()
    with tealjet.new_jet_client(cluster_config(three_members["blue"])) as client:
        client.cluster_service.add_listener(member_removed=gone)
        counter: Any = client.get_pn_counter(unique)
        assert counter.get().result() == 0
        target = counter._current_target_replica_address
        (member,) = (one for one in three_members["blue"].members if str(target.address.port) in one.address)
        member.kill()
        gone.wait_for(lambda _: True)
        counter.reset()  # what was observed of the lost replica, the others may not know yet
        executor: Any = client.get_executor(unique)
        ends, counts = Events(), Events()
        executor.execute_on_member(target, "task").add_done_callback(ends)
        counter.add_and_get(2).add_done_callback(counts)
        refused, counted = ends.wait_for(lambda _: True), counts.wait_for(lambda _: True)
        assert isinstance(refused.exception(), TargetNotMemberError)
        assert tealjet.outcome_of(refused.exception()) is tealjet.Outcome.ANSWERED
        assert counted.result() == 2


def test_a_proxy_that_could_not_be_destroyed_can_be_destroyed_again(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        states = Events()
        client.lifecycle_service.add_listener(states)
        entries: Any = client.get_map(unique)
        entries.blocking().set("key", "value")
        lab["blue"].kill()
        states.wait_for(lambda state: state == "DISCONNECTED")
        with tealjet.call_options(timeout=0.1), pytest.raises(Exception, match=r"limit of 0\.1 s"):
            entries.destroy()
        lab["blue"].restart()
        assert entries.destroy()
        assert not entries.destroy()
