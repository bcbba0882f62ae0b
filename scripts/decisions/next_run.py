"""When a schedule starts its pipeline next, as far as that can be known. Pure, and in UTC, as EventBridge rules are.

A cron names its moments. A rate is counted from when EventBridge began to, which no API tells: the newest scheduled
execution stands for it, and without one only the period is known.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from scripts.decisions.schedule import MONTHS, WEEKDAYS, Schedule, hours_between_runs

LAST_YEAR = 2199
_SATURDAY = 7  # EventBridge counts from Sunday, 1


def next_run(
    schedule: Schedule, now: datetime, newest: datetime | None, here: Callable[[datetime], datetime] | None = None
) -> str:
    """For people: a moment, one that is "about" right, or the period. ``newest`` is the last scheduled start.

    ``here`` gives a moment on the clocks of whoever reads it; it is told beside UTC where the two differ.
    """
    if schedule.cron:
        found = next_moment(schedule.cron, now.astimezone(UTC).replace(tzinfo=None))
        return _minute(found.replace(tzinfo=UTC), here) if found else "never again"
    period = timedelta(hours=hours_between_runs(schedule) or 0)
    if newest is None or now - newest > period:
        return f"within {schedule.rate}"
    return f"about {_minute((newest + period).astimezone(UTC), here)}"


def next_moment(cron: str, after: datetime) -> datetime | None:
    """The first minute after ``after`` (UTC, without a zone) that a valid cron names; None where there is none."""
    minutes, hours, days, months, weekdays, years = cron.removeprefix("cron(").removesuffix(")").upper().split()
    for year in sorted(set(_values(years, after.year, LAST_YEAR))):
        for month in sorted(set(_values(months, 1, 12, MONTHS))):
            for day in range(1, _length(year, month) + 1):
                today = date(year, month, day)
                if today < after.date() or not (_is_day(days, today) and _is_weekday(weekdays, today)):
                    continue
                for hour in sorted(set(_values(hours, 0, 23))):
                    for minute in sorted(set(_values(minutes, 0, 59))):
                        found = datetime(year, month, day, hour, minute)
                        if found > after:
                            return found
    return None


def _values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> Iterator[int]:
    """The numbers of a field, which may be listed in any order."""
    for item in field.split(","):
        base, slash, step = item.partition("/")
        first, dash, last = base.partition("-")
        begin = low if first == "*" else _number(first, names)
        end = _number(last, names) if dash else high if slash or first == "*" else begin
        # Years begin in the past, and are counted from there.
        yield from (each for each in range(begin, end + 1, int(step or 1)) if each >= low)


def _number(text: str, names: tuple[str, ...]) -> int:
    return names.index(text) + 1 if text in names else int(text)


def _is_day(field: str, today: date) -> bool:
    return field == "?" or any(_is_day_item(item, today) for item in field.split(","))


def _is_day_item(item: str, today: date) -> bool:
    last = _length(today.year, today.month)
    if item == "L":
        return today.day == last
    if item.endswith("W"):
        wanted = last if item == "LW" else int(item[:-1])
        return wanted <= last and today == _nearest_weekday(today.replace(day=wanted), last)
    return today.day in _values(item, 1, 31)


def _is_weekday(field: str, today: date) -> bool:
    return field == "?" or any(_is_weekday_item(item, today) for item in field.split(","))


def _is_weekday_item(item: str, today: date) -> bool:
    weekday = today.isoweekday() % 7 + 1
    if item == "L":
        return weekday == _SATURDAY
    if item.endswith("L"):
        is_last = today.day + 7 > _length(today.year, today.month)
        return is_last and weekday == _number(item[:-1], WEEKDAYS)
    if "#" in item:
        wanted, _, occurrence = item.partition("#")
        return weekday == _number(wanted, WEEKDAYS) and (today.day - 1) // 7 + 1 == int(occurrence)
    return weekday in _values(item, 1, 7, WEEKDAYS)


def _nearest_weekday(day: date, last: int) -> date:
    """The Monday to Friday that is nearest, within the month."""
    if day.isoweekday() == 6:
        return day.replace(day=day.day - 1 if day.day > 1 else 3)
    if day.isoweekday() == 7:
        return day.replace(day=day.day + 1 if day.day < last else day.day - 2)
    return day


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _minute(moment: datetime, here: Callable[[datetime], datetime] | None) -> str:
    told = f"{moment:%Y-%m-%d %H:%M} UTC"
    local = here(moment) if here else moment
    if not local.utcoffset():
        return told
    day = "" if local.date() == moment.date() else f"{local:%Y-%m-%d} "
    return f"{told} ({day}{local:%H:%M} {local.tzname()} here)"
