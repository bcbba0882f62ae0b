"""After an execution has failed, the command that is printed leads on: whatever became of the failed stage."""

from __future__ import annotations

import pytest

from tests.functional.toolchain.conftest import Desk

STAGE = "S1"


def approve(desk: Desk) -> None:
    desk.workshop.token()
    done = desk.run("approve", "--summary", "go", "--no-follow")
    assert done.returncode == 0, done.stderr


def failed(desk: Desk) -> str:
    """What is said of an execution whose build fails after its approval."""
    desk.workshop.token()
    done = desk.run("approve", "--summary", "try")
    assert done.returncode == 12, done.stderr
    return done.stderr


def succeeded_once(desk: Desk) -> str:
    """The id of an execution that succeeded in a pipeline stage which is rolled back, before its build broke."""
    first = desk.declare(rolls_back=True)
    approve(desk)
    assert desk.workshop.ended(first) == "Succeeded"
    desk.mend("ls /absent-file")
    return first


@pytest.mark.aws_rule(
    "A stage can be retried only for its latest execution, which after a rollback is the rollback",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html",
)
def test_after_a_rollback_a_new_execution_is_the_way_on(desk: Desk) -> None:
    succeeded_once(desk)
    second = desk.workshop.start()
    said = failed(desk)
    rollback = desk.workshop.executions()[0]
    assert rollback["executionType"] == "ROLLBACK"
    assert f"S1 is rolled back to its last success, by execution {rollback['pipelineExecutionId']}" in said
    assert "--retry" not in said
    desk.mend("true")
    approve(desk)  # the rollback asks too
    followed = desk.run("codepipeline", "--execution", rollback["pipelineExecutionId"], "--wait")
    assert followed.returncode == 0, followed.stderr
    refused = desk.run("codepipeline", "--retry")
    assert refused.returncode == 2
    assert f"execution {second} cannot be retried: S1 has been rolled back" in refused.stderr
    for advice in (said, refused.stderr):
        on = desk.follow_advice(advice)
        assert on.returncode == 0, on.stderr
        assert "Waiting for an approval" in on.stdout
        assert desk.run("approve", "--summary", "mended").returncode == 0


def test_a_first_failure_which_nothing_can_be_rolled_back_to_is_retried(desk: Desk) -> None:
    execution_id = desk.declare("ls /absent-file", rolls_back=True)
    said = failed(desk)
    assert "S1 is not rolled back: CodePipeline can roll back only to" in said
    desk.mend("true")
    on = desk.follow_advice(said)
    assert on.returncode == 0, on.stderr
    assert desk.workshop.execution(execution_id)["status"] == "Succeeded"


def test_a_failure_in_a_structure_that_has_changed_since_needs_a_new_execution(desk: Desk) -> None:
    succeeded_once(desk)
    desk.workshop.start()
    desk.workshop.token()
    codepipeline = desk.workshop.client("codepipeline")
    declaration = codepipeline.get_pipeline(name=desk.workshop.name)["pipeline"]
    declaration["stages"][1]["actions"][0]["timeoutInMinutes"] = 30
    codepipeline.update_pipeline(pipeline=declaration)
    approve(desk)
    said = desk.run("codepipeline", "--newest", "--wait")
    assert said.returncode == 12
    assert "S1 is not rolled back" in said.stderr
    assert "the CodePipeline has been changed since (version 1 then, 2 now)" in said.stderr
    desk.mend("true")
    on = desk.follow_advice(said.stderr)
    assert on.returncode == 0, on.stderr
    assert "Waiting for an approval" in on.stdout


def test_a_rejected_execution_is_asked_about_again_by_the_printed_command(desk: Desk) -> None:
    desk.declare()
    desk.workshop.token()
    assert desk.run("reject", "--summary", "not yet").returncode == 0
    said = desk.run("codepipeline", "--newest")
    assert said.returncode == 17
    on = desk.follow_advice(said.stderr)
    assert on.returncode == 0, on.stderr
    assert "Waiting for an approval" in on.stdout
