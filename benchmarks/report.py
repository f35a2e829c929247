"""Turns the results of a run into the text of ``benchmarks/README.md``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import alarms
from benchmarks.embedded import MAPS
from benchmarks.faults import ListenerCost, LossRound
from benchmarks.figures import durations, ms, rates, spread
from benchmarks.footprint import PROXIES, Memory
from benchmarks.results import Results
from benchmarks.throughput import (
    ASYNCIO,
    LARGE_TASKS,
    LARGE_THREADS,
    NEAR_TASKS,
    NEAR_THREADS,
    PAIR,
    TASK_WORKLOADS,
    THREAD_WORKLOADS,
    THREADED,
    CallProfile,
    Measurement,
    Workload,
)

_HEAD = "| | median | p99 | min - max | n |\n|---|---|---|---|---|"


def report(results: Results) -> str:
    """Return the whole page."""
    sections = [
        _introduction(results),
        _goals(results),
        _kill(results),
        _freeze(results),
        _start(results),
        _planned(results),
        _listeners(results),
        _throughput(results),
        _values(results),
        _profiles(results),
        _footprint(results),
        _embedded(results),
        _uploads(results),
        _alarms(results),
        _failed(results),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _introduction(results: Results) -> str:
    facts = results.facts
    return f"""# Benchmarks

Written by `make bench` (`python -m benchmarks`); the raw figures are in `results.json`. {facts.date},
{facts.cores} cores, {facts.system}, {facts.python}, Tealjet {facts.tealjet}, hazelcast-python-client {facts.official},
members of Hazelcast Platform {facts.member} Community; load average before the run {facts.load_before}.

Two clusters of one member each, in JVMs with a heap of 256 MB, run on the same machine as the client and share its
cores; all connections are loopback. All figures are of this one run{_later(results)}; but for the warm-ups that are
named no round is left out. p99 is by nearest rank, so below n = 100 it is the maximum."""


def _later(results: Results) -> str:
    runs: dict[str, list[str]] = {}
    for part in sorted(set(results.later) - {"alarms"}):
        facts = results.later[part]
        runs.setdefault(f"({facts.date}, load {facts.load_before})", []).append(part)
    text = [f"{', '.join(parts)} {run}" for run, parts in runs.items()]
    if results.alarms:
        text.append("the false alarms, where it is said")
    return ", but those measured later:\n" + ";\n".join(text) if text else ""


# ----------------------------------------------------------------------------------------------------------- goals


@dataclass(frozen=True, kw_only=True, slots=True)
class _Goal:
    what: str
    aim: str
    measured: str
    met: bool


def _goals(results: Results) -> str:
    goals = [
        *_switch_goals(results),
        *_listener_goals(results),
        *_speed_goals(results),
        *_footprint_goals(results),
        *_embedded_goals(results),
        *_upload_goals(results),
        *_alarm_goals(results),
    ]
    if not goals:
        return ""
    rows = [f"| {goal.what} | {goal.aim} | {goal.measured} | {'yes' if goal.met else '**no**'} |" for goal in goals]
    return "\n".join(["## Aims", "", "| | aim | measured | met |", "|---|---|---|---|", *rows])


def _switch_goals(results: Results) -> Iterator[_Goal]:
    if warm := results.kill.get("warm"):
        one = spread([round_.after_loss for round_ in warm])
        what = "kill -9, warm standby: loss seen to first good call"
        yield _Goal(what=what, aim="median < 5 ms", measured=ms(one.median), met=one.median < 0.005)
        yield _Goal(what=what, aim="p99 < 50 ms", measured=f"{ms(one.p99)} (n={one.n})", met=one.p99 < 0.05)
    for profile, limit in (("balanced", 2.5), ("fast", 0.45)):
        if rounds := results.freeze.get(profile):
            one = spread([round_.from_signal for round_ in rounds])
            yield _Goal(
                what=f"frozen cluster, profile {profile}: signal to first good call",
                aim=f"median < {ms(limit)}",
                measured=ms(one.median),
                met=one.median < limit,
            )
    if down := results.start.get("blue down"):
        one = spread(down.factory)
        yield _Goal(
            what="start with the first cluster down",
            aim="median < 100 ms",
            measured=ms(one.median),
            met=one.median < 0.1,
        )
    if results.planned:
        one, failed = spread(results.planned.hold), len(results.planned.failed)
        yield _Goal(what="planned switch: failed calls", aim="0", measured=str(failed), met=not failed)
        yield _Goal(
            what="planned switch: longest hold",
            aim="p99 < 50 ms",
            measured=f"{ms(one.p99)} (n={one.n})",
            met=one.p99 < 0.05,
        )


def _listener_goals(results: Results) -> Iterator[_Goal]:
    for cost in results.listeners[-1:]:
        more = _per_listener(results, cost)
        yield _Goal(
            what=f"planned switch, {cost.listeners} entry listeners: more a listener",
            aim="<= 50 us",
            measured=f"{more * 1e6:.0f} us",
            met=more <= 50e-6,
        )


def _speed_goals(results: Results) -> Iterator[_Goal]:
    aims = (
        ("tealjet", "official, repaired", THREAD_WORKLOADS[0], 1.0),
        ("tealjet", "official", THREAD_WORKLOADS[1], 2.0),
        ("tealjet", "official, repaired", THREAD_WORKLOADS[1], 1.2),
        ("tealjet asyncio", "official asyncio", TASK_WORKLOADS[0], 1.0),
        ("tealjet asyncio", "official asyncio", TASK_WORKLOADS[1], 1.8),
    )
    for ours, theirs, workload, aim in aims:
        for operation in ("get", "put"):
            if ratios := _ratios(results.throughput, ours, theirs, operation, workload):
                median = statistics.median(ratios)
                yield _Goal(
                    what=f"{operation}, {workload.label}: {ours} against {theirs}",
                    aim=f">= {aim}x",
                    measured=f"{median:.2f}x",
                    met=median >= aim,
                )


def _alarm_goals(results: Results) -> Iterator[_Goal]:
    for run in results.alarms:
        yield _Goal(
            what=f"false alarms in {run.minutes:.0f} min, profile {run.profile}, load average {run.usual_load:.1f}",
            aim="0 switches",
            measured=f"{len(run.switches)}, {run.unprovoked} of them after no stretched standstill",
            met=not run.unprovoked,
        )


def _footprint_goals(results: Results) -> Iterator[_Goal]:
    if results.imports:
        taken = _import_time(results, "tealjet")
        yield _Goal(what="import", aim="< 250 ms", measured=ms(taken), met=taken < 0.25)
    if results.memory:
        first, last = results.memory[0], results.memory[-1]
        grown = (last.rss - first.rss) / 1e6
        yield _Goal(
            what=f"memory over {last.switches - first.switches} switches",
            aim="< 1 MB more",
            measured=f"{grown:+.2f} MB, {last.objects - first.objects:+d} objects",
            met=grown < 1,
        )


def _embedded_goals(results: Results) -> Iterator[_Goal]:
    if results.embedded_starts:
        taken = statistics.median(results.embedded_starts)
        yield _Goal(what="two embedded clusters start", aim="< 100 ms", measured=ms(taken), met=taken < 0.1)
    for loop, aim in (("asyncio", 20_000), ("uvloop", 40_000)):
        if rate := _embedded_rates(results, loop):
            one = spread(rate)
            yield _Goal(
                what=f"pipelined gets a second of one embedded member, {loop}",
                aim=f"> {aim:,}".replace(",", " "),
                measured=rates(rate),
                met=one.median > aim,
            )
    if switches := results.embedded_switches:
        client, members = switches.client[1:], switches.after.rss - switches.before.rss
        grown = (client[-1].rss - client[0].rss) / 1e6
        number = client[-1].switches - client[0].switches
        yield _Goal(
            what=f"memory over the last {number} switches on embedded members: client, members",
            aim="< 2 MB more",
            measured=f"{grown:+.2f} MB, {members / 1e6:+.2f} MB",
            met=grown < 2 and members < 2e6,
        )


def _upload_goals(results: Results) -> Iterator[_Goal]:
    if results.uploads is not None:
        grown, size = max(results.uploads.memory) / 1e6, results.uploads.size / 1e6
        yield _Goal(
            what=f"memory while a JAR of {size:.0f} MB is uploaded",
            aim="< 64 MB more",
            measured=f"{grown:+.0f} MB",
            met=grown < 64,
        )


# --------------------------------------------------------------------------------------------------------- sections


def _kill(results: Results) -> str:
    if not results.kill:
        return ""
    return "\n".join(
        [
            """## The active cluster is killed (SIGKILL)

One thread gets and puts in turn without a pause; blue dies, the client goes to green, blue is started again, green
dies, and so on, with one client for all rounds. "Loss seen" is the moment the client's own thread notices that the
cluster is gone; before it lies the time that the kernel takes to end a JVM and close its sockets, which no client can
shorten. Warm: a standby link is ready. Cold: `standby=False`. The member that takes over was itself restarted a few
seconds earlier; another client has made 1000 calls to it since, but in the rounds of the "unused member", where the
first call of the measured client is the first one that the new JVM ever sees.
""",
            *_loss_table(results.kill),
            "",
            """Other clients, measured earlier in such rounds (n = 8) on a machine of two cores, all their timeouts at
the lowest useful values: loss seen to first good call 26 ms (Node.js 5.7.0), 40 ms (Java 5.7.0), 56 ms (Java Jet
4.3.1), 105 ms (Go 1.5.0); with default settings 20 s (Java Jet 4.3.1), 120 s (Java), 123 s (Go), never (Node.js).""",
        ]
    )


def _freeze(results: Results) -> str:
    if not results.freeze:
        return ""
    return "\n".join(
        [
            """## The active cluster is frozen (SIGSTOP)

The sockets stay open and nothing answers. A standby link is ready; afterwards the cluster is thawed. The load is one
thread that gets and puts in turn.
""",
            *_loss_table({f"profile {name}": rounds for name, rounds in results.freeze.items()}),
            "",
            "Other clients, measured earlier: with default settings 184 s (Java 5.7.0), 124 s (Java Jet 4.3.1), never "
            "(Node.js 5.7.0, Go 1.5.0); with heartbeats of 1 s and 0.2 s 2.1 s (Java) and 3.2 s (Node.js).",
        ]
    )


def _loss_table(groups: dict[str, list[LossRound]]) -> Iterator[str]:
    columns: tuple[tuple[str, Callable[[LossRound], float]], ...] = (
        ("loss seen to first good call", lambda one: one.after_loss),
        ("signal to first good call", lambda one: one.from_signal),
        ("signal to loss seen", lambda one: one.to_loss),
    )
    yield _HEAD
    for group, rounds in groups.items():
        for label, value in columns:
            yield f"| {group}: {label} | {durations([value(one) for one in rounds])} |"
    yield ""
    for group, rounds in groups.items():
        failed = [error for one in rounds for error in one.failed]
        unknown = sum(error.startswith("unknown") for error in failed)
        yield (
            f"* {group}: {len(failed)} calls failed in {len(rounds)} rounds, {unknown} of them with the outcome "
            f'"unknown" (puts that had been sent); {sum(one.other_switches for one in rounds)} switches that nobody '
            f"caused. Median offsets in the client's switch reports: {_phases(rounds)}."
        )


def _phases(rounds: Sequence[LossRound]) -> str:
    offsets: dict[str, list[float]] = {}
    for one in rounds:
        for name, at in one.phases:
            offsets.setdefault(name, []).append(at)
    return ", ".join(f"{name} {statistics.median(values):.1f} ms" for name, values in offsets.items())


def _start(results: Results) -> str:
    if not results.start:
        return ""
    rows = [
        f"| {state}: {label} | {durations(values)} |"
        for state, starts in results.start.items()
        for label, values in (("`new_jet_failover_client`", starts.factory), ("first call", starts.first_call))
    ]
    return "\n".join(
        [
            """## Start

Blue is the first cluster of the configuration. "Blue down": its member is dead and its port refuses connections. One
more client was made and closed before, so modules are loaded.
""",
            _HEAD,
            *rows,
            "",
            "Other clients with blue down, measured earlier with default settings: 121 s (Go), 122 s (Java), never "
            "(Node.js).",
        ]
    )


def _planned(results: Results) -> str:
    planned = results.planned
    if planned is None:
        return ""
    failures = "".join(f"\n* failed: {error}" for error in planned.failed[:10])
    return f"""## Planned switch under load

{planned.threads} threads get and put in turn without a pause while the client is switched to and fro; before that
another client has made 1000 calls to each member. Hold: how long the call that was held longest waited, in each switch.

{_HEAD}
| longest hold | {durations(planned.hold)} |
| longest call across a switch, as its caller sees it | {durations(planned.longest_across)} |
| `switch_to`, preparation included | {durations(planned.duration)} |

{planned.calls} calls, **{len(planned.failed)} failed**; the longest call took {ms(planned.longest_call)}, the median
call {ms(planned.usual_call)}. (Other clients are moved by a deny list, which cuts their connections: of 96 busy workers
93 to 96 lost the put that was in flight.){failures}"""


def _listeners(results: Results) -> str:
    if not results.listeners:
        return ""
    switches = len(results.listeners[0].duration)
    return "\n".join(
        [
            f"""## What listeners add to a planned switch

Entry listeners of one map to which nobody writes; medians (and maxima) of {switches} planned switches to and fro. "More
a listener" is what the median of `switch_to` without calls adds to that of one listener, divided by the listeners that
were added. Under load one thread gets and puts in turn without a pause. Clients and members share the cores, so the
figures contain what the member does for each registration.

| entry listeners | `switch_to`, no calls | more a listener | `switch_to` under load | longest hold under load |
|---|---|---|---|---|""",
            *(
                f"| {cost.listeners} | {_usual(cost.duration)} | {_per_listener_text(results, cost)} | "
                f"{_usual(cost.duration_under_load)} | {_usual(cost.hold)} |"
                for cost in results.listeners
            ),
        ]
    )


def _usual(values: Sequence[float]) -> str:
    return f"{ms(statistics.median(values))} ({ms(max(values))})"


def _per_listener(results: Results, cost: ListenerCost) -> float:
    """Return the seconds that each listener adds."""
    least = results.listeners[0]
    more = statistics.median(cost.duration) - statistics.median(least.duration)
    return more / (cost.listeners - least.listeners)


def _per_listener_text(results: Results, cost: ListenerCost) -> str:
    return "" if cost is results.listeners[0] else f"{_per_listener(results, cost) * 1e6:.0f} us"


def _throughput(results: Results) -> str:
    if not results.throughput:
        return ""
    return "\n".join(
        [
            """## Throughput

Calls a second, median (min-max) of alternating rounds; each client is a process of its own, all use the same member,
one at a time. Values are strings of 100 characters under 1000 keys. Ours is a failover client with a standby, the
official one knows one cluster. "x" is the median of the rounds' ratios, ours to theirs; us is processor time of the
client process a call.

The official threaded client loses a wake-up of its reactor sooner or later when several threads use it; from then on
each thread makes about 94 calls a second for as long as the client lives. It is measured as it ships ("stuck" counts
the rounds in which it was in that state), and repaired: the order of two lines in its waker is exchanged, which gives
its healthy state.

A thread of ours that calls alone sends and reads by itself. By the loop: it does not, as where the loop is not
asyncio's own; what several threads gain or lose by this is the difference of the two.
""",
            *_rate_table(results.throughput, THREADED, THREAD_WORKLOADS),
            "",
            *_rate_table(results.throughput, ASYNCIO, TASK_WORKLOADS),
        ]
    )


def _rate_table(
    measurements: Sequence[Measurement], contenders: Sequence[str], workloads: Sequence[Workload]
) -> Iterator[str]:
    """Make a table of what was measured; who or what was not is left out."""
    ours, *others = (name for name in contenders if any(one.contender == name for one in measurements))
    measured = {one.workload for one in measurements}
    yield f"| | {ours} | {' | '.join(f'{name} | x' for name in others)} |"
    yield "|---" * (2 + 2 * len(others)) + "|"
    for workload in (one for one in workloads if one.label in measured):
        for operation in workload.operations:
            cells = [_rate_cell(_of(measurements, ours, operation, workload))]
            for name in others:
                cells.append(_rate_cell(_of(measurements, name, operation, workload)))
                cells.append(f"{statistics.median(_ratios(measurements, ours, name, operation, workload)):.2f}")
            yield f"| {operation}, {workload.label} | {' | '.join(cells)} |"


def _values(results: Results) -> str:
    if not results.values:
        return ""
    return "\n".join(
        [
            """## Near caches and large values

Measured like the throughput, for half as long. Each key of the near-cached map has been read before, so all of these
calls are answered in the client.
""",
            *_rate_table(results.values, PAIR, (NEAR_THREADS, LARGE_THREADS)),
            "",
            *_rate_table(results.values, ASYNCIO, (NEAR_TASKS, LARGE_TASKS)),
        ]
    )


def _profiles(results: Results) -> str:
    if not results.profiles:
        return ""
    text = [
        """## Where the time of a call goes

Our client alone under a profiler (`--profile threads`, `--profile tasks`), for the workloads with most calls in flight:
processor time of each function by itself, of all threads of the client and its callers together, as a share of all of
it. Waiting does not count, and what the profiler adds to each call was measured and left out, as well as that can be
done: shares below some percent say little."""
    ]
    for one in results.profiles:
        text.append(
            "\n".join(
                [
                    f"""{one.operation}, {one.workload}, {one.contender}; {one.calls} calls of
{one.seconds / one.calls * 1e6:.0f} us each; {_packages(one)}:

| function | share | times a call |
|---|---|---|""",
                    *(
                        f"| `{function.function}` | {function.seconds / one.seconds:.1%} | "
                        f"{function.calls / one.calls:.2f} |"
                        for function in one.functions
                    ),
                ]
            )
        )
    return "\n\n".join(text)


def _packages(one: CallProfile) -> str:
    shares = sorted(((seconds / one.seconds, name) for name, seconds in one.packages.items()), reverse=True)
    return ", ".join(f"{name} {share:.0%}" for share, name in shares if share >= 0.01)


def _of(measurements: Sequence[Measurement], contender: str, operation: str, workload: Workload) -> list[Measurement]:
    wanted = (contender, operation, workload.label)
    return [one for one in measurements if (one.contender, one.operation, one.workload) == wanted]


def _rate_cell(measurements: Sequence[Measurement]) -> str:
    text = rates([one.rate for one in measurements])
    text += f", {statistics.median(one.cpu_per_call for one in measurements) * 1e6:.0f} us"
    stuck = sum(one.lost_wake_up or False for one in measurements)
    return f"{text}, stuck in {stuck} of {len(measurements)}" if stuck else text


def _ratios(
    measurements: Sequence[Measurement], ours: str, theirs: str, operation: str, workload: Workload
) -> list[float]:
    pairs = zip(
        _of(measurements, ours, operation, workload), _of(measurements, theirs, operation, workload), strict=True
    )
    return [mine.rate / other.rate for mine, other in pairs]


def _import_time(results: Results, name: str) -> float:
    return statistics.median(results.imports[name]) - statistics.median(results.imports["nothing"])


def _looks(memory: Sequence[Memory]) -> list[str]:
    return [
        f"| {look.switches} | {look.rss / 1e6:.2f} MB | {look.objects} | {look.tasks} | {look.threads} | {look.files} |"
        for look in memory
    ]


def _footprint(results: Results) -> str:
    text = []
    if results.imports:
        runs = len(results.imports["tealjet"])
        text.append(f"""## Import

`import tealjet` takes {ms(_import_time(results, "tealjet"))}: its names are loaded when they are used first.
With all that a client needs it takes {ms(_import_time(results, "client"))}.
`import hazelcast`, which is part of that, takes {ms(_import_time(results, "hazelcast"))}.
Medians of {runs} interpreters each, less the median of one that imports nothing
({ms(statistics.median(results.imports["nothing"]))}).""")
    if results.memory:
        rows = _looks(results.memory)
        text.append(
            "\n".join(
                [
                    f"""## Memory

A process with one client, a standby and {PROXIES} maps with an entry listener each, switched to and fro; 100 switches
were made before, as many as the client keeps the reports of. Tasks are those of asyncio that have not ended: the
client needs none while nothing is under way. Files are open descriptors, sockets among them.

| planned switches | resident | objects | tasks | threads | files |
|---|---|---|---|---|---|""",
                    *rows,
                ]
            )
        )
    return "\n\n".join(text)


def _embedded_rates(results: Results, loop: str) -> list[float]:
    return [one.gets / one.seconds for one in results.embedded_rates if one.loop == loop]


def _embedded(results: Results) -> str:
    if not results.embedded_rates:
        return ""
    rows = []
    for loop in dict.fromkeys(one.loop for one in results.embedded_rates):
        mine = [one for one in results.embedded_rates if one.loop == loop]
        used = [one.processor_seconds / one.seconds for one in mine if one.processor_seconds >= 0]
        share = f"{statistics.median(used):.0%}" if used else "?"
        rows.append(f"| {loop} | {rates(_embedded_rates(results, loop))} | {share} | {len(mine)} |")
    return "\n".join(
        [
            """## Embedded members

Gets of a value of 100 characters that one embedded member answers, in a process of its own; two batches of 64 are under
way over one connection. They are sent by a bare socket, so that the member is what is measured and not a client.

| loop | gets a second | processor | n |
|---|---|---|---|""",
            *rows,
            "",
            f"Two clusters are there in {ms(statistics.median(results.embedded_starts))}, on a thread of this process.",
            *_embedded_switches(results),
        ]
    )


def _embedded_switches(results: Results) -> list[str]:
    if results.embedded_switches is None:
        return []
    before, after = results.embedded_switches.before, results.embedded_switches.after
    return [
        "",
        f"The client of the section on memory with {MAPS} maps, on two embedded clusters of one process:",
        "",
        "| planned switches | resident | objects | tasks | threads | files |",
        "|---|---|---|---|---|---|",
        *_looks(results.embedded_switches.client),
        "",
        f"The members' process had {before.rss / 1e6:.2f} MB, {before.threads} threads and {before.files} files",
        f"before, and {after.rss / 1e6:.2f} MB, {after.threads} threads and {after.files} files after.",
    ]


def _uploads(results: Results) -> str:
    measured = results.uploads
    if measured is None:
        return ""
    size = measured.size / 1e6
    rows = [
        f"| {name} | {durations(taken)} | {size / statistics.median(taken):.0f} |"
        for name, taken in (("Tealjet", measured.tealjet), ("Java's client", measured.java))
    ]
    return "\n".join(
        [
            f"""## Uploads

A JAR of {size:.0f} MB is sent to a member, which compares the digest of the whole and then refuses the JAR because it
has no main class: what is timed is the way of the bytes. Both clients in turn, each in a process of its own that
uploads twice, of which the second one counts.

| | median | p99 | range | n | MB a second |
|---|---|---|---|---|---|""",
            *rows,
            "",
            f"Resident memory of our process grew by {max(measured.memory) / 1e6:.0f} MB at most while it uploaded.",
        ]
    )


def _alarms(results: Results) -> str:
    if not results.alarms:
        return ""
    return "\n".join(
        [
            f"""## False alarms

A client under half load: {alarms.WORKERS} threads get and put in turn and rest after each call as long as it took.
Every {alarms.COLLECT_EVERY:.0f} s each member is made to collect all its garbage, and about every
{alarms.PAUSE_EVERY:.0f} s the active member stands still (SIGSTOP) for {alarms.SHARE:.0%} of the limit, the silence
after which the profile takes a cluster for lost: as in a long collection. No cluster is ever down. The profiles are
measured at the same time, each in a process and on clusters of its own, so the machine runs two clients and four
members. A long run (`--only alarms --minutes 30 --keep`) stays here until there is a longer one. It shared the machine
with whatever else was at work there, which the load average over a minute tells; a busy machine stretches standstills
and collections alike. "Stretched" are the standstills that lasted as long as the limit or longer: to leave the cluster
is then right. "Switches" are all there were, reconnects too; in brackets those that no stretched standstill preceded.

| profile | date | minutes | load: mean, most | standstills: longest | stretched | collections: longest |\
 calls | failed | longest call | switches |
|---|---|---|---|---|---|---|---|---|---|---|""",
            *(
                f"| {run.profile}, limit {ms(run.limit)} | {run.date} | {run.minutes:.0f} | {run.usual_load:.1f}, "
                f"{run.most_load:.1f} | {run.pauses}: {ms(run.longest_pause)} | {run.too_long} | "
                f"{run.collections}: {ms(run.longest_collection)} | {run.calls} | {len(run.failed)} | "
                f"{ms(run.longest_call)} | **{len(run.switches)}** ({run.unprovoked}) |"
                for run in results.alarms
            ),
        ]
    )


def _failed(results: Results) -> str:
    if not results.failed:
        return ""
    return "\n".join(["## Not measured", "", *(f"* {part}: {why}" for part, why in results.failed.items())])
