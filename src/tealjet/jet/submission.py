"""Submits JARs: the upload to a member, its start again on another cluster, and the search for the job it started.

What the loss of a cluster means at which moment is decided in ``upload``; here are the file, the messages, the waits.
A member tells nothing of the job that a JAR's ``main`` has started. But the JAR is a resource of that job, under a name
that this submission has made up, so that the job is found among all others, whatever name ``main`` gave it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import logging
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from tealjet.bridge.homes import Home
from tealjet.engine.connection import Connection
from tealjet.engine.link import Link
from tealjet.errors import ClusterLeftError, ConnectionLostError, NoConnectionError, Outcome, TealjetError, outcome_of
from tealjet.jet import command_line, errors
from tealjet.jet.calls import Cluster, tie_to
from tealjet.jet.questions import Question
from tealjet.jet.reading import Reader
from tealjet.jet.refusals import MainJoinedError, submission_refusal_of
from tealjet.jet.upload import STARTS, After, Part, Parts, Progress, after_loss, digest_of, upload_name
from tealjet.jet.whereabouts import Departure, JobRef, Place
from tealjet.protocol import jet
from tealjet.protocol.declare import MessageType
from tealjet.protocol.values import ErrorHolder

__all__ = ["GOODBYE", "Submission", "Submitted", "Submitter", "Tell", "check_place"]

_log = logging.getLogger("tealjet")

_LOST = (ClusterLeftError, ConnectionLostError, NoConnectionError, ConnectionError)
"""What a call ends with whose connection or cluster is gone."""

GOODBYE = 1.0
"""Seconds that whoever cancels an upload waits at most for the member to drop it."""

Tell = Callable[[int, int], object]
"""Told how many bytes of how many have reached the member."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What is to be submitted."""

    path: Path
    name: str | None
    main_class: str | None
    args: tuple[str, ...]
    snapshot: str | None
    on_member: bool
    """The path is one on the member, and nothing is sent."""
    part_size: int
    rerun: bool
    """The JAR may be run again when it is not known whether it was run."""

    def __post_init__(self) -> None:
        if self.part_size < 1:
            raise ValueError(f"part_size is {self.part_size!r}; it has to be 1 or more bytes")
        given: tuple[object, ...] = self.args
        for one in given:
            if not isinstance(one, str):
                raise TypeError(f"args has {one!r}, a {type(one).__name__}; what main is given are strings")

    def __str__(self) -> str:
        return f"the JAR {str(self.path) if self.on_member else self.path.name!r}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """A job that a submission has started."""

    job: JobRef
    sha256: str | None
    """Of the JAR; None for one on the member."""


@dataclass(frozen=True, slots=True)
class _Jar:
    """A file that is open for the time of a submission."""

    file: BufferedReader
    size: int
    sha256: str


@dataclass(slots=True)
class _Attempt:
    """One try on one cluster."""

    place: Place
    token: str
    """Tells the jobs of this submission from all others; the same in all of its tries."""
    before: frozenset[int]
    """The jobs that were there before the first try on this cluster."""
    progress: Progress = Progress.SENDING

    @property
    def home(self) -> Home:
        """The cluster."""
        return self.place.home


@dataclass(slots=True)
class _Session:
    """An upload that a member keeps track of."""

    id: uuid.UUID
    carrier: Connection
    asked: asyncio.Task[None] | None = None
    """The last message that was sent, and its answer."""


class Submitter:
    """Submits to the active cluster, and begins again on the next one where nothing had happened yet."""

    def __init__(self, cluster: Cluster, reader: Reader) -> None:
        """Ask these."""
        self._cluster = cluster
        self._reader = reader
        self._runtime = cluster.engine.runtime

    async def submit(
        self, what: Submission, tell: Tell, *, sha256: str | None = None, only: Home | None = None
    ) -> Submitted:
        """Submit a JAR and return the job that it has started.

        Args:
            what: What to submit.
            tell: Told of the progress of an upload, on the loop.
            sha256: What the JAR's digest has to be; None: whatever it is.
            only: The cluster that it may go to; None: whichever the client goes to.

        Raises:
            ClusterLeftError: That cluster was left when nothing had happened there yet.
            SubmissionUnknownError: The JAR's ``main`` may have run, and the cluster was lost or left or can't be asked.
            JobError: It was refused.
        """
        token = self._runtime.uuid().hex[:12]
        before: dict[str, frozenset[int]] = {}
        uncertain: _Attempt | None = None
        async with self._opened(what) as jar:
            if jar is not None and sha256 not in (None, jar.sha256):
                text = f"The JAR {str(what.path)!r} is not what it was when it was submitted first. Nothing was sent."
                raise errors.JarUnreadableError(text, outcome=Outcome.NOT_SENT)
            for starts in itertools.count(1):
                try:
                    place = await self._cluster.place()
                    check_place(place, only)
                    if place.home.cluster_id not in before:
                        before[place.home.cluster_id] = await self._reader.ids(place, what.name)
                except Exception as error:
                    if uncertain is not None:
                        raise _unknown(uncertain, what) from error
                    if isinstance(error, ClusterLeftError) and only is None:
                        continue
                    raise
                attempt = _Attempt(place, token, before[place.home.cluster_id])
                try:
                    job = await self._try(attempt, what, jar, tell)
                except _LOST as error:
                    found = await self._found_nevertheless(attempt, what)
                    if found is None:
                        self._judge(attempt, what, starts, error)
                        uncertain = attempt if attempt.progress is Progress.RUNNING else uncertain
                        continue
                    job = found
                except TealjetError as error:
                    if attempt.progress is Progress.RUNNING and outcome_of(error) is not Outcome.ANSWERED:
                        raise _unknown(attempt, what, f"had all of {what}, and could not be asked: {error}") from error
                    raise
                return Submitted(job=job, sha256=None if jar is None else jar.sha256)
        raise AssertionError("the loop has no end")

    def _judge(self, attempt: _Attempt, what: Submission, starts: int, error: Exception) -> None:
        """Raise the error of a submission whose cluster is gone, unless it may begin again."""
        cluster = attempt.home.name
        match after_loss(attempt.progress, starts=starts, rerun=what.rerun):
            case After.AGAIN:
                _log.info("the submission of %s to %r begins again: %s", what, cluster, error)
            case After.UNKNOWN:
                raise _unknown(attempt, what) from error
            case After.ERROR:
                text = (
                    f"The upload of {what} was broken off {STARTS} times; no job was started. The last error: {error}"
                )
                raise errors.UploadSessionError(text, outcome=Outcome.NOT_SENT) from error

    # ------------------------------------------------------------------------------------------------------ the file

    @contextlib.asynccontextmanager
    async def _opened(self, what: Submission) -> AsyncIterator[_Jar | None]:
        """Keep the file open for the whole submission, so that every start sends the same bytes."""
        if what.on_member:
            yield None
            return

        def open_it() -> _Jar:
            file = what.path.open("rb")
            try:
                return _Jar(file, os.fstat(file.fileno()).st_size, digest_of(file))
            except BaseException:
                file.close()
                raise

        try:
            jar = await self._runtime.in_thread("jar", open_it)
        except OSError as error:
            text = f"The JAR {str(what.path)!r} can't be read: {error.strerror or error}. Nothing was sent."
            raise errors.JarUnreadableError(text, outcome=Outcome.NOT_SENT) from error
        with jar.file:
            if not jar.size:
                text = f"The JAR {str(what.path)!r} is empty. Nothing was sent."
                raise errors.JarUnreadableError(text, outcome=Outcome.NOT_SENT)
            yield jar

    async def _read(self, what: Submission, jar: _Jar, part: Part, buffer: memoryview) -> str:
        """Read a part into the buffer, which has its size; return its digest."""

        def read() -> tuple[int, str]:
            jar.file.seek(part.offset)
            return jar.file.readinto(buffer), _sha256(buffer)

        size, digest = await self._runtime.in_thread("jar", read)
        if size != part.size:
            text = f"The JAR {str(what.path)!r} has become shorter while it was sent. No job was started."
            raise errors.JarUnreadableError(text, outcome=Outcome.NOT_SENT)
        return digest

    # -------------------------------------------------------------------------------------------------- one attempt

    async def _try(self, attempt: _Attempt, what: Submission, jar: _Jar | None, tell: Tell) -> JobRef:
        link = self._cluster.engine.active
        if link is None or not attempt.home.has(link):
            raise ConnectionError(f"cluster {attempt.home.name!r} is not in use any more")
        try:
            if link.oldest.major == 4:
                await self._run_command_line(link, attempt, what)
            else:
                await self._send(link, attempt, what, jar, tell)
        except (errors.JobAlreadyExistsError, errors.MainFailedError) as error:
            started = await self._started(attempt, what)
            if started:
                error.args = (f"{error.args[0]} Before that the JAR had started: {_listed(started)}.", *error.args[1:])
            raise
        started = await self._started(attempt, what)
        if not started:
            text = (
                f"The main of {what} has returned on cluster {attempt.home.name!r}, and there is no new job of it: it "
                "starts none, or a light job, which can't be found by its JAR."
            )
            raise errors.NoJobStartedError(text, outcome=Outcome.ANSWERED)
        if len(started) > 1:
            _log.warning("%s has started several jobs, %s; the handle is the first one's", what, _listed(started))
        return started[0]

    async def _found_nevertheless(self, attempt: _Attempt, what: Submission) -> JobRef | None:
        """Return the job of a submission whose answer was lost, when its cluster is there and knows the job."""
        if attempt.progress is Progress.SENDING:
            return None
        try:
            await self._cluster.link()
            started = await self._started(attempt, what)
        except Exception as error:
            _log.debug("whether %s was run on %r is not known: %s", what, attempt.home.name, error)
            return None
        return started[0] if started else None

    async def _started(self, attempt: _Attempt, what: Submission) -> list[JobRef]:
        """Return the jobs that this attempt has started, the first one first."""
        mark = str(what.path) if what.on_member else attempt.token
        ids = await self._reader.ids(attempt.place, what.name)
        return await self._reader.jobs_of_jar(attempt.place, ids - attempt.before, mark)

    async def _send(self, link: Link, attempt: _Attempt, what: Submission, jar: _Jar | None, tell: Tell) -> None:
        carrier = link.any_connection()
        if carrier is None:
            raise ConnectionError(f"no connection to {link.target.name} is left")
        session = _Session(self._runtime.uuid(), carrier)
        try:
            await self._ask(
                attempt,
                what,
                session,
                jet.UPLOAD_JOB_METADATA,
                endless=jar is None,
                jar_on_member=jar is None,
                file_name=str(what.path) if jar is None else upload_name(what.path, attempt.token),
                sha256_hex="" if jar is None else jar.sha256,
                snapshot_name=what.snapshot,
                job_name=what.name,
                main_class=what.main_class,
                job_parameters=list(what.args),
            )
            if jar is not None:
                await self._send_parts(attempt, what, session, jar, tell)
        except MainJoinedError:
            _log.warning(
                "the main of %s waits for its job, which members refuse; the job was started nevertheless", what
            )
        except asyncio.CancelledError:
            if session.asked is not None and attempt.progress is Progress.RUNNING:
                session.asked.cancel()
            elif carrier.live:
                ending = self._runtime.spawn(self._end_session(attempt, what, session))
                await asyncio.wait([ending], timeout=GOODBYE)  # whoever cancels may close the client next
            raise

    async def _send_parts(self, attempt: _Attempt, what: Submission, session: _Session, jar: _Jar, tell: Tell) -> None:
        parts, sent = Parts(total_size=jar.size, part_size=what.part_size), 0
        # one for all parts: what each thread allocated would be kept for each of them
        buffer = memoryview(bytearray(min(what.part_size, jar.size)))
        tell(0, jar.size)
        for part in parts:
            data = buffer[: part.size]
            digest = await self._read(what, jar, part, data)
            await self._ask(
                attempt,
                what,
                session,
                jet.UPLOAD_JOB_MULTIPART,
                endless=part.number == len(parts),
                current_part=part.number,
                total_parts=len(parts),
                part_size=part.size,
                part_data=data,
                sha256_hex=digest,
            )
            sent += part.size
            tell(sent, jar.size)

    async def _ask(
        self,
        attempt: _Attempt,
        what: Submission,
        session: _Session,
        kind: MessageType[None, None],
        *,
        endless: bool,
        **fields: object,
    ) -> None:
        """Send a message of an upload; the last one, which has ``main`` run, is answered when that has returned."""

        def refusal(holders: Sequence[ErrorHolder]) -> Exception | None:
            return submission_refusal_of(holders, attempt.home.name, str(what))

        question = Question(kind=kind, fields={"session_id": session.id, **fields}, read=lambda answer: answer)
        tie = tie_to(attempt.home, f"A part of the submission of {what}")
        if endless:
            attempt.progress = Progress.RUNNING
        session.asked = self._runtime.spawn(
            self._cluster.ask(question, tie, refusal, connection=session.carrier, retryable=False, endless=endless)
        )
        try:
            await asyncio.shield(session.asked)
        except Exception as error:
            if outcome_of(error) is Outcome.NOT_SENT:
                attempt.progress = Progress.SENDING
            raise

    async def _end_session(self, attempt: _Attempt, what: Submission, session: _Session) -> None:
        """Let the member drop an upload at once, which it would otherwise keep for two minutes.

        A session ends with any error, and a part that comes out of order is one. It has to come after the answer to the
        message before: members serve both at the same time, and a part that is written later is dropped by nobody.
        """
        if session.asked is not None:
            await asyncio.wait([session.asked])
        with contextlib.suppress(Exception):
            await self._ask(
                attempt,
                what,
                session,
                jet.UPLOAD_JOB_MULTIPART,
                endless=False,
                current_part=1 << 30,
                total_parts=1 << 30,
                part_size=1,
                part_data=b"\0",
                sha256_hex=_sha256(b"\0"),
            )

    # ------------------------------------------------------------------------------------------------ Hazelcast Jet 4

    async def _run_command_line(self, link: Link, attempt: _Attempt, what: Submission) -> None:
        """Run the JAR's ``main`` in a JVM beside this client, by the command line of Hazelcast Jet 4."""
        command_line.check(link.target, what.on_member)
        addresses = [connection.endpoint for connection in link.connections.values()]
        with tempfile.TemporaryDirectory(prefix="tealjet-submit-") as folder:
            run = command_line.Run(
                folder=Path(folder),
                config=command_line.configuration(link.target, addresses),
                options=_options(what),
                jar=what.path,
                called=f"{upload_name(what.path, attempt.token)}.jar",
                args=what.args,
            )
            await self._runtime.in_thread("command-line", run.prepare)
            attempt.progress = Progress.RUNNING
            left = _Left(attempt.home, self._runtime.future())
            process = self._runtime.spawn(self._runtime.in_thread("command-line", run.run))
            try:
                with self._cluster.where.keeping(left):
                    await asyncio.wait([process, left.future], return_when=asyncio.FIRST_COMPLETED)
            finally:
                run.kill()
                await asyncio.wait([process])
            if left.future.done():
                raise ClusterLeftError(f"the client has left for {left.future.result().to!r}", outcome=Outcome.UNKNOWN)
            command_line.judge(process.result(), attempt.home.name, str(what))


@dataclass(frozen=True, slots=True, eq=False)
class _Left:
    """Waits for the moment in which a cluster is left."""

    home: Home
    future: asyncio.Future[Departure]

    def leave(self, departure: Departure) -> None:
        if not self.future.done():
            self.future.set_result(departure)

    def look_again(self) -> None:
        """The command line has a connection of its own."""


def check_place(place: Place, only: Home | None) -> None:
    """Refuse to submit to a place that is not on the only cluster that may be submitted to, if there is one.

    Raises:
        ClusterLeftError: It is on another cluster.
    """
    if only is not None and only.cluster_id != place.home.cluster_id:
        text = f"Cluster {only.name!r} was left for {place.home.name!r} before anything was submitted."
        raise ClusterLeftError(text, outcome=Outcome.NOT_SENT)


def _options(what: Submission) -> list[str]:
    """Return the options of ``jet submit`` (Hazelcast Jet 4.3.1 manual, "Submit a Job")."""
    options = {"-s": what.snapshot, "-n": what.name, "-c": what.main_class}
    return [word for option, value in options.items() if value is not None for word in (option, value)]


def _unknown(attempt: _Attempt, what: Submission, fate: str | None = None) -> errors.SubmissionUnknownError:
    cluster = attempt.home.name
    name = "under a name that only the JAR knows" if what.name is None else f"as {what.name!r}"
    advice = "" if fate or what.rerun else "; with rerun=True it would have been submitted again"
    text = (
        f"Cluster {cluster!r} {fate or f'was lost or left after it had all of {what} and before it answered'}: it may "
        f"have started the job there, {name}. Look for it there{advice}."
    )
    return errors.SubmissionUnknownError(text, cluster=cluster, job_name=what.name)


def _listed(jobs: Sequence[JobRef]) -> str:
    return ", ".join(map(str, jobs))


def _sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()
