"""Where the members of a cluster in Hazelcast Cloud are: asked of its coordinator, which knows the cluster by a token.

For each member there is the address that the members use among themselves and the public one that clients connect to.
Path, token and answer are those of Java's client (HazelcastCloudDiscovery, 5.7.0), and so is the place unless the file
names another. Only HTTPS is spoken, the coordinator's certificate is verified, no redirect is followed, and an answer
has a limit. Neither the token nor what the coordinator answers in words is in any error.
"""

from __future__ import annotations

import http
import json
import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from tealjet.config.values import parse_address

__all__ = ["CLOUD_URL", "Cloud", "CloudError", "check_token", "check_url", "members_of", "public_addresses"]

CLOUD_URL = "https://api.cloud.hazelcast.com"
"""Where the coordinator is unless something else is said."""

Address = tuple[str, int]

_PATH = "/cluster/discovery?token="
_TOKEN = re.compile(r"[A-Za-z0-9._~!$'()*+,;=:@/?%&-]+")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_MAX_BYTES = 256 * 1024
_UNKNOWN_TOKEN = frozenset({400, 401, 403, 404})
_NO_LIST = "answered something else than a list of members, each with its private-address and its public-address"


class CloudError(Exception):
    """The coordinator did not say where the members are; the text follows what it is called in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """A cluster in Hazelcast Cloud."""

    token: str = field(repr=False)
    """By which the coordinator knows the cluster; a secret."""
    url: str = CLOUD_URL
    """Where the coordinator is: ``https://``, host and perhaps port and path."""


def check_token(token: str) -> None:
    """Raise ValueError, without the token in it, unless a URL can carry the token."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("it is empty or has a character that a URL cannot have")


def check_url(url: str) -> None:
    """Raise ValueError unless the URL is one of HTTPS with host and perhaps port and path."""
    parts = _split(url)
    if parts.scheme == "http":
        raise ValueError("the token must not be sent for everybody to read")
    plain = parts.scheme == "https" and not (parts.query or parts.fragment or parts.username or parts.password)
    if not (plain and parts.hostname and _HOST.fullmatch(parts.hostname) and re.fullmatch(r"[\w./~-]*", parts.path)):
        raise ValueError


def public_addresses(cloud: Cloud, timeout: float) -> dict[Address, Address]:
    """Ask the coordinator, which may block, and return the members' public addresses by their own ones.

    Args:
        cloud: The cluster.
        timeout: The limit in seconds for each step of the exchange, such as connecting.

    Raises:
        CloudError: It could not be asked, does not know the token, or what it answers is no list of members.
    """
    where = _split(cloud.url)
    shown = f"{where.scheme}://{where.netloc}"
    try:
        found = members_of(_get(where, cloud.token, timeout))
    except CloudError as error:
        raise CloudError(f"{shown} {error}") from None
    except ssl.SSLCertVerificationError as error:
        raise CloudError(f"{shown} has a certificate that is not trusted: {error.verify_message}") from None
    except TimeoutError:
        raise CloudError(f"{shown} did not answer within {timeout:g} s") from None
    except OSError as error:
        raise CloudError(f"{shown} could not be reached: {error.strerror or type(error).__name__}") from None
    if not found:
        raise CloudError(f"{shown} knows the cluster and none of its members; is it running?")
    return found


def _get(where: SplitResult, token: str, timeout: float) -> bytes:
    from http.client import HTTPException, HTTPSConnection  # slow to import, and needed by few

    context = ssl.create_default_context()
    connection = HTTPSConnection(where.hostname or "", where.port, timeout=timeout, context=context)
    try:
        connection.request("GET", f"{where.path.rstrip('/')}{_PATH}{token}", headers={"Accept-Charset": "UTF-8"})
        with connection.getresponse() as answer:
            if answer.status != http.HTTPStatus.OK:
                raise CloudError(_refusal(answer.status))
            body: bytes = answer.read(_MAX_BYTES + 1)
    except HTTPException as error:  # its text may have parts of the question
        raise CloudError(f"does not keep to HTTP ({type(error).__name__})") from None
    finally:
        connection.close()
    if len(body) > _MAX_BYTES:
        raise CloudError(f"answered more than {_MAX_BYTES // 1024} KiB")
    return body


def _refusal(status: int) -> str:
    if status in _UNKNOWN_TOKEN:
        return f"answered {status}: it knows no cluster by this token; compare discovery-token with the cluster's own"
    if 300 <= status < 400:
        return f"answered {status}, which sends the client elsewhere: it does not follow"
    return f"answered {status} instead of a list of members"


def members_of(body: bytes) -> dict[Address, Address]:
    """Return the members' public addresses by their own ones. Raises CloudError for a body that is no list of them."""
    try:
        members = json.loads(body)
        if not isinstance(members, list):
            raise TypeError
        return dict(_pair(member["private-address"], member["public-address"]) for member in members)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CloudError(_NO_LIST) from None


def _pair(private: object, public: object) -> tuple[Address, Address]:
    """Return both addresses; a private one without a port has that of the public one."""
    if not (isinstance(private, str) and isinstance(public, str)):
        raise TypeError
    host, port = parse_address(public)
    if port is None:
        raise ValueError
    own_host, own_port = parse_address(private)
    return (own_host, port if own_port is None else own_port), (host, port)


def _split(url: str) -> SplitResult:
    """Return the parts of a URL. Raises ValueError, also for a port that is none."""
    parts = urlsplit(url)
    _ = parts.port
    return parts
