from __future__ import annotations

from tealjet.cli.facts import Promise
from tealjet.cli.story import _judge, _Seen


def test_a_story_that_was_not_told_has_kept_no_promise() -> None:
    promises = [fact for fact in _judge(_Seen(sql=True)) if isinstance(fact, Promise)]
    assert promises
    assert not [promise.promise for promise in promises if promise.held]


def test_what_was_seen_decides_about_a_promise() -> None:
    seen = _Seen(sql=True, proxies_went_on=True, event_from="clusterB", rows_after=1)
    seen.lifecycle_failover = ("CHANGED_CLUSTER", "DISCONNECTED", "CONNECTED")
    seen.lifecycle_planned = ("CHANGED_CLUSTER",)
    seen.job_left, seen.job_again = "clusterA", "clusterA"
    held = {fact.promise: fact.held for fact in _judge(seen) if isinstance(fact, Promise)}
    assert [promise for promise, was in held.items() if was] == [
        "Map, queue and listener go on at clusterB",
        "Listener events come from clusterB",
        "SQL goes on at clusterB",
        "A job's handle knows that its cluster was left",
        "The planned switch was announced as one",
    ]


def test_where_there_is_no_sql_none_is_promised() -> None:
    assert not [fact for fact in _judge(_Seen(sql=False)) if isinstance(fact, Promise) and "SQL" in fact.promise]
