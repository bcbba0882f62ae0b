"""Two versions' metrics beside each other, and which of them got worse.

Whether less or more of a metric is better is known by its name alone. Of a name that is not listed here nothing is
said but that it changed: a wrong verdict is worse for an approver than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["better", "worse", "changed", "equal", ""]

LESS_IS_BETTER = frozenset(
    [
        "mse",
        "rmse",
        "mae",
        "mape",
        "smape",
        "msle",
        "rmsle",
        "rse",
        "rae",
        "max_error",
        "median_absolute_error",
        "mean_absolute_error",
        "mean_squared_error",
        "root_mean_squared_error",
        "log_loss",
        "logloss",
        "cross_entropy",
        "loss",
        "brier_score",
        "brier",
        "hinge_loss",
        "error",
        "error_rate",
        "misclassification_rate",
        "false_positive_rate",
        "false_negative_rate",
        "false_discovery_rate",
        "false_omission_rate",
        "fpr",
        "fnr",
        "fdr",
        "quantile_loss",
        "perplexity",
    ]
)
MORE_IS_BETTER = frozenset(
    [
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f0_5",
        "f1",
        "f2",
        "f1_score",
        "auc",
        "roc_auc",
        "pr_auc",
        "au_prc",
        "auprc",
        "auroc",
        "average_precision",
        "true_positive_rate",
        "true_negative_rate",
        "tpr",
        "tnr",
        "sensitivity",
        "specificity",
        "r2",
        "r2_score",
        "explained_variance",
        "matthews_correlation_coefficient",
        "mcc",
        "cohen_kappa",
        "kappa",
        "ndcg",
        "gini",
    ]
)
_AVERAGES = ("weighted_", "macro_", "micro_")


@dataclass(frozen=True)
class MetricRow:
    """One metric of the model, of the live version and of the new one; None where a version does not have it."""

    name: str
    live: float | None
    new: float | None

    @property
    def difference(self) -> float | None:
        return None if self.live is None or self.new is None else self.new - self.live

    @property
    def verdict(self) -> Verdict:
        """Empty where one version does not have the metric."""
        if self.difference is None:
            return ""
        if not self.difference:
            return "equal"
        less = less_is_better(self.name)
        if less is None:
            return "changed"
        return "better" if (self.difference < 0) == less else "worse"


def less_is_better(name: str) -> bool | None:
    """Whether less of a metric is better; None where its name does not tell."""
    last = name.rpartition(".")[2].lower().replace("-", "_")
    for average in _AVERAGES:
        last = last.removeprefix(average)
    if last in LESS_IS_BETTER:
        return True
    return False if last in MORE_IS_BETTER else None


def metric_rows(live: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[MetricRow, ...]:
    """Every number in two metrics documents (SageMaker's model quality format), by its path within its kind of metrics.

    The format's own version is no metric.
    """
    before, after = (
        {_short(name): value for name, value in _numbers(each or {}).items() if name != "version"}
        for each in (live, new)
    )
    return tuple(MetricRow(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys()))


def _short(name: str) -> str:
    """Without the kind of model, which is the same for all: ``binary_classification_metrics.auc`` is ``auc``."""
    kind, _, rest = name.partition(".")
    return rest if rest and kind.endswith("_metrics") else name


def _numbers(document: Mapping[str, Any], path: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in document.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            found.update(_numbers(value, here))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[here.removesuffix(".value")] = float(value)
    return found
