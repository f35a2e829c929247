"""TLS in a client file, by Java's properties: what they come to, and what is said where they do not fit."""

from __future__ import annotations

import json
import logging
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.stores import key_store, trust_store
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.tls import TlsSettings, tls_context
from tealjet.errors import ConfigError
from tealjet.lab import Authority

SECRET = "x-hush-x"
PLACE = "network.ssl.properties"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def write(
    folder: Path, properties: dict[str, Any], *, name: str = "blue", enabled: bool = True, factory: str | None = None
) -> Path:
    """Write a client file whose properties begin at line 7, each on a line of its own."""
    lines = ["hazelcast-client:", f"  cluster-name: {name}", "  network:", "    ssl:", f"      enabled: {enabled}"]
    lines += [] if factory is None else [f"      factory-class-name: {factory}"]
    lines += ["      properties:"] + [f"        {key}: {json.dumps(value)}" for key, value in properties.items()]
    file = folder / f"{name}.yaml"
    file.write_text("\n".join(lines) if properties else "\n".join(lines[:-1]))
    return file


def settings(folder: Path, **properties: Any) -> TlsSettings:
    tls = ClientConfig.load(write(folder, properties)).tls
    assert tls is not None
    return tls


def context(folder: Path, **properties: Any) -> ssl.SSLContext:
    return tls_context(settings(folder, **properties))


def problems(folder: Path, **properties: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(write(folder, properties))
    assert SECRET not in str(raised.value)
    return [str(one).removeprefix(f"{folder}/blue.yaml:") for one in raised.value.problems]


def problem(folder: Path, **properties: Any) -> str:
    (found,) = problems(folder, **properties)
    return found


def subjects(made: ssl.SSLContext) -> list[Any]:
    return [certificate["subject"] for certificate in made.get_ca_certs()]


# ------------------------------------------------------------------------------------------------ what is understood


def test_without_properties_java_s_defaults_hold(tmp_path: Path) -> None:
    made = context(tmp_path)
    assert (made.minimum_version, made.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.check_hostname is False


def test_what_is_not_enabled_is_not_looked_at(tmp_path: Path, authority: Authority) -> None:
    file = write(tmp_path, {"trustStore": "missing.p12", "keyFile": "missing.pem"}, enabled=False)
    assert ClientConfig.load(file).tls is None


@pytest.mark.parametrize(
    ("protocol", "oldest", "newest"),
    [
        ("TLS", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
        ("TLSv1.2", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
        ("TLSv1.3", ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
    ],
)
def test_the_protocol_is_the_version_that_is_spoken(
    tmp_path: Path, protocol: str, oldest: ssl.TLSVersion, newest: ssl.TLSVersion
) -> None:
    made = context(tmp_path, protocol=protocol)
    assert (made.minimum_version, made.maximum_version) == (oldest, newest)


def test_a_trust_store_and_a_pem_file_come_to_the_same(tmp_path: Path, authority: Authority) -> None:
    store = trust_store(tmp_path / "trust.p12", authority, SECRET)
    of_store = context(tmp_path, trustStore=store, trustStorePassword=SECRET, trustStoreType="PKCS12")
    of_file = context(tmp_path, trustCertCollectionFile=authority.cafile)
    assert subjects(of_store) == subjects(of_file) != []
    assert of_store.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


@pytest.mark.parametrize("kind", [{}, {"keyStoreType": "JKS"}, {"keyStoreType": "pkcs12"}])
def test_what_counts_is_what_a_store_is_and_not_what_it_is_said_to_be(
    tmp_path: Path, authority: Authority, kind: dict[str, str]
) -> None:
    store = key_store(tmp_path / "client.p12", authority.issue("client"), SECRET)
    assert context(tmp_path, keyStore=store, keyStorePassword=SECRET, mutualAuthentication="REQUIRED", **kind)


def test_a_store_without_a_password_needs_none(tmp_path: Path, authority: Authority) -> None:
    assert context(tmp_path, keyStore=key_store(tmp_path / "client.p12", authority.issue("client"), None))


@pytest.mark.parametrize("password", [None, SECRET])
def test_a_key_may_stand_in_a_pem_file(tmp_path: Path, authority: Authority, password: str | None) -> None:
    mine = authority.issue("client", password=password)
    opened = {} if password is None else {"keyPassword": password}
    assert context(tmp_path, keyFile=mine.keyfile, keyCertChainFile=mine.certfile, **opened)


def test_what_makes_no_difference_here_is_accepted(tmp_path: Path, authority: Authority) -> None:
    file = write(
        tmp_path,
        {"keyMaterialDuration": "PT10M", "keyManagerAlgorithm": "SunX509", "trustManagerAlgorithm": "PKIX"},
        factory="com.hazelcast.nio.ssl.OpenSSLEngineFactory",
    )
    assert ClientConfig.load(file).tls is not None


def test_each_cluster_may_have_its_own_settings(tmp_path: Path, authority: Authority) -> None:
    first = write(tmp_path, {"protocol": "TLSv1.3", "validateIdentity": True})
    second = write(tmp_path, {"trustCertCollectionFile": authority.cafile}, name="green")
    (tmp_path / "failover.yaml").write_text(f"clients: [{first}, {second}]")
    blue, green = FailoverConfig.load(tmp_path / "failover.yaml").clients
    assert blue.tls is not None
    assert green.tls is not None
    assert (blue.tls.check_hostname, green.tls.check_hostname) == (True, False)


def test_the_names_of_java_s_system_properties_mean_the_same(tmp_path: Path, authority: Authority) -> None:
    store = trust_store(tmp_path / "trust.p12", authority, SECRET)
    made = context(tmp_path, **{"javax.net.ssl.trustStore": store, "javax.net.ssl.trustStorePassword": SECRET})
    assert subjects(made) != []
    found = problem(tmp_path, **{"javax.net.ssl.trustStore": store, "trustStore": store, "trustStorePassword": SECRET})
    assert found == f"7:9: {PLACE}.javax.net.ssl.trustStore: trustStore is set too; allowed: one of both"


# ------------------------------------------------------------------------------------------------------ cipher suites


@pytest.mark.parametrize(
    ("suites", "offered"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ["ECDHE-RSA-AES128-GCM-SHA256"]),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", ["ECDHE-ECDSA-AES256-SHA384"]),
        ("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", ["DHE-RSA-AES256-GCM-SHA384"]),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ["ECDHE-RSA-CHACHA20-POLY1305"]),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", ["AES128-SHA"]),
        ("ECDHE-RSA-AES128-GCM-SHA256", ["ECDHE-RSA-AES128-GCM-SHA256"]),
        (
            "TLS_RSA_WITH_AES_256_GCM_SHA384, TLS_NO_WITH_SUCH, TLS_RSA_WITH_AES_128_GCM_SHA256",
            ["AES256-GCM-SHA384", "AES128-GCM-SHA256"],
        ),
    ],
)
def test_suites_up_to_tls_1_2_go_by_java_s_names_or_by_openssl_s(
    tmp_path: Path, suites: str, offered: list[str]
) -> None:
    made = context(tmp_path, ciphersuites=suites)
    assert [one["name"] for one in made.get_ciphers() if one["protocol"] != "TLSv1.3"] == offered
    assert made.maximum_version is ssl.TLSVersion.TLSv1_2


NEW = "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256"


def test_suites_of_tls_1_3_alone_leave_tls_1_2_out(tmp_path: Path) -> None:
    assert context(tmp_path, ciphersuites=NEW).minimum_version is ssl.TLSVersion.TLSv1_3


def test_suites_of_both_versions_leave_both_in(tmp_path: Path) -> None:
    made = context(tmp_path, ciphersuites=f"{NEW},TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    assert (made.minimum_version, made.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


# ----------------------------------------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        (
            {"protocol": "TLSv1.1"},
            f"{PLACE}.protocol: found 'TLSv1.1'; allowed: TLS, TLSv1.2, TLSv1.3 (this version is not",
        ),
        (
            {"keyStore": "a.p12", "keyFile": "a.key", "keyCertChainFile": "a.crt"},
            f"8:9: {PLACE}.keyFile: keyStore is set too; allowed: one of keyStore and keyFile",
        ),
        (
            {"trustStore": "a.p12", "trustCertCollectionFile": "a.pem"},
            f"8:9: {PLACE}.trustCertCollectionFile: trustStore is set too; allowed: one of trustStore and trustCert",
        ),
        ({"keyFile": "a.key"}, f"7:9: {PLACE}.keyFile: without keyCertChainFile; allowed: keyFile together with"),
        ({"keyCertChainFile": "a.crt"}, f"7:9: {PLACE}.keyCertChainFile: without keyFile; allowed: keyFile together"),
        (
            {"mutualAuthentication": "REQUIRED"},
            f"7:9: {PLACE}.mutualAuthentication: no certificate to show; allowed: REQUIRED together with keyStore or",
        ),
        (
            {"ciphersuites": "TLS_AES_128_GCM_SHA256"},
            f"7:9: {PLACE}.ciphersuites: of TLS 1.3 it lacks TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            {"protocol": "TLSv1.3", "ciphersuites": "TLS_RSA_WITH_AES_128_CBC_SHA"},
            f"8:9: {PLACE}.ciphersuites: none is of the version that protocol asks for",
        ),
        (
            {"ciphersuites": "TLS_NO_WITH_SUCH,TLS_NOR_WITH_THAT"},
            f"7:9: {PLACE}.ciphersuites: OpenSSL knows none of them: TLS_NO_WITH_SUCH, TLS_NOR_WITH_THAT",
        ),
        (
            {"ciphersuites": f"{NEW},TLS_AES_128_GCM_SHA265"},
            f"7:9: {PLACE}.ciphersuites: TLS_AES_128_GCM_SHA265 is no suite that can be offered; allowed: of TLS 1.3 "
            "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 (did you mean "
            "TLS_AES_128_GCM_SHA256?)",
        ),
        (
            {"ciphersuites": f"{NEW},TLS_AES_128_CCM_SHA256"},
            f"7:9: {PLACE}.ciphersuites: TLS_AES_128_CCM_SHA256 is no suite that can be offered; allowed: of TLS",
        ),
        (
            {"ciphersuites": ",".join(["TLS_RSA_WITH_AES_128_CBC_SHA"] * 300)},
            f"7:23: {PLACE}.ciphersuites: found 'TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_",
        ),
        (
            {"keyStoreType": "PKCS11"},
            f"7:23: {PLACE}.keyStoreType: found 'PKCS11'; allowed: PKCS12, JKS (convert it with keytool",
        ),
        ({"keystore": "a.p12"}, "7:9: network.ssl.properties.keystore: unknown key; allowed: protocol, trustStore"),
    ],
)
def test_what_does_not_fit_together_is_told_with_its_place(
    tmp_path: Path, properties: dict[str, str], says: str
) -> None:
    assert any(says in one for one in problems(tmp_path, **properties))


def test_a_factory_of_the_user_s_own_can_not_be_honoured(tmp_path: Path) -> None:
    file = write(tmp_path, {}, factory="com.example.Own")
    with pytest.raises(ConfigError, match=r"factory-class-name: found 'com.example.Own'.*can run in Java only"):
        ClientConfig.load(file)


def test_each_suite_that_openssl_does_not_know_is_said_and_the_others_are_offered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    suites = "TLS_EMPTY_RENEGOTIATION_INFO_SCSV,TLS_RSA_WITH_AES_128_GCM_SHA265,TLS_RSA_WITH_AES_256_GCM_SHA384"
    with caplog.at_level(logging.INFO, logger="tealjet"):
        made = context(tmp_path, ciphersuites=suites)
    assert [one["name"] for one in made.get_ciphers() if one["protocol"] != "TLSv1.3"] == ["AES256-GCM-SHA384"]
    assert caplog.messages == [
        f"{tmp_path}/blue.yaml:7:9: {PLACE}.ciphersuites: without effect: OpenSSL does not know "
        "TLS_RSA_WITH_AES_128_GCM_SHA265"
    ]


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    missing = {"trustCertCollectionFile": "no.ca", "keyCertChainFile": "no.crt", "keyFile": "no.key"}
    assert problems(tmp_path, **missing) == [
        f"7:9: {PLACE}.trustCertCollectionFile: 'no.ca' can't be read: No such file or directory",
        f"8:9: {PLACE}.keyCertChainFile: 'no.crt' can't be read: No such file or directory",
        f"9:9: {PLACE}.keyFile: 'no.key' can't be read: No such file or directory",
    ]


def test_what_does_not_fit_hides_no_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert problems(tmp_path, trustStore="no.p12", keyFile="no.key", ciphersuites="TLS_NO_WITH_SUCH") == [
        f"7:9: {PLACE}.trustStore: 'no.p12' can't be read: No such file or directory",
        f"8:9: {PLACE}.keyFile: without keyCertChainFile; allowed: keyFile together with keyCertChainFile",
        f"8:9: {PLACE}.keyFile: 'no.key' can't be read: No such file or directory",
        f"9:9: {PLACE}.ciphersuites: OpenSSL knows none of them: TLS_NO_WITH_SUCH",
    ]


@pytest.mark.parametrize("name", ["trustStore", "keyStore", "trustCertCollectionFile"])
def test_a_file_that_is_missing_is_named_with_the_line_of_its_property(tmp_path: Path, name: str) -> None:
    assert problem(tmp_path, **{name: "missing"}) == (
        f"7:9: {PLACE}.{name}: 'missing' can't be read: No such file or directory"
    )


@pytest.mark.parametrize(("magic", "kind"), [(b"\xfe\xed\xfe\xed", "JKS"), (b"\xce\xce\xce\xce", "JCEKS")])
def test_a_store_that_only_java_reads_is_refused_with_the_command_that_converts_it(
    tmp_path: Path, magic: bytes, kind: str
) -> None:
    store = tmp_path / "trust me.jks"
    store.write_bytes(magic + bytes(100))
    assert problem(tmp_path, trustStore=str(store), trustStorePassword=SECRET) == (
        f"7:9: {PLACE}.trustStore: {str(store)!r} is a key store of type {kind}, which only Java can read; allowed: a "
        f"store of type PKCS12, made by: keytool -importkeystore -srckeystore '{store}' -srcstoretype {kind} "
        f"-destkeystore '{tmp_path}/trust me.p12' -deststoretype PKCS12"
    )


@pytest.mark.parametrize(("given", "says"), [("other", "a wrong one"), (None, "none")])
def test_a_wrong_password_is_told_with_the_store(
    tmp_path: Path, authority: Authority, given: str | None, says: str
) -> None:
    store = key_store(tmp_path / "client.p12", authority.issue("client"), SECRET)
    opened = {} if given is None else {"keyStorePassword": given}
    found = problem(tmp_path, keyStore=store, **opened)
    assert f"{PLACE}.keyStorePassword: {says}, and {store!r} does not open with it" in found


def test_a_store_of_something_else_is_refused(tmp_path: Path, authority: Authority) -> None:
    junk = tmp_path / "junk.p12"
    junk.write_bytes(b"junk")
    assert "is not a store of type PKCS12" in problem(tmp_path, trustStore=str(junk))
    assert f"{authority.cafile!r} is a PEM file; allowed: a store of type PKCS12; PEM files go by" in problem(
        tmp_path, trustStore=authority.cafile
    )


def test_a_trust_store_is_no_key_store(tmp_path: Path, authority: Authority) -> None:
    store = trust_store(tmp_path / "trust.p12", authority, SECRET)
    found = problem(tmp_path, keyStore=store, keyStorePassword=SECRET)
    assert f"7:9: {PLACE}.keyStore: no certificate with its key in {store!r}" in found


def test_a_file_that_is_too_large_for_a_store_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.p12"
    with large.open("wb") as file:
        file.truncate(2**32)
    assert f"{str(large)!r} is larger than 4 MiB" in problem(tmp_path, trustStore=str(large))


def test_without_the_package_that_reads_stores_the_error_says_how_to_get_it(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = trust_store(tmp_path / "trust.p12", authority, SECRET)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    found = problem(tmp_path, trustStore=store, trustStorePassword=SECRET)
    assert "cannot be read without the package cryptography: pip install 'tealjet[tls]'" in found


def test_what_is_wrong_with_both_stores_comes_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(write(tmp_path, {"trustStore": "x", "keyStore": "y"}))
    told = [str(one).removeprefix(f"{tmp_path}/").partition(": '")[0] for one in raised.value.problems]
    assert told == [f"blue.yaml:7:9: {PLACE}.trustStore", f"blue.yaml:8:9: {PLACE}.keyStore"]


def test_the_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    first, second = write(tmp_path, {"trustStore": "x"}), write(tmp_path, {"keyStore": "y"}, name="green")
    (tmp_path / "failover.yaml").write_text(f"clients: [{first}, {second}]")
    with pytest.raises(ConfigError) as raised:
        FailoverConfig.load(tmp_path / "failover.yaml")
    told = [str(one).removeprefix(f"{tmp_path}/") for one in raised.value.problems]
    assert [one.partition(": '")[0] for one in told] == [
        f"blue.yaml:7:9: {PLACE}.trustStore",
        f"green.yaml:7:9: {PLACE}.keyStore",
    ]


# ------------------------------------------------------------------------------------------------------------ secrets


def test_no_password_is_in_a_repr(tmp_path: Path, authority: Authority) -> None:
    store = key_store(tmp_path / "client.p12", authority.issue("client"), SECRET)
    client = ClientConfig.load(write(tmp_path, {"keyStore": store, "keyStorePassword": SECRET}))
    for shown in (client, client.tls, FailoverConfig(clients=[client])):
        assert SECRET not in repr(shown)


def test_a_key_is_in_no_file_after_it_was_loaded(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = key_store(tmp_path / "client.p12", authority.issue("client"), SECRET)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert context(tmp_path, keyStore=store, keyStorePassword=SECRET)
    assert list(temporary.iterdir()) == []


def test_the_package_that_reads_stores_is_not_imported_without_one(tmp_path: Path, authority: Authority) -> None:
    file = write(tmp_path, {"trustCertCollectionFile": authority.cafile})
    code = (
        "import sys; from tealjet.config import ClientConfig; "
        f"ClientConfig.load({str(file)!r}); sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
