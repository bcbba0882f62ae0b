"""Arguments of steps are judged by the model of the operation that they are for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.sagemaker.pipelines.arguments import check_arguments
from localaws.services.sagemaker.pipelines.definition import DefinitionError, parse_definition

CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
PROCESSING: dict[str, Any] = {
    "ProcessingJobName": "prepare",
    "ProcessingResources": {"ClusterConfig": CLUSTER},
    "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python", "x.py"]},
    "RoleArn": "arn:aws:iam::012345670123:role/jobs",
    "Environment": {"A": "b"},
}


def _check(arguments: dict[str, Any], kind: str = "Processing") -> None:
    step = {"Name": "Prep", "Type": kind, "Arguments": arguments}
    parameters = [{"Name": "P", "Type": "String", "DefaultValue": "x"}]
    check_arguments(parse_definition(json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": [step]})))


@pytest.mark.parametrize("kind", ["Get", "Std:Join"])
def test_arguments_that_are_right_or_not_known_yet_pass(kind: str) -> None:
    expressions = {"Get": {"Get": "Parameters.P"}, "Std:Join": {"Std:Join": {"On": "/", "Values": ["a"]}}}
    cluster = CLUSTER | {"InstanceCount": expressions[kind]}
    _check(PROCESSING)
    _check(PROCESSING | {"ProcessingResources": {"ClusterConfig": cluster}, "RoleArn": expressions[kind]})


@pytest.mark.aws_rule(
    "CreatePipeline validates the arguments of steps as the operations do that they call",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html",
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Enviroment": {}}, "Arguments has no member Enviroment; known are ProcessingInputs"),
        ({"Environment": {"A": 1}}, "Arguments.Environment['A'] must be a string, found 1"),
        (
            {"ProcessingResources": {"ClusterConfig": CLUSTER | {"InstanceCount": "1"}}},
            'Arguments.ProcessingResources.ClusterConfig.InstanceCount must be an integer, found "1"',
        ),
        (
            {"ProcessingResources": {"ClusterConfig": CLUSTER | {"InstanceType": "ml.huge"}}},
            "'Arguments.ProcessingResources.ClusterConfig.InstanceType' failed to satisfy constraint: Member must",
        ),
        ({"RoleArn": "not an arn"}, "at 'Arguments.RoleArn' failed to satisfy constraint"),
        ({"ProcessingJobName": "x" * 64}, "Member must have length less than or equal to 63"),
        ({"ProcessingJobName": "under_score"}, "Member must satisfy regular expression pattern"),
        ({"AppSpecification": ["x"]}, "Arguments.AppSpecification must be an object"),
    ],
)
def test_arguments_that_the_operation_would_refuse_are_refused_with_the_pipeline(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DefinitionError) as error:
        _check(PROCESSING | change)
    assert "step 'Prep': " in str(error.value)
    assert message in str(error.value)


def test_every_type_of_step_that_calls_an_operation_is_judged() -> None:
    for kind in ("Transform", "Model", "RegisterModel"):
        with pytest.raises(DefinitionError, match="has no member Nonsense"):
            _check({"Nonsense": 1}, kind)
