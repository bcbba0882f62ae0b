"""The file by which CodePipeline's CloudFormation actions get a stack's parameters and tags. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

# What promote finds out, and the CodePipeline passes as ParameterOverrides in place of what this file says.
OVERRIDDEN = ("ModelPackageName", "PipelineDefinitionS3Key")
# ScheduleState is overridden too, where somebody has switched the schedule since; it stays here, where it can be read.


def template_configuration_path(stage: str) -> str:
    """Where the release artifact has it; ``cloudformation/codepipeline.yml`` names the same path."""
    return f"build/{stage}-configuration.json"


def template_configuration(parameters: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """The file's text. Parameters that are known only after promotion are left to the CodePipeline's overrides."""
    known = {name: value for name, value in parameters.items() if name not in OVERRIDDEN}
    return json.dumps({"Parameters": known, "Tags": dict(tags)}, indent=2, sort_keys=True) + "\n"
