"""One evidence that has everything in it, for tests of what is made of it."""

from __future__ import annotations

from scripts.decisions.change_set import PropertyChange
from scripts.decisions.evidence import (
    Evidence,
    cost_rows,
    metric_rows,
)
from scripts.decisions.evidence import (
    Tested as Verified,
)
from scripts.decisions.verification import Check, Figures

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
