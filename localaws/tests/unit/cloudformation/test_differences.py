"""Property by property: what a comparison of two documents tells."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudformation.differences import Difference, changed_properties, differences

DOCUMENT = st.dictionaries(
    st.sampled_from("ABCD"),
    st.recursive(
        st.integers() | st.booleans() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("XYZ"), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(DOCUMENT)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert list(differences(document, document)) == []


@given(DOCUMENT, DOCUMENT)
def test_added_and_removed_swap_with_the_documents(one: dict[str, Any], other: dict[str, Any]) -> None:
    swapped = {"Add": "Remove", "Remove": "Add", "Modify": "Modify"}
    there = {(each.path, each.kind) for each in differences(one, other)}
    back = {(each.path, swapped[each.kind]) for each in differences(other, one)}
    assert there == back
    assert changed_properties(one, other) == changed_properties(other, one)


def test_scalars_of_the_same_text_are_the_same() -> None:
    assert list(differences({"A": 3, "B": True}, {"A": "3", "B": "true"})) == []


def test_each_leaf_is_told_with_its_path() -> None:
    before = {"A": {"B": [1, {"C": "x"}]}, "D": 1}
    after = {"A": {"B": [1, {"C": "y"}, 2]}, "E": 1}
    assert list(differences(before, after)) == [
        Difference(("A", "B", "1", "C"), "Modify", "x", "y"),
        Difference(("A", "B", "2"), "Add", None, 2),
        Difference(("D",), "Remove", 1, None),
        Difference(("E",), "Add", None, 1),
    ]
