"""EventBridge's rules and their targets: put, described, listed, enabled, tagged, deleted.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.events.pattern_values import PatternError
from localaws.services.events.patterns import compiled
from localaws.services.events.records import DEFAULT_BUS, PAGES, Records, rule_arn
from localaws.services.events.schedules import ScheduleError, parse_rule_schedule
from localaws.services.events.targets import refuse_target

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_MOST_TARGETS = 5
_ANY_TIME = datetime(2020, 1, 1, tzinfo=UTC)  # whether an expression is valid does not depend on it
_HIDDEN = frozenset({"Targets", "Tags", "Since"})


class Rules(Service):
    service = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def put_rule(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("EventBusName"))["Name"]
        _refuse_rule(request, bus)
        key = f"{caller.account}/{caller.region}/{bus}/{request['Name']}"
        former = self._records.rules.get(key) or {}
        rule: Document = {
            "Name": request["Name"],
            "Arn": rule_arn(caller, request["Name"], bus),
            "EventBusName": bus,
            "CreatedBy": caller.account,
            "State": request.get("State", "ENABLED"),
            "Targets": former.get("Targets", []),
            "Tags": former.get("Tags", request.get("Tags", [])),
            "Since": self._cloud.clock.now(),  # a rate counts from here
        }
        for member in ("EventPattern", "ScheduleExpression", "Description", "RoleArn"):
            if member in request:
                rule[member] = request[member]
        self._records.rules.put(key, rule)
        return {"RuleArn": rule["Arn"]}

    def describe_rule(self, caller: Caller, request: Request) -> Response:
        return _shown(self._records.rule_of(caller, request["Name"], request.get("EventBusName")))

    def list_rules(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("EventBusName"))["Name"]
        prefix = request.get("NamePrefix", "")
        rules = [
            {name: value for name, value in _shown(rule).items() if name != "CreatedBy"}
            for rule in self._records.rules_on(caller.account, caller.region, bus)
            if rule["Name"].startswith(prefix)
        ]
        return _listed("Rules", sorted(rules, key=_name), request, _name)

    def delete_rule(self, caller: Caller, request: Request) -> Response:
        key = self._records.rule_key(caller, request["Name"], request.get("EventBusName"))
        rule = self._records.rules.get(key)
        if rule is not None and rule["Targets"]:
            raise ServiceError("ValidationException", "Rule can't be deleted since it has targets.")
        self._records.rules.delete(key)
        return {}

    def enable_rule(self, caller: Caller, request: Request) -> Response:
        return self._switch(caller, request, "ENABLED")

    def disable_rule(self, caller: Caller, request: Request) -> Response:
        return self._switch(caller, request, "DISABLED")

    def put_targets(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule_of(caller, request["Rule"], request.get("EventBusName"))
        for target in request["Targets"]:
            refuse_target(caller, target)
        given = {target["Id"]: target for target in request["Targets"]}
        targets = [given.pop(target["Id"], target) for target in rule["Targets"]] + list(given.values())
        if len(targets) > _MOST_TARGETS:
            raise ServiceError(
                "LimitExceededException", f"The requested resource exceeds the maximum number allowed: {_MOST_TARGETS}"
            )
        self._save(caller, request, {"Targets": targets})
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def remove_targets(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule_of(caller, request["Rule"], request.get("EventBusName"))
        known = {target["Id"] for target in rule["Targets"]}
        failed = [
            {
                "TargetId": name,
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": f"Rule {rule['Name']} does not have a target with the Id {name}.",
            }
            for name in request["Ids"]
            if name not in known
        ]
        kept = [target for target in rule["Targets"] if target["Id"] not in request["Ids"]]
        self._save(caller, request, {"Targets": kept})
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    def list_targets_by_rule(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule_of(caller, request["Rule"], request.get("EventBusName"))
        return _listed("Targets", rule["Targets"], request, lambda target: str(target["Id"]))

    def list_rule_names_by_target(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("EventBusName"))["Name"]
        names = [
            rule["Name"]
            for rule in self._records.rules_on(caller.account, caller.region, bus)
            if any(target["Arn"] == request["TargetArn"] for target in rule["Targets"])
        ]
        return _listed("RuleNames", sorted(names), request, str)

    def _switch(self, caller: Caller, request: Request, state: str) -> Response:
        rule = self._records.rule_of(caller, request["Name"], request.get("EventBusName"))
        changes: dict[str, Any] = {"State": state}
        if rule["State"] != state and state == "ENABLED":
            changes["Since"] = self._cloud.clock.now()
        self._save(caller, {"Rule": rule["Name"], **request}, changes)
        return {}

    def _save(self, caller: Caller, request: Request, changes: dict[str, Any]) -> None:
        key = self._records.rule_key(caller, request["Rule"], request.get("EventBusName"))
        with self._records.rules.edit(key) as rule:
            rule.update(changes)


def _refuse_rule(request: Request, bus: str) -> None:
    if "EventPattern" not in request and "ScheduleExpression" not in request:
        raise ServiceError("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if "EventPattern" in request:
        try:
            compiled(request["EventPattern"])
        except PatternError as error:
            raise ServiceError("InvalidEventPatternException", str(error)) from error
    if "ScheduleExpression" in request:
        if bus != DEFAULT_BUS:
            raise ServiceError("ValidationException", "ScheduleExpression is supported only on the default event bus.")
        _refuse_schedule(request["ScheduleExpression"])


def _refuse_schedule(expression: str) -> None:
    try:
        parse_rule_schedule(expression, _ANY_TIME)
    except ScheduleError as error:
        raise ServiceError(
            "ValidationException", f"Parameter ScheduleExpression is not valid. Reason: {error}."
        ) from error


def _name(rule: Document) -> str:
    return str(rule["Name"])


def _shown(rule: Document) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name not in _HIDDEN}


def _listed(member: str, items: list[Any], request: Request, key: Callable[[Any], str]) -> Response:
    shown, more = PAGES.of(items, request, key)
    return {member: shown, **more}
