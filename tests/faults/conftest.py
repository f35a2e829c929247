"""Clusters that only a few tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tealjet.lab import Lab, start_local


@pytest.fixture(scope="module")
def three_members_each() -> Iterator[Lab]:
    with start_local(members=3, version="5.7.0") as lab:
        yield lab


@pytest.fixture
def three_members(three_members_each: Lab) -> Lab:
    """Clusters "blue" and "green" of three members each, all of them alive."""
    for cluster in three_members_each.clusters.values():
        if not all(member.alive for member in cluster.members):
            cluster.kill()
            cluster.restart()
    return three_members_each


@pytest.fixture
def fresh_lab() -> Iterator[Lab]:
    """Clusters that nobody has used: they have no partition table until somebody asks for one."""
    with start_local(version="5.7.0") as lab:
        yield lab
