"""The fixture that Tealjet brings for other people's tests, with the example of its manual page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tealjet.java import cache_folder

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
CACHE = cache_folder()
"""Where it is outside of these tests, which have a home of their own."""

DATA_STAYS = """
import tealjet

def looked_into(blue_green):
    with tealjet.new_jet_failover_client(blue_green.config) as client:
        orders = client.get_map("orders").blocking()
        assert orders.size() == 0
        orders.put("1001", "paid")
        own = [one.name for one in client.get_distributed_objects() if not one.name.startswith("__")]
        assert own == ["orders"]

def test_first(blue_green):
    looked_into(blue_green)

def test_second(blue_green):
    looked_into(blue_green)
"""
CLUSTERS_BREAK = """
import pytest

from tealjet.java import cache_folder
import tealjet

@pytest.mark.parametrize("fault", ["kill", "stop", "freeze", "none"])
def test_clusters_are_up(blue_green, fault):
    with tealjet.new_jet_failover_client(blue_green.config) as client:
        assert client.failover.active.name == "blue"
        assert client.get_map("orders").blocking().is_empty()
    if fault != "none":
        getattr(blue_green.blue, fault)()
"""
FAULTS = """
import tealjet

def test_what_only_embedded_members_can_do(blue_green):
    with tealjet.new_jet_failover_client(blue_green.config, reconnect_grace=60.0) as client:
        orders = client.get_map("orders").blocking()
        orders.put("1001", "paid")
        blue_green.blue.members[0].cut_answer("map.get")
        assert orders.get("1001") == "paid"  # it is safe to repeat, and blue is there
        blue_green.blue.deny("*")
        assert orders.get("1001") is None
        assert client.failover.active.name == "green"
"""


def examples() -> list[str]:
    """The page's: with the fixture, and by a simulation."""
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    pytester._monkeypatch.setenv("TEALJET_CACHE", str(CACHE))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_the_manuals_examples_pass_on_embedded_members(pytester: pytest.Pytester) -> None:
    run(pytester, "\n".join(examples())).assert_outcomes(passed=3)


@pytest.mark.member("5.7.0")
def test_the_manuals_example_passes_on_real_members_that_other_tests_have_broken(pytester: pytest.Pytester) -> None:
    run(pytester, f"{CLUSTERS_BREAK}\n{examples()[0]}", "--hazelcast=5.7.0").assert_outcomes(passed=6)


def test_every_test_begins_with_empty_embedded_clusters(pytester: pytest.Pytester) -> None:
    run(pytester, DATA_STAYS).assert_outcomes(passed=2)


@pytest.mark.member("jet-4.3.1")
def test_every_test_begins_with_empty_real_clusters(pytester: pytest.Pytester) -> None:
    run(pytester, DATA_STAYS, "--hazelcast=jet-4.3.1").assert_outcomes(passed=2)


def test_what_a_test_breaks_is_whole_for_the_next_one(pytester: pytest.Pytester) -> None:
    run(pytester, CLUSTERS_BREAK).assert_outcomes(passed=4)


def test_embedded_members_can_fail_to_the_byte(pytester: pytest.Pytester) -> None:
    run(pytester, FAULTS).assert_outcomes(passed=1)


def test_a_version_that_cannot_be_started_is_refused_with_those_that_can(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_anything(): pass", "--hazelcast=4.2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--hazelcast=4.2: use one of 5.7.0, 5.6.0, 5.5.0, jet-4.3.1*"])
