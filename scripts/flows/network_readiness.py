"""Whether a stage's jobs would work in the network that its settings or its foundation name. Reads, changes nothing."""

from __future__ import annotations

from scripts.decisions.network_rules import endpoint_service, network_problems, unreachable_services
from scripts.errors import SettingsError
from scripts.flows.stage_context import StageContext
from scripts.gateways.networks import read_network

PAGE = "docs/going-to-aws.md#a-network-of-your-own"


def network(context: StageContext) -> str:
    """What was found. Raises SettingsError for a network in which jobs would fail or hang."""
    foundation, region = context.foundation, context.settings.region
    subnets, groups = foundation.subnet_ids, foundation.security_group_ids
    if not subnets:
        return "SageMaker's own: jobs are in no subnet of yours"
    found = read_network(context.reader, subnets, groups)
    instances = max(context.settings.processing.instance_count, context.settings.inference.instance_count)
    problems = network_problems(found, region, subnets, groups, instances)
    if problems:
        raise SettingsError(problems[0], found=problems[1:], next_command=_remedy(problems[0], region))
    told = f"{', '.join(subnets)} reach S3"
    missing = unreachable_services(found, region)
    if not missing:
        return told
    isolated = context.settings.network_isolation
    who = "your scripts, were they given a network," if isolated else "the model's container, which has the network,"
    return f"{told}; {who} could not call {', '.join(missing)} ({PAGE})"


def _remedy(problem: str, region: str) -> str:
    if "no way to S3" in problem:
        return (
            "aws ec2 create-vpc-endpoint --vpc-endpoint-type Gateway "
            f"--service-name {endpoint_service(region, 's3')} --vpc-id VPC --route-table-ids TABLE   "
            f"# or a default route to a NAT gateway: {PAGE}"
        )
    if "among themselves" in problem:
        return (
            "aws ec2 authorize-security-group-ingress (and -egress) --group-id GROUP --ip-permissions "
            f"IpProtocol=50,UserIdGroupPairs=[{{GroupId=GROUP}}]   # and UDP 500: {PAGE}"
        )
    return f"correct network: in the stage's file   # {PAGE}"
