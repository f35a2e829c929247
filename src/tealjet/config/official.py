"""Makes the official ``Config`` of what a client file says.

A ``Config`` knows configurations of near caches, id generators and reliable topics by their exact names; Java knows
patterns and a default too, and so does the one that is made here. Nothing here reads files or knows their format.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hazelcast.config import Config, FlakeIdGeneratorConfig, NearCacheConfig, ReliableTopicConfig
from hazelcast.security import BasicTokenProvider, TokenProvider
from hazelcast.serialization.api import CompactSerializer, StreamSerializer
from hazelcast.util import LoadBalancer, RandomLB, RoundRobinLB

from tealjet.config.classes import Classes
from tealjet.config.cloud import CLOUD_URL, check_token
from tealjet.config.problem import Problems, printable
from tealjet.config.table import Setting
from tealjet.config.values import Piece, whole
from tealjet.errors import ConfigError

__all__ = ["ByJavaName", "JavaConfig", "Official", "official_config"]

T = TypeVar("T")

_NAMED: dict[str, Callable[[], Any]] = {
    "near_caches": NearCacheConfig,
    "flake_id_generators": FlakeIdGeneratorConfig,
    "reliable_topics": ReliableTopicConfig,
}
_DEFAULT_PORT = 5701
_CLOUD = "network.hazelcast-cloud.enabled"
_CLOUD_TOKEN = "network.hazelcast-cloud.discovery-token"  # noqa: S105 - the name of the key
_CLOUD_TOKEN_ALONE = "properties.hazelcast.client.cloud.discovery.token"  # noqa: S105 - the name of the key
_WAYS_TO_SIGN_IN = ("security.username-password", "security.token", "security.credentials-factory")


class ByJavaName(dict[str, T]):
    """Finds a configuration as Java does: by its name, else by the pattern that fits best, else ``default``.

    A pattern has one ``*``. Of several that fit, the one with the most characters counts, and two of the same length
    are an error (IMDG 4.0.3 manual, "Using Wildcards"). What is after ``@`` in a name says only where its partition is.
    """

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._key(name) is not None

    def __getitem__(self, name: str) -> T:
        key = self._key(name)
        if key is None:
            raise KeyError(name)
        return super().__getitem__(key)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the configuration for a name, else the default that is given here."""
        key = self._key(name)
        return default if key is None else super().__getitem__(key)

    def _key(self, name: str) -> str | None:
        name = name.partition("@")[0]
        if dict.__contains__(self, name):
            return name
        best: list[str] = []
        for key in self:
            if "*" in key and _fits(key, name) and (not best or len(key) >= len(best[0])):
                best = [*best, key] if best and len(key) == len(best[0]) else [key]
        if len(best) > 1:
            raise ConfigError(f"the name {name!r} fits several patterns of the configuration: {', '.join(best)}")
        return best[0] if best else "default" if dict.__contains__(self, "default") else None


def _fits(pattern: str, name: str) -> bool:
    before, _, after = pattern.partition("*")  # what is before and after may overlap in a name, as in Java
    return name.startswith(before) and name.endswith(after)


class JavaConfig(Config):
    """An official configuration that knows patterns of names."""

    def __init__(self) -> None:
        """Make one with the official defaults."""
        super().__init__()

    @property
    def near_caches(self) -> dict[str, NearCacheConfig]:
        """See ``Config``."""
        return ByJavaName(super().near_caches)

    @near_caches.setter
    def near_caches(self, value: dict[str, NearCacheConfig]) -> None:
        Config.near_caches.fset(self, value)  # type: ignore[attr-defined]  # mypy takes a property for its value

    @property
    def flake_id_generators(self) -> dict[str, FlakeIdGeneratorConfig]:
        """See ``Config``."""
        return ByJavaName(super().flake_id_generators)

    @flake_id_generators.setter
    def flake_id_generators(self, value: dict[str, FlakeIdGeneratorConfig]) -> None:
        Config.flake_id_generators.fset(self, value)  # type: ignore[attr-defined]

    @property
    def reliable_topics(self) -> dict[str, ReliableTopicConfig]:
        """See ``Config``."""
        return ByJavaName(super().reliable_topics)

    @reliable_topics.setter
    def reliable_topics(self, value: dict[str, ReliableTopicConfig]) -> None:
        Config.reliable_topics.fset(self, value)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, slots=True)
class Official:
    """What the settings of a client file come to."""

    config: Config
    explicit: frozenset[str]
    """The attributes that the file sets."""
    outbound_ports: tuple[int, ...]
    """The local ports that connections may have; empty for any."""
    cloud_url: str
    """Where the coordinator of Hazelcast Cloud is."""


def official_config(settings: Iterable[Setting], classes: Classes, problems: Problems) -> Official:
    """Return what the settings come to; what cannot be honoured is added to ``problems``.

    Args:
        settings: What the file sets; each value is right by itself.
        classes: Finds the classes that the file names.
        problems: Gets what is wrong in how they stand together.
    """
    return _Builder(settings, classes, problems).build()


class _Builder:
    def __init__(self, settings: Iterable[Setting], classes: Classes, problems: Problems) -> None:
        self._settings = list(settings)
        self._by_name = {setting.name: setting for setting in self._settings}
        self._classes = classes
        self._problems = problems
        self._values: dict[str, Any] = {}

    def build(self) -> Official:
        for setting in self._settings:
            self._take(setting)
        self._routing()
        self._byte_order()
        self._members()
        self._identity()
        config = JavaConfig()
        for attribute, value in self._values.items():
            setattr(config, attribute, value)
        coordinator = self._by_name.get("properties.hazelcast.client.cloud.url")
        return Official(
            config=config,
            explicit=frozenset(self._values),
            outbound_ports=self._outbound_ports(),
            cloud_url=CLOUD_URL if coordinator is None else coordinator.value,
        )

    # -------------------------------------------------------------------------------------------------- single settings

    def _take(self, setting: Setting) -> None:
        attribute = setting.key.attribute
        if attribute in _NAMED:
            self._take_named(attribute, setting)
        elif attribute in _MADE:
            made = _MADE[attribute](self, setting)
            if made is not None:
                self._values[attribute] = made
        elif attribute == "socket_options":
            self._values.setdefault(attribute, []).extend(setting.value)
        elif attribute is not None:
            self._values[attribute] = setting.value

    def _take_named(self, attribute: str, setting: Setting) -> None:
        named, name = self._values.setdefault(attribute, {}), setting.path[1]
        if name not in named and name.count("*") > 1:
            end = printable(name.partition("*")[2])
            text = f"as in Java only the first * stands for anything, so this is for names that end with {end!r}"
            self._problems.note(setting.mark, setting.name, text)
        config = named.setdefault(name, _NAMED[attribute]())
        if setting.key.item is not None:
            setattr(config, setting.key.item, setting.value)

    def _load_balancer(self, setting: Setting) -> LoadBalancer | None:
        kind = setting.value.get("type", Piece(text="", mark=setting.mark))
        name = setting.value.get("class-name")
        self._only(setting, {"type", "class-name"})
        if kind.text == "custom" and name is not None:
            made: LoadBalancer | None = self._classes.made(
                name, f"{setting.name}.class-name", _instance_of(LoadBalancer), "a class of hazelcast.util.LoadBalancer"
            )
            return made
        known: dict[str, Callable[[], LoadBalancer]] = {"random": RandomLB, "round-robin": RoundRobinLB}
        if kind.text not in known or name is not None:
            found = f"found {kind.text[:60]!r}" + (" with a class-name" if name is not None else "")
            allowed = "random, round-robin, or custom with class-name"
            self._problems.add(kind.mark, f"{setting.name}.type", found, allowed=allowed)
            return None
        return known[kind.text]()

    def _factories(self, setting: Setting) -> dict[int, Any] | None:
        factories = {}
        for number, record in enumerate(setting.value):
            key = f"{setting.name}[{number}].class-name"
            found = self._classes.made(record["class-name"], key, dict, "module:name of a dict from class id to class")
            if found is not None:
                factories[int(record["factory-id"].text)] = found
        return self._accepted(setting, factories)

    def _serializers(self, setting: Setting) -> dict[Any, Any] | None:
        serializers = {}
        for number, record in enumerate(setting.value):
            key = f"{setting.name}[{number}]"
            kind = self._classes.made(record["type-class"], f"{key}.type-class", _class, "a class")
            serializer = self._stream_serializer(record["class-name"], f"{key}.class-name")
            if kind is not None and serializer is not None:
                serializers[kind] = serializer
        return self._accepted(setting, serializers)

    def _global_serializer(self, setting: Setting) -> Any | None:
        found = self._stream_serializer(setting.value[0]["class-name"], f"{setting.name}.class-name")
        return None if found is None else self._accepted(setting, found)

    def _stream_serializer(self, name: Piece, key: str) -> type[StreamSerializer] | None:
        return self._classes.made(name, key, _stream_serializer, "a subclass of StreamSerializer")

    def _compact_serializers(self, setting: Setting) -> list[Any] | None:
        made = (
            self._classes.made(
                record["serializer"],
                f"{setting.name}[{number}].serializer",
                _instance_of(CompactSerializer),
                "a CompactSerializer",
            )
            for number, record in enumerate(setting.value)
        )
        return self._accepted(setting, [serializer for serializer in made if serializer is not None])

    def _accepted(self, setting: Setting, value: T) -> T | None:
        """Return the value if the official configuration takes it: it knows what its classes have to be."""
        assert setting.key.attribute is not None  # noqa: S101 - it is one of those that are made
        try:
            setattr(JavaConfig(), setting.key.attribute, value)
        except (TypeError, ValueError) as error:
            self._problems.add(setting.mark, setting.name, str(error))
            return None
        return value

    # ------------------------------------------------------------------------------------- what belongs to one another

    def _routing(self) -> None:
        older, newer = (self._by_name.get(f"network.{key}") for key in ("smart-routing", "cluster-routing.mode"))
        if older is not None and newer is not None:
            hint = "Java refuses it as well"
            found = f"stands beside network.cluster-routing ({newer.mark})"
            self._problems.add(older.mark, older.name, found, allowed="one of both", hint=hint)

    def _byte_order(self) -> None:
        native = self._by_name.get("serialization.use-native-byte-order")
        if native is not None and native.value:
            self._values["is_big_endian"] = sys.byteorder == "big"

    def _outbound_ports(self) -> tuple[int, ...]:
        setting = self._by_name.get("network.outbound-ports")
        ranges = sorted({ports for item in setting.value for ports in item}, key=_bounds) if setting is not None else []
        found: list[int] = []
        for ports in ranges:  # each port once, however often it is written
            found += range(max(ports.start, found[-1] + 1 if found else 0), ports.stop)
        return () if 0 in found else tuple(found)

    def _members(self) -> None:
        ways = [way for way in (self._kubernetes(), self._cloud()) if way is not None]
        members = self._by_name.get("network.cluster-members")
        if members is not None and members.value:
            ways.append(members)
        for other in ways[1:]:
            found = f"stands beside {ways[0].name} ({ways[0].mark})"
            hint = "Java refuses it as well"
            self._problems.add(other.mark, other.name, found, allowed="one way to find members", hint=hint)

    def _kubernetes(self) -> Setting | None:
        """Return the setting by which Kubernetes has the members, if it does."""
        kubernetes = self._by_name.get("network.kubernetes")
        if kubernetes is None:
            return None
        # Java knows this one name in any case; a section that is enabled by it must not pass for one that is not
        told: Mapping[str, Piece] = {
            "enabled" if name.lower() == "enabled" else name: piece for name, piece in kubernetes.value.items()
        }
        enabled = told.get("enabled")
        if enabled is None or enabled.text.lower() != "true":
            if enabled is not None and enabled.text.lower() != "false":
                found = f"found {enabled.text[:60]!r}"
                self._problems.add(enabled.mark, f"{kubernetes.name}.enabled", found, allowed="true or false")
            return None
        dns = told.get("service-dns")
        if dns is None or not dns.text:
            hint = "give service-dns, the name of a headless service, or list network.cluster-members"
            found = "not supported: Kubernetes is asked by DNS only, not by its API"
            self._problems.add(kubernetes.mark, kubernetes.name, found, hint=hint)
            return None
        for name in told.keys() - {"enabled", "service-dns", "service-port", "service-dns-timeout"}:
            found = "not supported together with service-dns"
            self._problems.add(told[name].mark, f"{kubernetes.name}.{name}", found, hint="remove the key")
        self._values["cluster_members"] = [f"{dns.text}:{self._service_port(kubernetes)}"]
        return kubernetes

    def _cloud(self) -> Setting | None:
        """Return the setting by which Hazelcast Cloud has the members, if it does."""
        section, token, alone = (self._by_name.get(name) for name in (_CLOUD, _CLOUD_TOKEN, _CLOUD_TOKEN_ALONE))
        enabled = section if section is not None and section.value else None
        if enabled is not None and alone is not None:
            found = f"stands beside {enabled.name} ({enabled.mark})"
            self._problems.add(alone.mark, alone.name, found, allowed="one of both", hint="Java refuses it as well")
        way, told = (enabled, token) if enabled is not None else (alone, alone)
        if way is not None and told is None:
            self._problems.add(way.mark, _CLOUD_TOKEN, "the key is missing", allowed="the token of the cluster")
        elif way is not None and told is not None:
            try:
                check_token(told.value)
            except ValueError as error:
                found = "found a token that cannot be one"
                self._problems.add(
                    told.node.mark, told.name, found, allowed="the token of the cluster", hint=str(error)
                )
            self._values["cloud_discovery_token"] = told.value
        return way

    def _service_port(self, kubernetes: Setting) -> int:
        if "service-dns-timeout" in kubernetes.value:
            timeout = kubernetes.value["service-dns-timeout"]
            name = f"{kubernetes.name}.service-dns-timeout"
            self._problems.note(timeout.mark, name, "without effect: tealjet.open-timeout-millis is the limit")
        piece = kubernetes.value.get("service-port")
        if piece is None:
            return _DEFAULT_PORT
        reader = whole(0, 65535)
        try:
            port = reader.convert(piece.text)
        except ValueError:
            found = f"found {piece.text[:60]!r}"
            self._problems.add(piece.mark, f"{kubernetes.name}.service-port", found, allowed=reader.allowed)
            return _DEFAULT_PORT
        assert isinstance(port, int)  # noqa: S101 - without a divisor it is one
        return port or _DEFAULT_PORT

    def _identity(self) -> None:
        ways: dict[str, Setting] = {}
        for name, setting in self._by_name.items():
            section = ".".join(name.split(".")[:2])
            if section in _WAYS_TO_SIGN_IN:
                ways.setdefault(section, setting)
        if len(ways) > 1:
            (first, setting), *others = ways.items()
            for section, other in others:
                found = f"stands beside {first} ({setting.mark})"
                self._problems.add(other.mark, section, found, allowed="one way to sign in")
        self._both("security.username-password.username", "security.username-password.password")
        if "security.token" in ways:
            self._token(ways["security.token"])
        if "security.credentials-factory" in ways:
            self._credentials_factory(ways["security.credentials-factory"])

    def _both(self, *names: str) -> None:
        there = [self._by_name[name] for name in names if name in self._by_name]
        for name in names:
            if there and name not in self._by_name:
                self._problems.add(there[0].mark, name, "the key is missing", allowed="user name and password")

    def _token(self, setting: Setting) -> None:
        self._only(setting, {"value", "encoding"})
        value = setting.value.get("value")
        encoding = setting.value.get("encoding", Piece(text="none", mark=setting.mark))
        if value is None:
            self._problems.add(setting.mark, f"{setting.name}.value", "the key is missing", allowed="the token")
            return
        if encoding.text not in ("none", "base64"):
            found = "an encoding that is not known"
            self._problems.add(encoding.mark, f"{setting.name}.encoding", found, allowed="none, base64")
            return
        try:
            token = (
                value.text.encode("utf-8") if encoding.text == "none" else base64.b64decode(value.text, validate=True)
            )
        except (binascii.Error, ValueError):
            self._problems.add(
                value.mark, f"{setting.name}.value", "found a token that is not base64", allowed="base64"
            )
            return
        self._values["token_provider"] = BasicTokenProvider(token)

    def _credentials_factory(self, section: Setting) -> None:
        name = self._by_name.get("security.credentials-factory.class-name")
        if name is None:
            self._problems.add(
                section.mark, f"{section.name}.class-name", "the key is missing", allowed="module:callable"
            )
            return
        told = self._by_name.get("security.credentials-factory.properties")
        properties = {} if told is None else {key: piece.text for key, piece in told.value.items()}
        allowed = "a function of the properties that returns a TokenProvider or a pair of user name and password"
        given = self._classes.made(
            Piece(text=name.value, mark=name.mark),
            name.name,
            lambda factory: _credentials(factory(properties)),
            allowed,
            knows_secrets=True,
        )
        if isinstance(given, TokenProvider):
            self._values["token_provider"] = given
        elif given is not None:
            self._values["creds_username"], self._values["creds_password"] = given

    def _only(self, setting: Setting, names: set[str]) -> None:
        for name in setting.value.keys() - names:
            piece = setting.value[name]
            self._problems.add(piece.mark, f"{setting.name}.{name}", "unknown key", allowed=", ".join(sorted(names)))


_MADE: dict[str, Callable[[_Builder, Setting], Any]] = {
    "load_balancer": _Builder._load_balancer,
    "data_serializable_factories": _Builder._factories,
    "portable_factories": _Builder._factories,
    "custom_serializers": _Builder._serializers,
    "global_serializer": _Builder._global_serializer,
    "compact_serializers": _Builder._compact_serializers,
}


def _bounds(ports: range) -> tuple[int, int]:
    return ports.start, ports.stop


def _instance(found: Any) -> Any:
    return found() if isinstance(found, type) else found


def _instance_of(kind: type[T]) -> Callable[[Any], T]:
    def make(found: Any) -> T:
        made = _instance(found)
        if not isinstance(made, kind):
            raise TypeError(f"it gives {type(made).__name__}")
        return made

    return make


def _class(found: Any) -> type:
    if not isinstance(found, type):
        raise TypeError("it is no class")
    return found


def _stream_serializer(found: Any) -> type[StreamSerializer]:
    if not (isinstance(found, type) and issubclass(found, StreamSerializer)):
        raise TypeError("it is no such class")
    return found


def _credentials(given: Any) -> TokenProvider | tuple[str, str]:
    if isinstance(given, TokenProvider):
        return given
    match given:
        case (str() as username, str() as password):
            return username, password
    raise TypeError(f"it returned {type(given).__name__}")
