from __future__ import annotations

import json
from pathlib import Path

import pytest

from tealjet.cli.facts import (
    Calls,
    ClustersUp,
    ConfigFile,
    Did,
    Fact,
    Figure,
    FilesWritten,
    MemberUp,
    Note,
    Operation,
    Promise,
    Rows,
    Step,
    Switch,
)
from tealjet.cli.views import Ending, JsonView, TerminalView
from tealjet.failover.model import CallCounts, Kind, Phase, SwitchReport

REPORT = SwitchReport(
    kind=Kind.CHANGED,
    planned=False,
    why="closed by the cluster",
    from_cluster="clusterA",
    to_cluster="clusterB",
    phases=(Phase(name="lost", at=0.0), Phase(name="activated", at=12.34, detail="ready")),
    calls=CallCounts(unknown=2, held=1),
    lingering=0,
    released=3,
    longest_hold=0.012,
)
OPERATION = Operation(name="map.put", succeeded=4321, not_sent=0, unknown=2, answered=0, unlabelled=0)
STORY: tuple[Fact, ...] = (
    Step(number=1, title="Two clusters start"),
    ClustersUp(
        java="25",
        version="5.7.0",
        members=(MemberUp(cluster="clusterA", address="127.0.0.1:20001", pid=42),),
    ),
    FilesWritten(folder=Path("folder"), kept=False, files=(ConfigFile(name="a.yaml", text="a:\n  b: 1\n"),)),
    Note(text="A sentence that goes on and on, " * 10),
    Did(code='orders.get("1")', result="'paid'"),
    Rows(query="SELECT 1", columns=("id", "state"), rows=(("1001", "paid"),)),
    Calls(operations=(OPERATION,)),
    Figure(name="longest_hold_ms", value=12.34, unit="ms", text="the longest hold"),
    Switch(report=REPORT),
    Promise(promise="No call hung", held=True, seen="0 threads"),
    Promise(promise="SQL goes on", held=False, seen="no answer"),
)


def told(view: TerminalView | JsonView) -> None:
    for fact in STORY:
        view.show(fact)


def test_text_for_a_file_has_no_escape_codes_and_short_lines(capsys: pytest.CaptureFixture[str]) -> None:
    view = TerminalView()
    view.progress("starting")
    told(view)
    view.end(Ending(version="5.7.0", held=True, seconds=1.0))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) < 100
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_terminal_gets_colours_unless_the_user_refuses_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    told(TerminalView())
    assert "\x1b[1;36m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    told(TerminalView())
    assert "36m" not in capsys.readouterr().out


def test_every_fact_is_in_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    told(TerminalView())
    text = capsys.readouterr().out
    for expected in (
        "1  Two clusters start",
        "clusterA  Hazelcast 5.7.0 on Java 25  127.0.0.1:20001  process 42",
        "a.yaml",
        "       b: 1",
        "-> 'paid'",
        "1001  paid",
        "map.put      4,321",
        "12.3 ms  the longest hold",
        "12.3  activated  ready",
        "held    No call hung",
        "BROKEN  SQL goes on",
    ):
        assert expected in text


def test_each_thing_that_is_waited_for_is_told_once_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    view = TerminalView()
    for percent in (1, 2, 3):
        view.progress(f"downloading x.jar: {percent} %")
    view.progress("starting")
    assert capsys.readouterr().out.splitlines() == ["   downloading x.jar: 1 %", "   starting"]


def test_standard_output_has_one_json_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonView()
    view.progress("starting")
    told(view)
    view.end(Ending(version="5.7.0", held=False, seconds=1.5))
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert "starting" in err
    assert document["figures"] == {"longest_hold_ms": 12.34}
    assert [promise["held"] for promise in document["promises"]] == [True, False]
    assert (document["version"], document["held"], document["error"]) == ("5.7.0", False, None)
    facts = document["steps"][0]["facts"]
    assert [fact["fact"] for fact in facts] == ["ClustersUp", "FilesWritten", "Note", "Did", "Rows", "Calls", "Switch"]
    assert facts[-1]["report"]["kind"] == "CHANGED"


def test_an_early_end_goes_to_standard_error_as_text_and_into_the_document_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ending = Ending(version="5.7.0", held=False, seconds=1.5, error="No real members: no Java")
    TerminalView().end(ending)
    out, err = capsys.readouterr()
    assert (out, err.strip()) == ("", "No real members: no Java")
    JsonView().end(ending)
    assert json.loads(capsys.readouterr().out)["error"] == "No real members: no Java"
