"""Whether what callers were told of their calls agrees with what is in the clusters, all of which are alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import tealjet
from support.clusters import map_entries, queue_items
from support.workload import History, Record
from tealjet.lab import AnyCluster


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many calls were judged; there is none if one of them was wrong."""

    calls: int
    succeeded: int
    unknown: int
    not_sent: int

    def __str__(self) -> str:
        return (
            f"judged {self.calls} calls: {self.succeeded} succeeded, "
            f"{self.unknown} unknown, {self.not_sent} not sent; all are where they should be"
        )


def judge(history: History, clusters: Sequence[AnyCluster], map_name: str, queue_name: str) -> Verdict:
    """Judge every call of a workload of gets, puts, offers and takes that has ended, by what is in the clusters."""
    keys = Counter(key for cluster in clusters for key in map_entries(cluster, map_name))
    return judge_by(history, keys, Counter(item for cluster in clusters for item in queue_items(cluster, queue_name)))


def judge_by(history: History, keys: Counter[str], items_left: Counter[str]) -> Verdict:
    """Judge by the keys of the map and the items of the queue, each with the number of clusters that have it.

    A get never fails, as it may be repeated. A put or an offer that succeeded was applied once, in one of the clusters;
    one that was not sent never, one of which nothing is known at most once. An item that was acknowledged is in a queue
    or was taken, unless a take whose answer was lost may have it.
    """
    judge_labels(history)
    outcomes = Counter(record.outcome for record in history.records)
    for record in history.of("put"):
        times = keys[record.call.args[0]]
        assert times in _allowed(record), f"applied {times} times: {record}"
    taken = [record.result for record in history.of("take") if record.error is None]
    items = Counter(taken) + items_left
    lost_takes = sum(record.outcome is tealjet.Outcome.UNKNOWN for record in history.of("take"))
    missing = 0
    for record in history.of("offer"):
        times = items[record.call.args[0]]
        if times == 0 and record.error is None:
            missing += 1  # a take whose answer was lost may have it
        else:
            assert times in _allowed(record), f"applied {times} times: {record}"
    assert missing <= lost_takes, f"{missing} acknowledged items are gone, and {lost_takes} takes may have one"
    return Verdict(
        calls=len(history.records),
        succeeded=outcomes[None],
        unknown=outcomes[tealjet.Outcome.UNKNOWN],
        not_sent=outcomes[tealjet.Outcome.NOT_SENT],
    )


def judge_labels(history: History) -> None:
    """Judge what can be judged when the clusters and their data are gone."""
    assert not history.open, f"calls hang: {history.open}"
    unlabelled = [record for record in history.failed if record.outcome is None]
    assert not unlabelled, f"errors without an outcome: {unlabelled}"
    assert not [record for record in history.of("get") if record.error is not None], (
        "a call that may be repeated failed"
    )


def _allowed(record: Record) -> tuple[int, ...]:
    """How often a call that may be applied once can have been applied, for what its caller was told."""
    if record.error is None:
        return (1,)
    return (0,) if record.outcome is tealjet.Outcome.NOT_SENT else (0, 1)
