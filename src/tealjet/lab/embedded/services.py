"""What embedded members serve; everything else is an unknown message to them, as to a real member that is too old."""

from __future__ import annotations

from tealjet.lab.embedded.clients import Clients
from tealjet.lab.embedded.jobs.board import Jobs
from tealjet.lab.embedded.jobs.hazelcast_5 import Hazelcast5Jobs
from tealjet.lab.embedded.jobs.jet_4 import Jet4Jobs
from tealjet.lab.embedded.management import Management
from tealjet.lab.embedded.objects import Objects
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.structures import STRUCTURES

__all__ = ["SERVICES"]

SERVICES: tuple[type[Service], ...] = (Clients, Objects, Management, *STRUCTURES, Jobs, Hazelcast5Jobs, Jet4Jobs)
"""In the order in which they are told that a connection has ended."""
