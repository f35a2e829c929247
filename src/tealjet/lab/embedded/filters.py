"""Client filters: which clients a member lets in, as an operator has told it; in force until the member ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tealjet.protocol.values import ClientFilterEntry, ClientFilterKind, ClientFilterMode

__all__ = ["OPERATOR", "Admission", "ClientFilter", "is_address_pattern"]

OPERATOR = "MCJVM"
"""The client type of Hazelcast Management Center, which no filter concerns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What a filter looks at of a client."""

    client_type: str
    name: str
    labels: Sequence[str]
    ip_address: str
    """As the member sees it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientFilter:
    """One filter; a member begins with the one that lets everybody in."""

    etag: str | None = None
    """What the operator calls it."""
    mode: ClientFilterMode = ClientFilterMode.DISABLED
    entries: Sequence[ClientFilterEntry] = ()

    def admits(self, client: Admission) -> bool:
        """Say whether the client may be there."""
        if self.mode is ClientFilterMode.DISABLED or client.client_type == OPERATOR:
            return True
        matches = any(_matches(entry, client) for entry in self.entries)
        return matches is (self.mode is ClientFilterMode.ALLOW)


def _matches(entry: ClientFilterEntry, client: Admission) -> bool:
    match entry.kind:
        case ClientFilterKind.INSTANCE_NAME:
            return _is_like(client.name, entry.value)
        case ClientFilterKind.LABEL:
            return any(_is_like(label, entry.value) for label in client.labels)
        case ClientFilterKind.IP_ADDRESS:
            return _is_in(client.ip_address, entry.value)


def is_address_pattern(text: str) -> bool:
    """Say whether a text is an IP address as filters have it, with ``*`` and ranges."""
    parts, hexadecimal = text.split("."), text.split(":")
    if len(parts) == 4:
        return all(re.fullmatch(r"\*|\d{1,3}(-\d{1,3})?", part) for part in parts)
    return len(hexadecimal) == 8 and all(
        re.fullmatch(r"\*|[\da-fA-F]{1,4}(-[\da-fA-F]{1,4})?", one) for one in hexadecimal
    )


def _is_like(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _is_in(address: str, pattern: str) -> bool:
    """Compare part by part: a part of the pattern is a number, a range ``a-b`` or ``*``."""
    separator, base = (":", 16) if ":" in address else (".", 10)
    parts, patterns = address.split(separator), pattern.split(separator)
    return len(parts) == len(patterns) and all(
        _is_part(part, one, base) for part, one in zip(parts, patterns, strict=True)
    )


def _is_part(part: str, pattern: str, base: int) -> bool:
    if pattern in ("*", part):
        return True
    first, dash, last = pattern.partition("-")
    try:
        return bool(dash) and int(first, base) <= int(part, base) <= int(last, base)
    except ValueError:
        return False
