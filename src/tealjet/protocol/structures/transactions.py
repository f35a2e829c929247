"""The messages of transactions, and of the structures in them."""

from __future__ import annotations

import uuid

from tealjet.protocol.declare import MessageType, declare
from tealjet.protocol.layout import INT, UUID, Field
from tealjet.protocol.structures.parts import (
    BOOLEAN_ANSWER,
    DATA,
    DATA_ANSWER,
    DATAS_ANSWER,
    INT_ANSWER,
    KEY,
    NAME,
    PREDICATE,
    THREAD_ID,
    TIMEOUT,
    TTL,
    VALUE,
    Datas,
    messages_of,
)

__all__ = [
    "COMMIT",
    "CREATE",
    "LIST_ADD",
    "LIST_REMOVE",
    "LIST_SIZE",
    "MAP_CONTAINS_KEY",
    "MAP_DELETE",
    "MAP_GET",
    "MAP_GET_FOR_UPDATE",
    "MAP_IS_EMPTY",
    "MAP_KEY_SET",
    "MAP_KEY_SET_WITH_PREDICATE",
    "MAP_PUT",
    "MAP_PUT_IF_ABSENT",
    "MAP_REMOVE",
    "MAP_REMOVE_IF_SAME",
    "MAP_REPLACE",
    "MAP_REPLACE_IF_SAME",
    "MAP_SET",
    "MAP_SIZE",
    "MAP_VALUES",
    "MAP_VALUES_WITH_PREDICATE",
    "MESSAGES",
    "MULTI_MAP_GET",
    "MULTI_MAP_PUT",
    "MULTI_MAP_REMOVE",
    "MULTI_MAP_REMOVE_ENTRY",
    "MULTI_MAP_SIZE",
    "MULTI_MAP_VALUE_COUNT",
    "QUEUE_OFFER",
    "QUEUE_PEEK",
    "QUEUE_POLL",
    "QUEUE_SIZE",
    "QUEUE_TAKE",
    "ROLLBACK",
    "SET_ADD",
    "SET_REMOVE",
    "SET_SIZE",
]

_TRANSACTION = (Field("txn_id", UUID), THREAD_ID)
"""Every request in a transaction begins with these."""

COMMIT: MessageType[None, None] = declare(
    "transaction.commit", 0x150100, retryable=False, request=(Field("transaction_id", UUID), THREAD_ID)
)

CREATE: MessageType[uuid.UUID, None] = declare(
    "transaction.create",
    0x150200,
    retryable=False,
    request=(TIMEOUT, Field("durability", INT), Field("transaction_type", INT), THREAD_ID),
    response=(Field("response", UUID),),
)

ROLLBACK: MessageType[None, None] = declare(
    "transaction.rollback", 0x150300, retryable=False, request=(Field("transaction_id", UUID), THREAD_ID)
)

MAP_CONTAINS_KEY: MessageType[bool, None] = declare(
    "transactionalMap.containsKey",
    0x0E0100,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY),
    response=BOOLEAN_ANSWER,
)

MAP_GET: MessageType[bytes | None, None] = declare(
    "transactionalMap.get", 0x0E0200, retryable=False, request=(*_TRANSACTION, NAME, KEY), response=DATA_ANSWER
)

MAP_GET_FOR_UPDATE: MessageType[bytes | None, None] = declare(
    "transactionalMap.getForUpdate", 0x0E0300, retryable=False, request=(*_TRANSACTION, NAME, KEY), response=DATA_ANSWER
)

MAP_SIZE: MessageType[int, None] = declare(
    "transactionalMap.size", 0x0E0400, retryable=False, request=(*_TRANSACTION, NAME), response=INT_ANSWER
)

MAP_IS_EMPTY: MessageType[bool, None] = declare(
    "transactionalMap.isEmpty", 0x0E0500, retryable=False, request=(*_TRANSACTION, NAME), response=BOOLEAN_ANSWER
)

MAP_PUT: MessageType[bytes | None, None] = declare(
    "transactionalMap.put",
    0x0E0600,
    retryable=False,
    request=(*_TRANSACTION, TTL, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

MAP_SET: MessageType[None, None] = declare(
    "transactionalMap.set", 0x0E0700, retryable=False, request=(*_TRANSACTION, NAME, KEY, VALUE)
)

MAP_PUT_IF_ABSENT: MessageType[bytes | None, None] = declare(
    "transactionalMap.putIfAbsent",
    0x0E0800,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

MAP_REPLACE: MessageType[bytes | None, None] = declare(
    "transactionalMap.replace",
    0x0E0900,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, VALUE),
    response=DATA_ANSWER,
)

MAP_REPLACE_IF_SAME: MessageType[bool, None] = declare(
    "transactionalMap.replaceIfSame",
    0x0E0A00,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, Field("old_value", DATA), Field("new_value", DATA)),
    response=BOOLEAN_ANSWER,
)

MAP_REMOVE: MessageType[bytes | None, None] = declare(
    "transactionalMap.remove", 0x0E0B00, retryable=False, request=(*_TRANSACTION, NAME, KEY), response=DATA_ANSWER
)

MAP_DELETE: MessageType[None, None] = declare(
    "transactionalMap.delete", 0x0E0C00, retryable=False, request=(*_TRANSACTION, NAME, KEY)
)

MAP_REMOVE_IF_SAME: MessageType[bool, None] = declare(
    "transactionalMap.removeIfSame",
    0x0E0D00,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, VALUE),
    response=BOOLEAN_ANSWER,
)

MAP_KEY_SET: MessageType[Datas, None] = declare(
    "transactionalMap.keySet", 0x0E0E00, retryable=False, request=(*_TRANSACTION, NAME), response=DATAS_ANSWER
)

MAP_KEY_SET_WITH_PREDICATE: MessageType[Datas, None] = declare(
    "transactionalMap.keySetWithPredicate",
    0x0E0F00,
    retryable=False,
    request=(*_TRANSACTION, NAME, PREDICATE),
    response=DATAS_ANSWER,
)

MAP_VALUES: MessageType[Datas, None] = declare(
    "transactionalMap.values", 0x0E1000, retryable=False, request=(*_TRANSACTION, NAME), response=DATAS_ANSWER
)

MAP_VALUES_WITH_PREDICATE: MessageType[Datas, None] = declare(
    "transactionalMap.valuesWithPredicate",
    0x0E1100,
    retryable=False,
    request=(*_TRANSACTION, NAME, PREDICATE),
    response=DATAS_ANSWER,
)

MULTI_MAP_PUT: MessageType[bool, None] = declare(
    "transactionalMultiMap.put",
    0x0F0100,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, VALUE),
    response=BOOLEAN_ANSWER,
)

MULTI_MAP_GET: MessageType[Datas, None] = declare(
    "transactionalMultiMap.get", 0x0F0200, retryable=False, request=(*_TRANSACTION, NAME, KEY), response=DATAS_ANSWER
)

MULTI_MAP_REMOVE: MessageType[Datas, None] = declare(
    "transactionalMultiMap.remove", 0x0F0300, retryable=False, request=(*_TRANSACTION, NAME, KEY), response=DATAS_ANSWER
)

MULTI_MAP_REMOVE_ENTRY: MessageType[bool, None] = declare(
    "transactionalMultiMap.removeEntry",
    0x0F0400,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY, VALUE),
    response=BOOLEAN_ANSWER,
)

MULTI_MAP_VALUE_COUNT: MessageType[int, None] = declare(
    "transactionalMultiMap.valueCount",
    0x0F0500,
    retryable=False,
    request=(*_TRANSACTION, NAME, KEY),
    response=INT_ANSWER,
)

MULTI_MAP_SIZE: MessageType[int, None] = declare(
    "transactionalMultiMap.size", 0x0F0600, retryable=False, request=(*_TRANSACTION, NAME), response=INT_ANSWER
)

QUEUE_OFFER: MessageType[bool, None] = declare(
    "transactionalQueue.offer",
    0x120100,
    retryable=False,
    request=(*_TRANSACTION, TIMEOUT, NAME, Field("item", DATA)),
    response=BOOLEAN_ANSWER,
)

QUEUE_TAKE: MessageType[bytes | None, None] = declare(
    "transactionalQueue.take", 0x120200, retryable=False, request=(*_TRANSACTION, NAME), response=DATA_ANSWER
)

QUEUE_POLL: MessageType[bytes | None, None] = declare(
    "transactionalQueue.poll", 0x120300, retryable=False, request=(*_TRANSACTION, TIMEOUT, NAME), response=DATA_ANSWER
)

QUEUE_PEEK: MessageType[bytes | None, None] = declare(
    "transactionalQueue.peek", 0x120400, retryable=False, request=(*_TRANSACTION, TIMEOUT, NAME), response=DATA_ANSWER
)

QUEUE_SIZE: MessageType[int, None] = declare(
    "transactionalQueue.size", 0x120500, retryable=False, request=(*_TRANSACTION, NAME), response=INT_ANSWER
)

LIST_ADD: MessageType[bool, None] = declare(
    "transactionalList.add",
    0x110100,
    retryable=False,
    request=(*_TRANSACTION, NAME, Field("item", DATA)),
    response=BOOLEAN_ANSWER,
)

LIST_REMOVE: MessageType[bool, None] = declare(
    "transactionalList.remove",
    0x110200,
    retryable=False,
    request=(*_TRANSACTION, NAME, Field("item", DATA)),
    response=BOOLEAN_ANSWER,
)

LIST_SIZE: MessageType[int, None] = declare(
    "transactionalList.size", 0x110300, retryable=False, request=(*_TRANSACTION, NAME), response=INT_ANSWER
)

SET_ADD: MessageType[bool, None] = declare(
    "transactionalSet.add",
    0x100100,
    retryable=False,
    request=(*_TRANSACTION, NAME, Field("item", DATA)),
    response=BOOLEAN_ANSWER,
)

SET_REMOVE: MessageType[bool, None] = declare(
    "transactionalSet.remove",
    0x100200,
    retryable=False,
    request=(*_TRANSACTION, NAME, Field("item", DATA)),
    response=BOOLEAN_ANSWER,
)

SET_SIZE: MessageType[int, None] = declare(
    "transactionalSet.size", 0x100300, retryable=False, request=(*_TRANSACTION, NAME), response=INT_ANSWER
)

MESSAGES = messages_of(globals())
