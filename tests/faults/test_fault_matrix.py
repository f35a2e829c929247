"""Every fault of a network, wherever it can strike: what the client does, and that no caller is told anything wrong.

The table below is the manual. In each cell a client under load meets the fault; when it is over, every single call is
judged: what may be repeated has succeeded, what may not ended well or as UNKNOWN, nothing hangs, and everything that
was acknowledged is where it should be.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import tealjet
from support.clusters import Events, failover_config, look_into, wait_for_standby
from support.judge import judge
from support.workload import LIMIT, ThreadedWorkload, mixed
from tealjet.errors import SwitchError
from tealjet.failover.model import Kind, RoundFailed, StandbyChanged, Switched
from tealjet.lab import ClusterOptions, Direction, Ending, FaultProxy, Lab, start_local

_log = logging.getLogger("tealjet.tests")

MATRIX = """
                            | active | standby | candidate | one of three | target   | left     | start
reset                       | stays  | again   | later     | stays        | refused  | stays    | next
closed                      | stays  | again   | later     | stays        | refused  | stays    | next
half open, client told      | stays  | again   | later     | stays        | refused  | stays    | next
half open, member told      | stays  | kept    | later     | stays        | refused  | switched | next
gone                        | moves  | lost    | later     | stays        | refused  | moves    | next
black hole                  | moves  | lost    | later     | stays        | refused  | moves    | next
black hole to the member    | moves  | lost    | later     | stays        | refused  | moves    | next
black hole to the client    | moves  | lost    | later     | stays        | refused  | moves    | next
cut in a frame to the client| moves  | lost    | later     | stays        | refused  | moves    | next
cut in a frame to the member| moves  | lost    | later     | stays        | refused  | moves    | next
slow                        | stays  | kept    | used      | stays        | switched | switched | first
narrow                      | stays  | kept    | used      | stays        | switched | switched | first
"""
"""
The faults strike the connections that stand, or, where none stands yet, those that are being opened.

* active: blue carries the calls and green stands by. The client stays on blue, or moves to green.
* standby: green stands by. It is kept, or lost and made ready again at once, or lost until the fault has gone; no call
  fails.
* candidate: blue is gone and green is opened and prepared. Green is used, or later, when the fault has gone, and calls
  wait that long.
* one of three: one of the members of the active cluster. The client stays there.
* target: of a planned switch, while it is opened and prepared. Switched, or refused and nothing has happened; no call
  fails.
* left: the active cluster while a planned switch from it is under way. Switched, or it was lost first: then the switch
  is refused and the client stays (it was found alive) or moves, as after any loss.
* start: the first candidate when the client starts. It is used first, or the next one is.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    standing: Callable[[FaultProxy], None]
    """Strikes connections that stand."""
    opening: Callable[[FaultProxy], None]
    """Strikes connections while they are being opened."""
    silent: bool = False
    """Nothing but silence tells the client of it."""


_OPENING = 700
"""Bytes from a member after which a connection that is being opened is struck: in its answer to the authentication."""
_IN_A_FRAME = 7


def _ends(ending: Ending, told: Direction) -> Fault:
    return Fault(
        lambda proxy: proxy.drop(told, ending),
        lambda proxy: proxy.cut_after(_OPENING, Direction.TO_CLIENT, ending, told),
        silent=Direction.TO_CLIENT not in told,
    )


def _lasts(verb: Callable[[FaultProxy], None], *, silent: bool = False) -> Fault:
    return Fault(verb, verb, silent)


def _gone(proxy: FaultProxy) -> None:
    proxy.refuse()
    proxy.drop()


FAULTS = {
    "reset": _ends(Ending.RESET, Direction.BOTH),
    "closed": _ends(Ending.CLOSE, Direction.BOTH),
    "half open, client told": _ends(Ending.RESET, Direction.TO_CLIENT),
    "half open, member told": _ends(Ending.RESET, Direction.TO_MEMBER),
    "gone": _lasts(_gone),
    "black hole": _lasts(lambda proxy: proxy.black_hole(), silent=True),
    "black hole to the member": _lasts(lambda proxy: proxy.black_hole(Direction.TO_MEMBER), silent=True),
    "black hole to the client": _lasts(lambda proxy: proxy.black_hole(Direction.TO_CLIENT), silent=True),
    "cut in a frame to the client": _lasts(lambda proxy: proxy.cut_after(_IN_A_FRAME, Direction.TO_CLIENT)),
    "cut in a frame to the member": _lasts(lambda proxy: proxy.cut_after(_IN_A_FRAME, Direction.TO_MEMBER)),
    "slow": _lasts(lambda proxy: proxy.delay(0.01)),
    "narrow": _lasts(lambda proxy: proxy.limit(200_000)),
}


def _heal(proxy: FaultProxy) -> None:
    proxy.pass_through()
    proxy.accept()


@pytest.fixture(scope="module")
def proxied_clusters() -> Iterator[Lab]:
    with start_local(
        {
            "blue": ClusterOptions(proxied=True),
            "green": ClusterOptions(proxied=True),
            "three": ClusterOptions(members=3, proxied=True),
        }
    ) as lab:
        yield lab


@pytest.fixture
def lab(proxied_clusters: Lab) -> Iterator[Lab]:
    """Blue and green of one member, "three" of three; clients reach each through its proxy, which has no fault yet."""
    yield proxied_clusters
    for cluster in proxied_clusters.clusters.values():
        for member in cluster.members:
            _heal(member.proxy)
            member.proxy.drop()


class Cell:
    """A client under load that knows two clusters, and what it says of its switches."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.blue = lab["blue"].members[0].proxy
        self.green = lab["green"].members[0].proxy
        self.events = Events()
        self.client: tealjet.JetClient
        self.workload: ThreadedWorkload
        self.names = f"m-{name}", f"q-{name}"

    @contextlib.contextmanager
    def under_load(self, first: str, **options: Any) -> Iterator[None]:
        """Run the load from the start of the client until the end of the block.

        The client waits for whatever takes long on a busy machine. A cell gives it a short limit for what the fault
        makes endless, and for nothing else.
        """
        configuration = failover_config(
            self.lab[first],
            self.lab["green"],
            connection_timeout=LIMIT,
            retry_initial_backoff=0.1,
            retry_max_backoff=0.1,
        )
        limits = dict.fromkeys(("silence_limit", "open_timeout", "prepare_timeout", "reconnect_grace"), LIMIT)
        options = limits | options
        with tealjet.new_jet_failover_client(configuration, **options) as self.client:
            self.client.failover.add_listener(self.events)
            with ThreadedWorkload(self.client, mixed(4), *self.names) as self.workload:
                self.goes_on()
                yield
                self.goes_on()

    def goes_on(self) -> None:
        """Wait until all calls that are open now have ended and further ones have succeeded, blocked takes aside."""
        history = self.workload.history
        stuck = {number for number, call in dict(history.open).items() if call.method != "take"}
        history.wait_for("the end of all open calls", lambda: not stuck & history.open.keys())
        history.wait_for_more(200)

    def switched(self, kind: Kind) -> None:
        self.events.wait_for(lambda event: isinstance(event, Switched) and event.report.kind is kind)

    @property
    def active(self) -> str | None:
        return self.client.failover.status().active

    def no_call_failed(self) -> bool:
        return not self.workload.history.failed


def active(cell: Cell, fault: Fault, expected: str) -> None:
    silence = 1.0 if fault.silent else LIMIT
    grace = 0.5 if expected == "moves" else LIMIT
    with cell.under_load("blue", silence_limit=silence, reconnect_grace=grace):
        wait_for_standby(cell.client, "green")
        fault.standing(cell.blue)
        if expected == "moves":
            cell.switched(Kind.CHANGED)
        cell.goes_on()
        assert cell.active == ("green" if expected == "moves" else "blue")


def standby(cell: Cell, fault: Fault, expected: str) -> None:
    silence = opening = LIMIT
    if expected == "lost":  # what strikes in the middle of a frame needs one: a ping, which comes each quarter of it
        silence, opening = 2.0 if fault.silent else 4.0, 1.0
    with cell.under_load("blue", silence_limit=silence, open_timeout=opening):
        wait_for_standby(cell.client, "green")
        fault.standing(cell.green)
        if expected != "kept":
            cell.events.wait_for(lambda event: isinstance(event, StandbyChanged) and event.standby is None)
        cell.goes_on()
        if expected == "lost":
            assert cell.client.failover.standby is None
            _heal(cell.green)
        wait_for_standby(cell.client, "green")
        assert cell.active == "blue"
    assert cell.no_call_failed()


def candidate(cell: Cell, fault: Fault, expected: str) -> None:
    opening = 1.0 if expected == "later" else LIMIT
    with cell.under_load("blue", standby=False, open_timeout=opening, reconnect_grace=0.5):
        fault.opening(cell.green)
        _gone(cell.blue)
        if expected == "later":
            failed = cell.events.wait_for(lambda event: isinstance(event, RoundFailed))
            assert failed.reasons.keys() == {"blue", "green"}
            assert cell.active is None
            _heal(cell.green)
        cell.switched(Kind.CHANGED)
        assert cell.active == "green"


def one_of_three(cell: Cell, fault: Fault, expected: str) -> None:
    with cell.under_load("three", silence_limit=1.0 if fault.silent else LIMIT):
        wait_for_standby(cell.client, "green")
        fault.standing(cell.lab["three"].members[1].proxy)
        cell.goes_on()
        assert cell.active == "three"
    assert [report.kind for report in cell.client.failover.history] == [Kind.FIRST]


def target(cell: Cell, fault: Fault, expected: str) -> None:
    with cell.under_load("blue", standby=False, open_timeout=LIMIT if expected == "switched" else 1.0):
        fault.opening(cell.green)
        if expected == "switched":
            cell.client.failover.switch_to("green")
            release_takes(cell)
        else:
            with pytest.raises(SwitchError, match="'green' can't be switched to"):
                cell.client.failover.switch_to("green")
        assert cell.active == ("green" if expected == "switched" else "blue")
    assert cell.no_call_failed()


def left(cell: Cell, fault: Fault, expected: str) -> None:
    silence = LIMIT
    if fault.silent:  # where a fresh connection is to take over it has to be there after half of the limit
        silence = 4.0 if expected == "switched" else 1.0
    grace = 0.5 if expected == "moves" else LIMIT
    with cell.under_load("blue", standby=False, silence_limit=silence, reconnect_grace=grace):
        cell.green.delay(0.1)  # the switch is under way for long enough to be struck
        switching = cell.client._thread.start(cell.client.failover._switch("green", LIMIT, None))  # drains for so long
        cell.client._thread.run(asyncio.sleep(0))  # it has been requested when this has been run behind it
        fault.standing(cell.blue)
        if expected == "switched":
            assert switching.result().to_cluster == "green"
            release_takes(cell)
        else:
            with pytest.raises(SwitchError, match="'blue' was lost during the switch; it goes on as a failover"):
                switching.result()
            cell.switched(Kind.SAME if expected == "stays" else Kind.CHANGED)
        cell.green.pass_through()
        assert cell.active == ("blue" if expected == "stays" else "green")


def release_takes(cell: Cell) -> None:
    """Give a take that waits on blue, which was left, an item: it stays there until it has one."""
    _heal(cell.blue)
    with look_into(cell.lab["blue"]) as left_behind:
        items: Any = left_behind.get_queue(cell.names[1]).blocking()
        items.offer("the end")


def start(cell: Cell, fault: Fault, expected: str) -> None:
    fault.opening(cell.blue)
    with cell.under_load("blue", open_timeout=LIMIT if expected == "first" else 1.0):
        assert cell.active == ("blue" if expected == "first" else "green")
    assert cell.no_call_failed()


PLACES: dict[str, Callable[[Cell, Fault, str], None]] = {
    "active": active,
    "standby": standby,
    "candidate": candidate,
    "one of three": one_of_three,
    "target": target,
    "left": left,
    "start": start,
}


def cells() -> list[Any]:
    head, *rows = ([part.strip() for part in line.split("|")] for line in MATRIX.strip("\n").splitlines())
    return [
        pytest.param(fault, place, expected, id=f"{place}: {fault}")
        for fault, *row in rows
        for place, expected in zip(head[1:], row, strict=True)
    ]


def test_the_table_has_every_fault() -> None:
    assert {fault for fault, _, _ in (cell.values for cell in cells())} == FAULTS.keys()


@pytest.mark.member("5.7.0")
@pytest.mark.parametrize(("fault", "place", "expected"), cells())
def test_in_each_cell_the_client_does_what_the_table_says_and_tells_no_caller_anything_wrong(
    fault: str, place: str, expected: str, lab: Lab, unique: str, record_property: Callable[[str, object], None]
) -> None:
    cell = Cell(lab, unique)
    PLACES[place](cell, FAULTS[fault], expected)
    for cluster in lab.clusters.values():
        for member in cluster.members:
            _heal(member.proxy)
    verdict = judge(cell.workload.history, list(lab.clusters.values()), *cell.names)
    record_property("history", str(verdict))
    _log.info("%s: %s: %s", place, fault, verdict)
    assert verdict.calls == len(cell.workload.history.records) >= 400
