"""Pages of a map's entries, in the order of keys or values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.structures.records import Record
from tealjet.lab.embedded.structures.serialized import UnreadableError, refuse_code, to_object
from tealjet.protocol.structures.maps import AnchorDataList, PagingPredicate

__all__ = ["page_of"]

_VALUES = 1
"""The iteration type by which values are compared; else keys are."""


def page_of(records: Iterable[Record], paging: PagingPredicate) -> tuple[list[Record], AnchorDataList]:
    """Return the page that is asked for, and the last entry of each full page up to it.

    Raises:
        MemberError: The order is that of a comparator, or there is none among the keys or values.
    """
    if paging.comparator_data is not None:
        refuse_code(paging.comparator_data, "java.util.Comparator")

    def place(record: Record) -> Any:
        return to_object(record.value if paging.iteration_type_id == _VALUES else record.key)

    size = paging.page_size
    if size <= 0 or paging.page < 0:
        raise MemberError(failures.ILLEGAL_ARGUMENT, "pageSize should be greater than 0 !")
    given = paging.anchor_data_list_holder
    anchors = [
        (page, entry)
        for page, entry in zip(given.anchor_page_list, given.anchor_data_list, strict=False)
        if page < paging.page
    ]
    try:
        ordered = sorted(records, key=place)
        first_page = 0
        if anchors:
            page, (key, value) = anchors[-1]
            first_page = page + 1
            last_seen = place(Record(key, value, wall=0.0, now=0.0))
            ordered = [record for record in ordered if place(record) > last_seen]
    except (TypeError, UnreadableError) as error:
        raise MemberError(failures.CLASS_CAST, f"entries can't be compared: {error}") from None
    for page in range(first_page, paging.page + 1):
        end = (page - first_page + 1) * size
        if end > len(ordered):
            break
        anchors.append((page, (ordered[end - 1].key, ordered[end - 1].value)))
    begin = (paging.page - first_page) * size
    return ordered[begin : begin + size], AnchorDataList(
        anchor_page_list=tuple(page for page, _ in anchors), anchor_data_list=tuple(entry for _, entry in anchors)
    )
