"""Variables: where their values come from, what is said when nobody knows one, and the origin that is kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _load(content: str, properties: dict[str, str] | None = None) -> ClientConfig:
    Path("conf.yaml").write_text(content)
    return ClientConfig.load("conf.yaml", properties=properties)


def _name(value: str, properties: dict[str, str] | None = None) -> str:
    return _load(f"cluster-name: '{value}'", properties).cluster_name


def _problems(content: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        _load(content)
    return [str(problem) for problem in raised.value.problems]


def test_a_property_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("colour", "green")
    assert _name("${colour}") == "green"
    assert _name("${colour}", {"colour": "blue"}) == "blue"


def test_a_name_that_shells_do_not_allow_is_found_in_their_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZ_CLUSTER_NAME", "blue")
    assert _name("${hz.cluster-name}") == "blue"


def test_a_default_stands_behind_a_colon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _name("${colour:teal:1}") == "teal:1"
    monkeypatch.setenv("colour", "blue")
    assert _name("${colour:teal}") == "blue"


def test_a_value_may_have_several_variables_and_what_is_put_in_is_not_looked_at_again() -> None:
    assert _name("a-${x}-${y}-z", {"x": "${y}", "y": "2"}) == "a-${y}-2-z"


def test_a_dollar_alone_is_text() -> None:
    assert _name("$x $HZ{a} $${x}", {"x": "1"}) == "$x $HZ{a} $1"


def test_a_variable_that_is_not_closed_is_text_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tealjet"):
        assert _name("${x} ${y", {"x": "1", "y": "2"}) == "1 ${y"
    assert [record.getMessage() for record in caplog.records] == [
        "conf.yaml:1:15: cluster-name: '${' without '}' stays as it stands"
    ]


def test_keys_have_variables_too() -> None:
    client = _load("near-cache: {'${map}': {}}", {"map": "orders"})
    assert list(client.config.near_caches) == ["orders"]


def test_two_keys_that_become_one_are_refused() -> None:
    Path("conf.yaml").write_text("properties: {'${a}': 1, '${b}': 2}")
    with pytest.raises(ConfigError, match=r"conf.yaml:1:25: properties.x: this key stands already in this mapping"):
        ClientConfig.load("conf.yaml", properties={"a": "x", "b": "x"})


def test_attributes_and_elements_of_xml_have_variables() -> None:
    Path("conf.xml").write_text(
        "<hazelcast-client><cluster-name>${c}</cluster-name>"
        "<connection-strategy reconnect-mode='${m}'/></hazelcast-client>"
    )
    client = ClientConfig.load("conf.xml", properties={"c": "blue", "m": "ON"})
    assert client.explicit == {"cluster_name", "reconnect_mode"}
    assert client.cluster_name == "blue"


def test_the_origin_of_a_value_names_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLOUR", "blue")
    written = _load("cluster-name: ${colour}-${zone}-${n:1}", {"zone": "eu"}).written["cluster-name"]
    assert str(written.mark) == "conf.yaml:1:1"
    assert written.parts == ("environment variable COLOUR", "property zone", "the default of variable n")


def test_the_replacer_of_the_file_knows_what_nobody_else_knows() -> None:
    replacer = "{class-name: com.hazelcast.config.replacer.PropertyReplacer, properties: {a: mine, b: mine}}"
    content = f"config-replacers: {{replacers: [{replacer}]}}\ncluster-name: ${{a}}-${{b}}"
    assert _load(content, {"b": "given"}).cluster_name == "mine-given"


def test_the_replacer_of_an_xml_file_is_read() -> None:
    Path("conf.xml").write_text(
        "<hazelcast-client><config-replacers fail-if-value-missing='false'>"
        "<replacer class-name='com.hazelcast.config.replacer.PropertyReplacer'>"
        "<properties><property name='a'>blue</property></properties></replacer></config-replacers>"
        "<cluster-name>${a}${b}</cluster-name></hazelcast-client>"
    )
    assert ClientConfig.load("conf.xml").cluster_name == "blue${b}"


def test_an_unknown_variable_is_told_with_its_place_and_all_of_them_at_once() -> None:
    assert [
        problem.split(", which")[0] for problem in _problems("cluster-name: ${no.a}\nclient-labels: ['${no.b}']")
    ] == [
        "conf.yaml:1:15: cluster-name: found the variable ${no.a}",
        "conf.yaml:2:17: client-labels: found the variable ${no.b}",
    ]


def test_an_unknown_variable_stays_and_is_noted_when_the_file_asks_for_that(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tealjet"):
        client = _load("config-replacers: {fail-if-value-missing: false}\ncluster-name: ${no.a}")
    assert client.cluster_name == "${no.a}"
    assert [record.getMessage() for record in caplog.records] == [
        "conf.yaml:2:15: cluster-name: the variable ${no.a} is not known and stays as it stands"
    ]


def test_variables_cannot_make_much_of_a_small_file() -> None:
    labels = ", ".join("'${big}'" for _ in range(100))
    Path("conf.yaml").write_text(f"client-labels: [{labels}]")
    with pytest.raises(ConfigError, match="the variables of this file stand for more than 1024 KiB"):
        ClientConfig.load("conf.yaml", properties={"big": "x" * 100_000})


def test_the_client_files_of_a_failover_file_have_the_same_properties() -> None:
    Path("blue.yaml").write_text("cluster-name: ${name}")
    Path("failover.yaml").write_text("clients: ['${name}.yaml']")
    assert FailoverConfig.load("failover.yaml", properties={"name": "blue"}).first.cluster_name == "blue"


def test_a_property_that_is_no_text_is_a_type_error() -> None:
    Path("conf.yaml").write_text("cluster-name: blue")
    with pytest.raises(TypeError, match="properties are texts by their names, not 'a': int"):
        ClientConfig.load("conf.yaml", properties={"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
