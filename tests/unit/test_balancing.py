"""Load balancers of the official package choose among connections; one that fails costs no call."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hazelcast.util import LoadBalancer, RandomLB, RoundRobinLB

from tealjet.bridge.balancing import member_chooser


class _Members:
    """The members as the official service gives them; listeners are told at once."""

    def __init__(self, *members: uuid.UUID) -> None:
        self._members = [SimpleNamespace(uuid=member) for member in members]

    def add_listener(self, added: Callable[[Any], object], removed: object, fire_for_existing: bool) -> str:
        assert fire_for_existing
        for member in self._members:
            added(member)
        return "id"

    def get_members(self, selector: object) -> Sequence[Any]:
        return self._members


class _First(LoadBalancer):
    """A balancer of the user's own."""

    def init(self, cluster_service: Any) -> None:
        self.cluster = cluster_service

    def next(self) -> Any:
        return self.cluster.get_members()[0]


class _Broken(_First):
    def next(self) -> Any:
        raise LookupError("no luck")


def _chooser(balancer: LoadBalancer | None, *members: uuid.UUID) -> Callable[[], uuid.UUID | None] | None:
    service: Any = _Members(*members)
    return member_chooser(balancer, service)


@pytest.mark.parametrize("balancer", [None, RoundRobinLB()])
def test_members_take_turns_by_themselves(balancer: LoadBalancer | None) -> None:
    assert _chooser(balancer, uuid.uuid4()) is None


def test_a_random_one_names_any_member() -> None:
    members = {uuid.uuid4(), uuid.uuid4()}
    choose = _chooser(RandomLB(), *members)
    assert choose is not None
    assert {choose() for _ in range(200)} == members


def test_each_client_has_a_random_one_of_its_own() -> None:
    shared, blue, green = RandomLB(), uuid.uuid4(), uuid.uuid4()
    first, second = _chooser(shared, blue), _chooser(shared, green)
    assert first is not None
    assert second is not None
    assert (first(), second()) == (blue, green)


def test_the_users_own_is_asked_with_the_members_of_the_cluster() -> None:
    members = [uuid.uuid4(), uuid.uuid4()]
    choose = _chooser(_First(), *members)
    assert choose is not None
    assert choose() == members[0]


def test_one_that_knows_no_member_leaves_the_choice() -> None:
    choose = _chooser(RandomLB())
    assert choose is not None
    assert choose() is None


def test_one_that_fails_leaves_the_choice_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    choose = _chooser(_Broken(), uuid.uuid4())
    assert choose is not None
    with caplog.at_level(logging.WARNING, logger="tealjet"):
        assert [choose(), choose()] == [None, None]
    assert [record.getMessage() for record in caplog.records] == [
        "the load balancer '_Broken' failed, members take turns instead: LookupError('no luck')"
    ]
