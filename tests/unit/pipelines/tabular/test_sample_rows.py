"""What a sample is completed by: values that preprocessing takes, whatever the schema says of the columns."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.tabular.preprocessing import clean_row
from pipelines.tabular.sample_rows import completed
from pipelines.tabular.schema import positions, schema_of
from scripts.decisions.record_schema import RecordSchema


def numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.lists(st.integers(-1000, 1000), min_size=2, max_size=2).map(sorted)
    kept = st.sets(st.sampled_from(["minimum", "maximum"]))

    def feature(bounds: list[int], kept: set[str]) -> dict[str, Any]:
        given = zip(("minimum", "maximum"), bounds, strict=True)
        return {"type": kind, **{name: bound for name, bound in given if name in kept}}

    return st.builds(feature, bounds, kept)


KINDS = st.one_of(
    numbers("number"),
    numbers("integer"),
    st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "date"},
            {"type": "text"},
            {"type": "category"},
            {"type": "category", "values": ["a, b", 'say "no"']},
            {"type": "category", "codes": {"x": 3}},
            {"type": "number", "missing": True},
        ]
    ),
)


def schema(features: list[dict[str, Any]]) -> Any:
    named = [{"name": f"column {number}", **feature} for number, feature in enumerate(features)]
    document = {"record_id": "id", "features": named, "predictions": [{"name": "p"}]}
    return schema_of(RecordSchema.model_validate(document).document)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(KINDS, min_size=1, max_size=6))
def test_a_column_that_the_sample_lacks_is_made_up_as_preprocessing_takes_it(features: list[dict[str, Any]]) -> None:
    wanted = schema(features)
    text, made_up = completed('id,other\nA,"two\r\nlines"\n\nB,1\n', wanted)
    assert made_up == list(wanted.names)
    header, *rows = rows_of(text)
    found, missing, repeated = positions(wanted, header)
    assert not missing and not repeated
    assert [row[header.index("other")] for row in rows] == ["two\r\nlines", "1"]
    for row in rows:
        clean_row([row[position] for position in found], wanted)


def test_a_whole_sample_stays_as_it_is() -> None:
    text = "\ufeffID;x, Column_0\r\nA;b,1\r\n"
    assert completed(text.replace(";x", ""), schema([{}])) == (text.replace(";x", ""), [])


def test_a_record_id_that_the_sample_lacks_tells_its_rows_apart() -> None:
    text, made_up = completed("column_0\n1\n1\n", schema([{}]))
    assert made_up == ["id"]
    assert len({row[1] for row in rows_of(text)[1:]}) == 2


def test_a_row_with_too_few_fields_stays_too_short() -> None:
    """It is what a test of rejected rows gives."""
    text, _ = completed("id,a\nA,1\nalone\n", schema([{}]))
    header, whole, short = rows_of(text)
    assert len(whole) == len(header) > len(short)
