"""Scheduler's schedules: created, read, listed, updated, deleted, and fired when they come due.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.service_roles import role_problem
from localaws.services.events.envelope import aware, written
from localaws.services.events.schedules import Schedule, ScheduleError, parse_schedule
from localaws.services.events.timer import Timer
from localaws.services.scheduler.records import DEFAULT_GROUP, PAGES, Records, group_arn, schedule_arn, schedule_key
from localaws.services.scheduler.sender import PRINCIPAL, ScheduleSender
from localaws.services.scheduler.targets import refuse_target

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_HIDDEN = frozenset({"ClientToken", "Since"})
_LISTED = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
_INSTANT = timedelta(microseconds=1)


class Schedules(Service):
    service = "scheduler"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._sender = ScheduleSender(cloud)
        self._timer = Timer(cloud, "scheduler", self._fire_due)

    def create_schedule(self, caller: Caller, request: Request) -> Response:
        group = request.get("GroupName", DEFAULT_GROUP)
        self._records.group(caller, group)
        key = schedule_key(caller, group, request["Name"])
        existing = self._records.schedules.get(key)
        token = request.get("ClientToken")
        if existing is not None and token is not None and existing.get("ClientToken") == token:
            return {"ScheduleArn": existing["Arn"]}
        if existing is not None:
            raise ServiceError("ConflictException", f"Schedule {request['Name']} already exists.", 409)
        schedule = self._made(caller, request, group, self._cloud.clock.now())
        self._records.schedules.put(key, schedule)
        return {"ScheduleArn": schedule["Arn"]}

    def update_schedule(self, caller: Caller, request: Request) -> Response:
        former = self._records.schedule(caller, request.get("GroupName"), request["Name"])
        schedule = self._made(caller, request, former["GroupName"], former["CreationDate"])
        self._records.schedules.put(schedule_key(caller, former["GroupName"], former["Name"]), schedule)
        return {"ScheduleArn": schedule["Arn"]}

    def get_schedule(self, caller: Caller, request: Request) -> Response:
        schedule = self._records.schedule(caller, request.get("GroupName"), request["Name"])
        return {name: value for name, value in schedule.items() if name not in _HIDDEN}

    def delete_schedule(self, caller: Caller, request: Request) -> Response:
        schedule = self._records.schedule(caller, request.get("GroupName"), request["Name"])
        self._records.schedules.delete(schedule_key(caller, schedule["GroupName"], schedule["Name"]))
        return {}

    def list_schedules(self, caller: Caller, request: Request) -> Response:
        group = request.get("GroupName")
        if group:
            self._records.group(caller, group)
        prefix = f"{caller.account}/{caller.region}/{group + '/' if group else ''}"
        schedules = [
            {**{name: schedule[name] for name in _LISTED}, "Target": {"Arn": schedule["Target"]["Arn"]}}
            for schedule in self._records.schedules.values(prefix)
            if schedule["Name"].startswith(request.get("NamePrefix", ""))
            and request.get("State") in (None, schedule["State"])
        ]
        shown, more = PAGES.of(schedules, request, lambda schedule: str(schedule["Arn"]))
        return {"Schedules": shown, **more}

    def _made(self, caller: Caller, request: Request, group: str, created: datetime) -> Document:
        """The document of a schedule as a request describes it; ServiceError where it may not be."""
        now = self._cloud.clock.now()
        schedule: Document = {
            "Arn": schedule_arn(caller, group, request["Name"]),
            "GroupName": group,
            "State": "ENABLED",
            "ScheduleExpressionTimezone": "UTC",
            "ActionAfterCompletion": "NONE",
            **{name: value for name, value in request.items() if value is not None},
            "CreationDate": created,
            "LastModificationDate": now,
            "Since": now,
        }
        for limit in ("StartDate", "EndDate"):
            if limit in schedule:
                schedule[limit] = aware(schedule[limit])
        _refuse(schedule)
        refuse_target(caller, schedule["Target"])
        self._refuse_role(caller, schedule["Target"]["RoleArn"], group)
        return schedule

    def _refuse_role(self, caller: Caller, role: str, group: str) -> None:
        """Raise ServiceError, in AWS's words, for a role that Scheduler could not take on for this group."""
        problem = role_problem(self._cloud, role, PRINCIPAL, group_arn(caller, group))
        if problem:
            raise ServiceError(
                "ValidationException",
                f"The execution role you provide must allow AWS EventBridge Scheduler to assume the role ({problem}).",
            )

    def _fire_due(self, after: datetime, until: datetime) -> None:
        """Fire the schedules that came due in ``(after, until]``, and delete those that asked for it when done."""
        for key, schedule in self._records.schedules.items():
            if schedule["State"] != "ENABLED":
                continue
            parsed = _parsed(schedule)
            begin = max(self._timer.beginning(key, schedule["Since"], after), _start(schedule) - _INSTANT)
            end = min(until, schedule.get("EndDate", until))
            for moment in self._timer.due(parsed, begin, end) if begin < end else []:
                self._sender.submit(schedule, _text(schedule, moment))
            if schedule["ActionAfterCompletion"] == "DELETE" and _completed(schedule, parsed, until):
                self._records.schedules.delete(key)


def _refuse(schedule: Document) -> None:
    window = schedule["FlexibleTimeWindow"]
    if window["Mode"] != "OFF":
        if "MaximumWindowInMinutes" not in window:
            raise ServiceError("ValidationException", "MaximumWindowInMinutes must be specified with Mode FLEXIBLE.")
        raise ServiceError("NotImplemented", "localaws fires schedules on time: set FlexibleTimeWindow Mode OFF.", 501)
    if "MaximumWindowInMinutes" in window:
        raise ServiceError("ValidationException", "MaximumWindowInMinutes is not allowed with Mode OFF.")
    try:
        _parsed(schedule)
    except (ZoneInfoNotFoundError, ValueError) as error:
        kind = "Schedule Expression" if isinstance(error, ScheduleError) else "ScheduleExpressionTimezone"
        raise ServiceError("ValidationException", f"Invalid {kind}: {error}") from error
    if "EndDate" in schedule and schedule["EndDate"] <= schedule.get("StartDate", schedule["Since"]):
        raise ServiceError("ValidationException", "The EndDate must be after the StartDate, and in the future.")


def _parsed(schedule: Document) -> Schedule:
    zone = ZoneInfo(schedule["ScheduleExpressionTimezone"])
    return parse_schedule(schedule["ScheduleExpression"], _start(schedule), zone)


def _start(schedule: Document) -> datetime:
    """From when a schedule may fire: its StartDate, or when it was made or last changed."""
    since: datetime = schedule["Since"]
    if schedule["ScheduleExpression"].startswith("at("):  # StartDate and EndDate do not apply
        return since
    return schedule.get("StartDate") or since


def _completed(schedule: Document, parsed: Schedule, now: datetime) -> bool:
    """Whether a schedule will never be due again."""
    following = parsed.next_after(max(now, _start(schedule) - _INSTANT))
    return following is None or following > schedule.get("EndDate", following)


def _text(schedule: Document, moment: datetime) -> str:
    """The Input with Scheduler's own placeholders filled.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    known = {
        "<aws.scheduler.schedule-arn>": schedule["Arn"],
        "<aws.scheduler.scheduled-time>": written(moment),
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.attempt-number>": "1",
    }
    text = str(schedule["Target"].get("Input", ""))
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    return text or _default_text(schedule["Target"])


def _default_text(target: dict[str, Any]) -> str:
    return "" if "aws-sdk" in target["Arn"] else "{}"
