"""Names and keys of a stage, and AWS's limits on them."""

from __future__ import annotations

import pytest

from scripts.decisions.names import StageNames
from tests.unit.scripts.releases import NAMES


def test_names_follow_from_project_pipeline_and_stage() -> None:
    assert NAMES.batch_stack == "tumor-screening-batch-inference-preprod"
    assert NAMES.bucket == "tumor-screening-preprod-222222222222-eu-west-1"
    assert NAMES.role_arn("deployment") == "arn:aws:iam::222222222222:role/tumor-screening-preprod-deployment"


@pytest.mark.aws_rule(
    "A region belongs to one partition, which every ARN names",
    page="https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html",
)
def test_the_partition_is_the_regions() -> None:
    china = StageNames(**{**vars(NAMES), "region": "cn-north-1"})
    assert china.role_arn("reader").startswith("arn:aws-cn:iam::")


def test_a_name_longer_than_aws_allows_is_told() -> None:
    assert NAMES.problems() == []
    longer = StageNames(**{**vars(NAMES), "project": "a" * 40})
    assert longer.problems() == [f'bucket name "{longer.bucket}" has 71 characters, AWS allows 63']


def test_each_pipeline_has_a_codepipeline_of_its_own_in_a_stack_of_its_own() -> None:
    assert NAMES.codepipeline == "tumor-screening-batch-inference"
    assert NAMES.codepipeline_stack == "tumor-screening-batch-inference-codepipeline"
    assert NAMES.toolchain_bucket == "tumor-screening-toolchain-111111111111-eu-west-1"


def test_keys_hold_digests() -> None:
    assert NAMES.definition_key("ab" * 32) == "pipeline/batch_inference/definition-abababababab.json"
    assert NAMES.code_prefix("cd" * 32) == "pipeline/batch_inference/code-cdcdcdcdcdcd/"
