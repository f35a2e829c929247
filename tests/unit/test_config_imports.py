"""Imports: how the parts become one configuration, in YAML by merging and in XML by standing together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _yaml(name: str, content: str) -> None:
    lines = "".join(f"  {line}\n" for line in content.splitlines())
    Path(f"{name}.yaml").write_text(f"hazelcast-client:\n{lines}")


def _xml(name: str, content: str) -> None:
    Path(f"{name}.xml").write_text(f"<hazelcast-client>\n{content}\n</hazelcast-client>")


def _problems(path: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(path)
    return [str(problem) for problem in raised.value.problems]


def test_mappings_are_merged_and_lists_are_joined() -> None:
    _yaml("main", "import: [part.yaml]\nclient-labels: [a]\nnetwork:\n  redo-operation: true\n  cluster-members: [x]")
    _yaml("part", "cluster-name: blue\nclient-labels: [b]\nnetwork:\n  connection-timeout: 100\n  cluster-members: [y]")
    client = ClientConfig.load("main.yaml")
    assert client.cluster_name == "blue"
    assert client.config.labels == ["a", "b"]
    assert (client.config.redo_operation, client.config.connection_timeout) == (True, 0.1)
    assert client.config.cluster_members == ["x", "y"]


def test_each_value_keeps_the_place_where_it_was_written() -> None:
    _yaml("main", "import: [part.yaml]\nnetwork: {redo-operation: true}")
    _yaml("part", "network: {connection-timeout: 100}")
    written = ClientConfig.load("main.yaml").written
    assert str(written["network.redo-operation"].mark) == "main.yaml:3:13"
    assert str(written["network.connection-timeout"].mark) == "part.yaml:2:13"


def test_a_value_that_contradicts_what_is_there_is_refused_with_both_places() -> None:
    _yaml("main", "import: [part.yaml]\nnetwork: {redo-operation: true}")
    _yaml("part", "network: {redo-operation: false}")
    assert _problems("main.yaml") == [
        "part.yaml:2:29: network.redo-operation: contradicts what stands in main.yaml:3:29"
    ]


def test_a_value_may_be_said_twice() -> None:
    _yaml("main", "import: [part.yaml]\ncluster-name: blue")
    _yaml("part", "cluster-name: blue")
    assert ClientConfig.load("main.yaml").cluster_name == "blue"


def test_a_list_does_not_merge_with_a_value() -> None:
    _yaml("main", "import: [part.yaml]\nclient-labels: [a]")
    _yaml("part", "client-labels: b")
    assert _problems("main.yaml") == ["part.yaml:2:18: client-labels: contradicts what stands in main.yaml:3:18"]


def test_an_imported_file_may_import_others_and_has_variables_and_replacers_of_its_own() -> None:
    _yaml("main", "import: ['${first}.yaml']")
    _yaml("one", "import: [two.yaml]\ncluster-name: ${second}")
    _yaml("two", "instance-name: me")
    client = ClientConfig.load("main.yaml", properties={"first": "one", "second": "blue"})
    assert (client.cluster_name, client.config.client_name) == ("blue", "me")


def test_a_file_beside_the_importing_one_is_found() -> None:
    Path("conf").mkdir()
    _yaml("conf/main", "import: [part.yaml]")
    _yaml("conf/part", "cluster-name: blue")
    assert ClientConfig.load("conf/main.yaml").cluster_name == "blue"


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
def test_a_circle_is_refused(suffix: str) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        if suffix == "yaml":
            _yaml(name, f"import: [{other}.yaml]")
        else:
            _xml(name, f"<import resource='{other}.xml'/>")
    (problem,) = _problems(f"one.{suffix}")
    assert problem.startswith(f"two.{suffix}:2:")
    assert problem.endswith(f"import[0]: one.{suffix} is read already: imported twice, or in a circle")


def test_a_file_that_two_others_import_is_refused_as_in_java() -> None:
    _yaml("main", "import: [one.yaml, two.yaml]")
    _yaml("one", "import: [part.yaml]")
    _yaml("two", "import: [part.yaml]")
    _yaml("part", "client-labels: [a]")
    assert _problems("main.yaml") == [
        "two.yaml:2:12: import[0]: part.yaml is read already: imported twice, or in a circle"
    ]


def test_a_long_chain_of_imports_has_an_end() -> None:
    for number in range(70):
        _yaml(f"f{number}", f"import: [f{number + 1}.yaml]")
    assert _problems("f0.yaml") == ["f63.yaml:2:12: import[0]: more than 64 files"]


def test_in_yaml_an_imported_file_needs_the_root_key() -> None:
    _yaml("main", "import: [part.yaml]")
    Path("part.yaml").write_text("cluster-name: blue")
    assert _problems("main.yaml") == [
        "part.yaml:1:1: the key hazelcast-client is missing (Java takes nothing of an imported file without it)"
    ]


def test_in_xml_sections_of_several_files_stand_together() -> None:
    _xml("main", "<import resource='part.xml'/><near-cache name='a'/><cluster-name>blue</cluster-name>")
    _xml("part", "<near-cache name='b'/><instance-name>me</instance-name>")
    client = ClientConfig.load("main.xml")
    assert (client.cluster_name, client.config.client_name) == ("blue", "me")
    assert list(client.config.near_caches) == ["a", "b"]


def test_in_xml_a_section_stands_in_one_file_only() -> None:
    _xml("main", "<import resource='part.xml'/>\n<network/>")
    _xml("part", "<network><redo-operation>true</redo-operation></network>")
    assert _problems("main.xml") == ["part.xml:2:1: network: this key stands already in main.xml:3"]


def test_a_failover_file_imports_failover_files() -> None:
    Path("main.yaml").write_text("import: [part.yaml]\nclients: [blue.yaml]")
    Path("part.yaml").write_text("hazelcast-client-failover: {try-count: 3, clients: [green.yaml]}")
    for name in ("blue", "green"):
        Path(f"{name}.yaml").write_text(f"cluster-name: {name}")
    config = FailoverConfig.load("main.yaml")
    assert config.try_count == 3
    assert [client.cluster_name for client in config.clients] == ["blue", "green"]


def test_a_file_of_another_format_is_not_imported() -> None:
    _yaml("main", "import: [part.xml]")
    _xml("part", "<cluster-name>blue</cluster-name>")
    assert _problems("main.yaml") == [
        "main.yaml:2:12: import[0]: 'part.xml' is not YAML; allowed: YAML files, as this one is (Java reads the files "
        "that are listed as it reads the one that lists them)"
    ]
