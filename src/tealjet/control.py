"""``client.failover``: where the client is, what happened, and what an operator may ask of it.

Written once for asyncio; the threaded facade is the same with one method that waits. Neither of them knows the client
object, so that a client that was forgotten can be collected.
"""

from __future__ import annotations

import inspect
import logging
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tealjet.engine.driver import Published
from tealjet.engine.engine import Engine
from tealjet.errors import SwitchError
from tealjet.failover.model import (
    Candidate,
    GiveUp,
    JobMoved,
    Kind,
    LifecycleChanged,
    RoundFailed,
    StandbyChanged,
    Switched,
    SwitchReport,
    TopicGap,
)
from tealjet.failover.options import FailoverOptions, check_seconds
from tealjet.failover.report import describe_all

__all__ = ["Announcer", "AsyncFailover", "Failover", "Status"]

_log = logging.getLogger("tealjet")

_HISTORY = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A look at the client at one moment."""

    active: str | None
    """Name of the candidate that carries calls, None while there is none."""
    standby: str | None
    """Name of the candidate that stands by ready."""
    cluster_id: str | None
    members: int
    """Members of the active cluster."""
    connections: int
    """Connections to the active cluster."""
    reasons: Mapping[str, str]
    """For each candidate that could not be used when it was last tried, why."""
    calls_in_flight: int
    calls_parked: int
    """Calls that wait for a cluster now."""
    calls_parked_total: int
    calls_rejected_total: int
    """Calls that were refused because too many waited."""
    listeners: int
    events_waiting: int
    """Events that wait for user listeners which are still busy with earlier ones."""
    events_dropped: int
    """Events that came faster than they could be kept; the log names the listener that is too slow."""
    connections_malformed_total: int
    """Connections that were closed because of bytes that are no message, or a longer one than is taken."""


class FailoverEvents(Protocol):
    """Who wants to know of lifecycle states."""

    def fire(self, state: str, from_cluster: str | None = None, to_cluster: str | None = None) -> None:
        """Tell the lifecycle listeners."""
        ...


class EventQueues(Protocol):
    """The events that wait for user listeners."""

    @property
    def waiting(self) -> int:
        """How many wait now."""
        ...

    @property
    def dropped(self) -> int:
        """How many were dropped because too many waited."""
        ...


EventListener = Callable[[Published], object]


class Announcer:
    """Tells the log, the history and the listeners what the controller publishes."""

    def __init__(
        self, lifecycle: FailoverEvents, run: Callable[[Callable[[], object]], None], ended: Callable[[], None]
    ) -> None:
        """Announce to these.

        Args:
            lifecycle: The client's lifecycle listeners.
            run: Runs a user's callback where user callbacks run.
            ended: Called when the client has given up.
        """
        self.history: deque[SwitchReport] = deque(maxlen=_HISTORY)
        self.listeners: dict[str, EventListener] = {}
        self.inner: list[Callable[[Published], None]] = []
        """Parts of the client that are told at once, on the loop."""
        self._lifecycle = lifecycle
        self._run = run
        self._ended = ended

    def publish(self, event: Published) -> None:
        """Announce an event."""
        match event:
            case LifecycleChanged():
                self._lifecycle.fire(event.state.value, event.from_cluster, event.to_cluster)
            case Switched():
                self.history.append(event.report)
                _log.info("%s", _describe(event.report))
            case RoundFailed():
                reasons = describe_all(event.reasons)
                _log.warning(
                    "no cluster could be used in round %d (%s); next in %.1f s", event.number, reasons, event.pause
                )
            case StandbyChanged(standby=None):
                _log.info("no cluster stands by: %s", event.reason)
            case StandbyChanged():
                _log.info("cluster %r stands by", event.standby)
            case TopicGap():
                _log.warning(
                    "%d listeners of the reliable topic %r go on at its tail in cluster %r; "
                    "what was published in %r and not delivered yet is not delivered",
                    event.listeners,
                    event.topic,
                    event.to_cluster,
                    event.from_cluster,
                )
            case JobMoved():
                self._add_to_report(event)
                _log.info(
                    "job %s on %r, left for %r: %s", event.job, event.from_cluster, event.to_cluster, event.fate.value
                )
            case GiveUp():
                _log.error("gave up after %d attempts and %.0f s", event.attempts, event.seconds)
                self._ended()
        for tell in self.inner:
            tell(event)
        for listener in list(self.listeners.values()):
            self._run(lambda listener=listener: listener(event))  # type: ignore[misc]

    def _add_to_report(self, event: JobMoved) -> None:
        """Complete the report of the last switch away from that cluster."""
        for at in reversed(range(len(self.history))):
            report = self.history[at]
            if report.from_cluster == event.from_cluster and report.kind in (Kind.CHANGED, Kind.RESTARTED):
                self.history[at] = replace(report, jobs=(*report.jobs, event))
                return


def _describe(report: SwitchReport) -> str:
    how = {
        Kind.FIRST: "connected to cluster",
        Kind.SAME: "reconnected to cluster",
        Kind.RESTARTED: "connected to the restarted cluster",
        Kind.CHANGED: "moved to cluster",
    }[report.kind]
    took = report.phases[-1].at if report.phases else 0.0
    return f"{how} {report.to_cluster!r} in {took:.1f} ms ({report.why}); {report.released} calls were held"


class _Facade:
    def __init__(
        self,
        engine: Engine,
        announcer: Announcer,
        queues: EventQueues,
        candidates: Sequence[Candidate],
        options: FailoverOptions,
    ) -> None:
        self._engine = engine
        self._announcer = announcer
        self._queues = queues
        self._candidates = tuple(candidates)
        self._options = options

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All clusters that the client may use, in the order of the configuration."""
        return self._candidates

    @property
    def active(self) -> Candidate | None:
        """The cluster that carries calls, None while there is none."""
        link = self._engine.active
        return None if link is None else self._named(link.target.name)

    @property
    def standby(self) -> Candidate | None:
        """The cluster that stands by ready, None while there is none."""
        name = self._engine.snapshot().standby
        return None if name is None else self._named(name)

    def _named(self, name: str) -> Candidate:
        return next(one for one in self._candidates if one.name == name)

    @property
    def history(self) -> tuple[SwitchReport, ...]:
        """The reports of the last switches and reconnects, oldest first, 100 at most."""
        return tuple(self._announcer.history)

    def status(self) -> Status:
        """Look at the client as it is now."""
        engine, link, state = self._engine, self._engine.active, self._engine.snapshot()
        return Status(
            active=link.target.name if link else None,
            standby=state.standby,
            cluster_id=link.facts.cluster_id if link else None,
            members=link.facts.members if link else 0,
            connections=len(link.connections) if link else 0,
            reasons=dict(state.reasons),
            calls_in_flight=len(link.pending) if link else 0,
            calls_parked=engine.calls.parked,
            calls_parked_total=engine.calls.parked_total,
            calls_rejected_total=engine.calls.rejected_total,
            listeners=engine.listeners,
            events_waiting=self._queues.waiting,
            events_dropped=self._queues.dropped + (link.dropped_events if link else 0),
            connections_malformed_total=engine.calls.malformed_total,
        )

    def add_listener(self, listener: EventListener) -> str:
        """Call back with each lifecycle, standby, round, switch and topic gap event; return an id to remove it with.

        Raises:
            TypeError: It can't be called, or would have to be awaited.
        """
        if not callable(listener):
            raise TypeError(f"a listener is a function that takes the event, not {listener!r}")
        if inspect.iscoroutinefunction(listener):
            raise TypeError(
                f"a listener is not awaited; give a plain function, which may start a task, not {listener!r}"
            )
        listener_id = str(uuid.uuid4())
        self._announcer.listeners[listener_id] = listener
        return listener_id

    def remove_listener(self, listener_id: str) -> bool:
        """Remove a listener; False when there is none with that id."""
        return self._announcer.listeners.pop(listener_id, None) is not None

    async def _switch(self, candidate: str, drain_timeout: float | None, linger_timeout: float | None) -> SwitchReport:
        for name, value in (("drain_timeout", drain_timeout), ("linger_timeout", linger_timeout)):
            if value is not None:
                check_seconds(name, value)
        answer = await self._engine.switch_to(
            candidate,
            drain_timeout=self._options.drain_timeout if drain_timeout is None else drain_timeout,
            linger_timeout=self._options.linger_timeout if linger_timeout is None else linger_timeout,
        )
        if answer.report is None:
            raise SwitchError(f"The client was not switched to {candidate!r}: {answer.refused}")
        return answer.report


class AsyncFailover(_Facade):
    """``client.failover`` of the asyncio family."""

    async def switch_to(
        self, candidate: str, *, drain_timeout: float | None = None, linger_timeout: float | None = None
    ) -> SwitchReport:
        """Move to another cluster without failing a call.

        New calls are held while short calls end; then they go to the new cluster, and calls that block by nature stay
        on the former one until they end.

        Args:
            candidate: Name of the cluster to move to.
            drain_timeout: Seconds to hold new calls at most; None: as configured.
            linger_timeout: Seconds that calls may stay on the former cluster at most; None: as configured.

        Raises:
            SwitchError: Nothing was changed; the text says why.
            TypeError: A time-out is no number.
            ValueError: A time-out is below 0.
        """
        return await self._switch(candidate, drain_timeout, linger_timeout)


class Failover(_Facade):
    """``client.failover`` of the threaded family."""

    def __init__(
        self,
        engine: Engine,
        announcer: Announcer,
        queues: EventQueues,
        candidates: Sequence[Candidate],
        options: FailoverOptions,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        """Wait by means of ``run``, which runs a coroutine on the engine's loop and returns its result."""
        super().__init__(engine, announcer, queues, candidates, options)
        self._run = run

    def switch_to(
        self, candidate: str, *, drain_timeout: float | None = None, linger_timeout: float | None = None
    ) -> SwitchReport:
        """As :meth:`AsyncFailover.switch_to`; returns when the client has moved."""
        return self._run(self._switch(candidate, drain_timeout, linger_timeout))  # type: ignore[no-any-return]
