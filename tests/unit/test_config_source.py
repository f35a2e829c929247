"""What is no configuration at all: files that cannot be read, text that is no YAML, YAML that is more than data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tealjet.config import ClientConfig
from tealjet.errors import ConfigError


@pytest.fixture
def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Refusal:
    monkeypatch.chdir(tmp_path)
    return _Refusal(tmp_path)


class _Refusal:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, content: str | bytes) -> list[str]:
        raw = content if isinstance(content, bytes) else content.encode()
        (self._folder / "conf.yaml").write_bytes(raw)
        return self.of_path("conf.yaml")

    def of_path(self, path: str) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            ClientConfig.load(path)
        return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "conf.yaml: the file is empty; allowed: a mapping of keys to values"),
        ("# only a comment\n", "conf.yaml: the file is empty; allowed: a mapping of keys to values"),
        ("network: [\n", "conf.yaml:2:1: this is not YAML: expected the node content, but found '<stream end>'"),
        ("a:\n\tb: 1", "conf.yaml:2:1: this is not YAML: found character '\\t' that cannot start any token"),
        ("a: \x07", "conf.yaml:1:4: this is not YAML: a character that text must not have"),
        ('a: "\\UFFFFFFFF"', "conf.yaml: this is not YAML: the parser fails on it"),
        ("a: 1\n---\nb: 2\n", "conf.yaml:2:1: a second YAML document begins here, a file has one"),
        ("a: !!str 1", "conf.yaml:1:4: YAML tags are not read: write the plain value"),
        ("a: !!python/object:os.system x", "conf.yaml:1:4: YAML tags are not read: write the plain value"),
        (
            "a: &x 1\nb: *x",
            "conf.yaml:1:4: YAML anchors and aliases are not read: write the value where it is used",
        ),
        (b"a: \xff", "conf.yaml:1:4: the byte 0xff is not UTF-8; allowed: UTF-8 text"),
        ("a: é\n".encode() + b"\xc3\xa9\xe9", "conf.yaml:2:2: the byte 0xe9 is not UTF-8; allowed: UTF-8 text"),
        ("cluster-name: a".encode("utf-16"), "conf.yaml:1:1: the byte 0xff is not UTF-8; allowed: UTF-8 text"),
        (" " * (256 * 1024 + 1), "conf.yaml: the file is larger than 256 KiB"),
        ("[" * 100_000, "conf.yaml:1:33: nested deeper than 32 levels"),
        ("? " * 20_000, "conf.yaml:1:65: nested deeper than 32 levels"),
    ],
    ids=[
        "empty",
        "comment",
        "unclosed",
        "tab",
        "control character",
        "impossible escape",
        "two documents",
        "tag",
        "object",
        "anchor",
        "not UTF-8",
        "not UTF-8 in a later line",
        "UTF-16",
        "too large",
        "too deep",
        "too deep in keys",
    ],
)
def test_a_file_that_is_no_plain_yaml_is_refused_with_the_place(
    content: str | bytes, problem: str, refusal: _Refusal
) -> None:
    assert refusal.of(content) == [problem]


def test_a_missing_file_is_told(refusal: _Refusal) -> None:
    assert refusal.of_path("none.yaml") == ["none.yaml: the file cannot be read: No such file or directory"]


def test_a_folder_is_no_file(refusal: _Refusal) -> None:
    assert refusal.of_path(".") == [".: the file cannot be read: Is a directory"]


def test_a_path_that_no_file_can_have_is_told(refusal: _Refusal) -> None:
    assert refusal.of_path("a\0b") == ["'a\\x00b': this cannot be the path of a file"]


def test_a_key_that_stands_twice_is_refused_with_both_lines(refusal: _Refusal) -> None:
    assert refusal.of("cluster-name: a\nclient-labels: []\ncluster-name: b\n") == [
        "conf.yaml:3:1: cluster-name: this key stands already in line 1"
    ]


def test_a_key_that_is_a_list_is_refused(refusal: _Refusal) -> None:
    assert refusal.of("? [a]\n: b\n") == ["conf.yaml:1:3: a key has to be a single value"]


def test_all_problems_of_a_file_are_told_at_once(refusal: _Refusal) -> None:
    problems = refusal.of("cluster-name: ''\nnetwork:\n  smart-routing: 1\n  redo: true\n")
    assert [problem.split(" ")[0] for problem in problems] == ["conf.yaml:1:15:", "conf.yaml:3:18:", "conf.yaml:4:3:"]


def test_a_file_of_junk_makes_an_error_of_limited_size(refusal: _Refusal) -> None:
    assert len(refusal.of("".join(f"k{number}: 1\n" for number in range(2000)))) == 100


def test_a_key_cannot_break_the_line_or_steer_the_terminal(refusal: _Refusal) -> None:
    (problem,) = refusal.of('"x\\n\\e[31m": 1')
    assert problem.startswith("conf.yaml:1:1: x\\n\\x1b[31m: unknown key")


def test_keys_beside_the_root_key_are_refused(refusal: _Refusal) -> None:
    assert refusal.of("hazelcast-client: {}\ncluster-name: a\n") == [
        "conf.yaml:2:1: cluster-name: unknown key; allowed: hazelcast-client"
    ]


def test_a_failover_file_given_as_a_client_file_is_explained(refusal: _Refusal) -> None:
    (problem,) = refusal.of("hazelcast-client-failover: {clients: [a.yaml]}")
    assert "this is a failover file: use FailoverConfig.load" in problem


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "conf.yaml").write_bytes("\ufeffcluster-name: blue".encode())
    assert ClientConfig.load(tmp_path / "conf.yaml").cluster_name == "blue"


def test_the_yaml_package_is_not_imported_before_a_file_is_read() -> None:
    code = "import sys, tealjet.config; sys.exit(any(name.startswith('ruamel') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("5.10", "5.1"),
        ("1e3", "1000.0"),
        ("1e7", "1.0E7"),
        ("-12345678.9", "-1.23456789E7"),
        ("0.0001", "1.0E-4"),
        ("0.001", "0.001"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("9223372036854775807", "9223372036854775807"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        (".5", ".5"),
        ("1_000", "1_000"),
        ("true", "true"),
        ("~", "~"),
        ("Null", "Null"),
        ("'5.10'", "5.10"),
    ],
)
def test_a_text_without_quotes_is_what_java_makes_of_it(written: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "conf.yaml").write_text(f"cluster-name: {written}")
    assert ClientConfig.load(tmp_path / "conf.yaml").cluster_name == name


@pytest.mark.parametrize("written", ["9223372036854775808", "1e400", "-.inf", ".nan", "1" * 10_000])
def test_a_number_that_java_cannot_read_is_refused(written: str, refusal: _Refusal) -> None:
    (problem,) = refusal.of(f"cluster-name: {written}")
    assert problem == "conf.yaml:1:15: a number that Java cannot read: put it in quotes if it is a text"


@pytest.mark.parametrize("key", ["5", "-1.5", "true", "null"])
def test_a_key_that_is_no_text_is_refused_as_in_java(key: str, refusal: _Refusal) -> None:
    assert f"conf.yaml:1:15: {key}: this key is no text (put it in quotes)" in refusal.of(
        f"near-cache: {{ {key}: {{}} }}"
    )


def test_an_xml_version_that_there_is_not_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conf.xml").write_text('<?xml version="7"?>\n<hazelcast-client/>')
    with pytest.raises(ConfigError, match=r"conf\.xml:1:1: XML of version '7' is not read: it has to be 1\.0"):
        ClientConfig.load(tmp_path / "conf.xml")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("properties: {hazelcast.client.event.thread.count: }", "1:14"),
        ("metrics: {enabled: false, jmx: {enabled: }}", "1:33"),
        ("query-caches:\n  orders:\n    a: [null]\n", "3:9"),
    ],
)
def test_a_key_without_effect_has_to_have_a_value_as_in_java(content: str, place: str, refusal: _Refusal) -> None:
    (problem,) = refusal.of(content)
    assert problem.startswith(f"conf.yaml:{place}: ")
    assert problem.endswith(": found nothing; allowed: a value, or no key")
