"""The evidence as a page and as lines."""

from __future__ import annotations

from dataclasses import replace

from scripts.terminal.evidence_page import evidence_lines, evidence_page
from tests.unit.scripts.sample_evidence import evidence


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
    assert "this release has no verification" in page
    assert "has no metrics" in page


def test_the_lines_say_the_same_for_a_terminal() -> None:
    lines = evidence_lines(evidence())
    assert "  approved by ann: better <recall>" in lines
    assert any(line.startswith("auc") and line.endswith("+0.05") for line in lines)
    assert "passed  enough predictions: 10 rows" in lines
    assert "the pipeline definition does not change" in lines


def test_the_lines_tell_an_unverified_release_loudly() -> None:
    assert "NOT verified in preprod" in evidence_lines(replace(evidence(), tested=None))
