"""Going back: how a stack gets ready for it, and what a stuck one leaves out of its own rollback."""

from __future__ import annotations

import pytest

from scripts.decisions.rollback import (
    ResourceEvent,
    Rollback,
    back_to,
    resources_to_skip,
    rollback_lines,
    settling_of,
)
from scripts.errors import StackError
from tests.unit.scripts.releases import deployed_stack

THEN = {"ReleaseId": "r1", "ModelPackageName": "arn:1", "ScheduleState": "ENABLED"}
NOW = {"ReleaseId": "r2", "ModelPackageName": "arn:2", "ScheduleState": "DISABLED"}


@pytest.mark.parametrize(
    ("status", "settling"),
    [
        ("UPDATE_COMPLETE", "none"),
        ("UPDATE_ROLLBACK_COMPLETE", "none"),
        ("UPDATE_IN_PROGRESS", "cancel"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait"),
        ("UPDATE_ROLLBACK_FAILED", "continue"),
    ],
)
def test_a_stack_is_brought_to_rest_first(status: str, settling: str) -> None:
    assert settling_of(deployed_stack(NOW, status), "prod") == settling


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS", "DELETE_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_was_never_whole_has_nothing_to_go_back_to(status: str) -> None:
    with pytest.raises(StackError, match="no earlier release"):
        settling_of(deployed_stack(NOW, status), "prod")


def plan(**changes: object) -> Rollback:
    content: dict[str, object] = {
        "stage": "prod",
        "release_id": "r1",
        "from_release": "r2",
        "parameters": back_to(THEN, "DISABLED"),
        "template": "",
        "stack": deployed_stack(NOW, "UPDATE_COMPLETE"),
        "settling": "none",
        "passed": True,
        "recorded": True,
    }
    return Rollback(**{**content, **changes})  # type: ignore[arg-type]


def test_all_comes_back_but_the_schedule_which_stays_switched_as_it_is() -> None:
    assert [str(each).partition(":")[0] for each in plan().changes] == ["ModelPackageName", "ReleaseId"]
    assert not plan().nothing_to_do
    there = deployed_stack(back_to(THEN, "DISABLED"), "UPDATE_COMPLETE")
    assert plan(stack=there).nothing_to_do
    assert not plan(stack=there, settling="continue").nothing_to_do
    assert not plan(stack=there, recorded=False).nothing_to_do


def test_what_will_happen_is_told_with_what_speaks_against_it() -> None:
    told = "\n".join(rollback_lines(plan(passed=False, settling="continue", notes=("the schedule is off",))))
    for each in ("Back to release r1, in place of r2", "has not passed here", "its rollback is carried on", "off"):
        assert each in told


def event(resource: str, status: str, reason: str = "", *, stack: bool = False) -> ResourceEvent:
    return ResourceEvent(resource, status, reason, stack)


def test_only_what_failed_in_the_newest_rollback_itself_is_skipped() -> None:
    newest_first = [
        event("stack", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Model]", stack=True),
        event("Alarm", "UPDATE_FAILED", "Resource update cancelled"),
        event("Schedule", "UPDATE_FAILED", "no permission"),
        event("Model", "UPDATE_FAILED", "it is gone"),
        event("Model", "UPDATE_IN_PROGRESS"),
        event("stack", "UPDATE_ROLLBACK_IN_PROGRESS", stack=True),
        event("Pipeline", "UPDATE_FAILED", "what the update itself failed at"),
    ]
    assert resources_to_skip(newest_first) == ["Model", "Schedule"]
    assert resources_to_skip([]) == []
