"""Serves executors: they can be shut down, and refuse every task, as a task is code that no embedded member has."""

from __future__ import annotations

import uuid
from typing import NoReturn

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.lab.embedded.structures.serialized import java_class, refuse_code
from tealjet.protocol.structures import executors

__all__ = ["Executors"]


class Executors(Service):
    """All executors of a cluster."""

    names = frozenset({"hz:impl:executorService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._shut_down: set[str] = set()

    def destroy(self, service_name: str, name: str) -> None:
        """Forget that an executor was shut down."""
        self._shut_down.discard(name)

    @serves(executors.SHUTDOWN)
    def shutdown(self, request: Request, *, name: str) -> None:
        """Take no more tasks."""
        self._shut_down.add(name)

    @serves(executors.IS_SHUTDOWN)
    def is_shutdown(self, request: Request, *, name: str) -> bool:
        """Say whether it takes no more tasks."""
        return name in self._shut_down

    @serves(executors.SUBMIT_TO_PARTITION)
    def submit_to_partition(self, request: Request, *, uuid: uuid.UUID | None, name: str, task: bytes) -> bytes | None:
        """Refuse a task."""
        self._refuse(task)

    @serves(executors.SUBMIT_TO_MEMBER)
    def submit_to_member(
        self, request: Request, *, uuid: uuid.UUID | None, member_uuid: uuid.UUID | None, name: str, task: bytes
    ) -> bytes | None:
        """Refuse a task."""
        self._refuse(task)

    def _refuse(self, task: bytes) -> NoReturn:
        try:
            refuse_code(task, "java.util.concurrent.Callable")
        except MemberError as error:
            if error.failure == failures.CLASS_CAST and self.cluster.version.major >= 5:
                raise MemberError(failures.ILLEGAL_ARGUMENT, java_class(task)) from None
            raise
