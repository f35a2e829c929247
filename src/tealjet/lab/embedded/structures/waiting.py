"""Requests that wait: for an item, for room, for a lock. They are answered in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import LATER, Cluster, Later, Request, Session
from tealjet.runtime import Handle

__all__ = ["Attempt", "Line", "destroyed"]

Attempt = Callable[[], Any]
"""Does what was asked and returns the answer, raises a ``MemberError``, or changes nothing and returns LATER."""


def destroyed(service_class: str, name: str) -> MemberError:
    """Return the error for those who wait at an object that is destroyed."""
    return MemberError(
        failures.DISTRIBUTED_OBJECT_DESTROYED, f"DistributedObject[{service_class}@1 -> {name}] has been destroyed!"
    )


class _Waiting:
    __slots__ = ("attempt", "request", "timer")

    def __init__(self, request: Request, attempt: Attempt) -> None:
        self.request = request
        self.attempt = attempt
        self.timer: Handle | None = None

    def end(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


class Line:
    """The requests that wait for the state of one object, in whichever way: each attempt knows its own."""

    __slots__ = ("_cluster", "_waiting")

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._waiting: list[_Waiting] = []

    def __bool__(self) -> bool:
        """Say whether anybody waits."""
        return bool(self._waiting)

    def serve(
        self, request: Request, attempt: Attempt, *, limit: float | None = None, in_vain: Any = None
    ) -> Any | Later:
        """Do what a request asks for, now or when it is possible.

        Args:
            request: It is answered later if need be.
            attempt: Does it if it can be done.
            limit: Seconds that it may wait; 0 or less for not at all, None for ever.
            in_vain: The answer when that time is over; a ``MemberError`` fails the request.

        Returns:
            The answer, or LATER.

        Raises:
            MemberError: By the attempt, or as ``in_vain`` for what may not wait.
        """
        answer = attempt()
        if answer is not LATER:
            if self._waiting:
                self.move()
            return answer
        if limit is not None and limit <= 0:
            if isinstance(in_vain, MemberError):
                raise in_vain
            return in_vain
        waiting = _Waiting(request, attempt)
        self._waiting.append(waiting)
        if limit is not None:
            waiting.timer = self._cluster.call_at(self._cluster.now() + limit, self._give_up, waiting, in_vain)
        return LATER

    def move(self) -> None:
        """Serve those for whom it is possible now; to be called after every change that one of them may wait for."""
        moving = True
        while moving:
            moving = False
            for waiting in tuple(self._waiting):
                if not waiting.request.open:
                    self._remove(waiting)
                elif self._try_again(waiting):
                    moving = True

    def forget(self, session: Session) -> None:
        """Remove the requests of a connection that has ended."""
        for waiting in tuple(self._waiting):
            if waiting.request.session is session:
                self._remove(waiting)

    def fail(self, error: MemberError) -> None:
        """Fail all requests: what they wait for is no more."""
        for waiting in tuple(self._waiting):
            self._remove(waiting)
            waiting.request.fail(error)

    def _try_again(self, waiting: _Waiting) -> bool:
        try:
            answer = waiting.attempt()
        except MemberError as error:
            self._remove(waiting)
            waiting.request.fail(error)
            return True
        if answer is LATER:
            return False
        self._remove(waiting)
        waiting.request.answer(answer)
        return True

    def _give_up(self, waiting: _Waiting, in_vain: Any) -> None:
        self._remove(waiting)
        if isinstance(in_vain, MemberError):
            waiting.request.fail(in_vain)
        else:
            waiting.request.answer(in_vain)

    def _remove(self, waiting: _Waiting) -> None:
        if waiting in self._waiting:  # else its connection has ended with the answer to another of its requests
            self._waiting.remove(waiting)
            waiting.end()
