"""Counters, ids, transactions, and the schemas of compact values."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.client import HazelcastClient
from hazelcast.protocol.codec import (
    client_fetch_schema_codec,
    client_send_schema_codec,
    flake_id_generator_new_id_batch_codec,
    pn_counter_add_codec,
    pn_counter_get_codec,
    pn_counter_get_configured_replica_count_codec,
    transaction_commit_codec,
    transaction_create_codec,
    transaction_rollback_codec,
    transactional_map_get_codec,
    transactional_map_put_codec,
)
from hazelcast.serialization.api import FieldKind
from hazelcast.serialization.compact import FieldDescriptor, Schema

from support.conformance import Subject
from support.raw_member import Identity, RawMember, RefusedError, data, signed_in

TITLE = "PNCounter, FlakeId, transactions, compact"

Tells = Callable[..., None]

TWO_PHASE, ONE_PHASE = 2, 1
THREAD = 1


def ask(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except RefusedError as error:
        return str(error)


# --------------------------------------------------------------------------------------------------------- counters


def test_a_counter_counts_up_and_down(client: HazelcastClient, unique: str, tells: Tells) -> None:
    counter: Any = client.get_pn_counter(unique).blocking()
    tells(
        [counter.get(), counter.add_and_get(5), counter.get_and_add(2), counter.get()],
        [counter.increment_and_get(), counter.get_and_increment(), counter.decrement_and_get()],
        [counter.get_and_decrement(), counter.subtract_and_get(10), counter.get_and_subtract(1), counter.get()],
    )


def test_clients_count_together(client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells) -> None:
    mine: Any = client.get_pn_counter(unique).blocking()
    theirs: Any = other.get_pn_counter(unique).blocking()
    mine.add_and_get(5)
    tells(theirs.add_and_get(-2), mine.get())


def test_a_counter_knows_its_replicas(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        told = member.call(pn_counter_add_codec, unique, 3, False, [], member.uuid)
        later = member.call(pn_counter_get_codec, unique, told["replica_timestamps"], member.uuid)
        configured = member.call(pn_counter_get_configured_replica_count_codec, unique)
    ours = [(replica == member.uuid, time) for replica, time in told["replica_timestamps"]]
    tells(f"{told['value']} of {told['replica_count']} replica, at {ours}", later["value"], configured)


def test_a_counter_that_lags_behind_says_so(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        member.call(pn_counter_add_codec, unique, 3, False, [], member.uuid)
        ahead = [(member.uuid, 1000)]
        tells(ask(lambda: member.call(pn_counter_get_codec, unique, ahead, member.uuid)))


def test_a_counter_is_asked_for_at_a_member(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        tells(ask(lambda: member.call(pn_counter_get_codec, unique, [], uuid.uuid4())))


# -------------------------------------------------------------------------------------------------------------- ids


def test_ids_are_given_in_batches(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        first, second = (member.call(flake_id_generator_new_id_batch_codec, unique, 100) for _ in range(2))
    step, size = first["increment"], first["batch_size"]
    tells(
        f"{size} ids, step {step}",
        f"of one member: {first['base'] % step == second['base'] % step}",
        f"the next ones are greater: {second['base'] > first['base'] + (size - 1) * step - 1}",
        f"positive: {first['base'] > 0}",
    )


def test_members_give_different_ids(subject: Subject, unique: str, tells: Tells) -> None:
    given: list[set[int]] = []
    for address in subject.pair.addresses:
        with signed_in(address, Identity(cluster_name=subject.pair.name)) as member:
            batch = member.call(flake_id_generator_new_id_batch_codec, unique, 100)
            given.append({batch["base"] + number * batch["increment"] for number in range(batch["batch_size"])})
    tells(f"common to both: {len(given[0] & given[1])}")


def test_batches_of_no_size_are_refused(subject: Subject, identity: Identity, unique: str, tells: Tells) -> None:
    with signed_in(subject.one.addresses[0], identity) as member:
        told = []
        for size in (0, -1, 100_001):
            told.append(ask(lambda: member.call(flake_id_generator_new_id_batch_codec, unique, size)["batch_size"]))  # noqa: B023
        tells(*told)


# ----------------------------------------------------------------------------------------------------- transactions


def test_a_transaction_is_seen_when_it_is_committed(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    outside: Any = other.get_map(unique).blocking()
    outside.put("there", 1)
    transaction = client.new_transaction(timeout=60)
    transaction.begin()
    inside: Any = transaction.get_map(unique)
    told = [inside.put("key", 1), inside.get("key"), inside.put("there", 2), inside.size(), inside.contains_key("key")]
    size, reading = outside.size(), outside._wrapped.get("key")
    before = [size, reading.done()]
    transaction.commit()
    tells(told, before, reading.result(), [outside.get("there"), outside.size()])


def test_a_transaction_that_is_rolled_back_changes_nothing(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    outside: Any = other.get_map(unique).blocking()
    outside.put("there", 1)
    transaction = client.new_transaction(timeout=60)
    transaction.begin()
    inside: Any = transaction.get_map(unique)
    inside.put("key", 1)
    inside.remove("there")
    told = [inside.get("there"), inside.size()]
    transaction.rollback()
    tells(told, [outside.get("key"), outside.get("there"), outside.is_locked("there")])


def test_a_map_in_a_transaction(client: HazelcastClient, unique: str, tells: Tells) -> None:
    map_: Any = client.get_map(unique).blocking()
    map_.put_all({"a": 1, "b": 2, "c": 3})
    with client.new_transaction(timeout=60) as transaction:
        inside: Any = transaction.get_map(unique)
        tells_inside = [
            inside.put_if_absent("a", 9),
            inside.put_if_absent("new", 4),
            inside.set("set", 5),
            inside.replace("b", 6),
            inside.replace("missing", 6),
            inside.replace_if_same("b", 6, 7),
            inside.remove("a"),
            inside.remove_if_same("c", 9),
            inside.delete("c"),
            inside.get_for_update("b"),
            inside.is_empty(),
            inside.size(),
            sorted(inside.key_set()),
            sorted(inside.values()),
        ]
    tells(tells_inside, sorted(map_.entry_set()))


def test_what_a_transaction_has_changed_is_locked(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    outside: Any = other.get_map(unique)
    outside.put("read", 1).result()
    transaction = client.new_transaction(timeout=60)
    transaction.begin()
    inside: Any = transaction.get_map(unique)
    inside.put("key", 1)
    inside.get_for_update("read")
    tried = [outside.try_put("key", 2).result(), outside.try_put("read", 2).result()]
    waiting = outside.put("key", 3)
    early = outside.is_locked("key").result(), waiting.done()
    transaction.commit()
    tells(tried, list(early), waiting.result(), outside.get("key").result())


def test_a_queue_in_a_transaction(client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells) -> None:
    outside: Any = other.get_queue(unique).blocking()
    outside.add_all(["a", "b"])
    transaction = client.new_transaction(timeout=60)
    transaction.begin()
    inside: Any = transaction.get_queue(unique)
    told = [inside.peek(), inside.poll(), inside.offer("c"), inside.size(), inside.take()]
    before = [outside.size()]
    transaction.commit()
    tells(told, before, outside.iterator())


def test_a_queue_is_as_before_when_a_transaction_is_rolled_back(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    outside: Any = other.get_queue(unique).blocking()
    outside.add_all(["a", "b"])
    transaction = client.new_transaction(timeout=60)
    transaction.begin()
    inside: Any = transaction.get_queue(unique)
    told = [inside.poll(), inside.offer("c")]
    transaction.rollback()
    tells(told, outside.iterator())


def test_a_commit_wakes_who_waits_for_an_item(
    client: HazelcastClient, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    waiting: Any = other.get_queue(unique).take()
    with client.new_transaction(timeout=60) as transaction:
        inside: Any = transaction.get_queue(unique)
        inside.offer("item")
        other.get_queue(unique).size().result()
        early = waiting.done()
    tells(early, waiting.result())


@pytest.fixture
def member(subject: Subject, identity: Identity) -> Any:
    with signed_in(subject.one.addresses[0], identity) as member:
        yield member


def begun(member: RawMember, timeout: int = 60_000, kind: int = TWO_PHASE) -> uuid.UUID:
    transaction: uuid.UUID = member.call(transaction_create_codec, timeout, 1, kind, THREAD)
    return transaction


def test_a_transaction_ends_once(member: Any, tells: Tells) -> None:
    committed, rolled_back = begun(member), begun(member)
    member.call(transaction_commit_codec, committed, THREAD)
    member.call(transaction_rollback_codec, rolled_back, THREAD)
    tells(
        *(
            ask(lambda: member.call(end, transaction, THREAD))  # noqa: B023 - called at once
            for transaction in (committed, rolled_back)
            for end in (transaction_commit_codec, transaction_rollback_codec)
        )
    )


def test_a_transaction_that_nobody_has_begun(member: Any, unique: str, tells: Tells) -> None:
    unknown = uuid.uuid4()
    tells(
        ask(lambda: member.call(transaction_commit_codec, unknown, THREAD)),
        ask(lambda: member.call(transaction_rollback_codec, unknown, THREAD)),
        ask(lambda: member.call(transactional_map_get_codec, unique, unknown, THREAD, data("key"))),
    )


def test_a_transaction_is_its_threads_own(member: Any, tells: Tells) -> None:
    transaction = begun(member)
    tells(
        ask(lambda: member.call(transaction_commit_codec, transaction, THREAD + 1)),
        ask(lambda: member.call(transaction_rollback_codec, transaction, THREAD)),
    )


def test_transactions_of_each_kind(member: Any, tells: Tells) -> None:
    told = []
    for kind in (ONE_PHASE, TWO_PHASE, 9):
        told.append(ask(lambda: begun(member, kind=kind) is not None))  # noqa: B023 - called at once
    tells(*told)


def test_the_transactions_of_a_client_that_leaves_are_rolled_back(
    subject: Subject, identity: Identity, other: HazelcastClient, unique: str, tells: Tells
) -> None:
    outside: Any = other.get_map(unique)
    outside.put("key", 1).result()
    with signed_in(subject.one.addresses[0], identity) as leaving:
        transaction = begun(leaving)
        leaving.call(transactional_map_put_codec, unique, transaction, THREAD, data("key"), data(2), -1)
        waiting = outside.lock("key")
        locked = outside.is_locked("key").result(), waiting.done()
    waiting.result()
    tells(list(locked), outside.get("key").result())
    outside.unlock("key").result()


# ---------------------------------------------------------------------------------------------------------- compact


def test_a_schema_is_kept_and_given_to_who_asks(member: Any, unique: str, tells: Tells) -> None:
    schema = Schema(unique, [FieldDescriptor("amount", FieldKind.INT32), FieldDescriptor("name", FieldKind.STRING)])

    def sent() -> str:
        by = member.call(client_send_schema_codec, schema)
        return f"kept by {len(by)} member, the one asked: {by == {member.uuid}}"

    tells(
        ask(lambda: member.call(client_fetch_schema_codec, schema.schema_id)),
        ask(sent),
        ask(sent),
        ask(lambda: told_of(member.call(client_fetch_schema_codec, schema.schema_id), schema)),
    )


def told_of(found: Any, schema: Any) -> str:
    return f"{found.type_name}, {[(one.name, one.kind.name) for one in found.fields]}, {found == schema}"
