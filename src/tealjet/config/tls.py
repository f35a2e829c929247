"""The TLS settings of the official ``Config``, made into a context for one connection.

What the settings mean is the official client's: ``ssl_protocol`` is the one version that is spoken, the member's
certificate is always verified, its host name only with ``ssl_check_hostname``. The files are read each time, so a
renewed certificate counts from the next connection on. Nothing here knows of connections, and no message shows a key
or its password.
"""

from __future__ import annotations

import ssl

from hazelcast.config import Config, SSLProtocol

__all__ = ["TlsError", "tls_context"]

_VERSIONS = {SSLProtocol.TLSv1_2: ssl.TLSVersion.TLSv1_2, SSLProtocol.TLSv1_3: ssl.TLSVersion.TLSv1_3}


class TlsError(Exception):
    """A TLS setting that can't be used."""

    def __init__(self, attribute: str, found: str, allowed: str = "") -> None:
        """Make the error.

        Args:
            attribute: The setting of the official ``Config``.
            found: What is wrong with it.
            allowed: What would be right.
        """
        super().__init__(f"{attribute}: {found}" + (f"; allowed: {allowed}" if allowed else ""))
        self.attribute = attribute
        self.found = found
        self.allowed = allowed


def tls_context(config: Config) -> ssl.SSLContext:
    """Return a fresh context; this reads files and calls the function that ``ssl_password`` may be.

    Raises:
        TlsError: A setting can't be used; it names the setting and the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = config.ssl_check_hostname
    version = _VERSIONS.get(config.ssl_protocol)
    if version is None:
        raise TlsError("ssl_protocol", "a version that is not safe", "SSLProtocol.TLSv1_2 or SSLProtocol.TLSv1_3")
    context.minimum_version = context.maximum_version = version
    if config.ssl_cafile is None:
        context.load_default_certs()
    else:
        _load_authorities(context, config.ssl_cafile)
    if config.ssl_certfile is not None:
        _load_own_certificate(context, config)
    elif config.ssl_keyfile is not None:
        raise TlsError("ssl_keyfile", "a key without a certificate", "ssl_keyfile together with ssl_certfile")
    if config.ssl_ciphers is not None:
        try:
            context.set_ciphers(config.ssl_ciphers)
        except ssl.SSLError:
            raise TlsError("ssl_ciphers", f"no cipher of {config.ssl_ciphers!r} is known to OpenSSL") from None
    return context


def _load_authorities(context: ssl.SSLContext, cafile: str) -> None:
    _check_readable("ssl_cafile", cafile)
    try:
        context.load_verify_locations(cafile)
    except ssl.SSLError:
        raise TlsError("ssl_cafile", f"no certificates in {cafile!r}", "a file of PEM certificates") from None


def _load_own_certificate(context: ssl.SSLContext, config: Config) -> None:
    certfile, keyfile = config.ssl_certfile, config.ssl_keyfile
    assert certfile is not None  # noqa: S101 - the caller has looked
    _check_readable("ssl_certfile", certfile)
    if keyfile is not None:
        _check_readable("ssl_keyfile", keyfile)
    asked = False

    def password() -> str | bytes | bytearray:
        nonlocal asked
        asked = True
        given = config.ssl_password
        try:
            return (given() if callable(given) else given) or b""
        except Exception as error:  # its text may hold what must not be shown
            problem = f"the function that gives it raised {type(error).__name__}"
            raise TlsError("ssl_password", problem) from None

    try:
        context.load_cert_chain(certfile, keyfile, password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError("ssl_keyfile", f"{keyfile or certfile!r} is not the key of {certfile!r}") from None
        if asked:
            problem = "none" if config.ssl_password is None else "a wrong one"
            raise TlsError("ssl_password", f"{problem}, and the key in {keyfile or certfile!r} is encrypted") from None
        problem = f"no certificate with its key in {certfile!r}" + (f" and {keyfile!r}" if keyfile else "")
        raise TlsError("ssl_certfile", problem, "PEM; the key may stand in a file of its own, ssl_keyfile") from None
    except OSError as error:
        raise TlsError("ssl_certfile", f"{certfile!r} or its key can't be read: {error.strerror or error}") from None


def _check_readable(attribute: str, path: str) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise TlsError(attribute, f"{path!r} can't be read: {error.strerror or error}") from None
