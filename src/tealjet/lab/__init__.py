"""Hazelcast clusters on this machine, to try, test and show things with."""

from tealjet.lab.jvm import (
    VERSIONS,
    ClusterOptions,
    Lab,
    LabError,
    LabStart,
    LocalCluster,
    LocalMember,
    MemberStartError,
    start_local,
)

__all__ = [
    "VERSIONS",
    "ClusterOptions",
    "Lab",
    "LabError",
    "LabStart",
    "LocalCluster",
    "LocalMember",
    "MemberStartError",
    "start_local",
]
