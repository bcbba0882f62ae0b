"""AWS's cron expressions: six fields, with ``?``, ``L``, ``W`` and ``#``. Pure: an expression and a moment in, the
next moment out.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_MONTH_NAMES = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC"
_MONTHS = {name: number for number, name in enumerate(re.findall(r"\w+", _MONTH_NAMES), 1)}
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_LAST_YEAR = 2199

# (year, month) -> days of that month
Days = Callable[[int, int], set[int]]


class CronError(ValueError):
    """The expression is not valid; the message says which field and why."""


@dataclass(frozen=True)
class Cron:
    """A parsed expression. Times are of no time zone: whoever asks decides which."""

    minutes: list[int]
    hours: list[int]
    days: Days
    months: list[int]
    years: list[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """The first minute strictly after ``moment`` that the expression names, or None if there is none."""
        for year in self.years[bisect_left(self.years, moment.year) :]:
            for month in self.months:
                if (year, month) < (moment.year, moment.month):
                    continue
                for day in sorted(self.days(year, month)):
                    found = self._on(datetime(year, month, day), moment)
                    if found is not None:
                        return found
        return None

    def _on(self, day: datetime, moment: datetime) -> datetime | None:
        if day.date() < moment.date():
            return None
        for hour in self.hours:
            for minute in self.minutes:
                found = day.replace(hour=hour, minute=minute)
                if found > moment:
                    return found
        return None


def parse(text: str) -> Cron:
    """The expression inside ``cron(...)``. CronError where a field is wrong."""
    fields = text.split()
    if len(fields) != 6:
        raise CronError(f"{len(fields)} fields, not 6: minutes hours day-of-month month day-of-week year")
    minutes, hours, day_of_month, month, day_of_week, year = (field.upper() for field in fields)
    if (day_of_month == "?") == (day_of_week == "?"):
        raise CronError("exactly one of day-of-month and day-of-week must be ?")
    return Cron(
        _numbers(minutes, "minutes", 0, 59),
        _numbers(hours, "hours", 0, 23),
        _days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month),
        _numbers(month, "month", 1, 12, _MONTHS),
        _numbers(year, "year", 1970, _LAST_YEAR),
    )


_PART = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?")


def _numbers(field: str, name: str, low: int, high: int, words: dict[str, int] | None = None) -> list[int]:
    """Every number that a field of lists, ranges and steps names, in order."""
    found: set[int] = set()
    for part in field.split(","):
        parsed = _PART.fullmatch(part)
        if not parsed:
            raise CronError(f"{name}: {part or field} is not a number, range or step")
        first = low if parsed["low"] == "*" else _number(parsed["low"], name, low, high, words or {})
        if parsed["high"] is not None and parsed["low"] == "*":
            raise CronError(f"{name}: {part} is not a range")
        if parsed["high"] is not None:
            last = _number(parsed["high"], name, low, high, words or {})
        else:
            last = high if parsed["low"] == "*" or parsed["step"] else first
        step = int(parsed["step"] or 1)
        if last < first or step < 1:
            raise CronError(f"{name}: {part} is not a value of this field")
        found.update(range(first, last + 1, step))
    return sorted(found)


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    number = words.get(text)
    if number is None:
        if not text.isdecimal():
            raise CronError(f"{name}: {text} is not a number")
        number = int(text)
    if not low <= number <= high:
        raise CronError(f"{name}: {text} is not between {low} and {high}")
    return number


def _days_of_month(field: str) -> Days:
    parts = [_day_of_month(part) for part in field.split(",")]
    return lambda year, month: set().union(*(part(year, month) for part in parts))


def _day_of_month(part: str) -> Days:
    if part == "L":
        return lambda year, month: {_last_day(year, month)}
    if part == "LW":
        return lambda year, month: {_nearest_weekday(year, month, _last_day(year, month))}
    if re.fullmatch(r"\d+W", part):
        day = _number(part[:-1], "day-of-month", 1, 31, {})
        return lambda year, month: {_nearest_weekday(year, month, day)} if day <= _last_day(year, month) else set()
    numbers = _numbers(part, "day-of-month", 1, 31)
    return lambda year, month: {day for day in numbers if day <= _last_day(year, month)}


def _days_of_week(field: str) -> Days:
    if "#" in field and "," in field:
        raise CronError(
            f"day-of-week: {field}: # cannot be combined with other values in this field; write for example 3#2"
        )
    parts = [_day_of_week(part) for part in field.split(",")]
    return lambda year, month: set().union(*(part(year, month) for part in parts))


def _day_of_week(part: str) -> Days:
    if part == "L":  # the last day of the week
        return _weekdays({7})
    if re.fullmatch(r"\w+L", part):
        last = _number(part[:-1], "day-of-week", 1, 7, _WEEKDAYS)
        return lambda year, month: {max(_weekdays({last})(year, month))}
    if "#" in part:
        text, _, occurrence = part.partition("#")
        weekday = _number(text, "day-of-week", 1, 7, _WEEKDAYS)
        number = _number(occurrence, "day-of-week", 1, 5, {})
        return lambda year, month: set(sorted(_weekdays({weekday})(year, month))[number - 1 : number])
    return _weekdays(set(_numbers(part, "day-of-week", 1, 7, _WEEKDAYS)))


def _weekdays(wanted: set[int]) -> Days:
    """Every day of a month that is one of ``wanted`` (1 is Sunday)."""

    def days(year: int, month: int) -> set[int]:
        first, length = calendar.monthrange(year, month)  # 0 is Monday
        return {day for day in range(1, length + 1) if (first + day) % 7 + 1 in wanted}

    return days


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The Monday to Friday nearest to ``day``, within the month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < _last_day(year, month) else day - 2
    return day
