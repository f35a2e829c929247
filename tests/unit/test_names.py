"""Host names: asked in parallel and once at a time, and what they were last is good while nobody answers."""

from __future__ import annotations

import logging

import pytest

from support.world import Trouble, World
from tealjet.engine.names import Names

BLUE, GREEN = "blue.example", "green.example"


@pytest.fixture
def world() -> World:
    return World()


async def test_a_name_that_hangs_or_fails_hides_no_other_address(world: World) -> None:
    world.hosts = {BLUE: Trouble.HANGS, GREEN: Trouble.FAILS}
    found = await Names(world.runtime()).resolve([BLUE, GREEN, "192.0.2.9"], 10.0)
    assert found.addresses([(BLUE, 5701), (GREEN, 5701), ("192.0.2.9", 5701)]) == [("192.0.2.9", 5701)]
    hanging, failing = found.problems
    assert hanging.startswith("'blue.example' has not resolved for 0.")
    assert failing == "'green.example' does not resolve (Temporary failure in name resolution, after 0.0 s)"


async def test_a_name_gives_all_of_its_addresses_with_each_port_and_is_asked_once(world: World) -> None:
    world.hosts[BLUE] = ["192.0.2.1", "192.0.2.2"]
    found = await Names(world.runtime()).resolve([BLUE, BLUE], 1.0)
    assert found.addresses([(BLUE, 5701), (BLUE, 5702), (BLUE, 5701)]) == [
        ("192.0.2.1", 5701),
        ("192.0.2.2", 5701),
        ("192.0.2.1", 5702),
        ("192.0.2.2", 5702),
    ]
    assert world.asked.all == [BLUE]
    assert not found.problems


async def test_a_name_is_asked_anew_each_time(world: World) -> None:
    names = Names(world.runtime())
    for address in ("192.0.2.1", "192.0.2.2"):
        world.hosts[BLUE] = [address]
        assert (await names.resolve([BLUE], 1.0)).numbers == {BLUE: [address]}


@pytest.mark.parametrize("trouble", Trouble)
async def test_the_last_good_addresses_are_used_while_nobody_answers_and_the_log_says_so_once(
    trouble: Trouble, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tealjet")
    names = Names(world.runtime())
    world.hosts[BLUE] = ["192.0.2.1"]
    await names.resolve([BLUE], 1.0)
    world.hosts[BLUE] = trouble
    for _ in range(2):
        found = await names.resolve([BLUE], 10.0)
        assert found.numbers == {BLUE: ["192.0.2.1"]}
        assert found.problems[0].endswith("its last good addresses are used: 192.0.2.1")
    (told,) = caplog.messages
    assert "192.0.2.1" in told


async def test_the_log_says_when_a_name_resolves_again_and_when_it_fails_the_next_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tealjet")
    names = Names(world.runtime())
    for answer in (["192.0.2.1"], Trouble.FAILS, ["192.0.2.1"], Trouble.FAILS):
        world.hosts[BLUE] = answer
        await names.resolve([BLUE], 1.0)
    assert len(caplog.messages) == 3
    assert caplog.messages[1] == "'blue.example' resolves again"
    assert caplog.messages[0] == caplog.messages[2]


async def test_at_most_one_lookup_of_a_name_is_under_way_and_a_late_answer_serves_the_next_attempt(
    world: World,
) -> None:
    names = Names(world.runtime())
    world.hosts[BLUE] = Trouble.HANGS
    for _ in range(3):
        assert (await names.resolve([BLUE], 0.01)).numbers == {BLUE: ()}
    assert world.asked.all == [BLUE]
    world.answer(BLUE, ["192.0.2.1"])
    assert (await names.resolve([BLUE], 10.0)).numbers == {BLUE: ["192.0.2.1"]}
