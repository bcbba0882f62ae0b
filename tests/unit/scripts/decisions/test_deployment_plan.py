"""The plan: what is done again, what is not, and that equal readings give equal plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.deployment_plan import DeploymentPlan, RegisteredPackage, plan_lines
from scripts.decisions.drift import Difference, Place
from scripts.decisions.verification_record import Standing, standing
from tests.unit.scripts.releases import (
    NO_RECORD,
    TARGET_ARN,
    WHERE,
    deployed_stack,
    model_package,
    plan,
    release,
    subject,
    verification,
    verified,
)

PACKAGE = RegisteredPackage(TARGET_ARN, "Completed")
PARAMETERS = plan().with_package(TARGET_ARN)
PASSED = verified()


def test_a_first_deployment_does_everything() -> None:
    first = plan()
    assert (first.promotes, first.changes_stack, first.verifies, first.nothing_to_do) == (True, True, True, False)


def test_a_repeated_deployment_does_nothing_and_says_so() -> None:
    again = plan(package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=PASSED)
    assert again.nothing_to_do
    assert "Nothing to do" in plan_lines(again)[-1]


@given(st.sampled_from(sorted(PARAMETERS)), st.text("abc", min_size=1))
def test_any_changed_parameter_changes_the_stack(name: str, value: str) -> None:
    changed = plan(package=PACKAGE, stack=deployed_stack({**PARAMETERS, name: value}), verification=PASSED)
    assert changed.changes_stack
    assert [change.path for change in changed.changes] == [name]


def test_a_changed_tag_changes_the_stack() -> None:
    changed = plan(package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=PASSED, tags={"team": "a"})
    assert changed.changes_stack


@pytest.mark.parametrize("record", [NO_RECORD, verified(passed=False), Standing(WHERE, verification(), ("changed",))])
def test_without_a_passed_verification_of_just_this_it_is_verified(record: Standing) -> None:
    unverified = plan(package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=record)
    assert (unverified.changes_stack, unverified.verifies) == (False, True)


def test_other_thresholds_ask_for_another_verification_and_the_plan_says_why() -> None:
    now = subject(thresholds={**subject().thresholds, "minimum": 0.1})
    stricter = plan(
        package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=standing(WHERE, verification(), now)
    )
    assert stricter.verifies
    assert "threshold minimum was 0.0 when it was verified and is 0.1 now" in plan_lines(stricter)[-1]


def test_a_package_in_progress_is_waited_for() -> None:
    waiting = plan(package=RegisteredPackage(TARGET_ARN, "InProgress"))
    assert not waiting.promotes
    assert any("wait for" in line for line in plan_lines(waiting))


def test_the_plan_says_which_release_it_replaces() -> None:
    old = deployed_stack({**PARAMETERS, "ReleaseId": "0" * 16})
    assert "in place of 0000000000000000" in plan_lines(plan(stack=old))[0]


def test_equal_readings_give_equal_plans_and_change_set_names() -> None:
    assert plan(package=PACKAGE) == plan(package=PACKAGE)
    assert plan().change_set_name(TARGET_ARN) == plan(package=PACKAGE).change_set_name(TARGET_ARN)
    other = release(model_package(arn=model_package().arn.replace("/7", "/8")))
    assert plan(other).change_set_name(TARGET_ARN) != plan().change_set_name(TARGET_ARN)


def test_what_to_know_of_the_jobs_is_told_by_the_plan() -> None:
    assert "  ! quota too small" in plan_lines(plan(notes=("quota too small",)))


def drifted(place: Place, kind: str = "AWS::CloudWatch::Alarm", in_stack: bool = True) -> DeploymentPlan:
    drift = (Difference(place, "Thing", kind, "State", "a", "b", in_stack),)
    return plan(package=PACKAGE, stack=deployed_stack(PARAMETERS), verification=PASSED, drift=drift)


def test_drift_is_something_to_do_and_the_plan_names_it() -> None:
    found = drifted("stack")
    assert (found.nothing_to_do, found.changes_stack, found.verifies) == (False, False, False)
    assert "    Thing  AWS::CloudWatch::Alarm: State is b, released was a" in plan_lines(found)


@pytest.mark.parametrize("kind", ["AWS::SageMaker::Model", "AWS::SageMaker::Pipeline"])
def test_what_a_run_is_made_of_is_verified_once_it_is_put_back(kind: str) -> None:
    assert drifted("stack", kind).verifies


def test_lost_bytes_are_brought_back_and_verified_and_the_release_counts_as_not_there() -> None:
    found = drifted("bucket", "AWS::S3::Object")
    assert (found.lost_bytes, found.verifies, found.is_released) == (True, True, False)


def test_drift_of_the_foundation_is_told_and_mended_by_bootstrap_alone() -> None:
    found = drifted("foundation", "AWS::IAM::Role")
    assert (found.nothing_to_do, found.repairs) == (True, ())
    assert "    next: make bootstrap   # puts the roles back" in plan_lines(found)


def test_a_resource_that_the_stack_lost_comes_back_with_a_change_of_the_stack() -> None:
    assert drifted("stack", in_stack=False).changes_stack
