"""A next command names the pipeline that the user named, once, wherever it stands in the text."""

from __future__ import annotations

import pytest

from scripts.terminal.next_commands import named_pipeline, repeat_pipeline


@pytest.mark.parametrize(
    ("text", "repeated"),
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
def test_the_pipeline_is_repeated(text: str, repeated: str | None) -> None:
    expected = repeated or "make run STAGE=prod PIPELINE=churn   # then: make status STAGE=prod PIPELINE=churn"
    assert repeat_pipeline(text, "churn") == expected
    assert repeat_pipeline(repeat_pipeline(text, "churn"), "churn") == expected
    assert repeat_pipeline(text, None) == text


def test_the_pipeline_is_read_from_the_arguments() -> None:
    assert named_pipeline(["--stage", "prod", "--pipeline", "churn"]) == "churn"
    assert named_pipeline(["--pipeline=churn"]) == "churn"
    assert named_pipeline(["--stage", "prod"]) is named_pipeline(["--pipeline"]) is None
