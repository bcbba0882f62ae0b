"""What SageMaker would refuse is found before anything is deployed."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.decisions.definition_binding import bind_definition
from scripts.decisions.definition_samples import RunTimeValue
from scripts.decisions.definition_validation import definition_problems, require_valid
from scripts.errors import DefinitionError
from scripts.gateways.service_model import argument_problems

# Of these tests alone: whatever a team's pipelines hold, what is refused stays the same.
DEFINITION = json.loads(Path(__file__).with_name("preprocess_and_transform.json").read_text(encoding="utf-8"))
STAGE = {
    "RoleArn": "arn:aws:iam::550011223344:role/jobs",
    "KmsKeyId": "arn:aws:kms:ap-southeast-2:550011223344:key/1",
    "SubnetIds": ["subnet-0123456789abcdef0"],
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "ProcessingImageUri": "783357654285.dkr.ecr.ap-southeast-2.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3",
    "PreprocessScriptUrl": "s3://bucket/preprocess.py",
    "OutputDataUrl": "s3://bucket/predictions",
}


def bound(**changed: Any) -> dict[str, Any]:
    return bind_definition(DEFINITION, {**STAGE, **changed}, {"InputDataUrl": "s3://bucket/input/"})


def problems(definition: Mapping[str, Any]) -> list[str]:
    return definition_problems(definition, argument_problems)


def test_a_definition_bound_to_a_stage_is_valid() -> None:
    assert problems(bound()) == []
    assert problems(bound(SubnetIds=[], SecurityGroupIds=[])) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"BatchStrategy": "Many"}, "BatchStrategy 'Many' is not allowed; allowed: MultiRecord, SingleRecord"),
        ({"RoleArn": "jobs"}, "RoleArn 'jobs' does not match"),
        ({"OutputDataUrl": "bucket/predictions"}, "S3OutputPath 'bucket/predictions/abcdefghijkl/predictions'"),
        ({"InputFilter": "$" * 64}, "InputFilter has 64 characters; at most 63 are allowed"),
        ({"MaxPayloadInMB": -1}, "MaxPayloadInMB is -1; the minimum is 0"),
        ({"MaxPayloadInMB": "6"}, "MaxPayloadInMB must be an integer, not '6'"),
        ({"MaxPayloadInMB": True}, "MaxPayloadInMB must be an integer, not True"),
        ({"SecurityGroupIds": []}, "VpcConfig.SecurityGroupIds is missing"),
    ],
)
def test_a_value_of_the_stage_that_aws_refuses_is_named(values: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems(bound(**values)))


def test_a_default_of_a_parameter_is_checked_where_it_is_used() -> None:
    definition = bind_definition(DEFINITION, STAGE, {"InferenceInstanceType": "ml.m5.lage"})
    assert any(
        "InstanceType 'ml.m5.lage' is not allowed; did you mean ml.m5.large" in each for each in problems(definition)
    )


def test_unknown_and_missing_members_are_named_with_a_guess() -> None:
    definition = bound()
    arguments = definition["Steps"][1]["Arguments"]
    arguments["TransformInputs"] = arguments.pop("TransformInput")
    assert [problem.split("CreateTransformJob.")[1] for problem in problems(definition)] == [
        "TransformInput is missing",
        'TransformInputs is unknown; did you mean "TransformInput"?',
    ]


def test_a_parameter_of_the_wrong_type_is_found_though_its_value_is_unknown() -> None:
    assert argument_problems("CreateTransformJob", {"MaxPayloadInMB": RunTimeValue("String")})[-1].endswith(
        "MaxPayloadInMB must be an integer, not a parameter of type String"
    )


def broken(change: Any) -> list[str]:
    definition = copy.deepcopy(bound())
    change(definition)
    return problems(definition)


def rename_step(definition: dict[str, Any]) -> None:
    definition["Steps"][1]["Name"] = "Preprocess"


def refer_to_nothing(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Arguments"]["Environment"] = {"A": {"Get": "Parameters.Nothing"}}


def refer_to_no_step(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Arguments"]["Environment"] = {"A": {"Get": "Steps.Nowhere.Arn"}}


def refer_to_no_output(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] = "renamed"


def wait_for_each_other(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["DependsOn"] = ["Transform"]


def depend_on_nothing(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["DependsOn"] = ["Nowhere"]


def retry_both_ways(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["RetryPolicies"][0]["ExpireAfterMin"] = 10


def retry_for_ever(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["RetryPolicies"][0]["MaxAttempts"] = 21


def retry_what_does_not_exist(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["RetryPolicies"][0]["ExceptionType"] = ["Step.UNLUCKY"]


def grow_too_long(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Description"] = "x" * 1_048_576


def name_badly(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Name"] = "no spaces"


def declare_twice(definition: dict[str, Any]) -> None:
    definition["Parameters"].append(definition["Parameters"][0])


def use_unknown_type(definition: dict[str, Any]) -> None:
    definition["Steps"][0]["Type"] = "Procesing"


def lose_version(definition: dict[str, Any]) -> None:
    del definition["Version"]


@pytest.mark.aws_rule(
    "A pipeline is within SageMaker's quotas, and its retry policies within their bounds",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quotas.html",
)
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (rename_step, "step Preprocess is declared 2 times"),
        (refer_to_nothing, "refers to a parameter that does not exist: Nothing"),
        (refer_to_no_step, "refers to a step that does not exist: Nowhere"),
        (refer_to_no_output, "refers to an output that step Preprocess does not have: features"),
        (wait_for_each_other, "steps wait for each other: Preprocess -> Transform -> Preprocess"),
        (depend_on_nothing, "DependsOn names a step that does not exist: Nowhere"),
        (retry_both_ways, "MaxAttempts and ExpireAfterMin are both given"),
        (retry_for_ever, "MaxAttempts must be 1 to 20, not 21"),
        (retry_what_does_not_exist, "unknown ExceptionType 'Step.UNLUCKY'"),
        (grow_too_long, "at most 1048576 are allowed"),
        (name_badly, "step 'no spaces': its name must have"),
        (declare_twice, "parameter ProcessingInstanceType is declared 2 times"),
        (use_unknown_type, "unknown Type 'Procesing'"),
        (lose_version, 'Version must be "2020-12-01", not None'),
    ],
)
def test_what_the_definition_itself_gets_wrong_is_named(change: Any, expected: str) -> None:
    assert any(expected in problem for problem in broken(change))


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(DefinitionError) as error:
        require_valid(bound(BatchStrategy="Many", RoleArn="x"), argument_problems)
    assert len(error.value.found) == 3
