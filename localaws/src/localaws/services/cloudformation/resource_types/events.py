"""AWS::Events: rules with their targets, buses and bus policies."""

from __future__ import annotations

import json
from typing import Any

from localaws.policies.document import listed
from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import (
    Context,
    Properties,
    Resource,
    ResourceType,
)
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import Tagging, tag_map

_DEFAULT_BUS = "default"
_TAGGING = Tagging("events", "tag_resource", "ResourceARN", "Tags", "untag_resource", "TagKeys")


class Rule(ResourceType):
    """Ref gives the name, and ``bus|name`` on a bus of one's own."""

    type_name = "AWS::Events::Rule"
    name_property = "Name"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("events")
        name = properties.get("Name") or context.name(64)
        bus = _bus_name(properties)
        try:
            client.describe_rule(Name=name, EventBusName=bus)
        except client.exceptions.ResourceNotFoundException:
            pass  # as it should be: PutRule would overwrite
        else:
            raise ResourceError(f"{name} already exists")
        arn = self._put(context, name, properties, with_tags=True)
        physical = name if bus == _DEFAULT_BUS else f"{bus}|{name}"
        resource = Resource(physical, {"Arn": arn, "RuleName": name})
        context.report(resource)
        self._set_targets(context, name, bus, [], properties.get("Targets", []))
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        name, bus = str(resource.attributes["RuleName"]), _bus_name(after)
        if changed_properties(before, after) - {"Targets", "Tags"}:
            self._put(context, name, after, with_tags=False)
        self._set_targets(context, name, bus, before.get("Targets", []), after.get("Targets", []))
        arn = str(resource.attributes["Arn"])
        _TAGGING.update(context, arn, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        name, bus = str(resource.attributes["RuleName"]), _bus_name(properties)
        self._set_targets(context, name, bus, properties.get("Targets", []), [])
        context.client("events").delete_rule(Name=name, EventBusName=bus)

    def _put(self, context: Context, name: str, properties: Properties, *, with_tags: bool) -> str:
        skipped = {"Name", "Targets"} | (set() if with_tags else {"Tags"})
        sent = {key: value for key, value in properties.items() if key not in skipped}
        return str(context.call("events", "put_rule", sent, None, Name=name)["RuleArn"])

    def _set_targets(self, context: Context, name: str, bus: str, before: list[Any], after: list[Any]) -> None:
        client = context.client("events")
        gone = {each["Id"] for each in before} - {each["Id"] for each in after}
        if gone:
            answer = client.remove_targets(Rule=name, EventBusName=bus, Ids=sorted(gone))
            # A change that was cut off has not put each of them yet.
            _check_entries(answer, but="ResourceNotFoundException")
        if after and after != before:
            _check_entries(context.call("events", "put_targets", {"Targets": after}, None, Rule=name, EventBusName=bus))


class EventBus(ApiResource):
    type_name = "AWS::Events::EventBus"
    service = "events"
    create_operation = "create_event_bus"
    update_operation = "update_event_bus"
    delete_operation = "delete_event_bus"
    identifier = "Name"
    name_property = "Name"
    settings = frozenset({"Policy"})
    tagging = _TAGGING

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("events", f"event-bus/{physical_id}"), "Name": physical_id}

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        if after.get("Policy") and after["Policy"] != before.get("Policy"):
            policy = json.dumps(after["Policy"])
            context.client("events").put_permission(EventBusName=resource.physical_id, Policy=policy)


class EventBusPolicy(ResourceType):
    """One statement of a bus's policy; the others are left as they are."""

    type_name = "AWS::Events::EventBusPolicy"

    def create(self, context: Context, properties: Properties) -> Resource:
        self._put(context, properties)
        return Resource(f"{_bus_name(properties)}|{properties['StatementId']}")

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        self._put(context, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("events").remove_permission(
            EventBusName=_bus_name(properties), StatementId=properties["StatementId"]
        )

    def _put(self, context: Context, properties: Properties) -> None:
        client, bus = context.client("events"), _bus_name(properties)
        if "Statement" not in properties:
            sent = {key: value for key, value in properties.items() if key != "EventBusName"}
            context.call("events", "put_permission", sent, None, EventBusName=bus)
            return
        identity = properties["StatementId"]
        policy = json.loads(client.describe_event_bus(Name=bus).get("Policy") or '{"Version": "2012-10-17"}')
        others = [each for each in listed(policy.get("Statement")) if each.get("Sid") != identity]
        policy["Statement"] = [*others, {**properties["Statement"], "Sid": identity}]
        client.put_permission(EventBusName=bus, Policy=json.dumps(policy))


def _bus_name(properties: Properties) -> str:
    """A bus is named by its name or its ARN."""
    return str(properties.get("EventBusName") or _DEFAULT_BUS).rsplit("event-bus/", 1)[-1]


def _check_entries(answer: dict[str, Any], but: str | None = None) -> None:
    """Operations on several targets answer success and list those that failed; ``but`` is the code of no failure."""
    failed = [each for each in answer.get("FailedEntries") or [] if each.get("ErrorCode") != but]
    if failed:
        reasons = "; ".join(f"{each.get('TargetId')}: {each.get('ErrorMessage')}" for each in failed)
        raise ResourceError(f"EventBridge refused targets: {reasons}")
