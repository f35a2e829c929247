"""What the environment says in place of the file of an ordinary client."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from support.config_classes import plain
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf.yaml").write_text(
        "cluster-name: file\nclient-labels: [file]\nnetwork: {redo-operation: true, connection-timeout: 100}\n"
    )


def _load(properties: dict[str, str] | None = None) -> ClientConfig:
    return ClientConfig.load("conf.yaml", properties=properties)


def _problems(properties: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        _load(properties)
    return [str(problem) for problem in raised.value.problems]


def test_a_variable_wins_over_the_file_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_CLUSTERNAME", "environment")
    monkeypatch.setenv("HZCLIENT_NETWORK_REDOOPERATION", "false")
    client = _load()
    assert client.cluster_name == "environment"
    assert (client.config.redo_operation, client.config.connection_timeout) == (False, 0.1)
    assert client.written["cluster-name"].mark == "environment variable HZCLIENT_CLUSTERNAME"
    assert str(client.written["network.connection-timeout"].mark) == "conf.yaml:3:33"


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("CONNECTIONSTRATEGY_CONNECTIONRETRY_INITIALBACKOFFMILLIS", "250", "retry_initial_backoff", 0.25),
        ("NETWORK_CLUSTERROUTING_MODE", "SINGLE_MEMBER", "smart_routing", False),
        ("CLIENTLABELS_0", "more", "labels", ["file", "more"]),
        ("NETWORK_CLUSTERMEMBERS_ADDRESS", "a:1", "cluster_members", ["a:1"]),
        ("PROPERTIES_HAZELCAST_CLIENT_HEARTBEAT_TIMEOUT", "1500", "heartbeat_timeout", 1.5),
        ("NEARCACHE_ORDERS_EVICTION_SIZE", "9", "near_caches", {"orders": {"eviction_max_size": 9}}),
        ("SECURITY_TOKEN_VALUE", "abc", "token_provider", "token abc"),
        ("NEARCACHE_ORDERS_TIMETOLIVESECONDS", "9", "near_caches", {"orders": {"time_to_live": 9.0}}),
        (
            "SERIALIZATION_GLOBALSERIALIZER_CLASSNAME",
            "support.config_classes:OrderSerializer",
            "global_serializer",
            "OrderSerializer",
        ),
        (
            "SERIALIZATION_COMPACTSERIALIZATION_SERIALIZERS_0_SERIALIZER",
            "support.config_classes:OrderCompact",
            "compact_serializers",
            ["OrderCompact"],
        ),
    ],
)
def test_every_kind_of_key_can_be_overridden(
    name: str, value: str, attribute: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HZCLIENT_{name}", value)
    assert plain(getattr(_load().config, attribute)) == expected


def test_a_section_can_be_said_by_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_NETWORK_KUBERNETES_ENABLED", "true")
    monkeypatch.setenv("HZCLIENT_NETWORK_KUBERNETES_SERVICEDNS", "hz")
    monkeypatch.setenv("HZCLIENT_SECURITY_USERNAMEPASSWORD_USERNAME", "me")
    monkeypatch.setenv("HZCLIENT_SECURITY_USERNAMEPASSWORD_PASSWORD", "secret")
    client = _load()
    assert client.config.cluster_members == ["hz:5701"]
    assert client.credentials == ("me", "secret")


def test_an_option_of_tealjet_can_be_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_PROPERTIES_TEALJET_DRAINTIMEOUTMILLIS", "500")
    assert dict(_load().options) == {"drain_timeout": 0.5}


def test_a_list_inside_a_section_is_replaced_as_in_java_and_the_rest_of_the_section_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("conf.yaml").write_text("network: {cluster-members: [file], redo-operation: true}")
    monkeypatch.setenv("HZCLIENT_NETWORK_CLUSTERMEMBERS_0", "environment")
    config = _load().config
    assert (config.cluster_members, config.redo_operation) == (["environment"], True)


def test_the_items_of_a_list_come_in_the_order_of_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (10, 9, 1):
        monkeypatch.setenv(f"HZCLIENT_CLIENTLABELS_{number}", f"l{number}")
    assert _load().config.labels == ["file", "l1", "l9", "l10"]


def test_a_property_does_what_a_variable_does() -> None:
    client = _load({"hz-client.cluster-name": "property", "hz-client.network.redooperation": "false"})
    assert (client.cluster_name, client.config.redo_operation) == ("property", False)
    assert client.written["cluster-name"].mark == "property hz-client.cluster-name"


def test_a_variable_and_a_property_for_one_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_CLUSTERNAME", "environment")
    assert _problems({"hz-client.cluster-name": "property"}) == [
        "property hz-client.cluster-name: says the same as environment variable HZCLIENT_CLUSTERNAME; "
        "allowed: one of both"
    ]


def test_a_variable_that_is_no_key_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_NETWORK_REDO", "true")
    (problem,) = _problems()
    assert problem.startswith("environment variable HZCLIENT_NETWORK_REDO: network.redo: unknown key; allowed: ")


def test_a_wrong_value_is_told_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_NETWORK_REDOOPERATION", "perhaps")
    assert _problems() == [
        "environment variable HZCLIENT_NETWORK_REDOOPERATION: network.redo-operation: found 'perhaps'; "
        "allowed: true or false"
    ]


def test_a_variable_for_a_key_and_one_for_what_is_below_it_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_NETWORK", "x")
    monkeypatch.setenv("HZCLIENT_NETWORK_REDOOPERATION", "true")
    assert _problems() == [
        "environment variable HZCLIENT_NETWORK: network: has a value and keys below it; allowed: one of both"
    ]


def test_a_failover_client_is_not_overridden_as_in_java_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HZCLIENT_CLUSTERNAME", "environment")
    Path("failover.yaml").write_text("clients: [conf.yaml]")
    with caplog.at_level(logging.INFO, logger="tealjet"):
        assert FailoverConfig.load("failover.yaml").first.cluster_name == "file"
    assert [record.getMessage() for record in caplog.records] == [
        "environment variable HZCLIENT_CLUSTERNAME: without effect: as in Java it overrides the file of an ordinary "
        "client, not those of a failover client"
    ]
