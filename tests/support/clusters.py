"""Configurations for clusters of the lab, and a look at what is really in a cluster."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from hazelcast.config import Config

import tealjet
from support.workload import LIMIT
from tealjet.engine.driver import Published
from tealjet.engine.link import Link
from tealjet.failover.model import StandbyChanged
from tealjet.lab import AnyCluster, LocalCluster
from tealjet.protocol import table
from tealjet.protocol.codec import encode_request
from tealjet.protocol.values import ClientFilterEntry, ClientFilterKind, ClientFilterMode

_BUSY = 2 * LIMIT
"""Seconds for which a busy machine certainly does not hold a member up."""


def cluster_config(cluster: AnyCluster, **values: Any) -> Config:
    """The official configuration of a client of one cluster; ``values`` are attributes of it.

    A real member that a busy machine holds up for some seconds is not taken for a frozen one, unless a test says after
    which silence it is (``silence_limit``, or ``heartbeat_timeout`` in ``values``).
    """
    patience = {"heartbeat_timeout": _BUSY} if isinstance(cluster, LocalCluster) else {}
    return config(cluster.name, cluster.addresses, **(patience | values))


def config(cluster_name: str, addresses: list[str], **values: Any) -> Config:
    made = Config()
    made.cluster_name = cluster_name
    made.cluster_members = addresses
    for name, value in values.items():
        setattr(made, name, value)
    return made


def failover_config(*clusters: AnyCluster, try_count: int | None = None, **values: Any) -> tealjet.FailoverConfig:
    return tealjet.FailoverConfig(
        try_count=try_count, clients=[cluster_config(cluster, **values) for cluster in clusters]
    )


@contextlib.contextmanager
def look_into(cluster: AnyCluster) -> Iterator[tealjet.JetClient]:
    """A client of this cluster alone, to see what is in it."""
    with tealjet.new_jet_client(cluster_config(cluster)) as client:
        yield client


def filter_clients(cluster: AnyCluster, mode: ClientFilterMode, *names: str) -> None:
    """Tell the member that answers which clients it lets in."""
    entries = [ClientFilterEntry(kind=ClientFilterKind.INSTANCE_NAME, value=name) for name in names]
    request = encode_request(table.APPLY_MC_CONFIG, etag=uuid.uuid4().hex, mode=mode, entries=entries)
    with look_into(cluster) as operator:
        link = operator._engine.active
        assert link is not None
        operator._thread.run(link.ask(request))


def queue_items(cluster: AnyCluster, name: str) -> list[Any]:
    with look_into(cluster) as client:
        return list(client.get_queue(name).iterator().result())


def map_entries(cluster: AnyCluster, name: str) -> dict[Any, Any]:
    with look_into(cluster) as client:
        return dict(client.get_map(name).entry_set().result())


class Events:
    """Collects failover or lifecycle events; waiting is on the condition, never on the clock."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def wait_for(self, condition: Any) -> Any:
        """Wait for an event that the condition holds for, and return it."""
        with self._changed:
            found: list[Any] = []

            def look() -> bool:
                found[:] = [event for event in self.all if condition(event)]
                return bool(found)

            assert self._changed.wait_for(look, LIMIT), f"did not happen; events: {self.all}"
            return found[0]

    def wait_for_next(self, seen: int, condition: Any) -> int:
        """Wait for an event after the first ``seen`` ones that the condition holds for; return its number from 1."""
        with self._changed:
            found: list[int] = []

            def look() -> bool:
                found[:] = [number for number in range(seen, len(self.all)) if condition(self.all[number])]
                return bool(found)

            assert self._changed.wait_for(look, LIMIT), f"did not happen; events: {self.all[seen:]}"
            return found[0] + 1

    def wait_for_number(self, number: int) -> None:
        """Wait until so many events have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.all) >= number, LIMIT), f"events: {self.all}"


def wait_for_standby(client: Any, name: str) -> None:
    """Wait until the candidate stands by ready."""
    events = Events()

    def ready(event: Published) -> bool:
        return isinstance(event, StandbyChanged) and event.standby == name

    listener_id = client.failover.add_listener(events)
    try:
        if client.failover.standby is None or client.failover.standby.name != name:
            events.wait_for(ready)
    finally:
        client.failover.remove_listener(listener_id)


@contextlib.contextmanager
def logged() -> Iterator[Events]:
    """What clients log inside of the block, records of all levels."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records(record)

    records, handler, logger = Events(), Handler(), logging.getLogger("tealjet")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def wait_for_connections(link: Link | None, number: int) -> None:
    """Wait until the link has connections to so many members: it is in use before it has those that take long."""
    assert link is not None
    with logged() as records:
        seen = 0
        while len(link.connections) < number:
            seen = records.wait_for_next(seen, lambda record: record.getMessage().endswith(" is connected"))
