"""Every key of the table: a right value does what the table says, a wrong one is told with its place."""

from __future__ import annotations

import socket
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import Config
from ruamel.yaml import YAML

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.keys import CLIENT, FAILOVER, Key, Schema
from tealjet.config.rules import ATTRIBUTES
from tealjet.errors import ConfigError
from tealjet.failover.options import FailoverOptions, Profile

_DATA = Path(__file__).parent / "config_data"


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = YAML(typ="safe").load(_DATA / name)
    return cases


_WRONG = _cases("wrong_values.yaml")
_RIGHT = _cases("right_values.yaml")
_UNSUPPORTED = [
    (schema, key) for schema in (FAILOVER, CLIENT) for key in schema.keys if not key.honoured
]  # refused whatever the value


def _honoured(schema: Schema) -> set[str]:
    return {key.name for key in schema.keys if key.honoured}


def _explicit(client: ClientConfig) -> dict[str, object]:
    return {name: getattr(client.config, name) for name in client.explicit}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("cluster-name: a")
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
    if expected.get("socket_options"):
        expected = {"socket_options": [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]}
    assert _explicit(client) == expected
    untouched = set(ATTRIBUTES) - set(expected)
    default = Config()
    assert {name: getattr(client.config, name) for name in untouched} == {
        name: getattr(default, name) for name in untouched
    }
    options = case.get("options", {})
    if "profile" in options:
        options = {**options, "profile": Profile(options["profile"])}
    assert dict(client.options) == options


@pytest.mark.parametrize(("schema", "key"), _UNSUPPORTED, ids=[key.name for _, key in _UNSUPPORTED])
def test_a_key_that_cannot_be_honoured_is_refused_with_the_reason(schema: Schema, key: Key, folder: Path) -> None:
    content = "1"
    for name in reversed(key.path):
        content = f"{{{name}: {content}}}"
    (folder / "conf.yaml").write_text(content)
    with pytest.raises(ConfigError) as raised:
        (FailoverConfig if schema is FAILOVER else ClientConfig).load("conf.yaml")
    assert f"{key.name}: not supported: {key.doc} (remove the key)" in str(raised.value)


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
