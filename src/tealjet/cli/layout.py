"""Text in columns and wrapped lines, without trailing spaces; it knows neither colours nor a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

__all__ = ["columns", "number", "wrapped"]


def wrapped(text: str, width: int, *, indent: int = 0, hanging: int = 0) -> str:
    """Break a text into lines.

    Args:
        text: The text; its own line breaks are kept.
        width: Characters of a line at most, unless a single word is longer.
        indent: Spaces before each line.
        hanging: Further spaces before each line but the first of each of the text's own lines.
    """
    lines = []
    for line in text.splitlines():
        first = " " * indent + line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line.lstrip(),
            width,
            initial_indent=first,
            subsequent_indent=first + " " * hanging,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), gap: int = 2) -> list[str]:
    """Align rows of the same number of cells.

    Args:
        rows: The cells, row by row.
        right: The columns that are aligned to the right.
        gap: Spaces between columns.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    ]


def number(value: float) -> str:
    """Write a count as it is and a measure with one decimal, both with separated thousands."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
