"""AWS::KMS: keys and aliases."""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import tag_map

_CREATED_WITH = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin", "BypassPolicyLockoutSafetyCheck")


class Key(ResourceType):
    type_name = "AWS::KMS::Key"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("kms")
        tags = [{"TagKey": key, "TagValue": value} for key, value in tag_map(properties.get("Tags")).items()]
        sent = {key: properties[key] for key in _CREATED_WITH if key in properties}
        policy = {"Policy": json.dumps(properties["KeyPolicy"])} if "KeyPolicy" in properties else {}
        answer = context.call("kms", "create_key", sent, None, **policy, **({"Tags": tags} if tags else {}))
        metadata = answer["KeyMetadata"]
        resource = Resource(metadata["KeyId"], {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})
        context.report(resource)
        self._configure(client, resource.physical_id, {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client, key = context.client("kms"), resource.physical_id
        changed = changed_properties(before, after)
        if "KeyPolicy" in changed:
            client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(after["KeyPolicy"]))
        if "Description" in changed:
            client.update_key_description(KeyId=key, Description=after.get("Description", ""))
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        removed = [name for name in old if name not in new]
        if removed:
            client.untag_resource(KeyId=key, TagKeys=removed)
        if new != old and new:
            client.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": value} for name, value in new.items()])
        self._configure(client, key, before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        client = context.client("kms")
        if client.describe_key(KeyId=resource.physical_id)["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return
        days = int(properties.get("PendingWindowInDays", 30))
        client.schedule_key_deletion(KeyId=resource.physical_id, PendingWindowInDays=days)

    def _configure(self, client: Any, key: str, before: Properties, after: Properties) -> None:
        rotation, period = _true(after.get("EnableKeyRotation", False)), after.get("RotationPeriodInDays")
        was = (_true(before.get("EnableKeyRotation", False)), before.get("RotationPeriodInDays"))
        if rotation and (rotation, period) != was:
            days = {"RotationPeriodInDays": int(period)} if period is not None else {}
            client.enable_key_rotation(KeyId=key, **days)
        elif was[0] and not rotation:
            client.disable_key_rotation(KeyId=key)
        enabled, was_enabled = _true(after.get("Enabled", True)), _true(before.get("Enabled", True))
        if enabled != was_enabled:
            (client.enable_key if enabled else client.disable_key)(KeyId=key)


class Alias(ApiResource):
    type_name = "AWS::KMS::Alias"
    service = "kms"
    create_operation = "create_alias"
    update_operation = "update_alias"
    delete_operation = "delete_alias"
    identifier = "AliasName"
    name_property = "AliasName"


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
