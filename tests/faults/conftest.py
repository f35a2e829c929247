"""Clusters that only a few tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.clusters import Events, logged
from support.world import World
from tealjet.lab import ClusterOptions, Lab, LabError, start_local


@pytest.fixture(scope="module")
def three_members_each() -> Iterator[Lab]:
    with start_local(members=3, version="5.7.0") as lab:
        yield lab


@pytest.fixture
def three_members(three_members_each: Lab) -> Lab:
    """Clusters "blue" and "green" of three members each, all of them alive."""
    return repaired(three_members_each)


@pytest.fixture(scope="module")
def proxied_lab() -> Iterator[Lab]:
    with start_local({"blue": ClusterOptions(members=3, proxied=True), "green": ClusterOptions()}) as lab:
        yield lab


@pytest.fixture
def proxied_members(proxied_lab: Lab) -> Lab:
    """A cluster "blue" of three members that clients reach through ``member.proxy`` only, and "green" of one member."""
    for member in proxied_lab["blue"].members:
        member.proxy.accept()
        member.proxy.pass_through()
    return repaired(proxied_lab)


def repaired(lab: Lab) -> Lab:
    """Bring every cluster back to all of its members."""
    for cluster in lab.clusters.values():
        try:
            cluster.thaw()
            cluster.wait(timeout=5.0)
        except LabError:
            cluster.restart()
    return lab


@pytest.fixture
def fresh_lab() -> Iterator[Lab]:
    """Clusters that nobody has used: they have no partition table until somebody asks for one."""
    with start_local(version="5.7.0") as lab:
        yield lab


@pytest.fixture
def log() -> Iterator[Events]:
    """What the client logs from now on, records of all levels."""
    with logged() as records:
        yield records


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Names and addresses for the clients of this test; their own network and resolver where it says nothing."""
    world = World()
    for module in ("tealjet.client", "tealjet.asyncio_client"):
        monkeypatch.setattr(f"{module}.AsyncioRuntime", world.runtime)
    return world
