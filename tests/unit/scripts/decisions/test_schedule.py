"""Schedules: what EventBridge takes, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.schedule import hours_between_runs, parse_schedule, runs_per_month


@pytest.mark.parametrize("text", ["1 day", "rate(1 day)", "12 hours", "rate(30 minutes)", "1 minute"])
def test_a_rate_may_stand_with_or_without_its_brackets(text: str) -> None:
    assert parse_schedule(text).expression == (text if text.startswith("rate(") else f"rate({text})")


@pytest.mark.aws_rule(
    "A cron expression has six fields, one of day-of-month and day-of-week a question mark; a rate of one takes the "
    "singular; both are in UTC",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize(
    "text", ["rate(1 days)", "2 day", "0 hours", "-1 days", "1day", "day", "", "rate(1 day", "1.5 days"]
)
def test_a_rate_that_eventbridge_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(text)


def test_the_refusal_says_what_to_write() -> None:
    with pytest.raises(ValueError, match='write "1 day"'):
        parse_schedule("rate(1 days)")


@pytest.mark.parametrize(
    "fields",
    [
        "0 3 * * ? *",
        "0/15 8-17 ? * MON-FRI *",
        "0 10 L * ? *",
        "0 8 3W * ? *",
        "0 8 ? * 6#3 *",
        "0 8 ? * 2L 2026-2030",
        "0 8 1,15 JAN,jul ? *",
    ],
)
def test_crons_of_aws_are_taken(fields: str) -> None:
    assert parse_schedule(f"cron({fields})").expression == f"cron({fields.upper()})"


@pytest.mark.aws_rule(
    "A cron expression has six fields, one of day-of-month and day-of-week a question mark; a rate of one takes the "
    "singular; both are in UTC",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize(
    "fields",
    [
        "0 3 * * *",
        "0 3 * * * *",
        "60 3 * * ? *",
        "0 24 * * ? *",
        "0 3 0 * ? *",
        "0 3 ? 13 1 *",
        "0 3 ? * 8 *",
        "0 3 ? * ? *",
        "x 3 * * ? *",
        "0 3 * * ? 1969",
        "0/0 3 * * ? *",
    ],
)
def test_crons_that_aws_refuses_are_refused(fields: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(f"cron({fields})")


def test_a_cron_is_written_as_the_template_takes_it() -> None:
    assert parse_schedule("cron( 0  3 ? jan-mar fri *  )").expression == "cron(0 3 ? JAN-MAR FRI *)"


@given(st.integers(2, 99_999), st.sampled_from(["minute", "hour", "day"]))
def test_numbers_above_one_take_the_plural_and_only_that(number: int, unit: str) -> None:
    assert parse_schedule(f"{number} {unit}s").rate == f"{number} {unit}s"
    with pytest.raises(ValueError, match="write"):
        parse_schedule(f"{number} {unit}")


def test_a_rates_period_is_known_and_a_crons_is_not() -> None:
    assert hours_between_runs(parse_schedule("2 days")) == 48
    assert hours_between_runs(parse_schedule("30 minutes")) == 0.5
    assert hours_between_runs(parse_schedule("cron(0 3 * * ? *)")) is None


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("1 day", 30.4375),
        ("12 hours", 60.875),
        ("5 minutes", 8766),
        ("cron(0 3 * * ? *)", 30.4375),
        ("cron(0 3,15 * * ? *)", 60.875),
        ("cron(0/15 8-17 ? * MON-FRI *)", 40 * 30.4375 * 5 / 7),
        ("cron(0 0 1 JAN ? *)", 1 / 12),
        ("cron(0 0 31 * ? *)", 7 / 12),  # seven months have one
        ("cron(0 0 L * ? *)", 1),
        ("cron(0 0 LW * ? *)", 1),
        ("cron(0 0 15W * ? *)", 1),
        ("cron(0 0 31W * ? *)", 7 / 12),
        ("cron(0 0 ? * 3#2 *)", 1),
        ("cron(0 0 ? * 6L *)", 1),
        ("cron(0 0 ? * L *)", 30.4375 / 7),
        ("cron(0 0 1 * ? 2030)", 1),  # in the year in which it runs
    ],
)
def test_runs_per_month(text: str, runs: float) -> None:
    assert runs_per_month(parse_schedule(text)) == pytest.approx(runs, rel=1e-3)
