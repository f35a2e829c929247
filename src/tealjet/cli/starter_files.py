"""The files that a team starts with: a failover file and a client file for each cluster, with their comments.

Java's client reads them too. A line that begins with ``#`` and a word, without a blank between them, is a setting that
can be switched on as it stands; all other comments are for people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tealjet.cli.config_files import FolderError
from tealjet.cli.facts import ConfigFile
from tealjet.lab.client_files import FAILOVER_FILE

__all__ = ["ClusterPlan", "starter_files", "write_new_files"]

_FAILOVER = """\
# The clusters that a client may use. Java's failover client reads these files as well.
# Check them with: tealjet config check {failover_file}
hazelcast-client-failover:

  # Rounds over all clusters, after the attempt on the current one, before the client gives up.
  # Without this line it never does.
  try-count: {try_count}

  # One file for each cluster, in the order in which they are tried. They are looked for in the
  # working directory, and then (by Tealjet, not by Java) beside this file.
  clients:
{clients}"""

_CLIENT = """\
# How cluster {name} is reached.
hazelcast-client:

  # The name that the members of this cluster have in their configuration.
  cluster-name: {name}

  network:
    # Members to connect to first; two or three will do, they tell of the others.
    cluster-members:
{members}
    # TLS. A store of type PKCS12 (trustStore, keyStore) does as well as PEM files.
    #ssl:
    #  enabled: true
    #  properties:
    #    trustCertCollectionFile: {name}-ca.pem
    #    validateIdentity: true

  # What the client signs in with, where the members ask for it.
  #security:
  #  username-password:
  #    username: {name}-client
  #    password: change-me

  # From here on all clusters have to have the same: a client keeps its times when it moves.

  connection-strategy:
    connection-retry:
      # Pauses between rounds over the clusters, in ms, while none of them can be reached.
      initial-backoff-millis: 1000
      max-backoff-millis: 30000
      multiplier: 1.05
      jitter: 0.2
      # How long a lost cluster is tried before the next one, in ms. In Java the default is 120000; Tealjet looks
      # at the cluster for a moment (see the profile) and moves on.
      #cluster-connect-timeout-millis: 2000

  properties:
    # How long a call is tried before it ends with an error, in s.
    hazelcast.client.invocation.timeout.seconds: 120
    # Java passes over what begins with "tealjet". The profile sets the times that nothing else sets; silence of a
    # cluster is a loss after 0.4 s (fast), 2 s (balanced) or 60 s (patient).
    tealjet.profile: balanced
    # Keep the next cluster connected and ready, so that moving takes milliseconds.
    tealjet.standby: true
"""

_PLAIN = re.compile(r"[A-Za-z][\w.-]*(:\d+)?|\d+(\.\d+){3}(:\d+)?")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterPlan:
    """What the files have to know of a cluster."""

    name: str
    """Its cluster name, which is in the name of its file too."""
    members: tuple[str, ...]
    """Each host or host:port."""


def starter_files(clusters: Sequence[ClusterPlan], try_count: int) -> tuple[ConfigFile, ...]:
    """Return the failover file and one client file for each cluster, in their order."""
    names = [f"hazelcast-client-{cluster.name}.yaml" for cluster in clusters]
    clients = "".join(f"    - {name}\n" for name in names)
    failover = _FAILOVER.format(failover_file=FAILOVER_FILE, try_count=try_count, clients=clients)
    files = (
        ConfigFile(
            name=name,
            text=_CLIENT.format(
                name=_scalar(cluster.name),
                members="".join(f"      - {_scalar(member)}\n" for member in cluster.members),
            ),
        )
        for name, cluster in zip(names, clusters, strict=True)
    )
    return (ConfigFile(name=FAILOVER_FILE, text=failover), *files)


def _scalar(text: str) -> str:
    """Return the text as YAML; in quotes where it might be something else, or nothing, without them."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else f'"{text}"'


def write_new_files(folder: Path, files: Sequence[ConfigFile]) -> None:
    """Write the files into the folder, which is made if need be; one that is there is never touched.

    Raises:
        FolderError: The folder cannot be written to, or has a file of such a name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            if (folder / file.name).exists():
                raise FolderError(f"{folder / file.name} is there already; nothing was written")
        for file in files:
            with (folder / file.name).open("x", encoding="utf-8") as written:
                written.write(file.text)
    except OSError as error:
        raise FolderError(f"The configuration files cannot be written into {folder}: {error}") from error
