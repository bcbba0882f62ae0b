"""Entry conditions: a stage is entered, skipped or refused by what an earlier action has found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.codepipelines import Workshop, action

FINDS = """
version: 0.2
env:
  exported-variables: [CHANGED]
phases: {{build: {{commands: ['export CHANGED="$(cat {file})"']}}}}
"""
WORKS = "version: 0.2\nphases: {build: {commands: ['test -f good']}}"


def condition(result: str = "SKIP", **configuration: str) -> dict[str, Any]:
    settings = {"Variable": "#{Build.CHANGED}", "Value": "true", "Operator": "EQ", **configuration}
    kind = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
    rule = {"name": "SomethingChanged", "ruleTypeId": kind, "configuration": settings}
    return {"conditions": [{"result": result, "rules": [rule]}]}


@pytest.fixture
def workshop(client: Callable[..., Any], unique: str) -> Workshop:
    return Workshop.open(client, unique)


def declaration(workshop: Workshop, entry: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Two stages after the build that finds out, the first of which has the condition."""
    finds = {"ProjectName": workshop.project("finds", FINDS.format(file="changed.txt"))}
    works = {"ProjectName": workshop.project("works", WORKS)}
    declared = workshop.declare(
        [action("Build", "CodeBuild", "Find", inputs=["Source"], namespace="Build", configuration=finds)],
        [action("Build", "CodeBuild", "Work", inputs=["Source"], configuration=works)],
        [action("Build", "CodeBuild", "After", inputs=["Source"], configuration=works)],
        **members,
    )
    declared["stages"][2]["beforeEntry"] = entry
    return declared


def rules(workshop: Workshop, execution_id: str) -> list[dict[str, Any]]:
    found = workshop.client("codepipeline").list_rule_executions(
        pipelineName=workshop.name, filter={"pipelineExecutionId": execution_id}
    )
    return list(found["ruleExecutionDetails"])


@pytest.mark.aws_rule(
    "A stage is entered on conditions of rules; their result is FAIL or SKIP, in a pipeline of type V2, never for the "
    "source stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html",
)
def test_a_stage_whose_condition_is_not_met_is_skipped_and_the_next_one_runs(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "false", "good": ""})
    execution_id = workshop.create(declaration(workshop, condition()))
    assert workshop.ended(execution_id) == "Succeeded"
    assert set(workshop.actions(execution_id)) == {"Source", "Find", "After"}
    stage = workshop.stage("S2")
    assert stage["latestExecution"] == {
        "pipelineExecutionId": execution_id, "status": "Skipped", "type": "STANDARD"
    }  # fmt: skip
    state = stage["beforeEntryConditionState"]
    assert state["latestExecution"]["status"] == "Failed"
    (rule,) = state["conditionStates"][0]["ruleStates"]
    assert (rule["ruleName"], rule["latestExecution"]["status"]) == ("SomethingChanged", "Failed")
    (detail,) = rules(workshop, execution_id)
    assert detail["ruleExecutionId"] == rule["latestExecution"]["ruleExecutionId"]
    assert detail["input"]["resolvedConfiguration"]["Variable"] == "false"
    assert (detail["stageName"], detail["status"]) == ("S2", "Failed")


def test_a_stage_whose_condition_is_met_runs(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "true", "good": ""})
    execution_id = workshop.create(declaration(workshop, condition()))
    assert workshop.ended(execution_id) == "Succeeded"
    assert "Work" in workshop.actions(execution_id)
    assert workshop.stage("S2")["beforeEntryConditionState"]["latestExecution"]["status"] == "Succeeded"
    assert workshop.stage("S2")["latestExecution"]["status"] == "Succeeded"
    assert "beforeEntryConditionState" not in workshop.stage("S3")


def test_a_condition_may_fail_the_execution_and_a_retry_asks_it_again(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "false", "good": ""})
    declared = declaration(workshop, condition("FAIL"))
    declared["stages"][2]["onFailure"] = {"result": "ROLLBACK"}
    execution_id = workshop.create(declared)
    assert workshop.ended(execution_id) == "Failed"
    assert "Work" not in workshop.actions(execution_id)
    assert len(workshop.executions()) == 1  # nothing was changed that would be rolled back
    workshop.client("codepipeline").retry_stage_execution(
        pipelineName=workshop.name, stageName="S2", pipelineExecutionId=execution_id, retryMode="FAILED_ACTIONS"
    )
    workshop.until(lambda: len(rules(workshop, execution_id)) == 2)
    assert workshop.ended(execution_id) == "Failed"


@pytest.mark.aws_rule(
    "A variable that no action has set fails the action that reads it",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html",
)
def test_a_variable_that_nobody_set_fails_the_stage_instead_of_skipping_it(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "true", "good": ""})
    execution_id = workshop.create(declaration(workshop, condition(Variable="#{Build.NEVER_SET}")))
    assert workshop.ended(execution_id) == "Failed"
    (detail,) = rules(workshop, execution_id)
    assert "NEVER_SET" in detail["output"]["executionResult"]["errorDetails"]["message"]
    assert workshop.stage("S2")["beforeEntryConditionState"]["latestExecution"]["status"] == "Errored"


def test_a_skipped_stage_is_no_target_of_a_rollback_and_cannot_be_retried(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "false", "good": ""})
    execution_id = workshop.create(declaration(workshop, condition()))
    assert workshop.ended(execution_id) == "Succeeded"
    codepipeline = workshop.client("codepipeline")
    with pytest.raises(ClientError, match="StageNotRetryable"):
        codepipeline.retry_stage_execution(
            pipelineName=workshop.name, stageName="S2", pipelineExecutionId=execution_id, retryMode="ALL_ACTIONS"
        )
    with pytest.raises(ClientError, match="UnableToRollbackStage"):
        codepipeline.rollback_stage(pipelineName=workshop.name, stageName="S2", targetPipelineExecutionId=execution_id)


@pytest.mark.aws_rule(
    "ListRuleExecutions shows the latest run of each rule",
    page="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_RuleExecutionDetail.html",
)
def test_of_each_rule_the_latest_run_is_shown_and_an_unknown_execution_is_refused(workshop: Workshop) -> None:
    workshop.put_source({"changed.txt": "false", "good": ""})
    execution_id = workshop.create(declaration(workshop, condition()))
    workshop.ended(execution_id)
    client = workshop.client("codepipeline")
    latest = {"pipelineExecutionId": execution_id, "startTimeRange": "Latest"}
    found = client.list_rule_executions(pipelineName=workshop.name, filter={"latestInPipelineExecution": latest})
    assert [each["ruleName"] for each in found["ruleExecutionDetails"]] == ["SomethingChanged"]
    with pytest.raises(ClientError, match="PipelineExecutionNotFound"):
        rules(workshop, "00000000-0000-0000-0000-000000000000")
