"""Ids of jobs: 64 bits, shown as Java shows them."""

from __future__ import annotations

import re

__all__ = ["id_string", "parse_id"]

_FORM = re.compile(r"[0-9a-fA-F]{4}(-[0-9a-fA-F]{4}){3}")


def id_string(job_id: int) -> str:
    """Return a job's id as Java shows it, such as ``0401-9f77-b9c0-0001``."""
    digits = f"{job_id & 0xFFFF_FFFF_FFFF_FFFF:016x}"
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def parse_id(text: str) -> int | None:
    """Return the id that a text shows, None when it shows none; ids are signed numbers of 64 bits."""
    if _FORM.fullmatch(text) is None:
        return None
    number = int(text.replace("-", ""), 16)
    return number - (1 << 64) if number >> 63 else number
