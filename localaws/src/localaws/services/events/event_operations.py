"""EventBridge's heart: PutEvents, what services emit, and the schedules of rules.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
import logging
import queue
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.events import Event
from localaws.core.service import Request, Response, Service
from localaws.iam.callers import context_of, principal_of
from localaws.policies.bus_policies import event_context, may_put_event
from localaws.services.events.envelope import aware, envelope
from localaws.services.events.pattern_values import PatternError
from localaws.services.events.patterns import matches
from localaws.services.events.records import DEFAULT_BUS, Records, bus_name, enabled
from localaws.services.events.router import Router
from localaws.services.events.schedules import parse_rule_schedule
from localaws.services.events.timer import Timer

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

log = logging.getLogger(__name__)

_LARGEST_ENTRY = 1024 * 1024
_REQUIRED_OF_AN_EVENT = ("id", "account", "source", "time", "region", "detail-type")


class EventBridge(Service):
    """PutEvents and TestEventPattern; it also takes in what the services of this cloud emit."""

    service = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._router = Router(cloud)
        self._emitted: queue.Queue[Event] = queue.Queue()
        cloud.on_event(self._take)
        cloud.on_start(self._start)
        self._timer = Timer(cloud, "rules", self._scheduled)

    def put_events(self, caller: Caller, request: Request) -> Response:
        if "EndpointId" in request:
            raise ServiceError("NotImplemented", "localaws has no global endpoints: leave EndpointId out.", 501)
        entries = [self._put(caller, entry) for entry in request["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def test_event_pattern(self, caller: Caller, request: Request) -> Response:
        try:
            event = json.loads(request["Event"])
        except ValueError as error:
            raise ServiceError("ValidationException", "Parameter Event is not valid.") from error
        if not isinstance(event, dict):
            raise ServiceError("ValidationException", "Parameter Event is not valid.")
        missing = [name for name in _REQUIRED_OF_AN_EVENT if name not in event]
        if missing:
            raise ServiceError(
                "ValidationException", f"Parameter Event is not valid. Reason: {missing[0]} is a required field."
            )
        try:
            return {"Result": matches(request["EventPattern"], event)}
        except PatternError as error:
            raise ServiceError("InvalidEventPatternException", str(error)) from error

    def _put(self, caller: Caller, entry: dict[str, Any]) -> dict[str, str]:
        problem = _entry_problem(entry)
        if problem:
            return {"ErrorCode": problem[0], "ErrorMessage": problem[1]}
        account, region, name = _bus_named(caller, entry.get("EventBusName") or DEFAULT_BUS)
        bus = self._records.bus(account, region, name)
        if bus is None:
            name = entry["EventBusName"]
            return {"ErrorCode": "ResourceNotFoundException", "ErrorMessage": f"Event bus {name} does not exist."}
        closed = self._closed(caller, account, bus, entry)
        if closed:
            return {"ErrorCode": "AccessDeniedException", "ErrorMessage": closed}
        event = envelope(
            caller.account,
            region,
            entry["Source"],
            entry["DetailType"],
            json.loads(entry["Detail"]),
            aware(entry["Time"]) if "Time" in entry else self._cloud.clock.now(),
            entry.get("Resources", []),
        )
        self._router.receive(account, region, name, event)
        return {"EventId": str(event["id"])}

    def _closed(self, caller: Caller, owner: str, bus: Document, entry: dict[str, Any]) -> str | None:
        """Why the policy of another account's bus does not let the caller put this entry; None where it does."""
        if owner == caller.account:
            return None
        context = {**context_of(self._cloud, caller), **event_context(entry["Source"], entry["DetailType"])}
        decision = may_put_event(bus.get("Policy"), bus["Arn"], principal_of(caller), context)
        if decision.allowed:
            return None
        who = f"User: {caller.arn} is not authorized to perform: events:PutEvents"
        return f"{who} on resource: {bus['Arn']} {decision.reason}"

    def _take(self, event: Event) -> None:
        # Only AWS services speak here; what localaws tells itself is nobody's event.
        if event.source.startswith("aws."):
            self._emitted.put(event)

    def _start(self) -> None:
        self._cloud.workers.start_lasting("events", self._route_emitted)

    def _route_emitted(self) -> None:
        while not (self._cloud.workers.stopping.is_set() and self._emitted.empty()):
            try:
                event = self._emitted.get(timeout=0.25)
            except queue.Empty:  # look whether the server stops
                continue
            try:
                self._route(event)
            except Exception:  # the next event is routed all the same
                log.exception("%s of %s was not routed", event.detail_type, event.source)

    def _route(self, event: Event) -> None:
        document = envelope(
            event.account,
            event.region,
            event.source,
            event.detail_type,
            json.loads(json.dumps(event.detail, default=str)),
            event.time,
            event.resources,
        )
        self._router.receive(event.account, event.region, DEFAULT_BUS, document)

    def _scheduled(self, after: datetime, until: datetime) -> None:
        """Trigger the scheduled rules that came due in ``(after, until]``."""
        for rule in self._records.rules.values():
            if enabled(rule) and "ScheduleExpression" in rule:
                schedule = parse_rule_schedule(rule["ScheduleExpression"], rule["Since"])
                begin = self._timer.beginning(rule["Arn"], rule["Since"], after)
                for moment in self._timer.due(schedule, begin, until):
                    self._router.trigger(rule, _scheduled_event(rule, moment))


def _bus_named(caller: Caller, name_or_arn: str) -> tuple[str, str, str]:
    """Account, region and name of a bus."""
    account, region = caller.account, caller.region
    if name_or_arn.startswith("arn:"):
        arn = Arn.parse(name_or_arn)
        account, region = arn.account, arn.region
    return account, region, bus_name(name_or_arn)


def _scheduled_event(rule: Document, moment: datetime) -> dict[str, Any]:
    arn = Arn.parse(rule["Arn"])
    return envelope(arn.account, arn.region, "aws.events", "Scheduled Event", {}, moment, [rule["Arn"]])


def _entry_problem(entry: dict[str, Any]) -> tuple[str, str] | None:
    """The error code and message of an entry that EventBridge does not take."""
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            return "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    if sum(len(str(entry.get(member, "")).encode()) for member in ("Source", "DetailType", "Detail")) > _LARGEST_ENTRY:
        return "InvalidArgument", f"The entry is larger than {_LARGEST_ENTRY} bytes."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")
