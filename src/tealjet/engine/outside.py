"""Asks what others provide and what may block: token providers, certificate files, functions that give a password.

Each question runs on a thread of its own with a limit. One that hangs keeps its thread, so there is a limit to these
too, and what hangs costs the client neither its loop nor its memory. The answer means nothing here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tealjet.engine.contracts import OutsideError
from tealjet.runtime import Runtime

__all__ = ["Outside"]

T = TypeVar("T")

_UNANSWERED = 8
"""So many questions of one kind may be without an answer at a time."""


class Outside:
    """Everything that the engine asks of others. All methods on the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        """Ask in threads of the runtime."""
        self._runtime = runtime
        self._unanswered: Counter[str] = Counter()

    async def ask(self, what: str, question: Callable[[], T], limit: float) -> T:
        """Return the answer to a question.

        Args:
            what: Who is asked, for people; also the kind of the question.
            question: Called on a thread. When it raises OutsideError, that is told; of any other error the type only,
                as the text may hold secrets.
            limit: Seconds to wait at most.

        Raises:
            OutsideError: It raised an error, did not answer in time, or too many earlier questions are open.
        """
        if self._unanswered[what] >= _UNANSWERED:
            raise OutsideError(f"{what} has not answered {_UNANSWERED} earlier questions")

        def answer() -> tuple[T] | OutsideError:  # no error leaves the thread: a log would show its text
            try:
                return (question(),)
            except OutsideError as error:
                return OutsideError(f"{what}: {error}")
            except Exception as error:
                return OutsideError(f"{what} raised {type(error).__name__}; its text is not shown, it may hold secrets")

        self._unanswered[what] += 1
        asked = self._runtime.spawn(self._runtime.in_thread("outside", answer))
        asked.add_done_callback(lambda _: self._unanswered.subtract([what]))
        try:
            async with asyncio.timeout(limit):
                answered: tuple[T] | OutsideError = await asyncio.shield(asked)
        except TimeoutError:
            raise OutsideError(f"{what} did not answer within {limit:g} s") from None
        if isinstance(answered, OutsideError):
            raise answered
        return answered[0]
