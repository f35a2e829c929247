"""The decisions of failover: which candidate is tried next, when the client moves, when it gives up.

The controller is told events and returns commands; it holds at most one active link, one standby, one pursuit (the way
to an active link, from a start or a loss on) and one planned switch. Each of them owns its attempts, links and timers,
so an id that none of them owns is stale. It must not know a clock, a socket, a thread or what a cluster is made of.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from tealjet.failover import model
from tealjet.failover.model import AttemptId, Candidate, Kind, Lifecycle, LinkId, Reason, Role, TimerId
from tealjet.failover.options import Backoff, FailoverOptions, GiveUpRule
from tealjet.failover.report import Timeline, describe, describe_all
from tealjet.failover.state import Attempt, Link, Mode, Pursuit, Slot, Stage, Standby, State, Switch

__all__ = ["Controller", "Mode", "State"]

_LOOK_BACKOFF = Backoff(initial=0.002, maximum=1.0, multiplier=2.0, jitter=0.2)
"""The pause between two looks at a lost cluster that is given more time than one look takes. It begins short: a member
whose process is ending still accepts connections for a moment, and refuses them in the next."""
_LEAST_PAUSE = 0.1
"""No configuration makes the pause between two rounds shorter (seconds)."""
_STABLE = 1.0
"""A link that was in use for less time (seconds) counts as a flap."""
_FREE_FLAPS = 3
"""So many flaps in a row are followed at once, further ones after a pause."""

_SAYS_NO = frozenset(
    {Reason.DENIED, Reason.CREDENTIALS, Reason.PARTITIONS, Reason.FAILOVER_UNSUPPORTED, Reason.PREPARATION}
)
"""A cluster that answered so is there and does not want or fit this client: looking again at once changes nothing."""


class Controller:
    """Decides which cluster the client uses. Pure: the same events at the same times give the same commands."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        options: FailoverOptions,
        backoff: Backoff,
        give_up: GiveUpRule,
        *,
        random: Callable[[], float],
    ) -> None:
        """Take what never changes.

        Args:
            candidates: In the order of the configuration; a single one makes an ordinary client.
            options: How the client moves.
            backoff: The pause between rounds over the candidates, and between attempts for a standby.
            give_up: When the client stops trying. A single attempt (``try-count`` 0) also means that no candidate but
                the current one is tried by policy, and that none stands by.
            random: Gives numbers in [0, 1) for jitter.
        """
        if not candidates:
            raise ValueError("a client needs at least one candidate; the list of candidates is empty")
        self._candidates = tuple(candidates)
        self._options = options
        self._backoff = backoff
        self._give_up = give_up
        self._random = random
        self._stays = give_up.attempts <= 1
        self._keeps_standby = options.standby and len(candidates) > 1 and not self._stays
        self._attempt_ids = itertools.count(1)
        self._timer_ids = itertools.count(1)
        self._active: Link | None = None
        self._standby = Standby()
        self._pursuit: Pursuit | None = None
        self._switch: Switch | None = None
        self._ended = False
        self._reasons: dict[str, str] = {}
        self._partitions: tuple[int, str] | None = None
        self._flaps = 0
        self._now = 0.0
        self._out: list[model.Command] = []

    def handle(self, event: model.Event, now: float) -> list[model.Command]:
        """Return what has to be done about an event, in order.

        Args:
            event: What happened. Events about attempts, links and timers that are no longer wanted are ignored, except
                that a link that nobody waits for is closed.
            now: Monotonic time in seconds.
        """
        self._now, self._out = now, []
        match event:
            case model.Started():
                self._on_started()
            case model.Opened():
                self._on_opened(event)
            case model.OpenFailed():
                self._on_open_failed(event)
            case model.Prepared():
                self._on_prepared(event)
            case model.PrepareFailed():
                self._on_prepare_failed(event)
            case model.Lost():
                self._on_lost(event)
            case model.Drained():
                self._on_drained(event)
            case model.Activated():
                self._on_activated(event)
            case model.TimerFired():
                self._on_timer(event)
            case model.Requested():
                self._on_requested(event)
        return self._out

    def snapshot(self) -> State:
        """Return what the controller knows."""
        pursuit, standby, switch = self._pursuit, self._standby.link, self._switch
        return State(
            mode=self._mode(),
            active=self._active.candidate.name if self._active else None,
            active_link=self._active.id if self._active else None,
            standby=standby.candidate.name if standby else None,
            standby_link=standby.id if standby else None,
            switching_to=switch.what.candidate if switch else None,
            opening={slot.attempt.id: slot.attempt.candidate.name for slot in self._slots() if slot.attempt},
            round=pursuit.round if pursuit else 0,
            attempts=pursuit.attempts if pursuit else 0,
            reasons=dict(self._reasons),
            partition_count=self._partitions[0] if self._partitions else None,
        )

    def _mode(self) -> Mode:
        pursuit = self._pursuit
        if self._ended:
            return Mode.ENDED
        if pursuit is None:
            return Mode.SWITCHING if self._switch else Mode.CONNECTED if self._active else Mode.IDLE
        if pursuit.link is not None:
            return Mode.PREPARING
        if pursuit.timer is not None:
            return Mode.PAUSED
        return Mode.OPENING if pursuit.round else Mode.LOOKING

    # --------------------------------------------------------------------------------------------- events to decisions

    def _on_started(self) -> None:
        if self._mode() is Mode.IDLE:
            timeline = Timeline(began=self._now, why="the client was started", planned=False, from_cluster=None)
            self._pursuit = Pursuit(timeline=timeline, former=None)
            self._begin_round(self._pursuit)

    def _on_opened(self, event: model.Opened) -> None:
        slot, attempt = self._of_attempt(event.attempt)
        if slot is None or attempt is None:
            self._do(model.Close(link=event.link, why="nobody waits for it any more"))
            return
        slot.attempt = None
        link = Link(event.link, attempt.candidate, event.facts, self._now)
        unfit = self._unfit(link)
        if unfit is None:
            slot.link = link
            self._link_opened(slot, link)
        else:
            reason, detail = unfit
            self._do(model.Close(link=link.id, why=describe(reason, detail)))
            self._slot_failed(slot, link.candidate, reason, detail)

    def _link_opened(self, slot: Slot, link: Link) -> None:
        if isinstance(slot, Pursuit | Switch):
            slot.timeline.mark("opened", self._now, link.candidate.name)
            self._prepare(link)
        else:
            self._reasons.pop(link.candidate.name, None)
            self._publish_standby(link.candidate.name, "")

    def _on_open_failed(self, event: model.OpenFailed) -> None:
        slot, attempt = self._of_attempt(event.attempt)
        if slot is not None and attempt is not None:
            slot.attempt = None
            self._slot_failed(slot, attempt.candidate, event.reason, event.detail)

    def _on_prepared(self, event: model.Prepared) -> None:
        slot, link = self._of_link(event.link)
        if link is None or link.stage is not Stage.PREPARING:
            return
        link.stage = Stage.PREPARED
        if isinstance(slot, Pursuit):
            slot.timeline.mark("prepared", self._now)
            self._activate(link, self._kind(link, slot.former))
        elif isinstance(slot, Switch):
            slot.timeline.mark("prepared", self._now)
            self._hold_and_drain(slot)

    def _on_prepare_failed(self, event: model.PrepareFailed) -> None:
        slot, link = self._of_link(event.link)
        if slot is not None and link is not None and link.stage is Stage.PREPARING:
            slot.link = None
            self._do(model.Close(link=link.id, why=describe(Reason.PREPARATION, event.detail)))
            self._slot_failed(slot, link.candidate, Reason.PREPARATION, event.detail)

    def _on_lost(self, event: model.Lost) -> None:
        slot, link = self._of_link(event.link)
        if self._active is not None and self._active.id == event.link:
            self._active_lost(self._active, event)
        elif slot is not None and link is not None:
            slot.link = None
            if slot is self._standby:
                self._standby_lost(link, _cause(event))
            else:
                self._slot_failed(slot, link.candidate, Reason.LOST, _cause(event))

    def _on_drained(self, event: model.Drained) -> None:
        switch = self._switch
        target = switch.link if switch else None
        if switch is None or target is None or target.stage is not Stage.PREPARED or event.link != switch.former.id:
            return
        switch.left = event.left
        switch.timeline.mark("drained", self._now, f"{event.left} calls go on on the former link")
        self._activate(target, Kind.CHANGED)

    def _on_activated(self, event: model.Activated) -> None:
        slot, link = self._of_link(event.link)
        if link is None or link.stage is not Stage.ACTIVATING:
            return
        if isinstance(slot, Pursuit):
            self._pursuit_ended(slot, link, event)
        elif isinstance(slot, Switch):
            self._switch_ended(slot, link, event)

    def _on_timer(self, event: model.TimerFired) -> None:
        pursuit, standby = self._pursuit, self._standby
        if standby.timer == event.timer:
            standby.timer = None
            self._begin_standby_round()
        elif pursuit is not None and pursuit.timer == event.timer:
            pursuit.timer = None
            if pursuit.round == 0:
                self._look(pursuit)
            else:
                self._begin_round(pursuit)

    def _on_requested(self, event: model.Requested) -> None:
        if isinstance(event.what, model.Stop):
            self._end("the client was closed")
            self._do(model.Answer(request=event.request))
        else:
            self._on_switch_to(event.request, event.what)

    def _slot_failed(self, slot: Slot, candidate: Candidate, reason: Reason, detail: str) -> None:
        """Go on after a candidate could not be opened or prepared; nothing of it is left in the slot."""
        text = describe(reason, detail)
        self._reasons[candidate.name] = text
        if isinstance(slot, Switch):
            self._abort_switch(slot, f"{candidate.name!r} can't be switched to: {text}")
        elif isinstance(slot, Pursuit):
            slot.failed[candidate.name] = text
            if slot.round == 0:
                self._look_failed(slot, candidate, reason, text)
            else:
                slot.timeline.mark("failed", self._now, f"{candidate.name}: {text}")
                self._try_next(slot)
        elif self._settled:
            self._try_next_standby()

    # ------------------------------------------------------------------------------------------------------ the pursuit

    def _active_lost(self, link: Link, event: model.Lost) -> None:
        switch = self._switch
        self._active = None
        if switch is not None and switch.link is not None and switch.link.stage is Stage.ACTIVATING:
            switch.lost = event  # the target is about to be in use, which settles it
            return
        if switch is not None:
            self._switch_overtaken(switch)
        self._pursue(link, event)

    def _pursue(self, former: Link, event: model.Lost) -> None:
        name, cause = former.candidate.name, _cause(event)
        self._publish_lifecycle(Lifecycle.DISCONNECTED, name, None)
        self._cancel_pause(self._standby)
        timeline = Timeline(began=self._now, why=f"{name!r} was lost: {cause}", planned=False, from_cluster=name)
        timeline.mark("lost", self._now, cause)
        pursuit = self._pursuit = Pursuit(timeline=timeline, former=former, calls=event.calls)
        self._reasons[name] = describe(Reason.LOST, cause)
        self._flaps = self._flaps + 1 if self._now - former.since < _STABLE else 0
        if self._flaps > _FREE_FLAPS:
            self._pause(pursuit, self._pause_after(self._flaps - _FREE_FLAPS))
        elif event.cause is model.Cause.SILENT and not self._given_time(former.candidate):
            pursuit.attempts += 1
            timeline.because("it has been looked at already, over fresh connections")
            self._begin_round(pursuit)
        else:
            self._look(pursuit)

    def _given_time(self, candidate: Candidate) -> bool:
        """Say whether somebody set the time that the candidate is given to come back."""
        return self._options.reconnect_grace is not None or candidate.connect_timeout is not None

    def _look(self, pursuit: Pursuit) -> None:
        """Look whether the lost cluster is still there, over fresh connections."""
        assert pursuit.former is not None  # noqa: S101 - without a loss there is no look
        candidate = pursuit.former.candidate
        if pursuit.look_until is None:
            grace = self._options.grace
            if self._options.reconnect_grace is None and candidate.connect_timeout is not None:
                grace = candidate.connect_timeout
            if grace <= 0:
                self._begin_round(pursuit)
                return
            pursuit.look_until = self._now + grace
            pursuit.attempts += 1
        if pursuit.looks:
            pursuit.timeline.forget()
        else:
            pursuit.timeline.keep()
        pursuit.looks += 1
        limit = min(pursuit.look_until, self._now + self._options.open_timeout)
        pursuit.attempt = self._open(candidate, Role.ACTIVE, limit)

    def _look_failed(self, pursuit: Pursuit, candidate: Candidate, reason: Reason, text: str) -> None:
        over = reason in _SAYS_NO or (reason is Reason.REFUSED and not self._given_time(candidate))
        pause = _LOOK_BACKOFF.pause(pursuit.looks, self._random())
        if not over and pursuit.look_until is not None and self._now + pause < pursuit.look_until:
            self._pause(pursuit, pause)
            return
        pursuit.timeline.mark("looked", self._now, text)
        pursuit.timeline.because(f"a quick look at it found: {text}")
        self._begin_round(pursuit)

    def _begin_round(self, pursuit: Pursuit) -> None:
        pursuit.round += 1
        pursuit.failed = {}
        pursuit.queue = self._cycle(pursuit.former)
        if pursuit.round == 1:
            pursuit.timeline.keep()
        else:
            pursuit.timeline.forget()
            detail = f"{pursuit.round}; no cluster could be used in the rounds before"
            pursuit.timeline.mark("round", self._now, detail)
        self._try_next(pursuit)

    def _try_next(self, pursuit: Pursuit) -> None:
        standby, began = self._standby, pursuit.timeline.began
        attempts_left = pursuit.attempts < self._give_up.attempts
        if standby.link is not None or standby.attempt is not None:
            self._use_standby(pursuit)
        elif not attempts_left and self._now >= began + self._give_up.seconds:
            self._end("no cluster could be used")
            reasons, seconds = dict(self._reasons), self._now - began
            self._do(model.GiveUp(reasons=reasons, attempts=pursuit.attempts, seconds=seconds))
        elif pursuit.queue:
            pursuit.attempts += 1
            candidate = pursuit.queue.pop(0)
            pursuit.attempt = self._open(candidate, Role.ACTIVE, self._now + self._options.open_timeout)
        else:
            pause = self._pause_after(pursuit.round)
            if not attempts_left:  # only time is: no pause beyond its end
                pause = max(_LEAST_PAUSE, min(pause, began + self._give_up.seconds - self._now))
            self._publish(model.RoundFailed(number=pursuit.round, reasons=dict(pursuit.failed), pause=pause))
            self._pause(pursuit, pause)

    def _use_standby(self, pursuit: Pursuit) -> None:
        """Take the standby over as it is: ready, or still being opened."""
        standby = self._standby
        pursuit.link, pursuit.attempt, standby.link, standby.attempt = standby.link, standby.attempt, None, None
        pursuit.attempts += 1
        used = pursuit.link or pursuit.attempt
        if used is not None and used.candidate in pursuit.queue:
            pursuit.queue.remove(used.candidate)
        if pursuit.link is None:
            return
        name = pursuit.link.candidate.name
        pursuit.timeline.mark("standby used", self._now, name)
        if pursuit.link.stage is Stage.OPEN:
            self._prepare(pursuit.link)
        elif pursuit.link.stage is Stage.PREPARED:
            self._activate(pursuit.link, self._kind(pursuit.link, pursuit.former))
        self._publish_standby(None, f"{name!r} takes over")

    def _pursuit_ended(self, pursuit: Pursuit, link: Link, event: model.Activated) -> None:
        kind = self._kind(link, pursuit.former)
        name = link.candidate.name
        former = pursuit.former.candidate.name if pursuit.former else None
        self._pursuit = None
        self._now_active(link)
        if pursuit.round == 0:
            pursuit.timeline.because("a quick look at it found it alive")
        pursuit.timeline.mark("activated", self._now)
        if kind is Kind.CHANGED:
            self._publish_lifecycle(Lifecycle.CHANGED_CLUSTER, former, name)
        elif kind is Kind.RESTARTED:
            self._publish_lifecycle(Lifecycle.CLUSTER_RESTARTED, former, name)
        self._publish_lifecycle(Lifecycle.CONNECTED, None, name)
        report = pursuit.timeline.report(kind=kind, to_cluster=name, activated=event, calls=pursuit.calls)
        self._publish(model.Switched(report=report))
        self._ready_standby()

    # --------------------------------------------------------------------------------------------- the planned switch

    def _on_switch_to(self, request: model.RequestId, what: model.SwitchTo) -> None:
        target = next((one for one in self._candidates if one.name == what.candidate), None)
        active = self._active
        if active is None or target is None or self._switch is not None or target == active.candidate:
            self._do(model.Answer(request=request, refused=self._why_no_switch(what.candidate, target)))
            return
        timeline = Timeline(
            began=self._now, why="an operator asked for it", planned=True, from_cluster=active.candidate.name
        )
        timeline.mark("requested", self._now)
        switch = self._switch = Switch(request=request, what=what, timeline=timeline, former=active)
        self._cancel_pause(self._standby)
        self._abandon(self._standby)
        standby = self._standby.link
        if standby is not None and standby.candidate == target:
            switch.link, self._standby.link = standby, None
            timeline.mark("standby used", self._now, target.name)
            self._prepare(standby)
            self._publish_standby(None, f"{target.name!r} takes over")
        else:
            switch.attempt = self._open(target, Role.TARGET, self._now + self._options.open_timeout)

    def _why_no_switch(self, name: str, target: Candidate | None) -> str:
        if target is None:
            known = ", ".join(repr(one.name) for one in self._candidates)
            return f"{name!r} is no candidate of this client; its candidates are {known}"
        if self._ended:
            return "the client is closed"
        if self._switch is not None:
            return f"a switch to {self._switch.what.candidate!r} is under way; wait for its end"
        if self._active is None:
            return "no cluster is in use at the moment: the client is looking for one by itself"
        return f"{name!r} is in use already"

    def _hold_and_drain(self, switch: Switch) -> None:
        """Hold new calls while the short ones end, now that the target is prepared."""
        # Not before: preparing takes a round trip and more, on a cold member tens of milliseconds, at worst the whole
        # prepare_timeout, and calls need to be held only while short ones drain. The engine keeps the events of a
        # prepared link until it becomes active, so nothing is delivered twice meanwhile.
        switch.held = True
        self._do(model.Hold())
        self._do(model.Drain(link=switch.former.id, deadline=self._now + switch.what.drain_timeout))

    def _switch_ended(self, switch: Switch, link: Link, event: model.Activated) -> None:
        name, former = link.candidate.name, switch.former.candidate.name
        self._switch = None
        self._now_active(link)
        if switch.lost is None:
            self._do(model.Retire(link=switch.former.id, deadline=self._now + switch.what.linger_timeout))
        else:
            switch.timeline.because(f"{former!r} was lost in the end: {_cause(switch.lost)}")
        switch.timeline.mark("activated", self._now)
        self._publish_lifecycle(Lifecycle.CHANGED_CLUSTER, former, name)
        calls = switch.lost.calls if switch.lost else model.CallCounts()
        lingering = 0 if switch.lost else switch.left
        report = switch.timeline.report(
            kind=Kind.CHANGED, to_cluster=name, activated=event, calls=calls, lingering=lingering
        )
        self._publish(model.Switched(report=report))
        self._do(model.Answer(request=switch.request, report=report))
        self._ready_standby()

    def _abort_switch(self, switch: Switch, why: str) -> None:
        """End a switch whose target is gone; calls go on where they were, unless that is gone too."""
        self._switch = None
        if self._active is not None and switch.held:
            self._do(model.Release())
        self._do(model.Answer(request=switch.request, refused=why))
        if switch.lost is not None:
            self._pursue(switch.former, switch.lost)
        else:
            self._ready_standby()

    def _switch_overtaken(self, switch: Switch) -> None:
        """Answer a switch whose cluster was lost meanwhile; its target is the standby from now on."""
        self._switch = None
        former, standby = switch.former.candidate.name, self._standby
        if switch.link is None and standby.link is not None:
            self._abandon(switch)
        else:
            self._close(standby, "the target of a planned switch stands by in its place")
            standby.link, standby.attempt = switch.link, switch.attempt
        refused = f"{former!r} was lost during the switch; it goes on as a failover"
        self._do(model.Answer(request=switch.request, refused=refused))

    # ------------------------------------------------------------------------------------------------------ the standby

    @property
    def _settled(self) -> bool:
        """Whether a cluster is in use and nothing is under way that may change it."""
        return self._active is not None and self._switch is None

    def _ready_standby(self) -> None:
        """See to it that the standby suits the active link, after anything that may have changed either."""
        standby, active = self._standby, self._active
        if active is None:
            return
        link = standby.link
        if link is not None:
            if not self._keeps_standby:
                self._close(standby, "no standby is wanted")
            elif link.stage is not Stage.OPEN:  # user listeners are registered on it: it would keep their events
                self._close(standby, "it was prepared for a switch that did not come")
            elif link.facts.cluster_id == active.facts.cluster_id:
                self._close(standby, Reason.SAME_CLUSTER.value)
        if not self._keeps_standby:
            self._abandon(standby)
        elif standby.link is None and standby.attempt is None:
            standby.failures = 0
            self._begin_standby_round()

    def _begin_standby_round(self) -> None:
        self._standby.queue = [one for one in self._cycle(self._active) if one != self._active_candidate]
        self._try_next_standby()

    def _try_next_standby(self) -> None:
        standby = self._standby
        if standby.queue:
            limit = self._now + self._options.open_timeout
            standby.attempt = self._open(standby.queue.pop(0), Role.STANDBY, limit)
            return
        standby.failures += 1
        others = (one.name for one in self._candidates if one != self._active_candidate)
        reasons = {name: self._reasons[name] for name in others if name in self._reasons}
        self._publish_standby(None, describe_all(reasons))
        self._pause(standby, self._pause_after(standby.failures))

    def _standby_lost(self, link: Link, cause: str) -> None:
        standby, name = self._standby, link.candidate.name
        self._reasons[name] = describe(Reason.LOST, cause)
        self._publish_standby(None, f"{name}: {self._reasons[name]}")
        if self._now - link.since >= _STABLE:
            standby.failures = 0
        if self._settled:
            standby.failures += 1
            if standby.failures == 1:
                self._begin_standby_round()
            else:
                self._pause(standby, self._pause_after(standby.failures - 1))

    def _publish_standby(self, name: str | None, reason: str) -> None:
        event = model.StandbyChanged(standby=name, reason=reason)
        if event != self._standby.published:
            self._standby.published = event
            self._publish(event)

    # ---------------------------------------------------------------------------------------------------------- common

    def _slots(self) -> list[Slot]:
        return [slot for slot in (self._pursuit, self._switch, self._standby) if slot is not None]

    def _of_attempt(self, attempt: AttemptId) -> tuple[Slot | None, Attempt | None]:
        for slot in self._slots():
            if slot.attempt is not None and slot.attempt.id == attempt:
                return slot, slot.attempt
        return None, None

    def _of_link(self, link: LinkId) -> tuple[Slot | None, Link | None]:
        for slot in self._slots():
            if slot.link is not None and slot.link.id == link:
                return slot, slot.link
        return None, None

    @property
    def _active_candidate(self) -> Candidate | None:
        return self._active.candidate if self._active else None

    def _cycle(self, after: Link | None) -> list[Candidate]:
        """Return the candidates of a round: in list order at the start, else cyclically, that of the link last."""
        if self._stays:
            return [after.candidate if after else self._candidates[0]]
        start = self._candidates.index(after.candidate) + 1 if after else 0
        return [*self._candidates[start:], *self._candidates[:start]]

    def _unfit(self, link: Link) -> tuple[Reason, str] | None:
        facts, name = link.facts, link.candidate.name
        if self._options.require_failover_supported and not facts.failover_supported:
            detail = f"{name!r} answers that it does not support failover, and require_failover_supported is set"
            return Reason.FAILOVER_UNSUPPORTED, detail
        if self._partitions is not None and self._partitions[0] != facts.partition_count:
            count, first = self._partitions
            detail = f"{name!r} has {facts.partition_count} partitions, {first!r}, used before it, has {count}"
            return Reason.PARTITIONS, detail
        if self._active is not None and facts.cluster_id == self._active.facts.cluster_id:
            return Reason.SAME_CLUSTER, f"{name!r} is the cluster {facts.cluster_id} that is in use already"
        return None

    def _kind(self, link: Link, former: Link | None) -> Kind:
        if former is None:
            return Kind.FIRST
        if link.facts.cluster_id == former.facts.cluster_id:
            return Kind.SAME
        return Kind.RESTARTED if link.candidate == former.candidate else Kind.CHANGED

    def _now_active(self, link: Link) -> None:
        link.since = self._now
        self._active = link
        self._reasons.clear()
        self._partitions = (link.facts.partition_count, link.candidate.name)  # the count stays what it was at first

    def _open(self, candidate: Candidate, role: Role, deadline: float) -> Attempt:
        attempt = Attempt(AttemptId(next(self._attempt_ids)), candidate)
        self._do(model.Open(attempt=attempt.id, candidate=candidate.id, role=role, deadline=deadline))
        return attempt

    def _prepare(self, link: Link) -> None:
        link.stage = Stage.PREPARING
        self._do(model.Prepare(link=link.id, deadline=self._now + self._options.prepare_timeout))

    def _activate(self, link: Link, kind: Kind) -> None:
        link.stage = Stage.ACTIVATING
        self._do(model.Activate(link=link.id, kind=kind))

    def _pause_after(self, failures: int) -> float:
        return max(_LEAST_PAUSE, self._backoff.pause(failures, self._random()))

    def _pause(self, slot: Slot, seconds: float) -> None:
        slot.timer = TimerId(next(self._timer_ids))
        self._do(model.SetTimer(timer=slot.timer, at=self._now + seconds))

    def _cancel_pause(self, slot: Slot) -> None:
        if slot.timer is not None:
            self._do(model.CancelTimer(timer=slot.timer))
            slot.timer = None

    def _abandon(self, slot: Slot) -> None:
        if slot.attempt is not None:
            self._do(model.Abandon(attempt=slot.attempt.id))
            slot.attempt = None

    def _close(self, slot: Slot, why: str) -> None:
        """Close the slot's link; for the standby also say that it is gone."""
        if slot.link is not None:
            self._do(model.Close(link=slot.link.id, why=why))
            slot.link = None
            if slot is self._standby:
                self._publish_standby(None, why)

    def _end(self, why: str) -> None:
        """Leave nothing behind."""
        if self._switch is not None:
            self._do(model.Answer(request=self._switch.request, refused=why))
        for slot in self._slots():
            self._cancel_pause(slot)
            self._abandon(slot)
            self._close(slot, why)
        if self._active is not None:
            self._do(model.Close(link=self._active.id, why=why))
        self._active = self._pursuit = self._switch = None
        self._ended = True

    def _publish(
        self, event: model.LifecycleChanged | model.StandbyChanged | model.RoundFailed | model.Switched
    ) -> None:
        self._do(model.Publish(event=event))

    def _publish_lifecycle(self, state: Lifecycle, from_cluster: str | None, to_cluster: str | None) -> None:
        self._publish(model.LifecycleChanged(state=state, from_cluster=from_cluster, to_cluster=to_cluster))

    def _do(self, command: model.Command) -> None:
        self._out.append(command)


def _cause(event: model.Lost) -> str:
    return f"{event.cause.value} ({event.detail})" if event.detail else event.cause.value
