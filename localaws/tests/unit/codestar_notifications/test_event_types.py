"""Which notification event types an event is, and which a rule may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.codestar_notifications.event_types import event_types, resource_of, types_of, unknown_type

CODEPIPELINE = "arn:aws:codepipeline:eu-west-1:111111111111:p"
EXECUTION = "CodePipeline Pipeline Execution State Change"


@pytest.mark.parametrize(
    ("source", "detail_type", "detail", "expected"),
    [
        ("aws.codepipeline", EXECUTION, {"state": "FAILED"}, {"codepipeline-pipeline-pipeline-execution-failed"}),
        (
            "aws.codepipeline",
            "CodePipeline Stage Execution State Change",
            {"state": "STARTED"},
            {"codepipeline-pipeline-stage-execution-started"},
        ),
        (
            "aws.codepipeline",
            "CodePipeline Action Execution State Change",
            {"state": "STARTED", "type": {"category": "Approval"}},
            {"codepipeline-pipeline-action-execution-started", "codepipeline-pipeline-manual-approval-needed"},
        ),
        (
            "aws.codebuild",
            "CodeBuild Build State Change",
            {"build-status": "IN_PROGRESS"},
            {"codebuild-project-build-state-in-progress"},
        ),
        (
            "aws.codebuild",
            "CodeBuild Build Phase Change",
            {"completed-phase-status": "FAILED"},
            {"codebuild-project-build-phase-failure"},
        ),
        (
            "aws.codecommit",
            "CodeCommit Repository State Change",
            {"event": "referenceUpdated"},
            {"codecommit-repository-branches-and-tags-updated"},
        ),
        ("aws.s3", "Object Created", {}, set()),
    ],
)
def test_the_types_of_an_event(source: str, detail_type: str, detail: dict[str, Any], expected: set[str]) -> None:
    assert types_of(source, detail_type, detail) == expected
    assert expected <= {entry["EventTypeId"] for entry in event_types()}


def test_an_event_of_a_build_belongs_to_its_project() -> None:
    build = "arn:aws:codebuild:eu-west-1:111111111111:build/compile:1234"
    assert resource_of("aws.codebuild", {"project-name": "compile"}, [build]) == (
        "arn:aws:codebuild:eu-west-1:111111111111:project/compile"
    )


@pytest.mark.aws_rule(
    "A notification rule asks for event types of its own resource",
    page="https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html",
)
@pytest.mark.parametrize(
    "identifier",
    [
        "codepipeline-pipeline-nothing",
        "codebuild-project-build-state-failed",
        "codecommit-repository-pull-request-merged",
    ],
)
def test_a_type_that_the_resource_never_has_is_refused(identifier: str) -> None:
    assert unknown_type(identifier, CODEPIPELINE)


def test_a_type_of_the_resource_is_taken() -> None:
    assert unknown_type("codepipeline-pipeline-manual-approval-needed", CODEPIPELINE) is None
