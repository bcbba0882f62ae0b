"""Names and keys of a stage, and AWS's limits on them."""

from __future__ import annotations

import pytest

from scripts.decisions.names import StageNames
from tests.unit.scripts.releases import NAMES


def test_names_follow_from_project_pipeline_and_stage() -> None:
    assert NAMES.batch_stack == "harbour-berths-preprod"
    assert NAMES.bucket == "harbour-preprod-550011223344-ap-southeast-2"
    assert NAMES.role_arn("deployment") == "arn:aws:iam::550011223344:role/harbour-preprod-deployment"


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
    assert longer.problems() == [f'bucket name "{longer.bucket}" has 76 characters, AWS allows 63']


@pytest.mark.parametrize("folder", ["foundation", "roles"])
def test_a_pipeline_whose_stack_would_be_one_of_the_stages_own_is_told(folder: str) -> None:
    named = StageNames(**{**vars(NAMES), "pipeline": folder})
    assert named.problems() == [f'stack name "{named.batch_stack}" is that of the stage\'s {folder}']


def test_each_pipeline_has_a_codepipeline_of_its_own_in_a_stack_of_its_own() -> None:
    assert NAMES.codepipeline == "harbour-berths"
    assert NAMES.codepipeline_stack == "harbour-berths-codepipeline"
    assert NAMES.toolchain_bucket == "harbour-toolchain-012345670123-ap-southeast-2"


def test_keys_hold_digests() -> None:
    assert NAMES.definition_key("ab" * 32) == "pipeline/berths/definition-abababababab.json"
    assert NAMES.code_prefix("cd" * 32) == "pipeline/berths/code-cdcdcdcdcdcd/"
