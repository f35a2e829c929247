"""The two families offer the same, one of them waiting, and refuse the same."""

from __future__ import annotations

import asyncio
import gc
import inspect
import math
from typing import Any
from unittest.mock import Mock

import pytest

import tealjet
import tealjet.asyncio
from tealjet.bridge.asyncio_family import _Result
from tealjet.control import AsyncFailover, Failover
from tealjet.failover.options import FailoverOptions


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


BOTH = pytest.mark.parametrize("family", [tealjet, tealjet.asyncio])


async def test_a_configuration_that_is_none_says_what_is_needed() -> None:
    wrong: Any = 5
    several = r"config must be a FailoverConfig, the path of its file, or None to look that up; not 5"
    one = r"config must be a ClientConfig or an official Config, the path of its file, or None to look that up; not 5"
    with pytest.raises(TypeError, match=several):
        tealjet.new_jet_failover_client(wrong)
    with pytest.raises(TypeError, match=one):
        tealjet.new_jet_client(wrong)
    with pytest.raises(TypeError, match=several):
        await tealjet.asyncio.new_jet_failover_client(wrong)
    with pytest.raises(TypeError, match=one):
        await tealjet.asyncio.new_jet_client(wrong)


@BOTH
def test_call_options_that_are_none_are_refused_before_any_call(family: Any) -> None:
    for timeout in ("1", True, [1]):
        with (
            pytest.raises(TypeError, match="timeout must be a number of seconds, not"),
            family.call_options(timeout=timeout),
        ):
            pass
    for number in (0, -1, math.nan):
        with (
            pytest.raises(ValueError, match="timeout must be a number of seconds >"),
            family.call_options(timeout=number),
        ):
            pass
    with pytest.raises(TypeError, match="redo must be True, False or None, not 'yes'"), family.call_options(redo="yes"):
        pass


async def test_a_switch_with_impossible_times_changes_nothing_and_says_why() -> None:
    failover: Any = AsyncFailover(Mock(), Mock(), Mock(), (), FailoverOptions())
    for wrong, error in ((-1, ValueError), (math.nan, ValueError), ("1", TypeError)):
        for name in ("drain_timeout", "linger_timeout"):
            with pytest.raises(error, match=f"{name} must be a number of seconds"):
                await failover.switch_to("green", **{name: wrong})
    failover._engine.switch_to.assert_not_called()


def test_a_listener_that_cannot_be_called_is_refused_and_not_at_the_first_event() -> None:
    failover: Any = Failover(Mock(), Mock(listeners={}), Mock(), (), FailoverOptions(), Mock())
    with pytest.raises(TypeError, match="a listener is a function that takes the event, not 5"):
        failover.add_listener(5)
    assert failover._announcer.listeners == {}


async def test_a_result_that_is_closed_while_it_is_read_leaves_no_error_that_nobody_asks_for() -> None:
    loop = asyncio.get_running_loop()
    told: list[Any] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    result: Any = _Result.__new__(_Result)
    result._fetch_future = loop.create_future()
    result._on_fetch_error_unsafe(ValueError("cancelled by the user"))
    with pytest.raises(ValueError, match="cancelled"):
        await result._fetch_future
    result._fetch_future = loop.create_future()
    result._on_fetch_error_unsafe(ValueError("cancelled by the user"))
    del result
    gc.collect()
    assert told == []
