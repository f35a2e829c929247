"""Real clusters for tests, the count of the tests that ran on them, and a look at what each test leaves behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
import tomllib
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.job_jars import JobJars

# on Python 3.11 the official package imports a module that is deprecated there; warnings are errors from here on
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from tealjet.lab import Lab, LabError, prepare, start_local

COMMITTED: dict[str, int] = tomllib.loads(Path(__file__).with_name("member_counts.toml").read_text(encoding="utf-8"))
"""The versions that tests run on, each with the number of tests that must pass on it."""

PASSED = pytest.StashKey[Counter[str]]()


# -------------------------------------------------------------------------------------------------- real members


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for ``member_version`` on the versions that its ``member`` marker names, or on all."""
    if "member_version" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("member")
        versions = marker.args if marker and marker.args else tuple(COMMITTED)
        metafunc.parametrize("member_version", versions, scope="session")


class RealClusters:
    """A blue and a green cluster of each version that is asked for, kept for the session."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._labs: dict[str, Lab] = {}

    def hand_out(self, version: str) -> Lab:
        """Return blue and green, both serving clients whatever the test before has done to them.

        What is repaired is repaired here and not behind the test that broke it, so that a cluster which does not come
        up again fails the test that needs it, with the member's log.
        """
        if version not in self._labs:
            prepare(version)  # ten seconds once, two saved at each of the many starts of a suite
            self._labs[version] = self._stack.enter_context(start_local(version=version))
        lab = self._labs[version]
        for cluster in lab.clusters.values():
            try:
                cluster.thaw()
                cluster.wait(timeout=5.0)
            except LabError:
                cluster.restart()
        return lab


@pytest.fixture(scope="session")
def real_clusters() -> Iterator[RealClusters]:
    with contextlib.ExitStack() as stack:
        yield RealClusters(stack)


@pytest.fixture
def blue_green(real_clusters: RealClusters) -> Callable[[str], Lab]:
    """Gives for a version the clusters "blue" and "green" of one member each, both alive.

    They live longer than the test: name what you make in them with ``unique``, and kill a cluster whose settings you
    have changed. Mark the test with ``@pytest.mark.member("5.7.0")``, or let it ask for ``member_version``.
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
    config.stash[PASSED] = Counter()
    # whoever runs the suite in the background ignores Ctrl-C for it, and what the tests start would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.passed:
        item.config.stash[PASSED].update(versions_of(item))
    return report


def shortfalls(config: pytest.Config) -> list[str]:
    """Say in what the run fell short of what CI demands of the whole suite; nothing elsewhere."""
    whole = {Path(path).resolve() for path in config.args} == {config.rootpath / p for p in config.getini("testpaths")}
    if os.environ.get("CI") != "true" or not whole:
        return []
    passed = config.stash[PASSED]
    reporter = config.pluginmanager.getplugin("terminalreporter")
    assert isinstance(reporter, pytest.TerminalReporter)
    few = [
        f"{passed[version]} tests passed on real members of {version}, {number} must"
        for version, number in COMMITTED.items()
        if passed[version] < number
    ]
    kinds = ("skipped", "deselected", "xfailed", "xpassed")
    return few + [f"{len(reporter.stats[kind])} {kind}" for kind in kinds if kind in reporter.stats]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if shortfalls(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    passed = config.stash[PASSED]
    terminalreporter.write_line(
        "real-member tests: " + ", ".join(f"{version}: {passed[version]}" for version in COMMITTED)
    )
    for shortfall in shortfalls(config):
        terminalreporter.write_line(f"the run fails: {shortfall}", red=True)


# ------------------------------------------------------------------------------------------- what a test leaves


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
    before = set(threading.enumerate())
    embedded = request.path.name.startswith("test_embedded")
    sockets = open_sockets()
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and (embedded or not thread.daemon)]
    for thread in left:
        thread.join(1.0)  # one that is just ending is no leak
    assert not [thread.name for thread in left if thread.is_alive()]
    if embedded or versions_of(request.node):
        gc.collect()  # an unclosed socket warns now, so that the warning fails this test and not a later one
    if embedded:
        assert not open_sockets() - sockets
