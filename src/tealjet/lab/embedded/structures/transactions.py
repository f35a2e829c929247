"""Serves transactions: what is done in one is written down, and done at its end, or not at all.

A transaction lives with the connection that has begun it. It sees its own changes, and what others have committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Later, Request, Service, Session, serves
from tealjet.lab.embedded.structures.locks import Locks, owner_of
from tealjet.lab.embedded.structures.serialized import heap_data, same
from tealjet.protocol.structures import transactions
from tealjet.protocol.values import MemberVersion

__all__ = ["Transaction", "Transactions"]

P = TypeVar("P")

_TYPES = _ONE_PHASE, _TWO_PHASE = 1, 2
"""As members number them; the official Python client has them the other way round."""


class Transaction:
    """One transaction that is under way.

    Args:
        session: The connection that has begun it.
        thread_id: Of the client's thread that has.
        bars_reads: Nobody else may read what is locked in it.
        timeout: Seconds that it may take.
        ends_at: When that is, in monotonic seconds.
        version: Of the cluster.
    """

    def __init__(
        self,
        session: Session,
        thread_id: int,
        *,
        bars_reads: bool,
        timeout: float,
        ends_at: float,
        version: MemberVersion,
    ) -> None:
        self.session = session
        self.thread_id = thread_id
        self.bars_reads = bars_reads
        self.timeout = timeout
        self.ends_at = ends_at
        self._version = version
        self._parts: dict[Hashable, Any] = {}
        self._to_do: dict[Hashable, Callable[[], object]] = {}
        self._to_undo: list[Callable[[], object]] = []
        self._locked: dict[tuple[Locks, str, bytes], None] = {}

    def part(self, of: Hashable, make: Callable[[], P]) -> P:
        """Return what it has done to a structure so far, as it sees it; made when it is used first.

        Args:
            of: The structure's kind and name.
            make: Makes it.
        """
        if of not in self._parts:
            self._parts[of] = make()
        part: P = self._parts[of]
        return part

    def when_committed(self, what: Hashable, do: Callable[[], object]) -> None:
        """Have something done at the commit, after what was written down before; once for each ``what``."""
        self._to_do.pop(what, None)
        self._to_do[what] = do

    def when_rolled_back(self, undo: Callable[[], object]) -> None:
        """Have something done at the rollback, before what was written down before."""
        self._to_undo.append(undo)

    def forget(self, what: Hashable) -> None:
        """Do not do at the commit what was written down."""
        del self._to_do[what]

    def with_lock(
        self,
        request: Request,
        locks: Locks,
        name: str,
        key: bytes,
        change: Callable[[], Any],
        keep: Callable[[], bool] = lambda: True,
    ) -> Any | Later:
        """Lock a key until the end, when it is free, and do what a request asks for.

        Args:
            request: It is answered later if need be.
            locks: Of that kind of structures.
            name: Of the structure.
            key: Serialized.
            change: What the request asks for.
            keep: Says, before that is done, whether the key is to be locked from then on.
        """
        owner = owner_of(request, self.thread_id)
        place = (locks, name, same(key))

        def lock_and_change() -> Any:
            if place not in self._locked and keep():
                locks.lock(name, same(key), owner)
                if self.bars_reads:
                    locks.bar_reads(name, same(key))
                self._locked[place] = None
            return change()

        return locks.when_free(
            request,
            name,
            same(key),
            owner,
            lock_and_change,
            limit=self.timeout,
            in_vain=MemberError(
                failures.TRANSACTION_TIMED_OUT,
                f"Transaction couldn't obtain lock for the key: {heap_data(key, self._version)}",
            ),
        )

    def commit(self) -> None:
        """Do everything that was written down."""
        for do in self._to_do.values():
            do()
        self._unlock()

    def roll_back(self) -> None:
        """Do nothing of it, and undo what was done in advance."""
        for undo in reversed(self._to_undo):
            undo()
        self._unlock()

    def _unlock(self) -> None:
        owner = self.session.client_uuid, self.thread_id
        for locks, name, key in self._locked:
            if locks.is_free_for(name, key, owner) and locks.is_locked(name, key):
                locks.unlock(name, key, owner)


class Transactions(Service):
    """All transactions of a cluster that are under way."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._transactions: dict[uuid.UUID, Transaction] = {}

    def of(self, request: Request, txn_id: uuid.UUID) -> Transaction:
        """Return the transaction that a request belongs to.

        Raises:
            MemberError: There is none on its connection.
        """
        transaction = self._transactions.get(txn_id)
        if transaction is None or transaction.session is not request.session:
            raise MemberError(failures.TRANSACTION, f"No transaction context found for txnId:{txn_id}")
        return transaction

    def session_ended(self, session: Session) -> None:
        """Roll back what the connection has begun."""
        for txn_id, transaction in tuple(self._transactions.items()):
            if transaction.session is session:
                del self._transactions[txn_id]
                transaction.roll_back()

    @serves(transactions.CREATE)
    def create(
        self, request: Request, *, timeout: int, durability: int, transaction_type: int, thread_id: int
    ) -> uuid.UUID:
        """Begin a transaction."""
        if transaction_type not in _TYPES:
            raise MemberError(failures.ILLEGAL_ARGUMENT, f"Unrecognized id:{transaction_type}")
        txn_id = self.cluster.new_id()
        seconds = timeout / 1000
        ends_at = self.cluster.now() + seconds
        self._transactions[txn_id] = Transaction(
            request.session,
            thread_id,
            bars_reads=transaction_type == _ONE_PHASE,
            timeout=seconds,
            ends_at=ends_at,
            version=self.cluster.version,
        )
        return txn_id

    @serves(transactions.COMMIT)
    def commit(self, request: Request, *, transaction_id: uuid.UUID, thread_id: int) -> None:
        """Do what a transaction has written down, if it is still in time; else it waits for its rollback."""
        transaction = self.of(request, transaction_id)
        if self.cluster.now() > transaction.ends_at:
            modern = self.cluster.version.major >= 5
            failure = failures.TRANSACTION_TIMED_OUT if modern else failures.TRANSACTION
            raise MemberError(failure, "Transaction is timed-out!")
        del self._transactions[transaction_id]
        transaction.commit()

    @serves(transactions.ROLLBACK)
    def rollback(self, request: Request, *, transaction_id: uuid.UUID, thread_id: int) -> None:
        """End a transaction as if nothing had been done in it."""
        transaction = self.of(request, transaction_id)
        del self._transactions[transaction_id]
        transaction.roll_back()
