"""TLS as Java's files configure it, against real members: what is accepted, what is refused and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tealjet
from support.stores import key_store, trust_store
from tealjet.errors import NoClusterError
from tealjet.lab import Authority, Certificate, Lab, TlsProxy

pytestmark = pytest.mark.member("5.7.0")

SECRET = "x-hush-x"
LOCALHOST = "127.0.0.1"


class Files:
    """A failover file and a client file for one cluster that speaks TLS, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder, "blue")
        self.other = Authority(folder, "green")

    def write(self, address: str, **properties: Any) -> Path:
        lines = "\n".join(f"        {name}: {json.dumps(value)}" for name, value in properties.items())
        (self.folder / "blue.yaml").write_text(
            "hazelcast-client:\n"
            "  cluster-name: blue\n"
            "  connection-strategy:\n"
            "    connection-retry:\n"
            "      cluster-connect-timeout-millis: 0\n"
            "  network:\n"
            f"    cluster-members: ['{address}']\n"
            "    ssl:\n"
            "      enabled: true\n"
            f"      properties:\n{lines}\n"
        )
        failover = self.folder / "failover.yaml"
        failover.write_text("try-count: 0\nclients: [blue.yaml]\n")
        return failover

    def trusted(self) -> dict[str, str]:
        store = trust_store(self.folder / "trust.p12", self.authority, SECRET)
        return {"trustStore": store, "trustStorePassword": SECRET, "trustStoreType": "PKCS12"}

    def shown(self, certificate: Certificate) -> dict[str, str]:
        store = key_store(self.folder / "client.p12", certificate, SECRET)
        return {"keyStore": store, "keyStorePassword": SECRET, "mutualAuthentication": "REQUIRED"}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def round_trip(failover: Path, name: str) -> None:
    with tealjet.new_jet_failover_client(failover) as client:
        entries: Any = client.get_map(name).blocking()
        entries.put("key", "value")
        assert entries.get("key") == "value"


def refusal(failover: Path) -> str:
    with pytest.raises(NoClusterError) as raised:
        tealjet.new_jet_failover_client(failover)
    assert SECRET not in str(raised.value)
    return str(raised.value)


# --------------------------------------------------------------------------------------------- what is accepted


@pytest.mark.member("5.7.0", "jet-4.3.1")
def test_a_trust_store_is_enough_for_a_member_that_asks_for_nothing(lab: Lab, files: Files, unique: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST)) as proxy:
        round_trip(files.write(proxy.address, **files.trusted(), validateIdentity=True), unique)


@pytest.mark.parametrize("protocol", ["TLS", "TLSv1.2", "TLSv1.3"])
def test_a_key_store_is_shown_to_a_member_that_asks(lab: Lab, files: Files, protocol: str, unique: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST), clients=files.other) as proxy:
        mine = files.shown(files.other.issue("client"))
        round_trip(files.write(proxy.address, **files.trusted(), **mine, protocol=protocol), unique)


def test_pem_files_do_the_same(lab: Lab, files: Files, unique: str) -> None:
    mine = files.other.issue("client", password=SECRET)
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST), clients=files.other) as proxy:
        failover = files.write(
            proxy.address,
            trustCertCollectionFile=files.authority.cafile,
            keyCertChainFile=mine.certfile,
            keyFile=mine.keyfile,
            keyPassword=SECRET,
            ciphersuites="TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        )
        round_trip(failover, unique)


def test_a_member_s_own_certificate_may_be_trusted_by_itself_as_in_java(lab: Lab, files: Files, unique: str) -> None:
    certificate = files.authority.issue(LOCALHOST)
    with TlsProxy(lab["blue"].addresses[0], certificate) as proxy:
        round_trip(files.write(proxy.address, trustCertCollectionFile=certificate.certfile), unique)


# --------------------------------------------------------------------------------- what is refused, and what it says


def test_a_member_with_a_certificate_of_another_authority_is_refused(lab: Lab, files: Files) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.other.issue(LOCALHOST)) as proxy:
        text = refusal(files.write(proxy.address, **files.trusted()))
    assert "has a certificate from an authority that this client does not trust" in text
    assert "trustStore or trustCertCollectionFile) has to hold the certificate of that authority" in text


def test_a_member_with_another_name_is_refused_where_names_are_checked(lab: Lab, files: Files, unique: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue("elsewhere.example")) as proxy:
        round_trip(files.write(proxy.address, **files.trusted()), unique)
        text = refusal(files.write(proxy.address, **files.trusted(), validateIdentity=True))
    assert f"has a certificate that is not for {LOCALHOST!r}; issue one for this name" in text
    assert "in a file validateIdentity" in text


def test_a_member_with_an_expired_certificate_is_refused(lab: Lab, files: Files) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST, expired=True)) as proxy:
        assert "has a certificate that has expired; renew it there" in refusal(
            files.write(proxy.address, **files.trusted())
        )


@pytest.mark.parametrize("protocol", ["TLSv1.2", "TLSv1.3"])
def test_a_member_that_wants_another_certificate_is_quoted(lab: Lab, files: Files, protocol: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST), clients=files.other) as proxy:
        for mine in ({}, files.shown(files.authority.issue("client"))):
            text = refusal(files.write(proxy.address, **files.trusted(), **mine, protocol=protocol))
            assert "client certificate" in text
            assert "in a file keyStore, or keyCertChainFile and keyFile" in text


def test_a_member_without_a_suite_in_common_is_told(lab: Lab, files: Files) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST)) as proxy:
        text = refusal(files.write(proxy.address, **files.trusted(), ciphersuites="TLS_RSA_WITH_AES_128_GCM_SHA256"))
    assert "in a file ciphersuites" in text


def test_a_plain_member_is_told(lab: Lab, files: Files) -> None:
    text = refusal(files.write(lab["blue"].addresses[0], **files.trusted()))
    assert "TLS" in text
    assert "in a file network.ssl.enabled" in text


def test_a_store_that_is_replaced_counts_from_the_next_connection_on(lab: Lab, files: Files, unique: str) -> None:
    with TlsProxy(lab["blue"].addresses[0], files.authority.issue(LOCALHOST)) as proxy:
        config = tealjet.FailoverConfig.load(files.write(proxy.address, **files.trusted()))
        trust_store(files.folder / "trust.p12", files.other, SECRET)
        with pytest.raises(NoClusterError, match="does not trust"):
            tealjet.new_jet_failover_client(config)
        (files.folder / "trust.p12").write_bytes(b"it is being written")
        with pytest.raises(NoClusterError, match=r"blue\.yaml:11:9: network\.ssl\.properties\.trustStore: .* is not a"):
            tealjet.new_jet_failover_client(config)
        files.trusted()
        with tealjet.new_jet_failover_client(config) as client:
            assert client.failover.active is not None
