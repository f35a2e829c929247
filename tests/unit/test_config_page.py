"""The manual's page of keys is the one that the table gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.reference import with_key_tables
from tealjet.config.table import ANY

_PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_has_the_tables_that_the_loader_reads_by() -> None:
    page = _PAGE.read_text("utf-8")
    assert with_key_tables(page) == page


def test_the_page_names_every_key() -> None:
    page = _PAGE.read_text("utf-8")
    for key in (*FAILOVER.keys, *CLIENT.keys):
        assert f"`{key.path[-1]}`" in page or f"`{key.name.replace(ANY, 'NAME')}`" in page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="the page needs the lines"):
        with_key_tables("# Configuration\n")
