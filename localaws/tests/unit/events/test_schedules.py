"""Schedule expressions: which are valid, and when each is due; cron against a plain search minute by minute."""

from __future__ import annotations

import calendar
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.services.events.cron import CronError, parse
from localaws.services.events.schedules import ScheduleError, due_between, parse_rule_schedule, parse_schedule

START = datetime(2030, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def _next(expression: str, moment: datetime) -> str | None:
    found = parse(expression).next_after(moment.replace(tzinfo=None))
    return found.strftime("%Y-%m-%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 10 * * ? *", "2030-01-01 10:00", "2030-01-02 10:00"),
        ("15 12 * * ? *", "2030-01-01 10:00", "2030-01-01 12:15"),
        ("0 18 ? * MON-FRI *", "2030-01-04 18:00", "2030-01-07 18:00"),
        ("0 8 1 * ? *", "2030-01-01 08:00", "2030-02-01 08:00"),
        ("0/15 * * * ? *", "2030-01-01 10:46", "2030-01-01 11:00"),
        ("0/10 * ? * MON-FRI *", "2030-01-04 23:59", "2030-01-07 00:00"),
        ("0 0 L * ? *", "2028-02-01 00:00", "2028-02-29 00:00"),
        ("0 0 LW * ? *", "2030-03-01 00:00", "2030-03-29 00:00"),
        ("0 0 15W * ? *", "2030-06-01 00:00", "2030-06-14 00:00"),
        ("0 0 1W * ? *", "2030-06-01 00:00", "2030-06-03 00:00"),
        ("0 0 31W * ? *", "2030-02-01 00:00", "2030-03-29 00:00"),
        ("0 0 ? * 3#2 *", "2030-01-01 00:00", "2030-01-08 00:00"),
        ("0 0 ? * TUE#5 *", "2030-02-01 00:00", "2030-04-30 00:00"),
        ("0 0 ? * 6L *", "2030-01-01 00:00", "2030-01-25 00:00"),
        ("0 0 ? * L *", "2030-01-01 00:00", "2030-01-05 00:00"),
        ("0 0 29 2 ? *", "2030-01-01 00:00", "2032-02-29 00:00"),
        ("0 0 1 JAN,JUL ? *", "2030-01-01 00:00", "2030-07-01 00:00"),
        ("0 0 1 1 ? 2035", "2030-01-01 00:00", "2035-01-01 00:00"),
        ("0 0 1 1 ? 2020-2029", "2030-01-01 00:00", None),
        ("0 0 31 2 ? *", "2030-01-01 00:00", None),
        ("59 23 31 12 ? 2199", "2030-01-01 00:00", "2199-12-31 23:59"),
    ],
)
def test_the_next_time_of_a_cron_expression(expression: str, after: str, expected: str | None) -> None:
    assert _next(expression, datetime.strptime(after, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)) == expected


@pytest.mark.aws_rule(
    "A cron expression has six fields, one of day-of-month and day-of-week a question mark; a rate of one takes the "
    "singular; both are in UTC",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize(
    "expression",
    [
        "0 10 * * * *",
        "0 10 ? * ? *",
        "0 10 * * ?",
        "60 10 * * ? *",
        "0 24 * * ? *",
        "0 0 0 * ? *",
        "0 0 32 * ? *",
        "0 0 * 13 ? *",
        "0 0 ? * 8 *",
        "0 0 ? * MONDAY *",
        "0 0 ? * 2#6 *",
        "0 0 1 * ? 1969",
        "0 0 1 * ? 2200",
        "a 0 1 * ? *",
        "5-1 0 1 * ? *",
        "0/0 0 1 * ? *",
        "*-5 0 1 * ? *",
        "1, 0 1 * ? *",
        "",
    ],
)
def test_a_wrong_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(CronError):
        parse(expression)


_minutes = st.sampled_from(["0", "*", "0/15", "5,35", "10-20", "58-59"])
_hours = st.sampled_from(["0", "*", "0/6", "3,23", "9-17"])
_days = st.sampled_from(
    [("*", "?"), ("1,15", "?"), ("L", "?"), ("?", "MON-FRI"), ("?", "1"), ("?", "2#1"), ("?", "7L")]
)
_months = st.sampled_from(["*", "1/3", "FEB", "6-8"])


@settings(max_examples=60, deadline=None)
@given(_minutes, _hours, _days, _months, st.integers(0, 700_000))
def test_no_due_minute_is_left_out_and_none_is_invented(
    minutes: str, hours: str, days: tuple[str, str], months: str, offset: int
) -> None:
    expression = f"{minutes} {hours} {days[0]} {months} {days[1]} *"
    cron = parse(expression)
    moment = datetime(2030, 1, 1) + timedelta(minutes=offset)
    found = cron.next_after(moment)
    assert found is not None and found > moment and _names(expression, found)
    candidate = moment.replace(second=0) + timedelta(minutes=1)
    while candidate < min(found, moment + timedelta(days=2)):
        assert not _names(expression, candidate), f"{candidate} was left out"
        candidate += timedelta(minutes=1)


def _names(expression: str, moment: datetime) -> bool:
    """Whether an expression of the test's few forms names a minute: written apart from the code under test."""
    minutes, hours, day, months, weekday, _ = expression.split()
    last = calendar.monthrange(moment.year, moment.month)[1]
    number = moment.isoweekday() % 7 + 1
    on_day = {
        "*": True,
        "1,15": moment.day in (1, 15),
        "L": moment.day == last,
        "?": {
            "?": True,
            "MON-FRI": 2 <= number <= 6,
            "1": number == 1,
            "2#1": number == 2 and moment.day <= 7,
            "7L": number == 7 and moment.day + 7 > last,
        }.get(weekday, False),
    }[day]
    in_month = {"*": range(1, 13), "1/3": (1, 4, 7, 10), "FEB": (2,), "6-8": (6, 7, 8)}
    at_hour = {"0": [0], "*": range(24), "0/6": [0, 6, 12, 18], "3,23": [3, 23], "9-17": range(9, 18)}
    at_minute = {"0": [0], "*": range(60), "0/15": [0, 15, 30, 45], "5,35": [5, 35], "10-20": range(10, 21)}
    at_minute["58-59"] = [58, 59]
    return (
        on_day
        and moment.month in in_month[months]
        and moment.hour in at_hour[hours]
        and moment.minute in at_minute[minutes]
    )


@pytest.mark.parametrize("text", ["rate(1 minute)", "rate(5 minutes)", "rate(1 day)", "rate(12 hours)"])
def test_a_rate_is_due_one_period_after_its_start_and_then_each_period(text: str) -> None:
    schedule = parse_rule_schedule(text, START)
    due = list(due_between(schedule, START, START + timedelta(days=3)))
    assert due[0] > START
    assert {later - earlier for earlier, later in itertools.pairwise(due)} in ({due[0] - START}, set())


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 days)",
        "rate(2 day)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(1.5 hours)",
        "rate(1 week)",
        "rate(5minutes)",
        "rate(5 minutes) ",
        "at(2030-01-01T00:00:00)",
        "cron(0 0 * * *)",
        "5 minutes",
        "",
    ],
)
def test_a_wrong_rule_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_rule_schedule(text, START)


def test_a_scheduler_rate_is_due_at_its_start() -> None:
    schedule = parse_schedule("rate(1 hours)", START, BERLIN)
    assert next(due_between(schedule, START - timedelta(seconds=1), START)) == START


def test_at_is_due_once_on_the_clocks_of_its_zone() -> None:
    schedule = parse_schedule("at(2030-07-01T12:00:00)", START, BERLIN)
    due = list(due_between(schedule, START, START + timedelta(days=365)))
    assert due == [datetime(2030, 7, 1, 10, tzinfo=UTC)]


@pytest.mark.aws_rule(
    "A schedule in a time zone follows its clocks: a time that they skip is not due, one that they show twice is due "
    "once",
    page="https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
)
def test_a_minute_that_the_clocks_skip_is_not_due_and_one_shown_twice_is_due_once() -> None:
    schedule = parse_schedule("cron(30 2 * * ? *)", START, BERLIN)
    spring = list(due_between(schedule, datetime(2030, 3, 30, tzinfo=UTC), datetime(2030, 4, 2, 12, tzinfo=UTC)))
    assert [moment.astimezone(BERLIN).day for moment in spring] == [30, 1, 2]
    autumn = list(due_between(schedule, datetime(2030, 10, 26, 12, tzinfo=UTC), datetime(2030, 10, 28, 12, tzinfo=UTC)))
    assert autumn == [datetime(2030, 10, 27, 0, 30, tzinfo=UTC), datetime(2030, 10, 28, 1, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    "text", ["at(2030-02-30T00:00:00)", "at(2030-01-01)", "rate(1 fortnight)", "cron(* * * * * *)"]
)
def test_a_wrong_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text, START, BERLIN)
