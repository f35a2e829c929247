"""TLS in front of a plain member, with certificates from a throw-away authority.

Community members do not speak TLS. A proxy that ends TLS for them shows a client everything that a member with TLS
would: its certificate, the demand for the client's, and the alerts when a side is not content. It passes all bytes on;
what else a network can do is the business of a :class:`~tealjet.lab.FaultProxy` in front of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import itertools
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tealjet.lab._loops import start_loop
from tealjet.lab._ports import HOST, reserve_port

__all__ = ["Authority", "Certificate", "TlsProxy"]

_CHUNK = 65536
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    certfile: str
    keyfile: str
    password: str | None = field(default=None, repr=False)
    """What the key is encrypted with; None for an open one."""


class Authority:
    """A certificate authority that nobody but its user trusts."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        """Make a new authority.

        Args:
            folder: Where the files go; it has to exist.
            name: What they are called; two authorities in one folder need two names.
        """
        import trustme  # slow to import, and not needed for anything else in the lab

        self._authority = trustme.CA()
        self._files = (folder / f"{name}-{number}" for number in itertools.count(1))
        self.cafile = str(folder / f"{name}.pem")
        self._authority.cert_pem.write_to_path(self.cafile)

    def issue(self, *names: str, expired: bool = False, password: str | None = None) -> Certificate:
        """Issue a certificate, for a member or for a client.

        Args:
            names: Host names and IP addresses that it is valid for.
            expired: It was valid until yesterday.
            password: Encrypts the key.
        """
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        issued = self._authority.issue_cert(*names, not_after=yesterday if expired else None)
        files = next(self._files)
        certfile, keyfile = files.with_suffix(".crt"), files.with_suffix(".key")
        certfile.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key = issued.private_key_pem.bytes()
        keyfile.write_bytes(key if password is None else _encrypted(key, password))
        return Certificate(certfile=str(certfile), keyfile=str(keyfile), password=password)


def _encrypted(key: bytes, password: str) -> bytes:
    from cryptography.hazmat.primitives import serialization as pem

    return pem.load_pem_private_key(key, None).private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(password.encode())
    )


class TlsProxy:
    """A proxy on 127.0.0.1 that speaks TLS with clients and plain TCP with what is behind it; for ``with``, once."""

    def __init__(self, target: str, certificate: Certificate, *, clients: Authority | None = None) -> None:
        """Prepare the proxy; nothing listens before it is entered.

        Args:
            target: Host and port of what stands behind it, such as a member's ``address``.
            certificate: What the proxy shows to clients.
            clients: Clients have to show a certificate that this authority has issued; None asks for none.
        """
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._clients = clients
        self._stack = contextlib.ExitStack()
        self.present(certificate)

    @property
    def address(self) -> str:
        """Host and port of the proxy, once it is entered; they do not change."""
        return f"{HOST}:{self._port}"

    def present(self, certificate: Certificate) -> None:
        """Show this certificate from the next connection on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certfile, certificate.keyfile, certificate.password)
        if self._clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._clients.cafile)
        self._context = context

    def __enter__(self) -> TlsProxy:
        with contextlib.ExitStack() as stack:
            self._loop = start_loop(stack, "tls-proxy")
            self._port = reserve_port(stack)
            self._listener = stack.enter_context(socket.create_server((HOST, self._port)))
            self._listener.setblocking(False)
            self._connections: dict[asyncio.Task[None], socket.socket] = {}
            self._loop.call_soon_threadsafe(self._loop.add_reader, self._listener, self._take_connection)
            stack.callback(lambda: asyncio.run_coroutine_threadsafe(self._end(), self._loop).result())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _take_connection(self) -> None:
        client, _ = self._listener.accept()
        connection = self._loop.create_task(self._serve(client))
        self._connections[connection] = client
        connection.add_done_callback(self._ended)

    def _ended(self, connection: asyncio.Task[None]) -> None:
        self._connections.pop(connection).close()

    async def _end(self) -> None:
        self._loop.remove_reader(self._listener)
        await _cancel(*self._connections)

    async def _serve(self, client: socket.socket) -> None:
        """Pass one connection on until a side ends it, or does not keep to TLS."""
        loop = self._loop
        with socket.socket() as member, contextlib.suppress(OSError):
            for end in (client, member):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = _Session(client, self._context)
            await session.handshake()
            await loop.sock_connect(member, self._target)

            async def to_member() -> None:
                while data := await session.read():
                    await loop.sock_sendall(member, data)

            async def to_client() -> None:
                while data := await loop.sock_recv(member, _CHUNK):
                    await session.write(data)

            pumps = [asyncio.create_task(to_member()), asyncio.create_task(to_client())]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancel(*pumps)


class _Session:
    """The server's side of TLS on a socket. Unlike asyncio's it tells the client why a handshake failed."""

    def __init__(self, client: socket.socket, context: ssl.SSLContext) -> None:
        self._client = client
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._sending = asyncio.Lock()

    async def handshake(self) -> None:
        await self._complete(self._tls.do_handshake)

    async def read(self) -> bytes:
        return await self._complete(lambda: self._tls.read(_CHUNK))

    async def write(self, data: bytes) -> None:
        await self._complete(lambda: self._tls.write(data))

    async def _complete(self, step: Callable[[], _Result]) -> _Result:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await asyncio.get_running_loop().sock_recv(self._client, _CHUNK)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            finally:
                await self._flush()  # at an error, the alert that says what is wrong

    async def _flush(self) -> None:
        async with self._sending:
            await asyncio.get_running_loop().sock_sendall(self._client, self._outgoing.read())


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
