"""TLS by the properties of Java's files, with the meaning that Hazelcast's own factories give them.

Names and defaults are those of the Platform 5.7 manual, "TLS/SSL Basics" and "Integrating OpenSSL": key store and trust
store, or PEM files; without a trust store the system's authorities are trusted. What each value may be is told by the
table of keys; here is what the values mean together.
"""

from __future__ import annotations

import contextlib
import difflib
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from tealjet.config.problem import Place, Problems, printable
from tealjet.config.tls import TlsCiphers, TlsFile, TlsFormat, TlsSettings

__all__ = ["PREFIX", "VERSIONS", "tls_of_properties"]

PREFIX = "network.ssl.properties."
"""Where the properties stand; they go by their whole name in messages."""

VERSIONS = {
    "TLS": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
    "TLSv1.2": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
    "TLSv1.3": (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
}
"""The oldest and the newest version that each ``protocol`` means."""


def tls_of_properties(
    values: Mapping[str, Any], marks: Mapping[str, Place], section: Place, problems: Problems
) -> TlsSettings:
    """Put the properties together; where they do not fit, the reasons are added to ``problems``.

    Args:
        values: By the properties' names, as the table of keys has read them; what is not set is not there.
        marks: Where each of them stands.
        section: Where ``network.ssl`` stands.
        problems: Gets what does not fit.
    """

    def refuse(name: str, found: str, *, allowed: str = "", hint: str = "") -> None:
        problems.add(marks.get(name, section), f"{PREFIX}{name}", found, allowed=allowed, hint=hint)

    for store, pem in (("keyStore", "keyFile"), ("trustStore", "trustCertCollectionFile")):
        if store in values and pem in values:
            refuse(pem, f"{store} is set too", allowed=f"one of {store} and {pem}")
    for present, absent in (("keyFile", "keyCertChainFile"), ("keyCertChainFile", "keyFile")):
        if present in values and absent not in values:
            refuse(present, f"without {absent}", allowed="keyFile together with keyCertChainFile")
    if values.get("mutualAuthentication") == "REQUIRED" and not {"keyStore", "keyFile"} & values.keys():
        refuse("mutualAuthentication", "no certificate to show", allowed="REQUIRED together with keyStore or keyFile")
    versions, ciphers = values.get("protocol", VERSIONS["TLS"]), None
    if "ciphersuites" in values:
        versions, ciphers = _suites(values["ciphersuites"], versions, marks.get("ciphersuites", section), problems)
    oldest, newest = versions
    return TlsSettings(
        oldest=oldest,
        newest=newest,
        check_hostname=values.get("validateIdentity", False),
        authorities=_file(values, "trustStore", "trustStorePassword") or _file(values, "trustCertCollectionFile"),
        trust_each=True,
        certificate=_file(values, "keyStore", "keyStorePassword") or _file(values, "keyCertChainFile"),
        key=_file(values, "keyFile", "keyPassword"),
        ciphers=ciphers,
        marks={f"{PREFIX}{name}": mark for name, mark in marks.items()},
    )


def _file(values: Mapping[str, Any], name: str, password: str = "") -> TlsFile | None:
    if name not in values:
        return None
    return TlsFile(
        setting=f"{PREFIX}{name}",
        path=values[name],
        format=TlsFormat.PKCS12 if name.endswith("Store") else TlsFormat.PEM,
        password=values.get(password),
        password_setting=f"{PREFIX}{password}",
    )


def _suites(
    names: list[str], versions: tuple[ssl.TLSVersion, ssl.TLSVersion], place: Place, problems: Problems
) -> tuple[tuple[ssl.TLSVersion, ssl.TLSVersion], TlsCiphers | None]:
    """Return the versions that the suites leave, and what is offered up to TLS 1.2; None for OpenSSL's choice."""
    key = f"{PREFIX}ciphersuites"
    (oldest, newest), (older, newer), offered = versions, _split(names), _always_offered()
    unknown = [name for name in newer if name not in offered]
    for name in unknown:
        near = difflib.get_close_matches(name[:100], offered, n=1)
        found, allowed = (
            f"{printable(name)} is no suite that can be offered",
            f"of TLS 1.3 {', '.join(sorted(offered))}",
        )
        problems.add(place, key, found, allowed=allowed, hint=f"did you mean {near[0]}?" if near else "")
    missing = ", ".join(sorted(offered.difference(newer)))
    if newer and missing and not unknown and newest is ssl.TLSVersion.TLSv1_3:
        allowed = "all suites of TLS 1.3, or none of them to speak TLS 1.2 only"
        problems.add(place, key, f"of TLS 1.3 it lacks {missing}", allowed=allowed, hint="Python cannot leave out some")
    left = (
        oldest if older else max(oldest, ssl.TLSVersion.TLSv1_3),
        newest if newer else min(newest, ssl.TLSVersion.TLSv1_2),
    )
    if left[0] > left[1]:
        problems.add(place, key, "none is of the version that protocol asks for")
        return versions, None
    known = _known(older.values())
    strange = ", ".join(printable(name) for name, words in older.items() if words not in known)
    if strange and not known:
        problems.add(place, key, f"OpenSSL knows none of them: {strange}")
    elif strange:
        problems.note(place, key, f"without effect: OpenSSL does not know {strange}")
    return left, TlsCiphers(setting=key, names=":".join(known)) if known else None


def _split(names: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the suites up to TLS 1.2 with OpenSSL's words for them, and those of TLS 1.3, which everybody calls alike.

    What only signals something to the other side is in Java's lists too, and OpenSSL sends it anyway.
    """
    suites = {name: _in_openssl_words(name) for name in names if not name.endswith("_SCSV")}
    newer = [name for name in suites if name.startswith("TLS_") and "_WITH_" not in name]
    return {name: words for name, words in suites.items() if name not in newer}, newer


def _in_openssl_words(name: str) -> str:
    """Return OpenSSL's name: ECDHE-RSA-AES128-GCM-SHA256 for TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256."""
    exchange, found, cipher = name.partition("_WITH_")
    if not found:
        return name  # these are OpenSSL's words already
    exchange = exchange.removeprefix("TLS_").removeprefix("SSL_")
    exchange = "" if exchange == "RSA" else exchange
    cipher = cipher.replace("AES_128", "AES128").replace("AES_256", "AES256").replace("_CBC", "")
    cipher = cipher.removesuffix("_SHA256") if "POLY1305" in cipher else cipher
    return "-".join(part for part in (exchange, cipher) if part).replace("_", "-")


def _always_offered() -> set[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] == "TLSv1.3"}


def _known(names: Iterable[str]) -> list[str]:
    """Return those that OpenSSL knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    known = []
    for name in names:
        with contextlib.suppress(ssl.SSLError):
            context.set_ciphers(name)
            known.append(name)
    return known
