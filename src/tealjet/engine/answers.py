"""What others know and may change at any time: asked for anew each time, and once at a time.

An answer is used once and kept only for the time when nobody answers: while whoever knows is down or hangs, the last
good answer is used, which is said in the log once. What is asked for this must not know.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tealjet.runtime import Runtime

__all__ = ["Answers", "Words"]

_log = logging.getLogger("tealjet")

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Words(Generic[K, T]):
    """How it is said, for people, what became of a question."""

    whose: Callable[[K], str]
    """Who or what is asked, the subject of a sentence."""
    fails: str
    """Its predicate when there was an error."""
    hangs: str
    """While there is no answer yet."""
    again: str
    """When there is one again."""
    instead: Callable[[T], str]
    """What is used instead: the last good answer."""


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    asked_at: float
    answer: asyncio.Task[T]


class Answers(Generic[K, T]):
    """Asks, and keeps the last good answers. All methods on the event loop."""

    def __init__(self, runtime: Runtime, ask: Callable[[K], Awaitable[T]], words: Words[K, T]) -> None:
        """Start without any knowledge.

        Args:
            runtime: The world.
            ask: Asks for one thing; what it raises is shown.
            words: How it is said what became of it.
        """
        self._runtime = runtime
        self._ask = ask
        self._words = words
        self._questions: dict[K, _Question[T]] = {}
        self._last_good: dict[K, T] = {}
        self._told: set[K] = set()
        """Things of which the log knows that their last good answers are used."""

    async def renew(self, keys: Iterable[K], limit: float, patience: float) -> list[str]:
        """Ask for some things at once; afterwards ``last_good`` has what is known of them.

        Args:
            keys: At least one.
            limit: Seconds that may pass while nothing is known of any of them.
            patience: Seconds that a question costs when something is known of one of them; no more than the limit.

        Returns:
            For each thing without an answer, what was wrong and what is used instead; for people.
        """
        questions = {key: self._question(key) for key in keys}
        patience = min(patience, limit)
        await asyncio.wait([one.answer for one in questions.values()], timeout=patience)
        if not any(_good(question) or key in self._last_good for key, question in questions.items()):
            await asyncio.wait([one.answer for one in questions.values()], timeout=limit - patience)
        problems = [self._judge(key, question) for key, question in questions.items() if not _good(question)]
        for key in self._told & {key for key, question in questions.items() if _good(question)}:
            self._told.discard(key)
            _log.info("%s %s", self._words.whose(key), self._words.again)
        return problems

    def last_good(self, key: K) -> T | None:
        """Return the last good answer; None if there never was one."""
        return self._last_good.get(key)

    def close(self) -> None:
        """Wait for no answer any more."""
        for question in self._questions.values():
            question.answer.cancel()

    def _question(self, key: K) -> _Question[T]:
        question = self._questions.get(key)
        if question is None:
            question = _Question(self._runtime.now(), self._runtime.spawn(self._answer(key)))
            self._questions[key] = question
        return question

    async def _answer(self, key: K) -> T:
        try:
            answer = self._last_good[key] = await self._ask(key)
            return answer
        finally:
            del self._questions[key]

    def _judge(self, key: K, question: _Question[T]) -> str:
        words = self._words
        if question.answer.done():
            problem = f"{words.whose(key)} {words.fails} ({_error(question)})"
        else:
            problem = f"{words.whose(key)} {words.hangs} for {self._runtime.now() - question.asked_at:.1f} s"
        last = self._last_good.get(key)
        if last is None:
            return problem
        problem += f", {words.instead(last)}"
        if key not in self._told:
            self._told.add(key)
            _log.warning("%s", problem)
        return problem


def _good(question: _Question[T]) -> bool:
    answer = question.answer
    return answer.done() and not answer.cancelled() and answer.exception() is None


def _error(question: _Question[T]) -> object:
    return "the client was closed" if question.answer.cancelled() else question.answer.exception()
