"""``logs`` without a stage: those of the CodePipeline's newest execution, action by action."""

from __future__ import annotations

import json

from tests.functional.toolchain.conftest import Desk


def test_the_builds_of_the_newest_execution_are_shown_and_an_approval_ends_the_following(desk: Desk) -> None:
    desk.declare()
    desk.workshop.token()
    waiting = desk.run("logs")
    assert (waiting.returncode, waiting.stdout) == (0, "")
    assert "waits for the approval S1 / Manual" in waiting.stderr
    assert "make approve" in waiting.stderr
    assert desk.run("approve", "--summary", "good").returncode == 0
    done = desk.run("logs")
    assert done.returncode == 0, done.stderr
    assert "S1/CodeBuild  measuring the model" in done.stdout
    assert ": Succeeded" in done.stderr
    of_one = desk.run("logs", "--step", "CodeBuild", "--output", "json")
    assert {json.loads(line)["step"] for line in of_one.stdout.splitlines()} == {"S1/CodeBuild"}
    unknown = desk.run("logs", "--step", "Promote")
    assert unknown.returncode == 2
    assert "steps: Source/Source, S1/Manual, S1/CodeBuild" in unknown.stderr


def test_without_a_codepipeline_it_says_what_makes_one(desk: Desk) -> None:
    done = desk.run("logs")
    assert done.returncode == 16
    assert "make bootstrap" in done.stderr
