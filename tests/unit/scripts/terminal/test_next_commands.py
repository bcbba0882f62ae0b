"""A next command names the pipeline and the cloud that the user named, once, wherever it stands in the text."""

from __future__ import annotations

import pytest

from scripts.terminal.next_commands import named_pipeline, repeated


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("make deploy STAGE=preprod", "make deploy STAGE=preprod PIPELINE=churn"),
        ("make run STAGE=prod   # then: make status STAGE=prod", None),
        ('make schedule STAGE=prod OFF REASON="why"', 'make schedule STAGE=prod PIPELINE=churn OFF REASON="why"'),
        (
            "make deploy UNVERIFIED=1 STAGE=prod RELEASE=ab",
            "make deploy UNVERIFIED=1 STAGE=prod PIPELINE=churn RELEASE=ab",
        ),
        ("make deploy STAGE=preprod PIPELINE=churn", "make deploy STAGE=preprod PIPELINE=churn"),
        ("the same command with STAGE=preprod", "the same command with STAGE=preprod"),
        ("make render", "make render"),
        ("make codepipeline ARGS=--retry   # again", "make codepipeline PIPELINE=churn ARGS=--retry   # again"),
        (
            "make approve   # or: make reject; then: make logs",
            "make approve PIPELINE=churn   # or: make reject PIPELINE=churn; then: make logs PIPELINE=churn",
        ),
        ('make approve SUMMARY="x" PIPELINE=churn', 'make approve SUMMARY="x" PIPELINE=churn'),
        ("make logs STAGE=prod", "make logs STAGE=prod PIPELINE=churn"),
        ("git push, then: make approve", "git push, then: make approve PIPELINE=churn"),
    ],
)
def test_the_pipeline_is_repeated(text: str, result: str | None) -> None:
    expected = result or "make run STAGE=prod PIPELINE=churn   # then: make status STAGE=prod PIPELINE=churn"
    assert repeated(text, "churn", {}) == expected
    assert repeated(repeated(text, "churn", {}), "churn", {}) == expected
    assert repeated(text, None, {}) == text


@pytest.mark.parametrize(
    ("text", "on_aws"),
    [
        ("make deploy STAGE=preprod", "make deploy STAGE=preprod CLOUD=aws"),
        ('make schedule STAGE=prod OFF REASON="why"', 'make schedule STAGE=prod CLOUD=aws OFF REASON="why"'),
        ("make bootstrap ARGS='--profile a=b'   # or: make doctor", None),
        ("make codepipeline; make approve", "make codepipeline CLOUD=aws; make approve CLOUD=aws"),
        ("the roles: make bootstrap.", "the roles: make bootstrap CLOUD=aws."),
        ("(make logs STAGE=prod).", "(make logs STAGE=prod CLOUD=aws)."),
        ('make bootstrap CLOUD=aws ARGS="--stage prod"', 'make bootstrap CLOUD=aws ARGS="--stage prod"'),
        ("make destroy STAGE=prod, which keeps data", "make destroy STAGE=prod CLOUD=aws, which keeps data"),
        ('eval "$(make --silent local-env UNSET=1)"', 'eval "$(make --silent local-env UNSET=1)"'),
        ("make render   # no cloud", "make render   # no cloud"),
        ("make: *** [Makefile:9: deploy] Error 2", "make: *** [Makefile:9: deploy] Error 2"),
    ],
)
def test_on_aws_the_cloud_is_repeated(text: str, on_aws: str | None) -> None:
    expected = on_aws or "make bootstrap ARGS='--profile a=b' CLOUD=aws   # or: make doctor CLOUD=aws"
    aws = {"CLOUD": "aws"}
    assert repeated(text, None, aws) == expected
    assert repeated(expected, None, aws) == expected
    assert repeated(text, None, {"CLOUD": "local"}) == repeated(text, None, {}) == text
    assert repeated(text, None, {**aws, "CODEBUILD_BUILD_ID": "harbour-build:1"}) == text


def test_on_aws_pipeline_and_cloud_are_both_repeated() -> None:
    text = "make approve   # then: make deploy STAGE=prod RELEASE=ab"
    expected = (
        "make approve PIPELINE=churn CLOUD=aws   # then: make deploy STAGE=prod PIPELINE=churn RELEASE=ab CLOUD=aws"
    )
    assert repeated(text, "churn", {"CLOUD": "aws"}) == expected


def test_the_pipeline_is_read_from_the_arguments() -> None:
    assert named_pipeline(["--stage", "prod", "--pipeline", "churn"]) == "churn"
    assert named_pipeline(["--pipeline=churn"]) == "churn"
    assert named_pipeline(["--stage", "prod"]) is named_pipeline(["--pipeline"]) is None
