"""Serves lists."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Cluster, Request, Service, serves
from tealjet.lab.embedded.structures.items import ItemListeners, sames
from tealjet.lab.embedded.structures.serialized import same
from tealjet.protocol.structures import lists
from tealjet.protocol.structures.parts import Datas, ItemEventType

__all__ = ["Lists", "PlayedList"]


class PlayedList:
    """The data of a list."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.items: list[bytes] = []
        self.listeners = ItemListeners("list", name, cluster)

    def insert(self, index: int, items: Datas) -> bool:
        """Insert items, at the end if the index is -1; say whether there were any.

        Raises:
            MemberError: The list is too short.
        """
        if index == -1:
            index = len(self.items)
        if not 0 <= index <= len(self.items):
            raise MemberError(failures.INDEX_OUT_OF_BOUNDS, f"Index: {index}, Size: {len(self.items)}")
        self.items[index:index] = items
        self.listeners.tell(ItemEventType.ADDED, *items)
        return bool(items)

    def place(self, index: int) -> int:
        """Return an index at which there is an item.

        Raises:
            MemberError: There is none.
        """
        if not 0 <= index < len(self.items):
            size = len(self.items)
            raise MemberError(failures.INDEX_OUT_OF_BOUNDS, f"Index {index} out of bounds for length {size}")
        return index

    def find(self, item: bytes) -> int:
        """Return the index of the first item that is the same, or -1."""
        return next((index for index, other in enumerate(self.items) if same(other) == same(item)), -1)

    def remove(self, index: int) -> bytes:
        """Remove and return an item."""
        item = self.items.pop(index)
        self.listeners.tell(ItemEventType.REMOVED, item)
        return item

    def keep(self, keeps: Callable[[bytes], bool]) -> bool:
        """Remove all items but those that are to be kept; say whether any was removed."""
        gone = [item for item in self.items if not keeps(item)]
        self.items = [item for item in self.items if keeps(item)]
        self.listeners.tell(ItemEventType.REMOVED, *gone)
        return bool(gone)


class Lists(Service):
    """All lists of a cluster."""

    names = frozenset({"hz:impl:listService"})

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._lists: dict[str, PlayedList] = {}

    def of(self, name: str) -> PlayedList:
        """Return the list of that name; it is made when it is used."""
        if name not in self._lists:
            self._lists[name] = PlayedList(name, self.cluster)
        return self._lists[name]

    def destroy(self, service_name: str, name: str) -> None:
        """Remove a list and its listeners."""
        played = self._lists.pop(name, None)
        if played is not None:
            played.listeners.end()

    @serves(lists.SIZE)
    def size(self, request: Request, *, name: str) -> int:
        """Count the items."""
        return len(self.of(name).items)

    @serves(lists.IS_EMPTY)
    def is_empty(self, request: Request, *, name: str) -> bool:
        """Say whether there are none."""
        return not self.of(name).items

    @serves(lists.CONTAINS)
    def contains(self, request: Request, *, name: str, value: bytes) -> bool:
        """Say whether an item is there."""
        return self.of(name).find(value) >= 0

    @serves(lists.CONTAINS_ALL)
    def contains_all(self, request: Request, *, name: str, values: Datas) -> bool:
        """Say whether all of these are there."""
        return sames(values) <= sames(self.of(name).items)

    @serves(lists.ADD)
    def add(self, request: Request, *, name: str, value: bytes) -> bool:
        """Append an item."""
        played = self.of(name)
        return played.insert(len(played.items), (value,))

    @serves(lists.ADD_ALL)
    def add_all(self, request: Request, *, name: str, value_list: Datas) -> bool:
        """Append items."""
        played = self.of(name)
        return played.insert(len(played.items), value_list)

    @serves(lists.ADD_WITH_INDEX)
    def add_with_index(self, request: Request, *, index: int, name: str, value: bytes) -> None:
        """Insert an item."""
        self.of(name).insert(index, (value,))

    @serves(lists.ADD_ALL_WITH_INDEX)
    def add_all_with_index(self, request: Request, *, index: int, name: str, value_list: Datas) -> bool:
        """Insert items."""
        return self.of(name).insert(index, value_list)

    @serves(lists.GET)
    def get(self, request: Request, *, index: int, name: str) -> bytes | None:
        """Return an item."""
        played = self.of(name)
        return played.items[played.place(index)]

    @serves(lists.SET)
    def set(self, request: Request, *, index: int, name: str, value: bytes) -> bytes | None:
        """Replace an item and return the one before."""
        played = self.of(name)
        before = played.items[played.place(index)]
        played.items[index] = value
        played.listeners.tell(ItemEventType.REMOVED, before)
        played.listeners.tell(ItemEventType.ADDED, value)
        return before

    @serves(lists.REMOVE_WITH_INDEX)
    def remove_with_index(self, request: Request, *, index: int, name: str) -> bytes | None:
        """Remove and return an item."""
        played = self.of(name)
        if not 0 <= index < len(played.items):
            played.listeners.tell(ItemEventType.REMOVED, None)  # as members do, before they see that it is not there
        return played.remove(played.place(index))

    @serves(lists.REMOVE)
    def remove(self, request: Request, *, name: str, value: bytes) -> bool:
        """Remove the first item that is the same."""
        played = self.of(name)
        index = played.find(value)
        if index >= 0:
            played.remove(index)
        return index >= 0

    @serves(lists.COMPARE_AND_REMOVE_ALL)
    def remove_all(self, request: Request, *, name: str, values: Datas) -> bool:
        """Remove all items that are one of these."""
        those = sames(values)
        return self.of(name).keep(lambda item: same(item) not in those)

    @serves(lists.COMPARE_AND_RETAIN_ALL)
    def retain_all(self, request: Request, *, name: str, values: Datas) -> bool:
        """Remove all items that are none of these."""
        those = sames(values)
        return self.of(name).keep(lambda item: same(item) in those)

    @serves(lists.CLEAR)
    def clear(self, request: Request, *, name: str) -> None:
        """Remove all items."""
        self.of(name).keep(lambda item: False)

    @serves(lists.INDEX_OF)
    def index_of(self, request: Request, *, name: str, value: bytes) -> int:
        """Return where the first item is that is the same, or -1."""
        return self.of(name).find(value)

    @serves(lists.LAST_INDEX_OF)
    def last_index_of(self, request: Request, *, name: str, value: bytes) -> int:
        """Return where the last item is that is the same, or -1."""
        items = self.of(name).items
        return next((index for index in reversed(range(len(items))) if same(items[index]) == same(value)), -1)

    @serves(lists.GET_ALL)
    @serves(lists.ITERATOR)
    def get_all(self, request: Request, *, name: str) -> Datas:
        """Return all items."""
        return tuple(self.of(name).items)

    @serves(lists.LIST_ITERATOR)
    def list_iterator(self, request: Request, *, index: int, name: str) -> Datas:
        """Return the items from an index on."""
        return self._sub(name, index, len(self.of(name).items))

    @serves(lists.SUB)
    def sub(self, request: Request, *, from_: int, to: int, name: str) -> Datas:
        """Return the items from an index to another, without that."""
        return self._sub(name, from_, to)

    def _sub(self, name: str, begin: int, end: int) -> Datas:
        items = self.of(name).items
        if begin < 0:
            raise MemberError(failures.INDEX_OUT_OF_BOUNDS, f"fromIndex = {begin}")
        if end > len(items):
            raise MemberError(failures.INDEX_OUT_OF_BOUNDS, f"toIndex = {end}")
        if begin > end:
            raise MemberError(failures.ILLEGAL_ARGUMENT, f"fromIndex({begin}) > toIndex({end})")
        return tuple(items[begin:end])

    @serves(lists.ADD_LISTENER)
    def add_listener(self, request: Request, *, include_value: bool, local_only: bool, name: str) -> uuid.UUID:
        """Tell of items that come and go."""
        return self.of(name).listeners.add(request, include_value=include_value, local_only=local_only)

    @serves(lists.REMOVE_LISTENER)
    def remove_listener(self, request: Request, *, registration_id: uuid.UUID, name: str) -> bool:
        """Tell no more."""
        return self.cluster.remove_listener(registration_id)
