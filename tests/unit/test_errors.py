"""What an error says of its call, wherever it is found."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hazelcast import errors as hz
from hazelcast.sql import HazelcastSqlError

import tealjet
from tealjet import errors
from tealjet.errors import (
    CallTimeoutError,
    ClientClosedError,
    ConfigError,
    ConnectionLostError,
    FeatureMissingError,
    NoClusterError,
    NoConnectionError,
    OverloadError,
    SwitchError,
    TealjetError,
    outcome_of,
)
from tealjet.failover.model import Outcome

LOST = ConnectionLostError("lost", outcome=Outcome.UNKNOWN)
PARKED = CallTimeoutError("too late", outcome=Outcome.NOT_SENT)


def test_an_error_of_a_call_says_its_outcome() -> None:
    assert outcome_of(LOST) is Outcome.UNKNOWN
    assert outcome_of(PARKED) is Outcome.NOT_SENT


def test_the_text_of_an_error_follows_its_outcome() -> None:
    error = ConnectionLostError("It was lost.", outcome=Outcome.NOT_SENT)
    assert str(error) == "It was lost. The call was not sent: it is safe to issue it again."
    error.outcome = Outcome.UNKNOWN
    assert str(error).startswith("It was lost. The call may have been applied")
    error.outcome = None
    assert str(error) == "It was lost."


def test_an_error_before_any_call_says_nothing() -> None:
    assert outcome_of(ValueError("no key")) is None


def test_the_outcome_of_what_an_error_was_raised_from_is_found() -> None:
    wrapper = RuntimeError("wrapped")
    wrapper.__cause__ = LOST
    assert outcome_of(wrapper) is Outcome.UNKNOWN


def test_the_outcome_of_what_an_official_error_carries_is_found() -> None:
    assert outcome_of(HazelcastSqlError(None, -1, "topology changed", LOST)) is Outcome.UNKNOWN


def test_of_several_outcomes_in_a_group_the_worst_counts() -> None:
    answered = hz.IllegalStateError("no")
    answered.outcome = Outcome.ANSWERED  # type: ignore[attr-defined]
    assert outcome_of(ExceptionGroup("parts", [PARKED, answered])) is Outcome.ANSWERED
    assert outcome_of(ExceptionGroup("parts", [PARKED, ExceptionGroup("more", [answered, LOST])])) is Outcome.UNKNOWN


def test_errors_that_refer_to_each_other_are_no_endless_loop() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert outcome_of(first) is None


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        (CallTimeoutError, hz.OperationTimeoutError),
        (ClientClosedError, hz.HazelcastClientNotActiveError),
        (ConfigError, hz.InvalidConfigurationError),
        (ConnectionLostError, hz.TargetDisconnectedError),
        (FeatureMissingError, hz.UnsupportedOperationError),
        (NoClusterError, hz.IllegalStateError),
        (NoConnectionError, hz.HazelcastIOError),
        (OverloadError, hz.HazelcastOverloadError),
        (SwitchError, hz.IllegalStateError),
    ],
)
def test_each_error_is_the_official_one_of_the_same_meaning(ours: type, official: type) -> None:
    assert issubclass(ours, official)
    assert issubclass(ours, TealjetError)


def test_the_public_names_are_those_that_are_documented() -> None:
    assert set(tealjet.__all__) == {
        "Candidate",
        "ClientConfig",
        "Continuity",
        "DeltaJobConfig",
        "Failover",
        "FailoverConfig",
        "FailoverOptions",
        "Jet",
        "JetClient",
        "Job",
        "JobStatus",
        "LifecycleEvent",
        "Observable",
        "Observation",
        "Outcome",
        "Profile",
        "Status",
        "SwitchReport",
        "TealjetError",
        "call_options",
        "new_jet_client",
        "new_jet_failover_client",
        "outcome_of",
    }
    assert all(hasattr(tealjet, name) for name in tealjet.__all__)
    assert dir(tealjet) == sorted(tealjet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'new_jet_cluster'"):
        tealjet.new_jet_cluster  # noqa: B018
    assert all(hasattr(errors, name) for name in errors.__all__)


def test_the_official_package_is_not_imported_before_it_is_needed() -> None:
    script = "import sys, tealjet; print('hazelcast' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.strip() == b"False"
