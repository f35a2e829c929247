"""``tealjet config``: what holds and where it comes from, what is wrong, and exit codes for pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from support.stores import key_store
from tealjet.cli.app import app
from tealjet.lab import Authority

FAILOVER = """\
hazelcast-client-failover:
  try-count: 10
  clients: [blue.yaml, green.yaml]
"""
BLUE = """\
hazelcast-client:
  cluster-name: blue
  network:
    cluster-members: ["${BLUE_HOST}:5701", blue-2]
    redo-operation: true
  security:
    username-password: {username: me, password: x-hush-x}
  near-cache:
    orders: {time-to-live-seconds: 60}
  properties:
    tealjet.profile: fast
    hazelcast.client.event.thread.count: 5
"""
GREEN = BLUE.replace("blue", "green").replace("BLUE", "GREEN")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("BLUE_HOST", "10.0.0.1")
    monkeypatch.setenv("GREEN_HOST", "10.0.0.2")
    (tmp_path / "hazelcast-client-failover.yaml").write_text(FAILOVER)
    (tmp_path / "blue.yaml").write_text(BLUE)
    (tmp_path / "green.yaml").write_text(GREEN)
    return tmp_path


def config(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["config", *arguments])


def shown(*arguments: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The values by chapter and key."""
    result = config("show", "--json", *arguments)
    assert result.exit_code == 0, result.output
    chapters = json.loads(result.stdout)["chapters"]
    return {chapter["title"]: {value["key"]: value for value in chapter["values"]} for chapter in chapters}


# --------------------------------------------------------------------------------------------------------------- show


@pytest.mark.usefixtures("folder")
def test_each_value_is_shown_with_its_place_in_the_file() -> None:
    values = shown()
    assert values["failover"]["try-count"] == {
        "key": "try-count",
        "value": "10",
        "origin": "hazelcast-client-failover.yaml:2:3",
        "parts": [],
        "file": "hazelcast-client-failover.yaml",
        "line": 2,
        "column": 3,
    }
    assert values["failover"]["clients"]["value"] == "blue.yaml, green.yaml"
    assert values["cluster blue"]["network.redo-operation"]["origin"] == "blue.yaml:5:5"
    assert values["cluster blue"]["near-cache.orders.time-to-live-seconds"]["value"] == "60"


@pytest.mark.usefixtures("folder")
def test_a_value_that_a_variable_puts_in_is_shown_with_where_the_variable_comes_from() -> None:
    members = shown()["cluster blue"]["network.cluster-members"]
    assert members["value"] == "10.0.0.1:5701, blue-2"
    assert members["parts"] == ["environment variable BLUE_HOST"]
    given = shown("-D", "BLUE_HOST=10.9.9.9")["cluster blue"]["network.cluster-members"]
    assert (given["value"], given["parts"]) == ("10.9.9.9:5701, blue-2", ["property BLUE_HOST"])


def test_a_list_is_shown_with_each_place_that_adds_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "more.yaml").write_text("hazelcast-client: {client-labels: [b]}")
    (folder / "blue.yaml").write_text("client-labels: [a]\nimport: [more.yaml]")
    monkeypatch.setenv("HZCLIENT_CLIENTLABELS_0", "c")
    (values,) = shown("blue.yaml").values()
    assert values["client-labels"]["value"] == "a, b, c"
    assert values["client-labels"]["origin"] == "blue.yaml:1:1"
    assert values["client-labels"]["parts"] == ["more.yaml:1:36", "environment variable HZCLIENT_CLIENTLABELS_0"]


@pytest.mark.usefixtures("folder")
def test_a_time_of_the_profile_says_so_and_one_that_follows_another_key_names_it(folder: Path) -> None:
    values = shown()["cluster blue"]
    for key, value in (
        ("properties.tealjet.silence-limit-millis", "400"),
        ("properties.tealjet.reconnect-grace-millis", "100"),
        ("properties.hazelcast.client.heartbeat.timeout", "400"),
    ):
        assert (values[key]["value"], values[key]["origin"]) == (value, "profile fast")
    for name in ("blue", "green"):
        with (folder / f"{name}.yaml").open("a") as file:
            file.write("    hazelcast.client.heartbeat.timeout: 9000\n")
    silence = shown()["cluster blue"]["properties.tealjet.silence-limit-millis"]
    assert silence["value"] == "9000"
    assert silence["origin"] == "as properties.hazelcast.client.heartbeat.timeout in blue.yaml:13:5"


@pytest.mark.usefixtures("folder")
def test_what_nobody_has_written_is_a_default_and_can_be_left_out() -> None:
    assert shown()["cluster blue"]["network.connection-timeout"]["origin"] == "default"
    assert "network.connection-timeout" not in shown("--set")["cluster blue"]


@pytest.mark.usefixtures("folder")
def test_of_the_other_clusters_only_what_may_differ_is_shown() -> None:
    values = shown()["cluster green"]
    assert values["cluster-name"]["value"] == "green"
    assert "network.redo-operation" not in values


@pytest.mark.usefixtures("folder")
def test_a_client_file_is_shown_by_itself_with_what_overrides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZCLIENT_NETWORK_REDOOPERATION", "false")
    values = shown("blue.yaml")
    assert list(values) == ["cluster blue"]
    redo = values["cluster blue"]["network.redo-operation"]
    assert (redo["value"], redo["file"]) == ("false", None)
    assert "HZCLIENT_NETWORK_REDOOPERATION" in redo["origin"]


@pytest.mark.usefixtures("folder")
def test_lines_for_people_have_key_value_and_origin_and_no_secret() -> None:
    result = config("show")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["cluster", "blue", "(blue.yaml)"] in lines
    assert ["network.redo-operation", "true", "blue.yaml:5:5"] in lines
    assert ["security.username-password.password", "(not", "shown)", "blue.yaml:7:39"] in lines
    assert "x-hush-x" not in result.output
    assert "x-hush-x" not in config("show", "--json").output


@pytest.mark.usefixtures("folder")
def test_only_passwords_and_tokens_are_secrets(folder: Path) -> None:
    key_store(folder / "client.p12", Authority(folder).issue("client"), "x-hush-x")
    (folder / "blue.yaml").write_text(
        """\
network:
  hazelcast-cloud: {enabled: true, discovery-token: x-hush-x}
  ssl:
    enabled: true
    properties: {keyStore: client.p12, keyStoreType: PKCS12, keyStorePassword: x-hush-x}
security:
  credentials-factory:
    class-name: support.config_classes:give_password
    properties: {user: x-hush-x}
"""
    )
    (values,) = shown("blue.yaml", "--set").values()
    assert {key: value["value"] for key, value in values.items() if value["file"]} == {
        "network.hazelcast-cloud.enabled": "true",
        "network.hazelcast-cloud.discovery-token": "(not shown)",
        "network.ssl.enabled": "true",
        "network.ssl.properties.keyStore": "client.p12",
        "network.ssl.properties.keyStoreType": "PKCS12",
        "network.ssl.properties.keyStorePassword": "(not shown)",
        "security.credentials-factory.class-name": "support.config_classes:give_password",
        "security.credentials-factory.properties": "(not shown)",
    }
    assert "x-hush-x" not in config("show", "blue.yaml").output


@pytest.mark.parametrize(
    "found_by", ["hazelcast-cloud: {enabled: true, discovery-token: t}", "kubernetes: {enabled: true, service-dns: hz}"]
)
def test_the_default_members_are_not_shown_where_others_are_found(folder: Path, found_by: str) -> None:
    (folder / "blue.yaml").write_text(f"network: {{{found_by}}}")
    (values,) = shown("blue.yaml").values()
    assert "network.cluster-members" not in values


@pytest.mark.usefixtures("folder")
def test_a_near_cache_of_defaults_only_is_shown_too(folder: Path) -> None:
    (folder / "blue.yaml").write_text("near-cache: {all: {}, some: {time-to-live-seconds: 5}}")
    (values,) = shown("blue.yaml", "--set").values()
    assert (values["near-cache.all"]["value"], values["near-cache.all"]["origin"]) == ("{}", "blue.yaml:1:14")
    assert "near-cache.some" not in values


@pytest.mark.usefixtures("folder")
def test_a_long_value_is_shown_whole_and_none_steers_a_terminal(folder: Path) -> None:
    name = "a" * 500
    (folder / "blue.yaml").write_text(f'hazelcast-client: {{cluster-name: {name}, instance-name: "b\\e[31m"}}')
    values = shown("blue.yaml")
    (chapter,) = values.values()
    assert chapter["cluster-name"]["value"] == name
    assert chapter["instance-name"]["value"] == r"b\x1b[31m"


@pytest.mark.usefixtures("folder")
def test_a_configuration_that_can_not_be_used_is_not_shown(folder: Path) -> None:
    (folder / "blue.yaml").write_text("hazelcast-client: {cluster-nam: a}")
    result = config("show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "blue.yaml:1:20: cluster-nam: unknown key" in result.stderr


def test_without_any_file_the_places_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = config("show")
    assert result.exit_code == 1
    assert "no configuration file was found; looked at" in result.stderr


# -------------------------------------------------------------------------------------------------------------- check


@pytest.mark.usefixtures("folder")
def test_what_is_right_ends_with_0() -> None:
    result = config("check", "hazelcast-client-failover.yaml", "blue.yaml")
    assert result.exit_code == 0, result.output
    assert "hazelcast-client-failover.yaml: right" in result.stdout
    assert "blue.yaml: right" in result.stdout


@pytest.mark.usefixtures("folder")
def test_all_problems_of_all_files_are_told_a_line_each_and_end_with_1(folder: Path) -> None:
    (folder / "blue.yaml").write_text("hazelcast-client:\n  cluster-nam: a\n  network: {redo-operation: maybe}\n")
    (folder / "green.yaml").write_text("hazelcast-client:\n  client-labels: a\n")
    result = config("check", "hazelcast-client-failover.yaml")
    assert result.exit_code == 1
    places = [line.split(" ")[0] for line in result.stdout.splitlines()]
    assert places == ["blue.yaml:2:3:", "blue.yaml:3:29:", "green.yaml:2:18:"]


@pytest.mark.usefixtures("folder")
def test_that_there_may_be_more_problems_than_are_told_is_told(folder: Path) -> None:
    (folder / "blue.yaml").write_text("".join(f"key{number}: 1\n" for number in range(101)))
    assert config("check", "blue.yaml").stdout.splitlines()[100:] == ["blue.yaml: ... and perhaps more"]
    assert json.loads(config("check", "--json", "blue.yaml").stdout)["files"][0]["cut"] is True
    assert json.loads(config("check", "--json", "green.yaml").stdout)["files"][0]["cut"] is False


@pytest.mark.usefixtures("folder")
def test_notes_are_told_and_count_only_when_it_is_strict() -> None:
    lax, strict = config("check", "blue.yaml"), config("check", "--strict", "blue.yaml")
    assert (lax.exit_code, strict.exit_code) == (0, 1)
    for result in (lax, strict):
        assert "blue.yaml:12:5: properties.hazelcast.client.event.thread.count: without effect" in result.stdout
        assert "[note]" in result.stdout
    assert "blue.yaml: right" not in strict.stdout


@pytest.mark.usefixtures("folder")
def test_a_program_gets_the_parts_of_each_problem(folder: Path) -> None:
    (folder / "blue.yaml").write_text("hazelcast-client: {cluster-nam: a}")
    result = config("check", "--json", "blue.yaml", "green.yaml")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["right"] is False
    blue, green = told["files"]
    assert (blue["path"], blue["kind"], blue["right"], green["right"]) == ("blue.yaml", "client", False, True)
    (problem,) = blue["problems"]
    assert (problem["file"], problem["line"], problem["column"], problem["key"]) == ("blue.yaml", 1, 20, "cluster-nam")
    assert problem["hint"] == "did you mean 'cluster-name'?"
    assert green["notes"][0]["line"] == 12


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.yaml", "hazelcast-client-failover: {clients: [a]}", "failover"),
        ("a.yaml", "clients: [a]", "failover"),
        ("a.yaml", "hazelcast-client: {}", "client"),
        ("a.yaml", "cluster-name: a", "client"),
        ("a.yaml", "[", "client"),
        ("a.xml", "<hazelcast-client-failover/>", "failover"),
        ("a.xml", "<hazelcast-client/>", "client"),
        ("a.xml", "<", "client"),
    ],
)
def test_what_a_file_is_is_told_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    assert json.loads(config("check", "--json", name).stdout)["files"][0]["kind"] == kind


@pytest.mark.usefixtures("folder")
def test_classes_are_found_in_the_working_directory_and_by_the_names_that_are_given(folder: Path) -> None:
    (folder / "own_balancer.py").write_text("from hazelcast.util import RandomLB\nclass Own(RandomLB): pass\n")
    text = "hazelcast-client:\n  load-balancer: {type: custom, class-name: NAME}\n"
    (folder / "blue.yaml").write_text(text.replace("NAME", "own_balancer:Own"))
    (folder / "green.yaml").write_text(text.replace("NAME", "com.example.Own"))
    assert config("check", "blue.yaml").exit_code == 0
    assert config("check", "green.yaml").exit_code == 1
    assert config("check", "--class", "com.example.Own=own_balancer:Own", "green.yaml").exit_code == 0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check"], "Missing argument"),
        (["check", "missing.yaml"], "'missing.yaml' does not exist"),
        (["check", "."], "is a directory"),
        (["check", "-D", "name", "blue.yaml"], "--property 'name' is not of the form NAME=VALUE"),
        (["check", "--class", "=x", "blue.yaml"], "--class '=x' is not of the form NAME=VALUE"),
        (["show", "--json", "a", "b"], "unexpected extra argument"),
        (["schema", "blue.yaml"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], says: str) -> None:
    result = config(*arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
