"""TLS in front of a plain socket server, as a client of the standard library sees it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tealjet.lab import Authority, Certificate, TlsProxy


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a plain server that answers what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(end: socket.socket) -> None:
            with end:
                while data := end.recv(65536):
                    end.sendall(data)

        def serve() -> None:
            while True:
                try:
                    end, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(end,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def say(proxy: TlsProxy, context: ssl.SSLContext, text: bytes = b"hello", host: str = "127.0.0.1") -> bytes:
    address, port = proxy.address.split(":")
    with (
        socket.create_connection((address, int(port))) as plain,
        context.wrap_socket(plain, server_hostname=host) as end,
    ):
        end.sendall(text)
        answer = b""
        while len(answer) < len(text) and (data := end.recv(65536)):
            answer += data
        return answer


def trusting(authority: Authority, certificate: Certificate | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.cafile)
    if certificate is not None:
        context.load_cert_chain(certificate.certfile, certificate.keyfile, certificate.password)
    return context


def test_a_client_that_trusts_the_authority_talks_to_the_plain_server_behind(echo: str, authority: Authority) -> None:
    with TlsProxy(echo, authority.issue("127.0.0.1")) as proxy:
        assert say(proxy, trusting(authority)) == b"hello"
        much = bytes(range(256)) * 4000
        assert say(proxy, trusting(authority), much) == much


def test_the_certificate_is_for_the_names_that_were_asked_for(echo: str, authority: Authority) -> None:
    with TlsProxy(echo, authority.issue("blue.example")) as proxy:
        assert say(proxy, trusting(authority), host="blue.example") == b"hello"
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            say(proxy, trusting(authority), host="green.example")


def test_an_expired_certificate_has_expired(echo: str, authority: Authority) -> None:
    expired = authority.issue("127.0.0.1", expired=True)
    with TlsProxy(echo, expired) as proxy, pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        say(proxy, trusting(authority))


def test_nobody_else_trusts_the_authority(echo: str, authority: Authority, tmp_path: Path) -> None:
    other, certificate = Authority(tmp_path, "other"), authority.issue("127.0.0.1")
    with TlsProxy(echo, certificate) as proxy, pytest.raises(ssl.SSLCertVerificationError, match="issuer"):
        say(proxy, trusting(other))


def test_another_certificate_is_shown_from_the_next_connection_on(echo: str, authority: Authority) -> None:
    with TlsProxy(echo, authority.issue("127.0.0.1", expired=True)) as proxy:
        proxy.present(authority.issue("127.0.0.1"))
        assert say(proxy, trusting(authority)) == b"hello"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_the_certificate_that_is_asked_for_is_told_so(
    echo: str, authority: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    clients = Authority(tmp_path, "clients")
    with TlsProxy(echo, authority.issue("127.0.0.1"), clients=clients) as proxy:
        context = trusting(authority)
        context.maximum_version = version
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            say(proxy, context)
        assert say(proxy, trusting(authority, clients.issue("client", password="secret"))) == b"hello"
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            say(proxy, trusting(authority, authority.issue("client")))


def test_a_client_that_speaks_no_tls_is_turned_away(echo: str, authority: Authority) -> None:
    with TlsProxy(echo, authority.issue("127.0.0.1")) as proxy:
        host, port = proxy.address.split(":")
        with socket.create_connection((host, int(port))) as end:
            end.sendall(b"CP2 and no TLS")
            assert b"CP2" not in end.recv(100)


def test_leaving_ends_connections_and_those_in_the_middle_of_a_handshake(echo: str, authority: Authority) -> None:
    with TlsProxy(echo, authority.issue("127.0.0.1")) as proxy:
        host, port = proxy.address.split(":")
        plain = socket.create_connection((host, int(port)))
        plain.sendall(b"\x16")
    with plain, contextlib.suppress(ConnectionResetError):
        assert plain.recv(1) == b""
