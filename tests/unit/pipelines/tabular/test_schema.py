"""What a value may be, by its column's type; and that a schema file says nothing that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.tabular.schema import Feature, InvalidValueError, schema_of
from scripts.decisions.record_schema import RecordSchema


def feature(**given: Any) -> Feature:
    document = {"record_id": "id", "features": [{"name": "a", **given}], "predictions": [{"name": "p"}]}
    return schema_of(RecordSchema.model_validate(document).document).features[0]


@pytest.mark.parametrize(
    ("given", "value", "cleaned"),
    [
        ({"type": "number"}, "1e-3", "1e-3"),
        ({"type": "integer", "maximum": 3}, "3", "3"),
        ({"type": "integer"}, "3.0", "3.0"),
        ({"type": "boolean"}, "Yes", "1"),
        ({"type": "boolean"}, "f", "0"),
        ({"type": "date"}, "2026-01-31", "2026-01-31"),
        ({"type": "date"}, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        ({"type": "text"}, "any, thing", "any, thing"),
        ({"type": "category", "values": ["x", "y"]}, "y", "y"),
        ({"type": "category", "codes": {"x": 0, "y": 2.5}}, "y", "2.5"),
        ({"type": "category", "codes": {"x": 0, "y": 2}}, "y", "2"),
    ],
)
def test_a_value_that_fits_is_kept_or_coded(given: dict[str, Any], value: str, cleaned: str) -> None:
    assert feature(**given).clean(value) == cleaned


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        ({"type": "number"}, "many", "a is not a number"),
        ({"type": "number"}, "inf", "a is not a number"),
        ({"type": "integer"}, "3.5", "a is not a whole number"),
        ({"minimum": 1}, "0.5", "a is below 1"),
        ({"maximum": 1}, "1.5", "a is above 1"),
        ({"type": "boolean"}, "maybe", "a is neither true nor false"),
        ({"type": "date"}, "31.01.2026", "a is not a date such as 2026-01-31"),
        ({"type": "text"}, "two\nlines", "line break in a"),
        ({"type": "category", "values": ["x"]}, "z", "a has an unknown value"),
        ({"type": "category", "codes": {"x": 1}}, "z", "a has an unknown value"),
    ],
)
def test_a_value_that_does_not_fit_says_why(given: dict[str, Any], value: str, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{reason}$"):
        feature(**given).clean(value)


@pytest.mark.parametrize("more", [{}, {"missing_values": ["?"]}])
@pytest.mark.parametrize(
    "column", [{}, {"missing": True}, {"type": "integer", "maximum": 3}, {"type": "category", "codes": {"x": 1}}]
)
def test_a_job_reads_the_file_as_the_machinery_does(column: dict[str, Any], more: dict[str, Any]) -> None:
    given: dict[str, Any] = {"record_id": "id", "features": [{"name": "a", **column}], "predictions": [{"name": "p"}]}
    written = given | more
    assert schema_of(written) == schema_of(RecordSchema.model_validate(written).document)


@given(
    st.sampled_from(["number", "integer", "boolean", "date", "text", "category"]),
    st.text(max_size=12).map(str.strip),
)
def test_a_cleaned_value_cleans_to_itself(kind: str, value: str) -> None:
    column = feature(type=kind)
    try:
        cleaned = column.clean(value)
    except InvalidValueError:
        return
    assert column.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("features", "predictions", "said"),
    [
        ([{"name": "a", "minimum": 2, "maximum": 1}], [{"name": "p"}], "above the maximum"),
        ([{"name": "a", "type": "text", "minimum": 1}], [{"name": "p"}], "for numbers"),
        ([{"name": "a", "type": "number", "values": ["x"]}], [{"name": "p"}], "for categories"),
        ([{"name": "a", "type": "category", "values": ["x"], "codes": {"x": 1}}], [{"name": "p"}], "not both"),
        ([{"name": "a"}, {"name": "A"}], [{"name": "p"}], "named twice"),
        ([{"name": "ID"}], [{"name": "p"}], "named twice"),
        ([{"name": "a"}], [{"name": "p"}, {"name": "p"}], "named twice"),
        ([{"name": "a"}], [{"name": "p", "labels": ["x"]}], "for type class"),
        ([{"name": "a"}], [{"name": "p", "type": "class", "maximum": 1}], "no minimum and maximum"),
        ([{"name": "a"}], [{"name": "p", "type": "probability", "minimum": 2}], "above the maximum"),
        ([], [{"name": "p"}], "at least 1"),
        ([{"name": "a"}], [], "at least 1"),
    ],
)
def test_what_cannot_be_is_refused(
    features: list[dict[str, Any]], predictions: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        RecordSchema.model_validate({"record_id": "id", "features": features, "predictions": predictions})
