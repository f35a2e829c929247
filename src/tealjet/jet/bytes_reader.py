"""A cursor over bytes in Java's order (big endian) that never believes a length beyond the bytes that are there."""

from __future__ import annotations

import struct
from typing import Any, Final

from tealjet.protocol.errors import ProtocolError

__all__ = ["BytesReader"]

_BYTE: Final = struct.Struct(">b")
_UNSIGNED_BYTE: Final = struct.Struct(">B")
_SHORT: Final = struct.Struct(">h")
_UNSIGNED_SHORT: Final = struct.Struct(">H")
_INT: Final = struct.Struct(">i")
_LONG: Final = struct.Struct(">q")
_FLOAT: Final = struct.Struct(">f")
_DOUBLE: Final = struct.Struct(">d")


class BytesReader:
    """Reads one value after the other; what is missing is a ``ProtocolError``."""

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes | bytearray | memoryview, position: int = 0) -> None:
        """Read the data from the position on."""
        self._data = memoryview(data)
        self.position = position

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return len(self._data) - self.position

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        start = self._pass(size)
        return bytes(self._data[start : start + size])

    def peek(self) -> int:
        """Return the next byte, unsigned, and stay before it."""
        if self.left < 1:
            raise ProtocolError(f"the data ends after {self.position} bytes where a byte is expected")
        return self._data[self.position]

    def _pass(self, size: int) -> int:
        start = self.position
        if size < 0 or size > self.left:
            raise ProtocolError(f"{size} bytes are expected at {start}, and {self.left} follow")
        self.position = start + size
        return start

    def _unpack(self, packer: struct.Struct) -> Any:
        return packer.unpack_from(self._data, self._pass(packer.size))[0]

    def _number(self, packer: struct.Struct) -> int:
        return int(self._unpack(packer))

    def read_boolean(self) -> bool:
        """Read a boolean."""
        return self.read_byte() != 0

    def read_byte(self) -> int:
        """Read a signed number of 8 bits."""
        return self._number(_BYTE)

    def read_unsigned_byte(self) -> int:
        """Read an unsigned number of 8 bits."""
        return self._number(_UNSIGNED_BYTE)

    def read_short(self) -> int:
        """Read a signed number of 16 bits."""
        return self._number(_SHORT)

    def read_unsigned_short(self) -> int:
        """Read an unsigned number of 16 bits."""
        return self._number(_UNSIGNED_SHORT)

    def read_char(self) -> str:
        """Read a Java char, which may be half of a pair."""
        return chr(self.read_unsigned_short())

    def read_int(self) -> int:
        """Read a signed number of 32 bits."""
        return self._number(_INT)

    def read_long(self) -> int:
        """Read a signed number of 64 bits."""
        return self._number(_LONG)

    def read_float(self) -> float:
        """Read a floating point number of 32 bits."""
        return float(self._unpack(_FLOAT))

    def read_double(self) -> float:
        """Read a floating point number of 64 bits."""
        return float(self._unpack(_DOUBLE))

    def read_count(self, smallest: int = 1) -> int:
        """Read how many items follow.

        Args:
            smallest: The size of the smallest item, in bytes: more than fit into what follows are an error.
        """
        number = self.read_int()
        if number < 0 or number * smallest > self.left:
            raise ProtocolError(f"{number} items can't lie in the {self.left} bytes that follow")
        return number
