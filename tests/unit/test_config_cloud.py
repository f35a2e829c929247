"""Members in Hazelcast Cloud: what a file may say of it, and what the coordinator is asked and may answer."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.coordinator import Coordinator, coordinator
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.cloud import Cloud, CloudError, members_of, public_addresses
from tealjet.errors import ConfigError
from tealjet.lab import Authority

TOKEN = "x-hush-x"
PLACE = "network.hazelcast-cloud"
NO_LIST = "answered something else than a list of members, each with its private-address and its public-address"


def load(folder: Path, text: str, suffix: str = "yaml") -> ClientConfig:
    file = folder / f"blue.{suffix}"
    file.write_text(text)
    return ClientConfig.load(file)


def problems(folder: Path, text: str, suffix: str = "yaml") -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(folder, text, suffix)
    assert TOKEN not in str(raised.value)
    assert TOKEN not in repr(raised.value.problems)
    return [str(one).replace(f"{folder}/", "") for one in raised.value.problems]


# ------------------------------------------------------------------------------------------------------ what files say

SECTION = f"network: {{hazelcast-cloud: {{enabled: true, discovery-token: {TOKEN}}}}}"
PROPERTY = f"properties: {{hazelcast.client.cloud.discovery.token: {TOKEN}}}"
XML = """\
<hazelcast-client>
  <network><hazelcast-cloud enabled="true"><discovery-token>{}</discovery-token></hazelcast-cloud></network>
  <properties><property name="hazelcast.client.cloud.url">https://cloud.example:8443/api</property></properties>
</hazelcast-client>
"""


@pytest.mark.parametrize("text", [SECTION, PROPERTY, f"{PROPERTY}\nnetwork: {{hazelcast-cloud: {{enabled: false}}}}"])
def test_the_token_says_whom_to_ask_and_there_are_no_addresses_then(text: str, tmp_path: Path) -> None:
    client = load(tmp_path, text)
    assert client.cloud == Cloud(token=TOKEN, url="https://api.cloud.hazelcast.com")
    assert client.config.cloud_discovery_token == TOKEN
    assert client.addresses == ()
    assert TOKEN not in repr((client, client.cloud))


def test_xml_says_the_same_and_another_coordinator_has_a_property(tmp_path: Path) -> None:
    client = load(tmp_path, XML.format(TOKEN), "xml")
    assert client.cloud == Cloud(token=TOKEN, url="https://cloud.example:8443/api")


def test_what_is_not_enabled_has_no_effect(tmp_path: Path) -> None:
    client = load(tmp_path, "network: {hazelcast-cloud: {enabled: false, discovery-token: ''}}")
    assert client.cloud is None
    assert client.addresses[0] == ("127.0.0.1", 5701)


def test_each_cluster_of_a_failover_client_may_have_its_own_token_and_all_have_one_coordinator(tmp_path: Path) -> None:
    url = "properties: {hazelcast.client.cloud.url: 'https://cloud.example'}"
    (tmp_path / "a.yaml").write_text(f"network: {{hazelcast-cloud: {{enabled: true, discovery-token: a}}}}\n{url}")
    (tmp_path / "b.yaml").write_text(f"network: {{hazelcast-cloud: {{enabled: true, discovery-token: b}}}}\n{url}")
    (tmp_path / "c.yaml").write_text("network: {cluster-members: [green.example]}")
    (tmp_path / "right.yaml").write_text(f"clients: [{tmp_path}/a.yaml, {tmp_path}/b.yaml]")
    (tmp_path / "wrong.yaml").write_text(f"clients: [{tmp_path}/a.yaml, {tmp_path}/c.yaml]")
    clients = FailoverConfig.load(tmp_path / "right.yaml").clients
    assert [client.cloud and client.cloud.token for client in clients] == ["a", "b"]
    with pytest.raises(ConfigError, match=r"properties.hazelcast.client.cloud.url: the alternative configuration"):
        FailoverConfig.load(tmp_path / "wrong.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            f"network:\n  cluster-members: [a]\n  hazelcast-cloud: {{enabled: true, discovery-token: {TOKEN}}}",
            f"blue.yaml:2:3: network.cluster-members: stands beside {PLACE}.enabled (blue.yaml:3:21); "
            "allowed: one way to find members (Java refuses it as well)",
        ),
        (
            f"network:\n  kubernetes: {{enabled: true, service-dns: a}}\n"
            f"  hazelcast-cloud: {{enabled: true, discovery-token: {TOKEN}}}",
            f"blue.yaml:3:21: {PLACE}.enabled: stands beside network.kubernetes (blue.yaml:2:3); "
            "allowed: one way to find members (Java refuses it as well)",
        ),
        (
            f"{SECTION}\n{PROPERTY}",
            "blue.yaml:2:14: properties.hazelcast.client.cloud.discovery.token: stands beside "
            f"{PLACE}.enabled (blue.yaml:1:29); allowed: one of both (Java refuses it as well)",
        ),
        (
            "network: {hazelcast-cloud: {enabled: true}}",
            f"blue.yaml:1:29: {PLACE}.discovery-token: the key is missing; allowed: the token of the cluster",
        ),
        (
            f"network: {{hazelcast-cloud: {{enabled: true, discovery-token: '{TOKEN} {TOKEN}'}}}}",
            f"blue.yaml:1:61: {PLACE}.discovery-token: found a token that cannot be one; allowed: the token of the "
            "cluster (it is empty or has a character that a URL cannot have)",
        ),
        (
            f"network: {{hazelcast-cloud: {{enabled: true, discovery-token: [{TOKEN}]}}}}",
            f"blue.yaml:1:61: {PLACE}.discovery-token: found a list; allowed: text",
        ),
        (
            f"network: {{hazelcast-cloud: {{enabled: true, discoverytoken: {TOKEN}}}}}",
            f"blue.yaml:1:44: {PLACE}.discoverytoken: unknown key; allowed: enabled, discovery-token "
            "(did you mean 'discovery-token'?)",
        ),
        (
            "properties: {hazelcast.client.cloud.url: 'http://cloud.example'}",
            "blue.yaml:1:42: properties.hazelcast.client.cloud.url: found 'http://cloud.example'; allowed: https:// "
            "with host and perhaps port and path (the token must not be sent for everybody to read)",
        ),
        *(
            (
                f"properties: {{hazelcast.client.cloud.url: '{url}'}}",
                f"blue.yaml:1:42: properties.hazelcast.client.cloud.url: found '{shown}'; allowed: https:// with",
            )
            for url, shown in (
                (f"https://me:{TOKEN}@cloud.example", "https://...@cloud.example"),
                ("https://cloud.example/?a=b", "https://cloud.example/?a=b"),
                ("https://cloud.example:x", "https://cloud.example:x"),
                ("https://", "https://"),
                ("cloud.example", "cloud.example"),
            )
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place_and_without_the_token(text: str, says: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert [one for one in found if one.startswith(says)], found


def test_a_configuration_made_in_code_is_held_to_the_same() -> None:
    def made(**values: Any) -> Config:
        config = Config()
        for name, value in values.items():
            setattr(config, name, value)
        return config

    client = ClientConfig.wrap(made(cloud_discovery_token=TOKEN))
    assert client.cloud == Cloud(token=TOKEN)
    with pytest.raises(ConfigError, match="cluster_members: stands beside cloud_discovery_token") as raised:
        ClientConfig.wrap(made(cloud_discovery_token=f"{TOKEN} ", cluster_members=["a"]))
    assert "cloud_discovery_token: found a token that cannot be one" in str(raised.value)
    assert TOKEN not in str(raised.value)
    with pytest.raises(ConfigError, match=r"cloud_url: found 'http://a'; allowed: https"):
        ClientConfig(config=made(cloud_discovery_token=TOKEN), cloud_url="http://a")


# ---------------------------------------------------------------------------------------- what is asked and answered


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Whom the system trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", made.cafile)
    return made


@pytest.fixture
def cloud(authority: Authority) -> Iterator[Coordinator]:
    with coordinator(authority.issue("localhost"), TOKEN) as one:
        yield one


def refusal(url: str, timeout: float = 5.0) -> str:
    with pytest.raises(CloudError) as raised:
        public_addresses(Cloud(token=TOKEN, url=url), timeout)
    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return str(raised.value)


def test_the_public_addresses_are_known_by_the_members_own_ones(cloud: Coordinator) -> None:
    cloud.members = {"10.0.0.5:5701": "203.0.113.5:30115", "10.0.0.6": "blue-2.example:30116"}
    assert public_addresses(Cloud(token=TOKEN, url=cloud.url), 5.0) == {
        ("10.0.0.5", 5701): ("203.0.113.5", 30115),
        ("10.0.0.6", 30116): ("blue-2.example", 30116),
    }
    assert cloud.asked == [f"/cluster/discovery?token={TOKEN}"]


def test_a_path_of_the_coordinator_goes_before_its_own(cloud: Coordinator) -> None:
    refusal(f"{cloud.url}/api/")
    assert cloud.asked == [f"/api/cluster/discovery?token={TOKEN}"]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_token_that_is_not_known_is_told_without_what_the_coordinator_says(cloud: Coordinator, status: int) -> None:
    cloud.instead = status, TOKEN.encode()
    assert refusal(cloud.url) == (
        f"{cloud.url} answered {status}: it knows no cluster by this token; compare discovery-token with the "
        "cluster's own"
    )


def test_nobody_is_sent_elsewhere_with_the_token(cloud: Coordinator) -> None:
    cloud.instead, cloud.location = (302, b""), f"{cloud.url}/cluster/discovery?token={TOKEN}"
    assert refusal(cloud.url) == f"{cloud.url} answered 302, which sends the client elsewhere: it does not follow"
    assert len(cloud.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x-hush-x",
        b"{}",
        b"[1]",
        b"1",
        b"[" * 100_000,
        b"[{}]",
        json.dumps([{"private-address": "10.0.0.5:5701"}]).encode(),
        json.dumps([{"private-address": "10.0.0.5:5701", "public-address": "203.0.113.5"}]).encode(),
        json.dumps([{"private-address": "a b", "public-address": "203.0.113.5:1"}]).encode(),
        json.dumps([{"private-address": 1, "public-address": "203.0.113.5:1"}]).encode(),
        b'[{"private-address": "10.0.0.5:5701", "public-address": "\xff:1"}]',
        b"9" * 5000,
    ],
    ids=repr,
)
def test_what_is_no_list_of_members_is_told(body: bytes) -> None:
    with pytest.raises(CloudError) as raised:
        members_of(body)
    assert str(raised.value) == NO_LIST
    assert raised.value.__suppress_context__


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["private-address", "public-address", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_a_list_of_members_or_told(body: bytes) -> None:
    with contextlib.suppress(CloudError):
        assert all(0 < port < 65536 for pair in members_of(body).items() for _, port in pair)


def test_an_answer_that_is_no_list_is_told_with_who_gave_it(cloud: Coordinator) -> None:
    cloud.instead = 200, b"x-hush-x"
    assert refusal(cloud.url) == f"{cloud.url} {NO_LIST}"


def test_a_cluster_without_members_is_told(cloud: Coordinator) -> None:
    assert refusal(cloud.url) == f"{cloud.url} knows the cluster and none of its members; is it running?"


def test_an_answer_has_a_limit(cloud: Coordinator) -> None:
    cloud.instead = 200, b" " * (256 * 1024 + 1)
    assert refusal(cloud.url) == f"{cloud.url} answered more than 256 KiB"


def test_another_status_is_told(cloud: Coordinator) -> None:
    cloud.instead = 503, b""
    assert refusal(cloud.url) == f"{cloud.url} answered 503 instead of a list of members"


def test_a_coordinator_that_nobody_vouches_for_is_not_told_the_token(
    cloud: Coordinator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", Authority(tmp_path, "other").cafile)
    assert "has a certificate that is not trusted: " in refusal(cloud.url)
    assert cloud.asked == []


def test_a_coordinator_under_another_name_is_not_told_the_token(cloud: Coordinator) -> None:
    assert "has a certificate that is not trusted: " in refusal(cloud.url.replace("localhost", "127.0.0.1"))
    assert cloud.asked == []


def test_a_coordinator_that_does_not_answer_is_not_waited_for(cloud: Coordinator) -> None:
    cloud.silent = True
    assert refusal(cloud.url, timeout=0.05) == f"{cloud.url} did not answer within 0.05 s"


def test_a_coordinator_that_is_not_there_is_told(authority: Authority) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{unused.getsockname()[1]}"
        assert refusal(url) == f"{url} could not be reached: Connection refused"
