"""The evidence as a page and as lines."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.decisions.console_links import Link
from scripts.decisions.evidence import CommitShown
from scripts.decisions.metric_comparison import metric_rows
from scripts.decisions.prediction_comparison import compare_predictions
from scripts.decisions.running_cost import CostComparison, running_cost
from scripts.terminal.evidence_page import evidence_lines, evidence_page
from scripts.terminal.harmless import harmless
from tests.unit.scripts.sample_evidence import NEW_ROWS, PRICES, SIZES, USES, evidence, hostile


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
    assert "<script" not in page and "http:" not in page and "https:" not in page  # it loads nothing
    assert "default-src 'none'" in page  # and a browser would not let it


def test_what_to_know_of_the_jobs_is_on_the_page_and_in_the_lines() -> None:
    assert "<li>step Score: no key for its volume</li>" in evidence_page(evidence())
    assert "! step Score: no key for its volume" in evidence_lines(evidence())
    assert "What to know of its jobs" not in evidence_page(replace(evidence(), notes=()))


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
        cost=replace(evidence().cost, before=None, after=running_cost([], {}, {})),
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


def test_the_page_names_the_pipeline() -> None:
    page = evidence_page(evidence())
    assert "<title>churn: " in page
    assert "Pipeline <strong>churn</strong>" in page


def test_the_page_shows_who_committed_what_when_and_how_many_commits_there_are_between() -> None:
    page = evidence_page(evidence())
    assert "Score &lt;faster&gt;" in page
    assert "Ann, 2026-01-02 03:04+00:00" in page
    assert "3 commits that are not live" in page
    assert "author, date and message are not recorded" in page  # of the live one
    assert "not counted" in evidence_page(replace(evidence(), commits_between=None))


def test_a_worse_metric_is_marked_in_words() -> None:
    page = evidence_page(replace(evidence(), metrics=metric_rows({"mse": 1.0}, {"mse": 2.0})))
    assert "1 metric worse: mse" in page
    assert "&#10007; worse" in page


def test_the_cost_is_shown_before_and_after_per_run_and_per_month() -> None:
    after = {**SIZES, "InferenceInstanceType": "ml.m5.xlarge", "ScheduleExpressionforPipeline": "12 hours"}
    cost = CostComparison(running_cost(USES, SIZES, PRICES), running_cost(USES, after, PRICES), "preprod (one machine)")
    page = evidence_page(replace(evidence(), cost=cost))
    for expected in ("$0.10", "$0.20", "$3.04", "$12.18", "rate(12 hours)", "preprod (one machine)"):
        assert expected in page


def test_a_price_that_is_not_known_is_said_on_the_page() -> None:
    cost = CostComparison(None, running_cost(USES, SIZES, {}), "preprod")
    page = evidence_page(replace(evidence(), cost=cost))
    assert "unknown (no price for ml.m5.large)" in page
    assert "$0<" not in page


def test_predictions_are_beside_the_live_ones_and_what_cannot_be_compared_is_said() -> None:
    page = evidence_page(evidence())
    assert "2 of 3 sampled rows" in page
    assert '<td class="number text">0.4</td><td class="number text">0.9</td><td class="number">+0.5</td>' in page
    assert "(other features)" in page
    none = replace(evidence(), predictions=compare_predictions(None, NEW_ROWS, "nothing is live in prod"))
    assert "Not compared: nothing is live in prod." in evidence_page(none)


def test_every_plot_has_a_name_for_those_who_do_not_see_it_and_its_figures_as_a_table() -> None:
    page = evidence_page(evidence())
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 3  # the predictions and two features
    assert all('role="img" aria-label="Distribution of ' in plot for plot in plots)
    assert page.count(" as a table</summary>") == len(plots)


def test_policy_template_and_parameters_of_the_stack_are_there_to_be_unfolded() -> None:
    page = evidence_page(evidence())
    assert "<summary>The stack policy</summary>" in page
    assert '<span class="added">+New: &lt;2&gt;</span>' in page
    assert "<summary>All parameters of the stack</summary>" in page


def test_links_lead_to_the_console_and_the_embedded_aws_has_none() -> None:
    assert "<a " not in evidence_page(evidence())
    assert "make local-env STAGE=prod" in evidence_page(evidence())
    linked = replace(evidence(), links=(Link("stack", "https://console/?a=1&b=2", "aws x", "prod"),))
    assert '<a href="https://console/?a=1&amp;b=2"' in evidence_page(linked)


def test_nothing_that_others_named_becomes_html() -> None:
    page = evidence_page(hostile())
    assert "<img" not in page
    assert page.count("&lt;img") > 15
    assert 'href="&#34;&lt;img' in page


@pytest.mark.parametrize("steering", ["\x1b[2J", "\r", "\x9b", "\n"])
def test_nothing_that_others_named_steers_the_terminal(steering: str) -> None:
    lines = evidence_lines(replace(evidence(), commit=CommitShown("abc", "Ann", None, f"a{steering}b", False)))
    assert not any(steering in line for line in lines)
    assert any("a\\" in line for line in lines)


class _Tags(HTMLParser):
    """Every tag and attribute of a page, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def _page_of(text: str) -> str:
    commit = CommitShown("abc", f"a{text}", None, f"a{text}", False)
    told = replace(evidence(), approval_description=f"a{text}", approved_by=f"a{text}", commit=commit)
    return evidence_page(told)


PLAIN = _Tags(_page_of("")).found


@settings(max_examples=25)
@given(st.text(st.characters(codec=None, categories=None)) | st.text(alphabet="<>&\"'=/!-;sciptonx \n", min_size=3))
def test_whatever_a_person_wrote_the_page_has_the_same_tags_and_is_read_in_the_order_written(text: str) -> None:
    page = _page_of(text)
    assert _Tags(page).found == PLAIN
    assert page == harmless(page)
    page.encode()
