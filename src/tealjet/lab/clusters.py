"""What every cluster of the lab can do, whatever its members are, and what can go wrong with it.

A program that is written for these verbs runs on real members and on embedded ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from tealjet.errors import TealjetError

__all__ = [
    "AnyCluster",
    "AnyLab",
    "AnyMember",
    "ClusterOf",
    "LabError",
    "LabOf",
    "LabStart",
    "MemberStartError",
    "options_by_key",
]


class LabError(TealjetError):
    """A cluster on this machine did not do what was asked of it."""


class MemberStartError(LabError):
    """A member did not come up; the text says how it ended and, for a real one, has the end of its log."""


class AnyMember(Protocol):
    """One member of a cluster of the lab."""

    @property
    def address(self) -> str:
        """Host and port, for a client's configuration; the same for the member's whole life."""
        ...

    @property
    def alive(self) -> bool:
        """Whether the member is there, frozen or not."""
        ...

    def kill(self) -> None:
        """End it without warning and wait until it is gone; harmless when it is dead."""
        ...

    def freeze(self) -> None:
        """Let it stand still: connections stay, nothing answers. Raises LabError when it is dead."""
        ...

    def thaw(self) -> None:
        """Let a frozen member go on. Raises LabError when it is dead."""
        ...

    def stop(self, timeout: float = 30.0) -> None:
        """Shut it down gracefully within so many seconds, thawing it first; harmless when it is dead."""
        ...

    def restart(self, timeout: float = 60.0) -> None:
        """Kill it if it is there, start it anew at the same address and wait until it serves clients."""
        ...


class AnyCluster(Protocol):
    """One cluster of the lab; its verbs do to all members what the member's verb of that name does to one."""

    @property
    def name(self) -> str:
        """The Hazelcast cluster name."""
        ...

    @property
    def version(self) -> str:
        """What its members are, or answer as: a version that the lab knows."""
        ...

    @property
    def members(self) -> Sequence[AnyMember]:
        """Its members, dead ones included."""
        ...

    @property
    def addresses(self) -> list[str]:
        """The members' addresses, for a client's configuration."""
        ...

    @property
    def alive(self) -> bool:
        """Whether every member is there."""
        ...

    def kill(self) -> None:
        """Kill all members."""
        ...

    def freeze(self) -> None:
        """Freeze all members."""
        ...

    def thaw(self) -> None:
        """Thaw all members."""
        ...

    def stop(self, timeout: float = 30.0) -> None:
        """Shut all members down gracefully, one after the other."""
        ...

    def restart(self, timeout: float = 60.0) -> None:
        """Kill what is there and start all members anew: a new cluster without the old data."""
        ...

    def wait(self, timeout: float = 60.0) -> None:
        """Wait until all members serve clients in one cluster. Raises MemberStartError when one does not in time."""
        ...


M_co = TypeVar("M_co", bound=AnyMember, covariant=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterOf(Generic[M_co]):
    """One cluster of members of one kind; its verbs do to all of them what the member's verb of that name does."""

    name: str
    """The Hazelcast cluster name."""
    version: str
    """What its members are, or answer as: a version that the lab knows."""
    members: tuple[M_co, ...]

    @property
    def addresses(self) -> list[str]:
        """The members' addresses, for a client's configuration."""
        return [member.address for member in self.members]

    @property
    def alive(self) -> bool:
        """Whether every member is there, frozen or not."""
        return all(member.alive for member in self.members)

    def kill(self) -> None:
        """Kill all members and wait until they are gone; the cluster's data is gone with the last one."""
        for member in self.members:
            member.kill()

    def freeze(self) -> None:
        """Freeze all members: connections stay, nothing answers."""
        for member in self.members:
            member.freeze()

    def thaw(self) -> None:
        """Let all frozen members go on."""
        for member in self.members:
            member.thaw()

    def stop(self, timeout: float = 30.0) -> None:
        """Shut the members down gracefully, one after the other; ``timeout`` seconds for each."""
        for member in self.members:
            member.stop(timeout)


C_co = TypeVar("C_co", bound=AnyCluster, covariant=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class LabOf(Generic[C_co]):
    """Clusters of one kind that run until the lab is left."""

    clusters: Mapping[str, C_co]
    """By the keys that they were started with."""

    def __getitem__(self, key: str) -> C_co:
        if key not in self.clusters:
            raise KeyError(f"no cluster was started as {key!r}; there are {', '.join(map(repr, self.clusters))}")
        return self.clusters[key]


O = TypeVar("O")  # noqa: E741 - the options of a cluster


def options_by_key(clusters: Sequence[str] | Mapping[str, O], usual: O) -> Mapping[str, O]:
    """Return the options of the clusters that are to be started: those that were given, or the usual ones for keys.

    Raises:
        ValueError: There is no key, one stands there twice, or they are no list.
    """
    if isinstance(clusters, str):
        raise ValueError(f"the clusters are given as a list of keys, such as ({clusters!r},), not as one text")
    if not clusters:
        raise ValueError("no cluster is to be started: give at least one key")
    if len(set(clusters)) < len(clusters):
        raise ValueError(f"clusters are told apart by their keys, and one is there twice: {', '.join(clusters)}")
    return clusters if isinstance(clusters, Mapping) else dict.fromkeys(clusters, usual)


class AnyLab(Protocol):
    """Clusters that run until the lab is left."""

    @property
    def clusters(self) -> Mapping[str, AnyCluster]:
        """By the keys that they were started with."""
        ...

    def __getitem__(self, key: str) -> AnyCluster: ...


L_co = TypeVar("L_co", bound=AnyLab, covariant=True)


class LabStart(Generic[L_co]):
    """Clusters yet to be started: entering starts them, leaving ends them and removes all traces.

    Works in ``with`` and, without blocking the loop, in ``async with``; once.
    """

    def __init__(self, start: Callable[[contextlib.ExitStack, threading.Event], L_co]) -> None:
        self._start = start
        self._started = contextlib.ExitStack()
        self._cancelled = threading.Event()

    def __enter__(self) -> L_co:
        with contextlib.ExitStack() as stack:
            lab = self._start(stack, self._cancelled)
            self._started = stack.pop_all()
            return lab

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.close()

    async def __aenter__(self) -> L_co:
        starting = asyncio.ensure_future(asyncio.to_thread(self.__enter__))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._cancelled.set()
            await asyncio.wait([starting])
            if starting.exception() is None:
                await asyncio.to_thread(self._started.close)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._started.close)
