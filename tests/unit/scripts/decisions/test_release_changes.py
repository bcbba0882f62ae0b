"""Whether a CodePipeline goes on with a release."""

from __future__ import annotations

import pytest

from scripts.decisions.release_changes import StageChange, release_changes

DONE = StageChange("preprod", is_released=True)
OPEN = StageChange("preprod", is_released=False)
PROD_DONE = StageChange("prod", is_released=True)
PROD_OPEN = StageChange("prod", is_released=False)
PROD_ASKED = StageChange("prod", is_released=False, asked=True)
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
