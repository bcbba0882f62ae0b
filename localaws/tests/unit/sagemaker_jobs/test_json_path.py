"""The paths that transform jobs filter with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.json_paths import JsonPathError
from localaws.services.sagemaker.jobs.json_path import JsonPath

RECORD = {"id": 7, "features": [1, 2, 3], "nested": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("$", RECORD),
        ("$.features", [1, 2, 3]),
        ("$['features']", [1, 2, 3]),
        ("$.features[-1]", 3),
        ("$.features[0,2]", [1, 3]),
        ("$.features[1:]", [2, 3]),
        ("$['id','features']", {"id": 7, "features": [1, 2, 3]}),
        ("$.nested.*", [1, 2]),
        ("$.features[*]", [1, 2, 3]),
        ('$["nested"]["b"]', 2),
        ("$.nested.['a','b']", {"a": 1, "b": 2}),  # the guide writes a dot before the bracket
    ],
)
def test_a_path_selects_from_json(text: str, selected: Any) -> None:
    assert JsonPath.parse(text).value(RECORD) == selected


@given(
    st.lists(st.integers(), min_size=1, max_size=12), st.none() | st.integers(-12, 12), st.none() | st.integers(-12, 12)
)
def test_a_slice_ends_before_its_second_number(values: list[int], start: int | None, end: int | None) -> None:
    text = f"$[{'' if start is None else start}:{'' if end is None else end}]"
    assert JsonPath.parse(text).value(values) == values[start:end]
    fields = [str(value).encode() for value in values]
    if fields[start:end]:
        assert JsonPath.parse(text).columns(fields) == fields[start:end]
    else:
        with pytest.raises(JsonPathError, match="does not have"):
            JsonPath.parse(text).columns(fields)


@pytest.mark.parametrize(
    "text", ["", "features", "$.", "$[", "$[a]", "$..id", "$[?(@.x)]", "$[0:4:2]", "$[0,'a']", "$[0,::2]", "$.a b"]
)
def test_what_is_not_supported_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(JsonPathError):
        JsonPath.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$.features[3]", "index 3 of 3"),
        ("$.missing", "missing"),
        ("$.id[0]", "not an array"),
        ("$.features.id", "not an object"),
    ],
)
def test_what_the_record_does_not_have_is_named(text: str, said: str) -> None:
    with pytest.raises(JsonPathError, match=said):
        JsonPath.parse(text).value(RECORD)


@pytest.mark.aws_rule(
    "A filter may mix indexes and slices in one bracket, as in $[0,5:]",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataProcessing.html",
)
def test_indexes_and_slices_stand_beside_each_other() -> None:
    path = JsonPath.parse("$[0,2:]")
    assert path.selects_columns
    assert path.columns([b"a", b"b", b"c", b"d"]) == [b"a", b"c", b"d"]
    assert path.value([1, 2, 3]) == [1, 3]
    assert JsonPath.parse("$[0,1:2]").has_explicit_end
    with pytest.raises(JsonPathError, match="index 3 of 1"):
        JsonPath.parse("$[3,0:]").columns([b"a"])


def test_columns_beyond_the_row_are_named() -> None:
    with pytest.raises(JsonPathError, match="index 4 of 2"):
        JsonPath.parse("$[0,4]").columns([b"a", b"b"])


def test_an_explicit_end_is_told_apart() -> None:
    assert JsonPath.parse("$[1:4]").has_explicit_end
    assert not JsonPath.parse("$[1:]").has_explicit_end
