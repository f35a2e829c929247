"""The configuration files of a client that knows the clusters of a lab: the very files that a Java client reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tealjet.cli.facts import ConfigFile
from tealjet.errors import TealjetError
from tealjet.lab import Lab, LocalCluster

__all__ = ["FAILOVER_FILE", "FolderError", "client_files", "folder_within", "write_files"]

FAILOVER_FILE = "hazelcast-client-failover.yaml"
_MARK = "# Written by the tealjet command, which may write it again.\n"


class FolderError(TealjetError):
    """The folder for the configuration files cannot be used."""


def client_files(clusters: Iterable[LocalCluster]) -> tuple[ConfigFile, ...]:
    """Return the failover file and one client file for each cluster, in their order."""
    names, files = [], []
    for cluster in clusters:
        name = f"hazelcast-client-{cluster.name}.yaml"
        addresses = "".join(f"      - {address}\n" for address in cluster.addresses)
        text = f"hazelcast-client:\n  cluster-name: {cluster.name}\n  network:\n    cluster-members:\n{addresses}"
        names.append(name)
        files.append(ConfigFile(name=name, text=text))
    clients = "".join(f"    - {name}\n" for name in names)
    text = f"hazelcast-client-failover:\n  try-count: 10\n  clients:\n{clients}"
    return (ConfigFile(name=FAILOVER_FILE, text=text), *files)


def folder_within(lab: Lab) -> Path:
    """Return a folder that goes when the lab goes, even when this process is killed."""
    first = next(iter(lab.clusters.values())).members[0]
    return first.log.with_name("client")


def write_files(folder: Path, files: Iterable[ConfigFile]) -> None:
    """Write the files into the folder, which is made if need be.

    Raises:
        FolderError: The folder cannot be written to, or has a file of such a name that someone else has written.
    """
    files = tuple(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path for path in (folder / file.name for file in files) if path.exists() and not _is_ours(path)]
        if foreign:
            raise FolderError(f"{foreign[0]} is there already and was not written by this command; use another folder")
        for file in files:
            (folder / file.name).write_text(_MARK + file.text, encoding="utf-8")
    except OSError as error:
        raise FolderError(f"The configuration files cannot be written into {folder}: {error}") from error


def _is_ours(path: Path) -> bool:
    return path.read_bytes().startswith(_MARK.encode())
