"""What a member's error says, as one of the client's own errors. Pure.

A member answers a list of exceptions. Of an upload the first is always a description of the request and the last is the
useful one; of a job it is the other way round. Codes of Jet are not the protocol's, and one exception (Jet is disabled)
has none, so what happened is told by class names and, where a class says too little, by the member's words. The words
are those of Hazelcast 5.5 to 5.7 and Hazelcast Jet 4.3; what is not recognised stays the official package's error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tealjet.errors import Outcome
from tealjet.jet import errors
from tealjet.jet.java_exception import JavaException, exception_from_holders
from tealjet.protocol.values import ErrorHolder

__all__ = [
    "About",
    "MainJoinedError",
    "already_exists",
    "end_of",
    "refusal_of",
    "statement_refusal_of",
    "submission_refusal_of",
]

_JET_EXCEPTION = "com.hazelcast.jet.JetException"
_CANCELLED = (".CancellationByUserException", "java.util.concurrent.CancellationException")
_NOT_FOUND = "com.hazelcast.jet.core.JobNotFoundException"
_EXISTS = ".JobAlreadyExistsException"
_DISABLED = ".JetDisabledException"
_COORDINATOR_LEFT = "com.hazelcast.jet.core.TopologyChangedException"
_ILLEGAL_STATE = "java.lang.IllegalStateException"
_UNSUPPORTED = "java.lang.UnsupportedOperationException"
_MAIN_JOINED = "The job has started successfully. However the job should not call the join() method."


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a call was about, for people."""

    cluster: str
    job: str
    """As it goes on after "Job", such as "'report' (0001-0002-0003-0004)"."""
    job_id: int | None = None
    joins: bool = False
    """The call waits for the job's end: an exception is how the job ended, not how the call did."""


def refusal_of(holders: Sequence[ErrorHolder], about: About) -> Exception | None:
    """Return the error of a call about a job; None when it is no matter of Jet's.

    Args:
        holders: The exception and its causes as the member answered them, at least one.
        about: What the call was about.
    """
    java, answered = exception_from_holders(holders), Outcome.ANSWERED
    first = holders[0].class_name
    if any(holder.class_name.endswith(_DISABLED) for holder in holders):
        return _jet_disabled(about.cluster, java)
    where = f"Job {about.job} on cluster {about.cluster!r}"
    if first == _NOT_FOUND:
        return errors.JobNotFoundError(
            f"Cluster {about.cluster!r} does not know the job {about.job}: it was never there, or its record has been "
            "removed since it ended.",
            cluster=about.cluster,
            job_id=about.job_id,
            java=java,
            outcome=answered,
        )
    if first == _COORDINATOR_LEFT:
        text = f"{where} is lost: it is a light job, and the member that coordinated it has left the cluster."
        return errors.LightJobLostError(text, java=java, outcome=answered)
    if first.endswith(_CANCELLED):
        return end_of(java, where)
    if first.endswith(_EXISTS):
        return already_exists(about.cluster, java)
    if about.joins and (first.startswith("com.hazelcast.jet.") or not holders[0].error_code):
        return end_of(java, where)
    if first == _ILLEGAL_STATE:
        # of a job that has ended the whole result follows, with its stack; that stays in the exception
        words = (holders[0].message or first).partition(": JobResult{")[0].splitlines()[0]
        return errors.JobStateError(f"{where} can't do that: {words}", java=java, outcome=answered)
    if first == _UNSUPPORTED and "Enterprise" in (holders[0].message or ""):
        text = f"Cluster {about.cluster!r} refused it for the job {about.job}: {holders[0].message}"
        return errors.EnterpriseOnlyError(text, java=java, outcome=answered)
    if first == _JET_EXCEPTION:
        return errors.JobError(f"{where}: {_root(java)}", java=java, outcome=answered)
    return None


def end_of(java: JavaException, where: str) -> errors.JobError:
    """Return the error of a job that has ended with an exception.

    Args:
        java: What it ended with.
        where: The job and its cluster, for people: the beginning of the error's text.
    """
    if java.class_name.endswith(_CANCELLED):
        return errors.JobCancelledError(f"{where} was cancelled.", java=java, outcome=Outcome.ANSWERED)
    return errors.JobFailedError(f"{where} failed: {_root(java)}", java=java, outcome=Outcome.ANSWERED)


def submission_refusal_of(holders: Sequence[ErrorHolder], cluster: str, jar: str) -> Exception | None:
    """Return the error of the submission of a JAR; None when it is no matter of Jet's.

    Args:
        holders: The exception and its causes as the member answered them, at least one.
        cluster: Name of the candidate.
        jar: The JAR, for people.

    Returns:
        ``MainJoinedError`` when a job was started nevertheless.
    """
    java, useful = exception_from_holders(holders), holders[-1]
    words = useful.message or useful.class_name
    if any(holder.class_name.endswith(_DISABLED) for holder in holders):
        return _jet_disabled(cluster, java)
    if any(holder.class_name.endswith(_EXISTS) for holder in holders):
        return already_exists(cluster, java)
    if holders[0].class_name != _JET_EXCEPTION:
        return None
    if _MAIN_JOINED in words:
        return MainJoinedError(words, java=java, outcome=Outcome.ANSWERED)
    if any(holder.class_name == _MAIN_THREW for holder in holders[:-1]):
        text = f"The main of {jar} ended with an exception on cluster {cluster!r}: {_one_line(words, useful)}"
        return errors.MainFailedError(text, java=java, outcome=Outcome.ANSWERED)
    if useful.class_name == _MAIN_THREW:
        text = f"The main of {jar} ended with an exception on cluster {cluster!r}: {_root(java)}"
        return errors.MainFailedError(text, java=java, outcome=Outcome.ANSWERED)
    for mark, kind, said in _BY_MARK:
        if mark in useful.class_name or mark in words:
            text = said.format(cluster=cluster, jar=jar)
            return kind(f"{text}: {words.splitlines()[0]}", java=java, outcome=Outcome.ANSWERED)
    text = f"Cluster {cluster!r} refused {jar}: {_one_line(words, useful)}"
    return errors.JarRefusedError(text, java=java, outcome=Outcome.ANSWERED)


class MainJoinedError(errors.JobError):
    """The JAR's ``main`` waited for its job, which members refuse after they have started it."""


_MAIN_THREW = "java.lang.reflect.InvocationTargetException"
_LOST_TRACK = "Cluster {cluster!r} lost track of the upload of {jar}, and no job was started"

_BY_MARK: tuple[tuple[str, type[errors.JobError], str], ...] = (
    (
        "Resource upload is not enabled",
        errors.UploadDisabledError,
        "Cluster {cluster!r} takes no JARs (enable resource-upload-enabled in its Jet configuration)",
    ),
    ("Checksum is different", errors.ChecksumError, "Cluster {cluster!r} did not get {jar} as it was sent"),
    ("order part", errors.UploadSessionError, _LOST_TRACK),
    ("ession already exists", errors.UploadSessionError, _LOST_TRACK),
    ("does not exist. Session", errors.UploadSessionError, _LOST_TRACK),
    ("Unknown session id", errors.UploadSessionError, _LOST_TRACK),
    ("java.util.zip.ZipException", errors.JarRefusedError, "Cluster {cluster!r} can't open {jar}: it is no JAR"),
    ("No Main-Class found", errors.MainClassError, "Cluster {cluster!r} can't run {jar}; name its main_class"),
    ("No manifest file", errors.MainClassError, "Cluster {cluster!r} can't run {jar}; name its main_class"),
    (
        "java.lang.ClassNotFoundException",
        errors.MainClassError,
        "Cluster {cluster!r} can't run {jar}, which does not have the main class",
    ),
    (
        "java.nio.file.NoSuchFileException",
        errors.JarUnreadableError,
        "The member of cluster {cluster!r} that was asked does not have {jar}",
    ),
    (
        "File name extension should be .jar",
        errors.JarUnreadableError,
        "Cluster {cluster!r} takes {jar} for no JAR",
    ),
    (
        "File is not accessible",
        errors.JarUnreadableError,
        "The member of cluster {cluster!r} that was asked can't read {jar}",
    ),
)
"""By a part of the class or of the words of the last exception."""


def _one_line(words: str, error: ErrorHolder) -> str:
    return f"{error.class_name}: {words.splitlines()[0]}" if error.message else error.class_name


def _root(java: JavaException) -> str:
    """Return the innermost exception that says something, in one line."""
    telling = next((one for one in reversed(java.chain) if one.message), java)
    return str(telling).splitlines()[0]


def statement_refusal_of(words: str, cluster: str) -> errors.JobError | None:
    """Return the error of a CREATE JOB statement; None when it is no matter of Jet's.

    Args:
        words: What the cluster's SQL service said: it tells no exceptions.
        cluster: Name of the candidate.
    """
    if "Another active job with equal name" in words:
        return already_exists(cluster)
    if words.startswith("The Jet engine is disabled"):
        return _jet_disabled(cluster)
    return None


def _jet_disabled(cluster: str, java: JavaException | None = None) -> errors.JetDisabledError:
    text = f"The Jet engine of cluster {cluster!r} is disabled: enable jet in the configuration of its members."
    return errors.JetDisabledError(text, java=java, outcome=Outcome.ANSWERED)


def already_exists(cluster: str, java: JavaException | None = None) -> errors.JobAlreadyExistsError:
    """Return the error of a submission under a name that an active job has.

    The id in the members' own words is that of the refused job, not of the active one.
    """
    text = f"Cluster {cluster!r} has an active job of that name already; get_job finds it by the name."
    return errors.JobAlreadyExistsError(text, java=java, outcome=Outcome.ANSWERED)
