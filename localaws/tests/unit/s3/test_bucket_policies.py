"""Bucket policies: which are well-formed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.s3.bucket_policy_operations import malformed

STATEMENT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
    "Action": ["s3:GetObject"],
    "Resource": "arn:aws:s3:::b/*",
}


def _problem(**changes: Any) -> str | None:
    statement = {name: value for name, value in {**STATEMENT, **changes}.items() if value is not None}
    return malformed(json.dumps({"Version": "2012-10-17", "Statement": statement}), "b")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": "*"},
        {"Action": None, "NotAction": "s3:Delete*"},
        {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Resource": ["arn:aws:s3:::b", "arn:aws-cn:s3:::b/a/*"]},
        {"Resource": "*"},
        {"Resource": None, "NotResource": "arn:aws:s3:::b/private/*"},
    ],
)
def test_a_well_formed_policy(changes: dict[str, Any]) -> None:
    assert _problem(**changes) is None


@pytest.mark.aws_rule(
    "A bucket policy names principals, S3's actions and resources of its own bucket",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Effect": None}, "Missing required field Effect"),
        ({"Effect": "Maybe"}, "Invalid effect: Maybe"),
        ({"Principal": None}, "Missing required field Principal"),
        ({"Action": None}, "Missing required field Action"),
        ({"Action": "ec2:RunInstances"}, "Policy has invalid action"),
        ({"Resource": "arn:aws:s3:::other/*"}, "Policy has invalid resource"),
        ({"Resource": "b/*"}, "Policy has invalid resource"),
        ({"Condition": []}, "Conditions must be a map"),
        ({"Efect": "Allow"}, "Unknown field Efect"),
        (
            {"Condition": {"StringMatches": {"s3:prefix": "a"}}},
            "Policy cannot be evaluated: the condition operator 'StringMatches' of statement 1 does not exist",
        ),
    ],
)
def test_a_malformed_policy_says_what_is_wrong(changes: dict[str, Any], problem: str) -> None:
    assert _problem(**changes) == problem
