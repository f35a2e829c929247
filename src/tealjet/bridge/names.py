"""By what structures are found."""

from __future__ import annotations

__all__ = ["check_name"]


def check_name(name: object) -> None:
    """Refuse what can't be the name of a structure, before anything is asked of a cluster.

    Raises:
        TypeError: It is no string.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a structure is a string, not {name!r}")
