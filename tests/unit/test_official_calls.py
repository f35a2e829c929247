"""Official invocations on our engine: answers that can't be read, and timers at the end of a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.invocation import Invocation
from hazelcast.protocol.codec import map_remove_codec
from hazelcast.serialization.compact import SchemaNotFoundError
from hazelcast.serialization.data import Data

from support.virtual import VirtualRuntime
from tealjet.bridge.calls import ThreadedInvocations, call_options, more_time
from tealjet.bridge.services import Reactor
from tealjet.engine.calls import Call
from tealjet.errors import CallTimeoutError, Outcome, outcome_of
from tealjet.protocol import table
from tealjet.protocol.codec import encode_response
from tealjet.protocol.frames import FrameReader, Message


class Engine:
    """As much of an engine as an invocation and a timer need."""

    def __init__(self) -> None:
        self.runtime = VirtualRuntime()
        self.settings = type("Settings", (), {"invocation_timeout": 10.0, "redo": False})
        self.submitted: list[Call] = []
        self.usable = True
        self.told: list[Callable[[], None]] = []

    def submit_threadsafe(self, call: Call) -> None:
        self.submitted.append(call)

    def at_end(self, tell: Callable[[], None]) -> None:
        self.told.append(tell)

    def end(self) -> None:
        self.usable = False
        for tell in self.told:
            tell()


def an_answer() -> Message:
    return FrameReader().feed(bytes(encode_response(table.PING, None, correlation_id=1)))[0]


def removing(decode: Callable[[Any], Any], fetch_schema: Any) -> tuple[Any, Call]:
    engine: Any = Engine()
    invocation = Invocation(map_remove_codec.encode_request("orders", Data(b"\0" * 8), 1), response_handler=decode)
    ThreadedInvocations(engine, -1, fetch_schema).invoke(invocation)
    return invocation.future, engine.submitted[0]


def test_a_call_whose_answer_cannot_be_read_may_have_been_applied() -> None:
    def decode(_: Any) -> Any:
        raise ValueError("no such class")

    future, call = removing(decode, None)
    call.succeed(an_answer())
    with pytest.raises(ValueError, match="no such class") as caught:
        future.result()
    assert outcome_of(caught.value) is Outcome.UNKNOWN


def test_a_call_whose_schema_could_not_be_asked_for_is_not_told_to_be_unsent() -> None:
    def decode(_: Any) -> Any:
        raise SchemaNotFoundError(17)

    def fetch(schema_id: int, done: Any, failed: Callable[[Exception], None]) -> None:
        failed(CallTimeoutError("too late for the schema.", outcome=Outcome.NOT_SENT))

    future, call = removing(decode, fetch)
    call.succeed(an_answer())
    with pytest.raises(CallTimeoutError, match="may have been applied") as caught:
        future.result()
    assert outcome_of(caught.value) is Outcome.UNKNOWN


def test_calls_may_be_given_more_time_than_they_have() -> None:
    def timeout_of_a_call() -> float:
        return removing(len, None)[1].timeout

    engine: Any = Engine()
    with more_time(20.0, engine):
        assert timeout_of_a_call() == 30.0
    with call_options(timeout=1.0), more_time(20.0, engine):
        assert timeout_of_a_call() == 21.0
    assert timeout_of_a_call() == 10.0


def test_who_waits_for_a_moment_to_try_again_goes_on_at_the_end_of_the_client() -> None:
    engine: Any = Engine()
    reactor, fired = Reactor(engine), list[str]()
    reactor.add_timer(1.0, lambda: fired.append("in time"))
    cancelled = reactor.add_timer(5.0, lambda: fired.append("cancelled"))
    reactor.add_timer(5.0, lambda: fired.append("at the end"))
    cancelled.cancel()
    engine.runtime.advance(2.0)
    assert fired == ["in time"]
    engine.end()
    engine.runtime.advance(10.0)
    assert fired == ["in time", "at the end"]


def test_a_timer_that_fails_at_the_end_keeps_no_other_from_going_on(caplog: pytest.LogCaptureFixture) -> None:
    engine: Any = Engine()
    reactor, fired = Reactor(engine), list[int]()
    for number in range(2):
        reactor.add_timer(5.0, lambda number=number: fired.append(number) or [][1])  # type: ignore[misc, func-returns-value]
    engine.end()
    assert sorted(fired) == [0, 1]
    assert caplog.text.count("a timer failed at the end of its client") == 2
