"""Whether a CodePipeline goes on with a release."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scripts.decisions.deployment_plan import RegisteredPackage
from scripts.decisions.release_changes import StageChange, question_of, release_changes
from scripts.decisions.verification_record import Standing, VerificationRecord
from tests.unit.scripts.releases import TARGET_ARN, deployed_stack, plan

DONE = StageChange("preprod", released=True)
OPEN = StageChange("preprod", released=False)
PROD_DONE = StageChange("prod", released=True)
PROD_OPEN = StageChange("prod", released=False)
PROD_ASKED = StageChange("prod", released=False, asked=True)
THRESHOLDS = {"sample": 1}
PACKAGE = RegisteredPackage(TARGET_ARN, "Completed")
PARAMETERS = plan(package=PACKAGE).with_package(TARGET_ARN)
LIVE = plan(package=PACKAGE, stack=deployed_stack(PARAMETERS))
AGAIN = "make codepipeline PIPELINE=churn asks again"


@pytest.mark.parametrize(
    ("stages", "changed", "note"),
    [
        ([DONE, PROD_DONE], False, "nothing changed for churn: skipped"),
        ([DONE, PROD_ASKED], False, f"nothing changed for churn since approval for prod was asked: skipped; {AGAIN}"),
        ([DONE, PROD_OPEN], True, "changes prod"),
        ([OPEN, PROD_DONE], True, "changes preprod"),
        ([OPEN, PROD_ASKED], True, "changes preprod, prod"),
        ([OPEN, PROD_OPEN], True, "changes preprod, prod"),
    ],
)
def test_a_release_goes_on_unless_every_stage_has_it_or_was_asked(
    stages: list[StageChange], changed: bool, note: str
) -> None:
    found = release_changes("churn", stages, AGAIN)
    assert (found.changed, found.note) == (changed, note)


PASSED = cast(VerificationRecord, SimpleNamespace(passed=True))
FAILED = cast(VerificationRecord, SimpleNamespace(passed=False))


@pytest.mark.parametrize(
    ("verification", "released"),
    [
        (Standing("s3://b/k", PASSED), True),
        (Standing("s3://b/k", PASSED, ("other input",), only_input_changed=True), True),
        (Standing("s3://b/k", PASSED, ("other thresholds",)), False),
        (Standing("s3://b/k", FAILED), False),
        (Standing("s3://b/k", FAILED, ("other input",), only_input_changed=True), False),
        (Standing("s3://b/k", None, ("there is no record",)), False),
    ],
)
def test_a_stage_has_a_release_that_passed_there_be_it_on_other_input(verification: Standing, released: bool) -> None:
    assert replace(LIVE, verification=verification).is_released is released


@pytest.mark.parametrize(
    "changed",
    [
        {"package": None},
        {"stack": None, "readiness": "create"},
        {"stack": deployed_stack({**PARAMETERS, "ReleaseId": "another"})},
        {"stack": deployed_stack({**PARAMETERS, "ScheduleState": "DISABLED"})},
        {"tags": {"team": "a"}},
    ],
)
def test_anything_else_is_to_be_released(changed: dict[str, Any]) -> None:
    assert replace(LIVE, verification=Standing("s3://b/k", PASSED)).is_released
    assert not replace(LIVE, verification=Standing("s3://b/k", PASSED), **changed).is_released


def test_what_an_approver_decided_about_one_plan_is_not_taken_for_another() -> None:
    changed = replace(LIVE, parameters={**LIVE.parameters, "ScheduleState": "DISABLED"})
    assert question_of(LIVE, THRESHOLDS) != question_of(changed, THRESHOLDS)
    assert question_of(LIVE, THRESHOLDS) != question_of(LIVE, {"sample": 2})
