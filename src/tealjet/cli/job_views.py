"""What the job commands show: tables for people, plain values for programs. It knows no cluster and no terminal."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tealjet.cli.layout import columns, number
from tealjet.jet.metrics import JobMetrics
from tealjet.jet.reading import JetCluster, JobSummary
from tealjet.jet.snapshots import JobSnapshot

__all__ = ["cluster_table", "job_table", "metrics_table", "plain", "snapshot_table"]

_WIDTH = 120
_NAMELESS = "N/A"


def plain(value: Any) -> Any:
    """Return a value as JSON can have it: enums by name, times as text with their zone, dataclasses as objects."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(one) for one in value]
    return str(value)


def job_table(jobs: Sequence[JobSummary]) -> str:
    """Return a line for each job under a head, in the columns of ``jet list-jobs``."""
    rows = [("ID", "STATUS", "SUBMISSION TIME", "NAME")]
    rows += [(one.id_string, one.status.name, _time(one.submitted), one.name or _NAMELESS) for one in jobs]
    return columns(rows, _WIDTH)


def snapshot_table(snapshots: Sequence[JobSnapshot], *, full_names: bool) -> str:
    """Return a line for each snapshot under a head, in the columns of ``jet list-snapshots``.

    Args:
        snapshots: The snapshots.
        full_names: Show names of jobs that are longer than 24 characters as they are.
    """
    rows = [("TIME", "SIZE (bytes)", "JOB NAME", "SNAPSHOT NAME")]
    for one in snapshots:
        job = one.job_name or _NAMELESS
        if len(job) > 24 and not full_names:
            job = job[:23] + "*"
        rows.append((_time(one.created), f"{one.size:,}", job, one.name))
    return columns(rows, _WIDTH, right=frozenset({1}))


def cluster_table(cluster: JetCluster) -> str:
    """Return what a cluster says of itself, then a line for each member."""
    version = cluster.version if cluster.jet_version is None else f"{cluster.jet_version} (IMDG {cluster.version})"
    facts = [("State:", cluster.state.name), ("Version:", version), ("Size:", str(len(cluster.members)))]
    members = [("ADDRESS", "UUID"), *((one.address, one.uuid) for one in cluster.members)]
    return f"{columns(facts, _WIDTH)}\n\n{columns(members, _WIDTH)}"


def metrics_table(metrics: JobMetrics) -> str:
    """Return for each stage of a job how much it has received and emitted, added up over all members."""
    rows: list[tuple[str, ...]] = [("VERTEX", "RECEIVED", "EMITTED", "PROCESSORS")]
    for vertex, of_vertex in sorted(metrics.by_vertex().items()):
        processors = {(one.member, one.tags.get("proc")) for one in of_vertex if "proc" in one.tags}
        counts = (_sum(of_vertex, "receivedCount"), _sum(of_vertex, "emittedCount"), len(processors))
        rows.append((vertex, *map(number, counts)))
    return columns(rows, _WIDTH, right=frozenset({1, 2, 3}))


def _sum(metrics: JobMetrics, name: str) -> float:
    return sum(one.value for one in metrics[name])


def _time(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="milliseconds")[:23]
