"""AWS::IAM: inline policies as resources of their own, managed policies and groups."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.iam_principals import Principal, policy_text

_HOLDERS = {"Roles": "role", "Users": "user", "Groups": "group"}
_MAXIMUM_VERSIONS = 5


class Policy(ResourceType):
    type_name = "AWS::IAM::Policy"

    def create(self, context: Context, properties: Properties) -> Resource:
        identity = context.name(64)
        resource = Resource(identity, {"Id": identity})
        context.report(resource)
        self._put(context, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        self._put(context, after)
        renamed = before["PolicyName"] != after["PolicyName"]
        for key in _HOLDERS:
            gone = [name for name in before.get(key, []) if renamed or name not in after.get(key, [])]
            self._remove(context, {**before, **{each: [] for each in _HOLDERS}, key: gone})
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        self._remove(context, properties)

    def _put(self, context: Context, properties: Properties) -> None:
        document = policy_text(properties["PolicyDocument"])
        for holder in _holders(context, properties):
            holder.call("put_{}_policy", PolicyName=properties["PolicyName"], PolicyDocument=document)

    def _remove(self, context: Context, properties: Properties) -> None:
        for holder in _holders(context, properties):
            holder.remove_inline(properties["PolicyName"])


class ManagedPolicy(ResourceType):
    type_name = "AWS::IAM::ManagedPolicy"
    name_property = "ManagedPolicyName"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("iam")
        name = properties.get("ManagedPolicyName") or context.name(128)
        given = {key: properties[key] for key in ("Path", "Description") if key in properties}
        document = policy_text(properties["PolicyDocument"])
        policy = client.create_policy(PolicyName=name, PolicyDocument=document, **given)["Policy"]
        resource = Resource(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})
        context.report(resource)
        self._attach(context, resource.physical_id, {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        if "PolicyDocument" in changed_properties(before, after):
            self._make_room(context, resource.physical_id)
            context.client("iam").create_policy_version(
                PolicyArn=resource.physical_id, PolicyDocument=policy_text(after["PolicyDocument"]), SetAsDefault=True
            )
        self._attach(context, resource.physical_id, before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        client, arn = context.client("iam"), resource.physical_id
        self._attach(context, arn, properties, {})
        for version in self._versions(client, arn):
            if not version["IsDefaultVersion"]:
                client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        client.delete_policy(PolicyArn=arn)

    def _attach(self, context: Context, arn: str, before: Properties, after: Properties) -> None:
        for key, kind in _HOLDERS.items():
            old, new = before.get(key, []), after.get(key, [])
            for name in [name for name in new if name not in old]:
                Principal(context.client("iam"), kind, name).set_attached([], [arn])
            for name in [name for name in old if name not in new]:
                Principal(context.client("iam"), kind, name).set_attached([arn], [])

    def _make_room(self, context: Context, arn: str) -> None:
        """IAM keeps five versions; the oldest that is not the default goes."""
        client = context.client("iam")
        versions = self._versions(client, arn)
        if len(versions) >= _MAXIMUM_VERSIONS:
            others = [version for version in versions if not version["IsDefaultVersion"]]
            oldest = min(others, key=lambda version: int(version["VersionId"].lstrip("v")))
            client.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])

    def _versions(self, client: Any, arn: str) -> list[dict[str, Any]]:
        pages = client.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
        return [version for answer in pages for version in answer["Versions"]]


class Group(ResourceType):
    type_name = "AWS::IAM::Group"
    name_property = "GroupName"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("iam")
        name = properties.get("GroupName") or context.name(128)
        path = {"Path": properties["Path"]} if "Path" in properties else {}
        arn = client.create_group(GroupName=name, **path)["Group"]["Arn"]
        resource = Resource(name, {"Arn": arn})
        context.report(resource)
        Principal(client, "group", name).configure({}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        Principal(context.client("iam"), "group", resource.physical_id).configure(before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        principal = Principal(context.client("iam"), "group", resource.physical_id)
        principal.configure(properties, {})
        principal.client.delete_group(GroupName=resource.physical_id)


def _holders(context: Context, properties: Properties) -> list[Principal]:
    client = context.client("iam")
    return [Principal(client, kind, name) for key, kind in _HOLDERS.items() for name in properties.get(key, [])]
