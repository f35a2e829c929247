"""Coordinators: asked anew each time, once at a time, and what they said last is good while they do not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

import pytest

from support.world import World
from tealjet.engine.contracts import OutsideError, Target
from tealjet.engine.coordinators import Coordinators
from tealjet.protocol.values import Address

SECRET = "x-hush-x"
Addresses = Mapping[tuple[str, int], tuple[str, int]]
OWN, PUBLIC = ("10.0.0.5", 5701), ("203.0.113.5", 30115)


class Said:
    """What a coordinator says, and how often it was asked."""

    def __init__(self) -> None:
        self.answers: Addresses | Exception = {OWN: PUBLIC}
        self.asked = 0

    def __call__(self) -> Addresses:
        self.asked += 1
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


def target(coordinator: Callable[[], Addresses] | None, *addresses: tuple[str, int]) -> Target:
    return Target(name="blue", cluster_name="prod", addresses=addresses, coordinator=coordinator)


@pytest.fixture
def said() -> Said:
    return Said()


async def test_a_candidate_without_one_has_the_addresses_of_its_configuration(said: Said) -> None:
    coordinators, blue = Coordinators(World().runtime()), target(None, ("blue.example", 5701))
    assert await coordinators.ask(blue, 1.0) == []
    assert coordinators.addresses(blue) == [("blue.example", 5701)]


async def test_members_are_known_by_their_public_addresses(said: Said) -> None:
    coordinators, blue = Coordinators(World().runtime()), target(said)
    assert coordinators.addresses(blue) == []
    assert await coordinators.ask(blue, 10.0) == []
    assert coordinators.addresses(blue) == [PUBLIC]
    assert coordinators.public(blue, Address(host="10.0.0.5", port=5701)) == [Address(host="203.0.113.5", port=30115)]
    assert coordinators.public(blue, Address(host="10.0.0.5", port=5702)) == []


async def test_a_coordinator_is_asked_anew_each_time(said: Said) -> None:
    coordinators, blue = Coordinators(World().runtime()), target(said)
    await coordinators.ask(blue, 10.0)
    said.answers = {OWN: ("203.0.113.6", 30116)}
    await coordinators.ask(blue, 10.0)
    assert coordinators.addresses(blue) == [("203.0.113.6", 30116)]
    assert said.asked == 2


async def test_what_it_said_last_is_used_while_it_fails_and_the_log_says_so_once(
    said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tealjet")
    coordinators, blue = Coordinators(World().runtime()), target(said)
    await coordinators.ask(blue, 10.0)
    good, said.answers = said.answers, OutsideError("it answered 503")
    for _ in range(2):
        assert await coordinators.ask(blue, 10.0) == [
            "the addresses of 'blue' are not known (the coordinator of 'blue': it answered 503), the last good ones "
            "are used: 203.0.113.5:30115"
        ]
    assert coordinators.addresses(blue) == [PUBLIC]
    said.answers = good
    assert await coordinators.ask(blue, 10.0) == []
    warning, again = caplog.messages
    assert "it answered 503" in warning
    assert again == "the addresses of 'blue' are told again"


async def test_an_error_that_nobody_expected_is_told_by_its_type_alone(said: Said) -> None:
    coordinators, blue = Coordinators(World().runtime()), target(said)
    said.answers = ValueError(SECRET)
    (problem,) = await coordinators.ask(blue, 10.0)
    assert "the coordinator of 'blue' raised ValueError" in problem
    assert SECRET not in problem


async def test_one_that_hangs_costs_its_limit_and_is_asked_once_meanwhile() -> None:
    go, asked = threading.Event(), threading.Semaphore(0)

    def hang() -> Addresses:
        asked.release()
        go.wait()
        return {OWN: PUBLIC}

    coordinators, blue = Coordinators(World().runtime()), target(hang)
    for _ in range(2):
        (problem,) = await coordinators.ask(blue, 0.01)
        assert problem.startswith("the addresses of 'blue' have not been told by its coordinator for 0.")
    assert asked.acquire()
    assert not asked.acquire(blocking=False)
    go.set()
    assert await coordinators.ask(blue, 10.0) == []
    assert coordinators.addresses(blue) == [PUBLIC]


async def test_another_candidate_of_the_same_name_is_another_one(said: Said) -> None:
    coordinators = Coordinators(World().runtime())
    await coordinators.ask(target(said), 10.0)
    assert coordinators.addresses(target(Said())) == []
