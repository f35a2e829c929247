"""Which job a statement makes, before it is sent anywhere."""

from __future__ import annotations

import pytest

from tealjet.errors import Outcome
from tealjet.jet.errors import NotAJobStatementError
from tealjet.jet.statement import job_of_statement


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE JOB report AS INSERT INTO m SELECT 1, 2", "report"),
        ("create or replace job Report_2 AS SINK INTO m SELECT 1, 2", "Report_2"),
        (
            "CREATE JOB IF NOT EXISTS \"daily report\" OPTIONS ('autoScaling'='false') AS SINK INTO m SELECT 1",
            "daily report",
        ),
        ('CREATE JOB "say ""hi""" AS SINK INTO m SELECT 1', 'say "hi"'),
        ("-- nightly\n/* all of\n it */ CREATE JOB\n  report AS SINK INTO m SELECT 1", "report"),
    ],
)
def test_the_name_is_the_one_that_the_cluster_will_see(statement: str, name: str) -> None:
    assert job_of_statement(statement) == name


@pytest.mark.parametrize(
    "statement", ["", "SELECT 1", "DROP JOB report", "CREATE MAPPING job TYPE IMap", "CREATE JOBS report AS SELECT 1"]
)
def test_a_statement_that_makes_no_job_is_refused(statement: str) -> None:
    with pytest.raises(NotAJobStatementError, match=r"takes a CREATE JOB statement.*client\.sql\.execute") as caught:
        job_of_statement(statement)
    assert caught.value.outcome is Outcome.NOT_SENT
