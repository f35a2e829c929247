"""Client filters of embedded members: whom they let in."""

from __future__ import annotations

import pytest

from tealjet.lab.embedded.filters import Admission, ClientFilter
from tealjet.protocol.values import ClientFilterEntry, ClientFilterKind, ClientFilterMode

NAME, LABEL, IP = ClientFilterKind.INSTANCE_NAME, ClientFilterKind.LABEL, ClientFilterKind.IP_ADDRESS
ALLOW, DENY, DISABLED = ClientFilterMode.ALLOW, ClientFilterMode.DENY, ClientFilterMode.DISABLED


def client(client_type: str = "PYH", name: str = "orders-1", ip: str = "127.0.0.1") -> Admission:
    return Admission(client_type=client_type, name=name, labels=("teal", "eu-west"), ip_address=ip)


def admits(mode: ClientFilterMode, *entries: tuple[ClientFilterKind, str], of: Admission | None = None) -> bool:
    made = [ClientFilterEntry(kind=kind, value=value) for kind, value in entries]
    return ClientFilter(mode=mode, entries=made).admits(of or client())


@pytest.mark.parametrize(
    ("kind", "value", "matches"),
    [
        (NAME, "orders-1", True),
        (NAME, "orders-*", True),
        (NAME, "*-1", True),
        (NAME, "*", True),
        (NAME, "orders", False),
        (NAME, "Orders-1", False),
        (NAME, "orders.1", False),
        (LABEL, "teal", True),
        (LABEL, "eu-*", True),
        (LABEL, "us-*", False),
        (IP, "127.0.0.1", True),
        (IP, "127.*.*.1", True),
        (IP, "127.0.0.0-9", True),
        (IP, "127.0.0.2-9", False),
        (IP, "127.0.*", False),
        (IP, "127.0.0.x-y", False),
    ],
)
def test_an_entry_matches_by_its_kind_and_the_two_modes_are_opposites(
    kind: ClientFilterKind, value: str, matches: bool
) -> None:
    assert admits(DENY, (kind, value)) is not matches
    assert admits(ALLOW, (kind, value)) is matches


def test_a_range_of_an_ipv6_address_is_hexadecimal() -> None:
    assert not admits(DENY, (IP, "fe80:0:0:0:0:0:0:a-f"), of=client(ip="fe80:0:0:0:0:0:0:c"))


def test_one_entry_that_matches_is_enough() -> None:
    assert not admits(DENY, (NAME, "other"), (LABEL, "teal"))


def test_without_entries_deny_lets_all_in_and_allow_nobody() -> None:
    assert admits(DENY)
    assert not admits(ALLOW)


def test_a_disabled_filter_lets_all_in_whatever_its_entries_are() -> None:
    assert admits(DISABLED, (NAME, "*"))


def test_management_center_is_let_in_by_every_filter() -> None:
    assert admits(DENY, (IP, "*.*.*.*"), of=client(client_type="MCJVM"))
    assert admits(ALLOW, of=client(client_type="MCJVM"))
