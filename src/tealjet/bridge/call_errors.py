"""The exceptions that users see, in the official package's classes and with what is known of the call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar

from hazelcast import errors as hz

from tealjet.errors import (
    CallTimeoutError,
    ClientClosedError,
    ClientForkedError,
    ConnectionLostError,
    FeatureMissingError,
    NoConnectionError,
    Outcome,
    OverloadError,
    TealjetError,
    WrongLoopError,
)
from tealjet.failover.report import describe_all
from tealjet.protocol.features import Feature
from tealjet.protocol.frames import Message
from tealjet.protocol.names import message_name
from tealjet.protocol.values import MemberVersion

__all__ = ["BackupsMissingError", "OfficialErrors"]


class BackupsMissingError(TealjetError, hz.IndeterminateOperationStateError):
    """The primary applied the call, and not all of its backups acknowledged in time."""

    _advice: ClassVar[Mapping[Outcome, str]] = {}  # its text says all


class OfficialErrors:
    """Makes the errors of the engine's calls."""

    def answered(self, message: Message, cluster: str) -> Exception:
        """Decode the error that a cluster answered, with its Java class, text and causes."""
        error = hz.create_error_from_message(message)
        if isinstance(error, hz.IllegalMonitorStateError):
            said, *cause = error.args
            rule = "a lock that was taken on another cluster is not held on this one"
            return hz.IllegalMonitorStateError(f"Cluster {cluster!r} refused it ({rule}): {said}", *cause)
        return error if isinstance(error, Exception) else hz.HazelcastError("the cluster answered an empty error")

    def asks_to_repeat(self, error: Exception, *, to_member: bool, on_connection: bool) -> bool:
        """Say whether an answered error means: not executed, try again (the official client's rule)."""
        if to_member and isinstance(error, hz.TargetNotMemberError):  # no repetition brings the member back
            return False
        if on_connection and isinstance(error, OSError | hz.TargetDisconnectedError):
            return False
        retryable = (OSError, hz.HazelcastInstanceNotActiveError)
        return isinstance(error, retryable) or bool(hz.is_retryable_error(error))

    def connection_lost(self, cluster: str, detail: str, outcome: Outcome) -> Exception:
        """A call was lost with its connection."""
        text = f"The connection to cluster {cluster!r} was lost before the answer: {detail}."
        return ConnectionLostError(text, outcome=outcome)

    def no_connection(self, cluster: str, detail: str, outcome: Outcome) -> Exception:
        """A call was bound to a connection that is gone."""
        text = f"The call belongs to cluster {cluster!r}, but {detail}."
        return NoConnectionError(text, outcome=outcome)

    def timed_out(
        self, seconds: float, reasons: Mapping[str, str], outcome: Outcome, last: Exception | None
    ) -> Exception:
        """A call reached its deadline."""
        if last is not None:
            why = f"the cluster kept asking to repeat it, last with: {last}"
        else:
            why = "no cluster was available: " + (describe_all(reasons) or "none was found yet")
        error = CallTimeoutError(f"The call ended at its limit of {seconds:g} s; {why}.", outcome=outcome)
        error.__cause__ = last
        return error

    def unanswered(self, seconds: float, wait: float, cluster: str, peer: str, message_type: int) -> Exception:
        """A call was not answered by a member that is alive."""
        limit = f"{seconds:g} s" if not wait else f"{seconds:g} s beyond the {wait:g} s that it could wait by itself"
        text = (
            f"The call ({message_name(message_type)}) ended at its limit of {limit}: member {peer} of cluster "
            f"{cluster!r} has taken it and has not answered. If such calls need more time, give it with "
            "call_options(timeout=...) or a longer invocation timeout."
        )
        return CallTimeoutError(text, outcome=Outcome.UNKNOWN)

    def backups_missing(self, cluster: str) -> Exception:
        """The primary answered, its backups did not acknowledge in time."""
        text = (
            f"Cluster {cluster!r} applied the call, but not all backups acknowledged in time: the change may be lost "
            "if the primary fails now."
        )
        return BackupsMissingError(text, outcome=Outcome.UNKNOWN)

    def feature_missing(self, cluster: str, version: MemberVersion, feature: Feature, outcome: Outcome) -> Exception:
        """The members of that version, the oldest of the cluster, know no such calls."""
        number, since = ".".join(map(str, version)), ".".join(map(str, feature.since))
        jet = " (Hazelcast Jet 4 is built on 4.0)" if version[:2] == (4, 0) else ""
        text = (
            f"Cluster {cluster!r} has no {feature.name}: that came with Hazelcast {since}, and its oldest member runs "
            f"{number}{jet}. Upgrade the cluster, or {feature.instead}."
        )
        return FeatureMissingError(
            text, feature=feature.name, cluster=cluster, version=number, since=since, outcome=outcome
        )

    def overloaded(self, limit: int, outcome: Outcome) -> Exception:
        """Too many calls wait for a cluster."""
        text = f"{limit} calls wait for a cluster already (max_parked_calls)."
        return OverloadError(text, outcome=outcome)

    def closed(self, detail: str, outcome: Outcome) -> Exception:
        """The client was closed."""
        return ClientClosedError(f"This client can't be used: {detail}.", outcome=outcome)

    def wrong_loop(self) -> Exception:
        """The client was used on another event loop than its own."""
        text = "This client belongs to another event loop. Make one client per loop, and use it only there."
        return WrongLoopError(text)

    def forked(self, outcome: Outcome) -> Exception:
        """The client belongs to the parent of this process."""
        text = f"This client was made in the parent of process {os.getpid()}; make a new one after the fork."
        return ClientForkedError(text, outcome=outcome)

    def labelled(self, error: Exception, outcome: Outcome) -> Exception:
        """Return the error with the outcome attached."""
        error.outcome = outcome  # type: ignore[attr-defined]
        return error
