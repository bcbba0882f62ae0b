"""Schedule expressions of rules and of EventBridge Scheduler: ``rate(...)``, ``cron(...)``, ``at(...)``. Pure.

An expression is parsed strictly; then it answers when it is due next. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from localaws.services.events.cron import Cron, CronError
from localaws.services.events.cron import parse as parse_cron

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


class ScheduleError(ValueError):
    """The expression is not valid; the message says why."""


@dataclass(frozen=True)
class Rate:
    """Every ``period``, counted from ``anchor``; the anchor itself is due only if ``at_once``."""

    period: timedelta
    anchor: datetime
    at_once: bool = False

    def next_after(self, moment: datetime) -> datetime | None:
        first = 0 if self.at_once else 1
        return self.anchor + self.period * max(first, (moment - self.anchor) // self.period + 1)


@dataclass(frozen=True)
class Calendar:
    """The minutes that a cron expression names on the clocks of one time zone.

    A minute that the clocks skip is not due; of one that they show twice, the first is.
    """

    cron: Cron
    zone: ZoneInfo | None

    def next_after(self, moment: datetime) -> datetime | None:
        zone = self.zone or UTC
        local = moment.astimezone(zone).replace(tzinfo=None)
        while (found := self.cron.next_after(local)) is not None:
            due = found.replace(tzinfo=zone).astimezone(UTC)
            shown = due.astimezone(zone).replace(tzinfo=None)
            if due > moment and shown == found:
                return due
            local = found
        return None


@dataclass(frozen=True)
class Once:
    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        return self.moment if self.moment > moment else None


Schedule = Rate | Calendar | Once


def parse_rule_schedule(text: str, anchor: datetime) -> Schedule:
    """A rule's expression: rate with the right singular or plural, or cron, in UTC."""
    if found := _RATE.fullmatch(text):
        return Rate(_period(found, strict=True), anchor)
    if found := _CRON.fullmatch(text):
        return Calendar(_cron(found[1]), None)
    raise ScheduleError(f"{text} is neither rate(<number> <unit>) nor cron(<six fields>)")


def parse_schedule(text: str, anchor: datetime, zone: ZoneInfo) -> Schedule:
    """Scheduler's expression: rate (due at the anchor already), cron or at, on the clocks of ``zone``."""
    if found := _RATE.fullmatch(text):
        return Rate(_period(found, strict=False), anchor, at_once=True)
    if found := _CRON.fullmatch(text):
        return Calendar(_cron(found[1]), zone)
    if found := _AT.fullmatch(text):
        try:
            return Once(datetime.fromisoformat(found[1]).replace(tzinfo=zone).astimezone(UTC))
        except ValueError as error:
            raise ScheduleError(f"{text}: {error}") from error
    raise ScheduleError(f"{text} is neither rate(...), cron(...) nor at(yyyy-mm-ddThh:mm:ss)")


def due_between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every moment in ``(after, until]`` at which the schedule is due, in order."""
    moment = schedule.next_after(after)
    while moment is not None and moment <= until:
        yield moment
        moment = schedule.next_after(moment)


def _period(found: re.Match[str], *, strict: bool) -> timedelta:
    number, unit, plural = int(found[1]), found[2], bool(found[3])
    if number < 1:
        raise ScheduleError("a rate must be positive")
    if strict and plural != (number > 1):
        raise ScheduleError(f"after {number} write {unit}{'s' if number > 1 else ''}")
    try:
        return number * _UNITS[unit]
    except OverflowError as error:
        raise ScheduleError("the rate is too long") from error


def _cron(text: str) -> Cron:
    try:
        return parse_cron(text)
    except CronError as error:
        raise ScheduleError(str(error)) from error
