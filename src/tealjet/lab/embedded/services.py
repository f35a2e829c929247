"""What embedded members serve; everything else is an unknown message to them, as to a real member that is too old."""

from __future__ import annotations

from tealjet.lab.embedded.clients import Clients
from tealjet.lab.embedded.management import Management
from tealjet.lab.embedded.objects import Objects
from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.structures import STRUCTURES

__all__ = ["SERVICES"]

SERVICES: tuple[type[Service], ...] = (Clients, Objects, Management, *STRUCTURES)
"""In the order in which they are told that a connection has ended."""
