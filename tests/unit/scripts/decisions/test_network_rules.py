"""What a network of one's own lacks for jobs: a way to S3, HTTPS out, rules among the instances of a job."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.network_rules import (
    CALLED_BY_CODE,
    Network,
    endpoint_service,
    network_problems,
    unreachable_services,
)

REGION, SUBNET, GROUP, TABLE = "ap-southeast-2", "subnet-0a", "sg-0a", "rtb-0a"
ALL_OUT = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
HTTPS_OUT = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
OURS: dict[str, Any] = {"UserIdGroupPairs": [{"GroupId": GROUP}]}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}
INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def endpoint(service: str = "s3", kind: str = "Gateway", **more: Any) -> dict[str, Any]:
    name = f"com.amazonaws.{REGION}.{service}"
    way = {"RouteTableIds": [TABLE]} if kind == "Gateway" else {"PrivateDnsEnabled": True}
    return {"VpcId": "vpc-1", "ServiceName": name, "VpcEndpointType": kind, "State": "available", **way, **more}


def network(
    routes: list[dict[str, Any]] | None = None,
    endpoints: list[dict[str, Any]] | None = None,
    ingress: list[dict[str, Any]] | None = None,
    egress: list[dict[str, Any]] | None = None,
    main: bool = False,
) -> Network:
    association = {"Main": True} if main else {"SubnetId": SUBNET}
    table = {"RouteTableId": TABLE, "VpcId": "vpc-1", "Routes": [LOCAL, *(routes or [])], "Associations": [association]}
    group = {"GroupId": GROUP, "VpcId": "vpc-1", "IpPermissions": ingress or []}
    return Network(
        [{"SubnetId": SUBNET, "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}],
        [table],
        endpoints or [],
        [{**group, "IpPermissionsEgress": [ALL_OUT] if egress is None else egress}],
    )


def problems(found: Network, instances: int = 1) -> list[str]:
    return network_problems(found, REGION, [SUBNET], [GROUP], instances)


@pytest.mark.aws_rule(
    "Jobs in a VPC reach S3 through its endpoint or a NAT gateway: their interfaces have no public address",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-vpc.html",
)
@pytest.mark.parametrize(
    ("found", "told"),
    [
        (network(endpoints=[endpoint()]), None),
        (network(endpoints=[endpoint(kind="Interface")]), None),
        (network([NAT]), None),
        (network([NAT], main=True), None),
        (network([{**NAT, "NatGatewayId": None, "TransitGatewayId": "tgw-1"}]), None),
        (network(), "has no default route"),
        (network([INTERNET]), "internet gateway igw-1"),
        (network([{**NAT, "State": "blackhole"}]), "blackhole"),
        (network(endpoints=[endpoint(RouteTableIds=["rtb-other"])]), "no endpoint of S3"),
        (network(endpoints=[endpoint(State="pendingAcceptance")]), "no endpoint of S3"),
        (network(endpoints=[endpoint(kind="Interface", PrivateDnsEnabled=False)]), "no endpoint of S3"),
        (network(endpoints=[endpoint("sts", "Interface")]), "no endpoint of S3"),
        (network(endpoints=[endpoint(VpcId="vpc-2")]), "no endpoint of S3"),
    ],
)
def test_a_subnet_needs_a_way_to_s3(found: Network, told: str | None) -> None:
    said = problems(found)
    assert said == [] if told is None else told in said[0] and f"{SUBNET} has no way to S3" in said[0]


def rules(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**each, **OURS} for each in given]


IKE, ESP = {"IpProtocol": "udp", "FromPort": 500, "ToPort": 500}, {"IpProtocol": "50"}


@pytest.mark.aws_rule(
    "Encrypted traffic between a job's instances needs UDP 500 and protocol 50 in and out among its security groups",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html",
)
@pytest.mark.parametrize(
    ("ingress", "egress", "missing"),
    [
        (rules(IKE, ESP), [ALL_OUT], []),
        (rules(IKE, ESP), [HTTPS_OUT, *rules(IKE, ESP)], []),
        (rules({"IpProtocol": "-1"}), [ALL_OUT], []),
        ([{**ALL_OUT, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}], [ALL_OUT], []),
        (rules({"IpProtocol": "17", "FromPort": 0, "ToPort": 65535}, ESP), [ALL_OUT], []),
        ([], [ALL_OUT], ["UDP 500 in", "protocol 50 (ESP) in"]),
        (rules(IKE), [ALL_OUT], ["protocol 50 (ESP) in"]),
        (rules(IKE, ESP), [HTTPS_OUT], ["UDP 500 out", "protocol 50 (ESP) out"]),
        ([{**ALL_OUT, "IpRanges": [{"CidrIp": "10.0.1.0/25"}]}], [ALL_OUT], ["UDP 500 in", "protocol 50 (ESP) in"]),
        ([{**IKE, "UserIdGroupPairs": [{"GroupId": "sg-other"}]}, *rules(ESP)], [ALL_OUT], ["UDP 500 in"]),
    ],
)
def test_instances_of_a_job_need_rules_among_themselves(
    ingress: list[dict[str, Any]], egress: list[dict[str, Any]], missing: list[str]
) -> None:
    found = network([NAT], ingress=ingress, egress=egress)
    said = problems(found, instances=2)
    assert len(said) == len(missing)
    assert all(each in one for each, one in zip(missing, said, strict=True))
    assert problems(found, instances=1) == []


def test_what_is_not_there_and_what_does_not_belong_together_is_told_first() -> None:
    assert network_problems(network([NAT]), REGION, [SUBNET, "subnet-9"], [GROUP, "sg-9"], 1) == [
        "subnet subnet-9 does not exist in this account",
        "security group sg-9 does not exist in this account",
    ]
    apart = network([NAT])
    other = Network(apart.subnets, apart.route_tables, [], [{**apart.security_groups[0], "VpcId": "vpc-2"}])
    assert "different VPCs: vpc-1, vpc-2" in problems(other)[0]


def test_groups_that_let_no_https_out_are_told() -> None:
    assert "no HTTPS out" in problems(network([NAT], egress=[{**HTTPS_OUT, "ToPort": 442, "FromPort": 442}]))[0]
    assert problems(network([NAT], egress=[HTTPS_OUT])) == []


def test_what_code_could_not_call_is_named_and_with_a_nat_gateway_nothing_is() -> None:
    assert unreachable_services(network([NAT]), REGION) == []
    with_two = network(endpoints=[endpoint(), endpoint("sts", "Interface"), endpoint("kms", "Interface")])
    assert unreachable_services(with_two, REGION) == [each for each in CALLED_BY_CODE if each not in ("sts", "kms")]


def test_in_china_endpoints_but_that_of_s3_have_another_name() -> None:
    assert endpoint_service("cn-north-1", "sts") == "cn.com.amazonaws.cn-north-1.sts"
    assert endpoint_service("cn-north-1", "s3") == "com.amazonaws.cn-north-1.s3"
    assert endpoint_service(REGION, "ecr.api") == "com.amazonaws.ap-southeast-2.ecr.api"


ROUTES = st.lists(st.sampled_from([NAT, INTERNET, LOCAL, {**NAT, "State": "blackhole"}]), max_size=4)
ENDPOINTS = st.lists(st.sampled_from([endpoint(), endpoint("sts", "Interface"), endpoint(VpcId="vpc-2")]), max_size=3)


@given(ROUTES, ENDPOINTS)
def test_more_routes_and_endpoints_never_make_a_network_worse(
    routes: list[dict[str, Any]], endpoints: list[dict[str, Any]]
) -> None:
    if problems(network(routes, endpoints)) == []:
        assert problems(network([*routes, LOCAL], [*endpoints, endpoint("kms", "Interface")])) == []
    assert problems(network([*routes, NAT], endpoints)) == []
