"""What is shown of a CodePipeline execution."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.decisions.codepipeline_view import (
    HeldUp,
    action_rows,
    failed_stage,
    failure,
    held_up,
    rejection,
    rolled_back_by,
    skipped,
    waiting_approval,
    why_skipped,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
PLAN = {"name": "Plan", "runOrder": 1, "actionTypeId": {"category": "Build", "provider": "CodeBuild"}}
APPROVE = {
    "name": "Approve",
    "runOrder": 2,
    "actionTypeId": {"category": "Approval", "provider": "Manual"},
    "configuration": {"CustomData": "Release #{Build.RELEASE_ID}", "ExternalEntityLink": "https://example.com/#{x}"},
}
STRUCTURE: dict[str, Any] = {"stages": [{"name": "ApproveProd", "actions": [APPROVE, PLAN]}]}


def detail(action: str, status: str, after: int = 0, **result: Any) -> dict[str, Any]:
    return {
        "stageName": "ApproveProd",
        "actionName": action,
        "actionExecutionId": f"{action}-{after}",
        "status": status,
        "startTime": START + timedelta(seconds=after),
        "lastUpdateTime": START + timedelta(seconds=after + 5),
        "output": {"executionResult": result},
    }


def state(latest: dict[str, Any], execution_id: str = "e1", inbound: tuple[str, ...] = ()) -> dict[str, Any]:
    stage = {
        "stageName": "ApproveProd",
        "inboundExecutions": [{"pipelineExecutionId": each} for each in inbound],
        "latestExecution": {"pipelineExecutionId": execution_id, "status": "InProgress"},
        "actionStates": [{"actionName": "Plan"}, {"actionName": "Approve", "latestExecution": latest}],
    }
    return {"stageStates": [{"stageName": "Source"}, stage]}


OPEN = {"status": "InProgress", "token": "t1", "actionExecutionId": "Approve-0"}


def test_every_action_has_a_row_in_the_order_in_which_they_run() -> None:
    rows = action_rows(STRUCTURE, [detail("Plan", "Succeeded")])
    assert [(row.action, row.status, row.seconds) for row in rows] == [
        ("Plan", "Succeeded", 5.0),
        ("Approve", "Waiting", None),
    ]


def test_an_action_that_runs_has_no_time_yet() -> None:
    assert action_rows(STRUCTURE, [detail("Plan", "InProgress")])[0].seconds is None


def test_of_an_action_that_was_retried_the_last_run_is_shown() -> None:
    details = [detail("Plan", "Succeeded", 60), detail("Plan", "Failed")]
    assert action_rows(STRUCTURE, details)[0].status == "Succeeded"
    assert action_rows(STRUCTURE, details[::-1])[0].status == "Succeeded"


def test_an_error_is_the_note_and_tells_why_the_execution_failed() -> None:
    rows = action_rows(STRUCTURE, [detail("Plan", "Failed", errorDetails={"message": "exit status 2"})])
    assert failure(rows) == ["ApproveProd / Plan: exit status 2"]
    assert failed_stage(rows) == "ApproveProd"


def test_that_a_build_succeeded_is_said_once() -> None:
    assert (
        action_rows(STRUCTURE, [detail("Plan", "Succeeded", externalExecutionSummary="Build succeeded")])[0].note == ""
    )


def test_an_approval_that_was_answered_with_no_is_rejected_and_has_its_reason() -> None:
    answered = {"summary": "too few", "lastUpdatedBy": "arn:ann", "actionExecutionId": "Approve-0"}
    rows = action_rows(STRUCTURE, [detail("Approve", "Failed")], state(answered))
    refused = rejection(rows)
    assert refused is not None
    assert refused.note == "too few (by arn:ann)"
    assert failure(rows) == ["ApproveProd / Approve: too few (by arn:ann)"]


def test_the_answer_to_another_execution_is_not_taken_for_this_one() -> None:
    answered = {"summary": "too few", "lastUpdatedBy": "arn:ann", "actionExecutionId": "another"}
    assert rejection(action_rows(STRUCTURE, [detail("Approve", "Failed")], state(answered))) is None


def test_a_rejection_of_which_the_state_is_gone_is_known_by_its_message() -> None:
    rows = action_rows(STRUCTURE, [detail("Approve", "Failed", errorDetails={"message": "Rejected by ann: no"})])
    assert rejection(rows) is not None


def test_an_approval_whose_time_was_over_is_failed_and_not_rejected() -> None:
    rows = action_rows(
        STRUCTURE, [detail("Approve", "Failed", errorDetails={"message": "Nobody approved or rejected"})]
    )
    assert rejection(rows) is None
    assert failed_stage(rows) == "ApproveProd"


def test_an_open_approval_is_found_with_its_texts_filled_in() -> None:
    resolved = {"CustomData": "Release 4711", "ExternalEntityLink": "https://example.com/4711"}
    details = [{**detail("Approve", "InProgress"), "input": {"resolvedConfiguration": resolved}}]
    found = waiting_approval(STRUCTURE, state(OPEN), details)
    assert found is not None
    assert (found.execution_id, found.token) == ("e1", "t1")
    assert (found.custom_data, found.evidence_url) == ("Release 4711", "https://example.com/4711")


def test_no_approval_waits_where_it_is_answered_or_no_approval_at_all() -> None:
    assert waiting_approval(STRUCTURE, state({"status": "Succeeded", "token": "t1"}), []) is None
    assert waiting_approval({"stages": [{"name": "ApproveProd", "actions": [PLAN]}]}, state(OPEN), []) is None


def test_an_execution_in_the_queue_knows_behind_which_one() -> None:
    assert held_up(state(OPEN, "e1", ("e2",)), "e2") == HeldUp("ApproveProd", "e1")
    assert held_up(state(OPEN, "e1", ("e2",)), "e1") is None


def test_the_rollback_of_an_execution_is_found_by_what_started_it() -> None:
    executions = [
        {"pipelineExecutionId": "r2", "trigger": {"triggerType": "AutomatedRollback", "triggerDetail": "e2"}},
        {"pipelineExecutionId": "r1", "trigger": {"triggerType": "AutomatedRollback", "triggerDetail": "e1"}},
        {"pipelineExecutionId": "e3", "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "e9"}},
    ]
    assert rolled_back_by(executions, "e1") == "r1"
    assert rolled_back_by(executions, "e9") is None


def test_what_never_started_in_an_execution_that_succeeded_was_skipped() -> None:
    rows = skipped(action_rows(STRUCTURE, [detail("Plan", "Succeeded")]))
    assert [row.status for row in rows] == ["Succeeded", "Skipped"]


def test_why_an_execution_was_skipped_is_what_its_build_said() -> None:
    def built(**variables: str) -> list[dict[str, Any]]:
        return [detail("Plan", "Succeeded"), {"output": {"outputVariables": variables}}]

    note = "nothing changed for churn: skipped"
    assert why_skipped(built(RELEASE_CHANGED="false", RELEASE_NOTE=note)) == note
    assert why_skipped(built(RELEASE_CHANGED="true", RELEASE_NOTE="changes prod")) is None
    assert why_skipped(built()) is None
