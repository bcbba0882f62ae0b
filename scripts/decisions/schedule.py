"""Schedules as EventBridge reads them: ``rate(1 day)``, ``cron(0 3 * * ? *)``, or the bare ``1 day`` of a stage file.

Every rule of AWS's page is checked here, so that a schedule which EventBridge would refuse never reaches a template.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNIT_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
_RATE = re.compile(r"(0|[1-9]\d{0,4}) (minutes?|hours?|days?)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
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
