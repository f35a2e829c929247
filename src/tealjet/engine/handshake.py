"""What a failed TLS handshake means: the error of the TLS library in, a sentence for people out. Pure."""

from __future__ import annotations

import ssl

__all__ = ["ENABLED", "explain"]

_UNTRUSTED = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's codes for a chain that does not end at an authority that is trusted."""
_NOT_YET_VALID, _EXPIRED = 9, 10
_WRONG_NAME = frozenset({62, 64})

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
_OTHER_VERSION = frozenset({"UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "TLSV1_ALERT_PROTOCOL_VERSION"})
_ABOUT_CERTIFICATES = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR")

# what has to be looked at is called one thing in an official Config and another in a file
ENABLED = "ssl_enabled (in a file network.ssl.enabled)"
_VERSION = "ssl_protocol (in a file protocol)"
_TRUSTED = "ssl_cafile (in a file trustStore or trustCertCollectionFile)"
_SHOWN = "ssl_certfile and ssl_keyfile (in a file keyStore, or keyCertChainFile and keyFile)"
_CIPHERS = "ssl_ciphers (in a file ciphersuites)"
_NAMES = "ssl_check_hostname (in a file validateIdentity)"


def explain(error: Exception, server_name: str) -> str:
    """Say what went wrong between this client and a member and what to do; the subject is the member.

    Args:
        error: What the handshake, or the connection soon after it, ended with.
        server_name: The name that the member's certificate was compared with.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refused_certificate(error, server_name)
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if reason in _NO_TLS:
        return f"does not speak TLS; connect to its TLS port, or leave {ENABLED} off for this cluster"
    if reason in _OTHER_VERSION:
        return f"speaks another version of TLS; compare {_VERSION} with the member's configuration"
    if reason.endswith("CERTIFICATE_REQUIRED"):
        return f"asks for a client certificate and got none; set {_SHOWN}"
    if "ALERT" in reason and any(word in reason for word in _ABOUT_CERTIFICATES):
        return (
            f"refused the TLS handshake ({reason}): it wants a client certificate from an authority that it trusts, "
            f"{_SHOWN}, or shares no cipher with this client, {_CIPHERS}"
        )
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        return (
            "closed the connection in the TLS handshake: it may not speak TLS, or does not accept this client; "
            f"compare {ENABLED} with the member's configuration"
        )
    return f"could not agree on TLS with this client: {error}"


def _refused_certificate(error: ssl.SSLCertVerificationError, server_name: str) -> str:
    if error.verify_code in _UNTRUSTED:
        return (
            f"has a certificate from an authority that this client does not trust ({error.verify_message}); "
            f"{_TRUSTED} has to hold the certificate of that authority"
        )
    if error.verify_code == _EXPIRED:
        return "has a certificate that has expired; renew it there, and compare the clocks"
    if error.verify_code == _NOT_YET_VALID:
        return "has a certificate that is not valid yet; compare the clocks"
    if error.verify_code in _WRONG_NAME:
        return (
            f"has a certificate that is not for {server_name!r}; issue one for this name or address, or connect by a "
            f"name that it has; it is compared because of {_NAMES}"
        )
    return f"has a certificate that can't be accepted: {error.verify_message}"
