"""What the CodePipeline's CloudFormation action is given for a stage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.decisions.template_configuration import template_configuration, template_configuration_path


@pytest.mark.aws_rule(
    "A CloudFormation action reads parameters, tags and a stack policy from a template configuration file of an "
    "artifact",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html",
)
def test_a_template_configuration_leaves_to_promotion_what_only_promotion_knows() -> None:
    text = template_configuration(
        {"A": "1", "ModelPackageName": "?", "PipelineDefinitionS3Key": "k"}, {"stage": "prod"}
    )
    assert json.loads(text) == {"Parameters": {"A": "1"}, "Tags": {"stage": "prod"}}


def test_the_path_is_the_one_that_the_codepipeline_names() -> None:
    toolchain = (Path(__file__).parents[4] / "cloudformation" / "codepipeline.yml").read_text()
    for stage in ("preprod", "prod"):
        assert f"Release::{template_configuration_path(stage)}" in toolchain
