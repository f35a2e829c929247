"""TLS for each cluster: what a client accepts, what it refuses and says about it, and renewal without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import Config, SSLProtocol
from hazelcast.core import Address
from hazelcast.security import BasicTokenProvider, TokenProvider

import tealjet
import tealjet.asyncio
from support.clusters import Events, config, wait_for_standby
from support.workload import LIMIT
from tealjet.client import plan_for_failover
from tealjet.errors import ConfigError, NoClusterError
from tealjet.failover.model import Kind, RoundFailed, Switched
from tealjet.lab import Authority, Certificate, FaultProxy, Lab, TlsProxy

pytestmark = pytest.mark.member("5.7.0")

SECRET = "x-hush-x"
LOCALHOST = "127.0.0.1"

RoundTrip = Callable[[tealjet.FailoverConfig, str], str]


def threaded(configuration: tealjet.FailoverConfig, name: str) -> str:
    """Put and get a value; return the name of the cluster that it went to."""
    with tealjet.new_jet_failover_client(configuration) as client:
        entries: Any = client.get_map(name).blocking()
        entries.put("key", "value")
        assert entries.get("key") == "value"
        assert client.failover.active is not None
        return client.failover.active.name


def on_asyncio(configuration: tealjet.FailoverConfig, name: str) -> str:
    async def run() -> str:
        async with tealjet.asyncio.new_jet_failover_client(configuration) as client:
            entries: Any = await client.get_map(name)
            await entries.put("key", "value")
            assert await entries.get("key") == "value"
            assert client.failover.active is not None
            return client.failover.active.name

    return asyncio.run(run())


@pytest.fixture(params=[threaded, on_asyncio])
def round_trip(request: pytest.FixtureRequest) -> RoundTrip:
    """A client of each family, from its start to its end."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "blue")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "green")


def tls(
    name: str, address: str, authority: Authority | None, certificate: Certificate | None = None, **values: Any
) -> Config:
    """A client of one cluster that trusts the authority."""
    made = config(name, [address], ssl_enabled=True, **values)
    if authority is not None:
        made.ssl_cafile = authority.cafile
    if certificate is not None:
        made.ssl_certfile, made.ssl_keyfile = certificate.certfile, certificate.keyfile
        if certificate.password is not None:
            made.ssl_password = certificate.password
    return made


def failover(*clients: Config, try_count: int | None = None) -> tealjet.FailoverConfig:
    return tealjet.FailoverConfig(clients=clients, try_count=try_count)


def refusal(round_trip: RoundTrip, made: Config) -> str:
    """Why a client of this cluster alone gives up."""
    made.cluster_connect_timeout = 0
    with pytest.raises(NoClusterError) as raised:
        round_trip(failover(made, try_count=0), "never")
    text = str(raised.value)
    assert made.cluster_name in text
    assert made.cluster_members[0].replace("localhost", LOCALHOST) in text
    return text


# --------------------------------------------------------------------------------------------- what is accepted


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_client_reads_and_writes_over_tls(lab: Lab, authority: Authority, round_trip: RoundTrip, unique: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        assert round_trip(failover(tls("blue", proxy.address, authority, ssl_check_hostname=True)), unique) == "blue"


@pytest.mark.parametrize("protocol", [SSLProtocol.TLSv1_2, SSLProtocol.TLSv1_3])
def test_a_client_shows_its_certificate_where_one_is_asked_for(
    lab: Lab, authority: Authority, other: Authority, round_trip: RoundTrip, protocol: int, unique: str
) -> None:
    mine = other.issue("client", password=SECRET)
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST), clients=other) as proxy:
        assert round_trip(failover(tls("blue", proxy.address, authority, mine, ssl_protocol=protocol)), unique)


def test_a_certificate_for_the_configured_name_is_good_for_the_address_behind_it(
    lab: Lab, authority: Authority, round_trip: RoundTrip, unique: str
) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue("localhost")) as proxy:
        address = proxy.address.replace(LOCALHOST, "localhost")
        assert round_trip(failover(tls("blue", address, authority, ssl_check_hostname=True)), unique) == "blue"


def test_without_the_check_any_name_will_do_but_no_other_authority(
    lab: Lab, authority: Authority, other: Authority, round_trip: RoundTrip, unique: str
) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue("elsewhere.example")) as proxy:
        assert round_trip(failover(tls("blue", proxy.address, authority)), unique) == "blue"
        assert "ssl_cafile" in refusal(round_trip, tls("blue", proxy.address, other))


# --------------------------------------------------------------------------------- what is refused, and what it says


def test_a_certificate_from_another_authority_is_refused(
    lab: Lab, authority: Authority, other: Authority, round_trip: RoundTrip
) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        text = refusal(round_trip, tls("blue", proxy.address, other))
        assert "has a certificate from an authority that this client does not trust" in text
        assert "ssl_cafile (in a file trustStore or trustCertCollectionFile) has to hold the certificate of" in text
        assert "does not trust" in refusal(round_trip, tls("blue", proxy.address, None))  # the system's authorities


@pytest.mark.parametrize(("issued_for", "host"), [("elsewhere.example", LOCALHOST), (LOCALHOST, "localhost")])
def test_a_certificate_for_another_name_is_refused_where_names_are_checked(
    lab: Lab, authority: Authority, round_trip: RoundTrip, issued_for: str, host: str
) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(issued_for)) as proxy:
        address = proxy.address.replace(LOCALHOST, host)
        text = refusal(round_trip, tls("blue", address, authority, ssl_check_hostname=True))
        assert f"has a certificate that is not for {host!r}; issue one for this name" in text


def test_an_expired_certificate_is_refused(lab: Lab, authority: Authority, round_trip: RoundTrip) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST, expired=True)) as proxy:
        text = refusal(round_trip, tls("blue", proxy.address, authority))
        assert "has a certificate that has expired; renew it there" in text


@pytest.mark.parametrize("protocol", [SSLProtocol.TLSv1_2, SSLProtocol.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "one of another authority"])
def test_a_member_that_refuses_the_clients_certificate_is_quoted(
    lab: Lab, authority: Authority, other: Authority, round_trip: RoundTrip, protocol: int, shown: str
) -> None:
    mine = None if shown == "none" else authority.issue("client")
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST), clients=other) as proxy:
        text = refusal(round_trip, tls("blue", proxy.address, authority, mine, ssl_protocol=protocol))
        assert "client certificate" in text
        assert "ssl_certfile" in text
        assert "ssl_keyfile" in text


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_tls_client_says_that_a_plain_member_speaks_no_tls(
    lab: Lab, authority: Authority, round_trip: RoundTrip
) -> None:
    text = refusal(round_trip, tls("blue", lab["blue"].addresses[0], authority, connection_timeout=1.0))
    assert "TLS" in text
    assert "ssl_enabled" in text


def test_a_plain_client_tells_of_a_tls_member(lab: Lab, authority: Authority, round_trip: RoundTrip) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        text = refusal(round_trip, config("blue", [proxy.address]))
        assert "it may speak TLS, which this client does only with ssl_enabled" in text


def test_a_handshake_that_is_not_answered_is_bounded(lab: Lab, authority: Authority, round_trip: RoundTrip) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST)) as behind, FaultProxy(behind.address) as proxy:
        proxy.black_hole()
        text = refusal(round_trip, tls("blue", proxy.address, authority, connection_timeout=0.5))
        assert "did not answer the TLS handshake within 0.5 s" in text


# --------------------------------------------------------------------------------------------- in the life of a client


@contextlib.contextmanager
def client_that_can_be_cut_off(
    member: str, authority: Authority, clients: Authority, mine: Certificate
) -> Iterator[tuple[tealjet.JetClient, TlsProxy, FaultProxy, Events]]:
    with (
        TlsProxy(member, authority.issue(LOCALHOST), clients=clients) as tls_proxy,
        FaultProxy(tls_proxy.address) as proxy,
        tealjet.new_jet_client(
            tls("blue", proxy.address, authority, mine, retry_initial_backoff=0.1, retry_max_backoff=0.1)
        ) as client,
    ):
        events = Events()
        client.failover.add_listener(events)
        yield client, tls_proxy, proxy, events


def test_a_renewed_client_certificate_counts_from_the_next_connection_on(
    lab: Lab, authority: Authority, other: Authority, unique: str
) -> None:
    mine, renewed = other.issue("client"), other.issue("client")
    member = lab["blue"].addresses[0]
    with client_that_can_be_cut_off(member, authority, other, mine) as (client, _, proxy, events):
        entries: Any = client.get_map(unique).blocking()
        entries.put("key", "value")
        Path(mine.certfile).write_text("it is being written")
        proxy.drop()
        failed = events.wait_for(lambda event: isinstance(event, RoundFailed))
        assert "the TLS settings of 'blue': ssl_certfile" in failed.reasons["blue"]
        assert mine.certfile in failed.reasons["blue"]
        Path(mine.keyfile).write_bytes(Path(renewed.keyfile).read_bytes())
        Path(mine.certfile).write_bytes(Path(renewed.certfile).read_bytes())
        assert entries.get("key") == "value"


def test_an_expired_certificate_keeps_a_client_away_until_it_is_renewed(
    lab: Lab, authority: Authority, other: Authority, unique: str
) -> None:
    member = lab["blue"].addresses[0]
    with client_that_can_be_cut_off(member, authority, other, other.issue("client")) as (
        client,
        tls_proxy,
        proxy,
        events,
    ):
        entries: Any = client.get_map(unique).blocking()
        entries.put("key", "value")
        tls_proxy.present(authority.issue(LOCALHOST, expired=True))
        proxy.drop()
        failed = events.wait_for(lambda event: isinstance(event, RoundFailed))
        assert "expired" in failed.reasons["blue"]
        tls_proxy.present(authority.issue(LOCALHOST))
        assert entries.get("key") == "value"


def test_a_failover_goes_from_a_tls_blue_to_a_tls_green_of_another_authority(
    lab: Lab, authority: Authority, other: Authority, unique: str
) -> None:
    blue, green = lab["blue"].addresses[0], lab["green"].addresses[0]
    with TlsProxy(blue, authority.issue(LOCALHOST)) as first, TlsProxy(green, other.issue(LOCALHOST)) as second:
        made = failover(tls("blue", first.address, authority), tls("green", second.address, other))
        moves_on(made, lab, unique)


def test_a_failover_goes_from_a_plain_blue_to_a_tls_green(lab: Lab, authority: Authority, unique: str) -> None:
    with TlsProxy(lab["green"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        moves_on(failover(config("blue", lab["blue"].addresses), tls("green", proxy.address, authority)), lab, unique)


def moves_on(made: tealjet.FailoverConfig, lab: Lab, name: str) -> None:
    with tealjet.new_jet_failover_client(made) as client:
        events = Events()
        client.failover.add_listener(events)
        entries: Any = client.get_map(name).blocking()
        entries.put("key", "on blue")
        wait_for_standby(client, "green")
        lab["blue"].kill()
        events.wait_for(lambda event: isinstance(event, Switched) and event.report.kind is Kind.CHANGED)
        entries.put("key", "on green")
        assert entries.get("key") == "on green"
        assert client.failover.active is not None
        assert client.failover.active.name == "green"


def test_a_planned_switch_goes_back_and_forth_between_plain_and_tls(
    lab: Lab, authority: Authority, unique: str
) -> None:
    with TlsProxy(lab["green"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        made = failover(config("blue", lab["blue"].addresses), tls("green", proxy.address, authority))
        with tealjet.new_jet_failover_client(made) as client:
            entries: Any = client.get_map(unique).blocking()
            for name in ("green", "blue"):
                client.failover.switch_to(name)
                entries.put("key", name)
                assert entries.get("key") == name


def test_the_client_moves_on_from_a_cluster_whose_files_are_gone(
    lab: Lab, authority: Authority, round_trip: RoundTrip, unique: str
) -> None:
    with TlsProxy(lab["blue"].addresses[0], authority.issue(LOCALHOST)) as proxy:
        made = failover(tls("blue", proxy.address, authority), config("green", lab["green"].addresses))
        Path(authority.cafile).unlink()
        assert round_trip(made, unique) == "green"


def test_a_member_that_speaks_no_tls_is_never_talked_to_in_plain_text(
    three_members: Lab, authority: Authority, unique: str, log: Events
) -> None:
    address = three_members["blue"].addresses[0]
    with (
        TlsProxy(address, authority.issue(LOCALHOST)) as proxy,
        tealjet.new_jet_client(tls("blue", proxy.address, authority, connection_timeout=1.0)) as client,
    ):
        entries: Any = client.get_map(unique).blocking()
        entries.put_all({str(number): number for number in range(100)})
        link = client._engine.active
        assert link is not None
        for other in three_members["blue"].addresses[1:]:
            log.wait_for(lambda record, other=other: other in record.getMessage() and "TLS" in record.getMessage())
        assert [connection.peer for connection in link.connections.values()] == [proxy.address]


# ----------------------------------------------------------------------------------------------------------- signing in


class Tokens(TokenProvider):
    """Gives numbered tokens, or raises an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked_for: list[str] = []
        self._error = error

    def token(self, address: Address | None = None) -> bytes:
        assert address is not None
        self.asked_for.append(f"{address.host}:{address.port}")
        if self._error is not None:
            raise self._error
        return f"{SECRET}{len(self.asked_for)}".encode()


@pytest.mark.member("5.7.0", "jet-4.3.1")
@pytest.mark.parametrize(
    "credentials",
    [{"creds_username": "me"}, {"creds_username": "me", "creds_password": SECRET}, {"token_provider": Tokens()}],
)
def test_credentials_that_a_community_member_does_not_take_are_a_reason_and_the_client_moves_on(
    lab: Lab, round_trip: RoundTrip, credentials: dict[str, Any], unique: str
) -> None:
    blue, green = lab["blue"].addresses, lab["green"].addresses
    assert "refused the cluster name or the credentials" in refusal(round_trip, config("blue", blue, **credentials))
    assert round_trip(failover(config("blue", blue, **credentials), config("green", green)), unique) == "green"


def test_a_token_is_asked_for_at_each_connection_and_tells_the_provider_where(lab: Lab, round_trip: RoundTrip) -> None:
    tokens, address = Tokens(), lab["blue"].addresses[0]
    refusal(round_trip, config("blue", [address], token_provider=tokens))
    refusal(round_trip, config("blue", [address], token_provider=tokens))
    assert tokens.asked_for == [address, address]


def test_a_token_provider_that_fails_is_a_reason_and_the_client_moves_on(
    lab: Lab, round_trip: RoundTrip, unique: str
) -> None:
    failing = config("blue", lab["blue"].addresses, token_provider=Tokens(RuntimeError(SECRET)))
    made = failover(failing, config("green", lab["green"].addresses))
    assert round_trip(made, unique) == "green"
    text = refusal(round_trip, failing)
    assert "the token provider of 'blue' raised RuntimeError" in text
    assert SECRET not in text


def test_a_token_provider_that_hangs_is_bounded_and_the_client_moves_on(
    lab: Lab, round_trip: RoundTrip, unique: str
) -> None:
    release = threading.Event()

    class Hanging(TokenProvider):
        def token(self, address: Address | None = None) -> bytes:
            release.wait(LIMIT)
            return b"too late"

    hanging = config("blue", lab["blue"].addresses, token_provider=Hanging(), connection_timeout=0.5)
    made = failover(hanging, config("green", lab["green"].addresses, connection_timeout=0.5))
    try:
        assert round_trip(made, unique) == "green"
        assert "the token provider of 'blue' did not answer within 0.5 s" in refusal(round_trip, hanging)
    finally:
        release.set()


def test_no_secret_is_in_logs_errors_and_reprs(
    lab: Lab, authority: Authority, other: Authority, caplog: pytest.LogCaptureFixture, unique: str
) -> None:
    caplog.set_level(logging.DEBUG)
    mine = other.issue("client", password=SECRET)
    blue = lab["blue"].addresses
    with TlsProxy(lab["green"].addresses[0], authority.issue(LOCALHOST), clients=other) as proxy:
        green = tls("green", proxy.address, authority, mine)
        whole = failover(
            config("blue", blue, creds_username="me", creds_password=SECRET),
            config("blue", blue, token_provider=BasicTokenProvider(SECRET)),
            config("blue", blue, token_provider=Tokens(RuntimeError(SECRET))),
            green,
        )
        with tealjet.new_jet_failover_client(whole) as client:
            entries: Any = client.get_map(unique).blocking()
            entries.put("key", "value")
            engine: Any = client._engine
            shown = [client, engine, *engine._driver._targets, engine.settings, engine.active, client.failover.status()]
            shown += [*client.failover.history, whole, *whole.clients, *whole.candidates, plan_for_failover(whole, {})]
            assert client.failover.active is not None
            assert client.failover.active.name == "green"
    Path(mine.keyfile).write_text(SECRET)
    with pytest.raises(ConfigError) as raised:
        tealjet.ClientConfig.wrap(green)
    shown += [raised.value, raised.value.problems]
    assert "blue" in caplog.text
    for one in [caplog.text, *map(repr, shown), *map(str, shown)]:
        assert SECRET not in one
