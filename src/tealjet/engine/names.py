"""Host names to addresses: asked anew for each attempt, all at once, and each with a limit.

A name may lead to another cluster tomorrow, so an answer is used once and kept only for the time when nobody answers:
while the resolver is down or hangs, a name's last good addresses are used, which is said in the log once. What the
addresses are for this must not know.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tealjet.runtime import Runtime

__all__ = ["Names", "Resolved"]

_log = logging.getLogger("tealjet")

_HEAD_START = 0.25
"""Seconds that a name which hangs costs when other addresses are known, or its own last ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What is known of some addresses now."""

    numbers: Mapping[str, Sequence[str]]
    """For each host its numeric addresses."""
    problems: tuple[str, ...]
    """For each name that gave no answer, what was wrong and what is used instead; for people."""

    def addresses(self, told: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return the numeric addresses of some of the hosts with their ports, each once and in order."""
        return list(dict.fromkeys((number, port) for host, port in told for number in self.numbers.get(host, ())))


@dataclass(frozen=True, slots=True)
class _Lookup:
    asked_at: float
    answer: asyncio.Task[list[str]]


class Names:
    """Resolves names; at most one lookup of each is under way, however long it takes. All methods on the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        """Start without any knowledge."""
        self._runtime = runtime
        self._lookups: dict[str, _Lookup] = {}
        self._last_good: dict[str, list[str]] = {}
        self._told: set[str] = set()
        """Names of which the log knows that their last good addresses are used."""

    async def resolve(self, hosts: Iterable[str], limit: float) -> Resolved:
        """Resolve host names or numeric addresses.

        Args:
            hosts: At least one.
            limit: Seconds that may pass while nothing is known of any of them.
        """
        lookups = {host: self._ask(host) for host in hosts}
        patience = min(_HEAD_START, limit)
        await asyncio.wait([one.answer for one in lookups.values()], timeout=patience)
        if not any(_good(lookup) or host in self._last_good for host, lookup in lookups.items()):
            await asyncio.wait([one.answer for one in lookups.values()], timeout=limit - patience)
        problems = [self._judge(host, lookup) for host, lookup in lookups.items() if not _good(lookup)]
        for host in self._told & {host for host, lookup in lookups.items() if _good(lookup)}:
            self._told.discard(host)
            _log.info("%r resolves again", host)
        numbers = {host: self._last_good.get(host, ()) for host in lookups}
        return Resolved(numbers=numbers, problems=tuple(problems))

    def last_good(self, host: str) -> Sequence[str]:
        """Return the numeric addresses that the host had the last time; none if it never had any."""
        return self._last_good.get(host, ())

    def close(self) -> None:
        """Wait for no answer any more."""
        for lookup in self._lookups.values():
            lookup.answer.cancel()

    def _ask(self, host: str) -> _Lookup:
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = _Lookup(self._runtime.now(), self._runtime.spawn(self._look_up(host)))
            self._lookups[host] = lookup
        return lookup

    async def _look_up(self, host: str) -> list[str]:
        started = self._runtime.now()
        try:
            answer = self._last_good[host] = await self._runtime.resolve(host)
            return answer
        except OSError as error:
            raise OSError(f"{error}, after {self._runtime.now() - started:.1f} s") from error
        finally:
            del self._lookups[host]

    def _judge(self, host: str, lookup: _Lookup) -> str:
        if lookup.answer.done():
            problem = f"{host!r} does not resolve ({_error(lookup)})"
        else:
            problem = f"{host!r} has not resolved for {self._runtime.now() - lookup.asked_at:.1f} s"
        last = self._last_good.get(host)
        if last is None:
            return problem
        problem += f", its last good addresses are used: {', '.join(last)}"
        if host not in self._told:
            self._told.add(host)
            _log.warning("%s", problem)
        return problem


def _good(lookup: _Lookup) -> bool:
    answer = lookup.answer
    return answer.done() and not answer.cancelled() and answer.exception() is None


def _error(lookup: _Lookup) -> object:
    return "the client was closed" if lookup.answer.cancelled() else lookup.answer.exception()
