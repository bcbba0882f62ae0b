"""Who approved a release: found by the build that names it, in what CodePipeline remembers from new to old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.decisions.release_approval import LONGEST_WAIT, MOST_READ, answers, approval_of

AT = datetime(2030, 1, 1, tzinfo=UTC)


def build(execution: str, release_id: str) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution,
        "status": "Succeeded",
        "input": {"actionTypeId": {"category": "Build"}},
        "output": {"outputVariables": {"RELEASE_ID": release_id}},
    }


def approval(execution: str, status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution,
        "actionExecutionId": f"a-{execution}",
        "status": status,
        "lastUpdateTime": AT,
        "updatedBy": "arn:ann",
        "input": {"actionTypeId": {"category": "Approval"}},
        "output": {"executionResult": {"externalExecutionSummary": "good"}},
        **more,
    }


def test_the_approval_of_the_execution_that_built_the_release_is_found() -> None:
    history = [approval("e2"), build("e2", "r2"), approval("e1"), build("e1", "r1")]
    found = approval_of("r1", history, {})
    assert found is not None
    assert (found.execution_id, found.by, found.reason, found.at) == ("e1", "arn:ann", "good", AT.isoformat())


def test_a_rejection_a_waiting_approval_and_another_release_approve_nothing() -> None:
    for status in ("Failed", "InProgress"):
        assert approval_of("r1", [approval("e1", status), build("e1", "r1")], {}) is None
    assert approval_of("r3", [approval("e1"), build("e1", "r1")], {}) is None
    assert approval_of("r1", [], {}) is None


def test_a_release_that_was_rejected_and_built_again_has_the_answer_that_let_it_pass() -> None:
    history = [approval("e2", "Failed"), build("e2", "r1"), approval("e1"), build("e1", "r1")]
    found = approval_of("r1", history, {})
    assert found is not None
    assert found.execution_id == "e1"


@pytest.mark.aws_rule(
    "An action execution tells who answered an approval, and when",
    page="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html",
)
def test_what_the_approver_wrote_is_taken_as_it_was_written_where_that_is_still_known() -> None:
    latest = {"actionExecutionId": "a-e1", "summary": "good figures", "lastUpdatedBy": "arn:bob"}
    state = {"stageStates": [{"actionStates": [{"latestExecution": latest}, {"actionName": "Plan"}]}]}
    bare = approval("e1", output={}, updatedBy="")
    found = approval_of("r1", [bare, build("e1", "r1")], state)
    assert found is not None
    assert (found.by, found.reason) == ("arn:bob", "good figures")
    unknown = approval_of("r1", [bare, build("e1", "r1")], {})
    assert unknown is not None
    assert (unknown.by, unknown.reason) == ("", "")


def test_reading_ends_somewhere() -> None:
    def endless() -> Any:
        while True:
            yield approval("e1")

    assert approval_of("r1", endless(), {}) is None
    assert MOST_READ < 10_000


def answered(execution: str, at: datetime, status: str = "Succeeded", stage: str = "ApproveProd") -> dict[str, Any]:
    return approval(execution, status, stageName=stage, lastUpdateTime=at, startTime=at)


def test_all_answers_since_the_last_one_are_found_oldest_first_yes_and_no() -> None:
    hour = timedelta(hours=1)
    history = [
        answered("e4", AT + 4 * hour, "InProgress"),
        answered("e3", AT + 3 * hour),
        build("e3", "r3"),
        answered("e2", AT + 2 * hour, "Failed"),
        build("e2", "r2"),
        answered("e9", AT + 2 * hour, stage="ApproveOther"),
        answered("e1", AT),
        build("e1", "r1"),
    ]
    found = answers("ApproveProd", history, {}, AT.isoformat(timespec="seconds"))
    assert [(each.execution_id, each.release_id, each.granted) for each in found] == [
        ("e2", "r2", False),
        ("e3", "r3", True),
    ]
    assert [each.at for each in found] == ["2030-01-01T02:00:00+00:00", "2030-01-01T03:00:00+00:00"]
    assert len(answers("ApproveProd", history, {}, None)) == 3


def test_who_answered_and_why_is_told_as_it_was_written_and_that_nobody_did() -> None:
    latest = {"actionExecutionId": "a-e1", "lastUpdatedBy": "arn:eva", "summary": "too few rows"}
    state = {"stageStates": [{"actionStates": [{"latestExecution": latest}]}]}
    (told,) = answers("ApproveProd", [answered("e1", AT, "Failed"), build("e1", "r1")], state, None)
    assert (told.by, told.reason) == ("arn:eva", "too few rows")
    timed_out = {**answered("e1", AT, "Failed"), "updatedBy": ""}
    timed_out["output"] = {"executionResult": {"errorDetails": {"message": "Approval expired"}}}
    (told,) = answers("ApproveProd", [timed_out], {}, None)
    timed_out["output"]["executionResult"]["errorDetails"]["message"] = "Rejected by arn:bo: too few: 3"
    (refused,) = answers("ApproveProd", [timed_out], {}, None)
    assert (refused.by, refused.reason) == ("arn:bo", "too few: 3")
    assert (told.by.startswith("nobody"), told.reason, told.release_id) == (True, "Approval expired", None)


def test_no_more_is_read_than_an_answer_can_be_old() -> None:
    asked: list[str] = []

    def history() -> Any:
        for name, age in (("e2", timedelta()), ("e1", LONGEST_WAIT + timedelta(days=1)), ("e0", 2 * LONGEST_WAIT)):
            asked.append(name)
            yield answered(name, AT - age)

    since = (AT - timedelta(seconds=1)).isoformat(timespec="seconds")
    assert [each.execution_id for each in answers("ApproveProd", history(), {}, since)] == ["e2"]
    assert asked == ["e2", "e1"]
