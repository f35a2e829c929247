"""SQL cursors: bound to the connection they were opened on, which stays for as long as they are read.

Here is what both families share; their SQL services differ in nothing but waiting.
"""

from __future__ import annotations

import uuid
from typing import Any

from hazelcast.sql import HazelcastSqlError, _SqlErrorCode

from tealjet.engine.connection import Connection
from tealjet.engine.engine import Engine
from tealjet.errors import Outcome, outcome_of

__all__ = ["keep_link", "lost_statement"]

_KNOWN = {
    Outcome.NOT_SENT: "Nothing was sent",
    Outcome.UNKNOWN: "What was sent may have been executed",
}


def _is_open(result: Any) -> bool:
    return not result._closed


def keep_link(result: Any, engine: Engine) -> Any:
    """Let the connection of a result live on after a planned switch until all rows are read; return the result."""
    if _is_open(result):
        tenants = result._connection.link.tenants
        engine.runtime.call_soon_threadsafe(tenants.__setitem__, result, _is_open)
    return result


def lost_statement(error: Exception, connection: Connection, client: uuid.UUID) -> HazelcastSqlError:
    """Return the error of a statement or a page whose connection is gone.

    Args:
        error: What ended the call.
        connection: The connection that the statement is bound to.
        client: The client's id, which the official error wants to know.
    """
    cluster = connection.link.target.name
    known = _KNOWN.get(outcome_of(error) or Outcome.UNKNOWN, "It was answered")
    text = (
        f"The statement belongs to cluster {cluster!r}, and its connection to {connection.peer} is closed: rows that "
        f"were not read can't be read on another cluster. {known}. Execute the statement again if that is safe."
    )
    lost = HazelcastSqlError(client, _SqlErrorCode.CONNECTION_PROBLEM, text, error)
    lost.__cause__ = error
    return lost
