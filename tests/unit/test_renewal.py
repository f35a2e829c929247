"""What is renewed when the cluster changes, where no cluster is needed to see it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from unittest.mock import Mock

import pytest

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
