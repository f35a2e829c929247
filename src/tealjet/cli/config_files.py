"""Where the configuration files for the clusters of a lab are written, and whose files are left alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tealjet.cli.facts import ConfigFile
from tealjet.errors import TealjetError
from tealjet.lab import Lab
from tealjet.lab.client_files import client_files
from tealjet.lab.clusters import AnyCluster

__all__ = ["FolderError", "files_for", "folder_within", "write_files"]

_MARK = "# Written by the tealjet command, which may write it again.\n"


class FolderError(TealjetError):
    """The folder for the configuration files cannot be used."""


def files_for(clusters: Iterable[AnyCluster]) -> tuple[ConfigFile, ...]:
    """Return the failover file and one client file for each cluster, in their order."""
    return tuple(ConfigFile(name=name, text=text) for name, text in client_files(clusters).items())


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
