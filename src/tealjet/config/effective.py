"""What holds for the clients of a configuration, value by value, and where each comes from.

A value is written in a file, put in by a variable, overridden from outside, chosen by the profile, or a default. Values
that look like secrets are never shown. How it is laid out is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.model import ClientConfig, FailoverConfig
from tealjet.config.options import merged_options
from tealjet.config.problem import Mark, Place, looks_secret, printable
from tealjet.config.reading import Written
from tealjet.config.table import ANY, Key
from tealjet.config.values import Section

__all__ = ["Chapter", "Value", "effective"]

_NOT_SHOWN = "(not shown)"
_EMPTY = "{}"
_GRACE = "properties.tealjet.reconnect-grace-millis"
_SILENCE = "properties.tealjet.silence-limit-millis"
_CONNECT_TIMEOUT = "connection-strategy.connection-retry.cluster-connect-timeout-millis"
_HEARTBEAT = "properties.hazelcast.client.heartbeat.timeout"


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """One value that holds."""

    key: str
    """The key's path: "network.redo-operation"."""
    value: str
    """In the key's own unit."""
    origin: Place
    """The place in a file, the name of what overrides it, "profile" with its name, "default", or the key it follows."""
    parts: tuple[str, ...] = ()
    """Where the parts come from that do not stand there: variables, or what was imported or added."""

    @property
    def is_default(self) -> bool:
        """Whether nobody has said it."""
        return self.origin == "default"

    @property
    def source(self) -> str:
        """Where it comes from, in one line."""
        return f"{self.origin} with {', '.join(self.parts)}" if self.parts else str(self.origin)

    @property
    def mark(self) -> Mark | None:
        """The place in a file, if there is one."""
        return self.origin if isinstance(self.origin, Mark) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """What holds for the failover client as a whole, or with one cluster."""

    title: str
    file: str | None
    """The file that it is from."""
    values: tuple[Value, ...]


def effective(config: FailoverConfig, *, alone: bool = False) -> tuple[Chapter, ...]:
    """Return everything that holds, the failover file first and then cluster by cluster.

    What all clusters must have in common stands with the first one only.

    Args:
        config: The configuration.
        alone: It is that of an ordinary client, made of one client file: there is no failover file.
    """
    chapters = []
    if not alone:
        values = tuple(_value(key, config.written) for key in FAILOVER.keys if key.name in ("try-count", "clients"))
        chapters.append(Chapter(title="failover", file=config.origin, values=values))
    for client, candidate in zip(config.clients, config.candidates, strict=True):
        own = tuple(_values(config, client))
        chapters.append(Chapter(title=f"cluster {printable(candidate.name)}", file=client.origin, values=own))
    return tuple(chapters)


def _values(config: FailoverConfig, client: ClientConfig) -> Iterator[Value]:
    first = client is config.first
    for key in CLIENT.keys:
        if not key.honoured or not (first or key.may_differ):
            continue
        name = re.compile(re.escape(key.name).replace(re.escape(ANY), ".+"))
        written = [one for path, one in client.written.items() if name.fullmatch(path)]
        if isinstance(key.value, Section):
            # what is in it has rows of its own; an empty one is in force too
            yield from (_written(one) for one in written if one.text == _EMPTY)
            continue
        yield from map(_written, written)
        if not written and _is_told_without(key, client):
            yield _chosen(key, config) or Value(key=key.name, value=key.default, origin="default")


def _is_told_without(key: Key, client: ClientConfig) -> bool:
    """Say whether a key that nobody has written is worth a line."""
    if ANY in key.path or key.default.startswith("an error") or key.path == ("config-replacers",) or not key.default:
        return False
    if key.attribute == "cluster_members" and (client.cloud is not None or client.config.cluster_members):
        return False  # they are found in another way
    return client.tls is not None or key.path[:3] != ("network", "ssl", "properties")


def _value(key: Key, written: Mapping[str, Written]) -> Value:
    found = written.get(key.name)
    return Value(key=key.name, value=key.default, origin="default") if found is None else _written(found)


def _written(written: Written) -> Value:
    shown = _NOT_SHOWN if looks_secret(written.key) else _on_one_line(written.text)
    return Value(key=written.key, value=shown, origin=written.mark, parts=written.parts)


def _chosen(key: Key, config: FailoverConfig) -> Value | None:
    """Return the value of a time that the profile chooses, or another key if that is written."""
    options, written = merged_options(config, {}), config.first.written
    profile = f"profile {options.profile.value}"
    if key.name == _GRACE and _CONNECT_TIMEOUT in written:
        return _following(key, written[_CONNECT_TIMEOUT])
    if key.name == _SILENCE and _HEARTBEAT in written:
        return _following(key, written[_HEARTBEAT])
    if key.name == _HEARTBEAT and _SILENCE in written:
        return _following(key, written[_SILENCE])
    times = {_GRACE: options.grace, _SILENCE: options.silence, _HEARTBEAT: options.silence}
    if key.name not in times:
        return None
    return Value(key=key.name, value=str(round(times[key.name] * 1000)), origin=profile)


def _following(key: Key, other: Written) -> Value:
    return Value(key=key.name, value=_on_one_line(other.text), origin=f"as {other.key} in {other.mark}")


def _on_one_line(text: str) -> str:
    """Return the whole text so that it stays on one line and cannot steer a terminal."""
    return text if text.isprintable() else ascii(text)[1:-1]
