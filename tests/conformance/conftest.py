"""One set of cases for embedded and real members: the clusters of each kind, and the table of what they told."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hazelcast.client import HazelcastClient

from support.conformance import KINDS, Answers, Cluster, Kind, Subject, without_chance
from support.raw_member import Identity
from tealjet.lab import AnyLab, ClusterOptions, EmbeddedOptions, prepare, start_embedded, start_local

WRITE = bool(os.environ.get("TEALJET_WRITE_CONFORMANCE"))
"""Write what the members tell into the table instead of comparing it."""

REAL = {
    "one": ClusterOptions(xml='<queue name="bounded-*"><max-size>2</max-size></queue>'),
    "pair": ClusterOptions(members=2),
    "fresh": ClusterOptions(),
}
EMBEDDED = {
    "one": EmbeddedOptions(queue_capacities={"bounded-*": 2}),
    "pair": EmbeddedOptions(members=2),
    "fresh": EmbeddedOptions(),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        kinds = [
            pytest.param(kind, id=str(kind), marks=[pytest.mark.member(kind.version)] if kind.real else [])
            for kind in KINDS
        ]
        metafunc.parametrize("kind", kinds, scope="session")


@contextlib.contextmanager
def subject_of(kind: Kind) -> Iterator[Subject]:
    with contextlib.ExitStack() as stack:
        lab: AnyLab
        if kind.real:
            prepare(kind.version)
            lab = stack.enter_context(start_local(REAL, version=kind.version))
        else:
            lab = stack.enter_context(start_embedded(EMBEDDED, version=kind.version))
        clusters = {
            key: Cluster(name=cluster.name, addresses=cluster.addresses) for key, cluster in lab.clusters.items()
        }
        clients = []
        for _ in range(2):
            one = clusters["one"]
            clients.append(HazelcastClient(cluster_name=one.name, cluster_members=one.addresses))
            stack.callback(clients[-1].shutdown)
        client, other = clients
        yield Subject(kind=kind, client=client, other=other, **clusters)


@pytest.fixture
def subject(kind: Kind, kept: Any) -> Subject:
    made: Subject = kept.get(str(kind), lambda: subject_of(kind))
    return made


@pytest.fixture
def client(subject: Subject) -> HazelcastClient:
    """An official client."""
    return subject.client


@pytest.fixture
def other(subject: Subject) -> HazelcastClient:
    """Another one of the same cluster."""
    return subject.other


@pytest.fixture
def identity(subject: Subject) -> Identity:
    """Who somebody is that signs in at "one"."""
    return Identity(cluster_name=subject.one.name)


@pytest.fixture(scope="session")
def answers() -> Iterator[Answers]:
    answers = Answers.load()
    yield answers
    if WRITE:
        answers.save()


@pytest.fixture
def tells(request: pytest.FixtureRequest, kind: Kind, answers: Answers, unique: str) -> Callable[..., None]:
    """Compares what a member told with the table; a case ends with it."""
    title = str(request.module.TITLE)
    row = request.node.originalname.removeprefix("test_").replace("_", " ")

    def compare(*told: object) -> None:
        text = without_chance("; ".join(one if isinstance(one, str) else repr(one) for one in told))
        text = text.replace(unique, "NAME")
        if WRITE:
            answers.tell(str(kind), title, row, text)
        else:
            assert text == answers.cells(str(kind), title)[row]

    return compare
