"""Rows are records of their content type: never newlines, never blank lines, through gzip."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.decisions.data_rows import (
    Kind,
    UnreadableError,
    count_rows,
    is_ignored_input,
    is_ignored_output,
    kind_of_name,
    kind_of_type,
    rows,
)

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def written(table: list[list[str]], end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    return text.getvalue().encode()


def counted(content: bytes, kind: Kind = "csv", each_value: bool = False) -> int:
    found = list(rows(io.BytesIO(content), kind, each_value))
    assert count_rows(io.BytesIO(content), kind, each_value) == len(found)
    return len(found)


@given(ROWS, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
def test_csv_has_as_many_rows_as_were_written(table: list[list[str]], end: str, last: bool, zipped: bool) -> None:
    content = written(table, end)
    content = content if last else content.removesuffix(end.encode())
    assert counted(gzip.compress(content) if zipped else content) == len(table)


@given(ROWS)
@example([["a\r\nb", "c\rd"], ["e\n", '"']])
def test_every_row_of_csv_can_be_read_by_itself(table: list[list[str]]) -> None:
    found = [next(csv.reader([line])) for line in rows(io.BytesIO(written(table, "\n")), "csv")]
    assert found == table


@given(st.lists(st.sampled_from(["a,1", '"x\n\ny",2', "", "  ", "\t"]), max_size=10), st.sampled_from(["\n", "\r\n"]))
def test_blank_lines_are_no_rows(lines: list[str], end: str) -> None:
    assert counted(end.join(lines).encode()) == sum(bool(line.strip()) for line in lines)
    plain = [line for line in lines if "\n" not in line]
    assert counted(end.join(plain).encode(), "jsonlines") == sum(bool(line.strip()) for line in plain)


@given(st.lists(JSON_VALUES, max_size=6), st.sampled_from(["\n", "\r\n", " "]))
def test_json_is_counted_by_its_values_and_by_the_elements_of_its_lists(values: list[Any], between: str) -> None:
    content = between.join(json.dumps(each) for each in values).encode()
    assert counted(content, "json", each_value=True) == sum(_answers(each) for each in values)
    assert counted(content, "json") == sum(len(each) if isinstance(each, list) else _answers(each) for each in values)


def _answers(value: Any) -> int:
    if isinstance(value, dict) and isinstance(value.get("predictions"), list):
        return len(value["predictions"])
    return 1


def test_each_of_many_predictions_in_one_answer_is_a_row_of_its_own() -> None:
    content = b'{"predictions": [{"score": 1}, {"score": 2}]}\n{"predictions": [{"score": 3}]}\n'
    assert list(rows(io.BytesIO(content), "json"))[2] == '{"predictions": [{"score": 3}]}'
    assert counted(content, "json") == 3


def test_half_a_character_becomes_a_question_mark() -> None:
    assert list(rows(io.BytesIO(b'["\\ud800"]'), "json")) == ['"?"']


def test_a_byte_order_mark_is_no_part_of_a_row_and_a_row_may_be_long() -> None:
    assert list(rows(io.BytesIO("\ufeffa,1\n".encode()), "csv")) == ["a,1"]
    assert counted(b"a," + b"x" * 100_000 + b"\nb,2\n") == 2


def test_gzip_in_several_members_is_read_to_its_end() -> None:
    assert counted(gzip.compress(b"a,1\n") + gzip.compress(b"b,2\n")) == 2


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (gzip.compress(b"a,1\n" * 100, mtime=0)[:-12], "csv", "broken gzip"),
        (b"\x1f\x8bnothing", "csv", "broken gzip"),
        (b"PAR1\0\0\0", "csv", "null bytes"),
        ("a,1\n".encode("utf-16"), "csv", "null bytes"),
        (b'{"a": ', "json", "broken JSON"),
        (b"[" * 100_000, "json", "broken JSON"),
        (b'"' + b"x" * 200_000, "csv", "broken CSV"),
    ],
)
def test_what_cannot_be_read_says_so_and_is_never_counted(content: bytes, kind: Kind, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        count_rows(io.BytesIO(content), kind)
    with pytest.raises(UnreadableError, match=words):
        list(rows(io.BytesIO(content), kind))


@pytest.mark.parametrize(
    ("name", "input_ignored", "output_ignored"),
    [
        ("a.csv", False, False),
        ("day/a.csv.gz", False, False),
        ("a.csv.out", False, False),
        (".a.csv.crc", True, True),
        (".a.csv", True, True),
        (".a.csv.out", True, False),
        ("_SUCCESS", True, True),
        ("_notes.csv", True, False),
        ("_temporary/0/a.csv", True, True),
        ("README.txt", True, False),
        ("day_$folder$", False, True),
    ],
)
def test_what_is_no_data_is_told_by_its_name(name: str, input_ignored: bool, output_ignored: bool) -> None:
    assert (is_ignored_input(name), is_ignored_output(name)) == (input_ignored, output_ignored)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("d/a.jsonl", "jsonlines"),
        ("a.json.gz", "json"),
        ("d.x/part-00000", "csv"),
        ("a.parquet", None),
        ("a.zip", None),
    ],
)
def test_the_kind_of_a_file_is_in_its_name(name: str, kind: str | None) -> None:
    assert kind_of_name(name, "csv") == kind


def test_the_kind_of_predictions_is_in_their_content_type() -> None:
    assert kind_of_type("text/csv; charset=utf-8", "jsonlines") == "csv"
    assert kind_of_type("application/jsonlines", "csv") == "jsonlines"
    assert kind_of_type("application/x-npy", "csv") is None
    assert kind_of_type(None, "jsonlines") == "jsonlines"
