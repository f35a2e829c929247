"""Stores that Java's keytool makes: PKCS#12 is read; what only Java reads is refused with a command that works."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tealjet.config import ClientConfig
from tealjet.config.tls import tls_context
from tealjet.errors import ConfigError
from tealjet.java import find_java

pytestmark = pytest.mark.java

PASSWORD = "changeit"


def keytool(*arguments: str, answers: str = "") -> None:
    """Run the keytool that comes with the lab's Java."""
    command = [str(find_java().executable.with_name("keytool")), *arguments]
    ended = subprocess.run(command, input=answers, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def key_store(folder: Path, kind: str) -> Path:
    """Make a store with a self-signed certificate and its key."""
    store = folder / f"client {kind}.store"
    keytool(
        *("-genkeypair", "-alias", "client", "-keyalg", "EC", "-dname", "CN=client", "-storetype", kind),
        *("-keystore", str(store), "-storepass", PASSWORD, "-keypass", PASSWORD),
    )
    return store


def trust_store(folder: Path, of: Path, kind: str) -> Path:
    """Make a store that trusts the certificate of another one."""
    certificate, store = folder / "certificate", folder / f"trust {kind}.store"
    opened = ("-alias", "client", "-storepass", PASSWORD)
    keytool("-exportcert", "-keystore", str(of), "-file", str(certificate), *opened)
    keytool(
        *("-importcert", "-noprompt", "-keystore", str(store), "-storetype", kind, "-file", str(certificate)), *opened
    )
    return store


def load(folder: Path, **properties: str) -> ClientConfig:
    text = json.dumps({"network": {"ssl": {"enabled": True, "properties": properties}}})
    (folder / "client.yaml").write_text(text)
    return ClientConfig.load(folder / "client.yaml")


def test_key_store_and_trust_store_of_type_pkcs12_are_read(tmp_path: Path) -> None:
    keys = key_store(tmp_path, "PKCS12")
    trusted = trust_store(tmp_path, keys, "PKCS12")
    passwords = {"keyStorePassword": PASSWORD, "trustStorePassword": PASSWORD}
    tls = load(tmp_path, keyStore=str(keys), trustStore=str(trusted), **passwords).tls
    assert tls is not None
    # a certificate that signed itself is no authority, but Java trusts what is in a trust store
    assert tls_context(tls).cert_store_stats()["x509"] == 1


@pytest.mark.parametrize("kind", ["JKS", "JCEKS"])
def test_the_command_in_the_refusal_makes_a_store_that_is_read(tmp_path: Path, kind: str) -> None:
    store = key_store(tmp_path, kind)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, keyStore=str(store), keyStorePassword=PASSWORD)
    said = str(raised.value)
    assert f"is a key store of type {kind}, which only Java can read" in said
    program, *arguments = shlex.split(said[said.index("keytool -importkeystore") :])
    assert program == "keytool"
    keytool(*arguments, answers=f"{PASSWORD}\n{PASSWORD}\n{PASSWORD}\n")
    converted = arguments[arguments.index("-destkeystore") + 1]
    assert load(tmp_path, keyStore=converted, keyStorePassword=PASSWORD).tls is not None
