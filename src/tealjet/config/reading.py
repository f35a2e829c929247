"""From a file to what it means: finds it, reads it, and makes one value of each of its keys.

What is given in place of Java's system properties and classes travels with the reading. All problems of all files are
collected; the configurations themselves are made in ``model``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hazelcast.config import Config

from tealjet.config import lookup
from tealjet.config.classes import Classes, ClassNames
from tealjet.config.document import DocumentKind, read_document
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.lookup import FileKind, Located
from tealjet.config.nodes import Node, ScalarNode, SequenceNode
from tealjet.config.official import official_config
from tealjet.config.overrides import overridden, override_names
from tealjet.config.problem import Place, Problems, file_of
from tealjet.config.rules import check_tls
from tealjet.config.shapes import CLIENT_SHAPES, FAILOVER_SHAPES
from tealjet.config.table import Setting, read_settings
from tealjet.config.tls import TlsSettings
from tealjet.config.tls_properties import tls_of_properties
from tealjet.config.variables import Variables

__all__ = ["ReadClient", "ReadFailover", "Reading", "Written", "tls_of"]

_log = logging.getLogger("tealjet")

_CLIENT = DocumentKind(schema=CLIENT, shapes=CLIENT_SHAPES)
_FAILOVER = DocumentKind(schema=FAILOVER, shapes=FAILOVER_SHAPES)
_OVERRIDES = "without effect: as in Java it overrides the file of an ordinary client, not those of a failover client"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Where and how a value was set; the origin of everything that comes from a file or the environment."""

    key: str
    """The key's path: "network.redo-operation"."""
    mark: Place
    """The file with line and column, or the name of the environment variable or property that overrides it."""
    text: str = field(repr=False)
    """As it was written, variables replaced. It may be a secret: show it only through ``problem.quoted``."""
    parts: tuple[str, ...] = ()
    """Where the parts of the text come from that do not stand there: "environment variable BLUE_HOST", or the place of
    what was imported or added."""
    target: str | None = None
    """What it sets: an attribute of the official ``Config``, a field of ``FailoverOptions`` or of ``ClientConfig``."""
    must_agree: bool = False
    """Whether all clusters of a failover client must have the same value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadClient:
    """What a client file says."""

    config: Config
    tls: TlsSettings | None
    explicit: frozenset[str]
    options: Mapping[str, object]
    origin: str
    written: Mapping[str, Written]
    outbound_ports: tuple[int, ...]
    cloud_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFailover:
    """What a failover file says, and the client files that it lists, as far as they could be read.

    The others are compared with the first one; without it there are none.
    """

    try_count: int | None
    clients: tuple[ReadClient, ...]
    origin: str
    written: Mapping[str, Written]


class Reading:
    """Reads the files of one client; problems and notes of all of them are collected."""

    def __init__(self, properties: Mapping[str, str] | None, classes: ClassNames | None) -> None:
        """Begin with no problems.

        Args:
            properties: What stands in place of Java's system properties.
            classes: What stands for the names of Java classes.

        Raises:
            TypeError: A property is no text.
        """
        self.problems = Problems()
        self._properties = dict(properties or {})
        for name, value in self._properties.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise TypeError(f"properties are texts by their names, not {name!r}: {type(value).__name__}")
        self._environment = dict(os.environ)
        self._variables = Variables(properties=self._properties, environment=self._environment)
        self._classes = Classes(classes or {}, self.problems)

    def finish(self) -> None:
        """Tell what was noted.

        Raises:
            ConfigError: There was a problem.
        """
        self.problems.raise_if_any()
        for note in self.problems.notes:
            _log.info("%s", note)

    def client(self, path: str | os.PathLike[str] | None) -> ReadClient | None:
        """Return what the file of an ordinary client says, with what the environment says in place of it."""
        file = self._find(lookup.CLIENT_FILE, path)
        return None if file is None else self._client(file, override=True)

    def failover(self, path: str | os.PathLike[str] | None) -> ReadFailover | None:
        """Return what a failover file and the files that it lists say."""
        file = self._find(lookup.FAILOVER_FILE, path)
        document = None if file is None else read_document(file, _FAILOVER, self._variables, self.problems)
        if file is None or document is None:
            return None
        for name in override_names(self._environment, self._properties):
            self.problems.note(name, "", _OVERRIDES)
        settings = {setting.name: setting for setting in read_settings(document, FAILOVER, self.problems)}
        listed = self._listed(settings.get("clients"), file)
        clients = [None if one is None else self._client(one, override=False) for one in listed]
        try_count = settings.get("try-count")
        return ReadFailover(
            try_count=None if try_count is None else try_count.value,
            clients=tuple(client for client in clients if client is not None) if clients[:1] != [None] else (),
            origin=file.path,
            written=_written(settings.values()),
        )

    def _find(self, kind: FileKind, path: str | os.PathLike[str] | None) -> Located | None:
        return lookup.locate(kind, path, self._properties, self._environment, self.problems)

    def _listed(self, clients: Setting | None, file: Located) -> list[Located | None]:
        if clients is None or not isinstance(clients.node, SequenceNode):
            return []
        return [
            lookup.resolve_listed(path, item.mark, f"clients[{index}]", file.format, self.problems)
            for index, (path, item) in enumerate(zip(clients.value, clients.node.items, strict=True))
        ]

    def _client(self, file: Located, *, override: bool) -> ReadClient | None:
        before = len(self.problems)
        document = read_document(file, _CLIENT, self._variables, self.problems)
        if document is not None and override:
            document = overridden(document, CLIENT, self._environment, self._properties, self.problems)
        settings = [] if document is None else read_settings(document, CLIENT, self.problems)
        official = official_config(settings, self._classes, self.problems)
        tls = tls_of(settings, self.problems)
        if tls is not None:
            check_tls(tls, file.path, self.problems)
        if len(self.problems) > before:
            return None
        return ReadClient(
            config=official.config,
            tls=tls,
            explicit=official.explicit,
            options={setting.key.option: setting.value for setting in settings if setting.key.option is not None},
            origin=file.path,
            written=_written(settings),
            outbound_ports=official.outbound_ports,
            cloud_url=official.cloud_url,
        )


def _written(settings: Iterable[Setting]) -> dict[str, Written]:
    return {setting.name: _as_written(setting) for setting in settings}


def _text_of(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return ", ".join(map(_text_of, node.items))
    return "{" + ", ".join(f"{entry.key}: {_text_of(entry.value)}" for entry in node.entries) + "}"


def _parts_of(node: Node, here: Place) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        if file_of(node.mark) != file_of(here):
            yield str(node.mark)
        yield from node.variables
        return
    for inner in node.items if isinstance(node, SequenceNode) else (entry.value for entry in node.entries):
        yield from _parts_of(inner, here)


def _as_written(setting: Setting) -> Written:
    return Written(
        key=setting.name,
        mark=setting.mark,
        text=_text_of(setting.node),
        parts=tuple(dict.fromkeys(_parts_of(setting.node, setting.mark))),
        target=setting.key.target,
        must_agree=not setting.key.may_differ,
    )


def tls_of(settings: Iterable[Setting], problems: Problems) -> TlsSettings | None:
    """Return what the settings of a client file come to for TLS, no file looked at; None without TLS."""
    section = {setting.path[-1]: setting for setting in settings if setting.path[:2] == ("network", "ssl")}
    enabled = section.get("enabled")
    if enabled is None or not enabled.value:
        return None
    values = {name: setting.value for name, setting in section.items()}
    marks = {name: setting.mark for name, setting in section.items()}
    return tls_of_properties(values, marks, enabled.mark, problems)
