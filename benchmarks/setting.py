"""What all parts of a benchmark share: the clusters' configuration, a load that calls without a pause, and waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from hazelcast.config import Config, NearCacheConfig
from hazelcast.errors import HazelcastError

from tealjet import FailoverConfig, JetClient, new_jet_failover_client, outcome_of

MEMBER_VERSION = "5.7.0"
KEYS = 1000
VALUE = "v" * 100
NEAR = "near"
"""Name of a map that clients keep a near cache of."""
LARGE = "large"
"""Name of a map of large values."""
LARGE_VALUE = 100_000
LARGE_KEYS = 20
clock = time.perf_counter


class BenchmarkError(Exception):
    """A part could not be measured; the text says what did not happen."""


def failover_config(clusters: Mapping[str, Sequence[str]]) -> FailoverConfig:
    """Return the configuration of a client of these clusters (addresses by cluster name), in their order."""
    return FailoverConfig(clients=[official_config(name, addresses) for name, addresses in clusters.items()])


def official_config(name: str, addresses: Sequence[str]) -> Config:
    """Return a configuration that says where the cluster is and what has a near cache; all else is as it ships."""
    config = Config()
    config.cluster_name = name
    config.cluster_members = list(addresses)
    config.near_caches = {NEAR: NearCacheConfig()}
    return config


@contextmanager
def client_of(clusters: Mapping[str, Sequence[str]], **options: Any) -> Iterator[JetClient]:
    """Make a client of these clusters and close it at the end."""
    client = new_jet_failover_client(failover_config(clusters), **options)
    try:
        yield client
    finally:
        client.shutdown()


def active_name(client: JetClient) -> str:
    """Name the cluster that carries calls; there must be one."""
    active = client.failover.active
    if active is None:
        raise BenchmarkError(f"the client has no cluster: {client.failover.status()}")
    return active.name


def wait_until(condition: Callable[[], bool], what: str, *, limit: float = 60.0) -> None:
    """Look every 20 ms until the condition holds.

    Raises:
        BenchmarkError: It does not within ``limit`` seconds.
    """
    deadline = clock() + limit
    while not condition():
        if clock() > deadline:
            raise BenchmarkError(f"{what}: not within {limit:.0f} s")
        time.sleep(0.02)


def wait_for_standby(client: JetClient) -> None:
    """Wait until a cluster stands by."""
    try:
        wait_until(lambda: client.failover.standby is not None, "a cluster stands by")
    except BenchmarkError as error:
        raise BenchmarkError(f"{error} ({client.failover.status()})") from None


def outcome_text(error: Exception) -> str:
    """Tell people what became of a call that failed, and why."""
    outcome = outcome_of(error)
    return f"{outcome.value if outcome else 'not labelled'}: {error}"


@dataclass(frozen=True, kw_only=True, slots=True)
class GoodCall:
    """A call that was answered; times of ``clock``."""

    begun: float
    ended: float


class Callers:
    """Threads that get and put in turn, from entering to leaving; failed calls do not stop them."""

    def __init__(self, client: JetClient, threads: int) -> None:
        self.failed: list[str] = []
        """The outcomes and errors of failed calls, for people."""
        self._map: Any = client.get_map("bench").blocking()
        self._over = False
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        for thread in self._threads:
            thread.join()

    def _call(self, number: int) -> None:
        target, turn = self._map, number
        while not self._over:
            turn += 1
            begun, good = clock(), True
            try:
                if turn % 2:
                    target.get(str(turn % KEYS))
                else:
                    target.put(str(turn % KEYS), VALUE)
            except HazelcastError as error:
                self.failed.append(outcome_text(error))
                good = False
            self._called(number, begun, clock(), good=good)

    def _called(self, number: int, begun: float, ended: float, *, good: bool) -> None:
        """Take note of a call of the thread with that number; times of ``clock``."""


class Load(Callers):
    """Callers without a pause, and all of their good calls."""

    def __init__(self, client: JetClient, threads: int = 1) -> None:
        super().__init__(client, threads)
        self.good: list[GoodCall] = []

    def _called(self, number: int, begun: float, ended: float, *, good: bool) -> None:
        if good:
            self.good.append(GoodCall(begun=begun, ended=ended))

    def first_good_after(self, moment: float) -> GoodCall | None:
        """Return the first call that was answered after a moment."""
        return next((call for call in list(self.good) if call.ended > moment), None)


class LossWatch(logging.Handler):
    """Stamps the moment at which a client notices that a cluster is lost.

    The client logs the loss on its engine's thread, before it looks for another cluster; a listener would be called on
    a thread of its own, later, and make the client look faster than it is.
    """

    def __init__(self, cluster: str) -> None:
        super().__init__(logging.WARNING)
        self.at: float | None = None
        self._start_of_text = f"cluster {cluster!r} is lost"
        self._noticed = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        now = clock()
        if self.at is None and record.getMessage().startswith(self._start_of_text):
            self.at = now
            self._noticed.set()

    def __enter__(self) -> LossWatch:
        logging.getLogger("tealjet").addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger("tealjet").removeHandler(self)

    def wait(self, limit: float) -> float:
        """Return the moment of the loss.

        Raises:
            BenchmarkError: The client has not noticed within ``limit`` seconds.
        """
        if not self._noticed.wait(limit) or self.at is None:
            raise BenchmarkError(f"the client did not log within {limit:.0f} s that its cluster is lost")
        return self.at
