"""What members answer about jobs that are not there, have ended badly, or can't do what is asked."""

from __future__ import annotations

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import Failure, MemberError
from tealjet.protocol.values import MemberVersion

__all__ = [
    "JET",
    "already_exists",
    "cancelled",
    "cancelled_text",
    "coordinator_left",
    "failed",
    "id_text",
    "illegal_state",
    "main_failed",
    "not_found",
    "refused_upload",
    "user_code",
]

JET = Failure(500, "com.hazelcast.jet.JetException")
_TOPOLOGY = Failure(501, "com.hazelcast.jet.core.TopologyChangedException")
_NOT_FOUND = Failure(502, "com.hazelcast.jet.core.JobNotFoundException")
_EXISTS = Failure(503, "com.hazelcast.jet.JobAlreadyExistsException")
_CANCELLED = Failure(506, "com.hazelcast.jet.impl.exception.CancellationByUserException")
_TASKLET = Failure(507, "com.hazelcast.jet.impl.execution.TaskletExecutionException")
_RUNTIME = Failure(0, "java.lang.RuntimeException")
_INVOCATION = Failure(0, "java.lang.reflect.InvocationTargetException")


def id_text(job_id: int) -> str:
    """Return a job's id as Java shows it."""
    digits = f"{job_id & (1 << 64) - 1:016x}"
    return "-".join(digits[begin : begin + 4] for begin in range(0, 16, 4))


def not_found(job_id: int) -> MemberError:
    """Return the answer about a job that is not there."""
    return MemberError(_NOT_FOUND, f"Job with id {id_text(job_id)} not found")


def coordinator_left() -> MemberError:
    """Return the answer about a light job whose member has left."""
    return MemberError(_TOPOLOGY, "Light job coordinator left the cluster")


def illegal_state(text: str) -> MemberError:
    """Return the answer to what a job can't do now."""
    return MemberError(failures.ILLEGAL_STATE, text)


def already_exists(name: str, job_id: int) -> MemberError:
    """Return the answer to the submission of a job whose name an active one has; the id is that of the new one."""
    return MemberError(_EXISTS, f"Another active job with equal name ({name}) exists: {id_text(job_id)}")


def cancelled_text(version: MemberVersion) -> str:
    """Return how a job that was cancelled is listed."""
    return (_CANCELLED if version.major >= 5 else failures.CANCELLATION).class_name


def cancelled(version: MemberVersion, *, later: bool) -> MemberError:
    """Return how joining ends for a job that was cancelled."""
    failure = _CANCELLED if version.major >= 5 else failures.CANCELLATION
    return MemberError(failure, failure.class_name if later else None)


def failed(text: str, version: MemberVersion, *, later: bool) -> MemberError:
    """Return how joining ends for a job that has failed: with its causes at that moment, without any later."""
    said = f"Exception in ProcessorTasklet{{embedded#0}}: {_RUNTIME.class_name}: {text}"
    if later:
        return MemberError(JET, said)
    causes = (MemberError(_RUNTIME, text),)
    return MemberError(JET, said, causes=(MemberError(_TASKLET, said), *causes) if version.major >= 5 else causes)


def refused_upload(*causes: MemberError) -> MemberError:
    """Return the answer to a part of an upload; the last cause is the useful one."""
    return MemberError(JET, "JobMetaDataParameterObject{an upload to an embedded member}", causes=causes)


def main_failed(cause: MemberError) -> MemberError:
    """Return the answer to the last part of an upload whose ``main`` has thrown something."""
    return refused_upload(MemberError(_INVOCATION, None), cause)


def user_code(text: str) -> MemberError:
    """Return an exception of the user's own code."""
    return MemberError(_RUNTIME, text)
