"""AWS::EC2: VPCs, subnets and security groups, as far as jobs are placed in them."""

from __future__ import annotations

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.requests import convert
from localaws.services.cloudformation.resource_types.tags import tag_map

# What EC2 answers where a change that was cut off has given or taken the rule.
_DONE_ALREADY = {"authorize": "InvalidPermission.Duplicate", "revoke": "InvalidPermission.NotFound"}


class _Ec2Resource(ApiResource):
    """EC2 tags everything by CreateTags and DeleteTags."""

    service = "ec2"

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        client = context.client("ec2")
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        gone = [{"Key": key} for key in old if key not in new]
        if gone:
            client.delete_tags(Resources=[resource.physical_id], Tags=gone)
        if new and new != old:
            tags = [{"Key": key, "Value": value} for key, value in new.items()]
            client.create_tags(Resources=[resource.physical_id], Tags=tags)


class Vpc(_Ec2Resource):
    type_name = "AWS::EC2::VPC"
    create_operation = "create_vpc"
    delete_operation = "delete_vpc"
    identifier = "VpcId"
    settings = frozenset({"Tags", "EnableDnsHostnames", "EnableDnsSupport"})

    def must_replace(self, name: str, before: Properties, after: Properties) -> bool:
        return after.get("InstanceTenancy", "default") != "default"  # a VPC leaves dedicated hardware as it is

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        vpc = answer["Vpc"]["VpcId"]
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        groups = context.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        default = {"DefaultSecurityGroup": groups[0]["GroupId"]} if groups else {}
        return Resource(vpc, {"VpcId": vpc, **default})

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        super().configure(context, resource, before, after)
        for key, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            value = str(after.get(key, default)).lower() == "true"
            if value != (str(before.get(key, default)).lower() == "true"):
                context.client("ec2").modify_vpc_attribute(VpcId=resource.physical_id, **{key: {"Value": value}})


class Subnet(_Ec2Resource):
    type_name = "AWS::EC2::Subnet"
    create_operation = "create_subnet"
    delete_operation = "delete_subnet"
    identifier = "SubnetId"
    settings = frozenset({"Tags", "MapPublicIpOnLaunch"})

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        found = answer["Subnet"]
        return Resource(found["SubnetId"], {key: found[key] for key in ("SubnetId", "AvailabilityZone")})

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        super().configure(context, resource, before, after)
        value = str(after.get("MapPublicIpOnLaunch", False)).lower() == "true"
        if value != (str(before.get("MapPublicIpOnLaunch", False)).lower() == "true"):
            context.client("ec2").modify_subnet_attribute(
                SubnetId=resource.physical_id, MapPublicIpOnLaunch={"Value": value}
            )


class SecurityGroup(_Ec2Resource):
    type_name = "AWS::EC2::SecurityGroup"
    create_operation = "create_security_group"
    delete_operation = "delete_security_group"
    identifier = "GroupId"
    name_property = "GroupName"
    rename: ClassVar[dict[str, str]] = {"GroupDescription": "Description"}
    settings = frozenset({"Tags", "SecurityGroupIngress", "SecurityGroupEgress"})

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        group = answer["GroupId"]
        return Resource(group, {"GroupId": group, "Id": group})

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        super().configure(context, resource, before, after)
        for key, direction in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
            old, new = before.get(key, []), after.get(key, [])
            if direction == "egress" and not before and new:
                self._apply(context, resource, "revoke", direction, [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
            self._apply(context, resource, "revoke", direction, [rule for rule in old if rule not in new])
            self._apply(context, resource, "authorize", direction, [rule for rule in new if rule not in old])

    def _apply(self, context: Context, resource: Resource, verb: str, direction: str, rules: list[Any]) -> None:
        """One rule at a time: EC2 takes none of several where one is there already, or is not."""
        client = context.client("ec2")
        shape = client.meta.service_model.shape_for("IpPermissionList")
        operation = getattr(client, f"{verb}_security_group_{direction}")
        for rule in rules:
            try:
                operation(GroupId=resource.physical_id, IpPermissions=convert(shape, [_permission(rule, direction)]))
            except ClientError as error:
                if error.response["Error"]["Code"] != _DONE_ALREADY[verb]:
                    raise


def _permission(rule: dict[str, Any], direction: str) -> dict[str, Any]:
    """One rule of a template as an IpPermission."""
    text = {"Description": rule["Description"]} if "Description" in rule else {}
    permission: dict[str, Any] = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
    other = "Source" if direction == "ingress" else "Destination"
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **text}]
    elif "CidrIpv6" in rule:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **text}]
    elif f"{other}SecurityGroupId" in rule:
        permission["UserIdGroupPairs"] = [{"GroupId": rule[f"{other}SecurityGroupId"], **text}]
    elif f"{other}PrefixListId" in rule:
        permission["PrefixListIds"] = [{"PrefixListId": rule[f"{other}PrefixListId"], **text}]
    else:
        raise ResourceError(f"localaws cannot make this security group rule: {rule}")
    return permission
