"""Observables of a client, in both families."""

from __future__ import annotations

from typing import Any

import tealjet
import tealjet.asyncio
from tealjet.jet.java_exception import JavaException
from tealjet.jet.observables import AsyncObservable, Observable, Source, observable_names


class FailedError(Exception):
    def __init__(self, name: str, cluster: str, java: JavaException) -> None:
        super().__init__(f"{name} of {cluster}: {java.root}")
        self.java = java


def source_of(client: Any) -> Source:
    return Source(client._engine, client._family.objects, FailedError)


def observable(client: tealjet.JetClient, name: str) -> Observable:
    return Observable(source_of(client), name, client._thread.run)


def names_of(client: tealjet.JetClient) -> tuple[str, ...]:
    return client._thread.run(observable_names(source_of(client)))


def async_observable(client: tealjet.asyncio.JetClient, name: str) -> AsyncObservable:
    return AsyncObservable(source_of(client), name)
