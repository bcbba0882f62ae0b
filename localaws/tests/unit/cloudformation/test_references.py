"""The order in which resources can be made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.references import Reference, creation_order, references

NUMBERS = st.integers(1, 12)


@given(NUMBERS.flatmap(lambda n: st.lists(st.sets(st.integers(0, n - 1)), min_size=n, max_size=n)))
def test_everything_comes_after_what_it_depends_on(edges: list[set[int]]) -> None:
    # Only edges to lower numbers, so that there is no circle; the names are shuffled by reversing them.
    dependencies = {str(i): {str(j) for j in each if j < i} for i, each in reversed(list(enumerate(edges)))}
    order = creation_order(dependencies)
    assert sorted(order) == sorted(dependencies)
    for name, needed in dependencies.items():
        assert all(order.index(other) < order.index(name) for other in needed)


def test_a_circle_is_named_without_what_merely_waits_for_it() -> None:
    with pytest.raises(TemplateError) as error:
        creation_order({"A": {"B"}, "B": {"A"}, "Waits": {"A"}, "Free": set()})
    assert error.value.message == "Circular dependency between resources: [A, B]"


def test_references_are_found_in_every_function() -> None:
    value = {
        "A": {"Ref": "One"},
        "B": [{"Fn::GetAtt": ["Two", "Arn"]}, {"Fn::GetAtt": "Three.Out.Name"}],
        "C": {"Fn::Sub": ["${Four}${Five.Arn}${Local}${!No}", {"Local": {"Ref": "Six"}}]},
        "D": {"Fn::If": ["Yes", {"Ref": "Seven"}, {"Ref": "Eight"}]},
    }
    taken = list(references(value, {"Yes": True}))
    assert taken == [
        Reference("One"),
        Reference("Two", "Arn"),
        Reference("Three", "Out.Name"),
        Reference("Four"),
        Reference("Five", "Arn"),
        Reference("Six"),
        Reference("Seven"),
    ]
    assert Reference("Eight") in references(value)
