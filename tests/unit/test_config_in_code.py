"""Configurations made in code: what counts as set, what is refused, what the engine is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hazelcast.config import Config, ReconnectMode

from tealjet.config import ClientConfig, FailoverConfig, merged_options
from tealjet.errors import ConfigError
from tealjet.failover.options import Backoff, FailoverOptions, Profile


def _config(name: str = "dev", **values: object) -> Config:
    config = Config()
    config.cluster_name = name
    for attribute, value in values.items():
        setattr(config, attribute, value)
    return config


def _refused(make: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as raised:
        make()
    (problem,) = raised.value.problems
    return str(problem)


def test_what_differs_from_the_official_default_counts_as_set() -> None:
    client = ClientConfig.wrap(_config("blue", heartbeat_timeout=3.0, redo_operation=False))
    assert client.explicit == {"cluster_name", "heartbeat_timeout"}


def test_a_wrapped_configuration_does_not_follow_later_changes() -> None:
    config = _config("blue")
    client = ClientConfig.wrap(config)
    config.cluster_name = "green"
    assert client.cluster_name == "blue"


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        (
            "async_start",
            True,
            "async_start: not supported: the client is complete when it exists; asyncio starts it without blocking",
        ),
        (
            "reconnect_mode",
            ReconnectMode.OFF,
            "reconnect_mode: not supported: only ON can be honoured: a client that does not reconnect cannot fail over",
        ),
        ("connection_timeout", 0, "connection_timeout: not supported: 0 is no limit; here each connect has one"),
        (
            "cluster_members",
            ["a:b"],
            "cluster_members[0]: found 'a:b'; allowed: host or host:port (a port is a number from 1 to 65535)",
        ),
    ],
)
def test_an_official_value_that_cannot_be_honoured_is_refused(attribute: str, value: object, problem: str) -> None:
    config = _config()
    setattr(config, attribute, value)
    assert _refused(lambda: ClientConfig.wrap(config)) == f"configuration of cluster 'dev': {problem}"


def test_the_official_configuration_keeps_its_own_errors() -> None:
    with pytest.raises(TypeError, match="cluster_name must be a string"):
        _config(cluster_name=1)


def test_something_else_than_a_configuration_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"a ClientConfig or hazelcast\.config\.Config is needed, not 'blue\.yaml'"):
        FailoverConfig(clients=["blue.yaml"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def test_a_failover_configuration_needs_a_cluster() -> None:
    assert _refused(lambda: FailoverConfig(clients=[])) == (
        "FailoverConfig: clients: found none; allowed: one ClientConfig or Config for each cluster, at least one"
    )


@pytest.mark.parametrize("try_count", [-1, 2**31, True, 1.0])
def test_a_try_count_is_a_number_that_java_could_hold(try_count: int) -> None:
    assert f"try_count: found {try_count!r}; allowed: a whole number from 0 to 2147483647, or None" in _refused(
        lambda: FailoverConfig(clients=[_config()], try_count=try_count)
    )


def test_configurations_in_code_must_have_in_common_what_files_must() -> None:
    clients = [_config("blue"), _config("green", redo_operation=True)]
    assert _refused(lambda: FailoverConfig(clients=clients)) == (
        "configuration of cluster 'green': redo_operation: the alternative configuration of cluster 'green' has "
        "'True'; allowed: nothing set, as in the first one (configuration of cluster 'blue') (only cluster-name, "
        "network.cluster-members, network.kubernetes, network.hazelcast-cloud, security and TLS may differ)"
    )


def test_equal_near_caches_are_no_difference_though_they_are_two_objects() -> None:
    blue, green = (_config(name, near_caches={"m": {"time_to_live": 1}}) for name in ("blue", "green"))
    assert len(FailoverConfig(clients=[blue, green]).clients) == 2


def test_different_near_caches_are_a_difference() -> None:
    blue, green = (_config("blue", near_caches={"m": {"time_to_live": seconds}}) for seconds in (1, 2))
    assert "near_caches" in _refused(lambda: FailoverConfig(clients=[blue, green]))


def test_without_members_or_ports_the_default_ones_are_tried() -> None:
    assert ClientConfig.wrap(_config()).addresses == (("127.0.0.1", 5701), ("127.0.0.1", 5702), ("127.0.0.1", 5703))


def test_addresses_are_hosts_with_ports() -> None:
    client = ClientConfig.wrap(_config(cluster_members=["a:1", "::1", "[fe80::2]:65535"]))
    assert client.addresses == (
        ("a", 1),
        ("::1", 5701),
        ("::1", 5702),
        ("::1", 5703),
        ("fe80::2", 65535),
    )


def test_equal_cluster_names_get_a_number_that_no_other_cluster_has() -> None:
    config = FailoverConfig(clients=[_config("dev"), _config("dev"), _config("dev-2"), _config("dev")])
    assert [(one.id, one.name, one.cluster_name) for one in config.candidates] == [
        (0, "dev", "dev"),
        (1, "dev-3", "dev"),
        (2, "dev-2", "dev-2"),
        (3, "dev-4", "dev"),
    ]


def test_times_that_nobody_set_are_left_to_the_profile() -> None:
    client = ClientConfig.wrap(_config())
    assert (client.cluster_connect_timeout, client.heartbeat_timeout, client.backoff) == (None, None, Backoff())


def test_times_that_were_set_are_told() -> None:
    client = ClientConfig.wrap(
        _config(
            cluster_connect_timeout=0,
            heartbeat_timeout=7,
            retry_initial_backoff=0.5,
            retry_max_backoff=9,
            retry_multiplier=2,
            retry_jitter=0.5,
        )
    )
    assert (client.cluster_connect_timeout, client.heartbeat_timeout) == (0.0, 7.0)
    assert client.backoff == Backoff(initial=0.5, maximum=9, multiplier=2, jitter=0.5)


def test_options_in_code_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "blue.yaml"
    file.write_text("properties: {tealjet.profile: patient, tealjet.drain-timeout-millis: 500}")
    config = FailoverConfig(clients=[ClientConfig.load(file)])
    assert merged_options(config, {"profile": "fast", "max_parked_calls": 5}) == FailoverOptions(
        profile=Profile.FAST, drain_timeout=0.5, max_parked_calls=5
    )


def test_an_unknown_option_is_a_type_error_with_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"there is no option 'drain_timout'; did you mean 'drain_timeout'\?"):
        merged_options(FailoverConfig(clients=[_config()]), {"drain_timout": 1})


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("standby", "no", "True or False"),
        ("max_parked_calls", True, "a whole number"),
        ("open_timeout", None, "a number of seconds"),
        ("reconnect_grace", "1", "a number of seconds or None"),
    ],
)
def test_an_option_of_a_wrong_type_is_a_type_error(name: str, value: object, allowed: str) -> None:
    with pytest.raises(TypeError, match=f"option '{name}' must be {allowed}, not {value!r}"):
        merged_options(FailoverConfig(clients=[_config()]), {name: value})


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="option 'profile' must be one of fast, balanced, patient, not 'quick'"):
        merged_options(FailoverConfig(clients=[_config()]), {"profile": "quick"})


def test_an_option_may_be_none_where_the_profile_decides() -> None:
    assert merged_options(FailoverConfig(clients=[_config()]), {"reconnect_grace": None}) == FailoverOptions()
