"""Samples and how they are told. Every figure of a report goes through here; nothing else rounds or leaves out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A sample in five numbers."""

    n: int
    median: float
    p99: float
    """By nearest rank: the greatest value when n is below 100."""
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Summarise a sample that is not empty."""
    ordered = sorted(values)
    rank = max(1, math.ceil(0.99 * len(ordered)))
    return Spread(
        n=len(ordered),
        median=statistics.median(ordered),
        p99=ordered[rank - 1],
        least=ordered[0],
        most=ordered[-1],
    )


def ms(seconds: float) -> str:
    """Write a duration for people, in the unit that suits it."""
    value = seconds * 1000
    if value < 1:
        return f"{value:.2f} ms"
    if value < 10:
        return f"{value:.1f} ms"
    if value < 10_000:
        return f"{value:.0f} ms"
    return f"{seconds:.1f} s"


def durations(values: Sequence[float]) -> str:
    """Median, p99, range and size as cells of a table row."""
    if not values:
        return "no round ended well | | | 0"
    one = spread(values)
    return f"**{ms(one.median)}** | {ms(one.p99)} | {ms(one.least)} - {ms(one.most)} | {one.n}"


def rates(values: Sequence[float]) -> str:
    """Median and range of calls a second."""
    one = spread(values)
    return f"{one.median:,.0f} ({one.least:,.0f}-{one.most:,.0f})".replace(",", " ")
