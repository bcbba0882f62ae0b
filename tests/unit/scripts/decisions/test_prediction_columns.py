"""Predictions of a row: where they are, what they may be, and what a sample of them comes to."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.prediction_columns import (
    OTHER_CLASSES,
    PredictionColumn,
    column_figures,
    columns_of,
    is_valid,
    prediction_of,
    schema_columns,
)
from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.stage_settings import Verification


@pytest.mark.parametrize(
    ("line", "where", "value"),
    [
        ("a,b,0.5", -1, "0.5"),
        ("a,b,0.5", 0, "a"),
        ('"a,b",0.5', 1, "0.5"),
        ('"a\nb",0.5', 1, "0.5"),
        ("a", 3, None),
        ('{"score": 0.5}', "score", "0.5"),
        ('{"predictions": [{"score": 1}]}', "predictions.0.score", "1"),
        ('{"other": 1}', "score", None),
        ('{"score": null}', "score", None),
        ('{"score": [1]}', "score", None),
        ('{"score": "\\ud800"}', "score", "?"),
        ("not json", "score", None),
        ("a\nb", 0, None),
        ("", -1, None),
    ],
)
def test_a_prediction_is_a_column_or_a_member(line: str, where: int | str, value: str | None) -> None:
    assert prediction_of(line, where) == value


@given(st.text(), st.integers(-3, 3) | st.text(max_size=4))
def test_no_row_raises(line: str, where: int | str) -> None:
    value = prediction_of(line, where)
    for kind in ("number", "probability", "class"):
        is_valid(value, PredictionColumn("p", where, kind))


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        (PredictionColumn("p", -1, "number"), ["1", "-3e9"], ["x", "", "nan", "inf", None]),
        (PredictionColumn("p", -1, "number", 0, 10), ["0", "10"], ["-0.1", "10.1"]),
        (PredictionColumn("p", -1, "probability"), ["0", "1", "0.5"], ["1.01", "-0.01"]),
        (PredictionColumn("p", -1, "probability", 0.2), ["0.2"], ["0.1"]),
        (PredictionColumn("p", -1, "class"), ["benign", "0"], ["", None]),
        (PredictionColumn("p", -1, "class", labels=("a", "b")), ["a"], ["c", ""]),
    ],
)
def test_a_columns_type_bounds_and_labels_hold(
    column: PredictionColumn, good: list[str], bad: list[str | None]
) -> None:
    assert all(is_valid(each, column) for each in good)
    assert not any(is_valid(each, column) for each in bad)
    assert column_figures([*good, *bad], column).invalid == len(bad)


def test_classes_are_counted_the_commonest_first() -> None:
    column = PredictionColumn("label", 0, "class")
    assert list(column_figures(["a", "b", "b", None], column).classes.items()) == [("b", 2), ("a", 1)]
    many = column_figures([str(number) for number in range(50)], column).classes
    assert (len(many), many[OTHER_CLASSES]) == (21, 30)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_the_mean_is_between_the_smallest_and_the_largest(numbers: list[float]) -> None:
    found = column_figures([repr(each) for each in numbers], PredictionColumn("p", 0))
    assert found.minimum is not None
    assert found.maximum is not None
    assert found.mean is not None
    slack = max(map(abs, numbers)) * 1e-9 + sys.float_info.min  # below that, floats have no such digits
    assert found.minimum - slack <= found.mean <= found.maximum + slack


def test_a_stages_thresholds_speak_of_one_column() -> None:
    assert columns_of(Verification(minimum=0.0)) == (PredictionColumn("prediction", -1, "number", 0.0),)
    assert columns_of(Verification(mean_minimum=0.0))[0].type == "number"
    assert columns_of(Verification(prediction="label")) == (PredictionColumn("prediction", "label", "class"),)


def schema(*predictions: dict[str, object]) -> RecordSchema:
    document = {"record_id": "id", "features": [{"name": "a"}], "predictions": list(predictions)}
    return RecordSchema.model_validate(document)


LABEL_AND_SCORE = schema(
    {"name": "label", "type": "class", "labels": ["0", "1"]}, {"name": "score", "type": "probability"}
)


def test_the_predictions_of_a_schema_are_the_last_columns_and_the_one_meant_comes_first() -> None:
    found = schema_columns(LABEL_AND_SCORE, Verification())
    assert [(each.name, each.position, each.type) for each in found] == [
        ("score", -1, "probability"),
        ("label", -2, "class"),
    ]


@pytest.mark.parametrize("meant", ["score", -1])
def test_the_settings_bounds_narrow_the_prediction_that_they_name(meant: str | int) -> None:
    score, _ = schema_columns(LABEL_AND_SCORE, Verification(prediction=meant, minimum=0.25, maximum=7))
    assert score.bounds == (0.25, 1.0)
    price = schema({"name": "price", "minimum": 10})
    assert schema_columns(price, Verification(minimum=5, maximum=99))[0].bounds == (10, 99)


def test_a_column_that_the_schema_does_not_name_is_looked_at_beside_it() -> None:
    found = schema_columns(LABEL_AND_SCORE, Verification(prediction=0, minimum=1))
    assert [each.position for each in found] == [0, -2, -1]


@pytest.mark.parametrize(("value", "valid"), [("1", True), ("1.0", True), ("0", True), ("2", False), ("", False)])
def test_a_class_that_is_a_number_may_be_written_in_more_than_one_way(value: str, valid: bool) -> None:
    assert is_valid(value, schema_columns(LABEL_AND_SCORE, Verification())[1]) is valid
