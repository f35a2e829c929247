"""The committed table of what every structure does, and the page of the manual that is made from it.

``python -m support.structures_table docs/structures.md`` renews the page; its own prose stays as it is. The table is
renewed by the test that compares it, with ``TEALJET_WRITE_STRUCTURES=1``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from support.tables import Cells
from support.tables import Table as AnyTable

VERSIONS = ("5.7.0", "jet-4.3.1")
FAMILIES = ("threaded", "asyncio")
COLUMNS = [f"{version} {family}" for version in VERSIONS for family in FAMILIES]

_HEAD = """\
# What every structure does on real members, before and after a switch with the same proxy object. An error stands where
# a cluster does not have something. Written anew by the test that compares it:
# TEALJET_WRITE_STRUCTURES=1 make test WORKERS=0 TEST_ARGS=tests/contract/test_structures.py
"""


class Table(AnyTable):
    """For each structure and step the cells of both families on each version."""

    file = Path(__file__).parents[1] / "contract" / "structures.toml"
    columns = COLUMNS
    head = _HEAD

    def page_columns(self) -> list[str]:
        return ["calls", *VERSIONS]

    def page_cells(self, cells: Cells) -> list[str]:
        return [_both_families(cells, version) for version in VERSIONS]


def _both_families(cells: Cells, version: str) -> str:
    told = {family: cells[f"{version} {family}"] for family in FAMILIES}
    if len(set(told.values())) == 1:
        return told[FAMILIES[0]]
    return "; ".join(f"{family}: {cell}" for family, cell in told.items())


if __name__ == "__main__":
    Table.renew(Path(sys.argv[1]))
