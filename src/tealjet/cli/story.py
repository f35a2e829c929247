"""The story of the demo, after "Blue-Green Client" of the Hazelcast Jet 4.3.1 manual, on clusters of this machine.

Each step is a function that does something and yields facts about it. Nothing here knows how they are shown. What is
promised is judged at the end by what was seen, also when the story could not be told to its end.
"""

from __future__ import annotations

import contextlib
import enum
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tealjet
from tealjet.cli.config_files import files_for, folder_within, write_files
from tealjet.cli.facts import (
    ClustersUp,
    Did,
    Fact,
    Figure,
    FilesWritten,
    Instead,
    MemberUp,
    Note,
    Promise,
    Rows,
    Step,
    Switch,
)
from tealjet.cli.load import LIMIT, Load
from tealjet.cli.watch import EntrySeen, Watch
from tealjet.failover.model import Kind
from tealjet.java import ArtifactError, JavaNotFoundError
from tealjet.jet.errors import JobNotFoundError
from tealjet.lab import (
    EMBEDDED_VERSIONS,
    AnyLab,
    AnyMember,
    Lab,
    LocalMember,
    MemberStartError,
    start_embedded,
    start_local,
)
from tealjet.lab.client_files import FAILOVER_FILE

__all__ = ["Members", "Plan", "clusters_up", "tell"]

_A, _B = "clusterA", "clusterB"
_WITHOUT_SQL = "jet-4.3.1"
_MAPPING = (
    "CREATE OR REPLACE MAPPING orders (__key VARCHAR, this VARCHAR) TYPE IMap "
    "OPTIONS ('keyFormat' = 'varchar', 'valueFormat' = 'varchar')"
)
_QUERY = "SELECT __key AS id, this AS state FROM orders ORDER BY __key"
_JOB_MAPPING = (
    "CREATE OR REPLACE MAPPING report (__key BIGINT, this BIGINT) TYPE IMap "
    "OPTIONS ('keyFormat' = 'bigint', 'valueFormat' = 'bigint')"
)
_JOB = "CREATE JOB report AS SINK INTO report SELECT v, v FROM TABLE(generate_stream(10)) AS t(v)"
_CALLS = 1_000
"""Good calls before and after each switch."""
_GET = "map.get"
_LOADS = 2
"""How many loads a story has that is told to its end."""
_IN_ORDER = ("DISCONNECTED", "CHANGED_CLUSTER", "CONNECTED")


class Members(enum.Enum):
    """What plays the clusters."""

    REAL = "real"
    EMBEDDED = "embedded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the user chose."""

    members: Members | None
    """None for real ones, and for embedded ones if those can't be had."""
    version: str
    """One that the members can be."""
    folder: Path | None
    """Where the configuration files stay; None for a temporary folder."""


@dataclass(kw_only=True, slots=True)
class _Seen:
    """What the promises are judged by."""

    sql: bool = True
    """Whether the members offer SQL."""
    loads: list[Load] = field(default_factory=list)
    proxies_went_on: bool = False
    event_from: str = "no event"
    rows_after: int | None = None
    job: tealjet.Job | None = None
    """The job that ran when its cluster was killed."""
    job_left: str = ""
    """The cluster that its handle names afterwards."""
    job_again: str = ""
    """The cluster that the same work runs on then."""
    lifecycle_failover: tuple[str, ...] = ()
    lifecycle_planned: tuple[str, ...] = ()
    planned: Load | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stage:
    """What the steps after the third play with: all made once, before anything fails."""

    lab: AnyLab
    client: tealjet.JetClient
    watch: Watch
    orders: Any
    load: Any
    queue: Any
    seen: _Seen


def tell(plan: Plan, progress: Callable[[str], object]) -> Generator[Fact, None, None]:
    """Tell the whole story; close the iterator to end it early, which ends all that was started.

    Args:
        plan: What the user chose.
        progress: Told in one line what is waited for.
    """
    seen = _Seen()
    with contextlib.ExitStack() as stack:
        lab = yield from _start_clusters(stack, plan, progress)
        seen.sql = isinstance(lab, Lab) and plan.version != _WITHOUT_SQL
        yield from _write_files(stack, plan, lab)
        try:
            stage = yield from _connect(stack, lab, seen)
            yield from _lose_a_cluster(stage)
            yield from _switch_back(stage, progress)
        except Exception:
            yield from _judge(seen)
            raise
        yield from _judge(seen)


def _start_clusters(
    stack: contextlib.ExitStack, plan: Plan, progress: Callable[[str], object]
) -> Generator[Fact, None, AnyLab]:
    yield Step(number=1, title="Two clusters start on this machine")
    began = time.monotonic()
    lab: AnyLab | None = None
    if plan.members is not Members.EMBEDDED:
        try:
            lab = stack.enter_context(start_local((_A, _B), version=plan.version, progress=progress))
        except (JavaNotFoundError, ArtifactError, MemberStartError) as error:
            if plan.members is Members.REAL or plan.version not in EMBEDDED_VERSIONS:
                raise
            yield Instead(reason=str(error).splitlines()[0])
    if lab is None:
        began = time.monotonic()
        lab = stack.enter_context(start_embedded((_A, _B), version=plan.version))
    seconds = time.monotonic() - began
    yield Note(text="One client for two clusters: the Blue-Green Client of the Hazelcast Jet 4.3.1 manual, in Python.")
    if not isinstance(lab, Lab):
        yield Note(text="These clusters are embedded members: doubles of Hazelcast in pure Python, for a first look.")
    yield clusters_up(lab, plan.version)
    yield Figure(name="clusters_start_seconds", value=seconds, unit="s", text="until both serve clients")
    return lab


def clusters_up(lab: AnyLab, version: str) -> ClustersUp:
    """Return what is to be told of clusters that serve clients."""
    return ClustersUp(
        java=lab.java.version if isinstance(lab, Lab) else None,
        version=version,
        members=tuple(
            MemberUp(cluster=cluster.name, address=member.address, pid=_process(member))
            for cluster in lab.clusters.values()
            for member in cluster.members
        ),
    )


def _process(member: AnyMember) -> int | None:
    return member.pid if isinstance(member, LocalMember) else None


def _write_files(stack: contextlib.ExitStack, plan: Plan, lab: AnyLab) -> Iterator[Fact]:
    yield Step(number=2, title="The files that a Java client reads, unchanged")
    if plan.folder:
        folder = plan.folder.absolute()
    elif isinstance(lab, Lab):
        folder = folder_within(lab)
    else:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tealjet-demo-")))
    files = files_for(lab.clusters.values())
    write_files(folder, files)
    yield FilesWritten(folder=folder, kept=plan.folder is not None, files=files)
    stack.enter_context(contextlib.chdir(folder))  # Java looks for the client files in the working directory first


def _connect(stack: contextlib.ExitStack, lab: AnyLab, seen: _Seen) -> Generator[Fact, None, _Stage]:
    yield Step(number=3, title="One client knows both and uses the first")
    client = stack.enter_context(tealjet.new_jet_failover_client(FAILOVER_FILE))
    orders: Any = client.get_map("orders").blocking()
    watch = Watch(client, orders)
    stage = _Stage(
        lab=lab,
        client=client,
        watch=watch,
        orders=orders,
        load=client.get_map("load").blocking(),
        queue=client.get_queue("load").blocking(),
        seen=seen,
    )
    yield Did(code=f'client = tealjet.new_jet_failover_client("{FAILOVER_FILE}")', result=f"uses {_active(client)}")
    orders.put("1001", "paid")
    yield Did(code='orders.put("1001", "paid"); orders.get("1001")', result=repr(orders.get("1001")))
    yield Did(code="orders.add_entry_listener(...)", result=_told(watch.wait_for_entry("1001")))
    if seen.sql:
        yield Note(text="SQL, after CREATE OR REPLACE MAPPING orders (...) TYPE IMap:")
        yield _query(client)
        seen.job = _start_job(client)
        yield Did(code=f'job = client.jet.submit_sql("{_JOB}")', result=_job_state(seen.job))
    else:
        whose = "Jet 4.3.1 does not offer it to clients" if isinstance(lab, Lab) else "embedded members do not play it"
        yield Note(text=f"No SQL here: {whose}. All else is the same.")
    watch.wait_for(f"{_B} stands by", lambda: client.failover.standby is not None)
    yield Note(text=f"{_B} stands by: the client keeps a connection there too, ready for the day that {_A} fails.")
    return stage


def _lose_a_cluster(stage: _Stage) -> Generator[Fact, None, None]:
    client, watch, seen, failing = stage.client, stage.watch, stage.seen, stage.lab[_A]
    process = _process(failing.members[0])
    yield Step(
        number=4, title=f"{f'{_A} is killed' if process is None else f'kill -9 of {_A}'}, in the middle of calls"
    )
    told = len(watch.lifecycle)
    with _load(stage) as load:
        yield Note(text=f"{load.threads} threads call without a pause: map.put, map.get, queue.offer.")
        load.wait_for_more(_CALLS)
        killed = time.monotonic()
        failing.kill()
        ended = time.monotonic()
        watch.wait_for(f"the move to {_B}", lambda: client.failover.history[-1].kind is Kind.CHANGED)
        load.wait_for_more(_CALLS)
    watch.wait_for("the end of the lifecycle events", lambda: "CONNECTED" in watch.lifecycle[told:])
    watch.note_members()
    seen.lifecycle_failover = watch.lifecycle[told:]
    report = client.failover.history[-1]
    killed_one = "Its member" if process is None else f"Process {process}"
    yield Note(text=f"{killed_one} was killed. The client uses {_active(client)} now, the threads go on.")
    yield load.calls()
    yield from _in_flight(report)
    yield Figure(
        name="process_end_ms",
        value=(ended - killed) * 1000,
        unit="ms",
        text="until its member had ended" if process is None else "from kill -9 until the system had ended the process",
    )
    yield Figure(
        name="longest_silence_ms",
        value=load.longest_silence(killed) * 1000,
        unit="ms",
        text="the longest without any answer from then on, as the threads saw it",
    )
    for error in load.errors[:1]:
        yield Note(text=f"What such an error says: {error}")
    yield Switch(report=report)
    yield from _go_on(stage)


def _in_flight(report: tealjet.SwitchReport) -> Iterator[Fact]:
    counts = report.calls
    yield Figure(
        name="calls_on_their_way_unknown",
        value=counts.unknown,
        unit="",
        text=f"were on their way to {_A} and may have been applied there: an error, outcome UNKNOWN",
    )
    yield Figure(
        name="calls_on_their_way_repeated",
        value=counts.held,
        unit="",
        text=f"were on their way and are safe to repeat: no error, {_B} answered them",
    )
    yield Figure(
        name="calls_held", value=report.released, unit="", text=f"were held, these among them, until {_B} was in use"
    )
    yield Figure(
        name="longest_hold_ms", value=report.longest_hold * 1000, unit="ms", text="the longest that a call was held"
    )


def _go_on(stage: _Stage) -> Iterator[Fact]:
    """Use on the new cluster what was made on the former one."""
    orders, seen = stage.orders, stage.seen
    yield Note(text="The same map, queue and listener go on. Data is not copied from cluster to cluster:")
    yield Did(code='orders.get("1001")', result=f"{orders.get('1001')!r} (it was written to {_A})")
    orders.put("2001", "paid later")
    found = orders.get("2001")
    seen.proxies_went_on = found == "paid later"
    yield Did(code='orders.put("2001", "paid later"); orders.get("2001")', result=repr(found))
    event = stage.watch.wait_for_entry("2001")
    seen.event_from = event.cluster
    yield Did(code="orders.add_entry_listener(...) of before", result=_told(event))
    if seen.sql:
        yield Note(text="An SQL mapping belongs to its cluster too. After the same CREATE OR REPLACE MAPPING there:")
        answer = _query(stage.client)
        seen.rows_after = len(answer.rows)
        yield answer
        yield from _do_job_again(stage)


def _do_job_again(stage: _Stage) -> Iterator[Fact]:
    """Look at the job whose cluster was killed, and have the same work done on the new one."""
    client, seen = stage.client, stage.seen
    yield Note(text="A job belongs to its cluster as well. Its handle says so at once, and no cluster is asked:")
    try:
        found = "" if seen.job is None else _job_state(seen.job)
    except JobNotFoundError as error:
        seen.job_left = error.cluster
        found = f"JobNotFoundError: {error}"
    yield Did(code="job.status()", result=found)
    again = _start_job(client)
    seen.job_again = again.cluster
    yield Did(code="job = client.jet.submit_sql(...)", result=_job_state(again))
    again.cancel()


def _start_job(client: tealjet.JetClient) -> tealjet.Job:
    client.sql.execute(_JOB_MAPPING).result()
    job = client.jet.submit_sql(_JOB)
    job.wait_for(tealjet.JobStatus.RUNNING, LIMIT)
    return job


def _job_state(job: tealjet.Job) -> str:
    return f"job {job.id_string} on {job.cluster}: {job.status().name}"


def _switch_back(stage: _Stage, progress: Callable[[str], object]) -> Generator[Fact, None, None]:
    client, watch, seen = stage.client, stage.watch, stage.seen
    yield Step(number=5, title=f"{_A} starts again, and the client is told to go back")
    progress(f"starting {_A} again")
    stage.lab[_A].restart()
    process = _process(stage.lab[_A].members[0])
    yield Note(
        text=f"{_A} is back, empty{'' if process is None else f', as process {process}'}. "
        f"The client stays on {_active(client)}."
    )
    told = len(watch.lifecycle)
    with _load(stage) as load:
        load.wait_for_more(_CALLS)
        report = client.failover.switch_to(_A)
        load.wait_for_more(_CALLS)
    seen.planned = load
    watch.wait_for("the lifecycle event", lambda: "CHANGED_CLUSTER" in watch.lifecycle[told:])
    seen.lifecycle_planned = watch.lifecycle[told:]
    yield Did(code=f'client.failover.switch_to("{_A}")', result=f"uses {_active(client)}")
    yield load.calls()
    yield Figure(name="planned_failed_calls", value=len(load.errors), unit="", text="calls failed")
    yield Figure(
        name="planned_longest_hold_ms",
        value=report.longest_hold * 1000,
        unit="ms",
        text="the longest that a call was held",
    )
    yield Switch(report=report)


def _judge(seen: _Seen) -> Iterator[Fact]:
    yield Step(number=6, title="What was promised")
    errors = [error for load in seen.loads for error in load.errors]
    unlabelled = sum(tealjet.outcome_of(error) is None for error in errors)
    hanging = sum(load.hanging for load in seen.loads)
    repeatable = [one for load in seen.loads for one in load.calls().operations if one.name == _GET]
    told = len(seen.loads) == _LOADS
    yield Promise(promise="No call hung", held=told and not hanging, seen=f"{hanging} threads wait for an answer")
    yield Promise(
        promise="Failed calls say if they may have been applied",
        held=told and not unlabelled,
        seen=f"{len(errors) - unlabelled} of {len(errors)}",
    )
    failed = sum(one.not_sent + one.unknown + one.answered + one.unlabelled for one in repeatable)
    yield Promise(
        promise="Calls that are safe to repeat did not fail", held=told and not failed, seen=f"{failed} failed"
    )
    yield Promise(
        promise=f"Map, queue and listener go on at {_B}",
        held=seen.proxies_went_on,
        seen="written and read" if seen.proxies_went_on else "not seen",
    )
    yield Promise(
        promise=f"Listener events come from {_B}",
        held=seen.event_from == _B,
        seen=f"event from {seen.event_from}",
    )
    if seen.sql:
        yield Promise(
            promise=f"SQL goes on at {_B}",
            held=seen.rows_after == 1,
            seen="no answer" if seen.rows_after is None else f"{seen.rows_after} row",
        )
        yield Promise(
            promise="A job's handle knows that its cluster was left",
            held=seen.job_left == _A,
            seen=f"JobNotFoundError names {seen.job_left}" if seen.job_left else "not seen",
        )
        yield Promise(
            promise=f"The same job runs at {_B}",
            held=seen.job_again == _B,
            seen=f"it runs on {seen.job_again}" if seen.job_again else "not seen",
        )
    yield Promise(
        promise="Lifecycle events came in their order",
        held=seen.lifecycle_failover == _IN_ORDER,
        seen=", ".join(seen.lifecycle_failover) or "none",
    )
    yield Promise(
        promise="The planned switch failed no call",
        held=seen.planned is not None and not seen.planned.errors,
        seen="not made" if seen.planned is None else f"{len(seen.planned.errors)} of {seen.planned.ended} calls failed",
    )
    yield Promise(
        promise="The planned switch was announced as one",
        held=seen.lifecycle_planned == ("CHANGED_CLUSTER",),
        seen=", ".join(seen.lifecycle_planned) or "none",
    )


def _load(stage: _Stage) -> Load:
    load = Load(
        {
            "map.put": lambda unique: stage.load.put(unique, "value"),
            _GET: lambda _: stage.load.get("0-1"),
            "queue.offer": stage.queue.offer,
        }
    )
    stage.seen.loads.append(load)
    return load


def _query(client: tealjet.JetClient) -> Rows:
    client.sql.execute(_MAPPING).result()
    found: Any = client.sql.execute(_QUERY).result()
    rows = tuple((row.get_object("id"), row.get_object("state")) for row in found)
    return Rows(query=_QUERY, columns=("id", "state"), rows=rows)


def _active(client: tealjet.JetClient) -> str:
    active = client.failover.active
    return "no cluster" if active is None else active.name


def _told(event: EntrySeen) -> str:
    return f"told of {event.key} = {event.value} by {event.cluster}"
