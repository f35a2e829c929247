"""What all commands share that work through a client: their options, and what is refused without one."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tealjet.asyncio
from tealjet.cli import jobs
from tealjet.cli.app import app
from tealjet.cli.client_commands import Way

VERBS = {
    "submit": ["report.jar"],
    "list-jobs": [],
    "cancel": ["report"],
    "suspend": ["report"],
    "resume": ["report"],
    "restart": ["report"],
    "job": ["report"],
    "save-snapshot": ["report", "before"],
    "list-snapshots": [],
    "delete-snapshot": ["before"],
    "cluster": [],
    "observe": ["words"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_the_shared_options_and_names_its_arguments_as_the_manual_does(verb: str) -> None:
    said = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"}).stdout
    for option in ("--config", "-f", "--targets", "-t", "--connect-timeout", "--json", "--verbose", "-v"):
        assert f"{option} " in said.replace(",", " ")
    _, _, arguments = said.splitlines()[0].partition("[OPTIONS]")
    assert arguments == arguments.upper()


def test_the_shared_options_come_after_a_commands_own() -> None:
    names = list(inspect.signature(jobs.save_snapshot).parameters)
    assert names == ["job", "snapshot", "cancel", *inspect.signature(Way).parameters]


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_and_a_cluster_without_one_exclude_each_other(verb: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [verb, "-f", str(tmp_path / "a.yaml"), "-t", "127.0.0.1:5701", *VERBS[verb]])
    assert (result.exit_code, "exclude each other" in result.stderr) == (2, True)


def test_without_a_cluster_the_error_says_what_the_client_has_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(source: object) -> None:
        logging.getLogger("tealjet").warning("no cluster could be used in round %d (blue: refused)", 1)
        await asyncio.Event().wait()

    monkeypatch.setattr(tealjet.asyncio, "new_jet_client", never)
    result = CliRunner().invoke(app, ["list-jobs", "-t", "blue@127.0.0.1:1", "--connect-timeout", "0.1", "--json"])
    reason = "no cluster could be used in round 1 (blue: refused)"
    text = f"No cluster could be used within 0.1 s (--connect-timeout): {reason}."
    assert (result.exit_code, result.stderr) == (3, f"{text}\n")
    assert json.loads(result.stdout) == {"error": "NoClusterError", "text": text, "outcome": None}
