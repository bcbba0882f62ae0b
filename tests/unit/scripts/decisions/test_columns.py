"""What a sample or a list of columns says of records becomes a schema that accepts those very records."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.tabular.preprocessing import clean_row
from pipelines.tabular.schema import schema_of
from scripts.decisions.columns import (
    Column,
    columns_left_out,
    find_column,
    likely_predictions,
    likely_record_id,
    listed_columns,
    listed_predictions,
    made_up_rows,
    schema_from,
    why_left_out,
)
from scripts.decisions.record_schema import Prediction, RecordSchema
from scripts.errors import UsageError

ID = Column("customer_id", "text", unique=True)
AGE = Column("age", "integer", low=18, high=90)


def test_columns_are_written_out_with_types_values_and_what_may_be_missing() -> None:
    assert listed_columns("customer_id, age:integer, plan:category=basic|plus, charge:number?, note:text?") == [
        Column("customer_id", "text", unique=True),
        Column("age", "integer"),
        Column("plan", "category", values=("basic", "plus")),
        Column("charge", "number", missing=True),
        Column("note", "text", missing=True),
    ]


@pytest.mark.parametrize("text", ["", "id", "id,age:int", "id,:number", "id,age:integer:x"])
def test_what_is_no_list_of_columns_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        listed_columns(text)
    assert "COLUMNS=" in str(refused.value.next_command)


@given(st.text(max_size=60))
def test_any_text_is_a_list_of_columns_or_is_refused(text: str) -> None:
    try:
        columns = listed_columns(text)
    except UsageError:
        return
    assert len(columns) > 1


@given(st.text(max_size=60))
def test_any_text_is_a_list_of_predictions_or_is_refused(text: str) -> None:
    try:
        listed_predictions(text)
    except UsageError as error:
        assert "PREDICTIONS" in error.problem


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([AGE, ID], "customer_id"),
        ([Column("row", "integer", unique=True), Column("Customer ID", "integer", unique=True)], "Customer ID"),
        ([AGE, Column("name", "text", unique=True)], "name"),
        ([AGE, Column("id", "integer")], None),
    ],
)
def test_the_record_id_is_guessed_by_name_and_uniqueness(columns: list[Column], expected: str | None) -> None:
    found = likely_record_id(columns)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (None, Prediction(name="prediction")),
        (Column("churned", "integer", values=("0", "1")), Prediction(name="churned_probability", type="probability")),
        (Column("left", "boolean"), Prediction(name="left_probability", type="probability")),
        (
            Column("Risk class", "category", values=("low", "high", "mid")),
            Prediction(name="predicted_Risk_class", type="class", labels=["high", "low", "mid"]),
        ),
        (Column("price", "number", low=1, high=9), Prediction(name="predicted_price")),
    ],
)
def test_what_is_predicted_follows_from_the_target(target: Column | None, expected: Prediction) -> None:
    assert likely_predictions(target) == [expected]


def test_neither_record_id_nor_target_is_a_feature() -> None:
    target = Column("churned", "integer", values=("0", "1"))
    schema = schema_from([AGE, ID, target], ID, target, likely_predictions(target))
    assert (schema.record_id, schema.feature_names) == ("customer_id", ["age"])
    assert schema.features[0].minimum == 0


def test_a_sample_that_was_never_negative_forbids_it_and_one_that_was_does_not() -> None:
    features = schema_from([ID, AGE, Column("balance", "number", low=-5, high=2)], ID, None, [Prediction(name="p")])
    assert [feature.minimum for feature in features.features] == [0, None]


def test_columns_that_no_record_may_have_are_left_out_and_refused_as_record_id() -> None:
    remarks, index = Column("remarks", "text", line_breaks=True), Column("", "integer")
    columns = [index, ID, AGE, remarks]
    assert schema_from(columns, ID, None, [Prediction(name="p")]).feature_names == ["age"]
    assert [why_left_out(each) for each in columns_left_out(columns)] == [
        "a column without a name",
        "remarks: values with line breaks, and a record is a line",
    ]
    with pytest.raises(UsageError, match="RECORD_ID: values of remarks have line breaks"):
        schema_from([ID, AGE, remarks], remarks, None, [Prediction(name="p")])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"values": ["basic", "None"]}, "'None' counts as missing"),
        ({"codes": {"basic": 0, "NA": 1}}, "'NA' counts as missing"),
        ({"values": ["basic", " plus"]}, "no row can have the value ' plus'"),
        ({"codes": {"two\nlines": 1}}, "no row can have the value"),
    ],
)
def test_a_category_with_a_value_that_no_row_can_have_is_refused(values: dict[str, object], said: str) -> None:
    plan = {"name": "plan", "type": "category", **values}
    document = {"record_id": "id", "features": [plan], "predictions": [{"name": "p"}]}
    with pytest.raises(ValidationError, match=said):
        RecordSchema.model_validate(document)


def test_a_value_that_counts_as_missing_elsewhere_is_one_where_the_schema_says_so() -> None:
    plan = {"name": "plan", "type": "category", "values": ["none", "basic"]}
    document = {"record_id": "id", "features": [plan], "predictions": [{"name": "p"}], "missing_values": [""]}
    assert clean_row(["A1", "none"], schema_of(RecordSchema.model_validate(document).document)) == ["A1", "none"]


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="TARGET: there is no column 'chrun'") as refused:
        find_column([ID, AGE], "chrun", "TARGET")
    assert refused.value.found == ["columns: customer_id, age"]
    assert find_column([ID, AGE], " Customer ID ", "RECORD_ID") is ID


FEATURES = st.one_of(
    st.builds(
        Column,
        st.just(""),
        st.sampled_from(["number", "integer", "boolean", "date", "text", "category"]),
        st.booleans(),
    ),
    st.builds(
        Column,
        st.just(""),
        st.just("category"),
        values=st.lists(st.sampled_from(["a", "b,c", 'd"e', "ü"]), min_size=1, unique=True).map(tuple),
    ),
    st.builds(Column, st.just(""), st.just("integer"), low=st.integers(-9, 9).map(float), high=st.just(99.0)),
)


@given(st.lists(FEATURES, min_size=1, max_size=5))
def test_made_up_rows_are_rows_that_preprocessing_accepts(features: list[Column]) -> None:
    columns = [Column(f"f{number}", *list(vars(each).values())[1:]) for number, each in enumerate(features)]
    schema = schema_from([ID, *columns], ID, None, [Prediction(name="p")])
    header, *rows = csv.reader(io.StringIO(made_up_rows(schema, 12)))
    assert header == ["customer_id", *schema.feature_names]
    for row in rows:
        assert clean_row(row, schema_of(schema.document))


def test_output_columns_are_named_however_the_transform_joins_them() -> None:
    schema = schema_from([ID, AGE], ID, None, [Prediction(name="label", type="class"), Prediction(name="score")])
    assert schema.output_names(2) == ["label", "score"]
    assert schema.output_names(3) == ["customer_id", "label", "score"]
    assert schema.output_names(4) == ["customer_id", "age", "label", "score"]
    assert schema.output_names(5) == []
