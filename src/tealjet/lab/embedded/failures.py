"""What an embedded member answers to a request that failed: the exceptions of a real member, by code and class.

Codes and classes are those of the Open Binary Client Protocol 2.0; a class that has no code of its own is sent with
code 0 and told by its name.
"""

from __future__ import annotations

from typing import NamedTuple

from tealjet.protocol.values import ErrorHolder

__all__ = ["Failure", "MemberError"]


class Failure(NamedTuple):
    """One kind of exception."""

    code: int
    class_name: str


class MemberError(Exception):
    """A request failed, and this is what its client is told.

    Args:
        failure: The kind of the exception, one of this module's or any other code and class.
        message: Its text; None as in Java.
        causes: What it was caused by, the nearest first.
    """

    def __init__(self, failure: Failure, message: str | None, *, causes: tuple[MemberError, ...] = ()) -> None:
        super().__init__(failure.class_name, message)
        self.failure = failure
        self.message = message
        self.causes = causes

    def holders(self) -> tuple[ErrorHolder, ...]:
        """Return what travels: this exception and its causes, without stack traces: there are none of Java's."""
        return tuple(
            ErrorHolder(
                error_code=error.failure.code,
                class_name=error.failure.class_name,
                message=error.message,
                stack_trace_elements=(),
            )
            for error in (self, *self.causes)
        )


ARRAY_INDEX_OUT_OF_BOUNDS = Failure(1, "java.lang.ArrayIndexOutOfBoundsException")
AUTHENTICATION = Failure(3, "com.hazelcast.client.AuthenticationException")
CANCELLATION = Failure(9, "java.util.concurrent.CancellationException")
CLASS_CAST = Failure(10, "java.lang.ClassCastException")
CLASS_NOT_FOUND = Failure(11, "java.lang.ClassNotFoundException")
DISTRIBUTED_OBJECT_DESTROYED = Failure(14, "com.hazelcast.spi.exception.DistributedObjectDestroyedException")
HAZELCAST = Failure(18, "com.hazelcast.core.HazelcastException")
INSTANCE_NOT_ACTIVE = Failure(19, "com.hazelcast.core.HazelcastInstanceNotActiveException")
OVERLOAD = Failure(20, "com.hazelcast.core.HazelcastOverloadException")
SERIALIZATION = Failure(21, "com.hazelcast.nio.serialization.HazelcastSerializationException")
ILLEGAL_ARGUMENT = Failure(23, "java.lang.IllegalArgumentException")
ILLEGAL_MONITOR_STATE = Failure(26, "java.lang.IllegalMonitorStateException")
ILLEGAL_STATE = Failure(27, "java.lang.IllegalStateException")
INDEX_OUT_OF_BOUNDS = Failure(29, "java.lang.IndexOutOfBoundsException")
NO_SUCH_ELEMENT = Failure(35, "java.util.NoSuchElementException")
NULL_POINTER = Failure(37, "java.lang.NullPointerException")
OPERATION_TIMEOUT = Failure(38, "com.hazelcast.core.OperationTimeoutException")
QUERY = Failure(40, "com.hazelcast.query.QueryException")
RETRYABLE = Failure(46, "com.hazelcast.spi.exception.RetryableHazelcastException")
STALE_SEQUENCE = Failure(51, "com.hazelcast.ringbuffer.StaleSequenceException")
TARGET_NOT_MEMBER = Failure(53, "com.hazelcast.spi.exception.TargetNotMemberException")
TIMEOUT = Failure(54, "java.util.concurrent.TimeoutException")
TOPIC_OVERLOAD = Failure(55, "com.hazelcast.topic.TopicOverloadException")
TRANSACTION = Failure(56, "com.hazelcast.transaction.TransactionException")
TRANSACTION_NOT_ACTIVE = Failure(57, "com.hazelcast.transaction.TransactionNotActiveException")
TRANSACTION_TIMED_OUT = Failure(58, "com.hazelcast.transaction.TransactionTimedOutException")
UNSUPPORTED_OPERATION = Failure(61, "java.lang.UnsupportedOperationException")
WRONG_TARGET = Failure(62, "com.hazelcast.spi.exception.WrongTargetException")
ACCESS_CONTROL = Failure(64, "java.security.AccessControlException")
SERVICE_NOT_FOUND = Failure(75, "com.hazelcast.spi.exception.ServiceNotFoundException")
CONSISTENCY_LOST = Failure(84, "com.hazelcast.core.ConsistencyLostException")
