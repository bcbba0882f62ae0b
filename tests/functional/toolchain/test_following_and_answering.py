"""The verbs codepipeline, approve and reject, as a person uses them."""

from __future__ import annotations

import json
import os
import pty
import subprocess

from tests.functional.conftest import DEV
from tests.functional.server_process import ServerProcess
from tests.functional.toolchain.conftest import Desk

STAGE, ACTION = "S1", "Manual"


def test_without_a_codepipeline_both_verbs_say_what_makes_one(desk: Desk) -> None:
    for verb in (("codepipeline",), ("approve", "--summary", "yes")):
        done = desk.run(*verb)
        assert done.returncode == 16
        assert f"there is no CodePipeline {desk.workshop.name}" in done.stderr
        assert "make bootstrap" in done.stderr


def test_a_pipeline_that_has_no_folder_is_refused_with_those_that_have_one(desk: Desk) -> None:
    (desk.folder / "pipelines/churn").mkdir(parents=True)
    (desk.folder / "pipelines/churn/pipeline.py").touch()
    for verb in (("codepipeline",), ("approve", "--summary", "yes"), ("reject", "--summary", "no")):
        done = desk.run(*verb, "--pipeline", "chrun")
        assert done.returncode == 2
        assert 'there is no pipeline "chrun"; did you mean "churn"?' in done.stderr
        assert "folders of pipelines/ with a pipeline.py: berths, churn" in done.stderr


def test_another_pipeline_has_another_codepipeline_and_next_commands_name_it(desk: Desk) -> None:
    (desk.folder / "pipelines/churn_v2").mkdir(parents=True)
    (desk.folder / "pipelines/churn_v2/pipeline.py").touch()
    done = desk.run("codepipeline", "--pipeline", "churn_v2")
    project = desk.environment["SAGEMAKER_PROJECT_NAME"]
    assert f"there is no CodePipeline {project}-churn-v2" in done.stderr


def test_an_execution_is_started_and_followed_up_to_its_approval(desk: Desk) -> None:
    first = desk.declare()
    desk.workshop.token()
    desk.run("reject", "--summary", "make room")
    done = desk.run("codepipeline")
    assert done.returncode == 0, done.stderr
    assert "Succeeded   Source / Source" in done.stderr
    assert "Waiting for an approval: Release of " in done.stdout
    assert len(desk.workshop.executions()) == 2
    assert desk.workshop.executions()[0]["pipelineExecutionId"] != first


def test_the_newest_execution_is_followed_without_starting_one_and_json_keeps_the_token_secret(desk: Desk) -> None:
    execution_id = desk.declare()
    token = desk.workshop.token()
    done = desk.run("codepipeline", "--newest", "--output", "json")
    result = json.loads(done.stdout)
    assert result["execution_id"] == execution_id
    assert result["approval"]["evidence_url"] == "https://example.com/evidence"
    assert token not in done.stdout
    assert len(desk.workshop.executions()) == 1


def test_an_approval_shows_the_evidence_keeps_the_reason_and_is_followed_to_the_end(desk: Desk) -> None:
    execution_id = desk.declare()
    desk.workshop.token()
    done = desk.run("approve", "--summary", "good figures")
    assert done.returncode == 0, done.stderr
    assert "https://example.com/evidence" in done.stderr
    assert "Approved: good figures" in done.stdout
    assert "Succeeded   S1 / CodeBuild" in done.stderr
    assert desk.workshop.execution(execution_id)["status"] == "Succeeded"
    again = desk.run("approve", "--summary", "twice")
    assert again.returncode == 17
    assert "no approval" in again.stderr


def test_a_rejection_is_told_as_one_with_its_reason_and_by_whom(desk: Desk) -> None:
    execution_id = desk.declare()
    desk.workshop.token()
    assert desk.run("reject", "--summary", "too few rows").returncode == 0
    assert desk.workshop.ended(execution_id) == "Failed"
    told = desk.run("codepipeline", "--newest")
    assert told.returncode == 17
    assert f"execution {execution_id} of {desk.workshop.name} was rejected" in told.stderr
    assert f"S1 / Manual: too few rows (by arn:aws:iam::{DEV}:root)" in told.stderr
    assert "CodeBuild" not in desk.workshop.actions(execution_id)


def test_a_reason_that_is_missing_empty_or_too_long_answers_nothing(desk: Desk) -> None:
    desk.declare()
    token = desk.workshop.token()
    for options in ((), ("--summary", "  "), ("--summary", "x" * 513)):
        done = desk.run("approve", *options)
        assert done.returncode == 2, done.stderr
    assert desk.workshop.token() == token


def test_the_reason_is_asked_for_on_a_terminal(desk: Desk) -> None:
    execution_id = desk.declare()
    desk.workshop.token()
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            desk.command("reject"),
            cwd=desk.folder,
            env=desk.environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(ours, b"typed by hand\n")
        out, err = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Reason to reject" in err
    assert "Rejected: typed by hand" in out
    assert desk.workshop.ended(execution_id) == "Failed"


def test_an_execution_in_the_queue_says_which_approval_it_waits_for(desk: Desk) -> None:
    first = desk.declare()
    desk.workshop.token()
    second = desk.workshop.start()
    desk.workshop.until(lambda: desk.workshop.stage(STAGE).get("inboundExecutions"))
    done = desk.run("codepipeline", "--newest")
    assert done.returncode == 0, done.stderr
    assert (
        f"Execution {second} waits before {STAGE}. Execution {first} occupies it and waits for an approval"
        in done.stdout
    )
    assert "make approve" in done.stdout


def test_an_approval_that_nobody_answered_in_time_fails_the_execution(desk: Desk, server: ServerProcess) -> None:
    desk.declare()
    desk.workshop.token()
    server.address.page("/_localaws/clock", {"advance_seconds": 3601})
    done = desk.run("codepipeline", "--newest")
    assert done.returncode == 12
    assert "Nobody approved or rejected Manual" in done.stderr
    late = desk.run("approve", "--summary", "late")
    assert late.returncode == 17


def test_a_failed_build_shows_its_last_lines_and_a_retry_goes_on_from_there(desk: Desk) -> None:
    execution_id = desk.declare("ls /absent-file")
    desk.workshop.token()
    failed = desk.run("approve", "--summary", "try")
    assert failed.returncode == 12
    assert "measuring the model" in failed.stderr
    assert "/absent-file" in failed.stderr
    assert "Phase complete" not in failed.stderr  # what CodeBuild says itself is not what went wrong
    desk.mend("true")
    again = desk.run("codepipeline", "--retry")
    assert again.returncode == 0, again.stderr
    assert desk.workshop.execution(execution_id)["status"] == "Succeeded"
    nothing = desk.run("codepipeline", "--retry")
    assert nothing.returncode == 2
    assert "nothing to retry" in nothing.stderr


def test_an_unknown_execution_is_told(desk: Desk) -> None:
    desk.declare()
    done = desk.run("codepipeline", "--execution", "00000000-0000-0000-0000-000000000000")
    assert done.returncode == 2
    assert "has no execution 00000000" in done.stderr
