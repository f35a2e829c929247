"""What a client tells its listeners, kept in order, and a way to wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tealjet
from tealjet.cli.load import LIMIT, TooLateError

__all__ = ["EntrySeen", "Watch"]


@dataclass(frozen=True, slots=True)
class EntrySeen:
    """An event of a map."""

    key: str
    value: str
    cluster: str
    """The cluster whose member sent it."""


class Watch:
    """Listens to a client's lifecycle and failover events, and to the entries of a map."""

    def __init__(self, client: tealjet.JetClient, orders: Any) -> None:
        """Add the listeners; they are added once, whatever cluster the client moves to."""
        self._client = client
        self._changed = threading.Condition()
        self._lifecycle: list[str] = []
        self._entries: list[tuple[str, str, object]] = []
        self._members: dict[object, str] = {}
        self.note_members()
        client.lifecycle_service.add_listener(lambda state: self._add(self._lifecycle, str(state)))
        client.failover.add_listener(lambda _: self._notify())
        orders.add_entry_listener(
            include_value=True,
            added_func=lambda event: self._add(self._entries, (event.key, event.value, event.uuid)),
        )

    def _add(self, events: list[Any], event: object) -> None:
        with self._changed:
            events.append(event)
            self._changed.notify_all()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def note_members(self) -> None:
        """Remember which cluster the present members belong to."""
        active = self._client.failover.active
        if active is not None:
            self._members.update((member.uuid, active.name) for member in self._client.cluster_service.get_members())

    @property
    def lifecycle(self) -> tuple[str, ...]:
        """The lifecycle states so far."""
        with self._changed:
            return tuple(self._lifecycle)

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until something that an event brings is so.

        Raises:
            TooLateError: It is not; the text names ``what``.
        """
        with self._changed:
            if not self._changed.wait_for(condition, LIMIT):
                raise TooLateError(f"not within {LIMIT:.0f} s: {what}")

    def wait_for_entry(self, key: str) -> EntrySeen:
        """Wait for the event of a key.

        Raises:
            TooLateError: There was none.
        """
        self.wait_for(f"an event for the entry {key!r}", lambda: any(entry[0] == key for entry in self._entries))
        with self._changed:
            _, value, member = next(entry for entry in self._entries if entry[0] == key)
        return EntrySeen(key, value, self._members.get(member, "an unknown cluster"))
