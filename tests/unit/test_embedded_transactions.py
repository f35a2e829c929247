"""Transactions of embedded members: what they see, what others see, and what is left of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hazelcast import predicate

from support.embedded import MemoryClient, MemoryCluster
from support.serialized import data, value, values
from tealjet.protocol.structures import lists, maps, multi_maps, queues, sets
from tealjet.protocol.structures import transactions as tx
from tealjet.protocol.structures.parts import EntryEventType, ItemEventType

THREAD = 1


class Transaction:
    """A transaction that is under way; its structures are called "n"."""

    def __init__(self, client: MemoryClient, seconds: float = 10.0) -> None:
        self.client = client
        self.id: uuid.UUID = client.ask(
            tx.CREATE, timeout=round(seconds * 1000), durability=1, transaction_type=1, thread_id=THREAD
        )

    def fields(self, message: Any, key: str | None = None, **fields: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"txn_id": self.id, "thread_id": THREAD, "name": "n", "ttl": -1, "timeout": 0, **fields}
        if key is not None:
            given["key"] = data(key)
        return {name: given[name] for name in message.request.fields.names}

    def ask(self, message: Any, key: str | None = None, **fields: Any) -> Any:
        return self.client.ask(message, **self.fields(message, key, **fields))

    def send(self, message: Any, key: str | None = None, **fields: Any) -> int:
        return self.client.send(message, **self.fields(message, key, **fields))

    def commit(self) -> None:
        self.client.ask(tx.COMMIT, transaction_id=self.id, thread_id=THREAD)

    def roll_back(self) -> None:
        self.client.ask(tx.ROLLBACK, transaction_id=self.id, thread_id=THREAD)


@pytest.fixture
def world() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def client(world: MemoryCluster) -> MemoryClient:
    return world.client()


@pytest.fixture
def mine(client: MemoryClient) -> Transaction:
    return Transaction(client)


def put(client: MemoryClient, key: str, new: Any) -> None:
    client.ask(maps.PUT, name="n", thread_id=9, ttl=-1, key=data(key), value=data(new))


def stored(client: MemoryClient) -> dict[Any, Any]:
    return {value(key): value(one) for key, one in client.ask(maps.ENTRY_SET, name="n")}


def is_locked(client: MemoryClient, key: str) -> bool:
    return client.ask(maps.IS_LOCKED, name="n", key=data(key))


def refused(client: MemoryClient, message: Any, **fields: Any) -> tuple[str, str | None]:
    first = client.error(message, **fields)[0]
    return first.class_name.rpartition(".")[2], first.message


# ------------------------------------------------------------------------------------------------------------- maps


def test_what_a_transaction_does_is_seen_by_others_after_its_commit(
    world: MemoryCluster, client: MemoryClient, mine: Transaction
) -> None:
    put(client, "a", 1)
    assert value(mine.ask(tx.MAP_PUT, "b", value=data(2))) is None
    assert value(mine.ask(tx.MAP_PUT, "b", value=data(3))) == 2
    assert value(mine.ask(tx.MAP_REMOVE, "a")) == 1
    assert value(mine.ask(tx.MAP_GET, "b")) == 3
    assert mine.ask(tx.MAP_GET, "a") is None
    assert not mine.ask(tx.MAP_CONTAINS_KEY, "a")
    assert values(mine.ask(tx.MAP_KEY_SET)) == ["b"]
    assert values(mine.ask(tx.MAP_VALUES)) == [3]
    assert mine.ask(tx.MAP_SIZE) == 1
    assert not mine.ask(tx.MAP_IS_EMPTY)
    assert stored(world.client()) == {"a": 1}
    mine.commit()
    assert stored(world.client()) == {"b": 3}


def test_a_rollback_leaves_everything_as_it_was(client: MemoryClient, mine: Transaction) -> None:
    put(client, "a", 1)
    mine.ask(tx.MAP_SET, "a", value=data(2))
    mine.ask(tx.MAP_DELETE, "a")
    assert is_locked(client, "a")
    mine.roll_back()
    assert stored(client) == {"a": 1}
    assert not is_locked(client, "a")


def test_conditional_changes_are_made_if_they_apply_and_lock_only_then(client: MemoryClient, mine: Transaction) -> None:
    put(client, "a", 1)
    assert value(mine.ask(tx.MAP_PUT_IF_ABSENT, "a", value=data(2))) == 1
    assert mine.ask(tx.MAP_REPLACE, "nobody", value=data(2)) is None
    assert not mine.ask(tx.MAP_REPLACE_IF_SAME, "a", old_value=data(5), new_value=data(2))
    assert not mine.ask(tx.MAP_REMOVE_IF_SAME, "a", value=data(5))
    assert not is_locked(client, "a")
    assert not is_locked(client, "nobody")
    assert value(mine.ask(tx.MAP_REPLACE, "a", value=data(2))) == 1
    assert mine.ask(tx.MAP_REMOVE_IF_SAME, "a", value=data(2))
    assert mine.ask(tx.MAP_PUT_IF_ABSENT, "b", value=data(3)) is None
    assert mine.ask(tx.MAP_REPLACE_IF_SAME, "b", old_value=data(3), new_value=data(4))
    assert is_locked(client, "a")
    mine.commit()
    assert stored(client) == {"b": 4}


def test_a_value_read_for_update_is_locked(world: MemoryCluster, client: MemoryClient, mine: Transaction) -> None:
    put(client, "a", 1)
    assert value(mine.ask(tx.MAP_GET_FOR_UPDATE, "a")) == 1
    other = Transaction(world.client())
    call = other.send(tx.MAP_PUT, "a", value=data(2))
    assert call not in other.client.answers
    mine.commit()
    assert value(other.client.answer(tx.MAP_PUT, call)) == 1


def test_a_transaction_that_gets_no_lock_in_its_time_is_told(world: MemoryCluster, mine: Transaction) -> None:
    mine.ask(tx.MAP_PUT, "a", value=data(1))
    other = Transaction(world.client(), seconds=2.0)
    call = other.send(tx.MAP_PUT, "a", value=data(2))
    world.runtime.advance(2.1)
    with pytest.raises(
        AssertionError, match=r"TransactionTimedOut.*couldn't obtain lock for the key: HeapData\{type=-11"
    ):
        other.client.answer(tx.MAP_PUT, call)


def test_queries_see_what_the_transaction_sees(client: MemoryClient, mine: Transaction) -> None:
    put(client, "a", 1)
    mine.ask(tx.MAP_PUT, "b", value=data(2))
    wanted = data(predicate.equal("this", 2))
    assert values(mine.ask(tx.MAP_KEY_SET_WITH_PREDICATE, predicate=wanted)) == ["b"]
    assert values(mine.ask(tx.MAP_VALUES_WITH_PREDICATE, predicate=wanted)) == [2]


def test_a_commit_tells_listeners_once_for_each_entry(client: MemoryClient, mine: Transaction) -> None:
    put(client, "a", 1)
    client.ask(maps.ADD_ENTRY_LISTENER, name="n", include_value=True, listener_flags=0x3FF, local_only=False)
    for new in (2, 3):
        mine.ask(tx.MAP_PUT, "a", value=data(new))
    assert not client.take_events(maps.ADD_ENTRY_LISTENER)
    mine.commit()
    (event,) = client.take_events(maps.ADD_ENTRY_LISTENER)
    assert (event.event_type, value(event.value), value(event.old_value)) == (EntryEventType.UPDATED, 3, 1)


def test_a_time_to_live_begins_at_the_commit(world: MemoryCluster, client: MemoryClient, mine: Transaction) -> None:
    mine.ask(tx.MAP_PUT, "a", value=data(1), ttl=5_000)
    world.runtime.advance(6.0)
    mine.commit()
    assert stored(client) == {"a": 1}
    world.runtime.advance(5.1)
    assert stored(client) == {}


# -------------------------------------------------------------------------------------------- beginning and end


def test_a_transaction_lives_on_the_connection_that_has_begun_it(world: MemoryCluster, mine: Transaction) -> None:
    other = world.client()
    error = ("TransactionException", f"No transaction context found for txnId:{mine.id}")
    assert refused(other, tx.COMMIT, transaction_id=mine.id, thread_id=THREAD) == error
    assert refused(other, tx.MAP_SIZE, **mine.fields(tx.MAP_SIZE)) == error
    mine.commit()
    assert refused(mine.client, tx.ROLLBACK, transaction_id=mine.id, thread_id=THREAD) == error


def test_a_transaction_is_rolled_back_with_its_connection(world: MemoryCluster) -> None:
    gone, client = Transaction(world.client()), world.client()
    client.ask(queues.OFFER, name="n", value=data("a"), timeout_millis=0)
    gone.ask(tx.MAP_PUT, "a", value=data(1))
    gone.ask(tx.QUEUE_POLL)
    gone.client.session.end("gone")
    assert stored(client) == {}
    assert not is_locked(client, "a")
    assert client.ask(queues.SIZE, name="n") == 1


@pytest.mark.parametrize(
    ("version", "error"), [("5.7.0", "TransactionTimedOutException"), ("jet-4.3.1", "TransactionException")]
)
def test_a_transaction_that_is_too_late_can_only_be_rolled_back(version: str, error: str) -> None:
    world = MemoryCluster(version=version)
    mine = Transaction(world.client(), seconds=1.0)
    mine.ask(tx.MAP_PUT, "a", value=data(1))
    world.runtime.advance(1.1)
    commit = {"transaction_id": mine.id, "thread_id": THREAD}
    assert refused(mine.client, tx.COMMIT, **commit) == (error, "Transaction is timed-out!")
    assert is_locked(mine.client, "a")
    mine.roll_back()
    assert not is_locked(mine.client, "a")


# ---------------------------------------------------------------------------------------------------------- queues


def offer(client: MemoryClient, *items: Any) -> None:
    client.ask(queues.ADD_ALL, name="n", data_list=tuple(map(data, items)))


def queued(client: MemoryClient) -> list[Any]:
    return values(client.ask(queues.ITERATOR, name="n"))


def test_what_a_transaction_polls_is_gone_for_others_and_what_it_offers_comes(
    world: MemoryCluster, client: MemoryClient, mine: Transaction
) -> None:
    offer(client, "a", "b")
    client.ask(queues.ADD_LISTENER, name="n", include_value=True, local_only=False)
    assert value(mine.ask(tx.QUEUE_POLL)) == "a"
    assert mine.ask(tx.QUEUE_OFFER, item=data("c"))
    assert queued(client) == ["b"]
    assert mine.ask(tx.QUEUE_SIZE) == 2
    assert value(mine.ask(tx.QUEUE_PEEK)) == "b"
    assert not client.take_events(queues.ADD_LISTENER)
    mine.commit()
    assert queued(client) == ["b", "c"]
    heard = [(event.event_type, value(event.item)) for event in client.take_events(queues.ADD_LISTENER)]
    assert heard == [(ItemEventType.REMOVED, "a"), (ItemEventType.ADDED, "c")]


def test_a_transaction_polls_its_own_items_last(client: MemoryClient, mine: Transaction) -> None:
    offer(client, "a")
    mine.ask(tx.QUEUE_OFFER, item=data("own"))
    assert values(mine.ask(tx.QUEUE_POLL) for _ in range(3)) == ["a", "own", None]
    assert mine.ask(tx.QUEUE_PEEK) is None
    mine.commit()
    assert queued(client) == []


def test_what_was_polled_goes_back_to_its_place(world: MemoryCluster, client: MemoryClient) -> None:
    offer(client, "a", "b", "c")
    first, second = Transaction(client), Transaction(world.client())
    assert value(first.ask(tx.QUEUE_POLL)) == "a"
    assert value(second.ask(tx.QUEUE_POLL)) == "b"
    first.roll_back()
    assert queued(client) == ["a", "c"]
    second.roll_back()
    assert queued(client) == ["a", "b", "c"]


def test_waiting_in_a_transaction_ends_with_an_item_or_at_its_limit(world: MemoryCluster, client: MemoryClient) -> None:
    mine = Transaction(world.client())
    polled = mine.send(tx.QUEUE_POLL, timeout=1_000)
    world.runtime.advance(1.1)
    assert mine.client.answer(tx.QUEUE_POLL, polled) is None
    taken = mine.send(tx.QUEUE_TAKE)
    offer(client, "a")
    assert value(mine.client.answer(tx.QUEUE_TAKE, taken)) == "a"


def test_who_waits_gets_what_a_rollback_gives_back(world: MemoryCluster, client: MemoryClient) -> None:
    offer(client, "a")
    other = Transaction(world.client())
    other.ask(tx.QUEUE_POLL)
    call = client.send(queues.TAKE, name="n")
    other.roll_back()
    assert value(client.answer(queues.TAKE, call)) == "a"


# ------------------------------------------------------------------------------------------- lists, sets, multi-maps


def test_a_list_gets_and_loses_items_at_the_commit(client: MemoryClient) -> None:
    def listed() -> list[Any]:
        return values(client.ask(lists.GET_ALL, name="n"))

    client.ask(lists.ADD_ALL, name="n", value_list=tuple(map(data, "aba")))
    for end, left in ((Transaction.roll_back, ["a", "b", "a"]), (Transaction.commit, ["b", "a", "z"])):
        mine = Transaction(client)
        assert mine.ask(tx.LIST_ADD, item=data("z"))
        assert mine.ask(tx.LIST_REMOVE, item=data("a"))
        assert not mine.ask(tx.LIST_REMOVE, item=data("nobody"))
        assert mine.ask(tx.LIST_ADD, item=data("own"))
        assert mine.ask(tx.LIST_REMOVE, item=data("own"))
        assert listed() == ["b", "a"]
        assert mine.ask(tx.LIST_SIZE) == 3
        end(mine)
        assert listed() == left


def test_a_set_gets_and_loses_items_at_the_commit(client: MemoryClient) -> None:
    def members() -> set[Any]:
        return set(values(client.ask(sets.GET_ALL, name="n")))

    client.ask(sets.ADD, name="n", value=data("a"))
    for end, left in ((Transaction.roll_back, {"a"}), (Transaction.commit, {"b"})):
        mine = Transaction(client)
        assert mine.ask(tx.SET_ADD, item=data("b"))
        assert not mine.ask(tx.SET_ADD, item=data("b"))
        assert mine.ask(tx.SET_REMOVE, item=data("a"))
        assert not mine.ask(tx.SET_REMOVE, item=data("nobody"))
        assert members() == set()
        assert mine.ask(tx.SET_SIZE) == 1
        end(mine)
        assert members() == left


def test_a_set_counts_what_a_transaction_has_tried_to_add_as_members_do(client: MemoryClient) -> None:
    client.ask(sets.ADD, name="n", value=data("a"))
    mine = Transaction(client)
    assert not mine.ask(tx.SET_ADD, item=data("a"))
    assert mine.ask(tx.SET_SIZE) == 2
    mine.ask(tx.SET_ADD, item=data("b"))
    assert not mine.ask(tx.SET_REMOVE, item=data("b"))


def test_a_multi_map_gets_and_loses_values_at_the_commit(client: MemoryClient, mine: Transaction) -> None:
    for new in (1, 2):
        client.ask(multi_maps.PUT, name="n", thread_id=9, key=data("a"), value=data(new))
    client.ask(multi_maps.ADD_ENTRY_LISTENER, name="n", include_value=True, local_only=False)
    assert not mine.ask(tx.MULTI_MAP_PUT, "a", value=data(1))
    assert mine.ask(tx.MULTI_MAP_PUT, "a", value=data(3))
    assert sorted(values(mine.ask(tx.MULTI_MAP_GET, "a"))) == [1, 2, 3]
    assert mine.ask(tx.MULTI_MAP_REMOVE_ENTRY, "a", value=data(1))
    assert not mine.ask(tx.MULTI_MAP_REMOVE_ENTRY, "a", value=data(9))
    assert mine.ask(tx.MULTI_MAP_VALUE_COUNT, "a") == 2
    assert mine.ask(tx.MULTI_MAP_PUT, "b", value=data(4))
    assert mine.ask(tx.MULTI_MAP_SIZE) == 3
    assert sorted(values(mine.ask(tx.MULTI_MAP_REMOVE, "a"))) == [2, 3]
    assert mine.ask(tx.MULTI_MAP_PUT, "a", value=data(7))
    assert client.ask(multi_maps.SIZE, name="n") == 2
    mine.commit()
    entries = client.ask(multi_maps.ENTRY_SET, name="n")
    assert sorted((value(key), value(one)) for key, one in entries) == [("a", 7), ("b", 4)]
    heard = client.take_events(multi_maps.ADD_ENTRY_LISTENER)
    added, removed = EntryEventType.ADDED, EntryEventType.REMOVED
    assert [(event.event_type, value(event.value), value(event.old_value)) for event in heard] == [
        (removed, None, 1),
        (removed, None, 2),
        (added, 7, None),
        (added, 4, None),
    ]


def test_a_key_of_a_multi_map_is_locked_until_the_end(client: MemoryClient, mine: Transaction) -> None:
    mine.ask(tx.MULTI_MAP_PUT, "a", value=data(1))
    assert client.ask(multi_maps.IS_LOCKED, name="n", key=data("a"))
    mine.roll_back()
    assert not client.ask(multi_maps.IS_LOCKED, name="n", key=data("a"))
    assert client.ask(multi_maps.SIZE, name="n") == 0
