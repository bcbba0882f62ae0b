"""The records of localaws' services, and what happens when one cannot be written."""

from __future__ import annotations

import sqlite3

import pytest

from localaws.core.store import Store


def test_documents_are_listed_by_prefix_in_the_order_in_which_they_came() -> None:
    table = Store(None).table("kind")
    for name in ("b", "a"):
        table.put(f"111111111111/{name}", {"name": name})
    table.put("222222222222/c", {"name": "c"})
    assert [document["name"] for document in table.values("111111111111/")] == ["b", "a"]


def test_an_edit_that_fails_changes_nothing() -> None:
    table = Store(None).table("kind")
    table.put("key", {"count": 1})
    with pytest.raises(ValueError, match="no"), table.edit("key") as document:
        document["count"] = 2
        raise ValueError("no")
    assert table.get("key") == {"count": 1}


def test_after_a_record_was_lost_no_record_is_told_any_more() -> None:
    store = Store(None)
    table = store.table("kind")
    table.put("key", {"status": "IN_PROGRESS"})
    store.execute("PRAGMA max_page_count = 1", ())  # the disk is full from here on
    with pytest.raises(sqlite3.OperationalError, match="full"):
        table.put("other", {"text": "x" * 100_000})
    assert store.unusable
    with pytest.raises(sqlite3.OperationalError, match="full"):
        table.get("key")
