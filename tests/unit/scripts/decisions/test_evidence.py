"""What the approver sees, and what an approval holds for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.decisions.change_set import PropertyChange
from scripts.decisions.evidence import (
    LONGEST_SUMMARY,
    definition_diff,
    plan_digest,
    require_approved_plan,
    text_diff,
)
from scripts.decisions.metric_comparison import metric_rows
from scripts.errors import ApprovalError
from tests.unit.scripts.releases import plan
from tests.unit.scripts.sample_evidence import TESTED, evidence


def test_the_headline_names_both_model_versions() -> None:
    assert evidence().headline == "Model version 4 in place of 3"


def test_the_headline_says_when_the_definition_changes_too() -> None:
    changed = replace(evidence(), definition_diff=("--- live", "+++ new", "-1", "+2"))
    assert changed.headline == "Model version 4 in place of 3; the pipeline definition changes"
    assert replace(changed, version_from=4).headline == "Model version 4 stays; the pipeline definition changes"


def test_a_first_deployment_and_a_repeated_one_are_told_as_such() -> None:
    assert "first deployment" in replace(evidence(), release_from=None, version_from=None).headline
    assert "has this release already" in replace(evidence(), release_from="new").headline


def test_the_summary_says_what_changes_what_was_tested_and_the_cost() -> None:
    summary = evidence().summary
    assert summary == (
        "changes ModelPackageName; verification in preprod passed, 10 predictions; "
        "about $0.10 a run, $3.04 a month (as before)"
    )


def test_the_summary_names_the_metrics_that_got_worse() -> None:
    worse = metric_rows({"<b>": {"auc": 0.9}, "mse": 1.0}, {"<b>": {"auc": 0.8}, "mse": 0.5})
    assert "; worse: auc; " in replace(evidence(), metrics=worse).summary


def test_an_unverified_or_failed_release_is_told_loudly() -> None:
    assert "NOT verified" in replace(evidence(), tested=None).summary
    assert "FAILED" in replace(evidence(), tested=replace(TESTED, passed=False)).summary


def test_a_long_summary_is_cut() -> None:
    many = tuple(PropertyChange(f"Parameter{number}", "a", "b", "Never") for number in range(100))
    assert len(replace(evidence(), changes=many).summary) == LONGEST_SUMMARY


def test_the_definitions_difference_is_a_unified_diff_and_empty_without_one() -> None:
    assert definition_diff({"a": 1}, {"a": 1}) == ()
    assert definition_diff(None, {"a": 1}) == ()
    assert '+  "a": 2' in definition_diff({"a": 1}, {"a": 2})


def test_the_difference_of_two_texts_is_one_too() -> None:
    assert text_diff("a: 1\n", "a: 1\n") == ()
    assert text_diff("a: 1\n", "a: 2\n")[-2:] == ("-a: 1", "+a: 2")


def test_an_approval_holds_for_the_plan_that_was_shown_and_no_other() -> None:
    shown = plan()
    require_approved_plan(shown, plan_digest(shown))
    with pytest.raises(ApprovalError) as refused:
        require_approved_plan(replace(shown, tags={"team": "another"}), plan_digest(shown))
    assert plan_digest(shown) in refused.value.found[0]
    assert "make codepipeline" in str(refused.value.next_command)
