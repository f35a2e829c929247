from __future__ import annotations

from pathlib import Path

import pytest

from tealjet.cli.config_files import FolderError, files_for, write_files
from tealjet.cli.facts import ConfigFile
from tealjet.lab import LocalCluster, LocalMember
from tealjet.lab.client_files import FAILOVER_FILE

FILES = (ConfigFile(name="a.yaml", text="a: 1\n"), ConfigFile(name="b.yaml", text="b: 2\n"))


def cluster(name: str, *ports: int) -> LocalCluster:
    members = tuple(
        LocalMember(address=("127.0.0.1", port), cluster_name=name, command=(), log=Path("log"), group=0)
        for port in ports
    )
    return LocalCluster(name=name, version="5.7.0", members=members)


def test_the_failover_file_lists_a_client_file_for_each_cluster_in_order() -> None:
    failover, first, second = files_for([cluster("clusterA", 20001, 20002), cluster("clusterB", 20003)])
    assert failover.name == FAILOVER_FILE
    assert failover.text == (
        "hazelcast-client-failover:\n"
        "  try-count: 10\n"
        "  clients:\n"
        "    - hazelcast-client-clusterA.yaml\n"
        "    - hazelcast-client-clusterB.yaml\n"
    )
    assert first.text == (
        "hazelcast-client:\n"
        "  cluster-name: clusterA\n"
        "  network:\n"
        "    cluster-members:\n"
        "      - 127.0.0.1:20001\n"
        "      - 127.0.0.1:20002\n"
    )
    assert (second.name, "127.0.0.1:20003" in second.text) == ("hazelcast-client-clusterB.yaml", True)


def test_files_are_written_into_a_new_folder_and_may_be_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_files(folder, FILES)
    write_files(folder, FILES)
    assert (folder / "b.yaml").read_text(encoding="utf-8").endswith("\nb: 2\n")


def test_a_file_of_someone_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("mine: true\n", encoding="utf-8")
    with pytest.raises(FolderError, match=r"b\.yaml is there already"):
        write_files(tmp_path, FILES)
    assert (tmp_path / "b.yaml").read_text(encoding="utf-8") == "mine: true\n"
    assert not (tmp_path / "a.yaml").exists()


def test_a_folder_that_cannot_be_made_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=r"cannot be written into .*file/below"):
        write_files(tmp_path / "file" / "below", FILES)
