"""Text in columns and wrapped lines, without trailing spaces; it knows neither colours nor a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

__all__ = ["columns", "number", "wrapped"]


def wrapped(text: str, width: int, *, indent: int = 0) -> str:
    """Break a text into lines.

    Args:
        text: The text; its own line breaks are kept.
        width: Characters of a line at most, unless a single word is longer.
        indent: Spaces before each line, besides those that a line of the text begins with.
    """
    lines = []
    for line in text.splitlines():
        first = " " * indent + line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line.lstrip(),
            width,
            initial_indent=first,
            subsequent_indent=first,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def columns(rows: Sequence[Sequence[str]], width: int, *, indent: int = 0, right: frozenset[int] = frozenset()) -> str:
    """Align rows of the same number of cells; the last cell of a row is broken into lines where it is too long.

    Args:
        rows: The cells, row by row.
        width: Characters of a line at most.
        indent: Spaces before each line.
        right: The columns that are aligned to the right.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        *cells, last = (
            cell.rjust(wide) if place in right else cell.ljust(wide)
            for place, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        head = " " * indent + "".join(f"{cell}  " for cell in cells)
        fits = len(head) + len(last.rstrip()) <= width
        lines.append(head + (last if fits else wrapped(last, width, indent=len(head)).lstrip()))
    return "\n".join(line.rstrip() for lines_of_row in lines for line in lines_of_row.splitlines())


def number(value: float) -> str:
    """Write a count as it is and a measure with one decimal, both with separated thousands."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
