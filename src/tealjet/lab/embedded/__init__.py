"""Members in pure Python: doubles of real ones for tests, demos and simulation, on this machine only.

``session``, ``member`` and ``cluster`` play one life of a cluster without any I/O; ``serving`` is how structures are
served by it; ``carrier`` gives it sockets, and ``lab`` the verbs that real clusters have.
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
