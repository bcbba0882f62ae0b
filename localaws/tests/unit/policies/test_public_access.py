"""Which bucket policies make their bucket public."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.policies.public_access import is_public
from tests.unit.policies.guide import EVERYBODY, PUBLIC, allow, deny, policy, to


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}}, **EVERYBODY)


@pytest.mark.aws_rule(
    "A bucket policy is public unless its conditions pin the caller to fixed values",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
@pytest.mark.parametrize(
    ("statement", "public"),
    [
        (allow(**EVERYBODY), True),
        (allow(Principal={"AWS": ["111111111111", "*"]}), True),
        (deny(**EVERYBODY), False),
        (allow(**to("111111111111")), False),
        (when("Bool", "aws:SecureTransport", "true"), True),
        (when("StringEquals", "aws:SourceVpc", "vpc-91237329"), False),
        (when("StringLike", "aws:SourceVpc", "vpc-*"), True),
        (when("StringNotEquals", "aws:SourceVpc", "vpc-91237329"), True),
        (when("StringEqualsIfExists", "aws:SourceVpce", "vpce-1"), True),
        (when("ForAllValues:StringEquals", "aws:SourceVpce", "vpce-1"), True),
        (when("StringEquals", "aws:PrincipalOrgID", "o-1234567890"), False),
        (when("IpAddress", "aws:SourceIp", "10.0.0.0/8"), False),
        (when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/1"]), True),
        (when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"), True),
    ],
)
def test_what_lets_everybody_in_is_public(statement: dict[str, Any], public: bool) -> None:
    assert is_public(policy(statement)) is public, PUBLIC
