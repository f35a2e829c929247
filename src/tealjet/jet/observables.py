"""Observables: what a job sends to whoever listens, read item by item until the job ends.

An observable is a ringbuffer with a name of its own. Reading it begins on one cluster and stays there: after a switch
it ends with an error that names the cluster, because a position means something else anywhere else. What is read at
once is decoded when it is asked for, so that one item that can't be read costs nothing but itself.

Written once for asyncio; the threaded classes are the same with a function that waits.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from hazelcast import errors as hz

from tealjet.bridge.homes import Bond, Home, bound
from tealjet.bridge.objects import Objects, SchemaUnknownError
from tealjet.engine.engine import Engine
from tealjet.engine.link import Request
from tealjet.errors import CallTimeoutError
from tealjet.jet.observed import read_end, read_item
from tealjet.jet.refusals import end_of
from tealjet.protocol import table
from tealjet.protocol.codec import decode_response, encode_request
from tealjet.protocol.declare import MessageType
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.jet import Dialect

__all__ = ["AsyncObservable", "AsyncObservation", "Observable", "Observation", "Source", "observable_names"]

_log = logging.getLogger("tealjet")

_RINGBUFFER: Final = "hz:impl:ringbufferService"
_PREFIX: Final = "__jet.observables."
_AT_ONCE: Final = 1000
"""More items are not answered to one request."""
_NEWS: Final = object()

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Source:
    """What observables ask of their client."""

    engine: Engine
    objects: Objects

    async def ask(self, message_type: MessageType[R, Any], reader: _Reader | None = None, **fields: Any) -> R:
        """Send a request and return its answer; one for a reader goes to its cluster or nowhere."""
        engine = self.engine
        request = encode_request(message_type, **fields)
        call = Request(engine.runtime, request, None, engine.settings.invocation_timeout)
        call.retryable = message_type.retryable
        if reader is not None:
            call.partition = self.objects.partition_of(reader.ring)
            call.gate = bound(reader.home, reader.bond)
        engine.submit(call)
        return decode_response(message_type, await call.answer)


async def observable_names(source: Source) -> list[str]:
    """Return the names of the observables that the active cluster has, in alphabetical order."""
    objects = await source.ask(table.GET_DISTRIBUTED_OBJECTS)
    names = (one.name for one in objects if one.service_name == _RINGBUFFER and one.name.startswith(_PREFIX))
    return sorted(name.removeprefix(_PREFIX) for name in names)


class _Reader:
    """Where the reading of an observable is, on the cluster where it began."""

    def __init__(self, source: Source, name: str, home: Home, dialect: Dialect) -> None:
        self.ring = _PREFIX + name
        self.home = home
        self.bond = Bond(
            f"a position in the observable {name!r}",
            "What a job sends on the new cluster has to be observed there anew.",
        )
        self.dialect = dialect
        self.lost = 0
        self._source = source
        self._name = name
        self._next = 0
        self._read: deque[bytes] = deque()
        self.ended = False

    @classmethod
    async def begin(cls, source: Source, name: str, *, from_now: bool) -> _Reader:
        """Begin on the active cluster; wait for one if there is none, as long as a call may."""
        link = await source.engine.link(source.engine.settings.invocation_timeout)
        reader = cls(source, name, Home(link.target.name, link.facts.cluster_id), Dialect.of(link.oldest))
        if from_now:
            reader._next = await reader._ask(table.RINGBUFFER_TAIL_SEQUENCE) + 1
        else:
            await reader._go_to_oldest()
        return reader

    async def _ask(self, message_type: MessageType[R, Any], **fields: Any) -> R:
        return await self._source.ask(message_type, self, name=self.ring, **fields)

    async def _go_to_oldest(self) -> None:
        """Go to the oldest item that there is; those before it were overwritten."""
        oldest = await self._ask(table.RINGBUFFER_HEAD_SEQUENCE)
        self._skip_to(oldest)

    def _skip_to(self, sequence: int) -> None:
        if sequence > self._next:
            self.lost += sequence - self._next
            _log.warning(
                "observable %r of cluster %r: %d items were overwritten before they were read",
                self._name,
                self.home.name,
                sequence - self._next,
            )
        self._next = sequence

    def item(self) -> Any:
        """Return the next item of those that were read; ``_NEWS`` when there is none and more must be read.

        Raises:
            SchemaUnknownError: Its schema must be learnt first; it stays the next item.
            Exception: The job's failure, after which the observable has ended; or why this one item can't be read.
        """
        if not self._read:
            return _NEWS
        data = self._read.popleft()
        try:
            end = read_end(data, self.dialect)
            if end is None:
                return self._decoded(data)
        except SchemaUnknownError:
            self._read.appendleft(data)
            raise
        except ProtocolError as error:
            text = f"an item of the observable {self._name!r} of cluster {self.home.name!r} can't be read: {error}"
            raise hz.HazelcastSerializationError(text) from None
        self.ended = True
        self._read.clear()
        if end.failure is not None:
            where = f"The job that wrote to the observable {self._name!r} on cluster {self.home.name!r}"
            raise end_of(end.failure, where)
        return _NEWS

    def skip(self) -> None:
        """Leave the next item out."""
        self._read.popleft()

    def _decoded(self, data: bytes) -> Any:
        try:
            return self._source.objects.read(data)
        except hz.HazelcastSerializationError:
            return read_item(data, self.dialect)

    async def read_more(self) -> None:
        """Wait for items, for as long as it takes; afterwards there are some, or the observable has ended.

        Raises:
            ClusterLeftError: The client has left the cluster.
            Exception: What any call may end with.
        """
        while not self._read and not self.ended:
            try:
                page = await self._ask(
                    table.RINGBUFFER_READ_MANY,
                    start_sequence=self._next,
                    min_count=1,
                    max_count=_AT_ONCE,
                    filter=None,
                )
            except hz.StaleSequenceError:
                await self._go_to_oldest()
            except hz.IllegalArgumentError:
                # it was emptied and is filled anew: by its end, or because the member that had it is gone
                if self._next <= await self._ask(table.RINGBUFFER_TAIL_SEQUENCE) + 1:
                    raise
                self._next = await self._ask(table.RINGBUFFER_HEAD_SEQUENCE)
            except hz.DistributedObjectDestroyedError:
                self.ended = True
            except hz.OperationTimeoutError as error:
                if isinstance(error, CallTimeoutError):
                    raise  # the client's own limit; the cluster's says only that nothing has come
            else:
                self._skip_to(page.next_sequence - page.read_count)
                self._next = page.next_sequence
                self._read.extend(page.items)


class AsyncObservation:
    """One reading of an observable: an iterator over items, for one task. It ends when the job ends."""

    def __init__(self, source: Source, name: str, reader: _Reader | None) -> None:
        """Go on with a reader, or begin with the oldest item when the first one is asked for."""
        self._source = source
        self._name = name
        self._reader = reader

    @property
    def lost(self) -> int:
        """How many items were overwritten before they were read; jobs do not wait for those who observe them."""
        return 0 if self._reader is None else self._reader.lost

    @property
    def ended(self) -> bool:
        """Whether the end of the job was read."""
        return self._reader is not None and self._reader.ended

    def __aiter__(self) -> AsyncObservation:
        return self

    async def __anext__(self) -> Any:
        """Return the next item; wait until there is one.

        Raises:
            JobFailedError: The job failed; the observable has ended.
            JobCancelledError: The job was cancelled; the observable has ended.
            ClusterLeftError: The client has left the cluster.
            HazelcastSerializationError: The item can't be read; the next one is returned by the next call.
        """
        while not self.ended:
            try:
                item = self._ready()
            except SchemaUnknownError as unknown:
                await self._learn(unknown.schema_id)
                continue
            if item is not _NEWS:
                return item
            if not self.ended:
                await self._prepare()
        raise StopAsyncIteration

    def _ready(self) -> Any:
        return _NEWS if self._reader is None else self._reader.item()

    async def _learn(self, schema_id: int) -> None:
        """Fetch the schema of the next item; without it that item can't be read, and the one after it is the next."""
        try:
            await self._source.objects.learn(schema_id)
        except Exception:
            if self._reader is not None:
                self._reader.skip()
            raise

    async def _prepare(self) -> None:
        if self._reader is None:
            self._reader = await _Reader.begin(self._source, self._name, from_now=False)
        await self._reader.read_more()


class AsyncObservable:
    """What jobs send under one name, on whichever cluster the client is; iterate over it, or :meth:`observe` it."""

    def __init__(self, source: Source, name: str) -> None:
        """Stand for that name; nothing is asked of a cluster."""
        self._source = source
        self._name = name

    @property
    def name(self) -> str:
        """The name under which a job writes to it."""
        return self._name

    def __repr__(self) -> str:
        return f"<observable {self._name!r}>"

    def __aiter__(self) -> AsyncObservation:
        return AsyncObservation(self._source, self._name, None)

    async def observe(self, *, from_now: bool = False) -> AsyncObservation:
        """Begin to read it on the active cluster, and stay on that cluster.

        A job that has not been submitted yet can be observed already. Several may observe the same, and each one gets
        all items.

        Args:
            from_now: Begin with the first item from now on; otherwise with the oldest one that there is (10,000 are
                kept unless the ringbuffer is configured otherwise).

        Returns:
            An iterator that ends when the job ends, raises its failure, and counts what was overwritten.
        """
        reader = await _Reader.begin(self._source, self._name, from_now=from_now)
        return AsyncObservation(self._source, self._name, reader)

    async def destroy(self) -> None:
        """Remove it with all its items from the active cluster; needed before another job uses the same name."""
        await self._source.ask(table.DESTROY_PROXY, name=_PREFIX + self._name, service_name=_RINGBUFFER)


# -------------------------------------------------------------------------------------------------- the threaded family

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the engine's loop and returns its result; cancels it when the caller is interrupted."""


class Observation:
    """As :class:`AsyncObservation`, for one thread; Ctrl-C ends a wait and loses nothing."""

    def __init__(self, reading: AsyncObservation, run: Run) -> None:
        """Wait for what this reading does."""
        self._reading = reading
        self._run = run

    @property
    def lost(self) -> int:
        """As :attr:`AsyncObservation.lost`."""
        return self._reading.lost

    @property
    def ended(self) -> bool:
        """As :attr:`AsyncObservation.ended`."""
        return self._reading.ended

    def __iter__(self) -> Observation:
        return self

    def __next__(self) -> Any:
        """As :meth:`AsyncObservation.__anext__`; items that were read at once are decoded without the client's loop."""
        reading = self._reading
        while not reading.ended:
            try:
                item = reading._ready()
            except SchemaUnknownError as unknown:
                self._run(reading._learn(unknown.schema_id))
                continue
            if item is not _NEWS:
                return item
            if not reading.ended:
                self._run(reading._prepare())
        raise StopIteration


class Observable:
    """As :class:`AsyncObservable`, for threads."""

    def __init__(self, observable: AsyncObservable, run: Run) -> None:
        """Wait for what this observable does."""
        self._observable = observable
        self._run = run

    @property
    def name(self) -> str:
        """As :attr:`AsyncObservable.name`."""
        return self._observable.name

    def __repr__(self) -> str:
        return repr(self._observable)

    def __iter__(self) -> Observation:
        return Observation(aiter(self._observable), self._run)

    def observe(self, *, from_now: bool = False) -> Observation:
        """As :meth:`AsyncObservable.observe`."""
        return Observation(self._run(self._observable.observe(from_now=from_now)), self._run)

    def destroy(self) -> None:
        """As :meth:`AsyncObservable.destroy`."""
        self._run(self._observable.destroy())
