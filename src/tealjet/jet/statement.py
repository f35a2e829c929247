"""The job that a CREATE JOB statement makes: its name, as the SQL parser of the cluster will see it. Pure."""

from __future__ import annotations

import re

from tealjet.errors import Outcome
from tealjet.jet.errors import NotAJobStatementError

__all__ = ["job_of_statement"]

_CREATE_JOB = re.compile(
    r"""(?: \s | --[^\n]*(?:\n|$) | /\*.*?\*/ )*
        CREATE \s+ (?: OR \s+ REPLACE \s+ )? JOB \s+ (?: IF \s+ NOT \s+ EXISTS \s+ )?
        (?: "(?P<quoted>(?:[^"]|"")+)" | (?P<plain>[^\W\d]\w*) )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def job_of_statement(sql: str) -> str:
    """Return the name of the job that a statement makes.

    Raises:
        NotAJobStatementError: It is no CREATE JOB statement (Hazelcast Platform manual, "CREATE JOB").
    """
    found = _CREATE_JOB.match(sql)
    if found is None:
        shown = " ".join(sql.split())
        raise NotAJobStatementError(
            f"submit_sql takes a CREATE JOB statement, and this one makes no job: {shown[:100]!r}; run other "
            "statements with client.sql.execute.",
            outcome=Outcome.NOT_SENT,
        )
    quoted: str | None = found["quoted"]
    return found["plain"] if quoted is None else quoted.replace('""', '"')
