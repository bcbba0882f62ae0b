"""AWS::IAM: roles, service-linked roles, users and instance profiles."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.resource_types.base import (
    Context,
    Properties,
    Resource,
    ResourceType,
    already_gone,
)
from localaws.services.cloudformation.resource_types.iam_principals import Principal, policy_text

_ROLE_FIELDS = ("Description", "MaxSessionDuration")


class Role(ResourceType):
    type_name = "AWS::IAM::Role"
    name_property = "RoleName"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("iam")
        name = properties.get("RoleName") or context.name(64)
        given: dict[str, Any] = {
            key: properties[key] for key in ("Path", "Description", "MaxSessionDuration") if key in properties
        }
        trust = policy_text(properties["AssumeRolePolicyDocument"])
        answer = context.call("iam", "create_role", given, None, RoleName=name, AssumeRolePolicyDocument=trust)
        role = answer["Role"]
        resource = Resource(name, {"Arn": role["Arn"], "RoleId": role["RoleId"], "RoleName": name})
        context.report(resource)
        Principal(client, "role", name).configure({}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client, name = context.client("iam"), resource.physical_id
        changed = changed_properties(before, after)
        if "AssumeRolePolicyDocument" in changed:
            trust = policy_text(after["AssumeRolePolicyDocument"])
            client.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        if changed & set(_ROLE_FIELDS):
            given = {
                "Description": after.get("Description", ""),
                "MaxSessionDuration": after.get("MaxSessionDuration", 3600),
            }
            context.call("iam", "update_role", given, None, RoleName=name)
        Principal(client, "role", name).configure(before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        """Policies that others attached stay and make IAM refuse, as on AWS."""
        client, name = context.client("iam"), resource.physical_id
        client.get_role(RoleName=name)
        _strip(Principal(client, "role", name), properties)
        client.delete_role(RoleName=name)


class User(ResourceType):
    type_name = "AWS::IAM::User"
    name_property = "UserName"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("iam")
        name = properties.get("UserName") or context.name(64)
        path = {"Path": properties["Path"]} if "Path" in properties else {}
        answer = client.create_user(UserName=name, **path)
        resource = Resource(name, {"Arn": answer["User"]["Arn"]})
        context.report(resource)
        self._configure(client, name, {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client = context.client("iam")
        if before.get("Path") != after.get("Path"):
            client.update_user(UserName=resource.physical_id, NewPath=after.get("Path", "/"))
        self._configure(client, resource.physical_id, before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        client, name = context.client("iam"), resource.physical_id
        client.get_user(UserName=name)
        _strip(Principal(client, "user", name), properties)
        for group in properties.get("Groups", []):
            with already_gone():
                client.remove_user_from_group(GroupName=group, UserName=name)
        self._set_login(client, name, properties.get("LoginProfile"), None)
        client.delete_user(UserName=name)

    def _configure(self, client: Any, name: str, before: Properties, after: Properties) -> None:
        Principal(client, "user", name).configure(before, after)
        old, new = before.get("Groups", []), after.get("Groups", [])
        for group in [group for group in new if group not in old]:
            client.add_user_to_group(GroupName=group, UserName=name)
        for group in [group for group in old if group not in new]:
            with already_gone():
                client.remove_user_from_group(GroupName=group, UserName=name)
        self._set_login(client, name, before.get("LoginProfile"), after.get("LoginProfile"))

    def _set_login(self, client: Any, name: str, before: Properties | None, after: Properties | None) -> None:
        if before and not after:
            with already_gone():
                client.delete_login_profile(UserName=name)
        if not after or after == before:
            return
        reset = str(after.get("PasswordResetRequired", False)).lower() == "true"
        wanted = {"UserName": name, "Password": after["Password"], "PasswordResetRequired": reset}
        try:
            client.create_login_profile(**wanted)
        except client.exceptions.EntityAlreadyExistsException:
            client.update_login_profile(**wanted)


class InstanceProfile(ResourceType):
    type_name = "AWS::IAM::InstanceProfile"
    name_property = "InstanceProfileName"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("iam")
        name = properties.get("InstanceProfileName") or context.name(128)
        path = {"Path": properties["Path"]} if "Path" in properties else {}
        answer = client.create_instance_profile(InstanceProfileName=name, **path)
        resource = Resource(name, {"Arn": answer["InstanceProfile"]["Arn"]})
        context.report(resource)
        self._set_roles(client, name, [], properties["Roles"])
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        self._set_roles(context.client("iam"), resource.physical_id, before["Roles"], after["Roles"])
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        client, name = context.client("iam"), resource.physical_id
        found = client.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        self._set_roles(client, name, [role["RoleName"] for role in found["Roles"]], [])
        client.delete_instance_profile(InstanceProfileName=name)

    def _set_roles(self, client: Any, name: str, before: list[str], after: list[str]) -> None:
        for role in [role for role in before if role not in after]:
            with already_gone():
                client.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        for role in [role for role in after if role not in before]:
            client.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)


class ServiceLinkedRole(ResourceType):
    type_name = "AWS::IAM::ServiceLinkedRole"

    def create(self, context: Context, properties: Properties) -> Resource:
        answer = context.call("iam", "create_service_linked_role", properties)
        name = answer["Role"]["RoleName"]
        return Resource(name, {"RoleName": name})

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        description = after.get("Description", "")
        context.client("iam").update_role(RoleName=resource.physical_id, Description=description)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("iam").delete_service_linked_role(RoleName=resource.physical_id)


def _strip(principal: Principal, properties: Properties) -> None:
    """Take off what the template put on: IAM deletes no principal that has policies."""
    for each in properties.get("Policies", []):
        principal.remove_inline(each["PolicyName"])
    for arn in properties.get("ManagedPolicyArns", []):
        principal.detach(arn)
