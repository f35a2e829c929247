"""What configuration files of tests name by ``module:Class``, and how a configuration is compared with plain data."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, ClassVar

from hazelcast.config import FlakeIdGeneratorConfig, NearCacheConfig, ReliableTopicConfig
from hazelcast.security import BasicTokenProvider, TokenProvider
from hazelcast.serialization.api import (
    CompactReader,
    CompactSerializer,
    CompactWriter,
    IdentifiedDataSerializable,
    ObjectDataInput,
    ObjectDataOutput,
    Portable,
    PortableReader,
    PortableWriter,
    StreamSerializer,
)
from hazelcast.util import LoadBalancer, RandomLB

_OPTIONS = {getattr(socket, name): name for name in ("SO_KEEPALIVE", "SO_SNDBUF", "SO_RCVBUF")}


def plain(value: Any) -> Any:
    """Return a value of a configuration as a file of expectations can write it."""
    if isinstance(value, NearCacheConfig | FlakeIdGeneratorConfig | ReliableTopicConfig):
        default = type(value)()
        names = [name for name, kind in vars(type(value)).items() if isinstance(kind, property)]
        return {name: getattr(value, name) for name in names if getattr(value, name) != getattr(default, name)}
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, LoadBalancer | CompactSerializer):
        return type(value).__name__
    if isinstance(value, TokenProvider):
        return f"token {value.token().decode()}"
    if isinstance(value, Mapping):
        return {plain(name): plain(item) for name, item in value.items()}
    if isinstance(value, tuple) and value[:1] == (socket.SOL_SOCKET,):
        return [_OPTIONS[value[1]], value[2]]
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


class Order:
    """What the serializers below are for."""


class OrderSerializer(StreamSerializer):
    """Named by files; nobody calls it."""

    def write(self, out: ObjectDataOutput, obj: Order) -> None:
        out.write_int(0)

    def read(self, inp: ObjectDataInput) -> Order:
        inp.read_int()
        return Order()

    def get_type_id(self) -> int:
        return 7

    def destroy(self) -> None:
        pass


class OrderCompact(CompactSerializer[Order]):
    """Named by files; nobody calls it."""

    def read(self, reader: CompactReader) -> Order:
        return Order()

    def write(self, writer: CompactWriter, obj: Order) -> None:
        writer.write_int32("number", 0)

    def get_class(self) -> type[Order]:
        return Order

    def get_type_name(self) -> str:
        return "order"


class Address(Portable):
    """A portable class."""

    def write_portable(self, writer: PortableWriter) -> None:
        writer.write_int("number", 0)

    def read_portable(self, reader: PortableReader) -> None:
        reader.read_int("number")

    def get_factory_id(self) -> int:
        return 2

    def get_class_id(self) -> int:
        return 3


class Customer(IdentifiedDataSerializable):
    """An identified class."""

    def write_data(self, object_data_output: ObjectDataOutput) -> None:
        object_data_output.write_int(0)

    def read_data(self, object_data_input: ObjectDataInput) -> None:
        object_data_input.read_int()

    def get_factory_id(self) -> int:
        return 1

    def get_class_id(self) -> int:
        return 4


class Nearest(RandomLB):
    """A load balancer of the user's own."""


class Noting(LoadBalancer):
    """A load balancer that notes what it named."""

    named: ClassVar[list[Any]] = []

    def init(self, cluster_service: Any) -> None:
        self._cluster = cluster_service

    def next(self) -> Any:
        members = self._cluster.get_members()
        self.named.extend(members[:1])
        return members[0] if members else None


PORTABLES = {3: Address}
CUSTOMERS = {4: Customer}


def give_token(properties: dict[str, str]) -> TokenProvider:
    """Give what a credentials factory gives: a token provider."""
    return BasicTokenProvider(f"of {properties['user']}")


def give_password(properties: dict[str, str]) -> tuple[str, str]:
    """Give what a credentials factory may give too: name and password."""
    return properties.get("user", "nobody"), "secret"
