"""Notification rules: created, described, listed, changed, tagged, deleted.

https://docs.aws.amazon.com/codestar-notifications/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codestar_notifications.event_types import event_types, unknown_type
from localaws.services.codestar_notifications.notifier import Notifier
from localaws.services.codestar_notifications.records import PAGES, Records, checked_targets

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_TYPE_FILTERS = {"RESOURCE_TYPE": "ResourceType", "SERVICE_NAME": "ServiceName"}


class NotificationRules(Service):
    service = "codestar-notifications"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._notifier = Notifier(cloud)

    def create_notification_rule(self, caller: Caller, request: Request) -> Response:
        token = request.get("ClientRequestToken")
        for rule in self._records.of(caller):
            if token is not None and rule.get("Token") == token:
                return {"Arn": rule["Arn"]}
            if rule["Name"] == request["Name"]:
                raise ServiceError(
                    "ResourceAlreadyExistsException", f"A notification rule {request['Name']} already exists.", 409
                )
        now = self._cloud.clock.now()
        made: Document = {
            "Arn": caller.resource_arn("codestar-notifications", f"notificationrule/{uuid.uuid4().hex}"),
            "Name": request["Name"],
            "Resource": request["Resource"],
            "EventTypes": _checked_types(request["EventTypeIds"], request["Resource"]),
            "Targets": checked_targets(request["Targets"]),
            "DetailType": request["DetailType"],
            "Status": request.get("Status", "ENABLED"),
            "CreatedBy": caller.arn,
            "CreatedTimestamp": now,
            "LastModifiedTimestamp": now,
            "Tags": request.get("Tags", {}),
            "Token": token,
        }
        self._records.save(caller, made)
        return {"Arn": made["Arn"]}

    def describe_notification_rule(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        known = {entry["EventTypeId"]: entry for entry in event_types()}
        shown = {name: value for name, value in rule.items() if name != "Token"}
        return {**shown, "EventTypes": [known[identifier] for identifier in rule["EventTypes"]]}

    def update_notification_rule(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        for member in ("Name", "Status", "DetailType"):
            if member in request:
                rule[member] = request[member]
        if "EventTypeIds" in request:
            rule["EventTypes"] = _checked_types(request["EventTypeIds"], rule["Resource"])
        if "Targets" in request:
            rule["Targets"] = checked_targets(request["Targets"])
        rule["LastModifiedTimestamp"] = self._cloud.clock.now()
        self._records.save(caller, rule)
        return {}

    def delete_notification_rule(self, caller: Caller, request: Request) -> Response:
        self._records.rules.delete(self._records.key(caller, request["Arn"]))
        return {"Arn": request["Arn"]}

    def list_notification_rules(self, caller: Caller, request: Request) -> Response:
        filters = request.get("Filters", [])
        rules = [
            {"Id": rule["Arn"].rsplit("/", 1)[-1], "Arn": rule["Arn"]}
            for rule in self._records.of(caller)
            if all(entry["Value"] in _filtered(rule, entry["Name"]) for entry in filters)
        ]
        shown, more = PAGES.of(rules, request, lambda rule: str(rule["Arn"]))
        return {"NotificationRules": shown, **more}

    def list_event_types(self, caller: Caller, request: Request) -> Response:
        filters = request.get("Filters", [])
        found = [
            entry
            for entry in event_types()
            if all(entry[_TYPE_FILTERS[wanted["Name"]]] == wanted["Value"] for wanted in filters)
        ]
        shown, more = PAGES.of(found, request, lambda entry: str(entry["EventTypeId"]))
        return {"EventTypes": shown, **more}

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        return {"Tags": self._records.rule(caller, request["Arn"])["Tags"]}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        rule["Tags"] |= request["Tags"]
        self._records.save(caller, rule)
        return {"Tags": rule["Tags"]}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        rule = self._records.rule(caller, request["Arn"])
        for name in request["TagKeys"]:
            rule["Tags"].pop(name, None)
        self._records.save(caller, rule)
        return {}


def _checked_types(identifiers: list[str], resource: str) -> list[str]:
    for identifier in identifiers:
        problem = unknown_type(identifier, resource)
        if problem:
            raise ServiceError("ValidationException", problem)
    return list(dict.fromkeys(identifiers))


def _filtered(rule: Document, name: str) -> list[Any]:
    """What a filter of ListNotificationRules compares its value with."""
    return {
        "EVENT_TYPE_ID": rule["EventTypes"],
        "CREATED_BY": [rule["CreatedBy"]],
        "RESOURCE": [rule["Resource"]],
        "TARGET_ADDRESS": [target["TargetAddress"] for target in rule["Targets"]],
    }[name]
