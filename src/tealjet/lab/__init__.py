"""Hazelcast clusters on this machine, to try, test and show things with."""

from tealjet.lab.faults import FaultProxy
from tealjet.lab.jvm import VERSIONS, ClusterOptions, Lab, LabStart, prepare, start_local
from tealjet.lab.members import LabError, LocalCluster, LocalMember, MemberStartError

__all__ = [
    "VERSIONS",
    "ClusterOptions",
    "FaultProxy",
    "Lab",
    "LabError",
    "LabStart",
    "LocalCluster",
    "LocalMember",
    "MemberStartError",
    "prepare",
    "start_local",
]
