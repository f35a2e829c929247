"""Java's names in a file: classes that have a counterpart, and names of maps, generators and topics with patterns."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from hazelcast.config import NearCacheConfig

from support.config_classes import Order, OrderCompact, OrderSerializer, plain
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.official import ByJavaName
from tealjet.errors import ConfigError


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(content: str) -> None:
    Path("conf.yaml").write_text(content)


_SERIALIZERS = """\
serialization:
  serializers: [{type-class: com.acme.Order, class-name: com.acme.OrderSerializer}]
  compact-serialization: {serializers: [{serializer: com.acme.OrderCompact}]}
"""
_CLASSES = {
    "com.acme.Order": Order,
    "com.acme.OrderSerializer": "support.config_classes:OrderSerializer",
    "com.acme.OrderCompact": OrderCompact,
}


def test_a_java_class_stands_for_what_the_user_says_by_class_or_by_name() -> None:
    _write(_SERIALIZERS)
    config = ClientConfig.load("conf.yaml", classes=_CLASSES).config
    assert config.custom_serializers == {Order: OrderSerializer}
    assert plain(config.compact_serializers) == ["OrderCompact"]


def test_the_clusters_of_a_failover_client_have_the_same_serializers() -> None:
    _write(_SERIALIZERS)
    Path("other.yaml").write_text(f"cluster-name: other\n{_SERIALIZERS}")
    Path("failover.yaml").write_text("clients: [conf.yaml, other.yaml]")
    assert len(FailoverConfig.load("failover.yaml", classes=_CLASSES).clients) == 2


def test_an_object_that_is_ready_is_taken_as_it_is() -> None:
    ready = OrderCompact()
    _write(_SERIALIZERS)
    config = ClientConfig.load("conf.yaml", classes={**_CLASSES, "com.acme.OrderCompact": ready}).config
    assert config.compact_serializers == [ready]


def test_every_class_that_is_missing_is_told() -> None:
    _write(_SERIALIZERS)
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load("conf.yaml")
    assert [str(problem).partition("; allowed")[0] for problem in raised.value.problems] == [
        "conf.yaml:2:30: serialization.serializers[0].type-class: found 'com.acme.Order'",
        "conf.yaml:2:58: serialization.serializers[0].class-name: found 'com.acme.OrderSerializer'",
        "conf.yaml:3:54: serialization.compact-serialization.serializers[0].serializer: found 'com.acme.OrderCompact'",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "os:system('true')",
        "os:__import__('os').abort",
        "lambda: 1:x",
        "os.path",
        ":x",
        "os:",
        "__import__('os'):x",
        "os :path",
    ],
)
def test_a_name_is_never_evaluated(name: str) -> None:
    _write(f'load-balancer: {{type: custom, class-name: "{name}"}}')
    with pytest.raises(ConfigError, match=r"allowed: module:Class \(give its Python counterpart by classes="):
        ClientConfig.load("conf.yaml")


def test_a_module_that_fails_when_it_is_imported_is_a_problem_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("broken_balancer.py").write_text("raise LookupError('no luck')")
    monkeypatch.syspath_prepend(".")
    monkeypatch.delitem(sys.modules, "broken_balancer", raising=False)
    _write("load-balancer: {type: custom, class-name: 'broken_balancer:Balancer'}")
    with pytest.raises(ConfigError, match=r"cannot be imported \(LookupError: no luck\); allowed: module:Class"):
        ClientConfig.load("conf.yaml")


def test_the_byte_order_of_the_machine_wins_over_the_one_that_is_written() -> None:
    other = "LITTLE_ENDIAN" if sys.byteorder == "big" else "BIG_ENDIAN"
    _write(f"serialization: {{byte-order: {other}, use-native-byte-order: true}}")
    assert ClientConfig.load("conf.yaml").config.is_big_endian is (sys.byteorder == "big")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", "orders"),
        ("orders@eu", "orders"),
        ("orders-eu", "orders-*"),
        ("orders-eu-1", "orders-eu-*"),
        ("eu-orders", "*-orders"),
        ("orders-", "orders-*"),
        ("other", "default"),
        ("-orders-", "default"),
    ],
)
def test_a_name_finds_its_own_configuration_then_the_best_pattern_then_the_default(name: str, expected: str) -> None:
    configured = ByJavaName({key: key for key in ("orders", "orders-*", "orders-eu-*", "*-orders", "default")})
    assert name in configured
    assert configured[name] == expected
    assert configured.get(name, None) == expected


def test_a_name_that_fits_two_patterns_as_well_is_an_error_as_in_java() -> None:
    configured = ByJavaName({"ab*": 1, "*bc": 2})
    with pytest.raises(ConfigError, match=r"the name 'abc' fits several patterns of the configuration: ab\*, \*bc"):
        configured["abc"]


def test_what_is_before_and_after_the_star_may_overlap_as_in_java() -> None:
    assert ByJavaName({"ab*ba": 1})["aba"] == 1


def test_a_second_star_stands_for_itself_as_in_java_which_is_said(caplog: pytest.LogCaptureFixture) -> None:
    _write("near-cache: {'a*b*': {time-to-live-seconds: 3}}")
    with caplog.at_level(logging.INFO, logger="tealjet"):
        near_caches = ClientConfig.load("conf.yaml").config.near_caches
    assert "a-b-" not in near_caches
    assert "a-b*" in near_caches
    assert caplog.messages == [
        "conf.yaml:1:14: near-cache.a*b*: as in Java only the first * stands for anything, so this is for names that "
        "end with 'b*'"
    ]


def test_without_a_default_a_name_that_fits_nothing_has_no_configuration() -> None:
    configured = ByJavaName({"a*": 1})
    assert "b" not in configured
    assert configured.get("b") is None
    with pytest.raises(KeyError, match="b"):
        configured["b"]


def test_near_caches_generators_and_topics_of_a_file_are_found_by_pattern() -> None:
    _write("near-cache: {'o*': {}}\nflake-id-generator: {'o*': {prefetch-count: 3}}\nreliable-topic: {default: {}}")
    config = ClientConfig.load("conf.yaml").config
    assert isinstance(config.near_caches["orders"], NearCacheConfig)
    assert config.flake_id_generators["orders"].prefetch_count == 3
    assert "orders" in config.reliable_topics
    assert "near" not in config.near_caches
