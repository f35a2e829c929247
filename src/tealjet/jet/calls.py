"""Calls about jobs: requests of the engine that are tied to one cluster, and end in the client's own errors.

Every request of this package passes here; nothing else in it knows the engine's calls. A request is encoded for the
version of the cluster that it goes to, so no request may ever reach another one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from tealjet.bridge.homes import Home
from tealjet.engine.calls import Call
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import CallErrors
from tealjet.engine.engine import Engine
from tealjet.engine.link import Link, Request
from tealjet.errors import ClusterLeftError, Outcome
from tealjet.jet.errors import JetMissingError
from tealjet.jet.questions import Question, Questions
from tealjet.jet.refusals import About, refusal_of
from tealjet.jet.whereabouts import Departure, JobRef, Place, Whereabouts, left_behind
from tealjet.protocol import table
from tealjet.protocol.codec import decode_error, decode_response, encode_request
from tealjet.protocol.frames import Message
from tealjet.protocol.values import ClusterMetadata, ErrorHolder

__all__ = ["Cluster", "ReadRefusal", "Tie", "tie_to", "tie_to_job"]

R = TypeVar("R")

ReadRefusal = Callable[[Sequence[ErrorHolder]], Exception | None]
"""Makes the error of an answer from the exceptions in it; None: it is the official package's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tie:
    """What ties a call to a cluster."""

    home: Home
    left: Callable[[Departure, Outcome], Exception]
    """Makes the error of a call whose cluster has been left."""


def tie_to(home: Home, what: str) -> Tie:
    """Tie a call to a cluster; its error says of ``what`` that it was asked there."""

    def left(departure: Departure, outcome: Outcome) -> Exception:
        known = "may have been done there" if outcome is Outcome.UNKNOWN else "was not sent"
        text = (
            f"{what} was asked of cluster {home.name!r}, which this client has left for {departure.to!r}; it {known}."
        )
        return ClusterLeftError(text, outcome=outcome)

    return Tie(home=home, left=left)


def tie_to_job(job: JobRef, *, changes: bool) -> Tie:
    """Tie a call, which changes something or does not, to the cluster of a job."""
    return Tie(home=job.home, left=lambda departure, outcome: left_behind(job, departure, outcome, changes=changes))


_METADATA: Question[ClusterMetadata] = Question(kind=table.GET_CLUSTER_METADATA, fields={}, read=lambda told: told)


class _JetCall(Request):
    """A call whose refusal is read with all of its causes."""

    __slots__ = ("_read_refusal",)

    of_user: ClassVar[bool] = True

    def __init__(
        self,
        engine: Engine,
        request: bytearray,
        read_refusal: ReadRefusal,
        connection: Connection | None,
        timeout: float | None = None,
    ) -> None:
        limit = engine.settings.invocation_timeout if timeout is None else timeout
        super().__init__(engine.runtime, request, connection, limit)
        self._read_refusal = read_refusal

    def refusal(self, message: Message, cluster: str, errors: CallErrors) -> Exception:
        official = errors.answered(message, cluster)
        return self._read_refusal(decode_error(message)) or official


class _TiedCall(_JetCall):
    """A call that goes to its cluster or nowhere."""

    __slots__ = ("_long", "_tie", "home")

    def __init__(
        self,
        cluster: Cluster,
        tie: Tie,
        request: bytearray,
        read_refusal: ReadRefusal,
        connection: Connection | None,
        *,
        retryable: bool,
        long: bool,
    ) -> None:
        super().__init__(cluster.engine, request, read_refusal, connection, math.inf if long else None)
        self.retryable = retryable
        # not the call itself: a part of an upload that refers to itself would stay until the collector comes by
        self.gate = _Gate(cluster.where, tie)
        self.home = tie.home
        self._tie = tie
        self._long = long

    @property
    def blocks(self) -> bool:
        return self._long or super().blocks

    def leave(self, departure: Departure) -> None:
        """End it: the client uses another cluster from now on."""
        self.fail(self._tie.left(departure, self.outcome if self.carrier is None else Outcome.UNKNOWN))

    def look_again(self) -> None:
        """Nothing is to be done: the engine sends it again if that is safe."""


@dataclass(frozen=True, slots=True)
class _Gate:
    where: Whereabouts
    tie: Tie

    def admit(self, call: Call, link: Link) -> bool:
        """Let a call pass to its own cluster; end it anywhere else."""
        if self.tie.home.has(link):
            return True
        call.fail(self.tie.left(self.where.departure_from(self.tie.home), call.outcome))
        return False


class Cluster:
    """The clusters of a client, as far as jobs ask them. All methods on the event loop."""

    def __init__(self, engine: Engine, where: Whereabouts) -> None:
        """Ask through this engine."""
        self.engine = engine
        self.where = where
        self._with_jet: set[str] = set()
        """Clusters of version 4 that are known to be of Hazelcast Jet."""

    async def link(self) -> Link:
        """Return the active link; wait for one if there is none, as long as a call may."""
        return await self.engine.link(self.engine.settings.invocation_timeout)

    async def place(self) -> Place:
        """Return the active cluster; wait for one if there is none, as long as a call may.

        Raises:
            JetMissingError: Its members have no Jet engine.
        """
        link = await self.link()
        place = Place(Home(link.target.name, link.facts.cluster_id), Questions(link.oldest))
        if link.oldest.major == 4 and place.home.cluster_id not in self._with_jet:
            metadata = await self.metadata(place)
            if metadata.jet_version is None:
                text = (
                    f"Cluster {link.target.name!r} runs Hazelcast {metadata.member_version}, which has no Jet engine: "
                    "that came with Hazelcast 5.0, and with Hazelcast Jet 4 before. Nothing was sent."
                )
                raise JetMissingError(text, outcome=Outcome.NOT_SENT)
            self._with_jet.add(place.home.cluster_id)
        return place

    async def metadata(self, place: Place) -> ClusterMetadata:
        """Return what a cluster says of itself."""
        return await self.ask(_METADATA, tie_to(place.home, "What kind of cluster it is"), lambda _: None)

    async def ask(
        self,
        question: Question[R],
        tie: Tie,
        read_refusal: ReadRefusal,
        *,
        connection: Connection | None = None,
        retryable: bool | None = None,
        endless: bool = False,
        partition: int = -1,
    ) -> R:
        """Ask one cluster; no other ever sees the request.

        Args:
            question: What to ask.
            tie: The cluster, and the error if the client is not on it, or leaves it meanwhile.
            read_refusal: Makes the error of an answer.
            connection: The only connection that it may go to.
            retryable: It may be sent again although it may have been applied; None: as the protocol says.
            endless: It waits in the cluster by nature, however long that takes.
            partition: The partition whose owner it should go to, -1 for none.

        Raises:
            Exception: What ``tie`` and ``read_refusal`` make, or what any call may end with.
        """
        request = encode_request(question.kind, **question.fields)
        repeat = question.kind.retryable if retryable is None else retryable
        call = _TiedCall(self, tie, request, read_refusal, connection, retryable=repeat, long=endless)
        call.partition = partition
        if self.engine.usable and not self.where.is_here(tie.home):
            raise tie.left(self.where.departure_from(tie.home), Outcome.NOT_SENT)
        with self.where.keeping(call):
            return await self._answer(call, question)

    async def ask_about(
        self, job: JobRef, question: Question[R], *, retryable: bool | None = None, joins: bool = False
    ) -> R:
        """Ask a job's own cluster about it.

        Args:
            job: The job.
            question: What to ask.
            retryable: It may be sent again although it may have been applied; None: as the protocol says.
            joins: It waits for the end of the job.

        Raises:
            JobNotFoundError: The client is on another cluster, or has gone there meanwhile.
            JobError: The cluster refused it, or, for a join, how the job ended.
            Exception: What any call may end with.
        """
        read = _reader(job, joins=joins)
        tie = tie_to_job(job, changes=not question.kind.retryable)
        return await self.ask(question, tie, read, retryable=retryable, endless=joins)

    async def look(self, link: Link, job: JobRef, question: Question[R]) -> R:
        """Ask a job's cluster about it over a link that is not the active one, the standby's for example."""
        carrier = link.any_connection()
        if carrier is None:
            raise ConnectionError(f"no connection to {link.target.name} is left")
        call = _JetCall(self.engine, encode_request(question.kind, **question.fields), _reader(job), carrier)
        return await self._answer(call, question)

    async def _answer(self, call: Request, question: Question[R]) -> R:
        self.engine.submit(call)
        try:
            return question.read(decode_response(question.kind, await call.answer))
        except asyncio.CancelledError:
            call.answer.cancel()  # one that still waits for a cluster never goes out
            raise


def _reader(job: JobRef, *, joins: bool = False) -> ReadRefusal:
    about = About(cluster=job.home.name, job=str(job), job_id=job.job_id, joins=joins)
    return lambda holders: refusal_of(holders, about)
