"""Which metrics got worse, by their names alone."""

from __future__ import annotations

import pytest

from scripts.decisions.metric_comparison import MetricRow, less_is_better, metric_rows
from tests.unit.scripts.sample_evidence import LIVE, NEW


def test_metrics_are_compared_by_name_without_their_kind_and_the_formats_version() -> None:
    rows = {row.name: (row.live, row.new) for row in metric_rows(LIVE, NEW)}
    assert rows == {"auc": (0.9, 0.95), "f1": (None, 0.7), "recall": (0.5, None)}


def test_a_metric_of_one_version_alone_has_no_difference_and_no_verdict() -> None:
    rows = {row.name: row for row in metric_rows(LIVE, NEW)}
    assert rows["f1"].difference is None
    assert rows["f1"].verdict == ""
    assert round(rows["auc"].difference or 0, 6) == 0.05


@pytest.mark.parametrize("name", ["mse", "rmse", "mae", "log_loss", "false_positive_rate", "false_negative_rate"])
def test_more_of_an_error_is_worse(name: str) -> None:
    assert MetricRow(name, 1.0, 2.0).verdict == "worse"
    assert MetricRow(name, 2.0, 1.0).verdict == "better"


@pytest.mark.parametrize(
    "name", ["auc", "accuracy", "r2", "weighted_f1", "macro_recall", "group.auc", "true_positive_rate"]
)
def test_less_of_a_score_is_worse(name: str) -> None:
    assert MetricRow(name, 2.0, 1.0).verdict == "worse"
    assert MetricRow(name, 1.0, 2.0).verdict == "better"


@pytest.mark.parametrize(
    "name", ["confusion_matrix.0.1", "item_count", "churn_index", "accuracy_best_constant_classifier"]
)
def test_of_a_name_that_does_not_tell_only_the_change_is_said(name: str) -> None:
    assert less_is_better(name) is None
    assert MetricRow(name, 1.0, 2.0).verdict == "changed"
    assert MetricRow(name, 1.0, 1.0).verdict == "equal"
