"""All stages side by side: everything that matters of each, and never wider than the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.overview import overview_lines, rows_line, run_line
from scripts.decisions.status import StageStatus, comparisons

RUN: dict[str, Any] = {"arn": "a", "name": "n", "status": "Succeeded", "started": "2026-11-26T01:00:00+00:00"}
RUN |= {"seconds": 34.2, "rows": 1200, "rejected": 3}
PREPROD = StageStatus(
    "preprod",
    "550011223344",
    pipeline="berths",
    stack_status="UPDATE_COMPLETE",
    release_id="0123456789abcdef",
    verified=True,
    model_version=7,
    live_since="2026-11-25T02:00:00+00:00",
    live_for="1 d 2 h",
    executions=(RUN, RUN),
    alarms=({"state": "OK"}, {"state": "ALARM"}, {"state": "INSUFFICIENT_DATA"}),
    next_run="2026-11-27T01:00:00+00:00",
)
PROD = replace(PREPROD, stage="prod", release_id="fedcba9876543210", verified=None, drift=("Model: it is gone",))


def shown(*stages: StageStatus) -> str:
    return "\n".join(overview_lines(stages))


def test_each_stage_has_a_column_and_all_that_matters_is_in_it() -> None:
    text = shown(PREPROD, replace(PROD, waiting="waits since execution e1", changing="deploy by eva", executions=()))
    for each in (
        *("berths", "preprod", "prod", "0123456789abcdef", "fedcba9876543210", "version 7", "yes", "not verified"),
        *(
            "2026-11-25 02:00 (1 d 2 h ago)",
            "11-26 01:00 Succeeded, 34 s",
            "1,200 rows, 3 rejected",
            "none yet",
            "2026-11-27 01:00",
        ),
        *("1 not as released", "1 RINGING, 1 of 3 OK, 1 no data", "waits since execution e1", "deploy by eva"),
    ):
        assert each in text, text
    assert text.splitlines()[1].split() == ["pipeline", "preprod", "prod"]


def test_what_nobody_has_to_say_takes_no_line() -> None:
    text = shown(StageStatus("preprod", "1", pipeline="berths"), StageStatus("prod", "2", pipeline="berths"))
    assert text.count("nothing is deployed") == 2
    assert not any(each in text for each in ("drift", "approval", "changing", "rejected", "alarms"))


def test_a_stage_that_cannot_be_read_says_why_beside_the_others() -> None:
    text = shown(PREPROD, StageStatus("prod", "2", problem="no foundation; next: make bootstrap", pipeline="berths"))
    assert "no foundation; next: make" in text
    assert "0123456789abcdef" in text


def test_pipelines_are_told_one_below_the_other_and_compared_each_by_itself() -> None:
    other = replace(PREPROD, pipeline="quays"), replace(PREPROD, pipeline="quays", stage="prod")
    assert [line for line in overview_lines([PREPROD, PROD, *other]) if " " not in line] == ["berths", "", "quays"]
    said = comparisons([PREPROD, PROD, *other])
    assert "fedcba9876543210" in said["berths"]
    assert said["quays"] == "prod has the same release as preprod."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("11-26 01:00 Succeeded, 34 s", "1,200 rows, 3 rejected")),
        ({"rejected": 0}, ("11-26 01:00 Succeeded, 34 s", "1,200 rows")),
        ({"seconds": None, "rows": None, "rejected": None, "status": "Executing"}, ("11-26 01:00 Executing", "")),
    ],
)
def test_a_run_is_told_with_what_is_known_of_it(changes: dict[str, Any], told: tuple[str, str]) -> None:
    assert (run_line({**RUN, **changes}), rows_line({**RUN, **changes})) == told


@given(st.integers(1, 4), st.text(max_size=120), st.integers(0, 3))
def test_no_line_is_wider_than_eighty_columns(stages: int, text: str, runs: int) -> None:
    each = replace(PREPROD, changing=text, problem=text or None, executions=(RUN,) * runs, waiting=text)
    lines = overview_lines([replace(each, stage=f"stage{number}") for number in range(stages)])
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line or "\r" in line for line in lines)
