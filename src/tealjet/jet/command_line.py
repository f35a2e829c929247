"""Hazelcast Jet 4's own command line, run in a JVM beside the client: its members take no JARs.

The JVM runs the JAR's ``main`` with a client of its own, for the cluster that it is told. It is one of the few programs
that know how such a job is made; what becomes of the job is asked of the cluster. Nothing here knows the client.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tealjet.engine.contracts import Target
from tealjet.errors import Outcome
from tealjet.java import ArtifactError, JavaNotFoundError, MavenJar, find_jars, find_java
from tealjet.jet import errors
from tealjet.jet.java_exception import JavaException, exception_from_text
from tealjet.jet.refusals import already_exists

__all__ = ["JET_4", "Finished", "Run", "check", "configuration", "judge"]

JET_4 = MavenJar(
    group="com.hazelcast.jet",
    artifact="hazelcast-jet",
    version="4.3.1",
    sha256="776dbd6a079766e1df9783e52d8d50985e4b4f34dcdf136cc750d386475614d5",
)
"""The members of Hazelcast Jet 4.3.1, with their command line and all that it needs."""

_MAIN = "com.hazelcast.jet.server.JetCommandLine"
_JAVA_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""It lives for a second or two, so what makes Java quick in the long run doubles its time."""
_CONNECT_LIMIT = 20_000
"""Milliseconds that its client looks for the cluster; it would do that for hours otherwise."""
_OUTPUT_KEPT = 64 * 1024
_ERROR = "ERROR: "
_BY_CLASS: Mapping[str, type[errors.JobError]] = {
    ".JobAlreadyExistsException": errors.JobAlreadyExistsError,
    "java.lang.reflect.InvocationTargetException": errors.MainFailedError,
    "java.lang.ClassNotFoundException": errors.MainClassError,
    "java.util.zip.ZipException": errors.JarRefusedError,
}
"""What an exception in a chain means; the first of them that is there counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a run ended."""

    code: int
    output: str
    """The end of what it, and the JAR's ``main``, printed."""


def check(target: Target, on_member: bool) -> None:
    """Refuse what the command line can't do.

    Raises:
        JobError: It can't.
    """
    cluster = target.name
    if on_member:
        text = f"Cluster {cluster!r} runs Hazelcast Jet 4, whose members run no JARs by themselves. Nothing was done."
        raise errors.JarRefusedError(text, outcome=Outcome.NOT_SENT)
    if target.tls is not None or target.token is not None:
        text = (
            f"Cluster {cluster!r} runs Hazelcast Jet 4, and its command line, which submits JARs, is not given the TLS "
            "settings or tokens of this client. Nothing was done; submit the JAR with a Java client."
        )
        raise errors.CommandLineError(text, outcome=Outcome.NOT_SENT)


def configuration(target: Target, addresses: Sequence[tuple[str, int]]) -> str:
    """Return the client configuration, as YAML, that leads to this cluster and nowhere else.

    Args:
        target: The cluster.
        addresses: Where its members are connected to now.
    """
    client: dict[str, object] = {
        "cluster-name": target.cluster_name,
        "network": {"cluster-members": [f"{host}:{port}" for host, port in addresses]},
        "connection-strategy": {"connection-retry": {"cluster-connect-timeout-millis": _CONNECT_LIMIT}},
    }
    if target.username is not None:
        client["security"] = {"username-password": {"username": target.username, "password": target.password}}
    return json.dumps({"hazelcast-client": client})  # JSON is YAML


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of the command line; its methods block, and ``kill`` may come from another thread."""

    folder: Path
    """For files of the run; only its owner may read it."""
    config: str
    options: Sequence[str]
    """Of the command ``submit``."""
    jar: Path
    called: str
    """The name that the JAR is given: the resource of its jobs has it."""
    args: Sequence[str]
    """What the JAR's ``main`` is given."""
    _command: list[str] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _killed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """Find Java and the command line, which may be downloaded the first time.

        Raises:
            CommandLineError: There is none.
        """
        try:
            java = find_java()
            (jar,) = find_jars([JET_4])
        except (JavaNotFoundError, ArtifactError) as error:
            text = f"Jobs of Hazelcast Jet 4 are submitted by its own command line, which can't be run: {error}"
            raise errors.CommandLineError(text, outcome=Outcome.NOT_SENT) from error
        config = self.folder / "client.yaml"
        config.write_text(self.config, encoding="utf-8")
        called = self.folder / self.called
        called.symlink_to(self.jar.absolute())
        command = [str(java.executable), *_JAVA_OPTIONS, "-cp", str(jar), _MAIN, "-v", "-f", str(config)]
        self._command = [*command, "submit", *self.options, str(called), *self.args]

    def run(self) -> Finished:
        """Run it to its end."""
        output = self.folder / "output"
        with output.open("wb") as file:
            with self._lock:
                if self._killed:
                    return Finished(code=-1, output="")
                self._process = subprocess.Popen(  # noqa: S603
                    self._command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=self.folder
                )
            code = self._process.wait()
        with output.open("rb") as file:
            file.seek(max(0, output.stat().st_size - _OUTPUT_KEPT))
            return Finished(code=code, output=file.read().decode("utf-8", "replace").strip())

    def kill(self) -> None:
        """End it; harmless when it has ended."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()


def judge(finished: Finished, cluster: str, jar: str) -> None:
    """Raise the error that a run ended with, if any.

    Args:
        finished: How it ended.
        cluster: Name of the candidate.
        jar: The JAR, for people.

    Raises:
        JobError: It was not successful.
    """
    if finished.code == 0:
        return
    java = _exception_in(finished.output)
    kind: type[errors.JobError]
    if java is None:
        lines = finished.output.splitlines()
        telling = next((line for line in lines if line.startswith(_ERROR)), lines[-1] if lines else "")
        words = telling.removeprefix(_ERROR) or f"exit code {finished.code}"
        kind = errors.MainClassError if "No Main-Class found in manifest" in words else errors.CommandLineError
    else:
        words = str(java.root).splitlines()[0]
        kind = _kind_of(java)
        if kind is errors.JobAlreadyExistsError:
            raise already_exists(cluster, java)
    text = f"Hazelcast Jet's command line could not submit {jar} to cluster {cluster!r}: {words}"
    raise kind(text, java=java, outcome=Outcome.ANSWERED)


def _kind_of(java: JavaException) -> type[errors.JobError]:
    for part, kind in _BY_CLASS.items():
        if any(one.class_name.endswith(part) for one in java.chain):
            return kind
    return errors.CommandLineError


def _exception_in(output: str) -> JavaException | None:
    """Return what the exception that was printed last was caused by, None when none was printed."""
    lines = output.splitlines()
    found = (exception_from_text("\n".join(lines[at:])) for at in reversed(range(len(lines))))
    last = next((one for one in found if one is not None and one.stack), None)
    return None if last is None else last.cause or last  # the outermost says which command it was
