"""Hazelcast clusters on this machine, to try, test and show things with."""

from tealjet.lab.clusters import AnyCluster, AnyLab, AnyMember, LabError, LabStart, MemberStartError
from tealjet.lab.embedded import (
    EMBEDDED_VERSIONS,
    EmbeddedCluster,
    EmbeddedLab,
    EmbeddedMember,
    EmbeddedOptions,
    start_embedded,
)
from tealjet.lab.faults import FaultProxy
from tealjet.lab.jvm import VERSIONS, ClusterOptions, Lab, member_jars, prepare, start_local
from tealjet.lab.members import LocalCluster, LocalMember
from tealjet.lab.tls import Authority, Certificate, TlsProxy
from tealjet.lab.ways import Direction, Ending, Way

__all__ = [
    "EMBEDDED_VERSIONS",
    "VERSIONS",
    "AnyCluster",
    "AnyLab",
    "AnyMember",
    "Authority",
    "Certificate",
    "ClusterOptions",
    "Direction",
    "EmbeddedCluster",
    "EmbeddedLab",
    "EmbeddedMember",
    "EmbeddedOptions",
    "Ending",
    "FaultProxy",
    "Lab",
    "LabError",
    "LabStart",
    "LocalCluster",
    "LocalMember",
    "MemberStartError",
    "TlsProxy",
    "Way",
    "member_jars",
    "prepare",
    "start_embedded",
    "start_local",
]
