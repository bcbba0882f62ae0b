"""Predictions of two releases, record by record."""

from __future__ import annotations

from dataclasses import replace

from scripts.decisions.prediction_comparison import columns_before_features, compare_predictions
from tests.unit.scripts.sample_evidence import LIVE_ROWS, NEW_ROWS, scored


def test_rows_are_joined_by_their_record_id_and_the_largest_difference_comes_first() -> None:
    found = compare_predictions(LIVE_ROWS, NEW_ROWS)
    assert [(row.record_id, row.live, row.new) for row in found.rows] == [
        ("r1", "0.4", "0.9"),
        ("r3", "0.5", "0.4"),
        ("r2", "0.2", "0.2"),
    ]
    assert (found.compared, found.differing, found.why_none) == (3, 2, "")


def test_a_row_that_was_scored_from_other_features_is_told() -> None:
    found = compare_predictions(LIVE_ROWS, NEW_ROWS)
    assert [row.record_id for row in found.rows if not row.same_input] == ["r3"]
    assert found.other_inputs == 1


def test_another_column_of_the_output_is_no_feature() -> None:
    live, new = scored("r1,5.0,1,yes,0.9"), scored("r1,5.0,1,no,0.1")
    assert compare_predictions(live, new).other_inputs == 0


def test_the_order_of_the_rows_does_not_matter_and_quoted_cells_are_cells() -> None:
    live, new = scored('"r,1",5.0,1,0.4', "r2,1,1,0.2"), scored("r2,1,1,0.3", '"r,1",5.0,1,0.4')
    found = compare_predictions(live, new)
    assert {row.record_id: row.new for row in found.rows} == {"r,1": "0.4", "r2": "0.3"}


def test_a_record_that_is_there_twice_is_not_compared() -> None:
    new = scored("r1,5.0,1,0.9", "r1,5.0,1,0.1", "r2,6.0,2,0.2")
    assert [row.record_id for row in compare_predictions(LIVE_ROWS, new).rows] == ["r2"]


def test_labels_are_compared_without_a_difference() -> None:
    found = compare_predictions(scored("r1,1,1,cat"), scored("r1,1,1,dog"))
    assert (found.differing, found.rows[0].difference) == (1, None)


def test_each_reason_for_no_comparison_is_told_and_the_scores_are_shown_all_the_same() -> None:
    assert "no predictions" in compare_predictions(LIVE_ROWS, None).why_none
    unlike = compare_predictions(LIVE_ROWS, scored("x1,5.0,1,0.9"))
    assert "share no record id" in unlike.why_none
    for without in (replace(NEW_ROWS, join_source="None"), replace(NEW_ROWS, input_filter="$")):
        found = compare_predictions(LIVE_ROWS, without)
        assert "no record id" in found.why_none
        assert found.scores is not None
    first = compare_predictions(None, NEW_ROWS, "nothing is live in prod")
    assert first.why_none == "nothing is live in prod"
    assert first.scores is not None and first.scores.shift is None


def test_a_filter_tells_how_many_columns_the_model_does_not_see() -> None:
    assert columns_before_features("$[1:]") == 1
    assert columns_before_features("$[2:]") == 2
    assert columns_before_features("$") == columns_before_features("$.features") == 0
