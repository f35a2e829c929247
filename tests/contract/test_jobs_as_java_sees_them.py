"""What the client tells of jobs is what Java's own client tells of the same jobs, on a cluster of two members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import tealjet
from support.clusters import cluster_config
from support.job_jars import JobJars, submit_as_java
from tealjet.jet.errors import JobCancelledError, JobFailedError
from tealjet.lab import start_local
from tealjet.protocol.jet_values import JobStatus

VERSION = "5.7.0"
JOBS = (
    "kept Batch kept keep join",
    "plain Batch plain join",
    "counting Streaming counts exact",
    "failing Failing failing",
    "suspended Failing failing suspend",
)
STATEMENT = 'CREATE JOB "sql" AS SINK INTO numbers SELECT v, v FROM TABLE(GENERATE_STREAM(10))'
ENDED = {
    "kept": JobStatus.COMPLETED,
    "plain": JobStatus.COMPLETED,
    "uploaded": JobStatus.COMPLETED,
    "failing": JobStatus.FAILED,
    "sql": JobStatus.FAILED,
}
STATUSES = {**ENDED, "counting": JobStatus.SUSPENDED, "suspended": JobStatus.SUSPENDED}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """The same jobs as both clients see them, by name."""

    by_java: dict[str, dict[str, Any]]
    jobs: dict[str, Any]


@pytest.fixture(scope="module")
def seen(job_jars: JobJars) -> Iterator[Seen]:
    with start_local(["pair"], members=2, version=VERSION) as lab:
        cluster = lab["pair"]
        submit_as_java(job_jars, cluster, *JOBS)
        with tealjet.new_jet_client(cluster_config(cluster), silence_limit=60) as client:
            mapping = "CREATE MAPPING numbers TYPE IMap OPTIONS('keyFormat'='bigint','valueFormat'='bigint')"
            client.sql.execute(mapping).result()
            client.jet.submit_sql(STATEMENT)
            client.jet.submit_jar(job_jars.jar("Batch", VERSION), name="uploaded", args=["uploaded"]).join()
            jobs: dict[str, Any] = {
                summary.name: client.jet.get_job(summary.id) for summary in client.jet.jobs() if summary.name
            }
            _settle(jobs)
            report = job_jars.program(VERSION).run("JobReport", cluster.name, cluster.addresses[0])
            yield Seen({told["name"]: told for told in json.loads(report.splitlines()[-1])}, jobs)


def _settle(jobs: dict[str, Any]) -> None:
    """Bring every job into the status in which it stays."""
    jobs["sql"].cancel()
    with pytest.raises(JobCancelledError):
        jobs["sql"].join()
    with pytest.raises(JobFailedError):
        jobs["failing"].join()
    jobs["counting"].wait_for(JobStatus.RUNNING)
    jobs["counting"].suspend()
    for name in ("counting", "suspended"):
        jobs[name].wait_for(JobStatus.SUSPENDED)


def _milliseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(milliseconds=1)


@pytest.mark.member(VERSION)
def test_the_same_jobs_with_the_same_ids_statuses_and_times(seen: Seen) -> None:
    ours = {
        name: {
            "id": job.id,
            "id_string": job.id_string,
            "name": job.name,
            "status": job.status().name,
            "submission_time": _milliseconds(job.submission_time()),
        }
        for name, job in seen.jobs.items()
    }
    assert {name: JobStatus[one["status"]] for name, one in ours.items()} == STATUSES
    assert ours == {name: {key: told[key] for key in ours[name]} for name, told in seen.by_java.items()}


@pytest.mark.member(VERSION)
def test_the_same_configurations(seen: Seen) -> None:
    def ours(job: Any) -> dict[str, object]:
        config = job.config()
        return {
            "name": config.name,
            "processing_guarantee": config.processing_guarantee.name,
            "snapshot_interval": config.snapshot_interval * 1000,
            "auto_scaling": config.auto_scaling,
            "suspend_on_failure": config.suspend_on_failure,
            "split_brain_protection": config.split_brain_protection,
            "resources": {one.id: [one.id, one.type.name, one.url] for one in config.resources},
            "initial_snapshot": config.initial_snapshot,
            "metrics": config.metrics,
            "store_metrics": config.store_metrics,
            "max_processor_accumulated_records": config.max_processor_accumulated_records or -1,
            "timeout": (config.timeout or 0) * 1000,
            "sql": config.sql,
        }

    found = {name: ours(job) for name, job in seen.jobs.items()}
    assert found == {name: told["config"] for name, told in seen.by_java.items()}
    assert found["sql"]["sql"] == STATEMENT
    assert len(seen.by_java["kept"]["config"]["resources"]) > 1
    assert [kind for _, kind, _ in seen.by_java["uploaded"]["config"]["resources"].values()] == ["JAR"]


@pytest.mark.member(VERSION)
def test_the_same_metrics_with_the_same_tags(seen: Seen) -> None:
    for name in ENDED:
        ours = [
            [one.metric, one.value, _milliseconds(one.time), dict(sorted(one.tags.items()))]
            for one in seen.jobs[name].metrics()
        ]
        told = [[*one[:3], dict(sorted(one[3].items()))] for one in seen.by_java[name]["metrics"]]
        assert sorted(ours, key=str) == sorted(told, key=str), name
    assert len(seen.by_java["kept"]["metrics"]) > 50


@pytest.mark.member(VERSION)
def test_the_same_reasons(seen: Seen) -> None:
    for name, told in seen.by_java.items():
        job = seen.jobs[name]
        if name in ENDED:
            assert job.is_user_cancelled() is told["user_cancelled"]
        else:
            assert str(job.suspension_cause()) == told["suspension_cause"]
    assert [name for name, told in seen.by_java.items() if told["user_cancelled"]] == ["sql"]
