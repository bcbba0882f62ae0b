"""What EC2 says of the network that a stage's jobs are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.decisions.network_rules import Network
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors


def read_network(account: Account, subnet_ids: Sequence[str], group_ids: Sequence[str]) -> Network:
    """The subnets and groups that exist, and all route tables and endpoints of their VPCs."""
    subnets = _all(account, "describe_subnets", "Subnets", "subnet-id", subnet_ids)
    groups = _all(account, "describe_security_groups", "SecurityGroups", "group-id", group_ids)
    vpcs = sorted({str(each["VpcId"]) for each in subnets})
    if not vpcs:
        return Network(subnets, [], [], groups)
    return Network(
        subnets,
        _all(account, "describe_route_tables", "RouteTables", "vpc-id", vpcs),
        _all(account, "describe_vpc_endpoints", "VpcEndpoints", "vpc-id", vpcs),
        groups,
    )


def _all(account: Account, operation: str, member: str, name: str, values: Sequence[str]) -> list[dict[str, Any]]:
    """By a filter: one that is not there is left out, and is no error."""
    with told_as_deployment_errors(account.actor):
        by = [{"Name": name, "Values": list(values)}]
        pages = account.client("ec2").get_paginator(operation).paginate(Filters=by)
        return [each for page in pages for each in page[member]]
