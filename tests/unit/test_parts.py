"""Calls of several messages: their error tells the truth of all of them, whichever part's error it is."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import re
from types import ModuleType, SimpleNamespace
from typing import Any

import hazelcast.internal.asyncio_proxy
import hazelcast.proxy
import pytest
from hazelcast.future import Future, combine_futures

from tealjet.bridge import asyncio_proxies, proxies
from tealjet.bridge.futures import FutureOwner
from tealjet.bridge.parts import async_in_parts, in_parts
from tealjet.bridge.renewal import RenewedTopic
from tealjet.errors import ConnectionLostError, Outcome, outcome_of

NOT_SENT, UNKNOWN, ANSWERED, APPLIED = Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.ANSWERED, None

CASES: list[tuple[list[Outcome | None], Outcome]] = [
    ([NOT_SENT, NOT_SENT], NOT_SENT),
    ([ANSWERED, ANSWERED], ANSWERED),
    ([NOT_SENT, APPLIED], UNKNOWN),
    ([APPLIED, NOT_SENT], UNKNOWN),
    ([ANSWERED, APPLIED], UNKNOWN),
    ([NOT_SENT, UNKNOWN], UNKNOWN),
    ([NOT_SENT, ANSWERED], UNKNOWN),
    ([NOT_SENT], NOT_SENT),
    ([ANSWERED], ANSWERED),
]


class Part:
    """Stands for the call of one part: where it is when nobody waits for it any more."""

    def __init__(self, *, carried: bool) -> None:
        self.carrier = "a connection" if carried else None
        self.outcome = Outcome.NOT_SENT


class Invocation:
    def __init__(self, future: Any) -> None:
        self.future = future


class Invocations:
    """An invocation service whose calls end when a test says so."""

    owner: Any = FutureOwner(SimpleNamespace(disowned=False), engine_thread=0)  # type: ignore[arg-type]

    def __init__(self, expected: int, *, carries: bool = True) -> None:
        self.futures: list[Any] = []
        self.carries = carries
        self.complete = asyncio.Event()
        self._expected = expected

    def invoke(self, invocation: Invocation) -> Part:
        self.futures.append(invocation.future)
        if len(self.futures) == self._expected:
            self.complete.set()
        return Part(carried=self.carries)

    def end(self, fates: list[Outcome | None]) -> None:
        for future, fate in zip(self.futures, fates, strict=True):
            if not future.done():
                if fate is None:
                    future.set_result(None)
                else:
                    future.set_exception(ConnectionLostError("lost", outcome=fate))


class Threaded:
    def __init__(self, invocations: Invocations) -> None:
        self._invocation_service = invocations

    def _invoke(self) -> Future[Any]:
        invocation = Invocation(Future())
        self._invocation_service.invoke(invocation)
        return invocation.future  # type: ignore[no-any-return]

    def put_all(self, parts: int) -> Future[Any]:
        return combine_futures([self._invoke() for _ in range(parts)])

    def put_all_and_forget(self, parts: int) -> Future[Any]:
        return combine_futures([self._invoke() for _ in range(parts)]).continue_with(lambda _: None)


class OurThreaded(Threaded):
    put_all = in_parts(Threaded.put_all)
    put_all_and_forget = in_parts(Threaded.put_all_and_forget)


class Asyncio:
    def __init__(self, invocations: Invocations) -> None:
        self._invocation_service = invocations

    async def _invoke(self) -> Any:
        invocation = Invocation(asyncio.get_running_loop().create_future())
        self._invocation_service.invoke(invocation)
        return await invocation.future

    async def put_all(self, parts: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(parts):
                group.create_task(self._invoke())


class OurAsyncio(Asyncio):
    put_all = async_in_parts(Asyncio.put_all)


@pytest.mark.parametrize("method", ["put_all", "put_all_and_forget"])
@pytest.mark.parametrize(("fates", "outcome"), CASES)
def test_the_error_of_a_threaded_call_knows_of_all_its_parts(
    method: str, fates: list[Outcome | None], outcome: Outcome
) -> None:
    invocations = Invocations(len(fates))
    future = getattr(OurThreaded(invocations), method)(len(fates))
    invocations.end(fates)
    with pytest.raises(ConnectionLostError) as caught:
        future.result()
    assert outcome_of(caught.value) is outcome


def test_a_threaded_call_whose_parts_all_end_well_has_its_result() -> None:
    invocations = Invocations(3)
    future = OurThreaded(invocations).put_all(3)
    invocations.end([APPLIED] * 3)
    assert future.result() == [None] * 3


def test_the_error_says_how_many_parts_ended_how() -> None:
    invocations = Invocations(4)
    future: Future[Any] = OurThreaded(invocations).put_all(4)
    invocations.end([APPLIED, NOT_SENT, APPLIED, UNKNOWN])
    with pytest.raises(ConnectionLostError, match="may have been applied") as caught:
        future.result()
    assert caught.value.__notes__ == ["OurThreaded.put_all consisted of 4 messages: 2 applied, 1 not sent, 1 unknown"]


@pytest.mark.parametrize(("fates", "outcome"), [case for case in CASES if case[0][0] is not APPLIED])
async def test_the_error_group_of_an_asyncio_call_knows_of_all_its_parts(
    fates: list[Outcome | None], outcome: Outcome
) -> None:
    invocations = Invocations(len(fates))
    task = asyncio.ensure_future(OurAsyncio(invocations).put_all(len(fates)))
    await invocations.complete.wait()
    invocations.end(fates)
    with pytest.raises(ExceptionGroup) as caught:
        await task
    assert caught.value.outcome is outcome  # type: ignore[attr-defined]
    assert {outcome_of(error) for error in caught.value.exceptions} == {outcome}


async def test_a_group_of_the_only_part_that_was_begun_says_what_is_known() -> None:
    class Refusing(Invocations):
        def invoke(self, invocation: Invocation) -> Part:
            part = super().invoke(invocation)
            self.end([NOT_SENT])  # at once: the others are not begun
            return part

    with pytest.raises(ExceptionGroup) as caught:
        await OurAsyncio(Refusing(3)).put_all(3)
    assert caught.value.outcome is NOT_SENT  # type: ignore[attr-defined]


@pytest.mark.parametrize(("carried", "outcome"), [(True, UNKNOWN), (False, NOT_SENT)])
async def test_a_part_that_is_given_up_counts_as_sent_if_a_connection_carries_it(
    carried: bool, outcome: Outcome
) -> None:
    invocations = Invocations(2, carries=carried)
    task = asyncio.ensure_future(OurAsyncio(invocations).put_all(2))
    await invocations.complete.wait()
    invocations.futures[0].set_exception(ConnectionLostError("lost", outcome=NOT_SENT))
    with pytest.raises(ExceptionGroup) as caught:
        await task
    assert invocations.futures[1].cancelled()
    assert outcome_of(caught.value) is outcome


# -------------------------------------------------------------------------------------------- the official proxies

OURS = {
    "executor.Executor.execute_on_members": "_Executor",
    "map.Map.put_all": "_Map",
    "multi_map.MultiMap.put_all": "_MultiMap",
    "vector_collection.VectorCollection.put_all": "_VectorCollection",
}
THROUGH_ANOTHER = {
    "map.Map._get_all_internal": "get_all",
    "base.Proxy.destroy": "one message; the other thing it does is to remove a listener",
}


def composite_methods(package: ModuleType) -> set[str]:
    """The official methods that wait for several calls."""
    found = set()
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if info.ispkg:
            continue
        module = importlib.import_module(info.name)
        for kind in list[Any](vars(module).values()):
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                for name, method in vars(kind).items():
                    if inspect.isfunction(method) and re.search(
                        r"combine_futures\(|TaskGroup\(|gather\(", inspect.getsource(method)
                    ):
                        found.add(f"{module.__name__.rpartition('.')[2]}.{kind.__name__}.{name}")
    return found


@pytest.mark.parametrize(
    ("package", "ours", "elsewhere"),
    [
        (hazelcast.proxy, proxies, set()),
        (hazelcast.internal.asyncio_proxy, asyncio_proxies, {"cp.ProxySessionManager.shutdown"}),
    ],
    ids=["threaded", "asyncio"],
)
def test_every_official_call_of_several_messages_is_one_of_ours(
    package: ModuleType, ours: ModuleType, elsewhere: set[str]
) -> None:
    found = composite_methods(package)
    assert found - THROUGH_ANOTHER.keys() == OURS.keys() | elsewhere
    for official, kind in OURS.items():
        method = official.rpartition(".")[2]
        assert hasattr(vars(getattr(ours, kind))[method], "__wrapped__"), official
    for kind in ("_Map", "_NearCachedMap"):
        for method in ("get_all", "put_all"):
            assert hasattr(vars(getattr(ours, kind))[method], "__wrapped__")


@pytest.mark.parametrize(("destroyed", "outcome"), [(True, UNKNOWN), (False, NOT_SENT)])
def test_a_reliable_topic_that_was_destroyed_without_its_ringbuffer_is_not_told_to_be_unsent(
    destroyed: bool, outcome: Outcome
) -> None:
    topic: Any = RenewedTopic()
    topic.service_name, topic.name = "topics", "news"
    proxies_left = {} if destroyed else {("topics", "news"): topic}
    topic._context = SimpleNamespace(proxy_manager=SimpleNamespace(_proxies=proxies_left))
    error = ConnectionLostError("lost", outcome=NOT_SENT)
    with pytest.raises(ConnectionLostError), topic._destroying():
        raise error
    assert error.outcome is outcome
