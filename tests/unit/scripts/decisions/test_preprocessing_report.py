"""Preprocessing's reports: read whole or refused, added up over hosts, and asked for the files they do not mention."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.preprocessing_report import (
    PreprocessingReport,
    combined,
    is_report,
    not_in_report,
    read_report,
)

OLDER: dict[str, Any] = {
    "host": "algo-1",
    "read": 100,
    "written": 99,
    "rejected": {"radius is not a number": 1},
    "examples": [{"file": "a.csv", "line": 7, "reason": "radius is not a number"}],
    "ignored_columns": ["note"],
    "files": {"a.csv": {"read": 100, "written": 99, "rejected": 1}},
}
NEWER = {**OLDER, "unread": ["b.csv.gz"], "unread_allowed": True, "ignored": ["_SUCCESS"], "max_rejected_fraction": 0.1}


def report(document: dict[str, Any]) -> PreprocessingReport:
    found = read_report(json.dumps(document).encode())
    assert isinstance(found, PreprocessingReport), found
    return found


def test_an_older_report_is_one_too() -> None:
    found = report(OLDER)
    assert (found.read, found.written, found.unread, found.max_rejected_fraction) == (100, 99, (), None)


@pytest.mark.parametrize(
    "change", [{"read": -1}, {"read": "100"}, {"written": None}, {"rejected": []}, {"max_rejected_fraction": 2.0}]
)
def test_a_report_with_odd_values_is_none_and_says_where(change: dict[str, Any]) -> None:
    assert str(read_report(json.dumps({**NEWER, **change}).encode())).startswith(f"{next(iter(change))}: ")


@given(st.binary())
def test_anything_else_is_refused_in_words(content: bytes) -> None:
    assert isinstance(read_report(content), str)


def test_the_hosts_reports_are_added_up_and_allow_what_each_allows() -> None:
    second = {**NEWER, "files": {"c.csv": {"read": 100, "written": 99}}, "max_rejected_fraction": 0.05, "unread": []}
    both = combined([report(NEWER), report(second)])
    assert both is not None
    assert (both.read, both.written, both.rejected) == (200, 198, {"radius is not a number": 2})
    assert (both.max_rejected_fraction, both.unread, both.unread_allowed) == (0.05, ("b.csv.gz",), True)
    assert set(both.files or {}) == {"a.csv", "c.csv"}
    mixed = combined([report(NEWER), report(OLDER)])
    assert mixed is not None
    assert (mixed.unread_allowed, mixed.max_rejected_fraction) == (False, None)
    assert combined([]) is None


def test_a_file_that_no_report_mentions_is_named() -> None:
    assert not_in_report(report(OLDER), ["a.csv", "b.csv.gz"]) == ["b.csv.gz"]
    assert not_in_report(report(NEWER), ["a.csv", "b.csv.gz", "_SUCCESS"]) == []
    longer = {**OLDER, "files": {"input/a.csv": {"read": 1, "written": 1}}}
    assert not_in_report(report(longer), ["a.csv"]) == []
    silent = {name: value for name, value in OLDER.items() if name != "files"}
    assert not_in_report(report(silent), ["b.csv.gz"]) == []


def test_reports_are_told_by_their_names() -> None:
    names = ["report.json", "report-algo-2.json", "report.txt", "x.json"]
    assert [is_report(each) for each in names] == [True, True, False, False]
