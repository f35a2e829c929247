"""Clients of others at embedded members: the official Python client of both families, and Java's failover client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hazelcast.asyncio import HazelcastClient as AsyncioClient
from hazelcast.client import HazelcastClient

from support.java_programs import JavaProgram, compile_java
from tealjet.lab import EMBEDDED_VERSIONS, EmbeddedCluster, EmbeddedLab, EmbeddedOptions, Lab, start_embedded

SOURCE = Path(__file__).parents[1] / "java" / "FailoverClient.java"


@pytest.fixture(scope="module")
def java_client(tmp_path_factory: pytest.TempPathFactory) -> JavaProgram:
    return compile_java(SOURCE, into=tmp_path_factory.mktemp("classes"))


@pytest.fixture
def enterprise() -> Iterator[EmbeddedLab]:
    """Two clusters whose members say that they support failover, as those of the Enterprise edition do."""
    options = EmbeddedOptions(failover_supported=True)
    with start_embedded({"blue": options, "green": options}) as lab:
        yield lab


def named(cluster: EmbeddedCluster) -> str:
    return f"{cluster.name}={cluster.addresses[0]}"


# ------------------------------------------------------------------------------------------------------------ Python


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
def test_the_official_client_of_the_threaded_family(version: str) -> None:
    with start_embedded(("blue",), members=2, version=version) as lab:
        client = HazelcastClient(cluster_name="blue", cluster_members=lab["blue"].addresses)
        try:
            orders: Any = client.get_map("orders").blocking()
            assert [orders.put("1001", "new"), orders.put("1001", "paid"), orders.get("1001")] == [None, "new", "paid"]
            assert len(client.cluster_service.get_members()) == 2
            lab["blue"].members[1].kill()
            assert orders.get("1001") == "paid"
        finally:
            client.shutdown()


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
async def test_the_official_client_of_the_asyncio_family(version: str) -> None:
    async with start_embedded(("blue",), members=2, version=version) as lab:
        client = await AsyncioClient.create_and_start(cluster_name="blue", cluster_members=lab["blue"].addresses)
        try:
            orders: Any = await client.get_map("orders")
            assert [await orders.put("1001", "new"), await orders.put("1001", "paid")] == [None, "new"]
            assert await orders.get("1001") == "paid"
        finally:
            await client.shutdown()


# -------------------------------------------------------------------------------------------------------------- Java


@pytest.mark.java
def test_javas_failover_client_goes_on_at_green(java_client: JavaProgram, enterprise: EmbeddedLab) -> None:
    blue, green = enterprise["blue"], enterprise["green"]
    with java_client.started("FailoverClient", named(blue), named(green)) as client:
        client.read_until("connected")
        client.say("put 1001 paid")
        assert client.read_until("put 1001") == "put 1001 paid: null"
        client.say("get 1001")
        assert client.read_until("get 1001") == "get 1001: paid"
        blue.kill()
        client.read_until("event CLIENT_CHANGED_CLUSTER")
        client.say("get 1001")
        assert client.read_until("get 1001") == "get 1001: null"
        client.say("put 2001 later")
        client.say("get 2001")
        assert client.read_until("get 2001") == "get 2001: later"
        assert client.end().endswith("ended\n")


@pytest.mark.java
def test_javas_failover_client_refuses_members_that_do_not_support_failover(java_client: JavaProgram) -> None:
    with start_embedded() as lab:
        printed = java_client.run("FailoverClient", named(lab["blue"]), named(lab["green"]))
    assert "refused: " in printed


@pytest.mark.member("5.7.0")
def test_real_members_of_the_community_are_refused_in_the_same_words(
    java_client: JavaProgram, blue_green: Callable[[str], Lab]
) -> None:
    real = blue_green("5.7.0")
    printed = java_client.run(
        "FailoverClient", *(f"{cluster.name}={cluster.addresses[0]}" for cluster in real.clusters.values())
    )
    assert "refused: " in printed
