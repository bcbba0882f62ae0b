"""Preprocessing under the container contract, in a folder that stands for /opt/ml."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.batch_inference.preprocess import FEATURES, RECORD_ID, RowError, clean_row, column_positions, main

HEADER = [RECORD_ID, *FEATURES]
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
        return main(self.base, environment)

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
        (with_feature(1, "many"), "mean_texture is not a number"),
        (with_feature(1, "inf"), "mean_texture is not a number"),
        (with_feature(1, "1_000"), "mean_texture is not a number"),
        (with_feature(1, "-0.5"), "mean_texture is negative"),
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
    assert "a.csv line 3: mean_radius is not a number" in container.message
    assert container.report()["rejected"] == {"mean_radius is not a number": 1}


def test_a_wrong_header_fails_with_its_file_and_line(container: Container) -> None:
    container.put("a.csv", GOOD)
    container.put("b.csv", GOOD, header=["id", *FEATURES])
    assert container.run() == 1
    assert container.message.startswith("b.csv line 1: the header lacks 1 of 31 columns: record_id")


def test_a_repeated_column_fails(container: Container) -> None:
    container.put("a.csv", [*GOOD, "1"], header=[*HEADER, "mean_radius"])
    assert container.run() == 1
    assert "repeats mean_radius" in container.message


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


@given(st.lists(st.one_of(st.floats().map(str), st.text(max_size=6), st.just("")), min_size=30, max_size=30))
def test_a_cleaned_row_is_numbers_and_gaps_or_is_rejected(values: list[str]) -> None:
    try:
        record_id, *features = clean_row(["T1", *values], 31, column_positions(HEADER, "here"))
    except RowError:
        return
    assert record_id == "T1"
    assert all(not value or (math.isfinite(float(value)) and float(value) >= 0) for value in features)
