"""Finds what a file names by ``module:Class``, and the Python counterpart of a Java class that the user gave.

A name is imported as it stands, nothing is evaluated. What the module does when it is imported is its own business.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from tealjet.config.problem import Problems, printable
from tealjet.config.values import Piece

__all__ = ["ClassNames", "Classes"]

ClassNames = Mapping[str, Any]
"""Names of Java classes, each with what stands for it here: the object itself or its name as ``module:Class``."""

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class Classes:
    """Finds classes and functions by the names that files have for them."""

    def __init__(self, names: ClassNames, problems: Problems) -> None:
        """Make the finder.

        Args:
            names: What the user gave for the names of Java classes.
            problems: Gets what cannot be found.
        """
        self._names = names
        self._problems = problems

    def find(self, name: Piece, key: str) -> Any | None:
        """Return what a name stands for, or None with the reason added to the problems."""
        found = self._names.get(name.text, name.text)
        if not isinstance(found, str):
            return found
        if not _NAME.fullmatch(found):
            hint = f"give its Python counterpart by classes={{{printable(name.text)!r}: ...}}, or write module:Class"
            self._problems.add(name.mark, key, f"found {printable(name.text)!r}", allowed="module:Class", hint=hint)
            return None
        return self._imported(found, name, key)

    def made(
        self, name: Piece, key: str, make: Callable[[Any], Any], allowed: str, *, knows_secrets: bool = False
    ) -> Any | None:
        """Return what ``make`` makes of what a name stands for; whatever it raises is a problem of the name.

        The text of what it raises is left out if it ``knows_secrets``.
        """
        found = self.find(name, key)
        if found is None:
            return None
        try:
            return make(found)
        except Exception as error:  # the user's class may raise anything
            why = type(error).__name__ + ("" if knows_secrets else f": {printable(str(error))}")
            shown = f"{printable(name.text)!r} cannot be used ({why})"
            self._problems.add(name.mark, key, shown, allowed=allowed)
            return None

    def _imported(self, found: str, name: Piece, key: str) -> Any | None:
        module, _, attributes = found.partition(":")
        try:
            target: Any = importlib.import_module(module)
            for attribute in attributes.split("."):
                target = getattr(target, attribute)
        except Exception as error:  # the user's module may raise anything
            shown = f"{found!r} cannot be imported ({type(error).__name__}: {printable(str(error))})"
            self._problems.add(name.mark, key, shown, allowed="module:Class")
            return None
        return target
