"""Where a configuration file is found: the places in which Java looks, as far as they exist outside a JVM.

A system property is a property given in code or an environment variable here, and a resource of the classpath is a file
inside a Python package; the order is Java's. Only names are looked at, nothing is read.
"""

from __future__ import annotations

import enum
import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from tealjet.config.problem import Mark, Place, Problems, printable

__all__ = ["CLIENT_FILE", "FAILOVER_FILE", "FileKind", "Format", "Located", "locate", "resolve_listed"]

_log = logging.getLogger("tealjet")

_CLASSPATH = "classpath:"
_SUFFIXES = ("xml", "yaml", "yml")


class Format(enum.Enum):
    """How a file is written."""

    YAML = "YAML"
    XML = "XML"


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """A file that was found."""

    path: str
    format: Format


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """How one kind of file is found when no path is given."""

    system_property: str
    """The system property with its path."""
    stem: str
    """Its name in the working directory, without the suffix."""

    @property
    def variable(self) -> str:
        """The environment variable that stands for the system property."""
        return self.system_property.replace(".", "_").upper()


FAILOVER_FILE = FileKind(system_property="hazelcast.client.failover.config", stem="hazelcast-client-failover")
CLIENT_FILE = FileKind(system_property="hazelcast.client.config", stem="hazelcast-client")


def locate(
    kind: FileKind,
    path: str | os.PathLike[str] | None,
    properties: Mapping[str, str],
    environment: Mapping[str, str],
    problems: Problems,
) -> Located | None:
    """Return the file, or None with the reason added to ``problems``.

    Args:
        kind: What is looked for.
        path: The path that the user gave, if any; then nothing else counts.
        properties: What was given in place of system properties.
        environment: The environment variables.
        problems: Gets every place that was looked at when there is no file.
    """
    if path is not None:
        given = os.fspath(path)
        return _named(given, given, problems, any_suffix=True)
    for named, where in (
        (properties.get(kind.system_property), f"property {kind.system_property}"),
        (environment.get(kind.variable), f"environment variable {kind.variable}"),
    ):
        if named:
            return _named(named, where, problems, any_suffix=False)
    names = [f"{kind.stem}.{suffix}" for suffix in _SUFFIXES]
    for name in names:
        if Path(name).exists():
            return Located(path=name, format=_format(name))
    looked = f"property {kind.system_property} (not given), environment variable {kind.variable} (not set)"
    looked += f", {', '.join(names[:-1])} and {names[-1]} in {Path.cwd()}"
    problems.add(f"{kind.stem}.yaml", "", f"no configuration file was found; looked at: {looked}")
    return None


def resolve_listed(path: str, place: Place, key: str, written_in: Format, problems: Problems) -> Located | None:
    """Return a file that another one lists or imports; it has to be written in the same way, as in Java.

    Java resolves it against the working directory only; the listing file's own folder is looked at after that.

    Args:
        path: As it is listed: a path, a ``file:`` URL, or ``classpath:`` with package and file.
        place: Where it is listed.
        key: The key path, for messages.
        written_in: How the file that lists it is written.
        problems: Gets the reason when there is no such file.
    """
    suffix = _suffix(path)
    if suffix in _SUFFIXES and _format(path) is not written_in:
        problems.add(
            place,
            key,
            f"{printable(path)!r} is not {written_in.value}",
            allowed=f"{written_in.value} files, as this one is",
            hint="Java reads the files that are listed as it reads the one that lists them",
        )
        return None
    if path.startswith(_CLASSPATH):
        found = _resource(path, place, key, problems)
    elif "://" in path or path.startswith("file:"):
        found = _url(path, place, key, problems)
    else:
        found = _beside(path, place, key, problems)
    return None if found is None else Located(path=found, format=written_in)


def _named(path: str, where: str, problems: Problems, *, any_suffix: bool) -> Located | None:
    if not any_suffix and _suffix(path) not in _SUFFIXES:
        problems.add(where, "", f"found {printable(path)!r}", allowed="a file that ends with .xml, .yaml or .yml")
        return None
    found: str | None = path
    if path.startswith(_CLASSPATH):
        found = _resource(path, where, "", problems)
    elif not any_suffix and not os.path.isfile(path):
        problems.add(where, "", f"no such file: {printable(str(Path.cwd() / path))}")
        return None
    return None if found is None else Located(path=found, format=_format(path))


def _beside(path: str, place: Place, key: str, problems: Problems) -> str | None:
    if os.path.isfile(path):
        return path
    folder = Path(place.file).parent if isinstance(place, Mark) else Path()
    beside = folder / path
    if os.path.isfile(beside):
        _log.info("%s: %s is not in the working directory, taking %s", place, path, beside)
        return str(beside)
    places = dict.fromkeys(printable(str(looked)) for looked in (Path.cwd() / path, Path.cwd() / beside))
    problems.add(place, key, f"no such file; looked at: {', '.join(places)}")
    return None


def _url(path: str, place: Place, key: str, problems: Problems) -> str | None:
    try:
        parts = urlsplit(path)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    found = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        problems.add(place, key, "a URL is not fetched", allowed="a path, a file: URL of this machine, or classpath:")
        return None
    if not os.path.isfile(found):
        problems.add(place, key, f"no such file: {printable(found)}")
        return None
    return found


def _resource(path: str, place: Place, key: str, problems: Problems) -> str | None:
    """Return the path of a file in a package that can be imported; nothing of the package is run."""
    resource = path.removeprefix(_CLASSPATH).lstrip("/")
    package, slash, inner = resource.partition("/")
    if not slash or not package.isidentifier() or ".." in Path(inner).parts:
        allowed = "classpath:package/file, a file inside a Python package"
        problems.add(place, key, f"found {printable(path)!r}", allowed=allowed)
        return None
    looked = list(_package_folders(package))
    for folder in looked:
        if os.path.isfile(Path(folder, inner)):
            return str(Path(folder, inner))
    where = ", ".join(looked) or f"there is no package {package!r} that can be imported"
    problems.add(place, key, f"no such resource: {printable(path)}; looked at: {where}")
    return None


def _package_folders(package: str) -> Iterator[str]:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is not None and spec.submodule_search_locations is not None:
        yield from spec.submodule_search_locations


def _suffix(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _format(path: str) -> Format:
    return Format.XML if _suffix(path) == "xml" else Format.YAML
