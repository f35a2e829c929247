"""The rules of the suite itself, on a small suite with the same conftest: when CI fails a run that looks green."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ON_MEMBERS = "@pytest.mark.member('5.7.0')\ndef test_on_members(): pass\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite that must pass one test on members of 5.7.0."""
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(REPOSITORY / "tests" / "conftest.py", tests)
    (tests / "member_counts.toml").write_text('"5.7.0" = 1\n')
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tests


def run(suite: Path, source: str, *arguments: str, ci: bool = True) -> tuple[int, str]:
    (suite / "test_small.py").write_text(f"import pytest, threading\n{source}")
    elsewhere = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=suite.parent,
        env=elsewhere | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_a_complete_run_passes_and_prints_the_count(suite: Path) -> None:
    code, output = run(suite, ON_MEMBERS)
    assert code == 0
    assert "real-member tests: 5.7.0: 1" in output


def test_too_few_tests_on_real_members_fail_the_run(suite: Path) -> None:
    code, output = run(suite, "def test_elsewhere(): pass")
    assert code == 1
    assert "the run fails: 0 tests passed on real members of 5.7.0, 1 must" in output


def test_a_skipped_test_fails_the_run(suite: Path) -> None:
    code, output = run(suite, f"{ON_MEMBERS}def test_later(): pytest.skip('later')")
    assert code == 1
    assert "the run fails: 1 skipped" in output


def test_a_deselected_test_fails_the_run(suite: Path) -> None:
    code, output = run(suite, f"{ON_MEMBERS}def test_other(): pass", "-k", "members")
    assert code == 1
    assert "the run fails: 1 deselected" in output


def test_several_workers_count_together(suite: Path) -> None:
    (suite / "member_counts.toml").write_text('"5.7.0" = 3\n')
    (suite / "test_others.py").write_text(f"import pytest\n{ON_MEMBERS.replace('on_members', 'on_others')}")
    code, output = run(suite, f"{ON_MEMBERS}def test_left_out(): pass", "-n", "2", "-k", "not left_out")
    assert code == 1
    assert "real-member tests: 5.7.0: 2" in output
    assert "the run fails: 2 tests passed on real members of 5.7.0, 3 must" in output
    assert "the run fails: 1 deselected" in output


def test_a_test_that_uses_java_unsaid_fails(suite: Path) -> None:
    source = "from tealjet.java import find_java\ndef test_uses_java(): find_java()\n"
    code, output = run(suite, f"{source}@pytest.mark.java\ndef test_says_so(): find_java()", ci=False)
    assert code == 1
    assert "AssertionError: mark it with java" in output
    assert "2 passed, 1 error" in output


def test_a_part_of_the_suite_or_a_run_outside_of_ci_may_do_with_less(suite: Path) -> None:
    source = "def test_elsewhere(): pass"
    assert run(suite, source, "tests/test_small.py")[0] == 0
    assert run(suite, source, ci=False)[0] == 0


def test_what_is_made_up_for_a_property_is_the_same_everywhere_and_may_take_its_time(suite: Path) -> None:
    source = "from hypothesis import settings\ndef test_made_up(): "
    checks = "assert settings.default.derandomize and settings.default.deadline is None"
    assert run(suite, f"{source}{checks}", ci=False)[0] == 0


def test_a_thread_that_is_left_behind_fails_the_test(suite: Path) -> None:
    source = """
@pytest.fixture(scope="session")
def end():
    end = threading.Event()
    yield end
    end.set()

def test_leaves_a_thread(end): threading.Thread(target=end.wait, name='left').start()
"""
    code, output = run(suite, f"{ON_MEMBERS}{source}")
    assert code == 1
    assert "assert not ['left']" in output
