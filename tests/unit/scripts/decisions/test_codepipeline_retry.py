"""What CodePipeline would refuse to retry, and what is said of a rollback that does not come."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.decisions.codepipeline_retry import not_rolled_back, rolls_back, why_not_retried

STRUCTURE = {"version": 3, "stages": [{"name": "Build"}, {"name": "Prod", "onFailure": {"result": "ROLLBACK"}}]}


def state(**latest: str) -> dict[str, Any]:
    return {"stageStates": [{"stageName": "Build"}, {"stageName": "Prod", "latestExecution": latest}]}


def test_the_execution_that_was_in_the_stage_last_can_be_retried() -> None:
    assert why_not_retried("one", "Prod", state(pipelineExecutionId="one"), 3, STRUCTURE) is None


@pytest.mark.aws_rule(
    "A stage can be retried only for its latest execution, in the structure that the execution began with",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html",
)
@pytest.mark.parametrize(
    ("latest", "began_with", "told"),
    [
        ({"pipelineExecutionId": "two", "type": "ROLLBACK"}, 3, "Prod has been rolled back"),
        ({"pipelineExecutionId": "two", "type": "STANDARD"}, 3, "execution two has been in Prod since"),
        ({"pipelineExecutionId": "one"}, 2, "version 2 then, 3 now"),
        ({}, 3, "execution unknown has been in Prod since"),
    ],
)
def test_what_cannot_be_retried_says_why(latest: dict[str, str], began_with: int, told: str) -> None:
    assert told in str(why_not_retried("one", "Prod", state(**latest), began_with, STRUCTURE))


def test_a_rollback_is_owed_only_where_the_stage_wants_one_and_has_a_target() -> None:
    succeeded = [{"executionType": "ROLLBACK"}, {"executionType": "STANDARD"}]
    assert rolls_back(STRUCTURE, "Prod", succeeded)
    assert not rolls_back(STRUCTURE, "Prod", succeeded[:1])
    assert not rolls_back(STRUCTURE, "Build", succeeded)


def test_a_rollback_that_cannot_come_is_told_where_one_was_promised() -> None:
    assert "Prod is not rolled back" in str(not_rolled_back(STRUCTURE, "Prod"))
    assert not_rolled_back(STRUCTURE, "Build") is None
