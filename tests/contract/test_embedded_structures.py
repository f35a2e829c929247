"""Structures of embedded clusters as their options say."""

from __future__ import annotations

from typing import Any

import pytest

import tealjet
from support.clusters import cluster_config
from tealjet.lab import EmbeddedOptions, start_embedded


@pytest.mark.parametrize("own_process", [False, True])
def test_a_queue_takes_as_much_as_its_cluster_was_told(own_process: bool) -> None:
    options = EmbeddedOptions(queue_capacities={"small-*": 1})
    with (
        start_embedded({"blue": options}, own_process=own_process) as lab,
        tealjet.new_jet_client(cluster_config(lab["blue"])) as client,
    ):
        queue: Any = client.get_queue("small-1")
        assert queue.offer("a").result()
        assert not queue.offer("b").result()
        put = queue.put("c")
        assert queue.poll().result() == "a"
        put.result()
        assert client.get_queue("large").remaining_capacity().result() == (1 << 31) - 1
