"""A whole world in one process: embedded clusters, clients and the network between them, on virtual time, by a seed."""

from tealjet.lab.simulation.loop import SimulationError
from tealjet.lab.simulation.network import SimulatedWay
from tealjet.lab.simulation.simulation import Simulation
from tealjet.lab.simulation.trace import Trace

__all__ = ["SimulatedWay", "Simulation", "SimulationError", "Trace"]
