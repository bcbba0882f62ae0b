"""The targets of notification rules: listed, added to a rule, taken from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codestar_notifications.records import PAGES, Records, checked_targets

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_FILTERS = {"TARGET_TYPE": "TargetType", "TARGET_ADDRESS": "TargetAddress", "TARGET_STATUS": "TargetStatus"}


class NotificationTargets(Service):
    """https://docs.aws.amazon.com/codestar-notifications/latest/APIReference/API_Subscribe.html"""

    service = "codestar-notifications"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def subscribe(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        (added,) = checked_targets([request["Target"]])
        kept = [target for target in rule["Targets"] if target["TargetAddress"] != added["TargetAddress"]]
        rule["Targets"] = [*kept, added]
        self._records.save(caller, rule)
        return {"Arn": rule["Arn"]}

    def unsubscribe(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        rule["Targets"] = [t for t in rule["Targets"] if t["TargetAddress"] != request["TargetAddress"]]
        self._records.save(caller, rule)
        return {"Arn": rule["Arn"]}

    def list_targets(self, caller: Caller, request: Request) -> Response:
        targets = {target["TargetAddress"]: target for rule in self._records.of(caller) for target in rule["Targets"]}
        found = [
            target
            for target in targets.values()
            if all(target[_FILTERS[wanted["Name"]]] == wanted["Value"] for wanted in request.get("Filters", []))
        ]
        shown, more = PAGES.of(found, request, lambda target: str(target["TargetAddress"]))
        return {"Targets": shown, **more}

    def delete_target(self, caller: Caller, request: Request) -> Response:
        address = request["TargetAddress"]
        rules = [r for r in self._records.of(caller) if any(t["TargetAddress"] == address for t in r["Targets"])]
        if rules and not request.get("ForceUnsubscribeAll"):
            raise ServiceError("ValidationException", f"{address} is a target of {len(rules)} notification rules.")
        for rule in rules:
            rule["Targets"] = [target for target in rule["Targets"] if target["TargetAddress"] != address]
            self._records.save(caller, rule)
        return {}
