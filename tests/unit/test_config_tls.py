"""TLS settings: what is wrong with them is said at construction, by setting and file, and without a secret."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from hazelcast.config import Config, SSLProtocol

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.tls import official_tls, tls_context
from tealjet.errors import ConfigError
from tealjet.lab import Authority, Certificate

SECRET = "x-hush-x"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def config(authority: Authority, certificate: Certificate | None = None, **values: Any) -> Config:
    made = Config()
    made.cluster_name = "blue"
    made.ssl_enabled, made.ssl_cafile = True, authority.cafile
    if certificate is not None:
        made.ssl_certfile, made.ssl_keyfile = certificate.certfile, certificate.keyfile
    for name, value in values.items():
        setattr(made, name, value)
    return made


def context_of(made: Config) -> ssl.SSLContext:
    settings = official_tls(made)
    assert settings is not None
    return tls_context(settings)


def problem_of(made: Config) -> str:
    with pytest.raises(ConfigError) as raised:
        ClientConfig.wrap(made)
    (problem,) = raised.value.problems
    assert SECRET not in str(raised.value)
    assert "configuration of cluster 'blue'" in str(problem)
    return str(problem)


@pytest.mark.parametrize(
    ("protocol", "version"),
    [(SSLProtocol.TLSv1_2, ssl.TLSVersion.TLSv1_2), (SSLProtocol.TLSv1_3, ssl.TLSVersion.TLSv1_3)],
)
def test_the_protocol_is_the_one_version_that_is_spoken(
    authority: Authority, protocol: int, version: ssl.TLSVersion
) -> None:
    context = context_of(config(authority, ssl_protocol=protocol))
    assert (context.minimum_version, context.maximum_version) == (version, version)


def test_the_certificate_is_always_verified_and_the_name_when_it_is_asked_for(authority: Authority) -> None:
    for check in (False, True):
        context = context_of(config(authority, ssl_check_hostname=check))
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname is check


def test_only_the_ciphers_that_are_named_are_offered(authority: Authority) -> None:
    context = context_of(config(authority, ssl_ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"))
    offered = {cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"}
    assert offered == {"ECDHE-ECDSA-AES128-GCM-SHA256"}


@pytest.mark.parametrize("password", ["pass", b"pass", bytearray(b"pass"), lambda: "pass"])
def test_the_password_of_the_key_may_be_text_bytes_or_a_function(authority: Authority, password: Any) -> None:
    made = config(authority, authority.issue("client", password="pass"))
    made._ssl_password = password  # the official setter refuses a bytearray, which its documentation allows
    assert ClientConfig.wrap(made).cluster_name == "blue"


def test_each_cluster_may_have_its_own_settings(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    blue, green = config(authority, authority.issue("client"), ssl_check_hostname=True), config(other)
    assert len(FailoverConfig(clients=[blue, green, Config()]).clients) == 3


@pytest.mark.parametrize("attribute", ["ssl_cafile", "ssl_certfile", "ssl_keyfile"])
def test_a_file_that_is_missing_is_named_with_its_setting(authority: Authority, tmp_path: Path, attribute: str) -> None:
    missing = str(tmp_path / "missing.pem")
    problem = problem_of(config(authority, authority.issue("client"), **{attribute: missing}))
    assert f"{attribute}: {missing!r} can't be read: No such file or directory" in problem


@pytest.mark.parametrize(
    ("attribute", "says"), [("ssl_cafile", "no certificates in"), ("ssl_certfile", "no certificate with its key in")]
)
def test_a_file_of_something_else_is_named_with_its_setting(
    authority: Authority, tmp_path: Path, attribute: str, says: str
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(f"not PEM, but {SECRET}")
    problem = problem_of(config(authority, authority.issue("client"), **{attribute: str(file)}))
    assert f"{attribute}: {says} {str(file)!r}" in problem


def test_a_wrong_password_is_named_with_the_file_of_the_key(authority: Authority) -> None:
    mine = authority.issue("client", password="right")
    problem = problem_of(config(authority, mine, ssl_password=SECRET))
    assert f"ssl_password: a wrong one, and the key in {mine.keyfile!r} is encrypted" in problem
    problem = problem_of(config(authority, mine))
    assert f"ssl_password: none, and the key in {mine.keyfile!r} is encrypted" in problem


def test_of_a_function_that_fails_to_give_the_password_only_the_type_of_the_error_is_shown(
    authority: Authority,
) -> None:
    def fail() -> str:
        raise RuntimeError(SECRET)

    problem = problem_of(config(authority, authority.issue("client", password="right"), ssl_password=fail))
    assert "ssl_password: the function that gives it raised RuntimeError" in problem


def test_the_key_of_another_certificate_is_refused(authority: Authority) -> None:
    one, other = authority.issue("client"), authority.issue("client")
    problem = problem_of(config(authority, one, ssl_keyfile=other.keyfile))
    assert f"ssl_keyfile: {other.keyfile!r} is not the key of {one.certfile!r}" in problem


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"ssl_protocol": SSLProtocol.TLSv1}, "ssl_protocol: a version that is not safe; allowed: SSLProtocol.TLSv1_2"),
        ({"ssl_ciphers": "NO-SUCH"}, "ssl_ciphers: no cipher of 'NO-SUCH' is known to OpenSSL"),
        ({"ssl_keyfile": "key.pem"}, "ssl_keyfile: a key without a certificate; allowed: ssl_keyfile together with"),
    ],
)
def test_what_can_not_be_honoured_is_refused(authority: Authority, values: dict[str, Any], says: str) -> None:
    assert says in problem_of(config(authority, **values))


def test_settings_of_a_cluster_without_tls_are_not_looked_at() -> None:
    made = Config()
    made.ssl_cafile = "missing.pem"
    assert ClientConfig.wrap(made).config.ssl_cafile == "missing.pem"
