"""Host names to addresses: asked anew for each attempt, all at once, and each with a limit.

A name may lead to another cluster tomorrow; while the resolver is down or hangs, a name's last good addresses are used.
What the addresses are for this must not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tealjet.engine.answers import Answers, Words
from tealjet.runtime import Runtime

__all__ = ["Names", "Resolved"]

_HEAD_START = 0.25
"""Seconds that a name which hangs costs when other addresses are known, or its own last ones."""

_WORDS: Words[str, list[str]] = Words(
    whose=repr,
    fails="does not resolve",
    hangs="has not resolved",
    again="resolves again",
    instead=lambda last: f"its last good addresses are used: {', '.join(last)}",
)


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


class Names:
    """Resolves names; at most one lookup of each is under way, however long it takes. All methods on the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        """Start without any knowledge."""
        self._runtime = runtime
        self._answers = Answers(runtime, self._look_up, _WORDS)

    async def resolve(self, hosts: Iterable[str], limit: float) -> Resolved:
        """Resolve host names or numeric addresses.

        Args:
            hosts: At least one.
            limit: Seconds that may pass while nothing is known of any of them.
        """
        hosts = tuple(hosts)
        problems = await self._answers.renew(hosts, limit, _HEAD_START)
        return Resolved(numbers={host: self.last_good(host) for host in hosts}, problems=tuple(problems))

    def last_good(self, host: str) -> Sequence[str]:
        """Return the numeric addresses that the host had the last time; none if it never had any."""
        return self._answers.last_good(host) or ()

    def close(self) -> None:
        """Wait for no answer any more."""
        self._answers.close()

    async def _look_up(self, host: str) -> list[str]:
        started = self._runtime.now()
        try:
            return await self._runtime.resolve(host)
        except OSError as error:
            raise OSError(f"{error}, after {self._runtime.now() - started:.1f} s") from error
