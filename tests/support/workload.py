"""Load for a client of either family, and a history of what became of every single call.

A workload is a set of endless generators of calls; threads or tasks run them against official proxies until they are
stopped. Whoever waits for something to happen in a history waits on its condition, never on the clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tealjet
import tealjet.asyncio

LIMIT = 60.0
"""Seconds after which something that was waited for has certainly not happened."""


@dataclass(frozen=True, slots=True)
class Call:
    target: str
    method: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Record:
    call: Call
    result: Any
    error: BaseException | None

    @property
    def outcome(self) -> tealjet.Outcome | None:
        return None if self.error is None else tealjet.outcome_of(self.error)


class History:
    """All calls that have ended, and those that have not."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.open: dict[int, Call] = {}
        self.succeeded = 0
        """How many have ended well."""
        self.told: Callable[[], None] = lambda: None
        """Called whenever a call has ended."""
        self._changed = threading.Condition()
        self._numbers = itertools.count()

    def begin(self, call: Call) -> int:
        with self._changed:
            number = next(self._numbers)
            self.open[number] = call
            return number

    def end(self, number: int, result: Any, error: BaseException | None) -> None:
        with self._changed:
            self.records.append(Record(self.open.pop(number), result, error))
            self.succeeded += error is None
            self._changed.notify_all()
        self.told()

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, LIMIT), f"did not happen: {what}; open calls: {self.open}"

    def wait_for_more(self, calls: int) -> None:
        """Wait until so many further calls have succeeded."""
        wanted = self.succeeded + calls
        self.wait_for(f"{calls} more good calls", lambda: self.succeeded >= wanted)

    @property
    def failed(self) -> list[Record]:
        return [record for record in self.records if record.error is not None]

    def of(self, method: str) -> list[Record]:
        return [record for record in self.records if record.call.method == method]


def gets() -> Iterator[Call]:
    return itertools.repeat(Call("map", "get", ("shared",)))


def puts(worker: int) -> Iterator[Call]:
    return (Call("map", "put", (f"{worker}-{number}", number)) for number in itertools.count())


def offers(worker: int) -> Iterator[Call]:
    return (Call("queue", "offer", (f"{worker}-{number}",)) for number in itertools.count())


def takes() -> Iterator[Call]:
    return itertools.repeat(Call("queue", "take", ()))


def mixed(workers: int) -> list[Iterator[Call]]:
    """As many takers as offerers, the rest gets and puts."""
    kinds: list[Callable[[int], Iterator[Call]]] = [lambda _: gets(), puts, offers, lambda _: takes()]
    return [kinds[worker % 4](worker) for worker in range(workers)]


class Workload:
    """Runs the generators until the end of its ``with`` block, each in a thread or task of its own."""

    def __init__(self, steps: list[Iterator[Call]]) -> None:
        self.history = History()
        self._steps = steps
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def stop(self) -> None:
        """Let every call that is under way end; takers get items to end with."""
        self._stopping.set()
        self._feed_takers()
        for thread in self._threads:
            thread.join(LIMIT)
        assert not any(thread.is_alive() for thread in self._threads), f"calls hang: {self.history.open}"
        assert not self.history.open

    def _feed_takers(self) -> None:
        raise NotImplementedError


class ThreadedWorkload(Workload):
    def __init__(self, client: tealjet.JetClient, steps: list[Iterator[Call]], map_name: str, queue_name: str) -> None:
        super().__init__(steps)
        self._targets: dict[str, Any] = {
            "map": client.get_map(map_name).blocking(),
            "queue": client.get_queue(queue_name).blocking(),
        }

    def __enter__(self) -> ThreadedWorkload:
        for steps in self._steps:
            thread = threading.Thread(target=self._run, args=(steps,))
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, steps: Iterator[Call]) -> None:
        for call in steps:
            if self._stopping.is_set():
                return
            number = self.history.begin(call)
            try:
                result = getattr(self._targets[call.target], call.method)(*call.args)
            except Exception as error:
                self.history.end(number, None, error)
            else:
                self.history.end(number, result, None)

    def _feed_takers(self) -> None:
        for _ in self._steps:
            self._targets["queue"].offer("the end")


class AsyncioWorkload(Workload):
    """The tasks and their client live on a loop in a thread of their own, so that both families are tested alike."""

    def __init__(
        self, client_factory: Callable[[], Any], steps: list[Iterator[Call]], map_name: str, queue_name: str
    ) -> None:
        super().__init__(steps)
        self._client_factory = client_factory
        self._names = map_name, queue_name
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self.client: tealjet.asyncio.JetClient
        self.loop: asyncio.AbstractEventLoop

    def __enter__(self) -> AsyncioWorkload:
        thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._threads.append(thread)
        thread.start()
        assert self._ready.wait(LIMIT)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _main(self) -> None:
        try:
            await self._run_all()
        except BaseException as error:
            self._failure = error
            self._ready.set()

    async def _run_all(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        async with self._client_factory() as client:
            self.client = client
            async with TaskWorkload(client, self._steps, *self._names, history=self.history):
                self._ready.set()
                await self._ending.wait()

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the client's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(LIMIT)

    def _feed_takers(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is closed: an error has ended everything
            self.loop.call_soon_threadsafe(self._ending.set)


class TaskWorkload:
    """Runs the generators until the end of its ``async with`` block, each in a task of the running loop."""

    def __init__(
        self,
        client: tealjet.asyncio.JetClient,
        steps: list[Iterator[Call]],
        map_name: str,
        queue_name: str,
        *,
        history: History | None = None,
    ) -> None:
        self.history = History() if history is None else history
        self._client = client
        self._steps = steps
        self._names = map_name, queue_name
        self._stopping = False
        self._awaited: list[tuple[int, asyncio.Future[None]]] = []

    async def __aenter__(self) -> TaskWorkload:
        map_name, queue_name = self._names
        self._targets: dict[str, Any] = {
            "map": await self._client.get_map(map_name),
            "queue": await self._client.get_queue(queue_name),
        }
        self.history.told = self._ended
        self._group = await asyncio.TaskGroup().__aenter__()
        for steps in self._steps:
            self._group.create_task(self._run(steps))
        return self

    async def __aexit__(self, *error: Any) -> None:
        """Let every call that is under way end; takers get items to end with."""
        self._stopping = True
        self._group.create_task(self._feed_takers())
        await self._group.__aexit__(*error)

    async def more(self, calls: int) -> None:
        """Wait until so many further calls have succeeded."""
        future = asyncio.get_running_loop().create_future()
        self._awaited.append((self.history.succeeded + calls, future))
        await future

    def _ended(self) -> None:
        if self._awaited:
            succeeded = self.history.succeeded
            for wanted, future in self._awaited:
                if succeeded >= wanted:
                    future.set_result(None)
            self._awaited = [one for one in self._awaited if not one[1].done()]

    async def _feed_takers(self) -> None:
        for _ in self._steps:
            await self._targets["queue"].offer("the end")

    async def _run(self, steps: Iterator[Call]) -> None:
        for call in steps:
            if self._stopping:
                return
            number = self.history.begin(call)
            try:
                result = await getattr(self._targets[call.target], call.method)(*call.args)
            except Exception as error:
                self.history.end(number, None, error)
            else:
                self.history.end(number, result, None)
