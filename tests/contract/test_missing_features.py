"""What an older cluster does not know is refused before anything is sent, and everything else goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.errors import UnsupportedOperationError
from hazelcast.serialization.api import CompactReader, CompactSerializer, CompactWriter
from hazelcast.sql import HazelcastSqlError

import tealjet
import tealjet.asyncio
from support.clusters import cluster_config, failover_config, map_entries
from tealjet.errors import FeatureMissingError
from tealjet.lab import ClusterOptions, Lab, start_local

JET, NEW = "jet-4.3.1", "5.7.0"


@dataclasses.dataclass(frozen=True)
class Order:
    number: int


class OrderSerializer(CompactSerializer[Order]):
    def read(self, reader: CompactReader) -> Order:
        return Order(reader.read_int32("number"))

    def write(self, writer: CompactWriter, obj: Order) -> None:
        writer.write_int32("number", obj.number)

    def get_class(self) -> type[Order]:
        return Order

    def get_type_name(self) -> str:
        return "Order"


def assert_refused(error: BaseException, feature: str, cluster: str) -> None:
    assert isinstance(error, FeatureMissingError)
    assert isinstance(error, UnsupportedOperationError)
    assert (error.feature, error.cluster, error.version) == (feature, cluster, "4.0.3")
    assert tealjet.outcome_of(error) is tealjet.Outcome.NOT_SENT


@pytest.mark.member(JET)
def test_what_jet_4_does_not_know_is_refused_unsent(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"], compact_serializers=[OrderSerializer()])) as client:
        some: Any = client
        refused: dict[str, Callable[[], object]] = {
            "Topic.publish_all": lambda: some.get_topic(unique).publish_all(["news", "more"]).result(),
            "Compact serialization": lambda: some.get_map(unique).set("key", Order(1)).result(),
        }
        for feature, call in refused.items():
            with pytest.raises(FeatureMissingError) as caught:
                call()
            assert_refused(caught.value, feature, "blue")
        with pytest.raises(HazelcastSqlError, match="no SQL") as statement:
            client.sql.execute("SELECT 1").result()
        assert tealjet.outcome_of(statement.value) is tealjet.Outcome.NOT_SENT
        some.get_map(unique).blocking().set("key", "plain")
    assert map_entries(lab["blue"], unique) == {"key": "plain"}


@pytest.mark.member(JET)
async def test_what_jet_4_does_not_know_is_refused_unsent_on_asyncio(lab: Lab, unique: str) -> None:
    config = cluster_config(lab["blue"], compact_serializers=[OrderSerializer()])
    async with tealjet.asyncio.new_jet_client(config) as client:
        topic: Any = await client.get_topic(unique)
        entries: Any = await client.get_map(unique)
        many: Any = await client.get_multi_map(unique)
        refused: dict[str, Callable[[], Any]] = {
            "Topic.publish_all": lambda: topic.publish_all(["news", "more"]),
            "Compact serialization": lambda: entries.set("key", Order(1)),
        }
        for feature, call in refused.items():
            with pytest.raises(FeatureMissingError) as caught:
                await call()
            assert_refused(caught.value, feature, "blue")
        with pytest.raises(HazelcastSqlError, match="no SQL") as statement:
            await client.sql.execute("SELECT 1")
        assert tealjet.outcome_of(statement.value) is tealjet.Outcome.NOT_SENT
        with pytest.raises(ExceptionGroup) as group:
            await many.put_all({"key": ["value"]})
        assert tealjet.outcome_of(group.value) is tealjet.Outcome.NOT_SENT
        await entries.set("key", "plain")
        assert await entries.get("key") == "plain"


@pytest.mark.member(NEW, JET)
def test_schemas_stay_behind_when_the_next_cluster_cannot_have_them(unique: str) -> None:
    versions = {"blue": ClusterOptions(version=NEW), "green": ClusterOptions(version=JET)}
    with (
        start_local(versions) as lab,
        tealjet.new_jet_failover_client(
            failover_config(lab["blue"], lab["green"], compact_serializers=[OrderSerializer()])
        ) as client,
    ):
        entries: Any = client.get_map(unique).blocking()
        entries.set("key", Order(1))
        client.failover.switch_to("green")
        with pytest.raises(FeatureMissingError) as caught:
            entries.set("key", Order(2))
        assert_refused(caught.value, "Compact serialization", "green")
        entries.set("plain", "value")
        assert entries.get("plain") == "value"
        client.failover.switch_to("blue")
        assert entries.get("key") == Order(1)
        entries.set("key", Order(3))
        assert entries.get("key") == Order(3)
