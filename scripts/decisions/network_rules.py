"""What a network of a team's own must have for the jobs to work in it: a way to S3, and rules between instances.

A job's interfaces are in the stage's subnets and have no public address. SageMaker itself pulls images and writes logs;
what goes through the subnets is S3 (input, model, output) and whatever a container calls by itself. Pure: the answers
of EC2 go in, sentences come out.
https://docs.aws.amazon.com/sagemaker/latest/dg/infrastructure-give-access.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.decisions.partitions import partition_of

Described = Mapping[str, Any]
# What code in a container may call by itself: the SDKs' usual calls, and the image's own.
CALLED_BY_CODE: Final = ("sts", "kms", "logs", "ecr.api", "ecr.dkr", "sagemaker.api", "sagemaker.runtime")
_IKE, _ESP = 500, "50"
_EVERYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Network:
    """EC2's descriptions of a stage's subnets and security groups, and of their VPC's route tables and endpoints."""

    subnets: Sequence[Described]
    route_tables: Sequence[Described]
    endpoints: Sequence[Described]
    security_groups: Sequence[Described]


def network_problems(
    network: Network, region: str, subnet_ids: Sequence[str], group_ids: Sequence[str], instances: int
) -> list[str]:
    """Why jobs of up to ``instances`` instances would fail in this network, one sentence each."""
    there = {each["SubnetId"] for each in network.subnets}
    known = {each["GroupId"] for each in network.security_groups}
    problems = [f"subnet {each} does not exist in this account" for each in subnet_ids if each not in there]
    problems += [f"security group {each} does not exist in this account" for each in group_ids if each not in known]
    vpcs = {each["VpcId"] for each in (*network.subnets, *network.security_groups)}
    if len(vpcs) > 1:
        problems.append(f"subnets and security groups are of different VPCs: {', '.join(sorted(vpcs))}")
    if problems:
        return problems
    problems += [
        f"{subnet['SubnetId']} has no way to S3: {_why_not(network, subnet)}"
        for subnet in network.subnets
        if not _reaches(network, subnet, region, "s3")
    ]
    if not _lets_out(network.security_groups):
        problems.append(f"{', '.join(group_ids)} let no HTTPS out, by which jobs read and write S3")
    return problems + (list(_missing_rules(network)) if instances > 1 else [])


def unreachable_services(network: Network, region: str) -> list[str]:
    """Services that code in a container could not call from at least one of the subnets."""
    return [
        service
        for service in CALLED_BY_CODE
        if not all(_reaches(network, subnet, region, service) for subnet in network.subnets)
    ]


def endpoint_service(region: str, service: str) -> str:
    """The name of the service's VPC endpoint; in China it begins with ``cn.``, but for S3's gateway."""
    prefix = "cn." if partition_of(region) == "aws-cn" and service != "s3" else ""
    return f"{prefix}com.amazonaws.{region}.{service}"


def _reaches(network: Network, subnet: Described, region: str, service: str) -> bool:
    table = _table_of(network, subnet)
    if _way_out(table):
        return True
    name = endpoint_service(region, service)
    for endpoint in network.endpoints:
        if endpoint["VpcId"] != subnet["VpcId"] or str(endpoint.get("State", "")).lower() != "available":
            continue
        if not endpoint["ServiceName"].endswith(name):
            continue
        if endpoint.get("VpcEndpointType") == "Gateway":
            if table and table["RouteTableId"] in endpoint.get("RouteTableIds", []):
                return True
        elif endpoint.get("PrivateDnsEnabled"):
            return True
    return False


def _table_of(network: Network, subnet: Described) -> Described | None:
    """The subnet's own route table, else the main one of its VPC."""
    main = None
    for table in network.route_tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet["SubnetId"]:
                return table
            if association.get("Main") and table["VpcId"] == subnet["VpcId"]:
                main = table
    return main


def _way_out(table: Described | None) -> bool:
    """Whether everything is routed somewhere that an interface without a public address can use."""
    return any(
        _is_default(route)
        and not str(route.get("GatewayId", "")).startswith("igw-")
        and route.get("State") != "blackhole"
        for route in (table or {}).get("Routes", [])
    )


def _is_default(route: Described) -> bool:
    return route.get("DestinationCidrBlock") == _EVERYWHERE[0]


def _why_not(network: Network, subnet: Described) -> str:
    table = _table_of(network, subnet)
    if table is None:
        return "no route table is its own, and its VPC's main one was not found"
    name, missing = table["RouteTableId"], "and no endpoint of S3 is there"
    default = next((route for route in table.get("Routes", []) if _is_default(route)), None)
    if default is None:
        return f"{name} has no default route, {missing}"
    if default.get("State") == "blackhole":
        return f"the default route of {name} leads nowhere (blackhole), {missing}"
    return (
        f"the default route of {name} leads to the internet gateway {default.get('GatewayId')}, "
        f"which interfaces of jobs cannot use, having no public address, {missing}"
    )


def _lets_out(groups: Iterable[Described]) -> bool:
    return any(_covers(rule, "tcp", 443) for group in groups for rule in group.get("IpPermissionsEgress", []))


def _missing_rules(network: Network) -> Iterator[str]:
    """Traffic between a job's instances is encrypted by IPsec, which the groups must let pass in both directions.

    https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html
    """
    for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
        for what, protocol, port in (("UDP 500", "udp", _IKE), ("protocol 50 (ESP)", _ESP, None)):
            if not _let_pass(network, key, protocol, port):
                groups = ", ".join(each["GroupId"] for each in network.security_groups)
                yield f"{groups} do not let {what} {direction} among themselves: encrypted traffic between instances"


def _let_pass(network: Network, key: str, protocol: str, port: int | None) -> bool:
    return any(
        _covers(rule, protocol, port) and _is_among_us(rule, network)
        for group in network.security_groups
        for rule in group.get(key, [])
    )


def _covers(rule: Described, protocol: str, port: int | None) -> bool:
    given = str(rule.get("IpProtocol"))
    if given == "-1":
        return True
    if given not in {protocol, {"udp": "17", "tcp": "6"}.get(protocol, protocol)}:
        return False
    return port is None or int(rule.get("FromPort", 0)) <= port <= int(rule.get("ToPort", 65535))


def _is_among_us(rule: Described, network: Network) -> bool:
    """Whether a rule lets every instance of the job reach every other: by their groups, or by all their subnets."""
    ours = {each["GroupId"] for each in network.security_groups}
    if any(pair.get("GroupId") in ours for pair in rule.get("UserIdGroupPairs", [])):
        return True
    ranges = [ipaddress.IPv4Network(each["CidrIp"], strict=False) for each in rule.get("IpRanges", [])]
    subnets = [ipaddress.IPv4Network(each["CidrBlock"]) for each in network.subnets]
    return all(any(subnet.subnet_of(each) for each in ranges) for subnet in subnets)
