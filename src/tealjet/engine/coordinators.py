"""Clusters whose members' addresses only a coordinator knows, such as those in Hazelcast Cloud.

Members tell their own addresses, which nobody outside of their network can connect to; the coordinator has the public
one for each. It is asked anew for each attempt, and again for a member that it has not told of yet. How it is asked
this must not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from tealjet.engine.answers import Answers, Words
from tealjet.engine.contracts import Target
from tealjet.engine.outside import Outside
from tealjet.protocol.values import Address
from tealjet.runtime import Runtime

__all__ = ["Coordinators"]

_PATIENCE = 1.0
"""Seconds that a coordinator has to answer while its last good answer is known."""

_Known = Mapping[tuple[str, int], tuple[str, int]]


def _instead(last: _Known) -> str:
    return f"the last good ones are used: {', '.join(f'{host}:{port}' for host, port in last.values())}"


_WORDS: Words[Target, _Known] = Words(
    whose=lambda target: f"the addresses of {target.name!r}",
    fails="are not known",
    hangs="have not been told by its coordinator",
    again="are told again",
    instead=_instead,
)


class Coordinators:
    """Asks the coordinators of candidates. All methods on the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        """Start without any knowledge."""
        self._outside = Outside(runtime)
        self._answers = Answers(runtime, self._ask, _WORDS)

    async def ask(self, target: Target, limit: float) -> list[str]:
        """Ask where the members of a candidate are, if it has a coordinator.

        Args:
            target: The candidate.
            limit: Seconds that may pass while nothing is known.

        Returns:
            If there was no answer, what was wrong and what is used instead; for people.
        """
        return [] if target.coordinator is None else await self._answers.renew([target], limit, _PATIENCE)

    def addresses(self, target: Target) -> list[tuple[str, int]]:
        """Return where a candidate's members can be connected to, as far as that is known without them."""
        return list(target.addresses if target.coordinator is None else self._known(target).values())

    def public(self, target: Target, own: Address) -> list[Address]:
        """Return the public address of a member that tells its own; none if the coordinator has not told of it."""
        public = self._known(target).get((own.host, own.port))
        return [] if public is None else [Address(host=public[0], port=public[1])]

    def close(self) -> None:
        """Wait for no answer any more."""
        self._answers.close()

    def _known(self, target: Target) -> _Known:
        return self._answers.last_good(target) or {}

    async def _ask(self, target: Target) -> _Known:
        assert target.coordinator is not None  # noqa: S101 - others are not asked
        what = f"the coordinator of {target.name!r}"
        return await self._outside.ask(what, target.coordinator, target.connect_timeout)
