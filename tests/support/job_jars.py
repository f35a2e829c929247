"""The JARs of ``tests/jars``, compiled from source for the version of the cluster that is to run them."""

from __future__ import annotations

from pathlib import Path

from support.java_programs import JavaProgram, compile_java
from tealjet.lab import LocalCluster

__all__ = ["JobJars", "submit_as_java"]

_SOURCES = Path(__file__).parents[1] / "jars"
_JET_4 = "jet-4.3.1"
_OF_HAZELCAST_5 = {"JobReport", "Light"}


def submit_as_java(jars: JobJars, cluster: LocalCluster, *jobs: str) -> dict[str, int]:
    """Have Java's client submit jobs and return their ids by name; ``SubmitAsClient`` says what a job is."""
    program = jars.program(cluster.version)
    printed = program.run("SubmitAsClient", cluster.name, cluster.addresses[0], stdin="\n".join(jobs))
    ids = [int(line.removeprefix("job ")) for line in printed.splitlines() if line.startswith("job ")]
    return dict(zip((job.split()[0] for job in jobs), ids, strict=True))


class JobJars:
    """The JARs, compiled at the first use for each version and kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs: dict[str, JavaProgram] = {}

    def program(self, version: str) -> JavaProgram:
        """Return all the programs for a version: for Jet 4 in the form of Java 8, as its users have them."""
        if version not in self._programs:
            sources = [
                source
                for source in sorted(_SOURCES.glob("*.java"))
                if version != _JET_4 or source.stem not in _OF_HAZELCAST_5
            ]
            self._programs[version] = compile_java(
                *sources,
                into=self._folder / version / "classes",
                version=version,
                target=8 if version == _JET_4 else 17,
            )
        return self._programs[version]

    def jar(self, main: str, version: str) -> Path:
        """Return the JAR whose main class is the program of that name; it has the classes of all."""
        program = self.program(version)
        path = self._folder / version / f"{main.lower()}.jar"
        return path if path.exists() else program.pack(path, main=main)
