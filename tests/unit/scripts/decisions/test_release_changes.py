"""Whether a CodePipeline goes on with a release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.decisions.deployment_plan import Record, RegisteredPackage, verification_fingerprint
from scripts.decisions.release_changes import StageChange, is_released, question_of, release_changes
from tests.unit.scripts.releases import TARGET_ARN, deployed_stack, plan, release

DONE = StageChange("preprod", released=True)
OPEN = StageChange("preprod", released=False)
PROD_DONE = StageChange("prod", released=True)
PROD_OPEN = StageChange("prod", released=False)
PROD_ASKED = StageChange("prod", released=False, asked=True)
THRESHOLDS = {"sample": 1}
PACKAGE = RegisteredPackage(TARGET_ARN, "Completed")
PARAMETERS = plan(package=PACKAGE).with_package(TARGET_ARN)
PASSED = Record(release().release_id, True, verification_fingerprint(PARAMETERS, THRESHOLDS), {})
LIVE = plan(package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=PASSED)
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


def test_a_stage_has_a_release_that_is_live_with_its_settings_and_passed_these_thresholds() -> None:
    assert is_released(LIVE, THRESHOLDS)


@pytest.mark.parametrize(
    "changed",
    [
        {"package": None},
        {"stack": None, "readiness": "create"},
        {"stack": deployed_stack({**PARAMETERS, "ReleaseId": "another"})},
        {"stack": deployed_stack({**PARAMETERS, "ScheduleState": "DISABLED"})},
        {"tags": {"team": "a"}},
        {"verification": None},
        {"verification": replace(PASSED, passed=False)},
    ],
)
def test_anything_else_is_to_be_released(changed: dict[str, Any]) -> None:
    assert not is_released(replace(LIVE, **changed), THRESHOLDS)


def test_other_thresholds_are_to_be_released_and_asked_about() -> None:
    assert not is_released(LIVE, {"sample": 2})
    assert question_of(LIVE, THRESHOLDS) != question_of(LIVE, {"sample": 2})


def test_what_an_approver_decided_about_one_plan_is_not_taken_for_another() -> None:
    changed = replace(LIVE, parameters={**LIVE.parameters, "ScheduleState": "DISABLED"})
    assert question_of(LIVE, THRESHOLDS) != question_of(changed, THRESHOLDS)
    assert question_of(LIVE, THRESHOLDS) == question_of(replace(LIVE, verification=None), THRESHOLDS)
