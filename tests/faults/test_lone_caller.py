"""A thread that calls alone sends and reads by itself; whatever strikes it there, no caller is told anything wrong."""

from __future__ import annotations

import itertools
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tealjet
from support.clusters import Events, failover_config, wait_for_standby
from support.judge import judge
from support.workload import LIMIT, Call, History, ThreadedWorkload, gets, offers, puts, takes
from tealjet.failover.model import Kind, Switched
from tealjet.lab import ClusterOptions, Direction, Ending, FaultProxy, Lab, start_local

_log = logging.getLogger("tealjet.tests")

pytestmark = pytest.mark.member("5.7.0")


@pytest.fixture(scope="module")
def proxied_clusters() -> Iterator[Lab]:
    with start_local({"blue": ClusterOptions(proxied=True), "green": ClusterOptions(proxied=True)}) as lab:
        yield lab


def alone() -> Iterator[Call]:
    """Calls of one thread, of each kind."""
    for put, offer in zip(puts(0), offers(0), strict=True):
        yield Call("map", "get", ("shared",))
        yield put
        yield offer


class Scene:
    """A client of blue and green, one thread that calls alone, and others that join it and leave."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.names = f"m-{name}", f"q-{name}"
        self.events = Events()
        self.histories: list[History] = []
        self.client: tealjet.JetClient
        self.caller: ThreadedWorkload
        self._worker = itertools.count(1)

    def play(self, *acts: Callable[[Scene], None]) -> None:
        """Let each of these happen to the lone caller, and let others join it and leave after each."""
        configuration = failover_config(
            self.lab["blue"],
            self.lab["green"],
            connection_timeout=0.5,
            retry_initial_backoff=0.1,
            retry_max_backoff=0.1,
        )
        with tealjet.new_jet_failover_client(configuration, silence_limit=2.0, open_timeout=1.0) as self.client:
            self.client.failover.add_listener(self.events)
            with self._load(alone()) as self.caller:
                for act in acts:
                    wait_for_standby(self.client, "green" if self.active == "blue" else "blue")
                    self.goes_on_directly()
                    act(self)
                    self.caller.history.wait_for_more(200)
                    for _ in range(3):
                        worker = next(self._worker)
                        with self._load(gets(), puts(worker), offers(worker), takes()) as crowd:
                            crowd.history.wait_for_more(50)
                self.goes_on_directly()

    def _load(self, *steps: Iterator[Call]) -> ThreadedWorkload:
        load = ThreadedWorkload(self.client, list(steps), *self.names)
        self.histories.append(load.history)
        return load

    def goes_on_directly(self) -> None:
        """Wait for further good calls, among them some that the caller has read by itself."""
        path: Any = self.client._invocation_service._path  # type: ignore[attr-defined]
        answered = path.answered
        while path.answered == answered:
            self.caller.history.wait_for_more(100)

    @property
    def active(self) -> str:
        active = self.client.failover.active
        assert active is not None
        return active.name

    @property
    def proxy(self) -> FaultProxy:
        """The proxy before the active cluster."""
        return self.lab[self.active].members[0].proxy

    def moves(self, act: Callable[[], object]) -> None:
        """Let something happen after which the other cluster is the active one."""
        seen = len(self.events.all)
        act()
        self.events.wait_for_next(seen, lambda event: isinstance(event, Switched) and event.report.kind is Kind.CHANGED)

    def history(self) -> History:
        """The calls of all threads."""
        history = History()
        for one in self.histories:
            history.records += one.records
            history.open |= one.open
        return history


def reset(scene: Scene) -> None:
    scene.proxy.drop()


def close(scene: Scene) -> None:
    scene.proxy.drop(ending=Ending.CLOSE)


def half_open(scene: Scene) -> None:
    scene.proxy.drop(told=Direction.TO_CLIENT)


def cut_in_a_frame(scene: Scene) -> None:
    proxy = scene.proxy
    scene.moves(lambda: proxy.cut_after(7, Direction.TO_CLIENT))
    proxy.pass_through()


def slow(scene: Scene) -> None:
    proxy = scene.proxy
    proxy.delay(0.01)
    scene.caller.history.wait_for_more(20)
    proxy.pass_through()


def freeze(scene: Scene) -> None:
    cluster = scene.lab[scene.active]
    scene.moves(cluster.freeze)
    cluster.thaw()


def planned(scene: Scene) -> None:
    failed = len(scene.history().failed)
    scene.client.failover.switch_to("green" if scene.active == "blue" else "blue")
    scene.caller.history.wait_for_more(50)
    assert len(scene.history().failed) == failed


def kill(scene: Scene) -> None:
    cluster = scene.lab[scene.active]
    scene.moves(cluster.kill)
    scene.caller.history.wait_for_more(200)
    cluster.restart()


def test_whatever_strikes_a_lone_caller_every_call_ends_as_its_caller_is_told(
    proxied_clusters: Lab, unique: str, record_property: Callable[[str, object], None]
) -> None:
    scene = Scene(proxied_clusters, unique)
    scene.play(*(reset, close, planned, half_open, planned, freeze, slow, cut_in_a_frame, planned) * 2)
    verdict = judge(scene.history(), list(proxied_clusters.clusters.values()), *scene.names)
    record_property("history", str(verdict))
    _log.info("%s", verdict)
    assert verdict.succeeded > 5_000


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_lone_caller_goes_on_after_kill_9(lab: Lab, unique: str) -> None:
    scene = Scene(lab, unique)
    scene.play(kill, kill)
    history = scene.history()
    assert not history.open
    assert not [record for record in history.of("get") if record.error is not None]
    assert {record.outcome for record in history.failed} <= {tealjet.Outcome.UNKNOWN, tealjet.Outcome.NOT_SENT}


INTERRUPTED = """
import collections, itertools, json, random, signal, sys, threading
import tealjet
from hazelcast.config import Config

config = Config()
config.cluster_name, config.cluster_members = sys.argv[1], [sys.argv[2]]
main, over, numbers = threading.main_thread().ident, threading.Event(), itertools.count()
begun, ended, interrupts = [], [], []
told, changed = collections.Counter(), threading.Condition()

def tell(event):
    with changed:
        told[event.key] += 1
        changed.notify_all()

def interrupt():
    while not over.wait(random.uniform(0.002, 0.02)):
        interrupts.append(None)
        signal.pthread_kill(main, signal.SIGINT)

def until_uninterrupted(do):
    while True:
        try:
            return do()
        except KeyboardInterrupt:
            pass

def work():
    while path.answered < 3_000 or len(interrupts) < 150 or len(begun) - len(ended) < 30:
        number = next(numbers)
        begun.append(number)
        watched.put(number, number)
        for turn in range(60):
            last[number] = turn
            plain.put(number, turn)
            assert plain.get(number) == turn
        ended.append(number)
    over.set()
    interrupter.join()

with tealjet.new_jet_client(config) as client:
    watched, plain = (client.get_map(sys.argv[3] + end).blocking() for end in "wp")
    watched.add_entry_listener(added_func=tell)
    path, last = client._invocation_service._path, {}
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    until_uninterrupted(lambda: until_uninterrupted(work))
    applied = sorted(watched.key_set())
    with changed:
        changed.wait_for(lambda: len(told) >= len(applied), 60)
    print(json.dumps({
        "begun": begun,
        "ended": ended,
        "applied": applied,
        "told": sorted(told.elements()),
        "wrong": [number for number, turn in plain.entry_set() if not last[number] - 1 <= turn <= last[number]],
        "switches": [report.kind.name for report in client.failover.history],
        "in flight": len(client._engine.active.pending),
    }))
"""


def test_ctrl_c_at_any_moment_costs_the_call_that_it_ends_and_nothing_else(proxied_clusters: Lab, unique: str) -> None:
    blue = proxied_clusters["blue"]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, blue.name, blue.addresses[0], unique],
        capture_output=True,
        text=True,
        timeout=2 * LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["ended"]) <= set(found["applied"]) <= set(found["begun"])
    assert found["told"] == found["applied"]
    assert found["wrong"] == []
    assert found["switches"] == ["FIRST"]
    assert found["in flight"] == 0
