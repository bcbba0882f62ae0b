"""What the approver sees, and what an approval holds for."""

from __future__ import annotations

from dataclasses import replace

from scripts.decisions.change_set import PropertyChange
from scripts.decisions.evidence import (
    LONGEST_SUMMARY,
    Evidence,
    cost_line,
    cost_rows,
    definition_diff,
    metric_rows,
)
from scripts.decisions.evidence import (
    Tested as Verified,
)
from scripts.decisions.verification import Check, Figures
from scripts.terminal.evidence_page import evidence_lines, evidence_page

FIGURES = Figures(10, 10, 1, 10, 0, 0.1, 0.9, 0.5)
TESTED = Verified("preprod", True, "arn:execution", FIGURES, (Check("enough predictions", True, "10 rows"),))
LIVE = {"binary_classification_metrics": {"auc": {"value": 0.9}, "recall": {"value": 0.5}}, "version": 0.0}
NEW = {"binary_classification_metrics": {"auc": {"value": 0.95}, "f1": {"value": 0.7}}, "version": 0.0}


def evidence() -> Evidence:
    return Evidence(
        stage="prod",
        account="333333333333",
        release_id="new",
        release_from="old",
        package_arn="arn:new",
        package_from="arn:old",
        version=4,
        version_from=3,
        approved_by="ann",
        approval_description="better <recall>",
        git_commit="abc",
        git_commit_from="def",
        git_dirty=False,
        plan_digest="0123456789abcdef",
        unverified=False,
        changes=(
            PropertyChange("ModelPackageName", "arn:old", "arn:new", "Never"),
            PropertyChange("ReleaseId", "old", "new", "Never"),
        ),
        metrics=metric_rows(LIVE, NEW),
        definition_diff=(),
        tested=TESTED,
        costs=cost_rows([("Transform", "ml.m5.large", 2, 1800.0)], {"ml.m5.large": 0.1}),
        prices_as_of="2025",
    )


def test_metrics_are_compared_by_name_without_their_kind_and_the_formats_version() -> None:
    rows = {row.name: (row.live, row.new) for row in metric_rows(LIVE, NEW)}
    assert rows == {"auc": (0.9, 0.95), "f1": (None, 0.7), "recall": (0.5, None)}


def test_a_metric_of_one_version_alone_has_no_difference() -> None:
    differences = {row.name: row.difference for row in metric_rows(LIVE, NEW)}
    assert differences["f1"] is None
    assert round(differences["auc"] or 0, 6) == 0.05


def test_the_headline_names_both_model_versions() -> None:
    assert evidence().headline == "Model version 4 in place of 3"


def test_the_headline_says_when_the_definition_changes_too() -> None:
    changed = replace(evidence(), definition_diff=("--- live", "+++ new", "-1", "+2"))
    assert changed.headline == "Model version 4 in place of 3; the pipeline definition changes"
    assert replace(changed, version_from=4).headline == "Model version 4 stays; the pipeline definition changes"


def test_a_first_deployment_and_a_repeated_one_are_told_as_such() -> None:
    assert "first deployment" in replace(evidence(), release_from=None, version_from=None).headline
    assert "has already" in replace(evidence(), release_from="new").headline


def test_the_summary_says_what_changes_what_was_tested_and_the_cost() -> None:
    summary = evidence().summary
    assert summary == "changes ModelPackageName; verification in preprod passed, 10 predictions; about $0.1000 a run"


def test_an_unverified_or_failed_release_is_told_loudly() -> None:
    assert "NOT verified" in replace(evidence(), tested=None).summary
    assert "FAILED" in replace(evidence(), tested=replace(TESTED, passed=False)).summary
    assert "NOT verified in preprod" in evidence_lines(replace(evidence(), tested=None))


def test_a_long_summary_is_cut() -> None:
    many = tuple(PropertyChange(f"Parameter{number}", "a", "b", "Never") for number in range(100))
    assert len(replace(evidence(), changes=many).summary) == LONGEST_SUMMARY


def test_a_price_that_is_not_known_is_said_and_not_guessed() -> None:
    rows = cost_rows([("A", "ml.m5.large", 1, 3600.0), ("B", "ml.new", 1, 3600.0)], {"ml.m5.large": 0.1})
    assert rows[1].dollars is None
    assert cost_line(rows) == "about $0.1000 a run (no price for ml.new)"
    assert cost_line(()) == "no cost known"


def test_the_definitions_difference_is_a_unified_diff_and_empty_without_one() -> None:
    assert definition_diff({"a": 1}, {"a": 1}) == ()
    assert definition_diff(None, {"a": 1}) == ()
    assert '+  "a": 2' in definition_diff({"a": 1}, {"a": 2})


def test_the_page_holds_all_of_it_and_escapes_what_people_wrote() -> None:
    page = evidence_page(evidence())
    for expected in (
        "Model version 4 in place of 3",
        "arn:old",
        "arn:new",
        "0.95",
        "enough predictions",
        "0123456789abcdef",
    ):
        assert expected in page
    assert "better &lt;recall&gt;" in page
    assert "<script" not in page and "http" not in page  # it loads nothing


def test_the_page_marks_added_and_removed_lines() -> None:
    page = evidence_page(
        replace(evidence(), definition_diff=("--- live", "+++ new", "@@ -1 +1 @@", "-old", "+new", " same"))
    )
    assert '<span class="added">+new</span>' in page
    assert '<span class="removed">-old</span>' in page
    assert '<span class="where">--- live</span>' in page


def test_the_pages_first_deployment_and_missing_verification_are_plain() -> None:
    first = replace(
        evidence(),
        release_from=None,
        package_from=None,
        version_from=None,
        tested=None,
        metrics=(),
        changes=(),
        costs=(),
    )
    page = evidence_page(first)
    assert "first deployment" in page
    assert "there is no verification of this release" in page
    assert "carries no metrics" in page


def test_the_lines_say_the_same_for_a_terminal() -> None:
    lines = evidence_lines(evidence())
    assert "  approved by ann: better <recall>" in lines
    assert any(line.startswith("auc") and line.endswith("+0.05") for line in lines)
    assert "passed  enough predictions: 10 rows" in lines
    assert "the pipeline definition stays as it is" in lines
