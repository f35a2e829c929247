"""Looks at files as the loader does and tells what is wrong in them and what is worth a note, without raising."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tealjet.config.classes import ClassNames
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.model import ClientConfig, FailoverConfig
from tealjet.config.nodes import Node, child, read_text
from tealjet.config.problem import Note, Problem, Problems
from tealjet.config.reading import Reading
from tealjet.config.shapes import FAILOVER_SHAPES
from tealjet.config.xml_source import parse_xml
from tealjet.config.yaml_source import parse_yaml
from tealjet.errors import ConfigError

__all__ = ["CheckedFile", "Kind", "check_file", "kind_of"]


class Kind(enum.Enum):
    """What a file is."""

    FAILOVER = "failover"
    CLIENT = "client"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFile:
    """What was found in a file, and in the files that it brings."""

    path: Path
    kind: Kind
    problems: tuple[Problem, ...]
    """Why it cannot be used."""
    notes: tuple[Note, ...]
    """What has no effect, for example."""
    cut: bool = False
    """Whether there may be more problems than were kept."""

    def is_right(self, *, strict: bool = False) -> bool:
        """Say whether it can be used; with ``strict``, whether there is nothing to say of it either."""
        return not self.problems and not (strict and self.notes)


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return what a file is by its root key; without one a failover file lists ``clients``."""
    name, nobody = os.fspath(path), Problems()
    text = read_text(name, nobody)
    if text is None:
        return Kind.FAILOVER if "failover" in Path(name).name else Kind.CLIENT
    if name.lower().endswith(".xml"):
        parsed = parse_xml(name, text, FAILOVER.root, FAILOVER_SHAPES, nobody)
        return Kind.FAILOVER if parsed is not None and parsed[0] == FAILOVER.root else Kind.CLIENT
    return _kind_of_yaml(parse_yaml(name, text, nobody))


def _kind_of_yaml(document: Node | None) -> Kind:
    if document is None or child(document, CLIENT.root) is not None:
        return Kind.CLIENT
    has_root = child(document, FAILOVER.root) is not None
    return Kind.FAILOVER if has_root or child(document, "clients") is not None else Kind.CLIENT


def check_file(
    path: str | os.PathLike[str],
    *,
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
) -> CheckedFile:
    """Look at a failover file with the client files that it lists, or at a client file.

    Args:
        path: The file.
        properties: As for ``FailoverConfig.load``.
        classes: As for ``FailoverConfig.load``.
    """
    kind, reading = kind_of(path), Reading(properties, classes)
    problems: tuple[Problem, ...] = ()
    try:
        if kind is Kind.FAILOVER:
            FailoverConfig.from_reading(reading, path)
        else:
            ClientConfig.from_reading(reading, path)
    except ConfigError as error:
        problems = tuple(one for one in error.problems if isinstance(one, Problem))
    return CheckedFile(
        path=Path(path), kind=kind, problems=problems, notes=reading.problems.notes, cut=reading.problems.full
    )
