"""One connection to a member: TCP, TLS, sign in.

Every step has a limit of its own, authentication too: a frozen member still accepts connections. TLS material and
tokens are asked for anew for each connection, so that what was renewed counts from the next one on. What fails is told
as one reason for the controller and one sentence for people, which names the address, what came back and what to do.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace

from tealjet.engine.connection import Connection
from tealjet.engine.contracts import OutsideError, Settings, Target
from tealjet.engine.handshake import ENABLED, explain
from tealjet.engine.link import Link
from tealjet.engine.outside import Outside
from tealjet.failover.model import Cause, Reason
from tealjet.protocol import table
from tealjet.protocol.codec import decode_response, encode_request
from tealjet.protocol.errors import PeerSpeaksTlsError
from tealjet.protocol.values import AuthenticationResponse
from tealjet.runtime import Runtime, Tls

__all__ = ["Connector", "OpenError", "sign_in"]

_CLIENT_TYPE = "PYH"
_SERIALIZATION_VERSION = 1


class OpenError(Exception):
    """A candidate, or one connection to it, could not be opened."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Make the error from the reason and a sentence for people."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Connector:
    """Opens and authenticates connections of links."""

    def __init__(self, runtime: Runtime, settings: Settings, server_name: Callable[[Link, str], str]) -> None:
        """Keep what every connection needs.

        Args:
            runtime: The world.
            settings: Who the client is.
            server_name: For a link and a numeric address the name that the member's certificate has to be for.
        """
        self._runtime = runtime
        self._settings = settings
        self._server_name = server_name
        self._outside = Outside(runtime)

    async def connect(self, link: Link, host: str, port: int, *, instead_of: Connection | None = None) -> Connection:
        """Open and authenticate one connection of a link; the caller adds it to the link.

        Args:
            link: The link.
            host: Numeric address.
            port: TCP port.
            instead_of: The connection to the same member that this one may replace.

        Raises:
            OpenError: It could not be opened; nothing of it is left.
        """
        target, where = link.target, f"{host}:{port}"
        tls = await self._tls(link, host, where)
        connection = await self._open(link, host, port, tls)
        try:
            token = await self._token(target, host, port)
            async with asyncio.timeout(target.connect_timeout):
                await self._authenticate(link, connection, token, instead_of)
        except TimeoutError:
            connection.close(Cause.SILENT, "no answer to the authentication")
            detail = f"{where} accepted the connection and did not answer the authentication"
            raise OpenError(Reason.TIMEOUT, detail) from None
        except BaseException as error:
            lost = not connection.live
            connection.close(Cause.CLOSED, "it was not authenticated")
            if isinstance(error, OpenError) or not isinstance(error, Exception):
                raise
            if lost:
                raise _lost(connection, target, where, tls) from error
            detail = f"{where} did not answer the authentication as the protocol says: {error}"
            raise OpenError(Reason.PROTOCOL, detail) from error
        return connection

    # -------------------------------------------------------------------------------------------------------- the steps

    async def _tls(self, link: Link, host: str, where: str) -> Tls | None:
        target = link.target
        if target.tls is None:
            return None
        what = f"the TLS settings of {target.name!r}"
        try:
            context = await self._outside.ask(what, target.tls, target.connect_timeout)
        except OutsideError as error:
            raise OpenError(Reason.TLS, f"{where} was not tried: {error}") from error
        return Tls(context=context, server_name=self._server_name(link, host))

    async def _open(self, link: Link, host: str, port: int, tls: Tls | None) -> Connection:
        """Open a connection, and TLS over it if that is given, each within the limit."""
        target, where = link.target, f"{host}:{port}"
        connection = Connection(self._runtime, link, self._settings.max_message_bytes)
        accepted = False

        def make() -> Connection:
            nonlocal accepted
            accepted = True
            limit.reschedule(asyncio.get_running_loop().time() + target.connect_timeout)
            return connection

        try:
            async with asyncio.timeout(target.connect_timeout) as limit:
                await self._runtime.connect(
                    make, host, port, target.socket_options, tls, local_ports=target.local_ports
                )
        except TimeoutError:
            what = "did not answer the TLS handshake" if accepted else "did not accept a connection"
            raise OpenError(Reason.TIMEOUT, f"{where} {what} within {target.connect_timeout:g} s") from None
        except OSError as error:
            if accepted and tls is not None:
                raise OpenError(Reason.TLS, f"{where} {explain(error, tls.server_name)}") from error
            refused = isinstance(error, ConnectionRefusedError)
            what = "refused the connection: nothing listens there" if refused else f"could not be reached: {error}"
            raise OpenError(Reason.REFUSED if refused else Reason.TIMEOUT, f"{where} {what}") from error
        return connection

    async def _token(self, target: Target, host: str, port: int) -> bytes | None:
        give = target.token
        if give is None:
            return None
        what = f"the token provider of {target.name!r}"
        try:
            token = await self._outside.ask(what, lambda: give(host, port), target.connect_timeout)
            if not isinstance(token, bytes):
                raise OutsideError(f"{what} gave {type(token).__name__} instead of bytes")
        except OutsideError as error:
            raise OpenError(Reason.NO_CREDENTIALS, f"{host}:{port} was not signed in to: {error}") from error
        return token

    async def _authenticate(
        self, link: Link, connection: Connection, token: bytes | None, instead_of: Connection | None
    ) -> None:
        target = link.target
        kind = table.AUTHENTICATION if token is None else table.AUTHENTICATION_CUSTOM
        answer = decode_response(kind, await link.ask(sign_in(target, self._settings, token), connection))
        _check_status(answer, target, connection)
        cluster_id = str(answer.cluster_id)
        if link.facts.cluster_id not in ("", cluster_id):
            detail = f"{connection.peer} belongs to another cluster ({cluster_id}) than the rest of {target.name!r}"
            raise OpenError(Reason.PROTOCOL, detail)
        serving = link.connections.get(answer.member_uuid) if answer.member_uuid is not None else None
        if serving is not None and serving is not instead_of:
            raise OpenError(Reason.PROTOCOL, f"{connection.peer} is a member that is connected already")
        if instead_of is not None and answer.member_uuid != instead_of.remote_uuid:
            raise OpenError(Reason.PROTOCOL, f"{connection.peer} is another member than before")
        connection.remote_uuid = answer.member_uuid
        connection.remote_address = answer.address
        link.facts = replace(
            link.facts,
            cluster_id=cluster_id,
            partition_count=answer.partition_count,
            failover_supported=answer.failover_supported,
        )


def sign_in(target: Target, settings: Settings, token: bytes | None) -> bytearray:
    """Return the request that authenticates a connection: by the token if there is one, else by name and password."""
    client = {
        "cluster_name": target.cluster_name,
        "uuid": settings.client_uuid,
        "client_type": _CLIENT_TYPE,
        "serialization_version": _SERIALIZATION_VERSION,
        "client_hazelcast_version": settings.client_version,
        "client_name": settings.client_name,
        "labels": list(settings.labels),
    }
    if token is not None:
        return encode_request(table.AUTHENTICATION_CUSTOM, credentials=token, **client)
    return encode_request(table.AUTHENTICATION, username=target.username, password=target.password, **client)


def _lost(connection: Connection, target: Target, where: str, tls: Tls | None) -> OpenError:
    """Return what it means that a connection was lost before it was authenticated."""
    ended_by = connection.ended_by
    if isinstance(ended_by, PeerSpeaksTlsError):
        detail = f"{where} speaks TLS and this client does not; set {ENABLED} for {target.name!r}"
        return OpenError(Reason.TLS, detail)
    if isinstance(ended_by, ssl.SSLError) and tls is not None:  # TLS 1.3 tells only now that it refuses the client
        return OpenError(Reason.TLS, f"{where} {explain(ended_by, tls.server_name)}")
    detail = f"{where} closed the connection during the authentication"
    if ended_by is not None:
        detail += f": {ended_by}"
    elif tls is None and not connection.bytes_received:
        detail += f" without a word; it may speak TLS, which this client does only with {ENABLED}"
    return OpenError(Reason.LOST, detail)


def _check_status(answer: AuthenticationResponse, target: Target, connection: Connection) -> None:
    where = f"{connection.peer}, asked as cluster {target.cluster_name!r},"
    if answer.status == 1:
        detail = f"{where} refused the cluster name or the credentials; compare them with the member's configuration"
        raise OpenError(Reason.CREDENTIALS, detail)
    if answer.status == 3:
        detail = f"{where} does not allow this client: it is on a deny list or missing from an allow list there"
        raise OpenError(Reason.DENIED, detail)
    if answer.status != 0:
        raise OpenError(Reason.PROTOCOL, f"{where} answered the authentication with the unknown status {answer.status}")
