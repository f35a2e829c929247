"""The configuration files of a client that knows clusters of the lab: the very files that a Java client reads."""

from __future__ import annotations

from collections.abc import Iterable

from tealjet.lab.clusters import AnyCluster

__all__ = ["FAILOVER_FILE", "client_files"]

FAILOVER_FILE = "hazelcast-client-failover.yaml"


def client_files(clusters: Iterable[AnyCluster]) -> dict[str, str]:
    """Return the failover file and one client file for each cluster, in their order: names and texts."""
    files = {
        f"hazelcast-client-{cluster.name}.yaml": f"hazelcast-client:\n  cluster-name: {cluster.name}\n"
        "  network:\n    cluster-members:\n" + "".join(f"      - {address}\n" for address in cluster.addresses)
        for cluster in clusters
    }
    listed = "".join(f"    - {name}\n" for name in files)
    return {FAILOVER_FILE: f"hazelcast-client-failover:\n  try-count: 10\n  clients:\n{listed}", **files}
