"""A lone thread sends and reads by itself, and whatever happens meanwhile happens as it always does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hazelcast.future import Future
from hazelcast.invocation import Invocation
from hazelcast.protocol.codec import map_size_codec

import tealjet
from support.clusters import Events
from support.played import SIZE, PlayedMember, size_answer
from support.workload import LIMIT
from tealjet.bridge import direct
from tealjet.bridge.direct import DirectPath, Turns, new_loop
from tealjet.engine.calls import Call
from tealjet.errors import WrongLoopError
from tealjet.protocol.codec import encode_error
from tealjet.protocol.features import COMPACT, lacking
from tealjet.protocol.frames import Message
from tealjet.protocol.values import ErrorHolder, MemberVersion

NEVER = 3600.0
NOT_ACTIVE = 19
"""The protocol's number of an error that asks to repeat the call."""
MANY = 3000
"""So many calls in a row are lent to, unless something forbids it."""


class Alone:
    """A client of a played member, whose caller reads by itself."""

    def __init__(self, member: PlayedMember, client: Any) -> None:
        self.member = member
        self.client = client
        self.sizes = client.get_map("sizes")
        self.path: DirectPath = client._invocation_service._path
        self.turns: Turns = client._thread.turns
        self.engine = client._engine

    def become_direct(self) -> None:
        """Make calls, one after the other, until reading is lent to this thread."""
        for _ in range(100_000):
            if self.path.lends:
                return
            self.sizes.size().result()
        raise AssertionError("nothing was lent")

    def call(self, size: int | None = None) -> int:
        """Make a call on the direct path; the played member answers with this size, if it is given."""
        if size is not None:
            self.member.answers = lambda request: size_answer(request, size)
        answered = self.path.answered
        result: int = self.sizes.size().result()
        assert self.path.answered == answered + 1
        return result

    def pending(self) -> int:
        return len(self.engine.active.pending)

    def let_the_loop_have_a_turn(self) -> None:
        had = threading.Event()
        self.engine.runtime.call_soon_threadsafe(self.engine.runtime.call_soon, had.set)
        assert had.wait(LIMIT)


@pytest.fixture
def alone() -> Iterator[Alone]:
    with PlayedMember() as member:
        config = member.config
        config.operation_backup_timeout = 0.2  # no backup ever acknowledges here
        with tealjet.new_jet_client(config, silence_limit=NEVER) as client:
            yield Alone(member, client)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading does not go back because time has passed."""
    monkeypatch.setattr(direct, "_PATIENCE", NEVER)
    monkeypatch.setattr(direct, "_TERM", NEVER)


def in_thread(do: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=do)
    thread.start()
    return thread


# -------------------------------------------------------------------------------------------------- who is lent to


@pytest.mark.usefixtures("patient")
def test_a_thread_that_calls_alone_is_lent_to_and_reads_its_answers_by_itself(alone: Alone) -> None:
    alone.become_direct()
    assert [alone.call(size) for size in (5, 6, 7)] == [5, 6, 7]
    assert alone.pending() == 0


@pytest.mark.usefixtures("patient")
def test_two_threads_that_call_in_turn_are_not_lent_to(alone: Alone) -> None:
    turn = threading.Barrier(2)

    def call() -> None:
        for _ in range(MANY // 10):
            alone.sizes.size().result()
            turn.wait(LIMIT)
            turn.wait(LIMIT)

    def call_second() -> None:
        for _ in range(MANY // 10):
            turn.wait(LIMIT)
            alone.sizes.size().result()
            turn.wait(LIMIT)

    threads = [in_thread(call), in_thread(call_second)]
    for thread in threads:
        thread.join(LIMIT)
    assert alone.path.answered == 0
    assert not alone.path.lends


@pytest.mark.usefixtures("patient")
def test_a_thread_with_several_calls_under_way_is_not_lent_to(alone: Alone) -> None:
    for _ in range(MANY):
        first, second = alone.sizes.size(), alone.sizes.size()
        assert second.result() == first.result() + 1
    assert alone.path.answered == 0


@pytest.mark.usefixtures("patient")
def test_another_threads_call_makes_the_loop_read_again_and_both_are_answered(alone: Alone) -> None:
    alone.become_direct()
    asked = Events()
    alone.member.answers = lambda request: asked(request)
    threads = [in_thread(alone.sizes.size().result)]
    asked.wait_for_number(1)
    alone.let_the_loop_have_a_turn()
    assert not alone.path.lends
    alone.member.answers = lambda request: size_answer(request, 1)
    assert alone.sizes.size().result() == 1
    alone.member.say(size_answer(asked.all[0], 2))
    threads[0].join(LIMIT)
    assert alone.pending() == 0


@pytest.mark.usefixtures("patient")
def test_a_call_that_is_waited_for_by_a_callback_is_read_by_the_loop(alone: Alone) -> None:
    alone.become_direct()
    ran_on = alone.sizes.size().continue_with(lambda _: threading.get_ident()).result()
    assert ran_on == alone.client._thread.ident


@pytest.mark.usefixtures("patient")
def test_a_call_that_another_thread_waits_for_is_read_by_the_loop(alone: Alone) -> None:
    alone.become_direct()
    sent = alone.sizes.size()
    results: list[int] = []
    answered = alone.path.answered
    in_thread(lambda: results.append(sent.result())).join(LIMIT)
    assert len(results) == 1
    assert alone.path.answered == answered


def test_the_main_thread_is_not_lent_to_while_it_handles_signals(alone: Alone) -> None:
    handled: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: handled.append(number))
    try:
        for _ in range(MANY):
            alone.sizes.size().result()
        assert alone.path.answered == 0
    finally:
        signal.signal(signal.SIGUSR1, before)
    alone.become_direct()


# --------------------------------------------------------------------------------------- reading goes back to the loop


def test_reading_goes_back_when_nobody_calls_and_events_are_told(alone: Alone) -> None:
    joined = Events()
    alone.client.cluster_service.add_listener(joined)
    alone.become_direct()
    alone.member.say(alone.member.members_event())
    joined.wait_for(lambda _: True)


def test_reading_goes_back_when_an_answer_takes_long(alone: Alone) -> None:
    joined = Events()
    alone.client.cluster_service.add_listener(joined)
    alone.become_direct()
    asked = len(alone.member.asked.all)
    alone.member.answers = lambda request: alone.member.members_event()
    sent = alone.sizes.size()
    results: list[int] = []
    waiting = in_thread(lambda: results.append(sent.result()))
    joined.wait_for(lambda _: True)
    alone.member.say(size_answer(alone.member.asked.all[asked], 17))
    waiting.join(LIMIT)
    assert results == [17]


@pytest.mark.usefixtures("patient")
def test_whatever_wakes_the_loop_makes_it_read_again(alone: Alone) -> None:
    joined = Events()
    alone.client.cluster_service.add_listener(joined)
    alone.become_direct()
    alone.let_the_loop_have_a_turn()
    alone.member.say(alone.member.members_event())
    joined.wait_for(lambda _: True)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("order", ["before", "after"])
def test_what_comes_with_an_answer_is_left_to_the_loop_which_is_woken(alone: Alone, order: str) -> None:
    joined = Events()
    alone.client.cluster_service.add_listener(joined)
    alone.become_direct()

    def both(request: Message) -> bytes:
        answer, event = size_answer(request, 3), alone.member.members_event()
        return event + answer if order == "before" else answer + event

    alone.member.answers = both
    assert alone.sizes.size().result() == 3
    joined.wait_for(lambda _: True)
    assert alone.pending() == 0


@pytest.mark.usefixtures("patient")
def test_an_answer_in_pieces_is_put_together_by_the_loop(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.become_direct()
    asked: list[Message] = []

    def first_piece(request: Message) -> bytes:
        asked.append(request)
        return size_answer(request, 9)[:11]

    alone.member.answers = first_piece
    rest = threading.Event()
    taken_back = alone.path.give_back

    def give_back(*arguments: Any) -> None:
        taken_back(*arguments)
        rest.set()

    monkeypatch.setattr(alone.path, "give_back", give_back)

    def say_the_rest() -> None:
        assert rest.wait(LIMIT)
        alone.member.say(size_answer(asked[0], 9)[11:])

    saying = in_thread(say_the_rest)
    assert alone.sizes.size().result() == 9
    saying.join(LIMIT)


@pytest.mark.usefixtures("patient")
def test_an_answer_that_backups_acknowledge_is_the_loops_and_so_is_every_later_call_of_its_kind(alone: Alone) -> None:
    alone.become_direct()
    alone.member.answers = lambda request: size_answer(request, 4, backup_acks=1)
    sent = alone.sizes.size()
    threading.Timer(0.05, lambda: alone.engine.runtime.call_soon_threadsafe(lambda: None)).start()
    assert sent.result() == 4  # without the acknowledgement, after the limit of one
    alone.member.answers = lambda request: size_answer(request, 5)
    answered = alone.path.answered
    for _ in range(MANY):
        assert alone.sizes.size().result() == 5
        assert not alone.path.lends
    assert alone.path.answered == answered


@pytest.mark.usefixtures("patient")
def test_an_error_is_read_by_the_loop_which_may_repeat_the_call(alone: Alone) -> None:
    alone.become_direct()
    holder = ErrorHolder(
        error_code=NOT_ACTIVE,
        class_name="com.hazelcast.core.HazelcastInstanceNotActiveException",
        message="once",
        stack_trace_elements=(),
    )

    def fail_once(request: Message) -> bytes:
        alone.member.answers = lambda again: size_answer(again, 6)
        return bytes(encode_error((holder,), correlation_id=request.correlation_id))

    alone.member.answers = fail_once
    assert alone.sizes.size().result() == 6


@pytest.mark.usefixtures("patient")
def test_what_the_cluster_is_too_old_for_is_not_sent(alone: Alone) -> None:
    link, old = alone.engine.active, MemberVersion(4, 0, 3)
    link.oldest, link.lacks = old, lacking(old)
    alone.become_direct()
    assert alone.call(3) == 3
    asked = len(alone.member.asked.all)
    link.lacks = {SIZE: COMPACT}
    with pytest.raises(tealjet.errors.FeatureMissingError):
        alone.sizes.size().result()
    assert len(alone.member.asked.all) == asked


@pytest.mark.usefixtures("patient")
def test_an_event_is_no_answer_even_under_the_number_of_the_call(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.become_direct()
    asked: list[Message] = []

    def event(request: Message) -> bytes:
        asked.append(request)
        return size_answer(request, 1, event=True)

    alone.member.answers = event
    taken = threading.Event()
    take = alone.engine.active._on_event

    def take_and_tell(*event: Any) -> None:
        take(*event)
        taken.set()

    monkeypatch.setattr(alone.engine.active, "_on_event", take_and_tell)

    def say_the_answer() -> None:
        if taken.wait(LIMIT):
            alone.member.say(size_answer(asked[0], 2))

    saying = in_thread(say_the_answer)
    assert alone.sizes.size().result() == 2
    saying.join(LIMIT)


@pytest.mark.usefixtures("patient")
def test_who_waits_for_the_end_of_a_call_is_told_of_one_that_was_sent_directly(alone: Alone) -> None:
    drained = Events()
    link, runtime = alone.engine.active, alone.engine.runtime
    alone.become_direct()
    asked: list[Message] = []
    came = threading.Event()

    def keep(request: Message) -> None:
        asked.append(request)
        came.set()

    alone.member.answers = keep
    sent = alone.sizes.size()
    assert came.wait(LIMIT)
    with alone.turns.lock:  # as a timer of the loop does
        link.drain(runtime.now() + NEVER, drained)
    alone.member.say(size_answer(asked[0], 5))
    assert sent.result() == 5
    assert drained.wait_for(lambda _: True) == 0


# ------------------------------------------------------------------------------------- a thread that reads is woken


@pytest.mark.usefixtures("patient")
def test_a_thread_that_reads_is_woken_when_its_call_is_ended_by_others(alone: Alone) -> None:
    alone.become_direct()
    alone.member.answers = lambda request: None
    asked = len(alone.member.asked.all)

    def close() -> None:
        alone.member.asked.wait_for_number(asked + 1)
        alone.client.shutdown()

    closing = in_thread(close)
    with pytest.raises(tealjet.errors.ClientClosedError):
        alone.sizes.size().result()
    closing.join(LIMIT)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("how", [PlayedMember.end, PlayedMember.reset])
def test_the_end_of_a_connection_reaches_its_call(alone: Alone, how: Callable[[PlayedMember], None]) -> None:
    events = Events()
    alone.client.lifecycle_service.add_listener(events)
    alone.become_direct()
    request = map_size_codec.encode_request("sizes")
    request.retryable = False
    alone.member.answers = lambda _: how(alone.member)
    invocation = Invocation(request, response_handler=map_size_codec.decode_response)
    alone.client._invocation_service.invoke(invocation)
    with pytest.raises(tealjet.errors.ConnectionLostError) as caught:
        invocation.future.result()
    assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
    assert ("reset" in str(caught.value)) is (how is PlayedMember.reset)
    events.wait_for(lambda event: event == "CONNECTED")


@pytest.mark.parametrize("waits", ["at once", "later"])
def test_a_call_that_is_not_answered_ends_at_its_limit(alone: Alone, waits: str) -> None:
    alone.become_direct()
    asked = Events()
    alone.member.answers = lambda request: asked(request)
    with tealjet.call_options(timeout=0.3):
        sent = alone.sizes.size()
    if waits == "later":
        ended = threading.Event()
        sent.add_done_callback(lambda _: ended.set())
        assert ended.wait(LIMIT)
    with pytest.raises(tealjet.errors.CallTimeoutError, match=r"map\.size") as caught:
        sent.result()
    assert tealjet.outcome_of(caught.value) is tealjet.Outcome.UNKNOWN
    assert alone.pending() == 0
    asked.wait_for_number(1)
    alone.member.answers = lambda request: size_answer(asked.all[0], 1) + size_answer(request, 2)
    assert alone.sizes.size().result() == 2


@pytest.mark.usefixtures("patient")
def test_an_answer_that_comes_after_the_limit_of_its_call_is_no_error(alone: Alone) -> None:
    alone.become_direct()
    came = Events()

    def late(request: Message) -> None:
        came(request)

    alone.member.answers = late
    sent = alone.sizes.size()
    came.wait_for_number(1)
    link = alone.engine.active
    with alone.turns.lock:  # as the heartbeat does
        sent.sent[1].deadline = 0.0
        link.end_overdue()
    alone.member.say(size_answer(came.all[0], 1))
    with pytest.raises(tealjet.errors.CallTimeoutError):
        sent.result()
    alone.member.answers = lambda request: size_answer(request, 2)
    assert alone.sizes.size().result() == 2


# ------------------------------------------------------------------------------------------------------- the turn


@pytest.mark.usefixtures("patient")
def test_an_answer_is_decoded_while_the_loop_may_run(alone: Alone) -> None:
    alone.become_direct()
    answered = alone.path.answered

    def decode(message: Any) -> int:
        alone.let_the_loop_have_a_turn()
        return map_size_codec.decode_response(message)  # type: ignore[no-any-return]

    invocation = Invocation(map_size_codec.encode_request("sizes"), response_handler=decode)
    alone.client._invocation_service.invoke(invocation)
    assert invocation.future.result() > 0
    assert alone.path.answered == answered + 1
    assert alone.pending() == 0


@pytest.mark.usefixtures("patient")
def test_the_turn_is_the_loops_whenever_it_runs_and_each_loop_has_its_own(alone: Alone) -> None:
    in_the_loops_turn: list[bool] = []
    with PlayedMember() as other_member, tealjet.new_jet_client(other_member.config) as client:
        other = Alone(other_member, client)
        assert other.turns.lock is not alone.turns.lock
        ran = threading.Event()

        def look() -> None:
            in_the_loops_turn.append(alone.turns.lock.locked())
            other.become_direct()  # in a thread of its own loop this one's turn changes nothing
            ran.set()

        alone.engine.runtime.call_soon_threadsafe(lambda: in_thread(look).join(LIMIT))
        assert ran.wait(LIMIT)
    assert in_the_loops_turn == [True]
    assert alone.turns.lock.acquire(timeout=LIMIT)  # the loop sleeps
    alone.turns.lock.release()


@pytest.mark.usefixtures("patient")
def test_who_has_the_turn_is_told_not_to_wait_for_the_loop(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.become_direct()
    told: list[BaseException] = []
    link = alone.engine.active
    route = link.route

    def wait_in_the_turn(call: Any) -> Any:  # as a finalizer does that the collector runs at a bad moment
        for wait in (alone.sizes.size().result, alone.client.shutdown, alone.sizes.size().continue_with(id).result):
            try:
                wait()
            except Exception as error:
                told.append(error)
        return route(call)

    monkeypatch.setattr(link, "route", wait_in_the_turn)
    alone.sizes.size().result()
    assert [type(error) for error in told[:2]] == [WrongLoopError, WrongLoopError]
    alone.client.shutdown()  # which was refused in the turn and is not now
    assert not alone.client._thread._thread.is_alive()


# -------------------------------------------------------------------------------------------------------- interruptions


@pytest.mark.usefixtures("patient")
def test_ctrl_c_gives_reading_back_and_the_answer_still_comes(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.become_direct()
    asked: list[Message] = []
    came = threading.Event()

    def keep(request: Message) -> None:
        asked.append(request)
        came.set()

    alone.member.answers = keep
    lease = alone.path._lease
    assert lease is not None
    poll = lease.poll

    def interrupted(limit: float) -> Any:
        assert came.wait(LIMIT)
        signal.raise_signal(signal.SIGINT)
        return poll(limit)

    monkeypatch.setattr(lease, "poll", interrupted)
    sent = alone.sizes.size()
    with pytest.raises(KeyboardInterrupt):
        sent.result()
    alone.let_the_loop_have_a_turn()
    assert not alone.path.lends
    alone.member.say(size_answer(asked[0], 12))
    assert sent.result() == 12


class _Interrupt(KeyboardInterrupt):
    """Ctrl-C that is told from others."""


def _interrupt() -> None:
    raise _Interrupt


class _Interrupter:
    """Handles a signal at the n-th place at which the interpreter looks for signals, within our code."""

    def __init__(self, place: int, handle: Callable[[], object] = _interrupt) -> None:
        self.left = place
        self.reached = ""
        self._handle = handle

    def __enter__(self) -> _Interrupter:
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _look(self, frame: Any, event: str, argument: Any) -> None:
        if event not in ("call", "c_return") or "/tealjet/" not in frame.f_code.co_filename:
            return
        if frame.f_code.co_name == "__del__":
            return  # what is raised there reaches nobody
        self.left -= 1
        if self.left == 0:
            sys.setprofile(None)
            self.reached = f"{frame.f_code.co_qualname}:{frame.f_lineno} {event} {argument}"
            self._handle()


@pytest.mark.usefixtures("patient")
def test_a_call_may_be_interrupted_anywhere_and_everything_goes_on(alone: Alone) -> None:
    joined = Events()
    alone.client.cluster_service.add_listener(joined)
    place, reached = 0, "begin"
    while reached:
        place += 1
        alone.become_direct()
        alone.member.answers = lambda request: size_answer(request, 100)
        asked, sent = len(alone.member.asked.all), None
        with contextlib.suppress(_Interrupt), _Interrupter(place) as interrupter:
            sent = alone.sizes.size()
            assert sent.result() == 100
        reached = interrupter.reached
        if sent is not None:  # who waits again gets the answer
            assert sent.result() == 100, reached
        alone.member.answers = lambda request: size_answer(request, 200)
        assert alone.sizes.size().result() == 200, reached
        alone.let_the_loop_have_a_turn()
        assert alone.pending() == 0, reached
        assert asked + 1 <= len(alone.member.asked.all) <= asked + 2, (
            reached
        )  # the call and the one after it, once each
        assert alone.turns.owner == 0, reached
    assert place > 50
    alone.become_direct()
    alone.let_the_loop_have_a_turn()
    alone.member.say(alone.member.members_event())
    joined.wait_for(lambda _: True)


class _TwiceInterrupter(_Interrupter):
    """Interrupts a second time, a few functions later: while the first interrupt is being taken care of."""

    def __init__(self, place: int, gap: int) -> None:
        super().__init__(place, self._interrupt)
        self._gap = gap

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        sys.settrace(None)

    def _interrupt(self) -> None:
        sys.settrace(self._trace)
        raise _Interrupt

    def _trace(self, frame: Any, event: str, argument: Any) -> None:
        if "/tealjet/" in frame.f_code.co_filename and frame.f_code.co_name != "__del__":
            self._gap -= 1
            if self._gap == 0:
                self.reached += f", {frame.f_code.co_qualname}"
                raise _Interrupt


@pytest.mark.parametrize("gap", [1, 2, 3, 4])
def test_a_call_may_be_interrupted_twice_and_everything_goes_on(alone: Alone, gap: int) -> None:
    place, reached = 0, "begin"
    while reached:
        place += 1
        alone.become_direct()
        sent: Any = None
        with contextlib.suppress(_Interrupt), _TwiceInterrupter(place, gap) as interrupter:
            sent = alone.sizes.size()
            sent.result()
        reached = interrupter.reached
        ended = threading.Event()

        def go_on(sent: Any = sent, ended: threading.Event = ended) -> None:
            if (sent is None or sent.result() > 0) and alone.sizes.size().result() > 0:
                ended.set()

        threading.Thread(target=go_on, daemon=True).start()
        assert ended.wait(LIMIT), reached
    assert place > 20


class _Waiters(list[Any]):
    """Whoever waits for a call; tells of the first and of the second."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = threading.Event(), threading.Event()

    def append(self, waiter: Any, /) -> None:
        super().append(waiter)
        (self.second if self.first.is_set() else self.first).set()


def _interrupt_reader(alone: Alone, place: int, *, calls_back: bool) -> str:
    """Interrupt who reads an answer that somebody else waits for too; return where."""
    told = threading.Event()
    waiters = _Waiters()

    def wait() -> None:
        if sent.result() == 17:
            told.set()

    def answer(request: Message) -> bytes:
        assert waiters.first.wait(LIMIT)
        if calls_back:
            sent.add_done_callback(lambda _: told.set())
        else:
            in_thread(wait)
            assert waiters.second.wait(LIMIT)
        return size_answer(request, 17)

    alone.become_direct()
    alone.member.answers = answer
    sent = alone.sizes.size()
    sent._waiters = waiters
    with contextlib.suppress(_Interrupt), _Interrupter(place) as interrupter:
        sent.result()
    waiters.first.set()  # it may have been interrupted before
    assert told.wait(LIMIT), interrupter.reached
    assert sent.result() == 17, interrupter.reached
    return interrupter.reached


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("calls_back", [False, True])
def test_others_that_wait_for_a_call_are_told_although_its_reader_is_interrupted(
    alone: Alone, calls_back: bool
) -> None:
    place = 1
    while _interrupt_reader(alone, place, calls_back=calls_back):
        place += 1
    assert place > 20


def test_threads_go_on_calling_when_one_is_interrupted_anywhere_in_a_call_that_the_loop_sends(alone: Alone) -> None:
    place, reached = 0, "begin"
    while reached:
        place += 1
        with contextlib.suppress(_Interrupt), _Interrupter(place) as interrupter:
            alone.sizes.size().result()
        reached = interrupter.reached
        ended = threading.Event()

        def call(ended: threading.Event = ended) -> None:
            if alone.sizes.size().result() > 0:
                ended.set()

        in_thread(call)
        assert ended.wait(LIMIT), reached
    assert place > 10
    assert alone.path.answered == 0


class _Foreign(Call):
    """A call of another thread."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        super().__init__(bytearray(22), 1.0)
        self.error: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.error = error


def test_a_closed_client_ends_the_calls_of_all_threads_although_one_is_interrupted_in_that(alone: Alone) -> None:
    alone.client.shutdown()
    place, reached = 0, "begin"
    while reached:
        place += 1
        foreign = _Foreign()
        alone.engine._inbox.append(foreign)
        with contextlib.suppress(_Interrupt), _Interrupter(place) as interrupter:
            alone.sizes.size()
        reached = interrupter.reached
        alone.engine._refuse_inbox(alone.engine._refuse)  # as the thread does that the call belongs to
        assert isinstance(foreign.error, tealjet.errors.ClientClosedError), reached
    assert place > 5


def test_a_handler_of_signals_may_make_calls_at_any_moment(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_IN_A_ROW", MANY * MANY)  # reading is never lent to a thread that handles signals
    places: list[str] = []

    def call() -> None:
        reached = "begin"
        while reached:
            places.append(reached)
            with _Interrupter(len(places), lambda: alone.sizes.size().result()) as interrupter:
                alone.sizes.size().result()
            reached = interrupter.reached
        places.append("end")

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(LIMIT)
    assert places[-1] == "end", f"hangs after {places[-1]}"
    assert len(places) > 10


@pytest.mark.usefixtures("patient")
def test_the_thread_of_another_clients_loop_stays_one_that_must_not_wait(alone: Alone) -> None:
    marked: list[bool] = []
    with PlayedMember() as other_member, tealjet.new_jet_client(other_member.config, silence_limit=NEVER) as client:
        other = Alone(other_member, client)
        ran = threading.Event()

        def call() -> None:
            other.become_direct()
            other.sizes.size().result()
            marked.append(hasattr(Future._threading_locals, "is_reactor_thread"))
            ran.set()

        alone.engine.runtime.call_soon_threadsafe(call)
        assert ran.wait(LIMIT)
    assert marked == [True]


@pytest.mark.usefixtures("patient")
def test_messages_that_were_left_and_break_their_handler_end_the_connection(alone: Alone) -> None:
    alone.become_direct()
    link = alone.engine.active
    handled = link.on_messages

    def broken(*_: object) -> None:
        link.on_messages = handled
        raise RuntimeError("the handler is broken")

    link.on_messages = broken
    asked = len(alone.member.asked.all)

    def both(request: Message) -> bytes:
        if len(alone.member.asked.all) == asked + 1:
            return alone.member.members_event() + size_answer(request, 1)
        return size_answer(request, 2)

    alone.member.answers = both
    assert alone.sizes.size().result() == 2


# ------------------------------------------------------------------------------------------------------ where it is off


def test_it_is_off_on_a_loop_that_is_not_asyncios_own_and_on_one_that_is_debugged() -> None:
    class Other(asyncio.SelectorEventLoop):
        pass

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return Other()

    asyncio.set_event_loop_policy(Policy())
    try:
        loop, turns = new_loop()
        loop.close()
        assert type(loop) is Other
        assert turns is None
    finally:
        asyncio.set_event_loop_policy(None)


def test_it_is_off_on_a_loop_that_is_debugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    loop, turns = new_loop()
    loop.close()
    assert loop.get_debug()
    assert turns is None
    monkeypatch.delenv("PYTHONASYNCIODEBUG")
    loop, turns = new_loop()
    loop.close()
    assert turns is not None


@pytest.mark.usefixtures("patient")
def test_it_is_off_where_bytes_are_those_of_tls(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    (connection,) = alone.engine.active.connections.values()
    get = connection._transport.get_extra_info
    monkeypatch.setattr(
        connection._transport, "get_extra_info", lambda name: object() if name == "sslcontext" else get(name)
    )
    for _ in range(MANY):
        alone.sizes.size().result()
    assert alone.path.answered == 0


def _in_a_child(do: Callable[[], object]) -> str:
    """Do something in a forked child; return the type of the error that it ends with."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            do()
        except BaseException as error:
            os.write(writing, type(error).__name__.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        told = answer.read().decode()
    os.waitpid(child, 0)
    return told


@pytest.mark.usefixtures("patient")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer Pythons warn of fork in threaded processes
def test_a_forked_child_neither_takes_the_turn_nor_reads(alone: Alone) -> None:
    alone.become_direct()
    with alone.turns.lock:  # nobody gives it back in the child
        assert _in_a_child(lambda: alone.sizes.size().result()) == "ClientForkedError"
    assert alone.call(8) == 8


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_call_of_its_parent(alone: Alone) -> None:
    asked = Events()
    alone.member.answers = lambda request: asked(request)
    sent = alone.sizes.size()
    doubled = sent.continue_with(lambda size: 2 * size.result())
    asked.wait_for_number(1)
    assert _in_a_child(sent.result) == "ClientForkedError"
    assert _in_a_child(doubled.result) == "ClientForkedError"
    alone.member.say(size_answer(asked.all[0], 21))
    assert doubled.result() == 42
    assert _in_a_child(sent.result) == ""  # what is there is there


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_is_refused_what_the_parents_loop_would_have_to_do(alone: Alone) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: alone.client.failover.switch_to("played"),
        lambda: alone.sizes.add_entry_listener(added_func=print),
        lambda: alone.client.jet.jobs(),
    ]
    assert [_in_a_child(attempt) for attempt in attempts] == ["ClientForkedError"] * 3
    assert _in_a_child(alone.client.shutdown) == ""
    assert alone.sizes.size().result() > 0
