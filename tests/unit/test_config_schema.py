"""The schema for editors takes what is right and refuses what is wrong, as far as a schema can know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from typer.testing import CliRunner

from tealjet.cli.app import app
from tealjet.cli.starter_files import ClusterPlan, starter_files
from tealjet.config.json_schema import json_schema
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.table import ANY

_DATA = Path(__file__).parent / "config_data"
_CLIENT, _FAILOVER = Draft7Validator(json_schema(CLIENT)), Draft7Validator(json_schema(FAILOVER))


def cases(name: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = YAML(typ="safe").load(_DATA / name)
    return read


def read(text: str) -> Any:
    return YAML(typ="safe").load(text)


def test_the_schemas_are_schemas() -> None:
    for validator in (_CLIENT, _FAILOVER):
        Draft7Validator.check_schema(validator.schema)


@pytest.mark.parametrize("case", cases("right_values.yaml"), ids=lambda case: case["file"])
def test_a_right_value_is_taken(case: dict[str, Any]) -> None:
    assert list(_CLIENT.iter_errors(read(case["file"]))) == []


def test_the_long_names_of_tls_are_taken() -> None:
    assert not list(_CLIENT.iter_errors(read("network: {ssl: {properties: {javax.net.ssl.keyStore: a}}}")))


def test_the_files_to_start_with_are_taken() -> None:
    plans = [ClusterPlan(name=name, members=("127.0.0.1:5701",)) for name in ("blue", "green")]
    failover, *clients = starter_files(plans, 10)
    assert list(_FAILOVER.iter_errors(read(failover.text))) == []
    for client in clients:
        assert list(_CLIENT.iter_errors(read(client.text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "hazelcast-client: {cluster-nam: a}",
        "hazelcast-client: {cluster-name: a}\nnetwork: {}",
        "cluster-name: [a]",
        "network: {redo-operation: maybe}",
        "network: {connection-timeout: 0}",
        "network: {cluster-members: a}",
        "connection-strategy: {reconnect-mode: OFF}",
        "connection-strategy: {connection-retry: {jitter: 2}}",
        "near-cache: {orders: {time-to-live: 5}}",
        "near-cache: {orders: {eviction: {size: 0}}}",
        "properties: {tealjet.profil: fast}",
        "properties: {tealjet.profile: quick}",
        "properties: {com.example: [a]}",
        "listeners: [a]",
        "serialization: {portable-factories: [{factory-id: 1}]}",
        "network: {ssl: {properties: {trustStor: a}}}",
    ],
)
def test_a_wrong_client_file_is_refused(text: str) -> None:
    assert list(_CLIENT.iter_errors(read(text)))


@pytest.mark.parametrize("text", ["try-count: 1", "clients: []", "clients: a", "{clients: [a], tries: 1}", "[a]"])
def test_a_wrong_failover_file_is_refused(text: str) -> None:
    assert list(_FAILOVER.iter_errors(read(text)))


def test_every_key_is_in_its_schema_with_a_description() -> None:
    for schema in (CLIENT, FAILOVER):
        content = json_schema(schema)["definitions"]["content"]
        for key in schema.keys:
            place = content
            for part in key.path:
                place = place["additionalProperties"] if part == ANY else place["properties"][part]
            assert place["description"]


@pytest.mark.parametrize(
    ("arguments", "title"), [([], "hazelcast-client"), (["--failover"], "hazelcast-client-failover")]
)
def test_the_command_prints_the_schema(arguments: list[str], title: str) -> None:
    result = CliRunner().invoke(app, ["config", "schema", *arguments])
    assert (result.exit_code, json.loads(result.stdout)["title"]) == (0, title)
