"""Whether a bucket policy makes its bucket public, as S3 understands it. Pure.

A statement that allows everybody is public unless a condition holds it to fixed values of a key that tells who asks.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import ipaddress

from localaws.policies.document import Document, Statement, read
from localaws.policies.operators import Test

_NARROWING = frozenset(
    [
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ]
)
_BROADEST = {4: 8, 6: 32}  # prefixes shorter than these are as good as everybody


def is_public(document: Document) -> bool:
    return any(_allows_everybody(statement) for statement in read(document, "resource").statements)


def _allows_everybody(statement: Statement) -> bool:
    principals = statement.principals
    if statement.effect == "Deny" or principals is None or not principals.everybody:
        return False
    return not any(_narrows(test) for test in statement.conditions)


def _narrows(test: Test) -> bool:
    if test.operator is None or test.operator.negated or test.if_exists or test.quantifier == "ForAllValues":
        return False
    if test.key not in _NARROWING:
        return False
    if test.key == "aws:sourceip":
        return test.name.endswith("IpAddress") and all(_is_narrow(value) for value in test.values)
    return not any(letter in value for value in test.values for letter in "*?$")


def _is_narrow(value: str) -> bool:
    network = ipaddress.ip_network(value, strict=False)
    return network.prefixlen >= _BROADEST[network.version]
