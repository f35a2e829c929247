"""What a configuration has to keep to, wherever it comes from: what can be honoured, and what may differ.

Applies to files and to configurations made in code alike. The list of what may differ is Hazelcast's (Platform 5.7
manual, "Blue-Green Deployment and Disaster Recovery"): a client keeps its proxies, serializers and times over a switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hazelcast.config import Config, FlakeIdGeneratorConfig, NearCacheConfig, ReconnectMode, ReliableTopicConfig
from hazelcast.serialization.api import CompactSerializer
from hazelcast.util import LoadBalancer

from tealjet.config.cloud import check_token, check_url
from tealjet.config.keys import CLIENT
from tealjet.config.problem import Problems, quoted
from tealjet.config.tls import TlsSettings, unusable
from tealjet.config.values import parse_address

if TYPE_CHECKING:
    from tealjet.config.model import ClientConfig
    from tealjet.config.reading import Written

__all__ = ["ATTRIBUTES", "check_honoured", "check_same", "check_tls", "differing"]

ATTRIBUTES = tuple(name for name, value in vars(Config).items() if isinstance(value, property))
"""The names of all that the official ``Config`` holds."""

_MAY_DIFFER = {key.attribute for key in CLIENT.keys if key.may_differ} | {
    name for name in ATTRIBUTES if name.startswith("ssl_") or name in ("cloud_discovery_token", "token_provider")
}
_MAY_DIFFER_TEXT = (
    "only cluster-name, network.cluster-members, network.kubernetes, network.hazelcast-cloud, security and TLS "
    "may differ"
)

_PROPERTIES = {key.attribute for key in CLIENT.keys if key.path[0] == "properties" and key.attribute}

_REFUSED: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("async_start", bool, "the client is complete when it exists; asyncio starts it without blocking"),
    (
        "reconnect_mode",
        lambda mode: mode != ReconnectMode.ON,
        "only ON can be honoured: a client that does not reconnect cannot fail over",
    ),
    ("connection_timeout", lambda seconds: not seconds, "0 is no limit; here each connect has one"),
)


def check_honoured(config: Config, where: str, problems: Problems) -> None:
    """Add a problem for each value of a ``Config`` that cannot be honoured."""
    for attribute, refused, why in _REFUSED:
        if refused(getattr(config, attribute)):
            problems.add(where, attribute, f"not supported: {why}")
    for index, address in enumerate(config.cluster_members):
        try:
            parse_address(address)
        except ValueError as error:
            key = f"cluster_members[{index}]"
            problems.add(where, key, f"found {address!r}", allowed="host or host:port", hint=str(error))

    token = config.cloud_discovery_token
    if token is None:
        return
    try:
        check_token(token)
    except ValueError as error:
        problems.add(where, "cloud_discovery_token", "found a token that cannot be one", hint=str(error))
    if config.cluster_members:
        problems.add(where, "cluster_members", "stands beside cloud_discovery_token", allowed="one way to find members")


def check_coordinator(url: str, where: str, problems: Problems) -> None:
    """Add a problem if the coordinator of Hazelcast Cloud cannot be there."""
    try:
        check_url(url)
    except ValueError as error:
        allowed = "https:// with host and perhaps port and path"
        problems.add(where, "cloud_url", f"found {quoted(url, '')}", allowed=allowed, hint=str(error))


def check_tls(tls: TlsSettings, where: str, problems: Problems) -> None:
    """Add a problem for each reason why no context can be made of the settings, a file or a password for example."""
    for error in unusable(tls):
        problems.add(error.mark or where, error.setting, error.found, allowed=error.allowed)


def differing(one: Config, other: Config) -> Iterator[str]:
    """Yield the attributes in which two configurations differ."""
    for name in ATTRIBUTES:
        if _comparable(getattr(one, name)) != _comparable(getattr(other, name)):
            yield name


def check_same(first: ClientConfig, other: ClientConfig, problems: Problems) -> None:
    """Add a problem for each value in which a cluster's configuration differs from the first one and must not."""
    changed = set(differing(first.config, other.config)) | _set_in_one_file_only(first, other)
    if first.outbound_ports != other.outbound_ports:
        changed.add("outbound_ports")
    if first.cloud_url != other.cloud_url:
        changed.add("cloud_url")
    changed |= {name for name in {*first.options, *other.options} if first.options.get(name) != other.options.get(name)}
    for name in sorted(changed - _MAY_DIFFER):
        for path in _places(first, other, name):
            at_first, at_other = _written(first, name, path), _written(other, name, path)
            problems.add(
                at_other.mark if at_other else other.label,
                path or name,
                f"the alternative configuration of cluster {other.cluster_name!r} has {_shown(other, name, at_other)}",
                allowed=f"{_shown(first, name, at_first)}, as in the first one "
                f"({at_first.mark if at_first else first.label})",
                hint=_MAY_DIFFER_TEXT,
            )


def _places(first: ClientConfig, other: ClientConfig, target: str) -> list[str | None]:
    """Return the keys that make a difference in files; None for one that stands in no file.

    Several keys may set one attribute, and a section is a key beside those in it: it is named where only one file
    has it, and what is in it where both have.
    """
    one, two = (
        {path: at.text for path, at in client.written.items() if at.target == target} for client in (first, other)
    )
    either = [next(iter(two or one), None)]
    if first.origin is None or other.origin is None:
        return either
    paths = [path for path in dict.fromkeys((*one, *two)) if one.get(path) != two.get(path)]
    alone = tuple(f"{path}." for path in paths if path not in one or path not in two)
    paths = [path for path in paths if not path.startswith(alone)]
    return [path for path in paths if not any(inner.startswith(f"{path}.") for inner in paths)] or either


def _set_in_one_file_only(first: ClientConfig, other: ClientConfig) -> set[str]:
    # a time that is written down wins over the profile even if it is Hazelcast's default
    if first.origin is None or other.origin is None:
        return set()
    return {name for name in first.explicit ^ other.explicit if name in _PROPERTIES}


def _written(client: ClientConfig, target: str, path: str | None) -> Written | None:
    at = None if path is None else client.written.get(path)
    return at if at is not None and at.target == target else None


def _shown(client: ClientConfig, name: str, written: Written | None) -> str:
    if written is not None:
        return quoted(written.text, name)
    if client.origin is not None or (name not in client.explicit and name not in client.options):
        return "nothing set"
    return quoted(str(client.options.get(name, getattr(client.config, name, None))), name)


def _comparable(value: object) -> object:
    # these have no equality of their own, so two equal ones would count as different
    if isinstance(value, NearCacheConfig | FlakeIdGeneratorConfig | ReliableTopicConfig):
        return {name: getattr(value, name) for name, kind in vars(type(value)).items() if isinstance(kind, property)}
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    # nor have these, and each file makes its own
    return type(value) if isinstance(value, LoadBalancer | CompactSerializer) else value
