"""A refused AssumeRole: which role, for whom, and the command that leads on."""

from __future__ import annotations

import pytest

from scripts.decisions.names import RoleKind
from scripts.decisions.stage_roles import no_reader, not_trusted
from scripts.errors import AccessDeniedError, DeploymentError
from tests.unit.scripts.releases import NAMES, SETTINGS

DENIED = AccessDeniedError("no", found=["action AssumeRole", "as dev", "AWS says: not authorized"])
EVA = "arn:aws:sts::012345670123:assumed-role/Team/eva"


def refused(kind: RoleKind, *, hand: bool = False, build: bool = False) -> DeploymentError:
    settings = SETTINGS.model_copy(update={"deployed_by_hand": hand})
    return not_trusted(kind, NAMES, settings, EVA, DENIED, in_build=build)


def test_an_account_without_a_reader_is_to_be_bootstrapped_and_an_earlier_foundation_is_told_apart() -> None:
    missing, earlier = (no_reader(NAMES, DENIED, is_earlier=each) for each in (False, True))
    assert "no reader role that account 012345670123 may assume" in missing.problem
    assert "earlier version" in earlier.problem
    for each in (missing, earlier):
        assert each.next_command == "make bootstrap"
        assert each.found == [f"AssumeRole {NAMES.role_arn('reader')}", "AWS says: not authorized"]


@pytest.mark.parametrize(
    ("hand", "build", "leads_on"),
    [(True, False, "make bootstrap"), (False, True, "make bootstrap"), (False, False, "BREAK_GLASS=")],
)
def test_a_role_that_changes_something_says_who_may_not_and_what_to_do(hand: bool, build: bool, leads_on: str) -> None:
    for kind in ("promoter", "verifier", "deployment"):
        error = refused(kind, hand=hand, build=build)
        assert EVA in error.problem
        assert f"the {kind} role of stage preprod" in error.problem
        assert NAMES.role_arn(kind) in error.found[1]
        assert leads_on in str(error.next_command)
        assert error.exit_code == 5


def test_who_may_not_break_the_glass_is_told_who_may() -> None:
    error = refused("break-glass")
    assert "break_glass: nobody" in error.found[-1]
    assert "make bootstrap" in str(error.next_command)
