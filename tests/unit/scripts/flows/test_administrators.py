"""Which profile or role bootstrap enters a stage's account with."""

from __future__ import annotations

import pytest

from scripts.errors import UsageError
from scripts.flows.administrators import DEFAULT_ROLE, Administrators

STAGES = ["preprod", "prod"]


def test_an_option_wins_over_the_variable_and_a_role_is_for_the_rest() -> None:
    environment = {"BOOTSTRAP_PROFILES": "preprod=a prod=b", "BOOTSTRAP_ROLE_NAME": "admin"}
    found = Administrators.named(["prod=c"], STAGES, environment)
    assert found == Administrators("admin", {"preprod": "a", "prod": "c"})
    assert Administrators.named([], STAGES, {}) == Administrators(DEFAULT_ROLE, {})


def test_a_variable_may_name_stages_that_are_not_bootstrapped_now_an_option_may_not() -> None:
    assert Administrators.named([], ["prod"], {"BOOTSTRAP_PROFILES": "preprod=a"}).profiles == {"preprod": "a"}
    with pytest.raises(UsageError, match='there is no stage "preprod"'):
        Administrators.named(["preprod=a"], ["prod"], {})


@pytest.mark.parametrize("text", ["preprod", "preprod="])
def test_a_stage_without_a_profile_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no profile"):
        Administrators.named([text], STAGES, {})
