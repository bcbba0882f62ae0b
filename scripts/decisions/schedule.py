"""Schedules as EventBridge reads them: ``rate(1 day)``, ``cron(0 3 * * ? *)``, or the bare ``1 day`` of a stage file.

Every rule of AWS's page is checked here, so that a schedule which EventBridge would refuse never reaches a template.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_UNIT_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
_RATE = re.compile(r"(0|[1-9]\d{0,4}) (minutes?|hours?|days?)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
HOURS_PER_MONTH = 365.25 * 24 / 12
_YEARS_UNTIL_WEEKDAYS_REPEAT = 28
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Schedule:
    """One of ``rate`` (what stands inside ``rate()``) and ``cron`` (``cron(...)``, whole) is given, the other empty."""

    rate: str
    cron: str

    @property
    def expression(self) -> str:
        """The whole EventBridge expression."""
        return self.cron or f"rate({self.rate})"


@dataclass(frozen=True)
class _Field:
    """One of cron's six fields: its bounds, the names that stand for numbers, and the wildcards it knows."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    special: str = ""

    def refuse(self, text: str) -> str | None:
        """Why ``text`` is no value of this field; None where it is one."""
        if text == "?" and "?" in self.special:
            return None
        parts = text.split(",")
        if "#" in text and len(parts) > 1:
            return f'"{text}": # cannot be combined with other values in the field {self.name}; write for example 3#2'
        if all(self._is_special(part) or self._is_item(part) for part in parts):
            return None
        return f'"{text}" is not a value of the field {self.name} ({self.lowest}-{self.highest})'

    def _is_special(self, item: str) -> bool:
        """Whether ``item`` is one of L, 5L, LW, 15W and 3#2, where the field knows them."""
        if item == "L":
            return "L" in self.special
        if item == "LW":
            return "W" in self.special
        if item.endswith("W"):
            return "W" in self.special and self._number(item[:-1]) is not None
        if item.endswith("L"):
            return "#" in self.special and self._number(item[:-1]) is not None
        base, hash_sign, occurrence = item.partition("#")
        return bool(hash_sign) and "#" in self.special and self._number(base) is not None and occurrence in set("12345")

    def _is_item(self, item: str) -> bool:
        """Whether ``item`` is ``*``, a number or a range that runs forwards, with or without a step."""
        base, slash, step = item.partition("/")
        if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
            return False
        if base == "*":
            return True
        first, dash, last = base.partition("-")
        low, high = self._number(first), self._number(last if dash else first)
        return low is not None and high is not None and low <= high

    def values(self, text: str) -> set[int]:
        """The numbers that ``text``, which was checked, stands for; not for the special wildcards."""
        found: set[int] = set()
        for part in text.split(","):
            base, slash, step = part.partition("/")
            low, dash, high = base.partition("-")
            first = self.lowest if base == "*" else self._number(low)
            last = self._number(high) if dash else self.highest if base == "*" or slash else first
            if first is not None and last is not None:
                found.update(range(first, last + 1, int(step) if step else 1))
        return found

    def _number(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.names.index(text.upper()) + 1
        return int(text) if text.isascii() and text.isdigit() and self.lowest <= int(text) <= self.highest else None


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day-of-month", 1, 31, special="?LW"),
    _Field("month", 1, 12, MONTHS),
    _Field("day-of-week", 1, 7, WEEKDAYS, special="?L#"),
    _Field("year", 1970, 2199),
)


def parse_schedule(text: str) -> Schedule:
    """The schedule that ``text`` means. Raises ValueError with one sentence that says what EventBridge would mind."""
    if text.startswith("cron("):
        return Schedule(rate="", cron=_checked_cron(text))
    if text.startswith("rate("):
        if not text.endswith(")"):
            raise ValueError(f'"{text}" has no closing bracket')
        return Schedule(rate=_checked_rate(text[5:-1]), cron="")
    return Schedule(rate=_checked_rate(text), cron="")


def hours_between_runs(schedule: Schedule) -> float | None:
    """The period of a rate, in hours; None for cron, whose runs need not be evenly spaced."""
    if schedule.cron:
        return None
    value, unit = schedule.rate.split(" ")
    return int(value) * _UNIT_HOURS[unit.removesuffix("s")]


def runs_per_month(schedule: Schedule) -> float:
    """How often it fires in a month, on average over the years in which it does."""
    period = hours_between_runs(schedule)
    if period is not None:
        return HOURS_PER_MONTH / period
    texts = schedule.cron.removeprefix("cron(").removesuffix(")").split()
    minutes, hours, months, years = (_FIELDS[at].values(texts[at]) for at in (0, 1, 3, 5))
    days = _DaysOfCron(texts[2], texts[4])
    counted = sorted(years)[:_YEARS_UNTIL_WEEKDAYS_REPEAT]
    fired = sum(days.includes(day) for year in counted for month in months for day in _days(year, month))
    return len(minutes) * len(hours) * fired / (12 * len(counted))


@dataclass(frozen=True)
class _DaysOfCron:
    """Which days the two day fields name, of which one is ``?``."""

    of_month: str
    of_week: str

    def includes(self, day: date) -> bool:
        if self.of_month == "?":
            return any(self._is_weekday(day, part) for part in self.of_week.split(","))
        return any(self._is_day(day, part) for part in self.of_month.split(","))

    def _is_day(self, day: date, part: str) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        if part == "L":
            return day.day == last
        if part.endswith("W"):
            wanted = last if part == "LW" else int(part[:-1])
            return wanted <= last and day == _nearest_working_day(day.replace(day=wanted), last)
        return day.day in _FIELDS[2].values(part)

    def _is_weekday(self, day: date, part: str) -> bool:
        number = day.isoweekday() % 7 + 1  # Sunday is 1
        if part == "L":
            return number == len(WEEKDAYS)
        field = _FIELDS[4]
        if part.endswith("L"):
            is_last = day.day + len(WEEKDAYS) > calendar.monthrange(day.year, day.month)[1]
            return is_last and number in field.values(part[:-1])
        base, hash_sign, occurrence = part.partition("#")
        if hash_sign:
            return number in field.values(base) and (day.day - 1) // len(WEEKDAYS) + 1 == int(occurrence)
        return number in field.values(part)


def _nearest_working_day(day: date, last: int) -> date:
    """The day itself, or the Friday before or Monday after it; never in another month."""
    if day.weekday() == calendar.SATURDAY:
        return day.replace(day=day.day - 1 if day.day > 1 else day.day + 2)
    if day.weekday() == calendar.SUNDAY:
        return day.replace(day=day.day + 1 if day.day < last else day.day - 2)
    return day


def _days(year: int, month: int) -> Iterator[date]:
    return (date(year, month, day + 1) for day in range(calendar.monthrange(year, month)[1]))


def _checked_rate(rate: str) -> str:
    match = _RATE.fullmatch(rate)
    if not match:
        raise ValueError(f'"{rate}" is not a rate; write for example "1 day", "12 hours" or "cron(0 3 * * ? *)"')
    value, unit = int(match[1]), match[2]
    if value == 0:
        raise ValueError("a rate must be at least 1")
    if (value == 1) == unit.endswith("s"):
        singular = unit.removesuffix("s")
        right = f"1 {singular}" if value == 1 else f"{value} {singular}s"
        raise ValueError(f'EventBridge rejects "{rate}": write "{right}"')
    return rate


def _checked_cron(text: str) -> str:
    if not text.endswith(")"):
        raise ValueError(f'"{text}" has no closing bracket')
    values = text[5:-1].split()
    if len(values) != len(_FIELDS):
        raise ValueError(
            f"cron has six fields on EventBridge (minutes hours day-of-month month day-of-week year), not {len(values)}"
        )
    for field, value in zip(_FIELDS, values, strict=True):
        refused = field.refuse(value)
        if refused:
            raise ValueError(refused)
    if (values[2] == "?") == (values[4] == "?"):
        raise ValueError('exactly one of day-of-month and day-of-week must be "?"')
    return f"cron({' '.join(values).upper()})"
