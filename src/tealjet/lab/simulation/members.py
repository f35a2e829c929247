"""Carries embedded members over the simulated network, and the verbs of their lab to them."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine, Mapping
from typing import Any

from tealjet.lab.clusters import LabError
from tealjet.lab.embedded.places import Accept, ClusterPlace, Door
from tealjet.lab.embedded.session import PlayedSession
from tealjet.lab.simulation.network import Network, Receiver, Side
from tealjet.lab.ways import Ending
from tealjet.protocol.values import Address

__all__ = ["SimulatedCarrier", "SimulatedControl", "done"]


class SimulatedCarrier:
    """Brings connections over the simulated network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def door(self, host: str, port: int, accept: Accept) -> Door:
        """Return the door at an address of the simulated network."""
        return _SimulatedDoor(self._network, f"{host}:{port}", accept)


class _SimulatedDoor:
    def __init__(self, network: Network, address: str, accept: Accept) -> None:
        self.wires: dict[_Wire, None] = {}
        self._network = network
        self._address = address
        self._accept = accept

    @property
    def is_open(self) -> bool:
        return self._address in self._network.listeners

    async def open(self) -> None:
        self._network.listeners[self._address] = self._connected

    def close(self) -> None:
        self._network.listeners.pop(self._address, None)

    async def end_connections(self, within: float) -> None:
        """What is late is delivered by and by: no member's process has to wait for it."""
        loop = self._network.loop
        for wire in tuple(self.wires):
            if within > 0:
                loop.call_at(loop.time() + within, wire.abort)
            else:
                wire.abort()

    def _connected(self, end: Side) -> Receiver | None:
        wire = _Wire(self, end)
        self.wires[wire] = None
        host, port = end.client
        wire.session = self._accept(wire, Address(host=host, port=port))
        if wire.session is None:
            del self.wires[wire]
            return None
        return wire


class _Wire:
    """One connection that a member has accepted: a wire for its session, and who gets what comes."""

    def __init__(self, door: _SimulatedDoor, end: Side) -> None:
        self.session: PlayedSession | None = None
        self._door = door
        self._end = end

    # ---------------------------------------------------------------------------------------------- from the network

    def received(self, data: bytes) -> None:
        if self.session is not None:
            self.session.receive(data)

    def ended(self, ending: Ending) -> None:
        self._gone()

    def _gone(self) -> None:
        self._door.wires.pop(self, None)
        if self.session is not None:
            self.session.lost()  # harmless when the session has ended by itself

    # ----------------------------------------------------------------------------------------- what a session asks for

    def send(self, data: bytes) -> int:
        self._end.send(data)
        return self._end.unsent

    def close(self) -> None:
        self._finish(Ending.CLOSE)

    def abort(self) -> None:
        self._finish(Ending.CLOSE)

    def reset(self) -> None:
        self._finish(Ending.RESET)

    def _finish(self, ending: Ending) -> None:
        self._end.finish(ending)
        self._gone()

    def pause(self) -> None:
        self._end.read(False)

    def resume(self) -> None:
        self._end.read(True)


class SimulatedControl:
    """The way to the members of a simulation: a verb is done when it returns, at the virtual time at which it is asked.

    Args:
        network: Its trace tells of every verb.
        places: The clusters, by their keys.
    """

    process_id: int | None = None
    """They run in this process."""

    def __init__(self, network: Network, places: Mapping[str, ClusterPlace]) -> None:
        self._network = network
        self._places = places

    def call(self, cluster: str, member: int | None, verb: str, **arguments: Any) -> Any:
        """Do something to a member or a cluster."""
        if self._network.loop.is_closed():
            raise LabError("the simulation has ended")
        told = " ".join(f"{name}={value}" for name, value in arguments.items())
        self._network.trace(f"{cluster}{'' if member is None else f'/{member}'} {verb} {told}".rstrip())
        result = self._places[cluster].do(member, verb, arguments)
        return done(result) if inspect.iscoroutine(result) else result


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to wait for: on the simulated network nothing takes a member's own time."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise LabError(f"{work} waits for something, which it can't in a simulation")
