"""When a schedule starts next: by the table of expressions with AWS's verdict, and as much as is known of a rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.decisions.next_run import next_moment, next_run
from scripts.decisions.schedule import parse_schedule

TABLE = yaml.safe_load((Path(__file__).parent / "schedule_expressions.yml").read_text())["expressions"]
CRONS = [each for each in TABLE if each["rule"] and each["text"].startswith("cron(") and "after" in each]
NOW = datetime(2030, 1, 1, 10, 30, tzinfo=UTC)


def moment(text: Any) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(str(text))


@pytest.mark.parametrize("row", CRONS, ids=lambda row: str(row["text"]))
def test_a_cron_names_the_moments_that_the_table_gives(row: dict[str, Any]) -> None:
    assert row["next"], "a row without moments tests nothing"
    for before, expected in pairwise([moment(each) for each in (row["after"], *row["next"])]):
        assert next_moment(parse_schedule(row["text"]).cron, before) == expected


def test_there_are_enough_rows() -> None:
    assert len(CRONS) > 20


def test_a_cron_that_is_over_never_runs_again() -> None:
    assert next_run(parse_schedule("cron(0 3 1 1 ? 2029)"), NOW, None) == "never again"


def test_a_rate_is_counted_from_the_newest_scheduled_start_where_that_is_known() -> None:
    daily = parse_schedule("1 day")
    assert next_run(daily, NOW, NOW - timedelta(hours=20)) == "about 2030-01-01 14:30 UTC"
    assert next_run(daily, NOW, None) == "within 1 day"
    assert next_run(daily, NOW, NOW - timedelta(days=3)) == "within 1 day"  # it was off meanwhile


def test_a_cron_is_told_as_a_moment() -> None:
    assert next_run(parse_schedule("cron(0 3 * * ? *)"), NOW, None) == "2030-01-02 03:00 UTC"


@pytest.mark.aws_rule(
    "Schedules of rules are in UTC, in summer and in winter",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize(
    ("hours", "zone", "now", "told"),
    [
        (1, "CET", NOW, "2030-01-02 03:00 UTC (04:00 CET here)"),
        (2, "CEST", NOW.replace(month=7), "2030-07-02 03:00 UTC (05:00 CEST here)"),
        (-8, "PST", NOW, "2030-01-02 03:00 UTC (2030-01-01 19:00 PST here)"),
        (0, "UTC", NOW, "2030-01-02 03:00 UTC"),
    ],
)
def test_a_moment_is_told_on_the_readers_clocks_too(hours: int, zone: str, now: datetime, told: str) -> None:
    daily = parse_schedule("cron(0 3 * * ? *)")
    clocks = timezone(timedelta(hours=hours), zone)
    assert next_run(daily, now, None, lambda moment: moment.astimezone(clocks)) == told
