"""What the generated client files name in place of Java classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hazelcast.serialization.api import CompactReader, CompactSerializer, CompactWriter, StreamSerializer
from hazelcast.util import RandomLB

NO_CLASSES: dict[int, type] = {}


class Order:
    def __init__(self, number: int = 0) -> None:
        self.number = number


class OrderSerializer(StreamSerializer):
    def read(self, inp: Any) -> Order:
        return Order(inp.read_int())

    def write(self, out: Any, obj: Order) -> None:
        out.write_int(obj.number)

    def get_type_id(self) -> int:
        return 4711

    def destroy(self) -> None:
        pass


class OrderCompactSerializer(CompactSerializer[Order]):
    def read(self, reader: CompactReader) -> Order:
        return Order(reader.read_int32("number"))

    def write(self, writer: CompactWriter, obj: Order) -> None:
        writer.write_int32("number", obj.number)

    def get_class(self) -> type[Order]:
        return Order

    def get_type_name(self) -> str:
        return "order"


class FirstMember(RandomLB):
    pass


def credentials(properties: Mapping[str, str]) -> tuple[str, str]:
    """Signs in with what the file says; ``user`` alone is its own password."""
    user = properties.get("user", "nobody")
    return user, properties.get("secret", user)
