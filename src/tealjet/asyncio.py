"""The asyncio family: the names of :mod:`tealjet` on the caller's event loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hazelcast.config import Config

from tealjet.asyncio_client import AsyncioJetClient as JetClient
from tealjet.asyncio_client import Starting
from tealjet.bridge.calls import call_options
from tealjet.bridge.services import LifecycleEvent
from tealjet.client import plan_for_failover, plan_for_one_cluster
from tealjet.config import ClassNames, ClientConfig, FailoverConfig
from tealjet.control import AsyncFailover as Failover
from tealjet.control import Status
from tealjet.errors import Outcome, TealjetError, outcome_of
from tealjet.failover.model import Candidate, SwitchReport
from tealjet.failover.options import FailoverOptions, Profile
from tealjet.jet.client import AsyncJet as Jet
from tealjet.jet.continuity import Continuity
from tealjet.jet.job_config import DeltaJobConfig
from tealjet.jet.jobs import AsyncJob as Job
from tealjet.jet.observables import AsyncObservable as Observable
from tealjet.jet.observables import AsyncObservation as Observation
from tealjet.protocol.jet_values import JobStatus

__all__ = [
    "Candidate",
    "ClientConfig",
    "Continuity",
    "DeltaJobConfig",
    "Failover",
    "FailoverConfig",
    "FailoverOptions",
    "Jet",
    "JetClient",
    "Job",
    "JobStatus",
    "LifecycleEvent",
    "Observable",
    "Observation",
    "Outcome",
    "Profile",
    "Status",
    "SwitchReport",
    "TealjetError",
    "call_options",
    "new_jet_client",
    "new_jet_failover_client",
    "outcome_of",
]


def new_jet_failover_client(
    config: FailoverConfig | str | Path | None = None,
    *,
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
    **options: Any,
) -> Starting:
    """Make a client as :func:`tealjet.new_jet_failover_client` does, with ``await`` or ``async with``."""
    return Starting(lambda: JetClient.start(plan_for_failover(config, options, properties, classes)))


def new_jet_client(
    config: ClientConfig | Config | str | Path | None = None,
    *,
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
    **options: Any,
) -> Starting:
    """Make a client as :func:`tealjet.new_jet_client` does, with ``await`` or ``async with``."""
    return Starting(lambda: JetClient.start(plan_for_one_cluster(config, options, properties, classes)))
