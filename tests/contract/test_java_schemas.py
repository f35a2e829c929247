"""The ground truth of Java's files is in its jars: every key of their schemas and full examples has its fate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.config_classes import CUSTOMERS, PORTABLES, Order, OrderCompact, OrderSerializer, give_password, plain
from support.java_schemas import JsonSchema, XmlSchema, names_in, read_from
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.classes import Classes
from tealjet.config.keys import CLIENT
from tealjet.config.nodes import MappingNode, Node
from tealjet.config.official import official_config
from tealjet.config.problem import Mark, Problem, Problems
from tealjet.config.shapes import CLIENT_SHAPES
from tealjet.config.table import content_of, read_settings
from tealjet.config.xml_source import parse_xml
from tealjet.config.yaml_source import parse_yaml
from tealjet.errors import ConfigError
from tealjet.lab import member_jars

pytestmark = pytest.mark.java

VERSIONS = ("4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7")
FILES = {"client": "hazelcast-client", "failover": "hazelcast-client-failover"}
_EXAMPLES = {"5.7.0": "5.7.0", "4.0.3": "jet-4.3.1"}
"""The release of each example; Jet 4.3.1 is built on Hazelcast 4.0.3 and has its files."""


@pytest.fixture(scope="module")
def jar() -> Path:
    return member_jars("5.7.0")[0]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _problems(name: str, kind: str) -> list[Problem]:
    try:
        (ClientConfig if kind == "client" else FailoverConfig).load(name)
    except ConfigError as error:
        return [problem for problem in error.problems if isinstance(problem, Problem)]
    return []


def _is_unknown(problem: Problem) -> bool:
    return "unknown" in problem.found or "text between" in problem.found


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_element_and_attribute_of_an_xml_schema_has_its_fate(version: str, kind: str, jar: Path) -> None:
    schema = XmlSchema(read_from(jar, f"{FILES[kind]}-config-{version}.xsd"))
    unknown, count = [], 0
    for path, document in schema.documents(FILES[kind]):
        # any name of a property is right for the schema; a wrong one of TLS is refused
        known = document.replace("'a:b'", "'protocol'").replace('"a:b"', '"protocol"') if "/ssl/" in path else document
        Path("conf.xml").write_text(known)
        unknown += [(path, str(problem)) for problem in _problems("conf.xml", kind) if _is_unknown(problem)]
        count += 1
    assert unknown == []
    assert count >= {"client": 215, "failover": 4}[kind]


def test_there_is_no_schema_of_another_version(jar: Path) -> None:
    found = {match[1] for name in names_in(jar) if (match := re.fullmatch(r"hazelcast-client-config-(.+)\.xsd", name))}
    assert found == set(VERSIONS)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version.startswith("5.")])
def test_every_key_of_a_json_schema_has_its_fate(version: str, jar: Path) -> None:
    schema = JsonSchema(read_from(jar, f"hazelcast-config-{version}.json"))
    unknown, count = [], 0
    for path, document in schema.documents("hazelcast-client"):
        Path("conf.yaml").write_text(json.dumps(document))
        unknown += [(path, str(problem)) for problem in _problems("conf.yaml", "client") if _is_unknown(problem)]
        count += 1
    assert unknown == []
    assert count >= 190


# what the full examples ask for that cannot be honoured: the key, and since which release it is in them
_REFUSED = {
    "config-replacers.replacers[0].class-name": "4.0.3",
    "import[0]": "4.0.3",
    "network.socket-interceptor.enabled": "4.0.3",
    "network.discovery-strategies.discovery-strategies[0].enabled": "4.0.3",
    "listeners": "4.0.3",
    "serialization.compact-serialization.classes": "5.7.0",
    "near-cache.NearCacheEvictionConfigExample.eviction.comparator-class-name": "4.0.3",
    "connection-strategy.async-start": "4.0.3",
    "connection-strategy.reconnect-mode": "4.0.3",
    "user-code-deployment.enabled": "4.0.3",
    "sql.resubmission-mode": "5.7.0",
}
_CLASSES = {
    "com.hazelcast.examples.DataSerializableFactory": CUSTOMERS,
    "com.hazelcast.examples.PortableFactory": PORTABLES,
    "com.hazelcast.examples.GlobalSerializerFactory": OrderSerializer,
    "com.hazelcast.examples.DummyType": Order,
    "com.hazelcast.examples.SerializerFactory": OrderSerializer,
    "com.hazelcast.examples.DummyTypeSerializer": OrderCompact,
    "com.hazelcast.examples.MyCredentialsFactory": give_password,
}


def _example(release: str, suffix: str) -> str:
    (core, *_) = member_jars(_EXAMPLES[release])
    return read_from(core, f"hazelcast-client-full-example.{suffix}")


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
@pytest.mark.parametrize("release", _EXAMPLES)
def test_of_a_full_example_exactly_what_cannot_be_honoured_is_refused(release: str, suffix: str) -> None:
    Path(f"conf.{suffix}").write_text(_example(release, suffix))
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(f"conf.{suffix}", classes=_CLASSES)
    problems = [problem for problem in raised.value.problems if isinstance(problem, Problem)]
    expected = {key for key, since in _REFUSED.items() if since == "4.0.3" or release == "5.7.0"}
    assert {problem.key for problem in problems} == expected
    assert len(problems) == len(expected)


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
@pytest.mark.parametrize("release", _EXAMPLES)
def test_each_java_class_of_a_full_example_is_told_by_its_own_place(release: str, suffix: str) -> None:
    lines = _example(release, suffix).splitlines()
    Path(f"conf.{suffix}").write_text("\n".join(lines))
    told = {}
    for problem in _problems(f"conf.{suffix}", "client"):
        if "classes={" in problem.hint:
            assert isinstance(problem.where, Mark)
            told[problem.found.removeprefix("found ").strip("'")] = problem.where
    assert told.keys() == {name for name in _CLASSES if name in "".join(lines)}
    for name, mark in told.items():
        assert name in lines[mark.line - 1]


def _without_refused(node: Node, path: tuple[str, ...] = ()) -> Node:
    """Return what is left of an example without what is refused."""
    if not isinstance(node, MappingNode):
        return node
    refused = {key.split("[")[0].removesuffix(".enabled").removesuffix(".discovery-strategies") for key in _REFUSED}
    entries = [
        replace(entry, value=_without_refused(entry.value, (*path, entry.key)))
        for entry in node.entries
        if ".".join((*path, entry.key)) not in refused | {"config-replacers"}
    ]
    return replace(node, entries=tuple(entries))


def _meaning(release: str, suffix: str) -> dict[str, Any]:
    """Return what an example sets, without what is refused of it."""
    problems = Problems()
    text = _example(release, suffix)
    if suffix == "yaml":
        document = parse_yaml("conf.yaml", text, problems)
        content = None if document is None else content_of(document, CLIENT, problems)
    else:
        parsed = parse_xml("conf.xml", text, CLIENT.root, CLIENT_SHAPES, problems)
        content = None if parsed is None else parsed[1]
    assert content is not None
    settings = read_settings(_without_refused(content), CLIENT, problems)
    official = official_config(settings, Classes(_CLASSES, problems), problems)
    assert [str(problem) for problem in problems] == []
    return {
        "sets": {name: plain(getattr(official.config, name)) for name in sorted(official.explicit)},
        "ports": official.outbound_ports,
        "written": sorted((setting.name, setting.key.name) for setting in settings),
        "without effect": sorted(note.key for note in problems.notes),
    }


@pytest.mark.parametrize("release", _EXAMPLES)
def test_the_full_examples_in_yaml_and_xml_mean_the_same(release: str) -> None:
    from_yaml, from_xml = _meaning(release, "yaml"), _meaning(release, "xml")
    if release == "4.0.3":  # its YAML example has a key that Java does not know, in the place of this one
        assert from_xml["sets"].pop("backup_ack_to_client_enabled") is True
        from_xml["written"].remove(("backup-ack-to-client-enabled", "backup-ack-to-client-enabled"))
        from_yaml["without effect"].remove("backup-ack-to-client")
    assert from_xml == from_yaml
    assert from_yaml["sets"]["near_caches"] == {
        "default": {"time_to_live": 90.0, "max_idle": 100.0, "in_memory_format": 1},
        "NearCacheEvictionConfigExample": {},
    }
    assert from_yaml["ports"] == (34600, *range(34700, 34711))
    assert from_yaml["sets"].keys() >= {
        "cluster_name",
        "client_name",
        "labels",
        "cluster_members",
        "redo_operation",
        "connection_timeout",
        "smart_routing",
        "socket_options",
        "retry_initial_backoff",
        "retry_max_backoff",
        "retry_multiplier",
        "retry_jitter",
        "cluster_connect_timeout",
        "creds_username",
        "creds_password",
        "heartbeat_timeout",
        "heartbeat_interval",
        "invocation_timeout",
        "shuffle_member_list",
        "load_balancer",
        "flake_id_generators",
        "reliable_topics",
        "portable_version",
        "custom_serializers",
        "global_serializer",
    }


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
@pytest.mark.parametrize("release", _EXAMPLES)
def test_the_full_example_of_a_failover_file_is_read(release: str, suffix: str) -> None:
    (core, *_) = member_jars(_EXAMPLES[release])
    Path(f"failover.{suffix}").write_text(read_from(core, f"hazelcast-client-failover-full-example.{suffix}"))
    for number, name in enumerate(("first", "second")):
        content = f"cluster-name: c{number}"
        if suffix == "xml":
            content = f"<hazelcast-client><cluster-name>c{number}</cluster-name></hazelcast-client>"
        Path(f"your-{name}-hazelcast-client-configuration.{suffix}").write_text(content)
    config = FailoverConfig.load(f"failover.{suffix}")
    assert config.try_count == 4
    assert [client.cluster_name for client in config.clients] == ["c0", "c1"]
