"""Hazelcast clusters on this machine, to try, test and show things with."""

from tealjet.lab.faults import Direction, Ending, FaultProxy
from tealjet.lab.jvm import VERSIONS, ClusterOptions, Lab, LabStart, member_jars, prepare, start_local
from tealjet.lab.members import LabError, LocalCluster, LocalMember, MemberStartError
from tealjet.lab.tls import Authority, Certificate, TlsProxy

__all__ = [
    "VERSIONS",
    "Authority",
    "Certificate",
    "ClusterOptions",
    "Direction",
    "Ending",
    "FaultProxy",
    "Lab",
    "LabError",
    "LabStart",
    "LocalCluster",
    "LocalMember",
    "MemberStartError",
    "TlsProxy",
    "member_jars",
    "prepare",
    "start_local",
]
