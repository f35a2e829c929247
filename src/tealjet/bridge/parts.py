"""Calls of a user that consist of several messages: what is known of one is known of all its parts together.

The official proxies raise the error of one part, or of some, and each of those knows of its own message only. Here the
parts of one call are kept together, so that its error never says less than what became of all of them: once one part
was applied or may have been, the call may have been applied. A part that failed unnoticed fails the call.
"""

from __future__ import annotations

import asyncio
import copy
import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar, cast

from hazelcast.future import Future

from tealjet.bridge.futures import FutureOwner, continued
from tealjet.engine.calls import Call
from tealjet.errors import Outcome, outcome_of

Method = TypeVar("Method", bound=Callable[..., Any])

__all__ = ["Parts", "async_in_parts", "in_parts"]


class Parts:
    """The invocation service of one call of a user: it remembers what the call consists of."""

    def __init__(self, invocations: Any, what: str) -> None:
        """Hand the parts on.

        Args:
            invocations: The family's invocation service.
            what: Name of the user's call, for its error.
        """
        self._invocations = invocations
        self._what = what
        self._parts: list[tuple[Call, Any]] = []

    def invoke(self, invocation: Any) -> None:
        """Start a part."""
        call = self._invocations.invoke(invocation)
        self._parts.append((call, invocation.future))

    @property
    def owner(self) -> FutureOwner:
        """Whose the futures of the parts are; only in the threaded family."""
        return self._invocations.owner  # type: ignore[no-any-return]

    def settled(self, future: Future[Any]) -> Any:
        """Return the result of a call of the threaded family whose parts have all ended."""
        try:
            result = future.result()
            for _, part in self._parts:
                part.result()  # MultiMap.put_all drops the errors of its parts
        except Exception as error:
            self.judge(error)
            raise
        return result

    def judge(self, error: Exception) -> None:
        """Attach to the error that ends the call what is known of all its parts, and count them in a note."""
        fates = Counter(_fate(*part) for part in self._parts)
        if not fates:  # it failed before there was anything to send
            return
        _label(error, next(iter(fates)) if len(fates) == 1 else None)
        if len(self._parts) == 1:  # one part has said itself what there is to say
            return
        counts = ", ".join(f"{number} {fate.value if fate else 'applied'}" for fate, number in fates.items())
        error.add_note(f"{self._what} consisted of {len(self._parts)} messages: {counts}")


def _fate(call: Call, future: Any) -> Outcome | None:
    """Return what is known of a part; None when it ended well."""
    try:
        error = future.exception() if future.done() else asyncio.CancelledError()
    except asyncio.CancelledError as cancelled:
        error = cancelled
    if error is None:
        return None
    if isinstance(error, asyncio.CancelledError):  # nobody waits for it, but it goes on if a connection has taken it
        return call.outcome if call.carrier is None else Outcome.UNKNOWN
    return outcome_of(error) or Outcome.UNKNOWN


def _label(error: BaseException, outcome: Outcome | None) -> None:
    error.outcome = outcome or Outcome.UNKNOWN  # type: ignore[attr-defined]
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            _label(member, outcome)


def _with_parts(proxy: Any, what: str) -> tuple[Any, Parts]:
    """Return a proxy like this one whose messages are parts of one call."""
    parts = Parts(proxy._invocation_service, f"{type(proxy).__name__.lstrip('_')}.{what}")
    view = copy.copy(proxy)
    view._invocation_service = parts
    return view, parts


def in_parts(official: Method) -> Method:
    """Make of an official method of the threaded family that sends several messages one whose error knows of all."""

    @functools.wraps(official)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self._invocation_service, Parts):  # it has sent a schema first and begins anew
            return official(self, *args, **kwargs)
        view, parts = _with_parts(self, official.__name__)
        try:
            return continued(parts.owner, official(view, *args, **kwargs), parts.settled)
        except Exception as error:
            parts.judge(error)
            raise

    return cast("Method", call)


def async_in_parts(official: Method) -> Method:
    """Make of an official method of the asyncio family that sends several messages one whose error knows of all."""

    @functools.wraps(official)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self._invocation_service, Parts):
            return await official(self, *args, **kwargs)
        view, parts = _with_parts(self, official.__name__)
        try:
            return await official(view, *args, **kwargs)
        except Exception as error:
            parts.judge(error)
            raise

    return cast("Method", call)
