"""Every key of the table: a right value does what the table says, a wrong one is told with its place."""

from __future__ import annotations

import logging
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import Config
from ruamel.yaml import YAML

from support.config_classes import plain
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.rules import ATTRIBUTES
from tealjet.config.table import ANY, Fate, Key, Schema
from tealjet.config.values import Disabled, Strategies
from tealjet.errors import ConfigError
from tealjet.failover.options import FailoverOptions, Profile

_DATA = Path(__file__).parent / "config_data"


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = YAML(typ="safe").load(_DATA / name)
    return cases


_WRONG = _cases("wrong_values.yaml")
_RIGHT = _cases("right_values.yaml")
_KEYS = [(schema, key) for schema in (FAILOVER, CLIENT) for key in schema.keys]
_REFUSED = [(schema, key) for schema, key in _KEYS if key.fate is Fate.REFUSED]
_IGNORED = [key for _, key in _KEYS if key.fate is Fate.WITHOUT_EFFECT]


def _file_with(key: Key, content: str) -> str:
    """Return a file that has the key, under a name where the name is the user's choice."""
    for name in reversed(key.path):
        content = f"{{{'orders' if name == ANY else name}: {content}}}"
    return content


def _honoured(schema: Schema) -> set[str]:
    return {key.name for key in schema.keys if key.honoured}


def _explicit(client: ClientConfig) -> dict[str, object]:
    return {name: getattr(client.config, name) for name in client.explicit}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("hazelcast-client: {cluster-name: a}")
    return tmp_path


@pytest.mark.parametrize("case", _WRONG, ids=lambda case: f"{case['key']}: {case['file']!r}")
def test_a_wrong_value_is_told_with_file_line_column_key_and_what_is_allowed(
    case: dict[str, Any], folder: Path
) -> None:
    (folder / "conf.yaml").write_text(case["file"])
    with pytest.raises(ConfigError) as raised:
        (FailoverConfig if case.get("kind") == "failover" else ClientConfig).load("conf.yaml")
    expected = f"conf.yaml:{case['says']}".replace("{folder}", str(folder))
    assert expected in [str(problem) for problem in raised.value.problems]
    assert f"  {expected}" in str(raised.value).splitlines()


@pytest.mark.parametrize("case", _RIGHT, ids=lambda case: case["file"])
def test_a_right_value_sets_what_the_table_says_and_nothing_else(case: dict[str, Any], folder: Path) -> None:
    (folder / "conf.yaml").write_text(case["file"])
    client = ClientConfig.load("conf.yaml")
    expected = case.get("sets", {})
    assert {name: plain(value) for name, value in _explicit(client).items()} == expected
    assert list(client.outbound_ports) == case.get("ports", [])
    untouched = set(ATTRIBUTES) - set(expected)
    default = Config()
    assert {name: getattr(client.config, name) for name in untouched} == {
        name: getattr(default, name) for name in untouched
    }
    options = case.get("options", {})
    if "profile" in options:
        options = {**options, "profile": Profile(options["profile"])}
    assert dict(client.options) == options


@pytest.mark.parametrize(("schema", "key"), _REFUSED, ids=[key.name for _, key in _REFUSED])
def test_a_key_that_cannot_be_honoured_is_refused_with_the_reason_and_what_to_do(
    schema: Schema, key: Key, folder: Path
) -> None:
    content = {Disabled: "{enabled: true}", Strategies: "{discovery-strategies: [{enabled: true}]}"}
    (folder / "conf.yaml").write_text(_file_with(key, content.get(type(key.value), "1")))
    with pytest.raises(ConfigError) as raised:
        (FailoverConfig if schema is FAILOVER else ClientConfig).load("conf.yaml")
    (problem,) = [str(problem) for problem in raised.value.problems]
    assert problem.startswith("conf.yaml:1:")
    assert f"{key.name.replace(ANY, 'orders')}" in problem
    assert f"not supported: {key.doc} ({getattr(key.value, 'instead', '')})" in problem


@pytest.mark.parametrize(
    "key", [key for _, key in _REFUSED if isinstance(key.value, Disabled)], ids=lambda key: key.name
)
def test_a_section_that_is_refused_may_stand_there_while_it_is_not_enabled(key: Key, folder: Path) -> None:
    (folder / "conf.yaml").write_text(_file_with(key, "{enabled: false, whatever: {a: 1}}"))
    assert ClientConfig.load("conf.yaml").explicit == frozenset()


@pytest.mark.parametrize("key", _IGNORED, ids=lambda key: key.name)
def test_a_key_without_effect_is_said_once_with_its_place(
    key: Key, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = {"linger-seconds": "3", "tcp-no-delay": "false", "reuse-address": "false"}
    (folder / "conf.yaml").write_text(_file_with(key, values.get(key.path[-1], "{a: 1}")))
    with caplog.at_level(logging.INFO, logger="tealjet"):
        assert not ClientConfig.load("conf.yaml").explicit - {"near_caches"}
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith("conf.yaml:1:")
    assert record.getMessage().endswith(f"{key.path[-1]}: without effect: {key.doc}")


def test_nothing_is_said_of_what_is_not_enabled_or_holds_anyway(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "conf.yaml").write_text(
        "native-memory: {enabled: false, page-size: 1}\nnetwork: {socket-options: {tcp-no-delay: true}}"
    )
    with caplog.at_level(logging.INFO, logger="tealjet"):
        ClientConfig.load("conf.yaml")
    assert caplog.records == []


def test_a_property_that_nobody_knows_is_said_with_the_nearest_one_since_java_takes_any(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "conf.yaml").write_text("properties: {hazelcast.client.heartbeat.timout: 1, acme.region: eu}")
    with caplog.at_level(logging.INFO, logger="tealjet"):
        assert ClientConfig.load("conf.yaml").explicit == frozenset()
    assert [record.getMessage() for record in caplog.records] == [
        "conf.yaml:1:14: properties.hazelcast.client.heartbeat.timout: without effect: this property is not known "
        "(did you mean 'hazelcast.client.heartbeat.timeout'?)",
        "conf.yaml:1:52: properties.acme.region: without effect: this property is not known",
    ]


def test_every_key_that_can_be_used_has_a_wrong_value_case() -> None:
    assert {case["key"] for case in _WRONG if case.get("kind") == "failover"} == _honoured(FAILOVER)
    assert {case["key"] for case in _WRONG if case.get("kind") != "failover"} == _honoured(CLIENT)


def test_every_client_key_that_can_be_used_has_a_right_value_case() -> None:
    assert {case["key"] for case in _RIGHT} == _honoured(CLIENT)


def test_every_failover_option_can_be_set_in_a_file_under_the_name_made_from_its_own() -> None:
    by_option = {key.option: key for key in CLIENT.keys if key.option is not None}
    assert set(by_option) == {option.name for option in fields(FailoverOptions)}
    for option in fields(FailoverOptions):
        is_duration = option.default is None or isinstance(option.default, float)
        suffix = "-millis" if is_duration else ""
        assert by_option[option.name].path == ("properties", f"tealjet.{option.name.replace('_', '-')}{suffix}")


def test_the_table_names_only_attributes_that_the_official_config_has() -> None:
    assert {key.attribute for key in CLIENT.keys if key.attribute} <= set(ATTRIBUTES)


def test_no_key_stands_twice_in_the_table() -> None:
    for schema in (FAILOVER, CLIENT):
        paths = [key.path for key in schema.keys]
        assert len(paths) == len(set(paths))
