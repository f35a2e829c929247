"""Key stores and trust stores of type PKCS#12, as Java's keytool makes them, from the PEM files of the lab."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    NoEncryption,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
    serialize_key_and_certificates,
)

from tealjet.lab import Authority, Certificate


def key_store(path: Path, certificate: Certificate, password: str | None) -> str:
    """Write a store with the certificate, its chain and its key; return its path."""
    own, *chain = x509.load_pem_x509_certificates(Path(certificate.certfile).read_bytes())
    opened = certificate.password.encode() if certificate.password else None
    key = load_pem_private_key(Path(certificate.keyfile).read_bytes(), opened)
    assert isinstance(key, EllipticCurvePrivateKey)
    path.write_bytes(serialize_key_and_certificates(b"client", key, own, chain, _encryption(password)))
    return str(path)


def trust_store(path: Path, authority: Authority, password: str) -> str:
    """Write a store that trusts the authority; return its path."""
    root = x509.load_pem_x509_certificate(Path(authority.cafile).read_bytes())
    path.write_bytes(serialize_java_truststore([PKCS12Certificate(root, b"root")], _encryption(password)))
    return str(path)


def _encryption(password: str | None) -> KeySerializationEncryption:
    return NoEncryption() if password is None else BestAvailableEncryption(password.encode())
