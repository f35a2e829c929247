"""What members say when they refuse, as the client's own errors; the words are those that members were heard to say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hazelcast import errors as hz

from tealjet.errors import Outcome
from tealjet.jet import errors
from tealjet.jet.refusals import About, MainJoinedError, refusal_of, statement_refusal_of, submission_refusal_of
from tealjet.protocol.values import ErrorHolder

JET = "com.hazelcast.jet.JetException"
INVOCATION = "java.lang.reflect.InvocationTargetException"
PARAMETERS = (500, JET, "JobMetaDataParameterObject{jarOnMember='false', fileName='report', ...}")

Said = tuple[int, str, str | None]


def holders(*said: Said) -> Sequence[ErrorHolder]:
    return [
        ErrorHolder(error_code=code, class_name=name, message=text, stack_trace_elements=())
        for code, name, text in said
    ]


UPLOADS: list[tuple[str, list[Said], type[Exception], str]] = [
    ("upload disabled", [(500, JET, "Resource upload is not enabled")], errors.UploadDisabledError, "takes no JARs"),
    (
        "Jet disabled",
        [(0, "com.hazelcast.jet.impl.exception.JetDisabledException", "The Jet engine is disabled.")],
        errors.JetDisabledError,
        "is disabled",
    ),
    (
        "checksum",
        [PARAMETERS, (500, JET, "Checksum is different!. Calculated SHA256 : aa Received SHA256 : bb")],
        errors.ChecksumError,
        "^Cluster 'blue' did not get the JAR 'report.jar' as it was sent: .*Calculated SHA256 : aa",
    ),
    (
        "out of order",
        [PARAMETERS, (500, JET, "Received an out of order part. currentPart : 1 receivedPart : 3")],
        errors.UploadSessionError,
        "receivedPart : 3",
    ),
    (
        "unknown session",
        [(500, JET, "The session 1-2 does not exist. Session has timed out due to upload inactivity?")],
        errors.UploadSessionError,
        "no job was started",
    ),
    (
        "same session",
        [PARAMETERS, (500, JET, "Session already exists. sessionID 1-2")],
        errors.UploadSessionError,
        "already exists",
    ),
    (
        "not a JAR",
        [PARAMETERS, (0, "java.util.zip.ZipException", "zip END header not found")],
        errors.JarRefusedError,
        "^Cluster 'blue' can't open the JAR 'report.jar': it is no JAR: zip END header",
    ),
    (
        "no main class",
        [PARAMETERS, (500, JET, "No Main-Class found in the manifest of the jar")],
        errors.MainClassError,
        "name its main_class",
    ),
    (
        "wrong main class",
        [PARAMETERS, (11, "java.lang.ClassNotFoundException", "org.example.Nope")],
        errors.MainClassError,
        "org.example.Nope",
    ),
    (
        "main throws",
        [PARAMETERS, (0, INVOCATION, None), (27, "java.lang.IllegalStateException", "no\nmore")],
        errors.MainFailedError,
        "IllegalStateException: no$",
    ),
    (
        "name is taken",
        [PARAMETERS, (0, INVOCATION, None), (503, "com.hazelcast.jet.JobAlreadyExistsException", "exists: 0001")],
        errors.JobAlreadyExistsError,
        "get_job finds it",
    ),
    (
        "no such file on the member",
        [(500, JET, "File is not accessible"), (0, "java.nio.file.NoSuchFileException", "/nix.jar")],
        errors.JarUnreadableError,
        "^The member of cluster 'blue' that was asked does not have the JAR 'report.jar': /nix.jar$",
    ),
    (
        "no JAR on the member",
        [(500, JET, "File name extension should be .jar")],
        errors.JarUnreadableError,
        "extension should be",
    ),
    (
        "anything else",
        [PARAMETERS, (23, "java.lang.IllegalArgumentException", "Invalid prefix or suffix")],
        errors.JarRefusedError,
        "Invalid prefix or suffix",
    ),
    (
        "main joins",
        [
            PARAMETERS,
            (500, JET, "The job has started successfully. However the job should not call the join() method."),
        ],
        MainJoinedError,
        "started successfully",
    ),
]


@pytest.mark.parametrize(("said", "kind", "words"), [one[1:] for one in UPLOADS], ids=[one[0] for one in UPLOADS])
def test_a_refused_submission_is_a_typed_error_with_the_useful_words(
    said: list[Said], kind: type[errors.JobError], words: str
) -> None:
    error = submission_refusal_of(holders(*said), "blue", "the JAR 'report.jar'")
    assert isinstance(error, errors.JobError)
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert error.outcome is Outcome.ANSWERED
    assert error.java is not None
    assert error.java.class_name == said[0][1]
    assert "JobMetaDataParameterObject" not in str(error)


def test_what_is_no_matter_of_jets_stays_the_official_error() -> None:
    said = holders((46, "com.hazelcast.spi.exception.RetryableHazelcastException", "not yet"))
    assert submission_refusal_of(said, "blue", "the JAR 'report.jar'") is None
    assert refusal_of(said, About(cluster="blue", job="'report'")) is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Another active job with equal name (report) exists: 0001-0002", errors.JobAlreadyExistsError),
        ("The Jet engine is disabled.\nTo enable the Jet engine on the members, ...", errors.JetDisabledError),
    ],
)
def test_a_refused_statement_is_the_typed_error_of_its_words(words: str, kind: type[errors.JobError]) -> None:
    assert type(statement_refusal_of(words, "blue")) is kind
    assert statement_refusal_of("Object 'm' not found, did you forget to CREATE MAPPING?", "blue") is None


CALLS: list[tuple[str, list[Said], type[Exception], str]] = [
    (
        "not found",
        [(502, "com.hazelcast.jet.core.JobNotFoundException", "Job with id 0001 not found")],
        errors.JobNotFoundError,
        "Cluster 'blue' does not know the job 'report'",
    ),
    (
        "cancelled, Hazelcast 5",
        [(506, "com.hazelcast.jet.impl.exception.CancellationByUserException", None)],
        errors.JobCancelledError,
        "was cancelled",
    ),
    (
        "cancelled, Jet 4",
        [(9, "java.util.concurrent.CancellationException", None)],
        errors.JobCancelledError,
        "was cancelled",
    ),
    (
        "wrong state",
        [(27, "java.lang.IllegalStateException", "Cannot SUSPEND_GRACEFUL, job status is SUSPENDED")],
        errors.JobStateError,
        "job status is SUSPENDED",
    ),
    (
        "ended with a failure",
        [(27, "java.lang.IllegalStateException", "It already has a result: JobResult{failure=x\n\tat A.b()}")],
        errors.JobStateError,
        "It already has a result$",
    ),
    (
        "Enterprise",
        [(61, "java.lang.UnsupportedOperationException", "You need Hazelcast Enterprise to use this feature")],
        errors.EnterpriseOnlyError,
        "You need Hazelcast Enterprise",
    ),
    (
        "coordinator left",
        [(501, "com.hazelcast.jet.core.TopologyChangedException", "Light job coordinator left the cluster")],
        errors.LightJobLostError,
        "light job",
    ),
    (
        "Jet disabled",
        [(0, "com.hazelcast.jet.impl.exception.JetDisabledException", "The Jet engine is disabled.")],
        errors.JetDisabledError,
        "is disabled",
    ),
    ("anything else", [(500, JET, "Cannot do this task on non-master")], errors.JobError, "non-master"),
]


@pytest.mark.parametrize(("said", "kind", "words"), [one[1:] for one in CALLS], ids=[one[0] for one in CALLS])
def test_a_refused_call_is_a_typed_error_that_names_job_and_cluster(
    said: list[Said], kind: type[errors.JobError], words: str
) -> None:
    error = refusal_of(holders(*said), About(cluster="blue", job="'report' (0001)", job_id=1))
    assert isinstance(error, errors.JobError)
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert "'blue'" in str(error)


FAILURE = "Exception in ProcessorTasklet{report/fail#0}: java.lang.IllegalStateException: boom"


@pytest.mark.parametrize(
    "said",
    [
        [
            (500, JET, FAILURE),
            (507, "com.hazelcast.jet.impl.execution.TaskletExecutionException", FAILURE),
            (27, "java.lang.IllegalStateException", "boom"),
        ],
        [
            (
                500,
                JET,
                f"{FAILURE}\n\tat A.b(A.java:1)\nCaused by: java.lang.IllegalStateException: boom\n\tat C.d(C.java:2)",
            )
        ],
    ],
    ids=["live", "later"],
)
def test_how_a_job_failed_is_told_with_all_of_its_causes(said: list[Said]) -> None:
    error = refusal_of(holders(*said), About(cluster="blue", job="'report'", joins=True))
    assert isinstance(error, errors.JobFailedError)
    assert error.java is not None
    assert error.java.class_name == JET
    assert str(error.java.root) == "java.lang.IllegalStateException: boom"
    assert str(error) == "Job 'report' on cluster 'blue' failed: java.lang.IllegalStateException: boom"


def test_errors_are_the_official_ones_of_their_meaning_and_a_timeout_is_pythons_too() -> None:
    assert issubclass(errors.JobStateError, hz.IllegalStateError)
    assert issubclass(errors.JobCancelledError, hz.CancellationError)
    assert issubclass(errors.EnterpriseOnlyError, hz.UnsupportedOperationError)
    with pytest.raises(TimeoutError, match=r"^too late$"):
        raise errors.JobWaitTimeoutError("too late", outcome=Outcome.UNKNOWN)
