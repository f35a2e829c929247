"""Plays the decision cases of spec/failover: the same files can be played by a client in any language."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tealjet.failover import model
from tealjet.failover.controller import Controller
from tealjet.failover.model import Candidate
from tealjet.failover.options import Backoff, FailoverOptions, GiveUpRule, Profile

SPEC = Path(__file__).parents[2] / "spec" / "failover"

IDS = {"attempt": "a", "link": "l", "timer": "t", "request": "r", "active_link": "l", "standby_link": "l"}
"""Fields that hold ids, and the letter that their symbols begin with."""
TEXTS = frozenset({"why", "detail", "reason", "refused", "reasons"})
"""Fields for people: a case names words that occur in them, or leaves them out."""


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def read_cases() -> dict[str, dict[str, Any]]:
    cases: dict[str, dict[str, Any]] = {}
    for path in sorted(SPEC.glob("*.yaml")):
        for case in load(path).get("cases", []):
            assert case["id"] not in cases, f"two cases are called {case['id']!r}"
            cases[case["id"]] = case
    return cases


CASES = read_cases()
ROWS: dict[str, dict[str, str]] = {row["id"]: row for row in load(SPEC / "rows.yaml")["rows"]}


class Player:
    """Plays one case, and before it the one that it goes on from."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.steps = list(case["steps"])
        while "after" in case:
            case = CASES[case["after"]]
            self.steps = [*case["steps"], *self.steps]
        self.names: list[str] = []
        candidates = []
        for number, entry in enumerate(case["candidates"]):
            values: dict[str, Any] = {"name": entry} if isinstance(entry, str) else dict(entry)
            candidates.append(Candidate(id=number, cluster_name=values["name"], **values))
            self.names.append(values["name"])
        options = dict(case.get("options", {}))
        if "profile" in options:
            options["profile"] = Profile[options["profile"]]
        self.controller = Controller(
            candidates,
            FailoverOptions(**options),
            Backoff(**{"initial": 1, "maximum": 30, "multiplier": 2, "jitter": 0, **case.get("backoff", {})}),
            GiveUpRule(**case.get("give_up", {"attempts": math.inf, "seconds": math.inf})),
            random=lambda: 0.5,
        )
        self.ids: dict[str, int] = {}

    def play(self) -> None:
        for step in self.steps:
            where = f"at {step['at']}, {step['event']}"
            event = self.event(step["event"])
            commands = [self.plain(command) for command in self.controller.handle(event, float(step["at"]))]
            for command in commands:  # the answer to a request carries the report that was published
                report = command.get("Answer", {}).get("report")
                if report is not None:
                    published = [one["Publish"] for one in commands if "Publish" in one]
                    assert {"Switched": {"report": report}} in published, where
                    command["Answer"]["report"] = "published"
            expected = step.get("commands", [])
            kinds = [next(iter(one)) for one in expected], [next(iter(one)) for one in commands]
            assert kinds[0] == kinds[1], f"{where}:\n{commands}"
            for wanted, found in zip(expected, commands, strict=True):
                self.compare(wanted, found, where)
            state = self.plain(self.controller.snapshot())["State"]
            for key, value in step.get("state", {}).items():
                self.compare({key: value}, {key: state[key]}, f"{where}: state")

    # ------------------------------------------------------------------------------------------------ data to events

    def event(self, data: str | Mapping[str, Any]) -> Any:
        """Make an event, or a value in one, from its name and fields."""
        if isinstance(data, str):
            return getattr(model, data)()
        ((name, fields),) = data.items()
        kind = getattr(model, name)
        types = {one.name: one.type for one in dataclasses.fields(kind)}
        return kind(**{key: self.value(key, str(types[key]), value) for key, value in fields.items()})

    def value(self, key: str, kind: str, value: Any) -> Any:
        if key in IDS:
            return self.ids.setdefault(value, -len(self.ids) - 1)  # one that no command has named
        if key == "what":
            return self.event(value)
        declared = getattr(model, kind, None)
        if isinstance(declared, type) and issubclass(declared, enum.Enum):
            return declared[value]
        if isinstance(value, Mapping):
            return self.event({kind: value})
        return value

    # ---------------------------------------------------------------------------------------------- commands to data

    def plain(self, value: Any) -> Any:
        """Turn a value of the model into what YAML can say."""
        if isinstance(value, enum.Enum):
            return value.name
        if isinstance(value, model.Phase):
            return {value.name: value.at}
        if isinstance(value, Mapping):
            return {key: self.plain(one) for key, one in value.items()}
        if isinstance(value, tuple):
            return [self.plain(one) for one in value]
        if isinstance(value, model.Publish):
            return {"Publish": self.plain(value.event)}
        if not dataclasses.is_dataclass(value):
            return value
        fields = {one.name: self.plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
        if isinstance(value, model.Open):
            fields["candidate"] = self.names[value.candidate]
        if isinstance(value, model.CallCounts | model.SwitchReport):
            return {key: one for key, one in fields.items() if one} or None
        return {type(value).__name__: fields}

    def compare(self, wanted: Any, found: Any, where: str, key: str = "") -> None:
        if key in TEXTS:
            self.compare_text(wanted, found, where)
        elif key in IDS and wanted is not None:
            self.compare_id(wanted, found, where)
        elif key == "opening":
            assert found == {self.ids[symbol]: name for symbol, name in (wanted or {}).items()}, where
        elif isinstance(wanted, Mapping) and isinstance(found, Mapping):
            assert set(wanted) <= set(found), f"{where}: {found}"
            for name, value in found.items():
                if name in wanted:
                    self.compare(wanted[name], value, where, name)
                else:
                    assert name in TEXTS or not value, f"{where}: the case says nothing of {name} {value!r}"
        elif isinstance(wanted, list) and isinstance(found, list):
            assert len(wanted) == len(found), f"{where}: {found}"
            for one, other in zip(wanted, found, strict=True):
                self.compare(one, other, where)
        elif isinstance(wanted, float | int):
            assert found == pytest.approx(wanted), f"{where}: {key}"
        else:
            assert wanted == found, f"{where}: {key}"

    def compare_text(self, wanted: Any, found: Any, where: str) -> None:
        if isinstance(wanted, Mapping):
            assert set(wanted) == set(found), where
            for name, words in wanted.items():
                self.compare_text(words, found[name], where)
        else:
            assert wanted in found, where

    def compare_id(self, symbol: str, found: int, where: str) -> None:
        if symbol not in self.ids:
            assert found not in self.ids_of_kind(symbol[0]), f"{where}: {symbol} is not new"
            self.ids[symbol] = found
        assert self.ids[symbol] == found, f"{where}: {symbol}"

    def ids_of_kind(self, letter: str) -> Iterator[int]:
        return (number for symbol, number in self.ids.items() if symbol[0] == letter)


@pytest.mark.parametrize("name", CASES)
def test_the_controller_decides_as_the_case_says(name: str) -> None:
    Player(CASES[name]).play()


@pytest.mark.parametrize("row", [name for name, row in ROWS.items() if row["decided_by"] == "controller"])
def test_every_situation_that_the_controller_decides_has_a_case(row: str) -> None:
    assert any(case["row"] == row for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_every_case_belongs_to_a_situation_that_the_controller_decides(name: str) -> None:
    assert ROWS[CASES[name]["row"]]["decided_by"] == "controller"


def test_a_case_whose_commands_differ_is_noticed() -> None:
    case = dict(next(case for case in CASES.values() if "after" not in case))
    first, *others = case["steps"]
    (command, *more) = first["commands"]
    ((kind, fields),) = command.items()
    for wrong in ([], [*first["commands"], {"Hold": {}}], [{kind: {**fields, "deadline": 77}}, *more]):
        with pytest.raises(AssertionError):
            Player({**case, "steps": [{**first, "commands": wrong}, *others]}).play()
