"""Small Java programs for tests: compiled by Eclipse's compiler, run by the lab's Java against Hazelcast's own jars.

What Java's client understands is asked of Java's client, and jobs for real members are made from source. The compiler
is a jar like any other: found, pinned and kept by ``tealjet.java``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tealjet.java import JavaRuntime, MavenJar, find_jars, find_java
from tealjet.lab import VERSIONS, member_jars

COMPILER = MavenJar(
    group="org.eclipse.jdt",
    artifact="ecj",
    version="3.43.0",
    sha256="c786468c65e906498e7e36ece4e0d04c6d3dd34c9a61b34a3a5b512801911a82",
)

_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")


class JavaProcess:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._printed: list[str] = []

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def read_until(self, beginning: str) -> str:
        """Read lines up to one that begins so, and return it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed.append(line)
            if line.startswith(beginning):
                return line.rstrip("\n")
        raise AssertionError(f"no line begins with {beginning!r}, but it printed\n{''.join(self._printed)}")

    def end(self) -> str:
        """Close its standard input, and return what it prints until it ends."""
        rest, _ = self._process.communicate()
        assert self._process.returncode == 0, f"ended with {self._process.returncode}:\n{''.join(self._printed)}{rest}"
        return rest


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaProgram:
    """Classes that were compiled, with what they run on."""

    classes: Path
    """The folder of the class files."""
    libraries: tuple[Path, ...]
    """Hazelcast's jars that they were compiled against."""
    java: JavaRuntime

    def command(self, main: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """Return the command that runs a class, for a program that is talked with; see ``run``."""
        class_path = os.pathsep.join(map(str, (self.classes, *self.libraries)))
        return [str(self.java.executable), *_OPTIONS, *options, "-cp", class_path, main, *arguments]

    def run(self, main: str, *arguments: str, stdin: str = "", options: Sequence[str] = ()) -> str:
        """Run a class to its end and return what it printed.

        Args:
            main: The class with the main method.
            arguments: What main is given.
            stdin: What it reads.
            options: Further options of the JVM, such as ``-Dname=value``.
        """
        command = self.command(main, *arguments, options=options)
        ended = subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", check=False)
        assert ended.returncode == 0, f"{main} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    @contextlib.contextmanager
    def started(self, main: str, *arguments: str, options: Sequence[str] = ()) -> Iterator[JavaProcess]:
        """Start a class, to talk to it line by line; arguments as for ``run``. It is killed if it has not ended."""
        command = self.command(main, *arguments, options=options)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        ) as process:
            try:
                yield JavaProcess(process)
            finally:
                process.kill()

    def pack(self, jar: Path, *, main: str | None = None) -> Path:
        """Write the classes, without their libraries, into a jar; ``main`` is what its manifest names, if anything."""
        manifest = "Manifest-Version: 1.0\r\n" + (f"Main-Class: {main}\r\n" if main else "") + "\r\n"
        with zipfile.ZipFile(jar, "w") as file:
            file.writestr("META-INF/MANIFEST.MF", manifest)
            for path in sorted(self.classes.rglob("*.class")):
                file.write(path, path.relative_to(self.classes).as_posix())
        return jar


def compile_java(*sources: Path, into: Path, version: str = VERSIONS[0], target: int = 17) -> JavaProgram:
    """Compile sources against the jars of a Hazelcast version; what the compiler refuses fails the test with its words.

    Args:
        sources: The files, all of one program.
        into: An empty or new folder for the class files.
        version: One of ``tealjet.lab.VERSIONS``.
        target: The Java that the class files are for: 8 for what goes to Jet 4.3.1. The compiler then keeps to that
            Java's language, but of Java's own classes it sees those of the runtime: keep to the old ones.
    """
    java, libraries = find_java(), member_jars(version)
    (compiler,) = find_jars([COMPILER])
    level = str(target)
    command = [str(java.executable), *_OPTIONS, "-jar", str(compiler)]
    command += ["-source", level, "-target", level, "-proc:none", "-nowarn", "-encoding", "UTF-8"]
    command += ["-classpath", os.pathsep.join(map(str, libraries)), "-d", str(into), *map(str, sources)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 0, f"the compiler refuses it:\n{ended.stdout}{ended.stderr}"
    return JavaProgram(classes=into, libraries=libraries, java=java)
