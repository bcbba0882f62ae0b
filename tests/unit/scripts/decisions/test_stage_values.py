"""What a stage's settings and foundation mean for the definition and for the stack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.decisions.foundation import foundation_of, foundation_stack_parameters
from scripts.decisions.stage_settings import StageSettings, Transform
from scripts.decisions.stage_values import definition_defaults, infrastructure, stack_parameters
from scripts.errors import FoundationError
from tests.unit.scripts.releases import BUCKET, FOUNDATION, NAMES, SETTINGS

PARAMETERS = {
    "sagemaker_role_arn": "pipeline",
    "sagemaker_job_role_arn": "job",
    "sagemaker_ml_artifacts_s3_bucket": BUCKET,
    "kms_key_arn": "key",
    "cloudformation_role_arn": "cloudformation",
    "events_role_arn": "events",
    "announcement_topic_arn": "topic",
}


def changed(**changes: object) -> StageSettings:
    return SETTINGS.model_copy(update=changes)


def test_a_missing_foundation_names_every_parameter() -> None:
    with pytest.raises(FoundationError, match="no foundation for stage preprod") as refused:
        foundation_of({}, NAMES, SETTINGS)
    assert "missing SSM parameter /preprod/sagemaker_role_arn" in refused.value.found
    assert refused.value.next_command == "make bootstrap"


def test_an_incomplete_foundation_names_what_is_missing() -> None:
    with pytest.raises(FoundationError, match="incomplete") as refused:
        foundation_of({**PARAMETERS, "kms_key_arn": ""}, NAMES, SETTINGS)
    assert refused.value.found == ["missing SSM parameter /preprod/kms_key_arn"]


def test_networks_come_from_ssm_where_the_stage_file_has_none() -> None:
    given = {**PARAMETERS, "private-subnets-ids": "subnet-1, subnet-2", "sagemaker-domain-sg": "sg-1"}
    assert foundation_of(given, NAMES, SETTINGS).subnet_ids == ("subnet-1", "subnet-2")
    assert foundation_of(PARAMETERS, NAMES, SETTINGS).security_group_ids == ()


def test_a_role_of_ones_own_replaces_the_foundations() -> None:
    assert foundation_of(PARAMETERS, NAMES, changed(pipeline_role_arn="mine")).pipeline_role_arn == "mine"


def test_what_a_stage_does_not_set_is_left_to_the_pipeline() -> None:
    values = infrastructure(SETTINGS, FOUNDATION, None, None)
    keys = {"KmsKeyId", "ProcessingVolumeKmsKeyId", "InferenceVolumeKmsKeyId"}
    assert set(values) == {"RoleArn", *keys, "SubnetIds", "SecurityGroupIds", "OutputDataUrl"}
    assert len({values[key] for key in keys}) == 1
    assert values["OutputDataUrl"] == f"s3://{BUCKET}/predictions"


def test_what_a_stage_sets_is_bound() -> None:
    settings = changed(transform=Transform(split_type="None", input_filter="$[1:]", join_source="None"))
    values = infrastructure(settings, FOUNDATION, "image", "pipeline/p/code-1/")
    assert values["SplitType"] == values["AssembleWith"] == "None"
    assert values["InputFilter"] == "$[1:]"
    assert values["ProcessingImageUri"] == "image"
    assert values["CodeUrl"] == f"s3://{BUCKET}/pipeline/p/code-1/"
    assert values["PreprocessScriptUrl"] == f"{values['CodeUrl']}pipelines/{settings.pipeline}/preprocess.py"


def test_further_parameters_of_the_pipeline_get_the_stages_defaults() -> None:
    defaults = definition_defaults(changed(parameters={"MaxRejectedFraction": "0.1"}), FOUNDATION)
    assert defaults["MaxRejectedFraction"] == "0.1"
    assert defaults["InputDataUrl"] == f"s3://{BUCKET}/input/"


def test_a_stack_gets_text_alone_and_either_rate_or_cron() -> None:
    rate = stack_parameters(SETTINGS, NAMES, FOUNDATION, "r", "d.json")
    assert all(isinstance(value, str) for value in rate.values())
    assert (rate["ScheduleExpressionforPipeline"], rate["ScheduleCronExpression"]) == ("1 day", "")
    cron = stack_parameters(changed(schedule="cron(0 3 * * ? *)"), NAMES, FOUNDATION, "r", "d.json")
    assert cron["ScheduleCronExpression"] == "0 3 * * ? *"


def test_a_schedule_can_be_switched_off() -> None:
    assert stack_parameters(changed(schedule_enabled=False), NAMES, FOUNDATION, "r", "d")["ScheduleState"] == "DISABLED"


def test_the_foundation_is_deployed_with_the_stages_names() -> None:
    parameters = foundation_stack_parameters(NAMES, SETTINGS)
    assert (parameters["Environment"], parameters["DevAccountId"]) == ("preprod", "012345670123")


def test_who_may_change_a_stage_by_hand_is_the_stage_files_to_say_and_nobody_unless_it_does() -> None:
    guarded = foundation_stack_parameters(NAMES, SETTINGS)
    assert (guarded["DeployedByHand"], guarded["BreakGlassPrincipalArns"]) == ("break-glass", "")
    people = ["arn:aws:iam::012345670123:role/OnCall", "arn:aws:iam::012345670123:user/eva"]
    opened = foundation_stack_parameters(NAMES, changed(deployed_by_hand=True, break_glass=people))
    assert (opened["DeployedByHand"], opened["BreakGlassPrincipalArns"]) == ("allowed", ",".join(people))


def test_the_deployment_role_may_write_the_groups_of_every_pipeline_and_no_other() -> None:
    other = replace(NAMES, pipeline="churn", group="churn-model")
    arns = foundation_stack_parameters(NAMES, SETTINGS, [NAMES, other, NAMES])["ModelPackageArns"].split(",")
    registry = "arn:aws:sagemaker:ap-southeast-2:550011223344:"
    assert arns == [
        f"{registry}{kind}"
        for group in ("berth-demand", "churn-model")
        for kind in (f"model-package-group/{group}", f"model-package/{group}/*")
    ]
