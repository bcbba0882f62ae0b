"""Every policy fits into what IAM and S3 take, with the longest names that the templates allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.decisions.rendered_stack import RenderedStack
from scripts.repository.template_linters import read_template

ROOT = Path(__file__).parents[2]
PARAMETERS = {
    "SageMakerProjectName": "a" * 25,
    "Environment": "e" * 10,
    "DevAccountId": "1" * 12,
    "PreprodAccountId": "2" * 12,
    "ProdAccountId": "3" * 12,
    "RepositoryName": "r" * 100,
    "PipelineFolder": "p" * 40,
    "ModelPackageGroupName": "g" * 63,
    "DeployedByHand": "allowed",
    "PermissionsBoundaryArn": "arn:aws:iam::012345670123:policy/boundary",
    "SubnetIds": "subnet-0123456789abcdef0",
    "SGIds": "sg-0123456789abcdef0",
    # five people, and the groups of ten pipelines with their versions
    "BreakGlassPrincipalArns": ",".join(f"arn:aws:iam::{'1' * 12}:role/{'x' * 64}" for _ in range(5)),
    "ModelPackageArns": ",".join(
        f"arn:aws:sagemaker:ap-southeast-2:{'2' * 12}:model-package/{'g' * 63}/*" for _ in range(20)
    ),
}
LONGER_ELSEWHERE = 1.1  # of us-gov-west-1, say, in arn:aws-us-gov
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, without whitespace
LIMITS = {"trust": 2_048, "inline": 10_240, "managed": 6_144, "bucket": 20_480, "key": 32_768}


def _policies(name: str) -> Iterator[tuple[str, str, Any]]:
    """(logical id, kind, what counts together) of a template."""
    stack = RenderedStack("s" * 60, read_template(ROOT / "cloudformation" / f"{name}.yml"), "2" * 12, PARAMETERS, {})
    for logical_id, role in stack.of_type("AWS::IAM::Role").items():
        yield logical_id, "trust", role["AssumeRolePolicyDocument"]
        yield logical_id, "inline", [each["PolicyDocument"] for each in role.get("Policies", [])]
    for logical_id, policy in stack.of_type("AWS::IAM::ManagedPolicy").items():
        yield logical_id, "managed", policy["PolicyDocument"]
    for logical_id, policy in stack.of_type("AWS::S3::BucketPolicy").items():
        yield logical_id, "bucket", policy["PolicyDocument"]
    for logical_id, key in stack.of_type("AWS::KMS::Key").items():
        yield logical_id, "key", key["KeyPolicy"]


@pytest.mark.aws_rule(
    "A trust policy has at most 2,048 characters, a role's inline policies together 10,240, a managed policy 6,144.",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
@pytest.mark.parametrize("name", ["foundation", "roles", "toolchain", "codepipeline"])
def test_every_policy_fits(name: str) -> None:
    sizes = {
        (logical_id, kind): round(len(json.dumps(document, separators=(",", ":"))) * LONGER_ELSEWHERE)
        for logical_id, kind, document in _policies(name)
    }
    assert sizes
    assert {key: size for key, size in sizes.items() if size > LIMITS[key[1]]} == {}
