"""What is renewed when the cluster changes, where no cluster is needed to see it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from unittest.mock import Mock

import pytest
from hazelcast.future import ImmediateFuture
from hazelcast.proxy.map import MapFeatNearCache
from hazelcast.proxy.ringbuffer import Ringbuffer

from tealjet.bridge.homes import Home
from tealjet.bridge.proxies import _NearCachedMap, _Ringbuffer
from tealjet.bridge.renewal import RenewedTopic
from tealjet.errors import ClientClosedError, Outcome


@pytest.mark.parametrize("closed", [True, False])
async def test_listeners_whose_topic_cannot_be_found_again_end_which_is_told_unless_the_client_was_closed(
    closed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    tail, runner = Mock(answer=asyncio.get_running_loop().create_future()), Mock()
    tail.answer.set_exception(ClientClosedError("too late", outcome=Outcome.NOT_SENT))
    topic: Any = Mock(_around=Mock(engine=Mock(usable=not closed)))
    topic.name = "news"
    with caplog.at_level(logging.WARNING, "tealjet"):
        await RenewedTopic._read_on(topic, [runner], tail)
    runner.cancel.assert_called_once()
    assert ("the listeners of the reliable topic 'news' end" in caplog.text) is not closed


def test_a_tail_that_a_cluster_told_before_it_was_left_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    homes, tails = [Home("blue", "1"), Home("green", "2")], [7, 3]

    def answered_by_the_first(ring: object) -> Any:
        if len(tails) == 2:
            homes.pop(0)  # the cluster changes when it has answered
        return ImmediateFuture(tails.pop(0))

    monkeypatch.setattr(Ringbuffer, "tail_sequence", answered_by_the_first)
    ring: Any = object.__new__(_Ringbuffer)
    ring._home = lambda: homes[0]
    assert ring.tail_sequence().result() == 3


def test_a_map_that_was_being_made_as_the_cluster_changed_has_the_near_cache_that_is_kept_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def register_a_listener(made: Any, service_name: str, name: str, context: Any) -> None:
        made.name = name  # what is told meanwhile of a change does not reach it

    context = Mock()
    monkeypatch.setattr(MapFeatNearCache, "__init__", register_a_listener)
    made: Any = _NearCachedMap("map", "m", context)
    assert made._near_cache is context.near_cache_manager.get_or_create_near_cache.return_value
