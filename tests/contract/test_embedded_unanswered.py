"""Members that are alive and leave something unanswered: nothing hangs for that, and what is said of it is true."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hazelcast.serialization.api import CompactReader, CompactSerializer, CompactWriter
from hazelcast.serialization.compact import SchemaNotReplicatedError

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, failover_config, wait_for_standby
from support.workload import LIMIT
from tealjet.errors import CallTimeoutError, SwitchError
from tealjet.lab import EmbeddedLab, start_embedded

BACKUPS, VIEW = "client.localBackupListener", "client.addClusterViewListener"


@pytest.fixture
def lab() -> Iterator[EmbeddedLab]:
    with start_embedded(members=2) as lab:
        yield lab


def test_a_call_that_is_not_answered_ends_unknown_at_its_limit_and_the_client_goes_on(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = client.get_map("m").blocking()
        for member in lab["blue"].members:
            member.skip_answer("map.put")
        with tealjet.call_options(timeout=0.3), pytest.raises(CallTimeoutError, match=r"map\.put.*'blue'") as caught:
            entries.put("key", "value")
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
        assert entries.get("key") == "value"
        assert client.failover.status().calls_in_flight == 0
        assert [report.kind.name for report in client.failover.history] == ["FIRST"]


async def test_a_part_that_is_not_answered_ends_the_whole_as_unknown_on_asyncio(lab: EmbeddedLab) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = await client.get_map("m")
        lab["blue"].members[0].skip_answer("map.putAll")
        with tealjet.call_options(timeout=0.3), pytest.raises(ExceptionGroup) as caught:
            await entries.put_all({key: key for key in range(100)})
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
        assert await entries.size() == 100


def test_a_blocked_call_is_not_ended_by_the_limit_of_others(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        items: Any = client.get_queue("q")
        entries: Any = client.get_map("m")
        for member in lab["blue"].members:
            member.skip_answer("map.size")
        with tealjet.call_options(timeout=0.3):
            taken, polled, unanswered = items.take(), items.poll(60.0), entries.size()
        with pytest.raises(CallTimeoutError):
            unanswered.result()
        items.offer("first").result()
        items.offer("second").result()
        assert {taken.result(), polled.result()} == {"first", "second"}


def test_a_commit_that_is_not_answered_may_have_been_done(lab: EmbeddedLab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        transaction = client.new_transaction(timeout=1.0)
        transaction.begin()
        transaction.get_map("m").put("key", "value")
        for member in lab["blue"].members:
            member.skip_answer("transaction.commit")
        with (
            tealjet.call_options(timeout=0.1),
            pytest.raises(CallTimeoutError, match=r"transaction\.commit.* limit of 1\.1 s") as caught,
        ):
            transaction.commit()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
        entries: Any = client.get_map("m").blocking()
        assert entries.get("key") == "value"


def test_a_member_that_leaves_a_registration_unanswered_is_tried_again_and_said(
    lab: EmbeddedLab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tealjet")
    joined = Events()
    blue = lab["blue"]
    blue.members[1].kill()
    config = failover_config(blue, lab["green"])
    with tealjet.new_jet_failover_client(config, prepare_timeout=0.2, standby=False, silence_limit=30) as client:
        heard = Events()
        entries: Any = client.get_map("m").blocking()
        entries.add_entry_listener(added_func=heard)
        client.cluster_service.add_listener(joined)
        logging.getLogger("tealjet").addHandler(handler := _Told(joined))
        try:
            blue.members[0].freeze()  # the client is told of the other one when that has its fault
            blue.members[1].restart()
            blue.members[1].skip_answer(BACKUPS)
            blue.members[0].thaw()
            joined.wait_for(lambda event: event == "connected")
        finally:
            logging.getLogger("tealjet").removeHandler(handler)
        assert client.failover.status().connections == 2
        for key in range(20):
            entries.put(key, key)
        heard.wait_for_number(20)
    assert f"{blue.members[1].address} could not be prepared: it did not answer in time" in caplog.text


class _Told(logging.Handler):
    def __init__(self, events: Events) -> None:
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().endswith("is connected"):
            self._events("connected")


def test_members_are_followed_over_another_connection_although_that_leaves_the_question_unanswered(
    lab: EmbeddedLab,
) -> None:
    blue, told = lab["blue"], Events()
    with tealjet.new_jet_failover_client(failover_config(blue), prepare_timeout=0.2) as client:
        client.cluster_service.add_listener(told, told)
        viewing = client._engine.active.viewing  # type: ignore[union-attr]
        first, second = sorted(blue.members, key=lambda one: one.address != f"{viewing.peer}")  # type: ignore[union-attr]
        second.skip_answer(VIEW)
        first.kill()
        told.wait_for(lambda member: f"{member.address.host}:{member.address.port}" == first.address)
        first.restart()
        told.wait_for_number(2)


class Order:
    """A value with a compact schema."""


class OrderSerializer(CompactSerializer[Order]):
    def read(self, reader: CompactReader) -> Order:
        return Order()

    def write(self, writer: CompactWriter, obj: Order) -> None: ...

    def get_type_name(self) -> str:
        return "Order"

    def get_class(self) -> type[Order]:
        return Order


def test_a_planned_switch_to_a_cluster_that_leaves_a_schema_unanswered_ends_where_it_began(
    lab: EmbeddedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = failover_config(lab["blue"], lab["green"], compact_serializers=[OrderSerializer()])
    with tealjet.new_jet_failover_client(config, prepare_timeout=1.0) as client:
        wait_for_standby(client, "green")
        stream = client._family.serialization.compact_stream_serializer
        ask = client._family.schemas
        asked = 0

        def schemas() -> bytearray | None:
            """Right after the preparation has asked for them there is a first one."""
            nonlocal asked
            asked += 1
            if asked == 2:
                with pytest.raises(SchemaNotReplicatedError) as caught:
                    client._family.serialization.to_data(Order())
                stream.register_schema_to_type(caught.value.schema, Order)
                for member in lab["green"].members:
                    member.skip_answer("client.sendAllSchemas")
            return ask()

        monkeypatch.setattr(client._family, "schemas", schemas)
        with pytest.raises(SwitchError, match="it did not take a compact schema: it did not answer in time"):
            client.failover.switch_to("green")
        assert client.failover.status().active == "blue"
        entries: Any = client.get_map("m").blocking()
        entries.put("key", Order())


async def test_listening_ends_at_the_limit_when_a_member_leaves_it_unanswered(lab: EmbeddedLab) -> None:
    config = cluster_config(lab["blue"], invocation_timeout=0.5)
    async with tealjet.asyncio.new_jet_client(config) as client:
        entries: Any = await client.get_map("m")
        lab["blue"].members[0].skip_answer("map.addEntryListener")
        async with asyncio.timeout(LIMIT):
            with pytest.raises(CallTimeoutError, match=r"map\.addEntryListener"):
                await entries.add_entry_listener(added_func=print)
        await entries.add_entry_listener(added_func=print)
