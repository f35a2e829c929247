"""Compact schemas: the next cluster has them before the first call is released, whenever they were registered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.config import Config
from hazelcast.serialization.api import CompactReader, CompactSerializer, CompactWriter
from hazelcast.serialization.compact import SchemaNotReplicatedError
from hazelcast.serialization.service import SerializationServiceV1

import tealjet
import tealjet.asyncio
from support.clusters import Events, cluster_config, failover_config, wait_for_standby
from tealjet.lab import Lab, LocalCluster

pytestmark = pytest.mark.member("5.7.0")


@dataclasses.dataclass(frozen=True)
class Order:
    number: int


@dataclasses.dataclass(frozen=True)
class Customer:
    number: int


def serializer_of(kind: type[Any]) -> CompactSerializer[Any]:
    class Serializer(CompactSerializer[Any]):
        def read(self, reader: CompactReader) -> Any:
            return kind(reader.read_int32("number"))

        def write(self, writer: CompactWriter, obj: Any) -> None:
            writer.write_int32("number", obj.number)

        def get_class(self) -> type[Any]:
            return kind

        def get_type_name(self) -> str:
            return kind.__name__

    return Serializer()


SERIALIZERS = [serializer_of(Order), serializer_of(Customer)]


def value_seen_by_another_client(cluster: LocalCluster, name: str, key: str) -> Any:
    """Read a value with a client that has to fetch the schema from the cluster."""
    with tealjet.new_jet_client(cluster_config(cluster, compact_serializers=SERIALIZERS)) as client:
        entries: Any = client.get_map(name)
        return entries.get(key).result()


def switch(lab: Lab, client: tealjet.JetClient) -> None:
    client.failover.switch_to("green")


def lose(lab: Lab, client: tealjet.JetClient) -> None:
    wait_for_standby(client, "green")
    lab["blue"].kill()


@pytest.mark.parametrize("leave", [switch, lose])
def test_the_next_cluster_knows_the_schemas_that_were_used_on_the_former_one(
    lab: Lab, unique: str, leave: Callable[[Lab, tealjet.JetClient], None]
) -> None:
    configuration = failover_config(lab["blue"], lab["green"], compact_serializers=SERIALIZERS)
    with tealjet.new_jet_failover_client(configuration) as client:
        entries: Any = client.get_map(unique)
        entries.set("key", Order(1)).result()
        leave(lab, client)
        with tealjet.call_options(redo=True):
            entries.set("key", Order(2)).result()
    assert value_seen_by_another_client(lab["green"], unique, "key") == Order(2)


async def test_the_next_cluster_knows_the_schemas_that_an_asyncio_client_used(lab: Lab, unique: str) -> None:
    configuration = failover_config(lab["blue"], lab["green"], compact_serializers=SERIALIZERS)
    async with tealjet.asyncio.new_jet_failover_client(configuration) as client:
        entries: Any = await client.get_map(unique)
        await entries.set("key", Order(1))
        await client.failover.switch_to("green")
        await entries.set("key", Order(2))
    assert value_seen_by_another_client(lab["green"], unique, "key") == Order(2)


def test_a_schema_that_is_registered_while_the_switch_is_under_way_is_not_forgotten(
    lab: Lab, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = failover_config(lab["blue"], lab["green"], compact_serializers=SERIALIZERS)
    with tealjet.new_jet_failover_client(configuration) as client:
        wait_for_standby(client, "green")
        entries: Any = client.get_map(unique)
        entries.set("key", Order(1)).result()
        ask = client._family.schemas
        asked: list[bytearray | None] = []

        def schemas() -> bytearray | None:
            """What is asked for by the preparation, and right after it the answer of blue to a new schema arrives."""
            request = ask()
            if not asked:
                client._family.serialization.compact_stream_serializer.register_schema_to_type(
                    schema_of(Customer(1)), Customer
                )
            asked.append(request)
            return request

        monkeypatch.setattr(client._family, "schemas", schemas)
        client.failover.switch_to("green")
        entries.set("key", Customer(2)).result()
        assert asked[0] != asked[-1]
    assert value_seen_by_another_client(lab["green"], unique, "key") == Customer(2)


def schema_of(value: Any) -> Any:
    made = Config()
    made.compact_serializers = SERIALIZERS
    service: Any = SerializationServiceV1(made)
    with pytest.raises(SchemaNotReplicatedError) as caught:
        service.to_data(value)
    return caught.value.schema


def test_a_schema_first_used_while_no_cluster_is_there_reaches_the_one_that_comes(lab: Lab, unique: str) -> None:
    configuration = failover_config(lab["blue"], lab["green"], compact_serializers=SERIALIZERS)
    with tealjet.new_jet_failover_client(configuration, standby=False) as client:
        entries: Any = client.get_map(unique)
        states = Events()
        client.lifecycle_service.add_listener(states)
        lab["green"].kill()
        lab["blue"].kill()
        states.wait_for(lambda state: state == "DISCONNECTED")
        waiting = entries.set("key", Order(3))
        lab["green"].restart()
        assert waiting.result() is None
        assert client.failover.status().active == "green"
    assert value_seen_by_another_client(lab["green"], unique, "key") == Order(3)
