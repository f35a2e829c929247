"""The threaded client, and what a configuration means for a client of either family.

A client that a factory returns has an active cluster. It is an instance of the official class of its family; everything
that the official client offers comes from there, on our engine.
"""

from __future__ import annotations

import atexit
import itertools
import os
import ssl
import threading
import uuid
import warnings
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import hazelcast
from hazelcast.client import HazelcastClient
from hazelcast.config import Config

from tealjet.bridge.call_errors import OfficialErrors
from tealjet.bridge.callbacks import CallbackThreads
from tealjet.bridge.families import Family, ThreadedFamily
from tealjet.bridge.statements import executor_of
from tealjet.bridge.threads import LoopThread
from tealjet.config import ClassNames, ClientConfig, FailoverConfig, merged_options
from tealjet.config.cloud import Cloud, CloudError, public_addresses
from tealjet.config.tls import TlsError, TlsSettings, tls_context
from tealjet.control import Announcer, Failover
from tealjet.engine.contracts import OutsideError, Settings, Target
from tealjet.engine.engine import Engine
from tealjet.errors import NoClusterError
from tealjet.failover.controller import Controller
from tealjet.failover.model import Candidate, GiveUp
from tealjet.failover.options import Backoff, FailoverOptions, GiveUpRule, java_give_up_rule
from tealjet.failover.report import describe_all
from tealjet.jet.client import AsyncJet, Execute
from tealjet.jet.threaded import Jet
from tealjet.runtime import AsyncioRuntime, Runtime

__all__ = [
    "CLOSE_LIMIT",
    "JetClient",
    "Plan",
    "announcer_of",
    "jet_of",
    "no_cluster",
    "plan_for_failover",
    "plan_for_one_cluster",
]

_client_numbers = itertools.count(1)
CLOSE_LIMIT = 2.0
"""Seconds that the end of a client waits for a thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a configuration means: everything a client is made from."""

    config: Config
    """The official configuration of the client, the first cluster's."""
    name: str
    candidates: tuple[Candidate, ...]
    targets: tuple[Target, ...]
    settings: Settings
    options: FailoverOptions
    backoff: Backoff
    give_up: GiveUpRule

    def engine(self, runtime: Runtime, family: Family, announcer: Announcer) -> Engine:
        """Make the engine, on its loop."""
        controller = Controller(self.candidates, self.options, self.backoff, self.give_up, random=runtime.random)
        return Engine(
            runtime=runtime,
            settings=replace(self.settings, next_member=family.next_member),
            targets=self.targets,
            controller=controller,
            errors=OfficialErrors(),
            state=family,
            publish=announcer.publish,
        )


def plan_for_failover(
    config: FailoverConfig | str | Path | None,
    options: dict[str, Any],
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
) -> Plan:
    """Read a failover configuration.

    Args:
        config: A configuration, the path of its file, or None to look the file up as Java does.
        options: Fields of :class:`~tealjet.FailoverOptions` that win over the file.
        properties: For a file: what stands in place of Java's system properties.
        classes: For a file: what stands for the names of Java classes.

    Raises:
        ConfigError: A file is missing or wrong; all problems are told at once.
    """
    if not isinstance(config, FailoverConfig):
        _check_path(config, "a FailoverConfig")
        config = FailoverConfig.load(config, properties=properties, classes=classes)
    rule = java_give_up_rule(config.try_count, len(config.clients), config.first.cluster_connect_timeout)
    return _plan(config, merged_options(config, options), rule)


def plan_for_one_cluster(
    config: ClientConfig | Config | str | Path | None,
    options: dict[str, Any],
    properties: Mapping[str, str] | None = None,
    classes: ClassNames | None = None,
) -> Plan:
    """Read the configuration of an ordinary client, with the arguments of :func:`plan_for_failover`."""
    if not isinstance(config, ClientConfig | Config):
        _check_path(config, "a ClientConfig or an official Config")
        config = ClientConfig.load(config, properties=properties, classes=classes)
    alone = FailoverConfig(clients=[config])
    limit = alone.first.cluster_connect_timeout
    rule = java_give_up_rule(None, 1, None) if limit is None else GiveUpRule(attempts=1, seconds=limit)
    return _plan(alone, merged_options(alone, options), rule)


def _check_path(config: object, wanted: str) -> None:
    if config is not None and not isinstance(config, str | os.PathLike):
        raise TypeError(f"config must be {wanted}, the path of its file, or None to look that up; not {config!r}")


def _plan(config: FailoverConfig, options: FailoverOptions, give_up: GiveUpRule) -> Plan:
    official = config.first.config
    name = official.client_name or f"hz.client_{next(_client_numbers)}"
    silence = options.silence
    if options.silence_limit is None and config.first.heartbeat_timeout is not None:
        silence = config.first.heartbeat_timeout
    return Plan(
        config=official,
        name=name,
        candidates=config.candidates,
        targets=tuple(
            _target(candidate.name, client) for candidate, client in zip(config.candidates, config.clients, strict=True)
        ),
        settings=Settings(
            client_uuid=uuid.uuid4(),
            client_name=name,
            client_version=hazelcast.__version__,
            labels=tuple(official.labels),
            shuffle_addresses=official.shuffle_member_list,
            smart_routing=official.smart_routing,
            backup_acks=official.backup_ack_to_client_enabled,
            backup_timeout=official.operation_backup_timeout,
            fail_on_indeterminate=official.fail_on_indeterminate_operation_state,
            redo=official.redo_operation,
            invocation_timeout=official.invocation_timeout,
            retry_pause=official.invocation_retry_pause,
            prepare_timeout=options.prepare_timeout,
            ping_interval=min(official.heartbeat_interval, silence / 4),
            silence_limit=silence,
            max_parked_calls=options.max_parked_calls,
        ),
        options=options,
        backoff=config.first.backoff,
        give_up=give_up,
    )


def _target(name: str, client: ClientConfig) -> Target:
    username, password = client.credentials
    return Target(
        name=name,
        cluster_name=client.cluster_name,
        addresses=client.addresses,
        coordinator=None if client.cloud is None else _coordinator(client.cloud, client.config.connection_timeout),
        username=username,
        password=password,
        token=client.token,
        tls=None if client.tls is None else _tls(client.tls),
        connect_timeout=float(client.config.connection_timeout),
        socket_options=tuple(client.config.socket_options),
        local_ports=client.outbound_ports,
        public_addresses=client.config.use_public_ip if "use_public_ip" in client.explicit else None,
    )


def _coordinator(cloud: Cloud, timeout: float) -> Callable[[], Mapping[tuple[str, int], tuple[str, int]]]:
    def addresses() -> Mapping[tuple[str, int], tuple[str, int]]:
        try:
            return public_addresses(cloud, timeout)
        except CloudError as error:
            raise OutsideError(str(error)) from None

    return addresses


def _tls(settings: TlsSettings) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        try:
            return tls_context(settings)
        except TlsError as error:
            raise OutsideError(str(error)) from None

    return context


def no_cluster(gave_up: GiveUp) -> NoClusterError:
    """Return the error of a client that found no cluster."""
    tried = f"{gave_up.attempts} attempts in {gave_up.seconds:.1f} s"
    text = f"No cluster could be used after {tried}. {describe_all(gave_up.reasons)}"
    return NoClusterError(text, reasons=gave_up.reasons)


def announcer_of(family: Family) -> Announcer:
    """Return what announces to the listeners of a family."""
    lane = family.callbacks.lane("a failover listener")

    def ended() -> None:
        if family.lifecycle.running:
            family.fire("SHUTTING_DOWN")
            family.lifecycle.shutdown()
            family.fire("SHUTDOWN")

    announcer = Announcer(family, lane.put, ended)
    family.announce = announcer.publish
    return announcer


def jet_of(engine: Engine, family: Family, announcer: Announcer, execute: Execute) -> AsyncJet:
    """Return what submits jobs, told of what the client does; on the loop."""
    jet = AsyncJet(engine, family, announcer.publish, execute)
    announcer.inner.append(jet.told)
    return jet


class JetClient(HazelcastClient):
    """A blue/green client of the threaded family; made by :func:`tealjet.new_jet_failover_client`."""

    failover: Failover
    """Where the client is, what happened, and planned switches."""
    jet: Jet
    """Jobs: submission, handles, the list of them."""

    def __init__(self, plan: Plan) -> None:
        """Find a cluster; Ctrl-C ends the search and leaves nothing behind.

        Args:
            plan: What the configuration means.

        Raises:
            NoClusterError: No candidate could be used within the limits of the configuration.
        """
        self._close_lock = threading.RLock()
        callbacks = CallbackThreads(f"tealjet-{plan.name}")
        family = self._family = ThreadedFamily(self, plan.config, plan.name, callbacks)
        announcer = announcer_of(family)
        thread = self._thread = LoopThread(f"tealjet-{plan.name}")

        async def make_engine() -> Engine:
            return plan.engine(AsyncioRuntime(), family, announcer)

        try:
            engine = self._engine = thread.run(make_engine())
        except BaseException:
            thread.stop(CLOSE_LIMIT)
            raise
        self._closed = False
        try:
            family.lifecycle.start()
            gave_up = thread.run(engine.start())
            if gave_up is not None:
                raise no_cluster(gave_up)
            first = thread.run(engine.link(plan.settings.invocation_timeout))
            family.fill(self, engine, first, engine_thread=thread.ident, start=thread.start, turns=thread.turns)
        except BaseException:
            self._tear_down()
            raise
        self.failover = Failover(engine, announcer, callbacks, plan.candidates, plan.options, thread.run)
        execute = executor_of(self._sql_service, engine)

        async def make_jet() -> AsyncJet:
            return jet_of(engine, family, announcer, execute)

        self.jet = Jet(thread.run(make_jet()), thread.run)
        self._statistics.start()
        _open_clients.add(self)

    def shutdown(self) -> None:
        """Close the client; every call that is under way ends. Harmless when it is closed."""
        with self._close_lock:
            if self._closed:
                return
            if self._family.lifecycle.running:
                self._family.fire("SHUTTING_DOWN")
                self._family.lifecycle.shutdown()
                self._close_sessions()
                self._statistics.shutdown()
                self._near_cache_manager.destroy_near_caches()
                self._tear_down(announce=True)
            else:
                self._tear_down()

    def _close_sessions(self) -> None:
        if self._engine.active is None:
            return
        ended = threading.Event()
        self._proxy_session_manager.shutdown().add_done_callback(lambda _: ended.set())
        ended.wait(CLOSE_LIMIT)

    def _tear_down(self, *, announce: bool = False) -> None:
        if not self._engine.disowned:
            self._thread.run(self._engine.close(), CLOSE_LIMIT)
            self._thread.stop(CLOSE_LIMIT)
        self._closed = True  # not before: what is interrupted, or asked for in the wrong place, can be asked for again
        _open_clients.discard(self)
        if announce:
            self._family.fire("SHUTDOWN")
        self._family.callbacks.close(CLOSE_LIMIT)

    def __enter__(self) -> JetClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and not self._engine.disowned:
            warnings.warn(
                f"unclosed client {self._family.name!r}: call shutdown()", ResourceWarning, stacklevel=2, source=self
            )
            self._thread.end_with(self._engine.close())
            self._family.callbacks.close(0)


_open_clients: weakref.WeakSet[JetClient] = weakref.WeakSet()


@atexit.register
def _close_open_clients() -> None:
    for client in list(_open_clients):
        client._family.lifecycle.shutdown()
        client._tear_down()
