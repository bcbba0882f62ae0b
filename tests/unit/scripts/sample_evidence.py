"""One evidence that has everything in it, for tests of what is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from scripts.decisions.change_set import PropertyChange
from scripts.decisions.console_links import Link
from scripts.decisions.evidence import CommitShown, Evidence, StackTexts
from scripts.decisions.evidence import Tested as Verified
from scripts.decisions.feature_shift import feature_shifts
from scripts.decisions.metric_comparison import metric_rows
from scripts.decisions.prediction_comparison import Scored, compare_predictions
from scripts.decisions.running_cost import CostComparison, StepUse, running_cost
from scripts.decisions.verification import Check, Figures

FIGURES = Figures(10, 10, 1, 10, 0, 0.1, 0.9, 0.5)
TESTED = Verified("preprod", True, "arn:execution", FIGURES, (Check("enough predictions", True, "10 rows"),))
LIVE = {"binary_classification_metrics": {"auc": {"value": 0.9}, "recall": {"value": 0.5}}, "version": 0.0}
NEW = {"binary_classification_metrics": {"auc": {"value": 0.95}, "f1": {"value": 0.7}}, "version": 0.0}
SIZES = {
    "ProcessingInstanceType": "ml.m5.large",
    "ProcessingInstanceCount": "1",
    "InferenceInstanceType": "ml.m5.large",
    "InferenceInstanceCount": "2",
    "ScheduleState": "ENABLED",
    "ScheduleExpressionforPipeline": "1 day",
    "ScheduleCronExpression": "",
}
USES = [StepUse("Transform", False, 1800.0)]
PRICES = {"ml.m5.large": 0.1, "ml.m5.xlarge": 0.2}


def scored(*lines: str, input_filter: str = "$[1:]", join_source: str = "Input") -> Scored:
    return Scored(lines, -1, input_filter, join_source, 3)


NEW_ROWS = scored("r1,5.0,1,0.9", "r2,6.0,2,0.2", "r3,7.0,3,0.4")
LIVE_ROWS = scored("r1,5.0,1,0.4", "r2,6.0,2,0.2", "r3,9.0,3,0.5")
HOSTILE = '<img src=x onerror="alert(1)">'


def evidence() -> Evidence:
    return Evidence(
        stage="prod",
        account="660011223344",
        pipeline="churn",
        release_id="new",
        release_from="old",
        package_arn="arn:new",
        package_from="arn:old",
        version=4,
        version_from=3,
        approved_by="ann",
        approval_description="better <recall>",
        commit=CommitShown("abc", "Ann", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "Score <faster>", False),
        commit_from=CommitShown("def", None, None, None, None),
        commits_between=3,
        plan_digest="0123456789abcdef",
        unverified=False,
        changes=(
            PropertyChange("ModelPackageName", "arn:old", "arn:new", "Never"),
            PropertyChange("ReleaseId", "old", "new", "Never"),
        ),
        metrics=metric_rows(LIVE, NEW),
        definition_diff=(),
        tested=TESTED,
        cost=CostComparison(running_cost(USES, SIZES, PRICES), running_cost(USES, SIZES, PRICES), "preprod"),
        prices_as_of="2025",
        predictions=compare_predictions(LIVE_ROWS, NEW_ROWS),
        shifts=feature_shifts(["r1,1,2", "r2,2,3"], ["r1,1,2", "r2,9,3"], 1, None),
        texts=StackTexts(
            ("--- live", "+++ new", "-Old: 1", "+New: <2>"), "", '{"Statement": []}', "", (("ReleaseId", "old", "new"),)
        ),
        links=(Link("stack <one>", "", "aws cloudformation describe-stacks", "prod"),),
        notes=("step Score: no key for its volume",),
    )


def hostile() -> Evidence:
    """Everything that somebody else can name, named by somebody hostile."""
    rows = scored(f"{HOSTILE},1,2,{HOSTILE}")
    return replace(
        evidence(),
        pipeline=HOSTILE,
        approved_by=HOSTILE,
        approval_description=HOSTILE,
        commit=CommitShown(HOSTILE, HOSTILE, None, HOSTILE, True),
        metrics=metric_rows({}, {HOSTILE: 1.0}),
        definition_diff=(f"+{HOSTILE}",),
        predictions=compare_predictions(rows, rows),
        texts=StackTexts((f"-{HOSTILE}",), "", HOSTILE, "", ((HOSTILE, HOSTILE, HOSTILE),)),
        links=(Link(HOSTILE, f'"{HOSTILE}', HOSTILE, HOSTILE),),
        notes=(HOSTILE,),
    )
