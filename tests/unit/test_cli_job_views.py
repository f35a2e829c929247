"""What the job commands show, from values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tealjet.cli.client_commands import SnapshotNotFoundError, judged
from tealjet.cli.job_views import cluster_table, job_table, metrics_table, plain, snapshot_table
from tealjet.errors import ClusterLeftError, ConfigError, NoClusterError, Outcome, TealjetError
from tealjet.jet import errors
from tealjet.jet.ids import id_string
from tealjet.jet.metrics import JobMetrics, Measurement
from tealjet.jet.reading import JetCluster, JetMember, JobSummary
from tealjet.jet.snapshots import JobSnapshot
from tealjet.protocol.jet_values import JobStatus
from tealjet.protocol.values import ClusterState

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def job(name: str | None, status: JobStatus) -> JobSummary:
    return JobSummary(
        id=12345,
        id_string=id_string(12345),
        name=name,
        status=status,
        submitted=NOON,
        completed=None,
        failure=None,
        light=False,
        sql=None,
        suspension_cause=None,
        user_cancelled=None,
        cluster="blue",
    )


def test_jobs_are_lines_in_javas_columns() -> None:
    head, first, second = job_table([job("report", JobStatus.RUNNING), job(None, JobStatus.FAILED)]).splitlines()
    assert head.split() == ["ID", "STATUS", "SUBMISSION", "TIME", "NAME"]
    local = NOON.astimezone().isoformat(timespec="milliseconds")[:23]
    assert first.split() == ["0000-0000-0000-3039", "RUNNING", local, "report"]
    assert second.split()[-1] == "N/A"


def test_values_are_plain_json() -> None:
    document = json.loads(json.dumps(plain([job("report", JobStatus.RUNNING)])))
    assert document[0]["status"] == "RUNNING"
    assert document[0]["submitted"] == "2026-11-23T12:00:00+00:00"
    assert plain({1: (NOON, b"x", object)})["1"][0] == NOON.isoformat()


def test_long_names_of_jobs_are_cut_as_java_does_unless_asked_for() -> None:
    snapshot = JobSnapshot(name="before", created=NOON, job_id=1, job_name="a" * 30, size=1234567)
    assert f"{'a' * 23}*" in snapshot_table([snapshot], full_names=False)
    assert "1,234,567" in snapshot_table([snapshot], full_names=False)
    assert "a" * 30 in snapshot_table([snapshot], full_names=True)


@pytest.mark.parametrize(("jet", "version"), [(None, "5.7.0"), ("4.3.1", "4.3.1 (IMDG 5.7.0)")])
def test_a_cluster_is_its_facts_and_its_members(jet: str | None, version: str) -> None:
    member = JetMember(uuid="1-2", address="127.0.0.1:5701", lite=False)
    cluster = JetCluster(
        name="blue", id="3-4", state=ClusterState.ACTIVE, version="5.7.0", jet_version=jet, members=(member,)
    )
    lines = [" ".join(line.split()) for line in cluster_table(cluster).splitlines()]
    assert lines == ["State: ACTIVE", f"Version: {version}", "Size: 1", "", "ADDRESS UUID", "127.0.0.1:5701 1-2"]


def test_what_vertices_have_done_is_added_up_over_all_members() -> None:
    def measured(metric: str, value: int, member: str) -> Measurement:
        tags = {"vertex": "shout", "proc": "0", "member": member}
        return Measurement(metric=metric, value=value, unit=None, time=NOON, tags=tags)

    metrics = JobMetrics(
        (measured("receivedCount", 1000, "a"), measured("receivedCount", 500, "b"), measured("emittedCount", 7, "a"))
    )
    head, line = metrics_table(metrics).splitlines()
    assert head.split() == ["VERTEX", "RECEIVED", "EMITTED", "PROCESSORS"]
    assert [cell.replace(",", "") for cell in line.split()] == ["shout", "1500", "7", "2"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TealjetError("no"), 1),
        (errors.JobFailedError("failed", outcome=Outcome.ANSWERED), 1),
        (ConfigError("wrong"), 2),
        (errors.NotAJobStatementError("none"), 2),
        (NoClusterError("none", reasons={}), 3),
        (errors.JobNotFoundError("unknown", cluster="blue"), 4),
        (SnapshotNotFoundError("unknown", outcome=Outcome.ANSWERED), 4),
        (errors.JobNotFoundError("left", cluster="blue", left_at=NOON), 5),
        (ClusterLeftError("left", outcome=Outcome.NOT_SENT), 5),
        (errors.SubmissionUnknownError("unknown", cluster="blue", job_name=None), 5),
        (errors.JobWaitTimeoutError("late", outcome=Outcome.UNKNOWN), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_kind_of_error_has_its_exit_code(error: Any, code: int) -> None:
    assert judged(error) == (code, str(error))
