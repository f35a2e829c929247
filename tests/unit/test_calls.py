"""What happens to a call on its way, and what is known at its end; on virtual time."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from support.virtual import VirtualRuntime
from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Call, Calls
from tealjet.engine.contracts import Settings
from tealjet.errors import CallTimeoutError, ClientClosedError, ConnectionLostError, OverloadError, outcome_of
from tealjet.failover.model import CallCounts, Outcome
from tealjet.protocol.codec import encode_error
from tealjet.protocol.frames import FrameReader, Message
from tealjet.protocol.table import BLOCKING_CALLS
from tealjet.protocol.values import ErrorHolder

TAKE = BLOCKING_CALLS["queue.take"]
REASONS = {"blue": "connection refused", "green": "name does not resolve"}


class Watched(Call):
    """A call that keeps how it ended."""

    __slots__ = ("cancelled", "ends")

    def __init__(self, message_type: int = 0, **values: Any) -> None:
        request = bytearray(22)
        request[6:10] = message_type.to_bytes(4, "little")
        super().__init__(request, **{"timeout": 10.0, **values})
        self.ends: list[Message | Exception] = []
        self.cancelled = False

    def done(self) -> bool:
        return self.cancelled or bool(self.ends)

    def succeed(self, message: Message) -> None:
        self.ends.append(message)

    def fail(self, error: Exception) -> None:
        self.ends.append(error)

    @property
    def error(self) -> Exception:
        assert len(self.ends) == 1, "a call ends exactly once"
        assert isinstance(self.ends[0], Exception)
        return self.ends[0]


class Route:
    """Stands for a link: takes all calls."""

    def __init__(self) -> None:
        self.sent: list[Call] = []

    def send(self, call: Call) -> bool:
        self.sent.append(call)
        return True


class World:
    def __init__(self, **values: Any) -> None:
        self.runtime = VirtualRuntime()
        settings = Settings(client_uuid=uuid.uuid4(), client_name="test", client_version="0", **values)
        self.calls = Calls(self.runtime, settings, OfficialErrors(), lambda: REASONS)  # type: ignore[arg-type]

    def route(self) -> Route:
        route = Route()
        self.calls.route_to(route)  # type: ignore[arg-type]
        return route

    def lose(self, call: Call, *, sent: bool) -> CallCounts:
        self.calls.route_to(None)
        return self.calls.lost(call, sent=sent, cluster="blue", detail="127.0.0.1:5701 closed the connection")


def answered(code: int, name: str) -> Message:
    holder = ErrorHolder(error_code=code, class_name=name, message="no", stack_trace_elements=())
    return FrameReader().feed(bytes(encode_error((holder,), correlation_id=1)))[0]


def illegal_state() -> Message:
    return answered(27, "java.lang.IllegalStateException")


def please_repeat() -> Message:
    return answered(46, "com.hazelcast.spi.exception.RetryableHazelcastException")


def test_a_call_without_a_cluster_waits_and_goes_out_when_there_is_one() -> None:
    world, call = World(), Watched()
    world.calls.submit(call)
    assert world.calls.parked == 1
    world.runtime.advance(3)
    route = Route()
    released, longest_hold = world.calls.route_to(route)  # type: ignore[arg-type]
    assert released == 1
    assert longest_hold == pytest.approx(3.0)
    assert route.sent == [call]
    assert not call.done()


def test_a_call_that_waits_ends_at_its_deadline_unsent_with_the_reason_for_each_cluster() -> None:
    world, early, late = World(), Watched(timeout=5.0), Watched(timeout=8.0)
    world.calls.submit(late)
    world.calls.submit(early)
    world.runtime.advance(4.9)
    assert not early.done()
    world.runtime.advance(0.2)
    assert isinstance(early.error, CallTimeoutError)
    assert outcome_of(early.error) is Outcome.NOT_SENT
    assert "limit of 5 s" in str(early.error)
    for name, reason in REASONS.items():
        assert f"{name}: {reason}" in str(early.error)
    assert not late.done()
    world.runtime.advance(3)
    assert isinstance(late.error, CallTimeoutError)


def test_a_waiting_call_that_was_cancelled_never_goes_out() -> None:
    world, call = World(), Watched()
    world.calls.submit(call)
    call.cancelled = True
    assert world.route().sent == []


def test_a_sent_call_that_is_not_safe_to_repeat_ends_unknown_when_its_connection_is_lost() -> None:
    world, call = World(), Watched()
    route = world.route()
    world.calls.submit(call)
    assert world.lose(call, sent=True) == CallCounts(unknown=1)
    assert isinstance(call.error, ConnectionLostError)
    assert outcome_of(call.error) is Outcome.UNKNOWN
    assert "'blue'" in str(call.error)
    assert "may have been applied" in str(call.error)
    assert route.sent == [call]


@pytest.mark.parametrize(
    ("sent", "values"),
    [(True, {"retryable": True}), (True, {"redo": True}), (False, {})],
    ids=["safe to repeat", "allowed by its user", "never left"],
)
def test_a_call_that_may_go_again_is_held_for_the_next_cluster(sent: bool, values: dict[str, bool]) -> None:
    world, call = World(), Watched(**values)
    world.route()
    world.calls.submit(call)
    assert world.lose(call, sent=sent) == CallCounts(held=1)
    assert world.route().sent == [call]


def test_a_call_that_may_have_been_applied_once_is_never_told_to_be_unsent() -> None:
    world, call = World(), Watched(retryable=True, timeout=5.0)
    world.route()
    world.calls.submit(call)
    world.lose(call, sent=True)
    world.runtime.advance(6)
    assert isinstance(call.error, CallTimeoutError)
    assert outcome_of(call.error) is Outcome.UNKNOWN


def test_a_call_that_has_waited_long_in_a_cluster_by_nature_has_its_whole_time_to_find_the_next_one() -> None:
    world = World()
    taking, reading = Watched(TAKE, redo=True), Watched(redo=True)
    world.route()
    for call in (taking, reading):
        world.calls.submit(call)
    world.runtime.advance(300)
    assert world.lose(taking, sent=True) == CallCounts(held=1)
    assert world.lose(reading, sent=True) == CallCounts(unknown=1)
    assert isinstance(reading.error, CallTimeoutError)
    world.runtime.advance(9)
    assert world.route().sent == [taking]
    world.runtime.advance(300)
    world.calls.refused(taking, please_repeat())  # the next one shuts down
    world.runtime.advance(1)
    assert not taking.done()
    assert world.lose(taking, sent=True) == CallCounts(held=1)
    world.runtime.advance(10.1)
    assert isinstance(taking.error, CallTimeoutError)


def test_an_answered_error_is_told_as_answered() -> None:
    world, call = World(), Watched()
    world.route()
    world.calls.submit(call)
    world.calls.refused(call, illegal_state())
    assert outcome_of(call.error) is Outcome.ANSWERED


def test_an_answered_error_after_a_lost_attempt_does_not_hide_that_attempt() -> None:
    world, call = World(), Watched(redo=True)
    world.route()
    world.calls.submit(call)
    world.lose(call, sent=True)
    world.route()
    world.calls.refused(call, illegal_state())
    assert outcome_of(call.error) is Outcome.UNKNOWN


def test_a_call_that_a_cluster_asks_to_repeat_is_sent_again_at_once_then_ever_slower_until_its_deadline() -> None:
    world, call = World(retry_pause=1.0), Watched(timeout=30.0)
    route = world.route()
    world.calls.submit(call)
    times = []
    while not call.done():
        route.sent.clear()
        world.calls.refused(call, please_repeat())
        before = world.runtime.now()
        while not route.sent and not call.done():
            world.runtime.advance(0.001)
        times.append(world.runtime.now() - before)
    assert times[:5] == pytest.approx([0.001] * 5)  # the least step of this test's clock
    assert max(times) == pytest.approx(1.0, abs=0.01)
    assert isinstance(call.error, CallTimeoutError)
    assert "kept asking to repeat it" in str(call.error)


@pytest.mark.parametrize(("values", "repeated"), [({}, True), ({"member": uuid.UUID(int=1)}, False)])
def test_a_call_for_one_member_is_not_repeated_when_that_member_has_left(
    values: dict[str, Any], repeated: bool
) -> None:
    world, call = World(), Watched(**values)
    route = world.route()
    world.calls.submit(call)
    world.calls.refused(call, answered(53, "com.hazelcast.spi.exception.TargetNotMemberException"))
    world.runtime.advance(1)
    assert route.sent == [call] * (1 + repeated)
    assert call.done() is not repeated


def test_one_call_more_than_may_wait_is_refused_unsent() -> None:
    world = World(max_parked_calls=2)
    waiting, refused = [Watched(), Watched()], Watched()
    for call in [*waiting, refused]:
        world.calls.submit(call)
    assert isinstance(refused.error, OverloadError)
    assert outcome_of(refused.error) is Outcome.NOT_SENT
    assert not any(call.done() for call in waiting)
    assert world.calls.rejected_total == 1


def test_waiting_calls_that_were_cancelled_take_no_room() -> None:
    world = World(max_parked_calls=2)
    cancelled, waiting, late = Watched(), Watched(), Watched()
    for call in (cancelled, waiting):
        world.calls.submit(call)
    cancelled.cancelled = True
    world.calls.submit(late)
    assert not late.done()
    assert world.route().sent == [waiting, late]


def test_closing_ends_every_call_that_waits_whatever_it_waits_for() -> None:
    world, pausing, parked = World(), Watched(), Watched()
    world.route()
    world.calls.submit(pausing)
    for _ in range(6):
        world.calls.refused(pausing, please_repeat())
    world.calls.route_to(None)
    world.calls.submit(parked)
    world.calls.close("the client was closed")
    late = Watched()
    world.calls.submit(late)
    for call in (pausing, parked, late):
        assert isinstance(call.error, ClientClosedError)
    world.runtime.advance(60)
    assert len(pausing.ends) == 1
