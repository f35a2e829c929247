"""Where files are found, and what the files of one failover client must have in common."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError

# the example of Hazelcast's manual: two clusters, ten rounds
_FAILOVER = """\
hazelcast-client-failover:
  try-count: 10
  clients:
    - hazelcast-client-clusterA.yaml
    - hazelcast-client-clusterB.yaml
"""
_CLUSTER_A = """\
hazelcast-client:
  cluster-name: clusterA
  network:
    cluster-members:
      - 10.216.1.18:5702
      - 10.216.1.19:5702
"""
_CLUSTER_B = _CLUSTER_A.replace("clusterA", "clusterB").replace("10.216.1", "10.214.2")


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAZELCAST_CLIENT_FAILOVER_CONFIG", raising=False)
    monkeypatch.delenv("HAZELCAST_CLIENT_CONFIG", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    folder = tmp_path / "conf"
    folder.mkdir()
    _write_example(folder)
    return folder


def _write_example(folder: Path) -> None:
    (folder / "hazelcast-client-failover.yaml").write_text(_FAILOVER)
    (folder / "hazelcast-client-clusterA.yaml").write_text(_CLUSTER_A)
    (folder / "hazelcast-client-clusterB.yaml").write_text(_CLUSTER_B)


def _summary(config: FailoverConfig) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    return [(client.cluster_name, client.addresses) for client in config.clients]


_EXPECTED = [
    ("clusterA", (("10.216.1.18", 5702), ("10.216.1.19", 5702))),
    ("clusterB", (("10.214.2.18", 5702), ("10.214.2.19", 5702))),
]


def _problems(path: Path | str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        FailoverConfig.load(path)
    return [str(problem) for problem in raised.value.problems]


def test_the_example_of_the_manual_is_found_in_the_working_directory() -> None:
    _write_example(Path())
    config = FailoverConfig.load()
    assert config.try_count == 10
    assert _summary(config) == _EXPECTED
    assert [client.origin for client in config.clients] == [
        "hazelcast-client-clusterA.yaml",
        "hazelcast-client-clusterB.yaml",
    ]


def test_every_value_of_a_file_has_its_origin() -> None:
    _write_example(Path())
    config = FailoverConfig.load()
    assert config.origin == "hazelcast-client-failover.yaml"
    assert {name: str(one.mark) for name, one in config.written.items()} == {
        "try-count": "hazelcast-client-failover.yaml:2:3",
        "clients": "hazelcast-client-failover.yaml:3:3",
    }
    written = config.first.written
    assert {name: str(one.mark) for name, one in written.items()} == {
        "cluster-name": "hazelcast-client-clusterA.yaml:2:3",
        "network.cluster-members": "hazelcast-client-clusterA.yaml:4:5",
    }
    assert [one.target for one in written.values()] == ["cluster_name", "cluster_members"]
    assert written["cluster-name"].text == "clusterA"


def test_the_example_of_the_manual_is_read_from_elsewhere_and_the_log_says_which_files(
    example: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="tealjet"):
        config = FailoverConfig.load(example / "hazelcast-client-failover.yaml")
    assert _summary(config) == _EXPECTED
    taken = [example / f"hazelcast-client-cluster{name}.yaml" for name in "AB"]
    assert [record.getMessage().rpartition("taking ")[2] for record in caplog.records] == [str(path) for path in taken]


def test_a_listed_file_in_the_working_directory_comes_before_the_one_beside_the_failover_file(example: Path) -> None:
    Path("hazelcast-client-clusterB.yaml").write_text("cluster-name: here")
    config = FailoverConfig.load(example / "hazelcast-client-failover.yaml")
    assert [client.cluster_name for client in config.clients] == ["clusterA", "here"]


def test_a_listed_file_that_is_nowhere_is_told_with_both_places(example: Path) -> None:
    (example / "hazelcast-client-clusterB.yaml").unlink()
    file = example / "hazelcast-client-failover.yaml"
    name = "hazelcast-client-clusterB.yaml"
    assert _problems(file) == [
        f"{file}:5:7: clients[1]: no such file; looked at: {Path.cwd() / name}, {example / name}"
    ]


def test_the_problems_of_all_files_are_told_at_once(example: Path) -> None:
    (example / "hazelcast-client-failover.yaml").write_text(_FAILOVER.replace("10", "ten"))
    (example / "hazelcast-client-clusterA.yaml").write_text(_CLUSTER_A.replace("cluster-name", "name"))
    (example / "hazelcast-client-clusterB.yaml").write_text("[")
    places = [problem.split(": ")[0] for problem in _problems(example / "hazelcast-client-failover.yaml")]
    assert [place.removeprefix(f"{example}/hazelcast-client-") for place in places] == [
        "failover.yaml:2:14",
        "clusterA.yaml:2:3",
        "clusterB.yaml:1:2",
    ]


def test_without_a_try_count_the_client_never_gives_up(example: Path) -> None:
    file = example / "hazelcast-client-failover.yaml"
    file.write_text(_FAILOVER.replace("  try-count: 10\n", ""))
    assert FailoverConfig.load(file).try_count is None


def test_a_try_count_of_zero_is_kept(example: Path) -> None:
    file = example / "hazelcast-client-failover.yaml"
    file.write_text(_FAILOVER.replace("10", "0"))
    assert FailoverConfig.load(file).try_count == 0


def test_the_environment_variable_comes_before_the_working_directory(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("hazelcast-client-failover.yaml").write_text("no configuration")
    monkeypatch.setenv("HAZELCAST_CLIENT_FAILOVER_CONFIG", str(example / "hazelcast-client-failover.yaml"))
    assert _summary(FailoverConfig.load()) == _EXPECTED


def test_a_client_file_is_found_by_its_own_environment_variable(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZELCAST_CLIENT_CONFIG", str(example / "hazelcast-client-clusterA.yaml"))
    assert ClientConfig.load().cluster_name == "clusterA"


def test_yaml_comes_before_yml() -> None:
    Path("hazelcast-client.yml").write_text("cluster-name: second")
    assert ClientConfig.load().cluster_name == "second"
    Path("hazelcast-client.yaml").write_text("cluster-name: first")
    assert ClientConfig.load().cluster_name == "first"


def test_xml_comes_before_yaml() -> None:
    Path("hazelcast-client.yaml").write_text("cluster-name: second")
    Path("hazelcast-client.xml").write_text("<hazelcast-client><cluster-name>first</cluster-name></hazelcast-client>")
    assert ClientConfig.load().cluster_name == "first"


def test_a_property_comes_before_the_environment_variable(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZELCAST_CLIENT_FAILOVER_CONFIG", "nowhere.yaml")
    properties = {"hazelcast.client.failover.config": str(example / "hazelcast-client-failover.yaml")}
    assert _summary(FailoverConfig.load(properties=properties)) == _EXPECTED


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("conf.json", "found 'conf.json'; allowed: a file that ends with .xml, .yaml or .yml"),
        ("conf.xml", "no such file: {folder}/conf.xml"),
        (
            "classpath:conf.yaml",
            "found 'classpath:conf.yaml'; allowed: classpath:package/file, a file inside a Python package",
        ),
        (
            "classpath:no_such_package/conf.yaml",
            "no such resource: classpath:no_such_package/conf.yaml; looked at: there is no package 'no_such_package' "
            "that can be imported",
        ),
    ],
)
def test_a_variable_that_names_no_file_is_told_by_its_name(
    value: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZELCAST_CLIENT_FAILOVER_CONFIG", value)
    expected = problem.replace("{folder}", str(Path.cwd()))
    assert _problems() == [f"environment variable HAZELCAST_CLIENT_FAILOVER_CONFIG: {expected}"]


def test_a_resource_of_the_classpath_is_a_file_in_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "libs" / "acme_orders"
    (package / "conf").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the package is not run')")
    (package / "conf" / "blue.yaml").write_text("cluster-name: blue")
    monkeypatch.syspath_prepend(str(tmp_path / "libs"))
    assert ClientConfig.load("classpath:acme_orders/conf/blue.yaml").cluster_name == "blue"
    Path("failover.yaml").write_text('clients: ["classpath:acme_orders/conf/blue.yaml"]')
    assert FailoverConfig.load("failover.yaml").first.cluster_name == "blue"
    Path("failover.yaml").write_text('clients: ["classpath:acme_orders/conf/green.yaml"]')
    assert _problems("failover.yaml") == [
        "failover.yaml:1:11: clients[0]: no such resource: classpath:acme_orders/conf/green.yaml; looked at: "
        + str(package)
    ]


def test_a_resource_is_not_looked_for_outside_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libs" / "acme_other").mkdir(parents=True)
    (tmp_path / "libs" / "blue.yaml").write_text("cluster-name: blue")
    monkeypatch.syspath_prepend(str(tmp_path / "libs"))
    with pytest.raises(ConfigError, match="a file inside a Python package"):
        ClientConfig.load("classpath:acme_other/../blue.yaml")


def test_a_file_url_is_a_path(example: Path) -> None:
    Path("failover.yaml").write_text(f"clients: ['file://{example}/hazelcast-client-clusterA.yaml']")
    assert FailoverConfig.load("failover.yaml").first.cluster_name == "clusterA"


def test_when_there_is_no_file_each_place_that_was_looked_at_is_named() -> None:
    assert _problems() == [
        "hazelcast-client-failover.yaml: no configuration file was found; looked at: property "
        "hazelcast.client.failover.config (not given), environment variable HAZELCAST_CLIENT_FAILOVER_CONFIG "
        "(not set), hazelcast-client-failover.xml, hazelcast-client-failover.yaml and hazelcast-client-failover.yml in "
        f"{Path.cwd()}"
    ]


@pytest.mark.parametrize(
    ("key", "first", "other"),
    [
        ("network: {redo-operation: %s}", "true", "false"),
        ("network: {connection-timeout: %s}", "5000", "4000"),
        ("client-labels: %s", "[a]", "[b]"),
        ("instance-name: %s", "a", "b"),
        ("connection-strategy: {connection-retry: {cluster-connect-timeout-millis: %s}}", "1000", "2000"),
        ("properties: {hazelcast.client.heartbeat.timeout: %s}", "1000", "2000"),
        ("properties: {tealjet.standby: %s}", "true", "false"),
        ("network: {outbound-ports: [%s]}", "34600", "34601"),
        ("load-balancer: {type: %s}", "random", "round-robin"),
        ("near-cache: {orders: {time-to-live-seconds: %s}}", "1", "2"),
        ("network: {socket-options: {buffer-size: %s}}", "64", "128"),
    ],
)
def test_a_difference_that_one_client_cannot_have_is_refused(key: str, first: str, other: str) -> None:
    Path("blue.yaml").write_text(f"cluster-name: blue\n{key % first}\n")
    Path("green.yaml").write_text(f"cluster-name: green\n{key % other}\n")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    (problem,) = _problems("failover.yaml")
    assert problem.startswith("green.yaml:2:")
    assert "the alternative configuration of cluster 'green' has " in problem
    assert "as in the first one (blue.yaml:2:" in problem
    assert problem.endswith(
        "(only cluster-name, network.cluster-members, network.kubernetes, network.hazelcast-cloud, security and TLS "
        "may differ)"
    )


def test_nothing_is_compared_with_a_first_file_that_cannot_be_used() -> None:
    Path("blue.yaml").write_text("cluster-nam: blue")
    Path("green.yaml").write_text("cluster-name: green\nnetwork: {redo-operation: true}")
    Path("red.yaml").write_text("cluster-name: red")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml, red.yaml]")
    (problem,) = _problems("failover.yaml")
    assert problem.startswith("blue.yaml:1:1: cluster-nam: unknown key")


def test_a_difference_names_the_key_both_values_as_written_and_both_places() -> None:
    Path("blue.yaml").write_text("cluster-name: blue\nproperties:\n  hazelcast.client.heartbeat.timeout: 3000\n")
    Path("green.yaml").write_text("cluster-name: green\n")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    assert _problems("failover.yaml") == [
        "green.yaml: properties.hazelcast.client.heartbeat.timeout: the alternative configuration of cluster 'green' "
        "has nothing set; allowed: '3000', as in the first one (blue.yaml:3:3) (only cluster-name, "
        "network.cluster-members, network.kubernetes, network.hazelcast-cloud, security and TLS may differ)"
    ]


@pytest.mark.parametrize(
    ("first", "other", "named"),
    [
        (
            "near-cache: {m: {time-to-live-seconds: 5}, n: {time-to-live-seconds: 6, max-idle-seconds: 1}}",
            "near-cache: {m: {time-to-live-seconds: 5}, n: {time-to-live-seconds: 7, max-idle-seconds: 1}}",
            ["near-cache.n.time-to-live-seconds: '7', not '6'"],
        ),
        (
            "near-cache: {m: {time-to-live-seconds: 5}, n: {max-idle-seconds: 6}}",
            "near-cache: {m: {time-to-live-seconds: 5, max-idle-seconds: 9}}",
            [
                "near-cache.m.max-idle-seconds: '9', not nothing set",
                "near-cache.n: nothing set, not '{max-idle-seconds: 6}'",
            ],
        ),
        (
            "network: {socket-options: {keep-alive: true, buffer-size: 64}}",
            "network: {socket-options: {keep-alive: true, buffer-size: 65}}",
            ["network.socket-options.buffer-size: '65', not '64'"],
        ),
    ],
)
def test_of_keys_that_belong_together_those_that_differ_are_named(first: str, other: str, named: list[str]) -> None:
    Path("blue.yaml").write_text(f"cluster-name: blue\n{first}\n")
    Path("green.yaml").write_text(f"cluster-name: green\n{other}\n")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    told = re.findall(
        r": (\S+): the alternative .* has (.*); allowed: (.*), as in", "\n".join(_problems("failover.yaml"))
    )
    assert sorted(f"{key}: {found}, not {allowed}" for key, found, allowed in told) == sorted(named)


def test_a_property_that_only_one_file_sets_is_a_difference_even_with_the_default_value() -> None:
    Path("blue.yaml").write_text("cluster-name: blue\n")
    Path("green.yaml").write_text("properties: {hazelcast.client.heartbeat.timeout: 60000}")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    (problem,) = _problems("failover.yaml")
    assert "has '60000'; allowed: nothing set, as in the first one (blue.yaml)" in problem


def test_a_default_that_only_one_file_writes_down_is_no_difference() -> None:
    Path("blue.yaml").write_text("network: {smart-routing: true}")
    Path("green.yaml").write_text("cluster-name: green")
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    assert len(FailoverConfig.load("failover.yaml").clients) == 2


def test_name_members_and_credentials_may_differ() -> None:
    for number, name in enumerate(("blue", "green")):
        Path(f"{name}.yaml").write_text(
            f"cluster-name: {name}\nnetwork: {{cluster-members: [m{number}]}}\n"
            f"security: {{username-password: {{username: u{number}, password: p{number}}}}}\n"
        )
    Path("failover.yaml").write_text("clients: [blue.yaml, green.yaml]")
    config = FailoverConfig.load("failover.yaml")
    assert [client.credentials for client in config.clients] == [("u0", "p0"), ("u1", "p1")]


def test_the_same_file_may_be_listed_twice() -> None:
    Path("blue.yaml").write_text("cluster-name: blue")
    Path("failover.yaml").write_text("clients: [blue.yaml, blue.yaml]")
    assert [candidate.name for candidate in FailoverConfig.load("failover.yaml").candidates] == ["blue", "blue-2"]
