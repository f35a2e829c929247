"""As much of a Kubernetes API as members ask for their pods' addresses and those of the services in front of them."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any


class KubernetesApi:
    """Knows pods on 127.0.0.1, each behind a service of its own. All services have one public address.

    (A member takes two pods with the same IP address for one when it looks up their services.)
    """

    def __init__(self) -> None:
        self.ports: list[int] = []
        """The members' ports."""
        self.public_port = 0
        self.properties: dict[str, str] = {}
        """What makes members use this API, as system properties."""

    def answer(self, path: str) -> Any:
        """Return the answer to a request, None when there is none."""
        resource, _, name = path.removeprefix("/api/v1/namespaces/test/").partition("/")
        if resource == "services":
            return {
                "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}},
                "spec": {"type": "LoadBalancer", "ports": [{"port": self.public_port}]},
            }
        kinds = {"pods": _pod, "endpoints": _endpoint}
        if name or resource not in kinds:
            return None
        return {"items": [kinds[resource](port) for port in self.ports]}


def _pod(port: int) -> Any:
    return {
        "metadata": {"name": f"pod-{port}"},
        "spec": {"nodeName": "node", "containers": [{"ports": [{"containerPort": port}]}]},
        "status": {"podIP": "127.0.0.1", "containerStatuses": [{"ready": True}]},
    }


def _endpoint(port: int) -> Any:
    address = {"ip": "127.0.0.1", "nodeName": "node", "targetRef": {"name": f"pod-{port}"}}
    return {
        "metadata": {"name": f"service-{port}"},
        "subsets": [{"addresses": [address], "ports": [{"port": port}]}],
    }


@contextlib.contextmanager
def kubernetes_api(certificate: str) -> Iterator[KubernetesApi]:
    """Serve the API on 127.0.0.1; members want some certificate, as PEM, to trust."""
    api = KubernetesApi()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = api.answer(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's word
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        api.properties = {
            "hz.network.join.tcp-ip.enabled": "false",
            "hz.network.join.kubernetes.enabled": "true",
            "hazelcast.kubernetes.kubernetes-master": f"http://127.0.0.1:{server.server_port}",
            "hazelcast.kubernetes.namespace": "test",
            "hazelcast.kubernetes.api-token": "none",
            "hazelcast.kubernetes.expose-externally": "true",
            "hazelcast.kubernetes.kubernetes-api-retries": "0",
            "hazelcast.kubernetes.ca-certificate": certificate,
        }
        yield api
        server.shutdown()
        thread.join()
