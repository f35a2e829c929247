"""The structures that embedded members keep, one module for each kind.

They do what members of the cluster's version do, odd things included, as far as a client can tell: one that is right
here and wrong there would be no help. What they can't do, because a member needs code for it, they refuse as members do
that lack the code.
"""

from __future__ import annotations

from tealjet.lab.embedded.serving import Service
from tealjet.lab.embedded.structures.counters import IdGenerators, PNCounters
from tealjet.lab.embedded.structures.enterprise import Enterprise
from tealjet.lab.embedded.structures.executors import Executors
from tealjet.lab.embedded.structures.lists import Lists
from tealjet.lab.embedded.structures.maps import Maps
from tealjet.lab.embedded.structures.multi_maps import MultiMaps
from tealjet.lab.embedded.structures.queues import Queues
from tealjet.lab.embedded.structures.replicated_maps import ReplicatedMaps
from tealjet.lab.embedded.structures.ringbuffers import Ringbuffers
from tealjet.lab.embedded.structures.schemas import Schemas
from tealjet.lab.embedded.structures.sets import Sets
from tealjet.lab.embedded.structures.topics import Topics
from tealjet.lab.embedded.structures.transactional_collections import TransactionalCollections
from tealjet.lab.embedded.structures.transactional_maps import TransactionalMaps
from tealjet.lab.embedded.structures.transactional_multi_maps import TransactionalMultiMaps
from tealjet.lab.embedded.structures.transactions import Transactions

__all__ = ["STRUCTURES"]

STRUCTURES: tuple[type[Service], ...] = (
    Transactions,
    Maps,
    MultiMaps,
    ReplicatedMaps,
    Queues,
    Lists,
    Sets,
    Topics,
    Ringbuffers,
    PNCounters,
    IdGenerators,
    Executors,
    Schemas,
    TransactionalMaps,
    TransactionalMultiMaps,
    TransactionalCollections,
    Enterprise,
)
"""In the order in which they are told that a connection has ended: a transaction gives back what it has taken first."""
