"""As much of Hazelcast Cloud as a client asks for the addresses of a cluster's members."""

from __future__ import annotations

import contextlib
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from tealjet.lab import Certificate


class Coordinator:
    """Answers on 127.0.0.1 whoever shows the token; what it answers can be changed at any time."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.url = ""
        self.members: dict[str, str] = {}
        """The public address of each member by its own."""
        self.instead: tuple[int, bytes] | None = None
        """A status and a body that everybody gets."""
        self.location = ""
        """Where an answer sends the client."""
        self.silent = False
        """Nobody gets an answer."""
        self.asked: list[str] = []
        """The paths that were asked for."""
        self.ended = threading.Event()

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return status and body."""
        self.asked.append(path)
        parts = urlsplit(path)
        if self.instead is not None:
            return self.instead
        if parts.path != "/cluster/discovery" or parse_qs(parts.query).get("token") != [self._token]:
            return 404, b'{"message": "Cluster with token: was not found"}'
        answer = [{"private-address": own, "public-address": public} for own, public in self.members.items()]
        return 200, json.dumps(answer).encode()


@contextlib.contextmanager
def coordinator(certificate: Certificate, token: str) -> Iterator[Coordinator]:
    """Serve over HTTPS with a certificate for localhost."""
    one = Coordinator(token)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if one.silent:
                one.ended.wait()
            status, body = one.answer(self.path)
            self.send_response(status)
            if one.location:
                self.send_header("Location", one.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's word
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients that do not trust the certificate, or have gone

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certfile, certificate.keyfile)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        one.url = f"https://localhost:{server.server_port}"
        yield one
        one.ended.set()
        server.shutdown()
        thread.join()
