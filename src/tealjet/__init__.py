"""The blue/green client for Hazelcast Jet and Hazelcast Platform.

One client knows two or more clusters, uses one of them, and moves to another by itself when that one fails, or on
command. This module is the threaded family; :mod:`tealjet.asyncio` has the same names on the caller's event loop.

The names are loaded when they are used first, because the official package takes its time to import.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hazelcast.config import Config

    from tealjet.bridge.calls import call_options
    from tealjet.bridge.services import LifecycleEvent
    from tealjet.client import JetClient
    from tealjet.config import ClassNames, ClientConfig, FailoverConfig
    from tealjet.control import Failover, Status
    from tealjet.errors import Outcome, TealjetError, outcome_of
    from tealjet.failover.model import Candidate, SwitchReport
    from tealjet.failover.options import FailoverOptions, Profile
    from tealjet.jet.continuity import Continuity
    from tealjet.jet.job_config import DeltaJobConfig
    from tealjet.jet.observables import Observable, Observation
    from tealjet.jet.threaded import Jet, Job
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

_HOMES = {
    "Candidate": "failover.model",
    "ClientConfig": "config",
    "Continuity": "jet.continuity",
    "DeltaJobConfig": "jet.job_config",
    "Failover": "control",
    "FailoverConfig": "config",
    "FailoverOptions": "failover.options",
    "Jet": "jet.threaded",
    "JetClient": "client",
    "Job": "jet.threaded",
    "JobStatus": "protocol.jet_values",
    "LifecycleEvent": "bridge.services",
    "Observable": "jet.observables",
    "Observation": "jet.observables",
    "Outcome": "failover.model",
    "Profile": "failover.options",
    "Status": "control",
    "SwitchReport": "failover.model",
    "TealjetError": "errors",
    "call_options": "bridge.calls",
    "outcome_of": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def new_jet_failover_client(
    config: FailoverConfig | str | Path | None = None,
    *,
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
    **options: Any,
) -> JetClient:
    """Make a client that knows several clusters and is connected to the first one that can be used.

    Args:
        config: A configuration, the path of ``hazelcast-client-failover.yaml``, or None to look that file up as Java
            does (Hazelcast Jet 4.3.1 manual, "Blue-Green Client").
        properties: For a file: what stands in place of Java's system properties, see :meth:`FailoverConfig.load`.
        classes: For a file: what stands for the names of Java classes, see :meth:`FailoverConfig.load`.
        **options: Fields of :class:`FailoverOptions`; they win over the files.

    Raises:
        ConfigError: A file is missing or wrong; all problems are told at once.
        NoClusterError: No cluster could be used within the limits of the configuration.
    """
    from tealjet.client import JetClient, plan_for_failover

    return JetClient(plan_for_failover(config, options, properties, classes))


def new_jet_client(
    config: ClientConfig | Config | str | Path | None = None,
    *,
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
    **options: Any,
) -> JetClient:
    """Make a client of one cluster; it gives up only if ``cluster-connect-timeout`` says when.

    Args:
        config: A configuration, the path of ``hazelcast-client.yaml``, or None to look that file up as Java does.
        properties: For a file: what stands in place of Java's system properties, see :meth:`ClientConfig.load`.
        classes: For a file: what stands for the names of Java classes, see :meth:`ClientConfig.load`.
        **options: Fields of :class:`FailoverOptions`; they win over the file.

    Raises:
        ConfigError: The file is missing or wrong; all problems are told at once.
        NoClusterError: The cluster could not be used within the limits of the configuration.
    """
    from tealjet.client import JetClient, plan_for_one_cluster

    return JetClient(plan_for_one_cluster(config, options, properties, classes))
