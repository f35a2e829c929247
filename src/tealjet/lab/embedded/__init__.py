"""Members in pure Python: doubles of real ones for tests, demos and simulation, on this machine only.

``session``, ``member`` and ``cluster`` play one life of a cluster without any I/O; ``serving`` is how structures are
served by it; ``places`` are where members start again and again, ``sockets`` brings them connections, and ``lab`` has
the verbs of real clusters.
"""

from tealjet.lab.embedded.lab import (
    EMBEDDED_VERSIONS,
    EmbeddedCluster,
    EmbeddedLab,
    EmbeddedMember,
    EmbeddedOptions,
    start_embedded,
)

__all__ = [
    "EMBEDDED_VERSIONS",
    "EmbeddedCluster",
    "EmbeddedLab",
    "EmbeddedMember",
    "EmbeddedOptions",
    "start_embedded",
]
