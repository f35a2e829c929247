"""Which form of a question a cluster is asked, by its version; what is read of the answers to the simple ones."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tealjet.jet.job_config import DeltaJobConfig
from tealjet.jet.questions import Question, Questions
from tealjet.protocol import jet
from tealjet.protocol.codec import encode_request
from tealjet.protocol.declare import MessageType
from tealjet.protocol.jet_values import TerminationMode
from tealjet.protocol.values import MemberVersion

JET_4 = Questions(MemberVersion(4, 0, 3))
HAZELCAST_5 = Questions(MemberVersion(5, 5, 0))
COORDINATOR = uuid.uuid4()


def all_of(questions: Questions) -> list[Question[Any]]:
    mode = TerminationMode.SUSPEND_GRACEFUL
    return [
        questions.all_jobs(),
        questions.jobs_of_name("report"),
        questions.job_of_id(1),
        questions.summaries(),
        questions.status(1),
        questions.config(1),
        questions.submission_time(1, None),
        questions.join(1, None),
        questions.terminate(1, None, mode),
        questions.resume(1),
        questions.suspension_cause(1),
        questions.metrics(1),
        questions.export_snapshot(1, "before", cancel=False),
    ]


@pytest.mark.parametrize(
    ("questions", "known"), [(JET_4, jet.JET_4_MESSAGES), (HAZELCAST_5, jet.MESSAGES)], ids=["Jet 4", "Hazelcast 5"]
)
def test_a_cluster_is_asked_what_its_members_know(
    questions: Questions, known: tuple[MessageType[Any, Any], ...]
) -> None:
    for question in all_of(questions):
        assert any(question.kind is kind for kind in known), question.kind.name
        encode_request(question.kind, **question.fields)  # its fields are those that are declared


def test_a_change_of_a_configuration_is_asked_of_members_that_know_it() -> None:
    question = HAZELCAST_5.update_config(1, DeltaJobConfig(timeout=60))
    assert question.kind is jet.UPDATE_JOB_CONFIG
    encode_request(question.kind, **question.fields)


def test_a_light_job_is_named_by_its_coordinator_too() -> None:
    for question in (
        HAZELCAST_5.config(1, COORDINATOR),
        HAZELCAST_5.submission_time(1, COORDINATOR),
        HAZELCAST_5.join(1, COORDINATOR),
        HAZELCAST_5.terminate(1, COORDINATOR, TerminationMode.CANCEL_FORCEFUL),
    ):
        assert question.fields["light_job_coordinator"] == COORDINATOR
    assert "light_job_coordinator" not in JET_4.join(1, None).fields


def test_members_before_5_2_are_asked_for_the_list_without_statements() -> None:
    assert Questions(MemberVersion(5, 1, 0)).summaries().kind is jet.GET_JOB_SUMMARY_LIST
    assert Questions(MemberVersion(5, 2, 0)).summaries().kind is jet.GET_JOB_AND_SQL_SUMMARY_LIST


def test_jet_4_answers_ids_of_normal_jobs_only() -> None:
    (found,) = JET_4.all_jobs().read((12345,))
    assert (found.job_id, found.light) == (12345, False)


@pytest.mark.parametrize(("text", "by_user"), [("Requested by user", True), ("Execution failure:\njava.lang", False)])
def test_jet_4_tells_the_cause_of_a_suspension_as_text(text: str, by_user: bool) -> None:
    cause = JET_4.suspension_cause(1).read(text)
    assert (cause.by_user, str(cause)) == (by_user, text)
