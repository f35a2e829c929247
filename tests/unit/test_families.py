"""The two families offer the same, one of them waiting."""

from __future__ import annotations

import inspect

import pytest

import tealjet
import tealjet.asyncio
from tealjet.control import AsyncFailover, Failover


def members(kind: type) -> dict[str, object]:
    public = {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_")}
    return {name: inspect.signature(member) if callable(member) else type(member) for name, member in public.items()}


def test_both_facades_have_the_same_members_with_the_same_signatures() -> None:
    assert members(Failover) == members(AsyncFailover)


@pytest.mark.parametrize("name", ["Jet", "Job", "Observable", "Observation"])
def test_jobs_have_the_same_members_with_the_same_signatures_in_both_families(name: str) -> None:
    def plain(kind: type) -> dict[str, object]:
        """The members, with the names of the threaded family in what they return."""
        return {member: str(what).replace("Async", "") for member, what in members(kind).items()}

    not_for_users = {"departed", "told"}  # what the client tells its parts
    asyncio = {key: what for key, what in plain(getattr(tealjet.asyncio, name)).items() if key not in not_for_users}
    assert plain(getattr(tealjet, name)) == asyncio


def test_both_modules_have_the_same_names() -> None:
    assert set(tealjet.__all__) == set(tealjet.asyncio.__all__)


def test_both_factories_have_the_same_parameters() -> None:
    for name in ("new_jet_client", "new_jet_failover_client"):
        threaded, asyncio = (inspect.signature(getattr(module, name)) for module in (tealjet, tealjet.asyncio))
        assert threaded.parameters == asyncio.parameters
