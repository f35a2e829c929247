"""What an embedded lab refuses to start, and what it says of itself."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tealjet.lab import (
    EMBEDDED_VERSIONS,
    VERSIONS,
    EmbeddedCluster,
    EmbeddedOptions,
    LabError,
    MemberStartError,
    start_embedded,
)
from tealjet.lab.embedded.places import MemberPlace
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Service, Session


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", "localhost", ""])  # noqa: S104
def test_an_address_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(repr(host))} is no loopback address: they are doubles for tests"):
        start_embedded(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10"])
def test_any_loopback_address_can_be_listened_on(host: str) -> None:
    with start_embedded(host=host) as lab:
        assert lab["blue"].addresses[0].startswith(f"{host}:")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"version": "5.6.0"}, "version '5.6.0' is none of 5.7.0, jet-4.3.1"),
        ({"clusters": {"blue": EmbeddedOptions(version="6")}}, "version '6' is none of"),
        ({"members": 0}, "cluster 'blue' must have at least one member, not 0"),
        ({"clusters": {"red": EmbeddedOptions(members=-1)}}, "cluster 'red' must have at least one member, not -1"),
        ({"clusters": {"red": EmbeddedOptions(partition_count=0)}}, "cluster 'red' must have at least one partition"),
        ({"members": 1.5}, "cluster 'blue' must have at least one member, not 1.5"),
        ({"clusters": "blue"}, "a list of keys, such as .'blue',., not as one text"),
        ({"clusters": ()}, "no cluster is to be started"),
        ({"clusters": ("blue", "blue")}, "one is there twice: blue, blue"),
        ({"clusters": {"red": EmbeddedOptions(username="teal")}}, "'red' has half of its credentials"),
        ({"clusters": {"red": EmbeddedOptions(password="secret")}}, "'red' has half of its credentials"),
        (
            {"clusters": {"red": EmbeddedOptions(username="teal", password="secret", token=b"t")}},
            "'red' has two kinds of credentials",
        ),
        ({"clusters": {"red": EmbeddedOptions(queue_capacities={"q*": 0})}}, "queues 'q.' of cluster 'red' must take"),
        ({"own_process": True, "services": SERVICES[:1]}, "services of one's own run in this process only"),
    ],
)
def test_what_cannot_be_started_is_refused_before_anything_is(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        start_embedded(**arguments)


def test_what_embedded_members_answer_as_there_are_real_members_of() -> None:
    assert set(EMBEDDED_VERSIONS) <= set(VERSIONS)


def test_clusters_may_differ() -> None:
    options = {
        "blue": EmbeddedOptions(cluster_name="production", members=2),
        "green": EmbeddedOptions(version="jet-4.3.1"),
    }
    with start_embedded(options) as lab:
        blue, green = lab["blue"], lab["green"]
        assert (blue.name, blue.version, len(blue.members)) == ("production", "5.7.0", 2)
        assert (green.name, green.version, len(green.members)) == ("green", "jet-4.3.1", 1)
        assert blue.process_id is None


@pytest.mark.parametrize("version", EMBEDDED_VERSIONS)
def test_a_member_logs_that_it_is_a_double(version: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tealjet.lab.embedded")
    with start_embedded(("blue",), version=version) as lab:
        (told,) = caplog.messages
        assert told.startswith(f"embedded member {lab['blue'].addresses[0]} of cluster blue answers as")
        assert "it is a double for tests" in told


def test_passwords_and_tokens_are_in_no_repr() -> None:
    options = {"blue": EmbeddedOptions(username="teal", password="secret"), "green": EmbeddedOptions(token=b"secret")}
    assert "secret" not in repr(options)
    with start_embedded(options) as lab:
        assert "secret" not in repr(lab)


def test_a_member_that_cannot_listen_fails_the_start_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def occupied(self: MemberPlace) -> None:
        raise OSError("the address is in use")

    monkeypatch.setattr(MemberPlace, "accept", occupied)
    with pytest.raises(MemberStartError, match="of blue did not start: the address is in use"), start_embedded():
        pass


@pytest.mark.parametrize("own_process", [False, True], ids=["in this process", "in its own process"])
def test_a_member_whose_address_somebody_else_has_taken_says_so_and_starts_when_it_is_free(own_process: bool) -> None:
    with start_embedded(("blue",), own_process=own_process) as lab:
        (member,) = lab["blue"].members
        member.kill()
        host, port = member.address.split(":")
        with (
            socket.create_server((host, int(port))),
            pytest.raises(MemberStartError, match=f"{member.address} of blue did not start: .*in use"),
        ):
            member.restart()
        assert not member.alive
        lab["blue"].restart()
        lab["blue"].wait()


def test_a_cluster_that_was_not_started_is_answered_with_those_that_were() -> None:
    with (
        start_embedded() as lab,
        pytest.raises(KeyError, match="no cluster was started as 'red'; there are 'blue', 'gr"),
    ):
        _ = lab["red"]


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (lambda blue: blue.deny(), r"deny\('\*'\) denies everybody"),
        (lambda blue: blue.deny(labels="eu"), "are given as lists"),
        (lambda blue: blue.deny(addresses=["localhost"]), "'localhost' is no IP address"),
        (lambda blue: blue.deny(addresses=["127.0.1"]), "'127.0.1' is no IP address"),
        (lambda blue: blue.plan_jobs(runs=-1.0), "no job runs for -1.0 seconds"),
        (lambda blue: blue.change_partition_count(0), "at least one partition, not 0"),
        (lambda blue: blue.members[0].delay(float("nan")), "nan seconds are no delay"),
        (lambda blue: blue.members[0].read_slowly(0), "0 bytes a second is no rate"),
        (lambda blue: blue.members[0].cut_answer("map.pot"), "no message 'map.pot'; is it 'map.put'?"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(verb: Callable[[EmbeddedCluster], None], text: str) -> None:
    with start_embedded(("blue",)) as lab, pytest.raises(ValueError, match=text):
        verb(lab["blue"])


class Broken(Service):
    """Fails by itself as soon as a connection has ended."""

    def session_ended(self, session: Session) -> None:
        self.cluster.call_at(self.cluster.now(), int, "no number")


def test_a_lab_whose_services_had_defects_says_so_when_it_is_left() -> None:
    expected = pytest.raises(LabError, match="defects of their own:\na timer of int failed: ValueError")
    with expected, start_embedded(("blue",), services=(*SERVICES, Broken)) as lab:
        host, port = lab["blue"].addresses[0].split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"no greeting")
            assert connection.recv(1) == b""
