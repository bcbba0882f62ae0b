"""Schedule expressions with AWS's verdict: all of the table, as rules and as EventBridge Scheduler read them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from localaws.services.events.schedules import ScheduleError, parse_rule_schedule, parse_schedule

_TABLE = yaml.safe_load(Path(__file__).with_name("schedule_expressions.yml").read_text())
_ROWS: list[dict[str, Any]] = _TABLE["expressions"]
_ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)


def _taken_by_a_rule(text: str) -> bool:
    try:
        parse_rule_schedule(text, _ANCHOR)
    except ScheduleError:
        return False
    return True


def _taken_by_scheduler(text: str) -> bool:
    try:
        parse_schedule(text, _ANCHOR, ZoneInfo("UTC"))
    except ScheduleError:
        return False
    return True


@pytest.mark.aws_rule(
    "A cron expression has six fields, one of day-of-month and day-of-week a question mark; a rate of one takes the "
    "singular; both are in UTC",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row["text"])
def test_a_rule_takes_what_aws_takes(row: dict[str, Any]) -> None:
    assert _taken_by_a_rule(row["text"]) is row["rule"], _TABLE["pages"][row["page"]]


@pytest.mark.parametrize("row", [row for row in _ROWS if "scheduler" in row], ids=lambda row: row["text"])
def test_scheduler_takes_what_aws_takes(row: dict[str, Any]) -> None:
    assert _taken_by_scheduler(row["text"]) is row["scheduler"], _TABLE["pages"][row["page"]]


@pytest.mark.parametrize("row", [row for row in _ROWS if "next" in row], ids=lambda row: row["text"])
def test_an_expression_is_due_when_the_calendar_says(row: dict[str, Any]) -> None:
    schedule = parse_rule_schedule(row["text"], _ANCHOR)
    moment: datetime | None = datetime.fromisoformat(row["after"]).replace(tzinfo=UTC)
    found = []
    for _ in row["next"]:
        assert moment is not None
        moment = schedule.next_after(moment)
        found.append(moment and moment.strftime("%Y-%m-%dT%H:%M"))
    assert found == row["next"]
