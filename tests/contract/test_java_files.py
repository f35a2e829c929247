"""What Java's files say is done on real members: the same pair of files in YAML and in XML."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

import tealjet
import tealjet.asyncio
from support.config_classes import Noting
from tealjet.lab import Lab
from tealjet.lab._ports import reserve_port


def _write_yaml(folder: Path, lab: Lab, ports: list[int]) -> None:
    for name in ("blue", "green"):
        (folder / f"{name}.yaml").write_text(
            f"""\
hazelcast-client:
  cluster-name: ${{{name}.name}}
  network:
    cluster-members: {lab[name].addresses}
    outbound-ports: {ports}
    socket-options: {{buffer-size: 64}}
  load-balancer: {{type: custom, class-name: com.acme.Noting}}
  near-cache:
    "near-*": {{time-to-live-seconds: 90}}
  properties: {{tealjet.standby: false}}
"""
        )
    (folder / "failover.yaml").write_text("hazelcast-client-failover: {try-count: 3, clients: [blue.yaml, green.yaml]}")


def _write_xml(folder: Path, lab: Lab, ports: list[int]) -> None:
    for name in ("blue", "green"):
        members = "".join(f"<address>{address}</address>" for address in lab[name].addresses)
        local = "".join(f"<ports>{port}</ports>" for port in ports)
        (folder / f"{name}.xml").write_text(
            f"""\
<hazelcast-client xmlns="http://www.hazelcast.com/schema/client-config">
  <cluster-name>${{{name}.name}}</cluster-name>
  <network>
    <cluster-members>{members}</cluster-members>
    <outbound-ports>{local}</outbound-ports>
    <socket-options><buffer-size>64</buffer-size></socket-options>
  </network>
  <load-balancer type="custom">com.acme.Noting</load-balancer>
  <near-cache name="near-*"><time-to-live-seconds>90</time-to-live-seconds></near-cache>
  <properties><property name="tealjet.standby">false</property></properties>
</hazelcast-client>
"""
        )
    (folder / "failover.xml").write_text(
        "<hazelcast-client-failover><try-count>3</try-count>"
        "<clients><client>blue.xml</client><client>green.xml</client></clients></hazelcast-client-failover>"
    )


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
def test_a_client_of_java_files_does_what_they_say_before_and_after_a_switch(
    suffix: str, lab: Lab, unique: str, tmp_path: Path
) -> None:
    names = {f"{name}.name": lab[name].name for name in ("blue", "green")}
    with contextlib.ExitStack() as stack:
        ports = [reserve_port(stack) for _ in range(4)]
        (_write_yaml if suffix == "yaml" else _write_xml)(tmp_path, lab, ports)
        client: Any = stack.enter_context(
            tealjet.new_jet_failover_client(
                tmp_path / f"failover.{suffix}", properties=names, classes={"com.acme.Noting": Noting}
            )
        )
        near, far = client.get_map(f"near-{unique}").blocking(), client.get_map(f"far-{unique}").blocking()
        far.put("k", "v")
        for cluster in ("blue", "green"):
            if cluster == "green":
                client.failover.switch_to("green")
            Noting.named.clear()
            near.put("k", cluster)
            assert near.get("k") == near.get("k") == cluster
            near_caches = {cache.name for cache in client._near_cache_manager.list_near_caches()}
            assert (near.name in near_caches, far.name in near_caches) == (True, False)
            assert unique in str(client.get_distributed_objects())
            link = client._engine.active
            assert link.target.cluster_name == lab[cluster].name
            assert {connection.local_address.port for connection in link.connections.values()} <= set(ports)
            assert {member.uuid for member in Noting.named} == set(link.connections)


@pytest.mark.member("5.7.0")
async def test_the_asyncio_client_reads_files_with_properties_and_classes_too(
    lab: Lab, unique: str, tmp_path: Path
) -> None:
    _write_yaml(tmp_path, lab, [0])
    names = {f"{name}.name": lab[name].name for name in ("blue", "green")}
    async with tealjet.asyncio.new_jet_client(
        tmp_path / "blue.yaml", properties=names, classes={"com.acme.Noting": Noting}
    ) as client:
        orders: Any = await client.get_map(unique)
        await orders.put("k", "v")
        assert await orders.get("k") == "v"
