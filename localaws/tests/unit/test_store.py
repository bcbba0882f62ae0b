"""The records of localaws' services: how they are listed, changed, and handed on to be kept."""

from __future__ import annotations

import threading

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


def test_what_was_written_is_taken_once_and_a_deletion_counts() -> None:
    store = Store([("kind", "old", 7, "{}")])
    table = store.table("kind")
    table.put("new", {"n": 1})
    table.put("new", {"n": 2})
    table.delete("old")
    table.delete("never there")
    assert store.changed
    assert store.take_changes() == {("kind", "new"): (8, '{"n": 2}'), ("kind", "old"): None}
    assert not store.changed
    assert store.take_changes() == {}


def test_a_document_that_went_and_came_again_is_the_youngest() -> None:
    table = Store([("kind", "a", 1, "{}"), ("kind", "b", 2, "{}")]).table("kind")
    table.delete("a")
    table.put("a", {})
    table.put("b", {"changed": True})
    assert [key for key, _ in table.items()] == ["b", "a"]


def test_a_generation_can_be_cut_while_a_service_holds_the_lock() -> None:
    store = Store()
    with store.lock:
        store.table("kind").put("key", {})
        taken: list[int] = []
        thread = threading.Thread(target=lambda: taken.append(len(store.take_changes())))
        thread.start()
        thread.join(30)
    assert taken == [1]
