"""The same files, read by Java's client and by Tealjet: both understand the same, and both refuse the same.

Where they do not, ``java_differences.yaml`` says so and why; anything else fails, and so does a difference that is none
any more.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.differences import Difference, load_differences, with_differences
from support.full_examples import Refusals, full_example, usable_xml, usable_yaml
from support.generated_files import Files, generated_files
from support.java_files import PASSWORD, as_xml, as_yaml, failover_xml
from support.java_programs import compile_java
from support.java_reader import WORDS, Answer, JavaReader, differences, failover_differences
from support.stores import key_store, trust_store
from tealjet.cli.starter_files import ClusterPlan, starter_files
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.keys import CLIENT
from tealjet.config.problem import Problem
from tealjet.errors import ConfigError
from tealjet.lab import Authority

pytestmark = pytest.mark.java

_SOURCE = Path(__file__).parents[1] / "java" / "ConfigReader.java"
DIFFERENCES = load_differences()

NOT_IN_JAVA = {key.name for key in CLIENT.keys if key.path[-1].startswith("tealjet.")}
NOT_IN_JAVA |= {"import", "config-replacers"}  # what they bring is compared, they themselves are gone by then
NOT_IN_JAVA |= {"network.ssl.factory-class-name"}  # it has no effect here


class Comparison:
    """Gives files to both, and says what came of it."""

    def __init__(self, java: JavaReader, folder: Path) -> None:
        self._java = java
        self._folder = folder
        self.seen: Counter[str] = Counter()

    def compare(self, text: str, form: str) -> tuple[Answer, ClientConfig | FailoverConfig | ConfigError]:
        """Return what Java and what Tealjet make of a file; its form is client or failover, yaml or xml."""
        file = self._folder / f"generated.{form}"
        file.write_text(text, encoding="utf-8")
        java = self._java.read(form, file.name)
        try:
            return java, (ClientConfig if form.startswith("client") else FailoverConfig).load(file.name)
        except ConfigError as error:
            return java, error

    def check(self, text: str, form: str) -> None:
        """Compare, and count; a difference that is not in the list fails."""
        java, ours = self.compare(text, form)
        if "understood" in java and not isinstance(ours, ConfigError):
            outcome = self._check_values(understood_differently(java, ours))
        elif isinstance(ours, ConfigError) and "refused" in java:
            outcome = "both refuse"
        elif isinstance(ours, ConfigError):
            for problem in map(str, ours.problems):
                assert any(one.explains_tealjet(problem) for one in DIFFERENCES), (
                    f"only Tealjet refuses: {problem}\n{text}"
                )
            outcome = "only Tealjet refuses"
        else:
            refusal = java["refused"]
            assert any(one.explains_java(refusal) for one in DIFFERENCES), f"only Java refuses: {refusal}\n{text}"
            outcome = "only Java refuses"
        self.seen[outcome] += 1

    def _check_values(self, found: dict[str, tuple[Any, Any]]) -> str:
        for key, (theirs, mine) in found.items():
            listed = any(one.explains_value(key) for one in DIFFERENCES)
            assert listed, f"{key} is {theirs!r} in Java and {mine!r} in Tealjet"
        return "understood differently" if found else "understood alike"


def understood_differently(java: Answer, ours: ClientConfig | FailoverConfig) -> dict[str, tuple[Any, Any]]:
    if isinstance(ours, ClientConfig):
        return differences(java["understood"], ours)
    return failover_differences(java["understood"], ours)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of both, with the files that the generated ones name."""
    place = tmp_path_factory.mktemp("files")
    authority = Authority(place, "ca")
    mine = authority.issue("client", password=PASSWORD)
    shutil.copy(mine.keyfile, place / "client.key")
    shutil.copy(mine.certfile, place / "client.crt")
    key_store(place / "client.p12", mine, PASSWORD)
    trust_store(place / "trust.p12", authority, PASSWORD)
    for name in ("a", "b"):
        (place / f"{name}.yaml").write_text(as_yaml({"cluster-name": name}))
        (place / f"{name}.xml").write_text(as_xml({"cluster-name": name}))
    return place


@pytest.fixture(scope="module")
def java(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JavaReader]:
    program = compile_java(_SOURCE, into=tmp_path_factory.mktemp("classes"))
    with JavaReader(program, str(folder)) as reader:
        yield reader


@pytest.fixture
def comparison(java: JavaReader, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    monkeypatch.chdir(folder)
    return Comparison(java, folder)


# ------------------------------------------------------------------------------------------------------ generated files


@pytest.fixture(scope="module")
def generated() -> dict[str, Files]:
    return generated_files()


def test_what_is_right_is_understood_alike(comparison: Comparison, generated: dict[str, Files]) -> None:
    for form, text in generated["right"]:
        comparison.check(text, form)
    assert comparison.seen["understood alike"] >= 500
    assert comparison.seen["both refuse"] == 0


def test_what_is_spoilt_is_refused_by_both_or_understood_alike(
    comparison: Comparison, generated: dict[str, Files]
) -> None:
    for form, text in generated["spoilt"]:
        comparison.check(text, form)
    assert comparison.seen["understood alike"] >= 50
    assert comparison.seen["both refuse"] >= 200


@pytest.mark.parametrize("suffix", ["yaml", "xml"])
def test_failover_files_are_understood_alike_right_and_spoilt(
    comparison: Comparison, generated: dict[str, Files], suffix: str
) -> None:
    for form, text in generated[f"failover {suffix}"]:
        comparison.check(text, form)
    assert comparison.seen["understood alike"] >= 100
    assert comparison.seen["both refuse"] >= 20


# ------------------------------------------------------------------------------------------------------ the differences


@pytest.mark.parametrize("one", DIFFERENCES, ids=lambda one: one.what)
def test_every_difference_is_shown_by_its_file(comparison: Comparison, one: Difference) -> None:
    java, ours = comparison.compare(one.file, one.form)
    if one.java_says:
        assert one.explains_java(java["refused"])
        assert not isinstance(ours, ConfigError)
    elif one.tealjet_says:
        assert "understood" in java
        assert isinstance(ours, ConfigError)
        assert all(one.explains_tealjet(str(problem)) for problem in ours.problems)
    else:
        assert not isinstance(ours, ConfigError)
        assert [key for key in understood_differently(java, ours) if one.explains_value(key)]
    comparison.check(one.file, one.form)


def test_the_page_has_the_list_that_files_are_compared_by() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration-differences.md").read_text("utf-8")
    assert with_differences(page) == page


def test_every_key_that_is_honoured_is_compared() -> None:
    compared = {key for word in WORDS for key in word.keys}
    honoured = {key.name for key in CLIENT.keys if key.honoured}
    assert honoured - compared - NOT_IN_JAVA == set()
    assert compared - honoured - {"security", "network.ssl"} == set()


# ------------------------------------------------------------------------------------------------------------ examples

FAILOVER = """\
hazelcast-client-failover:
  try-count: 10
  clients:
    - a.yaml
    - b.yaml
"""


def test_the_two_files_of_the_manual_are_understood_alike_in_both_formats(comparison: Comparison) -> None:
    comparison.check(FAILOVER, "failover.yaml")
    comparison.check(failover_xml("10", ["a.xml", "b.xml"]), "failover.xml")
    assert comparison.seen == {"understood alike": 2}


@pytest.mark.parametrize(("suffix", "usable"), [("yaml", usable_yaml), ("xml", usable_xml)])
def test_what_can_be_used_of_the_full_example_is_understood_alike(
    comparison: Comparison, suffix: str, usable: Callable[[str, Refusals], str]
) -> None:
    def refused(text: str) -> list[str]:
        _, ours = comparison.compare(text, f"client.{suffix}")
        return [one.key for one in ours.problems if isinstance(one, Problem)] if isinstance(ours, ConfigError) else []

    text = usable(full_example(suffix), refused)
    for kept in ("my-cluster", "34700-34710", "600000", "DISCARD_NEWEST", "60000", "foo"):
        assert kept in text
    comparison.check(text, f"client.{suffix}")
    assert comparison.seen == {"understood alike": 1}


def test_what_tealjet_init_writes_is_understood_alike(comparison: Comparison, folder: Path) -> None:
    plans = [ClusterPlan(name=name, members=("127.0.0.1:5701", "[::1]:5702")) for name in ("blue", "green")]
    failover, *clients = starter_files(plans, 10)
    for client in clients:
        (folder / client.name).write_text(client.text, "utf-8")
    comparison.check(failover.text, "failover.yaml")
    switched_on = [re.sub(r"(?m)^( *)#(?=\S| {2,}\S)", r"\1", client.text) for client in clients]
    shutil.copy(folder / "ca.pem", folder / "blue-ca.pem")
    shutil.copy(folder / "ca.pem", folder / "green-ca.pem")
    for text in switched_on:
        comparison.check(text, "client.yaml")
    assert comparison.seen == {"understood alike": 3}
