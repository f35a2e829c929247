"""Key stores and trust stores of type PKCS#12, the one type that is not Java's alone.

The standard library can only read PEM files, so a store is read by ``cryptography``, which comes with
``pip install 'tealjet[tls]'`` and is imported when the first store is read. What a store is used for is not known here.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

__all__ = ["Identity", "Store", "StoreError", "StorePasswordError", "read_store"]

_MAX_BYTES = 4 * 1024 * 1024
_JAVA_ONLY = {b"\xfe\xed\xfe\xed": "JKS", b"\xce\xce\xce\xce": "JCEKS"}
_PEM = b"-----BEGIN"
_INSTALL = "pip install 'tealjet[tls]'"


class StoreError(Exception):
    """A store that can't be read; the text follows its path in a sentence."""

    def __init__(self, found: str, allowed: str = "") -> None:
        """Make the error.

        Args:
            found: What is wrong, with the store as the subject.
            allowed: What would be right.
        """
        super().__init__(found)
        self.allowed = allowed


class StorePasswordError(StoreError):
    """The store does not open with this password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A certificate with its chain and its key."""

    pem: bytes = field(repr=False)
    """All of it, the key encrypted."""
    password: bytes = field(repr=False)
    """What the key is encrypted with; made for this object."""

    @contextlib.contextmanager
    def as_file(self) -> Iterator[tuple[str, bytes]]:
        """Give path and password of a file that only this user can read and that goes on leaving.

        OpenSSL loads keys from files only. The file never holds an open key: what it is encrypted with stays in memory.
        """
        with tempfile.TemporaryDirectory(prefix="tealjet-tls-") as folder:
            path = Path(folder, "identity.pem")
            path.touch(mode=0o600)
            path.write_bytes(self.pem)
            yield str(path), self.password


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """What is in a store."""

    certificates: tuple[bytes, ...]
    """All certificates, in DER."""
    identity: Identity | None
    """The certificate that has a key, if there is one."""


def read_store(path: str, password: str | bytes | bytearray | None) -> Store:
    """Read a PKCS#12 store.

    Args:
        path: The file.
        password: What it is encrypted with, as Java has it: one for the store and its key; None for none.

    Raises:
        StorePasswordError: The password is not the right one.
        StoreError: The file is no such store, or cannot be read here.
        OSError: The file cannot be read at all.
    """
    with open(path, "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise StoreError(f"is larger than {_MAX_BYTES // 2**20} MiB")
    _refuse_other_kinds(path, data)
    secret = password.encode() if isinstance(password, str) else password
    return _parse(data, None if secret is None else bytes(secret))


def _refuse_other_kinds(path: str, data: bytes) -> None:
    kind = _JAVA_ONLY.get(data[:4])
    if kind is not None:
        source, target = shlex.quote(path), shlex.quote(str(Path(path).with_suffix(".p12")))
        raise StoreError(
            f"is a key store of type {kind}, which only Java can read",
            f"a store of type PKCS12, made by: keytool -importkeystore -srckeystore {source} -srcstoretype {kind} "
            f"-destkeystore {target} -deststoretype PKCS12",
        )
    if data.lstrip().startswith(_PEM):
        allowed = "a store of type PKCS12; PEM files go by keyFile, keyCertChainFile and trustCertCollectionFile"
        raise StoreError("is a PEM file", allowed)


def _parse(data: bytes, password: bytes | None) -> Store:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.serialization import pkcs12
    except ImportError:
        raise StoreError(f"cannot be read without the package cryptography: {_INSTALL}") from None
    try:
        content = pkcs12.load_pkcs12(data, password)
    except ValueError as error:
        if "password" in str(error):
            raise StorePasswordError("does not open with it") from None
        raise StoreError("is not a store of type PKCS12", "one that is whole, and of type PKCS12") from None
    except UnsupportedAlgorithm as error:
        raise StoreError(f"is encrypted in a way that cannot be read here ({error})") from None
    chain = [one.certificate.public_bytes(serialization.Encoding.DER) for one in content.additional_certs]
    if content.cert is None:
        return Store(certificates=tuple(chain), identity=None)
    own = content.cert.certificate.public_bytes(serialization.Encoding.DER)
    return Store(certificates=(own, *chain), identity=None if content.key is None else _identity(content))


def _identity(content: PKCS12KeyAndCertificates) -> Identity:
    from cryptography.hazmat.primitives import serialization as form

    assert content.key is not None and content.cert is not None  # noqa: S101, PT018 - the caller has looked
    password = secrets.token_urlsafe(32).encode()
    key = content.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(password))
    chain = (content.cert, *content.additional_certs)
    return Identity(
        pem=key + b"".join(one.certificate.public_bytes(form.Encoding.PEM) for one in chain), password=password
    )
