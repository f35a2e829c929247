"""What holds for every sequence of events: the controller in front of simulated clusters that come, go and lie."""

from __future__ import annotations

import functools
import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.failover import model
from tealjet.failover.controller import Controller, Mode
from tealjet.failover.model import Kind, Lifecycle, LinkId, Reason
from tealjet.failover.options import Backoff, FailoverOptions, GiveUpRule, Profile

CHAOS = 40.0
"""Seconds for which clusters come and go."""
CALM = 120.0
"""Seconds in which every cluster is well again; longer than the longest pause of the backoff."""

NEVER = GiveUpRule(attempts=math.inf, seconds=math.inf)
FAILURES = (Reason.REFUSED, Reason.DNS, Reason.TLS, Reason.CREDENTIALS, Reason.DENIED, Reason.PROTOCOL, Reason.LOST)


@dataclass
class Cluster:
    """One cluster, reachable under one candidate or under several."""

    id: str
    partitions: int
    up: bool = True
    trouble: Reason | None = None
    """Answers every attempt so although it is up."""


@dataclass
class LiveLink:
    """A link as the driver would keep it."""

    id: LinkId
    cluster: Cluster
    cluster_id: str
    lost: bool = False
    prepared: bool = False


@dataclass
class World:
    """A driver without a network: it carries out commands against simulated clusters and checks each of them."""

    controller: Controller
    clusters: list[Cluster]
    """One for each candidate; the same object twice is the same cluster under two names."""
    chance: random.Random
    now: float = 0.0
    queue: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=itertools.count)
    link_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    links: dict[LinkId, LiveLink] = field(default_factory=dict)
    retired: set[LinkId] = field(default_factory=set)
    attempts: dict[model.AttemptId, int] = field(default_factory=dict)
    timers: dict[model.TimerId, float] = field(default_factory=dict)
    asked: list[model.RequestId] = field(default_factory=list)
    answered: Counter[model.RequestId] = field(default_factory=Counter)
    opens: list[float] = field(default_factory=list)
    active: LinkId | None = None
    """The link that carries calls, as the driver sees it."""
    last_cluster_id: str | None = None
    """Cluster id of the latest link whose activation was published."""
    held: bool = False
    connected: bool = False
    """As the lifecycle listeners see it."""
    gave_up: int = 0
    handled: int = 0
    instant: bool = False
    """Everything takes no time at all."""
    doomed: bool = False
    """A link is lost as soon as it is in use."""
    healthy: bool = False
    """Nothing goes wrong any more."""

    # ---------------------------------------------------------------------------------------------------------- time

    def later(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (self.now + delay, next(self.order), action))

    def delay(self, limit: float = math.inf) -> float:
        if self.instant:
            return 0.0
        return min(limit - self.now, self.chance.choice((0.0, 0.0, 0.001, 0.02, 0.3, 2.0, 5.0)))

    def happens(self, probability: float) -> bool:
        return not self.healthy and self.chance.random() < probability

    def run(self, until: float) -> None:
        while self.queue and self.queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self.queue)
            action()
        self.now = until

    # -------------------------------------------------------------------------------------------------------- events

    def feed(self, event: model.Event) -> None:
        self.handled += 1
        for command in self.controller.handle(event, self.now):
            self.carry_out(command)
        self.check()

    def ask(self, what: model.SwitchTo | model.Stop) -> None:
        request = model.RequestId(len(self.asked) + 1)
        self.asked.append(request)
        self.feed(model.Requested(request=request, what=what))

    def lose(self, link_id: LinkId) -> None:
        link = self.links.get(link_id)
        if link is None or link.lost:
            return
        link.lost = True
        if self.active == link_id:  # the driver fences at once, the report follows
            self.active = None
        self.later(self.delay(), lambda: self.report_loss(link_id))

    def report_loss(self, link_id: LinkId) -> None:
        if self.links.pop(link_id, None) is not None:
            self.held = self.held and self.controller.snapshot().active_link != link_id
            self.feed(model.Lost(link=link_id, cause=model.Cause.CLOSED, calls=model.CallCounts(unknown=1)))

    def report_prepared(self, link_id: LinkId) -> None:
        link = self.links.get(link_id)
        if link is not None:  # else it is gone, and the report comes too late
            link.prepared = True
        self.feed(model.Prepared(link=link_id))

    def crash(self, cluster: Cluster) -> None:
        cluster.up = False
        for link in list(self.links.values()):
            if link.cluster is cluster:
                self.lose(link.id)

    # ------------------------------------------------------------------------------------------------------ commands

    def carry_out(self, command: model.Command) -> None:
        match command:
            case model.Open():
                self.open(command)
            case model.Abandon():
                self.attempts.pop(command.attempt)
            case model.Prepare():
                self.prepare(command)
            case model.Hold():
                assert not self.held
                others = [link for link in self.links.values() if link.id != self.active]
                assert any(link.prepared for link in others), "calls are held while there is nothing to go to"
                self.held = True
            case model.Release():
                assert self.held
                self.held = False
            case model.Drain():
                assert self.held
                link_id = command.link
                self.later(self.delay(command.deadline), lambda: self.feed(model.Drained(link=link_id, left=1)))
            case model.Activate():
                self.activate(command)
            case model.Retire():
                self.retired.add(command.link)
                del self.links[command.link]
            case model.Close():
                self.links.pop(command.link, None)  # None: it was lost a moment ago
                if self.active == command.link:
                    self.active = None
            case model.SetTimer():
                self.set_timer(command)
            case model.CancelTimer():
                del self.timers[command.timer]
            case model.Answer():
                self.answered[command.request] += 1
            case model.GiveUp():
                self.gave_up += 1
            case model.Publish():
                self.publish(command.event)

    def open(self, command: model.Open) -> None:
        assert command.deadline >= self.now
        assert command.candidate not in self.attempts.values(), "the candidate is being opened already"
        self.attempts[command.attempt] = command.candidate
        self.opens.append(self.now)
        cluster = self.clusters[command.candidate]

        def finish() -> None:
            wanted = self.attempts.pop(command.attempt, None) is not None
            if not wanted and not self.happens(0.5):  # else its end was on the way when it was abandoned
                return
            if not cluster.up or cluster.trouble or self.happens(0.1):
                reason = cluster.trouble or self.chance.choice(FAILURES)
                self.feed(model.OpenFailed(attempt=command.attempt, reason=reason, detail="simulated"))
                return
            link = LiveLink(LinkId(next(self.link_ids)), cluster, cluster.id)
            self.links[link.id] = link
            facts = model.Facts(cluster_id=cluster.id, partition_count=cluster.partitions, members=1)
            self.feed(model.Opened(attempt=command.attempt, link=link.id, facts=facts))
            assert wanted or link.id not in self.links, "a link that nobody waits for was left open"

        self.later(self.delay(command.deadline), finish)

    def prepare(self, command: model.Prepare) -> None:
        assert command.deadline >= self.now
        if self.happens(0.05):
            self.lose(command.link)
        elif self.happens(0.1):
            failed = model.PrepareFailed(link=command.link, detail="simulated")
            self.later(self.delay(command.deadline), lambda: self.feed(failed))
        else:
            self.later(self.delay(command.deadline), lambda: self.report_prepared(command.link))

    def activate(self, command: model.Activate) -> None:
        assert self.active is None or self.held, "calls would be torn between two links"
        link = self.links.get(command.link)
        if link is None or link.lost:
            return
        assert link.prepared, "calls would come to a link that is not ready for them"
        self.held = False
        self.active = link.id
        activated = model.Activated(link=link.id, released=0, longest_hold=0.0)
        self.later(0.0, lambda: self.feed(activated))
        if self.doomed:
            self.later(0.0, lambda: self.lose(link.id))

    def set_timer(self, command: model.SetTimer) -> None:
        assert command.at > self.now
        assert command.timer not in self.timers
        self.timers[command.timer] = command.at

        def fire() -> None:
            if self.timers.pop(command.timer, None) is not None:
                self.feed(model.TimerFired(timer=command.timer))

        self.later(command.at - self.now, fire)

    def publish(
        self, event: model.LifecycleChanged | model.StandbyChanged | model.RoundFailed | model.Switched
    ) -> None:
        if isinstance(event, model.LifecycleChanged):
            if event.state is Lifecycle.DISCONNECTED:
                assert self.connected
                self.connected = False
            elif event.state is Lifecycle.CONNECTED:
                assert not self.connected
                self.connected = True
        elif isinstance(event, model.Switched):
            report = event.report
            active = self.controller.snapshot().active_link
            assert active is not None
            cluster_id = self.links[active].cluster_id
            same = cluster_id == self.last_cluster_id
            assert same == (report.kind is Kind.SAME), "the kind of a switch is told by the cluster ids"
            assert (report.kind is Kind.FIRST) == (self.last_cluster_id is None)
            assert [phase.at for phase in report.phases] == sorted(phase.at for phase in report.phases)
            if report.planned:
                first, way, *rest = (phase.name for phase in report.phases)
                assert first == "requested"
                assert way in ("standby used", "opened")
                assert rest == ["prepared", "drained", "activated"]
            self.last_cluster_id = cluster_id

    # -------------------------------------------------------------------------------------------------- what must hold

    def check(self) -> None:
        state = self.controller.snapshot()
        known = [link for link in (state.active_link, state.standby_link) if link is not None]
        others = set(self.links) - set(known)
        assert len(others) <= 1, f"links that nobody uses: {others}"
        if others:
            assert state.mode in (Mode.PREPARING, Mode.SWITCHING), f"{others} leaked"
        assert set(state.opening) == set(self.attempts)
        assert len(self.timers) <= 1
        assert not self.held or state.mode in (Mode.SWITCHING, Mode.ENDED), "calls are held for nothing"
        if state.mode is Mode.CONNECTED:
            assert self.connected
        if state.mode in (Mode.LOOKING, Mode.OPENING, Mode.PREPARING):
            assert self.attempts or others, "nothing is under way"
        if state.mode is Mode.PAUSED:
            assert self.timers, "nothing is under way"
        if state.mode is Mode.ENDED:
            assert not self.links
            assert not self.attempts
            assert not self.timers


def chaos(world: World, names: list[str], chance: random.Random) -> None:
    """Make trouble at random moments: crashes, restarts, silent returns, denials, operators."""
    restarts = itertools.count(1)

    def restart(cluster: Cluster) -> None:
        world.crash(cluster)
        cluster.up, cluster.id = True, f"{cluster.id.split('-')[0]}-{next(restarts)}"

    def blip(cluster: Cluster) -> None:
        world.crash(cluster)
        cluster.up = True

    def deny(cluster: Cluster) -> None:
        world.crash(cluster)
        cluster.up, cluster.trouble = True, Reason.DENIED

    def heal(cluster: Cluster) -> None:
        cluster.up, cluster.trouble = True, None

    def switch(_: Cluster) -> None:
        name = chance.choice([*names, "unknown"])
        world.ask(model.SwitchTo(candidate=name, drain_timeout=chance.choice((0.0, 1.0)), linger_timeout=10.0))

    def lose_one(_: Cluster) -> None:
        if world.links:
            world.lose(chance.choice(list(world.links)))

    actions: tuple[Callable[[Cluster], None], ...] = (
        world.crash,
        restart,
        blip,
        deny,
        heal,
        heal,
        switch,
        switch,
        lose_one,
    )
    for _ in range(chance.randrange(60)):
        action, cluster = chance.choice(actions), chance.choice(world.clusters)
        world.later(chance.uniform(0, CHAOS), functools.partial(action, cluster))


def make_world(seed: int, clusters: list[Cluster], options: FailoverOptions, give_up: GiveUpRule) -> World:
    chance = random.Random(seed)
    timeouts = (None, None, 0.0, 1.0, 20.0)
    candidates = [
        model.Candidate(id=number, name=f"c{number}", cluster_name="dev", connect_timeout=chance.choice(timeouts))
        for number in range(len(clusters))
    ]
    controller = Controller(candidates, options, Backoff(), give_up, random=chance.random)
    return World(controller=controller, clusters=clusters, chance=chance)


options_of_users = st.builds(
    FailoverOptions,
    profile=st.sampled_from(Profile),
    standby=st.booleans(),
    reconnect_grace=st.sampled_from([None, None, 0.0, 1.0]),
    open_timeout=st.sampled_from([0.5, 5.0]),
)
rules = st.sampled_from(
    [
        NEVER,
        NEVER,
        GiveUpRule(attempts=1, seconds=5),
        GiveUpRule(attempts=5, seconds=3),
        GiveUpRule(attempts=7, seconds=0),
    ]
)
seeds = st.integers(min_value=0, max_value=2**32)


@st.composite
def cluster_lists(draw: st.DrawFn) -> list[Cluster]:
    """One to four candidates; some may be the same cluster, or have another partition count."""
    clusters: list[Cluster] = []
    for number in range(draw(st.integers(min_value=1, max_value=4))):
        if clusters and draw(st.integers(min_value=0, max_value=5)) == 0:
            clusters.append(clusters[0])
        else:
            partitions = draw(st.sampled_from([271, 271, 271, 11]))
            clusters.append(Cluster(id=f"id{number}", partitions=partitions, up=draw(st.booleans())))
    return clusters


@settings(max_examples=200, deadline=None)
@given(seed=seeds, clusters=cluster_lists(), options=options_of_users, give_up=rules)
def test_nothing_leaks_and_nothing_is_torn_whatever_happens(
    seed: int, clusters: list[Cluster], options: FailoverOptions, give_up: GiveUpRule
) -> None:
    world = make_world(seed, clusters, options, give_up)
    chaos(world, [f"c{number}" for number in range(len(clusters))], random.Random(seed))
    world.feed(model.Started())
    world.run(until=CHAOS)
    world.ask(model.Stop())
    world.run(until=CHAOS + CALM)  # what was under way comes late
    assert world.controller.snapshot().mode is Mode.ENDED
    assert not world.links
    assert world.answered == dict.fromkeys(world.asked, 1)
    assert world.gave_up <= 1


@settings(max_examples=200, deadline=None)
@given(seed=seeds, clusters=cluster_lists(), options=options_of_users)
def test_the_client_finds_a_cluster_once_all_are_well_again(
    seed: int, clusters: list[Cluster], options: FailoverOptions
) -> None:
    world = make_world(seed, clusters, options, NEVER)
    chaos(world, [f"c{number}" for number in range(len(clusters))], random.Random(seed))
    world.feed(model.Started())
    world.run(until=CHAOS)
    world.healthy = True
    for cluster in clusters:
        cluster.up, cluster.trouble = True, None
    world.run(until=CHAOS + CALM)
    state = world.controller.snapshot()
    assert state.mode is Mode.CONNECTED
    assert world.active == state.active_link
    assert state.active is not None
    used = clusters[int(state.active[1:])]
    could_stand_by = [one for one in clusters if one is not used and one.partitions == used.partitions]
    assert (state.standby is not None) == (options.standby and bool(could_stand_by))


def busiest_second(opens: list[float]) -> int:
    """Return the largest number of attempts within any second."""
    return max((sum(1 for other in opens if start <= other < start + 1) for start in opens), default=0)


@pytest.mark.parametrize("standby", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.DENIED, Reason.LOST])
def test_clusters_that_fail_in_no_time_are_not_tried_in_a_busy_loop(count: int, standby: bool, reason: Reason) -> None:
    clusters = [Cluster(id=f"id{number}", partitions=271, trouble=reason) for number in range(count)]
    world = make_world(1, clusters, FailoverOptions(standby=standby), NEVER)
    world.instant = world.healthy = True
    world.feed(model.Started())
    world.run(until=30.0)
    assert busiest_second(world.opens) <= 3 * count
    assert len(world.opens) <= 40 * count


@pytest.mark.parametrize("standby", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_clusters_that_are_lost_as_soon_as_they_are_used_are_not_tried_in_a_busy_loop(
    count: int, standby: bool
) -> None:
    clusters = [Cluster(id=f"id{number}", partitions=271) for number in range(count)]
    world = make_world(1, clusters, FailoverOptions(standby=standby), NEVER)
    world.instant = world.healthy = world.doomed = True
    world.feed(model.Started())
    while world.queue and world.queue[0][0] <= 30.0:
        assert world.handled < 5000, "this is a busy loop"
        world.run(until=world.queue[0][0])
    assert busiest_second(world.opens) <= 8 * count


@pytest.mark.parametrize("count", [2, 3])
def test_a_standby_that_is_lost_at_once_again_and_again_is_not_opened_in_a_busy_loop(count: int) -> None:
    clusters = [Cluster(id=f"id{number}", partitions=271) for number in range(count)]
    world = make_world(1, clusters, FailoverOptions(), NEVER)
    world.instant = world.healthy = True

    def lose_standby() -> None:
        standby = world.controller.snapshot().standby_link
        if standby is not None:
            world.lose(standby)
            world.later(0.0, lose_standby)
        else:
            world.later(0.01, lose_standby)

    world.later(0.0, lose_standby)
    world.feed(model.Started())
    world.run(until=30.0)
    assert busiest_second(world.opens) <= 4 * count


def test_the_same_events_give_the_same_commands() -> None:
    def opens() -> list[float]:
        clusters = [Cluster(id=f"id{number}", partitions=271) for number in range(3)]
        world = make_world(7, clusters, FailoverOptions(), NEVER)
        chaos(world, ["c0", "c1", "c2"], random.Random(7))
        world.feed(model.Started())
        world.run(until=CHAOS)
        return world.opens

    assert opens() == opens()
