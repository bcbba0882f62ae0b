"""Preprocessing under the container contract, in a folder that stands for /opt/ml."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tabular.preprocessing import RowError, clean_row, run
from pipelines.tabular.schema import schema_of
from scripts.decisions.record_schema import RecordSchema

FEATURES = ["height", "weight", "age", "income", "visits"]
SCHEMA = schema_of(
    RecordSchema.model_validate(
        {
            "record_id": "person",
            "features": [{"name": name, "minimum": 0, "missing": True} for name in FEATURES],
            "predictions": [{"name": "score"}],
        }
    ).document
)
HEADER = list(SCHEMA.columns)
GOOD = ["T1", *(str(number / 4) for number in range(len(FEATURES)))]


class Container:
    """A base folder with input files, and what a run leaves there."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def put(self, name: str, *rows: list[str], header: list[str] = HEADER) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows] if header else rows)
        self.put_bytes(name, text.getvalue().encode())

    def put_bytes(self, name: str, content: bytes) -> None:
        path = self.base / "processing/input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def run(self, **environment: str) -> int:
        return run(SCHEMA, base=self.base, environment=environment)

    def rows(self, name: str) -> list[list[str]]:
        with (self.base / "processing/output" / name).open(newline="") as text:
            return list(csv.reader(text))

    @property
    def outputs(self) -> set[str]:
        output = self.base / "processing/output"
        return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}

    @property
    def message(self) -> str:
        return (self.base / "output/message").read_text()

    def report(self, name: str = "report.json") -> Any:
        return json.loads((self.base / "processing/report" / name).read_text())


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def with_feature(index: int, value: str) -> list[str]:
    return [*GOOD[: index + 1], value, *GOOD[index + 2 :]]


def test_each_file_becomes_one_file_without_a_header(container: Container) -> None:
    container.put("a.csv", GOOD, ["T2", *GOOD[1:]])
    container.put("day/b.csv", ["T3", *GOOD[1:]])
    assert container.run() == 0
    assert container.outputs == {"a.csv", "day/b.csv"}
    assert container.rows("a.csv") == [GOOD, ["T2", *GOOD[1:]]]
    assert container.message == "algo-1: 3 rows read, 3 written, 0 rejected"


def test_columns_come_in_any_order_and_further_ones_are_ignored_and_reported(container: Container) -> None:
    header = ["hospital", *reversed(HEADER)]
    container.put("a.csv", ["Ghent", *reversed(GOOD)], header=header)
    assert container.run() == 0
    assert container.rows("a.csv") == [GOOD]
    assert container.report()["ignored_columns"] == ["hospital"]


def test_numbers_keep_the_digits_they_came_with(container: Container) -> None:
    container.put("a.csv", with_feature(0, " 0.10000000000000000001 "), with_feature(0, "1e-3"))
    container.run()
    assert [row[1] for row in container.rows("a.csv")] == ["0.10000000000000000001", "1e-3"]


def test_missing_values_become_empty_for_the_model_to_impute(container: Container) -> None:
    container.put("a.csv", *(with_feature(3, value) for value in ("", "NA", "nan", " null ")))
    container.run()
    assert {row[4] for row in container.rows("a.csv")} == {""}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD[:-1], "wrong number of fields"),
        ([*GOOD, "more"], "wrong number of fields"),
        ([" ", *GOOD[1:]], "no record id"),
        (["T\n1", *GOOD[1:]], "line break in the record id"),
        (with_feature(1, "many"), "weight is not a number"),
        (with_feature(1, "inf"), "weight is not a number"),
        (with_feature(1, "1_000"), "weight is not a number"),
        (with_feature(1, "-0.5"), "weight is below 0"),
        (["T1", *[""] * len(FEATURES)], "no feature has a value"),
    ],
)
def test_a_row_that_cannot_be_scored_is_left_out_and_reported(
    container: Container, row: list[str], reason: str
) -> None:
    container.put("a.csv", GOOD, row, GOOD)
    assert container.run(MAX_REJECTED_FRACTION="0.5") == 0
    assert container.rows("a.csv") == [GOOD, GOOD]
    report = container.report()
    assert (report["read"], report["written"], report["rejected"]) == (3, 2, {reason: 1})
    assert report["examples"][0]["file"] == "a.csv"
    assert report["examples"][0]["reason"] == reason


def test_too_many_rejected_rows_fail_the_job_and_name_the_first(container: Container) -> None:
    container.put("a.csv", GOOD, with_feature(0, "x"))
    assert container.run(MAX_REJECTED_FRACTION="0.4") == 1
    assert "1 of 2 rows were rejected" in container.message
    assert "a.csv line 3: height is not a number" in container.message
    assert container.report()["rejected"] == {"height is not a number": 1}


def test_a_wrong_header_fails_with_its_file_and_line(container: Container) -> None:
    container.put("a.csv", GOOD)
    container.put("b.csv", GOOD, header=["id", *FEATURES])
    assert container.run() == 1
    assert container.message.startswith("b.csv line 1: the header lacks 1 of 6 columns: person")


def test_a_repeated_column_fails(container: Container) -> None:
    container.put("a.csv", [*GOOD, "1"], header=[*HEADER, "height"])
    assert container.run() == 1
    assert "repeats height" in container.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv line 1: the file is empty"),
        (",".join(HEADER).encode() + b"\n", "have headers but no rows"),
        ((",".join(HEADER) + "\n").encode() + b"\xff\xfe\n", "not UTF-8 text"),
        ((",".join(HEADER) + "\n").encode() + b'"T1"x,1\n', "a.csv line 2: broken CSV"),
    ],
)
def test_a_file_that_is_no_such_csv_fails_with_a_message(container: Container, content: bytes, message: str) -> None:
    container.put_bytes("a.csv", content)
    assert container.run() == 1
    assert message in container.message


def test_no_input_at_all_fails(container: Container) -> None:
    container.put_bytes("_SUCCESS", b"")
    assert container.run() == 1
    assert "no .csv file" in container.message


def test_a_byte_order_mark_is_no_part_of_the_header(container: Container) -> None:
    container.put_bytes("a.csv", b"\xef\xbb\xbf" + (",".join(HEADER) + "\r\n" + ",".join(GOOD) + "\r\n").encode())
    assert container.run() == 0
    assert container.rows("a.csv") == [GOOD]


def test_a_file_of_which_no_row_is_left_gives_no_empty_object(container: Container) -> None:
    container.put("a.csv", *[GOOD] * 30)
    container.put("b.csv", with_feature(0, "x"))
    assert container.run() == 0
    assert container.outputs == {"a.csv"}


def test_a_host_without_a_share_of_the_files_is_no_failure_and_reports_under_its_name(container: Container) -> None:
    config = container.base / "config"
    config.mkdir()
    (config / "resourceconfig.json").write_text('{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}')
    assert container.run() == 0
    assert container.report("report-algo-2.json")["read"] == 0


@pytest.mark.parametrize("fraction", ["much", "-0.1", "1.5", "nan"])
def test_a_share_that_is_none_fails(container: Container, fraction: str) -> None:
    container.put("a.csv", GOOD)
    assert container.run(MAX_REJECTED_FRACTION=fraction) == 1
    assert "MAX_REJECTED_FRACTION" in container.message


@pytest.mark.parametrize("start", ["", "x"])
def test_the_message_fits_what_sagemaker_keeps_and_stays_text(container: Container, start: str) -> None:
    container.put("/".join([f"{start}" + "ü" * 120] + ["ü" * 120] * 5) + ".csv", GOOD, header=["id"])
    assert container.run() == 1
    assert len((container.base / "output/message").read_bytes()) <= 1024
    assert container.message.startswith(f"{start}ü")


@given(st.tuples(*[st.one_of(st.floats().map(str), st.text(max_size=6), st.just(""))] * len(FEATURES)))
def test_a_cleaned_row_is_numbers_and_gaps_or_is_rejected(values: tuple[str, ...]) -> None:
    try:
        record_id, *features = clean_row(["T1", *values], SCHEMA)
    except RowError:
        return
    assert record_id == "T1"
    assert all(not value or (math.isfinite(float(value)) and float(value) >= 0) for value in features)


def test_a_compressed_file_is_read_like_another(container: Container) -> None:
    text = "\n".join([",".join(HEADER), ",".join(GOOD), ""])
    container.put("a.csv", GOOD)
    container.put_bytes("b.csv.gz", gzip.compress(text.encode()))
    assert container.run() == 0
    assert container.rows("b.csv") == [GOOD]
    assert container.report()["read"] == 2


def test_a_compressed_file_that_is_cut_off_fails_by_name(container: Container) -> None:
    container.put_bytes("b.csv.gz", gzip.compress((",".join(HEADER) + "\n" + ",".join(GOOD) * 90).encode())[:-20])
    assert container.run() == 1
    assert container.message.startswith("b.csv.gz")


def test_compressed_and_not_under_one_name_fails(container: Container) -> None:
    container.put("a.csv", GOOD)
    container.put_bytes("a.csv.gz", gzip.compress(b""))
    assert container.run() == 1
    assert "a.csv is there twice" in container.message


@pytest.mark.parametrize("name", ["b.parquet", "rows.tsv", "day/c.json", "b.csv.zst"])
def test_a_file_that_is_not_read_fails_the_job_unless_that_is_allowed(container: Container, name: str) -> None:
    container.put("a.csv", GOOD)
    container.put_bytes(name, b"x")
    assert container.run() == 1
    assert name in container.message
    assert container.report()["unread"] == [name]
    assert container.run(UNREAD_FILES="allow") == 0
    report = container.report()
    assert (report["unread"], report["unread_allowed"], report["written"]) == ([name], True, 1)


def test_what_writers_leave_beside_the_data_is_ignored_and_named(container: Container) -> None:
    beside = [".a.csv.crc", "README.txt", "_SUCCESS", "_temporary/0/part-1.csv"]
    container.put("a.csv", GOOD)
    for name in beside:
        container.put_bytes(name, b"x")
    assert container.run() == 0
    assert container.report()["ignored"] == sorted(beside)
    assert container.outputs == {"a.csv"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines_make_no_rows(container: Container, end: str) -> None:
    lines = [",".join(HEADER), "", ",".join(GOOD), "", "", ",".join(GOOD), ""]
    container.put_bytes("a.csv", end.join(lines).encode())
    assert container.run() == 0
    assert container.report()["read"] == 2


def test_one_bad_row_of_a_hundred_is_within_what_is_allowed(container: Container) -> None:
    container.put("a.csv", *[GOOD] * 99, with_feature(0, "x"))
    assert container.run() == 0
    report = container.report()
    assert (report["read"], report["written"], report["max_rejected_fraction"]) == (100, 99, 0.05)


def test_derived_columns_are_features_like_those_of_the_file(tmp_path: Path) -> None:
    container = Container(tmp_path)
    container.put("a.csv", ["T1", "2", "8", "1", "1"], ["T2", "0", "8", "1", "1"], header=HEADER[:-1])

    def derive(row: dict[str, str]) -> dict[str, str]:
        if float(row["height"]) == 0:
            raise ValueError("height is zero")
        return {"visits": str(float(row["weight"]) / float(row["height"]))}

    assert run(SCHEMA, derive, container.base, {"MAX_REJECTED_FRACTION": "0.5"}) == 0
    assert container.rows("a.csv") == [["T1", "2", "8", "1", "1", "4.0"]]
    assert container.report()["rejected"] == {"height is zero": 1}
