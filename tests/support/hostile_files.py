"""Bytes in the place of a configuration file: what the loader owes to whoever wrote them.

A file gives a configuration or a list of problems, nothing else is raised, and no more is done than its size allows.
What a file names by ``module:Class`` is not looked for here: bytes must not choose what is imported.
"""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tealjet.config.classes import Classes
from tealjet.config.document import DocumentKind, read_document
from tealjet.config.keys import CLIENT
from tealjet.config.lookup import Format, Located
from tealjet.config.official import official_config
from tealjet.config.problem import Problems
from tealjet.config.reading import tls_of
from tealjet.config.shapes import CLIENT_SHAPES
from tealjet.config.table import read_settings
from tealjet.config.values import Piece
from tealjet.config.variables import Variables

SEEDS = {
    "yaml": b"""\
hazelcast-client:
  import: [part.yaml]
  config-replacers: {fail-if-value-missing: false, replacers: [{class-name: x, properties: {a: b}}]}
  cluster-name: ${blue:b}
  client-labels: [orders, "e\\u0075"]
  network:
    cluster-members: [a, "b:5701", "[::1]:5702"]
    outbound-ports: [34600, 34700-34710]
    kubernetes: {enabled: false, service-dns: hz, service-port: 5701}
    hazelcast-cloud: {enabled: false, discovery-token: t}
    ssl: {enabled: true, properties: {protocol: TLSv1.3, ciphersuites: "A,TLS_AES_128_GCM_SHA256", keyStore: k}}
  security: {token: {encoding: base64, value: YWJj}}
  load-balancer: {type: random}
  near-cache: {"o*": {time-to-live-seconds: 9, eviction: {size: 5}}}
  serialization: {serializers: [{type-class: a:b, class-name: c:d}], global-serializer: {class-name: a:b}}
  properties: {hazelcast.client.heartbeat.timeout: 1500, tealjet.profile: fast, hazelcast.client.cloud.url: "https://a:1/b"}
""",
    "xml": b"""\
<?xml version="1.0" encoding="UTF-8"?>
<hazelcast-client xmlns="http://www.hazelcast.com/schema/client-config" xmlns:x="y" x:z="w">
  <import resource="part.xml"/>
  <cluster-name>${blue:b}</cluster-name><!-- c --><client-labels><label>a&amp;&#98;</label></client-labels>
  <network><cluster-members><address>a</address></cluster-members><ssl enabled="false"/>
    <hazelcast-cloud enabled="true"><discovery-token>t</discovery-token></hazelcast-cloud></network>
  <security><token encoding="base64">YWJj</token></security>
  <near-cache name="o*"><eviction size="5" eviction-policy="LRU"/></near-cache>
  <serialization><serializers><global-serializer>a:b</global-serializer></serializers></serialization>
  <properties><property name="tealjet.profile"><![CDATA[fast]]></property></properties>
</hazelcast-client>
""",
}
"""A well-behaved file of each format."""

_KIND = DocumentKind(schema=CLIENT, shapes=CLIENT_SHAPES)
_VARIABLES = Variables(properties={"a": "x" * 1000}, environment={})
_FOLDER = tempfile.TemporaryDirectory(prefix="tealjet-hostile-")
atexit.register(_FOLDER.cleanup)


class _NoClasses(Classes):
    """Finds nothing, and imports nothing."""

    def find(self, name: Piece, key: str) -> Any | None:
        return None


def attack_with(written_in: str) -> Callable[[bytes], None]:
    """Return what takes bytes for a client file of a format, "yaml" or "xml"."""
    path = Path(_FOLDER.name, f"conf.{written_in}")
    file = Located(path=str(path), format=Format[written_in.upper()])

    def attack(content: bytes) -> None:
        path.write_bytes(content)
        problems = Problems()
        document = read_document(file, _KIND, _VARIABLES, problems)
        settings = [] if document is None else read_settings(document, CLIENT, problems)
        official_config(settings, _NoClasses({}, problems), problems)
        tls_of(settings, problems)
        assert document is not None or len(problems)
        for told in (*problems, *problems.notes):
            assert "\n" not in str(told)
            str(told).encode()

    return attack
