"""Serves sets."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.lab.embedded.structures.items import ItemListeners, sames
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures import sets
from tealjet.protocol.structures.parts import Datas, ItemEventType

__all__ = ["PlayedSet", "Sets"]


class PlayedSet:
    """The data of a set."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.items: dict[bytes, bytes] = {}
        """By what makes them the same as another."""
        self.listeners = ItemListeners("set", name, cluster)

    def add(self, items: Datas) -> bool:
        """Add items; say whether one of them was not there."""
        new = {same(item): item for item in items if same(item) not in self.items}
        self.items |= new
        self.listeners.tell(ItemEventType.ADDED, *new.values())
        return bool(new)

    def keep(self, keeps: Callable[[bytes], bool]) -> bool:
        """Remove all items but those that are to be kept, known by what makes them the same; say whether any was."""
        gone = {its: item for its, item in self.items.items() if not keeps(its)}
        for its in gone:
            del self.items[its]
        self.listeners.tell(ItemEventType.REMOVED, *gone.values())
        return bool(gone)


class Sets(Service):
    """All sets of a cluster."""

    names = frozenset({"hz:impl:setService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._sets: dict[str, PlayedSet] = {}

    def of(self, name: str) -> PlayedSet:
        """Return the set of that name; it is made when it is used."""
        if name not in self._sets:
            self._sets[name] = PlayedSet(name, self.cluster)
        return self._sets[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a set and its listeners."""
        played = self._sets.pop(name, None)
        if played is not None:
            played.listeners.end()

    @serves(sets.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the items."""
        return len(self.of(name).items)

    @serves(sets.IS_EMPTY)
    def is_empty(self, request: Request, *, name: str) -> bool:
        """Say whether there are none."""
        return not self.of(name).items

    @serves(sets.CONTAINS)
    def contains(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether an item is there."""
        return same(value) in self.of(name).items

    @serves(sets.CONTAINS_ALL)
    def contains_all(self, request: Request, *, name: str, items: Datas) -> bool:
        """Say whether all of these are there."""
        return sames(items) <= self.of(name).items.keys()

    @serves(sets.ADD)
    def add(self, request: Request, *, name: str, value: bytes) -> bool:
        """Add an item; say whether it was not there."""
        return self.of(name).add((value,))

    @serves(sets.ADD_ALL)
    def add_all(self, request: Request, *, name: str, value_list: Datas) -> bool:
        """Add items; say whether one of them was not there."""
        return self.of(name).add(value_list)

    @serves(sets.REMOVE)
    def remove(self, request: Request, *, name: str, value: bytes) -> bool:
        """Remove an item; say whether it was there."""
        return self.of(name).keep(lambda its: its != same(value))

    @serves(sets.COMPARE_AND_REMOVE_ALL)
    def remove_all(self, request: Request, *, name: str, values: Datas) -> bool:
        """Remove all items that are one of these."""
        those = sames(values)
        return self.of(name).keep(lambda its: its not in those)

    @serves(sets.COMPARE_AND_RETAIN_ALL)
    def retain_all(self, request: Request, *, name: str, values: Datas) -> bool:
        """Remove all items that are none of these."""
        those = sames(values)
        return self.of(name).keep(lambda its: its in those)

    @serves(sets.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all items."""
        self.of(name).keep(lambda its: False)

    @serves(sets.GET_ALL)
    def get_all(self, request: Request, *, name: str) -> Datas:
        """Return all items."""
        return tuple(self.of(name).items.values())

    @serves(sets.ADD_LISTENER)
    def add_listener(self, request: Request, *, include_value: bool, local_only: bool, name: str) -> uuid.UUID:
        """Tell of items that come and go."""
        return self.of(name).listeners.add(request, include_value=include_value, local_only=local_only)

    @serves(sets.REMOVE_LISTENER)
    def remove_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
