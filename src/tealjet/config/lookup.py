"""Where a configuration file is found: the places in which Java looks, as far as they exist outside a JVM.

A system property is an environment variable here and there is no classpath; the order is Java's. Only names are looked
at, nothing is read.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from tealjet.config.problem import Mark, Problems, printable

__all__ = ["CLIENT_FILE", "FAILOVER_FILE", "FileKind", "locate", "resolve_listed"]

_log = logging.getLogger("tealjet")

_NO_XML = "XML files are not read: write it as YAML"
_NO_CLASSPATH = "there is no Java classpath here: give the path of a file"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """How one kind of file is found when no path is given."""

    variable: str
    """The environment variable with its path."""
    stem: str
    """Its name in the working directory, without the suffix."""


FAILOVER_FILE = FileKind(variable="HAZELCAST_CLIENT_FAILOVER_CONFIG", stem="hazelcast-client-failover")
CLIENT_FILE = FileKind(variable="HAZELCAST_CLIENT_CONFIG", stem="hazelcast-client")


def locate(kind: FileKind, path: str | os.PathLike[str] | None, problems: Problems) -> str | None:
    """Return the path of the file, or None with the reason added to ``problems``."""
    if path is not None:
        return _readable(os.fspath(path), os.fspath(path), problems)
    named = os.environ.get(kind.variable)
    if named:
        return _readable(named, f"environment variable {kind.variable}", problems)
    if Path(f"{kind.stem}.xml").exists():
        # Java would take this one before any YAML file: to read another would be to use another configuration
        problems.add(f"{kind.stem}.xml", "", _NO_XML)
        return None
    names = (f"{kind.stem}.yaml", f"{kind.stem}.yml")
    for name in names:
        if Path(name).exists():
            return name
    looked = f"environment variable {kind.variable} (not set), {' and '.join(names)} in {Path.cwd()}"
    problems.add(f"{kind.stem}.yaml", "", f"no configuration file was found; looked at: {looked}")
    return None


def resolve_listed(path: str, mark: Mark, key: str, problems: Problems) -> str | None:
    """Return the path of a client file that a failover file lists.

    Java resolves it against the working directory only; the failover file's own folder is looked at after that.

    Args:
        path: As it is listed.
        mark: Where it is listed.
        key: The key path, for messages.
        problems: Gets the reason when there is no such file.
    """
    if path.startswith("classpath:") or path.lower().endswith(".xml"):
        problems.add(mark, key, _NO_XML if path.lower().endswith(".xml") else _NO_CLASSPATH)
        return None
    beside = Path(mark.file).parent / path
    if Path(path).is_file():
        return path
    if beside.is_file():
        _log.info("%s: %s is not in the working directory, taking %s", mark, path, beside)
        return str(beside)
    places = dict.fromkeys(printable(str(place)) for place in (Path.cwd() / path, Path.cwd() / beside))
    problems.add(mark, key, f"no such file; looked at: {', '.join(places)}")
    return None


def _readable(path: str, where: str, problems: Problems) -> str | None:
    if path.startswith("classpath:"):
        problems.add(where, "", _NO_CLASSPATH)
        return None
    if path.lower().endswith(".xml"):
        problems.add(where, "", _NO_XML)
        return None
    return path
