"""A blue and a green cluster for anybody's tests: embedded by default, real with ``--hazelcast=5.7.0``.

pytest finds this by itself where Tealjet is installed. The same tests run on both kinds; each test begins with two
clusters that are up and have nothing in them, whatever the test before has done to them. Everything else of Tealjet is
imported when a test asks for the clusters: whoever runs other tests pays nothing for this.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tealjet.config import FailoverConfig
    from tealjet.lab import AnyCluster, AnyLab, Lab

__all__ = ["BlueGreen"]

_OPTION = "--hazelcast"


@dataclass(frozen=True, kw_only=True, slots=True)
class BlueGreen:
    """Two clusters and what a client needs to know both; what can be done to them are their own methods.

    ``kill``, ``freeze``, ``thaw``, ``stop`` and ``restart`` are there on real and on embedded members; an embedded
    cluster's members can do more, such as ``delay`` and ``cut_answer``.
    """

    blue: AnyCluster
    green: AnyCluster
    folder: Path
    """Where the configuration files are that Java's clients read too."""

    @property
    def config(self) -> FailoverConfig:
        """The configuration of a failover client that uses blue first."""
        from tealjet.config import FailoverConfig
        from tealjet.lab.client_files import FAILOVER_FILE

        return FailoverConfig.load(self.folder / FAILOVER_FILE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses real members."""
    parser.getgroup("tealjet").addoption(
        _OPTION,
        metavar="VERSION",
        help="run the tests that use blue_green on real Hazelcast members of this version, such as 5.7.0 or "
        "jet-4.3.1, instead of embedded ones",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a version that cannot be started."""
    version = config.getoption(_OPTION)
    if version is not None:
        with _deprecations_ignored():
            from tealjet.lab import VERSIONS
        if version not in VERSIONS:
            raise pytest.UsageError(f"{_OPTION}={version}: use one of {', '.join(VERSIONS)}")


@pytest.fixture(scope="session")
def _real_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    from tealjet.lab import prepare, start_local

    version = str(request.config.getoption(_OPTION))
    prepare(version)
    with start_local(version=version) as lab:
        yield lab


@pytest.fixture
def blue_green(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlueGreen]:
    """Two clusters, "blue" and "green", of one member each, up and empty: embedded, or real with ``--hazelcast``."""
    with _deprecations_ignored():
        from tealjet.lab import start_embedded
    folder = tmp_path_factory.mktemp("blue-green")
    if request.config.getoption(_OPTION) is None:
        with start_embedded() as lab:
            yield _handed_out(lab, folder)
    else:
        real: Lab = request.getfixturevalue("_real_lab")
        for cluster in real.clusters.values():
            _make_new(cluster)
        yield _handed_out(real, folder)


def _deprecations_ignored() -> warnings.catch_warnings[None]:
    """On Python 3.11 the official package imports a deprecated module, and somebody's tests may make that an error."""
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)


def _make_new(cluster: AnyCluster) -> None:
    """Bring a real cluster up if it is not, and remove what is in it."""
    from tealjet.lab import LabError
    from tealjet.lab._wipe import wipe

    try:
        cluster.thaw()
        cluster.wait(timeout=5.0)
        wipe(cluster)
    except LabError:
        cluster.restart()


def _handed_out(lab: AnyLab, folder: Path) -> BlueGreen:
    from tealjet.lab.client_files import client_files

    for name, text in client_files(lab.clusters.values()).items():
        (folder / name).write_text(text, encoding="utf-8")
    return BlueGreen(blue=lab["blue"], green=lab["green"], folder=folder)
