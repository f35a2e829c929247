"""A job whose work is done once more where the client goes, when the cluster that does it is left before the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from tealjet.bridge.homes import Home
from tealjet.engine.link import Link
from tealjet.failover.model import JobFate
from tealjet.jet import errors
from tealjet.jet.continuity import Arrival, AttemptState, Continuity, Sighting
from tealjet.jet.jobs import Around, AsyncJob
from tealjet.jet.whereabouts import Departure, JobRef
from tealjet.protocol.jet_values import TerminationMode

__all__ = ["RerunJob"]

_log = logging.getLogger("tealjet")

Submit = Callable[[Home], Coroutine[Any, Any, JobRef]]


class RerunJob(AsyncJob):
    """The handle of such a job; it watches its attempts until one has completed."""

    def __init__(self, around: Around, job: JobRef, submit: Submit, *, cancel_superseded: bool) -> None:
        """Stand for a job that was submitted.

        Args:
            around: The client.
            job: The first attempt.
            submit: Submits it once more, to that cluster and to no other: the next one may have an attempt.
            cancel_superseded: Cancel an attempt that is seen running on a cluster that was left.
        """
        super().__init__(around, job, Continuity.RERUN)
        self._submit = submit
        self._cancel_superseded = cancel_superseded
        runtime = around.engine.runtime
        self._result: asyncio.Future[None] = runtime.future()
        self._settled = asyncio.Event()
        if around.where.is_here(job.home):  # it may have been left since it answered
            self._settled.set()
        self._watched: set[int] = set()
        runtime.spawn(self._supervise())

    @property
    def watching(self) -> bool:
        """Whether more may become known of an attempt."""
        return not self._result.done() or any(not one.state.ended for one in self.attempts)

    async def _join(self) -> None:
        await asyncio.shield(self._result)

    async def _current(self) -> JobRef:
        while not self._result.done() and not self._around.where.is_here(self._job.home):
            await self._settled.wait()
        return self._job

    async def _supervise(self) -> None:
        try:
            while not self._result.done():
                try:
                    await self._join_at(self._line.current)
                except errors.JobNotFoundError as error:
                    if error.left_at is None or not await self._go_on():
                        raise
                else:
                    self._succeed()
        except asyncio.CancelledError:
            self._result.cancel()
            raise
        except Exception as error:
            if not self._result.done():
                self._result.set_exception(error)
                self._result.exception()  # nobody may ever join
        finally:
            self._settled.set()

    def _succeed(self) -> None:
        if not self._result.done():
            self._result.set_result(None)

    async def _go_on(self) -> bool:
        """Do what the rules say, now that the current attempt's cluster has been left; say whether that is anything."""
        around = self._around
        while True:
            place = await around.cluster.place()
            match self._line.arrived(place.home.cluster_id):
                case Arrival.RESUME:
                    self._line = self._line.resumed(place.home.cluster_id)
                    break
                case Arrival.SUBMIT:
                    if await self._run_once_more(place.home):
                        break
                case _:
                    return False
        if around.where.is_here(self._job.home):  # otherwise it has been left meanwhile, and is gone on from
            self._settled.set()
        standby = around.engine.snapshot().standby_link
        link = None if standby is None else around.engine.link_of(standby)
        if link is not None:
            self.look_at(link)
        return True

    async def _run_once_more(self, home: Home) -> bool:
        """Submit another attempt to the cluster that the client went to; False when that was left in the middle."""
        former = self._job
        try:
            await self._see_the_end_of_attempts_on(home)
            job = await self._submit(home)
        except Exception as error:
            if self._around.where.is_here(home):
                self._announce(former, JobFate.NOT_RERUN, home.name, str(error))
                raise
            _log.info("job %s was to run on %r, which was left meanwhile: %s", former, home.name, error)
            return False
        self._stand_for(job)
        self._announce(former, JobFate.RERUN, job.home.name, f"it is {job} there")
        return True

    async def _see_the_end_of_attempts_on(self, home: Home) -> None:
        """Wait for those that were cancelled there: until a job has ended nobody else can have its name."""
        for job, attempt in zip(self._refs, self.attempts, strict=True):
            if attempt.cluster_id == home.cluster_id and attempt.state.in_vain:
                with contextlib.suppress(errors.JobError):
                    await self._around.cluster.ask_about(job, job.place.questions.join(job.job_id, None), joins=True)

    def departed(self, former: Home, departure: Departure) -> None:
        """Take note that the client has left a cluster; what is asked from now on waits for the next attempt."""
        super().departed(former, departure)
        if not self._result.done():
            self._settled.clear()

    # ------------------------------------------------------------------------------------------- superseded attempts

    def look_at(self, link: Link) -> None:
        """Look at the attempts that were left behind on a cluster that stands by."""
        for at in self._line.superseded(link.facts.cluster_id):
            if at not in self._watched:
                self._watched.add(at)
                self._around.engine.runtime.spawn(self._watch(link, at))

    async def _watch(self, link: Link, at: int) -> None:
        """Say what has become of an attempt, and wait for its end as long as its cluster can be asked."""
        cluster, job = self._around.cluster, self._refs[at]
        questions = job.place.questions
        try:
            status = await cluster.look(link, job, questions.status(job.job_id))
            match self._line.seen(at, status, cancel=self._cancel_superseded):
                case Sighting.COMPLETED:
                    self._superseded(at, AttemptState.COMPLETED, JobFate.COMPLETED_TOO)
                    self._succeed()
                    return
                case Sighting.CANCEL:
                    await self._cancel(link, at)
                    return
                case Sighting.REPORT:
                    self._superseded(at, AttemptState.STILL_RUNS, JobFate.STILL_RUNS)
            await cluster.look(link, job, questions.join(job.job_id, None))
        except errors.JobCancelledError:
            self._line = self._line.noted(at, AttemptState.CANCELLED)
        except errors.JobFailedError as error:
            self._line = self._line.noted(at, AttemptState.FAILED, error.args[0])
        except Exception as error:  # it is looked at again when its cluster stands by the next time
            _log.debug("job %s on %r can't be looked at: %s", job, job.home.name, error)
        else:
            self._superseded(at, AttemptState.COMPLETED, JobFate.COMPLETED_TOO)
            self._succeed()
        finally:
            self._watched.discard(at)

    async def _cancel(self, link: Link, at: int) -> None:
        """Cancel an attempt; it counts as cancelled from now on, as nobody is to go on with it in the meantime."""
        job, former = self._refs[at], self._line.attempts[at].state
        self._line = self._line.noted(at, AttemptState.CANCELLED)
        question = job.place.questions.terminate(job.job_id, None, TerminationMode.CANCEL_FORCEFUL)
        try:
            await self._around.cluster.look(link, job, question)
        except Exception:
            self._line = self._line.noted(at, former)
            raise
        self._announce(job, JobFate.CANCELLED, self._line.now.cluster)

    def _superseded(self, at: int, state: AttemptState, fate: JobFate) -> None:
        if self._line.attempts[at].state.ended:
            return
        self._line = self._line.noted(at, state)
        if at != self._line.current:
            self._announce(self._refs[at], fate, self._line.now.cluster)
