"""Declarations that AWS refuses are refused when they are made, in words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.services.codepipeline.structure import check_structure

REGION = "eu-west-1"


def action(category: str, provider: str, configuration: dict[str, str], **members: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": provider, "actionTypeId": kind, "configuration": configuration, **members}


def source(**members: Any) -> dict[str, Any]:
    configuration = {"RepositoryName": "r", "BranchName": "main"}
    made = action("Source", "CodeCommit", configuration, outputArtifacts=[{"name": "Src"}], namespace="Src")
    return {**made, **members}


def build(**members: Any) -> dict[str, Any]:
    made = action("Build", "CodeBuild", {"ProjectName": "p"}, inputArtifacts=[{"name": "Src"}])
    return {**made, **members}


def deploy(**configuration: str) -> dict[str, Any]:
    settings = {"ActionMode": "CREATE_UPDATE", "StackName": "s", "TemplatePath": "Src::t.yml", **configuration}
    return action("Deploy", "CloudFormation", settings, inputArtifacts=[{"name": "Src"}])


def pipeline(*stages: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    return {
        "name": "p",
        "roleArn": "arn:aws:iam::111111111111:role/r",
        "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": "bucket"},
        "stages": [{"name": f"S{number}", "actions": actions} for number, actions in enumerate(stages)],
        **members,
    }


def test_a_sound_declaration_passes() -> None:
    approval = action("Approval", "Manual", {"CustomData": "#{Src.CommitId} #{variables.v} #{Build.ANY}"}, runOrder=2)
    variables = [{"name": "v", "defaultValue": "x"}]
    check_structure(pipeline([source()], [build(namespace="Build"), approval], [deploy()], variables=variables), REGION)


@pytest.mark.aws_rule(
    "A stage is entered on conditions of rules; their result is FAIL or SKIP, in a pipeline of type V2, never for the "
    "source stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html",
)
def test_a_stage_may_be_entered_on_a_condition() -> None:
    check_structure(with_stage(beforeEntry=rules()), REGION)


def lambda_invoke() -> dict[str, Any]:
    return action("Invoke", "Lambda", {"FunctionName": "f"})


def rules(**configuration: str) -> dict[str, Any]:
    settings = {"Variable": "#{Src.CommitId}", "Value": "x", "Operator": "EQ", **configuration}
    kind = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
    return {"conditions": [{"result": "SKIP", "rules": [{"name": "R", "ruleTypeId": kind, "configuration": settings}]}]}


def with_stage(**members: Any) -> dict[str, Any]:
    declared = pipeline([source()], [build()])
    declared["stages"][1].update(members)
    return declared


@pytest.mark.aws_rule(
    "A pipeline has two stages or more, source actions in the first alone, unique names, artifacts that an earlier "
    "action makes, and the configuration of each action type",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html",
)
@pytest.mark.aws_rule(
    "A variable is read only from a namespace of a preceding action",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html",
)
@pytest.mark.parametrize(
    ("declared", "code", "message"),
    [
        (pipeline([source()]), "InvalidStructure", "minimum of 2 stages"),
        (pipeline([build()], [build()]), "InvalidStructure", "only contains source actions"),
        (pipeline([source()], [source()]), "InvalidStructure", "Only the first stage"),
        (pipeline([source()], []), "InvalidStageDeclaration", "has no actions"),
        (pipeline([source()], [build(), build()]), "InvalidStageDeclaration", "used more than once"),
        (pipeline([source()], [lambda_invoke()]), "InvalidActionDeclaration", "Provider: 'Lambda'"),
        (pipeline([source(configuration={"RepositoryName": "r"})], [build()]), "InvalidAction", "'BranchName'"),
        (pipeline([source()], [deploy(Extra="x")]), "InvalidAction", "unknown configuration 'Extra'"),
        (pipeline([source()], [build(inputArtifacts=[])]), "InvalidAction", "declares 0 input artifact(s)"),
        (pipeline([source()], [build(inputArtifacts=[{"name": "No"}])]), "InvalidAction", "Input Artifact Bundle No"),
        (pipeline([source()], [build(outputArtifacts=[{"name": "Src"}])]), "InvalidAction", "must be unique"),
        (
            pipeline([source()], [build(inputArtifacts=[{"name": "Src"}], outputArtifacts=[{"name": "B"}]),
                                  {**build(inputArtifacts=[{"name": "B"}]), "name": "Same"}]),
            "InvalidAction",
            "Input Artifact Bundle B",
        ),
        (pipeline([source()], [deploy(ActionMode="WHAT")]), "InvalidAction", "ActionMode WHAT"),
        (pipeline([source()], [deploy(ActionMode="CHANGE_SET_REPLACE")]), "InvalidAction", "'ChangeSetName'"),
        (pipeline([source()], [deploy(TemplatePath="t.yml")]), "InvalidAction", "ArtifactName::FileName"),
        (pipeline([source()], [deploy(TemplatePath="No::t.yml")]), "InvalidAction", "not an input artifact"),
        (pipeline([source()], [deploy(ParameterOverrides="{")]), "InvalidAction", "must be a JSON object"),
        (pipeline([source()], [deploy(StackName="#{No.x}")]), "InvalidAction", "no preceding action has the namespace"),
        (pipeline([source()], [deploy(StackName="#{Src.No}")]), "InvalidAction", "has only: AuthorDate"),
        (pipeline([source()], [build(namespace="Src")]), "InvalidAction", "namespaces must be unique"),
        (pipeline([source()], [build(region="us-east-1")]), "InvalidStructure", "artifactStores"),
        (pipeline([source()], [build()], pipelineType="V1", executionMode="QUEUED"), "InvalidStructure", "V1"),
        (pipeline([source()], [build()], artifactStores={}, artifactStore=None), "InvalidStructure", "Exactly one"),
        (with_stage(beforeEntry=rules(Operator="GT")), "InvalidStageDeclaration", "beforeEntry of stage S1: rule R"),
        (with_stage(beforeEntry=rules(Variable="#{No.x}")), "InvalidStageDeclaration", "no preceding action has the"),
        (with_stage(beforeEntry=rules(Variable="#{Src.No}")), "InvalidStageDeclaration", "has only: AuthorDate"),
        (with_stage(onSuccess=rules()), "InvalidStageDeclaration", "remove onSuccess"),
        (with_stage(onFailure=rules()), "InvalidStageDeclaration", "remove the conditions of onFailure"),
        (with_stage(onFailure={"result": "SKIP"}), "InvalidStageDeclaration", "SKIP"),
        (with_stage(blockers=[{"name": "b", "type": "Schedule"}]), "InvalidBlockerDeclaration", "reserved"),
        (pipeline([source(configuration={"RepositoryName": "r", "BranchName": "#{Src.x}"})], [build()]),
         "InvalidAction", "pipeline variables only"),
    ],
)  # fmt: skip
def test_an_unsound_declaration_is_refused(declared: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_structure(deepcopy(declared), REGION)
    assert refused.value.code.startswith(code)
    assert message in refused.value.message
