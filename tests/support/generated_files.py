"""Makes up the files that Java's reading is compared with, always the same ones, in a process of its own.

What Hypothesis makes up depends on the constants of all modules that are imported, and so on which other tests run.
Here only the strategies are imported. ``python -m support.generated_files`` writes the files as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.java_files import as_xml, as_yaml, client_trees, failover_files, mutated

T = TypeVar("T")

Files = list[tuple[str, str]]
"""The form, client or failover, yaml or xml, and the text."""


def made_up(strategy: st.SearchStrategy[T], number: int) -> list[T]:
    """Make up so many values."""
    made: list[T] = []

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.generate],
    )
    @given(strategy)
    def keep(value: T) -> None:
        made.append(value)

    keep()
    return made


def right_files() -> Files:
    made = made_up(st.tuples(client_trees, st.booleans()), 300)
    return [
        file
        for tree, quote in made
        for file in (("client.yaml", as_yaml(tree, quote=quote)), ("client.xml", as_xml(tree)))
    ]


def spoilt_files() -> Files:
    pairs = client_trees.flatmap(lambda tree: st.tuples(mutated(as_yaml(tree)), mutated(as_xml(tree))))
    made = made_up(pairs, 300)
    return [file for yaml, xml in made for file in (("client.yaml", yaml), ("client.xml", xml))]


def failovers(suffix: str) -> Files:
    """Failover files, each right and spoilt."""
    pairs = failover_files(suffix).flatmap(lambda text: st.tuples(st.just(text), mutated(text)))
    return [(f"failover.{suffix}", text) for pair in made_up(pairs, 100) for text in pair]


def generated_files() -> dict[str, Files]:
    """Return the files by what they are for."""
    command = [sys.executable, "-m", __name__]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 0, ended.stderr
    return {what: [(form, text) for form, text in files] for what, files in json.loads(ended.stdout).items()}


if __name__ == "__main__":
    files = {"right": right_files(), "spoilt": spoilt_files()}
    files |= {f"failover {suffix}": failovers(suffix) for suffix in ("yaml", "xml")}
    json.dump(files, sys.stdout)
