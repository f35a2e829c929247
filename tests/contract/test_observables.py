"""Observables on real members: what jobs of Java send is read in Python, in both families, until the job ends."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hazelcast.errors import HazelcastSerializationError
from hazelcast.serialization.api import (
    CompactReader,
    CompactSerializer,
    CompactWriter,
    ObjectDataInput,
    ObjectDataOutput,
    StreamSerializer,
)

import tealjet
import tealjet.asyncio
from support.clusters import cluster_config, failover_config
from support.job_jars import JobJars, submit_as_java
from tealjet.errors import ClusterLeftError
from tealjet.jet.errors import JobCancelledError, JobFailedError
from tealjet.lab import Lab, LocalCluster

KINDS = ("words", "pairs", "fails")


@dataclasses.dataclass(frozen=True)
class Sent:
    """What jobs have sent to a cluster, under names that nothing else has."""

    cluster: LocalCluster
    names: dict[str, str]
    """By kind."""


@pytest.fixture(scope="module")
def submitted(job_jars: JobJars) -> Callable[[LocalCluster], Sent]:
    """Has Java's client submit a job of each kind, once for each cluster and its life."""
    known: dict[tuple[int, str], Sent] = {}

    def submit(cluster: LocalCluster) -> Sent:
        key = (cluster.members[0].pid, cluster.name)
        if key not in known:
            names = {kind: f"{kind}-{uuid.uuid4().hex[:8]}" for kind in KINDS}
            submit_as_java(job_jars, cluster, *(f"{name} Observed {name} {kind}" for kind, name in names.items()))
            known[key] = Sent(cluster, names)
        return known[key]

    return submit


@pytest.fixture
def sent(lab: Lab, submitted: Callable[[LocalCluster], Sent]) -> Sent:
    return submitted(lab["blue"])


@pytest.fixture
def client(sent: Sent) -> Iterator[tealjet.JetClient]:
    with tealjet.new_jet_client(cluster_config(sent.cluster), silence_limit=60) as client:
        yield client


def ringbuffer(client: Any, name: str) -> Any:
    """The ringbuffer that an observable is, to write to it as a job does."""
    return client.get_ringbuffer(f"__jet.observables.{name}")


@pytest.mark.member("5.7.0", "5.5.0", "jet-4.3.1")
def test_an_observable_gives_what_a_job_sends_and_ends_with_it(sent: Sent, client: tealjet.JetClient) -> None:
    words = client.jet.observable(sent.names["words"]).observe()
    assert sorted(words) == ["a", "b", "c"]
    assert words.ended
    assert words.lost == 0
    assert sorted(client.jet.observable(sent.names["pairs"])) == [("a", 97), ("b", 98), ("c", 99)]
    assert set(sent.names.values()) <= set(client.jet.observables())


@pytest.mark.member("5.7.0", "5.5.0", "jet-4.3.1")
def test_the_failure_of_the_job_is_raised_after_its_items(sent: Sent, client: tealjet.JetClient) -> None:
    reading = iter(client.jet.observable(sent.names["fails"]))
    with pytest.raises(
        JobFailedError, match=f"'{sent.names['fails']}' on cluster 'blue' failed: .*no c please"
    ) as caught:
        list(reading)
    assert caught.value.java is not None
    assert str(caught.value.java.chain[-2]) == "java.lang.IllegalStateException: boom on c"
    assert list(reading) == []


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_the_cancellation_of_the_job_is_raised_after_its_items(lab: Lab, job_jars: JobJars, unique: str) -> None:
    ids = submit_as_java(job_jars, lab["blue"], f"{unique} Observed {unique} streams")
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        reading = client.jet.observable(unique).observe()
        early = {next(reading), next(reading)}  # in any order: several processors write them
        assert len(early) == 2
        assert early < set(range(1000))
        job = client.jet.get_job(ids[unique])
        assert job is not None
        job.cancel()
        with pytest.raises(JobCancelledError, match="cancelled"):
            collections.deque(reading, maxlen=0)
        assert reading.ended


@pytest.mark.member("5.7.0", "jet-4.3.1")
async def test_the_same_on_asyncio(sent: Sent) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(sent.cluster), silence_limit=60) as client:
        words = await client.jet.observable(sent.names["words"]).observe()
        assert sorted([word async for word in words]) == ["a", "b", "c"]
        assert words.ended
        with pytest.raises(JobFailedError, match="no c please"):
            async for _ in client.jet.observable(sent.names["fails"]):
                pass


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_waiting_reader_gets_what_is_sent_later(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        ring = ringbuffer(client, unique).blocking()
        ring.add("old")
        later = client.jet.observable(unique).observe(from_now=True)
        got: list[Any] = []
        first = threading.Thread(target=lambda: got.append(next(later)))
        first.start()
        ring.add("new")
        first.join(60)
        assert got == ["new"]
        assert next(iter(client.jet.observable(unique))) == "old"


@pytest.mark.member("5.7.0", "jet-4.3.1")
async def test_a_wait_that_is_cancelled_loses_nothing(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        reading = await client.jet.observable(unique).observe()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(reading), 0.05)  # the cluster has nothing to answer
        ring = await ringbuffer(client, unique)
        await ring.add("news")
        assert await anext(reading) == "news"


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_what_was_overwritten_is_counted(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        ring = ringbuffer(client, unique).blocking()
        capacity = ring.capacity()

        def fill(first: int, count: int) -> None:
            for start in range(first, first + count, 1000):
                ring.add_all(list(range(start, min(start + 1000, first + count))), 0)

        fill(0, capacity + 7)
        reading = client.jet.observable(unique).observe()
        assert next(reading) == 7
        assert reading.lost == 7
        fill(capacity + 7, capacity)
        assert list(itertools.islice(reading, 999)) == list(range(8, 1007))  # read at once with the first one
        assert next(reading) == capacity + 7
        assert reading.lost == 7 + (capacity + 7) - 1007


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_destroyed_observable_is_gone_with_its_items(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client:
        ring = ringbuffer(client, unique).blocking()
        ring.add_all(["a", "b"], 0)
        news = client.jet.observable(unique)
        assert unique in client.jet.observables()
        assert next(iter(news)) == "a"
        news.destroy()
        assert unique not in client.jet.observables()
        later = news.observe()
        ring.add("c")
        assert next(later) == "c"


# --------------------------------------------------------------------------------------------------------- single items


class Odd:
    pass


class OddSerializer(StreamSerializer):
    def read(self, inp: ObjectDataInput) -> Odd:
        return Odd()

    def write(self, out: ObjectDataOutput, obj: Odd) -> None:
        pass

    def get_type_id(self) -> int:
        return 4711

    def destroy(self) -> None:
        pass


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_an_item_without_a_serializer_costs_nothing_but_itself(lab: Lab, unique: str) -> None:
    odd = cluster_config(lab["blue"], custom_serializers={Odd: OddSerializer})
    with (
        tealjet.new_jet_client(odd) as writer,
        tealjet.new_jet_client(cluster_config(lab["blue"]), silence_limit=60) as client,
    ):
        ringbuffer(writer, unique).add_all(["a", Odd(), "b"], 0).result()
        reading = client.jet.observable(unique).observe()
        assert next(reading) == "a"
        with pytest.raises(HazelcastSerializationError, match=f"{unique}.*type 4711"):
            next(reading)
        assert next(reading) == "b"
        first = iter(writer.jet.observable(unique))
        assert [next(first), type(next(first))] == ["a", Odd]


@dataclasses.dataclass(frozen=True)
class News:
    text: str


class NewsSerializer(CompactSerializer[News]):
    def read(self, reader: CompactReader) -> News:
        return News(reader.read_string("text") or "")

    def write(self, writer: CompactWriter, obj: News) -> None:
        writer.write_string("text", obj.text)

    def get_class(self) -> type[News]:
        return News

    def get_type_name(self) -> str:
        return f"News{id(News)}"


@pytest.mark.member("5.7.0")
def test_compact_items_are_read_with_the_schema_that_the_cluster_has(lab: Lab, unique: str) -> None:
    config = cluster_config(lab["blue"], compact_serializers=[NewsSerializer()])
    with tealjet.new_jet_client(config) as writer, tealjet.new_jet_client(config) as client:
        ringbuffer(writer, unique).add(News("teal")).result()
        assert next(iter(client.jet.observable(unique))) == News("teal")


# ------------------------------------------------------------------------------------------------------------- a switch


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_reader_whose_cluster_is_lost_ends_with_an_error_that_names_it(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"], lab["green"]), silence_limit=60) as client:
        ring = ringbuffer(client, unique).blocking()
        ring.add("on blue")
        reading = client.jet.observable(unique).observe()
        assert next(reading) == "on blue"
        ended: list[BaseException] = []

        def wait() -> None:
            try:
                next(reading)
            except BaseException as error:
                ended.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        lab["blue"].kill()
        waiting.join(60)
        assert len(ended) == 1
        assert isinstance(ended[0], ClusterLeftError)
        assert f"a position in the observable '{unique}' of cluster 'blue'" in str(ended[0])
        assert "'green'" in str(ended[0])
        ring.add("on green")
        assert next(iter(client.jet.observable(unique))) == "on green"


@pytest.mark.member("5.7.0", "jet-4.3.1")
async def test_after_a_planned_switch_a_reading_ends_and_a_new_one_is_of_the_next_cluster(
    lab: Lab, unique: str
) -> None:
    async with tealjet.asyncio.new_jet_failover_client(
        failover_config(lab["blue"], lab["green"]), silence_limit=60
    ) as client:
        ring = await ringbuffer(client, unique)
        await ring.add("on blue")
        news = client.jet.observable(unique)
        reading = await news.observe()
        assert await anext(reading) == "on blue"
        await client.failover.switch_to("green")
        with pytest.raises(ClusterLeftError, match=f"observable '{unique}' of cluster 'blue'.*'green'"):
            await anext(reading)
        await ring.add("on green")
        assert await anext(await news.observe()) == "on green"
