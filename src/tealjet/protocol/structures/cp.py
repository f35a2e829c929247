"""The messages of the CP subsystem, as far as members without one are concerned: they refuse them unread.

So nothing is declared of them but names, numbers and whether they may be sent again.
"""

from __future__ import annotations

from typing import Any

from tealjet.protocol.declare import MessageType, declare

__all__ = ["MESSAGES"]

MESSAGES: tuple[MessageType[Any, Any], ...] = (
    declare("fencedLock.lock", 0x070100, retryable=True),
    declare("fencedLock.tryLock", 0x070200, retryable=True),
    declare("fencedLock.unlock", 0x070300, retryable=True),
    declare("fencedLock.getLockOwnership", 0x070400, retryable=True),
    declare("atomicLong.apply", 0x090100, retryable=False),
    declare("atomicLong.alter", 0x090200, retryable=False),
    declare("atomicLong.addAndGet", 0x090300, retryable=False),
    declare("atomicLong.compareAndSet", 0x090400, retryable=False),
    declare("atomicLong.get", 0x090500, retryable=True),
    declare("atomicLong.getAndAdd", 0x090600, retryable=False),
    declare("atomicLong.getAndSet", 0x090700, retryable=False),
    declare("atomicRef.apply", 0x0A0100, retryable=False),
    declare("atomicRef.compareAndSet", 0x0A0200, retryable=False),
    declare("atomicRef.contains", 0x0A0300, retryable=True),
    declare("atomicRef.get", 0x0A0400, retryable=True),
    declare("atomicRef.set", 0x0A0500, retryable=False),
    declare("countDownLatch.trySetCount", 0x0B0100, retryable=True),
    declare("countDownLatch.await", 0x0B0200, retryable=True),
    declare("countDownLatch.countDown", 0x0B0300, retryable=True),
    declare("countDownLatch.getCount", 0x0B0400, retryable=True),
    declare("countDownLatch.getRound", 0x0B0500, retryable=True),
    declare("semaphore.init", 0x0C0100, retryable=True),
    declare("semaphore.acquire", 0x0C0200, retryable=True),
    declare("semaphore.release", 0x0C0300, retryable=True),
    declare("semaphore.drain", 0x0C0400, retryable=True),
    declare("semaphore.change", 0x0C0500, retryable=True),
    declare("semaphore.availablePermits", 0x0C0600, retryable=True),
    declare("semaphore.getSemaphoreType", 0x0C0700, retryable=True),
    declare("cpGroup.createCpGroup", 0x1E0100, retryable=True),
    declare("cpGroup.destroyCpObject", 0x1E0200, retryable=True),
    declare("cpSession.createSession", 0x1F0100, retryable=True),
    declare("cpSession.closeSession", 0x1F0200, retryable=True),
    declare("cpSession.heartbeatSession", 0x1F0300, retryable=True),
    declare("cpSession.generateThreadId", 0x1F0400, retryable=True),
)
