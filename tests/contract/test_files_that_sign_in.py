"""Files that say what a client signs in with: members that ask for it let it in, all others refuse it.

Members of the Community edition ask for nothing and let nobody in who shows something, so who is let in is shown on
embedded members, and who is not on real ones too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tealjet
from tealjet.errors import NoClusterError
from tealjet.lab import EmbeddedOptions, Lab, start_embedded

SECRET = "x-hush-x"
NAMED = EmbeddedOptions(username="teal", password=SECRET)
BY_TOKEN = EmbeddedOptions(token=SECRET.encode())
OF_ONE = EmbeddedOptions(token=f"of {SECRET}".encode())


def encoded(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


PAIR = "{class-name: 'support.java_classes:credentials', properties: {user: teal, secret: {}}}"
PROVIDER = "{class-name: 'support.config_classes:give_token', properties: {user: {}}}"
WAYS: dict[str, tuple[EmbeddedOptions, str, Callable[[str], str]]] = {
    "user name and password": (NAMED, "{username-password: {username: teal, password: {}}}", str),
    "token": (BY_TOKEN, "{token: {value: {}, encoding: none}}", str),
    "token in base64": (BY_TOKEN, "{token: {value: '{}', encoding: base64}}", encoded),
    "factory of a pair": (NAMED, f"{{credentials-factory: {PAIR}}}", str),
    "factory of a token provider": (OF_ONE, f"{{credentials-factory: {PROVIDER}}}", str),
}
"""What a member asks for, what a file says of it, and how a secret is written there."""


def files(folder: Path, cluster: Any, security: str) -> Path:
    """Write a failover file that tries the cluster once, and its client file."""
    (folder / "blue.yaml").write_text(
        f"""\
hazelcast-client:
  cluster-name: {cluster.name}
  network: {{cluster-members: {cluster.addresses}}}
  security: {security}
  connection-strategy: {{connection-retry: {{cluster-connect-timeout-millis: 0}}}}
"""
    )
    failover = folder / "failover.yaml"
    failover.write_text(f"hazelcast-client-failover: {{try-count: 0, clients: [{folder}/blue.yaml]}}")
    return failover


def refusal(failover: Path) -> str:
    with pytest.raises(NoClusterError) as raised:
        tealjet.new_jet_failover_client(failover)
    assert "x-" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("way", WAYS)
def test_a_member_that_asks_for_it_lets_the_right_one_in_and_no_other(way: str, tmp_path: Path) -> None:
    options, security, written = WAYS[way]
    with start_embedded({"blue": options}) as lab:
        right = files(tmp_path, lab["blue"], security.replace("{}", written(SECRET)))
        with tealjet.new_jet_failover_client(right) as client:
            entries: Any = client.get_map("orders").blocking()
            entries.put("key", "value")
            assert entries.get("key") == "value"
        wrong = files(tmp_path, lab["blue"], security.replace("{}", written("x-wrong-x")))
        assert "refused the cluster name or the credentials" in refusal(wrong)


@pytest.mark.member("5.7.0")
@pytest.mark.parametrize("way", WAYS)
def test_a_community_member_lets_nobody_in_who_shows_something(way: str, lab: Lab, tmp_path: Path) -> None:
    _, security, written = WAYS[way]
    text = refusal(files(tmp_path, lab["blue"], security.replace("{}", written(SECRET))))
    assert (
        f"{lab['blue'].addresses[0]}, asked as cluster 'blue', refused the cluster name or the credentials; compare "
        "them with the member's configuration"
    ) in text
