"""Verification: figures in, checks out."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.decisions.stage_settings import Verification
from scripts.decisions.verification import Check, checks, figures, prediction_of


def measured(lines: list[str], rows_in: int | None, rows_out: int | None, **settings: Any) -> dict[str, Check]:
    chosen = Verification(**settings)
    return {check.name: check for check in checks(figures(lines, rows_in, rows_out, 1, chosen), chosen)}


def test_as_many_predictions_as_rows_pass() -> None:
    assert all(check.passed for check in measured(["1,0.5", "2,0.6"], 2, 2).values())


def test_a_missing_prediction_fails() -> None:
    check = measured(["1,0.5"], 2, 1)["as many predictions as rows"]
    assert not check.passed
    assert "2 rows in, 1 predictions out" in check.detail


def test_preprocessing_that_drops_rows_may_be_allowed() -> None:
    assert "as many predictions as rows" not in measured(["1,0.5"], 2, 1, equal_rows=False)


def test_no_predictions_at_all_fail() -> None:
    assert not measured([], 0, 0)["enough predictions"].passed


def test_data_too_large_to_count_is_said_so() -> None:
    assert "not counted" in measured(["1"], None, None)["as many predictions as rows"].detail


@pytest.mark.parametrize(
    ("value", "passed"), [("0.5", True), ("1.5", False), ("-0.1", False), ("nan", False), ("x", False)]
)
def test_bounds_hold_for_every_sampled_prediction(value: str, passed: bool) -> None:
    assert measured([f"1,{value}"], 1, 1, minimum=0.0, maximum=1.0)["predictions are valid"].passed is passed


def test_a_share_of_invalid_predictions_may_be_allowed() -> None:
    lines = ["1,0.5"] * 99 + ["1,7"]
    assert measured(lines, 100, 100, maximum=1.0, invalid_share=0.01)["predictions are valid"].passed
    assert not measured(lines, 100, 100, maximum=1.0, invalid_share=0.005)["predictions are valid"].passed


def test_labels_are_valid_where_no_bounds_compare_numbers() -> None:
    assert measured(["1,benign"], 1, 1)["predictions are valid"].passed
    assert not measured(["1,"], 1, 1)["predictions are valid"].passed


@pytest.mark.parametrize(("low", "high", "passed"), [(0.4, 0.6, True), (0.6, None, False), (None, 0.4, False)])
def test_the_samples_mean_is_bounded(low: float | None, high: float | None, passed: bool) -> None:
    found = measured(["0.4", "0.6"], 2, 2, mean_minimum=low, mean_maximum=high)
    assert found["mean of the predictions"].passed is passed


@pytest.mark.parametrize(
    ("line", "where", "value"),
    [
        ("a,b,0.5", -1, "0.5"),
        ("a,b,0.5", 0, "a"),
        ('"a,b",0.5', 1, "0.5"),
        ("a", 3, None),
        ('{"score": 0.5}', "score", "0.5"),
        ('{"predictions": [{"score": 1}]}', "predictions.0.score", "1"),
        ('{"other": 1}', "score", None),
        ("not json", "score", None),
        ("", -1, None),
    ],
)
def test_a_prediction_is_a_column_or_a_member(line: str, where: int | str, value: str | None) -> None:
    assert prediction_of(line, where) == value
