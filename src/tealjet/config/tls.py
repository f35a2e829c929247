"""What TLS with one cluster is made of, and the context that is made of it for one connection.

Where the settings come from, the official ``Config`` or Java's properties, is told by the names they go by. A
member's certificate is always verified, its host name only if that is asked for. The files are read each time, so a
renewed certificate counts from the next connection on. Nothing here knows of connections, and no message shows a key
or its password.
"""

from __future__ import annotations

import enum
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from hazelcast.config import Config, SSLProtocol

from tealjet.config.problem import Place
from tealjet.config.tls_store import Store, StoreError, StorePasswordError, read_store

__all__ = [
    "Password",
    "TlsCiphers",
    "TlsError",
    "TlsFile",
    "TlsFormat",
    "TlsSettings",
    "official_tls",
    "tls_context",
    "unusable",
]

Password = str | bytes | bytearray | Callable[[], str | bytes | bytearray] | None
"""What a key or a store is encrypted with, or a function that gives it."""

_VERSIONS = {SSLProtocol.TLSv1_2: ssl.TLSVersion.TLSv1_2, SSLProtocol.TLSv1_3: ssl.TLSVersion.TLSv1_3}


class TlsError(Exception):
    """A TLS setting that can't be used."""

    def __init__(self, setting: str, found: str, allowed: str = "", *, mark: Place | None = None) -> None:
        """Make the error.

        Args:
            setting: What it is called where it is configured.
            found: What is wrong with it.
            allowed: What would be right.
            mark: Where a file sets it.
        """
        place = f"{mark}: " if mark else ""
        super().__init__(f"{place}{setting}: {found}" + (f"; allowed: {allowed}" if allowed else ""))
        self.setting = setting
        self.found = found
        self.allowed = allowed
        self.mark = mark


class TlsFormat(enum.Enum):
    """How certificates and keys are kept in a file."""

    PEM = "PEM"
    PKCS12 = "PKCS12"


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFile:
    """A file with certificates or with a key."""

    setting: str
    """What it is called where it is configured, such as ``ssl_cafile``."""
    path: str
    """As it is configured; a relative one is meant from the working directory."""
    format: TlsFormat = TlsFormat.PEM
    password: Password = field(default=None, repr=False)
    password_setting: str = ""
    """What the password is called where it is configured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsSettings:
    """TLS with one cluster."""

    oldest: ssl.TLSVersion
    """The oldest version that is spoken."""
    newest: ssl.TLSVersion
    check_hostname: bool = False
    """Whether a member's certificate has to be for the name or address that the client connects to."""
    authorities: TlsFile | None = None
    """Whom the client trusts; None for the authorities that the system trusts."""
    trust_each: bool = False
    """Whether each certificate of ``authorities`` is trusted by itself, as in Java, not only that of a root."""
    certificate: TlsFile | None = None
    """What the client shows to members that ask; None for nothing."""
    key: TlsFile | None = None
    """The certificate's key; None if it is in the same file."""
    ciphers: TlsCiphers | None = None
    """What is offered; None for OpenSSL's choice."""
    marks: Mapping[str, Place] = field(default_factory=dict, repr=False)
    """For a file: where each setting is."""

    def error(self, setting: str, found: str, allowed: str = "") -> TlsError:
        """Return the error of a setting, with its place."""
        return TlsError(setting, found, allowed, mark=self.marks.get(setting))


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsCiphers:
    """Cipher suites up to TLS 1.2; those of TLS 1.3 are OpenSSL's own choice, Python cannot tell it others."""

    setting: str
    names: str
    """In OpenSSL's words."""


def official_tls(config: Config) -> TlsSettings | None:
    """Return the settings of an official configuration; None if it has TLS off.

    What they mean is the official client's: ``ssl_protocol`` is the one version that is spoken.

    Raises:
        TlsError: The protocol is not safe, or there is a key without a certificate.
    """
    if not config.ssl_enabled:
        return None
    version = _VERSIONS.get(config.ssl_protocol)
    if version is None:
        raise TlsError("ssl_protocol", "a version that is not safe", "SSLProtocol.TLSv1_2 or SSLProtocol.TLSv1_3")
    cafile, certfile, keyfile = config.ssl_cafile, config.ssl_certfile, config.ssl_keyfile
    if keyfile is not None and certfile is None:
        raise TlsError("ssl_keyfile", "a key without a certificate", "ssl_keyfile together with ssl_certfile")

    def file(setting: str, path: str | None) -> TlsFile | None:
        if path is None:
            return None
        return TlsFile(setting=setting, path=path, password=config.ssl_password, password_setting="ssl_password")  # noqa: S106

    return TlsSettings(
        oldest=version,
        newest=version,
        check_hostname=config.ssl_check_hostname,
        authorities=file("ssl_cafile", cafile),
        certificate=file("ssl_certfile", certfile),
        key=file("ssl_keyfile", keyfile),
        ciphers=None if config.ssl_ciphers is None else TlsCiphers(setting="ssl_ciphers", names=config.ssl_ciphers),
    )


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return a fresh context; this reads files and calls the functions that passwords may be.

    Raises:
        TlsError: A setting can't be used; it names the setting and the file.
    """
    context = _without_the_systems_authorities(settings)
    if settings.authorities is None:
        context.load_default_certs()
    return context


def _without_the_systems_authorities(settings: TlsSettings) -> ssl.SSLContext:
    """Do all that can go wrong; the system's authorities can't, and take tens of milliseconds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = settings.check_hostname
    context.minimum_version, context.maximum_version = settings.oldest, settings.newest
    if settings.authorities is not None:
        _load_authorities(context, settings, settings.authorities)
    if settings.certificate is not None:
        _load_own_certificate(context, settings, settings.certificate)
    if settings.ciphers is not None:
        try:
            context.set_ciphers(settings.ciphers.names)
        except ssl.SSLError:
            problem = f"no cipher of {settings.ciphers.names!r} is known to OpenSSL"
            raise settings.error(settings.ciphers.setting, problem) from None
    return context


def unusable(settings: TlsSettings) -> list[TlsError]:
    """Return all that is wrong with the settings: each file is looked at by itself, so that all of them are told."""
    own = [file for file in (settings.certificate, settings.key) if file is not None]
    found = _errors_of(lambda: _without_the_systems_authorities(replace(settings, certificate=None, key=None)))
    unread = [error for file in own for error in _errors_of(partial(_check_readable, settings, file))]
    alone = replace(settings, authorities=None, ciphers=None)
    return found + (unread or _errors_of(lambda: _without_the_systems_authorities(alone)))


def _errors_of(step: Callable[[], object]) -> list[TlsError]:
    try:
        step()
    except TlsError as error:
        return [error]
    return []


def _load_authorities(context: ssl.SSLContext, settings: TlsSettings, file: TlsFile) -> None:
    if file.format is TlsFormat.PKCS12:
        certificates = _open_store(settings, file).certificates
        if not certificates:
            raise settings.error(file.setting, f"no certificates in {file.path!r}")
        context.load_verify_locations(cadata=b"".join(certificates))
    else:
        _check_readable(settings, file)
        try:
            context.load_verify_locations(file.path)
        except ssl.SSLError:
            problem = f"no certificates in {file.path!r}"
            raise settings.error(file.setting, problem, "a file of PEM certificates") from None
    if settings.trust_each:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _load_own_certificate(context: ssl.SSLContext, settings: TlsSettings, certificate: TlsFile) -> None:
    if certificate.format is TlsFormat.PKCS12:
        store = _open_store(settings, certificate)
        if store.identity is None:
            raise settings.error(certificate.setting, f"no certificate with its key in {certificate.path!r}")
        with store.identity.as_file() as (path, secret):
            context.load_cert_chain(path, password=secret)
        return
    _check_readable(settings, certificate)
    key = settings.key or certificate
    if key is not certificate:
        _check_readable(settings, key)
    asked = False

    def password() -> str | bytes | bytearray:
        nonlocal asked
        asked = True
        return _password(settings, key) or b""

    try:
        context.load_cert_chain(certificate.path, None if key is certificate else key.path, password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"{key.path!r} is not the key of {certificate.path!r}"
            raise settings.error(key.setting, problem) from None
        if asked:
            problem = f"{_wrong(key.password)}, and the key in {key.path!r} is encrypted"
            raise settings.error(key.password_setting, problem) from None
        problem = f"no certificate with its key in {certificate.path!r}"
        problem += "" if key is certificate else f" and {key.path!r}"
        allowed = f"PEM; the key may stand in a file of its own, {key.setting}"
        raise settings.error(certificate.setting, problem, allowed) from None
    except OSError as error:
        problem = f"{certificate.path!r} or its key can't be read: {error.strerror or error}"
        raise settings.error(certificate.setting, problem) from None


def _open_store(settings: TlsSettings, file: TlsFile) -> Store:
    _check_readable(settings, file)
    try:
        return read_store(file.path, _password(settings, file))
    except StorePasswordError as error:
        problem = f"{_wrong(file.password)}, and {file.path!r} {error}"
        raise settings.error(file.password_setting, problem) from None
    except StoreError as error:
        raise settings.error(file.setting, f"{file.path!r} {error}", error.allowed) from None


def _password(settings: TlsSettings, file: TlsFile) -> str | bytes | bytearray | None:
    try:
        return file.password() if callable(file.password) else file.password
    except Exception as error:  # its text may hold what must not be shown
        problem = f"the function that gives it raised {type(error).__name__}"
        raise settings.error(file.password_setting, problem) from None


def _wrong(password: Password) -> str:
    return "none" if password is None else "a wrong one"


def _check_readable(settings: TlsSettings, file: TlsFile) -> None:
    try:
        with open(file.path, "rb"):
            pass
    except OSError as error:
        raise settings.error(file.setting, f"{file.path!r} can't be read: {error.strerror or error}") from None
    except ValueError:
        raise settings.error(file.setting, "this cannot be the path of a file") from None
