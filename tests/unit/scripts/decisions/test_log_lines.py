"""What of an execution's logs is shown, and how."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.log_lines import LogLine, LogSource, host_of, in_order, is_step, job_source, require_step, since
from scripts.errors import UsageError

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_a_job_logs_in_the_group_of_its_kind_and_a_step_without_one_nowhere() -> None:
    arn = "arn:aws:sagemaker:ap-southeast-2:550011223344:transform-job/pipelines-x-Score-y"
    assert job_source("Score", arn) == LogSource("Score", "/aws/sagemaker/TransformJobs", "pipelines-x-Score-y/")
    assert job_source("Choose", "") is None


@pytest.mark.parametrize(
    ("stream", "host"),
    [
        ("job/algo-1-1790000000", "algo-1"),
        ("job/algo-12", "algo-12"),
        ("job/algo-1-1795655385215", "algo-1"),
        ("job/i-0ab/data-log", "i-0ab/data-log"),
        ("job/i-0ab-1795655385215/data-log", "i-0ab/data-log"),
    ],
)
def test_a_line_names_the_step_and_the_host_that_wrote_it(stream: str, host: str) -> None:
    assert host_of(LogSource("Score", "g", "job/"), stream) == host
    assert str(LogLine(0, "Score", host, "hello")) == f"Score/{host}  hello"


def test_a_build_has_no_host() -> None:
    assert host_of(LogSource("Prod/Verify", "g", "0d5c-1"), "0d5c-1") == ""
    assert str(LogLine(0, "Prod/Verify", "", "hello")) == "Prod/Verify  hello"


def test_a_step_that_there_is_not_lists_those_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        require_step("Scoer", ["Preprocess", "Score"], "execution x")
    assert refused.value.found == ["steps: Preprocess, Score"]
    assert str(refused.value.next_command).endswith("STEP=Preprocess")
    require_step("Score", ["Preprocess", "Score"], "execution x")
    require_step(None, [], "execution x")


def test_an_action_is_meant_by_its_name_or_with_its_pipeline_stage() -> None:
    assert is_step("Promote", "Prod/Promote")
    assert is_step("Prod/Promote", "Prod/Promote")
    assert not is_step("Preprod/Promote", "Prod/Promote")
    assert not is_step("Prom", "Prod/Promote")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30s", datetime(2026, 11, 25, 2, 59, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 25, 1, 0, tzinfo=UTC)),
        ("1d", datetime(2026, 11, 24, 3, 0, tzinfo=UTC)),
        ("2026-11-25T01:00", datetime(2026, 11, 25, 1, 0, tzinfo=UTC)),
        ("2026-11-25T01:00+01:00", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
    ],
)
def test_since_takes_an_age_or_a_time(text: str, moment: datetime) -> None:
    assert since(text, NOW) == milliseconds(moment)


@pytest.mark.parametrize("text", ["", "0m", "-5m", "5", "yesterday", "5 m", "9999999d", "m"])
def test_since_refuses_what_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="neither an age"):
        since(text, NOW)


@given(st.lists(st.integers(0, 5)), st.integers(1, 10))
def test_lines_are_in_order_and_the_last_are_the_newest(stamps: list[int], last: int) -> None:
    lines = [LogLine(stamp, "s", "h", str(number)) for number, stamp in enumerate(stamps)]
    ordered = in_order(lines)
    assert sorted(ordered, key=lambda each: (each.timestamp, int(each.text))) == ordered
    assert in_order(lines, last) == ordered[-last:]
    assert len(ordered) == len(lines)
