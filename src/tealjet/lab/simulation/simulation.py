"""Clusters and clients in one process, on virtual time and over a simulated network: the same seed, the same story."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tealjet.asyncio_client import AsyncioJetClient, Starting
from tealjet.client import Plan, plan_for_failover, plan_for_one_cluster
from tealjet.config import FailoverConfig
from tealjet.lab.clusters import LabError
from tealjet.lab.embedded.control import raise_defects
from tealjet.lab.embedded.lab import EmbeddedLab, EmbeddedOptions, lab_of, wanted_clusters
from tealjet.lab.embedded.places import ClusterPlace
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Service
from tealjet.lab.simulation.loop import SimulationError, VirtualLoop
from tealjet.lab.simulation.members import SimulatedCarrier, SimulatedControl, done
from tealjet.lab.simulation.network import Network, SimulatedWay
from tealjet.lab.simulation.runtime import SimulatedRuntime
from tealjet.lab.simulation.trace import Trace

__all__ = ["Simulation"]

T = TypeVar("T")

_PORT = 5701
_SETTLING = 1.0
"""Seconds of virtual time in which what has ended at the end of the program is told to everybody."""


class Simulation:
    """A world of its own, for ``with``: no socket, no thread, no process, and an hour passes in moments.

    Clusters are embedded ones and clients are those of :mod:`tealjet.asyncio`, unchanged; between them is a network
    that takes its time and fails as it is told. Everything that chance decides, in the network, in members and in
    clients, is decided by the seed::

        with Simulation(seed=7) as simulation:
            lab = simulation.start_embedded()

            async def story():
                async with simulation.new_jet_failover_client(config_of(lab)) as client:
                    orders = await client.get_map("orders")
                    simulation.way_to(lab["blue"].addresses[0]).black_hole(Direction.TO_CLIENT)
                    await orders.put("1001", "paid")  # after 2 s of virtual time, at green

            simulation.run(story())

    What the official package takes from elsewhere is not simulated: the time in messages of a reliable topic, the
    member that a PN counter asks first, and the numbers of tasks that hold locks. The trace counts bytes only.

    Args:
        seed: Decides; two simulations with the same one, and the same program, do the same.
        latency: Seconds that everything takes on the network in one direction, at least.
        jitter: Seconds that it may take more, by chance.
        limit: Seconds of virtual time after which whatever runs has certainly hung.
    """

    def __init__(self, seed: int, *, latency: float = 0.000_2, jitter: float = 0.000_2, limit: float = 3600.0) -> None:
        self._seed = seed
        self._loop = VirtualLoop(limit)
        self._runner = asyncio.Runner(loop_factory=lambda: self._loop)
        self._clients = 0
        self._places: dict[str, ClusterPlace] = {}
        self.trace = Trace(self._loop.time)
        """Everything that happened on the network and was done to members and ways."""
        self.network = Network(self._loop, self._chance("network"), self.trace, latency=latency, jitter=jitter)
        """Its ``names`` are what host names lead to."""

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left: list[str] = []
        with self._runner:
            for place in self._places.values():
                done(place.kill())
            if error is None:
                self._runner.run(asyncio.sleep(_SETTLING))
                left = [f"{task!r} is left" for task in asyncio.all_tasks(self._loop)]
        if error is None:
            raise_defects(self._places.values(), [*self._loop.errors, *left])

    @property
    def now(self) -> float:
        """The virtual time in seconds."""
        return self._loop.time()

    def run(self, program: Coroutine[Any, Any, T]) -> T:
        """Run a program until it ends, and return its result.

        Raises:
            SimulationError: It waits for something that does not happen.
        """
        try:
            return self._runner.run(program)
        except SimulationError:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            raise

    def way_to(self, address: str) -> SimulatedWay:
        """Return the network between all clients and the member at an address."""
        return self.network.way(address)

    def start_embedded(
        self,
        clusters: Sequence[str] | Mapping[str, EmbeddedOptions] = ("blue", "green"),
        members: int = 1,
        version: str = "5.7.0",
        *,
        services: Sequence[type[Service]] = SERVICES,
    ) -> EmbeddedLab:
        """Start embedded clusters, which end with the simulation; the arguments are those of ``start_embedded``.

        Raises:
            LabError: A cluster of that key is there already.
            ValueError: One of the reasons of ``start_embedded``.
        """
        wanted = wanted_clusters(clusters, members, version)
        if there := wanted.keys() & self._places.keys():
            raise LabError(f"the simulation has clusters of these keys already: {', '.join(sorted(there))}")
        carrier, plans = SimulatedCarrier(self.network), {}
        for key, (settings, size) in wanted.items():
            number = len(self._places)
            host = f"10.{number >> 8}.{number & 255}.1"
            addresses = [(host, _PORT + index) for index in range(size)]
            world = SimulatedRuntime(self.network, host, self._chance(f"cluster {key}"))
            place = self._places[key] = ClusterPlace(settings, addresses, services, world, carrier)
            plans[key] = settings, addresses
            done(place.start())
        return lab_of(plans, SimulatedControl(self.network, self._places), services)

    def new_jet_failover_client(self, config: FailoverConfig | str | Path | None = None, **options: Any) -> Starting:
        """Make a client as :func:`tealjet.asyncio.new_jet_failover_client` does, in this simulation."""
        return self._starting(plan_for_failover(config, options))

    def new_jet_client(self, config: Any = None, **options: Any) -> Starting:
        """Make a client as :func:`tealjet.asyncio.new_jet_client` does, of all that it takes, in this simulation."""
        return self._starting(plan_for_one_cluster(config, options))

    def _starting(self, plan: Plan) -> Starting:
        number = self._clients
        self._clients += 1
        name = plan.config.client_name or f"simulated-{number}"
        host = f"10.255.{number >> 8}.{number & 255}"
        runtime = SimulatedRuntime(self.network, host, self._chance(f"client {number}"))
        settings = replace(plan.settings, client_uuid=runtime.uuid(), client_name=name)
        here = replace(plan, name=name, settings=settings)
        return Starting(lambda: AsyncioJetClient.start(here, runtime))

    def _chance(self, whose: str) -> random.Random:
        """Return the chance of one part of the world, which what others draw does not change."""
        return random.Random(f"{self._seed} {whose}")  # noqa: S311
