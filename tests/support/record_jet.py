"""Records what members answer about jobs, for tests of how it is read: ``python -m support.record_jet [VERSION...]``.

For each version a cluster of two members is started, jobs are submitted by Java's own client, and the messages in which
the first member answers are written to ``tests/unit/jet_recordings/VERSION.json`` as they came, with what Java's client
said of the jobs. It takes half a minute for each version.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tealjet
from support.clusters import cluster_config
from support.job_jars import JobJars, submit_as_java
from support.raw_client import RawClient
from tealjet.jet.payloads import read_job_metrics
from tealjet.lab import LocalCluster, start_local
from tealjet.protocol import jet, table
from tealjet.protocol.codec import decode_error, decode_response
from tealjet.protocol.declare import MessageType
from tealjet.protocol.frames import Message
from tealjet.protocol.jet import Dialect
from tealjet.protocol.jet_values import JobStatus, TerminationMode

VERSIONS = ("5.7.0", "5.5.0", "jet-4.3.1")
FOLDER = Path(__file__).parents[1] / "unit" / "jet_recordings"

_OBSERVED = ("words", "pairs", "fails")
_JOBS = (
    "kept Batch batch keep join",
    "plain Batch batch join",
    "counting Streaming counts exact",
    "suspended Failing failing suspend",
    "failing FailsWhenTold told",
    "cancelled Streaming cancelled",
    *(f"{kind} Observed {kind} {kind}" for kind in _OBSERVED),
)
_NOBODY = 12345
_LIMIT = 60.0


class Recorder:
    """What is recorded of one cluster."""

    def __init__(self, cluster: LocalCluster, raw: RawClient) -> None:
        self.raw = raw
        self.cluster = cluster
        self.messages: dict[str, str] = {}
        self.dialect = Dialect.JET_4 if cluster.version.startswith("jet-") else Dialect.HAZELCAST_5

    @property
    def is_5(self) -> bool:
        return self.dialect is Dialect.HAZELCAST_5

    def keep(self, name: str, message: Message) -> Message:
        self.messages[name] = base64.b64encode(bytes(message)).decode()
        return message

    def fields(self, job_id: int, **others: Any) -> dict[str, Any]:
        """The fields of a request that names the coordinator of a light job where there are light jobs."""
        return {"job_id": job_id, **({"light_job_coordinator": None} if self.is_5 else {}), **others}

    def either(self, of_5: MessageType[Any, Any], of_4: MessageType[Any, Any]) -> MessageType[Any, Any]:
        return of_5 if self.is_5 else of_4

    def terminate(self, job_id: int, mode: TerminationMode) -> Message:
        kind = self.either(jet.TERMINATE_JOB, jet.JET_4_TERMINATE_JOB)
        return self.raw.ask(kind, **self.fields(job_id, mode=mode))

    def join(self, job_id: int) -> int:
        kind = self.either(jet.JOIN_SUBMITTED_JOB, jet.JET_4_JOIN_SUBMITTED_JOB)
        return self.raw.send(kind, **self.fields(job_id))

    def status(self, job_id: int) -> JobStatus:
        return decode_response(jet.GET_JOB_STATUS, self.raw.ask(jet.GET_JOB_STATUS, job_id=job_id))

    def cause(self, job_id: int) -> Message:
        kind = self.either(jet.GET_JOB_SUSPENSION_CAUSE, jet.JET_4_GET_JOB_SUSPENSION_CAUSE)
        return self.raw.ask(kind, job_id=job_id)


def _until(condition: Callable[[], bool]) -> None:
    """Ask until it is so; a recording is not a test, and members tell of no change on every version."""
    deadline = time.monotonic() + _LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster does not do what is to be recorded")
        time.sleep(0.05)


def record(cluster: LocalCluster, jars: JobJars) -> dict[str, Any]:
    """Return the recordings of a cluster."""
    ids = submit_as_java(jars, cluster, *_JOBS)
    with RawClient(cluster) as raw, tealjet.new_jet_client(cluster_config(cluster)) as client:
        recorder = Recorder(cluster, raw)
        if recorder.is_5:
            client.sql.execute(
                "CREATE MAPPING numbers TYPE IMap OPTIONS('keyFormat'='bigint','valueFormat'='bigint')"
            ).result()
            statement = 'CREATE JOB "sql" AS SINK INTO numbers SELECT v, v FROM TABLE(GENERATE_STREAM(10))'
            client.sql.execute(statement).result()
        _record_life(recorder, client, ids)
        _record_questions(recorder, ids)
        _record_observables(recorder, client)
        return {"jobs": ids, "messages": recorder.messages}


def _record_life(recorder: Recorder, client: tealjet.JetClient, ids: dict[str, int]) -> None:
    """Record how jobs are suspended, resumed, fail and are cancelled."""
    raw, counting = recorder.raw, ids["counting"]
    _until(lambda: recorder.status(counting) is JobStatus.RUNNING)
    _until(lambda: bool(_vertices(raw.ask(jet.GET_JOB_METRICS, job_id=counting))))
    recorder.keep("metrics of counting", raw.ask(jet.GET_JOB_METRICS, job_id=counting))

    listening = 0
    if recorder.is_5:
        listening = raw.send(jet.ADD_JOB_STATUS_LISTENER, **recorder.fields(counting, local_only=False))
        raw.receive(listening)
    recorder.terminate(counting, TerminationMode.SUSPEND_GRACEFUL)
    _until(lambda: recorder.status(counting) is JobStatus.SUSPENDED)
    if recorder.is_5:
        recorder.keep("event of a suspension", raw.receive(listening, event=True))
    recorder.keep("cause of counting", recorder.cause(counting))
    recorder.keep("suspending what is suspended", recorder.terminate(counting, TerminationMode.SUSPEND_GRACEFUL))

    _until(lambda: recorder.status(ids["suspended"]) is JobStatus.SUSPENDED)
    recorder.keep("cause of suspended", recorder.cause(ids["suspended"]))

    failing = recorder.join(ids["failing"])
    _until(lambda: recorder.status(ids["failing"]) is JobStatus.RUNNING)
    told: Any = client.get_map("told")
    told.put("fail", "fail now").result()
    recorder.keep("join of failing", raw.receive(failing))
    recorder.keep("join of failing later", raw.receive(recorder.join(ids["failing"])))

    cancelled = recorder.join(ids["cancelled"])
    recorder.terminate(ids["cancelled"], TerminationMode.CANCEL_FORCEFUL)
    recorder.keep("join of cancelled", raw.receive(cancelled))
    recorder.keep("join of cancelled later", raw.receive(recorder.join(ids["cancelled"])))
    assert decode_error(raw.ask(jet.GET_JOB_STATUS, job_id=_NOBODY))
    recorder.keep("status of nobody", raw.ask(jet.GET_JOB_STATUS, job_id=_NOBODY))


def _vertices(answer: Message) -> object:
    return read_job_metrics(decode_response(jet.GET_JOB_METRICS, answer)).by_vertex()


def _record_questions(recorder: Recorder, ids: dict[str, int]) -> None:
    """Record what is told of jobs as they are now."""
    raw, is_5 = recorder.raw, recorder.is_5
    for name in ("kept", "counting", "suspended"):
        kind = recorder.either(jet.GET_JOB_CONFIG, jet.JET_4_GET_JOB_CONFIG)
        recorder.keep(f"config of {name}", raw.ask(kind, **recorder.fields(ids[name])))
    for name in ("kept", "plain"):
        recorder.keep(f"metrics of {name}", raw.ask(jet.GET_JOB_METRICS, job_id=ids[name]))
    recorder.keep("summaries", raw.ask(jet.GET_JOB_SUMMARY_LIST))
    if not is_5:
        recorder.keep("ids", raw.ask(jet.JET_4_GET_JOB_IDS))
        recorder.keep("ids of counting", raw.ask(jet.JET_4_GET_JOB_IDS_BY_NAME, name="counting"))
        recorder.keep("ids of nobody", raw.ask(jet.JET_4_GET_JOB_IDS_BY_NAME, name="nobody"))
        return
    recorder.keep("summaries with statements", raw.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST))
    recorder.keep("ids", raw.ask(jet.GET_JOB_IDS, only_job_id=jet.ALL_JOBS, only_name=None))
    recorder.keep("ids of counting", raw.ask(jet.GET_JOB_IDS, only_job_id=jet.ALL_JOBS, only_name="counting"))
    recorder.keep("ids of nobody", raw.ask(jet.GET_JOB_IDS, only_job_id=jet.ALL_JOBS, only_name="nobody"))
    summaries = decode_response(jet.GET_JOB_AND_SQL_SUMMARY_LIST, raw.ask(jet.GET_JOB_AND_SQL_SUMMARY_LIST))
    ids["sql"] = next(one.job_id for one in summaries if one.name_or_id == "sql")
    recorder.keep("config of sql", raw.ask(jet.GET_JOB_CONFIG, **recorder.fields(ids["sql"])))


def _record_observables(recorder: Recorder, client: tealjet.JetClient) -> None:
    for kind in _OBSERVED:
        name = f"__jet.observables.{kind}"
        partition = client.partition_service.get_partition_id(name)
        fields = {"name": name, "start_sequence": 0, "min_count": 1, "max_count": 1000, "filter": None}
        recorder.keep(f"items of {kind}", recorder.raw.ask(table.RINGBUFFER_READ_MANY, partition=partition, **fields))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tealjet-jars-") as folder:
        jars = JobJars(Path(folder))
        for version in sys.argv[1:] or VERSIONS:
            with start_local(["blue"], members=2, version=version) as lab:
                recorded = record(lab["blue"], jars)
            path = FOLDER / f"{version}.json"
            path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{path}: {len(recorded['messages'])} messages")  # noqa: T201 - whoever records waits for it


if __name__ == "__main__":
    main()
