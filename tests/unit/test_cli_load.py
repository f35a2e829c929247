from __future__ import annotations

import threading

import pytest

from tealjet.cli import load as load_module
from tealjet.cli.load import Load, TooLateError
from tealjet.errors import ClientClosedError, ConnectionLostError, Outcome


def test_every_call_is_counted_by_operation_and_outcome() -> None:
    errors = iter(
        [
            ConnectionLostError("lost", outcome=Outcome.UNKNOWN),
            ConnectionLostError("lost", outcome=Outcome.NOT_SENT),
            ConnectionLostError("refused", outcome=Outcome.ANSWERED),
            ValueError("no outcome"),
        ]
    )

    all_raised = threading.Event()

    def put(_: str) -> None:
        for error in errors:
            raise error
        all_raised.set()

    with Load({"put": put, "get": lambda _: all_raised.wait()}, threads_each=1) as load:
        load.wait_for_more(100)
    operations = {one.name: one for one in load.calls().operations}
    put_calls = operations["put"]
    assert (put_calls.unknown, put_calls.not_sent, put_calls.answered, put_calls.unlabelled) == (1, 1, 1, 1)
    assert sum(one.succeeded for one in operations.values()) + 4 == load.ended
    assert len(load.errors) == 4


def test_each_call_gets_a_string_that_no_other_call_gets() -> None:
    given: list[str] = []
    with Load({"put": given.append}, threads_each=3) as load:
        load.wait_for_more(100)
    assert len(set(given)) == len(given) == load.ended


def test_a_thread_ends_when_the_client_is_closed() -> None:
    def call(_: str) -> None:
        raise ClientClosedError("closed", outcome=Outcome.NOT_SENT)

    with Load({"put": call}, threads_each=2) as load:
        for thread in load._threads:
            thread.join()
    assert (load.ended, load.hanging) == (2, 0)


def test_a_call_that_does_not_end_is_told_as_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "LIMIT", 0.01)
    answered = threading.Event()
    with Load({"take": lambda _: answered.wait()}, threads_each=1) as load, pytest.raises(TooLateError, match="1 of 1"):
        load.wait_for_more(1)
    assert load.hanging == 1
    answered.set()
