"""What can go wrong, for people and for programs: one root, and for a call that ended in one, what is known.

Each error is also the official package's error of the same meaning, so existing ``except`` clauses keep working. An
error that ends a call carries ``outcome``. Nothing here does any work beyond reading exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from hazelcast import errors as hz

from tealjet.failover.model import Outcome

__all__ = [
    "CallTimeoutError",
    "ClientClosedError",
    "ClientForkedError",
    "ClusterLeftError",
    "ConfigError",
    "ConnectionLostError",
    "FeatureMissingError",
    "NoClusterError",
    "NoConnectionError",
    "Outcome",
    "OverloadError",
    "SwitchError",
    "TealjetError",
    "TransactionLostError",
    "WrongLoopError",
    "outcome_of",
]


_ADVICE = {
    Outcome.NOT_SENT: "The call was not sent: it is safe to issue it again.",
    Outcome.UNKNOWN: "The call may have been applied: look before you issue it again, or allow it with redo.",
}


class TealjetError(hz.HazelcastError):
    """The root of all errors that Tealjet raises by itself.

    Its text ends with what the outcome means, whatever becomes known of the call after the error was made.
    """

    _advice: ClassVar[Mapping[Outcome, str]] = _ADVICE

    def __init__(self, message: str, *, outcome: Outcome | None = None) -> None:
        """Make the error.

        Args:
            message: What happened, to which cluster, and what to do.
            outcome: For an error that ends a call, what is known of the call.
        """
        super().__init__(message)
        self.outcome = outcome

    def __str__(self) -> str:
        advice = None if self.outcome is None else self._advice.get(self.outcome)
        text: str = self.args[0]
        return text if advice is None else f"{text} {advice}"


class ConfigError(TealjetError, hz.InvalidConfigurationError):
    """A configuration cannot be used; ``problems`` has every one that was found."""

    def __init__(self, message: str, *, problems: tuple[object, ...] = ()) -> None:
        """Make the error from its text and the single problems behind it."""
        super().__init__(message)
        self.problems = problems


class ConnectionLostError(TealjetError, hz.TargetDisconnectedError):
    """The connection that carried the call was lost before the answer; the outcome is ``UNKNOWN``."""


class NoConnectionError(TealjetError, hz.HazelcastIOError):
    """The call was bound to a connection or a member that is gone; it was not sent."""


class ClusterLeftError(TealjetError, hz.IllegalStateError):
    """The call carried what only the cluster understands that the client has left, a sequence for example."""

    _advice: ClassVar[Mapping[Outcome, str]] = {}  # its text says all


class CallTimeoutError(TealjetError, hz.OperationTimeoutError):
    """The call reached its deadline without an answer."""


class OverloadError(TealjetError, hz.HazelcastOverloadError):
    """More calls wait for a cluster than the configured limit; the call was not sent."""


class ClientClosedError(TealjetError, hz.HazelcastClientNotActiveError):
    """The client is closed, or was closed while the call was under way."""


class ClientForkedError(ClientClosedError):
    """The client was made in the parent of this process; a forked child has to make its own."""


class FeatureMissingError(TealjetError, hz.UnsupportedOperationError):
    """The cluster is too old for what was called; nothing was sent to it."""

    _advice: ClassVar[Mapping[Outcome, str]] = {**_ADVICE, Outcome.NOT_SENT: "The call was not sent."}

    def __init__(
        self, message: str, *, feature: str, cluster: str, version: str, since: str, outcome: Outcome | None = None
    ) -> None:
        """Make the error from its text and the facts in it.

        Args:
            message: What is missing where, and what to do.
            feature: What the cluster lacks.
            cluster: The candidate's name.
            version: The lowest version of its members.
            since: The version that brought the feature.
            outcome: What is known of the call, which may have been sent to a former cluster.
        """
        super().__init__(message, outcome=outcome)
        self.feature = feature
        self.cluster = cluster
        self.version = version
        self.since = since


class TransactionLostError(TealjetError, hz.TransactionError):
    """The connection of a transaction is gone before its end.

    The outcome is that of the whole transaction: ``NOT_SENT`` when nothing of it is applied or will be, ``UNKNOWN``
    when its commit was under way.
    """


class WrongLoopError(TealjetError, hz.IllegalStateError):
    """An asyncio client was used on another event loop, or a blocking call on the client's own thread."""


class NoClusterError(TealjetError, hz.IllegalStateError):
    """No candidate could be used; ``reasons`` has why, for each candidate's name."""

    def __init__(self, message: str, *, reasons: Mapping[str, str]) -> None:
        """Make the error from its text and the reason for each candidate."""
        super().__init__(message)
        self.reasons = dict(reasons)


class SwitchError(TealjetError, hz.IllegalStateError):
    """A planned switch was refused or failed before anything was changed: the client is where it was."""


def outcome_of(error: BaseException) -> Outcome | None:
    """Return what is known of the call that ended in the error.

    Reads the error, what it was raised from and, for an exception group, all of its members: the worst of several is
    returned, ``UNKNOWN`` before ``ANSWERED`` before ``NOT_SENT``.

    Args:
        error: An exception or an exception group.

    Returns:
        The outcome, or None when the error says nothing of a call (it was raised before a call was made).
    """
    found = set(_outcomes(error, set()))
    for outcome in (Outcome.UNKNOWN, Outcome.ANSWERED, Outcome.NOT_SENT):
        if outcome in found:
            return outcome
    return None


def _outcomes(error: BaseException, seen: set[int]) -> Iterator[Outcome]:
    if id(error) in seen:
        return
    seen.add(id(error))
    outcome = getattr(error, "outcome", None)
    if isinstance(outcome, Outcome):
        yield outcome
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _outcomes(member, seen)
    elif not isinstance(outcome, Outcome):
        # the official errors carry what caused them as an argument
        for origin in (error.__cause__, error.__context__, *error.args):
            if isinstance(origin, BaseException):
                yield from _outcomes(origin, seen)
