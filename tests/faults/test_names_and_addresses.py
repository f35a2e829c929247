"""Clusters behind names, public addresses and coordinators: names lead elsewhere, resolvers and coordinators fail."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tealjet
from support.clusters import Events, config, filter_clients
from support.coordinator import Coordinator, coordinator
from support.kubernetes import kubernetes_api
from support.workload import LIMIT, ThreadedWorkload, gets, puts
from support.world import Trouble, World
from tealjet.errors import NoClusterError
from tealjet.failover.model import Kind, RoundFailed
from tealjet.lab import Authority, ClusterOptions, FaultProxy, Lab, start_local
from tealjet.protocol.values import ClientFilterMode

pytestmark = pytest.mark.member("5.7.0")

BLUE, GREEN = "192.0.2.1", "192.0.2.2"
TOKEN = "x-hush-x"
DOES_NOT_RESOLVE = r"does not resolve \(Temporary failure in name resolution, after \d+\.\d s\)"


@pytest.fixture
def same_name(member_version: str) -> Iterator[Lab]:
    """Clusters "blue" and "green" that are both called "prod"."""
    clusters = {key: ClusterOptions(cluster_name="prod") for key in ("blue", "green")}
    with start_local(clusters, version=member_version) as lab:
        yield lab


def behind_names(world: World, lab: Lab, **hosts: list[str] | Trouble) -> None:
    """Put blue and green at port 5701 of addresses of their own."""
    world.hosts |= {f"{name}.example": addresses for name, addresses in hosts.items()}
    world.routes |= {(BLUE, 5701): lab["blue"].addresses[0], (GREEN, 5701): lab["green"].addresses[0]}


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, FaultProxy]]:
    """A cluster "blue" of two members that tell a public address, and the proxy there, in front of the second one."""
    certificate = Path(Authority(tmp_path_factory.mktemp("api")).cafile).read_text()
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(kubernetes_api(certificate))
        proxies = []

        def learn(progress: str) -> None:
            addresses = re.findall(r"127\.0\.0\.1:\d+", progress)
            if addresses:
                proxies.append(stack.enter_context(FaultProxy(addresses[1])))
                api.public_port = port_of(proxies[0].address)
                api.ports = [port_of(address) for address in addresses]

        yield (
            stack.enter_context(start_local(["blue"], members=2, properties=api.properties, progress=learn)),
            proxies[0],
        )


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Coordinator]:
    """A coordinator with a certificate from an authority that the system trusts, as it seems."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", authority.cafile)
    with coordinator(authority.issue("localhost"), TOKEN) as one:
        yield one


def client_file(folder: Path, cloud: Coordinator, token: str = TOKEN, strategy: str = "") -> Path:
    """A failover file for "blue", whose coordinator that is."""
    found_by = f'<hazelcast-cloud enabled="true"><discovery-token>{token}</discovery-token></hazelcast-cloud>'
    (folder / "blue.xml").write_text(
        '<hazelcast-client xmlns="http://www.hazelcast.com/schema/client-config">'
        "<cluster-name>blue</cluster-name>"
        f'<properties><property name="hazelcast.client.cloud.url">{cloud.url}</property></properties>'
        f"<network>{found_by}</network>{strategy}</hazelcast-client>"
    )
    failover = folder / "failover.xml"
    failover.write_text(
        '<hazelcast-client-failover xmlns="http://www.hazelcast.com/schema/client-failover-config">'
        "<try-count>0</try-count><clients><client>blue.xml</client></clients></hazelcast-client-failover>"
    )
    return failover


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.mark.parametrize(
    ("public", "reachable", "used"),
    [(True, True, "public"), (False, True, "own"), (False, False, "public")],
    ids=["it is asked for", "its own can be reached", "its own can't be reached"],
)
def test_a_member_is_reached_at_its_public_address_when(
    public: bool, reachable: bool, used: str, translated: tuple[Lab, FaultProxy], world: World, log: Events
) -> None:
    lab, proxy = translated
    seed, other = lab["blue"].addresses
    if not reachable:
        world.routes["127.0.0.1", port_of(other)] = Trouble.FAILS
    elif not public:
        world.routes["127.0.0.1", port_of(proxy.address)] = Trouble.HANGS  # it is tried too when its own is slow
    with tealjet.new_jet_client(config("blue", [seed], use_public_ip=public)) as client:
        log.wait_for(lambda record: record.getMessage() == f"member {other} of 'blue' is connected")
        link = client._engine.active
        assert link is not None
        peers = {connection.peer for connection in link.connections.values()}
        assert peers == {seed, proxy.address if used == "public" else other}
    first_tried = world.tried.all[1]
    assert first_tried == (proxy.address if public else other)


def test_all_members_are_reached_at_the_public_addresses_that_the_coordinator_tells(
    translated: tuple[Lab, FaultProxy], cloud: Coordinator, log: Events, tmp_path: Path
) -> None:
    lab, second = translated
    one, other = lab["blue"].addresses
    with FaultProxy(one) as first:
        cloud.members = {one: first.address}  # it learns of the other one only later
        with tealjet.new_jet_failover_client(client_file(tmp_path, cloud)) as client:
            log.wait_for(lambda record: "its coordinator has not told of it" in record.getMessage())
            cloud.members = {one: first.address, other: second.address}
            log.wait_for(lambda record: record.getMessage() == f"member {other} of 'blue' is connected")
            link = client._engine.active
            assert link is not None
            assert {connection.peer for connection in link.connections.values()} == {first.address, second.address}
    assert not [record for record in log.all if TOKEN in record.getMessage()]


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_clients_follow_a_name_that_is_given_to_green_when_blue_denies_them(
    same_name: Lab, world: World, unique: str
) -> None:
    lab, states = same_name, Events()
    behind_names(world, lab, prod=[BLUE])
    clients = [config("prod", ["prod.example:5701"], client_name=f"moved-{unique}") for _ in range(2)]
    with tealjet.new_jet_failover_client(tealjet.FailoverConfig(clients=clients), silence_limit=LIMIT) as client:
        entries: Any = client.get_map(unique).blocking()
        on_blue = client.failover.status().cluster_id
        world.asked.wait_for_number(3)  # by then the other candidate has been looked at
        assert client.failover.standby is None  # the same cluster under another entry is no standby
        assert "in use already" in client.failover.status().reasons["prod-2"]
        client.lifecycle_service.add_listener(states)
        world.hosts["prod.example"] = [GREEN]
        filter_clients(lab["blue"], ClientFilterMode.DENY, "moved-*")
        states.wait_for(lambda state: state == "CONNECTED")
        assert client.failover.status().cluster_id != on_blue
        entries.put("key", "on green")
        with tealjet.new_jet_client(config("prod", lab["green"].addresses)) as other:
            there: Any = other.get_map(unique).blocking()
            assert there.get("key") == "on green"


@pytest.mark.parametrize("trouble", Trouble)
def test_a_client_reconnects_by_the_last_good_addresses_when_no_name_resolves(
    trouble: Trouble, lab: Lab, world: World, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "tealjet")
    own, states = lab["blue"].addresses[0], Events()
    with FaultProxy(own) as proxy:
        behind_names(world, lab, blue=[BLUE])
        world.routes |= {(BLUE, 5701): proxy.address, ("127.0.0.1", port_of(own)): Trouble.FAILS}
        configuration = tealjet.FailoverConfig(clients=[config("blue", ["blue.example:5701"])])
        with tealjet.new_jet_failover_client(configuration, silence_limit=LIMIT) as client:
            client.lifecycle_service.add_listener(states)
            world.hosts["blue.example"] = trouble
            with ThreadedWorkload(client, [gets(), puts(1)], f"m-{unique}", f"q-{unique}") as workload:
                for number in (1, 2):
                    proxy.drop()
                    states.wait_for_number(2 * number)
                    workload.history.wait_for_more(20)
            assert states.all == ["DISCONNECTED", "CONNECTED"] * 2
            assert {report.kind for report in client.failover.history[1:]} == {Kind.SAME}
        assert caplog.text.count(f"its last good addresses are used: {BLUE}") == 1


def test_a_file_finds_members_by_the_name_of_a_service_in_kubernetes_and_their_new_addresses_too(
    lab: Lab, world: World, unique: str, tmp_path: Path
) -> None:
    behind_names(world, lab, service=[BLUE])
    states = Events()
    (tmp_path / "blue.yaml").write_text(
        """\
hazelcast-client:
  cluster-name: blue
  network: {kubernetes: {enabled: true, service-dns: service.example}}
"""
    )
    (tmp_path / "failover.yaml").write_text(f"hazelcast-client-failover: {{clients: [{tmp_path}/blue.yaml]}}")
    own = lab["blue"].addresses[0]
    with FaultProxy(own) as proxy:
        world.routes |= {(BLUE, 5701): proxy.address, ("127.0.0.1", port_of(own)): Trouble.FAILS}
        with tealjet.new_jet_failover_client(tmp_path / "failover.yaml", silence_limit=LIMIT) as client:
            entries: Any = client.get_map(unique).blocking()
            entries.put("key", "value")
            client.lifecycle_service.add_listener(states)
            world.hosts["service.example"] = ["192.0.2.3"]
            world.routes |= {("192.0.2.3", 5701): own, (BLUE, 5701): Trouble.FAILS}
            proxy.drop()
            states.wait_for_number(2)
            assert states.all == ["DISCONNECTED", "CONNECTED"]
            assert entries.get("key") == "value"
    assert set(world.asked.all) == {"service.example"}


def test_a_name_that_hangs_costs_a_start_little_when_another_one_answers(lab: Lab, world: World) -> None:
    behind_names(world, lab, hanging=Trouble.HANGS, blue=["192.0.2.9", BLUE])
    world.routes["192.0.2.9", 5701] = Trouble.HANGS
    addresses = ["hanging.example:5701", "blue.example:5701"]
    with tealjet.new_jet_client(config("blue", addresses, shuffle_member_list=False)) as client:
        assert client.failover.status().active == "blue"


def test_a_start_without_an_answer_names_each_host_and_what_was_wrong(lab: Lab, world: World) -> None:
    world.hosts |= {"one.example": Trouble.HANGS, "two.example": Trouble.FAILS}
    wrong = config("blue", ["one.example:5701", "two.example:5701"], cluster_connect_timeout=0.0)
    with pytest.raises(NoClusterError) as caught:
        tealjet.new_jet_client(wrong)
    text = str(caught.value)
    assert "'one.example' has not resolved for " in text
    assert re.search(rf"'two\.example' {DOES_NOT_RESOLVE}", text)


def test_the_reason_of_a_cluster_that_is_gone_says_which_last_good_addresses_were_tried(lab: Lab, world: World) -> None:
    events = Events()
    behind_names(world, lab, blue=[BLUE])
    with tealjet.new_jet_client(config("blue", ["blue.example:5701"])) as client:
        client.failover.add_listener(events)
        world.hosts["blue.example"] = Trouble.FAILS
        lab["blue"].kill()
        events.wait_for(lambda event: isinstance(event, RoundFailed))
        reason = client.failover.status().reasons["blue"]
    assert f"{BLUE}:5701 refused the connection" in reason
    assert re.search(rf"'blue\.example' {DOES_NOT_RESOLVE}", reason)
    assert f"its last good addresses are used: {BLUE}" in reason


def test_a_client_that_knows_one_member_comes_back_through_the_others(proxied_members: Lab) -> None:
    first, *others = members = proxied_members["blue"].members
    states = Events()
    with tealjet.new_jet_client(config("blue", [first.address]), silence_limit=LIMIT) as client:
        client.lifecycle_service.add_listener(states)
        for member in members:
            member.proxy.refuse()
        for member in members:
            member.proxy.drop()
        states.wait_for(lambda state: state == "DISCONNECTED")
        for member in others:
            member.proxy.accept()
        states.wait_for(lambda state: state == "CONNECTED")
        assert states.all == ["DISCONNECTED", "CONNECTED"]


def test_members_are_found_again_when_their_addresses_change_or_their_coordinator_is_gone(
    lab: Lab, cloud: Coordinator, log: Events, tmp_path: Path, unique: str
) -> None:
    own, states = lab["blue"].addresses[0], Events()
    with FaultProxy(own) as first, FaultProxy(own) as second:
        cloud.members = {own: first.address}
        with tealjet.new_jet_failover_client(client_file(tmp_path, cloud), silence_limit=LIMIT) as client:
            entries: Any = client.get_map(unique).blocking()
            client.lifecycle_service.add_listener(states)
            cloud.members = {own: second.address}
            first.refuse()
            first.drop()
            states.wait_for_number(2)
            entries.put("key", "by its new address")
            cloud.instead = 503, b""
            second.drop()
            states.wait_for_number(4)
            assert entries.get("key") == "by its new address"
            assert states.all == ["DISCONNECTED", "CONNECTED"] * 2
    assert not [record for record in log.all if TOKEN in record.getMessage()]


def test_a_token_that_no_coordinator_knows_is_told_and_not_shown(
    lab: Lab, cloud: Coordinator, log: Events, tmp_path: Path
) -> None:
    once = "<cluster-connect-timeout-millis>0</cluster-connect-timeout-millis>"
    strategy = f"<connection-strategy><connection-retry>{once}</connection-retry></connection-strategy>"
    with pytest.raises(NoClusterError) as caught:
        tealjet.new_jet_failover_client(client_file(tmp_path, cloud, "x-wrong-x", strategy))
    assert (
        f"no member's address known (the addresses of 'blue' are not known (the coordinator of 'blue': {cloud.url} "
        "answered 404: it knows no cluster by this token; compare discovery-token with the cluster's own))"
    ) in str(caught.value)
    assert not [text for text in [str(caught.value), *(one.getMessage() for one in log.all)] if "x-wrong-x" in text]
