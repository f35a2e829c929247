"""Writes exceptions in Java's own serialisation: in this form an observable keeps what the job behind it failed with.

The form is that of the Java Object Serialization Specification, chapter 6, with the class versions of real members.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence

from tealjet.lab.embedded.failures import MemberError

__all__ = ["java_exception"]

_THROWABLE = "java.lang.Throwable"
_JET = "com.hazelcast.jet.JetException"
_CLASSES = {
    _THROWABLE: (0xD5C635273977B8CB, None),
    "java.lang.Exception": (0xD0FD1F3E1A3B1CC4, _THROWABLE),
    "java.lang.RuntimeException": (0x9E5F06470A3483E5, "java.lang.Exception"),
    "java.lang.IllegalStateException": (0xE65755E69A46F248, "java.lang.RuntimeException"),
    "java.util.concurrent.CancellationException": (0x804B5067C84F2819, "java.lang.IllegalStateException"),
    "com.hazelcast.core.HazelcastException": (0xD18094831D029441, "java.lang.RuntimeException"),
    _JET: (1, "com.hazelcast.core.HazelcastException"),
    "com.hazelcast.jet.impl.execution.TaskletExecutionException": (1, _JET),
    "com.hazelcast.jet.impl.exception.CancellationByUserException": (
        1,
        "java.util.concurrent.CancellationException",
    ),
}
"""The version of a class and what it extends, as of Hazelcast 5."""
_JET_OF_JET_4 = 0x1AAC5BF9D71944E1
_FIELDS = {
    "cause": "Ljava/lang/Throwable;",
    "detailMessage": "Ljava/lang/String;",
    "stackTrace": "[Ljava/lang/StackTraceElement;",
    "suppressedExceptions": "Ljava/util/List;",
}
"""What Throwable declares; no other of the classes declares anything."""
_FIRST_HANDLE = 0x7E0000
_LONGEST = 16_000


def java_exception(error: MemberError, *, modern: bool) -> bytes:
    """Return the stream that has an exception with its causes, without stacks: there are none of Java's.

    Args:
        error: The exception.
        modern: With the class versions of Hazelcast 5.
    """
    stream = _Stream(modern)
    stream.write_exceptions((error, *error.causes))
    return bytes(stream.written)


class _Stream:
    def __init__(self, modern: bool) -> None:
        self.written = bytearray(b"\xac\xed\x00\x05")
        self._modern = modern
        self._handles: dict[Hashable, int] = {}
        """What was written already and may be referred to; each has the number in which it was."""
        self._number = 0

    def write_exceptions(self, errors: Sequence[MemberError]) -> None:
        """Write an exception and its causes, each within the one before."""
        if not errors:
            self.written += b"p"
            return
        first, *causes = errors
        self.written += b"s"
        self._write_class(first.failure.class_name)
        self._take_handle(None)
        self.write_exceptions(causes)
        if first.message is None:
            self.written += b"p"
        else:
            self._write_string(first.message)
        self.written += b"ppx"  # neither a stack nor what was suppressed, and the end of what Throwable writes

    def _write_class(self, name: str | None) -> None:
        if name is None:
            self.written += b"p"
        elif not self._refers_to(name):
            version, parent = _CLASSES[name]
            if name == _JET and not self._modern:
                version = _JET_OF_JET_4
            fields = _FIELDS if name == _THROWABLE else {}
            self.written += b"r" + _utf(name) + struct.pack(">QBH", version, 3 if fields else 2, len(fields))
            self._take_handle(name)
            for field, kind in fields.items():
                self.written += kind[:1].encode() + _utf(field)
                self._write_string(kind)
            self.written += b"x"
            self._write_class(parent)

    def _write_string(self, text: str) -> None:
        if not self._refers_to((str, text)):
            self.written += b"t" + _utf(text)
            self._take_handle((str, text))

    def _take_handle(self, key: Hashable) -> None:
        if key is not None:
            self._handles[key] = self._number
        self._number += 1

    def _refers_to(self, key: Hashable) -> bool:
        """Write a reference to what was written before, if it was."""
        if key not in self._handles:
            return False
        self.written += b"q" + struct.pack(">I", _FIRST_HANDLE + self._handles[key])
        return True


def _utf(text: str) -> bytes:
    """Write a text as Java writes those of up to 64 KB; a longer one is cut."""
    encoded = text[:_LONGEST].encode()
    return struct.pack(">H", len(encoded)) + encoded
