from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.sagemaker.pipelines.definition import DefinitionError, parse_definition


def step(name: str, **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Processing", "Arguments": {}, **members}


def definition(*steps: Any, **members: Any) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": list(steps), **members})


def condition(name: str, if_steps: list[Any], else_steps: list[Any]) -> dict[str, Any]:
    conditions = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]
    branches = {"IfSteps": if_steps, "ElseSteps": else_steps}
    return step(name, Type="Condition", Arguments={"Conditions": conditions, **branches})


def refer(name: str, path: str) -> dict[str, Any]:
    return {"Environment": {"X": {"Get": f"Steps.{name}.{path}"}}}


def test_what_the_sdk_writes_is_read() -> None:
    output = {"OutputName": "o", "S3Output": {"S3Uri": {"Std:Join": {"On": "/", "Values": ["s3:/", "b"]}}}}
    read = parse_definition(
        definition(
            step(
                "Prep",
                Arguments={"ProcessingOutputConfig": {"Outputs": [output]}},
                DisplayName="Prepare",
                PropertyFiles=[{"PropertyFileName": "f", "OutputName": "o", "FilePath": "f.json"}],
                RetryPolicies=[{"ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"], "MaxAttempts": 3}],
                CacheConfig={"Enabled": True, "ExpireAfter": "30d"},
            ),
            step(
                "Score",
                Type="Transform",
                Arguments=refer("Prep", "ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"),
                DependsOn=["Prep"],
            ),
            Metadata={},
            MlflowConfig=None,
            Parameters=[{"Name": "P", "Type": "Integer", "DefaultValue": 1}],
            PipelineExperimentConfig={"ExperimentName": {"Get": "Execution.PipelineName"}, "TrialName": "t"},
        )
    )
    assert read.graph() == {"Prep": set(), "Score": {"Prep"}}
    assert read.steps["Prep"].retry_policies[0].max_attempts == 3


@pytest.mark.aws_rule(
    "Steps of a branch run where their condition chooses it",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-condition",
)
def test_steps_of_a_branch_wait_for_their_condition() -> None:
    read = parse_definition(definition(condition("C", [step("A")], [step("B", DependsOn=["D"]), step("D")])))
    assert read.graph() == {"C": set(), "A": {"C"}, "B": {"C", "D"}, "D": {"C"}}
    assert read.steps["C"].branches == {"If": ("A",), "Else": ("B", "D")}


@pytest.mark.aws_rule(
    "A definition has version 2020-12-01, unique step names, known references, no circle and at most 1 MB",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html",
)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ('{"Version": "2019-01-01", "Steps": []}', "2020-12-01"),
        (definition(), "at least one step"),
        (definition(step("A"), Stpes=[]), "no member Stpes"),
        (definition(step("A"), step("A")), "more than once"),
        (definition(step("A b")), "letters, digits"),
        (definition(step("A" * 65)), "letters, digits"),
        (definition(step("A", Type="Training")), 'type "Training", which localaws does not run'),
        (definition(step("A", Type="Lambda")), "Lambda"),
        (definition(step("A", Argument={})), "no member Argument"),
        (definition({"Name": "A", "Type": "Processing"}), "needs Arguments"),
        (definition(step("A", DependsOn=["B"])), "'B', which is not defined"),
        (definition(step("A", Arguments=refer("B", "ProcessingJobArn"))), "'B', which is not defined"),
        (definition(step("A", Arguments={"X": {"Get": "Parameters.P"}})), "'P', which is not defined"),
        (definition(step("A"), step("B", Arguments=refer("A", "Nothing"))), "has no 'Nothing'"),
        (definition(step("A"), step("B", Arguments=refer("A", "PropertyFiles.f"))), "not declared"),
        (definition(step("A", DependsOn=["B"]), step("B", DependsOn=["A"])), "A -> B -> A"),
        (definition(step("A", RetryPolicies=[{"ExceptionType": ["x"]}])), "'x' is unknown"),
        (definition(step("A", CacheConfig={"Enabled": 1})), "Enabled"),
        (definition(condition("C", [condition("D", [], [])], [])), "nested"),
        (definition(condition("C", [step("A")], [step("A")])), "both branches"),
        (definition(step("F", Type="Fail"), step("A", DependsOn=["F"])), "Fail step"),
        (definition(step("A", Type="Callback")), "SqsQueueUrl"),
        (definition(step("A"), Parameters=[{"Name": "P", "Type": "Date"}]), "Type"),
        (definition(step("A"), Parameters=[{"Name": "P", "Type": "Integer", "DefaultValue": "1"}]), "not of type"),
        (definition(step("A"), Parameters=[{"Name": "P", "Type": "String"}] * 2), "more than once"),
        (
            definition(
                step("A"), Parameters=[{"Name": "P", "Type": "String", "DefaultValue": "a", "EnumValues": ["b"]}]
            ),
            "not among",
        ),
        (definition(step("A", Description="x" * 1_048_576)), "at most 1048576"),
    ],
)
def test_a_wrong_definition_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as error:
        parse_definition(text)
    assert message in str(error.value)
