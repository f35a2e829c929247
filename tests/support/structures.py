"""How a structure is tried out: the same steps in both families, before and after a switch, and what came of each.

A structure is a class whose steps are written once, as coroutines. They never see whether a call gave a future of the
threaded family or a coroutine of the asyncio one. What a cluster answers with an error is a result like any other; a
wrong answer, an error of our own or a call that does not end is a failure.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
import re
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hazelcast.future import Future

import tealjet
from tealjet.errors import FeatureMissingError
from tealjet.lab import AnyLab

STEP_LIMIT = 30.0
"""Seconds after which a step certainly hangs."""

WORKS = "works"


class Family(enum.Enum):
    THREADED = "threaded"
    ASYNCIO = "asyncio"


class MissingError(Exception):
    """The official package does not offer this in the family."""


# ------------------------------------------------------------------------------------------- one call, either family


async def settle(value: Any) -> Any:
    """Wait for whatever a call of either family returned, and return its result."""
    if isinstance(value, Future):
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()

        def done(_: object) -> None:
            loop.call_soon_threadsafe(arrived.set)

        value.add_done_callback(done)
        await arrived.wait()
        return value.result()
    return await value if inspect.isawaitable(value) else value


class Answer:
    """What a call returned: to be awaited in both families. A threaded call is sent by then, an asyncio one is not."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, Any]:
        return settle(self.value).__await__()


class Either:
    """An official object of either family whose methods can be awaited."""

    def __init__(self, official: Any) -> None:
        self.official = official

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        method = getattr(self.official, name)
        return lambda *args, **kwargs: Answer(method(*args, **kwargs))


class Heard:
    """Collects the events of a listener, whatever thread they come on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: list[Any] = []
        self._more = asyncio.Event()

    def __call__(self, event: Any) -> None:
        self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: Any) -> None:
        self._events.append(event)
        self._more.set()

    async def next(self) -> Any:
        """Wait for the next event and take it out."""
        while not self._events:
            self._more.clear()
            await self._more.wait()
        return self._events.pop(0)

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """Take events out until one is what is wanted, and return it."""
        while not wanted(event := await self.next()):
            pass
        return event


# --------------------------------------------------------------------------------------------------- one structure

Step = Callable[[Any], Coroutine[Any, Any, None]]
_steps: dict[Step, str] = {}


def _step(kind: str) -> Callable[[str], Callable[[Step], Step]]:
    def calls(names: str) -> Callable[[Step], Step]:
        def keep(step: Step) -> Step:
            _steps[step] = f"{kind}: {names}"
            return step

        return keep

    return calls


changes = _step("changes")
reads = _step("reads")
waits = _step("waits")
"""The call blocks by nature, and is started before what ends it."""
combines = _step("combines")
"""The call consists of several messages, or of several parts."""
hears = _step("hears")


@dataclass(kw_only=True)
class Bench:
    """What all structures of one run share."""

    family: Family
    client: Any
    lab: AnyLab
    prefix: str
    lifecycle: Heard
    """Registered from the start, with the configuration."""
    others: Mapping[str, tealjet.JetClient]
    """For each cluster a client of somebody else."""
    cluster: str = "blue"
    """Where the client is now."""


class Structure:
    """The proxies and listeners of one structure, kept over the switch."""

    title: ClassVar[str]
    factory: ClassVar[str] = ""
    """The method that the official package gets the proxy from, if it is one proxy."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.client = Either(bench.client)
        self.name = f"{bench.prefix}-{type(self).__name__}"
        self.opened = False

    @property
    def cluster(self) -> str:
        """Name of the cluster that the client uses; different data for each proves that none came along."""
        return self.bench.cluster

    @property
    def threaded(self) -> bool:
        return self.bench.family is Family.THREADED

    @classmethod
    def steps(cls) -> dict[str, Step]:
        """The steps, by what they are called in the table, in the order in which they are run."""
        inherited = {name: member for one in reversed(cls.__mro__) for name, member in vars(one).items()}
        return {_steps[step]: step for step in inherited.values() if inspect.isfunction(step) and step in _steps}

    async def open(self) -> None:
        """Get the proxies and register the listeners, once."""
        raise NotImplementedError

    async def proxy(self) -> Any:
        """Get the proxy of this name."""
        return Either(await getattr(self.client, self.factory)(self.name))

    async def started(self, answer: Answer) -> Awaitable[Any]:
        """Send a call now, and return what is to be awaited for its end."""
        if not inspect.iscoroutine(answer.value):
            return answer
        task = asyncio.ensure_future(answer.value)
        await asyncio.sleep(0)  # the task runs up to its call
        return task

    async def as_another(self, *calls: Callable[[], Answer]) -> asyncio.Future[None]:
        """Make calls as another thread or task, for which locks are somebody else's.

        Returns:
            What is to be awaited for their end, once the first one was sent.
        """
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def in_thread() -> None:
            first = calls[0]().value
            loop.call_soon_threadsafe(sent.set)
            first.result()
            for call in calls[1:]:
                call().value.result()

        async def in_task() -> None:
            loop.call_soon(sent.set)
            for call in calls:
                await call()

        other = loop.run_in_executor(None, in_thread) if self.threaded else asyncio.ensure_future(in_task())
        await sent.wait()
        return other


# ----------------------------------------------------------------------------------------------------- one column


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of the steps of one structure."""

    cells: dict[str, str] = field(default_factory=dict)
    """For each step that it works, or what it was refused with."""
    failures: list[str] = field(default_factory=list)


async def try_out(bench: Bench, structures: Sequence[type[Structure]]) -> dict[str, Result]:
    """Run all steps on blue, switch to green and run them again; everything at the same time."""
    all_of_them = [structure(bench) for structure in structures]
    results = [Result() for _ in all_of_them]
    before = await asyncio.gather(*map(_run, all_of_them, results))
    await Either(bench.client.failover).switch_to("green")
    bench.cluster = "green"
    after = await asyncio.gather(*map(_run, all_of_them, results))
    for result, blue, green in zip(results, before, after, strict=True):
        for step in blue:
            same = blue[step] == green[step]
            result.cells[step] = blue[step] if same else f"before a switch: {blue[step]}; after it: {green[step]}"
    return {one.title: result for one, result in zip(all_of_them, results, strict=True)}


async def _run(structure: Structure, result: Result) -> dict[str, str]:
    if not structure.opened:
        refused = await _attempt(structure, structure.open(), result)
        if refused != WORKS:
            return dict.fromkeys(structure.steps(), refused)
        structure.opened = True
    return {name: await _attempt(structure, step(structure), result) for name, step in structure.steps().items()}


async def _attempt(structure: Structure, step: Coroutine[Any, Any, None], result: Result) -> str:
    try:
        async with asyncio.timeout(STEP_LIMIT):
            await step
    except MissingError as error:
        return str(error)
    except Exception as error:
        if _refused(error):
            return _text(error, structure)
        result.failures.append(f"on {structure.cluster}: " + "".join(traceback.format_exception(error)))
        return "fails"
    return WORKS


def _refused(error: Exception) -> bool:
    """Say whether the cluster answered this, or does not have what was called."""
    if isinstance(error, ExceptionGroup):
        return all(_refused(one) for one in error.exceptions)
    missing = any(isinstance(one, FeatureMissingError) for one in (error, *error.args))
    return missing or tealjet.outcome_of(error) is tealjet.Outcome.ANSWERED


def _text(error: BaseException, structure: Structure) -> str:
    """The part of an error that is the same in every run: its class and the first sentence."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__} of {_text(error.exceptions[0], structure)}"
    text = str(error).strip().splitlines()[0]
    text = text.replace(structure.name, "NAME").replace(f"Cluster {structure.cluster!r}", "The cluster")
    text = re.sub(r"^Exception from server: [\w.$]+: ", "", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"\[?127\.0\.0\.1\]?:\d+", "ADDRESS", text)
    first, *_ = re.split(r"(?<=[.!?])\s", text, maxsplit=1)
    return f"{type(error).__name__}: {first}"
