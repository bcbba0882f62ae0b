"""What a stack's status allows."""

from __future__ import annotations

import pytest

from scripts.decisions.stacks import readiness
from scripts.errors import StackError
from tests.unit.scripts.releases import deployed_stack

WANTED = {"ReleaseId": "r1"}


def ready(status: str, parameters: dict[str, str] | None = None, pending: tuple[str, ...] = ()) -> str:
    return readiness(deployed_stack(parameters or {}, status), WANTED, pending, "preprod", "ap-southeast-2")


def test_no_stack_is_created() -> None:
    assert readiness(None, WANTED, (), "preprod", "ap-southeast-2") == "create"


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_settled_stack_is_updated(status: str) -> None:
    assert ready(status) == "update"


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"])
def test_a_stack_busy_with_this_very_release_is_waited_for(status: str) -> None:
    assert ready(status, {"ReleaseId": "r1", "Environment": "preprod"}) == "wait"


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_stack_busy_with_something_else_is_an_error(status: str) -> None:
    with pytest.raises(StackError, match="is busy") as refused:
        ready(status, {"ReleaseId": "r0"})
    assert refused.value.next_command


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"])
def test_a_stack_that_can_only_be_deleted_names_the_command(status: str) -> None:
    with pytest.raises(StackError) as refused:
        ready(status)
    assert "make destroy STAGE=preprod" in str(refused.value.next_command)


def test_a_failed_rollback_names_the_command_that_continues_it() -> None:
    with pytest.raises(StackError) as refused:
        ready("UPDATE_ROLLBACK_FAILED")
    assert "make rollback STAGE=preprod" in str(refused.value.next_command)


def test_our_own_change_set_under_review_is_taken_up_again() -> None:
    assert ready("REVIEW_IN_PROGRESS", pending=("release-abc-1",)) == "create"
    assert ready("REVIEW_IN_PROGRESS") == "create"


def test_a_preview_that_was_left_behind_holds_nothing_up() -> None:
    assert ready("REVIEW_IN_PROGRESS", pending=("preview-release-abc-1", "preview-x")) == "create"


def test_somebody_elses_change_set_under_review_is_an_error() -> None:
    with pytest.raises(StackError, match="by-hand"):
        ready("REVIEW_IN_PROGRESS", pending=("by-hand",))
