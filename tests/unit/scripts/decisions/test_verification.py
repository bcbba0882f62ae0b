"""Verification: figures in, checks out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from scripts.decisions.prediction_columns import PredictionColumn, columns_of
from scripts.decisions.stage_settings import Verification
from scripts.decisions.verification import Check, Figures, Rows, checks, figures

EACH = "one prediction per accepted row"
NOT_A_NUMBER = "radius is not a number"


def measured(lines: list[str], rows_in: int | None, rows_out: int | None, **settings: Any) -> dict[str, Check]:
    return of_rows(lines, Rows(rows_in, rows_in, rows_out, 1), **settings)


def of_rows(lines: list[str], rows: Rows, **settings: Any) -> dict[str, Check]:
    chosen = Verification(**settings)
    return {check.name: check for check in checks(figures(lines, columns_of(chosen), rows), chosen)}


def test_as_many_predictions_as_rows_pass() -> None:
    assert all(check.passed for check in measured(["1,0.5", "2,0.6"], 2, 2).values())


def test_a_missing_prediction_fails() -> None:
    check = measured(["1,0.5"], 2, 1)[EACH]
    assert not check.passed
    assert "2 rows in, 1 predictions out" in check.detail


def test_preprocessing_that_drops_rows_may_be_allowed() -> None:
    assert EACH not in measured(["1,0.5"], 2, 1, equal_rows=False)


def test_no_predictions_at_all_fail() -> None:
    assert not measured([], 0, 0)["enough predictions"].passed


def test_data_too_large_to_count_is_said_so() -> None:
    assert "not counted" in of_rows(["1"], Rows(None, None, None, 1, too_large=True))[EACH].detail


def test_rows_that_could_not_be_counted_are_no_pass() -> None:
    found = of_rows(["1"], Rows(None, None, 1, 1, unknown=("s3://b/k: broken gzip",)))[EACH]
    assert (found.passed, "s3://b/k: broken gzip" in found.detail) == (False, True)
    assert not of_rows(["1"], Rows(None, None, None, 1))[EACH].passed


def test_predictions_that_cannot_be_read_fail_whether_or_not_rows_are_compared() -> None:
    rows = Rows(None, None, None, 2, unknown=("s3://b/k: broken gzip",))
    assert not of_rows(["1"], rows, equal_rows=False)["predictions can be read"].passed


@pytest.mark.parametrize("bound", [math.inf, -math.inf, math.nan])
def test_a_threshold_is_a_number_that_json_has(bound: float) -> None:
    with pytest.raises(ValidationError):
        Verification(maximum=bound)


def test_one_bad_row_of_a_hundred_passes_where_five_percent_may_be_rejected_and_is_told() -> None:
    found = of_rows(["1,0.5"] * 99, Rows(100, 99, 99, 1, {NOT_A_NUMBER: 1}, 0.05))
    assert all(check.passed for check in found.values())
    assert found[EACH].detail == "100 rows in, 99 of 99 accepted rows predicted"
    assert found["few enough rejected rows"].detail == f"1 of 100 rows rejected: {NOT_A_NUMBER}; 5% allowed"


@pytest.mark.parametrize(("rejected", "allowed", "passed"), [(5, 0.05, True), (6, 0.05, False), (1, None, False)])
def test_no_more_rows_may_be_rejected_than_preprocessing_allows(
    rejected: int, allowed: float | None, passed: bool
) -> None:
    left = 100 - rejected
    found = of_rows(["1,0.5"] * left, Rows(100, left, left, 1, {NOT_A_NUMBER: rejected}, allowed))
    assert found["few enough rejected rows"].passed is passed


def test_an_accepted_row_without_its_prediction_fails() -> None:
    assert not of_rows(["1,0.5"] * 98, Rows(100, 99, 98, 1, {NOT_A_NUMBER: 1}, 0.05))[EACH].passed
    assert not of_rows(["1,0.5"] * 100, Rows(100, 99, 100, 1, {NOT_A_NUMBER: 1}, 0.05))[EACH].passed


@pytest.mark.parametrize(("accepted", "words"), [(50, "49 neither accepted nor rejected"), (120, "21 too many")])
def test_rows_that_preprocessing_does_not_account_for_fail(accepted: int, words: str) -> None:
    found = of_rows(["1,0.5"], Rows(100, accepted, accepted, 1, {NOT_A_NUMBER: 1}, 0.05))[EACH]
    assert (found.passed, words in found.detail) == (False, True)


@pytest.mark.parametrize("allowed", [False, True])
def test_what_was_not_read_is_named_and_fails_unless_that_is_allowed(allowed: bool) -> None:
    rows = Rows(1, 1, 1, 1, unread=("b.csv.gz",), unread_allowed=allowed, ignored=("_SUCCESS",))
    found = of_rows(["1"], rows)["every input file is read"]
    assert found.passed is allowed
    assert "b.csv.gz" in found.detail
    assert "_SUCCESS" in found.detail
    assert not allowed or "which is allowed" in found.detail


def test_several_predictions_of_a_row_are_checked_each() -> None:
    columns = [PredictionColumn("label", 0, "class", labels=("a", "b")), PredictionColumn("score", 1, "probability")]
    measured = figures(["a,0.5", "c,0.5", "b,7", "c,7"], columns, Rows(4, 4, 4, 1))
    assert isinstance(measured, Figures)
    assert (measured.invalid, [each.invalid for each in measured.columns]) == (3, [2, 2])
    assert measured.columns[0].classes == {"c": 2, "a": 1, "b": 1}
    found = {check.name: check for check in checks(measured, Verification(invalid_share=0.5))}
    assert found["predictions are valid: label"].passed
    assert found["predictions are valid: score"].passed
    assert not checks(measured, Verification())[-1].passed


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
