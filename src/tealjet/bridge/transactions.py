"""Transactions: bound to the cluster that they began on, through to their end.

Only the threaded family has them. A transaction that is open at a planned switch goes on where it began; one whose
cluster is lost ends with an error that says what is known of the whole transaction, not of the single call in it.
"""

from __future__ import annotations

from typing import Any

from hazelcast.client import _ClientContext
from hazelcast.protocol.codec import transaction_commit_codec, transaction_rollback_codec
from hazelcast.transaction import _STATE_ACTIVE, Transaction, TransactionManager

from tealjet.bridge.calls import more_time
from tealjet.engine.engine import Engine
from tealjet.errors import ConnectionLostError, NoConnectionError, Outcome, TransactionLostError, outcome_of
from tealjet.protocol.frames import message_type

__all__ = ["Transactions"]

_COMMIT = transaction_commit_codec._REQUEST_MESSAGE_TYPE
_ROLLBACK = transaction_rollback_codec._REQUEST_MESSAGE_TYPE


class Transactions(TransactionManager):
    """The official transaction manager; it makes our transactions."""

    def __init__(self, context: Any, engine: Engine) -> None:
        """Make transactions for this client context."""
        super().__init__(context)
        self._engine = engine

    def new_transaction(self, timeout: float, durability: int, transaction_type: int) -> Transaction:
        """Make a transaction that has not begun; the arguments are the official ones."""
        return _Transaction(self._context, self._engine, self._connect, timeout, durability, transaction_type)


class _Transaction(Transaction):
    def __init__(self, context: Any, engine: Engine, connect: Any, *settings: Any) -> None:
        bound = _ClientContext()
        bound.__dict__.update(context.__dict__)
        super().__init__(bound, connect(), *settings)
        bound.invocation_service = _Invocations(context.invocation_service, engine, self.timeout)
        self._engine = engine
        self._connect = connect

    def begin(self) -> None:
        if self.connection.link is not self._engine.active:  # the client has moved since it was made
            self.connection = self._connect()
        super().begin()
        tenants = self.connection.link.tenants
        self._engine.runtime.call_soon_threadsafe(tenants.__setitem__, self, _is_active)


def _is_active(transaction: Any) -> bool:
    return transaction.state == _STATE_ACTIVE  # type: ignore[no-any-return]


class _Invocations:
    """The invocation service of a transaction."""

    def __init__(self, invocations: Any, engine: Engine, timeout: float) -> None:
        self._invocations = invocations
        self._engine = engine
        self._timeout = timeout

    def invoke(self, invocation: Any) -> None:
        with more_time(self._timeout, self._engine):  # it may wait for a lock as long as the transaction may take
            self._invocations.invoke(invocation)
        invocation.future = _Answer(invocation)


class _Answer:
    """The future of a call in a transaction, as far as the official code uses it."""

    def __init__(self, invocation: Any) -> None:
        self._future = invocation.future
        self._type = message_type(invocation.request.buf)
        self._cluster = invocation.connection.link.target.name

    def result(self) -> Any:
        try:
            return self._future.result()
        except (NoConnectionError, ConnectionLostError) as error:
            if self._type == _ROLLBACK:
                return None  # its cluster rolls it back by itself, now that the client is gone
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> TransactionLostError:
        begun = f"The transaction began on cluster {self._cluster!r}, and its connection is closed"
        if self._type == _COMMIT and outcome_of(error) is Outcome.UNKNOWN:
            text = f"{begun}: it may have been committed. Look before you run it again."
            return TransactionLostError(text, outcome=Outcome.UNKNOWN)
        text = f"{begun} before it was committed: nothing of it is applied. Run the whole transaction again."
        return TransactionLostError(text, outcome=Outcome.NOT_SENT)
