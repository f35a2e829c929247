"""The command: measure all parts, or some of them, each on clusters of its own, and write the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import embedded, faults, footprint
from benchmarks.alarms import alarms
from benchmarks.report import report
from benchmarks.results import Results, facts
from benchmarks.setting import MEMBER_VERSION, clock
from benchmarks.throughput import PROFILES, call_profile, throughput, values
from benchmarks.uploads import uploads
from tealjet.failover.options import Profile
from tealjet.lab import Lab, LocalCluster, start_local

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class _Size:
    """How much is measured."""

    rounds: int
    freezes: int
    switches: int
    rate_rounds: int
    rate_seconds: float
    import_runs: int
    upload_rounds: int
    memory_switches: int
    embedded_switches: int
    alarm_minutes: float
    listener_counts: tuple[int, ...]
    listener_switches: int
    profile_seconds: float
    profiles: tuple[str, ...]


def _size(rounds: int, minutes: float, profiles: tuple[str, ...], *, quick: bool) -> _Size:
    if quick:
        return _Size(
            rounds=min(rounds, 3),
            freezes=2,
            switches=10,
            rate_rounds=2,
            rate_seconds=0.3,
            import_runs=3,
            upload_rounds=1,
            memory_switches=20,
            embedded_switches=20,
            alarm_minutes=min(minutes, 0.2),
            listener_counts=(1, 100),
            listener_switches=5,
            profile_seconds=0.5,
            profiles=profiles,
        )
    return _Size(
        rounds=rounds,
        freezes=max(5, rounds // 3),
        switches=max(50, 4 * rounds),
        rate_rounds=max(5, rounds // 3),
        rate_seconds=1.0,
        import_runs=10,
        upload_rounds=5,
        memory_switches=1000,
        embedded_switches=10_000,
        alarm_minutes=minutes,
        listener_counts=(1, 10, 100, 1000),
        listener_switches=max(10, 2 * rounds),
        profile_seconds=3.0,
        profiles=profiles,
    )


def _kill(lab: Lab, size: _Size, results: Results) -> None:
    def lose(rounds: int, *, standby: bool, used: bool) -> list[faults.LossRound]:
        return faults.losses(lab, rounds, LocalCluster.kill, LocalCluster.restart, standby=standby, used=used)

    results.kill["warm"] = lose(size.rounds, standby=True, used=True)
    results.kill["cold"] = lose(size.rounds, standby=False, used=True)
    results.kill["warm, unused member"] = lose(size.freezes, standby=True, used=False)


def _freeze(lab: Lab, size: _Size, results: Results) -> None:
    for profile in (Profile.BALANCED, Profile.FAST):
        results.freeze[profile.value] = faults.losses(
            lab, size.freezes, LocalCluster.freeze, LocalCluster.thaw, standby=True, profile=profile
        )


def _start(lab: Lab, size: _Size, results: Results) -> None:
    results.start["blue down"] = faults.starts(lab, size.rounds, blue_down=True)
    results.start["both up"] = faults.starts(lab, size.rounds, blue_down=False)


def _planned(lab: Lab, size: _Size, results: Results) -> None:
    results.planned = faults.planned(lab, size.switches)


def _listeners(lab: Lab, size: _Size, results: Results) -> None:
    results.listeners = faults.listener_cost(lab, size.listener_counts, size.listener_switches)


def _throughput(lab: Lab, size: _Size, results: Results) -> None:
    results.throughput = throughput(lab, size.rate_rounds, size.rate_seconds)


def _values(lab: Lab, size: _Size, results: Results) -> None:
    results.values = values(lab, size.rate_rounds, size.rate_seconds)


def _profiles(lab: Lab, size: _Size, results: Results) -> None:
    results.profiles = [call_profile(lab, name, size.profile_seconds) for name in size.profiles]


def _footprint(lab: Lab, size: _Size, results: Results) -> None:
    results.imports = footprint.imports(size.import_runs)
    results.memory = footprint.memory(lab, size.memory_switches)


def _uploads(lab: Lab, size: _Size, results: Results) -> None:
    results.uploads = uploads(lab, size.upload_rounds)


def _embedded(size: _Size, results: Results) -> None:
    results.embedded_starts = embedded.starts(size.import_runs)
    results.embedded_rates = embedded.rates(size.rate_rounds, size.rate_seconds)
    results.embedded_switches = embedded.switches(size.embedded_switches)


def _alarms(size: _Size, results: Results) -> None:
    results.alarms += alarms(size.alarm_minutes)


def _on_clusters(part: Callable[[Lab, _Size, Results], None]) -> Callable[[_Size, Results], None]:
    def measure(size: _Size, results: Results) -> None:
        with start_local(version=MEMBER_VERSION) as lab:
            part(lab, size, results)

    return measure


_PARTS: dict[str, Callable[[_Size, Results], None]] = {
    "kill": _on_clusters(_kill),
    "freeze": _on_clusters(_freeze),
    "start": _on_clusters(_start),
    "planned": _on_clusters(_planned),
    "listeners": _on_clusters(_listeners),
    "throughput": _on_clusters(_throughput),
    "values": _on_clusters(_values),
    "profile": _on_clusters(_profiles),
    "footprint": _on_clusters(_footprint),
    "embedded": _embedded,
    "uploads": _on_clusters(_uploads),
    "alarms": _alarms,
}


def main() -> int:
    """Run; 1 when a part could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Tealjet on real members. A complete run writes README.md and results.json; "
        "with --only or --quick the report is printed instead, and --keep puts what was measured into both files.",
    )
    parser.add_argument("--only", help=f"some of: {','.join(_PARTS)}")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the faults (15)")
    parser.add_argument("--minutes", type=float, default=1.0, help="length of the part alarms (1)")
    parser.add_argument("--profile", choices=PROFILES, help="where the time of a call goes in this workload only")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: does it run?")
    parser.add_argument("--keep", action="store_true", help="put the parts measured into the committed report")
    parser.add_argument("--json", type=Path, help="also write the raw figures to this file")
    arguments = parser.parse_args()
    if arguments.profile and not arguments.only:
        arguments.only = "profile"
    parts = arguments.only.split(",") if arguments.only else list(_PARTS)
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(_PARTS)}")
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    if not arguments.minutes > 0:
        parser.error("--minutes: more than 0")

    results = Results(facts=facts())
    profiles = (arguments.profile,) if arguments.profile else tuple(PROFILES)
    size = _size(arguments.rounds, arguments.minutes, profiles, quick=arguments.quick)
    for part in parts:
        _measure(part, size, results)
    if arguments.json:
        results.save(arguments.json)
    if (arguments.only or arguments.quick) and not arguments.keep:
        print(report(results))
    else:
        raw, page = _HERE / "results.json", _HERE / "README.md"
        results.keep_longer_alarms(raw)
        if arguments.only:
            results = results.put_into(Results.load(raw), parts)
        results.save(raw)
        page.write_text(report(results), encoding="utf-8")
        print(f"written: {page}, {raw}")
    return 1 if results.failed else 0


def _measure(part: str, size: _Size, results: Results) -> None:
    print(f"{part} ...", end=" ", file=sys.stderr, flush=True)
    begun = clock()
    try:
        _PARTS[part](size, results)
    except Exception as error:  # the other parts are worth having all the same
        results.failed[part] = f"{type(error).__name__}: {error}"
        print(f"failed: {results.failed[part]}", file=sys.stderr)
    else:
        print(f"{clock() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
