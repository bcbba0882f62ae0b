"""What an approver was asked is kept in dev, and found again for the same plan alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from scripts.decisions.release_changes import question_of
from scripts.errors import AccessDeniedError, ReleaseError
from scripts.flows import compare_release
from scripts.flows.compare_release import remember_question
from scripts.flows.stage_context import StageContext
from tests.unit.scripts.releases import NAMES, SETTINGS, plan

PLAN = plan()
THRESHOLDS = SETTINGS.verification.model_dump(mode="json")

BUCKET = "harbour-toolchain-012345670123-ap-southeast-2"


class FakeObjects:
    def __init__(self) -> None:
        self.written: dict[tuple[str, str], bytes] = {}

    def write(self, bucket: str, key: str, content: bytes, key_arn: str | None) -> None:
        self.written[bucket, key] = content

    def keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        for (where, key), content in self.written.items():
            if where == bucket and key.startswith(prefix):
                yield key, len(content)

    def read(self, bucket: str, key: str) -> bytes | None:
        """As S3 answers who may not list the whole bucket."""
        if (bucket, key) not in self.written:
            raise AccessDeniedError("Access Denied")
        return self.written[bucket, key]


class FakeContext:
    def __init__(self, pipeline: str = "berths") -> None:
        self.stage = "prod"
        self.settings = SETTINGS
        self.names = replace(NAMES, pipeline=pipeline)
        self.dev_objects = FakeObjects()


def asked(context: FakeContext) -> str | None:
    return compare_release.asked_question(cast(StageContext, context))


def remember(context: FakeContext, plan: Any = PLAN) -> None:
    remember_question(cast(StageContext, context), plan, BUCKET)


def test_nothing_was_asked_before_the_first_plan() -> None:
    assert asked(FakeContext()) is None


def test_the_last_question_is_kept_for_each_pipeline_by_itself() -> None:
    context, other = FakeContext(), FakeContext("churn")
    other.dev_objects = context.dev_objects
    remember(context)
    assert asked(context) == question_of(PLAN, THRESHOLDS)
    assert asked(other) is None


def test_a_record_that_somebody_else_wrote_is_an_error_and_not_a_question_never_asked() -> None:
    context = FakeContext()
    context.dev_objects.written[BUCKET, "evidence/asked-berths-prod.json"] = b"{}"
    with pytest.raises(ReleaseError, match="is not what this project wrote"):
        asked(context)
