"""How sets are spread, and how far one has moved from the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.distributions import as_numbers, distribution, of_numbers, psi, stability_index

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(NUMBERS, NUMBERS)
def test_every_number_is_in_one_bar(reference: list[float], new: list[float]) -> None:
    found = of_numbers("score", reference, new)
    assert sum(bar.new for bar in found.bars) == pytest.approx(1)
    assert sum(bar.reference or 0 for bar in found.bars) == pytest.approx(1)


@given(NUMBERS)
def test_what_has_not_moved_has_no_shift(values: list[float]) -> None:
    assert stability_index(values, values) == 0


@given(NUMBERS, NUMBERS)
def test_a_shift_is_never_negative(reference: list[float], new: list[float]) -> None:
    assert stability_index(reference, new) >= 0


def test_the_measure_is_the_population_stability_index() -> None:
    # (0.25 - 0.5) ln(0.25 / 0.5) + (0.75 - 0.5) ln(0.75 / 0.5), by hand
    assert psi([50, 50], [25, 75]) == pytest.approx(0.274653, abs=1e-6)


def test_farther_is_more() -> None:
    reference = [float(each) for each in range(100)]
    near, far = ([each + by for each in reference] for by in (5, 50))
    assert stability_index(reference, near) < stability_index(reference, far)
    assert of_numbers("x", reference, far).shift_in_words == "large"
    assert of_numbers("x", reference, reference).shift_in_words == "small"


def test_another_constant_is_a_large_shift() -> None:
    assert of_numbers("x", [0.5] * 10, [0.7] * 10).shift_in_words == "large"
    assert of_numbers("x", [0.5] * 10, [0.3] * 10).shift_in_words == "large"


def test_labels_are_counted_each() -> None:
    found = distribution("class", ["a", "a", "b", "b"], ["a", "b", "b", "c"])
    assert [(bar.label, bar.reference, bar.new) for bar in found.bars] == [
        ("a", 0.5, 0.25),
        ("b", 0.5, 0.5),
        ("c", 0.0, 0.25),
    ]
    assert (found.shift or 0) > 0


def test_without_a_reference_nothing_is_said_of_a_shift() -> None:
    found = distribution("score", [], ["1", "2"])
    assert found.shift is None
    assert all(bar.reference is None for bar in found.bars)
    assert found.shift_in_words == "nothing to compare with"


def test_cells_without_a_number_are_left_out_and_other_text_makes_labels() -> None:
    assert as_numbers(["1", "", "nan", "2.5"]) == [1.0, 2.5]
    assert as_numbers(["1", "yes"]) is None


def test_a_number_has_its_place_between_the_bars() -> None:
    found = of_numbers("score", [], [0.0, 10.0])
    assert found.position(5.0) == pytest.approx(0.5)
    assert found.position(11.0) is None
    assert distribution("class", [], ["a"]).position(1.0) is None
