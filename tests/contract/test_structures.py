"""Every structure does what the committed table says, in both families, on each version, before and after a switch.

Real members make the table; embedded ones do the same, but for what NOT_EMBEDDED says.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import tealjet
import tealjet.asyncio
from support import structure_cases as cases
from support.clusters import Events, cluster_config, failover_config, look_into
from support.structure_cases import STRUCTURES, MapNearCache
from support.structures import Bench, Family, Heard, Result, Structure, try_out
from support.structures_table import Table
from tealjet.errors import ConnectionLostError
from tealjet.lab import EMBEDDED_VERSIONS, AnyLab, Lab, start_embedded

NOT_EMBEDDED: dict[tuple[str, str], str] = {
    ("Map: predicates, aggregations, projections", "reads: values, key_set, entry_set with a predicate"): (
        "UnsupportedOperationError: an embedded member does not evaluate this predicate: it is of class 0"
    ),
    ("Map: predicates, aggregations, projections", "reads: aggregate"): (
        "UnsupportedOperationError: an embedded member has no aggregators (factory -29, class 4)"
    ),
    ("Map: predicates, aggregations, projections", "reads: aggregate (distinct)"): (
        "UnsupportedOperationError: an embedded member has no aggregators (factory -29, class 5)"
    ),
    ("Map: predicates, aggregations, projections", "reads: project"): (
        "UnsupportedOperationError: an embedded member has no projections (factory -30, class 0)"
    ),
}
"""What embedded members do not do, by structure and step: SQL, its predicates, aggregations and projections, and CP."""
NOT_EMBEDDED_AT_ALL = {
    "5.7.0": {"SQL": "HazelcastSqlError: Unrecognized client message received with type: 0x210400"},
    "jet-4.3.1": dict.fromkeys(
        [structure.title for structure in STRUCTURES if structure.title.startswith("CP: ")],
        "UnsupportedOperationError: Unrecognized client message received with type: 0x1e0100",
    ),
}

ON_SEVERAL_MEMBERS: list[type[Structure]] = [
    cases.Map,
    cases.MapLocks,
    cases.MapExpiry,
    cases.MapNearCache,
    cases.MapCode,
    cases.ReplicatedMap,
    cases.MultiMap,
    cases.Queue,
    cases.ListCase,
    cases.SetCase,
    cases.Ringbuffer,
    cases.Topic,
    cases.ReliableTopic,
    cases.PNCounter,
    cases.FlakeIdGenerator,
    cases.Transactions,
    cases.DistributedObjects,
]
"""What does not count members: its data lies at all of them, and each event must come once."""

WRITE = bool(os.environ.get("TEALJET_WRITE_STRUCTURES"))
"""Write what the members do into the table instead of comparing it."""


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    table = Table.load()
    yield table
    if WRITE:
        table.save()


@pytest.fixture(scope="module", params=list(Family), ids=lambda family: family.value)
def column(
    request: pytest.FixtureRequest, member_version: str, real_clusters: Any, table: Table
) -> tuple[str, dict[str, Result]]:
    """What came of all structures in one family on one version; one client and one switch for all of them."""
    family: Family = request.param
    lab = real_clusters.hand_out(member_version)
    with look_into(lab["blue"]) as blue, look_into(lab["green"]) as green:
        results = asyncio.run(all_structures(family, lab, {"blue": blue, "green": green}))
    name = f"{member_version} {family.value}"
    if WRITE:
        table.fill(name, {title: result.cells for title, result in results.items()})
    return name, results


@pytest.fixture(scope="module", params=list(Family), ids=lambda family: family.value)
def embedded_column(request: pytest.FixtureRequest, embedded_version: str) -> tuple[str, Family, dict[str, Result]]:
    """What came of all structures in one family on embedded members of one version."""
    family: Family = request.param
    with (
        start_embedded(version=embedded_version) as lab,
        look_into(lab["blue"]) as blue,
        look_into(lab["green"]) as green,
    ):
        results = asyncio.run(all_structures(family, lab, {"blue": blue, "green": green}))
    return embedded_version, family, results


async def all_structures(
    family: Family,
    lab: AnyLab,
    others: dict[str, tealjet.JetClient],
    structures: Sequence[type[Structure]] = STRUCTURES,
) -> dict[str, Result]:
    prefix, lifecycle = f"structures-{uuid.uuid4().hex[:8]}", Heard()
    config = failover_config(
        lab["blue"],
        lab["green"],
        lifecycle_listeners=[lifecycle],
        statistics_enabled=True,
        statistics_period=0.1,
        near_caches={f"{prefix}-{MapNearCache.__name__}": {}},
    )
    async with contextlib.AsyncExitStack() as stack:
        client: Any
        if family is Family.THREADED:
            client = stack.enter_context(tealjet.new_jet_failover_client(config))
        else:
            client = await stack.enter_async_context(tealjet.asyncio.new_jet_failover_client(config))
        bench = Bench(family=family, client=client, lab=lab, prefix=prefix, lifecycle=lifecycle, others=others)
        return await try_out(bench, structures)


@pytest.mark.parametrize("title", [structure.title for structure in STRUCTURES])
def test_a_structure_does_what_the_table_says(column: tuple[str, dict[str, Result]], table: Table, title: str) -> None:
    name, results = column
    assert not results[title].failures, "\n".join(results[title].failures)
    assert results[title].cells == table.cells(name, title)


@pytest.mark.parametrize("embedded_version", EMBEDDED_VERSIONS, scope="module")
@pytest.mark.parametrize("title", [structure.title for structure in STRUCTURES])
def test_a_structure_does_the_same_on_embedded_members(
    embedded_column: tuple[str, Family, dict[str, Result]], table: Table, title: str
) -> None:
    version, family, results = embedded_column
    different = NOT_EMBEDDED_AT_ALL[version].get(title)
    expected = {
        step: different or NOT_EMBEDDED.get((title, step), cell)
        for step, cell in table.cells(f"{version} {family.value}", title).items()
    }
    assert not results[title].failures, "\n".join(results[title].failures)
    assert results[title].cells == expected


@pytest.mark.parametrize("family", Family, ids=lambda family: family.value)
def test_structures_do_the_same_on_several_embedded_members(family: Family, table: Table) -> None:
    with (
        start_embedded(members=3) as lab,
        look_into(lab["blue"]) as blue,
        look_into(lab["green"]) as green,
    ):
        others = {"blue": blue, "green": green}
        results = asyncio.run(all_structures(family, lab, others, ON_SEVERAL_MEMBERS))
    for title, result in results.items():
        assert not result.failures, "\n".join(result.failures)
        assert result.cells == table.cells(f"5.7.0 {family.value}", title)


def test_a_lifecycle_listener_of_the_configuration_is_told_from_the_start_to_the_end(lab: Lab) -> None:
    states = Events()
    with tealjet.new_jet_client(cluster_config(lab["blue"], lifecycle_listeners=[states])):
        pass
    assert states.all == ["STARTING", "STARTED", "CONNECTED", "SHUTTING_DOWN", "SHUTDOWN"]


@pytest.mark.member("5.7.0")
def test_a_closed_client_sends_no_more_statistics(lab: Lab) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"], statistics_enabled=True)) as client:
        timer: Any = client._statistics._statistics_timer
        assert timer.waits
    assert not timer.waits


class Waiting:
    """Where an asyncio client's statistics are sent to here: calls that end when the test says so."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    def ainvoke(self, invocation: Any) -> asyncio.Future[None]:
        call: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.calls.put_nowait(call)
        return call


@pytest.mark.member("5.7.0")
async def test_statistics_that_were_lost_with_their_connection_are_followed_by_the_next_ones(lab: Lab) -> None:
    problems: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    config = cluster_config(lab["blue"], statistics_enabled=True, statistics_period=0.01)
    async with tealjet.asyncio.new_jet_client(config) as client:
        statistics: Any = client._statistics
        sent = statistics._invocation_service = Waiting()
        (await sent.calls.get()).set_exception(ConnectionLostError("lost"))
        await sent.calls.get()
    gc.collect()  # a task whose error nobody has asked for says so now
    assert not problems


@pytest.mark.member("5.7.0")
async def test_a_client_that_is_closed_while_it_sends_statistics_leaves_no_task(lab: Lab) -> None:
    before = asyncio.all_tasks()
    config = cluster_config(lab["blue"], statistics_enabled=True, statistics_period=0.01)
    async with tealjet.asyncio.new_jet_client(config) as client:
        statistics: Any = client._statistics
        sent = statistics._invocation_service = Waiting()
        await sent.calls.get()
    assert asyncio.all_tasks() == before
